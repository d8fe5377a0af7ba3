"""flows/fits/selections.py by hand and point by point, and held against the selections of SQL."""

from __future__ import annotations

from collections import defaultdict

import duckdb
import numpy as np
import pytest

from flows.fits.selections import best_of_each, frontier

NAN = np.nan
ERROR = np.array([0.4, 0.5, 0.42, 0.4, 0.3, 0.3, 0.25, 0.2])
COMPUTE = np.array([1.0, 1.0, 1.0, 1.0, 9.0, 2.0, 1.0, 1.0])


def test_the_best_of_each_group() -> None:
    papers = np.array(["a", "a", "b", "b", "c", "c", "d", "d"])
    assert best_of_each(papers, ERROR, COMPUTE).tolist() == [0, 3, 5, 7]
    years = np.array([2015.0, 2015, 2015, 2016, 2016, 2016, NAN, NAN])
    assert best_of_each(years, ERROR, COMPUTE).tolist() == [0, 5]
    # Of equal error and computation the first.
    assert best_of_each(np.ones(3), np.full(3, 0.5), np.ones(3)).tolist() == [0]


def test_the_frontier_goes_by_whatever_grows_with_time() -> None:
    years = np.array([2015.0, 2015, 2015, 2016, 2016, 2016, NAN, 2017])
    # An error equal to the lowest before is no better, and an undated one is left out.
    assert frontier(years, ERROR, COMPUTE).tolist() == [0, 5, 7]
    # By day, two of 2015 are better than all before, though the year has one best.
    days = np.array([100.0, 20, 60, 400, 500, 500, NAN, 900])
    assert frontier(days, ERROR, COMPUTE).tolist() == [0, 1, 2, 5, 7]


@pytest.mark.parametrize("n", [0, 1])
def test_few_points(n: int) -> None:
    values = np.ones(n)
    for kept in (best_of_each(values, values, values), frontier(values, values, values)):
        assert kept.tolist() == list(range(n))
    undated = np.full(n, NAN)
    assert frontier(undated, values, values).tolist() == best_of_each(undated, values, values).tolist() == []


def test_each_point_of_a_frontier_is_better_than_every_earlier_one() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        when, error = rng.integers(0, 8, 25).astype(float), rng.integers(1, 12, 25) / 12
        compute = rng.permutation(25).astype(float)
        expected = [
            at
            for at in range(25)
            if all(error[at] < error[other] for other in np.flatnonzero(when < when[at]))
            and all(
                (error[at], compute[at]) <= (error[other], compute[other]) for other in np.flatnonzero(when == when[at])
            )
        ]
        assert frontier(when, error, compute).tolist() == expected


def test_sql_and_python_select_the_same_points(db: duckdb.DuckDBPyConnection) -> None:
    names = "row_set", "benchmark", "metric", "compute_measure"
    rows = db.execute(
        f"select {', '.join(names)}, selection, result_id, paper, year, datediff('day', date '1950-01-01', released_on), "
        "error, log10_compute from fits.samples order by result_id"
    ).fetchall()
    sets: dict[tuple[str, ...], dict[str, list[tuple]]] = defaultdict(lambda: defaultdict(list))  # type: ignore[type-arg]
    for *name, selection, result, paper, year, day, error, compute in rows:
        sets[tuple(name)][selection].append((result, paper, year, day, error, compute))
    compared = {"best_per_paper": 0, "best_per_year": 0, "frontier": 0}
    for name, of_set in sets.items():
        results, papers, *columns = zip(*of_set["all"], strict=True)
        year, day, error, compute = (np.array(column, dtype=np.float64) for column in columns)
        expected = {
            "best_per_paper": best_of_each(np.array(papers), error, compute),
            "best_per_year": best_of_each(year, error, compute),
            "frontier": frontier(day, error, compute),
        }
        for selection in compared.keys() & of_set.keys():
            kept = [results[at] for at in expected[selection]]
            assert [row[0] for row in of_set[selection]] == kept, (name, selection)
            compared[selection] += len(kept) < len(results)
    assert min(compared.values()) >= 5
