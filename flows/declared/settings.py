"""What the TOML files declare, as rows for staging: row sets, lines to fit, points, conversions, published figures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Any

from flows import sources
from flows.declared import checks, files, scenarios
from flows.declared.files import Files
from flows.declared.models import (
    ComputeErrorFactors,
    Domain,
    Estimation,
    Microarchitectures,
    Points,
    PublishedFile,
    RowSetFile,
)
from flows.declared.setting_types import (
    Benchmark,
    ComputeError,
    Consolidation,
    ConventionRule,
    CpuLeftOut,
    Estimator,
    Fit,
    FitRule,
    GrowthLevel,
    Landmark,
    Microarchitecture,
    MicroarchitectureName,
    PointRule,
    Published,
    RegionCode,
    RowSet,
    RowSetBenchmark,
    RuleFinding,
    Target,
    TheoryMatch,
    TheoryRow,
    UnboundedBenchmark,
    UnboundedForm,
)
from flows.paths import PACKAGE


def rows(package: Path = PACKAGE, *, published_before: bool = False) -> dict[str, list[Any]]:
    """{staging table: rows} of all settings but those that depend on the run.

    `package` holds the folders `declared` and `sources`. `published_before`: whether models have to be published before a day to
    be points.

    Raises:
        flows.errors.SettingError: a file is wrong.
    """
    declared = checked(package)
    benchmarks, row_sets, rule = declared.benchmarks, declared.row_sets, declared.estimation
    return {
        "row_set": [row for name, one in row_sets.items() for row in _row_set(name, one, package / "sources")],
        "row_set_benchmark": [
            RowSetBenchmark(name, benchmark, reads)
            for name, one in row_sets.items()
            for benchmark, reads in one.reads.items()
        ],
        "benchmark": [
            Benchmark(key, one.domain, one.title, one.trained_for or key, one.shots) for key, one in benchmarks.items()
        ],
        "unbounded_benchmark": [
            UnboundedBenchmark(
                one.benchmark,
                one.domain,
                one.title,
                one.metric,
                one.compute_measure,
                one.joined_by,
                one.trained_on,
                one.settings_left_out,
                one.remark,
            )
            for one in declared.unbounded.benchmarks
        ],
        "unbounded_form": [
            UnboundedForm(one.benchmark, form) for one in declared.unbounded.benchmarks for form in one.forms
        ],
        "fit": [row for name, one in row_sets.items() for row in _fits(name, one, benchmarks)],
        "fit_rule": [_fit_rule(rule)],
        "estimator": [Estimator(name, one) for name, selections in rule.estimators.items() for one in selections],
        "compute_error": list(_compute_errors(rule.compute_error)),
        "backtest": rule.backtests,
        "consolidation": [row for name, one in row_sets.items() for row in _consolidations(name, one)],
        "target": [row for name, one in row_sets.items() for row in _targets(name, one, benchmarks)],
        **scenarios.rows(scenarios.shipped(package)),
        "region_code": [RegionCode(region, two) for two, region in files.regions(package).alpha_2.items()],
        "published": [row for name, one in declared.published.items() for row in _published(name, one)],
        "claim": declared.claims.claims,
        "reference_model": declared.reference_models.models,
        "comparison": declared.comparisons.comparisons,
        "cluster": declared.comparisons.clusters,
        "cadence": declared.freshness.cadences,
        "landmark": [
            Landmark(one.benchmark, one.rank, one.label, name)
            for one in declared.landmarks.landmarks
            for name in one.names
        ],
        "declared_fault": declared.faults.faults,
        **_points(declared.points, published_before=published_before),
        "merge": declared.merges.merges,
        "apart": declared.merges.apart,
        "processor_unit": declared.processors.units,
        "processor_family": declared.processors.families,
        "processor_peak": declared.processors.peaks,
        **_microarchitectures(declared.microarchitectures),
        **_theory(package),
        "growth_level": [GrowthLevel(declared.growth.level)],
        "growth_series": declared.growth.series,
        "growth_era": declared.growth.eras,
        "growth_rule": declared.growth.rules,
        "growth_figure": declared.growth.figure,
    }


@cache
def checked(package: Path = PACKAGE) -> Files:
    """All files below `declared` but theory.toml, checked by themselves and with one another. Raises `SettingError`."""
    declared = files.files(package)
    checks.check(declared, package / "sources")
    return declared


def _fit_rule(rule: Estimation) -> FitRule:
    return FitRule(rule.level, rule.supported_ranges, rule.points_min, rule.bootstrap.resamples, rule.bootstrap.seed)


def estimation() -> Estimation:
    """How lines are fitted and judged: flows/declared/estimation.toml. Raises `flows.errors.SettingError`."""
    return files.estimation()


def _theory(package: Path) -> dict[str, list[Any]]:
    """The simulation behind Figure 1: its rows, which ship, and how they are read."""
    # Here, for it loads numpy and scipy, which nothing else does that reads settings.
    from flows.theory import match, table
    from flows.theory import settings as simulation

    simulated = table.read(table.SHIPPED)
    reading = simulation.configuration(package / "declared" / "theory.toml").reading
    return {
        "theory_row": [TheoryRow(**vars(row)) for row in simulated],
        "theory_match": [_theory_match(matched) for matched in match.sensitivity(simulated, reading)],
    }


def _microarchitectures(file: Microarchitectures) -> dict[str, list[Any]]:
    """What a core completes in a clock, the names by which CPUs are found to be of it, and those that are left out."""
    units = file.microarchitectures
    return {
        "microarchitecture": [
            Microarchitecture(
                one.microarchitecture,
                one.manufacturer,
                one.fp32_instructions,
                one.fp32_lanes,
                one.fp64_instructions,
                one.fp64_lanes,
                one.fused,
                one.citation,
                one.models,
            )
            for one in units
        ],
        "microarchitecture_name": [
            *(
                MicroarchitectureName(one.microarchitecture, "microarchitecture", name)
                for one in units
                for name in one.microarchitectures
            ),
            *(
                MicroarchitectureName(one.microarchitecture, "code_name", name)
                for one in units
                for name in one.code_names
            ),
            *(MicroarchitectureName(one.microarchitecture, "family", name) for one in units for name in one.families),
            *(MicroarchitectureName(one.microarchitecture, "top500", name) for one in units for name in one.top500),
        ],
        "cpu_left_out": [
            CpuLeftOut(one.manufacturer, name, one.reason) for one in file.left_out for name in one.code_names
        ],
    }


def _theory_match(matched: Any) -> TheoryMatch:
    def known(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return TheoryMatch(
        matched.setting,
        matched.changed,
        matched.model,
        matched.statistic,
        matched.target_observations,
        matched.target_excess_error,
        matched.status,
        known(matched.n_observations),
        known(matched.low),
        known(matched.high),
        known(matched.computation_flop),
    )


def _row_set(name: str, file: RowSetFile, registry: Path) -> Iterator[RowSet]:
    for source in sources.names_in(registry) if file.sources is None else file.sources:
        yield RowSet(name, source, file.reconciled, file.compute_unit, file.headline)


def _points(points: Points, *, published_before: bool) -> dict[str, list[Any]]:
    """What a point is: rules, trainers, lists that copy others, purposes, names of one training, conventions."""
    asked = [PointRule(points.published_later.rule, 0, is_active=True, reason=points.published_later.reason)]
    return {
        "point_rule": [
            *(asked if published_before else []),
            *(PointRule(one.rule, position, one.active, one.reason) for position, one in enumerate(points.rules, 1)),
        ],
        "rule_finding": [RuleFinding(one.rule, finding) for one in points.rules for finding in one.findings],
        "trainer": points.trainers,
        "copies": points.copies,
        "purpose": points.purposes,
        "submissions": points.submissions,
        "supersedes": points.supersedes,
        "same_training": points.same_trainings,
        "convention_rule": [
            ConventionRule(one.source, one.benchmark, one.printed_as, name, convention, one.reason)
            for one in points.conventions
            for name, convention in [(None, one.convention), *((name, "flop") for name in one.excepted)]
        ],
        "loss_set": points.loss_sets,
    }


def _metrics(file: RowSetFile, benchmarks: dict[str, Domain]) -> dict[str, list[str]]:
    """{benchmark: metrics} of a row set: its own choice, else every domain's."""
    return file.metrics or {benchmark: domain.metrics for benchmark, domain in benchmarks.items()}


