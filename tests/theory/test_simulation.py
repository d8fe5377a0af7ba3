"""The rows of the simulation: each depends on its cell alone, and the method gives the numbers that shipped."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulated import TINY

from flows.theory import settings, simulation
from flows.theory.settings import EXPERT, FLEXIBLE, ORACLE, REGULARISED


def test_a_row_depends_on_its_cell_alone() -> None:
    labels: list[str] = []
    rows = simulation.simulate(TINY, labels.append)
    assert [(row.model, row.n_observations) for row in rows] == simulation.cells(TINY)
    assert labels[-1] == "tiny: regularised, 30 observations"
    assert rows[-1] == simulation.cell(TINY, REGULARISED, 30)
    assert rows[-1].mean_excess_error != simulation.cell(replace(TINY, name="other"), REGULARISED, 30).mean_excess_error
    oracle = rows[0]
    assert oracle.mean_squared_error == 1 + oracle.mean_excess_error
    assert oracle.performance == 1 / oracle.mean_excess_error
    assert oracle.log10_performance == -oracle.mean_log10_excess_error


GOLDEN = {
    (ORACLE, 8): 0.596312084,
    (ORACLE, 15): 0.243771586,
    (EXPERT, 8): 1.21379989,
    (FLEXIBLE, 20): 2.14133363,
    (FLEXIBLE, 60): 2.49209318,
    (REGULARISED, 10): 2.18586239,
    (REGULARISED, 30): 1.42429957,
}
GOLDEN_FOLDS = 0.810865822


def test_the_figures_of_the_method() -> None:
    """Where these change, `settings.METHOD` has to be raised: rows that shipped before are no longer what comes out."""
    assert settings.METHOD == 1
    figures = {(row.model, row.n_observations): row.mean_excess_error for row in simulation.simulate(TINY)}
    assert figures == pytest.approx(GOLDEN, rel=1e-6)
    folds = simulation.cell(replace(TINY, tuning="cross_validation"), REGULARISED, 30)
    assert folds.mean_excess_error == pytest.approx(GOLDEN_FOLDS, rel=1e-6)
