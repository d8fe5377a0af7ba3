"""Numbers as a person reads them."""

from __future__ import annotations

from datetime import date

import pytest

from flows.publish.report import wording


@pytest.mark.parametrize(
    ("log10", "shown"),
    [
        (19.07, "10<sup>19</sup>"),
        (18.999, "10<sup>18</sup>"),
        (-0.3, "10<sup>−1</sup>"),
        (None, "–"),
        (float("inf"), "–"),
    ],
)
def test_a_power_is_cut_off_as_the_paper_prints_it(log10: float | None, shown: str) -> None:
    assert wording.power(log10) == shown


def test_a_power_with_decimals_is_rounded() -> None:
    assert wording.power(27.141, 1) == "10<sup>27.1</sup>"


@pytest.mark.parametrize(
    ("log10", "shown"),
    [(18.6532, "4.5×10<sup>18</sup>"), (18.99999, "1.0×10<sup>19</sup>"), (0.0, "1.0×10<sup>0</sup>")],
)
def test_a_power_with_its_digits(log10: float, shown: str) -> None:
    assert wording.scientific(log10).replace(wording.NARROW, "") == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (14_137, "14 000"),
        (575.3, "580"),
        (0.1234, "0.12"),
        (6.5e10, "65 billion"),
        (2.9e12, "2.9 trillion"),
        (9.96, "10"),
        (99.6, "100"),
        (0.0996, "0.10"),
        (3.2e18, "3.2×10<sup>18</sup>"),
        (0, "0"),
    ],
)
def test_a_number_as_it_is_said(number: float, shown: str) -> None:
    assert (
        wording.rounded(number).replace(f"{wording.NARROW}×{wording.NARROW}", "×").replace(wording.NARROW, " ") == shown
    )


@pytest.mark.parametrize(("number", "shown"), [(7.6, "8th"), (1.2, "1st"), (12, "12th"), (22, "22nd"), (53, "53rd")])
def test_ordinals(number: float, shown: str) -> None:
    assert wording.ordinal(number) == shown


def test_an_interval_without_an_upper_end_says_so() -> None:
    assert wording.interval(30.7, None).replace(wording.THIN, "") == "30.7–∞"
    assert wording.interval(None, None) == "no interval"


def test_the_rest() -> None:
    assert wording.percent(0.05, 0) == f"5{wording.NARROW}%"
    assert wording.whole(14000) == f"14{wording.NARROW}000"
    assert wording.many(1, "paper") == "1 paper"
    assert wording.day(date(2026, 11, 22)) == "22 November 2026"
    assert wording.words("hardware_burden") == "hardware burden"
    assert wording.words("no_such_code") == "no such code"
    assert wording.capital(wording.words("gpus")) == "GPUs"
    assert wording.capital("the paper’s rows") == "The paper’s rows"


def test_an_address_that_is_not_of_the_web_is_no_link() -> None:
    assert wording.is_web("https://arxiv.org/abs/2007.05558")
    assert wording.is_web("HTTP://example.org")
    for address in (None, "", "javascript:alert(1)", " https://example.org", "data:text/html,x", "file:///etc/passwd"):
        assert not wording.is_web(address)
