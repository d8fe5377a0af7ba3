"""The points of fits.samples as arrays, for what SQL cannot fit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flows.fits import forms, resampling
from flows.fits.line import Array

if TYPE_CHECKING:
    import duckdb

# The name of a set of points, in SQL.
NAME = "concat_ws('/', row_set, benchmark, metric, compute_measure, selection)"
# By 366 the last day of any year is before the next one.
_DAYS = 366
_LAST_DAY = 365 / _DAYS


def year_of(day: date) -> float:
    """A day of release as a year with its fraction, as `Sample.released` has it."""
    return day.year + (day.timetuple().tm_yday - 1) / _DAYS


# Equal is the one that is the same: of arrays nothing else is told at once.
@dataclass(frozen=True, eq=False)
class Sample:
    """A set of points: its number and name, and arrays over its points in an order that is the same in every build.

    `forms` are the lines declared for it (flows/declared/domains). `paper` numbers the clusters from 0: points that hang together
    because they are of one paper, model or training (`cluster` of fits.samples). `year` is NaN where none is known; `compute_sd`
    (of log10 of the computation) is NaN where the source gives no class of confidence. `released` is the day of release as a
    year with its fraction, NaN where the day is not known (None: of no point). `guessing` is the error of a model that guesses,
    NaN where none is declared.
    """

    sample_id: int
    name: str
    selection: str
    forms: tuple[str, ...]
    x: Array
    error: Array
    paper: NDArray[np.intp]
    year: Array
    compute_sd: Array
    released: Array | None = None
    guessing: float = math.nan

    @property
    def date(self) -> Array:
        """The day by which each point was known, as a year with its fraction: of those with a year alone its last day."""
        ends = self.year + _LAST_DAY
        return ends if self.released is None else np.where(np.isnan(self.released), ends, self.released)

    def __len__(self) -> int:
        """How many points."""
        return len(self.x)

    @property
    def curves(self) -> tuple[str, ...]:
        """The forms that are curves: the logistic one where the error of guessing is known."""
        return ("asymptotic",) if math.isnan(self.guessing) else ("asymptotic", "logistic")

    def part(self, kept: NDArray[np.bool_]) -> Sample:
        """The points of a mask."""
        return replace(
            self,
            x=self.x[kept],
            error=self.error[kept],
            paper=self.paper[kept],
            year=self.year[kept],
            compute_sd=self.compute_sd[kept],
            released=None if self.released is None else self.released[kept],
        )


def all_samples(con: duckdb.DuckDBPyConnection) -> list[Sample]:
    """All sets of points that have any, by their number."""
    declared, guessing = _declared_forms(con), _guessing(con)
    table = con.sql(
        f"select sample_id, {NAME} as name, selection, "
        "log10_compute, error, cluster, year::double as year, log10_compute_sd, "
        f"year(released_on) + (dayofyear(released_on) - 1) / {_DAYS} as released "
        "from fits.samples left join staging.compute_error using (confidence) order by sample_id, result_id"
    ).to_arrow_table()
    ids = table["sample_id"].to_numpy()
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    starts = np.flatnonzero(np.diff(ids, prepend=-1))
    return [
        Sample(
            int(ids[start]),
            str(columns["name"][start]),
            str(columns["selection"][start]),
            tuple(form for form in forms.LINES if (int(ids[start]), form) in declared),
            columns["log10_compute"][start:stop].astype(np.float64),
            columns["error"][start:stop].astype(np.float64),
            resampling.units(columns["cluster"][start:stop].astype(np.str_)),
            columns["year"][start:stop].astype(np.float64),
            columns["log10_compute_sd"][start:stop].astype(np.float64),
            columns["released"][start:stop].astype(np.float64),
            guessing.get(int(ids[start]), math.nan),
        )
        for start, stop in zip(starts, np.append(starts, len(ids))[1:], strict=True)
    ]


def _declared_forms(con: duckdb.DuckDBPyConnection) -> set[tuple[int, str]]:
    """(sample_id, form) of all that is declared."""
    return set(
        con.execute(
            "select sample_id, form from staging.fit "
            "join fits.sample_sets using (row_set, benchmark, metric, compute_measure, selection)"
        ).fetchall()
    )


def _guessing(con: duckdb.DuckDBPyConnection) -> dict[int, float]:
    """{sample_id: error of a model that guesses} where it is declared."""
    return dict(
        con.execute(
            "select distinct sample_id, error_of_guessing from staging.fit "
            "join fits.sample_sets using (row_set, benchmark, metric, compute_measure, selection) "
            "where error_of_guessing is not null"
        ).fetchall()
    )
