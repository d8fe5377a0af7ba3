"""The build: the stages between kept pages and a published warehouse. No network, no Prefect.

`refresh` (flows/refresh.py) runs the same stages as tasks. What has not changed since the published warehouse was built is
taken over from it (flows/warehouse/kept.py); where nothing has, none of the stages runs. Each stage imports what it needs
when it runs, for a build that has nothing to do loads none of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import __version__, lean, paths, processes, sources
from flows.pages import decisions, long_locks, snapshots, states
from flows.pages.states import BuildSetting, SourceReading, SourceState
from flows.warehouse import checksums, kept, keys, ledger, publishing
from flows.warehouse.connection import AsideError, BuildError, connect
from flows.warehouse.kept import BUILD, BYTES, Kept, Keys
from flows.warehouse.ledger import State
from flows.warehouse.unmet import sentence

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from flows.analysis.fitters import Answer, Fitting
    from flows.cluster import Cluster
    from flows.pages.fetch import Outcome
    from flows.pages.limited import Reader
    from flows.pages.parse import Gathered
    from flows.pages.versions import Parse, Unread
    from flows.processes import Beside
    from flows.sources import Page, Source
    from flows.warehouse.expectations import Failure, Suite
    from flows.warehouse.staging import Staged
    from flows.warehouse.transform import Functions, Made


@dataclass(frozen=True)
class Identity:
    """What a build is made of: `key` is the digest of all of it, `state` of all but the ledger.

    `code` (with SQL and libraries) and `settings` are digests of a part each; `past` are the states of the ledger that it is
    held against, oldest first.
    """

    key: str
    state: str
    code: str
    settings: str
    past: tuple[State, ...]
    published_before: date | None = None


def identity(
    raw: Path, shipped: Path | None, final: Path, as_of: date, published_before: date | None = None
) -> Identity:
    """What a build of these pages and facts as of a day is made of, whose file is to be `final`.

    `published_before`: the day before which a model was published to be a point; None: whenever it was.

    Raises:
        flows.warehouse.ledger.LedgerError: a state of the ledger cannot be read.
    """
    return held_against(key(raw, shipped, as_of, published_before), final, as_of, published_before)


def held_against(state: str, final: Path, as_of: date, published_before: date | None = None) -> Identity:
    """The identity of a build of which all but the ledger is known: what `key` gave.

    A build of what was published before a day is held against none, for its numbers have not moved from any other's.
    """
    known = {} if published_before else ledger.states(paths.ledgers(final))
    past = tuple(ledger.chain(known, state, as_of))
    key_of_all = keys.digest(state, ledger.key(past))
    return Identity(key_of_all, state, _code_and_sql(), keys.package_declared(paths.PACKAGE), past, published_before)


def key(raw: Path, shipped: Path | None, as_of: date, published_before: date | None = None) -> str:
    """Digest of all that a build depends on but the ledger: code, settings, libraries, decisions, the pages and facts of the day.

    The day itself is none of it: on another day the same pages give the same tables, but for the states of sources. Nor are the
    bytes of pages: that they are what the lock says is asked of those that count (`_are_as_they_were`).
    """
    parts: list[str | bytes] = [
        _code_and_sql(),
        keys.package_declared(paths.PACKAGE),
        keys.files(paths.EXPECTATIONS, paths.EXPECTATIONS.glob("*.json")),
    ]
    if (register := paths.register_in_use()) is not None:
        parts.append(keys.files(register.parent, [register]))
    for root in snapshots.roots(raw, shipped, as_of):
        for source in sources.names():
            parts += [source, long_locks.known(root, source, as_of.isoformat())]
            parts.append(keys.files(root, (root / source).glob("*.facts.csv")))
            parts.append(keys.files(root, (root / source).glob(decisions.ACCEPTED)))
    if published_before is not None:
        parts.append(f"published before {published_before}")
    return keys.digest(*parts)


def _code_and_sql() -> str:
    """Digest of code, SQL and the libraries that compute."""
    sql = keys.files(paths.SQL, paths.SQL.rglob("*.sql"))
    return keys.digest(keys.versions(*keys.LIBRARIES), keys.package_code(paths.PACKAGE), sql)


# --- nothing to do


def unchanged(
    raw: Path,
    shipped: Path | None,
    final: Path,
    as_of: date,
    outcomes: Sequence[Outcome] = (),
    own: Identity | None = None,
) -> list[str] | None:
    """The warnings of the published warehouse, if building anew would give the same; None where it has to be built.

    The states of sources, which depend on the day and on what fetching gave, are brought up to date. `own` is what `identity`
    gave, if it was asked already.

    Raises:
        flows.warehouse.connection.BuildError: the published file cannot be replaced.
    """
    if final.is_file() and checksums.altered(final, is_quick=True) is not None:
        return None
    with kept.published(final) as published:
        if published.is_empty or not published.has(BUILD, "", (own or identity(raw, shipped, final, as_of)).key):
            return None
        if not _are_as_they_were(snapshots.roots(raw, shipped, as_of), published):
            return None
        try:
            readings = [SourceReading(*row) for row in published.rows("staging.source_reading", SourceReading)]
            stood = [SourceState(*row) for row in published.rows("staging.source_state", SourceState)]
            in_use = published.query("select source, page, retrieved_on from staging.page_setting")
            unmet_rows = published.query(f"select table_name, expectation, finding from {kept.UNMET}")
        except kept.DamagedError:
            return None
    now, warnings = states_of(readings, outcomes, as_of, in_use), [sentence(*row) for row in unmet_rows]
    return warnings if now == stood or _restate(final, now) else None


def _are_as_they_were(roots: Sequence[Path], published: Kept) -> bool:
    """Whether of each page that counts, those in use and the versions around them, the bytes are kept as when they were read.

    Of older versions nothing is read: that one is away is in the key, but that it was altered is seen by the next build that
    has something to do, and by `verify`.
    """
    told = ((name, key) for (kind, name), key in published.keys.items() if kind == BYTES)
    return all(snapshots.as_they_were(roots, name, key) for name, key in told)


def states_of(
    readings: Sequence[SourceReading],
    outcomes: Sequence[Outcome],
    as_of: date,
    in_use: Iterable[tuple[str, str, date]],
) -> list[SourceState]:
    """The state of each source on a day; a source without an outcome was not asked.

    `in_use` is (source, page, the day that it was first fetched) of each page in use.
    """
    fetched_on = dict[str, dict[str, date]]()
    for source, page, day in in_use:
        fetched_on.setdefault(source, {})[page] = day
    own = {reading.source: [one for one in outcomes if one.source == reading.source] for reading in readings}
    return [
        states.state(reading, own[reading.source], as_of, fetched_on.get(reading.source, {})) for reading in readings
    ]


def _restate(final: Path, now: list[SourceState]) -> bool:
    """Publish a copy of the warehouse with other states, and what reads them.

    Returns False, and publishes nothing, where an expectation is of what changes, or the file is damaged.

    Raises:
        flows.warehouse.connection.BuildError: the published file cannot be replaced.
    """
    import duckdb

    from flows.warehouse import expectations, staging, standing, transform

    built = publishing.next_path(final)
    publishing.remove(built)
    shutil.copyfile(final, built)
    try:
        with connect(built) as con:
            con.begin()
            files = transform.downstream(con, paths.SQL, ["staging.source_state"])
            of_tables = {file.table: file.grain for file in files if not file.is_view}
            suites = [suite for table, suite in expectations.suites(of_tables).items() if table in of_tables]
            before = [expectations.asked(con, suite) for suite in suites]
            staging.replace(con, "staging.source_state", SourceState, now)
            transform.again(con, paths.SQL, files)
            standing.forget(con, ["staging.source_state", *(file.table for file in files)])
            if [expectations.asked(con, suite) for suite in suites] != before:
                return False
            con.commit()
            con.execute("checkpoint")
    except (duckdb.Error, BuildError):
        # The SELECTs are those that it was built by, so it is not as it was built.
        return False
    publishing.publish(built, final)
    return True


# --- the stages


def declared() -> dict[str, type[Any]]:
    """{table of staging: type of its rows} of all that is staged beside the rows of pages."""
    from flows.declared.forecast_register import Forecast, ForecastQuantile
    from flows.declared.setting_types import SETTINGS
    from flows.pages.drift import HeldPage
    from flows.pages.versions import PageSetting, SourceSetting

    given: dict[str, type[Any]] = {
        "page_setting": PageSetting,
        "held_page": HeldPage,
        "source_setting": SourceSetting,
        "source_reading": SourceReading,
        "source_state": SourceState,
        "build_setting": BuildSetting,
        "forecast": Forecast,
        "forecast_quantile": ForecastQuantile,
    }
    return given | SETTINGS | ledger.STAGED


def read_sources(
    built: Path,
    raw: Path,
    shipped: Path | None,
    as_of: date,
    outcomes: Sequence[Outcome] = (),
    published: Kept = kept.NOTHING,
    own: Identity | None = None,
    cluster: Cluster | None = None,
    settled: Answer | None = None,
) -> dict[tuple[str, str], str]:
    """Stage the rows of every source, and what the TOML files declare, in a new file.

    `outcomes` is what fetching gave; a source without one was not asked. Pages retrieved after the day do not exist.
    `own` is what `identity` gave before anything was read; without it no past is known. Pages are parsed by the `cluster`, if
    one is given and it is worth it; `settled` is what `settings_of` gives, if that is asked for elsewhere.
    Returns {(kind, page or table): key} to publish with it.

    Raises:
        flows.warehouse.connection.BuildError: no source gives anything.
    """
    from flows.pages import versions
    from flows.pages.limited import Reader
    from flows.warehouse import standing
    from flows.warehouse.staging import Staged

    pages, readings = [], []
    own = own or Identity("", "", "", "", ())
    rows: dict[str, list[Any]] = {"source_setting": [], "page_setting": [], "held_page": []}
    if settled is None:
        settings = settings_of(as_of, with_day=own.published_before is not None)
    with Reader() as reader:
        parse = (
            reader.parse
            if cluster is None
            else _ahead(cluster, list(versions.unread(raw, shipped, as_of, published)), reader)
        )
        used_of, page_keys = versions.all_in_use(raw, shipped, as_of, published, parse)
    for used in used_of:
        readings.append(versions.reading(used))
        rows["source_setting"].append(versions.setting(used.source))
        rows["page_setting"].extend(versions.page_settings(used))
        rows["held_page"].extend(used.held)
        pages += [page.gathered for page in used.pages]
    if settled is not None:
        # A slip in them is told rather than that there is no page.
        settings = settled.result()
    if all(reading.newest_retrieved_on is None for reading in readings):
        raise BuildError(_nothing_there(raw, shipped, as_of))
    in_use = [(row.source, row.page, row.retrieved_on) for row in rows["page_setting"]]
    states_now = states_of(readings, outcomes, as_of, in_use)
    rows["build_setting"] = [
        BuildSetting(own.key, __version__, own.state, own.code, own.settings, own.published_before)
    ]
    rows |= {"source_reading": readings, "source_state": states_now}
    types = declared()
    ready = ledger.rows(own.past) | {name: Staged(types[name], content) for name, content in settings.items()}
    return page_keys | stage(built, pages, rows, ready, standing.base(published))


def settings_of(as_of: date, *, with_day: bool = False) -> dict[str, pa.Table]:
    """{table of staging: its rows} of what the TOML files declare, and of the forecasts that were registered by a day.

    `with_day`: whether models have to be published before one to be points.

    Raises:
        flows.errors.SettingError: a file is wrong.
        flows.declared.forecast_register.RegisterError: the register is.
    """
    from flows import columns
    from flows.declared import forecast_register, settings

    types, rows = declared(), settings.rows(published_before=with_day)
    if (register := paths.register_in_use()) is not None:
        rows |= forecast_register.rows(register, as_of)
    return {name: columns.table(types[name], of_table) for name, of_table in rows.items()}


def _ahead(cluster: Cluster, pages: Sequence[Unread], reader: Reader) -> Parse:
    """What gives the rows of pages that a cluster has parsed before they are asked for, and reads all others here.

    So a page that cannot be read is told of as if there were no cluster.
    """
    found = cluster.parsed(pages)

    def parse(path: Path, source: Source, page: Page, sha256: str) -> Gathered:
        return found.get((source.key, page.name, sha256)) or reader.parse(path, source, page, sha256)

    return parse


def _nothing_there(raw: Path, shipped: Path | None, as_of: date) -> str:
    """What is said where no source has a page."""
    roots = snapshots.roots(raw, shipped, date.min)
    days = [line.retrieved_on for root in roots for name in sources.names() for line in snapshots.read(root, name)]
    if not days:
        return f"no source has a page in {raw}, and no facts ship; run `compute-limits refresh` with a network"
    return (
        f"no source has a page of {as_of} or before: the oldest is of {min(days)}; `compute-limits refresh --as-of {as_of}` lays "
        "that day down from a mirror of it"
    )


def staged() -> tuple[str, ...]:
    """The tables of `staging`."""
    from flows.readers.row_types import ROW_TYPES

    return (*ROW_TYPES, *declared())


def stage(
    built: Path,
    pages: Sequence[Gathered],
    rows: dict[str, list[Any]],
    ready: Mapping[str, Staged] = {},
    base: Path | None = None,
) -> dict[tuple[str, str], str]:
    """Make a file with a table in `staging` for each row type and for everything that is declared: of `rows`, but if it is `ready`.

    Its other tables are those of `base`, if one is given. Returns {(kind, table): key}.
    """
    import pyarrow as pa

    from flows import columns
    from flows.readers.row_types import ROW_TYPES
    from flows.warehouse import staging
    from flows.warehouse.staging import Parts, Staged

    tables = {}
    for name, row_type in ROW_TYPES.items():
        empty, parts = columns.schema(row_type, addressed=True).empty_table(), partial(_of_pages, pages, name)
        if any(name in page.again for page in pages):
            tables[name] = Staged(row_type, Parts(empty.schema, parts))
        else:
            tables[name] = Staged(row_type, pa.concat_tables([empty, *parts()]))
    for name, row_type in declared().items():
        tables[name] = ready.get(name) or staging.of_rows(row_type, rows.get(name, []))
    return staging.stage(built, tables, base)


def _of_pages(pages: Sequence[Gathered], row_type: str) -> Iterator[pa.Table]:
    return (page.table(row_type) for page in pages)


def compute(
    built: Path,
    published: Kept = kept.NOTHING,
    page_keys: Mapping[tuple[str, str], str] = {},
    build_key: str = "",
    beside: Beside | None = None,
) -> list[Failure]:
    """Staging to exports, the expectations of each table as soon as it is made; returns those that are not met.

    Lines are fitted and expectations checked in processes `beside` this one, own ones where none are given. `page_keys`, of
    pages and staged tables, and `build_key` are kept with the file, for the next build to take over what has not changed.

    Raises:
        flows.warehouse.connection.BuildError: a SELECT fails; the message names its file.
    """
    from flows.warehouse.validation import Validation

    made = Keys(dict(page_keys))
    if build_key:
        made.add(BUILD, "", build_key)
    with nullcontext(beside) if beside else processes.beside(suites, at_once=published.is_empty) as helpers:
        validation = Validation(published, made, helpers.suites, lambda: helpers.validator)

        def last(con: duckdb.DuckDBPyConnection) -> None:
            validation.write(con)
            made.write(con)

        transform(built, published, made, helpers.fitters, validation.made, last)
        return validation.failures


def transform(
    built: Path,
    published: Kept = kept.NOTHING,
    made: Keys | None = None,
    fitters: Callable[[int], Fitting | None] | None = None,
    check: Made = lambda *_: None,
    last: Callable[[duckdb.DuckDBPyConnection], None] = lambda _: None,
) -> None:
    """Staging to exports alone; without `fitters` all lines are fitted in this process.

    Raises:
        flows.warehouse.connection.BuildError: a SELECT fails; the message names its file.
    """
    from flows.analysis import computed
    from flows.warehouse import transform as transforming

    tables = computed.Tables(published, made or Keys(), fitters)
    given = [f"staging.{name}" for name in staged()]
    transforming.transform(
        built, paths.SQL, given, tables, functions(), check, last, keys=made, code=_of_every_select()
    )


def _of_every_select() -> str:
    """Digest of what any SELECT depends on beside its text and what it reads: macros, functions of Python, DuckDB itself."""
    return keys.digest(
        keys.files(paths.SQL, (paths.SQL / "macros").glob("*.sql")),
        keys.code("flows.declared.labels", "flows.fits.student_t", "flows.warehouse.transform"),
        _labels(),
        keys.versions("duckdb", "numpy", "scipy"),
    )


@cache
def _labels() -> str:
    """Digest of how names are spelled, read once as the names are."""
    return keys.files(paths.PACKAGE, [paths.PACKAGE / "declared" / "labels.toml"])


def suites() -> dict[str, Suite]:
    """{table: what is expected of it} of all tables that SQL makes and of those that are computed.

    Raises:
        flows.warehouse.expectations.SuiteError: a file is no suite, or is for a table that nothing makes.
    """
    from flows.warehouse import expectations

    of_tables = grains()
    expected = expectations.suites(of_tables)
    expectations.require_tables(expected, [*of_tables, *(f"staging.{name}" for name in staged())])
    return expected


def grains() -> dict[str, tuple[str, ...]]:
    """{table: its key columns} of all tables that SQL makes and of those that are computed."""
    from flows import columns
    from flows.analysis import computed
    from flows.warehouse import sql_files

    of_computed = {table: columns.grain(row_type) for table, row_type in computed.TABLES.items()}
    return sql_files.grains(paths.SQL) | of_computed


def functions() -> Functions:
    """Student's t and the readable names of models, for SQL."""
    from flows.declared import labels
    from flows.fits import student_t

    return {
        "student_t_two_sided_p": (student_t.two_sided_p, ["DOUBLE", "DOUBLE"], "DOUBLE"),
        "student_t_quantile": (student_t.quantile, ["DOUBLE", "DOUBLE"], "DOUBLE"),
        "readable_name": (labels.label, ["VARCHAR"], "VARCHAR"),
    }


