"""Which points of a set are kept: the best of each paper or year, or those better than all before them.

sql/fits/samples.sql selects by the same rules for the warehouse, where the frontier goes by the day of release; a test holds
the two together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flows.fits.line import Array

SELECTIONS = ("all", "frontier", "best_per_paper", "best_per_year")

Indices = NDArray[np.intp]


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
