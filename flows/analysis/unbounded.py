"""Lines of benchmarks whose scores are no share of a full scale, as rows of fits.unbounded_lines.

Least squares of a form's response on log10 of computation. Points of one paper hang together, so that the interval of a slope is
that of the jackknife over papers (flows/fits/clustered.py); of fewer than three papers there is a line and no interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flows.columns import column, key
from flows.fits import clustered, forms, least_squares
from flows.fits.line import OK, Array, judged, number, slope_interval

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class UnboundedLine:
    """One row per benchmark without a full scale and form: its line through all points, or why there is none."""

    benchmark: str = key("the benchmark: key of staging.unbounded_benchmark")
    form: str = key("polynomial: log10 of performance = a + b log10 C; exponential: performance = a + b log10 C")
    n: int = column("points, one a training")
    n_papers: int = column(
        "papers that the points are from; a point without one counts under its developer or its model"
    )
    intercept: float | None = column("a; null where there is no line")
    slope: float | None = column("b; null where there is no line")
    slope_low: float | None = column("lower end of the slope's interval, by paper; null where it has none")
    slope_high: float | None = column("upper end of the same")
    residual_sd: float | None = column("standard deviation of the residuals, n - 2 degrees of freedom")
    log10_computation_min: float | None = column("least computation of the points, log10")
    log10_computation_max: float | None = column("most computation of the points, log10")
    status: str = column(
        "ok; slope_not_different_from_0; too_few_points, no_spread_in_x: no line; too_few_papers, perfect_leverage: a line "
        "without an interval"
    )


def lines(con: duckdb.DuckDBPyConnection, level: float) -> Iterator[UnboundedLine]:
    """The lines of all declared benchmarks and forms, with intervals that are to hold the slope with probability `level`."""
    declared = con.execute("select benchmark, form from staging.unbounded_form order by all").fetchall()
    for benchmark, form in declared:
        rows = con.execute(
            "select log10_computation, log10_performance, cluster from fits.unbounded_points where benchmark = ? "
            "order by measured_training",
            [benchmark],
        ).fetchall()
        x, log10_performance = (np.array([row[at] for row in rows], np.float64) for at in (0, 1))
        yield line(benchmark, form, x, log10_performance, np.array([row[2] for row in rows], np.str_), level)


def line(
    benchmark: str,
    form: str,
    x: Array,
    log10_performance: Array,
    paper: NDArray[np.str_],
    level: float,
) -> UnboundedLine:
    """The line of a form through points.

    x, log10_performance and paper have the shape (n,): log10 of computation, log10 of the performance whose inverse the form
    takes for an error, and which points hang together.

    Raises:
        flows.fits.line.FitError: a value is not finite.
    """
    y = forms.response(form, 10.0**-log10_performance)
    # The line is the same; only the jackknife needs three papers.
    plain, by_paper = least_squares.ols(x, y), clustered.cluster_robust(x, y, paper)
    low, high = slope_interval(by_paper, level)
    return UnboundedLine(
        benchmark,
        form,
        len(x),
        len(np.unique(paper)),
        number(plain.intercept),
        number(plain.slope),
        number(low),
        number(high),
        number(plain.residual_sd),
        number(x.min()) if len(x) else None,
        number(x.max()) if len(x) else None,
        judged(by_paper.status, low, high) if plain.status == OK else plain.status,
    )
