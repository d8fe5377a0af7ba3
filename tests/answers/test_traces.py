"""`compute-limits trace`: from a published value to the rows it was made of, and to the bytes those were read from."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from running import ROOT, command_here, environment, sample

from flows import sources
from flows.answers import queries, traces
from flows.answers.traces import COLUMNS, Page, Trace
from flows.pages import snapshots
from flows.pages.snapshots import Snapshot
from flows.warehouse import connection

HEADLINE = ("row_set=current", "benchmark=imagenet", "compute_measure=hardware_burden")
XCEPTION = ("source=mit_futuretech", "metric=top1", "locator=row 114")


@pytest.fixture
def env(tmp_path: Path, warehouse_path: Path, shipped: Path) -> dict[str, str]:
    data = warehouse_path.parents[1]
    return environment(data, tmp_path / "prefect", COMPUTE_LIMITS_FACTS=str(shipped))


@pytest.fixture(scope="module")
def path(warehouse_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared warehouse under a name of its own, for one process opens a file in one way only."""
    path = tmp_path_factory.mktemp("traced") / "warehouse.duckdb"
    os.link(warehouse_path, path)
    return path


@cache
def facts() -> set[tuple[str, str, str]]:
    """(source, the page's SHA-256 by its first digits, locator) of every row in the facts that ship, as the files have them."""
    found = set()
    for path in (ROOT / "data" / "raw").glob("*/*.facts.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            header, *rows = csv.reader(handle)
            found |= {
                (path.parent.name, row[0][:8], row[header.index("locator")]) for row in rows if "locator" in header
            }
    return found


@cache
def lock() -> dict[tuple[str, str], dict[str, Any]]:
    """{(source, SHA-256): line} of the locks that ship."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "data" / "raw").glob("*/snapshots.jsonl")]
    lines = [json.loads(line) for text in texts for line in text.split("\n") if line]
    return {(line["source"], line["sha256"]): line for line in lines}


def check(traced: Trace) -> None:
    """It ends somewhere, and where it ends in a page the lock and the facts have that page and that record."""
    ends = [(step, record) for _, step in traced.root.walk() for record in step.records]
    files = [statement.file for _, step in traced.root.walk() for statement in step.statements]
    assert ends or files
    assert [file for file in files if not (ROOT / file).is_file()] == []
    for _, record in ends:
        page = traced.pages[record.source, record.page]
        line = lock()[record.source, page.sha256]
        assert (page.url, page.byte_count, page.licence) == (
            line["url"],
            line["byte_count"],
            sources.source(page.source).licence,
        )
        assert line["retrieved_at"].startswith(page.retrieved_on)
        assert record.locator is None or (record.source, page.sha256[:8], record.locator) in facts()


def samples(db: duckdb.DuckDBPyConnection, tables: list[str], many: int) -> Iterator[tuple[str, list[str]]]:
    """Rows drawn from each table, by conditions that are met by them."""
    drawn = random.Random(12)
    for table in tables:
        cursor = db.execute(f"select * from {table}")
        names, rows = [column[0] for column in cursor.description or []], cursor.fetchall()
        keys = traces._keys(table)
        for row in drawn.sample(rows, min(many, len(rows))):
            values = dict(zip(names, row, strict=True))
            wanted = keys or [name for name, value in values.items() if not isinstance(value, float)]
            yield table, [f"{name}={'' if values[name] is None else text(values[name])}" for name in wanted]


def text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def all_tables(db: duckdb.DuckDBPyConnection) -> list[str]:
    return [table for table in connection.tables(db) if table.partition(".")[0] in ("core", "fits", "marts", "exports")]


def test_a_value_leads_to_its_bytes(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The quick part of the one below: of each layer some."""
    tables = ["core.results", "core.prices", "fits.measured_points", "marts.exponents", "exports.figure_3_costs"]
    for table, conditions in samples(db, tables, 1):
        check(traces.trace(path, table, conditions))


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.long
def test_every_table_leads_to_bytes_or_to_a_file(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    tables = all_tables(db)
    assert len(tables) > 100
    for table, conditions in samples(db, tables[:: sample(full=1, part=2)], sample(full=5, part=1)):
        check(traces.trace(path, table, conditions))


def test_a_result_ends_at_its_row(path: Path) -> None:
    """Against the facts file itself."""
    with (ROOT / "data/raw/mit_futuretech/result.facts.csv").open(encoding="utf-8", newline="") as handle:
        row = next(row for row in csv.DictReader(handle) if row["locator"] == "row 114" and row["metric"] == "top1")
    traced = traces.trace(path, "core.results", [*XCEPTION, f"page={row['page']}"])
    assert traced.root.rows[0]["value"] == float(row["value"])
    (record,) = traced.root.records
    (page,) = traced.pages.values()
    assert (record.locator, page.sha256[:8]) == ("row 114", row["sha256"])
    assert traced.root.below == []


def test_an_exponent_leads_to_the_points_of_its_line(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    traced = traces.trace(path, "marts.exponents", HEADLINE)
    steps = {step.table: step for _, step in traced.root.walk()}
    ((n,),) = db.execute(
        "select n from marts.scaling where row_set = 'current' and benchmark = 'imagenet' and is_headline_selection "
        "and form = 'polynomial' and compute_measure = 'hardware_burden' and estimator = 'ols' and direction = 'y_on_x'"
    ).fetchall()
    assert len(steps["fits.points"].rows) == len(steps["fits.samples"].rows) == len(steps["core.results"].rows) == n
    # A burden is processors × peak × time: so the data sheets are part of it.
    assert {"core.run_phases", "core.processors"} <= set(steps)
    assert any(record.source == "epoch_hardware" for record in steps["core.processors"].records)
    assert [one.file for one in steps["staging.row_set"].statements] == ["flows/declared/row_sets/current.toml"]


def test_a_cost_leads_to_its_price_its_electricity_and_what_was_declared(path: Path) -> None:
    conditions = (*HEADLINE, "scenario=h100_2026", "region=FRA", "form=polynomial", "target=target_1")
    traced = traces.trace(path, "marts.costs", conditions)
    steps = {step.table: step for _, step in traced.root.walk()}
    assert {record.source for record in steps["core.carbon_intensities"].records} == {"owid_carbon"}
    assert len(steps["core.scenario_prices"].records) == 14  # README: median of 14
    files = {one.file for _, step in traced.root.walk() for one in step.statements}
    assert {"flows/declared/scenarios/h100_2026.toml", "flows/declared/domains/imagenet.toml"} <= files
    assert any("Uptime Institute" in str(one.says) for one in steps["staging.conversion"].statements)


@pytest.mark.parametrize(
    ("table", "conditions", "message"),
    [
        ("marts.cost", (), "no table 'marts.cost'; near it: "),
        ("marts.costs", ("rowset=current",), "'rowset=current' is no column=value of marts.costs; near it: 'row_set'"),
        ("marts.costs", ("row_set",), "'row_set' is no column=value of marts.costs"),
        ("marts.costs", ("row_set=curent",), "no row of marts.costs has row_set=curent; near it: 'current'"),
        ("core.results", ("metric=top1", "value=1e9"), "has value=1e9 among the rows with metric=top1; near it: "),
        ("core.results", ("metric=top1", "value=0.1e999999"), "no row of core.results has value=0.1e999999"),
        ("core.results", ("metric=top1", "value=many"), "no row of core.results has value=many among the rows with metric=top1"),
        ("marts.exponents", HEADLINE[:2], "narrow with compute_measure (consolidated_burden, "),
        ("meta.lineage", (), "meta.lineage is made by the build itself and has no grounds"),
        ("sql", ("1; drop table x",), "no table 'sql'"),
        ("core.results", ("result_id=x' or ''='",), "no row of core.results has result_id=x' or ''='"),
    ],
)  # fmt: skip
def test_what_cannot_be_traced_is_said(table: str, conditions: tuple[str, ...], message: str, path: Path) -> None:
    with pytest.raises(queries.QueryError) as refused:
        traces.trace(path, table, conditions)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_number_is_met_to_the_digits_given(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    ((exponent,),) = db.execute(
        "select exponent from marts.exponents where row_set = 'current' and benchmark = 'imagenet' and metric = 'top1' "
        "and compute_measure = 'hardware_burden'"
    ).fetchall()
    for shown in (f"{exponent:.1f}", f"{exponent:.4f}", f"{exponent!r}"):
        traced = traces.trace(path, "marts.exponents", [*HEADLINE, f"exponent={shown}"])
        assert traced.root.rows[0]["exponent"] == exponent
    with pytest.raises(queries.QueryError, match="near it: "):
        traces.trace(path, "marts.exponents", [*HEADLINE, f"exponent={exponent + 0.1:.1f}"])


def test_null_is_met_by_nothing(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    ((model,),) = db.execute("select min(model_id) from core.models where paper_id is null").fetchall()
    traced = traces.trace(path, "core.models", [f"model_id={model}", "paper_id="])
    assert traced.root.rows[0]["paper_id"] is None


def test_json_and_csv_have_all(env: dict[str, str], path: Path) -> None:
    traced = traces.trace(path, "marts.exponents", HEADLINE)
    told = command_here(env, "trace", "marts.exponents", *HEADLINE, "--json")
    assert (told.returncode, told.stderr) == (0, "")
    tree = json.loads(told.stdout)
    assert [Page(**page) for page in tree["pages"]] == list(traced.pages.values())
    step = tree["trace"]
    for table in ("fits.samples", "fits.points", "core.results"):
        step = next(below for below in step["below"] if below["table"] == table)
    found = next(one for _, one in traced.root.walk() if one.table == "core.results")
    assert step["records"] == [asdict(record) for record in found.records]
    assert len(step["rows"]) == len(found.rows)

    told = command_here(env, "trace", "marts.exponents", *HEADLINE, "--csv")
    header, *rows = csv.reader(io.StringIO(told.stdout, newline=""))
    assert tuple(header) == COLUMNS
    ends = sum(len(step.records) + len(step.statements) for _, step in traced.root.walk())
    assert len(rows) == ends > 100
    assert all(row[header.index("sha256")] or row[header.index("file")] for row in rows)

    told = command_here(env, "trace", "marts.exponents", *HEADLINE, "--csv", "--json")
    assert (told.returncode, told.stderr) == (1, "error: give either --json or --csv\n")


def test_the_bytes_themselves_are_named_where_they_are_kept(
    env: dict[str, str], tmp_path: Path, warehouse_path: Path
) -> None:
    """A page of which the warehouse says other bytes, and these are kept in the data folder."""
    warehouse = tmp_path / "data" / "warehouse" / "compute_limits.duckdb"
    warehouse.parent.mkdir(parents=True)
    shutil.copyfile(warehouse_path, warehouse)
    body = b"what the page said"
    with connection.connect(warehouse) as con:
        change = "update meta.pages set sha256 = ? where source = 'mit_futuretech' returning page, url"
        ((page, url), *_) = con.execute(change, [hashlib.sha256(body).hexdigest()]).fetchall()
    line = Snapshot(
        "mit_futuretech", page, url, snapshots.digest(body), len(body), "2026-01-02T03:04:05Z", None, None, "x"
    )
    snapshots.keep(tmp_path / "data" / "raw", line, body)

    def told() -> str | None:
        asked = ("core.results", "source=mit_futuretech", f"page={page}", f"result_id={result}", "--json")
        ended = command_here(env | {"COMPUTE_LIMITS_DATA": str(tmp_path / "data")}, "trace", *asked)
        ((found,),) = [one["pages"] for one in [json.loads(ended.stdout)]]
        return None if found["bytes_at"] is None else str(found["bytes_at"])

    with connection.connect(warehouse, read_only=True) as con:
        select = "select min(result_id) from core.results where source = 'mit_futuretech' and page = ?"
        ((result,),) = con.execute(select, [page]).fetchall()
    kept = Path(told() or "")
    assert kept.read_bytes() == body
    # Bytes that are not as they were are no ground of anything.
    kept.write_bytes(body + b".")
    assert told() is None
    kept.unlink()
    assert told() is None
