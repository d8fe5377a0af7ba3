"""Suites run over frames by Great Expectations: the only module that imports it, which takes seconds."""

from __future__ import annotations

import difflib
import json
import logging
import pkgutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import great_expectations as gx
import numpy as np
import pandas as pd
from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.exceptions.exceptions import GreatExpectationsError
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations import core
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.expectations.registry import (
    get_expectation_impl,
    get_metric_provider,
    list_registered_expectation_implementations,
)
from great_expectations.validator.validator import Validator

from flows.warehouse.expectations import (
    NEVER_NULL,
    NONE_EVER_NULL,
    OF_ROWS,
    ROW_COUNT,
    UNIQUE,
    UNIQUE_TOGETHER,
    Expectation,
    Failure,
    Suite,
    SuiteError,
)

_SHOWN = 5
_AT_ONCE = "expect_table_to_meet_all"
_OF_KEY = (UNIQUE, UNIQUE_TOGETHER, NEVER_NULL)


class TableUnmet(TableMetricProvider):
    """How many of several expectations a table does not meet, each by Great Expectations' own condition."""

    metric_name = "table.unmet"
    value_keys = ("expectations",)

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        **_: Any,
    ) -> int:
        expectations = json.loads(metric_value_kwargs["expectations"])
        return sum(not _is_met(execution_engine, metric_domain_kwargs, one) for one in expectations)


class ExpectTableToMeetAll(BatchExpectation):
    """Several expectations in one, for each by itself costs many times what its condition does.

    They are written as JSON: what an expectation has is copied in a run some thirty times, and a text is not.
    """

    metric_dependencies = ("table.unmet",)
    success_keys = ("expectations",)
    expectations: str

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        return {"success": metrics["table.unmet"] == 0}


def context() -> AbstractDataContext:
    """What every table is checked in."""
    # After the import, which sets a level of its own.
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    silent = gx.get_context(mode="ephemeral")
    silent.variables.progress_bars = ProgressBarsConfig(globally=False)
    return silent


def check(context: AbstractDataContext, suite: Suite, frame: pd.DataFrame) -> list[Failure]:
    """What a table fails of its suite; only where all at once are not met each is asked, and counted where it fails.

    Raises:
        SuiteError: an expectation lacks what it needs, or fewer ran than the suite has (Great Expectations only logs a type
            that it does not know).
    """
    return [_failure(suite, [one]) for one in _unmet(context, suite, frame)]


def check_slices(context: AbstractDataContext, suite: Suite, slices: Iterable[pd.DataFrame]) -> list[Failure]:
    """The same of a table that comes in slices as `expectations.dealt_by` has them, one in memory at a time.

    Raises:
        SuiteError: as `check`.
    """
    counts, others = (
        replace(suite, expectations=tuple(one for one in suite.expectations if (one["type"] == ROW_COUNT) is is_count))
        for is_count in (True, False)
    )
    rows, found = 0, dict[str, list[Any]]()
    for frame in slices:
        rows += len(frame)
        for one in _unmet(context, others, frame):
            found.setdefault(json.dumps(_as_json(one.expectation_config)), []).append(one)
    failures = [_failure(suite, of_slices, rows) for of_slices in found.values()]
    # Of the whole nothing but the number of its rows.
    return failures + check(context, counts, pd.DataFrame(index=pd.RangeIndex(rows)))


def _unmet(context: AbstractDataContext, suite: Suite, frame: pd.DataFrame) -> list[Any]:
    """The results of the expectations that are not met."""
    # Keys first, for what is wrong with them is often the reason for the rest.
    each = sorted(
        _by_column(suite.expectations), key=lambda one: one["severity"] != "critical" or one["type"] not in _OF_KEY
    )
    if all(one.success for one in _run(context, suite, _at_once(each), frame, "BOOLEAN_ONLY")):
        return []
    failed = [one for one in _run(context, suite, each, frame, "BOOLEAN_ONLY") if not one.success]
    again = [_as_json(one.expectation_config) for one in failed]
    named = [column for column in suite.key if column in frame]
    details = {"result_format": "SUMMARY", "unexpected_index_column_names": named} if named else "SUMMARY"
    return [one for one in _run(context, suite, again, frame, details) if not one.success]


