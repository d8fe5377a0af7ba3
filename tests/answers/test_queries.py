"""Queries over the published warehouse: their rows, and that they reach nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from flows.answers import queries
from flows.answers.query_limits import Limits
from flows.warehouse import connection


@pytest.fixture(scope="module")
def warehouse_path(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> Path:
    """Two tables of the shared warehouse: the whole of it takes 30 ms to open, and each test here opens it several times."""
    path = tmp_path_factory.mktemp("two tables") / "compute_limits.duckdb"
    with connection.connect(path) as con:
        con.execute(f"create schema core; attach '{warehouse_path}' as whole (read_only)")
        for table in ("core.papers", "core.results"):
            con.execute(f"create table {table} as from whole.{table}")
    return path


def test_rows_are_pythons_own_values(warehouse_path: Path) -> None:
    result = queries.run(
        warehouse_path,
        "select sum(n) as whole, 0.5::double as part, 1.25 as exact, 'a' as text, [1, 2] as list, interval 1 day as day, "
        "timestamptz '2020-02-29 12:00:00+00' as at, null as gone from range(4) as t(n)",
    )
    (row,) = result.records()
    assert (row["whole"], type(row["whole"]), row["part"], row["text"]) == (6, int, 0.5, "a")
    assert (row["list"], row["at"], row["gone"]) == ([1, 2], datetime(2020, 2, 29, 12, tzinfo=UTC), None)
    numeric = dict(zip(result.columns, result.is_numeric, strict=True))
    assert [name for name, is_numeric in numeric.items() if is_numeric] == ["whole", "part", "exact"]


def test_columns_of_the_same_name_keep_their_values(warehouse_path: Path) -> None:
    # With a name that is taken already, and one that another would get.
    sql = "select 1 as n, 2 as n, 3 as n_1, 4 as n, 5 as N"
    result = queries.run(warehouse_path, sql)
    assert result.records() == [{"n": 1, "n_2": 2, "n_1": 3, "n_3": 4, "N": 5}]
    assert queries.first(warehouse_path, sql, 10, Limits()) == result
    with queries.arrow_batches(warehouse_path, sql, Limits()) as (schema, batches):
        assert [batch.to_pylist() for batch in batches] == [result.records()]
        assert tuple(schema.names) == result.columns
    joined = queries.run(
        warehouse_path, "select * from core.papers as a join core.papers as b using (paper_id) limit 1"
    )
    assert len(set(joined.columns)) == len(joined.rows[0])


def test_batches_of_arrow_keep_the_types(warehouse_path: Path) -> None:
    sql = "select 1::utinyint as n, date '2020-02-29' as day"
    with queries.arrow_batches(warehouse_path, sql, Limits()) as (schema, batches):
        assert [str(kind) for kind in schema.types] == ["uint8", "date32[day]"]
        assert [batch.schema for batch in batches] == [schema]
    with (
        pytest.raises(queries.QueryError, match="nowhere"),
        queries.arrow_batches(warehouse_path, "select * from nowhere", Limits()),
    ):
        raise AssertionError


def test_the_first_rows_come_with_the_number_of_all(warehouse_path: Path) -> None:
    result = queries.first(warehouse_path, "select n from range(7) as t(n) order by n desc", 3, Limits())
    assert (result.rows, result.total) == ([(6,), (5,), (4,)], 7)
    result = queries.first(warehouse_path, "select n from range(3) as t(n)", 3, Limits())
    assert (len(result.rows), result.total) == (3, None)


def test_rows_come_batch_by_batch(warehouse_path: Path) -> None:
    with queries.streamed(warehouse_path, "select n from range(5000) as t(n)", Limits()) as found:
        sizes = [len(batch) for batch in found.batches]
    assert len(sizes) > 1
    assert sum(sizes) == 5000


def test_a_fault_in_the_rows_is_a_fault_of_the_query(warehouse_path: Path) -> None:
    # Known only when the rows are taken.
    with pytest.raises(queries.QueryError, match="Could not convert string 'one'"):
        queries.run(warehouse_path, "select name::integer from (values ('1'), ('one')) as t(name)")
    sql = "select name::integer from (select if(n < 4999, '1', 'one') as name from range(5000) as t(n))"
    with (
        pytest.raises(queries.QueryError, match="Could not convert string 'one'"),
        queries.arrow_batches(warehouse_path, sql, Limits()) as (_, batches),
    ):
        list(batches)


@pytest.mark.parametrize(
    "statement",
    ["from core.papers limit 1", "values (1)", "table core.papers", "show all tables", "show core.papers",
     "describe core.papers", "describe select 1", "summarize core.papers", "with a as (select 1 as n) select * from a",
     "pivot core.results on metric in ('top1') using count(*) group by source", "explain select 1", "EXPLAIN\nselect 1",
     "explain analyze select 1", "-- said before\nselect 1;"],
)  # fmt: skip
def test_what_only_reads_is_a_select_or_an_explain(warehouse_path: Path, statement: str) -> None:
    assert queries.run(warehouse_path, statement).rows
    assert queries.first(warehouse_path, statement, 1, Limits()).rows


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("", "the query is no statement; this command takes one SELECT or EXPLAIN at a time"),
        ("-- nothing", "the query is no statement; this command takes one SELECT or EXPLAIN at a time"),
        ("select 1; select 2", "the query is 2 statements; this command takes one SELECT or EXPLAIN at a time"),
        ("select 1; copy (select 1) to 'x'", "the query is 2 statements; this command takes one SELECT or EXPLAIN at a time"),
        ("pivot core.results on metric using count(*)",
         "PIVOT without IN is several statements; name the values: pivot t on c in ('a', 'b') using …"),
        *((statement, f"{kind} is not accepted; this command is for SELECT (with SHOW, DESCRIBE, SUMMARIZE) and EXPLAIN")
          for statement, kind in (
              ("pragma database_list", "PRAGMA"), ("call pragma_version()", "CALL"), ("checkpoint", "CALL"),
              ("vacuum", "VACUUM"), ("prepare a as select 1", "PREPARE"), ("begin", "TRANSACTION"), ("use core", "SET"),
              ("create temp table t as select 1", "CREATE"), ("explain create temp table t as select 1", "CREATE"),
              ("explain analyze drop table core.papers", "DROP"), ("explain /* a */ analyze vacuum", "VACUUM"),
          )),
        *((statement, "EXPLAIN is accepted of a SELECT, written as `explain select …` or `explain analyze select …`")
          for statement in ("explain (analyze, format json) copy (select 1) to 'x'", "explain (format json) select 1")),
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_a_sentence(warehouse_path: Path, statement: str, told: str) -> None:
    for ask in (
        lambda: queries.run(warehouse_path, statement),
        lambda: queries.first(warehouse_path, statement, 1, Limits()),
        lambda: queries.arrow_batches(warehouse_path, statement, Limits()).__enter__(),
    ):
        with pytest.raises(queries.QueryError) as refused:
            ask()
        assert str(refused.value) == told


@pytest.mark.parametrize("suffix", ["", ".wal", ".wal.recovery", ".wal.checkpoint"])
@pytest.mark.parametrize(
    "before", ["", "explain ", "explain analyze ", "explain (analyze) ", "explain (analyze /* ) select 1 -- */) "]
)
def test_no_query_writes_a_file_of_the_warehouse(tmp_path: Path, before: str, suffix: str) -> None:
    path = tmp_path / "x.duckdb"
    with connection.connect(path) as con:
        con.execute("create table t as select 1 as n")
    bytes_before = path.read_bytes()
    with pytest.raises(queries.QueryError):
        queries.run(path, f"{before}copy (select from_hex('00') as b) to '{path}{suffix}' (format blob)")
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == bytes_before


@pytest.mark.parametrize(
    "statement",
    [
        "create table core.mine as select 1",
        "create view core.mine as select 1",
        "insert into core.papers select * from core.papers",
        "delete from core.papers",
        "drop table core.papers",
        "select 1; drop table core.papers",
        "copy (select 1) to '{folder}/written.csv'",
        "export database '{folder}/written'",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from glob('/*')",
        "select * from '/etc/passwd'",
        "attach '{folder}/written.duckdb'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "reset enable_external_access",
        "set threads = 2",
        "with gone as (delete from core.papers returning *) select * from gone",
        "explain analyze delete from core.papers",
        "explain analyze copy (select 1) to '{folder}/written.csv'",
        "select * from read_blob('{folder}/../../../../../etc/passwd')",
    ],
)
def test_sql_reads_the_warehouse_and_nothing_else(warehouse_path: Path, tmp_path: Path, statement: str) -> None:
    before = warehouse_path.read_bytes()
    with pytest.raises(queries.QueryError) as error:
        queries.run(warehouse_path, statement.format(folder=tmp_path))
    assert "root:" not in str(error.value)
    assert warehouse_path.read_bytes() == before
    assert not list(tmp_path.iterdir())


# --- what is no warehouse


def test_a_block_that_is_found_damaged_when_it_is_read_is_the_warehouses_fault(tmp_path: Path) -> None:
    path, block = tmp_path / "x.duckdb", 256 * 1024
    with connection.connect(path) as con:
        con.execute("create table t as select hash(n) as n from range(400_000) as r(n)")
        con.execute("checkpoint")
    body = bytearray(path.read_bytes())
    # Beyond three headers; the last blocks hold what is needed to open the file.
    body[3 * 4096 + 3 * block + 100] ^= 1
    path.write_bytes(body)
    read = "select bit_xor(n) from t"
    assert queries.run(path, "select 1").rows == [(1,)]
    with pytest.raises(queries.QueryError, match=r"damaged; run `compute-limits build --fresh` \(.*checksum") as raised:
        queries.run(path, read)
    assert "\n" not in str(raised.value)
    with (
        pytest.raises(
            queries.QueryError, match=r"x\.duckdb is damaged.*run `compute-limits build --fresh` \(.*checksum"
        ),
        queries.of_this_version(path),
        queries.connect(path) as con,
    ):
        con.execute(read).fetchall()


def test_what_another_version_built_is_named(tmp_path: Path) -> None:
    with connection.connect(tmp_path / "x.duckdb") as con:
        con.execute("create table t as select 1 as n")
    path = tmp_path / "x.duckdb"
    with (
        pytest.raises(
            queries.QueryError, match=r"x\.duckdb was built by another version; run `compute-limits build` \(.*nope"
        ),
        queries.of_this_version(path),
        queries.connect(path) as con,
    ):
        con.execute("select * from nope")


def test_attached_it_is_read_only_under_the_name(warehouse_path: Path, tmp_path: Path) -> None:
    with queries.attached(warehouse_path, "built") as con:
        assert con.execute("select count(*) from built.core.papers").fetchall()[0][0] > 0
        with pytest.raises(duckdb.InvalidInputException):
            con.execute("drop table built.core.papers")
    with pytest.raises(queries.QueryError, match="no warehouse at"):
        queries.attached(tmp_path / "none.duckdb", "built")
    (tmp_path / "text.duckdb").write_text("text")
    with pytest.raises(queries.QueryError, match="damaged or no warehouse"):
        queries.attached(tmp_path / "text.duckdb", "built")
