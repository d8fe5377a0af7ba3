"""Writing the facts that ship: what the parsers took from the newest kept page of each source, beside the lock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

from flows import folder_locks, sources
from flows.errors import UserError
from flows.pages import facts, snapshots, versions
from flows.pages.limited import Reader
from flows.pages.parse import Gathered
from flows.pages.snapshots import Snapshot
from flows.sources import Source


class BundleError(UserError):
    """A source cannot be bundled; the message says which page is missing."""


def bundle(source: Source, raw: Path, as_of: date, parse: versions.Parse | None = None) -> int:
    """Write the facts of a source's pages in use to `raw/<source>/`, and their hashes to its lock; returns their size in bytes.

    Pages are parsed in a process of their own; `parse` is what one does that is there for several sources.

    Raises:
        BundleError: the bytes of a page are not kept below `raw` or cannot be read.
    """
    with Reader() as reader:  # starts nothing until it is asked
        used = versions.in_use(source, raw, None, as_of, parse=parse or reader.parse)
    there = {page.version.snapshot.page for page in used.pages if page.version.bytes_at is not None}
    missing = [page.name for page in source.pages if page.name not in there]
    # What is wrong with the facts that stand there is mended by writing them anew.
    of_facts = {fault for page in used.pages if page.version.bytes_at is not None for fault in page.version.faults}
    problems = [problem for problem in used.problems if problem not in of_facts]
    if missing or problems:
        reasons = "; ".join([*problems, *(f"page {name} is not kept" for name in missing)])
        raise BundleError(f"{source.key}: {reasons}; run `compute-limits refresh --source {source.key}` first")
    pages = [(page.version.snapshot.sha256, page.gathered) for page in used.pages]
    size = sum(path.stat().st_size for path in facts.write(raw / source.key, pages))
    seal(raw, source.key)
    return size


def bundle_past(source: Source, raw: Path, shipped: Path, past: Path, days: Iterable[date]) -> int:
    """Write to `past` which versions of a source's pages stood on some days, and the facts of those that are not `shipped`.

    The pages are those kept below `raw`; a page that is not kept of a day stood on it as far as is known. Returns the size in
    bytes of the facts.
    """
    lines, gathered = dict[tuple[str, str], Snapshot](), dict[str, Gathered]()
    with Reader() as reader:
        for day in days:
            for page in versions.in_use(source, raw, None, day, parse=reader.parse).pages:
                line = page.version.snapshot
                lines.setdefault((line.page, line.sha256), replace(line, facts_sha256=None))
                gathered.setdefault(line.sha256, page.gathered)
    there = {line.sha256 for line in snapshots.read(shipped, source.key) if line.facts_sha256 is not None}
    # The lock first, for facts name a version by the digits that tell it from the others there.
    (past / source.key).mkdir(parents=True, exist_ok=True)
    snapshots.rewrite(past, source.key, lines.values())
    written = facts.write(past / source.key, [one for one in gathered.items() if one[0] not in there])
    seal(past, source.key)
    return sum(path.stat().st_size for path in written)


def seal(raw: Path, source: str) -> None:
    """Give each line of a source's lock the hash of the facts that stand beside it, by which a build sees what was altered.

    Raises:
        FactsError: a row of them is of no version in the lock, or of more than one.
    """
    with folder_locks.alone(raw / source):
        lines = snapshots.read(raw, source)
        found = facts.hashes(raw / source, [line.sha256 for line in lines])
        snapshots.rewrite(raw, source, [replace(line, facts_sha256=found.get(line.sha256)) for line in lines])


def bundle_each(keys: Iterable[str], raw: Path, as_of: date) -> dict[str, int]:
    """Bundle several sources; {source: bytes written}. Raises `BundleError`."""
    with Reader() as reader:
        return {key: bundle(sources.source(key), raw, as_of, reader.parse) for key in keys}
