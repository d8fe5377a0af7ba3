"""What the files below flows/declared say of one another: every name in them is one that another of them declares.

A name that is not would not be refused further on: the line, target or cell that it stands for would be missing.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flows import paths, sources
from flows.declared.files import Files
from flows.declared.models import RowSetFile
from flows.declared.setting_types import ComputeMeasure, Form, GrowthSeries, Selection
from flows.errors import SettingError, near
from flows.sources import Source
from flows.toml_files import Place, check_keys, check_name, check_unique, refuse, shown, spot

_FORMS, _MEASURES, _SELECTIONS = (typing.get_args(choice) for choice in (Form, ComputeMeasure, Selection))
_COST_QUANTITIES = ("gflop", "lb_co2", "usd")
_TARGETS = ("today", "target_1", "target_2")
# What grows: of models a compute measure, of processors a rate or a score; derived ones are of all lists of CPUs together.
_DERIVED = ("derived_fp32_flop_per_s", "derived_fp32_flop_per_s_per_core")
# Of a cluster, whose processors may be of any kind.
_OF_CLUSTERS = ("cluster_op_per_s_16_bit",)
_RATES = ("fp32_flop_per_s", "fp32_flop_per_s_per_usd", "specint", "clock_hz", "peak_fp64_flop_per_s_per_core")
# Of lists whose trainings are no models of core.
_LISTED = ("training_compute", "speedrun_burden")
_GROWING = {"model": (*_MEASURES, "speedrun_burden", "time_horizon"), "processor": (*_RATES, *_DERIVED, *_OF_CLUSTERS)}
_GROWTH_STATISTICS = ("n", "r_squared", "growth_per_year", "doubling_time_month", "doubling_time_year")
# The statistics that marts.reproduction recomputes of each kind of line.
_FIT = ("n", "intercept", "slope", "r_squared", "exponent", "exponent_low", "exponent_high")
_LINES = {
    **dict.fromkeys(_FORMS, _FIT),
    "with_year": ("n", "intercept", "compute_slope", "year_slope", "r_squared", "years_per_tenfold"),
    "quantile:0.1": ("intercept", "slope"),
}
_CONSOLIDATION = ("n", "intercept", "slope", "r_squared")
# Regions that are no country: aggregates of the source of electricity, and a cloud's provider:region.
_NO_COUNTRY = re.compile(r"OWID_[A-Z]{3}|[a-z]+:\S+")


def check(files: Files, registry: Path) -> None:
    """Raise `SettingError` for the first name that is not known, or that stands twice; `registry` holds the sources."""
    known = {key: sources.declared(key, registry) for key in sources.names_in(registry)}
    _check_domains(files, known)
    for name, row_set in files.row_sets.items():
        _check_row_set(files, files.folder / "row_sets" / f"{name}.toml", row_set, known)
    _check_regions(files)
    _check_estimation(files, known)
    _check_growth(files, known)
    _check_published(files)
    _check_claims(files)
    _check_merges(files)
    _check_processors(files)
    _check_microarchitectures(files)
    _check_faults(files, known)
    _check_points(files, known)
    models = [(one.architecture_key, one.image_size) for one in files.reference_models.models]
    check_unique(files.folder / "reference_models.toml", ("models",), models, "architecture and image size")
    _check_landmarks(files)
    _check_unbounded(files, known)
    compared, clusters = files.comparisons.comparisons, files.comparisons.clusters
    path = files.folder / "comparisons.toml"
    check_unique(path, ("comparisons",), (one.comparison for one in compared), "comparison")
    check_unique(path, ("clusters",), (one.comparison for one in clusters), "comparison")
    units = {"electricity": "kWh", "emissions": "kg"}
    for at, one in enumerate(compared):
        if one.unit != units[one.quantity]:
            refuse(path, ("comparisons", at, "unit"), one.unit, f"but {one.quantity} is in {units[one.quantity]}")
    cadences = [one.cadence for one in files.freshness.cadences]
    check_unique(files.folder / "freshness.toml", ("cadences",), cadences, "cadence")
    for key, source in known.items():
        check_name(registry / f"{key}.toml", ("cadence",), source.cadence, cadences, "cadence of freshness.toml")


def _check_landmarks(files: Files) -> None:
    path, landmarks, labels = files.folder / "landmarks.toml", files.landmarks.landmarks, files.labels
    for at, one in enumerate(landmarks):
        check_name(path, ("landmarks", at, "benchmark"), one.benchmark, files.benchmarks, "benchmark")
    check_unique(path, ("landmarks",), ((one.benchmark, one.rank) for one in landmarks), "benchmark and rank")
    path = files.folder / "labels.toml"
    for key in ("words", "data", "names"):
        check_unique(path, (key,), (one for one, _ in getattr(labels, key)), "what is written")


def _check_domains(files: Files, known: dict[str, Source]) -> None:
    benchmarks: dict[str, str] = {}
    words = _words_of(known)
    for name, domain in files.domains.items():
        path = files.folder / "domains" / f"{name}.toml"
        if domain.benchmark in benchmarks:
            refuse(path, ("benchmark",), domain.benchmark, f"which is that of {benchmarks[domain.benchmark]}.toml too")
        benchmarks[domain.benchmark] = name
        check_keys(path, ("today",), domain.today, files.row_sets, "row set")
        check_name(path, ("leads",), domain.leads, domain.forms, "form of it")
        if (domain.leads == "polynomial") != (domain.leads_reason is None):
            why = (
                "which needs its evidence in leads_reason"
                if domain.leads_reason is None
                else "but it has a leads_reason"
            )
            refuse(path, ("leads",), domain.leads, why)
        _check_spelling(path, ("benchmark",), domain.benchmark, words)
        for at, metric in enumerate(domain.metrics):
            _check_spelling(path, ("metrics", at), metric, words)


def _check_unbounded(files: Files, known: dict[str, Source]) -> None:
    path, benchmarks = files.folder / "unbounded.toml", files.unbounded.benchmarks
    check_unique(path, ("benchmarks",), (one.benchmark for one in benchmarks), "benchmark")
    words = _words_of(known)
    for at, one in enumerate(benchmarks):
        place = ("benchmarks", at)
        if one.benchmark in files.benchmarks:
            refuse(
                path, (*place, "benchmark"), one.benchmark, "which has a file of domains: its scores have a full scale"
            )
        _check_spelling(path, (*place, "benchmark"), one.benchmark, words)
        if (one.compute_measure is None) == bool(one.forms):
            why = "but it has no compute_measure" if one.forms else "but it has a compute_measure"
            refuse(path, (*place, "forms"), one.forms, why)
        for key in ("trained_on", "settings_left_out"):
            pattern = getattr(one, key)
            try:
                re.compile(pattern or "")
            except re.error as error:
                refuse(path, (*place, key), pattern, f"which is no regular expression: {error}")


def _words_of(known: dict[str, Source]) -> set[str]:
    lookups = [page.lookups for source in known.values() for page in source.pages]
    # Pages share most of what their source looks up.
    return set(_words(list({id(value): value for one in lookups for value in one.values()}.values())))


def _words(lookups: Any) -> Iterator[str]:
    """The words in keys and values of what sources look up: among them are benchmarks and metrics."""
    if isinstance(lookups, str):
        yield from lookups.split()
    elif isinstance(lookups, Mapping):
        for key, value in lookups.items():
            yield from (*_words(key), *_words(value))
    elif isinstance(lookups, list):
        for value in lookups:
            yield from _words(value)


def _check_spelling(path: Path, place: Place, name: str, words: Collection[str]) -> None:
    """A name that no source's file has may be new, but not one letter away from one that they have. Raises `SettingError`."""
    if name in words:
        return
    from rapidfuzz.distance import OSA

    if alike := [word for word in words if OSA.distance(name, word, score_cutoff=1) == 1]:
        refuse(path, place, name, f"which no source names; {near(name, alike, 3)}")


