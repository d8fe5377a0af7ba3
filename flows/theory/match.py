"""How many observations a model needs to do as well as another one does with few: the reading of figure 1a."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from flows.fits import student_t
from flows.theory.lasso import Array
from flows.theory.settings import MODELS, Reading
from flows.theory.simulation import Row

# The mean error and its logarithm, or the mean of logarithms, as one averages what a figure's logarithmic axis shows.
MEAN, MEAN_LOG10 = "mean", "mean_log10"
STATISTICS = (MEAN, MEAN_LOG10)

OK = "ok"
FROM_THE_FIRST = "from_the_first_size"
NOT_REACHED = "not_reached"


@dataclass(frozen=True)
class Matched:
    """From how many observations on a model is at least as good as another with `target_observations`.

    `low`, `high`: where the bands of the curve get there; an end beyond the simulated sizes is NaN. `computation_flop`: of one
    fit with that many observations. All NaN where `status` is not "ok" but "from_the_first_size" (as good with the fewest
    that were simulated) or "not_reached" (not with the most).
    """

    setting: str
    changed: str
    model: str
    statistic: str
    target_observations: int
    target_excess_error: float
    status: str
    n_observations: float
    low: float
    high: float
    computation_flop: float


def observations_to_match(curve: Sequence[Row], target: Row, statistic: str = MEAN, level: float = 0.95) -> Matched:
    """Interpolate between the rows of one model in one setting, both axes logarithmic.

    The band of `level` is the normal quantile times the standard errors of curve and target together.

    Raises:
        ValueError: `statistic` is none of STATISTICS, or the curve has no row.
    """
    if statistic not in STATISTICS or not curve:
        raise ValueError(f"a curve and one of {STATISTICS} are needed, not {statistic!r} of {len(curve)} rows")
    curve = sorted(curve, key=lambda row: row.n_observations)
    sizes, flop = (np.log10([getattr(row, of) for row in curve]) for of in ("n_observations", "computation_flop"))
    errors, errors_se = np.array([_log10_error(row, statistic) for row in curve]).T
    goal, goal_se = _log10_error(target, statistic)
    band = student_t.quantile((1 + level) / 2, math.inf) * np.hypot(errors_se, goal_se)
    at, status = _crossing(sizes, errors - goal)
    ends = [_crossing(sizes, errors + side * band - goal)[0] if status == OK else math.nan for side in (-1, 1)]
    return Matched(
        setting=curve[0].setting,
        changed=curve[0].changed,
        model=curve[0].model,
        statistic=statistic,
        target_observations=target.n_observations,
        target_excess_error=10**goal,
        status=status,
        n_observations=10**at,
        low=10 ** ends[0],
        high=10 ** ends[1],
        computation_flop=float(10 ** np.interp(at, sizes, flop)),
    )


def sensitivity(rows: Iterable[Row], reading: Reading) -> list[Matched]:
    """What each model but the reference one needs in each setting, by each statistic.

    Raises:
        ValueError: a setting has no row of the reference model with the reference's observations.
    """
    by_setting: dict[str, list[Row]] = {}
    for row in rows:
        by_setting.setdefault(row.setting, []).append(row)
    matched = []
    for setting, ours in by_setting.items():
        reference = (reading.reference_model, reading.reference_observations)
        targets = [row for row in ours if (row.model, row.n_observations) == reference]
        if not targets:
            raise ValueError(f"{setting}: {reference[0]} with {reference[1]} observations was not simulated")
        for model in MODELS:
            curve = [row for row in ours if row.model == model != reading.reference_model]
            matched += [observations_to_match(curve, targets[0], of, reading.level) for of in STATISTICS if curve]
    return matched


def lines(matched: Iterable[Matched]) -> Iterator[str]:
    """For a person: what each model needs in each setting by the mean error, or why there is no number."""
    for match in matched:
        if match.statistic == MEAN:
            observations = (
                f"{match.n_observations:.0f} ({match.low:.0f} … {match.high:.0f})"
                if match.status == OK
                else match.status
            )
            yield f"{match.setting:22} {match.model:12} {observations}"


def _log10_error(row: Row, statistic: str) -> tuple[float, float]:
    """log10 of the excess error, and its standard error (that of the mean by the delta method)."""
    if statistic == MEAN_LOG10:
        return row.mean_log10_excess_error, row.mean_log10_excess_error_se
    mean = row.mean_excess_error
    return math.log10(mean), row.mean_excess_error_se / (mean * math.log(10))


def _crossing(x: Array, above: Array) -> tuple[float, str]:
    """The x from which on `above` is not positive: by a straight line behind the last point where it is."""
    positive = np.flatnonzero(above > 0)
    if positive.size == 0:
        return math.nan, FROM_THE_FIRST
    last = int(positive[-1])
    if last == x.size - 1:
        return math.nan, NOT_REACHED
    share = above[last] / (above[last] - above[last + 1])
    return float(x[last] + share * (x[last + 1] - x[last])), OK