def validate(built: Path, failures: Sequence[Failure]) -> list[str]:
    """Judge a built file: that no row was lost, and what expectations are not met; returns the warnings.

    Raises:
        flows.warehouse.connection.BuildError: a row was lost, or a critical expectation is not met.
    """
    from flows.warehouse import conservation

    conservation.check_conservation(built)
    critical = [str(failure) for failure in failures if failure.severity == "critical"]
    if critical:
        listed = "\n".join(f"  {failure}" for failure in critical)
        raise AsideError(
            f"not published, {len(critical)} critical expectations are not met:\n{listed}\n"
            f"The tables are in {built}; what was published before stands."
        )
    return [sentence(failure.table, failure.expectation, failure.finding) for failure in failures]


# --- all of it


def run(
    raw: Path,
    shipped: Path | None,
    final: Path,
    as_of: date,
    step: Callable[[str], None] = lambda _: None,
    *,
    fresh: bool = False,
    published_before: date | None = None,
) -> list[str]:
    """Build aside, validate and publish; returns the warnings. Where nothing has changed only that is found out.

    `fresh`: whether all is built anew, and nothing taken over from the published warehouse. `published_before`: the day before
    which a model was published to be a point.

    Raises:
        flows.warehouse.connection.BuildError: rows were lost, a SELECT failed or a critical expectation is not met; what was
            published before stands.
    """
    # Known before anything is looked for: they start while that is done.
    all_anew = fresh or not final.is_file()
    if all_anew:
        lean.load_less()
    with publishing.exclusive(final), processes.beside(suites, at_once=all_anew) as beside:
        step("looking for what has changed")
        own = identity(raw, shipped, final, as_of, published_before)
        if not fresh and (warnings := unchanged(raw, shipped, final, as_of, own=own)) is not None:
            return warnings
        before, told = to_take_over(final, fresh=fresh)
        own = held_against(own.state, final, as_of, published_before)
        try:
            failures = _build(final, raw, shipped, as_of, own, step, beside, before)
        except kept.DamagedError:
            # By others: these have been given tables of the build that was broken off.
            with processes.beside(suites, at_once=True) as others:
                failures = _build(final, raw, shipped, as_of, own, step, others, None)
        built = publishing.next_path(final)
        step("validating")
        warnings = told + validate(built, failures)
        step("publishing")
        publishing.publish(built, final)
        return warnings + remember(final)


