"""flows/analysis/lines.py: what is made once for a set is what would be made each time, and of no other set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from flows.analysis import lines
from flows.analysis.samples import Sample
from flows.declared import settings
from flows.declared.setting_types import FitRule
from flows.fits import clustered


def sample(seed: int, papers: int) -> Sample:
    rng = np.random.default_rng(seed)
    x = rng.uniform(18, 24, 40)
    error = 10 ** (1 - 0.1 * x + rng.normal(0, 0.1, 40))
    nothing = np.full(40, np.nan)
    return Sample(1, "s", "all", ("polynomial",), x, error, np.arange(40) % papers, nothing, nothing)


@pytest.fixture(scope="module")
def rule() -> FitRule:
    (found,) = settings.rows()["fit_rule"]
    return replace(found, resamples=4000)


def test_lines_are_those_of_statsmodels_and_each_set_has_its_own() -> None:
    # Equal in name and number, as the sets of two builds are.
    for points in (sample(1, 20), sample(2, 20)):
        y = -np.log10(points.error)
        fitted = sm.OLS(y, sm.add_constant(points.x)).fit()
        line = lines.ols(points, "polynomial")
        assert (line.intercept, line.slope) == pytest.approx(tuple(fitted.params))
        assert lines.turned(points, "polynomial").slope == pytest.approx(
            sm.OLS(points.x, sm.add_constant(y)).fit().params[1]
        )
        assert lines.by_cluster(points, "polynomial") == clustered.cluster_robust(points.x, y, points.paper)
        assert lines.ols(points, "polynomial") is line


def test_the_surest_line_is_by_cluster_where_there_are_enough() -> None:
    few, many = sample(1, 2), sample(1, 20)
    assert lines.surest(few, "polynomial") == (lines.ols(few, "polynomial"), False)
    assert lines.surest(many, "polynomial") == (lines.by_cluster(many, "polynomial"), True)


def test_draws_are_made_once_and_are_about_the_line(rule: FitRule) -> None:
    points = sample(1, 20)
    line = lines.surest(points, "polynomial")[0]
    intercept, slope = lines.drawn(points, "polynomial", rule)
    assert lines.drawn(points, "polynomial", rule)[0] is intercept
    assert np.median(slope) == pytest.approx(line.slope, rel=0.05)
    goal = lines.goal("polynomial", 0.01)
    assert goal == pytest.approx(2)
    x = lines.reached(points, "polynomial", 0.01, rule)
    assert np.median(x) == pytest.approx((goal - line.intercept) / line.slope, rel=0.02)
    assert lines.reached(points, "polynomial", 0.001, rule) is not x
