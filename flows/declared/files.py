"""The TOML files below flows/declared, each read once. What they say of one another is checked in checks.py."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flows import toml_files
from flows.declared.models import (
    Claims,
    Comparisons,
    Domain,
    Estimation,
    Faults,
    Freshness,
    Growth,
    Labels,
    Landmarks,
    Merges,
    Microarchitectures,
    Points,
    Processors,
    PublishedFile,
    ReferenceModels,
    Regions,
    RowSetFile,
    ScenarioFile,
    Unbounded,
)
from flows.paths import PACKAGE
from flows.toml_files import Model


@dataclass(frozen=True)
class Files:
    """The folder and what its files say: {name of the file, without .toml: its model}."""

    folder: Path
    domains: dict[str, Domain]
    row_sets: dict[str, RowSetFile]
    scenarios: dict[str, ScenarioFile]
    published: dict[str, PublishedFile]
    estimation: Estimation
    growth: Growth
    claims: Claims
    merges: Merges
    processors: Processors
    microarchitectures: Microarchitectures
    faults: Faults
    points: Points
    reference_models: ReferenceModels
    landmarks: Landmarks
    freshness: Freshness
    comparisons: Comparisons
    labels: Labels
    regions: Regions
    unbounded: Unbounded

    @property
    def benchmarks(self) -> dict[str, Domain]:
        """{benchmark: its domain}."""
        return {domain.benchmark: domain for domain in self.domains.values()}


@cache
def files(package: Path = PACKAGE) -> Files:
    """All files below `declared` in that folder. Raises `SettingError`: one of them is wrong by itself."""
    folder = package / "declared"
    return Files(
        folder=folder,
        domains=domains(package),
        row_sets=_each(folder / "row_sets", RowSetFile),
        scenarios=_each(folder / "scenarios", ScenarioFile),
        published=_each(folder / "published", PublishedFile),
        estimation=estimation(package),
        growth=toml_files.read(folder / "growth.toml", Growth),
        claims=toml_files.read(folder / "claims.toml", Claims),
        merges=toml_files.read(folder / "merges.toml", Merges),
        processors=toml_files.read(folder / "processors.toml", Processors),
        microarchitectures=toml_files.read(folder / "microarchitectures.toml", Microarchitectures),
        faults=toml_files.read(folder / "faults.toml", Faults),
        points=toml_files.read(folder / "points.toml", Points),
        reference_models=toml_files.read(folder / "reference_models.toml", ReferenceModels),
        landmarks=toml_files.read(folder / "landmarks.toml", Landmarks),
        freshness=toml_files.read(folder / "freshness.toml", Freshness),
        comparisons=toml_files.read(folder / "comparisons.toml", Comparisons),
        labels=labels(package),
        regions=regions(package),
        unbounded=toml_files.read(folder / "unbounded.toml", Unbounded),
    )


@cache
def domains(package: Path = PACKAGE) -> dict[str, Domain]:
    """{name of the file: what it declares} of the benchmark domains alone. Raises `SettingError`."""
    folder = package / "declared" / "domains"
    return _each(folder, Domain)


@cache
def estimation(package: Path = PACKAGE) -> Estimation:
    """What estimation.toml declares. Raises `SettingError`."""
    return toml_files.read(package / "declared" / "estimation.toml", Estimation)


@cache
def labels(package: Path = PACKAGE) -> Labels:
    """What labels.toml declares. Raises `SettingError`."""
    return toml_files.read(package / "declared" / "labels.toml", Labels)


@cache
def regions(package: Path = PACKAGE) -> Regions:
    """What regions.toml declares. Raises `SettingError`."""
    return toml_files.read(package / "declared" / "regions.toml", Regions)


def theory_level() -> float:
    """How much the intervals of the simulation's matches are to cover. Raises `SettingError`."""
    from flows.theory import settings  # which loads the simulation, and is asked for where its figures are told alone

    return settings.configuration().reading.level


def _each(folder: Path, model: type[Model]) -> dict[str, Model]:
    return {path.stem: toml_files.read(path, model) for path in sorted(folder.glob("*.toml"))}
