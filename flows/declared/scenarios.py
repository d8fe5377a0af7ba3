"""Scenarios: what computation costs on which processor, at which prices, with whose electricity. One TOML file is one scenario.

A scenario names a processor of core.processors and says which prices of it count, listed ones or that of a contract, or it
states one run whose computation, emissions and price are known (the paper's conversion). Either comes to the same factors in
core.scenarios. A scenario of the user's own is a file of the same kind, given to `compute-limits cost` by its path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flows import toml_files
from flows.declared import files
from flows.declared.models import Figure, Price, ScenarioFile
from flows.declared.setting_types import Conversion, Scenario, ScenarioProcessor, ScenarioRegion
from flows.errors import SettingError, near
from flows.paths import PACKAGE

# What is priced with where nothing else is asked for.
USUAL = "h100_2026"
# Epoch AI states its costs of training in USD of this year.
CONSTANT_YEAR = 2023
# The U.S. Bureau of Labor Statistics' producer price index of data processing, hosting and related services.
PRICE_SERIES = "PCU518210518210"

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
# What a price of each kind says; the contract's is a row of core.conversions as the figures are.
_CONTRACT_KEYS = ("usd_per_hour", "citation", "as_of")
_LISTED_KEYS = {"from": "first", "until": "until"}
_LISTED_OPTIONAL = ("vendor", "commitment", "processors")
_OPTIONAL_FIGURES = {"coefficient_decimals": "digits"}


class ScenarioError(SettingError):
    """A scenario, or a name that one was asked for by, cannot be used; the message says why and lists near names."""


@dataclass(frozen=True)
class Declared:
    """What one file declares."""

    scenario: Scenario
    regions: tuple[str, ...]
    processors: tuple[str, ...]
    figures: tuple[Conversion, ...]


def shipped(package: Path = PACKAGE) -> list[Declared]:
    """The scenarios that come with the project. Raises `flows.errors.SettingError`."""
    given = files.files(package)
    return [_declared(given.folder / "scenarios" / f"{name}.toml", file) for name, file in given.scenarios.items()]


def named(given: str) -> Declared:
    """A scenario that ships by its name, or one of the user's own by the path of its file. Raises `ScenarioError`."""
    if given.endswith(".toml"):
        return read(Path(given))
    folder = PACKAGE / "declared" / "scenarios"
    names = [path.stem for path in sorted(folder.glob("*.toml"))]
    if given not in names:
        raise ScenarioError(
            f"no scenario {given!r}; there are: {', '.join(names)}; or give the path of a file that ends in .toml"
        )
    return read(folder / f"{given}.toml")


def read(path: Path) -> Declared:
    """One file. Raises `ScenarioError`: it cannot be read, or is wrong."""
    try:
        return _declared(path, toml_files.read(path, ScenarioFile))
    except SettingError as error:
        raise ScenarioError(str(error)) from error


def rows(declared: Iterable[Declared]) -> dict[str, list[Any]]:
    """{staging table: rows} of scenarios."""
    every = list(declared)
    return {
        "scenario": [one.scenario for one in every],
        "scenario_region": [ScenarioRegion(one.scenario.scenario, region) for one in every for region in one.regions],
        "scenario_processor": [
            ScenarioProcessor(one.scenario.scenario, name) for one in every for name in one.processors
        ],
        "conversion": [figure for one in every for figure in one.figures],
    }


def region(given: str, countries: Mapping[str, str], cloud_regions: Iterable[str]) -> str:
    """The key of a region that is given by its ISO code of two or three letters, its name, or provider:region.

    `countries` are {code: name} of core.carbon_intensities, `cloud_regions` the keys of core.cloud_regions.

    Raises:
        ScenarioError: there is none of that name.
    """
    wanted, clouds = given.strip().casefold(), {key.casefold(): key for key in cloud_regions}
    known = {name.casefold(): code for code, name in countries.items()}
    alpha_2 = files.regions().alpha_2
    known |= {two.casefold(): three for two, three in alpha_2.items() if three in countries}
    known |= {code.casefold(): code for code in countries} | clouds
    if wanted not in known:
        is_code = len(wanted) <= 3
        among = clouds.values() if ":" in wanted else countries if is_code else countries.values()
        raise ScenarioError(f"no region {given!r}; {near(given, among)}")
    return known[wanted]


def _declared(path: Path, file: ScenarioFile) -> Declared:
    """What the file says, as rows. Raises `flows.errors.SettingError`: its keys do not go together."""
    price, name = file.price, path.stem
    _check_keys(path, file)
    _check_price(path, price)
    _check_figures(path, file)
    figures = (*(_conversion(name, figure) for figure in file.figures), *_contract(name, price))
    scenario = Scenario(
        scenario=name,
        title=file.title,
        processor=file.processor,
        precision=file.precision,
        burden_precision=file.burden_precision,
        price_kind=price.kind if price else "run",
        price_from=price.first if price else None,
        price_until=_last_day(price, figures),
        vendor=price.vendor if price else None,
        commitment=price.commitment if price else None,
        electricity_year=file.electricity_year,
        stated_region=file.stated_region,
        constant_year=CONSTANT_YEAR,
        price_series=PRICE_SERIES,
    )
    own = () if file.processor is None else (file.processor,)
    processors = tuple(price.processors) if price and price.processors else own
    return Declared(scenario, tuple(file.regions), processors, figures)


