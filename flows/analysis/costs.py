"""What computation costs: hours, electricity, emissions and money of an error, with intervals, as rows of fits.costs.

    hours on one processor = burden / peak rate                (hardware burden, consolidated burden: peak rate times time)
                           = compute / (peak rate × utilisation)                       (training compute: arithmetic done)
    kWh = hours × TDP × draw fraction × PUE        kg CO2e = kWh × intensity        USD = hours × price of an hour

A burden's peak rate is the one by which burdens are counted, so that an hour of a processor costs an hour of it; the
other is that of the precision of the scenario. All of it is added as log10. The interval of the computation is Fieller's, by
the line whose standard errors are by cluster, to the last digit that of the method `cluster` in fits.projections; those of
what follows from it come from draws of that line, stretched to agree with it, and of utilisation, draw fraction, PUE and prices
(flows/fits/monte_carlo.py); intensity and deflator are taken as known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import duckdb
import numpy as np

from flows.analysis import stacked
from flows.analysis.projections import Projection, projected
from flows.analysis.samples import Sample
from flows.columns import column, key
from flows.declared.setting_types import FitRule
from flows.fits import clustered, least_squares, monte_carlo, resampling
from flows.fits.forms import response
from flows.fits.line import OK, Array, Line, number
from flows.fits.selections import is_chosen

KG_PER_LB = 0.45359237
SECONDS_PER_HOUR = 3600
PEAK, ARITHMETIC = "peak", "arithmetic"
# What a measure of computation counts decides whether utilisation is in it already.
BASES = {"hardware_burden": PEAK, "consolidated_burden": PEAK, "training_compute": ARITHMETIC}
NO_RATE = "no_rate"
# What is taken to stand alone in an interval: papers with all their points, or each point.
CLUSTERS, POINTS = "clusters", "points"
_LB = -math.log10(KG_PER_LB)
_G_PER_KG = 3
# What the intervals are made of, in the order in which they are added.
_KWH_PARTS = ("fit", "form", "utilisation", "draw_fraction", "pue")
_USD_PARTS = ("fit", "form", "utilisation", "price")
# log10 of FLOP in one of the unit of a row set.
_UNITS = {"gflop": 9, "flop": 0}


def log10_gflop(unit: str) -> float:
    """log10 of the Gflop in one of a row set's unit of computation."""
    return float(_UNITS[unit] - _UNITS["gflop"])


@dataclass(frozen=True)
class Scenario:
    """The factors of a row of core.scenarios as log10 (NaN where not known); ranges as (low, value, high), not log10."""

    scenario: str
    region: str
    log10_rate: float
    log10_burden_rate: float
    utilisation: tuple[float, float, float]
    draw_fraction: tuple[float, float, float]
    pue: tuple[float, float, float]
    prices: tuple[float, ...]
    log10_power: float
    log10_intensity: float
    log10_deflator: float
    is_stated: bool
    coefficient_decimals: int | None
    status: str

    def log10_hours(self, basis: str) -> float:
        """log10 of the hours on one processor of one FLOP."""
        rate = self.log10_burden_rate if basis == PEAK else self.log10_rate + math.log10(self.utilisation[1])
        return -rate - math.log10(SECONDS_PER_HOUR)

    def status_of(self, basis: str) -> str:
        """The status for what is counted by one of its rates: where the other is not known, this may be priced yet."""
        rate = self.log10_burden_rate if basis == PEAK else self.log10_rate
        return NO_RATE if math.isnan(rate) else self.status

    @cached_property
    def log10_kw(self) -> float:
        """log10 of the power of one processor at the meter, kW."""
        return self.log10_power + math.log10(self.draw_fraction[1]) + math.log10(self.pue[1])

    @cached_property
    def log10_price(self) -> float:
        """log10 of the median price of an hour of one processor, nominal USD."""
        return math.log10(float(np.median(self.prices))) if self.prices else math.nan


@dataclass(frozen=True)
class Spread:
    """Draws of a scenario's factors, log10 relative to their central values; all zeros where nothing is spread."""

    utilisation: Array
    draw_fraction: Array
    pue: Array
    price: Array


@dataclass(frozen=True)
class Goal:
    """An error whose cost is asked; `published` where it stands behind the published table."""

    target: str
    error: float
    published: bool = False


