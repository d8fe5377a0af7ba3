"""The forms that are curves: the asymptotic and the logistic one through a set of points, fitted once for all tables."""

from __future__ import annotations

from dataclasses import dataclass

from flows.analysis.samples import Sample
from flows.fits import asymptotic, logistic, predicted_errors, profiles
from flows.fits.asymptotic import Asymptote
from flows.fits.line import Array
from flows.fits.logistic import Logistic
from flows.fits.profiles import Profiles

ASYMPTOTIC, LOGISTIC = "asymptotic", "logistic"
# Coefficients that are fitted; the error of guessing is given.
COEFFICIENTS = {ASYMPTOTIC: 3, LOGISTIC: logistic.PARAMETERS}


@dataclass(frozen=True)
class Curve:
    """The least-squares curve of a form through a set of points, and its intervals by paper; None where it has none."""

    form: str
    fit: Asymptote | Logistic
    profiles: Profiles | None

    def reached(self, error: float) -> float:
        """log10 of the computation at which it comes to an error; inf where none is enough, -inf where any is."""
        if isinstance(self.fit, Logistic):
            return logistic.inverse(self.fit, error)
        return asymptotic.inverse(self.fit, error)

    def left_out(self, sample: Sample) -> Array:
        """The errors (n,) predicted of each point by the curve through the points of all other papers; NaN without one."""
        x, unit = sample.x, sample.paper
        if isinstance(self.fit, Logistic):
            without = logistic.logistic_without_each(x, sample.error, unit, self.fit.guessing)
        else:
            without = asymptotic.asymptotic_without_each(x, sample.error, unit)
        return predicted_errors.heights(self.form, without[unit], x, sample.guessing)


def curves(sample: Sample, level: float) -> list[Curve]:
    """The asymptotic curve; and the logistic one where the error of a model that guesses is declared."""
    x, error, fitted = sample.x, sample.error, []
    for form in sample.curves:
        fit = logistic.logistic(x, error, sample.guessing) if form == LOGISTIC else asymptotic.asymptotic(x, error)
        fitted.append(Curve(form, fit, profiles.profiles(fit, x, error, sample.paper, level)))
    return fitted
