"""Writing the facts that ship: what the parsers took from the newest kept page of each source, beside the lock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from flows import sources
from flows.errors import UserError
from flows.pages import facts, versions
from flows.pages.limited import Reader
from flows.sources import Source


class BundleError(UserError):
    """A source cannot be bundled; the message says which page is missing."""


def bundle(source: Source, raw: Path, as_of: date) -> int:
    """Write the facts of a source's pages in use to `raw/<source>/`; returns their size in bytes.

    Raises:
        BundleError: the bytes of a page are not kept below `raw` or cannot be read.
    """
    with Reader() as reader:
        used = versions.in_use(source, raw, None, as_of, parse=reader.parse)
    there = {page.version.snapshot.page for page in used.pages if page.version.bytes_at is not None}
    missing = [page.name for page in source.pages if page.name not in there]
    if missing or used.problems:
        reasons = "; ".join([*used.problems, *(f"page {name} is not kept" for name in missing)])
        raise BundleError(f"{source.key}: {reasons}; run `compute-limits refresh --source {source.key}` first")
    pages = [(page.version.snapshot.sha256, page.gathered) for page in used.pages]
    return sum(path.stat().st_size for path in facts.write(raw / source.key, pages))


def bundle_each(keys: Iterable[str], raw: Path, as_of: date) -> dict[str, int]:
    """Bundle several sources; {source: bytes written}. Raises `BundleError`."""
    return {key: bundle(sources.source(key), raw, as_of) for key in keys}
