"""What the TOML files declare, as rows for staging: row sets, lines to fit, points, conversions, published figures."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import NormalDist
from typing import Any

from flows import sources
from flows.declared import scenarios
from flows.declared.setting_types import (
    Apart,
    Backtest,
    Claim,
    ComputeError,
    Consolidation,
    DeclaredFault,
    Estimator,
    Exclusion,
    Fit,
    FitRule,
    GrowthEra,
    GrowthLevel,
    GrowthRule,
    GrowthSeries,
    Merge,
    Published,
    ReferenceModel,
    RowSet,
    Target,
    TheoryMatch,
    TheoryRow,
)
from flows.errors import UserError
from flows.fits.line import POINTS_MIN
from flows.paths import PACKAGE
from flows.theory import match, table
from flows.theory import settings as theory_settings


def rows() -> dict[str, list[Any]]:
    """{staging table: rows} of all settings but those that depend on the run."""
    domains, row_sets = _tomls("domains"), _tomls("row_sets")
    fitting, growth = fits(), _toml(PACKAGE / "declared" / "growth.toml")
    theory, simulated = theory_settings.load(), table.read(table.SHIPPED)
    return {
        "row_set": [row for name, told in row_sets.items() for row in _row_set(name, told)],
        "fit": [row for name, told in row_sets.items() for row in _fits(name, told, domains)],
        "fit_rule": [_fit_rule(fitting)],
        "estimator": [Estimator(name, one) for name, selections in fitting["estimators"].items() for one in selections],
        "compute_error": list(_compute_errors(**fitting["compute_error"])),
        "backtest": [Backtest(**told) for told in fitting["backtests"]],
        "consolidation": [row for name, told in row_sets.items() for row in _consolidations(name, told)],
        "target": [row for name, told in row_sets.items() for row in _targets(name, told, domains)],
        **scenarios.rows(scenarios.shipped()),
        "published": [row for name, told in _tomls("published").items() for row in _published(name, told)],
        "claim": [Claim(**told) for told in _toml(PACKAGE / "declared" / "claims.toml")["claims"]],
        "reference_model": [
            ReferenceModel(**told) for told in _toml(PACKAGE / "declared" / "reference_models.toml")["models"]
        ],
        "declared_fault": [DeclaredFault(**told) for told in _toml(PACKAGE / "declared" / "faults.toml")["faults"]],
        "exclusion": [
            Exclusion(name, rule, reason)
            for name, told in row_sets.items()
            for rule, reason in told.get("excluded_artefacts", {}).items()
        ],
        "merge": [Merge(**told) for told in _toml(PACKAGE / "declared" / "merges.toml").get("merges", [])],
        "theory_row": [TheoryRow(**asdict(row)) for row in simulated],
        "theory_match": [_theory_match(found) for found in match.sensitivity(simulated, theory.reading)],
        "growth_level": [GrowthLevel(growth["level"])],
        "growth_series": [GrowthSeries(**told) for told in growth["series"]],
        "growth_era": [GrowthEra(**told) for told in growth["eras"]],
        "growth_rule": [GrowthRule(**told) for told in growth["rules"]],
        "apart": [Apart(**told) for told in _toml(PACKAGE / "declared" / "merges.toml").get("apart", [])],
    }


def fits() -> dict[str, Any]:
    """What flows/declared/estimation.toml declares."""
    return _toml(PACKAGE / "declared" / "estimation.toml")


def _fit_rule(fitting: dict[str, Any]) -> FitRule:
    if fitting["points_min"] < POINTS_MIN:
        raise UserError(
            f"flows/declared/estimation.toml: points_min = {fitting['points_min']}, but no line goes through fewer than "
            f"{POINTS_MIN} points; state {POINTS_MIN} or more"
        )
    return FitRule(fitting["level"], fitting["supported_ranges"], fitting["points_min"], **fitting["bootstrap"])


def _theory_match(told: match.Matched) -> TheoryMatch:
    def known(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return TheoryMatch(
        told.setting,
        told.changed,
        told.model,
        told.statistic,
        told.target_observations,
        told.target_excess_error,
        told.status,
        known(told.n_observations),
        known(told.low),
        known(told.high),
        known(told.computation_flop),
    )


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _tomls(folder: str) -> dict[str, dict[str, Any]]:
    return {path.stem: _toml(path) for path in sorted((PACKAGE / "declared" / folder).glob("*.toml"))}


def _row_set(name: str, told: dict[str, Any]) -> Iterator[RowSet]:
    for source in sources.names() if told["sources"] == "all" else told["sources"]:
        yield RowSet(name, sources.load(source).key, told["reconciled"], told["compute_unit"])


def _metrics(told: dict[str, Any], domains: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """{benchmark: metrics} of a row set: its own choice, else every domain's."""
    own: str | dict[str, list[str]] = told["metrics"]
    return {key: domain["metrics"] for key, domain in domains.items()} if isinstance(own, str) else own


def _fits(name: str, told: dict[str, Any], domains: dict[str, dict[str, Any]]) -> Iterator[Fit]:
    for benchmark, metrics in _metrics(told, domains).items():
        domain = domains[benchmark]
        for metric in metrics:
            for measure in domain.get("compute_measures", told["compute_measures"]):
                for form in domain["forms"]:
                    for selection in told["selections"]:
                        yield Fit(name, benchmark, metric, measure, form, selection, domain["error_of_guessing"])


def _compute_errors(*, coverage: float, **factors: float) -> Iterator[ComputeError]:
    """A factor that holds the truth with a probability, as a standard deviation of the logarithm (normal errors)."""
    for confidence, factor in factors.items():
        yield ComputeError(confidence, math.log10(factor) / NormalDist().inv_cdf((1 + coverage) / 2))


def _consolidations(name: str, told: dict[str, Any]) -> Iterator[Consolidation]:
    for benchmark, line in told.get("consolidation", {}).items():
        yield Consolidation(
            name,
            benchmark,
            line.get("fitted_on"),
            line.get("intercept"),
            line.get("slope"),
            line.get("citation"),
        )


def _targets(name: str, told: dict[str, Any], domains: dict[str, dict[str, Any]]) -> Iterator[Target]:
    for benchmark, metrics in _metrics(told, domains).items():
        domain = domains[benchmark]
        today = domain.get("today", {}).get(name)
        for metric in metrics:
            for target, error in ({"today": today} | domain["targets"]).items():
                yield Target(name, benchmark, metric, target, error, published=today is not None)


def _published(name: str, told: dict[str, Any]) -> Iterator[Published]:
    for cell, powers in told.get("costs", {}).items():
        for quantity, power in zip(("gflop", "lb_co2", "usd"), powers, strict=True):
            yield Published(name, f"{cell}/{quantity}", float(power), told["decimals"], told["printed_as"])
    for cell, statistics in told.get("fits", {}).items():
        for statistic, digits in statistics.items():
            decimals = len(digits.partition(".")[2])
            yield Published(name, f"{cell}/{statistic}", float(digits), decimals, told["printed_as"])
