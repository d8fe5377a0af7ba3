"""The benchmark domains: what each is called, and which metric stands for it."""

from __future__ import annotations

from pathlib import Path

from flows.declared import files
from flows.declared.models import Domain
from flows.paths import PACKAGE


def domains(package: Path = PACKAGE) -> dict[str, Domain]:
    """{benchmark: what its file declares}. Raises `flows.errors.SettingError`."""
    return {domain.benchmark: domain for domain in files.domains(package).values()}


def titles() -> dict[str, str]:
    """{benchmark: its title}."""
    return {benchmark: domain.title for benchmark, domain in domains().items()}
