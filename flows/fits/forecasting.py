"""What is forecast of later results: Student's t distributions by a line, calibrated, and by two naive methods to beat.

The naive ones are the last value and the last value with drift (Hyndman and Athanasopoulos 2021, Forecasting: Principles and
Practice, 5.2), with the scatter of the steps from one result to the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from flows.fits import calibration, least_squares, rolling, student_t
from flows.fits.line import OK, Array

# 19 levels, and the ends of a 95 % interval.
LEVELS = (0.025, *(round(at / 20, 2) for at in range(1, 20)), 0.975)
# Fewer results than this have no median to tell growth by, nor steps to tell scatter by.
RESULTS_MIN = 3


@dataclass(frozen=True)
class Distribution:
    """Student's t about a location; the scale is above 0."""

    location: float
    scale: float
    degrees_of_freedom: float

    def quantiles(self) -> Array:
        """At `LEVELS`."""
        unit: Array = np.asarray(stdtrit(self.degrees_of_freedom, np.array(LEVELS)), dtype=np.float64)
        return self.location + self.scale * unit


def by_line(predictor: Array, value: Array, at: float) -> Distribution | None:
    """Of a new value at that predictor, by the least-squares line through (n,) points; None without a line or scatter."""
    line = least_squares.ols(predictor, value)
    if line.status != OK or not line.residual_sd > 0 or line.degrees_of_freedom < 2:
        return None
    scale = math.sqrt(line.variance_at(at) + line.residual_sd**2)
    return Distribution(line.at(at), scale, line.degrees_of_freedom)


def calibrated(
    predictor: Array, value: Array, date: Array, paper: NDArray[np.intp], at: float, years: float, level: float
) -> Distribution | None:
    """The same, so many years ahead, with the interval at that level calibrated by what earlier predictions missed.

    None where there is none by the line, or too few papers were scored.
    """
    line = by_line(predictor, value, at)
    made = rolling.predictions(predictor, value, date, paper)
    by = calibration.calibration(made.score, made.horizon, paper[made.point], level)
    if line is None or by is None:
        return None
    df = line.degrees_of_freedom
    low, high = by.quantiles(years, df)
    scale = line.scale * (high - low) / 2 / student_t.quantile((1 + level) / 2, df)
    return Distribution(line.location + line.scale * (low + high) / 2, scale, df)


def last_value(date: Array, value: Array, to: float, *, drift: bool) -> Distribution | None:
    """Of the value at a later date by the last of values (n,), moved on by the mean change so far with `drift`."""
    order = np.lexsort((value, date))
    dates, values = date[order], value[order]
    if len(values) <= RESULTS_MIN or not dates[-1] > dates[0]:
        return None
    pace = float((values[-1] - values[0]) / (dates[-1] - dates[0])) if drift else 0.0
    steps = np.diff(values) - pace * np.diff(dates)
    scale = math.sqrt(float((steps**2).sum()) / (len(steps) - 1))
    if not scale > 0:
        return None
    return Distribution(float(values[-1] + pace * (to - dates[-1])), scale, len(steps) - 1)


def growth(
    date: Array, value: Array, recent: NDArray[np.bool_], before: NDArray[np.bool_], years: float
) -> dict[str, Distribution]:
    """{method: distribution of by how much the median of a later year exceeds that of the recent one, so many years on}.

    `recent` are the points (n,) of the last year, `before` those of the year before it. A median of m normal values has the
    variance π/2 times that of their mean (Cramér 1946, Mathematical Methods of Statistics, 28.5); the later year is taken to
    have as many.
    """
    line = least_squares.ols(date, value)
    many = int(recent.sum())
    if line.status != OK or not line.residual_sd > 0 or line.degrees_of_freedom < 2 or many < RESULTS_MIN:
        return {}
    medians, df = line.residual_sd**2 * math.pi / 2 * 2 / many, line.degrees_of_freedom
    found = {
        "line": Distribution(line.slope * years, math.sqrt(medians + years**2 * line.slope_variance), df),
        "last_value": Distribution(0.0, math.sqrt(medians), df),
    }
    if before.sum() >= RESULTS_MIN:
        pace = float(np.median(value[recent]) - np.median(value[before]))
        found["drift"] = Distribution(pace * years, math.sqrt(medians * (1 + years**2)), df)
    return found