@dataclass(frozen=True, slots=True)
class UnitCost:
    """One row per scenario, region and basis: what 1e9 FLOP cost, and the interval without that of any fit."""

    scenario: str = key("the scenario: key of core.scenarios with region")
    region: str = key("whose electricity: ISO 3166-1 alpha-3, OWID_* for aggregates, or provider:region of a cloud")
    basis: str = key(
        "peak: computation is peak rate times time, as a hardware burden is; arithmetic: operations done, as training compute is"
    )
    log10_hours_per_gflop: float | None = column("log10 of the hours on one processor of 1e9 FLOP")
    log10_hours_per_gflop_low: float | None = column("lower end of its interval")
    log10_hours_per_gflop_high: float | None = column("upper end of its interval")
    log10_kwh_per_gflop: float | None = column("log10 of their electricity, kWh")
    log10_kwh_per_gflop_low: float | None = column("lower end of its interval")
    log10_kwh_per_gflop_high: float | None = column("upper end of its interval")
    log10_kg_co2_per_kwh: float | None = column("log10 of the emissions of that electricity, kg CO2e per kWh")
    log10_usd_per_gflop: float | None = column("log10 of their price, nominal USD")
    log10_usd_per_gflop_low: float | None = column("lower end of its interval")
    log10_usd_per_gflop_high: float | None = column("upper end of its interval")
    log10_deflator: float | None = column("log10 of constant over nominal USD")


