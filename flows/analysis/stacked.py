"""The forms stacked: what computation an error takes where the form of the line is not known, as draws of a mixture.

Each form gives draws as fits.costs has them (by cluster where there are enough, with Fieller's ends), and has as many of them in
the mixture as its weight (flows/fits/stacking.py). A draw whose line does not rise reaches nothing and counts as infinite.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flows.analysis.projections import Projection
from flows.analysis.samples import Sample
from flows.declared.setting_types import FitRule
from flows.fits import clustered, least_squares, monte_carlo, projection, resampling, stacking
from flows.fits.forms import response
from flows.fits.line import OK, SLOPE_MAY_BE_ZERO, SLOPE_NOT_POSITIVE, Array, Line, number
from flows.fits.projection import BEYOND

STACKED = "stacked"


@dataclass(frozen=True)
class Mixture:
    """Draws (draws,) of log10 of the computation in the row set's unit, and what each is told by its form (stacking.centres)."""

    draws: Array
    centres: Array
    by_cluster: bool

    @property
    def median(self) -> float:
        """The median; infinite where more than half of the draws reach nothing."""
        return float(np.median(self.draws))

    def share_of_form(self, level: float) -> float:
        """The part of the choice of form in the spread of the draws within their interval; NaN without any spread."""
        low, high = monte_carlo.interval(self.draws, level)
        return monte_carlo.shares([self.draws - self.centres, self.centres], self.draws, low, high)[1]


def mixtures(sample: Sample, weights: Mapping[str, float], errors: Sequence[float], rule: FitRule) -> list[Mixture]:
    """Of each error; none where no form has a line. `weights` are of the sample's forms and add up to 1."""
    lines = {form: line for form in sample.forms if (line := _line(sample, form))[0].status == OK}
    if not sum(weights[form] for form in lines):
        return []
    drawn = {form: _lines(sample, form, line, rule) for form, (line, _) in lines.items()}
    weight, by_cluster = np.array([weights[form] for form in lines]), all(by for _, by in lines.values())
    mixed = []
    for error in errors:
        reached = [_reached(lines[form][0], drawn[form], form, error, rule.level) for form in lines]
        draws, form = stacking.dealt(reached, weight / weight.sum())
        told = stacking.centres(draws, form, *monte_carlo.interval(draws, rule.level))
        mixed.append(Mixture(draws, told, by_cluster))
    return mixed


def _line(sample: Sample, form: str) -> tuple[Line, bool]:
    """The least-squares line, and whether its standard errors are by cluster."""
    y = response(form, sample.error)
    by_cluster = clustered.cluster_robust(sample.x, y, sample.paper)
    return (by_cluster, True) if by_cluster.status == OK else (least_squares.ols(sample.x, y), False)


def _lines(sample: Sample, form: str, line: Line, rule: FitRule) -> tuple[Array, Array]:
    return monte_carlo.lines(line, rule.resamples, resampling.seeded(rule.seed, sample.name, form, "cost"))


def _reached(line: Line, drawn: tuple[Array, Array], form: str, error: float, level: float) -> Array:
    """Draws of the computation at which the line reaches the error, with the ends of its interval."""
    goal = float(response(form, np.array([error]))[0])
    x = monte_carlo.reached(*drawn, goal)
    if not line.slope > 0:
        return x
    solved = projection.solve(line, goal, level)
    return monte_carlo.agreeing(x, solved.x, (solved.low, solved.high), level)


def projections(
    sample: Sample, weights: Mapping[str, float], targets: Sequence[tuple[str, float]], rule: FitRule
) -> Iterator[Projection]:
    """A row of each target."""
    for (name, error), mixture in zip(targets, mixtures(sample, weights, [e for _, e in targets], rule), strict=False):
        yield projected(sample, mixture, name, error, rule)


def projected(sample: Sample, mixture: Mixture, name: str, error: float, rule: FitRule) -> Projection:
    """One target."""
    low, high = monte_carlo.interval(mixture.draws, rule.level)
    middle = mixture.median
    is_reached = math.isfinite(middle)
    decades, ranges = projection.distance(middle, sample.x) if is_reached else (math.nan, math.nan)
    status = OK if math.isfinite(high) else SLOPE_MAY_BE_ZERO
    status = BEYOND if status == OK and ranges > rule.supported_ranges else status
    return Projection(
        sample_id=sample.sample_id,
        form=STACKED,
        method=STACKED,
        target=name,
        error=error,
        log10_compute=number(middle),
        log10_compute_low=number(low),
        log10_compute_high=number(high),
        log10_compute_new_low=None,
        log10_compute_new_high=None,
        log10_compute_calibrated_low=None,
        log10_compute_calibrated_high=None,
        share_of_form=number(mixture.share_of_form(rule.level)),
        interval="bounded" if math.isfinite(high) else "unbounded",
        decades_beyond=number(decades),
        ranges_beyond=number(ranges),
        status=status if is_reached else SLOPE_NOT_POSITIVE,
    )
