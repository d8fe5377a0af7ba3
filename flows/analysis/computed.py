"""The tables that Python computes between two SQL files: what they are, what they read, and their rows.

Every set of points is a piece of work of its own: its arrays, and what is declared for it. Pieces are computed in processes of
their own, or taken over from the published warehouse where nothing that they depend on has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from flows import columns
from flows.analysis import (
    costs,
    curves,
    estimates,
    form_scores,
    pooled,
    predictions,
    projections,
    samples,
    stacked,
    unbounded,
)
from flows.analysis.fitters import Answer, Fitting
from flows.analysis.samples import Sample
from flows.batches import batches
from flows.declared.setting_types import FitRule
from flows.fits.selections import is_chosen
from flows.warehouse import keys
from flows.warehouse.kept import NOTHING, SAMPLE, Kept, Keys

if TYPE_CHECKING:
    import duckdb

_POINTS = ("fits.samples", "fits.sample_sets", "staging.fit", "staging.fit_rule")
_PRICED = ("core.scenarios", "core.scenario_prices", "staging.fit_rule")
TABLES: dict[str, type[Any]] = {
    "fits.estimates": estimates.Estimate,
    "fits.bootstrap_intervals": estimates.BootstrapInterval,
    "fits.projections": projections.Projection,
    "fits.form_scores": form_scores.FormScore,
    "fits.time_splits": form_scores.TimeSplit,
    "fits.time_terms": form_scores.TimeTerm,
    "fits.calibrations": predictions.CalibrationRow,
    "fits.prediction_scores": predictions.PredictionScore,
    "fits.form_weights": predictions.FormWeight,
    "fits.unit_costs": costs.UnitCost,
    "fits.costs": costs.Cost,
    "fits.pooled_slopes": pooled.PooledSlope,
    "fits.shrunken_slopes": pooled.ShrunkenSlope,
    "fits.unbounded_lines": unbounded.UnboundedLine,
}
# What each is computed from. All are made at once, when all that any of them reads is there.
READS: dict[str, tuple[str, ...]] = {
    "fits.estimates": (*_POINTS, "staging.compute_error", "staging.estimator"),
    "fits.bootstrap_intervals": _POINTS,
    "fits.projections": (*_POINTS, "fits.targets", "staging.estimator"),
    "fits.form_scores": (*_POINTS, "staging.estimator"),
    "fits.time_splits": (*_POINTS, "staging.estimator"),
    "fits.time_terms": (*_POINTS, "staging.estimator"),
    "fits.calibrations": (*_POINTS, "staging.estimator"),
    "fits.prediction_scores": (*_POINTS, "staging.estimator"),
    "fits.form_weights": (*_POINTS, "staging.estimator"),
    "fits.unit_costs": _PRICED,
    "fits.costs": (*_POINTS, "fits.targets", *_PRICED[:2]),
    "fits.pooled_slopes": (*_POINTS, "staging.estimator"),
    "fits.shrunken_slopes": (*_POINTS, "staging.estimator"),
    "fits.unbounded_lines": ("fits.unbounded_points", "staging.unbounded_form", "staging.fit_rule"),
}
# Those that have rows of each set of points.
_OF_SETS = tuple(
    name
    for name in TABLES
    if name not in ("fits.unit_costs", "fits.pooled_slopes", "fits.shrunken_slopes", "fits.unbounded_lines")
)
# Where a process had fewer points than this to fit, starting it would take longer than to fit them here.
_POINTS_A_PROCESS = 3_000
# Sets handed to a process at once: few and large, for each costs a message both ways.
_BATCHES = 12


@dataclass(frozen=True)
class Work:
    """One set of points and what is to be computed of it; `goals` are the errors whose cost is asked, for a measure in a unit."""

    sample: Sample
    estimators: tuple[str, ...]
    targets: tuple[tuple[str, float], ...]
    measure: str = ""
    unit: str = ""
    goals: tuple[costs.Goal, ...] = ()


@dataclass(frozen=True)
class Grounds:
    """What all sets share."""

    rule: FitRule
    scenarios: tuple[costs.Scenario, ...]


@dataclass
class Tables:
    """The computed tables of one build: what `flows.warehouse.transform.Computed` asks for.

    `kept` is what the published warehouse has, `keys` are those under which each set can be taken over, and `fitters` gives the
    processes to compute in, if there is enough to compute.
    """

    kept: Kept = NOTHING
    keys: Keys = field(default_factory=Keys)
    fitters: Callable[[int], Fitting | None] | None = None
    row_types: Mapping[str, type[Any]] = field(default_factory=lambda: TABLES)
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: READS)
    busy: int = 0
    _parts: list[Mapping[str, pa.Table]] = field(default_factory=list)
    _answers: list[Answer] = field(default_factory=list)
    _fitting: Fitting | None = None
    _unit_costs: pa.Table = field(default_factory=lambda: columns.schema(costs.UnitCost).empty_table())
    _headlines: list[pooled.Headline] = field(default_factory=list)
    _level: float = 0.0
    _unbounded: list[unbounded.UnboundedLine] = field(default_factory=list)

    def start(self, con: duckdb.DuckDBPyConnection) -> None:
        """Take the points from the warehouse, and have computed what cannot be taken over."""
        grounds = grounds_of(con)
        works = list(works_of(con, grounds.rule.points_min))
        self._unit_costs, numbers = unit_costs(grounds), {}
        self._headlines, self._level = pooled.headlines(con), grounds.rule.level
        if not self.kept.is_empty:
            numbers = _numbers(self.kept)
        # A dozen lines: fewer than it would take to tell which are as they were.
        self._unbounded = list(unbounded.lines(con, grounds.rule.level))
        left = []
        for at, work in enumerate(works):
            key = key_of(work, grounds)
            self.keys.add(SAMPLE, work.sample.name, key)
            number = numbers.get(work.sample.name) if self.kept.has(SAMPLE, work.sample.name, key) else None
            if number is None:
                left.append(at)
            else:
                self._parts.append(_taken_over(self.kept, work.sample, number))
        many = sum(len(works[at].sample) for at in left) // _POINTS_A_PROCESS
        fitters = self.fitters(many) if self.fitters is not None and many else None
        self.busy = 0 if fitters is None else fitters.busy
        for batch in batches(left, [_effort(work) for work in works], _BATCHES):
            self._answers.append(_submitted(fitters, [works[at] for at in batch], grounds))
        if fitters is not None:
            fitters.finish()
            self._fitting = fitters

    def tables(self) -> Mapping[str, pa.Table]:
        """{table: its content}, sets in the order of their numbers, whoever computed them."""
        if self._fitting is not None:
            self._fitting.join_in()
        self._parts += [answer.result() for answer in self._answers]
        of_sets = {name: _in_order(name, self._parts) for name in _OF_SETS}
        together = pooled.tables(self._headlines, of_sets["fits.estimates"], self._level)
        lines = columns.table(unbounded.UnboundedLine, self._unbounded)
        return of_sets | together | {"fits.unit_costs": self._unit_costs, "fits.unbounded_lines": lines}


def _submitted(fitters: Fitting | None, works: list[Work], grounds: Grounds) -> Answer:
    if fitters is not None:
        return fitters.submit(works, grounds)
    done: Future[dict[str, pa.Table]] = Future()
    done.set_result(computed(works, grounds))
    return done


def computed(works: Sequence[Work], grounds: Grounds) -> dict[str, pa.Table]:
    """{table: rows of these sets, one set after the other}."""
    rows: dict[str, list[Any]] = {}
    # One thread: on small matrices BLAS's others cost more than they give, and sums would differ in their last bits.
    with threadpool_limits(1):
        spreads = _spreads(grounds.rule)
        for work in works:
            for name, of_set in _rows(work, grounds, spreads).items():
                rows.setdefault(name, []).extend(of_set)
    # Few tables of many rows: of thousands with some rows each the columns would take more memory than what is in them.
    return {name: columns.table(TABLES[name], of_sets) for name, of_sets in rows.items()}


@cache
def _spreads(rule: FitRule) -> costs.Spreads:
    """Draws of prices and the like, which all batches of a process share."""
    return costs.Spreads(rule)


def _rows(work: Work, grounds: Grounds, spreads: costs.Spreads) -> dict[str, list[Any]]:
    sample, rule = work.sample, grounds.rule
    draws = estimates.resampled(sample, rule)
    fitted = curves.curves(sample, rule.level) if estimates.NLS in work.estimators else []
    # Where papers are told apart, what later ones had is held against what was predicted.
    found = predictions.rolled(sample, rule) if "ols_cluster" in work.estimators else None
    by = found.calibrations if found is not None else {}
    rows: dict[str, list[Any]] = {
        "fits.estimates": list(estimates.estimates(sample, list(work.estimators), fitted, rule.level, rule.seed)),
        "fits.bootstrap_intervals": list(estimates.bootstrap(sample, draws, rule.level)),
        "fits.projections": list(projections.projections(sample, draws, fitted, list(work.targets), rule, by)),
    }
    if found is not None:
        rows["fits.calibrations"] = list(predictions.calibrations(found, rule))
        rows["fits.prediction_scores"] = list(predictions.scores(found, rule))
        rows["fits.form_weights"] = list(predictions.form_weights(found))
        rows["fits.projections"] += stacked.projections(sample, found.weights.of_forms, work.targets, rule)
    if fitted:
        rows["fits.form_scores"] = list(form_scores.form_scores(sample, fitted))
        rows["fits.time_splits"] = list(form_scores.time_splits(sample, rule.level))
        rows["fits.time_terms"] = [form_scores.time_term(sample, rule)]
    if work.goals:
        priced = costs.costs(sample, work.measure, work.unit, work.goals, grounds.scenarios, spreads)
        weights = found.weights.of_forms if found is not None else {}
        mixed = costs.stacked_costs(sample, weights, work.measure, work.unit, work.goals, grounds.scenarios, spreads)
        rows["fits.costs"] = [*priced, *mixed]
    return rows


def unit_costs(grounds: Grounds) -> pa.Table:
    """What 1e9 FLOP cost in each scenario."""
    return columns.table(costs.UnitCost, list(costs.unit_costs(grounds.scenarios, _spreads(grounds.rule))))


def key_of(work: Work, grounds: Grounds) -> str:
    """All that the rows of a set depend on, but its number."""
    sample = work.sample
    arrays = (sample.x, sample.error, sample.paper, sample.year, sample.compute_sd, sample.date)
    return keys.digest(
        keys.code("flows.analysis.computed"),
        keys.versions("numpy", "scipy", "pyarrow"),
        sample.name,
        repr((sample.forms, sample.guessing)),
        *(part for array in arrays for part in (array.dtype.str, array.tobytes())),
        repr((work.estimators, work.targets, work.measure, work.unit, work.goals)),
        repr(grounds.rule),
        repr(grounds.scenarios) if work.goals else "",
    )


def grounds_of(con: duckdb.DuckDBPyConnection) -> Grounds:
    """The rule of all fits, and the scenarios of all costs."""
    rule = FitRule(*con.execute("select * from staging.fit_rule").fetchall()[0])
    return Grounds(rule, tuple(costs.all_scenarios(con)))


def works_of(con: duckdb.DuckDBPyConnection, points_min: int) -> Iterator[Work]:
    """Every set that has points enough for a line, by its number."""
    estimators, targets, goals = _estimators(con), _targets(con), _goals(con)
    for sample in samples.all_samples(con):
        if len(sample) >= points_min:
            yield Work(
                sample,
                tuple(estimators.get(sample.selection, ())),
                tuple(targets.get(sample.sample_id, ())),
                *goals.get(sample.sample_id, ()),
            )


def _effort(work: Work) -> float:
    """About what a set takes, in milliseconds of a quiet processor: some for each, for its draws, its curves and its costs."""
    sample, points = work.sample, len(work.sample)
    effort = 3.0
    if sample.forms and not is_chosen(sample.selection):
        effort += 0.15 * points
    if len(work.estimators) > 1:
        effort += 5.0
    if estimates.NLS in work.estimators:
        # The curves without each paper go through all points for each.
        effort += 25.0 + 0.2 * points + 2e-4 * points * len(np.unique(sample.paper))
    return effort + (20.0 if work.goals else 0.0)


def _in_order(name: str, parts: Iterable[Mapping[str, pa.Table]]) -> pa.Table:
    """The rows of all parts by the number of their set, and of each in the order that they have."""
    of_sets = [part[name] for part in parts if name in part]
    whole = pa.concat_tables([columns.schema(TABLES[name]).empty_table(), *of_sets])
    return whole.take(np.argsort(whole["sample_id"].to_numpy(), kind="stable"))


def _taken_over(kept: Kept, sample: Sample, number: int) -> dict[str, pa.Table]:
    """The rows of a set out of the published tables, in which it has this number, under the one that it has now."""
    tables = {}
    for name in _OF_SETS:
        rows = kept.part(name, ("sample_id",), (number,))
        if len(rows):
            at = rows.column_names.index("sample_id")
            tables[name] = rows.set_column(at, "sample_id", pa.array([sample.sample_id] * len(rows), pa.int64()))
    return tables


def _numbers(kept: Kept) -> dict[str, int]:
    """{name of a set: its number} in the published warehouse."""
    return dict(kept.query(f"select {samples.NAME}, sample_id from fits.sample_sets"))


def _estimators(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    by_selection: dict[str, list[str]] = {}
    for estimator, selection in con.execute("select estimator, selection from staging.estimator").fetchall():
        by_selection.setdefault(selection, []).append(estimator)
    return by_selection


def _targets(con: duckdb.DuckDBPyConnection) -> dict[int, list[tuple[str, float]]]:
    """{sample_id: targets and their errors}."""
    by_set: dict[int, list[tuple[str, float]]] = {}
    rows = con.execute("select sample_id, target, error from fits.targets where error > 0").fetchall()
    for sample_id, target, error in rows:
        by_set.setdefault(sample_id, []).append((target, error))
    return by_set


def _goals(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[str, str, tuple[costs.Goal, ...]]]:
    """{sample_id: compute measure, its unit, targets} of the sets of points whose computation has a price."""
    by_set: dict[int, tuple[str, str, list[costs.Goal]]] = {}
    rows = con.execute(
        "select sample_id, compute_measure, compute_unit, target, error, published "
        "from fits.sample_sets join fits.targets using (sample_id) where is_headline and error > 0 order by all"
    ).fetchall()
    for sample_id, measure, unit, target, error, published in rows:
        if measure in costs.BASES:
            by_set.setdefault(sample_id, (measure, unit, []))[2].append(costs.Goal(target, error, published))
    return {sample_id: (measure, unit, tuple(goals)) for sample_id, (measure, unit, goals) in by_set.items()}