def _fits(name: str, file: RowSetFile, benchmarks: dict[str, Domain]) -> Iterator[Fit]:
    for benchmark, metrics in _metrics(file, benchmarks).items():
        domain = benchmarks[benchmark]
        for rank, metric in enumerate(metrics, 1):
            for measure in domain.compute_measures or file.compute_measures:
                for form in domain.forms:
                    for selection in file.selections:
                        leads = form == domain.leads
                        line = name, benchmark, metric, measure, form, selection
                        yield Fit(*line, domain.error_of_guessing, leads, rank)


def _compute_errors(factors: ComputeErrorFactors) -> Iterator[ComputeError]:
    """A factor that holds the truth with a probability, as a standard deviation of the logarithm (normal errors)."""
    deviations = NormalDist().inv_cdf((1 + factors.coverage) / 2)
    for confidence, factor in (factors.model_extra or {}).items():
        yield ComputeError(confidence, math.log10(factor) / deviations)


def _consolidations(name: str, file: RowSetFile) -> Iterator[Consolidation]:
    for benchmark, line in file.consolidation.items():
        yield Consolidation(name, benchmark, line.fitted_on, line.intercept, line.slope, line.citation)


def _targets(name: str, file: RowSetFile, benchmarks: dict[str, Domain]) -> Iterator[Target]:
    for benchmark, metrics in _metrics(file, benchmarks).items():
        domain = benchmarks[benchmark]
        today = domain.today.get(name)
        errors = {"today": today, "target_1": domain.targets.target_1, "target_2": domain.targets.target_2}
        for metric in metrics:
            for target, error in errors.items():
                yield Target(name, benchmark, metric, target, error, published=today is not None)


def _published(name: str, file: PublishedFile) -> Iterator[Published]:
    for cell, powers in file.costs.items():
        for quantity, power in zip(("gflop", "lb_co2", "usd"), powers, strict=True):
            yield Published(name, f"{cell}/{quantity}", power, file.decimals or 0, file.printed_as)
    for cell, statistics in file.fits.items():
        for statistic, digits in statistics.items():
            decimals = len(digits.partition(".")[2])
            yield Published(name, f"{cell}/{statistic}", float(digits), decimals, file.printed_as)