@dataclass(frozen=True, slots=True)
class Cost:
    """One row per set of points, form, scenario, region and target: what it costs to reach an error by the fitted line."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    form: str = key("polynomial or exponential; stacked: both, by their weights in fits.form_weights")
    scenario: str = key("the scenario: key of core.scenarios with region")
    region: str = key("whose electricity: ISO 3166-1 alpha-3, OWID_* for aggregates, or provider:region of a cloud")
    target: str = key("which error: today, target_1 or target_2")
    error: float = column("the error to be reached, a fraction")
    published: bool = column("whether the row stands behind the published table (Figure 3)")
    log10_gflop: float | None = column("log10 of the median computation at which the line reaches the error, Gflop")
    log10_gflop_low: float | None = column("lower end of its interval (Fieller's)")
    log10_gflop_high: float | None = column("upper end of the same; null where it is not bounded")
    log10_hours: float | None = column("log10 of the hours on one processor")
    log10_hours_low: float | None = column("lower end of its interval (fit and utilisation)")
    log10_hours_high: float | None = column("upper end of the same; null where it is not bounded")
    log10_kwh: float | None = column("log10 of the electricity, kWh")
    log10_kwh_low: float | None = column("lower end of its interval (fit, utilisation, power drawn, PUE)")
    log10_kwh_high: float | None = column("upper end of the same; null where it is not bounded")
    log10_kg_co2: float | None = column("log10 of the emissions, kg CO2e")
    log10_kg_co2_low: float | None = column("lower end of its interval (as the electricity's)")
    log10_kg_co2_high: float | None = column("upper end of the same; null where it is not bounded")
    log10_lb_co2: float | None = column("log10 of the emissions, lb CO2e")
    log10_lb_co2_low: float | None = column("lower end of its interval (as the electricity's)")
    log10_lb_co2_high: float | None = column("upper end of the same; null where it is not bounded")
    log10_usd: float | None = column("log10 of the price, nominal USD of the scenario's day")
    log10_usd_low: float | None = column("lower end of its interval (fit, utilisation, price)")
    log10_usd_high: float | None = column("upper end of the same; null where it is not bounded")
    log10_usd_constant: float | None = column("log10 of the price, USD of the year constant_year")
    log10_usd_constant_low: float | None = column("lower end of its interval")
    log10_usd_constant_high: float | None = column("upper end of the same; null where it is not bounded")
    kwh_share_fit: float | None = column(
        "share of the fitted line in the spread of log10_kwh within its interval; the five shares add up to 1 (emissions: the same)"
    )
    kwh_share_form: float | None = column(
        "share of the choice of form in the same: 0 but in the rows of the form stacked"
    )
    kwh_share_utilisation: float | None = column("share of the utilisation in the same")
    kwh_share_draw_fraction: float | None = column("share of the power drawn over TDP in the same")
    kwh_share_pue: float | None = column("share of the PUE in the same")
    usd_share_fit: float | None = column(
        "share of the fitted line in the spread of log10_usd within its interval; the four shares add up to 1"
    )
    usd_share_form: float | None = column(
        "share of the choice of form in the same: 0 but in the rows of the form stacked"
    )
    usd_share_utilisation: float | None = column("share of the utilisation in the same")
    usd_share_price: float | None = column("share of the prices in the same")
    interval_by: str | None = column(
        "what the interval takes to stand alone: clusters (points of one paper, model or training hang together); points, each by "
        "itself, where there are fewer than three clusters or one alone gives the computation its spread; null without a line"
    )
    share_unreachable: float | None = column("share of the draws whose line does not rise: no computation is enough")
    status: str = column(
        "ok; slope_not_positive; slope_not_different_from_0; selected_no_interval; extrapolation_unsupported; "
        "the status of the line; or of the scenario"
    )


def all_scenarios(con: duckdb.DuckDBPyConnection) -> list[Scenario]:
    """The rows of core.scenarios with their prices."""
    prices: dict[str, list[float]] = {}
    for name, price in con.execute("select scenario, price_usd_per_hour from core.scenario_prices").fetchall():
        prices.setdefault(name, []).append(price)
    cursor = con.execute("select * from core.scenarios order by scenario, region")
    names = [one[0] for one in cursor.description or []]
    return [_scenario(dict(zip(names, row, strict=True)), prices) for row in cursor.fetchall()]


def _scenario(row: dict[str, Any], prices: dict[str, list[float]]) -> Scenario:
    def log10(name: str) -> float:
        return math.nan if row[name] is None else math.log10(row[name])

    def ranged(name: str) -> tuple[float, float, float]:
        low, value, high = (row[key] for key in (f"{name}_low", name, f"{name}_high"))
        return float(low), float(value), float(high)

    decimals = row["coefficient_decimals"]
    return Scenario(
        scenario=row["scenario"],
        region=row["region"],
        log10_rate=log10("rate_flop_per_s"),
        log10_burden_rate=log10("burden_rate_flop_per_s"),
        utilisation=ranged("utilisation"),
        draw_fraction=ranged("draw_fraction"),
        pue=ranged("pue"),
        prices=tuple(sorted(prices.get(row["scenario"], []))),
        log10_power=log10("power_kw"),
        log10_intensity=log10("carbon_intensity_g_per_kwh") - _G_PER_KG,
        log10_deflator=log10("deflator"),
        is_stated=row["is_stated"],
        coefficient_decimals=None if decimals is None else int(decimals),
        status=row["status"],
    )


class Spreads:
    """Draws of scenarios' factors: the same for all regions that share them, and for all fits."""

    def __init__(self, rule: FitRule) -> None:
        self.rule = rule
        self._drawn = cache(self._draw)

    def of(self, scenario: Scenario) -> Spread:
        """The draws of a scenario."""
        return self._drawn(
            scenario.scenario, scenario.utilisation, scenario.draw_fraction, scenario.pue, scenario.prices
        )

    def _draw(
        self,
        name: str,
        utilisation: tuple[float, float, float],
        draw_fraction: tuple[float, float, float],
        pue: tuple[float, float, float],
        prices: tuple[float, ...],
    ) -> Spread:
        draws, seed = self.rule.resamples, self.rule.seed

        def ranged(factor: str, given: tuple[float, float, float]) -> Array:
            drawn = monte_carlo.triangular(*given, draws, resampling.seeded(seed, name, factor))
            return drawn - math.log10(given[1])

        price = np.zeros(draws)
        if prices:
            values = np.array(prices)
            price = monte_carlo.observed(values, draws, resampling.seeded(seed, name, "price"))
            price -= np.log10(np.median(values))
        return Spread(
            ranged("utilisation", utilisation), ranged("draw fraction", draw_fraction), ranged("pue", pue), price
        )


def unit_costs(scenarios: Iterable[Scenario], spreads: Spreads) -> Iterator[UnitCost]:
    """What 1e9 FLOP cost in each scenario, on either basis."""
    level = spreads.rule.level
    for scenario in scenarios:
        spread = spreads.of(scenario)
        for basis in (PEAK, ARITHMETIC):
            hours = scenario.log10_hours(basis) + 9
            idle = -spread.utilisation if basis == ARITHMETIC else np.zeros_like(spread.utilisation)
            kwh, usd = hours + scenario.log10_kw, hours + scenario.log10_price
            yield UnitCost(
                scenario.scenario,
                scenario.region,
                basis,
                *_ends(hours, idle, level),
                *_ends(kwh, idle + spread.draw_fraction + spread.pue, level),
                number(scenario.log10_intensity),
                *_ends(usd, idle + spread.price, level),
                number(scenario.log10_deflator),
            )


