"""flows/warehouse/checking.py: what a frame fails of its suite, and a suite that cannot be run."""

from __future__ import annotations

import ast
from typing import Any

import pandas as pd
import pytest

from flows.warehouse import validator
from flows.warehouse.expectations import ROW_COUNT, Failure, SuiteError, suite_of

FRAME = pd.DataFrame({"a": [1, 2, 2], "b": ["x", None, "z"], "c": [None, 0.5, 2.0]})
BETWEEN = "expect_column_values_to_be_between"
GREATER = "expect_column_pair_values_a_to_be_greater_than_b"


def expectation(kind: str, severity: str = "warning", **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "severity": severity}


@pytest.fixture(scope="module")
def context() -> Any:
    return validator.import_checking().context()


def failures(context: Any, grain: tuple[str, ...] | None, *particular: dict[str, Any]) -> list[Failure]:
    suite = suite_of("core.t", grain, particular)
    return list(validator.import_checking().check(context, suite, FRAME))


def test_what_is_met_is_no_failure(context: Any) -> None:
    assert failures(context, ("a", "c?"), expectation(BETWEEN, column="c", min_value=0, max_value=2)) == []


def test_what_is_not_met_says_how_many_rows_and_which(context: Any) -> None:
    assert failures(context, ("a",), expectation(BETWEEN, "warning", column="c", max_value=1)) == [
        Failure(
            "core.t", "expect_column_values_to_be_unique({'column': 'a'})", "critical", "2 of 3 rows, such as [2, 2]"
        ),
        Failure("core.t", f"{BETWEEN}({{'column': 'c', 'max_value': 1.0}})", "warning", "1 of 3 rows, such as [2.0]"),
    ]


