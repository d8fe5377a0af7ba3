"""flows/readers/bounds.py: impossible values are left out, whatever the source, and nothing else of their record."""

from __future__ import annotations

import pytest

from flows.readers.bounds import within_bounds
from flows.readers.record import Record, Rejected
from flows.readers.row_types import Model, Result, Row, RunPhase

NET = Model("Net")


def checked(fields: dict[str, str], *rows: Row) -> tuple[list[Row], list[tuple[str, str, str]]]:
    record = Record("row 1", fields)
    kept = list(within_bounds(rows, record))
    return kept, [(column, literal, rule) for column, literal, rule, _ in record.rejected_cells]


@pytest.mark.parametrize(
    ("benchmark", "metric"),
    [("imagenet", "top1"), ("squad", "em"), ("squad", "f1"), ("squad_dev", "em"), ("squad_dev", "f1")],
)
def test_a_score_under_five_percent_is_no_score(benchmark: str, metric: str) -> None:
    bad, other = Result(benchmark, metric, 4.99), Result(benchmark, "other", 4.99)
    assert checked({"Name": "Net", "Score": "4.99%"}, NET, bad, other) == (
        [NET, other],
        [("Score", "4.99%", "impossible_score")],
    )
    assert checked({"Score": "5"}, NET, Result(benchmark, metric, 5.0)) == ([NET, Result(benchmark, metric, 5.0)], [])


@pytest.mark.parametrize(("benchmark", "metric"), [("imagenet", "top5"), ("coco", "box_ap"), ("conll", "f1")])
def test_other_scores_may_be_low(benchmark: str, metric: str) -> None:
    low = Result(benchmark, metric, 0.4)
    assert checked({"Score": "0.4"}, NET, low) == ([NET, low], [])


def test_a_utilisation_above_one_goes_and_its_phase_stays() -> None:
    phase = RunPhase(None, "training", processor_count=8.0, utilization=72.0)
    assert checked({"Hardware utilization": "72", "Count": "8"}, NET, phase) == (
        [NET, RunPhase(None, "training", processor_count=8.0)],
        [("Hardware utilization", "72", "impossible_utilization")],
    )
    whole = RunPhase(None, "training", utilization=1.0)
    assert checked({"Hardware utilization": "1"}, whole) == ([whole], [])


@pytest.mark.parametrize("fields", [{"accuracy": "0.0102"}, {"top1": "1.02", "gain": "1.02"}])
def test_where_no_one_cell_prints_the_value_the_quantity_is_named(fields: dict[str, str]) -> None:
    _, cells = checked(fields, NET, Result("imagenet", "top1", 1.02))
    assert cells == [("top1", "1.02", "impossible_score")]


def test_a_secret_cell_is_not_shown() -> None:
    record = Record("row 1", {"comments": "1.02"}, frozenset({"comments"}))
    assert list(within_bounds([NET, Result("imagenet", "top1", 1.02)], record)) == [NET]
    assert record.rejected_cells[0][:2] == ("top1", "1.02")


def test_a_record_of_which_nothing_is_left_is_rejected() -> None:
    with pytest.raises(Rejected, match="not under 5 %") as outcome:
        checked({"em": "1.038"}, Result("squad", "em", 1.038))
    assert (outcome.value.rule, outcome.value.column, outcome.value.literal) == ("impossible_score", "em", "1.038")