def _check_row_set(files: Files, path: Path, row_set: RowSetFile, known: Collection[str]) -> None:
    for at, source in enumerate(row_set.sources or ()):
        check_name(path, ("sources", at), source, known, "source")
    metrics = row_set.metrics or {}
    check_keys(path, ("metrics",), metrics, files.benchmarks, "benchmark of flows/declared/domains")
    for benchmark, chosen in metrics.items():
        for at, metric in enumerate(chosen):
            check_name(path, ("metrics", benchmark, at), metric, files.benchmarks[benchmark].metrics, "metric of it")
    fitted = files.benchmarks if row_set.metrics is None else metrics
    check_keys(path, ("consolidation",), row_set.consolidation, fitted, "benchmark of the row set")
    for benchmark, line in row_set.consolidation.items():
        place = ("consolidation", benchmark)
        declared = {"intercept": line.intercept, "slope": line.slope, "citation": line.citation}
        if line.fitted_on is not None:
            check_name(path, (*place, "fitted_on"), line.fitted_on, fitted, "benchmark of the row set")
        wrong = [key for key, value in declared.items() if (value is None) == (line.fitted_on is None)]
        if wrong:
            why = "beside fitted_on" if line.fitted_on else "missing, and there is no fitted_on"
            raise SettingError(f"{shown(path)}: {spot((*place, wrong[0]))} is {why}: a line is fitted or declared")
    check_name(path, ("headline",), row_set.headline, row_set.selections, "selection of the row set")
    check_keys(path, ("reads",), row_set.reads, fitted, "benchmark of the row set")
    for benchmark, reads in row_set.reads.items():
        check_name(path, ("reads", benchmark), reads, files.benchmarks, "benchmark of flows/declared/domains")


