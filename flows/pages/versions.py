"""Which version of each page a build reads, and the rows in it: the newest that can be read, from its bytes or its facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from flows.columns import ADDRESS, column
from flows.pages import facts, snapshots, states
from flows.pages.parse import Gathered, parse_page
from flows.pages.snapshots import Snapshot
from flows.pages.states import SourceReading
from flows.readers.record import PageError
from flows.readers.row_types import ROW_TYPES
from flows.sources import Page, Source
from flows.warehouse import keys
from flows.warehouse.kept import NOTHING, PAGE, Kept

# From a kept page, its source, itself and its SHA-256 to its rows; raises `PageError`.
Parse = Callable[[Path, Source, Page, str], Gathered]

# What reads pages, beside this package: another version of it may read another value.
_LIBRARIES = ("beautifulsoup4", "lxml", "markdown-it-py", "pyyaml", "pyarrow", "duckdb")


@dataclass(frozen=True, slots=True)
class PageSetting:
    """One row per page in use: which version of it."""

    source: str = column(ADDRESS["source"])
    page: str = column("the page's name within its source")
    url: str = column("the publisher's address of the page")
    sha256: str = column("SHA-256 of the bytes that the rows were taken from")
    byte_count: int = column("size of the page, bytes")
    retrieved_on: date = column("the day these bytes were first fetched")
    last_modified: str | None = column("the publisher's Last-Modified header, where it sends one")
    page_rank: int = column(
        "where pages of a source give the same quantity the lowest rank is preferred (TOML: page_rank)"
    )


@dataclass(frozen=True, slots=True)
class SourceSetting:
    """One row per source that the project knows."""

    source: str = column(ADDRESS["source"])
    title: str = column("what the source is")
    publisher: str = column("who publishes it")
    licence: str = column("its licence (SPDX where there is one)")
    attribution: str = column("the credit that its licence asks for")
    source_rank: int = column("where sources disagree the lowest rank is preferred")


@dataclass(frozen=True)
class Version:
    """One version of a page that can be had: from its bytes if they are kept, else from facts, nearest folder first."""

    snapshot: Snapshot
    bytes_at: Path | None
    fact_folders: tuple[Path, ...]


@dataclass(frozen=True)
class PageInUse:
    """The version of a page that a build reads, its rows, and the key under which they can be taken over."""

    version: Version
    gathered: Gathered
    key: str


@dataclass
class InUse:
    """What a source gives to a build. `newest` is {page: SHA-256 of its newest version}, whether it is in use or not."""

    source: Source
    pages: list[PageInUse]
    problems: list[str]
    warnings: list[str]
    newest: Mapping[str, str] = field(default_factory=dict)


def history(source: Source, raw: Path, shipped: Path | None, as_of: date) -> dict[str, list[Snapshot]]:
    """{page: the lines of its lock that are not after `as_of`, newest first}, each version once."""
    # By time of retrieval; the sort is stable, so of two at the same second the one fetched here stands last.
    lines = [line for root in reversed(_roots(raw, shipped)) for line in snapshots.read(root, source.key)]
    lines_of: dict[str, dict[str, Snapshot]] = {page.name: {} for page in source.pages}
    for line in sorted(lines, key=lambda line: line.retrieved_at)[::-1]:
        if line.page in lines_of and date.fromisoformat(line.retrieved_on) <= as_of:
            lines_of[line.page].setdefault(line.sha256, line)
    return {page: list(versions.values()) for page, versions in lines_of.items()}


def _roots(raw: Path, shipped: Path | None) -> list[Path]:
    return [raw] if shipped is None or shipped == raw else [raw, shipped]


def _version(line: Snapshot, roots: list[Path]) -> Version:
    kept = next((root for root in roots if snapshots.intact(root, line)), None)
    return Version(line, None if kept is None else line.path(kept), tuple(root / line.source for root in roots))


def _rows(source: Source, page: Page, version: Version, parse: Parse) -> Gathered | None:
    """The rows of one version; None where neither its bytes nor its facts are there. Raises `PageError`."""
    if version.bytes_at is not None:
        return parse(version.bytes_at, source, page, version.snapshot.sha256)
    for folder in version.fact_folders:
        gathered = facts.as_tables(folder, page, version.snapshot.sha256)
        if gathered is not None:
            return gathered
    return None


def _key(source: Source, page: Page, version: Version) -> str:
    """All that the rows of a version depend on: its bytes or its facts, what the TOML says of the page, the code that reads it."""
    module = f"flows.sources.{source.parser}"
    folders = () if version.bytes_at is not None else version.fact_folders
    return keys.digest(
        keys.code(module, "flows.pages.parse", "flows.pages.facts", "flows.columns"),
        keys.versions(*_LIBRARIES),
        repr((page.source, page.name, page.url, page.content, dict(page.lookups))),
        version.snapshot.sha256,
        *(facts.digest(folder) for folder in folders),
    )


def in_use(
    source: Source,
    raw: Path,
    shipped: Path | None,
    as_of: date,
    kept: Kept = NOTHING,
    parse: Parse = parse_page,
) -> InUse:
    """The newest versions of the source's pages that can be read and together have enough rows.

    A page that cannot be read falls back to the version before it. Where the pages have fewer rows than the source's
    TOML allows, the newest page that has an older version steps back; with none left the source gives nothing. The
    least number of rows is that of all pages together, so it counts only where each of them can be read: where some
    are not there (yet), the others are used as they are. A page whose rows `kept` has under the same key is not read.
    Bytes are read by `parse`: that of `flows.pages.limited.Reader` where they come from outside.
    """
    problems: list[str] = []
    roots, stacks = _roots(raw, shipped), history(source, raw, shipped, as_of)
    newest_of = {page: stack[0].sha256 for page, stack in stacks.items() if stack}

    def newest(page: Page) -> PageInUse | None:
        return _newest_readable(source, page, stacks[page.name], roots, problems, kept, parse)

    read = {page.name: newest(page) for page in source.pages}
    rows_min = source.rows_min if all(read.values()) else 0
    while True:
        taken = [page for page in read.values() if page is not None]
        count = sum(page.gathered.read_count() for page in taken)
        if count >= rows_min or not taken:
            break
        problems.append(f"{source.key}: {count} rows where at least {rows_min} are expected")
        older = [page for page in source.pages if stacks[page.name]]
        if not older:
            return InUse(source, [], problems, [])
        page = max(older, key=lambda page: _retrieved_at(read[page.name]))
        read[page.name] = newest(page)
    warnings = []
    if count > source.rows_max:
        warnings.append(f"{source.key}: {count} rows, more than the {source.rows_max} expected; all are used")
    return InUse(source, taken, problems, warnings, newest_of)


def _newest_readable(
    source: Source, page: Page, stack: list[Snapshot], roots: list[Path], problems: list[str], kept: Kept, parse: Parse
) -> PageInUse | None:
    """Take versions off the stack until one can be read."""
    while stack:
        version = _version(stack.pop(0), roots)
        key = _key(source, page, version)
        if kept.has(PAGE, f"{source.key}/{page.name}", key):
            return PageInUse(version, _taken_over(kept, source, page), key)
        try:
            gathered = _rows(source, page, version, parse)
        except PageError as error:
            problems.append(str(error))
            continue
        if gathered is not None:
            return PageInUse(version, gathered, key)
    return None


def _taken_over(kept: Kept, source: Source, page: Page) -> Gathered:
    """The rows of a page out of the tables of the published warehouse."""
    by = ("source", "page")
    return Gathered(tables={kind: kept.part(f"staging.{kind}", by, (source.key, page.name)) for kind in ROW_TYPES})


def _retrieved_at(page: PageInUse | None) -> str:
    return "" if page is None else page.version.snapshot.retrieved_at


def setting(source: Source) -> SourceSetting:
    """The source as its TOML says it."""
    return SourceSetting(
        source=source.key,
        title=source.title,
        publisher=source.publisher,
        licence=source.licence,
        attribution=source.attribution,
        source_rank=source.rank,
    )


def page_settings(used: InUse) -> list[PageSetting]:
    """The versions of pages in use, for meta.pages."""
    ranks = {page.name: int(page.lookups.get("page_rank", 0)) for page in used.source.pages}
    return [
        PageSetting(
            snapshot.source,
            snapshot.page,
            snapshot.url,
            snapshot.sha256,
            snapshot.byte_count,
            date.fromisoformat(snapshot.retrieved_on),
            snapshot.last_modified,
            ranks[snapshot.page],
        )
        for snapshot in (page.version.snapshot for page in used.pages)
    ]


def reading(used: InUse) -> SourceReading:
    """What reading the source's pages gave."""
    versions = [page.version for page in used.pages]
    there = {version.snapshot.page for version in versions}
    missing = [
        f"{used.source.key}: page {page.name} is not kept and no facts of it ship"
        for page in used.source.pages
        if page.name not in there
    ]
    fallbacks = [
        version.snapshot.retrieved_on
        for version in versions
        if version.snapshot.sha256 != used.newest[version.snapshot.page]
    ]
    return SourceReading(
        source=used.source.key,
        newest_retrieved_on=max(
            (date.fromisoformat(version.snapshot.retrieved_on) for version in versions), default=None
        ),
        oldest_fallback_on=date.fromisoformat(min(fallbacks)) if fallbacks else None,
        is_complete=not missing and not used.problems,
        from_facts_alone=all(version.bytes_at is None for version in versions),
        message=states.lines([*used.problems, *used.warnings, *missing]),
    )
