"""What is told of one new model: the computation with which it may reach an error, by the line and calibrated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import numpy as np

from flows.analysis.predictions import EQUAL
from flows.analysis.projections import calibrated
from flows.analysis.samples import Sample
from flows.fits import clustered, least_squares, projection
from flows.fits.calibration import SCORED_MIN, Calibration
from flows.fits.forms import response
from flows.fits.line import OK, number

_SCORES = "coverage_nominal", "coverage_calibrated", "n_scored"


def told(
    con: duckdb.DuckDBPyConnection, sample: Sample, form: str, error: float, level: float, log10_gflop: float
) -> dict[str, Any]:
    """Its intervals, log10 of Gflop, and how many later results such intervals held over rolling origins.

    `log10_gflop` is that of one of the sample's unit. The calibrated ends are null where fewer than 20 papers were scored, or
    where they are not bounded; `calibration` says which.
    """
    y = response(form, sample.error)
    line, target = least_squares.ols(sample.x, y), float(response(form, np.array([error]))[0])
    by, status, papers = _calibration(con, sample.sample_id, form)
    nominal, reached = (math.nan, math.nan), math.nan
    if line.status == OK and line.slope > 0:
        # By cluster, as the line's own interval, which a new point cannot be surer than.
        clusters = clustered.cluster_robust(sample.x, y, sample.paper)
        solved = projection.solve(clusters if clusters.status == OK else line, target, level, new=True)
        nominal, reached = (solved.low, solved.high), solved.x
    ends = {"nominal": nominal, "calibrated": calibrated(line, by, target)}
    figures = {
        f"log10_gflop_{name}_{end}": number(x + log10_gflop)
        for name, interval in ends.items()
        for end, x in zip(("low", "high"), interval, strict=True)
    }
    told = {"calibration": status, "papers_scored": papers, "log10_gflop": number(reached + log10_gflop)}
    return figures | _scores(con, sample.sample_id, form) | told


def lines(new: dict[str, Any], interval: str, power: Callable[[float | None], str]) -> Iterator[str]:
    """The answer as text; `interval` stands before each interval, `power` writes ten to a power."""
    yield _row(
        "one new model, by the line", interval, *(power(new[f"log10_gflop_nominal_{end}"]) for end in ("low", "high"))
    )
    if new["calibration"] != OK:
        yield (
            f"  none calibrated: later results of {new['papers_scored']} papers or models were predicted, "
            f"{SCORED_MIN} are needed"
        )
        return
    low, high = (new[f"log10_gflop_calibrated_{end}"] for end in ("low", "high"))
    yield _row(
        "one of the next year, calibrated",
        interval,
        "any" if low is None else power(low),
        "unbounded" if high is None else power(high),
    )
    if high is not None and new["log10_gflop"] is not None and new["log10_gflop"] > high:
        yield "  all below the line: later results needed less computation than it said"
    if new["coverage_calibrated"] is None:
        yield f"  by what earlier predictions missed; too few came later ({new['n_scored']}) to say how often it held"
    else:
        yield (
            f"  which held {new['coverage_calibrated']:.0%} of later results ({new['n_scored']} papers or models), "
            f"by the line {new['coverage_nominal']:.0%}"
        )


def _row(what: str, interval: str, low: str, high: str) -> str:
    """As the rows of a cost, whose intervals begin in this column."""
    return f"  {what:<38}{interval}{low} … {high}"


def weights(con: duckdb.DuckDBPyConnection, sample_id: int) -> dict[str, dict[str, Any]]:
    """{form: its weight in the stacked projection, the papers that it was scored on, and what it rests on}."""
    rows = con.execute(
        "select form, weight, n_scored, basis from fits.form_weights where sample_id = ? order by form", [sample_id]
    ).fetchall()
    return {form: {"weight": weight, "n_scored": n, "basis": basis} for form, weight, n, basis in rows}


def weight_lines(given: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What the forms count in the stacked projection, as text."""
    shown = ", ".join(f"{form} {one['weight']:.1%}" for form, one in given.items())
    scored, basis = next((one["n_scored"], one["basis"]) for one in given.values())
    why = f"by how they predicted {scored} papers or models"
    if basis == EQUAL:
        why = f"equal: {scored} papers or models came later, {SCORED_MIN} are needed"
    yield f"  weights: {shown}; {why}"


def _calibration(
    con: duckdb.DuckDBPyConnection, sample_id: int, form: str
) -> tuple[Calibration | None, str | None, int]:
    rows = con.execute(
        "select drift_per_year, half_width, n_scored, status from fits.calibrations where sample_id = ? and form = ?",
        [sample_id, form],
    ).fetchall()
    if not rows:
        return None, None, 0
    drift, half, papers, status = rows[0]
    return (Calibration(drift, half, papers) if status == OK else None), status, papers


def _scores(con: duckdb.DuckDBPyConnection, sample_id: int, form: str) -> dict[str, Any]:
    rows = con.execute(
        f"select {', '.join(_SCORES)} from fits.prediction_scores where sample_id = ? and form = ? and horizon = '1'",
        [sample_id, form],
    ).fetchall()
    return dict(zip(_SCORES, rows[0] if rows else (None, None, 0), strict=True))