def _check_points(files: Files, known: Collection[str]) -> None:
    path, points = files.folder / "points.toml", files.points
    check_unique(path, ("rules",), [rule.rule for rule in points.rules], "rule")
    findings = _artefact_rules(files)
    # Rules that look at a candidate by itself, and those that look at what else there is.
    built_in = _literals("core/rule_marks.sql", _RULE) | _literals("core/point_variants.sql", r"if\(is_\w+, '(\w+)'")
    for at, rule in enumerate(points.rules):
        if not rule.findings:
            check_name(path, ("rules", at, "rule"), rule.rule, built_in, "rule of sql/core")
        for of, finding in enumerate(rule.findings):
            check_name(path, ("rules", at, "findings", of), finding, findings, "rule of core.artefacts")
    missing = sorted(built_in - {rule.rule for rule in points.rules})
    if missing:
        raise SettingError(f"{shown(path)}: no [[rules]] for {', '.join(missing)} of sql/core")
    named: list[tuple[Place, str | None]] = [
        *((("trainers", at, "source"), one.source) for at, one in enumerate(points.trainers)),
        *((("copies", at, "source"), one.source) for at, one in enumerate(points.copies)),
        *((("copies", at, "of"), one.of) for at, one in enumerate(points.copies)),
        *((("purposes", at, "source"), one.source) for at, one in enumerate(points.purposes)),
        *((("submissions", at, "source"), one.source) for at, one in enumerate(points.submissions)),
        *((("supersedes", at, "source"), one.source) for at, one in enumerate(points.supersedes)),
        *((("supersedes", at, "older"), one.older) for at, one in enumerate(points.supersedes)),
        *((("same_trainings", at, "source"), one.source) for at, one in enumerate(points.same_trainings)),
        *((("same_trainings", at, "as_source"), one.as_source) for at, one in enumerate(points.same_trainings)),
        *((("conventions", at, "source"), one.source) for at, one in enumerate(points.conventions)),
        *((("loss_sets", at, "source"), one.source) for at, one in enumerate(points.loss_sets)),
    ]
    for place, source in named:
        if source is not None:
            check_name(path, place, source, known, "source")


# What a SQL file calls its findings.
_RULE = r"'(\w+)' as rule\b"


def _artefact_rules(files: Files) -> frozenset[str]:
    return (
        _literals("core/artefacts.sql", _RULE) | _literals("core/point_findings.sql", _RULE) | set(files.faults.rules)
    )


@cache
def _literals(name: str, pattern: str) -> frozenset[str]:
    """What a SQL file calls its rows, by the literals in it."""
    return frozenset(re.findall(pattern, (paths.SQL / name).read_text(encoding="utf-8")))


