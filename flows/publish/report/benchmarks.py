"""A page for each benchmark: its points, every line through them, what a target takes, and what was left out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from flows.fits.forms import FORMS
from flows.publish import new_model
from flows.publish.report import scores, wording
from flows.publish.report.page import Page, Row, one, rows, stem

if TYPE_CHECKING:
    import duckdb

# In the order in which a person looks for them; a code that is not here comes last.
_MEASURES = ("hardware_burden", "training_compute", "consolidated_burden", "network_operations", "operations_per_pass")
_ROW_SETS = ("current", "paper_v1", "paper_v2")
_SELECTIONS = ("one_per_training", "all", "best_per_paper", "best_per_year", "frontier")
_LINES = ("ols", "x_on_y", "quantile:0.1", "huber", "theil_sen", "york")
_FORMS = ("polynomial", "exponential", "asymptotic", "logistic")
# One set of points, as everything about it is keyed.
_SET = ("row_set", "benchmark", "metric", "compute_measure", "selection")
_POINT = (
    *("label", "log10", "error", "year", "kind_of_run", "address", "row_address", "paper_title", "hardware"),
    *("source", "page", "locator", "landmark_rank", "landmark_label", "point"),
)
_DIGITS = 6  # of the errors of curves, which are drawn and never told

_BENCHMARKS = """
with sizes as (
    select sets.benchmark, max(sizes.n) as n
    from fits.sample_sets as sets
    join fits.sample_sizes as sizes using (sample_id)
    where sets.row_set = 'current'
    group by all
)

select benchmark.domain, benchmark.benchmark, benchmark.title, sizes.n
from staging.benchmark as benchmark
join sizes using (benchmark)
where sizes.n > 0
order by list_position([
    'image classification', 'object detection', 'question answering', 'named entity recognition', 'machine translation',
    'language models',
], benchmark.domain), sizes.n desc, benchmark.benchmark
"""
# The published row sets know some benchmarks by another key.
_KEYS = """
select distinct fit.row_set, fit.benchmark from staging.fit as fit
left join staging.row_set_benchmark as known on known.row_set = fit.row_set and known.benchmark = fit.benchmark
where coalesce(known.reads, fit.benchmark) = ?
order by all
"""
_SETS = """
select
    sets.row_set, sets.benchmark, sets.metric, sets.compute_measure, sets.selection, sets.compute_unit, sets.is_headline,
    sizes.n, sizes.n_papers, sizes.n_trainings, sizes.log10_compute_min as x_min, sizes.log10_compute_max as x_max,
from fits.sample_sets as sets
join fits.sample_sizes as sizes using (sample_id)
where list_contains($1, sets.row_set || '/' || sets.benchmark) and sizes.n > 0
    and (sets.row_set = 'current' or sets.selection = 'all')
"""
_POINTS = """
select
    row_set, benchmark, metric, compute_measure, point, label, log10_computation as log10, error, year, kind_of_run, address,
    row_address, paper_title, hardware, source, page, locator, landmark_rank, landmark_label,
from marts.points
where list_contains($1, row_set || '/' || benchmark)
order by row_set, benchmark, metric, compute_measure, error, point
"""
_SAMPLES = """
select row_set, benchmark, metric, compute_measure, selection, result_id from fits.samples
where list_contains($1, row_set || '/' || benchmark)
order by all
"""
_SCALING = """
select
    row_set, benchmark, metric, compute_measure, selection, form, estimator, direction, is_headline, n, intercept, slope,
    exponent, exponent_low, exponent_high, exponent_interval, halving_factor, halving_factor_low, halving_factor_high,
    rests_on_few, status,
from marts.scaling
where list_contains($1, row_set || '/' || benchmark) and slope is not null
order by all
"""
_CURVES = """
select
    row_set, benchmark, metric, compute_measure, selection, form, estimator, interval_status,
    list(error order by step) as error, list(error_low order by step) as low, list(error_high order by step) as high,
    list(new_low order by step) as new_low, list(new_high order by step) as new_high,
from marts.curves
where list_contains($1, row_set || '/' || benchmark)
group by all
order by all
"""
_PROJECTIONS = """
select
    row_set, benchmark, metric, compute_measure, selection, form, method, target, error, log10_compute as log10,
    log10_compute_low as low, log10_compute_high as high, log10_compute_new_low as new_low, log10_compute_new_high as new_high,
    interval, ranges_beyond, status,
