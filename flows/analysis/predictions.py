"""How predictions of later results did: calibrated intervals of a new model, their coverage, and weights of the forms.

Predictions are made at rolling origins (flows/fits/rolling.py). An interval is calibrated with what earlier origins predicted and
had been released (flows/fits/calibration.py), so that no prediction is judged by what calibrated it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
from scipy.special import ndtri

from flows.analysis.samples import Sample
from flows.columns import column, key
from flows.declared.setting_types import FitRule
from flows.fits import calibration, rolling, stacking
from flows.fits.calibration import SCORED_MIN, Calibration
from flows.fits.forms import FORMS, response
from flows.fits.line import OK, Array, number
from flows.fits.rolling import Predictions

# Years ahead of a model that is asked about today.
NEXT = 1.0
TOO_FEW_SCORED = "too_few_scored"
SCORED, EQUAL = "log_score", "equal"
_HORIZONS = ("all", "1", "2", "3+")


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """One row per set of points and form: how its predictions are to be read from what earlier ones were off by."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    form: str = key("polynomial or exponential")
    n_origins: int = column("ends of quarters from which later points were predicted")
    n_scored: int = column("papers of later points that were predicted, each counting once")
    drift_per_year: float | None = column(
        "normal scores that later results are above the prediction, a year ahead: above 0 where later models are better"
    )
    half_width: float | None = column("half the calibrated interval in normal scores; the nominal one has nominal_half")
    nominal_half: float = column("half the nominal interval in normal scores: 1.96 at 95 %")
    status: str = column("ok, or too_few_scored: fewer than 20 papers, and no interval is calibrated")


@dataclass(frozen=True, slots=True)
class PredictionScore:
    """One row per set of points, form and horizon: how many later results their intervals held, over rolling origins."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    form: str = key("polynomial or exponential")
    horizon: str = key("years from the origin to the release: 1 (within a year), 2, 3+, or all")
    n_origins: int = column("origins with a calibration and a later point so far ahead")
    n_predictions: int = column("predictions from them")
    n_scored: int = column("papers of the points that were predicted")
    coverage_nominal: float | None = column(
        "share of these that the line's own interval held, a paper counting once at each origin; null below 20 papers"
    )
    coverage_calibrated: float | None = column("the same of the interval calibrated with earlier origins alone")
    factor: float | None = column(
        "mean width of the calibrated interval over the nominal one, in normal scores; null below 20 papers"
    )


@dataclass(frozen=True, slots=True)
class FormWeight:
    """One row per set of points and form: its weight in the stacked projection."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    form: str = key("polynomial or exponential")
    weight: float = column("weight of the form; those of a set add up to 1")
    mean_log_score: float | None = column(
        "mean ln of the predictive density of log10(error) of later points, each paper counting once; higher is better"
    )
    n_scored: int = column("papers of the later points that all forms predicted")
    basis: str = column(
        "log_score: weights make the mixture's mean log score largest; equal: fewer than 20 papers were scored"
    )


@dataclass(frozen=True)
class Weights:
    """Weights of forms, and what they rest on."""

    forms: tuple[str, ...]
    weight: Array
    log_score: Array
    n_scored: int

    @property
    def of_forms(self) -> dict[str, float]:
        """{form: its weight}."""
        return dict(zip(self.forms, self.weight.tolist(), strict=True))

    @property
    def basis(self) -> str:
        """Whether the weights are from log scores, or equal."""
        return SCORED if self.n_scored >= SCORED_MIN else EQUAL


@dataclass(frozen=True)
class Rolled:
    """What rolling origins say of each form of a set of points; the points are those whose day or year is known."""

    dated: Sample
    made: Mapping[str, Predictions]
    calibrations: Mapping[str, Calibration | None]
    weights: Weights


