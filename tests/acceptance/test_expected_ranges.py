"""The bounds of cells (flows/readers/bounds.py) against the critical ranges of expectations/*.json.

A critical expectation that is not met stops the build of all sources. So where its column comes from a cell, the cell's bound is at
least as strict: an impossible value is stopped as a cell, and the rest of the page and all other pages go on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from flows import paths
from flows.columns import columns
from flows.readers.bounds import BOUNDS, Bound, bound
from flows.readers.row_types import (
    CarbonIntensity,
    Compute,
    ListedScore,
    LossPoint,
    Model,
    Operations,
    Price,
    PriceIndex,
    Result,
    Row,
    RunPhase,
    UnboundedScore,
)

SCORE, PHASE = Result("b", "m", 1.0), RunPhase(None, "training")
COMPUTED = [Compute(None, "training_compute", 1.0, unit) for unit in ("gflop", "flop")]
FLOP = {"gflop": 1e9, "flop": 1.0}

# {column of a table: [(a row whose column it comes from, that column, by what it is multiplied)]}
OF_CELLS: dict[str, list[tuple[Row, str, float]]] = {
    "core.carbon_intensities.carbon_intensity_g_per_kwh": [
        (CarbonIntensity("r", None, 2000, 1.0), "carbon_intensity_g_per_kwh", 1.0)
    ],
    "core.carbon_intensities.year": [(CarbonIntensity("r", None, 2000, 1.0), "year", 1.0)],
    "core.listed_scores.value": [(ListedScore("n", "b", "accuracy", 1.0), "value", 1.0)],
    "core.loss_points.loss": [(LossPoint(1.0, 1.0, 1.0), "loss", 1.0)],
    "core.observations.value": [
        (SCORE, "value", 1.0),
        (Operations(None, 1.0, "flop"), "operations", 1.0),
        (Model("n"), "parameters", 1.0),
        *((row, "value", FLOP[row.unit]) for row in COMPUTED),
    ],
    "core.price_indices.index_value": [(PriceIndex("s", date(2000, 1, 1), 1.0), "index_value", 1.0)],
    "core.results.value": [(SCORE, "value", 1.0)],
    "core.run_phases.wall_time_s": [(PHASE, "wall_time_s", 1.0)],
    "marts.model_costs.log10_gflop": [],
}
# What no cell alone decides, with what does; a range of core that stands neither here nor above fails the test.
OF_NO_CELL = {
    "core.conversions.value": "a scenario's own TOML",
    "core.page_order.preference": "counted",
    "core.phase_costs.deflator": "see the test of ratios",
    "core.results.error": "1 - value / 100",
    "core.unbounded_candidates.computation": "kept above 0 by core/unbounded_candidates.sql",
    "core.unbounded_scores.log10_performance": "see the test of scores without a full scale",
    "core.scenarios.rate_flop_per_s": "kept within its range by core/scenarios.sql",
    "core.scenarios.burden_rate_flop_per_s": "kept within its range by core/scenarios.sql",
    "core.scenarios.utilisation": "a scenario's own TOML",
    "core.scenarios.pue": "kept within its range by core/scenarios.sql",
    "core.scenarios.power_kw": "kept within its range by core/scenarios.sql",
    "core.scenarios.carbon_intensity_g_per_kwh": "kept above 0 by core/scenarios.sql, and bounded as a cell",
    "core.scenarios.price_usd_per_hour": "kept within its range by core/scenarios.sql",
    "core.scenarios.deflator": "see the test of ratios",
}


def critical_ranges() -> Iterator[tuple[str, dict[str, Any]]]:
    """(table.column, what the expectation says) of every critical range."""
    for path in sorted(paths.EXPECTATIONS.glob("*.json")):
        suite = json.loads(path.read_text(encoding="utf-8"))
        for one in suite["expectations"]:
            if one["type"] == "expect_column_values_to_be_between" and one["severity"] == "critical":
                yield f"{suite['name']}.{one['kwargs']['column']}", one["kwargs"]


RANGES = dict(critical_ranges())


def limits(possible: Bound | None) -> tuple[float, float]:
    assert possible is not None
    return possible.least, possible.most


def test_every_critical_range_of_core_is_known_to_come_from_a_cell_or_not() -> None:
    of_core = {name for name in RANGES if name.startswith("core.")}
    assert of_core == {name for name in OF_CELLS if name.startswith("core.")} | OF_NO_CELL.keys()
    assert RANGES.keys() >= OF_CELLS.keys()


@pytest.mark.parametrize("name", [name for name, cells in OF_CELLS.items() if cells])
def test_the_bound_of_a_cell_is_at_least_as_strict_as_the_range_that_is_critical(name: str) -> None:
    said = RANGES[name]
    for row, column, factor in OF_CELLS[name]:
        possible = bound(row, column)
        least, most = limits(possible)
        assert possible is not None
        if "min_value" in said:
            assert least * factor >= said["min_value"]
            assert least > 0 or not said.get("strict_min")
        if "max_value" in said:
            assert most * factor <= said["max_value"]
            assert possible.open or most * factor < said["max_value"] or not said.get("strict_max")


def test_products_of_cells_are_within_what_is_critical() -> None:
    said = RANGES["marts.model_costs.log10_gflop"]
    count, rate, time = (BOUNDS[RunPhase][one] for one in ("processor_count", "peak_flop_per_s", "wall_time_s"))
    # Of at most three phases, each with three kinds of processors.
    assert count.most * rate.most * time.most * 9 / 1e9 < 10.0 ** said["max_value"]
    assert count.least * rate.least * time.least / 1e9 > 10.0 ** said["min_value"]
    for row in COMPUTED:
        least, most = limits(bound(row, "value"))
        assert 10.0 ** said["min_value"] <= least * FLOP[row.unit] / 1e9
        assert most * FLOP[row.unit] / 1e9 <= 10.0 ** said["max_value"]


@pytest.mark.parametrize("table", ["core.phase_costs", "core.scenarios"])
def test_ratios_of_cells_are_within_what_is_critical(table: str) -> None:
    said, index = RANGES[f"{table}.deflator"], BOUNDS[PriceIndex]["index_value"]
    assert said["min_value"] <= index.least / index.most
    assert index.most / index.least <= said["max_value"]


def test_the_price_of_an_hour_is_bounded_as_its_scenarios_are() -> None:
    said = RANGES["core.scenarios.price_usd_per_hour"]
    assert limits(bound(Price("p", "rental", 1.0), "price_usd")) == (said["min_value"], said["max_value"])


def test_scores_without_a_full_scale_have_a_performance_within_what_is_critical() -> None:
    said = RANGES["core.unbounded_scores.log10_performance"]
    metrics: dict[str, Callable[[float], float]] = {
        "word_error_rate": lambda score: -math.log10(score / 100),
        "perplexity": lambda score: -math.log10(score),
        "bits_per_character": lambda score: -math.log10(score),
        "elo": lambda score: score / 400,
        "time_horizon": math.log10,
    }
    for metric, performance in metrics.items():
        for end in limits(bound(UnboundedScore("b", metric, 1.0, "test"), "value")):
            assert said["min_value"] <= performance(end) <= said["max_value"], metric


def test_every_number_and_day_of_a_row_has_a_bound() -> None:
    for row_type, bounds in BOUNDS.items():
        kinds = {name: kind for name, (kind, _) in columns(row_type).items()}
        assert bounds.keys() == {name for name, kind in kinds.items() if kind in (int, float, date)}, row_type
        for name, possible in bounds.items():
            assert possible.least < possible.most, (row_type, name)
            assert possible.why