def _conversion(scenario: str, figure: Figure) -> Conversion:
    low, high = figure.low or figure.value, figure.high or figure.value
    return Conversion(
        scenario, figure.quantity, low, figure.value, high, figure.unit, figure.citation, figure.as_of, figure.address
    )


def _contract(scenario: str, price: Price | None) -> Iterator[Conversion]:
    """The price of a contract, as a figure: one hour of one processor."""
    if price and price.usd_per_hour and price.citation and price.as_of:
        usd = price.usd_per_hour
        yield Conversion(scenario, "usd_per_hour", usd, usd, usd, "usd_per_hour", price.citation, price.as_of)


def _last_day(price: Price | None, figures: Iterable[Conversion]) -> date:
    """The day of the nominal USD: the last of the prices that count, or that of the one price which is stated."""
    if price and price.until:
        return price.until
    return next(one.as_of for one in figures if one.quantity in ("price", "usd_per_hour"))


def _check_price(path: Path, price: Price | None) -> None:
    """A contract states its price, and listed prices are of some days."""
    if price is None:
        return
    contract = {key: getattr(price, key) for key in _CONTRACT_KEYS}
    listed = {key: getattr(price, name) for key, name in _LISTED_KEYS.items()}
    optional = {key: getattr(price, key) for key in _LISTED_OPTIONAL}
    needed, unwanted = (contract, listed | optional) if price.kind == "contract" else (listed, contract)
    if missing := [key for key, value in needed.items() if value is None]:
        raise SettingError(
            f"{toml_files.shown(path)}: missing key 'price.{missing[0]}', which kind {price.kind!r} needs"
        )
    if extra := [key for key, value in unwanted.items() if value is not None]:
        toml_files.refuse(path, ("price", extra[0]), unwanted[extra[0]], f"but kind {price.kind!r} has no such key")
    if price.first and price.until and price.first > price.until:
        toml_files.refuse(path, ("price", "from"), price.first, f"which is after until, {price.until}")
    if price.kind == "offers":
        _check_offers(path, price)


def _check_offers(path: Path, price: Price) -> None:
    """Offers of a provider have one middle a year and commitment (core.provider_prices): spot is never counted with on demand."""
    if price.commitment is None:
        raise SettingError(f"{toml_files.shown(path)}: missing key 'price.commitment', which kind 'offers' needs")
    if price.first and (price.first.month, price.first.day) != (1, 1):
        toml_files.refuse(path, ("price", "from"), price.first, "but kind 'offers' counts whole years, from January 1")
    if price.until and (price.until.month, price.until.day) != (12, 31):
        toml_files.refuse(
            path, ("price", "until"), price.until, "but kind 'offers' counts whole years, until December 31"
        )


def _check_keys(path: Path, file: ScenarioFile) -> None:
    """A processor has a precision and prices, and a stated run has none."""
    beside = {"precision": file.precision, "price": file.price}
    if file.processor is not None and (missing := [key for key, value in beside.items() if value is None]):
        raise SettingError(f"{toml_files.shown(path)}: missing key '{missing[0]}', which a processor needs")
    optional = beside | {"burden_precision": file.burden_precision}
    if file.processor is None and (extra := [key for key, value in optional.items() if value is not None]):
        raise SettingError(f"{toml_files.shown(path)}: {extra[0]} without a processor: missing key 'processor'")


def _check_figures(path: Path, file: ScenarioFile) -> None:
    """Each figure wanted is there, once and in its unit, and no other."""
    wanted = _RUN_FIGURES if file.processor is None else _PROCESSOR_FIGURES
    if file.price is not None and file.price.kind == "purchase":
        wanted = wanted | _PURCHASE_FIGURES
    known = {**wanted, **_OPTIONAL_FIGURES}
    for at, figure in enumerate(file.figures):
        toml_files.check_name(path, ("figures", at, "quantity"), figure.quantity, known, "figure of this scenario")
        _check_figure(path, at, figure, known[figure.quantity])
    quantities = [figure.quantity for figure in file.figures]
    toml_files.check_unique(path, ("figures",), quantities, "quantity")
    if missing := sorted(set(wanted) - set(quantities)):
        raise SettingError(f"{toml_files.shown(path)}: figures are missing: {', '.join(missing)}")


def _check_figure(path: Path, at: int, figure: Figure, unit: str) -> None:
    low, high, place = figure.low or figure.value, figure.high or figure.value, ("figures", at)
    if not low <= figure.value <= high:
        within = f"low <= value <= high does not hold of {low}, {figure.value}, {high}"
        toml_files.refuse(path, (*place, "value"), figure.value, f"but {within}")
    if figure.unit != unit:
        spot = toml_files.spot((*place, "unit"))
        raise SettingError(
            f"{toml_files.shown(path)}: {spot}: figure {figure.quantity!r} is in {unit!r}, not in {figure.unit!r}"
        )
    if figure.quantity == "utilisation" and high > 1:
        toml_files.refuse(path, (*place, "value"), high, "but utilisation is a share of the peak rate, at most 1")
    if figure.quantity == "pue" and low < 1:
        toml_files.refuse(path, (*place, "value"), low, "but a power usage effectiveness is at least 1")
