"""Writing the facts that ship: what the parsers took from the newest kept page of each source, beside the lock."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flows import sources
from flows.errors import UserError
from flows.pages import facts, versions
from flows.pages.parse import Gathered
from flows.sources import Source


class BundleError(UserError):
    """A source cannot be bundled; the message says which page is missing."""


def bundle(source: Source, raw: Path, as_of: date) -> int:
    """Write the facts of a source's pages in use to `raw/<source>/`; returns their size in bytes.

    Raises:
        BundleError: the bytes of a page are not kept below `raw` or cannot be read.
    """
    loaded = versions.load(source, raw, None, as_of)
    there = {version.snapshot.page for version in loaded.versions if version.bytes_at is not None}
    missing = [page.name for page in source.pages if page.name not in there]
    if missing or loaded.problems:
        told = "; ".join([*loaded.problems, *(f"page {name} is not kept" for name in missing)])
        raise BundleError(f"{source.key}: {told}; run `compute-limits refresh --source {source.key}` first")
    parts = []
    for version in loaded.versions:
        part = Gathered()
        for row_type, rows in loaded.gathered.rows.items():
            part.rows[row_type] = [row for row in rows if row[1] == version.snapshot.page]
        parts.append((version.snapshot.sha256, part))
    return sum(path.stat().st_size for path in facts.write(raw / source.key, parts))


def everything(raw: Path, as_of: date) -> dict[str, int]:
    """Bundle all sources; {source: bytes written}. Raises `BundleError`."""
    return {key: bundle(sources.source(key), raw, as_of) for key in sources.names()}