def to_take_over(final: Path, *, fresh: bool) -> tuple[Path | None, list[str]]:
    """The published warehouse where the next may take something over from it, and a warning where it was altered.

    What it said is added to the ledger first, if the build that published it was killed before it could do so.
    """
    # Read whole: what is left as it stands in a copy is not read by any SELECT that would stumble over a bit that is lost.
    altered = checksums.altered(final) if final.is_file() else None
    if altered is not None:
        return None, [] if fresh else [f"{altered}; nothing was taken over from it"]
    told = remember(final)
    return None if fresh else final, told


def remember(final: Path) -> list[str]:
    """Add what is published to the ledger, unless it says what the state before it says; returns a warning if that fails.

    A warehouse without what is needed (of an older version, or damaged) has no state.

    Raises:
        flows.warehouse.ledger.LedgerError: a state of the ledger cannot be read.
    """
    import duckdb

    with kept.published(final) as published:
        if published.con is None:
            return []
        try:
            ledger.keep(published.con, paths.ledger(final), ledger.states(paths.ledgers(final)))
        except (OSError, duckdb.IOException) as error:
            reason = str(error).partition("\n")[0]
            return [f"{paths.ledger(final)} cannot be written ({reason}): the next build adds what {final} says"]
    return []


def _build(
    final: Path,
    raw: Path,
    shipped: Path | None,
    as_of: date,
    own: Identity,
    step: Callable[[str], None],
    beside: Beside,
    before: Path | None,
) -> list[Failure]:
    """Staging to exports in a new file; what has not changed since `before` was built is taken over from there."""
    lean.load_less()
    built = publishing.next_path(final)
    with kept.published(before) as published:
        if published.is_empty:
            beside.start()
        step("reading pages and facts")
        settled = beside.computed(partial(settings_of, as_of, with_day=own.published_before is not None))
        page_keys = read_sources(built, raw, shipped, as_of, (), published, own, beside.cluster, settled)
        step("computing and checking tables")
        return compute(built, published, page_keys, own.key, beside)
