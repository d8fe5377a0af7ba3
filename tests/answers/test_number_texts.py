"""Numbers as people print them: which decimals their commas and points are, and which percents."""

from __future__ import annotations

import pytest

from flows.answers.number_texts import Texts, decimal_of, is_percent, values
from flows.answers.queries import QueryError


def column(*texts: str) -> Texts:
    return Texts("f.csv", "y", [f"record {at}" for at, _ in enumerate(texts, 1)], texts)


@pytest.mark.parametrize(
    ("texts", "delimiter", "decimal"),
    [
        (["1", "2e3"], ",", "."),
        (["0.5", "1.014"], ";", "."),
        # A point alone begins decimals, whatever parts the cells.
        (["1.014"], ";", "."),
        (["1,014", "0.5"], ";", "."),
        (["1,014,000"], "\t", "."),
        (["0,5", "1"], ";", ","),
        (["1,014", "0,5"], "\t", ","),
        (["1.014.000", "1,25e3"], ";", ","),
        (["0,5 %"], ";", ","),
        # What is no number tells nothing, and is refused when it is read.
        (["a,b"], ",", "."),
    ],
)
def test_decimals_are_what_some_number_shows(texts: list[str], delimiter: str, decimal: str) -> None:
    assert decimal_of([column(*texts)], delimiter) == decimal
    assert decimal_of([column(text) for text in texts], delimiter) == decimal


@pytest.mark.parametrize(
    ("texts", "delimiter", "said"),
    [
        (["7", "1,014"], ",", "record 2, column 'y': '1,014': are these decimals or thousands?"),
        (["7", "1,014"], ";", "record 2, column 'y': '1,014': are these decimals or thousands?"),
        (
            ["0,5"],
            ",",
            "record 1, column 'y': '0,5' has a decimal comma; if that is so of all numbers, say --decimal ,",
        ),
        (
            ["0.5", "0,5"],
            ";",
            "record 2, column 'y': '0,5' has a decimal comma, and a decimal point stands in f.csv, record 1",
        ),
    ],
)
def test_decimals_that_cannot_be_told_are_asked_for(texts: list[str], delimiter: str, said: str) -> None:
    with pytest.raises(QueryError) as refused:
        decimal_of([column(*texts)], delimiter)
    assert said in str(refused.value)


def test_numbers_by_their_decimals() -> None:
    assert values(column("1,014.5", "-2e3", " .5 "), ".").tolist() == [1014.5, -2000.0, 0.5]
    assert values(column("1.014,5", "-2e3", ",5", "0,665"), ",").tolist() == [1014.5, -2000.0, 0.5, 0.665]
    assert values(column("12.5%", "0.1 %"), ".").tolist() == [0.125, 0.001]
    assert values(column(), ".").tolist() == []


@pytest.mark.parametrize(
    ("text", "decimal", "said"),
    [
        ("0,665", ".", "'0,665' is not a number"),
        ("0.665", ",", "'0.665' is not a number with a decimal comma"),
        ("1e-400", ".", "'1e-400' is too near 0 for the range of a double"),
        ("1e400", ".", "'1e400' is beyond the range of a double"),
        ("%", ".", "'%' is not a number"),
        ("5%%", ".", "'5%%' is not a number"),
        ("1e400%", ".", "'1e400%' is not a number"),
    ],
)
def test_what_is_no_number_is_named(text: str, decimal: str, said: str) -> None:
    with pytest.raises(QueryError) as refused:
        values(column("1", text), decimal)
    assert str(refused.value) == f"f.csv, record 2, column 'y': {said}"


def test_a_column_is_in_percent_or_is_not() -> None:
    assert (is_percent(column("1%", "2 % ")), is_percent(column("1", "2")), is_percent(column())) == (
        True,
        False,
        False,
    )
    with pytest.raises(QueryError, match="record 2, column 'y': '2' has no percent sign"):
        is_percent(column("1%", "2"))