def _run(
    context: AbstractDataContext,
    suite: Suite,
    expectations: Sequence[Expectation],
    frame: pd.DataFrame,
    result_format: Any,
) -> list[Any]:
    try:
        whole = gx.ExpectationSuite(name=suite.table, expectations=[dict(one) for one in expectations])
    except (ValueError, TypeError, GreatExpectationsError) as error:
        raise SuiteError(f"expectations/{suite.table}.json: {error}") from error
    # Not as a batch of a data source, for which a digest of the whole frame is made, twice.
    validator = Validator(PandasExecutionEngine(batch_data_dict={suite.table: frame}), data_context=context)
    results = validator.graph_validate(
        validator.process_expectations_for_validation(whole.expectation_configurations),
        runtime_configuration={"result_format": result_format},
    )
    missing = Counter(one["type"] for one in expectations) - Counter(
        one.expectation_config.type for one in results if one.expectation_config is not None
    )
    if missing:
        raise SuiteError(f"expectations/{suite.table}.json: not run: {', '.join(map(_with_near, sorted(missing)))}")
    return results


def _with_near(kind: str) -> str:
    # Also of those that were not imported, for no suite asks for them.
    names = {module.name for module in pkgutil.iter_modules(core.__path__) if module.name.startswith("expect_")}
    known = sorted(names.union(list_registered_expectation_implementations()))
    near = difflib.get_close_matches(kind, known)
    return kind if kind in known or not near else f"{kind} (near names: {', '.join(near)})"


def _at_once(expectations: Sequence[Expectation]) -> list[Expectation]:
    """One expectation for those that can be run as one, then the others."""
    plain = [one for one in expectations if _is_plain(one)]
    parts = [{name: one[name] for name in ("type", "kwargs", "severity")} for one in plain]
    whole: Expectation = {"type": _AT_ONCE, "kwargs": {"expectations": json.dumps(parts)}, "severity": "critical"}
    return [whole, *(one for one in expectations if not _is_plain(one))]


def _is_plain(one: Expectation) -> bool:
    """Whether an expectation is of the number of rows alone, or of every row of a condition that is computed by itself."""
    if one["type"] == ROW_COUNT:
        return set(one["kwargs"]) <= {"min_value", "max_value"}
    return one["type"] in OF_ROWS and "mostly" not in one["kwargs"]


def _is_met(engine: PandasExecutionEngine, domain: dict[str, Any], plain: Expectation) -> bool:
    """As Great Expectations has it of an expectation by itself, whose metrics it would look for one by one."""
    one: Any = get_expectation_impl(plain["type"])(severity=plain["severity"], **plain["kwargs"])
    frame = engine.get_domain_records(domain)
    if plain["type"] == ROW_COUNT:
        low, high = one.min_value, one.max_value
        return (low is None or len(frame) >= low) and (high is None or len(frame) <= high)
    provider: Any
    provider, condition = get_metric_provider(f"{one.map_metric}.condition", engine)
    of_rows = {name: getattr(one, name, None) for name in provider.condition_domain_keys}
    unexpected, *_ = condition(
        provider,
        execution_engine=engine,
        metric_domain_kwargs=of_rows | {"batch_id": domain["batch_id"]},
        metric_value_kwargs={name: getattr(one, name) for name in provider.condition_value_keys},
        metrics={"table.columns": list(frame.columns)},
        runtime_configuration={},
    )
    return not np.count_nonzero(unexpected)


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
        for column in one["kwargs"]["column_list"]:
            yield {**one, "type": NEVER_NULL, "kwargs": {"column": column, **others}}


def _failure(suite: Suite, results: Sequence[Any], rows: int | None = None) -> Failure:
    """One expectation that is not met, by its result of the whole table, or of the slices that fail it and of how many `rows`."""
    one, each = _as_json(results[0].expectation_config), [result.to_json_dict()["result"] for result in results]
    if raised := next(filter(None, (_raised(result.exception_info) for result in results)), ""):
        finding = f"could not be run: {raised}"
    elif "unexpected_count" in each[0]:
        # Which value is null is known; which row it is of is not.
        shown = "partial_unexpected_index_list" if one["type"] == NEVER_NULL else "partial_unexpected_list"
        examples = [example for details in each for example in details[shown]]
        unexpected = sum(details["unexpected_count"] for details in each)
        of = each[0]["element_count"] if rows is None else rows
        finding = f"{unexpected} of {of} rows, such as {examples[:_SHOWN]}"
    else:
        finding = f"observed {each[0].get('observed_value')}"
    return Failure(suite.table, f"{one['type']}({one['kwargs']})", str(one["severity"]), finding)


def _raised(info: dict[str, Any]) -> str:
    """What was raised, each message once: `info` is of the expectation, or {metric: the same} of its metrics."""
    each = [info] if "raised_exception" in info else info.values()
    return "; ".join(dict.fromkeys(str(one["exception_message"]) for one in each if one["raised_exception"]))
