"""The points of a fit: what is read of a CSV file and of a query, and what is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.answers.fit_points import points_of_csv, points_of_query
from flows.answers.fit_requests import Data
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
    assert data.row == ["record 1 (line 2)", "record 3 (line 6)"]
    assert (data.x.tolist(), data.y.tolist()) == ([1014.45, 1e20], [0.5, 0.24])
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
    ("line", "column", "literal"),
    [
        ("2,n/a,1", "y", "n/a"),
        ("two,2,1", "x", "two"),
        ("nan,2,1", "x", "nan"),
        ("2,2,?", "s", "?"),
        ("2,2,", "s", ""),
        ("2,1e999,1", "y", "1e999"),
        ("2,1e-400,1", "y", "1e-400"),
        ("2,-0.001e-350,1", "y", "-0.001e-350"),
        ('2,"1,014.5.2",1', "y", "1,014.5.2"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, line: str, column: str, literal: str) -> None:
    path = write(tmp_path, f"x,y,s\n1,1,1\n{line}\n3,3,1\n")
    with pytest.raises(QueryError) as refused:
        read(path, y_error="s")
    message = str(refused.value)
    assert str(path) in message
    assert "record 2 (line 3)" in message
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


def test_records_without_x_or_y_are_left_out_and_counted(tmp_path: Path) -> None:
    data = read(write(tmp_path, 'x,y,name\n1,0.1,a\n2,,"b\nc"\n ,3,d\n\n3,0.3,e\n,,\n'))
    assert (data.row, data.x.tolist()) == (["record 1 (line 2)", "record 4 (line 7)"], [1.0, 3.0])
    assert data.left_out == ("record 2 (line 3)", "record 3 (line 5)")


@pytest.mark.parametrize("parted_by", [";", "\t"])
def test_what_parts_the_cells_is_that_which_the_header_has(tmp_path: Path, parted_by: str) -> None:
    text = "x,y\n1,0.1\n2,0.2\n".replace(",", parted_by)
    data = read(write(tmp_path, text))
    assert (data.x.tolist(), data.y.tolist()) == ([1.0, 2.0], [0.1, 0.2])
    name = {";": "semicolon", "\t": "tab"}[parted_by]
    for given in (parted_by, name):
        assert points_of_csv(tmp_path / "data.csv", {"x": "x", "y": "y"}, given).y.tolist() == [0.1, 0.2]
    with pytest.raises(QueryError, match=r"no column 'x'; there are: 'x(;|\\t)y'"):
        points_of_csv(tmp_path / "data.csv", {"x": "x", "y": "y"}, "|")


def test_decimal_commas_are_found_where_they_cannot_part_cells_or_thousands(tmp_path: Path) -> None:
    data = read(write(tmp_path, "x;y\n1;0,665\n1.014,5;1e-3\n1,014;2,5E2\n"))
    assert (data.x.tolist(), data.y.tolist()) == ([1.0, 1014.5, 1.014], [0.665, 0.001, 250.0])
    assert len(data.notes) == 1
    assert "--decimal ." in data.notes[0]


def test_commas_part_thousands_where_another_number_shows_a_decimal_point(tmp_path: Path) -> None:
    data = read(write(tmp_path, 'x,y\n"1,014",0.5\n"12,014,000",0.25\n'))
    assert (data.x.tolist(), data.notes) == ([1014.0, 12014000.0], ())
    assert read(write(tmp_path, "x;y\n1,014;0.5\n")).x.tolist() == [1014.0]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('x,y\n1,"0,665"\n', "record 1 (line 2), column 'y': '0,665'"),
        ('x,y\n1,3\n"1,014",4\n', "record 2 (line 3), column 'x': '1,014'"),
        ("x;y\n1,014;2\n", "record 1 (line 2), column 'x': '1,014'"),
        ("x;y\n1;0,5\n1;0.25\n", "record 1 (line 2), column 'y': '0,5'"),
    ],
)
def test_commas_that_may_be_either_are_asked_for(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(QueryError) as refused:
        read(write(tmp_path, text))
    assert place in str(refused.value)
    assert "decimal" in str(refused.value)


def test_the_decimals_that_are_said(tmp_path: Path) -> None:
    path, columns = write(tmp_path, 'x,y\n"1,014","0,665"\n'), {"x": "x", "y": "y"}
    data = points_of_csv(path, columns, decimal=",")
    assert (data.x.tolist(), data.y.tolist(), data.notes) == ([1.014], [0.665], ())
    with pytest.raises(QueryError, match=r"column 'y': '0,665' is not a number$"):
        points_of_csv(path, columns, decimal=".")
    with pytest.raises(QueryError, match=r"'0.5' is not a number with a decimal comma$"):
        points_of_csv(write(tmp_path, "x,y\n1,0.5\n"), columns, decimal=",")


def test_percents_are_read_as_fractions(tmp_path: Path) -> None:
    data = read(write(tmp_path, "x,y,s\n1,12.5%,1 %\n2,6.25 %,0.5%\n"), y_error="s")
    assert (data.y.tolist(), data.y_error.tolist(), data.is_percent) == ([0.125, 0.0625], [0.01, 0.005], True)
    assert "'y' is printed in percent" in data.notes[0]
    assert not read(write(tmp_path, "x,y\n1,12.5\n")).is_percent


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("x,y,s\n1,12.5%,1%\n2,0.0625,1%\n", "record 2 (line 3), column 'y': '0.0625'"),
        ("x,y,s\n1,12.5%,0.01\n2,6.25%,0.01\n", "record 1 (line 2), column 's': '0.01'"),
        ("x,y,s\n1,12.5,1%\n2,6.25,1%\n", "record 1 (line 2), column 'y': '12.5'"),
    ],
)
def test_percents_beside_other_numbers_are_refused(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(QueryError, match="percent") as refused:
        read(write(tmp_path, text), y_error="s")
    assert place in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_files_that_say_their_encoding(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    data = points_of_csv(write(tmp_path, f"{mark}größe\ty\r\n1\t2\r\n".encode(encoding)), {"x": "größe", "y": "y"})
    assert (data.row, data.x.tolist(), data.y.tolist()) == (["record 1 (line 2)"], [1.0], [2.0])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("x,y\n1,2\n".encode("utf-16-le"), "not UTF-8 (UTF-16 without its mark?); save the file as UTF-8"),
        ("x,y\n1,2\nä,2\n".encode("latin-1"), "line 3: not UTF-8; save the file as UTF-8"),
        ("x,y\n1,2\n".encode("utf-16")[:-1], "not UTF-16; save the file as UTF-8"),
    ],
)
def test_bytes_that_are_no_text_are_told_in_a_sentence(tmp_path: Path, body: bytes, said: str) -> None:
    with pytest.raises(QueryError) as refused:
        read(write(tmp_path, body))
    assert str(refused.value).startswith(str(tmp_path / "data.csv"))
    assert said in str(refused.value)


# --- a query


def ask(path: Path, sql: str, **columns: str) -> Data:
    return points_of_query(path, sql, {"x": "x", "y": "y", **columns})


def test_points_of_a_query_leave_out_nulls(warehouse_path: Path) -> None:
    sql = "select * from (values (1, 0.5), (null, 2), (3, null), (4.5, 1e3)) as t(x, y)"
    data = ask(warehouse_path, sql)
    assert (data.row, data.x.tolist(), data.y.tolist()) == (["row 1", "row 4"], [1.0, 4.5], [0.5, 1000.0])
    assert data.left_out == ("row 2", "row 3")


def test_texts_of_a_query_are_read_as_those_of_a_file(warehouse_path: Path) -> None:
    assert ask(warehouse_path, "select '1e3' as x, ' 0.5' as y").x.tolist() == [1000.0]
    for text in ("1e-400", "0,665", "1,014", "nan", "1_000"):
        with pytest.raises(QueryError, match=r"row 1 of the query, column 'y': .* is not a number"):
            ask(warehouse_path, f"select 1 as x, '{text}' as y")


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
