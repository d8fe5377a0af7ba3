"""What an error costs: the paper's conversion, scenarios of processors, units, intervals and what they are made of, the command."""

from __future__ import annotations

import math
import random
import re
import statistics
import tomllib
from collections import defaultdict
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pint
import pytest
from figure_3 import CELLS
from hypothesis import given
from hypothesis import strategies as st
from sets_of_points import rows
from shipped_facts import facts, intensity

from flows import paths
from flows.analysis import costs, samples
from flows.declared import scenarios
from flows.declared.setting_types import FitRule
from flows.fits import clustered, least_squares, monte_carlo, projection, resampling

ATLAS = pint.UnitRegistry()
# The units that pint does not know.
ATLAS.define("usd = [money]")
ATLAS.define("flop = [computation] = FLOP")
REGIONS = {"OWID_WRL", "USA", "FRA", "POL"}
SHIPPED = (
    "a100_2023", "b200_2026", "h100_2026", "h100_providers_2026", "h200_2026", "p100_2017", "paper_2020", "tpu_v5e_2025",
    "tpu_v6e_2025", "v100_2020",
)  # fmt: skip
RULE = FitRule(level=0.95, supported_ranges=1.0, points_min=3, resamples=10_000, seed=20200710)


def one(con: duckdb.DuckDBPyConnection, query: str, *values: Any) -> tuple[Any, ...]:
    rows = con.execute(query, list(values)).fetchall()
    assert len(rows) == 1, rows
    return rows[0]


def scenario(**changed: Any) -> costs.Scenario:
    """A processor of 100 TFLOP/s, 0.5 kW, at 2 USD an hour; in a burden it counts 20 TFLOP/s."""
    made = costs.Scenario(
        scenario="made",
        region="USA",
        log10_rate=14.0,
        log10_burden_rate=math.log10(2e13),
        utilisation=(0.2, 0.3, 0.4),
        draw_fraction=(0.8, 1.0, 1.5),
        pue=(1.1, 1.2, 1.6),
        prices=(1.0, 2.0, 5.0),
        log10_power=math.log10(0.5),
        log10_intensity=math.log10(0.4),
        log10_deflator=math.log10(1.1),
        is_stated=False,
        coefficient_decimals=None,
        status="ok",
    )
    return replace(made, **changed)


def sample(n: int = 20) -> samples.Sample:
    """Points around log10(1/error) = -2 + 0.15 log10 C."""
    rng = np.random.default_rng(3)
    x = np.sort(rng.uniform(18, 23, n))
    error = 10 ** -(-2 + 0.15 * x + rng.normal(0, 0.05, n))
    return samples.Sample(
        1,
        "current/imagenet/top1/hardware_burden/all",
        "all",
        ("polynomial", "exponential"),
        x,
        error,
        np.arange(n),
        np.full(n, np.nan),
        np.full(n, np.nan),
    )


def priced(measure: str = "hardware_burden", error: float = 0.05, **changed: Any) -> costs.Cost:
    rows = costs.costs(
        sample(), measure, "flop", [costs.Goal("asked", error)], [scenario(**changed)], costs.Spreads(RULE)
    )
    return next(rows)


def width(of: samples.Sample) -> float:
    cost = next(
        costs.costs(of, "hardware_burden", "flop", [costs.Goal("asked", 0.05)], [scenario()], costs.Spreads(RULE))
    )
    assert cost.log10_gflop_low is not None
    assert cost.log10_gflop_high is not None
    return cost.log10_gflop_high - cost.log10_gflop_low


@pytest.mark.parametrize("selection", ["all", "one_per_training"])
def test_what_a_paper_says_four_times_says_no_more_than_once(selection: str) -> None:
    once = replace(sample(40), selection=selection, paper=np.arange(40))
    fields = ("x", "error", "paper", "year", "compute_sd")
    four = replace(once, **{name: np.repeat(getattr(once, name), 4) for name in fields})
    # By paper the interval stands; where each point counts by itself it falls by half, the root of four.
    assert width(four) == pytest.approx(width(once), rel=0.1)
    assert width(replace(four, paper=np.arange(160))) == pytest.approx(width(once) / 2, rel=0.1)


def test_an_interval_says_what_it_takes_to_stand_alone() -> None:
    def by(papers: list[int]) -> costs.Cost:
        of, goal = replace(sample(6), paper=np.array(papers)), [costs.Goal("asked", 0.05)]
        return next(costs.costs(of, "hardware_burden", "flop", goal, [scenario()], costs.Spreads(RULE)))

    assert by([0, 0, 1, 1, 2, 2]).interval_by == by([0, 1, 2, 3, 4, 5]).interval_by == "clusters"
    # Of two papers nothing tells how points of one hang together.
    line, cost = least_squares.ols(sample(6).x, -np.log10(sample(6).error)), by([0, 0, 0, 1, 1, 1])
    assert cost.interval_by == "points"
    assert cost.log10_gflop_low == pytest.approx(projection.solve(line, -math.log10(0.05), 0.95).low - 9, rel=1e-12)
    falling = replace(sample(6), error=sample(6).error[::-1])
    cost = next(
        costs.costs(falling, "hardware_burden", "flop", [costs.Goal("a", 0.05)], [scenario()], costs.Spreads(RULE))
    )
    assert (cost.interval_by, cost.status) == (None, "slope_not_positive")


