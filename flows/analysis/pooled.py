"""The exponents of all benchmarks put together, as rows of fits.pooled_slopes and fits.shrunken_slopes.

What is put together are the slopes of the polynomial form, 1 / exponent, with their standard errors by cluster: a slope near 0
has an estimate and a standard error where its exponent has neither. Least squares through the headline selection of a row set;
of a benchmark with two metrics, which are of the same models, the one with more points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from flows import columns
from flows.columns import column, key
from flows.fits import pooling
from flows.fits.line import judged, number

if TYPE_CHECKING:
    import duckdb

ESTIMATOR, FORM = "ols_cluster", "polynomial"


@dataclass(frozen=True)
class Headline:
    """A set of points whose slope is put together with those of other benchmarks."""

    row_set: str
    compute_measure: str
    sample_id: int


@dataclass(frozen=True, slots=True)
class PooledSlope:
    """One row per row set and compute measure: the slope of the polynomial form over all benchmarks, by random effects."""

    row_set: str = key("which rows: key of staging.row_set")
    compute_measure: str = key("how computation is measured")
    n_benchmarks: int = column("benchmarks whose slope has a standard error by cluster")
    n_left_out: int = column("benchmarks with points whose slope has none: too few points or clusters")
    slope: float | None = column("mean slope over benchmarks")
    slope_se: float | None = column("its standard error (Hartung and Knapp)")
    slope_low: float | None = column("lower end of its interval")
    slope_high: float | None = column("upper end of its interval")
    slope_new_low: float | None = column("lower end of the interval of a new benchmark's own slope")
    slope_new_high: float | None = column("upper end of the same")
    tau_squared: float | None = column("variance of the benchmarks' own slopes about the mean (restricted likelihood)")
    i_squared: float | None = column("share of the scatter of the slopes that is the benchmarks' own, 0 to 1")
    q: float | None = column(
        "Cochran's Q of the slopes: chi-squared with n_benchmarks - 1 degrees of freedom if all are alike"
    )
    q_p_value: float | None = column("probability of such a Q if all are alike")
    status: str = column("ok; slope_not_different_from_0; or too_few_places: fewer than three benchmarks")


@dataclass(frozen=True, slots=True)
class ShrunkenSlope:
    """One row per set of points that is put together with others: its slope, given those of the other benchmarks."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    slope_shrunken: float | None = column(
        "its slope drawn towards the mean over benchmarks, the more the less sure it is"
    )
    slope_shrunken_se: float | None = column("its standard error")
    slope_shrunken_low: float | None = column("lower end of its interval")
    slope_shrunken_high: float | None = column("upper end of its interval")
    own_weight: float | None = column("share of the benchmark's own slope in it, 0 to 1; the rest is the mean's")


def headlines(con: duckdb.DuckDBPyConnection) -> list[Headline]:
    """The sets of points that are put together, by row set and compute measure: those of a headline selection with points."""
    rows = con.execute(
        "select row_set, compute_measure, sample_id from fits.sample_sets "
        "join (select sample_id, count(*) as n from fits.samples group by sample_id) using (sample_id) where is_headline "
        "qualify row_number() over (partition by row_set, compute_measure, benchmark order by n desc, metric) = 1 order by all"
    )
    return [Headline(*row) for row in rows.fetchall()]


def tables(sets: Sequence[Headline], estimates: pa.Table, level: float) -> dict[str, pa.Table]:
    """The two tables, from the sets by row set and compute measure and the rows of fits.estimates."""
    slopes, pooled, shrunken = _slopes(estimates), list[PooledSlope](), list[ShrunkenSlope]()
    for (row_set, measure), group in groupby(sets, key=lambda one: (one.row_set, one.compute_measure)):
        all_ids = [one.sample_id for one in group]
        ids = [sample_id for sample_id in all_ids if sample_id in slopes]
        slope, se = (np.array([slopes[sample_id][at] for sample_id in ids], dtype=np.float64) for at in (0, 1))
        of_all = pooling.pooled(slope, se**2, level)
        pooled.append(_pooled(row_set, measure, of_all, len(all_ids) - len(ids)))
        shrunken += _shrunken(ids, pooling.shrunken(slope, se**2, of_all, level))
    return {
        "fits.pooled_slopes": columns.table(PooledSlope, pooled),
        "fits.shrunken_slopes": columns.table(ShrunkenSlope, shrunken),
    }


def _slopes(estimates: pa.Table) -> dict[int, tuple[float, float]]:
    """{sample_id: slope and its standard error by cluster}, significant or not; of a perfect line there is none."""
    wanted = ("sample_id", "form", "estimator", "slope", "slope_se")
    rows: Iterable[tuple[int, str, str, float | None, float | None]] = zip(
        *(estimates[name].to_pylist() for name in wanted), strict=True
    )
    return {
        sample_id: (slope, se)
        for sample_id, form, estimator, slope, se in rows
        if (form, estimator) == (FORM, ESTIMATOR) and slope is not None and se
    }


def _pooled(row_set: str, measure: str, of_all: pooling.Pooled, left_out: int) -> PooledSlope:
    return PooledSlope(
        row_set=row_set,
        compute_measure=measure,
        n_benchmarks=of_all.n,
        n_left_out=left_out,
        slope=number(of_all.mean),
        slope_se=number(of_all.se),
        slope_low=number(of_all.low),
        slope_high=number(of_all.high),
        slope_new_low=number(of_all.new_low),
        slope_new_high=number(of_all.new_high),
        tau_squared=number(of_all.tau_squared),
        i_squared=number(of_all.i_squared),
        q=number(of_all.q),
        q_p_value=number(of_all.q_p),
        status=judged(of_all.status, of_all.low, of_all.high),
    )


def _shrunken(ids: Sequence[int], of_each: pooling.Shrunken) -> Iterator[ShrunkenSlope]:
    figures = (of_each.value, of_each.se, of_each.low, of_each.high, of_each.weight)
    for sample_id, *of_one in zip(ids, *figures, strict=True):
        yield ShrunkenSlope(sample_id, *(number(value) for value in of_one))
