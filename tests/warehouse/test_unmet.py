"""flows/warehouse/unmet.py: what a warning says, and that every type of expectation that warns has its words."""

from __future__ import annotations

import json

import pytest

from flows import paths
from flows.warehouse import unmet


@pytest.mark.parametrize(
    ("expectation", "finding", "said"),
    [
        ("expect_column_values_to_be_between({'column': 'usd', 'min_value': 0.0, 'max_value': 1000000.0, 'strict_min': True})",
         "2 of 631 rows, such as [2000000.0, 2250000.0]",
         "core.t: usd is not above 0 and at most 1e+06 in 2 of 631 rows, such as 2000000.0, 2250000.0"),
        ("expect_column_values_to_be_between({'column': 'c', 'min_value': 10, 'max_value': 1e16})", "1 of 2 rows, such as [2]",
         "core.t: c is not between 10 and 1e+16 in 1 of 2 rows, such as 2"),
        ("expect_table_row_count_to_be_between({'min_value': 1})", "observed 0",
         "core.t: the number of rows is not at least 1 (observed 0)"),
        ("expect_column_values_to_be_in_set({'column': 'c', 'value_set': ['a', 'b', 1, 2, 3, 4, 5, 6]})",
         "1 of 2 rows, such as ['x']",
         "core.t: c is none of a, b, 1, 2, 3, 4 and 2 more in 1 of 2 rows, such as 'x'"),
        ("expect_column_pair_values_a_to_be_greater_than_b({'column_A': 'high', 'column_B': 'low', 'or_equal': True})",
         "1 of 2 rows, such as [(1, 2)]", "core.t: high is below low in 1 of 2 rows, such as (1, 2)"),
        ("expect_column_values_to_not_be_null({'column': 'c', 'row_condition': \"kind == 'a'\"})",
         "1 of 2 rows, such as [{'n': 1}]",
         "core.t: c is empty where kind == 'a' in 1 of 2 rows, such as {'n': 1}"),
        ("expect_column_pair_values_to_be_equal({'column_A': 'quality_target', 'column_B': 'printed_target'})",
         "1 of 2 rows, such as [(1, 2)]", "core.t: quality_target is not printed_target in 1 of 2 rows, such as (1, 2)"),
        ("expect_what_nobody_knows({'column': 'c'})", "observed 3",
         "core.t: expect_what_nobody_knows({'column': 'c'}): observed 3"),
    ],
)  # fmt: skip
def test_a_warning_is_a_sentence(expectation: str, finding: str, said: str) -> None:
    assert unmet.sentence("core.t", expectation, finding) == said


def test_every_expectation_of_the_suites_that_warns_has_its_words() -> None:
    warned = [
        (path.stem, f"{one['type']}({one['kwargs']})")
        for path in paths.EXPECTATIONS.glob("*.json")
        for one in json.loads(path.read_text(encoding="utf-8"))["expectations"]
        if one.get("severity") == "warning"
    ]
    assert warned
    for table, expectation in warned:
        assert "expect_" not in unmet.sentence(table, expectation, "observed 0")
