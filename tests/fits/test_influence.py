"""flows/fits/influence.py against the lines without each point, and held against the influence of SQL."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from made_points import sample

from flows.fits.forms import response
from flows.fits.influence import slopes_without_each


def test_each_slope_is_that_of_the_other_points() -> None:
    x, y = sample(30, 1, kind="far-out")
    expected = [np.polyfit(np.delete(x, at), np.delete(y, at), 1)[0] for at in range(30)]
    assert slopes_without_each(x, y).tolist() == pytest.approx(expected, rel=1e-9)


def test_without_the_only_point_of_another_x_there_is_no_slope() -> None:
    slopes = slopes_without_each(np.array([1.0, 1, 1, 5]), np.array([1.0, 2, 3, 10]))
    assert np.isnan(slopes).tolist() == [False, False, False, True]
    # The others agree with the line through the mean of two and the far point.
    assert slopes[:3].tolist() == pytest.approx([7.5 / 4, 8 / 4, 8.5 / 4])


def test_sql_and_python_name_the_same_points(db: duckdb.DuckDBPyConnection) -> None:
    keys = "row_set, benchmark, metric, compute_measure, selection"
    points = db.execute(f"select {keys}, result_id, log10_compute, error from fits.samples order by all").fetchall()
    named = db.execute(
        f"select {keys}, form, result_id, slope, slope_without from marts.influence order by {keys}, form, influence_rank"
    ).fetchall()
    lines: dict[tuple[str, ...], list[tuple[str, float, float]]] = {}
    for *line, result, slope, without in named:
        lines.setdefault(tuple(line), []).append((result, slope, without))
    sets: dict[tuple[str, ...], list[tuple[str, float, float]]] = {}
    for *name, result, compute, error in points:
        sets.setdefault(tuple(name), []).append((result, compute, error))
    assert len(lines) >= 40
    for (*name, form), most in lines.items():
        results, compute, error = (np.array(column) for column in zip(*sets[tuple(name)], strict=True))
        without = slopes_without_each(compute, response(form, error))
        at = [int(np.flatnonzero(results == result)[0]) for result, *_ in most]
        assert without[at].tolist() == pytest.approx([row[2] for row in most], rel=1e-8, abs=1e-12)
        # No other point moves the slope more.
        moved = np.abs(without - most[0][1])
        others = np.delete(moved, at)
        assert len(most) == min(5, np.isfinite(moved).sum())
        assert np.nanmax(others, initial=0) <= moved[at].min() * (1 + 1e-8)
