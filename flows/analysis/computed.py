"""The tables that Python computes between two SQL files: what they are, what they read, and their rows."""

from __future__ import annotations

from typing import Any

import duckdb
from threadpoolctl import threadpool_limits

from flows.analysis import costs, estimates, form_scores, projections, samples
from flows.analysis.samples import Sample
from flows.declared.setting_types import FitRule
from flows.fits import asymptotic

_POINTS = ("fits.samples", "fits.sample_sets", "staging.fit", "staging.fit_rule")
_PRICED = ("core.scenarios", "core.scenario_prices", "staging.fit_rule")
TABLES: dict[str, type[Any]] = {
    "fits.estimates": estimates.Estimate,
    "fits.bootstrap_intervals": estimates.BootstrapInterval,
    "fits.projections": projections.Projection,
    "fits.form_scores": form_scores.FormScore,
    "fits.time_splits": form_scores.TimeSplit,
    "fits.time_terms": form_scores.TimeTerm,
    "fits.unit_costs": costs.UnitCost,
    "fits.costs": costs.Cost,
}
# What each is computed from. All are made at once, when all that any of them reads is there.
READS: dict[str, tuple[str, ...]] = {
    "fits.estimates": (*_POINTS, "staging.compute_error", "staging.estimator"),
    "fits.bootstrap_intervals": _POINTS,
    "fits.projections": (*_POINTS, "fits.targets"),
    "fits.form_scores": (*_POINTS, "staging.estimator"),
    "fits.time_splits": (*_POINTS, "staging.estimator"),
    "fits.time_terms": (*_POINTS, "staging.estimator"),
    "fits.unit_costs": _PRICED,
    "fits.costs": (*_POINTS, "fits.targets", *_PRICED[:2]),
}
NEEDED = tuple(sorted({read for reads in READS.values() for read in reads}))
# Fewer points are fitted by nobody; fits.ols says so.
_POINTS_MIN = 3


def rows(con: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    """{table: rows} of all tables, from the tables that are read."""
    rule = FitRule(*con.execute("select * from staging.fit_rule").fetchall()[0])
    estimators, targets = _estimators(con), _targets(con)
    scenarios, spreads, asked = costs.all_scenarios(con), costs.Spreads(rule), _asked(con)
    found: dict[str, list[Any]] = {name: [] for name in TABLES}
    # One thread: on small matrices BLAS's others cost more than they give, and sums would differ in their last bits.
    with threadpool_limits(1):
        found["fits.unit_costs"] += costs.unit_costs(scenarios, spreads)
        for sample in samples.all_samples(con):
            if len(sample) >= _POINTS_MIN:
                _add(found, sample, rule, estimators.get(sample.selection, []), targets.get(sample.sample_id, []))
            if len(sample) >= _POINTS_MIN and sample.sample_id in asked:
                found["fits.costs"] += costs.costs(sample, *asked[sample.sample_id], scenarios, spreads)
    return found


def _add(
    found: dict[str, list[Any]], sample: Sample, rule: FitRule, estimators: list[str], targets: list[tuple[str, float]]
) -> None:
    draws = estimates.resampled(sample, rule)
    curve = asymptotic.asymptotic(sample.x, sample.error) if "nls" in estimators else None
    found["fits.estimates"] += estimates.estimates(sample, estimators, curve, rule.level)
    found["fits.bootstrap_intervals"] += estimates.bootstrap(sample, draws, rule.level)
    found["fits.projections"] += projections.projections(sample, draws, curve, targets, rule)
    if curve is not None:
        found["fits.form_scores"] += form_scores.form_scores(sample, curve)
        found["fits.time_splits"] += form_scores.time_splits(sample, rule.level)
        found["fits.time_terms"].append(form_scores.time_term(sample, rule))


def _estimators(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for estimator, selection in con.execute("select estimator, selection from staging.estimator").fetchall():
        found.setdefault(selection, []).append(estimator)
    return found


def _targets(con: duckdb.DuckDBPyConnection) -> dict[int, list[tuple[str, float]]]:
    """{sample_id: targets and their errors}."""
    found: dict[int, list[tuple[str, float]]] = {}
    for sample_id, target, error in con.execute(
        "select sample_id, target, error from fits.targets where error > 0"
    ).fetchall():
        found.setdefault(sample_id, []).append((target, error))
    return found


def _asked(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[str, str, list[costs.Goal]]]:
    """{sample_id: compute measure, its unit, targets} of the sets of points whose computation has a price."""
    found: dict[int, tuple[str, str, list[costs.Goal]]] = {}
    rows = con.execute(
        "select sample_id, compute_measure, compute_unit, target, error, published "
        "from fits.sample_sets join fits.targets using (sample_id) where selection = ? and error > 0 order by all",
        [costs.SELECTION],
    ).fetchall()
    for sample_id, measure, unit, target, error, published in rows:
        if measure in costs.BASES:
            found.setdefault(sample_id, (measure, unit, []))[2].append(costs.Goal(target, error, published))
    return found
