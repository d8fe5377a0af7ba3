"""The build: the stages between kept pages and a published warehouse. No network, no Prefect.

`refresh` (flows/refresh.py) runs the same functions as tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from flows import paths, sources
from flows.analysis import computed
from flows.declared import settings
from flows.declared.setting_types import SETTINGS
from flows.fits import student_t
from flows.pages import versions
from flows.pages.fetch import Outcome
from flows.pages.parse import Gathered
from flows.pages.versions import PageSetting, SourceSetting
from flows.readers.row_types import ROW_TYPES
from flows.warehouse import conservation, expectations, publishing, staging
from flows.warehouse import transform as transforming
from flows.warehouse.connection import BuildError
from flows.warehouse.staging import Staged
from flows.warehouse.transform import Computed

# What is staged beside the rows of pages.
DECLARED: dict[str, type[Any]] = {"page_setting": PageSetting, "source_setting": SourceSetting, **SETTINGS}
STAGED = tuple(f"staging.{name}" for name in (*ROW_TYPES, *DECLARED))
COMPUTED = Computed(computed.TABLES, computed.READS, computed.rows)
# Student's t for SQL.
FUNCTIONS = {
    "student_t_two_sided_p": (student_t.two_sided_p, ["DOUBLE", "DOUBLE"], "DOUBLE"),
    "student_t_quantile": (student_t.quantile, ["DOUBLE", "DOUBLE"], "DOUBLE"),
}


def read_sources(built: Path, raw: Path, shipped: Path | None, as_of: date, outcomes: Iterable[Outcome] = ()) -> None:
    """Stage the rows of every source, and what the TOML files declare, in a new file.

    `outcomes` is what fetching gave; a source without one was not asked. Pages retrieved after `as_of` do not exist.

    Raises:
        flows.warehouse.connection.BuildError: no source gives anything.
    """
    gathered, asked = Gathered(), list(outcomes)
    declared = settings.rows() | {"source_setting": [], "page_setting": []}
    for key in sources.names():
        loaded = versions.load(sources.source(key), raw, shipped, as_of)
        mine = [outcome for outcome in asked if outcome.source == key]
        setting, pages = versions.settings(loaded, mine, as_of)
        declared["source_setting"].append(setting)
        declared["page_setting"].extend(pages)
        gathered.extend(loaded.gathered)
    if all(setting.state == "absent" for setting in declared["source_setting"]):
        raise BuildError(
            f"no source has a page in {raw}, and no facts ship; run `compute-limits refresh` with a network"
        )
    stage(built, gathered, declared)


def stage(built: Path, gathered: Gathered, declared: dict[str, list[Any]]) -> None:
    """Make a new file with a table in `staging` for each row type and for everything that is declared."""
    tables = {}
    for name, row_type in ROW_TYPES.items():
        rows = gathered.rows.get(name, [])
        tables[name] = Staged(row_type, [row for *_, row in rows], [(s, p, at) for s, p, at, _ in rows])
    for name, row_type in DECLARED.items():
        tables[name] = Staged(row_type, declared.get(name, []))
    staging.stage(built, tables)


def transform(built: Path) -> None:
    """Staging to exports.

    Raises:
        flows.warehouse.connection.BuildError: a SELECT fails; the message names its file.
    """
    transforming.transform(built, paths.SQL, STAGED, COMPUTED, FUNCTIONS)


def validate(built: Path) -> list[str]:
    """Check that no row was lost and run all expectations; returns the warnings.

    Raises:
        flows.warehouse.connection.BuildError: a row was lost, or a critical expectation is not met.
    """
    conservation.check_conservation(built)
    failures = expectations.validate(built)
    critical = [str(failure) for failure in failures if failure.severity == "critical"]
    if critical:
        told = "\n".join(f"  {failure}" for failure in critical)
        raise BuildError(
            f"not published, {len(critical)} critical expectations are not met:\n{told}\n"
            f"The tables are in {built}; what was published before stands."
        )
    return [str(failure) for failure in failures]


def run(
    raw: Path,
    shipped: Path | None,
    final: Path,
    as_of: date,
    step: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Build aside, validate and publish; returns the warnings.

    Raises:
        flows.warehouse.connection.BuildError: rows were lost, a SELECT failed or a critical expectation is not met; what was
            published before stands.
    """
    built = publishing.next_path(final)
    with publishing.exclusive(final):
        step("reading pages and facts")
        read_sources(built, raw, shipped, as_of)
        step("computing tables")
        transform(built)
        step("validating")
        warnings = validate(built)
        step("publishing")
        publishing.publish(built, final)
    return warnings