def rolled(sample: Sample, rule: FitRule) -> Rolled:
    """Predictions from every origin in each form, the calibration as of now and the weights of the forms."""
    dated = sample.part(~np.isnan(sample.date))
    made = {
        form: rolling.predictions(dated.x, response(form, dated.error), dated.date, dated.paper)
        for form in sample.forms
    }
    calibrations = {
        form: calibration.calibration(of.score, of.horizon, dated.paper[of.point], rule.level)
        for form, of in made.items()
    }
    return Rolled(dated, made, calibrations, _weights(dated, made))


def _weights(dated: Sample, made: Mapping[str, Predictions]) -> Weights:
    """By the predictions that every form made."""
    forms = tuple(made)
    equal, unknown = np.full(len(forms), 1 / max(len(forms), 1)), np.full(len(forms), math.nan)
    common = _common(list(made.values()))
    if not common or not len(common[0]):
        return Weights(forms, equal, unknown, 0)
    error, paper = dated.error[common[0].point], dated.paper[common[0].point]
    # From the density of the response to that of log10(error).
    densities = [
        of.log_density + np.log(FORMS[form].steepness(error) * error * math.log(10))
        for form, of in zip(forms, common, strict=True)
    ]
    counted, log_density = calibration.each_paper_once(paper), np.column_stack(densities)
    scores = np.array([stacking.mean_log_score(log_density, counted, one) for one in np.eye(len(forms))])
    n_scored = len(np.unique(paper))
    weight = stacking.weights(log_density, counted) if n_scored >= SCORED_MIN else equal
    return Weights(forms, weight, scores, n_scored)


def _common(made: list[Predictions]) -> list[Predictions]:
    """The predictions of the origins at which every form has a line."""
    origins = [np.unique(of.origin) for of in made]
    shared = reduce(np.intersect1d, origins) if origins else np.empty(0)
    return [of.part(np.isin(of.origin, shared)) for of in made]


def calibrations(found: Rolled, rule: FitRule) -> Iterator[CalibrationRow]:
    """Of each form, as of now."""
    for form, of in found.made.items():
        by = found.calibrations[form]
        yield CalibrationRow(
            found.dated.sample_id,
            form,
            len(np.unique(of.origin)),
            len(np.unique(found.dated.paper[of.point])),
            None if by is None else by.drift,
            None if by is None else by.half,
            _nominal(rule.level),
            TOO_FEW_SCORED if by is None else OK,
        )


def _nominal(level: float) -> float:
    return float(ndtri((1 + level) / 2))


def scores(found: Rolled, rule: FitRule) -> Iterator[PredictionScore]:
    """Coverage over all origins that had a calibration, by how far ahead."""
    dated, nominal = found.dated, _nominal(rule.level)
    for form, of in found.made.items():
        score, paper = of.score, dated.paper[of.point]
        low, high = calibration.replayed(of, score, dated.date, dated.paper, rule.level)
        has = ~np.isnan(low)
        years = np.minimum(np.ceil(of.horizon), 3)
        for horizon in _HORIZONS:
            here = has if horizon == "all" else has & (years == int(horizon[0]))
            n_scored = len(np.unique(paper[here]))
            is_shown = n_scored >= SCORED_MIN
            held = np.abs(score) <= nominal, (low <= score) & (score <= high)
            shares = [calibration.coverage(one[here], of.origin[here], paper[here]) for one in held]
            yield PredictionScore(
                dated.sample_id,
                form,
                horizon,
                len(np.unique(of.origin[here])),
                int(here.sum()),
                n_scored,
                shares[0] if is_shown else None,
                shares[1] if is_shown else None,
                float((high - low)[here].mean()) / (2 * nominal) if is_shown else None,
            )


def form_weights(found: Rolled) -> Iterator[FormWeight]:
    """Of each form."""
    weights = found.weights
    for form, weight, score in zip(found.made, weights.weight, weights.log_score, strict=True):
        yield FormWeight(found.dated.sample_id, form, float(weight), number(score), weights.n_scored, weights.basis)
