"""One small set of points that was made by hand, what is to be computed of it, and what all sets share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flows.analysis import costs
from flows.analysis.computed import Grounds, Work
from flows.analysis.samples import Sample
from flows.declared.setting_types import FitRule
from flows.fits.forms import LINES

RULE = FitRule(0.95, 1.0, 3, 200, 5)
ERRORS = np.array([0.4, 0.31, 0.3, 0.22, 0.2])


def of_points(x: Sequence[float] = (1, 2, 3, 4, 5)) -> Sample:
    return Sample(
        7, "current/b/m/c/all", "all", tuple(LINES), np.array(x, float), ERRORS, np.arange(5),
        np.array([2015, 2016, np.nan, 2018, 2019]), np.full(5, np.nan),
    )  # fmt: skip


WORK = Work(of_points(), ("huber",), (("t", 0.1),), "hardware_burden", "gflop", (costs.Goal("t", 0.1),))
SCENARIO = costs.Scenario(
    "s",
    "r",
    14.0,
    14.0,
    (0.2, 0.3, 0.4),
    (0.5, 0.6, 0.7),
    (1.1, 1.2, 1.3),
    (1.0, 2.0),
    0.1,
    -0.4,
    0.0,
    True,
    None,
    "ok",
)
GROUNDS = Grounds(RULE, (SCENARIO,))