def _check_regions(files: Files) -> None:
    alpha_2 = files.regions.alpha_2
    codes: dict[str, str] = {}
    for two, three in alpha_2.items():
        if three in codes:
            refuse(files.folder / "regions.toml", ("alpha_2", two), three, f"which alpha_2.{codes[three]} is too")
        codes[three] = two
    for name, scenario in files.scenarios.items():
        path = files.folder / "scenarios" / f"{name}.toml"
        given: list[tuple[Place, str | None]] = [(("regions", at), key) for at, key in enumerate(scenario.regions)]
        for place, region in (*given, (("stated_region",), scenario.stated_region)):
            if region is not None and not _NO_COUNTRY.fullmatch(region):
                check_name(path, place, region, codes, "region of regions.toml")


def _check_estimation(files: Files, known: dict[str, Source]) -> None:
    path, estimation = files.folder / "estimation.toml", files.estimation
    # Here, for reading settings alone loads no fits. Ordinary least squares is SQL's; "nls" is that of the asymptotic form.
    from flows.fits import estimators

    spelt = {"nls", *estimators.spellings()} - {"ols"}
    names = {name.replace("<tau>", "0.1") for name in spelt}
    unknown = [name for name in estimation.estimators if name not in names and not _is_quantile(name)]
    check_keys(path, ("estimators",), unknown, names, "estimator")
    classes = {one for source in known.values() for page in source.pages for one in page.lookups.get("confidence", ())}
    factors: dict[str, Any] = estimation.compute_error.model_extra or {}
    check_keys(path, ("compute_error",), factors, classes, "class of confidence of a source")
    for at, backtest in enumerate(estimation.backtests):
        check_name(path, ("backtests", at, "row_set"), backtest.row_set, files.row_sets, "row set")
    check_unique(path, ("backtests",), (one.row_set for one in estimation.backtests), "row set")


def _is_quantile(estimator: str) -> bool:
    return re.fullmatch(r"quantile:0\.\d*[1-9]", estimator) is not None


def _check_growth(files: Files, known: Collection[str]) -> None:
    path, growth = files.folder / "growth.toml", files.growth
    for at, series in enumerate(growth.series):
        _check_series(path, ("series", at), series, known)
    for at, era in enumerate(growth.eras):
        if era.released_from and era.released_before and era.released_from >= era.released_before:
            why = f"which is not before released_before, {era.released_before}"
            refuse(path, ("eras", at, "released_from"), era.released_from, why)
    for at, rule in enumerate(growth.rules):
        if (rule.keep == "top") != (rule.top is not None):
            why = "but it has no key 'top'" if rule.keep == "top" else "but key 'top' is of keep = \"top\" alone"
            refuse(path, ("rules", at, "keep"), rule.keep, why)
        if rule.has_interval != (rule.no_interval is None):
            why = "but it has a key 'no_interval'" if rule.has_interval else "but no key 'no_interval' says why"
            refuse(path, ("rules", at, "has_interval"), rule.has_interval, why)
    check_unique(path, ("series",), (one.series for one in growth.series), "series")
    check_unique(path, ("eras",), ((one.era, one.subject) for one in growth.eras), "era and subject")
    check_unique(path, ("rules",), (one.rule for one in growth.rules), "rule")
    for at, drawn in enumerate(growth.figure):
        of_subject = [one.series for one in growth.series if one.subject == drawn.subject]
        check_name(path, ("figure", at, "series"), drawn.series, of_subject, f"series of a {drawn.subject}")
        eras = [one.era for one in growth.eras if one.subject == drawn.subject]
        check_name(path, ("figure", at, "era"), drawn.era, eras, f"era of a {drawn.subject}")
    check_unique(path, ("figure",), (one.series for one in growth.figure), "series")


