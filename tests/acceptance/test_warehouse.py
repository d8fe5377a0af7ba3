"""The built warehouse: every table has its comments, every row is accounted for, the same comes from the same."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import part_of_it
import pytest
from conftest import AS_OF, checksums, content

from flows import build, paths, sources
from flows.analysis import computed
from flows.columns import ADDRESS, columns
from flows.declared import settings
from flows.pages import versions
from flows.pages.parse import Gathered
from flows.pages.states import SourceState
from flows.pages.versions import PageSetting
from flows.readers.row_types import ROW_TYPES, Model, Operations, Result
from flows.sources import Page
from flows.warehouse import connection, expectations, sql_files

BOOKKEEPING = {"quarantine", "rejected_cell", "duplicate", "page_count"}
# What a build says of itself.
OF_THE_BUILD = {"meta.lineage", "meta.kept_keys", "meta.unmet_expectations"}
FILES = [path for path in sql_files.table_paths(paths.SQL) if path.parent.name != sql_files.VIEWS]
VIEWS = {f"{sql_files.VIEWS}.{path.stem}": path for path in (paths.SQL / sql_files.VIEWS).glob("*.sql")}


# --- what stands in it


def test_there_is_a_table_for_each_row_type_setting_and_file(db: duckdb.DuckDBPyConnection) -> None:
    made = {f"{path.parent.name}.{path.stem}" for path in FILES} | set(computed.TABLES)
    made |= OF_THE_BUILD
    assert set(connection.tables(db)) == {f"staging.{name}" for name in (*ROW_TYPES, *build.declared())} | made


def test_every_table_states_its_grain(db: duckdb.DuckDBPyConnection) -> None:
    told = dict(db.execute("select schema_name || '.' || table_name, comment from duckdb_tables()").fetchall())
    assert [name for name, comment in told.items() if not (comment or "").startswith("One row per ")] == []
    for path in FILES:
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert f"-- {told[f'{path.parent.name}.{path.stem}']}" == first
    for name, row_type in computed.TABLES.items():
        assert told[name] == (row_type.__doc__ or "").partition("\n")[0]


def test_every_column_is_told(db: duckdb.DuckDBPyConnection) -> None:
    silent = db.execute(
        "select schema_name || '.' || table_name || '.' || column_name from duckdb_columns() "
        "where schema_name in ('core', 'fits', 'marts', 'exports', 'meta', 'staging') "
        "and coalesce(trim(comment), '') = '' order by all"
    ).fetchall()
    assert silent == []
    counted = db.execute("select count(*) from duckdb_columns() where schema_name = 'staging'").fetchone()
    count = sum(len(columns(kind)) for kind in (*ROW_TYPES.values(), *build.declared().values()))
    assert counted == (count + len(ADDRESS) * len(ROW_TYPES),)


# Nothing is held back of the pages that ship, and since the last state that does nothing need have moved.
MAY_BE_EMPTY = ("meta.held_pages", "meta.changed_pages", "marts.changed_points", "marts.changes")


def test_every_table_has_rows_or_a_source_that_would_give_them(db: duckdb.DuckDBPyConnection) -> None:
    for layer in ("marts", "exports", "meta"):
        for table in connection.tables(db):
            if table.startswith(f"{layer}.") and table not in MAY_BE_EMPTY:
                assert db.execute(f"select count(*) > 0 from {table}").fetchone() == (True,), table


def test_lineage_has_an_edge_for_every_table(db: duckdb.DuckDBPyConnection) -> None:
    edges = db.execute("select table_name, reads from meta.lineage").fetchall()
    made = {table for table in connection.tables(db) if not table.startswith("staging.")} - OF_THE_BUILD
    assert {table for table, _ in edges} == made | set(VIEWS)
    assert {read for _, read in edges} <= set(connection.tables(db))
    assert sorted(edges) == sorted(
        [
            (f"{p.parent.name}.{p.stem}", read)
            for p in (*FILES, *VIEWS.values())
            for read in sql_files.read_table_file(p).reads
        ]
        + [(table, read) for table in computed.TABLES for read in computed.READS[table]]
    )


def reached(db: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    found = db.execute(
        "with recursive up as (select ?::varchar as t union select reads from meta.lineage join up on table_name = t) "
        "select t from up",
        [table],
    ).fetchall()
    return {name for (name,) in found}


def test_lineage_leads_back_to_what_the_pages_gave(db: duckdb.DuckDBPyConnection) -> None:
    assert {"staging.result", "staging.model", "core.models"} <= reached(db, "core.results")
    assert {"core.results", "staging.result", "staging.compute"} <= reached(db, "exports.figure_3_costs")
    staged = {table for table in connection.tables(db) if table.startswith("staging.")}
    for table in {table for table in connection.tables(db) if not table.startswith("staging.")} - OF_THE_BUILD:
        assert reached(db, table) & staged, table


def test_the_rows_of_every_row_type_count_as_accepted(db: duckdb.DuckDBPyConnection) -> None:
    read = {name for (name,) in db.execute("select reads from meta.lineage where table_name = 'meta.pages'").fetchall()}
    assert {f"staging.{name}" for name in ROW_TYPES} - {"staging.rejected_cell"} <= read


def test_every_table_that_is_for_use_has_a_suite(db: duckdb.DuckDBPyConnection) -> None:
    suites = set(expectations.suites(build.grains()))
    wanted = {table for table in connection.tables(db) if table.split(".")[0] in ("core", "marts", "meta")}
    assert wanted - OF_THE_BUILD <= suites
    assert suites <= set(connection.tables(db))


def test_every_row_of_staging_finds_its_page(db: duckdb.DuckDBPyConnection) -> None:
    for name in ROW_TYPES:
        lost = db.execute(f"select count(*) from staging.{name} anti join meta.pages using (source, page)").fetchone()
        assert lost == (0,), name


def test_no_result_is_lost_or_doubled_on_its_way(db: duckdb.DuckDBPyConnection) -> None:
    # A join that multiplies or drops rows is the commonest fault of a SELECT.
    for core, staged in {
        "core.results": "staging.result",
        "core.model_mentions": "staging.model",
        "core.compute_totals": "staging.compute",
        "core.passes": "staging.operations",
        "core.run_phases": "staging.run_phase",
        "core.carbon_intensities": "staging.carbon_intensity",
        "core.loss_points": "staging.loss_point",
        "core.listed_trainings": "staging.listed_training",
        "core.listed_scores": "staging.listed_score",
        "core.unbounded_scores": "staging.unbounded_score",
        "core.timed_trainings": "staging.timed_training",
        "core.speedrun_records": "staging.speedrun_record",
        "core.gpu_clusters": "staging.gpu_cluster",
        "core.quarantine": "staging.quarantine",
        "core.rejected_cells": "staging.rejected_cell",
        "core.duplicates": "staging.duplicate",
    }.items():
        keys = "source, page, locator"
        rows = [sorted(db.execute(f"select {keys} from {table}").fetchall()) for table in (core, staged)]
        assert rows[0] == rows[1], core


def test_units_are_fixed_on_the_way(db: duckdb.DuckDBPyConnection) -> None:
    assert db.execute(
        "select count(*) from core.compute_totals where compute_flop != value * if(unit = 'gflop', 1e9, 1)"
    ).fetchone() == (0,)
    assert db.execute(
        "select count(*) from core.passes where operations_per_pass_flop != operations * if(convention = 'mac', 2, 1)"
    ).fetchone() == (0,)
    assert db.execute(
        "select count(*) from core.results where abs(error - (100 - value) / 100) > 1e-15"
    ).fetchone() == (0,)


def of_rows(folder: Path, rows: dict[str, list[tuple[str, str, Any]]]) -> Path:
    """A warehouse of rows given by hand: {row type: [(source, locator, row)]}, one page a source."""
    given, path = Gathered(), folder / "computed.duckdb"
    keys = sorted({source for told in rows.values() for source, *_ in told})
    for kind, told in rows.items():
        for source, at, row in told:
            given.add(kind, Page(source, "p", "https://example.org/p", "csv"), at, row)
    declared = {
        "source_setting": [versions.setting(sources.source(key)) for key in keys],
        "page_setting": [PageSetting(key, "p", "https://example.org/p", "0" * 64, 1, AS_OF, None, 0) for key in keys],
        "source_state": [SourceState(key, "shipped", None, None) for key in keys],
    }
    build.stage(path, [given], settings.rows() | declared)
    part_of_it.make(path, "core")
    return path


def test_flops_stand_before_multiply_adds_and_these_count_twice(tmp_path: Path) -> None:
    rows: dict[str, list[tuple[str, str, Any]]] = {"model": [], "result": [], "operations": []}
    for at, printed in {"row 2": {"flop": 9e9, "mac": 4e9}, "row 3": {"mac": 4e9}, "row 4": {"flop": 9e9}}.items():
        rows["model"].append(("mit_futuretech", at, Model(f"model of {at}")))
        rows["result"].append(("mit_futuretech", at, Result("imagenet", "top1", 75.0)))
        for convention, operations in printed.items():
            rows["operations"].append(("mit_futuretech", at, Operations("imagenet", operations, convention)))
    with connection.connect(of_rows(tmp_path, rows), read_only=True) as con:
        measures = con.execute(
            "select locator, compute_measure, compute_flop from core.measures order by all"
        ).fetchall()
        expected = {"row 2": 9e9, "row 3": 8e9, "row 4": 9e9}
        assert measures == [(at, "operations_per_pass", flop) for at, flop in expected.items()]
        # A model of which nothing but its name is known keeps its result.
        assert con.execute("select count(*) from core.results").fetchone() == (3,)


# --- the same from the same


@pytest.mark.slow
def test_what_is_built_before_the_fits_is_the_same_to_the_last_digit(
    tmp_path: Path, shipped: Path, warehouse_path: Path
) -> None:
    """Than in another process. Whole builds are compared in test_same_everywhere.py."""
    path = tmp_path / "again.duckdb"
    own = build.identity(tmp_path / "raw", shipped, tmp_path / "warehouse" / "compute_limits.duckdb", AS_OF)
    build.read_sources(path, tmp_path / "raw", shipped, AS_OF, own=own)
    part_of_it.make(path, "core", "fits.points")
    again, whole = checksums(path), checksums(warehouse_path)
    assert {table.partition(".")[0] for table in again} >= {"staging", "core", "fits"}
    del again["meta.lineage"]  # of the tables that were made
    assert again == {table: whole[table] for table in again}


@pytest.mark.slow
def test_checksums_see_one_digit(tmp_path: Path, warehouse_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(warehouse_path, copy)
    with connection.connect(copy) as con:
        con.execute(
            "update core.results set value = value + 1e-12 where result_id = (select min(result_id) from core.results)"
        )
        con.execute("update meta.sources set state = 'stale', age_days = 3, message = 'x'")
    one, other = checksums(warehouse_path), checksums(copy)
    assert {table for table in one if one[table] != other[table]} == {"core.results"}


def test_content_leaves_out_what_tells_of_the_run_and_only_there(db: duckdb.DuckDBPyConnection) -> None:
    width = {table: len(content(db, table)[0]) for table in ("meta.sources", "meta.pages", "exports.sources")}
    for table, left_out in {"meta.sources": 3, "meta.pages": 0, "exports.sources": 1}.items():
        assert width[table] == len(db.execute(f"select * from {table} limit 0").description) - left_out


def test_the_published_file_stands_alone(warehouse_path: Path) -> None:
    assert [path.name for path in warehouse_path.parent.glob("*.duckdb*")] == [warehouse_path.name]


def test_lineage_of_what_python_computes_is_its_own(db: duckdb.DuckDBPyConnection) -> None:
    reads = db.execute("select table_name, reads from meta.lineage").fetchall()
    assert ("fits.costs", "core.scenarios") in reads
    # A projection is of the points alone: no price and no electricity.
    assert {read for table, read in reads if table == "fits.projections"} == {
        "fits.samples", "fits.sample_sets", "fits.targets", "staging.estimator", "staging.fit", "staging.fit_rule",
    }  # fmt: skip
