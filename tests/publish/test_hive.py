"""flows/publish/hive.py: what DuckDB, Arrow and Polars read of a snapshot, what Spark and Trino require, and its replacement.

Spark and Trino are not at hand: what they require of names and types is asked of every file, by what their documentation says.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from running import command_here, environment

from flows.answers import queries
from flows.answers.outputs import OutputError
from flows.errors import UserError
from flows.publish import hive
from flows.warehouse import connection

# Letters that Hive escapes, that addresses escape and Hive does not, and what is none at all.
ODD = ["a b", "a/b", "a=b", "50%", "%41", "a+b", "ä", "x:y", "'", "1", "2026-11-26", "[{^", None]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> Path:
    folder = tmp_path_factory.mktemp("hive") / "made" / "here"
    hive.write(warehouse_path, folder)
    return folder


def made(path: Path, *statements: str) -> Path:
    """A warehouse of a few tables."""
    path.unlink(missing_ok=True)
    with duckdb.connect(path) as con:
        for schema in ("core", "marts", "meta"):
            con.execute(f"create schema {schema}")
        con.execute("create table meta.runs as select 'k' as build_key")
        con.execute(
            "create table meta.this_build as select date '2026-11-26' as as_of, date '2026-01-01' as published_before"
        )
        for statement in statements:
            con.execute(statement)
    return path


def odd(path: Path) -> Path:
    values = ", ".join(f"({n}, {'null' if value is None else repr(value)})" for n, value in enumerate(ODD))
    values = values.replace('"\'"', "''''")
    return made(
        path,
        f"create table core.odd as select n, source from (values {values}, (99, 'a b')) as t (n, source)",
        "create table core.whole as select range as n from range(3)",
        "create table marts.empty (row_set varchar, x double)",
    )


def tables(lake: Path) -> dict[str, Any]:
    return dict(json.loads((lake / "latest" / "manifest.json").read_text(encoding="utf-8"))["tables"])


def parquet_files(lake: Path) -> Iterator[Path]:
    yield from sorted((lake / "latest").resolve().rglob("*.parquet"))


def by_duckdb(lake: Path, path: str) -> pa.Table:
    """As the README says it; DuckDB's own threads and order."""
    with duckdb.connect() as con:
        return con.sql(
            f"from read_parquet('{lake}/latest/{path}/**/*.parquet', hive_partitioning = true) order by row_order"
        ).to_arrow_table()


def by_arrow(lake: Path, path: str) -> pa.Table:
    # With the type that the manifest tells: where a column has no value at all Arrow can infer none.
    parted = [(column, pa.string()) for column in tables(lake)[path.replace("/", ".")]["partitioned_by"]]
    partitioning = ds.partitioning(pa.schema(parted), flavor="hive")
    return ds.dataset(lake / "latest" / path, partitioning=partitioning).to_table().sort_by("row_order")


def by_polars(lake: Path, path: str) -> pa.Table:
    rows = pl.scan_parquet(lake / "latest" / path, hive_partitioning=True).sort("row_order").collect()
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def plain(kind: pa.DataType) -> str:
    """A type without how long its texts may be, in which Polars differs from the others."""
    return str(kind).replace("large_", "").replace("element: ", "item: ").replace("l: ", "item: ")


def require_same(read: pa.Table, wanted: pa.Table, table: str) -> None:
    """The same columns, types, rows and order as in the warehouse, beside the places of the rows."""
    assert read["row_order"].to_pylist() == list(range(1, wanted.num_rows + 1)), table
    assert {*read.column_names} == {*wanted.column_names, "row_order"}, table
    read = read.select(wanted.column_names)
    assert [plain(field.type) for field in read.schema] == [plain(field.type) for field in wanted.schema], table
    assert read.to_pylist() == wanted.to_pylist(), table


@pytest.mark.slow
@pytest.mark.parametrize("reader", [by_duckdb, by_arrow, by_polars])
def test_every_reader_has_each_table_as_the_warehouse(lake: Path, db: duckdb.DuckDBPyConnection, reader: Any) -> None:
    names = [name for name in connection.tables(db) if name.startswith(("core.", "marts."))]
    assert set(names) == set(tables(lake))
    assert len(names) > 60
    for name in names:
        require_same(reader(lake, name.replace(".", "/")), db.sql(f"from {name}").to_arrow_table(), name)


@pytest.mark.parametrize("reader", [by_duckdb, by_arrow, by_polars])
def test_values_that_paths_have_otherwise_and_none_come_back(reader: Any, tmp_path: Path) -> None:
    hive.write(odd(tmp_path / "odd.duckdb"), tmp_path / "lake")
    read = reader(tmp_path / "lake", "core/odd")
    assert read["source"].to_pylist() == [*ODD, "a b"]
    assert read["n"].to_pylist() == [*range(len(ODD)), 99]


