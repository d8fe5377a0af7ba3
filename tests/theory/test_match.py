"""The reading of Figure 1: how many observations match the reference, its interval, and what lies beyond the sizes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from scipy.optimize import brentq
from scipy.special import psi
from simulated import TINY

from flows.theory import match, settings, simulation
from flows.theory.settings import FLEXIBLE, ORACLE
from flows.theory.simulation import Row


def by_theory(model: str, p: int, n: int, se: float = 0.0) -> Row:
    """Least squares' row as the inverse Wishart and the digamma function have it."""
    mean, log = p / (n - p - 1), (psi(p / 2) - psi((n - p + 1) / 2)) / math.log(10)
    row = simulation.cell(replace(TINY, n_simulations=2), ORACLE, 15)
    return replace(
        row,
        model=model,
        n_observations=n,
        mean_excess_error=mean,
        mean_excess_error_se=se * mean,
        mean_log10_excess_error=float(log),
        mean_log10_excess_error_se=se,
        computation_flop=float(n * p * p),
    )


FLEXIBLE_SIZES = (500, 1100, 1200, 1300, 1350, 1450, 1500, 1550, 1600, 1800)


def test_the_flexible_model_needs_1401_by_the_mean_and_1557_by_the_mean_logarithm() -> None:
    """1,401 solves 10 / (15 - 10 - 1) = 1000 / (n - 1000 - 1); the other, psi(5) - psi(3) = psi(500) - psi((n - 999) / 2)."""
    curve = [by_theory(FLEXIBLE, 1000, n) for n in FLEXIBLE_SIZES if n > 1000]
    # Least norm's error at 500: |b|^2 (1 - n / p) + n / (p - n - 1) with |b|^2 = 10. Noisier still at 950.
    peak = replace(curve[0], n_observations=950, mean_excess_error=19.9, mean_log10_excess_error=1.3)
    low = replace(curve[0], n_observations=2, mean_excess_error=0.1, mean_log10_excess_error=-1.0)
    target = by_theory(ORACLE, 10, 15)
    mean = match.observations_to_match([*curve, peak, low], target)
    assert mean.target_excess_error == pytest.approx(2.5)
    assert mean.n_observations == pytest.approx(1401, rel=0.003)
    assert mean.low == mean.high == pytest.approx(mean.n_observations)
    assert mean.computation_flop == pytest.approx(1401e6, rel=0.003)
    logarithm = match.observations_to_match(curve[::-1], target, match.MEAN_LOG10)
    root = brentq(lambda n: psi(500) - psi((n - 999) / 2) - (psi(5) - psi(3)), 1100, 2000)
    assert root == pytest.approx(1557, abs=0.5)
    assert logarithm.n_observations == pytest.approx(root, rel=0.003)


def test_the_interval_is_where_the_band_crosses() -> None:
    """error = 100 / n, with 2 % on the curve and none on the target of 1: 100 observations, 1.96 * 2 % to each side."""
    row = by_theory(FLEXIBLE, 1000, 1100)
    curve = [
        replace(row, n_observations=n, mean_excess_error=100 / n, mean_excess_error_se=2 / n)
        for n in (50, 80, 125, 200)
    ]
    target = replace(row, model=ORACLE, mean_excess_error=1.0, mean_excess_error_se=0.0)
    matched = match.observations_to_match(curve, target)
    assert matched.n_observations == pytest.approx(100)
    assert math.log(matched.high / 100) == pytest.approx(1.96 * 0.02, rel=1e-3)
    assert math.log(matched.low / 100) == pytest.approx(-1.96 * 0.02, rel=1e-3)
    wider = match.observations_to_match(curve, replace(target, mean_excess_error_se=0.02))
    assert math.log(wider.high / 100) == pytest.approx(1.96 * 0.02 * math.sqrt(2), rel=1e-3)


def test_what_is_not_between_two_sizes_is_said_so() -> None:
    curve = [by_theory(FLEXIBLE, 1000, n, 0.1) for n in (1300, 1400)]
    low, high = by_theory(ORACLE, 10, 12), by_theory(ORACLE, 10, 100)
    assert match.observations_to_match(curve, low).status == match.FROM_THE_FIRST
    late = match.observations_to_match(curve, high)
    assert late.status == match.NOT_REACHED
    assert math.isnan(late.n_observations)
    assert math.isnan(late.computation_flop)
    # Within the sizes, but the band leaves them.
    wide = match.observations_to_match(curve, by_theory(ORACLE, 10, 15 - 1))
    assert wide.status == match.OK
    assert math.isnan(wide.low)
    with pytest.raises(ValueError, match="mode"):
        match.observations_to_match(curve, low, "mode")


def test_the_sensitivity_has_a_line_for_each_setting_model_and_statistic() -> None:
    reading = settings.Reading(ORACLE, 15, 0.95)
    rows = simulation.simulate(TINY)
    lines = match.sensitivity([*rows, *(replace(row, setting="b", changed="x = 1") for row in rows)], reading)
    assert len(lines) == 2 * 3 * 2
    assert {(line.setting, line.changed) for line in lines} == {("tiny", ""), ("b", "x = 1")}
    with pytest.raises(ValueError, match="tiny: oracle with 99"):
        match.sensitivity(rows, settings.Reading(ORACLE, 99, 0.95))


def test_a_person_is_shown_the_mean_with_its_interval_or_why_there_is_none() -> None:
    there = match.Matched("base", "", FLEXIBLE, match.MEAN, 15, 2.5, match.OK, 1401.2, 1380.4, 1420.6, 1e9)
    never = replace(there, model="expert", status=match.NOT_REACHED, n_observations=math.nan)
    by_logarithm = replace(there, statistic=match.MEAN_LOG10)
    assert [line.split(maxsplit=2) for line in match.lines([there, by_logarithm, never])] == [
        ["base", "flexible", "1401 (1380 … 1421)"],
        ["base", "expert", "not_reached"],
    ]