from marts.projections
where list_contains($1, row_set || '/' || benchmark)
order by all
"""
_LEFT_OUT = """
select rules.rule, rules.reason, count(distinct left_out.result_id) as n
from core.left_out as left_out
join staging.point_rule as rules using (rule)
where left_out.benchmark = ?
group by all
order by n desc, rule
"""
_FORECASTS = """
select
    metric, compute_measure, quantity, at_log10, horizon_end, method, median, low_80 as low, high_80 as high, benchmark, statement,
from marts.forecast_scores
where benchmark = ? and kind = 'forecast' and method in ('line', 'calibrated')
order by all
"""


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """A page for each benchmark that has points, and one that lists them by domain."""
    known = rows(con, _BENCHMARKS)
    rule = one(con, "select supported_ranges as ranges, level from staging.fit_rule")
    # Of a curve of marts.curves: how many steps there are, and the last one among the points.
    steps = one(con, "select max(step) as last, max(step) filter (not is_beyond) as among from marts.curves")
    shown = {**rule, "steps": steps}
    by_domain = {domain: list(of) for domain, of in groupby(known, key=lambda one: one["domain"])}
    leads = []
    for benchmark in known:
        page, lead = _page(con, benchmark, by_domain[benchmark["domain"]], shown)
        leads.append({**benchmark, "lead": lead})
        yield page
    yield Page(
        file="domains.html",
        here="domains",
        title="Domains",
        description="Every benchmark with the exponent of its computation.",
        template="domains.html",
        values={
            "domains": [(domain, list(of)) for domain, of in groupby(leads, key=lambda one: one["domain"])],
            "scored": scores.known(con),
        },
    )


def _page(
    con: duckdb.DuckDBPyConnection, benchmark: Row, siblings: Sequence[Row], shown: Row
) -> tuple[Page, Row | None]:
    name, title, file = benchmark["benchmark"], benchmark["title"], stem(benchmark["benchmark"])
    keys = [f"{row['row_set']}/{row['benchmark']}" for row in rows(con, _KEYS, [name])]
    points, found = rows(con, _POINTS, [keys]), _found(con, keys)
    sets = _sets(found, points, shown)
    lead = _lead(found["lines"])
    chosen = _chosen(sets, lead)
    left_out = rows(con, _LEFT_OUT, [name])
    page = Page(
        file=f"{file}.html",
        here="domains",
        title=f"{title}: error against computation",
        description=f"Every point and line of {title}: what lower error has taken in computation.",
        template="benchmark.html",
        values={
            "benchmark": benchmark,
            "siblings": siblings,
            "headline": _headline(title, lead),
            "spread": _spread(found["lines"], lead),
            "lead": lead,
            "drawn": {
                "title": title,
                "benchmark": name,
                **shown,
                "words": wording.vocabulary(),
                **wording.groups("fitted", "estimators", "choices", "kinds_of_run", "kinds_of_run_short"),
                "columns": list(_POINT),
                "points": [[point[column] for column in _POINT] for point in points],
                "sets": sets,
                "chosen": chosen,
            },
            "lowest": _lowest(sets, points, chosen),
            "left_out": left_out,
            "forecasts": _forecasts(con, name),
        },
        tables={
            f"{file}_points.csv": points,
            f"{file}_lines.csv": found["lines"],
            f"{file}_curves.csv": rows(con, _ALL_CURVES, [keys]),
            f"{file}_targets.csv": found["projections"],
            f"{file}_left_out.csv": rows(con, "select * from core.left_out where benchmark = ? order by all", [name]),
        },
    )
    return page, lead


def _found(con: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> dict[str, list[Row]]:
    """The rows of everything that is keyed by a set of points."""
    selects = {"sets": _SETS, "samples": _SAMPLES, "lines": _SCALING, "curves": _CURVES, "projections": _PROJECTIONS}
    return {what: rows(con, select, [keys]) for what, select in selects.items()}


# --- what is drawn


def _sets(found: Mapping[str, list[Row]], points: Sequence[Row], shown: Row) -> list[Row]:
    """Each set of points with the places of its points and every line through them, in FLOP and in the order of choices."""
    at = {(*(point[column] for column in _SET[:4]), point["point"]): place for place, point in enumerate(points)}
    of_set = {what: _by_set(found[what]) for what in ("samples", "lines", "curves", "projections")}
    drawn = []
    for one_set in sorted(found["sets"], key=_order):
        key = _key(one_set)
        shift = 9.0 if one_set["compute_unit"] == "gflop" else 0.0
        places = [
            at[(*key[:4], sample["result_id"])]
            for sample in of_set["samples"].get(key, [])
            if (*key[:4], sample["result_id"]) in at
        ]
        lines = _lines(one_set, {what: of.get(key, []) for what, of in of_set.items()}, shift, shown)
        drawn.append(
            {
                **{column: one_set[column] for column in (*_SET, "n", "n_papers", "n_trainings", "is_headline")},
                "shift": shift,
                "x_min": one_set["x_min"] + shift,
                "x_max": one_set["x_max"] + shift,
                "points": sorted(places),
                "lines": lines,
            }
        )
    return drawn


def _lines(one_set: Row, of: Mapping[str, list[Row]], shift: float, shown: Row) -> list[Row]:
    """The lines through one set: each with its curve from the least computation to as far as points support, and its targets."""
    curves = {(curve["form"], curve["estimator"]): curve for curve in of["curves"]}
    sure = {line["form"] for line in of["lines"] if line["estimator"] == "ols_cluster"}
    drawn = []
    for line in of["lines"]:
        form, estimator, direction = line["form"], line["estimator"], line["direction"]
        # One least-squares line each: with standard errors by cluster, where there are enough of them.
        if estimator == "ols_hc3" or (estimator == "ols" and direction == "y_on_x" and form in sure):
            continue
        curve = curves.get((form, estimator)) if direction == "y_on_x" else None
        drawn.append(
            {
                "form": form,
                "fitted": _fitted(estimator, direction),
                **{name: line[name] for name in ("estimator", "direction", *_TOLD)},
                **(_curve(curve) if curve else _straight(one_set, line, shown)),
                "drift": _drift(curve, shown["steps"]["among"]) if curve else "",
                "targets": _targets(one_set, line, of["projections"], shift, shown["ranges"]),
            }
        )
    return sorted(drawn, key=lambda line: (_place(_LINES, line["fitted"]), _place(_FORMS, line["form"])))


_TOLD = (
    *("exponent", "exponent_low", "exponent_high", "exponent_interval"),
    *("halving_factor", "halving_factor_low", "halving_factor_high", "rests_on_few", "status"),
)


def _fitted(estimator: str, direction: str) -> str:
    """What a person chooses as the line fitted."""
    if direction == "x_on_y":
        return "x_on_y"
    return "ols" if estimator in ("ols", "ols_cluster", "nls") else estimator


def _curve(curve: Row) -> Row:
    ends = curve["low"][0] is not None
    return {
        name: [_short(value) for value in curve[name]] for name in (("error", "low", "high") if ends else ("error",))
    }


def _drift(curve: Row, edge: int) -> str:
    return new_model.told(*(curve[name][edge] for name in ("error", "new_low", "new_high")))


def _straight(one_set: Row, line: Row, shown: Row) -> Row:
    """A line that marts.curves does not have, at the same steps of computation and without a band."""
    last, among = shown["steps"]["last"], shown["steps"]["among"]
    if not FORMS[line["form"]].is_line or last is None:
        return {"error": []}
    steps = np.arange(last + 1.0)
    decades = one_set["x_max"] - one_set["x_min"]
    x = one_set["x_min"] + decades * np.where(steps <= among, steps, among + (steps - among) * shown["ranges"]) / among
    errors = FORMS[line["form"]].error_at(line["intercept"] + line["slope"] * x)
    return {"error": [_short(float(error)) for error in errors]}


def _short(value: float | None) -> float | None:
    """To the digits that a plot can show; nothing where there is no end."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.{_DIGITS}g}")


