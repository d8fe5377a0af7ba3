"""Statements for the register of forecasts, made from a built warehouse and what had been released by a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

import flows
from flows import paths
from flows.analysis import samples
from flows.answers import queries
from flows.declared import forecast_register
from flows.declared.forecast_register import RegisterError
from flows.fits import forecasting, resampling, rolling
from flows.fits.forecasting import Distribution
from flows.fits.line import Array

_SUBJECT = ("row_set", "benchmark", "metric", "compute_measure", "selection")
# Results of half a decade of computation, and of a factor of 1.26 in error, are about a statement.
_WITHIN_COMPUTATION, _WITHIN_ERROR = 0.25, 0.1
_DECIMALS = 6


@dataclass(frozen=True)
class Known:
    """A set of points with a day of release up to a day; arrays (n,), `cluster` as in fits.samples."""

    subject: tuple[str, ...]
    day: date
    x: Array
    log10_error: Array
    released: list[date]
    cluster: NDArray[np.intp]

    @property
    def date(self) -> Array:
        """The days as years with their fraction."""
        return np.array([samples.year_of(day) for day in self.released])


def register(path: Path, until: date | None, years: int, benchmark: str | None = None) -> tuple[int, Path]:
    """Write statements on each of the next `years` years to the register; returns how many, and where it is.

    Without `until` they are from all that the warehouse has, and its own day; with an earlier one they are hindcasts.

    Raises:
        RegisterError: one of them is registered already, the day is after the warehouse's, or nothing is known by it.
        flows.answers.queries.QueryError: there is no warehouse, or it was built by another version.
    """
    with queries.of_this_version(path), queries.connect(path) as con:
        made_on, warehouse = _grounds(con)
        day = made_on if until is None else until
        if day > made_on:
            raise RegisterError(f"the warehouse's newest page is of {made_on}: nothing can be told by {day}")
        level = con.execute("select level from staging.fit_rule").fetchall()[0][0]
        common = {
            "kind": "forecast" if day == made_on else "hindcast",
            "made_on": made_on.isoformat(),
            "information_until": day.isoformat(),
        }
        made = [
            common | one | {"warehouse": warehouse, "code_version": flows.__version__}
            for known in _sets(con, day)
            if benchmark in (None, known.subject[1])
            for one in statements(known, years, level)
        ]
    if not made:
        raise RegisterError(
            f"no set of points has {rolling.PAPERS_MIN} papers or models by {day} and a result of the two years before"
        )
    where = paths.register()
    return forecast_register.append(where, made, paths.register_in_use()), where


def _grounds(con: duckdb.DuckDBPyConnection) -> tuple[date, str]:
    """The day of the newest page, and the key of the build."""
    newest = con.execute("select max(newest_retrieved_on) from staging.source_reading").fetchall()[0][0]
    keys = con.execute("select key from meta.kept_keys where kind = 'build'").fetchall()
    if not keys:
        raise RegisterError("the warehouse has no key of its build; run `compute-limits build`")
    return newest, keys[0][0]


def _sets(con: duckdb.DuckDBPyConnection, day: date) -> Iterator[Known]:
    """The leading sets of points of current with papers enough and a result of the last two years, in their order."""
    rows = con.execute(
        f"select {', '.join(_SUBJECT)}, log10_compute, log10(error), released_on, cluster from fits.samples "
        "join fits.sample_sets using (sample_id, row_set, benchmark, metric, compute_measure, selection) "
        "where row_set = 'current' and is_headline and released_on <= ? order by sample_id, result_id",
        [day],
    ).fetchall()
    by_set: dict[tuple[str, ...], list[Any]] = {}
    for row in rows:
        by_set.setdefault(row[:5], []).append(row[5:])
    for subject, points in by_set.items():
        x, log10_error, released, clusters = zip(*points, strict=True)
        cluster = resampling.units(np.array(clusters, dtype=np.str_))
        if len(set(clusters)) >= rolling.PAPERS_MIN and max(released) > _years_on(day, -2):
            yield Known(subject, day, np.array(x), np.array(log10_error), list(released), cluster)


def _years_on(day: date, years: int) -> date:
    """The same day of another year; of 29 February the day before it where there is none."""
    ahead = day.year + years
    is_leap = ahead % 4 == 0 and (ahead % 100 != 0 or ahead % 400 == 0)
    return day.replace(year=ahead, day=day.day if is_leap or (day.month, day.day) != (2, 29) else 28)


def statements(known: Known, years: int, level: float) -> Iterator[dict[str, Any]]:
    """What is stated on each year: errors at computations, computations of errors, and growth of the computation."""
    top = np.floor(2 * known.x.max()) / 2
    least = np.round(known.log10_error.min(), 1)
    for year in range(1, years + 1):
        to = samples.year_of(known.day) + year - 0.5
        window = {
            "horizon_start": _years_on(known.day, year - 1).isoformat(),
            "horizon_end": _years_on(known.day, year).isoformat(),
            "horizon_years": year,
        } | dict(zip(_SUBJECT, known.subject, strict=True))
        about = (
            ("error_at_computation", known.x, known.log10_error, (top - 1, top - 0.5, top), _WITHIN_COMPUTATION),
            ("computation_of_error", known.log10_error, known.x, (least, least + 0.2), _WITHIN_ERROR),
        )
        for quantity, predictor, value, places, within in about:
            for at in places:
                said = {"quantity": quantity, "at_log10": round(float(at), _DECIMALS), "within_decades": within}
                for method, found in _methods(known, predictor, value, float(at), to, year, level).items():
                    yield window | said | _told(method, found)
        for method, found in _growth(known, year).items():
            yield (
                window
                | {"quantity": "computation_growth", "at_log10": None, "within_decades": None}
                | _told(method, found)
            )


def _methods(
    known: Known, predictor: Array, value: Array, at: float, to: float, year: int, level: float
) -> dict[str, Distribution]:
    found = {
        "line": forecasting.by_line(predictor, value, at),
        "calibrated": forecasting.calibrated(predictor, value, known.date, known.cluster, at, year - 0.5, level),
        "last_value": forecasting.last_value(known.date, value, to, drift=False),
        "drift": forecasting.last_value(known.date, value, to, drift=True),
    }
    return {method: one for method, one in found.items() if one is not None}


def _growth(known: Known, year: int) -> dict[str, Distribution]:
    one, two = _years_on(known.day, -1), _years_on(known.day, -2)
    recent = np.array([day > one for day in known.released])
    before = np.array([two < day <= one for day in known.released])
    return forecasting.growth(known.date, known.x, recent, before, year)


def _told(method: str, found: Distribution) -> dict[str, Any]:
    return {
        "method": method,
        "location": round(found.location, _DECIMALS),
        "scale": max(round(found.scale, _DECIMALS), 10**-_DECIMALS),
        "degrees_of_freedom": float(found.degrees_of_freedom),
        "quantiles": [
            [level, round(float(value), _DECIMALS)]
            for level, value in zip(forecasting.LEVELS, found.quantiles(), strict=True)
        ],
    }
