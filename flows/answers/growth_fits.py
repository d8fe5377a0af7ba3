"""A fit of growth to anybody's data: the factor a year, the doubling time, and whether and when the rate changed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flows.answers.dated_points import Dated, day_of
from flows.answers.fit_requests import RequestError
from flows.fits import growth, resampling
from flows.fits.line import NO_SPREAD, TOO_FEW_POINTS, FitError, number

FORM = "growth"
# Those of `compute-limits fit` that it takes.
OPTIONS = frozenset(
    {"form", "x", "y", "csv", "query", "delimiter", "decimal", "cluster", "bootstrap", "seed", "level", "json"}
)


@dataclass(frozen=True)
class Request:
    """What to tell: the level of intervals, and how many resamples of which seed give them."""

    level: float = 0.95
    resamples: int = growth.RESAMPLES
    seed: int = 0


def refuse_others(given: Iterable[str]) -> None:
    """Refuse options of a fit, given by their names, that are not among `OPTIONS`.

    Raises:
        RequestError: there is such an option.
    """
    for name in given:
        if name not in OPTIONS:
            raise RequestError(f"--{name.replace('_', '-')}: --form growth does not take it; leave it out")


def fit(data: Dated, request: Request) -> dict[str, Any]:
    """The growth of the values; the result is made of plain values, None for what is unknown or without bound.

    Raises:
        RequestError: the level or the number of resamples cannot be used, or the figures leave the range of doubles.
    """
    if not 0 < request.level < 1:
        raise RequestError(f"level {request.level} is not between 0 and 1")
    if request.resamples < 1:
        raise RequestError(f"--bootstrap {request.resamples}: at least one resample is needed; 10000 is usual")
    unit = None if data.cluster is None else resampling.units(data.cluster)
    options = (request.level, resampling.seeded(request.seed, "growth"), request.resamples, unit)
    try:
        whole = growth.growth(data.year, data.value, *options)
        kink = growth.kink(data.year, data.value, *options)
    except FitError as error:
        raise RequestError(str(error)) from error
    answer: dict[str, Any] = {"form": FORM, "level": request.level, "status": whole.status, "n": whole.n}
    answer |= {"left_out": len(data.left_out), "first_date": None, "last_date": None}
    if whole.n:
        answer |= {"first_date": str(day_of(data.year.min())), "last_date": str(day_of(data.year.max()))}
    known = whole.status not in (TOO_FEW_POINTS, NO_SPREAD)
    answer |= _growth(whole.rate) | {"r_squared": number(whole.r_squared), "kink": _kink(kink)}
    blocks: dict[str, Any] = {"blocks": whole.blocks, "of": "dates" if unit is None else "clusters"}
    drawn = {"resamples": request.resamples, "seed": request.seed}
    return answer | {"bootstrap": blocks | drawn if known else None}


def _growth(rate: growth.Rate) -> dict[str, float | None]:
    slope = (rate.value, rate.low, rate.high)
    told = {"growth_per_year": rate.factor, "doubling_time_month": rate.doubling_month, "log10_per_year": slope}
    return {
        f"{name}{end}": number(value)
        for name, values in told.items()
        for end, value in zip(("", "_low", "_high"), values, strict=True)
    }


def _kink(kink: growth.Kink) -> dict[str, Any]:
    answer: dict[str, Any] = {"status": kink.status}
    days = (("date", kink.year), ("low", kink.low), ("high", kink.high))
    answer |= {name: str(day_of(year)) if math.isfinite(year) else None for name, year in days}
    for when, rate in (("before", kink.before), ("after", kink.after)):
        for end, value in zip(("", "_low", "_high"), rate.factor, strict=True):
            answer[f"growth_{when}{end}"] = number(value)
        answer[f"doubling_time_month_{when}"] = number(rate.doubling_month[0])
    known = not math.isnan(kink.p)
    return answer | {"p": number(kink.p), "asked_for": kink.asked_for if known else None}


def lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """The answer in words, lines of at most 80 characters."""
    span = f"{answer['first_date']} to {answer['last_date']}" if answer["n"] else "no dates"
    many = answer["left_out"]
    left = f", {many} row{'s' * (many > 1)} without date or value" if many else ""
    yield f"growth of {answer['n']} points, {span}{left}"
    if answer["growth_per_year"] is None:
        yield f"no line: {answer['status']}"
        return
    percent = f"{100 * answer['level']:g} %"
    yield f"  a year           {_told(answer, 'growth_per_year', ' times')}"
    yield f"  doubling time    {_told(answer, 'doubling_time_month', ' months')}"
    yield f"  r squared        {_figure(answer['r_squared'])}"
    yield from _told_kink(answer["kink"])
    drawn = answer["bootstrap"]
    yield f"intervals of {percent}, {drawn['resamples']} resamples of {drawn['blocks']} blocks of {drawn['of']}"


def _told_kink(kink: Mapping[str, Any]) -> Iterator[str]:
    if kink["p"] is None:
        yield f"  change of rate   not looked for: {kink['status']}"
        return
    verdict = "the data ask for one" if kink["asked_for"] else "the data ask for none"
    yield f"  change of rate   {verdict} (p {kink['p']:.3g})"
    yield f"    best date      {kink['date']} ({kink['low'] or 'unbounded'} to {kink['high'] or 'unbounded'})"
    for when in ("before", "after"):
        yield f"    a year {when:8}{_told(kink, f'growth_{when}', ' times')}"


def _told(figures: Mapping[str, Any], name: str, unit: str) -> str:
    value, low, high = (figures[name + end] for end in ("", "_low", "_high"))
    if value is None:
        return "none: it does not grow"
    ends = "no interval" if low is None and high is None else f"{_figure(low)} to {_figure(high)}"
    return f"{_figure(value)}{unit} ({ends})"


def _figure(value: float | None) -> str:
    return "unbounded" if value is None else f"{value:.4g}"
