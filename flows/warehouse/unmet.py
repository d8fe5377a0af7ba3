"""Expectations that are not met, in words: what a person reads at the end of a build, where the suites have names of functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

_EXPECTATION = re.compile(r"(\w+)\((\{.*\})\)", re.DOTALL)
_FINDING = re.compile(r"(\d+ of \d+ rows), such as \[(.*)\]", re.DOTALL)
# So many of the values that a column may have are named.
_VALUES = 6


def sentence(table: str, expectation: str, finding: str) -> str:
    """`core.prices: price_usd is not at most 1e+06 in 2 of 631 rows, such as 2000000.0` of what stands in meta.unmet_expectations.

    What is not known by its words is told as it stands.
    """
    parsed = _EXPECTATION.fullmatch(expectation)
    words = _WORDS.get(parsed[1]) if parsed else None
    if parsed is None or words is None:
        return f"{table}: {expectation}: {finding}"
    kwargs = ast.literal_eval(parsed[2])
    condition = kwargs.get("row_condition")
    return f"{table}: {words(kwargs)}{f' where {condition}' if condition else ''} {_found(finding)}"


def _found(finding: str) -> str:
    parsed = _FINDING.fullmatch(finding)
    return f"in {parsed[1]}, such as {parsed[2]}" if parsed else f"({finding})"


def _between(kwargs: dict[str, Any]) -> str:
    least, most = kwargs.get("min_value"), kwargs.get("max_value")
    if least is not None and most is not None and not (kwargs.get("strict_min") or kwargs.get("strict_max")):
        return f"between {_number(least)} and {_number(most)}"
    ends = [] if least is None else [f"{'above' if kwargs.get('strict_min') else 'at least'} {_number(least)}"]
    ends += [] if most is None else [f"{'below' if kwargs.get('strict_max') else 'at most'} {_number(most)}"]
    return " and ".join(ends)


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _in_set(kwargs: dict[str, Any]) -> str:
    values = [str(value) for value in kwargs["value_set"]]
    more = f" and {len(values) - _VALUES} more" if len(values) > _VALUES else ""
    return f"{kwargs['column']} is none of {', '.join(values[:_VALUES])}{more}"


def _pair(kwargs: dict[str, Any]) -> str:
    below = "below" if kwargs.get("or_equal") else "not above"
    return f"{kwargs['column_A']} is {below} {kwargs['column_B']}"


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "expect_column_values_to_be_between": lambda kwargs: f"{kwargs['column']} is not {_between(kwargs)}",
    "expect_table_row_count_to_be_between": lambda kwargs: f"the number of rows is not {_between(kwargs)}",
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_not_be_null": lambda kwargs: f"{kwargs['column']} is empty",
    "expect_multicolumn_values_to_not_be_null": lambda kwargs: f"one of {', '.join(kwargs['column_list'])} is empty",
    "expect_column_values_to_be_unique": lambda kwargs: f"{kwargs['column']} stands more than once",
    "expect_compound_columns_to_be_unique": lambda kwargs: f"{', '.join(kwargs['column_list'])} stand more than once",
    "expect_column_values_to_match_regex": lambda kwargs: f"{kwargs['column']} is not of the form {kwargs['regex']}",
    "expect_column_values_to_not_match_regex": lambda kwargs: f"{kwargs['column']} is of the form {kwargs['regex']}",
    "expect_column_value_lengths_to_equal": lambda kwargs: f"{kwargs['column']} is not {kwargs['value']} letters long",
    "expect_column_pair_values_a_to_be_greater_than_b": _pair,
    "expect_column_pair_values_to_be_equal": lambda kwargs: f"{kwargs['column_A']} is not {kwargs['column_B']}",
}
