"""Points with dates: what is read as a date, from a file and from a query, and what is refused with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from flows.answers.dated_points import Dated, day_of, decimal_year, middle_of, points_of_csv, points_of_query
from flows.answers.queries import QueryError
from flows.readers.record import CellError

COLUMNS = {"x": "when", "y": "flop"}


@pytest.mark.parametrize(
    ("literal", "year"),
    [
        ("2019-01-01", 2019 + 0.5 / 365),
        ("2020-12-31", 2020 + 365.5 / 366),
        (" 2019-03-01 ", 2019 + 59.5 / 365),
        ("2019-03-01T23:59:00", 2019 + 59.5 / 365),
        ("2019-03-01 00:00:00", 2019 + 59.5 / 365),
        ("2020-02", 2020 + (31 + 14.5) / 366),
        ("2019-12", 2019 + (334 + 15.5) / 365),
        ("2019", 2019.5),
        ("2019.37", 2019.37),
        ("2019.0", 2019.0),
        ("2019.", 2019.0),
    ],
)
def test_dates(literal: str, year: float) -> None:
    assert decimal_year(literal) == pytest.approx(year, rel=1e-12)


def test_a_bare_year_among_decimal_ones_is_one_whose_decimals_were_not_printed(tmp_path: Path) -> None:
    columns = {"x": "date", "y": "flop"}
    mixed = points_of_csv(write(tmp_path, "date,flop\n2010,1\n2010.5,2\n2011,4\n"), columns)
    assert mixed.year.tolist() == [2010.0, 2010.5, 2011.0]
    bare = points_of_csv(write(tmp_path, "date,flop\n2010,1\n2011,4\n"), columns)
    assert bare.year.tolist() == [2010.5, 2011.5]


@pytest.mark.parametrize(
    "literal",
    [
        "",
        "2019-02-29",
        "2019-13",
        "2019-00-10",
        "0000",
        "20190501",
        "5/1/2019",
        "May 2019",
        "19.5",
        "2019-5-1",
        "2019,5",
        "-2019",
        "2019-05-01x",
    ],
)
def test_what_is_no_date(literal: str) -> None:
    with pytest.raises(CellError, match=r"not (a date|in the calendar); write 2019-05-01, 2019-05, 2019 or"):
        decimal_year(literal)


@pytest.mark.parametrize(
    "day", [date(2019, 1, 1), date(2019, 12, 31), date(2020, 2, 29), date(1952, 7, 2), date(2020, 12, 31)]
)
def test_days_there_and_back(day: date) -> None:
    assert day_of(middle_of(day)) == day
    assert decimal_year(str(day)) == middle_of(day)


def write(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return path


def shown(points: Dated) -> tuple[list[str], list[float], list[float], tuple[str, ...]]:
    return points.row, [round(year, 6) for year in points.year.tolist()], points.value.tolist(), points.left_out


def test_points_of_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeffname, flop,when\na,1e20,2019\nb,,2020\nc,2,\n\nd,3.5,2019.25\n,,\n")
    points = points_of_csv(path, COLUMNS)
    assert shown(points) == (
        ["record 1 (line 2)", "record 4 (line 6)"],
        [2019.0, 2019.25],
        [1e20, 3.5],
        ("record 2 (line 3)", "record 3 (line 4)"),
    )
    assert points.cluster is None
    path = write(tmp_path, "when;flop\n2019,25;1,5\n2020;2,5\n")
    assert shown(points_of_csv(path, COLUMNS))[1:3] == ([2019.25, 2020.0], [1.5, 2.5])
    path = write(tmp_path, "when|flop\n2019-03|1,500\n")
    assert points_of_csv(path, COLUMNS, "|", ".").value.tolist() == [1500]
    path = write(tmp_path, "when,flop,by\n2019,1, A \n2020,2,B\n")
    named = points_of_csv(path, COLUMNS | {"cluster": "by"}).cluster
    assert named is not None
    assert named.tolist() == ["A", "B"]


@pytest.mark.parametrize(
    ("line", "row", "column", "literal"),
    [
        ("yesterday,1,A", 3, "when", "'yesterday' is not a date"),
        ("2019-02-30,1,A", 3, "when", "'2019-02-30' is not in the calendar"),
        ("2019,much,A", 3, "flop", "'much' is not a number"),
        ("2019,0,A", 3, "flop", "'0' is not above 0"),
        ("2019,-4,A", 3, "flop", "'-4' is not above 0"),
        ("2019,4, ", 3, "by", "blank"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, line: str, row: int, column: str, literal: str) -> None:
    path = write(tmp_path, f"when,flop,by\n2018,1,A\n{line}\n2020,3,B\n")
    with pytest.raises(QueryError) as refused:
        points_of_csv(path, COLUMNS | {"cluster": "by"})
    assert str(refused.value).startswith(f"{path}, record {row - 1} (line {row}), column '{column}': {literal}")


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="no such file"):
        points_of_csv(tmp_path / "none.csv", COLUMNS)
    with pytest.raises(QueryError, match="no column 'when'; there are: 'year', 'flop'"):
        points_of_csv(write(tmp_path, "year,flop\n2019,1\n"), COLUMNS)
    with pytest.raises(QueryError, match="the number of cells is 3, in the header 2"):
        points_of_csv(write(tmp_path, "when,flop\n2019,1,2\n"), COLUMNS)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("warehouse") / "empty.duckdb"
    duckdb.connect(path).close()
    return path


@pytest.mark.parametrize(
    ("literal", "year"),
    [
        ("date '2019-03-01'", 2019 + 59.5 / 365),
        ("timestamp '2019-03-01 23:10:00'", 2019 + 59.5 / 365),
        ("'2019-03'", 2019 + (59 + 15.5) / 365),
        ("2019", 2019.5),
        ("2019.25", 2019.25),
        ("2019.25::double", 2019.25),
    ],
)
def test_points_of_a_query(empty: Path, literal: str, year: float) -> None:
    sql = f'select {literal} as "when", 10 as flop union all select null, 3 union all select {literal}, null'
    points = points_of_query(empty, sql, COLUMNS)
    assert (points.row, points.year.tolist(), points.value.tolist()) == (
        ["row 1"],
        [pytest.approx(year, rel=1e-12)],
        [10.0],
    )
    assert len(points.left_out) == 2


def test_a_bad_value_of_a_query_is_named(empty: Path) -> None:
    for select, told in (
        ('true as "when", 1 as flop', "row 1 of the query, column 'when': 'True' is not a date"),
        ('2019 as "when", 0 as flop', "row 1 of the query, column 'flop': '0' is not above 0"),
        (
            "2019 as \"when\", 'nan'::double as flop",
            "row 1 of the query, column 'flop': 'nan' is not above 0 and finite",
        ),
        ("2019 as year, 1 as flop", "the query has no column 'when'; it has: 'year', 'flop'"),
    ):
        with pytest.raises(QueryError) as refused:
            points_of_query(empty, f"select {select}", COLUMNS)
        assert str(refused.value).startswith(told)