@pytest.mark.parametrize(
    ("kind", "met", "unmet", "finding"),
    [
        (ROW_COUNT, {"min_value": 3, "max_value": 3}, {"min_value": 4}, "observed 3"),
        (ROW_COUNT, {"max_value": 3}, {"max_value": 2}, "observed 3"),
        (ROW_COUNT, {"max_value": 4, "strict_max": True}, {"max_value": 3, "strict_max": True}, "observed 3"),
        (
            BETWEEN,
            {"column": "c", "min_value": 0.5},
            {"column": "c", "min_value": 0.5, "strict_min": True},
            "1 of 3 rows",
        ),
        (BETWEEN, {"column": "a", "max_value": 1, "mostly": 0.3}, {"column": "a", "max_value": 1}, "2 of 3 rows"),
        (
            BETWEEN,
            {"column": "c", "max_value": 1, "row_condition": 'col("a") == 1', "condition_parser": "great_expectations"},
            {"column": "c", "min_value": 1, "row_condition": "c < 1", "condition_parser": "pandas"},
            "1 of 1 rows",
        ),
        ("expect_column_values_to_be_unique", {"column": "b"}, {"column": "a"}, "2 of 3 rows"),
        (
            "expect_compound_columns_to_be_unique",
            {"column_list": ["a", "b"]},
            {"column_list": ["a", "d"]},
            "2 of 3 rows",
        ),
        ("expect_column_values_to_not_be_null", {"column": "a"}, {"column": "c"}, "1 of 3 rows"),
        (
            "expect_column_values_to_be_in_set",
            {"column": "b", "value_set": ["x", "z"]},
            {"column": "b", "value_set": ["x"]},
            "1 of 3 rows",
        ),
        (
            "expect_column_values_to_match_regex",
            {"column": "b", "regex": "^[xz]$"},
            {"column": "b", "regex": "^x"},
            "1 of 3 rows",
        ),
        (
            GREATER,
            {"column_A": "a", "column_B": "d", "or_equal": True},
            {"column_A": "a", "column_B": "d"},
            "3 of 3 rows",
        ),
        (
            GREATER,
            {"column_A": "a", "column_B": "c", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
            {"column_A": "a", "column_B": "c", "ignore_row_if": "either_value_is_missing"},
            "1 of 3 rows",
        ),
    ],
)
def test_each_kind_is_met_and_not_as_by_itself(
    context: Any, kind: str, met: dict[str, Any], unmet: dict[str, Any], finding: str
) -> None:
    frame = FRAME.assign(d=FRAME["a"])
    others = [expectation(BETWEEN, column="a", min_value=1), expectation(BETWEEN, column="c", max_value=2)]

    def told(kwargs: dict[str, Any]) -> list[Failure]:
        suite = suite_of("core.t", None, [others[0], expectation(kind, **kwargs), others[1]])
        return list(validator.import_checking().check(context, suite, frame))

    assert told(met) == []
    (failure,) = told(unmet)
    assert failure.expectation.startswith(f"{kind}(")
    assert failure.finding.startswith(finding)


def test_great_expectations_is_asked_once_of_a_table_that_meets_all(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    of_graph = validator.import_checking().Validator.graph_validate

    def counted(self: Any, configurations: Any, **kwargs: Any) -> Any:
        asked.append(len(configurations))
        return of_graph(self, configurations, **kwargs)

    monkeypatch.setattr(validator.import_checking().Validator, "graph_validate", counted)
    in_range = [expectation(BETWEEN, column=column, min_value=0) for column in ("a", "c")]
    assert failures(context, ("b?", "a"), *in_range) == []
    assert asked == [1]


def test_of_several_columns_the_one_with_a_null_is_named_with_its_row(context: Any) -> None:
    null = expectation("expect_column_values_to_not_be_null", "critical", column="b")
    _, failure = failures(context, ("a?",), null)
    assert "'column': 'b'" in failure.expectation
    counted, _, row = failure.finding.partition(", such as ")
    assert (counted, ast.literal_eval(row)) == ("1 of 3 rows", [{"a": 2, "b": None}])


@pytest.mark.parametrize("grain", [("a",), ("a", "b")])
def test_a_row_without_any_value_of_its_key_is_told(context: Any, grain: tuple[str, ...]) -> None:
    frame = pd.DataFrame({"a": [1.0, None], "b": ["x", None]})
    told = validator.import_checking().check(context, suite_of("core.t", grain), frame)
    assert [one.expectation for one in told] == [
        f"expect_column_values_to_not_be_null({{'column': '{column}'}})" for column in grain
    ]


@pytest.mark.parametrize(
    ("grain", "rows"),
    [
        (("a?", "b"), [(None, "x"), (None, "x")]),
        (("a", "b?"), [(1, None), (1, None)]),
        (("a?", "b?"), [(1, "x"), (1, "x")]),
    ],
)
def test_a_key_that_may_have_nulls_is_held_by_its_other_values(
    context: Any, grain: tuple[str, ...], rows: list[tuple[Any, Any]]
) -> None:
    (told,) = validator.import_checking().check(
        context, suite_of("core.t", grain), pd.DataFrame(rows, columns=["a", "b"])
    )
    assert told.expectation.startswith("expect_compound_columns_to_be_unique(")


def test_a_column_that_is_not_there_is_a_failure_that_says_so(context: Any) -> None:
    (failure,) = failures(context, None, expectation(BETWEEN, "critical", column="d", max_value=1))
    assert failure.severity == "critical"
    assert failure.finding.startswith("could not be run: ")
    assert "d" in failure.finding


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("expect_column_values_to_be_betwen", {"column": "a"}, f"not run: .*near names: {BETWEEN}"),
        ("expect_no_such_thing_at_all", {"column": "a"}, "expect_no_such_thing_at_all"),
        (BETWEEN, {"max_value": 1}, "column"),
        (BETWEEN, {"column": "c", "max_value": 2, "min_valu": 1}, "min_valu"),
        ("expect_column_values_to_be_in_set", {"column": "b", "value_set": "xz"}, "value_set"),
    ],
)
def test_a_suite_that_cannot_be_run_names_its_file(context: Any, kind: str, kwargs: dict[str, Any], said: str) -> None:
    with pytest.raises(SuiteError, match=rf"(?s)^expectations/core\.t\.json: .*{said}"):
        failures(context, None, expectation(kind, **kwargs))


def test_slices_fail_as_the_whole_does(context: Any) -> None:
    frame = pd.DataFrame({"a": [1, 1, 2, 3, 4, 4], "c": [0.0, 5.0, 6.0, 7.0, 1.0, 8.0]})
    particular = [
        expectation(BETWEEN, column="c", max_value=4),
        expectation(BETWEEN, column="a", min_value=0),
        expectation(ROW_COUNT, max_value=5),
    ]
    suite, checking = suite_of("core.t", ("a",), particular), validator.import_checking()
    # Rows of the same key are in one slice.
    slices = [frame[frame["a"] % 2 == odd].reset_index(drop=True) for odd in (1, 0)]
    found = checking.check_slices(context, suite, iter(slices))
    assert {(one.expectation, one.severity, one.finding.partition(",")[0]) for one in found} == {
        (one.expectation, one.severity, one.finding.partition(",")[0]) for one in checking.check(context, suite, frame)
    }
    assert [one.finding for one in found] == [
        "4 of 6 rows, such as [1, 1, 4, 4]",
        "4 of 6 rows, such as [5.0, 7.0, 6.0, 8.0]",
        "observed 6",
    ]
    assert checking.check_slices(context, suite_of("core.t", ("c",), particular[1:2]), iter(slices)) == []
