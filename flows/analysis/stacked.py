"""The forms stacked: what computation an error takes where the form of the line is not known, as draws of a mixture.

Each form gives draws as fits.costs has them (by cluster where there are enough, with Fieller's ends), and has as many of them in
the mixture as its weight (flows/fits/stacking.py). A draw whose line does not rise reaches nothing and counts as infinite.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from flows.analysis import lines
from flows.analysis.projections import Projection
from flows.analysis.samples import Sample
from flows.declared.setting_types import FitRule
from flows.fits import monte_carlo, projection, stacking
from flows.fits.line import OK, SLOPE_MAY_BE_ZERO, SLOPE_NOT_POSITIVE, Array, number
from flows.fits.projection import BEYOND

STACKED = "stacked"
# Mixtures that are kept: of the targets of a set.
_KEPT = 8


@dataclass(frozen=True, eq=False)
class Mixture:
    """Draws (draws,) of log10 of the computation in the row set's unit, and what each is told by its form (stacking.centres).

    `ends` are those of the interval of the draws.
    """

    draws: Array
    centres: Array
    ends: tuple[float, float]
    by_cluster: bool

    @cached_property
    def median(self) -> float:
        """The median; infinite where more than half of the draws reach nothing."""
        return float(np.median(self.draws))

    @cached_property
    def share_of_form(self) -> float:
        """The part of the choice of form in the spread of the draws within their interval; NaN without any spread."""
        return monte_carlo.shares([self.draws - self.centres, self.centres], self.draws, *self.ends)[1]


def mixtures(sample: Sample, weights: Mapping[str, float], errors: Sequence[float], rule: FitRule) -> list[Mixture]:
    """Of each error; none where no form has a line. `weights` are of the sample's forms and add up to 1."""
    of_lines = tuple((form, weights[form]) for form in sample.forms if lines.surest(sample, form)[0].status == OK)
    if not sum(weight for _, weight in of_lines):
        return []
    return [_mixture(sample, of_lines, error, rule) for error in errors]


@lru_cache(_KEPT)
def _mixture(sample: Sample, weights: tuple[tuple[str, float], ...], error: float, rule: FitRule) -> Mixture:
    """Of the forms that have a line, which its costs and its projection share."""
    weight = np.array([weight for _, weight in weights])
    reached = [lines.reached(sample, form, error, rule) for form, _ in weights]
    draws, form = stacking.dealt(reached, weight / weight.sum())
    ends = monte_carlo.interval(draws, rule.level)
    by_cluster = all(lines.surest(sample, form)[1] for form, _ in weights)
    return Mixture(draws, stacking.centres(draws, form, *ends), ends, by_cluster)


def projections(
    sample: Sample, weights: Mapping[str, float], targets: Sequence[tuple[str, float]], rule: FitRule
) -> Iterator[Projection]:
    """A row of each target."""
    for (name, error), mixture in zip(targets, mixtures(sample, weights, [e for _, e in targets], rule), strict=False):
        yield projected(sample, mixture, name, error, rule)


def projected(sample: Sample, mixture: Mixture, name: str, error: float, rule: FitRule) -> Projection:
    """One target."""
    (low, high), middle = mixture.ends, mixture.median
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
        share_of_form=number(mixture.share_of_form),
        interval="bounded" if math.isfinite(high) else "unbounded",
        decades_beyond=number(decades),
        ranges_beyond=number(ranges),
        status=status if is_reached else SLOPE_NOT_POSITIVE,
    )