def _ends(centre: float, apart: Array, level: float) -> tuple[float | None, float | None, float | None]:
    low, high = monte_carlo.interval(apart, level)
    return number(centre), number(centre + low), number(centre + high)


def costs(
    sample: Sample, measure: str, unit: str, goals: Sequence[Goal], scenarios: Sequence[Scenario], spreads: Spreads
) -> Iterator[Cost]:
    """What each goal costs by the line of each form in each scenario."""
    rule, basis = spreads.rule, BASES[measure]
    for form in sample.forms:
        line, drawn, by = _line(sample, form, rule)
        for wanted in goals:
            goal = float(response(form, np.array([wanted.error]))[0])
            reached = projected(sample, form, line, wanted.target, wanted.error, rule)
            x = None if drawn is None else _drawn(drawn, goal, reached, rule.level) + _UNITS[unit]
            is_printed = wanted.published and measure == "hardware_burden"
            for scenario, end in zip(scenarios, _intervals(x, basis, scenarios, spreads), strict=True):
                flop = math.nan if reached.log10_compute is None else reached.log10_compute
                decimals = scenario.coefficient_decimals if is_printed else None
                if decimals is not None and drawn is not None:
                    # The published table was computed from coefficients as printed.
                    flop = (goal - round(line.intercept, decimals)) / round(line.slope, decimals)
                published = decimals is not None and scenario.is_stated
                yield _cost(reached, scenario, basis, flop + _UNITS[unit], end, by, published=published)


def stacked_costs(
    sample: Sample,
    weights: Mapping[str, float],
    measure: str,
    unit: str,
    goals: Sequence[Goal],
    scenarios: Sequence[Scenario],
    spreads: Spreads,
) -> Iterator[Cost]:
    """What each goal costs by the forms stacked, as `costs` has it by each; nothing without weights or lines."""
    rule, basis = spreads.rule, BASES[measure]
    mixed = stacked.mixtures(sample, weights, [goal.error for goal in goals], rule) if weights else []
    for wanted, mixture in zip(goals, mixed, strict=False):
        reached = stacked.projected(sample, mixture, wanted.target, wanted.error, rule)
        x, of_form = mixture.draws + _UNITS[unit], mixture.centres
        by = CLUSTERS if mixture.by_cluster else POINTS
        flop = math.nan if reached.log10_compute is None else reached.log10_compute
        for scenario, end in zip(scenarios, _intervals(x, basis, scenarios, spreads, of_form), strict=True):
            yield _cost(reached, scenario, basis, flop + _UNITS[unit], end, by, published=False)


def _line(sample: Sample, form: str, rule: FitRule) -> tuple[Line, tuple[Array, Array] | None, str | None]:
    """The least-squares line with its standard errors, draws of it (none where no line rises), and what stands alone in them.

    The standard errors are by cluster, for points of one paper, model or training hang together; where there are too few
    clusters to tell, as if each point stood alone. Of points that were chosen by their error there are no draws.
    """
    y = response(form, sample.error)
    line, by = clustered.cluster_robust(sample.x, y, sample.paper), CLUSTERS
    if line.status != OK:
        line, by = least_squares.ols(sample.x, y), POINTS
    if line.status != OK or not line.slope > 0 or is_chosen(sample.selection):
        return line, None, None
    return line, monte_carlo.lines(line, rule.resamples, resampling.seeded(rule.seed, sample.name, form, "cost")), by


def _drawn(drawn: tuple[Array, Array], goal: float, reached: Projection, level: float) -> Array:
    """Draws (draws,) of the computation at which the line reaches a goal, with the ends of its interval."""
    x = monte_carlo.reached(*drawn, goal)
    if reached.log10_compute is None or reached.interval is None:
        return x
    low, high = reached.log10_compute_low, reached.log10_compute_high
    ends = -math.inf if low is None else low, math.inf if high is None else high
    return monte_carlo.agreeing(x, reached.log10_compute, ends, level)


