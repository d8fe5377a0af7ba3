"""The sets of points of the warehouse as a test reads them, rows of its tables, and what oracles share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import statsmodels.api as sm
from scipy import optimize

from flows.readers.row_types import Model, Operations, Result
from flows.warehouse import connection

Array = np.ndarray


FORMS = ("polynomial", "exponential")


KEYS = ["row_set", "benchmark", "metric", "compute_measure"]


# As declared in flows/declared/estimation.toml.
LEVEL, RANGES = 0.95, 1.0
# The selections that keep points for their low error.
CHOSEN = ("best_per_paper", "best_per_year", "frontier")


@dataclass(frozen=True)
class Points:
    """A set of points as fits.samples has it, by its own reading; `paper` is the cluster."""

    sample_id: int
    name: tuple[str, ...]
    x: Array
    error: Array
    paper: Array
    year: Array
    confidence: Array

    def y(self, form: str) -> Array:
        return -np.log10(self.error) if form == "polynomial" else 1 / self.error

    def ols(self, form: str) -> Any:
        return sm.OLS(self.y(form), sm.add_constant(self.x)).fit()

    def only(self, kept: Array) -> Points:
        fields = ("x", "error", "paper", "year", "confidence")
        return replace(self, **{field: getattr(self, field)[kept] for field in fields})


def sets_of(path: Path) -> dict[int, Points]:
    """{sample_id: points} of a warehouse."""
    with connection.connect(path, read_only=True) as con:
        frame = con.execute("from fits.samples").df()
    return {
        int(number): Points(
            int(number),
            tuple(told[column].iloc[0] for column in (*KEYS, "selection")),
            *(told[column].to_numpy(np.float64) for column in ("log10_compute", "error")),
            told["cluster"].to_numpy(str),
            told["year"].to_numpy(np.float64, na_value=np.nan),
            told["confidence"].to_numpy(object),
        )
        for number, told in frame.groupby("sample_id")
    }


def named(sets: dict[int, Points], *name: str) -> Points:
    (found,) = (points for points in sets.values() if points.name == name)
    return found


def some(sets: dict[int, Points]) -> list[Points]:
    """Sets of every kind, none so large that an oracle takes long."""
    return [
        points
        for points in sets.values()
        if points.name[-1] == "all"
        and 3 <= len(points.x) < 300
        and (points.name[0] != "current" or points.name[1] in ("squad", "conll", "mmlu", "piqa"))
    ]


def rows(db: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = db.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def estimates(db: duckdb.DuckDBPyConnection, estimator: str) -> dict[tuple[int, str], dict[str, Any]]:
    found = rows(db, f"from fits.estimates where estimator = '{estimator}'")
    return {(row["sample_id"], row["form"]): row for row in found}


def of_some(sets: dict[int, Points], told: dict[tuple[int, str], Any]) -> Iterator[tuple[Points, str, dict[str, Any]]]:
    chosen = [(points, form) for points in some(sets) for form in FORMS]
    assert len(chosen) >= 40
    for points, form in chosen:
        yield points, form, told[points.sample_id, form]


def interval(row: dict[str, Any]) -> tuple[float, float]:
    return row["slope_low"], row["slope_high"]


def jackknife(points: Points, form: str) -> Array:
    """The lines (intercept, slope) without each paper."""
    papers = np.unique(points.paper)
    without = [points.only(points.paper != paper) for paper in papers]
    return np.array([np.polyfit(left.x, left.y(form), 1)[::-1] for left in without])


def of_jackknife(lines: Array) -> Array:
    """The covariance matrix of intercept and slope from the lines without each paper."""
    apart = lines - lines.mean(axis=0)
    return np.asarray(apart.T @ apart * (len(lines) - 1) / len(lines))


def drawn(points: Points, form: str, unit: Array, seed: int = 7, resamples: int = 10_000) -> tuple[Array, Array, Array]:
    """Intercepts, slopes, and slopes of the other direction turned, over resamples of whole units."""
    rng = np.random.default_rng(seed)
    _, unit = np.unique(unit, return_inverse=True)
    counts = rng.multinomial(unit.max() + 1, np.full(unit.max() + 1, 1 / (unit.max() + 1)), resamples)[:, unit]
    x, y = points.x - points.x.mean(), points.y(form)
    n = counts.sum(axis=1)
    mean_x, mean_y = counts @ x / n, counts @ y / n
    xx, xy, yy = (
        counts @ (x * x) / n - mean_x**2,
        counts @ (x * y) / n - mean_x * mean_y,
        counts @ (y * y) / n - mean_y**2,
    )
    slope = xy / xx
    return mean_y - slope * (mean_x + points.x.mean()), slope, yy / xy


def near(found: tuple[float | None, float | None], draws: Array) -> bool:
    """Within what the ends of two bootstraps of 10,000 resamples differ by: the share beyond each has an error of 0.16 %."""
    return all(
        np.quantile(draws, tail - 0.008, method="lower")
        <= (math.inf if end is None else end)
        <= np.quantile(draws, tail + 0.008, method="higher")
        for end, tail in zip(found, (0.025, 0.975), strict=True)
    )


BOOTSTRAPPED = [
    ("paper_v2", "imagenet", "top1", "network_operations", "all"),
    ("paper_v1", "squad", "f1", "hardware_burden", "all"),
    ("current", "mmlu", "accuracy", "training_compute", "all"),
]


PROJECTED = [
    ("paper_v1", "imagenet", "top1", "hardware_burden", "all"),
    ("paper_v1", "wmt_en_de", "bleu", "hardware_burden", "all"),  # no slope to speak of
    ("paper_v2", "imagenet", "top1", "network_operations", "all"),
    ("paper_v2", "squad", "em", "hardware_burden", "all"),
    ("current", "conll", "f1", "hardware_burden", "all"),
]


def curve(x: Array, error: Array) -> tuple[float, float, float, float]:
    """E, log10 A, b of error = E + A C^-b with the least squares, by a fine search of b; and their sum."""
    z, spread = x - x.mean(), np.ptp(x)

    def linear(b: float) -> tuple[Array, float]:
        terms = np.column_stack([np.ones_like(z), 10 ** (-b * z)])
        found, left = optimize.nnls(terms, error)
        return found, float(left) ** 2

    tried = np.geomspace(1e-4, 20 / spread, 400)
    sums = np.array([linear(b)[1] for b in tried])
    at = int(sums.argmin())
    ends = tried[max(at - 1, 0)], tried[min(at + 1, len(tried) - 1)]
    best = optimize.minimize_scalar(lambda b: linear(b)[1], bounds=ends, method="bounded", options={"xatol": 1e-12})
    (level, amplitude), total = linear(best.x)
    return level, math.log10(amplitude) + best.x * x.mean(), float(best.x), total


IMAGENET = ("imagenet", "top1", "operations_per_pass")


def record(name: str, top1: float, flop: float = 1e9, source: str = "zoo", **model: Any) -> tuple[Any, ...]:
    return source, Model(name, **model), Result("imagenet", "top1", top1), Operations("imagenet", flop, "flop")


def arxiv(number: str) -> str:
    return f"https://arxiv.org/abs/{number}"


def names_of(con: duckdb.DuckDBPyConnection, selection: str) -> set[str]:
    found = con.execute(
        "select models.name from fits.samples join core.models as models using (model_id) "
        "where benchmark = 'imagenet' and metric = 'top1' and compute_measure = 'operations_per_pass' and selection = ?",
        [selection],
    )
    return {name for (name,) in found.fetchall()}
