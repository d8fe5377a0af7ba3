"""Columns of a CSV file as printed: where each record stands, and what parts its cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.answers.csv_columns import read
from flows.answers.queries import QueryError


def write(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_bytes(text.encode())
    return path


def test_cells_are_told_as_they_stand_and_records_by_number_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, 'a, b ,c\r\n\r\n 1,"x\r\ny",2\r\n,,\r\n3, ,4\r\n')
    table = read(path, ["b", "a"])
    assert table.cells == {"b": ["x\r\ny", " "], "a": [" 1", "3"]}
    assert table.place == ["record 1 (line 3)", "record 2 (line 6)"]


def test_of_several_the_first_that_the_header_has_parts_the_cells(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a;b,c\n1;2,3\n"), ["c"]).cells == {"c": ["3"]}
    assert read(tmp_path / "data.csv", ["a"]).cells == {"a": ["1"]}
    assert read(tmp_path / "data.csv", ["a"]).delimiter == ";"
    assert read(tmp_path / "data.csv", ["a;b"], "comma").cells == {"a;b": ["1;2"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n3\n", "record 2 (line 3): the number of cells is 1, in the header 2"),
        ("a,b\n1,2,3\n", "record 1 (line 2): the number of cells is 3, in the header 2"),
        ("a,b,a\n1,2,3\n", "column 'a' stands twice in the header"),
        ('a,b\n1,"2\n', "not a CSV file"),
        ('"a,b\n1,2\n', "not a CSV file"),
        ("b;c\n1;2\n", "no column 'a'; there are: 'b', 'c'"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(QueryError) as refused:
        read(write(tmp_path, text), ["a"])
    assert str(refused.value).startswith(str(tmp_path / "data.csv"))
    assert said in str(refused.value)


def test_a_column_that_is_not_wanted_may_stand_twice(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a,,\n1,2,3\n"), ["a"]).cells == {"a": ["1"]}


@pytest.mark.parametrize("delimiter", ["", ";;", "\n", '"'])
def test_one_character_parts_cells(tmp_path: Path, delimiter: str) -> None:
    with pytest.raises(QueryError, match="one character is needed, or comma, semicolon or tab"):
        read(write(tmp_path, "a\n1\n"), ["a"], delimiter)