@dataclass(frozen=True)
class _Ends:
    """Intervals as log10 of FLOP, hours, kWh and USD, what two of them are made of, and the share of infinite draws."""

    flop: tuple[float, float]
    hours: tuple[float, float]
    kwh: tuple[float, float]
    usd: tuple[float, float]
    kwh_shares: tuple[float, ...]
    usd_shares: tuple[float, ...]
    unreachable: float


_NO_END = (math.nan, math.nan)
_NOTHING = _Ends(_NO_END, _NO_END, _NO_END, _NO_END, (math.nan,) * 5, (math.nan,) * 4, math.nan)


def _intervals(
    x: Array | None, basis: str, scenarios: Sequence[Scenario], spreads: Spreads, of_form: Array | None = None
) -> list[_Ends]:
    """Of each scenario; regions that share the factors share the draws and their intervals.

    `of_form` is what of each draw of x comes from the choice of form.
    """
    if x is None:
        return [_NOTHING] * len(scenarios)
    level, of_form = spreads.rule.level, np.zeros_like(x) if of_form is None else of_form
    flop, unreachable = monte_carlo.interval(x, level), float(np.isinf(x).mean())
    known: dict[int, tuple[Any, ...]] = {}
    intervals = []
    for scenario in scenarios:
        spread = spreads.of(scenario)
        if id(spread) not in known:
            idle = -spread.utilisation if basis == ARITHMETIC else np.zeros_like(x)
            hours = monte_carlo.interval(x + idle, level) if idle.any() else flop
            kwh, kwh_shares = _made_of([x - of_form, of_form, idle, spread.draw_fraction, spread.pue], level)
            usd, usd_shares = _made_of([x - of_form, of_form, idle, spread.price], level)
            known[id(spread)] = hours, kwh, usd, kwh_shares, usd_shares
        hours, kwh, usd, kwh_shares, usd_shares = known[id(spread)]
        per_flop = scenario.log10_hours(basis)
        intervals.append(
            _Ends(
                flop,
                _moved(hours, per_flop),
                _moved(kwh, per_flop + scenario.log10_kw),
                _moved(usd, per_flop + scenario.log10_price),
                kwh_shares,
                usd_shares,
                unreachable,
            )
        )
    return intervals


def _made_of(parts: list[Array], level: float) -> tuple[tuple[float, float], tuple[float, ...]]:
    total = sum(parts[1:], parts[0])
    low, high = monte_carlo.interval(total, level)
    return (low, high), tuple(monte_carlo.shares(parts, total, low, high))


def _moved(ends: tuple[float, float], by: float) -> tuple[float, float]:
    return ends[0] + by, ends[1] + by


def _cost(
    reached: Projection, scenario: Scenario, basis: str, flop: float, end: _Ends, by: str | None, *, published: bool
) -> Cost:
    hours = flop + scenario.log10_hours(basis)
    kwh, usd = hours + scenario.log10_kw, hours + scenario.log10_price
    kg = scenario.log10_intensity
    figures = (
        _figures("gflop", flop, end.flop, -9)
        | _figures("hours", hours, end.hours)
        | _figures("kwh", kwh, end.kwh)
        | _figures("kg_co2", kwh, end.kwh, kg)
        | _figures("lb_co2", kwh, end.kwh, kg + _LB)
        | _figures("usd", usd, end.usd)
        | _figures("usd_constant", usd, end.usd, scenario.log10_deflator)
        | {f"kwh_share_{name}": number(share) for name, share in zip(_KWH_PARTS, end.kwh_shares, strict=True)}
        | {f"usd_share_{name}": number(share) for name, share in zip(_USD_PARTS, end.usd_shares, strict=True)}
    )
    return Cost(
        sample_id=reached.sample_id,
        form=reached.form,
        scenario=scenario.scenario,
        region=scenario.region,
        target=reached.target,
        error=reached.error,
        published=published,
        interval_by=by,
        share_unreachable=number(end.unreachable),
        status=scenario.status_of(basis) if reached.status == OK else reached.status,
        **figures,
    )


def _figures(name: str, centre: float, ends: tuple[float, float], by: float = 0.0) -> dict[str, Any]:
    low, high = ends
    values = {"": centre, "_low": low, "_high": high}
    return {f"log10_{name}{end}": number(value + by) for end, value in values.items()}
