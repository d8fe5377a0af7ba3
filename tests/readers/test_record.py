"""flows/readers/record.py: what a cell may hold, and what a page must look like."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.readers.record import (
    CellError,
    PageError,
    Record,
    Rejected,
    clock_s,
    csv_records,
    day,
    duration_s,
    number,
    percent,
    renamed,
    told_by,
    usd,
    whole,
)

BLANKS = st.sampled_from(["", " ", "\t", "\n", " \n "])
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def tried(convert: Callable[[str], float], literal: str) -> float | CellError:
    try:
        return convert(literal)
    except CellError as refused:
        return refused


# --- numbers


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("14130", 14130.0),
        ("1.41E+04", 14100.0),
        ("2.4E+23", 2.4e23),
        ("1,014.45", 1014.45),
        ("1,234,567", 1234567.0),
        ("64.0", 64.0),
        (" \n7 ", 7.0),
        ("-3.5", -3.5),
        ("+.5", 0.5),
        ("5.", 5.0),
        ("1e-05", 1e-05),
    ],
)
def test_number_reads_what_pages_print(literal: str, value: float) -> None:
    assert number(literal) == value


@given(FINITE, BLANKS, BLANKS)
def test_number_reads_every_double_as_printed(value: float, before: str, after: str) -> None:
    assert number(f"{before}{value!r}{after}") == value


@given(st.integers(-(10**15), 10**15))
def test_number_reads_thousands_separators(value: int) -> None:
    assert number(f"{value:,}") == value


@pytest.mark.parametrize(
    "literal",
    [
        *("", " ", "-", ".", "n/a", "nan", "inf", "Infinity", "28.5*", "1,23", "1,0000", "12,", ",1", "1 000", "1_000"),
        *("0x10", "2.4E+", "7 TFLOP/s", "14180000,14180000", "75 110", "²", "1e400", "--1", "79.3%", "< 24"),
        # A decimal comma, for no group begins with 0; and what a double has no digits for.
        *("0,665", "-0,665", "00,665", "012,345", "1e-400", "-0.001E-330"),
    ],
)
def test_number_refuses_what_is_none(literal: str) -> None:
    with pytest.raises(CellError, match=re.escape(repr(literal))) as refused:
        number(literal)
    assert refused.value.rule == "not_a_number"
    assert refused.value.reason == str(refused.value)


@pytest.mark.parametrize("literal", ["0", "-0.000", "0e-400", "0E999", ".0"])
def test_number_reads_a_zero_as_printed(literal: str) -> None:
    assert number(literal) == 0


@pytest.mark.parametrize("literal", ["e5", "E0", "E+10", ".e5", "-e1", "-.e1", "+", "."])
def test_number_refuses_an_exponent_or_a_point_without_digits(literal: str) -> None:
    with pytest.raises(CellError):
        number(literal)


@given(st.text(alphabet=st.sampled_from("0123456789.,+- \nabx_%²٣"), max_size=12) | st.text(max_size=8))
@example("1.5 GB")
def test_number_gives_a_finite_number_or_a_reason(literal: str) -> None:
    if re.fullmatch(r"\s*[+-]?\.?[eE][+-]?\d+\s*", literal):
        return  # the case above
    found = tried(number, literal)
    assert repr(literal) in found.reason if isinstance(found, CellError) else math.isfinite(found)


@given(st.integers(-(2**53), 2**53))
def test_whole_reads_counts_that_are_printed_as_floats(value: int) -> None:
    assert whole(str(value)) == whole(f"{value}.0") == value
    assert isinstance(whole(f"{value}.0"), int)


@given(FINITE.filter(lambda value: value != int(value)))
def test_whole_refuses_a_fraction(value: float) -> None:
    with pytest.raises(CellError) as refused:
        whole(repr(value))
    assert refused.value.rule == "not_a_whole_number"


# --- fractions and prices


@given(st.decimals(min_value=0, max_value=Decimal("0.999999"), places=6))
def test_a_fraction_becomes_the_percentage_that_its_digits_say(fraction: Decimal) -> None:
    assert percent(f" {fraction} ") == float(fraction * 100)


@pytest.mark.parametrize("literal", ["1", "1.0", "-0.01", "57.1", "57%", "0.5±0.1", "", "NaN", "inf", "0,5"])
def test_what_is_no_fraction_is_refused(literal: str) -> None:
    with pytest.raises(CellError):
        percent(literal)


@given(st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=2), st.sampled_from(["", "$"]), st.booleans())
def test_a_price_is_read_with_and_without_its_sign(price: Decimal, sign: str, grouped: bool) -> None:
    assert usd(f"{sign}{price:,}" if grouped else f"{sign}{price}") == float(price)


@given(st.text("0123456789.,$€- eE", max_size=12))
def test_no_text_is_read_as_a_price_of_nothing_or_less(text: str) -> None:
    try:
        price = usd(text)
    except CellError:
        price = 1.0
    assert price > 0


# --- days


@given(st.dates())
def test_day_reads_iso_days(value: date) -> None:
    assert day(f" {value.isoformat()}\n") == value


@given(st.dates(min_value=date(1000, 1, 1)))
def test_day_reads_the_form_of_the_page(value: date) -> None:
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    assert day(f"{months[value.month - 1]} {value.day:02}, {value.year}", "%b %d, %Y") == value


@pytest.mark.parametrize(
    "literal", ["", "2021", "2021-02-30", "2021-13-01", "May 2019", "06/05/2021", "2021-05-06T00:00"]
)
def test_day_refuses_what_is_none(literal: str) -> None:
    with pytest.raises(CellError, match=re.escape(repr(literal))) as refused:
        day(literal)
    assert refused.value.rule == "not_a_date"


# --- durations


@pytest.mark.parametrize(
    ("literal", "seconds"),
    [
        ("27hrs 40mins", 99_600),
        ("24 hours 21 min", 87_660),
        ("6 hours and 12 sec", 21_612),
        ("120h", 432_000),
        ("3.5days", 302_400),
        ("2 weeks", 1_209_600),
        ("1 day", 86_400),
        ("2.5 days", 216_000),
        ("500 min", 30_000),
        ("1 week 1 day 1 hour 1 minute 1 second", 694_861),
        (" 4 Hours\n", 14_400),
        ("16775.5 days", 1_449_403_200),
    ],
)
def test_duration_reads_what_pages_print(literal: str, seconds: float) -> None:
    assert duration_s(literal) == seconds


@pytest.mark.parametrize(
    ("literal", "rule"),
    [
        ("10 GPU days", "processor_time"),
        ("7 gpu days", "processor_time"),
        ("300 TPU-core-hours", "processor_time"),
        ("8 core hours", "processor_time"),
        ("9.13E+20", "not_a_duration"),
        ("", "not_a_duration"),
        ("  ", "not_a_duration"),
        ("4", "not_a_duration"),
        ("days", "not_a_duration"),
        ("-2 days", "not_a_duration"),
        ("5 ms", "not_a_duration"),
        ("3 months", "not_a_duration"),
        ("about 2 days", "not_a_duration"),
        ("< 24 hours", "not_a_duration"),
        ("2 days on 8 GPUs", "not_a_duration"),
        ("10 V100 days", "not_a_duration"),
        ("03:19:59", "not_a_duration"),
    ],
)
def test_duration_refuses_what_is_none(literal: str, rule: str) -> None:
    with pytest.raises(CellError) as refused:
        duration_s(literal)
    assert refused.value.rule == rule


UNITS = {
    "weeks": 604_800,
    "days": 86_400,
    "hours": 3_600,
    "hrs": 3_600,
    "mins": 60,
    "minutes": 60,
    "sec": 1,
    "seconds": 1,
}
PARTS = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(sorted(UNITS))), min_size=1, max_size=4)


@given(PARTS, st.sampled_from(["", " "]), st.sampled_from([" ", " and ", "\n"]))
def test_duration_is_the_sum_of_its_parts(parts: list[tuple[int, str]], inside: str, between: str) -> None:
    literal = between.join(f"{count}{inside}{unit}" for count, unit in parts)
    assert duration_s(literal) == timedelta(seconds=sum(count * UNITS[unit] for count, unit in parts)).total_seconds()


@given(st.text(alphabet="0123456789. daysndhurmiwek-GPU", max_size=20))
def test_duration_gives_seconds_or_a_reason(literal: str) -> None:
    found = tried(duration_s, literal)
    assert found.reason if isinstance(found, CellError) else found >= 0


# --- times of a clock


@pytest.mark.parametrize(
    ("literal", "seconds"),
    [("03:19:59", 11999.0), (" 27:40:00\n", 99600.0), ("0:00:01", 1.0), ("00:00:00", 0.0), ("120:00:00.5", 432000.5)],
)
def test_clock_reads_what_pages_print(literal: str, seconds: float) -> None:
    assert clock_s(literal) == seconds


@given(st.integers(0, 9999), st.integers(0, 59), st.integers(0, 59))
def test_clock_reads_every_time(hours: int, minutes: int, seconds: int) -> None:
    assert clock_s(f"{hours:02}:{minutes:02}:{seconds:02}") == (hours * 60 + minutes) * 60 + seconds


@pytest.mark.parametrize(
    "literal",
    [
        "",
        "3:19",
        "19:59.5",
        "1:2:3:4",
        "03:60:00",
        "03:00:60",
        "3:1:1",
        "-3:19:59",
        "03:19:59 h",
        "4h 48min",
        "٠٣:١٩:٥٩",
    ],
)
def test_clock_refuses_what_is_no_such_time(literal: str) -> None:
    with pytest.raises(CellError, match=re.escape(repr(literal))) as refused:
        clock_s(literal)
    assert refused.value.rule == "not_a_duration"


@given(st.text(alphabet="0123456789:. -", max_size=12) | st.text(max_size=8))
@example("03:19:59:")
@example("99999:00:00")
def test_clock_gives_the_seconds_or_a_reason(literal: str) -> None:
    try:
        seconds = clock_s(literal)
    except CellError:
        return
    hours, minutes, rest = literal.strip().split(":")
    assert seconds == int(hours) * 3600 + int(minutes) * 60 + float(rest)
    assert int(minutes) < 60
    assert float(rest) < 60


@given(st.integers(0, 99), st.integers(60, 99), st.booleans())
def test_clock_refuses_more_than_59(hours: int, beyond: int, in_minutes: bool) -> None:
    literal = f"{hours}:{beyond}:00" if in_minutes else f"{hours}:00:{beyond}"
    with pytest.raises(CellError):
        clock_s(literal)


# --- a record


def test_a_record_is_exhausted_only_when_every_field_was_taken() -> None:
    record = Record("row 2", {"a": "1", "b": "x", "c": "", "d": "2020-01-02", "e": "3"})
    assert (record.number("a"), record.text("b"), record.count("c"), record.day("d")) == (
        1.0,
        "x",
        None,
        date(2020, 1, 2),
    )
    with pytest.raises(PageError, match=r"undeclared column 'e'; declare it in the source's TOML"):
        record.exhausted()
    record.ignore(["e", "not there"])
    record.exhausted()


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=5), st.data())
def test_exhausted_names_all_that_is_left(fields: dict[str, str], data: st.DataObject) -> None:
    taken = data.draw(st.sets(st.sampled_from(sorted(fields)))) if fields else set()
    record = Record("row 2", dict(fields))
    for name in taken:
        record.raw(name)
    left = fields.keys() - taken
    if not left:
        record.exhausted()
        return
    with pytest.raises(PageError) as undeclared:
        record.exhausted()
    assert all(repr(name) in str(undeclared.value) for name in left)


def test_a_field_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(
        PageError, match=r"column 'Model' is missing \(the page has: 'System'\); .*\[lookups\.aliases\]"
    ):
        Record("row 2", {"System": "x"}).text("Model")


def test_a_field_is_there_once() -> None:
    record = Record("row 2", {"a": "1"})
    record.number("a")
    with pytest.raises(PageError, match="'a' is missing"):
        record.number("a")


def test_a_cell_that_cannot_be_read_is_left_out_with_its_text() -> None:
    record = Record("row 2", {"a": " 4,2 ", "b": "1.5", "c": "soon"})
    assert (record.number("a"), record.count("b"), record.day("c")) == (None, None, None)
    assert [cell[:3] for cell in record.rejected_cells] == [
        ("a", " 4,2 ", "not_a_number"),
        ("b", "1.5", "not_a_whole_number"),
        ("c", "soon", "not_a_date"),
    ]


def test_a_cell_that_the_record_needs_rejects_it() -> None:
    assert Record("row 2", {"a": "1e3"}).needed("a") == 1000.0
    for literal in ("", "much"):
        with pytest.raises(Rejected) as rejected:
            Record("row 2", {"a": literal}).needed("a")
        assert (rejected.value.column, rejected.value.literal) == ("a", literal)


def test_white_space_in_text_is_evened_out() -> None:
    assert Record("row 2", {"a": " GPT\n(davinci)  2\n"}).text("a") == "GPT (davinci) 2"
    assert Record("row 2", {"a": " \n"}).text("a") is None


def test_the_literal_of_a_record_has_no_secret_and_no_blank() -> None:
    record = Record("row 2", {"a": "é", "b": " ", "notes": "by Jane Roe"}, frozenset({"notes"}))
    assert record.literal == '{"a": "é"}'
    record.raw("a")
    assert record.literal == '{"a": "é"}'


# --- headers and pages


def test_renamed_puts_aliases_right_and_trims() -> None:
    assert renamed([" TFLOPS16", "System", "x"], {"System": "Model", "TFLOPS16": "fp16"}) == ["fp16", "Model", "x"]


@pytest.mark.parametrize("columns", [["Model", "System"], ["a", "Model", "a "], ["", ""]])
def test_renamed_refuses_a_column_that_stands_twice(columns: list[str]) -> None:
    with pytest.raises(PageError, match="stands twice"):
        renamed(columns, {"System": "Model"})


def test_a_column_that_is_not_read_may_stand_twice() -> None:
    assert renamed(["a", "b", "b"], {}, unread=["b"]) == ["a", "b", "b"]
    with pytest.raises(PageError, match="'a' stands twice"):
        renamed(["a", "a", "b", "b"], {}, unread=["b"])


def page(folder: Path, text: str | bytes) -> Path:
    path = folder / "page.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LINES = st.lists(
    st.lists(CELLS, min_size=3, max_size=3).filter(lambda cells: any(c.strip() for c in cells)), max_size=6
)


@given(LINES, st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_csv_records_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]], bom: bool, end: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *lines])
    body = ("\ufeff" if bom else "") + text.getvalue()
    records = list(csv_records(page(tmp_path_factory.mktemp("csv"), body), {}))
    assert [[*record.fields] for record in records] == [["a", "b", "c"]] * len(lines)
    assert [[*record.fields.values()] for record in records] == lines
    assert [record.locator for record in records] == [f"row {at}" for at in range(2, 2 + len(lines))]


def test_csv_records_counts_rows_as_a_spreadsheet_does(tmp_path: Path) -> None:
    # A newline inside quotes makes no row; blank lines are rows, without a record.
    text = '\ufeffa,b\n"one\ntwo",1\n\n,\nthree,2\n'
    records = list(csv_records(page(tmp_path, text), {}))
    assert [(record.locator, record.fields) for record in records] == [
        ("row 2", {"a": "one\ntwo", "b": "1"}),
        ("row 5", {"a": "three", "b": "2"}),
    ]


def test_csv_records_reads_over_further_header_lines_whatever_their_width(tmp_path: Path) -> None:
    text = "a,b\npaper,\n,,,title\nx\nreal,1\n"
    assert [record.locator for record in csv_records(page(tmp_path, text), {}, header_rows=4)] == ["row 5"]


@pytest.mark.parametrize(("line", "count"), [("1", 1), ("1,2,3", 3)])
def test_csv_records_names_a_row_of_the_wrong_width(line: str, count: int, tmp_path: Path) -> None:
    with pytest.raises(PageError, match=f"row 3 has {count} cells, the header 2"):
        list(csv_records(page(tmp_path, f"a,b\n1,2\n{line}\n"), {}))


@pytest.mark.parametrize("text", ['a,b\n1,"2\n', 'a,b\n1,"2"3\n'])
def test_csv_records_refuses_broken_csv(text: str, tmp_path: Path) -> None:
    with pytest.raises(PageError, match="CSV"):
        list(csv_records(page(tmp_path, text), {}))


def test_csv_records_reads_a_cell_of_any_length(tmp_path: Path) -> None:
    long = "x" * 200_000
    assert next(csv_records(page(tmp_path, f"a\n{long}\n"), {})).fields == {"a": long}


def test_csv_records_uses_the_lookups(tmp_path: Path) -> None:
    lookups = {
        "aliases": {"System": "Model"},
        "ignore": ["rank", "not there"],
        "optional": ["HFU", "Model"],
        "secret": ["notes"],
    }
    record = next(csv_records(page(tmp_path, "System,rank,notes,year\nX,1,by Jane Roe,2020\n"), lookups))
    assert record.fields == {"HFU": "", "Model": "X", "year": "2020"}
    assert "Jane" not in record.literal
    # What is not needed still stands in the record's text, so that nothing is lost.
    assert '"rank": "1"' in record.literal


def test_the_first_pattern_found_in_a_name_tells() -> None:
    patterns = {r"\(single\)": False, "ensemble": True}
    assert told_by("An ensemble (single)", patterns) is False
    assert told_by("An ensemble", patterns) is True
    assert told_by("A net", patterns) is None
