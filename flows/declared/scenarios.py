"""Scenarios: what computation costs on which processor, at which prices, with whose electricity. One TOML file is one scenario.

A scenario names a processor of core.processors and says which prices of it count, or it states one run whose computation,
emissions and price are known (the paper's conversion). Either comes to the same factors in core.scenarios. A scenario of
the user's own is a file of the same kind, given to `compute-limits cost` by its path.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rapidfuzz import process, utils

from flows.declared.setting_types import Conversion, Scenario, ScenarioProcessor, ScenarioRegion
from flows.errors import UserError
from flows.paths import PACKAGE

# Epoch AI states its costs of training in USD of this year.
CONSTANT_YEAR = 2023
# The U.S. Bureau of Labor Statistics' producer price index of data processing, hosting and related services.
PRICE_SERIES = "PCU518210518210"
PRECISIONS = ("fp64", "fp32", "tf32", "fp16", "tensor_fp16", "int8")

_KEYS = {
    "title",
    "processor",
    "precision",
    "burden_precision",
    "price",
    "electricity_year",
    "regions",
    "stated_region",
    "figures",
}
_PRICE_KEYS = {"kind", "from", "until", "vendor", "commitment", "processors"}
_FIGURE_KEYS = {"quantity", "low", "value", "high", "unit", "citation", "as_of"}
_PROCESSOR_FIGURES = {"utilisation": "1", "draw_fraction": "1", "pue": "1"}
_PURCHASE_FIGURES = {"amortisation": "year", "hours_per_year": "h"}
_RUN_FIGURES = {
    "processor_count": "1",
    "peak_rate": "gflop_per_s",
    "wall_time": "h",
    "carbon_dioxide": "lb",
    "carbon_intensity": "lb_per_kwh",
    "price": "usd",
}
_OPTIONAL_FIGURES = {"coefficient_decimals": "digits"}


class ScenarioError(UserError, ValueError):
    """A scenario, or a name that one was asked for by, cannot be used; the message says why and lists near names."""


@dataclass(frozen=True)
class Declared:
    """What one file declares."""

    scenario: Scenario
    regions: tuple[str, ...]
    processors: tuple[str, ...]
    figures: tuple[Conversion, ...]


def shipped() -> list[Declared]:
    """The scenarios that come with the project."""
    return [read(path) for path in sorted((PACKAGE / "declared" / "scenarios").glob("*.toml"))]


def named(given: str) -> Declared:
    """A scenario that ships by its name, or one of the user's own by the path of its file. Raises `ScenarioError`."""
    if given.endswith(".toml"):
        return read(Path(given))
    names = [path.stem for path in sorted((PACKAGE / "declared" / "scenarios").glob("*.toml"))]
    if given not in names:
        raise ScenarioError(
            f"no scenario {given!r}; there are: {', '.join(names)}; or give the path of a file that ends in .toml"
        )
    return read(PACKAGE / "declared" / "scenarios" / f"{given}.toml")


