"""flows/readers/record.py: times printed as hours:minutes:seconds."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.readers.record import CellError, clock_s


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