def test_values_are_encoded_as_hive_does_and_both_days_are_told(tmp_path: Path) -> None:
    hive.write(odd(tmp_path / "odd.duckdb"), tmp_path / "lake")
    folders = {path.name for path in (tmp_path / "lake/latest/core/odd").iterdir()}
    manifest = json.loads((tmp_path / "lake/latest/manifest.json").read_text(encoding="utf-8"))
    assert (manifest["as_of"], manifest["published_before"]) == ("2026-11-26", "2026-01-01")
    assert re.fullmatch(r"2026-11-26-[0-9a-f]{12}", (tmp_path / "lake/latest").readlink().name)
    # As FileUtils.escapePathName of Hive writes them.
    assert folders == {
        "source=a b", "source=a%2Fb", "source=a%3Db", "source=50%25", "source=%2541", "source=a+b", "source=ä",
        "source=x%3Ay", "source=%27", "source=1", "source=2026-11-26", "source=%5B%7B%5E",
        "source=__HIVE_DEFAULT_PARTITION__",
    }  # fmt: skip


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    hive.write(odd(tmp_path / "odd.duckdb"), tmp_path / "lake")
    for reader in (by_duckdb, by_arrow, by_polars):
        read = reader(tmp_path / "lake", "marts/empty")
        assert (read.num_rows, set(read.column_names)) == (0, {"row_order", "row_set", "x"})


def test_an_empty_text_is_refused_for_hive_would_have_it_as_none(tmp_path: Path) -> None:
    path = made(tmp_path / "w.duckdb", "create table core.t as select '' as source, 1 as n")
    with pytest.raises(UserError, match=r"core\.t\.source is the empty text in some row"):
        hive.write(path, tmp_path / "lake")
    assert not (tmp_path / "lake").exists()


@pytest.mark.slow
def test_names_are_those_that_spark_and_trino_read(lake: Path) -> None:
    told = tables(lake)
    for file in parquet_files(lake):
        *parts, name = file.relative_to((lake / "latest").resolve()).parts
        # What begins so both pass over, as files of their own.
        assert not any(part.startswith(("_", ".")) for part in (*parts, name)), file
        assert name.endswith(".parquet")
        schema, table, *partitions = parts
        # Metastores have names in lower case alone.
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", one) for one in (schema, table)), file
        columns = [partition.partition("=")[0] for partition in partitions]
        assert columns == told[f"{schema}.{table}"]["partitioned_by"]
        there = pq.read_schema(file).names
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", column) for column in (*columns, *there)), file
        # A column in both places is an error in Trino, and the path's in Spark.
        assert set(columns).isdisjoint(there), file


@pytest.mark.slow
def test_types_are_those_that_spark_and_trino_read(lake: Path) -> None:
    # Neither has unsigned whole numbers for all engines, nor times in nanoseconds; dictionaries are Arrow's alone.
    read_by_all = {
        "BOOLEAN": "bool", "INTEGER": "int32", "BIGINT": "int64", "DOUBLE": "double", "VARCHAR": "string",
        "DATE": "date32[day]", "TIMESTAMP": "timestamp[us]", "VARCHAR[]": "list<element: string>",
    }  # fmt: skip
    schemas: dict[str, pa.Schema] = {}
    for file in parquet_files(lake):
        schema = pq.read_schema(file)
        table = ".".join(file.relative_to((lake / "latest").resolve()).parts[:2])
        # The same in each file: Spark takes that of any.
        assert schema.equals(schemas.setdefault(table, schema), check_metadata=True), file
    assert schemas.keys() == tables(lake).keys()
    for table, told in tables(lake).items():
        kinds = {name: read_by_all[kind] for name, kind in told["columns"].items()}
        # What is in a path is text there.
        assert {kinds.pop(column) for column in told["partitioned_by"]} <= {"string"}, table
        assert {field.name: str(field.type) for field in schemas[table]} == kinds, table


@pytest.mark.slow
def test_tables_are_parted_by_what_is_declared_into_few_files(lake: Path) -> None:
    told = tables(lake)
    assert hive.PARTED_BY == {"core": "source", "marts": "row_set"}
    assert {name for name, one in told.items() if one["partitioned_by"] == ["row_set"]} >= {
        "marts.costs",
        "marts.scaling",
    }
    assert told["core.results"]["partitioned_by"] == ["source"]
    assert told["core.models"]["partitioned_by"] == []
    assert [path.name for path in (lake / "latest/core/models").iterdir()] == ["part-0.parquet"]
    files = list(parquet_files(lake))
    assert len(files) < 1000
    # One a partition.
    assert len({file.parent for file in files}) == len(files)


@pytest.mark.slow
def test_files_say_what_they_are_and_the_manifest_lists_them(lake: Path) -> None:
    listed = {file: sha256 for one in tables(lake).values() for file, sha256 in one["sha256"].items()}
    snapshot = (lake / "latest").resolve()
    there = {file.relative_to(snapshot).as_posix(): file for file in parquet_files(lake)}
    assert {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in there.items()} == listed
    schema = pq.read_schema(there["core/results/source=timm/part-0.parquet"])
    assert schema.metadata[b"description"].startswith(b"One row per ")
    assert [field.name for field in schema if b"description" not in (field.metadata or {})] == []
    assert b"as_of" in schema.metadata
    assert set(schema.names) < set(json.loads(schema.metadata[b"columns"]))


