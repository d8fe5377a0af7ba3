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
from functools import cache, cached_property, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from flows.analysis import lines, stacked
from flows.analysis.projections import Projection, projected
from flows.analysis.samples import Sample
from flows.columns import column, key
from flows.declared.setting_types import FitRule
from flows.fits import monte_carlo, resampling
from flows.fits.line import OK, Array, number
from flows.fits.selections import is_chosen

if TYPE_CHECKING:
    import duckdb

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
    """Draws (draws,) of a scenario's factors, log10 relative to their central values; None where nothing is spread.

    `idle` are those of what is not used of a processor, one over the utilisation.
    """

    idle: Array | None
    draw_fraction: Array | None
    pue: Array | None
    price: Array | None

    def idle_of(self, basis: str) -> Array | None:
        """What adds to hours: nothing where computation is peak rate times time."""
        return self.idle if basis == ARITHMETIC else None


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

        def ranged(factor: str, given: tuple[float, float, float]) -> Array | None:
            drawn = monte_carlo.triangular(*given, draws, resampling.seeded(seed, name, factor))
            return _spread(drawn - math.log10(given[1]))

        used, price = ranged("utilisation", utilisation), None
        if prices:
            values = np.array(prices)
            drawn = monte_carlo.observed(values, draws, resampling.seeded(seed, name, "price"))
            price = _spread(drawn - np.log10(np.median(values)))
        idle = None if used is None else -used
        return Spread(idle, ranged("draw fraction", draw_fraction), ranged("pue", pue), price)


def _spread(drawn: Array) -> Array | None:
    return drawn if drawn.any() else None


def unit_costs(scenarios: Iterable[Scenario], spreads: Spreads) -> Iterator[UnitCost]:
    """What 1e9 FLOP cost in each scenario, on either basis."""
    level = spreads.rule.level
    for scenario in scenarios:
        spread = spreads.of(scenario)
        for basis in (PEAK, ARITHMETIC):
            hours = scenario.log10_hours(basis) + 9
            idle = spread.idle_of(basis)
            kwh, usd = hours + scenario.log10_kw, hours + scenario.log10_price
            yield UnitCost(
                scenario.scenario,
                scenario.region,
                basis,
                *_ends(hours, [idle], level),
                *_ends(kwh, [idle, spread.draw_fraction, spread.pue], level),
                number(scenario.log10_intensity),
                *_ends(usd, [idle, spread.price], level),
                number(scenario.log10_deflator),
            )


def _ends(centre: float, parts: list[Array | None], level: float) -> tuple[float | None, float | None, float | None]:
    apart = _sum(parts)
    low, high = (0.0, 0.0) if apart is None else monte_carlo.interval(apart, level)
    return number(centre), number(centre + low), number(centre + high)


def costs(
    sample: Sample, measure: str, unit: str, goals: Sequence[Goal], scenarios: Sequence[Scenario], spreads: Spreads
) -> Iterator[Cost]:
    """What each goal costs by the line of each form in each scenario.

    The standard errors of the line are by cluster, for points of one paper, model or training hang together; where there are
    too few clusters to tell, as if each point stood alone. Where no line rises, and of points that were chosen by their error,
    nothing is drawn.
    """
    rule, basis = spreads.rule, BASES[measure]
    for form in sample.forms:
        line, by_cluster = lines.surest(sample, form)
        is_drawn = line.status == OK and line.slope > 0 and not is_chosen(sample.selection)
        by = (CLUSTERS if by_cluster else POINTS) if is_drawn else None
        for wanted in goals:
            reached = projected(sample, form, line, wanted.target, wanted.error, rule)
            x = lines.reached(sample, form, wanted.error, rule) + _UNITS[unit] if is_drawn else None
            is_printed = wanted.published and measure == "hardware_burden"
            for scenario, end in zip(scenarios, _intervals(x, basis, scenarios, spreads), strict=True):
                flop = math.nan if reached.log10_compute is None else reached.log10_compute
                decimals = scenario.coefficient_decimals if is_printed else None
                if decimals is not None and is_drawn:
                    # The published table was computed from coefficients as printed.
                    wanted_y = lines.goal(form, wanted.error)
                    flop = (wanted_y - round(line.intercept, decimals)) / round(line.slope, decimals)
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


