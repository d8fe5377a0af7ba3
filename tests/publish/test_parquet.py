"""flows/publish/parquet.py: core and marts as Parquet, which say what they and their columns are."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from flows.publish import exports, parquet
from flows.warehouse import connection


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> list[Path]:
    folder = tmp_path_factory.mktemp("parquet") / "made" / "here"
    return exports.export(warehouse_path, folder, exports.Request(tables=[], figures=[], has_warehouse=True))


@pytest.mark.slow
def test_every_table_of_core_and_marts_is_there_with_its_rows(
    db: duckdb.DuckDBPyConnection, written: list[Path]
) -> None:
    wanted = {name for name in connection.tables(db) if name.startswith(("core.", "marts."))}
    assert {path.stem for path in written} == wanted
    assert len(wanted) > 60
    for path in written:
        assert pq.read_metadata(path).num_rows == db.execute(f"select count(*) from {path.stem}").fetchall()[0][0]
    (results,) = [path for path in written if path.stem == "core.results"]
    assert pq.read_table(results).to_pylist() == db.sql("from core.results").to_arrow_table().to_pylist()


def test_files_say_what_tables_and_columns_are(db: duckdb.DuckDBPyConnection, written: list[Path]) -> None:
    newest = str(db.execute("select max(retrieved_on) from meta.pages").fetchall()[0][0]).encode()
    for path in written:
        schema = pq.read_schema(path)
        assert schema.metadata[b"description"].startswith(b"One row per "), path
        assert (schema.metadata[b"as_of"], schema.metadata[b"published_before"]) == (newest, b""), path
        untold = [field.name for field in schema if b"description" not in (field.metadata or {})]
        assert untold == [], path
    (processors,) = [path for path in written if path.stem == "core.processors"]
    tdp = pq.read_schema(processors).field("tdp_watt").metadata
    assert tdp[b"unit"] == b"W"
    assert tdp[b"description"] == b"thermal design power, W"


def test_duckdb_finds_them_too(written: list[Path]) -> None:
    (costs,) = [path for path in written if path.stem == "marts.costs"]
    with duckdb.connect() as con:
        said = dict(
            con.execute("select decode(key), decode(value) from parquet_kv_metadata(?)", [str(costs)]).fetchall()
        )
    assert json.loads(said["columns"])["log10_usd_high"]["unit"] == "log10(USD)"
    assert said["description"].startswith("One row per row set, scenario")


@pytest.mark.slow
def test_two_of_one_warehouse_are_equal(written: list[Path], db: duckdb.DuckDBPyConnection) -> None:
    assert {path.name: path.read_bytes() for path in written} == parquet.bodies(db)


@pytest.mark.slow
def test_the_package_lists_them_too(warehouse_path: Path, tmp_path: Path) -> None:
    exports.export(warehouse_path, tmp_path, exports.Request(formats=["csv"], has_warehouse=True))
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    # The hidden list is for the next export into the folder.
    there = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert there - {"datapackage.json", "croissant.json"} == {one["path"] for one in package["resources"]}
    assert "core.results.parquet" in {one["path"] for one in package["resources"]}


@pytest.mark.parametrize(
    ("column", "unit"),
    [("tdp_watt", "W"), ("fp32_flop_per_s", "FLOP/s"), ("int8_op_per_s", "OP/s"), ("memory_byte", "byte"),
     ("carbon_intensity_g_per_kwh", "g CO2e/kWh"), ("price_usd_per_hour_low", "USD/h"), ("log10_kg_co2_high", "log10(kg CO2e)"),
     ("log10_gflop", "log10(Gflop)"), ("wall_time_s", "s"), ("training_cost_usd_2023", "USD of 2023"),
     ("log10_usd_constant_low", "log10(USD of constant_year)"), ("error_percent", "%"), ("doubling_time_month_low", "month"),
     ("n_papers", None), ("epochs", None), ("usd_share_fit", None), ("parameters", None), ("log10_performance", None)],
)  # fmt: skip
def test_a_name_tells_the_unit(column: str, unit: str | None) -> None:
    assert parquet.unit(column) == unit
