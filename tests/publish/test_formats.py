"""Numbers as text, by hand."""

from __future__ import annotations

import pytest

from flows.publish import formats


@pytest.mark.parametrize(
    ("number", "decimals", "shown"),
    [(14000, 0, "14 000"), (-1234.56, 1, "−1 234.6"), (999, 0, "999"), (0.5, 2, "0.50")],
)
def test_thousands_are_set_apart(number: float, decimals: int, shown: str) -> None:
    assert formats.grouped(number, decimals).replace(formats.NARROW, " ") == shown


@pytest.mark.parametrize(
    ("number", "kept", "decimals"),
    [(13842, 14000, 0), (9.96, 10, 0), (0.0996, 0.1, 2), (-0.123, -0.12, 2), (575, 580, 0)],
)
def test_a_number_to_two_digits(number: float, kept: float, decimals: int) -> None:
    assert formats.significant(number) == (pytest.approx(kept), decimals)


@pytest.mark.parametrize(
    ("log10", "digits", "power"), [(19.079, "1.2", 19), (18.99999, "1.0", 19), (-0.3, "5.0", -1), (0.0, "1.0", 0)]
)
def test_a_mantissa_and_its_power(log10: float, digits: str, power: int) -> None:
    assert formats.mantissa(log10) == (digits, power)


def test_powers_are_raised_and_have_a_minus() -> None:
    assert formats.power(27.64, 1) == "10^{27.6}"
    assert formats.power(-3) == "10^{−3}"
    assert formats.scientific(18.6532).replace(formats.NARROW, "") == "4.5×10^{18}"


@pytest.mark.parametrize(("number", "shown"), [(1, "1st"), (12, "12th"), (22, "22nd"), (53, "53rd"), (111, "111th")])
def test_ordinals(number: int, shown: str) -> None:
    assert formats.ordinal(number) == shown