def read(path: Path) -> Declared:
    """One file. Raises `ScenarioError`: it cannot be read, lacks a key, or has one that is not known."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return _declared(path.stem, told)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ScenarioError) as error:
        raise ScenarioError(f"{path}: {error}") from error


def rows(declared: Iterable[Declared]) -> dict[str, list[Any]]:
    """{staging table: rows} of scenarios."""
    found = list(declared)
    return {
        "scenario": [one.scenario for one in found],
        "scenario_region": [ScenarioRegion(one.scenario.scenario, region) for one in found for region in one.regions],
        "scenario_processor": [
            ScenarioProcessor(one.scenario.scenario, name) for one in found for name in one.processors
        ],
        "conversion": [figure for one in found for figure in one.figures],
    }


def near(name: str, names: Iterable[str], many: int = 5) -> str:
    """The names most like one that is not known, as the end of a message."""
    found = process.extract(name, sorted(set(names)), processor=utils.default_process, limit=many)
    return "near it: " + ", ".join(repr(one) for one, *_ in found) if found else "there is none like it"


def region(given: str, countries: Mapping[str, str], cloud_regions: Iterable[str]) -> str:
    """The key of a region that is given by its ISO code of two or three letters, its name, or provider:region.

    `countries` are {code: name} of core.carbon_intensities, `cloud_regions` the keys of core.cloud_regions.

    Raises:
        ScenarioError: there is none of that name.
    """
    wanted, clouds = given.strip().casefold(), {key.casefold(): key for key in cloud_regions}
    known = {name.casefold(): code for code, name in countries.items()}
    known |= {two.casefold(): three for two, three in _alpha_2().items() if three in countries}
    known |= {code.casefold(): code for code in countries} | clouds
    if wanted not in known:
        is_code = len(wanted) <= 3
        among = clouds.values() if ":" in wanted else countries if is_code else countries.values()
        raise ScenarioError(f"no region {given!r}; {near(given, among)}")
    return known[wanted]


def _alpha_2() -> dict[str, str]:
    """{ISO 3166-1 alpha-2: alpha-3}."""
    told: dict[str, str] = tomllib.loads((PACKAGE / "declared" / "regions.toml").read_text(encoding="utf-8"))["alpha_2"]
    return told


def _declared(name: str, told: dict[str, Any]) -> Declared:
    _check_keys(told, _KEYS, {"title", "electricity_year", "regions", "figures"}, "the file")
    is_run = "processor" not in told
    price: dict[str, Any] = told.get("price", {})
    if not is_run:
        _check_keys(told, _KEYS, {"processor", "precision", "price"}, "the file")
        _check_keys(price, _PRICE_KEYS, {"kind", "from", "until"}, "price")
        for key in ("precision", "burden_precision"):
            _check_choice(key, told.get(key, told["precision"]), PRECISIONS)
        _check_choice("kind", price["kind"], ("rental", "purchase"))
    elif extra := {"precision", "burden_precision", "price"} & set(told):
        raise ScenarioError(f"{', '.join(sorted(extra))} without a processor")
    figures = tuple(_figure(name, figure) for figure in told["figures"])
    wanted = _RUN_FIGURES if is_run else _PROCESSOR_FIGURES
    _check_figures(figures, wanted | (_PURCHASE_FIGURES if price.get("kind") == "purchase" else {}))
    scenario = Scenario(
        scenario=name,
        title=told["title"],
        processor=told.get("processor"),
        precision=told.get("precision"),
        burden_precision=told.get("burden_precision"),
        price_kind=price.get("kind", "run"),
        price_from=_day(price.get("from")),
        price_until=_day(price.get("until")) or _day_of(figures, "price"),
        vendor=price.get("vendor"),
        commitment=price.get("commitment"),
        electricity_year=told["electricity_year"],
        stated_region=told.get("stated_region"),
        constant_year=CONSTANT_YEAR,
        price_series=PRICE_SERIES,
    )
    processors = () if is_run else price.get("processors", [told["processor"]])
    return Declared(scenario, tuple(told["regions"]), tuple(processors), figures)


def _figure(name: str, told: dict[str, Any]) -> Conversion:
    where = f"figure {told.get('quantity')!r}"
    _check_keys(told, _FIGURE_KEYS, {"quantity", "value", "unit", "citation", "as_of"}, where)
    value = told["value"]
    low, high = told.get("low", value), told.get("high", value)
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in (low, value, high)):
        raise ScenarioError(f"{where}: low, value and high are numbers")
    if not 0 < low <= value <= high:
        raise ScenarioError(f"{where}: 0 < low <= value <= high does not hold of {low}, {value}, {high}")
    as_of = _day(told["as_of"]) or date.min
    return Conversion(
        name, told["quantity"], float(low), float(value), float(high), told["unit"], told["citation"], as_of
    )


def _check_figures(figures: Iterable[Conversion], wanted: Mapping[str, str]) -> None:
    """Each figure wanted is there, once and in its unit, and no other."""
    units = {figure.quantity: figure.unit for figure in figures}
    known = {**wanted, **_OPTIONAL_FIGURES}
    if len(units) != len(list(figures)):
        raise ScenarioError("a figure stands twice")
    if missing := set(wanted) - set(units):
        raise ScenarioError(f"figures are missing: {', '.join(sorted(missing))}")
    for quantity, unit in units.items():
        if quantity not in known:
            raise ScenarioError(f"unknown figure {quantity!r}; {near(quantity, known)}")
        if unit != known[quantity]:
            raise ScenarioError(f"figure {quantity!r} is in {known[quantity]!r}, not in {unit!r}")
    for figure in figures:
        if figure.quantity == "utilisation" and figure.high > 1:
            raise ScenarioError("utilisation is a share of the peak rate, at most 1")
        if figure.quantity == "pue" and figure.low < 1:
            raise ScenarioError("a power usage effectiveness is at least 1")


def _check_keys(told: Mapping[str, Any], known: set[str], needed: set[str], where: str) -> None:
    for key in told:
        if key not in known:
            raise ScenarioError(f"{where}: unknown key {key!r}; {near(key, known)}")
    if missing := needed - set(told):
        raise ScenarioError(f"{where}: missing {', '.join(sorted(missing))}")


def _check_choice(key: str, given: str, choices: tuple[str, ...]) -> None:
    if given not in choices:
        raise ScenarioError(f"{key} is {given!r}, but there are: {', '.join(choices)}")


def _day(given: object) -> date | None:
    if given is None:
        return None
    if not isinstance(given, date):
        raise ScenarioError(f"{given!r} is not a date (write 2026-03-31 without quotes)")
    return given


def _day_of(figures: Iterable[Conversion], quantity: str) -> date:
    return next(figure.as_of for figure in figures if figure.quantity == quantity)
