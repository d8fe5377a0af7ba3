"""Which form describes the points better: information criteria and errors of prediction, on one scale for all forms.

The forms have different responses (log10(1/error), 1/error, error), so their likelihoods are compared as densities of the
error itself: the log-likelihood of the response plus the logarithm of the Jacobian |dy/d error| of each point (Box and Cox
1964, J. R. Stat. Soc. B 26:211, section 3). Predictions are compared as log10 of the error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.fits import least_squares
from flows.fits.line import Array


@dataclass(frozen=True)
class Information:
    """Maximised normal log-likelihood and the criteria from it.

    `aic` and `bic` count the coefficients (as statsmodels does; R counts the variance too), `aicc` counts the variance too
    (Hurvich and Tsai 1989, Biometrika 76:297) and is inf where there are too few points for it.
    """

    log_likelihood: float
    aic: float
    aicc: float
    bic: float


def information(residual_sum_of_squares: float, n: int, coefficients: int, log_jacobian: float = 0.0) -> Information:
    """Criteria of a least-squares fit to n points; all inf where the fit is perfect."""
    if residual_sum_of_squares <= 0:
        return Information(math.inf, -math.inf, -math.inf, -math.inf)
    log_likelihood = -n / 2 * (math.log(2 * math.pi * residual_sum_of_squares / n) + 1) + log_jacobian
    counted, room = coefficients + 1, n - coefficients - 2
    return Information(
        log_likelihood=log_likelihood,
        aic=2 * coefficients - 2 * log_likelihood,
        aicc=2 * counted * n / room - 2 * log_likelihood if room > 0 else math.inf,
        bic=coefficients * math.log(n) - 2 * log_likelihood,
    )


def left_out(x: Array, y: Array, unit: NDArray[np.intp]) -> Array:
    """Prediction of each y by the least-squares line through the points of all other units (papers); NaN where there is none."""
    dx, dy = x - x.mean(), y - y.mean()
    sums = np.stack([np.bincount(unit, weights=part) for part in (np.ones_like(x), dx, dx * dx, dy, dx * dy)])
    intercept, slope = least_squares.of_sums(*(sums.sum(axis=1, keepdims=True) - sums))
    predicted: Array = y.mean() + intercept[unit] + slope[unit] * dx
    return predicted


def rmse_decades(predicted: Array, error: Array) -> float:
    """Root mean square of log10(predicted / achieved error), over the points that have a prediction; NaN without any."""
    apart = np.log10(predicted / error)
    apart = apart[np.isfinite(apart)]
    return float(np.sqrt((apart**2).mean())) if len(apart) else math.nan