_METHODS = {"ols_cluster": "cluster", "ols": "y_on_x", "nls": "nls"}


def _targets(one_set: Row, line: Row, projections: Sequence[Row], shift: float, ranges: float) -> list[Row]:
    """What each target takes by a line, in log10 of FLOP; without an interval where no projection has one."""
    form = line["form"]
    method = "x_on_y" if line["direction"] == "x_on_y" else _METHODS.get(line["estimator"])
    told = []
    for projection in projections:
        if projection["form"] != form or projection["method"] != (method or "cluster") or projection["error"] is None:
            continue
        if method:
            ends = {
                end: None if projection[end] is None else projection[end] + shift
                for end in ("log10", "low", "high", "new_low", "new_high")
            }
            told.append(
                {
                    **{name: projection[name] for name in ("target", "error", "interval", "ranges_beyond", "status")},
                    **ends,
                }
            )
        else:
            told.append(_crossing(one_set, line, projection, shift, ranges))
    return sorted(told, key=lambda target: -target["error"])


def _crossing(one_set: Row, line: Row, projection: Row, shift: float, ranges: float) -> Row:
    """Where a line of another estimator reaches the error of a projection."""
    response = float(FORMS[line["form"]].response(np.array([projection["error"]]))[0])
    log10 = (response - line["intercept"]) / line["slope"] if line["slope"] > 0 else None
    decades = one_set["x_max"] - one_set["x_min"]
    beyond = None if log10 is None or not decades else max(log10 - one_set["x_max"], 0) / decades
    supported = beyond is not None and beyond <= ranges
    return {
        "target": projection["target"],
        "error": projection["error"],
        "interval": None,
        "ranges_beyond": beyond,
        "status": "ok" if supported else "extrapolation_unsupported",
        "log10": None if log10 is None else log10 + shift,
        **dict.fromkeys(("low", "high", "new_low", "new_high")),
    }