# --- the paper's conversion, a scenario among the others


def test_the_published_co2_and_usd_come_out_of_the_scenario(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "select benchmark, target, form, log10_lb_co2, log10_usd from marts.costs where scenario = 'paper_2020' "
        "and region = 'USA' and row_set = 'paper_v1' and compute_measure = 'hardware_burden' and benchmark != 'wmt_en_de' "
        "and form != 'stacked'"
    ).fetchall()
    found = {
        (*row[:3], quantity): math.floor(value)
        for row in rows
        for quantity, value in zip(("lb_co2", "usd"), row[3:], strict=True)
    }
    assert len(found) == 60
    assert found == {key: power for key, power in CELLS.items() if key[3] != "gflop"}
    assert one(
        db, "select count(*) from marts.costs where published and (scenario, region) != ('paper_2020', 'USA')"
    ) == (0,)
    assert one(
        db, "select count(*), count(*) filter (where agrees) from marts.reproduction where printed_in = 'figure_3'"
    ) == (
        90,
        90,
    )


def test_the_stated_run_costs_what_it_is_stated_to_cost(db: duckdb.DuckDBPyConnection) -> None:
    # Strubell et al. 2019, table 3: 8 P100 for 12 hours are 26 lb and 41 USD; kWh from their 0.954 lb per kWh.
    hours, kwh, kg, usd = one(
        db,
        "select log10_hours_per_gflop, log10_kwh_per_gflop, log10_kg_co2_per_kwh, log10_usd_per_gflop "
        "from fits.unit_costs where scenario = 'paper_2020' and region = 'USA' and basis = 'peak'",
    )
    gflop = math.log10(8 * 9526 * 12 * 3600)
    assert 10 ** (gflop + hours) == pytest.approx(96, rel=1e-12)
    assert 10 ** (gflop + kwh) == pytest.approx(26 / 0.954, rel=1e-12)
    assert 10 ** (gflop + kwh + kg) / 0.45359237 == pytest.approx(26, rel=1e-12)
    assert 10 ** (gflop + usd) == pytest.approx(41, rel=1e-12)


def test_a_stated_run_elsewhere_has_the_same_energy_and_price_and_other_emissions(
    db: duckdb.DuckDBPyConnection,
) -> None:
    rows = db.execute(
        "select region, log10_kwh, log10_usd, log10_kg_co2 from marts.costs where scenario = 'paper_2020' and "
        "row_set = 'paper_v1' and benchmark = 'imagenet' and target = 'today' and form = 'polynomial'"
    ).fetchall()
    assert {region for region, *_ in rows} == REGIONS
    assert len({(kwh, usd) for _, kwh, usd, _ in rows}) == 1
    for region, kwh, _, kg in rows:
        if region != "USA":
            assert 10 ** (kg - kwh) == pytest.approx(intensity(region, 2020) / 1000, rel=1e-9)


# --- the factors of the scenarios


