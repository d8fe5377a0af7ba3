"""flows/analysis/computed.py: which sets are computed, which are taken over and under which key, in one order whoever did it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hand_made import built
from made_set import ERRORS, GROUNDS, RULE, SCENARIO, WORK, of_points
from sets_of_points import arxiv, record

from flows.analysis import computed, costs, estimates
from flows.analysis.computed import Grounds, Tables, Work
from flows.declared.setting_types import FitRule
from flows.fits.forms import LINES
from flows.warehouse import connection, kept
from flows.warehouse.kept import SAMPLE, Keys

# --- the key of a set


def test_the_number_of_a_set_is_no_part_of_its_key() -> None:
    key = computed.key_of(WORK, GROUNDS)
    assert computed.key_of(replace(WORK, sample=replace(WORK.sample, sample_id=8)), GROUNDS) == key
    # Nor where its arrays lie.
    assert computed.key_of(replace(WORK, sample=of_points()), GROUNDS) == key


@pytest.mark.parametrize(
    "change",
    [
        {"name": "current/b/m/other/all"},
        {"forms": LINES[:1]},
        {"x": np.nextafter(WORK.sample.x, 9)},
        {"error": ERRORS[::-1].copy()},
        {"paper": np.zeros(5, np.intp)},
        {"year": np.full(5, np.nan)},
        {"compute_sd": np.zeros(5)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_all_else_of_a_set_is(change: dict[str, Any]) -> None:
    other = replace(WORK, sample=replace(WORK.sample, **change))
    assert computed.key_of(other, GROUNDS) != computed.key_of(WORK, GROUNDS)


@pytest.mark.parametrize(
    "change",
    [
        {"estimators": ("huber", "york")},
        {"targets": (("t", 0.2),)},
        {"measure": "training_compute"},
        {"unit": "flop"},
        {"goals": (costs.Goal("t", 0.1, published=True),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_declared_for_a_set_is(change: dict[str, Any]) -> None:
    assert set(change) <= {field.name for field in fields(Work)}
    assert computed.key_of(replace(WORK, **change), GROUNDS) != computed.key_of(WORK, GROUNDS)


@pytest.mark.parametrize("name", [field.name for field in fields(FitRule)])
def test_each_part_of_the_rule_is(name: str) -> None:
    other = replace(RULE, **{name: getattr(RULE, name) * 2})
    assert computed.key_of(WORK, replace(GROUNDS, rule=other)) != computed.key_of(WORK, GROUNDS)


def test_prices_are_where_costs_are_asked_and_only_there() -> None:
    dearer = replace(GROUNDS, scenarios=(replace(SCENARIO, prices=(1.0, 3.0)),))
    assert computed.key_of(WORK, dearer) != computed.key_of(WORK, GROUNDS)
    unpriced = replace(WORK, goals=())
    assert computed.key_of(unpriced, dearer) == computed.key_of(unpriced, GROUNDS)


def test_code_and_libraries_are(monkeypatch: pytest.MonkeyPatch) -> None:
    key = computed.key_of(WORK, GROUNDS)
    for function in ("code", "versions"):
        with monkeypatch.context() as patch:
            patch.setattr(computed.keys, function, lambda *names: f"another {names}")
            assert computed.key_of(WORK, GROUNDS) != key


# --- what is computed


class Fitters:
    """In place of the processes: computes at once and notes the names of the sets."""

    busy = 3

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.is_finished = self.is_joined = False

    def finish(self) -> None:
        self.is_finished = True

    def join_in(self) -> None:
        self.is_joined = self.is_finished

    def submit(self, works: Sequence[Work], grounds: Grounds) -> Future[dict[str, pa.Table]]:
        self.batches.append([work.sample.name for work in works])
        future: Future[dict[str, pa.Table]] = Future()
        future.set_result(computed.computed(works, grounds))
        return future


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two benchmarks of nine models each, in papers of two; the second has sets of its own."""
    folder = tmp_path_factory.mktemp("computed")
    records = [
        record(
            f"Model {n}", 50 + 4 * n, 10.0 ** (9 + n / 2), published_on=date(2012 + n, 1, 1),
            paper_url=arxiv(f"1{n // 2}01.0000{n // 2}"),
        )
        for n in range(9)
    ]  # fmt: skip
    with built(folder, records):
        return folder / "hand_made.duckdb"


