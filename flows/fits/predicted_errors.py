"""What the forms, fitted to some of the points, say of the error at other computations: of splits by time, and of resamples."""

from __future__ import annotations

import numpy as np

from flows.fits import least_squares
from flows.fits.asymptotic import asymptotic_resampled
from flows.fits.forms import error_at, response
from flows.fits.line import POINTS_MIN, Array, FitError
from flows.fits.logistic import errors, logistic_resampled
from flows.fits.resampling import Counts, check_counts

# Points that leave a residual to judge a form by, for its coefficients.
_POINTS_MIN = {"asymptotic": 4, "logistic": 4}


def predicted(form: str, x: Array, error: Array, counts: Counts, at: Array, guessing: float) -> Array:
    """The errors (B, m) that a form, fitted by least squares to each of B choices of the points, gives at other x.

    A choice of too few points for the form, or without spread in x, has NaN; a flat curve has its height.

    Args:
        form: one of flows/fits/forms.py but linear.
        x: (n,) log10 of the computation.
        error: (n,) errors, as fractions.
        counts: (B, n) how often each choice holds each point.
        at: (m,) or (B, m) log10 of the computations to predict at.
        guessing: the error of a model that guesses, which the logistic form needs.

    Raises:
        FitError: the arrays do not fit together, hold what is not finite, or the logistic form has no error of guessing.
    """
    check_counts(x, error, counts)
    estimates = _estimates(form, x, error, counts, guessing)
    estimates[counts.sum(axis=1) < _POINTS_MIN.get(form, POINTS_MIN)] = np.nan
    return heights(form, estimates[:, None, :], np.asarray(at), guessing)


def heights(form: str, estimates: Array, x: Array, guessing: float) -> Array:
    """The errors at x of lines or curves; in the last axis of `estimates` their coefficients as the resampled fits give them."""
    if form == "logistic":
        return errors(estimates, guessing, x)
    if form == "asymptotic":
        return np.asarray(estimates[..., 0] + 10.0 ** (estimates[..., 1] - estimates[..., 2] * x))
    y = estimates[..., 0] + estimates[..., 1] * x
    return np.where(np.isnan(y), np.nan, error_at(form, y))


def _estimates(form: str, x: Array, error: Array, counts: Counts, guessing: float) -> Array:
    if form == "asymptotic":
        return asymptotic_resampled(x, error, counts)
    if form == "logistic":
        return logistic_resampled(x, error, counts, guessing)
    if form == "linear":
        raise FitError("the linear form is not one of errors")
    y = response(form, error)
    dx, dy = x - x.mean(), y - y.mean()
    sums = counts @ np.column_stack([np.ones_like(x), dx, dx * dx, dy, dx * dy])
    intercept, slope = least_squares.of_sums(*sums.T)
    return np.column_stack([y.mean() + intercept - slope * x.mean(), slope])