def test_every_shipped_scenario_has_all_its_factors(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute("select scenario, region, status, n_prices from core.scenarios").fetchall()
    assert {row[:2] for row in rows} == {(name, region) for name in SHIPPED for region in REGIONS}
    assert {row[2] for row in rows} == {"ok"}
    assert all(n >= (1 if name == "paper_2020" else 3) for name, _, _, n in rows)


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_intensities_are_the_cells_of_our_world_in_data(db: duckdb.DuckDBPyConnection, region: str) -> None:
    newest = max(int(r["year"]) for r in facts("owid_carbon", "carbon_intensity") if r["region_code"] == region)
    # There is none of 2026: the newest year stands for it, and the row says which.
    for name, asked, year in (("v100_2020", 2020, 2020), ("h100_2026", 2026, newest)):
        row = one(
            db,
            "select electricity_year, intensity_year, carbon_intensity_g_per_kwh, intensity_source "
            "from core.scenarios where scenario = ? and region = ?",
            name,
            region,
        )
        assert row == (asked, year, intensity(region, year), "owid_carbon")


def test_prices_are_those_of_the_scenario_and_no_other(db: duckdb.DuckDBPyConnection) -> None:
    expected = sorted(
        float(row["price_usd"])
        for row in facts("epoch_prices", "price")
        if row["processor"] == "NVIDIA H100 SXM5 80GB"
        and (row["kind"], row["commitment"]) == ("rental", "on demand")
        and row["priced_on"] >= "2024-06-01"
    )
    found = db.execute("select price_usd_per_hour from core.scenario_prices where scenario = 'h100_2026' order by 1")
    assert [price for (price,) in found.fetchall()] == expected
    median = one(db, "select distinct price_usd_per_hour from core.scenarios where scenario = 'h100_2026'")
    assert median == (statistics.median(expected),)
    # Those of runs count too: an hour of the cluster over its processors.
    assert ("dawnbench", 3.06) in db.execute(
        "select source, price_usd_per_hour from core.scenario_prices where scenario = 'v100_2020'"
    ).fetchall()


def test_constant_usd_go_by_the_index_of_the_newest_price(db: duckdb.DuckDBPyConnection) -> None:
    index = {row["month"]: float(row["index_value"]) for row in facts("epoch_prices", "price_index")}
    base = statistics.mean(value for month, value in index.items() if month.startswith("2023"))
    rows = db.execute(
        "select distinct scenario, last_priced_on, deflator_month, deflator from core.scenarios"
    ).fetchall()
    assert {name for name, *_ in rows} == set(SHIPPED)
    newest = date.fromisoformat(max(index))
    for name, day, month, deflator in rows:
        # The index ends in May 2025: its newest month stands for the days of 2026.
        assert month == min(day.replace(day=1), newest), name
        assert deflator == pytest.approx(base / index[str(month)], rel=1e-12)


def test_utilisations_are_those_that_training_runs_print(db: duckdb.DuckDBPyConnection) -> None:
    wanted = {
        "v100_2020": ("V100", (0, 0.5, 1)),
        "a100_2023": ("A100", (0, 0.5, 0.9)),
        "h100_2026": ("H100", (0, 0.5, 1)),
        "h100_providers_2026": ("H100", (0, 0.5, 1)),
        "tpu_v6e_2025": ("TPU v[45]", (0, 0.5, 1)),
    }
    for name, (processor, shares) in wanted.items():
        found = one(
            db,
            "select quantile_cont(utilization, ?::double[]) from core.run_phases "
            "where regexp_matches(processor_id, ?) and utilization is not null",
            list(shares),
            processor,
        )[0]
        stated = one(
            db, "select low, value, high from core.conversions where scenario = ? and quantity = 'utilisation'", name
        )
        assert stated == pytest.approx(found, abs=0.001), name


# --- units, and a cost by hand


def test_a_cost_on_an_h100_by_hand(db: duckdb.DuckDBPyConnection) -> None:
    """ImageNet at 5 % error in France, with figures typed from the data sheet and the sources, in units."""
    gflop, hours, kwh, kg, lb, usd, constant = one(
        db,
        "select log10_gflop, log10_hours, log10_kwh, log10_kg_co2, log10_lb_co2, log10_usd, log10_usd_constant "
        "from marts.costs where row_set = 'current' and scenario = 'h100_2026' and region = 'FRA' and benchmark = 'imagenet' "
        "and metric = 'top1' and compute_measure = 'hardware_burden' and form = 'polynomial' and target = 'target_1'",
    )
    q = ATLAS.Quantity
    # H100 SXM5: 66.91 TFLOP/s FP32, 700 W; 1.5 of it drawn, PUE 1.2; France 2025: 41.44 g/kWh; median price 3.47 USD/h.
    time = (q(10**gflop * 1e9, "flop") / q(66.91e12, "flop/s")).to("hour")
    energy = (time * q(700, "watt") * 1.5 * 1.2).to("kilowatt_hour")
    mass = energy * q(41.44, "gram/kilowatt_hour")
    price = (time * q(3.47, "usd/hour")).to("usd")
    assert 10**hours == pytest.approx(time.magnitude, rel=1e-9)
    assert 10**kwh == pytest.approx(energy.magnitude, rel=1e-9)
    assert 10**kg == pytest.approx(mass.to("kilogram").magnitude, rel=1e-9)
    assert 10**lb == pytest.approx(mass.to("pound").magnitude, rel=1e-9)
    assert 10**usd == pytest.approx(price.magnitude, rel=1e-9)
    # The index was 118.306 in March 2025 and 118.126 in the mean of 2023.
    assert 10**constant == pytest.approx(price.magnitude * 118.12608 / 118.306, rel=1e-5)


@pytest.mark.parametrize(("measure", "rate"), [("hardware_burden", 2e13), ("training_compute", 1e14 * 0.3)])
def test_units_of_every_conversion(measure: str, rate: float) -> None:
    cost, q = priced(measure), ATLAS.Quantity
    assert cost.log10_gflop is not None
    time = q(10**cost.log10_gflop, "gigaflop") / q(rate, "flop/s")
    energy = time * q(0.5, "kilowatt") * 1.0 * 1.2
    mass = energy * q(400, "gram/kilowatt_hour")
    price = time * q(2, "usd/hour")
    told = {
        "log10_hours": time.to("hour"),
        "log10_kwh": energy.to("kilowatt_hour"),
        "log10_kg_co2": mass.to("kilogram"),
        "log10_lb_co2": mass.to("pound"),
        "log10_usd": price.to("usd"),
        "log10_usd_constant": price.to("usd") * 1.1,
    }
    for name, quantity in told.items():
        assert getattr(cost, name) == pytest.approx(math.log10(quantity.magnitude), abs=1e-12), name


@given(
    utilisation=st.floats(0.01, 0.5),
    measure=st.sampled_from(sorted(costs.BASES)),
    rate=st.floats(10, 17),
    error=st.floats(0.001, 0.5),
)
def test_doubling_utilisation_halves_the_cost_of_arithmetic_and_leaves_that_of_processors_time(
    utilisation: float, measure: str, rate: float, error: float
) -> None:
    def at(share: float) -> costs.Cost:
        known = {"draw_fraction": (1.0,) * 3, "pue": (1.2,) * 3, "prices": (2.0,), "log10_rate": rate}
        return priced(measure, error, utilisation=(share,) * 3, **known)

    once, twice = at(utilisation), at(2 * utilisation)
    halved = math.log10(2) if measure == "training_compute" else 0.0
    assert once.log10_gflop == twice.log10_gflop
    for name in ("hours", "kwh", "kg_co2", "lb_co2", "usd", "usd_constant"):
        for end in ("", "_low", "_high"):
            before, after = (getattr(cost, f"log10_{name}{end}") for cost in (once, twice))
            assert before - after == pytest.approx(halved, abs=1e-9), (name, end)


# --- intervals


def test_draws_agree_with_an_independent_loop() -> None:
    """The same distributions drawn one by one with the standard library; the line from its textbook formulas."""
    points, error = sample(), 0.05
    x, y = points.x.tolist(), [-math.log10(value) for value in points.error]
    n, mean_x = len(x), statistics.mean(x)

    def fitted(left_out: int | None) -> tuple[float, float]:
        """The height at the mean of all x, and the slope, of the line without one of the points, each of its own paper."""
        kept = [(a - mean_x, b) for at, (a, b) in enumerate(zip(x, y, strict=True)) if at != left_out]
        line = statistics.linear_regression(*zip(*kept, strict=True))
        return line.intercept, line.slope

    middle, slope = fitted(None)
    heights, slopes = zip(*(fitted(at) for at in range(n)), strict=True)
    # Tukey's jackknife: (n - 1)/n times the sums of squares and products, n - 1 degrees of freedom.
    variances = [statistics.variance(of) * (n - 1) ** 2 / n for of in (heights, slopes)]
    along = statistics.covariance(heights, slopes) * (n - 1) ** 2 / n / math.sqrt(variances[1])
    across = math.sqrt(variances[0] - along**2)
    rng = random.Random(1)

    def triangular(low: float, mode: float, high: float) -> float:
        return rng.triangular(math.log10(low), math.log10(high), math.log10(mode))

    kwh, usd = [], []
    for _ in range(40_000):
        scale = math.sqrt((n - 1) / rng.gammavariate((n - 1) / 2, 2))
        one, other = scale * rng.gauss(0, 1), scale * rng.gauss(0, 1)
        b, height = slope + one * math.sqrt(variances[1]), middle + along * one + across * other
        flop = mean_x + (-math.log10(error) - height) / b if b > 0 else math.inf
        hours = flop - 14 - triangular(0.2, 0.3, 0.4) - math.log10(3600)
        kwh.append(hours + math.log10(0.5) + triangular(0.8, 1.0, 1.5) + triangular(1.1, 1.2, 1.6))
        usd.append(hours + math.log10(rng.choice((1.0, 2.0, 5.0))))
    cost = priced("training_compute", error)
    for name, drawn in (("kwh", kwh), ("usd", usd)):
        low, high = statistics.quantiles(drawn, n=40)[0], statistics.quantiles(drawn, n=40)[-1]
        # Standard errors of these quantiles are 0.01 and 0.02.
        assert getattr(cost, f"log10_{name}_low") == pytest.approx(low, abs=0.04)
        assert getattr(cost, f"log10_{name}_high") == pytest.approx(high, abs=0.08)


def test_draws_of_a_line_have_fiellers_interval() -> None:
    points = sample()
    line = clustered.cluster_robust(points.x, -np.log10(points.error), points.paper)
    fieller = projection.solve(line, -math.log10(0.05), 0.95)
    cost = priced()
    assert (cost.log10_gflop_low, cost.log10_gflop_high) == pytest.approx(
        (fieller.low - 9, fieller.high - 9), rel=1e-12
    )
    # What is added to the draws widens it.
    for low, high in ((cost.log10_kwh_low, cost.log10_kwh_high), (cost.log10_usd_low, cost.log10_usd_high)):
        assert fieller.high - fieller.low < high - low  # type: ignore[operator]


@pytest.mark.parametrize("measure", ["hardware_burden", "training_compute"])
def test_the_interval_is_made_of_parts_that_add_up(measure: str) -> None:
    cost = priced(measure)
    kwh = [cost.kwh_share_fit, cost.kwh_share_utilisation, cost.kwh_share_draw_fraction, cost.kwh_share_pue]
    usd = [cost.usd_share_fit, cost.usd_share_utilisation, cost.usd_share_price]
    for parts in (kwh, usd):
        assert None not in parts
        assert abs(math.fsum(parts) - 1) < 1e-15
    # A burden has its utilisation in it.
    assert (cost.usd_share_utilisation == 0) == (cost.kwh_share_utilisation == 0) == (measure == "hardware_burden")
    assert cost.usd_share_fit != cost.kwh_share_fit


def test_every_row_of_the_table_adds_up(db: duckdb.DuckDBPyConnection) -> None:
    kwh, usd = (
        " - ".join(f"{unit}_share_{part}" for part in parts)
        for unit, parts in (
            ("kwh", ("fit", "form", "utilisation", "draw_fraction", "pue")),
            ("usd", ("fit", "form", "utilisation", "price")),
        )
    )
    n, kwh, usd = one(
        db,
        f"select count(*), max(abs(1 - {kwh})), max(abs(1 - {usd})) from marts.costs where usd_share_fit is not null",
    )
    assert n > 1000
    assert max(kwh, usd) < 1e-12


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    def rows(seed: int) -> list[costs.Cost]:
        rule = replace(RULE, seed=seed)
        found = [scenario(), scenario(region="FRA")]
        return list(
            costs.costs(sample(), "hardware_burden", "flop", [costs.Goal("a", 0.1)], found, costs.Spreads(rule))
        )

    assert repr(rows(1)) == repr(rows(1))
    assert repr(rows(1)) != repr(rows(2))


def test_a_further_scenario_leaves_the_draws_of_the_others() -> None:
    def usd(given: list[costs.Scenario]) -> float | None:
        target = [costs.Goal("a", 0.1)]
        return next(costs.costs(sample(), "training_compute", "flop", target, given, costs.Spreads(RULE))).log10_usd_low

    assert usd([scenario()]) == usd([scenario(), scenario(scenario="other", prices=(3.0,))])


def test_wider_prices_widen_the_interval_and_their_share() -> None:
    narrow, wide = priced(prices=(2.0,)), priced(prices=(0.02, 2.0, 200.0))
    assert narrow.log10_usd == wide.log10_usd
    assert narrow.usd_share_price == 0
    assert wide.usd_share_price is not None
    assert wide.usd_share_price > 0.3
    assert wide.log10_usd_high - wide.log10_usd_low > narrow.log10_usd_high - narrow.log10_usd_low  # type: ignore[operator]
    assert (wide.log10_kwh_low, wide.log10_kwh_high) == (narrow.log10_kwh_low, narrow.log10_kwh_high)


@pytest.mark.parametrize(
    ("factor", "without"), [("log10_intensity", ("kg_co2", "lb_co2")), ("log10_deflator", ("usd_constant",))]
)
def test_what_a_scenario_lacks_a_factor_for_is_unknown_and_no_nan(factor: str, without: tuple[str, ...]) -> None:
    whole, cost = asdict(priced()), asdict(priced(**{factor: math.nan}))
    blank = {f"log10_{one}{end}" for one in without for end in ("", "_low", "_high")}
    assert None not in {whole[column] for column in blank}
    assert cost == whole | dict.fromkeys(blank)


def test_an_error_beyond_the_points_is_said_to_be_unsupported() -> None:
    assert priced(error=0.1).status == "ok"
    assert priced(error=1e-6).status == "extrapolation_unsupported"
    assert priced(status="no_price", prices=()).status == "no_price"
    assert priced(status="no_price", prices=()).log10_usd is None


def test_one_quantity_has_one_interval(db: duckdb.DuckDBPyConnection) -> None:
    """The computation in marts.costs is that of marts.projections by cluster, with its ends and its status."""
    told = rows(
        db,
        "select costs.*, by_cluster.status as projected, by_cluster.interval, "
        "by_cluster.log10_compute - unit as middle, by_cluster.log10_compute_low - unit as low, "
        "by_cluster.log10_compute_high - unit as high "
        "from marts.costs as costs "
        "join (select *, if(compute_unit = 'flop', 9, 0) as unit from marts.projections where method = 'cluster') as by_cluster "
        "using (row_set, benchmark, metric, compute_measure, form, selection, target) "
        "where scenario = 'h100_2026' and region = 'USA'",
    )
    assert {row["row_set"] for row in told if row["interval_by"] == "clusters"} == {"paper_v1", "paper_v2", "current"}
    assert {row["interval"] for row in told} >= {"bounded", "unbounded"}
    by_points = 0
    for row in told:
        if row["interval_by"] != "clusters":
            # Too few clusters, or a slope that falls: by cluster there is no interval.
            by_points += row["interval_by"] == "points"
            assert row["interval"] is None
            continue
        assert row["status"] == row["projected"]
        for name, end in (("log10_gflop", "middle"), ("log10_gflop_low", "low"), ("log10_gflop_high", "high")):
            expected = None if row[end] is None else pytest.approx(row[end], rel=1e-12)
            assert row[name] == expected, (row["row_set"], row["benchmark"], name)
        assert (row["log10_kwh_high"] is None) == (row["log10_gflop_high"] is None) == (row["interval"] != "bounded")
    assert by_points < len(told) / 10


# --- models that exist


def test_a_model_that_exists_is_priced_by_its_computation(db: duckdb.DuckDBPyConnection) -> None:
    # GPT-3: 3.14e23 FLOP (Brown et al. 2020, table D.1). A V100 of 125 TFLOP/s at 0.227 does it in 3.07 million hours.
    compute, hours, usd = one(
        db,
        "select log10_gflop, log10_hours, log10_usd from marts.model_costs where name = 'GPT-3 175B (davinci)' "
        "and compute_measure = 'training_compute' and scenario = 'v100_2020'",
    )
    assert 10 ** (compute + 9) == pytest.approx(3.14e23, rel=0.01)
    assert 10**hours == pytest.approx(3.14e23 / (125e12 * 0.227) / 3600, rel=0.01)
    assert 10 ** (usd - hours) == pytest.approx(3.06, rel=1e-9)


def test_costs_agree_with_those_of_epoch_within_what_renting_and_owning_differ_by(
    db: duckdb.DuckDBPyConnection,
) -> None:
    n, low, median, high = one(
        db,
        "select count(*), quantile_cont(cost_ratio, 0.1), median(cost_ratio), quantile_cont(cost_ratio, 0.9) "
        "from marts.model_costs where is_of_its_time and compute_measure = 'training_compute' and scenario = 'a100_2023'",
    )
    # Epoch amortises hardware over its life where these are hours on demand: some five times as much, and not ten.
    assert n >= 50
    assert 1 < low < median < high
    assert 2 < median < 10


# --- burdens, by the prices of their own processors

# Of the row, printed: processors, hours, and the price of an hour of one on demand and for three years, typed from Epoch AI's
# sheet of prices (hardware_prices.csv, the day nearest to the paper's).
BY_NAME = {
    # 16 Cloud TPUs of four chips for four days (Devlin et al. 2018); the sheet has TPU v2 once, at 4.50 USD a board.
    "BERT Large": (64, 96, 1.13, None),
    "GPT-3 175B (davinci)": (10_000, 355.2, 3.90, 1.21),
    "PaLM (540B)": (6144, 1536, 3.22, 1.45),
    "Gemini 1.0 Ultra": (57_000, 2400, 3.22, 1.45),
}


@pytest.mark.parametrize("name", BY_NAME)
def test_a_burden_is_priced_by_its_own_processors(db: duckdb.DuckDBPyConnection, name: str) -> None:
    count, hours, *prices = BY_NAME[name]
    (own_cost,) = {
        float(row["training_cost_usd_2023"])
        for row in facts("epoch_models", "model")
        if row["name"] in (name, name.replace("BERT ", "BERT-")) and row["training_cost_usd_2023"]
    }
    for commitment, price in zip(("on demand", "3 years"), prices, strict=True):
        chip_hours, usd, ratio, deflator, kind, scenario, reason = one(
            db,
            "select 10 ** log10_hours, 10 ** log10_usd, cost_ratio, 10 ** (log10_usd_constant - log10_usd), processor_kind, "
            "scenario, reason from marts.model_costs where compute_measure = 'hardware_burden' and name = ? and commitment = ?",
            name,
            commitment,
        )
        assert chip_hours == pytest.approx(count * hours, rel=1e-9)
        assert (kind, scenario) == ("gpu" if name.startswith("GPT") else "tpu", None)
        if price is None:
            assert (usd, ratio, reason) == (None, None, "no_price")
            continue
        assert usd == pytest.approx(count * hours * price, rel=1e-9)
        assert ratio == pytest.approx(usd * deflator / own_cost, rel=1e-9)
        # The index rose by 6.8 % from October 2018 to 2023, and by 8 ‰ from May 2022.
        assert 1 < deflator < 1.07
        assert reason is None


def test_a_board_is_priced_as_its_chips(db: duckdb.DuckDBPyConnection) -> None:
    """The same runs, counted in boards by one source and in chips by the other."""
    found = db.execute(
        "select models.name, costs.processor, processor_hours, chip_hours, price_usd, price_usd_per_hour, cost_usd "
        "from core.phase_costs as costs join core.models as models using (model_id) where commitment = 'on demand' "
        "and cost_usd is not null and models.name in ('BERT Large', 'CoCa')"
    ).fetchall()
    assert {row[:2]: row[2:] for row in found} == {
        # mit_futuretech has BERT on TPU v3, Epoch AI on v2.
        ("BERT Large", "Cloud TPU v3"): pytest.approx((16 * 96, 64 * 96, 2.00, 8.00, 16 * 96 * 8.00)),
        ("BERT Large", "Google TPU v2"): pytest.approx((64 * 96, 64 * 96, 1.13, 1.13, 64 * 96 * 1.13)),
        ("CoCa", "Cloud TPU v4"): pytest.approx((512 * 120, 2048 * 120, 3.22, 12.88, 512 * 120 * 12.88)),
        ("CoCa", "Google TPU v4"): pytest.approx((2048 * 120, 2048 * 120, 3.22, 3.22, 2048 * 120 * 3.22)),
    }
    # A core is half a chip.
    assert one(db, "select priced_as_id, chips from core.priced_as where processor = 'Cloud TPUv3 core'") == (
        "Google TPU v3",
        0.5,
    )


def test_rates_of_boards_are_those_of_their_chips(db: duckdb.DuckDBPyConnection) -> None:
    """Of v2 and v3 the sheet rounds otherwise than the data sheets of their day (46 and 123 for 45 and 105 TFLOP/s)."""
    rows = db.execute(
        "select board.printed_peak_flop_per_s / chips / chip.tensor_fp16_flop_per_s from core.priced_as as units "
        "join core.processors as board on units.processor_id = board.processor_id "
        "join core.processors as chip on units.priced_as_id = chip.processor_id "
        "where rule = 'unit' and board.printed_peak_flop_per_s is not null"
    ).fetchall()
    assert len(rows) == 3
    assert all(0.85 < ratio < 1.01 for (ratio,) in rows)


def test_every_phase_has_a_cost_or_the_reason_why_not(db: duckdb.DuckDBPyConnection) -> None:
    phases = one(db, "select count(*) from core.run_phases")[0]
    assert db.execute(
        "select commitment, count(*), count(*) filter ((cost_usd_constant is null) = (reason is null)) "
        "from core.phase_costs group by all order by all"
    ).fetchall() == [("3 years", phases, 0), ("on demand", phases, 0)]
    assert one(db, "select count(*) from core.phase_costs where reason is null and price_locator is null") == (0,)


def test_a_price_is_the_middle_one_of_the_nearest_day(db: duckdb.DuckDBPyConnection) -> None:
    listed: dict[tuple[str, str], dict[date, list[tuple[float, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in facts("epoch_prices", "price"):
        if row["kind"] == "rental":
            day = date.fromisoformat(row["priced_on"])
            listed[row["processor"], row["commitment"]][day].append((float(row["price_usd"]), row["locator"]))
    # The names that sheets of prices have, of processors for which nothing else is declared.
    found = db.execute(
        "select distinct aliases.alias, commitment, run_on, price_usd, price_locator, days_apart from core.phase_costs as costs "
        "join core.processor_aliases as aliases on costs.processor_id = aliases.processor_id "
        "where price_source = 'epoch_prices' and costs.processor_id = priced_as_id "
        "and costs.processor_id not in (select processor_id from core.priced_as)"
    ).fetchall()
    found = [row for row in found if row[:2] in listed]
    assert len(found) > 200
    for processor, commitment, run_on, price, locator, days in found:
        days_of = listed[processor, commitment]
        nearest = min(abs((day - run_on).days) for day in days_of)
        assert abs(days) == nearest
        prices = sorted(days_of[run_on + timedelta(days=days)])
        assert price == statistics.median_low([one for one, _ in prices])
        assert (price, locator) in prices


def test_what_a_run_paid_is_its_price(db: duckdb.DuckDBPyConnection) -> None:
    paid = {
        (row["page"], row["locator"]): float(row["price_usd_per_hour"]) / float(row["processor_count"])
        for row in facts("dawnbench", "run_phase")
        if row["price_usd_per_hour"] and row["processor_count"]
    }
    found = db.execute(
        "select page, locator, commitment, cost_usd / processor_hours, days_apart, price_source, price_locator "
        "from core.phase_costs where source = 'dawnbench' and reason is null"
    ).fetchall()
    of_runs = [row for row in found if row[:2] in paid and row[2] == "on demand"]
    assert len(of_runs) >= 20
    for page, locator, _, price, *address in of_runs:
        assert price == pytest.approx(paid[page, locator], rel=1e-9)
        assert address == [0, "dawnbench", locator]
    # What was paid by the hour says nothing of a contract of three years, nor of other runs.
    assert {row[5] for row in found if row not in of_runs} == {"epoch_prices"}


def test_a_card_without_a_price_is_unknown_and_one_of_a_family_is_not(db: duckdb.DuckDBPyConnection) -> None:
    for name in (
        "GeForce GTX TITAN X",
        "GeForce GTX 1080 Ti",
        "Tesla K40",
        "NVIDIA Tesla M40",
        "NVIDIA TITAN X Pascal",
    ):
        rows = db.execute(
            "select distinct reason, cost_usd from core.phase_costs where processor_id = ? "
            "and processor_hours is not null and run_on is not null",
            [name],
        ).fetchall()
        assert rows == [("no_price", None)], name
    rows = db.execute(
        "select distinct priced_as_id, price_usd from core.phase_costs "
        "where processor_id = 'NVIDIA Tesla V100 PCIe 32 GB' and commitment = 'on demand' and reason is null order by all"
    ).fetchall()
    assert rows == [("NVIDIA V100", 2.75), ("NVIDIA V100", 3.06)]


def test_a_model_has_one_record_for_all_commitments_and_that_of_its_own_cost_first(
    db: duckdb.DuckDBPyConnection,
) -> None:
    n, models, twice = one(
        db,
        "select count(*), count(distinct model_id), count(*) filter (n != 2 or low != high) from ("
        "select model_id, count(*) as n, min(source || log10_gflop) as low, max(source || log10_gflop) as high "
        "from marts.model_costs where compute_measure = 'hardware_burden' group by model_id)",
    )
    assert (n, twice) == (models, 0)
    # Those that began from another model's weights have no burden of their own whole training.
    assert n > 400
    # mit_futuretech, which is preferred for computation, has BERT's burden too.
    assert one(db, "select distinct source from marts.model_costs where name = 'BERT Large' and scenario is null") == (
        "epoch_models",
    )


def test_ratios_to_epochs_costs_by_kind_and_commitment(db: duckdb.DuckDBPyConnection) -> None:
    found = rows(db, "select * from marts.model_cost_ratios")
    by = {(row["processor_kind"], row["commitment"]): row for row in found}
    costs_of = db.execute(
        "select processor_kind, commitment, log10(cost_ratio) from marts.model_costs where scenario is null and cost_ratio > 0"
    ).fetchall()
    for (kind, commitment), row in by.items():
        logs = [ratio for one, term, ratio in costs_of if term == commitment and kind in (one, "all")]
        assert row["n"] == len(logs)
        assert math.log10(row["cost_ratio"]) == pytest.approx(statistics.median(logs), abs=1e-9)
        assert row["spread_decades"] == pytest.approx(statistics.stdev(logs), abs=1e-9)
    # A prototype over the same facts had 9.25 with 0.21 decades, 6.1 with 0.43, and 2.84; renting is dearer than owning.
    assert by["tpu", "on demand"]["cost_ratio"] == pytest.approx(9.25, rel=0.05)
    assert by["tpu", "on demand"]["spread_decades"] < 0.25
    assert by["all", "on demand"]["cost_ratio"] == pytest.approx(6.1, rel=0.1)
    assert by["all", "on demand"]["spread_decades"] < 0.5
    assert by["all", "3 years"]["cost_ratio"] == pytest.approx(2.84, rel=0.1)
    shown = {key: f"{row['cost_ratio']:.1f}" for key, row in by.items()}
    readme = " ".join((paths.PACKAGE.parent / "README.md").read_text(encoding="utf-8").split())
    assert (
        f"on demand {shown['tpu', 'on demand']} times Epoch's cost for TPUs and {shown['gpu', 'on demand']} times for GPUs "
        f"(medians), for three years {shown['tpu', '3 years']} and {shown['gpu', '3 years']}"
    ) in readme


# --- regions


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("FR", "FRA"),
        ("fra", "FRA"),
        ("France", "FRA"),
        ("world", "OWID_WRL"),
        ("PL", "POL"),
        ("GCP:europe-west1", "gcp:europe-west1"),
    ],
)
def test_a_region_by_any_of_its_names(given: str, code: str) -> None:
    countries = {"FRA": "France", "POL": "Poland", "OWID_WRL": "World"}
    assert scenarios.region(given, countries, ["gcp:europe-west1"]) == code


def test_every_country_of_the_sources_has_its_two_letters() -> None:
    codes = {row["region_code"] for row in facts("owid_carbon", "carbon_intensity")} - {""}
    two = tomllib.loads((paths.PACKAGE / "declared" / "regions.toml").read_text(encoding="utf-8"))["alpha_2"]
    assert {code for code in codes if not code.startswith("OWID_")} <= set(two.values())
    assert {key: two[key] for key in ("FR", "US", "PL", "DE", "CN", "GB", "CH")} == {
        "FR": "FRA", "US": "USA", "PL": "POL", "DE": "DEU", "CN": "CHN", "GB": "GBR", "CH": "CHE",
    }  # fmt: skip
    assert len(set(two.values())) == len(two)
    assert all(re.fullmatch("[A-Z]{2}", key) for key in two)


def test_seeded_streams_differ_by_factor() -> None:
    spread = costs.Spreads(RULE).of(scenario(draw_fraction=(1.1, 1.2, 1.6)))
    assert not np.array_equal(spread.draw_fraction, spread.pue)
    assert abs(np.corrcoef(spread.draw_fraction, spread.pue)[0, 1]) < 0.05
    drawn = monte_carlo.triangular(1.1, 1.2, 1.6, RULE.resamples, resampling.seeded(RULE.seed, "made", "pue"))
    assert np.allclose(spread.pue + math.log10(1.2), drawn, atol=1e-12)
