"""Numbers in words: digits that a title bears, thin spaces, powers."""

from __future__ import annotations

import pytest

from flows.publish.figures import texts


@pytest.mark.parametrize(
    ("value", "shown"),
    [(13842, "14 000"), (6198, "6 200"), (575.4, "580"), (9.96, "10"), (0.0345, "0.035"), (1.35, "1.4"), (99.6, "100")],
)
def test_two_digits(value: float, shown: str) -> None:
    assert texts.whole(value).replace("\u202f", " ") == shown


@pytest.mark.parametrize(
    ("log10", "shown"),
    [(10.31, "20 billion"), (9.1, "1.3 billion"), (5.48, "300 000"), (12.15, "1.4 trillion"), (19.04, "10^{19.0}")],
)
def test_amounts_are_words_as_far_as_there_are_any(log10: float, shown: str) -> None:
    assert texts.amount(log10).replace("\u202f", " ").replace("\u00a0", " ") == shown


def test_a_power_is_raised_and_read_aloud_plainly() -> None:
    assert texts.power(27.14) == "10^{27.1}"
    assert texts.power(-3, 0) == "10^{−3}"
    assert texts.power(214.96) == "10^{215}"  # a decimal of so large a power says nothing
    assert texts.plain("about 10^{7.2} times, 6\u202f200") == "about 10^7.2 times, 6 200"


def test_the_rest() -> None:
    assert texts.percent(0.05) == "5\u202f%"
    assert texts.percent(0.115) == "11.5\u202f%"
    assert texts.between(31.0, None) == "from 31.0"
    assert texts.between(None, None) == "no interval"
    assert texts.exact(1408) == "1\u202f408"