@pytest.fixture
def con(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connection.connect(warehouse, read_only=True) as con:
        yield con


def published(warehouse: Path, tmp_path: Path, keys: Keys, *statements: str) -> Path:
    """A copy with the keys of its sets."""
    copy = tmp_path / "published.duckdb"
    shutil.copyfile(warehouse, copy)
    with connection.connect(copy) as con:
        keys.write(con)
        for statement in statements:
            con.execute(statement)
    return copy


def content(con: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Any, ...]]:
    return con.execute(f"from {name}").fetchall()


def rows(tables: Any) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row.values()) for row in table.to_pylist()] for name, table in tables.items()}


@pytest.mark.slow
def test_the_sets_stand_in_the_order_of_their_numbers_whoever_computed_them(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computed, "_POINTS_A_PROCESS", 1)
    fitters, keys = Fitters(), Keys()
    tables = Tables(keys=keys, fitters=lambda _: fitters)
    tables.start(con)
    here = rows(tables.tables())
    assert here == {name: content(con, name) for name in computed.TABLES}
    names = [name for batch in fitters.batches for name in batch]
    assert len(names) >= 3
    assert fitters.is_finished
    assert fitters.is_joined
    assert tables.busy == fitters.busy
    assert {(SAMPLE, name) for name in names} == set(keys.rows)
    numbers = [row[0] for row in here["fits.estimates"]]
    assert numbers == sorted(numbers)
    # The longest come first, so that order is not the one in which they were computed.
    of_name = {work.sample.name: work.sample.sample_id for work in computed.works_of(con, 3)}
    assert [of_name[name] for name in names] != sorted(of_name[name] for name in names)


def test_few_points_start_no_process(con: duckdb.DuckDBPyConnection) -> None:
    def none(_: int) -> Any:
        raise AssertionError("a process is started")

    tables = Tables(fitters=none)
    tables.start(con)
    assert len(tables.tables()["fits.estimates"]) > 0


@pytest.fixture
def keys(con: duckdb.DuckDBPyConnection) -> Keys:
    made = Keys()
    grounds = computed.grounds_of(con)
    for work in computed.works_of(con, grounds.rule.points_min):
        made.add(SAMPLE, work.sample.name, computed.key_of(work, grounds))
    return made


def test_what_has_not_changed_is_taken_over_under_its_new_number(
    con: duckdb.DuckDBPyConnection, warehouse: Path, tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if sets had come before these since; in their order of then, which is another.
    renumbered = [
        f"create or replace table {name} as select * replace (1000 - sample_id as sample_id) from {name} "
        "order by 1000 - sample_id, rowid"
        for name in ("fits.sample_sets", *computed._OF_SETS)
    ]
    path = published(warehouse, tmp_path, keys, *renumbered)
    monkeypatch.setattr(computed, "_rows", None)
    with kept.published(path) as before:
        tables = Tables(before)
        tables.start(con)
        assert rows(tables.tables()) == {name: content(con, name) for name in computed.TABLES}


def test_only_the_set_that_changed_is_computed(
    con: duckdb.DuckDBPyConnection, warehouse: Path, tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computed, "_POINTS_A_PROCESS", 1)
    fitters = Fitters()
    changed = sorted(name for _, name in keys.rows)[0]
    keys.add(SAMPLE, changed, "0" * 64)
    # What is there of it is not what comes out.
    statement = "update fits.estimates set slope = 0 where sample_id = (select sample_id from fits.sample_sets where "
    path = published(warehouse, tmp_path, keys, f"{statement} {computed.samples.NAME} = '{changed}')")
    with kept.published(path) as before:
        tables = Tables(before, fitters=lambda _: fitters)
        tables.start(con)
        assert rows(tables.tables()) == {name: content(con, name) for name in computed.TABLES}
    assert fitters.batches == [[changed]]


def test_a_set_whose_name_is_not_among_those_published_is_computed(
    con: duckdb.DuckDBPyConnection, warehouse: Path, tmp_path: Path, keys: Keys
) -> None:
    path = published(warehouse, tmp_path, keys, "delete from fits.sample_sets")
    with kept.published(path) as before:
        tables = Tables(before)
        tables.start(con)
        assert rows(tables.tables()) == {name: content(con, name) for name in computed.TABLES}


def test_the_effort_of_a_set_grows_with_what_is_computed_of_it() -> None:
    work = replace(WORK, estimators=("ols_cluster", "huber", estimates.NLS))
    fewer = replace(work, sample=work.sample.part(np.arange(5) < 4))
    chosen = replace(work, sample=replace(work.sample, selection="frontier"))
    lines = replace(work, estimators=("ols_cluster", "huber"))
    for less in (fewer, chosen, lines, replace(work, goals=()), replace(lines, estimators=())):
        assert computed._effort(less) < computed._effort(work)
