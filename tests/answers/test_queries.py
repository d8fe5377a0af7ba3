"""Queries over the published warehouse: their rows, and that they reach nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.answers import queries


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
    result = queries.run(warehouse_path, "select 1 as n, 2 as n")
    assert (result.columns, result.rows) == (("n", "n"), [(1, 2)])


def test_an_arrow_table_keeps_the_types(warehouse_path: Path) -> None:
    table = queries.arrow_table(warehouse_path, "select 1::utinyint as n, date '2020-02-29' as day")
    assert [str(kind) for kind in table.schema.types] == ["uint8", "date32[day]"]
    with pytest.raises(queries.QueryError, match="nowhere"):
        queries.arrow_table(warehouse_path, "select * from nowhere")


def test_a_fault_in_the_rows_is_a_fault_of_the_query(warehouse_path: Path) -> None:
    # Known only when the rows are taken.
    with pytest.raises(queries.QueryError, match="Could not convert string 'one'"):
        queries.run(warehouse_path, "select name::integer from (values ('1'), ('one')) as t(name)")


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
    ],
)
def test_sql_reads_the_warehouse_and_nothing_else(warehouse_path: Path, tmp_path: Path, statement: str) -> None:
    before = warehouse_path.read_bytes()
    with pytest.raises(queries.QueryError) as error:
        queries.run(warehouse_path, statement.format(folder=tmp_path))
    assert "root:" not in str(error.value)
    assert warehouse_path.read_bytes() == before
    assert not list(tmp_path.iterdir())
