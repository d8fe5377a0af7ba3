"""What one error would cost in one scenario and region: the tables of the build, made again in memory for what was asked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from flows import paths
from flows.analysis import costs, samples
from flows.analysis.stacked import STACKED
from flows.answers import new_models, queries
from flows.declared import domains, scenarios
from flows.declared.scenarios import Declared, ScenarioError
from flows.declared.setting_types import SETTINGS, FitRule
from flows.errors import near
from flows.warehouse import sql_files, staging, transform

# From what the TOML files declare to the factors of a scenario.
_SCENARIO = ("core/conversions.sql", "core/listed_prices.sql", "core/scenario_prices.sql", "core/scenarios.sql")
_DECLARED = ("scenario", "scenario_region", "scenario_processor", "conversion")
# What is asked for first, where the measure is not.
_MEASURES = ("hardware_burden", "training_compute", "consolidated_burden")
_BY_TRAINING = "one_per_training"
# What is told of the set of points.
_SET = (
    "row_set",
    "benchmark",
    "metric",
    "compute_measure",
    "compute_unit",
    "selection",
    "n_points",
    "n_papers",
    "n_models",
    "n_clusters",
    "n_trainers",
    "rests_on_few",
)
# How wide its lines of numbers are.
WIDTH = 74
_QUANTITIES = {
    "gflop": "Gflop",
    "hours": "hours on the processor",
    "kwh": "kWh",
    "kg_co2": "kg CO2e",
    "lb_co2": "lb CO2e",
    "usd": "USD, nominal",
    "usd_constant": "USD of {constant_year}",
}
_PARTS = {
    "fit": "fit",
    "form": "choice of form",
    "utilisation": "utilisation",
    "draw_fraction": "power drawn",
    "pue": "PUE",
    "price": "price",
}
_STATUS = {
    "extrapolation_unsupported": "the error lies further beyond the points than they can support",
    "slope_not_positive": "more computation does not lower the error",
    "slope_not_different_from_0": "the slope may be 0: no computation is known to be enough",
    "selected_no_interval": "the points were chosen by their error: no interval means what it says",
}


@dataclass(frozen=True)
class Request:
    """What is asked: which line, which error, which scenario and region."""

    benchmark: str
    error: str
    scenario: str = scenarios.USUAL
    region: str = "world"
    metric: str | None = None
    measure: str | None = None
    row_set: str = "current"
    form: str | None = None


def quote(path: Path, request: Request) -> dict[str, Any]:
    """The answer, as it is written in JSON.

    Raises:
        ScenarioError: a name is not known, the scenario cannot be used, or the error is no fraction.
        QueryError: there is no warehouse, or it was built by another version.
    """
    error = fraction(request.error)
    declared = scenarios.named(request.scenario)
    with queries.of_this_version(path), queries.attached(path, "built") as con:
        _view(con)
        region = _region(con, request.region)
        _price(con, replace(declared, regions=(region,)))
        unpriced = _unpriced(con)
        sample_id, points = _points(con, request, unpriced)
        return points | _costs(con, sample_id, points, request, error) | {"left_out": sorted(unpriced.values())}


def fraction(given: str) -> float:
    """An error given as 5% or 0.05. Raises `ScenarioError`."""
    try:
        error = float(given.removesuffix("%")) / (100 if given.endswith("%") else 1)
    except ValueError:
        error = math.nan
    if not 0 < error < 1:
        raise ScenarioError(f"an error between 0 and 1, or between 0% and 100%, is needed, not {given!r}")
    return error


def lines(answer: dict[str, Any], *, narrow: bool = False) -> Iterator[str]:
    """The answer as text; `narrow`, in 60 columns, with the word for the intervals once, above them, and not in each line."""
    interval = "" if narrow else f"{answer['level']:.0%} interval "
    factors = answer["factors"]
    yield (
        f"{answer['title']} ({answer['metric']}), error {100 * answer['error']:g} %, "
        f"{answer['compute_measure']}, {answer['n_points']} points of {answer['row_set']}"
    )
    if answer["rests_on_few"]:
        yield f"note: this line rests on {answer['rests_on_few']}"
    yield from _of_interval(answer)
    yield f"{factors['scenario']}: {factors['title']}; {factors['region_name']}"
    yield ""
    for result in answer["results"]:
        heading = "the forms stacked" if result["form"] == STACKED else f"{result['form']} form"
        yield f"{heading}: {result['status']}" + (
            f" ({_STATUS[result['status']]})" if result["status"] in _STATUS else ""
        )
        if narrow:
            yield f"{'':40}{answer['level']:.0%} interval"
        for name, label in _QUANTITIES.items():
            centre, low, high = (result[f"log10_{name}{end}"] for end in ("", "_low", "_high"))
            upper = "unbounded" if high is None and low is not None else power(high)
            shown = label.format(**factors)
            yield f"  {shown:24} {power(centre):>10}   {interval}{power(low)} … {upper}"
        for quantity, label in (("usd", "USD"), ("kwh", "kWh and CO2e")):
            shares = [
                f"{part} {result[f'{quantity}_share_{name}']:.1%}"
                for name, part in _PARTS.items()
                # What would be printed as 0.0 % is left out.
                if (result.get(f"{quantity}_share_{name}") or 0) >= 0.0005
            ]
            if shares:
                yield f"  interval of {label}: {', '.join(shares)}"
        if result["form"] == STACKED:
            yield from new_models.weight_lines(result["weights"])
        else:
            yield from new_models.lines(result["new_model"], interval, power)
        if result["share_unreachable"]:
            yield f"  in {result['share_unreachable']:.1%} of the draws no computation is enough"
        yield ""
    yield from _grounds(answer, factors)
    yield from (f"left out    {why}" for why in answer["left_out"])


def _of_interval(answer: dict[str, Any]) -> Iterator[str]:
    """What the points are, and what the intervals take to stand alone."""
    one, what = ("one point a training; ", "trainings") if answer["selection"] == _BY_TRAINING else ("", "points")
    by = {result["interval_by"] for result in answer["results"]}
    if costs.CLUSTERS in by:
        yield f"{one}intervals by paper, for {what} of one paper hang together"
    elif costs.POINTS in by:
        yield f"{one}intervals as if each point stood alone: there are too few papers to tell how those of one hang together"


def _grounds(answer: dict[str, Any], factors: dict[str, Any]) -> Iterator[str]:
    """Which factors were used, and where they are from."""
    rate = f"peak {factors['burden_rate_flop_per_s'] / 1e12:g} TFLOP/s, as burdens count it"
    if answer["compute_measure"] == "training_compute":
        precision = factors["precision"] or "as stated"
        rate = f"{_ranged(factors, 'utilisation')} of {factors['rate_flop_per_s'] / 1e12:g} TFLOP/s ({precision})"
    yield f"processor   {factors['processor_id'] or 'of the stated run'}: {rate}"
    yield f"power       {factors['power_kw']:.3g} kW × {_ranged(factors, 'draw_fraction')} × PUE {_ranged(factors, 'pue')}"
    used = factors["intensity_year"]
    year = f"of {used}" if used is not None else "whose year is not told"
    if used not in (None, factors["electricity_year"]):
        year += f" (there is none of {factors['electricity_year']})"
    source = factors["intensity_source"] or "stated by the scenario"
    yield f"electricity {factors['carbon_intensity_g_per_kwh']:.4g} g CO2e/kWh, {factors['region']}, {year}, {source}"
    yield (
        f"price       {_ranged(factors, 'price_usd_per_hour')} USD per processor-hour, {factors['price_kind']}, "
        f"median of {factors['n_prices']}, newest of {factors['last_priced_on']}"
    )
    for by, rows in groupby(sorted(answer["prices"], key=itemgetter("by")), key=itemgetter("by")):
        prices = sorted(row["price_usd_per_hour"] for row in rows)
        yield f"            {_range(prices[0], prices[-1])} {by}" + (f" ({len(prices)})" if len(prices) > 1 else "")
    yield (
        f"deflator    {factors['deflator']:.4f} = {factors['price_series']}, mean of {factors['constant_year']} "
        f"over {factors['deflator_month']:%Y-%m}"
    )


def _ranged(factors: dict[str, Any], name: str) -> str:
    low, value, high = (factors[key] for key in (f"{name}_low", name, f"{name}_high"))
    return f"{value:.3g}" + (f" ({_range(low, high)})" if low < high else "")


def _range(low: float, high: float) -> str:
    return f"{low:.3g} … {high:.3g}" if low < high else f"{low:.3g}"


def power(log10: float | None) -> str:
    """10 to a power with two digits, however large; – where there is none."""
    if log10 is None:
        return "–"
    if -3 <= log10 < 5:
        return f"{10**log10:.2g}" if log10 < 2 else f"{10**log10:,.0f}"
    whole = math.floor(log10)
    digits = f"{10 ** (log10 - whole):.1f}"
    return f"1.0e{whole + 1}" if digits == "10.0" else f"{digits}e{whole}"


def _view(con: duckdb.DuckDBPyConnection) -> None:
    """Every table of the warehouse under its own name, but for those that are made again."""
    remade = {f"staging.{name}" for name in _DECLARED}
    remade |= {sql_files.read_table_file(paths.SQL / name).table for name in _SCENARIO}
    tables = con.execute("select schema_name, table_name from duckdb_tables() where database_name = 'built'").fetchall()
    for schema in sorted({schema for schema, _ in tables}):
        con.execute(f"create schema if not exists {schema}")
    for schema, table in tables:
        if f"{schema}.{table}" not in remade:
            con.execute(f"create view {schema}.{table} as from built.{schema}.{table}")


def _region(con: duckdb.DuckDBPyConnection, given: str) -> str:
    countries = con.execute(
        "select distinct region_code, region from core.carbon_intensities where region_code is not null"
    ).fetchall()
    clouds = con.execute(
        "select distinct region_key from core.cloud_regions where carbon_intensity_g_per_kwh is not null"
    )
    return scenarios.region(given, dict(countries), [key for (key,) in clouds.fetchall()])


def _price(con: duckdb.DuckDBPyConnection, declared: Declared) -> None:
    """Make core.scenarios of one scenario. Raises `ScenarioError` where a factor is not known."""
    aliases = {name for (name,) in con.execute("select alias from core.processor_aliases").fetchall()}
    for name in filter(None, (declared.scenario.processor, *declared.processors)):
        if name not in aliases:
            raise ScenarioError(f"no processor {name!r}; {near(name, aliases)}")
    for table, rows in scenarios.rows([declared]).items():
        staging.create(con, f"staging.{table}", staging.of_rows(SETTINGS[table], rows))
    transform.make_known(con, paths.SQL, {})
    for name in _SCENARIO:
        file = sql_files.read_table_file(paths.SQL / name)
        con.execute(f"create table {file.table} as\n{file.select}")
    status = con.execute("select status from core.scenarios").fetchall()[0][0]
    if status == "no_price":
        raise ScenarioError(f"{declared.scenario.scenario}: no price counts; {_prices_there(con)}")
    if status != "ok":
        raise ScenarioError(
            f"{declared.scenario.scenario}: {status}: no source gives it for {declared.scenario.processor!r}; "
            "see core.processors"
        )


def _unpriced(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """{basis: why nothing that is counted so has a price}; a rate that no source gives stops no more than it must."""
    scenario, processor, precision, burden_precision = con.execute(
        "select scenario, processor, precision, burden_precision from staging.scenario"
    ).fetchall()[0]
    (known,) = costs.all_scenarios(con)
    left_out = {
        costs.ARITHMETIC: f"no source gives the {precision} rate of {processor!r}: training compute is left out, burdens are not",
        costs.PEAK: (
            f"no source gives the {burden_precision or 'FP32'} rate of {processor!r}, by which burdens count its hours: "
            "burdens are left out, training compute is not"
        ),
    }
    return {basis: f"{scenario}: {why}" for basis, why in left_out.items() if known.status_of(basis) == costs.NO_RATE}


def _prices_there(con: duckdb.DuckDBPyConnection) -> str:
    rows = con.execute(
        "select prices.kind, count(*), min(priced_on), max(priced_on), string_agg(distinct commitment, ', ' order by commitment) "
        "from core.prices as prices "
        "join core.processor_aliases as aliases on prices.processor_id = aliases.processor_id "
        "join staging.scenario_processor as wanted on aliases.alias = wanted.processor group by all order by all"
    ).fetchall()
    counted = [f"{n} of {kind}, {first} to {last}" + (f" ({how})" if how else "") for kind, n, first, last, how in rows]
    return f"of these processors there are: {'; '.join(counted) or 'none'}"


def _points(
    con: duckdb.DuckDBPyConnection, request: Request, unpriced: Mapping[str, str]
) -> tuple[int, dict[str, Any]]:
    """The set of points that is asked for, and its names. Raises `ScenarioError`: there is none, or its basis has no price."""
    rows = con.execute(
        "select sets.sample_id, sets.row_set, sets.benchmark, sets.metric, sets.compute_measure, sets.compute_unit, "
        "sets.selection, sizes.n, sizes.n_papers, sizes.n_models, sizes.n_clusters, sizes.n_trainers, "
        "rests_on_few(sizes.n_clusters, sizes.n_papers, sizes.n_trainers) "
        "from fits.sample_sets as sets join fits.sample_sizes as sizes using (sample_id) where sets.is_headline order by all"
    ).fetchall()
    sets = [row for row in rows if row[4] in costs.BASES]
    for at, name, given in ((1, "row set", request.row_set), (2, "benchmark", request.benchmark)):
        sets = _chosen(sets, at, name, given)
    metric = request.metric or _first_metric(request.benchmark, [row[3] for row in sets])
    sets = _chosen(sets, 3, "metric", metric)
    enough = _fit_rule(con).points_min
    with_points = [row[4] for row in sets if row[7] >= enough]
    first = [one for one in _MEASURES if one in with_points]
    first.sort(key=lambda one: costs.BASES[one] in unpriced)
    measure = request.measure or next(iter(first), sets[0][4])
    sample_id, *told = _chosen(sets, 4, "compute measure", measure)[0]
    answer = dict(zip(_SET, told, strict=True))
    if costs.BASES[measure] in unpriced:
        raise ScenarioError(unpriced[costs.BASES[measure]])
    if answer["n_points"] < enough:
        raise ScenarioError(
            "{benchmark}, {metric}, {compute_measure}: {n_points} points in {row_set}, too few for a line".format(
                **answer
            )
        )
    return sample_id, answer | {"title": domains.titles().get(answer["benchmark"], answer["benchmark"])}


def _chosen(rows: list[Any], at: int, what: str, given: str) -> list[Any]:
    there = {row[at] for row in rows}
    if given not in there:
        raise ScenarioError(f"no {what} {given!r}; {near(given, there, 8)}")
    return [row for row in rows if row[at] == given]


def _first_metric(benchmark: str, there: list[str]) -> str:
    """The metric that the benchmark's domain names first."""
    domain = domains.domains().get(benchmark)
    return next((metric for metric in (domain.metrics if domain else ()) if metric in there), there[0])


