"""Great Expectations: the suites in expectations/ run over the tables of the same name. The only module that imports it."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows import paths
from flows.errors import UserError
from flows.warehouse import connection

_SHOWN = 5


class SuiteError(UserError, ValueError):
    """A suite's file cannot be run as it stands; the message names it."""


@dataclass(frozen=True)
class Failure:
    """One expectation that is not met. `severity` is critical (blocks publishing) or warning (is reported)."""

    table: str
    expectation: str
    severity: str
    told: str

    def __str__(self) -> str:
        return f"{self.table}: {self.expectation}: {self.told}"


def suites(root: Path | None = None) -> dict[str, dict[str, Any]]:
    """{table: suite as in its JSON file}. Raises `SuiteError` where file name and suite name differ."""
    found = {}
    for path in sorted((root or paths.EXPECTATIONS).glob("*.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            name, _ = told["name"], told["expectations"]
        except (ValueError, KeyError, TypeError) as error:
            raise SuiteError(f"{path}: not a suite with a name and expectations ({error!r})") from error
        if name != path.stem:
            raise SuiteError(f"{path}: the suite is named {name!r}, not as its file")
        found[path.stem] = told
    return found


def validate(path: Path, root: Path | None = None) -> list[Failure]:
    """Run every suite over its table in a warehouse file.

    Raises:
        SuiteError: a suite is for a table that is not there, or fewer expectations ran than its file has (Great
            Expectations only logs a type that it does not know).
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    # After the import, which sets a level of its own.
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    frames = context.data_sources.add_pandas("warehouse")
    failures: list[Failure] = []
    with connection.connect(path, read_only=True) as con:
        there = set(connection.tables(con))
        for table, told in suites(root).items():
            if table not in there:
                raise SuiteError(f"expectations/{table}.json: the warehouse has no table {table}")
            frame = con.execute(f"select * from {table}").df()
            batch = frames.add_dataframe_asset(table).add_batch_definition_whole_dataframe("all")
            suite = gx.ExpectationSuite(name=table, expectations=told["expectations"])
            result = batch.get_batch(batch_parameters={"dataframe": frame}).validate(suite)
            if len(result.results) != len(told["expectations"]):
                ran = {one.expectation_config.type for one in result.results if one.expectation_config is not None}
                unknown = {one["type"] for one in told["expectations"]} - ran
                raise SuiteError(f"expectations/{table}.json: not run: {', '.join(sorted(unknown))}")
            failures.extend(_failure(table, one) for one in result.results if not one.success)
    return failures


def _failure(table: str, result: Any) -> Failure:
    config, found = result.expectation_config, result.result
    about = {key: value for key, value in config.kwargs.items() if key != "batch_id"}
    if result.exception_info.get("raised_exception"):
        told = f"could not be run: {result.exception_info.get('exception_message')}"
    elif "unexpected_count" in found:
        told = f"{found['unexpected_count']} of {found['element_count']} rows, such as {found['partial_unexpected_list'][:_SHOWN]}"
    else:
        told = f"observed {found.get('observed_value')}"
    severity = getattr(config.severity, "value", config.severity)
    return Failure(table, f"{config.type}({about})", str(severity), told)
