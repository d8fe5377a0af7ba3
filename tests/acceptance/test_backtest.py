"""The published lines against what came out later."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hand_made import built
from sets_of_points import (
    FORMS,
    KEYS,
    rows,
)

from flows.declared.setting_types import RowSet
from flows.readers.row_types import Compute, Model, Result

# What the paper calls MS COCO is its test-dev split.
READS = {"coco": "coco_test_dev"}
PUBLISHED = {"paper_v1": date(2020, 7, 31), "paper_v2": date(2022, 8, 31)}


def later(db: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The points of the papers' lines, and those of today with their dates, both straight from fits.points."""
    frame = db.execute(
        "select points.*, results.released_on from fits.points as points join core.results as results using (result_id)"
    ).df()
    return frame[frame.row_set != "current"], frame[frame.row_set == "current"]


def scored(db: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables by statsmodels: each later result with its prediction interval of 90 %, and the counts."""
    known, today = later(db)
    found, counted = [], []
    for key, points in known.groupby(KEYS):
        if len(points) < 3:
            continue
        day = pd.Timestamp(PUBLISHED[key[0]])
        mine = today[(today[KEYS[1:]] == [READS.get(key[1], key[1]), *key[2:]]).all(axis=1)]
        new = mine[mine.released_on > day]
        x = new.log10_compute.to_numpy() - (9 if key[0] == "paper_v1" else 0)
        for form in FORMS:
            y, achieved = (
                -np.log10(of.error.to_numpy()) if form == "polynomial" else 1 / of.error.to_numpy()
                for of in (points, new)
            )
            fit = sm.OLS(y, sm.add_constant(points.log10_compute.to_numpy())).fit()
            if len(new):
                told = fit.get_prediction(np.column_stack([np.ones_like(x), x])).summary_frame(alpha=0.1)
                ends = told[["mean", "obs_ci_upper", "obs_ci_lower"]].to_numpy().T
                # No metric has an error above 1.
                errors = np.minimum(10.0**-ends, 1) if form == "polynomial" else 1 / np.maximum(ends, 1)
                covered = (told.obs_ci_lower.to_numpy() <= achieved) & (achieved <= told.obs_ci_upper.to_numpy())
                names = ("predicted_error", "predicted_error_low", "predicted_error_high")
                found.append(
                    pd.DataFrame(
                        dict(zip(KEYS, key, strict=True)) | {"form": form, "result_id": new.result_id.to_numpy()}
                    )
                    .assign(**dict(zip(names, errors, strict=True)))
                    .assign(achieved_error=new.error.to_numpy(), is_covered=covered)
                    .assign(decades_beyond=np.maximum(x - points.log10_compute.max(), 0))
                )
            counted.append((*key, form, len(new), int(mine.released_on.isna().sum())))
    return pd.concat(found), pd.DataFrame(counted, columns=[*KEYS, "form", "n_later", "n_undated"])


def test_later_results_are_held_against_the_published_lines(db: duckdb.DuckDBPyConnection) -> None:
    expected, counted = scored(db)
    key = [*KEYS, "form", "result_id"]
    told = db.execute("from marts.backtest").df()
    assert set(told.row_set) == set(PUBLISHED)
    assert (told.released_on > told.published_on).all()
    assert set(told.published_on) == {pd.Timestamp(day) for day in PUBLISHED.values()}
    columns = list(expected.columns.drop(key))
    one, other = (frame.set_index(key).sort_index()[columns] for frame in (told, expected))
    pd.testing.assert_frame_equal(one, other, rtol=1e-8, check_dtype=False)
    residual = np.log10(told.achieved_error / told.predicted_error)
    np.testing.assert_allclose(told.residual_decades, residual, rtol=1e-12)

    table = db.execute("from marts.backtest_coverage").df().set_index([*KEYS, "form"]).sort_index()
    counted = counted.set_index([*KEYS, "form"]).sort_index()
    pd.testing.assert_frame_equal(table[["n_later", "n_undated"]], counted, check_dtype=False)
    by = expected.groupby([*KEYS, "form"])
    better = by.apply(lambda of: (of.achieved_error < of.predicted_error_low).sum())
    worse = by.apply(lambda of: (of.achieved_error > of.predicted_error_high).sum())
    median = by.apply(lambda of: np.median(np.log10(of.achieved_error / of.predicted_error)))
    some_later = table.loc[by.size().index]
    np.testing.assert_array_equal(some_later.n_covered, by.is_covered.sum())
    np.testing.assert_array_equal(some_later.n_better, better)
    np.testing.assert_array_equal(some_later.n_worse, worse)
    np.testing.assert_allclose(some_later.coverage, by.is_covered.mean(), rtol=1e-12)
    np.testing.assert_allclose(some_later.median_residual_decades, median, rtol=1e-8)
    np.testing.assert_allclose(some_later.decades_beyond_max, by.decades_beyond.max(), atol=1e-12)
    assert (table.n_covered + table.n_better + table.n_worse == table.n_later).all()
    assert table.coverage[table.n_later == 0].isna().all()


@pytest.mark.slow
def test_what_was_out_on_the_day_is_no_later_result(tmp_path: Path) -> None:
    def of(source: str, name: str, top1: float, gflop: float, number: int, **model: Any) -> tuple[Any, ...]:
        total = Compute("imagenet", "hardware_burden", gflop, "gflop")
        return (
            source,
            Model(name, paper_url=f"https://example.org/{number}", **model),
            Result("imagenet", "top1", top1),
            total,
        )

    old = [
        of("old", f"Old {at}", 60 + at, 10.0 ** (9 + at / 2), at, published_on=date(2018, 1, at + 1)) for at in range(6)
    ]
    new = [
        of("new", "On the day", 80, 1e12, 11, published_on=date(2020, 7, 31)),
        of("new", "Day after", 81, 1e12, 12, published_on=date(2020, 8, 1)),
        of("new", "Of the year", 82, 1e12, 13, year=2020),
        of("new", "Year after", 50, 1e15, 14, year=2021),
        of("new", "Undated", 83, 1e12, 15),
    ]
    row_sets = [
        RowSet("paper_v1", "old", False, "gflop", "all"),
        *(RowSet("current", source, True, "flop", "one_per_training") for source in ("old", "new")),
    ]
    with built(tmp_path, [*old, *new], row_set=row_sets) as con:
        told = rows(con, "from marts.backtest where form = 'polynomial'")
        assert {row["name"] for row in told} == {"Day after", "Year after"}
        assert {(row["row_set"], row["compute_unit"], row["log10_compute"]) for row in told} == {
            ("paper_v1", "gflop", 12.0),
            ("paper_v1", "gflop", 15.0),
        }
        (table,) = rows(con, "from marts.backtest_coverage where form = 'polynomial' and benchmark = 'imagenet'")
        assert (table["n_later"], table["n_undated"], table["n_papers"], table["n_clusters"]) == (2, 1, 0, 2)
        assert (table["level"], table["published_on"]) == (0.9, date(2020, 7, 31))
        # The line rises by 1 point of accuracy for half a decade: a later, larger and worse model is outside.
        by_name = {row["name"]: row for row in told}
        assert by_name["Year after"]["achieved_error"] > by_name["Year after"]["predicted_error_high"]
        assert not by_name["Year after"]["is_covered"]
        assert by_name["Year after"]["decades_beyond"] == pytest.approx(15 - 11.5)