_Number = float | None
# As tables have them: of the fit, the form, the utilisation, the power drawn and the PUE; of the first three and the price.
_KwhShares = tuple[_Number, _Number, _Number, _Number, _Number]
_UsdShares = tuple[_Number, _Number, _Number, _Number]


@dataclass(frozen=True)
class _Ends:
    """Intervals as log10 of FLOP, hours, kWh and USD, what two of them are made of, and the share of infinite draws."""

    flop: tuple[float, float]
    hours: tuple[float, float]
    kwh: tuple[float, float]
    usd: tuple[float, float]
    kwh_shares: _KwhShares
    usd_shares: _UsdShares
    unreachable: float


_NO_END = (math.nan, math.nan)
_NOTHING = _Ends(_NO_END, _NO_END, _NO_END, _NO_END, (None,) * 5, (None,) * 4, math.nan)


def _intervals(
    x: Array | None, basis: str, scenarios: Sequence[Scenario], spreads: Spreads, of_form: Array | None = None
) -> list[_Ends]:
    """Of each scenario; regions that share the factors share the draws and their intervals.

    `of_form` is what of each draw of x comes from the choice of form.
    """
    if x is None:
        return [_NOTHING] * len(scenarios)
    level, own = spreads.rule.level, x if of_form is None else x - of_form
    flop, unreachable = monte_carlo.interval(x, level), float(np.isinf(x).mean())
    known: dict[int, tuple[Any, ...]] = {}
    intervals = []
    for scenario in scenarios:
        spread = spreads.of(scenario)
        if id(spread) not in known:
            idle = spread.idle_of(basis)
            hours = flop if idle is None else monte_carlo.interval(x + idle, level)
            kwh, kwh_shares = _made_of(own, [of_form, idle, spread.draw_fraction, spread.pue], level)
            usd, usd_shares = _made_of(own, [of_form, idle, spread.price], level)
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


def _made_of(own: Array, others: list[Array | None], level: float) -> tuple[tuple[float, float], tuple[_Number, ...]]:
    """The interval of a sum, and the shares of its parts in it, in the order in which they are added."""
    total = reduce(np.add, [part for part in others if part is not None], own)
    low, high = monte_carlo.interval(total, level)
    return (low, high), tuple(map(number, monte_carlo.shares([own, *others], total, low, high)))


def _sum(parts: list[Array | None]) -> Array | None:
    """The sum of those that are spread, in their order; None where none is."""
    spread = [part for part in parts if part is not None]
    return reduce(np.add, spread) if spread else None


def _moved(ends: tuple[float, float], by: float) -> tuple[float, float]:
    return ends[0] + by, ends[1] + by


def _cost(
    reached: Projection, scenario: Scenario, basis: str, flop: float, end: _Ends, by: str | None, *, published: bool
) -> Cost:
    hours = flop + scenario.log10_hours(basis)
    kwh, usd = hours + scenario.log10_kw, hours + scenario.log10_price
    kg = scenario.log10_intensity
    # By place, in the order of the columns: a build has tens of thousands of these rows.
    return Cost(
        reached.sample_id,
        reached.form,
        scenario.scenario,
        scenario.region,
        reached.target,
        reached.error,
        published,
        *_figures(flop, end.flop, -9),
        *_figures(hours, end.hours),
        *_figures(kwh, end.kwh),
        *_figures(kwh, end.kwh, kg),
        *_figures(kwh, end.kwh, kg + _LB),
        *_figures(usd, end.usd),
        *_figures(usd, end.usd, scenario.log10_deflator),
        *end.kwh_shares,
        *end.usd_shares,
        by,
        number(end.unreachable),
        scenario.status_of(basis) if reached.status == OK else reached.status,
    )


def _figures(
    centre: float, ends: tuple[float, float], by: float = 0.0
) -> tuple[float | None, float | None, float | None]:
    return number(centre + by), number(ends[0] + by), number(ends[1] + by)
