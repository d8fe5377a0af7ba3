"""The points of a fit: what is read of a CSV file and of a query, and what is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.answers.fit_points import points_of_csv, points_of_query
from flows.answers.line_fits import Data
from flows.answers.queries import QueryError

# --- a CSV file


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "data.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(path: Path, **columns: str) -> Data:
    return points_of_csv(path, {"x": "x", "y": "y", **columns})


def test_points_of_a_csv_file(tmp_path: Path) -> None:
    text = '\ufeffname,y , x\n"a\nb",0.5,"1,014.45"\nc,,\n\nd,2.4E-1,1e20\n'
    data = read(write(tmp_path, text))
    assert (data.row, data.x.tolist(), data.y.tolist()) == (["row 2", "row 5"], [1014.45, 1e20], [0.5, 0.24])
    assert (data.x_error, data.y_error, data.cluster, data.year) == (None, None, None, None)


def test_all_columns_of_a_csv_file(tmp_path: Path) -> None:
    path = write(tmp_path, "x,y,sx,sy,paper,when\n1,2,0.1,0.2,A & B,2015.5\n3,4,0.3,0.4,12,2016\n")
    data = read(path, x_error="sx", y_error="sy", cluster="paper", year="when")
    shown = [column.tolist() for column in (data.x_error, data.y_error, data.cluster, data.year)]
    assert shown == [[0.1, 0.3], [0.2, 0.4], ["A & B", "12"], [2015.5, 2016.0]]


def test_one_column_may_serve_twice(tmp_path: Path) -> None:
    data = read(write(tmp_path, "x,y\n1,2\n3,4\n"), cluster="x")
    assert (data.x.tolist(), data.cluster.tolist()) == ([1.0, 3.0], ["1", "3"])


@pytest.mark.parametrize(
    ("line", "row", "column", "literal"),
    [
        ("2,n/a,1", 3, "y", "n/a"),
        ("two,2,1", 3, "x", "two"),
        ("2,,1", 3, "y", ""),
        (" ,2,1", 3, "x", " "),
        ("nan,2,1", 3, "x", "nan"),
        ("2,2,?", 3, "s", "?"),
        ("2,2,", 3, "s", ""),
        ("2,1e999,1", 3, "y", "1e999"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, line: str, row: int, column: str, literal: str) -> None:
    path = write(tmp_path, f"x,y,s\n1,1,1\n{line}\n3,3,1\n")
    with pytest.raises(QueryError) as refused:
        read(path, y_error="s")
    message = str(refused.value)
    assert str(path) in message
    assert f"row {row}" in message
    assert f"column {column!r}" in message
    assert repr(literal) in message


@pytest.mark.parametrize("option", ["x", "y", "x_error", "y_error", "cluster", "year"])
def test_a_missing_column_is_named_with_those_that_there_are(tmp_path: Path, option: str) -> None:
    path = write(tmp_path, "compute,error\n1,2\n")
    named = {"x": "compute", "y": "error", option: "nope"}
    with pytest.raises(QueryError, match=r"data\.csv: no column 'nope'; there are: 'compute', 'error'"):
        points_of_csv(path, named)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match=r"nowhere\.csv: no such file"):
        read(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("text", ["", "compute,error\n"])
def test_a_missing_column_is_named_in_an_empty_file_too(tmp_path: Path, text: str) -> None:
    with pytest.raises(QueryError, match="no column 'x'"):
        read(write(tmp_path, text))


@pytest.mark.parametrize("text", [b"x,y\n1\n", b"x,y,y\n1,2,3\n", b'x,y\n1,"2\n', b"x,y\n1,\xe9\n", b"x,y\n1,e5\n"])
def test_a_file_that_is_no_csv_is_named(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(QueryError, match=r"data\.csv"):
        read(write(tmp_path, text))


# --- a query


def ask(path: Path, sql: str, **columns: str) -> Data:
    return points_of_query(path, sql, {"x": "x", "y": "y", **columns})


def test_points_of_a_query_leave_out_nulls(warehouse_path: Path) -> None:
    sql = "select * from (values (1, 0.5), (null, 2), (3, null), (4.5, 1e3)) as t(x, y)"
    data = ask(warehouse_path, sql)
    assert (data.row, data.x.tolist(), data.y.tolist()) == (["row 1", "row 4"], [1.0, 4.5], [0.5, 1000.0])


def test_all_columns_of_a_query(warehouse_path: Path) -> None:
    sql = "select * from (values (1, 2, 0.1, 7, 2015), (null, 2, null, 8, null), (3, 4, 0.3, 9, 2016)) as t(x, y, sx, paper, year)"
    data = ask(warehouse_path, sql, x_error="sx", cluster="paper", year="year")
    assert [column.tolist() for column in (data.x, data.x_error, data.year)] == [
        [1.0, 3.0],
        [0.1, 0.3],
        [2015.0, 2016.0],
    ]
    assert (data.cluster.tolist(), data.y_error) == (["7", "9"], None)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select 1 as a, 2 as y", r"no column 'x'; it has: 'a', 'y'"),
        ("select 'one' as x, 2 as y", r"row 1 of the query, column 'x': 'one' is not a number"),
        ("select date '2020-01-01' as x, 2 as y", r"row 1 of the query, column 'x': .*2020, 1, 1.* is not a number"),
        ("select 1 as x, 'two' as y", r"row 1 of the query, column 'y': 'two' is not a number"),
        ("select * from nowhere", "nowhere"),
        ("selec", "selec"),
    ],
)
def test_a_query_that_gives_no_points_is_named(warehouse_path: Path, sql: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        ask(warehouse_path, sql)


def test_a_null_that_is_needed_is_named(warehouse_path: Path) -> None:
    with pytest.raises(QueryError, match="row 1 of the query, column 's': None is not a number"):
        ask(warehouse_path, "select 1 as x, 2 as y, null::double as s", y_error="s")


def test_without_a_warehouse_the_way_to_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match=r"no warehouse at .*compute-limits build"):
        ask(tmp_path / "none.duckdb", "select 1 as x, 2 as y")