def _by_set(found: Sequence[Row]) -> dict[tuple[Any, ...], list[Row]]:
    of: dict[tuple[Any, ...], list[Row]] = {}
    for row in found:
        of.setdefault(_key(row), []).append(row)
    return of


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[column] for column in _SET)


def _place(known: Sequence[str], code: str) -> int:
    return known.index(code) if code in known else len(known)


def _order(row: Row) -> tuple[Any, ...]:
    known = ((_MEASURES, "compute_measure"), (_ROW_SETS, "row_set"), (_SELECTIONS, "selection"))
    return (row["metric"], *(_place(codes, row[column]) for codes, column in known))


# --- what leads


def _lead(lines: Sequence[Row]) -> Row | None:
    """The line that the page quotes: the headline of the first measure that has one."""
    headlines = [line for line in lines if line["is_headline"] and line["row_set"] == "current"]
    return min(headlines, key=lambda line: _place(_MEASURES, line["compute_measure"]), default=None)


def _chosen(sets: Sequence[Row], lead: Row | None) -> int:
    """The place of the set that the page opens with."""
    if lead is None:
        return 0
    return next(place for place, one_set in enumerate(sets) if _key(one_set) == _key(lead))


def _lowest(sets: Sequence[Row], points: Sequence[Row], chosen: int) -> list[Row]:
    """The first rows of the table as the page comes, before any script runs."""
    return [points[place] for place in sets[chosen]["points"][:12]] if sets else []


def _headline(title: str, lead: Row | None) -> Markup:
    """What the page says in one sentence."""
    if lead is None:
        return Markup("{}: too few points for a line").format(title)
    factor = lead["halving_factor"]
    if lead["exponent_interval"] != "bounded" or factor is None:
        return Markup("How much computation lower error takes on {} cannot be told from its points").format(title)
    times = wording.rounded(factor) if factor < 1e9 else wording.power(math.log10(factor), 0)
    return Markup("Each halving of {}’s error has taken about {} times the computation").format(title, times)


def _spread(lines: Sequence[Row], lead: Row | None) -> str:
    """The smallest and the largest exponent by measure, in one sentence; of the metric that leads, where one does."""
    parts = []
    told = [
        line
        for line in lines
        if line["row_set"] == "current"
        and line["form"] == "polynomial"
        and line["exponent"]
        and line["exponent"] > 0
        and (lead is None or line["metric"] == lead["metric"])
    ]
    for measure in ("hardware_burden", "operations_per_pass", "training_compute", "network_operations"):
        exponents = [line["exponent"] for line in told if line["compute_measure"] == measure]
        if exponents:
            parts.append(f"{min(exponents):.0f} to {max(exponents):.0f} by {wording.words(measure)}")
    return "The exponent depends on choices: " + ", ".join(parts[:2]) if parts else "No choice gives an exponent"


def _forecasts(con: duckdb.DuckDBPyConnection, benchmark: str) -> Row:
    """What is registered, and how intervals of a new model have done."""
    return {
        "registered": rows(con, _FORECASTS, [benchmark]),
        "coverage": rows(
            con,
            "select row_set, benchmark, metric, compute_measure, selection, form, horizon, level, n_predictions, coverage_nominal, "
            "n_scored, coverage_calibrated "
            "from marts.prediction_coverage where row_set = 'current' and benchmark = ? and selection = 'one_per_training' "
            "and n_predictions > 0 and horizon = 'all' and form in ('polynomial', 'exponential') "
            "order by metric, compute_measure, form",
            [benchmark],
        ),
    }


_ALL_CURVES = "select * from marts.curves where list_contains($1, row_set || '/' || benchmark) order by all"