def _check_series(path: Path, place: tuple[str, int], series: GrowthSeries, known: Collection[str]) -> None:
    if (series.source is None) != (series.quantity in _DERIVED):
        why = (
            f"but it has {'no' if series.source is None else 'a'} key 'source'; what is derived is of all lists of CPUs"
        )
        refuse(path, (*place, "quantity"), series.quantity, why)
    if series.source is not None:
        check_name(path, (*place, "source"), series.source, known, "source")
    check_name(path, (*place, "quantity"), series.quantity, _GROWING[series.subject], f"quantity of a {series.subject}")
    has_kind = series.subject == "processor" and series.quantity not in _OF_CLUSTERS
    if has_kind != (series.processor_kind is not None):
        why = "but it has no key 'processor_kind'" if has_kind else "but it has a processor_kind"
        refuse(path, (*place, "subject"), series.subject, why)
    if series.listed_under is not None and (series.subject != "model" or series.quantity not in _LISTED):
        why = f'but a list is of trainings: subject = "model" and quantity = {" or ".join(map(repr, _LISTED))}'
        refuse(path, (*place, "listed_under"), series.listed_under, why)


def _check_published(files: Files) -> None:
    for name, published in files.published.items():
        path = files.folder / "published" / f"{name}.toml"
        for cell in published.costs:
            _check_address(path, ("costs", cell), cell, "benchmark/target/form", _cost_names(files))
        if published.costs and published.decimals is None:
            raise SettingError(f"{shown(path)}: missing key 'decimals', which costs need")
        for line, statistics in published.fits.items():
            kind, place = line.rpartition("/")[2], ("fits", line)
            if kind == "consolidation":
                names: list[Collection[str]] = [files.row_sets, files.benchmarks, [kind]]
                _check_address(path, place, line, "row_set/benchmark/consolidation", names)
            else:
                names = [*_line_names(files, line.split("/")), _LINES]
                _check_address(path, place, line, "row_set/benchmark/metric/measure/line", names)
            check_keys(path, place, statistics, _LINES.get(kind, _CONSOLIDATION), f"statistic of {kind}")


def _check_claims(files: Files) -> None:
    path, claims = files.folder / "claims.toml", files.claims.claims
    check_unique(path, ("claims",), (claim.claim for claim in claims), "claim")
    for at, claim in enumerate(claims):
        if claim.cell is not None:
            form, names = _number(files, claim.cell)
            _check_address(path, ("claims", at, "cell"), claim.cell, form, names)
        if claim.judged_benchmark is not None:
            place = ("claims", at, "judged_benchmark")
            check_name(path, place, claim.judged_benchmark, files.benchmarks, "benchmark")


def _number(files: Files, cell: str) -> tuple[str, list[Collection[str]]]:
    """How the addresses of marts.numbers that begin like this one are formed, and which names each part may be."""
    kind, *rest = cell.split("/")
    growth = files.growth
    if kind == "scaling":
        line = _line_names(files, rest)
        tail = (_FORMS, {"ols", *files.estimation.estimators}, _SELECTIONS, ("y_on_x", "x_on_y", "symmetric"))
        form = "scaling/row_set/benchmark/metric/measure/form/estimator/selection/direction/statistic"
        return form, [[kind], *line, *tail, ("exponent", "slope")]
    if kind == "growth":
        names = (
            [one.series for one in growth.series],
            [one.era for one in growth.eras],
            [one.rule for one in growth.rules],
        )
        return "growth/series/era/rule/statistic", [[kind], *names, _GROWTH_STATISTICS]
    if kind == "theory":
        models = ("expert", "flexible", "regularised", "least_squares")
        is_base = rest[:1] == ["base"]
        return "theory/model/observations", [
            [kind],
            *([["base"], ["simulations"]] if is_base else [models, ["observations"]]),
        ]
    if kind == "derived":
        return "derived/name", [[kind], _literals("marts/numbers.sql", r"'derived/(\w+)' as cell\b")]
    return "benchmark/target/form/quantity", [*_cost_names(files), _COST_QUANTITIES]


def _line_names(files: Files, parts: list[str]) -> Iterator[Collection[str]]:
    domain = files.benchmarks.get(parts[1]) if len(parts) > 1 else None
    yield from (files.row_sets, files.benchmarks, domain.metrics if domain else (), _MEASURES)


def _cost_names(files: Files) -> list[Collection[str]]:
    return [files.benchmarks, _TARGETS, _FORMS]


def _check_address(path: Path, place: Place, address: str, form: str, names: list[Collection[str]]) -> None:
    """An address has as many parts as its form, and each is one of the names. Raises `SettingError`."""
    parts = address.split("/")
    if len(parts) != len(names):
        refuse(path, place, address, f"which is no address of the form {form}")
    for part, what, possible in zip(parts, form.split("/"), names, strict=True):
        if part not in possible:
            refuse(path, place, address, f"and {part!r} in it is no {what} of {form}; {near(part, possible, 3)}")


