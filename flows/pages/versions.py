"""Which version of each page a build reads, and the rows in it: the newest that can be read, from its bytes or its facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.columns import ADDRESS, column
from flows.pages import facts, snapshots
from flows.pages.fetch import Outcome
from flows.pages.parse import Gathered, parse_page
from flows.pages.snapshots import Snapshot
from flows.readers.record import PageError
from flows.sources import Page, Source


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
    state: str = column("fetched, unchanged, stale, shipped or absent")
    age_days: int | None = column("days since the newest page in use was fetched, for a stale source")
    message: str | None = column("why the source is stale or absent")


@dataclass(frozen=True)
class Version:
    """One version of a page that can be had: from its bytes if they are kept, else from facts, nearest folder first."""

    snapshot: Snapshot
    bytes_at: Path | None
    fact_folders: tuple[Path, ...]


@dataclass
class Loaded:
    """What a source gives to a build."""

    source: Source
    gathered: Gathered
    versions: list[Version]
    problems: list[str]
    warnings: list[str]

    @property
    def from_facts_alone(self) -> bool:
        """Whether no page of it was read from bytes."""
        return all(version.bytes_at is None for version in self.versions)


def history(source: Source, raw: Path, shipped: Path | None, as_of: date) -> dict[str, list[Snapshot]]:
    """{page: the lines of its lock that are not after `as_of`, newest first}, each version once."""
    # By time of retrieval; the sort is stable, so of two at the same second the one fetched here stands last.
    lines = [line for root in reversed(_roots(raw, shipped)) for line in snapshots.read(root, source.key)]
    found: dict[str, dict[str, Snapshot]] = {page.name: {} for page in source.pages}
    for line in sorted(lines, key=lambda line: line.retrieved_at)[::-1]:
        if line.page in found and date.fromisoformat(line.retrieved_on) <= as_of:
            found[line.page].setdefault(line.sha256, line)
    return {page: list(versions.values()) for page, versions in found.items()}


def _roots(raw: Path, shipped: Path | None) -> list[Path]:
    return [raw] if shipped is None or shipped == raw else [raw, shipped]


def _version(line: Snapshot, roots: list[Path]) -> Version:
    kept = next((root for root in roots if snapshots.intact(root, line)), None)
    return Version(line, None if kept is None else line.path(kept), tuple(root / line.source for root in roots))


def _rows(source: Source, page: Page, version: Version) -> Gathered | None:
    """The rows of one version; None where neither its bytes nor its facts are there. Raises `PageError`."""
    if version.bytes_at is not None:
        return parse_page(version.bytes_at, source, page, version.snapshot.sha256)
    for folder in version.fact_folders:
        found = facts.read(folder, page, version.snapshot.sha256)
        if found is not None:
            return found
    return None


def load(source: Source, raw: Path, shipped: Path | None, as_of: date) -> Loaded:
    """The newest versions of the source's pages that can be read and together have enough rows.

    A page that cannot be read falls back to the version before it. Where the pages have fewer rows than the source's
    TOML allows, the newest page that has an older version steps back; with none left the source gives nothing. The
    least number of rows is that of all pages together, so it counts only where each of them can be read: where some
    are not there (yet), the others are used as they are.
    """
    problems: list[str] = []
    roots, stacks = _roots(raw, shipped), history(source, raw, shipped, as_of)
    read = {page.name: _newest_readable(source, page, stacks[page.name], roots, problems) for page in source.pages}
    rows_min = source.rows_min if all(read.values()) else 0
    while True:
        taken = [found for found in read.values() if found is not None]
        count = sum(gathered.read_count() for _, gathered in taken)
        if count >= rows_min or not taken:
            break
        problems.append(f"{source.key}: {count} rows where at least {rows_min} are expected")
        older = [page for page in source.pages if stacks[page.name]]
        if not older:
            return Loaded(source, Gathered(), [], problems, [])
        page = max(older, key=lambda page: _day(read[page.name]))
        read[page.name] = _newest_readable(source, page, stacks[page.name], roots, problems)
    warnings = []
    if count > source.rows_max:
        warnings.append(f"{source.key}: {count} rows, more than the {source.rows_max} expected; all are used")
    together = Gathered()
    for _, gathered in taken:
        together.extend(gathered)
    return Loaded(source, together, [version for version, _ in taken], problems, warnings)


def _newest_readable(
    source: Source, page: Page, stack: list[Snapshot], roots: list[Path], problems: list[str]
) -> tuple[Version, Gathered] | None:
    """Take versions off the stack until one can be read."""
    while stack:
        version = _version(stack.pop(0), roots)
        try:
            gathered = _rows(source, page, version)
        except PageError as error:
            problems.append(str(error))
            continue
        if gathered is not None:
            return version, gathered
    return None


def _day(found: tuple[Version, Gathered] | None) -> str:
    return "" if found is None else found[0].snapshot.retrieved_at


def settings(loaded: Loaded, outcomes: list[Outcome], as_of: date) -> tuple[SourceSetting, list[PageSetting]]:
    """The rows of meta.sources and meta.pages; `outcomes` is what fetching the source gave, empty if it was not asked."""
    source = loaded.source
    there = {version.snapshot.page for version in loaded.versions}
    missing = [
        f"{source.key}: page {page.name} is not kept and no facts of it ship"
        for page in source.pages
        if page.name not in there
    ]
    told = [*loaded.problems, *loaded.warnings, *missing, *(outcome.message for outcome in outcomes)]
    state, days = _state(loaded, outcomes), [_retrieved(version) for version in loaded.versions]
    setting = SourceSetting(
        source=source.key,
        title=source.title,
        publisher=source.publisher,
        licence=source.licence,
        attribution=source.attribution,
        source_rank=source.rank,
        state=state,
        age_days=(as_of - max(days)).days if state == "stale" else None,
        message="\n".join(dict.fromkeys(line for line in told if line)) or None,
    )
    ranks = {page.name: int(page.lookups.get("page_rank", 0)) for page in source.pages}
    pages = [
        PageSetting(
            source.key,
            version.snapshot.page,
            version.snapshot.url,
            version.snapshot.sha256,
            version.snapshot.byte_count,
            _retrieved(version),
            version.snapshot.last_modified,
            ranks[version.snapshot.page],
        )
        for version in loaded.versions
    ]
    return setting, pages


def _retrieved(version: Version) -> date:
    return date.fromisoformat(version.snapshot.retrieved_on)


def _state(loaded: Loaded, outcomes: list[Outcome]) -> str:
    """fetched, unchanged, stale (a page fell back), shipped (facts alone, nothing asked) or absent."""
    if not loaded.versions:
        return "absent"
    if len(loaded.versions) < len(loaded.source.pages) or loaded.problems:
        return "stale"
    if not outcomes:
        return "shipped" if loaded.from_facts_alone else "unchanged"
    states = {outcome.state for outcome in outcomes}
    return next(
        (state for mark, state in (("failed", "stale"), ("fetched", "fetched")) if mark in states),
        "unchanged",
    )
