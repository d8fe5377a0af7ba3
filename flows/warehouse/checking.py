"""Suites run over frames by Great Expectations: the only module that imports it, which takes seconds."""

from __future__ import annotations

import difflib
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.exceptions.exceptions import GreatExpectationsError
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (
    multicolumn_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_map_metric_provider import (
    MulticolumnMapMetricProvider,
)
from great_expectations.expectations.registry import list_registered_expectation_implementations

from flows.warehouse.expectations import (
    NEVER_NULL,
    NONE_EVER_NULL,
    UNIQUE,
    UNIQUE_TOGETHER,
    Expectation,
    Failure,
    Suite,
    SuiteError,
)

_SHOWN = 5
_IS_KEY = "expect_multicolumn_values_to_be_key"
_COLUMNS_ALONE = {"column", "column_list"}
# Great Expectations' own for several columns takes no single one.
_SEVERAL = 2


class MulticolumnValuesKey(MulticolumnMapMetricProvider):
    """Rows that no other has the same key columns as, and in which each of the columns that are never null has a value."""

    condition_metric_name = "multicolumn_values.key"
    condition_domain_keys = ("batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if")
    condition_value_keys = ("key", "never_null")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_list: pd.DataFrame, key: list[str], never_null: list[str], **_: Any) -> pd.Series:  # noqa: N805
        is_met = column_list[never_null].notna().all(axis=1)
        if key:
            parts = column_list[key]
            # As Great Expectations' own has it: a row without any of its key's values is no other's double.
            is_met &= ~parts.duplicated(keep=False) | parts.isna().all(axis=1)
        return is_met


class ExpectMulticolumnValuesToBeKey(MulticolumnMapExpectation):
    """Key and columns that are never null in one pass, where Great Expectations' own would be one a rule and column."""

    map_metric = "multicolumn_values.key"
    success_keys = ("mostly", "key", "never_null")
    key: list[str]
    never_null: list[str]


def batches() -> BatchDefinition[Any]:
    """What every frame is a batch of: one data asset for all tables, for adding one writes the whole configuration."""
    # After the import, which sets a level of its own.
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return (
        context.data_sources.add_pandas("warehouse")
        .add_dataframe_asset("table")
        .add_batch_definition_whole_dataframe("all")
    )


def check(batches: BatchDefinition[Any], suite: Suite, frame: pd.DataFrame) -> list[Failure]:
    """What a table fails of its suite; only for what fails are counts and examples looked up.

    Raises:
        SuiteError: an expectation lacks what it needs, or fewer ran than the suite has (Great Expectations only logs a type
            that it does not know).
    """
    of_key = _of_key(suite.expectations)
    others = [one for one in suite.expectations if one not in of_key]
    first = [*_together(of_key), *_by_column(others)]
    failed = [one for one in _run(batches, suite, first, frame, "BOOLEAN_ONLY") if not one.success]
    if not failed:
        return []
    told = [_as_json(one.expectation_config) for one in failed]
    again = list(_by_column(part for one in told for part in (of_key if one["type"] == _IS_KEY else [one])))
    named = [column for column in suite.key if column in frame]
    details = {"result_format": "SUMMARY", "unexpected_index_column_names": named} if named else "SUMMARY"
    return [_failure(suite, one) for one in _run(batches, suite, again, frame, details) if not one.success]


def _run(
    batches: BatchDefinition[Any], suite: Suite, expectations: Any, frame: pd.DataFrame, result_format: Any
) -> list[Any]:
    try:
        whole = gx.ExpectationSuite(name=suite.table, expectations=[dict(one) for one in expectations])
    except (ValueError, TypeError, GreatExpectationsError) as error:
        raise SuiteError(f"expectations/{suite.table}.json: {error}") from error
    ran = batches.get_batch(batch_parameters={"dataframe": frame}).validate(whole, result_format=result_format)
    missing = Counter(one["type"] for one in expectations) - Counter(
        one.expectation_config.type for one in ran.results if one.expectation_config is not None
    )
    if missing:
        raise SuiteError(f"expectations/{suite.table}.json: not run: {', '.join(map(_with_near, sorted(missing)))}")
    return list(ran.results)


def _with_near(kind: str) -> str:
    known = list_registered_expectation_implementations()
    near = difflib.get_close_matches(kind, known)
    return kind if kind in known or not near else f"{kind} (near names: {', '.join(near)})"


def _of_key(expectations: Sequence[Expectation]) -> list[Expectation]:
    """What can be run as one expectation: which columns are the key, and which are never null."""
    plain = [one for one in expectations if one["severity"] == "critical" and set(one["kwargs"]) <= _COLUMNS_ALONE]
    unique = [one for one in plain if one["type"] in (UNIQUE, UNIQUE_TOGETHER)][:1]
    return [*unique, *(one for one in plain if one["type"] in (NEVER_NULL, NONE_EVER_NULL))]


def _together(of_key: Sequence[Expectation]) -> list[Expectation]:
    """One expectation for all of them, where they are of several columns."""
    key, never_null = (
        [column for one in of_key if one["type"] in kinds for column in _columns(one)]
        for kinds in ((UNIQUE, UNIQUE_TOGETHER), (NEVER_NULL, NONE_EVER_NULL))
    )
    columns = list(dict.fromkeys([*key, *never_null]))
    if len(columns) < _SEVERAL:
        return list(of_key)
    # A row with none of these values is no row to be left out.
    kwargs = {"column_list": columns, "key": key, "never_null": never_null, "ignore_row_if": "never"}
    return [{"type": _IS_KEY, "kwargs": kwargs, "severity": "critical"}]


def _columns(one: Expectation) -> list[str]:
    return one["kwargs"].get("column_list") or [one["kwargs"]["column"]]


def _as_json(config: Any) -> Expectation:
    kwargs = {key: value for key, value in config.kwargs.items() if key != "batch_id"}
    return {"type": config.type, "kwargs": kwargs, "severity": getattr(config.severity, "value", config.severity)}


def _by_column(expectations: Iterable[Expectation]) -> Iterator[Expectation]:
    """Where one of several columns has a null, each for itself, to name the column and its rows."""
    for one in expectations:
        if one["type"] != NONE_EVER_NULL:
            yield one
            continue
        others = {name: value for name, value in one["kwargs"].items() if name != "column_list"}
        for column in _columns(one):
            yield {**one, "type": NEVER_NULL, "kwargs": {"column": column, **others}}


def _failure(suite: Suite, result: Any) -> Failure:
    one, details = _as_json(result.expectation_config), result.to_json_dict()["result"]
    if raised := _raised(result.exception_info):
        finding = f"could not be run: {raised}"
    elif "unexpected_count" in details:
        # Which value is null is known; which row it is of is not.
        shown = details["partial_unexpected_index_list" if one["type"] == NEVER_NULL else "partial_unexpected_list"]
        finding = f"{details['unexpected_count']} of {details['element_count']} rows, such as {shown[:_SHOWN]}"
    else:
        finding = f"observed {details.get('observed_value')}"
    return Failure(suite.table, f"{one['type']}({one['kwargs']})", str(one["severity"]), finding)


def _raised(info: dict[str, Any]) -> str:
    """What was raised, each message once: `info` is of the expectation, or {metric: the same} of its metrics."""
    each = [info] if "raised_exception" in info else info.values()
    return "; ".join(dict.fromkeys(str(one["exception_message"]) for one in each if one["raised_exception"]))
