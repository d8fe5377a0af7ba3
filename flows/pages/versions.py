"""Which version of each page a build reads, and the rows in it: the newest good one, from its bytes or its facts.

A version is good that can be read and is in the units and of the size of the last good one before it (flows/pages/drift.py),
or that somebody vouched for: its facts ship, or it was accepted (flows/pages/decisions.py). So the versions of a page are
judged upwards from the newest that is vouched for, or the oldest, and what a published warehouse has judged is taken over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flows import sources
from flows.columns import ADDRESS, column
from flows.pages import decisions, drift, facts, snapshots, states
from flows.pages.drift import Finding, HeldPage
from flows.pages.facts import FactsError
from flows.pages.parse import Gathered, parse_page
from flows.pages.snapshots import Snapshot
from flows.pages.states import SourceReading
from flows.readers.record import PageError
from flows.readers.row_types import ROW_TYPES
from flows.sources import Page, Source
from flows.warehouse import keys
from flows.warehouse.kept import BYTES, NOTHING, PAGE, Kept

if TYPE_CHECKING:
    import pyarrow as pa

# From a kept page, its source, itself and its SHA-256 to its rows; raises `PageError`.
Parse = Callable[[Path, Source, Page, str], Gathered]

# So many versions from the one in use downwards count with all their bytes: a page has hundreds in some years, and each run that
# finds nothing to do would read them all.
_BELOW = 10
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
    homepage: str = column("where a person reads of it")
    licence: str = column("its licence (SPDX where there is one)")
    attribution: str = column("the credit that its licence asks for")
    source_rank: int = column("where sources disagree the lowest rank is preferred")
    cadence: str = column("how often its publisher changes it: key of staging.cadence")
    own_stale_after_days: int | None = column("days from which on it counts as stale, where the file says so itself")


@dataclass(frozen=True)
class Version:
    """One version of a page: its bytes if they are kept as the lock says, and the folders with facts of it, nearest first.

    `facts_unsealed`: the nearest, if its lock has no hash of them. `faults`: what of it is not as a lock says, in
    sentences; that is not used. `vouched`: its facts ship, or it was accepted.
    """

    snapshot: Snapshot
    bytes_at: Path | None
    fact_folders: tuple[Path, ...]
    facts_unsealed: Path | None
    faults: tuple[str, ...]
    vouched: bool


@dataclass(frozen=True)
class PageInUse:
    """The version of a page that a build reads, its rows, and the key under which they can be taken over; "": they cannot."""

    version: Version
    gathered: Gathered
    key: str


@dataclass
class InUse:
    """What a source gives to a build.

    `newest` is {page: SHA-256 of its newest version}, whether it is in use or not; `held`: the versions newer than those in use
    that are held back, and why; `looked_at`: {page: SHA-256 of the versions whose bytes count}.
    """

    source: Source
    pages: list[PageInUse]
    problems: list[str]
    warnings: list[str]
    newest: Mapping[str, str] = field(default_factory=dict)
    held: list[HeldPage] = field(default_factory=list)
    looked_at: Mapping[str, list[str]] = field(default_factory=dict)


def history(source: Source, raw: Path, shipped: Path | None, as_of: date) -> dict[str, list[Snapshot]]:
    """{page: the lines of its lock that are not after `as_of`, newest first}, each version once."""
    # By time of retrieval; the sort is stable, so of two at the same second the one fetched here stands last.
    lines = [
        line for root in reversed(snapshots.roots(raw, shipped, as_of)) for line in snapshots.read(root, source.key)
    ]
    lines_of: dict[str, dict[str, Snapshot]] = {page.name: {} for page in source.pages}
    for line in sorted(lines, key=lambda line: line.retrieved_at)[::-1]:
        if line.page in lines_of and date.fromisoformat(line.retrieved_on) <= as_of:
            lines_of[line.page].setdefault(line.sha256, line)
    return {page: list(versions.values()) for page, versions in lines_of.items()}


@dataclass(frozen=True)
class _Shelf:
    """A folder with a source's lock: the hashes of facts that the lock has, {SHA-256 of a page: …}, and those that they have.

    `fault`: why it is not known of which versions the facts are, so that none are used; "" where it is.
    """

    root: Path
    sealed: Mapping[str, str | None]
    found: Mapping[str, str]
    fault: str = ""


def _shelf(root: Path, source: str) -> _Shelf:
    sealed = {line.sha256: line.facts_sha256 for line in snapshots.read(root, source)}
    try:
        return _Shelf(root, sealed, facts.hashes(root / source, sealed))
    except FactsError as error:
        return _Shelf(root, sealed, {}, f"{source}: {error}; its facts there are not used")


def _version(line: Snapshot, shelves: Sequence[_Shelf], *, accepted: bool) -> Version:
    """Where a version can be had from."""
    whole, faults = [shelf for shelf in shelves if snapshots.intact(shelf.root, line)], list[str]()
    for shelf in shelves:
        if shelf not in whole and line.path(shelf.root).is_file():
            faults.append(altered_bytes(line, shelf.root))
    with_facts = [shelf for shelf in shelves if line.sha256 in shelf.found]
    altered = [one for one in with_facts if one.sealed[line.sha256] not in (None, one.found[line.sha256])]
    faults += [altered_facts(line, shelf.root) for shelf in altered]
    faults += [shelf.fault for shelf in shelves if shelf.fault and line.sha256 in shelf.sealed]
    good = [shelf for shelf in with_facts if shelf not in altered]
    return Version(
        line,
        line.path(whole[0].root) if whole else None,
        tuple(shelf.root / line.source for shelf in good),
        good[0].root / line.source if good and good[0].sealed[line.sha256] is None else None,
        tuple(faults),
        accepted or bool(good),
    )


def altered_bytes(line: Snapshot, root: Path) -> str:
    """What is said of bytes below `root` that are not those that the lock has the hash of."""
    return (
        f"{line.source}: page {line.page}: {line.path(root)} is not what the lock says (SHA-256 {line.sha256}) and is not used; "
        f"`compute-limits refresh --source {line.source}` fetches it anew"
    )


def altered_facts(line: Snapshot, root: Path) -> str:
    """What is said of facts below `root` that are not those that the lock has the hash of."""
    return (
        f"{line.source}: page {line.page}: its facts in {root / line.source} are not those that the lock has the hash of and "
        f"are not used; restore them from version control, or run `compute-limits bundle --source {line.source}`"
    )


def rows(source: Source, page: Page, version: Version, parse: Parse = parse_page) -> Gathered | None:
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
        "of bytes" if version.bytes_at is not None else f"of {len(folders)} folders of facts",
        *(facts.digest(folder) for folder in folders),
    )


def _key_of_chain(source: Source, page: Page, chain: Sequence[Version]) -> str:
    """All that it depends on which of several versions is good, and what its rows are; of a single one, what its rows are."""
    own = [_key(source, page, version) for version in chain]
    return own[0] if len(own) == 1 else keys.digest(_judging(), *own)


@cache
def _judging() -> str:
    return keys.digest(keys.code("flows.pages.drift"), keys.files(drift.FILE.parent, [drift.FILE]))


def known(source: Source, raw: Path, shipped: Path | None, as_of: date) -> dict[str, list[Version]]:
    """{page: its versions that are not after `as_of`, newest first} of a source."""
    roots, lines = snapshots.roots(raw, shipped, as_of), history(source, raw, shipped, as_of)
    shelves = [_shelf(root, source.key) for root in roots]
    accepted = {decision for root in roots for decision in decisions.read(root, source.key)}
    return {
        page: [_version(line, shelves, accepted=(page, line.sha256) in accepted) for line in newest_first]
        for page, newest_first in lines.items()
    }


def in_use(
    source: Source,
    raw: Path,
    shipped: Path | None,
    as_of: date,
    kept: Kept = NOTHING,
    parse: Parse = parse_page,
    apart: Sequence[HeldPage] = (),
) -> InUse:
    """The newest good versions of the source's pages that together have enough rows.

    A page that cannot be read, or is held back, falls back to the version before it. Where the pages have fewer rows than
    the source's TOML allows, the newest page that has an older version steps back; with none left the source gives
    nothing. The least number of rows is that of all pages together, so it counts only where each of them can be read:
    where some are not there (yet), the others are used as they are. A page whose rows `kept` has under the same key is
    neither read nor held against anything. Bytes are read by `parse`. `apart`: versions that contradict other sources.
    """
    stacks = known(source, raw, shipped, as_of)
    judged = {page.name: _judged(source, page, stacks[page.name], kept, parse, apart) for page in source.pages}
    problems = [problem for page in judged.values() for problem in page.problems]
    held = [row for page in judged.values() for row in page.held]
    taken = _with_enough_rows(source, judged, problems, parse)
    count = sum(page.gathered.read_count() for page in taken)
    warnings = []
    if taken and count > source.rows_max:
        warnings.append(f"{source.key}: {count} rows, more than the {source.rows_max} expected; all are used")
    unsealed = {page.version.facts_unsealed for page in taken if page.version.bytes_at is None} - {None}
    warnings += [
        f"{source.key}: whether the facts in {folder} were altered is not known, for the lock has no hash of them (it is of "
        f"0.3 or older); `compute-limits bundle --source {source.key}` writes them anew"
        for folder in sorted(filter(None, unsealed))
    ]
    newest = {page: newest_first[0].snapshot.sha256 for page, newest_first in stacks.items() if newest_first}
    return InUse(source, taken, problems, warnings, newest, held, dict(_looked_at(stacks, taken)))


def _looked_at(stacks: Mapping[str, Sequence[Version]], taken: Sequence[PageInUse]) -> Iterator[tuple[str, list[str]]]:
    """Of each page the version in use, those newer than it, and some that it may have been judged by; where none is, all."""
    in_use = {page.version.snapshot.page: page.version.snapshot.sha256 for page in taken}
    for page, newest_first in stacks.items():
        versions = [version.snapshot.sha256 for version in newest_first]
        if versions:
            yield page, versions[: versions.index(in_use[page]) + _BELOW if page in in_use else None]


def _with_enough_rows(
    source: Source, judged: Mapping[str, _Judged], problems: list[str], parse: Parse
) -> list[PageInUse]:
    """The pages in use, some of which stepped back until there are enough rows; [] where there never are."""
    read = {name: page.in_use for name, page in judged.items()}
    rows_min = source.rows_min if all(read.values()) else 0
    while True:
        taken = [page for page in read.values() if page is not None]
        count = sum(page.gathered.read_count() for page in taken)
        if count >= rows_min or not taken:
            return taken
        problems.append(f"{source.key}: {count} rows where at least {rows_min} are expected")
        older = [page for page in source.pages if judged[page.name].older]
        if not older:
            return []
        page = max(older, key=lambda page: _retrieved_at(read[page.name]))
        read[page.name] = _next_readable(source, page, judged[page.name].older, problems, parse)


def _next_readable(
    source: Source, page: Page, stack: list[Version], problems: list[str], parse: Parse
) -> PageInUse | None:
    """Take versions off the stack until one can be read."""
    read = _reader(source, page, parse)
    while stack:
        version = stack.pop(0)
        problems += version.faults
        gathered = read(version)
        if isinstance(gathered, Gathered):
            return PageInUse(version, gathered, "")
        problems += [gathered] if gathered else []
    return None


# --- all sources together

# In place of the name of a page: that all of them were held against each other.
_TOGETHER = "*"
_VOUCHED = "somebody vouched for every page"


def all_in_use(
    raw: Path, shipped: Path | None, as_of: date, kept: Kept = NOTHING, parse: Parse = parse_page
) -> tuple[list[InUse], dict[tuple[str, str], str]]:
    """What each source gives to a build, without pages that contradict others; and {(kind, page): key} to publish with it.

    A page of which neither facts ship nor anything was accepted is held against those of other sources. Where one has to
    step back, all are held against each other again.
    """
    apart: list[HeldPage] = []
    while True:
        used = [
            in_use(sources.source(name), raw, shipped, as_of, kept, parse, [row for row in apart if row.source == name])
            for name in sources.names()
        ]
        together = _key_together(used)
        more = _apart(used, kept, together)
        if not more:
            break
        apart += more
    page_keys = {f"{one.source.key}/{page.version.snapshot.page}": page.key for one in used for page in one.pages}
    made = {(PAGE, name): key for name, key in (page_keys | {_TOGETHER: together}).items() if key}
    roots = snapshots.roots(raw, shipped, as_of)
    of_versions = {f"{one.source.key}/{page}": versions for one in used for page, versions in one.looked_at.items()}
    return used, made | {(BYTES, name): snapshots.states(roots, name, listed) for name, listed in of_versions.items()}


def _key_together(used: Sequence[InUse]) -> str:
    """All that it depends on whether pages contradict each other."""
    if all(page.version.vouched for one in used for page in one.pages):
        return _VOUCHED
    told = []
    for one in used:
        of_name = {page.name: page for page in one.source.pages}
        for page in one.pages:
            rows_key = _key(one.source, of_name[page.version.snapshot.page], page.version)
            told.append(f"{one.source.rank} {page.version.vouched} {rows_key}")
    code = keys.code("flows.pages.others")
    return keys.digest(code, keys.files(drift.FILE.parent, [drift.FILE]), *told)


def _apart(used: Sequence[InUse], kept: Kept, together: str) -> list[HeldPage]:
    """Pages in use that contradict others, as rows."""
    from flows.pages import others

    if together == _VOUCHED or kept.has(PAGE, _TOGETHER, together):
        return []
    lines = {(one.source.key, page.version.snapshot.page): page.version.snapshot for one in used for page in one.pages}
    pages = {
        (one.source.key, page.version.snapshot.page): others.Compared(
            page.gathered, page.version.vouched, one.source.rank
        )
        for one in used
        for page in one.pages
    }
    return [
        row
        for address, found in others.apart(pages).items()
        for (source, page), findings in found.items()
        for row in held_rows(lines[address], f"{source}/{page}", findings)
    ]


# --- which of the versions of a page is good


@dataclass
class _Judged:
    """The good version of a page, those older than it, and what is wrong with those newer than it."""

    in_use: PageInUse | None
    older: list[Version]
    problems: list[str]
    held: list[HeldPage]


_Read = Callable[[Version], "Gathered | str | None"]


def _reader(source: Source, page: Page, parse: Parse) -> _Read:
    """What gives the rows of a version, why it cannot be read, or None where there is nothing of it; each is read once."""

    @cache
    def read(version: Version) -> Gathered | str | None:
        try:
            return rows(source, page, version, parse)
        except PageError as error:
            return str(error)

    return read


@dataclass(frozen=True)
class Unread:
    """A version whose bytes a build will read."""

    path: Path
    source: Source
    page: Page
    sha256: str


def unread(raw: Path, shipped: Path | None, as_of: date, kept: Kept = NOTHING) -> Iterator[Unread]:
    """The versions that `all_in_use` reads from their bytes in any case; where one is not good it may read older ones too."""
    for name in sources.names():
        source = sources.source(name)
        stacks = known(source, raw, shipped, as_of)
        for page in source.pages:
            chain = _chain(stacks[page.name])
            for version in chain[: _first_kept(source, page, chain, kept)]:
                if version.bytes_at is not None:
                    yield Unread(version.bytes_at, source, page, version.snapshot.sha256)


def _chain(stack: Sequence[Version]) -> Sequence[Version]:
    """The versions of a stack down to the newest that is vouched for, which are judged together."""
    return stack[: next((at + 1 for at, one in enumerate(stack) if one.vouched), len(stack))]


def _first_kept(source: Source, page: Page, chain: Sequence[Version], kept: Kept) -> int:
    """Where in a chain that begins which a published warehouse has judged."""
    if kept.is_empty:  # known without a key, and of five hundred pages keys take time
        return len(chain)
    name, ends = f"{source.key}/{page.name}", range(len(chain))
    return next((at for at in ends if kept.has(PAGE, name, _key_of_chain(source, page, chain[at:]))), len(chain))


def _judged(
    source: Source, page: Page, versions: Sequence[Version], kept: Kept, parse: Parse, apart: Iterable[HeldPage]
) -> _Judged:
    """Judge the versions of a page, newest first."""
    refused = [row for row in apart if row.page == page.name]
    stack = [one for one in versions if one.snapshot.sha256 not in {row.sha256 for row in refused}]
    read, left = _reader(source, page, parse), stack
    good, held = None, list[HeldPage]()
    while good is None and left:
        chain = _chain(left)
        good, held = _last_good(source, page, chain, read, kept)
        left = left[len(chain) :]
    held = [*refused, *held]
    used = None if good is None else good.version
    newer = versions if used is None else versions[: versions.index(used)]
    held = [row for row in held if row.sha256 in {one.snapshot.sha256 for one in newer}]
    older = [] if used is None else stack[stack.index(used) + 1 :]
    return _Judged(good, older, list(_problems(newer, used, read, held)), held)


def _last_good(
    source: Source, page: Page, chain: Sequence[Version], read: _Read, kept: Kept
) -> tuple[PageInUse | None, list[HeldPage]]:
    """The newest good version of a chain, whose oldest is good if it can be read, and why newer ones are held back."""
    known = _first_kept(source, page, chain, kept)
    good, held = _taken_over(kept, source, page, chain[known:]) if known < len(chain) else (None, [])
    for version in reversed(chain[:known]):
        gathered = read(version)
        if not isinstance(gathered, Gathered):
            continue
        found = _findings(good, version, gathered) if good else []
        if good and found:
            held += held_rows(version.snapshot, good.version.snapshot.sha256, found)
        else:
            good, held = PageInUse(version, gathered, ""), []
    return (None if good is None else PageInUse(good.version, good.gathered, _key_of_chain(source, page, chain))), held


def _findings(good: PageInUse, version: Version, gathered: Gathered) -> list[Finding]:
    before, now = good.version.snapshot, version.snapshot
    return drift.findings(now.source, good.gathered, gathered, (before.byte_count, now.byte_count))


def held_rows(line: Snapshot, compared_with: str, found: Iterable[Finding]) -> list[HeldPage]:
    """Why a version is held back, as rows."""
    at = (line.source, line.page, line.sha256, date.fromisoformat(line.retrieved_on), compared_with)
    return [HeldPage(*at, one.measure, one.quantity, one.figure, one.bound, one.n) for one in found]


def _problems(newer: Iterable[Version], used: Version | None, read: _Read, held: Sequence[HeldPage]) -> Iterable[str]:
    """What is wrong with the versions that are newer than the one in use, and what of that is not as the lock says."""
    for version in newer:
        yield from version.faults
        why = [row for row in held if row.sha256 == version.snapshot.sha256]
        if why:
            yield drift.sentence(why)
        elif isinstance(told := read(version), str):
            yield told
    yield from () if used is None else used.faults


def of_page(kept: Kept, source: Source, page: str, row_type: str) -> pa.Table:
    """The rows of a type that the published warehouse has of a page."""
    return kept.part(f"staging.{row_type}", ("source", "page"), (source.key, page))


def _taken_over(kept: Kept, source: Source, page: Page, chain: Sequence[Version]) -> tuple[PageInUse, list[HeldPage]]:
    """What the published warehouse has of a page: the rows of its good version, and why newer ones are held back."""
    at = (source.key, page.name)
    rows = Gathered(tables={kind: of_page(kept, source, page.name, kind) for kind in ROW_TYPES})
    if len(chain) == 1:
        return PageInUse(chain[0], rows, ""), []
    ((sha256,),) = kept.query("select sha256 from staging.page_setting where source = ? and page = ?", *at)
    good = next(version for version in chain if version.snapshot.sha256 == sha256)
    # What contradicts other sources is judged when all of them are read.
    own = {version.snapshot.sha256 for version in chain}
    held = [HeldPage(*row) for row in kept.rows("staging.held_page", HeldPage)]
    return PageInUse(good, rows, ""), [
        row for row in held if (row.source, row.page) == at and row.sha256 in own and row.measure != "ratio_to_others"
    ]


def _retrieved_at(page: PageInUse | None) -> str:
    return "" if page is None else page.version.snapshot.retrieved_at


def setting(source: Source) -> SourceSetting:
    """The source as its TOML says it."""
    return SourceSetting(
        source=source.key,
        title=source.title,
        publisher=source.publisher,
        homepage=source.homepage,
        licence=source.licence,
        attribution=source.attribution,
        source_rank=source.rank,
        cadence=source.cadence,
        own_stale_after_days=source.stale_after_days,
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