@pytest.mark.slow
def test_of_one_warehouse_all_exports_are_one_snapshot(lake: Path, warehouse_path: Path, tmp_path: Path) -> None:
    shutil.copyfile(warehouse_path, tmp_path / "another.duckdb")
    hive.write(tmp_path / "another.duckdb", tmp_path / "lake")

    def content(folder: Path) -> dict[str, bytes]:
        return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    assert content(tmp_path / "lake") == content(lake)
    assert (tmp_path / "lake/latest").readlink() == (lake / "latest").readlink()


def snapshots(lake: Path) -> list[str]:
    return sorted(path.name for path in (lake / "snapshots").iterdir())


def versions(path: Path, n: int) -> Path:
    """A warehouse in whose every row stands which version it is of; partitions come and go with it."""
    sources = ", ".join(f"('s{one}')" for one in range(n, n + 3))
    return made(
        path, f"create table core.t as select source, {n} as version from (values {sources}) t (source), range(5)"
    )


def test_a_snapshot_stays_until_the_next_export_but_one(tmp_path: Path) -> None:
    lake, path = tmp_path / "lake", tmp_path / "w.duckdb"
    written = [hive.write(versions(path, n), lake).folder.name for n in range(2)]
    assert snapshots(lake) == sorted(written)
    (lake / "snapshots/mine.txt").write_text("mine")
    altered = lake / "snapshots" / written[0] / "core/t/source=s0/part-0.parquet"
    altered.write_bytes(b"altered")
    written.append(hive.write(versions(path, 2), lake).folder.name)
    # Again, of the same: nothing is new, and nothing goes.
    assert hive.write(path, lake).folder.name == written[2]
    # What somebody altered stays, and what is another's.
    assert snapshots(lake) == sorted([*written, "mine.txt"])
    assert [file for file in (lake / "snapshots" / written[0]).rglob("*") if file.is_file()] == [altered]
    assert (lake / "latest").readlink().name == written[2]
    # Back to one that was there before.
    assert hive.write(versions(path, 1), lake).folder.name == written[1]
    assert (lake / "latest").readlink().name == written[1]
    assert by_arrow(lake, "core/t")["version"].unique().to_pylist() == [1]


def test_who_has_resolved_the_link_sees_one_version_while_it_is_replaced(tmp_path: Path) -> None:
    lake, path = tmp_path / "lake", tmp_path / "w.duckdb"
    for n in range(4):
        hive.write(versions(path, n), lake)
        read = ds.dataset((lake / "latest").resolve() / "core/t", partitioning="hive")
        hive.write(versions(path, n + 1), lake)
        # What was listed before is read after it.
        assert set(read.to_table()["version"].to_pylist()) == {n}
        assert set(by_arrow(lake, "core/t")["version"].to_pylist()) == {n + 1}


def test_an_export_that_ends_before_all_is_written_leaves_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, path = tmp_path / "lake", tmp_path / "w.duckdb"
    first = hive.write(versions(path, 0), lake).folder.name
    replace, done = Path.replace, list[Path]()

    def replaced(self: Path, target: Path) -> Path:
        # In the middle of a snapshot's files.
        if "snapshots" in str(target):
            done.append(target)
            if len(done) == 2:
                raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replaced)
    with pytest.raises(KeyboardInterrupt):
        hive.write(versions(path, 1), lake)
    assert (lake / "latest").readlink().name == first
    # What is not whole has no manifest.
    assert [name for name in snapshots(lake) if (lake / "snapshots" / name / "manifest.json").is_file()] == [first]
    monkeypatch.undo()
    second = hive.write(path, lake).folder.name
    assert (lake / "latest").readlink().name == second
    assert not (lake / "UNFINISHED.txt").exists()


def test_what_stands_where_the_link_is_to_be_is_left(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    (lake / "latest").mkdir(parents=True)
    with pytest.raises(OutputError, match="latest is no link, and is left as it is"):
        hive.write(versions(tmp_path / "w.duckdb", 0), lake)
    assert [path.name for path in lake.iterdir()] == ["latest"]


def test_the_command_writes_it_and_takes_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "data" / "warehouse" / "compute_limits.duckdb"
    path.parent.mkdir(parents=True)
    versions(path, 0)
    env, out = environment(tmp_path / "data", tmp_path), tmp_path / "lake"
    ended = command_here(env, "export", str(out), "--hive", "--table", "figure_3")
    assert (ended.returncode, out.exists()) == (1, False)
    assert ended.stderr == "error: --hive writes core and marts whole, and nothing else; give no other option with it\n"
    ended = command_here(env, "export", str(out), "--hive")
    assert ended.returncode == 0, ended
    assert ended.stdout == f"{out}/latest is {(out / 'latest').resolve()}: 1 tables in 3 files\n"
    with pytest.raises(queries.QueryError):
        hive.write(tmp_path / "none.duckdb", out)