def _costs(
    con: duckdb.DuckDBPyConnection, sample_id: int, points: dict[str, Any], request: Request, error: float
) -> dict[str, Any]:
    rule = _fit_rule(con)
    sample = next(one for one in samples.all_samples(con) if one.sample_id == sample_id)
    weights = new_models.weights(con, sample_id)
    there = (*sample.forms, *([STACKED] if weights else []))
    if request.form not in (None, *there):
        raise ScenarioError(f"no form {request.form!r} of {points['benchmark']}; there are: {', '.join(there)}")
    asked = (
        points["compute_measure"],
        points["compute_unit"],
        [costs.Goal("asked", error)],
        costs.all_scenarios(con),
        costs.Spreads(rule),
    )
    rows = [
        *costs.costs(sample, *asked),
        *costs.stacked_costs(sample, {f: w["weight"] for f, w in weights.items()}, *asked),
    ]
    left_out = ("sample_id", "scenario", "region", "target", "error", "published")
    leads = con.execute(
        "select distinct form from staging.fit join fits.sample_sets "
        "using (row_set, benchmark, metric, compute_measure, selection) where is_leading and sample_id = ?",
        [sample_id],
    ).fetchall()
    by_lead = sorted(rows, key=lambda row: (row.form,) not in leads)
    results = [{key: value for key, value in _dict(row).items() if key not in left_out} for row in by_lead]
    for row in results:
        unit = costs.log10_gflop(points["compute_unit"])
        if row["form"] == STACKED:
            row["weights"] = weights
        else:
            row["new_model"] = new_models.told(con, sample, row["form"], error, rule.level, unit)
    factors = con.sql("select * from core.scenarios").to_arrow_table().to_pylist()[0]
    prices = con.sql(
        "select processor_id, coalesce(vendor, source, citation) as by, priced_on, commitment, price_usd_per_hour "
        "from core.scenario_prices order by all"
    ).to_arrow_table()
    return {
        "error": error,
        "level": rule.level,
        "results": [row for row in results if request.form in (None, row["form"])],
        "factors": factors,
        "prices": prices.to_pylist(),
    }


def _fit_rule(con: duckdb.DuckDBPyConnection) -> FitRule:
    return FitRule(*con.execute("select * from staging.fit_rule").fetchall()[0])


def _dict(row: costs.Cost) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}