def _check_merges(files: Files) -> None:
    path, merges = files.folder / "merges.toml", files.merges
    check_unique(path, ("merges",), ((one.kind, one.what) for one in merges.merges), "kind and name")
    check_unique(path, ("apart",), ((one.kind, one.name) for one in merges.apart), "kind and name")
    apart = {(one.kind, one.name): at for at, one in enumerate(merges.apart)}
    for at, merge in enumerate(merges.merges):
        if merge.what == merge.into_name:
            refuse(path, ("merges", at, "what"), merge.what, "as into_name is")
        if (merge.kind, merge.what) in apart:
            refuse(
                path, ("merges", at, "what"), merge.what, f"and apart[{apart[merge.kind, merge.what]}] holds it apart"
            )


def _check_processors(files: Files) -> None:
    """A processor has one price: it is a unit or of a family, once, and neither of itself."""
    path, processors = files.folder / "processors.toml", files.processors
    check_unique(path, ("units",), (one.processor for one in processors.units), "processor")
    check_unique(path, ("families",), (one.processor for one in processors.families), "processor")
    check_unique(path, ("peaks",), (one.processor for one in processors.peaks), "processor")
    units = {one.processor: at for at, one in enumerate(processors.units)}
    for at, unit in enumerate(processors.units):
        if unit.processor == unit.chip:
            refuse(path, ("units", at, "processor"), unit.processor, "as chip is")
    for at, family in enumerate(processors.families):
        place = ("families", at, "processor")
        if family.processor == family.priced_as:
            refuse(path, place, family.processor, "as priced_as is")
        if family.processor in units:
            refuse(path, place, family.processor, f"which units[{units[family.processor]}] prices by its chips")


def _check_microarchitectures(files: Files) -> None:
    """A CPU is of one micro-architecture: no name of a maker's stands for two, but for models that are told apart."""
    path, file = files.folder / "microarchitectures.toml", files.microarchitectures
    check_unique(path, ("microarchitectures",), (one.microarchitecture for one in file.microarchitectures), "name")
    seen: dict[tuple[str | None, ...], Place] = {}
    for at, one in enumerate(file.microarchitectures):
        place = ("microarchitectures", at)
        if (one.fp64_instructions is None) != (one.fp64_lanes is None):
            raise SettingError(f"{shown(path)}: {spot(place)} has one of fp64_instructions and fp64_lanes alone")
        try:
            re.compile(one.models or "")
        except re.error as error:
            refuse(path, (*place, "models"), one.models, f"which is no regular expression: {error}")
        for kind in ("microarchitectures", "code_names", "families", "top500"):
            maker = None if kind == "top500" else one.manufacturer
            for name in getattr(one, kind):
                _once(path, (*place, kind), name, (kind, maker, name, one.models), seen)
    for at, left_out in enumerate(file.left_out):
        for name in left_out.code_names:
            key = ("code_names", left_out.manufacturer, name, None)
            _once(path, ("left_out", at, "code_names"), name, key, seen)


def _once(
    path: Path, place: Place, name: str, key: tuple[str | None, ...], seen: dict[tuple[str | None, ...], Place]
) -> None:
    first = seen.setdefault(key, place)
    if first is not place:
        raise SettingError(f"{shown(path)}: {spot(place)}: {name!r} stands in {spot(first)} too")


def _check_faults(files: Files, known: dict[str, Source]) -> None:
    path = files.folder / "faults.toml"
    for at, fault in enumerate(files.faults.faults):
        place = ("faults", at)
        check_name(path, (*place, "rule"), fault.rule, files.faults.rules, "rule of the file's rules")
        check_name(path, (*place, "source"), fault.source, known, "source")
        pages = [page.name for page in known[fault.source].pages]
        check_name(path, (*place, "page"), fault.page, pages, f"page of {fault.source}")
    records = [(one.rule, one.source, one.page, one.printed_name) for one in files.faults.faults]
    check_unique(path, ("faults",), records, "fault")
