"""The least-squares lines of a set of points and draws of them, each made once for all tables that ask for it.

A set is known by its identity, so that what is kept is of the sets at hand; it holds a few, and the draws of few targets.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from flows.analysis.samples import Sample
from flows.declared.setting_types import FitRule
from flows.fits import clustered, least_squares, monte_carlo, projection, resampling
from flows.fits import forms as of_forms
from flows.fits.line import OK, Array, Line

# What is kept of lines, and of draws, which are the larger: the forms and the targets of a set.
_LINES, _DRAWS = 32, 8


@lru_cache(_LINES)
def response(sample: Sample, form: str) -> Array:
    """The response (n,) of the form, which is not to be written over."""
    return of_forms.response(form, sample.error)


def goal(form: str, error: float) -> float:
    """The response of a single error."""
    return float(of_forms.response(form, np.array([error]))[0])


@lru_cache(_LINES)
def ols(sample: Sample, form: str) -> Line:
    """The line as if each point stood alone."""
    return least_squares.ols(sample.x, response(sample, form))


@lru_cache(_LINES)
def turned(sample: Sample, form: str) -> Line:
    """The line of log10 of the computation on the response."""
    return least_squares.ols(response(sample, form), sample.x)


@lru_cache(_LINES)
def by_cluster(sample: Sample, form: str) -> Line:
    """The line with standard errors for points that hang together."""
    return clustered.cluster_robust(sample.x, response(sample, form), sample.paper)


def surest(sample: Sample, form: str) -> tuple[Line, bool]:
    """The line with standard errors by cluster, or where too few clusters tell them as if each point stood alone; and which."""
    line = by_cluster(sample, form)
    return (line, True) if line.status == OK else (ols(sample, form), False)


@lru_cache(_DRAWS)
def drawn(sample: Sample, form: str, rule: FitRule) -> tuple[Array, Array]:
    """Draws of the intercept and slope (draws,) of the surest line.

    Raises:
        FitError: there is no line.
    """
    rng = resampling.seeded(rule.seed, sample.name, form, "cost")
    return monte_carlo.lines(surest(sample, form)[0], rule.resamples, rng)


@lru_cache(_DRAWS)
def reached(sample: Sample, form: str, error: float, rule: FitRule) -> Array:
    """Draws (draws,) of the computation at which the surest line reaches an error, with the ends of its interval (Fieller's).

    Raises:
        FitError: there is no line.
    """
    line, wanted = surest(sample, form)[0], goal(form, error)
    x = monte_carlo.reached(*drawn(sample, form, rule), wanted)
    if not line.slope > 0:
        return x
    solved = projection.solve(line, wanted, rule.level)
    return monte_carlo.agreeing(x, solved.x, (solved.low, solved.high), rule.level)
