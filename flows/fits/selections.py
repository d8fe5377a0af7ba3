"""Which points of a set are kept: the best of each paper or year, or those better than all before them.

sql/fits/samples.sql selects by the same rules for the warehouse, where the frontier goes by the day of release; a test holds
the two together.

Selection bias: points that are kept for their low error are the lucky ones, and where more is tried luck is greater. The line
through them is then not the effect of computation: where that is none and papers that try more also compute more, the line of
`best_per_paper` rises "significantly" (95 %) in 29 % of 2,000 truths at 30 papers and in 81 % at 100; and where computation
grew with time that of `frontier` in 29 to 34 % (tests/fits/test_coverage_of_selections.py; nominal are 2.5 %). For `frontier`
and `best_per_year` there is no line that more data would lead to: a record ends when a better one comes, and more years or
points go on moving it. Drawing papers again and selecting anew carries the scatter of the choice and not this bias. So lines
through chosen points are given without intervals, standard errors and p (status selected_no_interval). The low errors have an
estimator with an interval, the quantile line through all points (flows/fits/quantile_by_paper.py).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flows.fits.line import NO_INTERVAL, OK, SLOPE_MAY_BE_ZERO, Array

SELECTIONS = ("all", "frontier", "best_per_paper", "best_per_year")
# Those that keep points for their low error. SQL has them in the macro chosen_by_error; a test holds the two together.
CHOSEN_BY_ERROR = ("frontier", "best_per_paper", "best_per_year")
# There is a line through points that were chosen by their error: no interval means what it says.
SELECTED = "selected_no_interval"

Indices = NDArray[np.intp]


def is_chosen(selection: str) -> bool:
    """Whether a selection keeps points for their low error, so that no interval of their line means what it says."""
    return selection in CHOSEN_BY_ERROR


def unsure(status: str) -> str:
    """The status of a line through such points: where there is a line, that its interval would say too much."""
    return SELECTED if status in (OK, SLOPE_MAY_BE_ZERO, NO_INTERVAL) else status


def best_of_each(group: NDArray[np.generic], error: Array, compute: Array) -> Indices:
    """The point of lowest error of each group, ascending indices; of equal errors that of least computation, then the first.

    group: (n,) papers as text or numbers, or years; points whose group is NaN belong to none. error, compute: (n,).
    """
    order = np.lexsort((compute, error))
    order = order[_is_known(group)[order]]
    _, first = np.unique(group[order], return_index=True)
    return np.sort(order[first])


def frontier(when: Array, error: Array, compute: Array) -> Indices:
    """The points that at their release had a lower error than all released before, ascending indices.

    when: (n,) the release as a number that grows with time, a year or a day; points released at the same number count as
    one release, of which the best is kept as `best_of_each` chooses it. NaN: not known, and not kept. error, compute: (n,).
    """
    order = np.lexsort((compute, error, when))
    order = order[_is_known(when)[order]]
    lowest = np.minimum.accumulate(error[order])
    is_better = np.concatenate([np.ones(min(len(order), 1), dtype=bool), error[order][1:] < lowest[:-1]])
    return np.sort(order[is_better])


def _is_known(key: NDArray[np.generic]) -> NDArray[np.bool_]:
    return ~np.isnan(key) if np.issubdtype(key.dtype, np.floating) else np.ones(len(key), dtype=bool)
