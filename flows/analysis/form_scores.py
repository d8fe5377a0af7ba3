"""Which form describes the points, how it did on what came later, and what time adds, as rows of the schema `fits`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from flows.analysis.curves import COEFFICIENTS, Curve
from flows.analysis.samples import Sample
from flows.columns import column, key
from flows.declared.setting_types import FitRule
from flows.fits import comparison, least_squares, predicted_errors, projection, resampling, with_time
from flows.fits.forms import HIGHEST_FRACTION, error_at, log_jacobian, response
from flows.fits.line import OK, POINTS_MIN, Array, number
from flows.fits.selections import is_chosen

# Numbers drawn at once, few enough for the processor's cache; the stream of draws depends on it.
_DRAWS = 1 << 19


@dataclass(frozen=True, slots=True)
class FormScore:
    """One row per set of points and form: how well the form describes and predicts the errors, on one scale for all forms."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    form: str = key("polynomial, exponential, asymptotic or logistic")
    n: int = column("points")
    coefficients: int = column("coefficients that are fitted: 2, or 3 with the irreducible error")
    log_likelihood: float | None = column(
        "normal log-likelihood as a density of the error: with the Jacobian of the response"
    )
    aic: float | None = column("Akaike's criterion; counts the coefficients")
    aicc: float | None = column(
        "Akaike's criterion corrected for few points (Hurvich and Tsai 1989); counts the variance too"
    )
    bic: float | None = column("Bayesian criterion; counts the coefficients")
    left_out_rmse_decades: float | None = column(
        "root mean square of log10(predicted / achieved error), each paper predicted from all others"
    )


@dataclass(frozen=True, slots=True)
class TimeSplit:
    """One row per set of points, form and year: fitted to what was published up to the year, scored on what came later."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    form: str = key("polynomial, exponential, asymptotic or logistic")
    fitted_to_year: int = key("last year whose points are fitted")
    n_fitted: int = column("points up to that year")
    n_scored: int = column("points of later years")
    rmse_decades: float | None = column("root mean square of log10(predicted / achieved error) over the later points")
    bias_decades: float | None = column(
        "median of log10(achieved / predicted error): below 0 where later points are better"
    )
    coverage: float | None = column(
        "share of the later points in the prediction interval; null for the asymptotic and logistic forms"
    )


@dataclass(frozen=True, slots=True)
class TimeTerm:
    """One row per set of points: log10(error) fitted on log10 of computation and year."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    n: int = column("points whose year is known")
    n_clusters: int = column(
        "papers that they are from, or models without a known paper: standard errors and intervals go by them, with t of one "
        "degree of freedom less"
    )
    reference_log10_compute: float | None = column(
        "log10 of the computation of the earliest point, in the row set's unit"
    )
    reference_year: float | None = column("its year")
    intercept: float | None = column("log10(error) at the earliest point's computation and year")
    compute_slope: float | None = column("change of log10(error) for ten times the computation")
    compute_slope_se: float | None = column("standard error of compute_slope, from leaving out each paper")
    year_slope: float | None = column("change of log10(error) a year, at equal computation: algorithmic progress")
    year_slope_se: float | None = column("standard error of year_slope, from leaving out each paper")
    r_squared: float | None = column("share of the variance of log10(error) explained")
    years_per_tenfold: float | None = column("years of progress that do the work of ten times the computation")
    years_per_tenfold_low: float | None = column("lower end of its interval (Fieller)")
    years_per_tenfold_high: float | None = column("upper end of the same; null where it is not bounded")
    years_per_tenfold_interval: str | None = column("bounded, or unbounded: no progress in time cannot be ruled out")
    compute_share: float | None = column(
        "share of the yearly fall of log10(error) that comes from more computation; the rest is the year term"
    )
    compute_share_low: float | None = column("lower end of its interval (percentile bootstrap by paper)")
    compute_share_high: float | None = column("upper end of the same")
    status: str = column(
        "ok, too_few_points (fewer than 4), no_spread_in_x, slope_not_different_from_0 (of the year); or there is a plane "
        "without intervals: too_few_papers (fewer than 4), perfect_leverage (of one paper), selected_no_interval"
    )


def form_scores(sample: Sample, curves: Sequence[Curve]) -> Iterator[FormScore]:
    """Likelihood, criteria and error of prediction of each form; of `curves`, through all points, those of status ok."""
    of_form = {curve.form: curve for curve in curves if curve.fit.status == OK}
    for form in (*sample.forms, *of_form):
        y = response(form, sample.error)
        if form in of_form:
            rss, coefficients = of_form[form].fit.residual_sum_of_squares, COEFFICIENTS[form]
            left_out = of_form[form].left_out(sample)
        else:
            line = least_squares.ols(sample.x, y)
            if line.status != OK:
                continue
            rss, coefficients = float(((y - line.intercept - line.slope * sample.x) ** 2).sum()), 2
            left_out = comparison.left_out(sample.x, y, sample.paper)
        criteria = comparison.information(rss, len(sample), coefficients, log_jacobian(form, sample.error))
        yield FormScore(
            sample.sample_id,
            form,
            len(sample),
            coefficients,
            number(criteria.log_likelihood),
            number(criteria.aic),
            number(criteria.aicc),
            number(criteria.bic),
            number(comparison.rmse_decades(error_at(form, left_out, HIGHEST_FRACTION), sample.error)),
        )


def time_splits(sample: Sample, level: float) -> Iterator[TimeSplit]:
    """Each year that leaves enough points before it and any after it, in each form."""
    dated = sample.part(~np.isnan(sample.year))
    years = np.unique(dated.year)[:-1]
    until = (dated.year[None, :] <= years[:, None]).astype(np.int64)
    curves = {
        form: predicted_errors.predicted(form, dated.x, dated.error, until, dated.x, dated.guessing)
        for form in dated.curves
    }
    for at, year in enumerate(years):
        before, after = dated.part(dated.year <= year), dated.part(dated.year > year)
        if len(before) >= POINTS_MIN and np.ptp(before.x) > 0:
            for form in sample.forms:
                yield _line_split(form, before, after, int(year), level)
        for form, predicted in curves.items():
            error = predicted[at][dated.year > year]
            if np.isfinite(error).all():
                yield _split(form, error, before, after, int(year), None)


def _line_split(form: str, before: Sample, after: Sample, year: int, level: float) -> TimeSplit:
    line = least_squares.ols(before.x, response(form, before.error))
    y = response(form, after.error)
    low, high = projection.of_new(line, after.x, level)
    predicted = error_at(form, line.intercept + line.slope * after.x, HIGHEST_FRACTION)
    return _split(form, predicted, before, after, year, float(np.mean((low <= y) & (y <= high))))


def _split(form: str, error: Array, before: Sample, after: Sample, year: int, coverage: float | None) -> TimeSplit:
    return TimeSplit(
        before.sample_id,
        form,
        year,
        len(before),
        len(after),
        number(comparison.rmse_decades(error, after.error)),
        number(float(np.median(np.log10(after.error / error)))),
        coverage,
    )


def time_term(sample: Sample, rule: FitRule) -> TimeTerm:
    """Computation and year together."""
    dated = sample.part(~np.isnan(sample.year))
    fit = with_time.with_time(dated.x, dated.error, dated.year, rule.level, dated.paper)
    if is_chosen(sample.selection):
        fit = with_time.without_interval(fit)
    has_fit = not math.isnan(fit.compute_slope)
    share, low, high = _compute_share(dated, rule) if has_fit else (math.nan,) * 3
    if fit.interval is None:
        low = high = math.nan
    return TimeTerm(
        sample.sample_id,
        fit.n,
        fit.n_papers or 0,
        number(fit.reference_log10_compute),
        number(fit.reference_year),
        number(fit.intercept),
        number(fit.compute_slope),
        number(fit.compute_slope_se),
        number(fit.year_slope),
        number(fit.year_slope_se),
        number(fit.r_squared),
        number(fit.years_per_tenfold),
        number(fit.low),
        number(fit.high),
        fit.interval,
        number(share),
        number(low),
        number(high),
        fit.status,
    )


def _compute_share(sample: Sample, rule: FitRule) -> tuple[float, float, float]:
    order = resampling.in_order(sample.x, sample.error, sample.year, sample.paper.astype(np.float64))
    x, error, year = sample.x[order], sample.error[order], sample.year[order]
    unit = resampling.units(sample.paper[order])
    rng, many = resampling.seeded(rule.seed, sample.name, "compute share"), int(unit.max()) + 1
    step = max(1, _DRAWS // len(x))
    shares = [
        with_time.compute_shares(x, error, year, resampling.counts(rng, min(step, rule.resamples - start), many), unit)
        for start in range(0, rule.resamples, step)
    ]
    share = float(with_time.compute_shares(x, error, year, np.ones((1, len(x)), dtype=np.int64))[0])
    return share, *resampling.percentile(np.concatenate(shares), rule.level)
