"""flows/readers/bounds.py: impossible values are left out, whatever the source, and nothing else of their record."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from flows.readers.bounds import within_bounds
from flows.readers.record import Record, Rejected
from flows.readers.row_types import (
    CarbonIntensity,
    Compute,
    LossPoint,
    Model,
    Operations,
    Price,
    PriceIndex,
    Processor,
    Result,
    Row,
    RunPhase,
    UnboundedScore,
)

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


@pytest.mark.parametrize(
    ("row", "column", "literal"),
    [
        (CarbonIntensity("Utopia", None, 2000, 2500.0), "g", "2500"),
        (CarbonIntensity("Utopia", None, 10**19, 300.0), "g", "1e19"),
        (Processor("GPU", tdp_watt=65_000.0), "g", "65000"),
        (Model("Net", parameters=-1.0), "g", "-1"),
        (Model("Net", year=20011), "g", "20011"),
        (Model("Net", published_on=date(9999, 12, 31)), "g", "9999-12-31"),
        (Result("coco", "box_ap", 100.0), "g", "100"),
        (Operations(None, -4e9, "flop"), "g", "-4000000000"),
        (Operations(None, 0.0, "flop"), "g", "0"),
        (RunPhase(None, "training", wall_time_s=3e9), "g", "3e9"),
        (Compute(None, "training_compute", 0.0, "flop"), "g", "0"),
        (Compute(None, "training_compute", 1e31, "flop"), "g", "1e31"),
        (Compute(None, "hardware_burden", 1e22, "gflop"), "g", "1e22"),
        (Price("GPU", "rental", 2000.0), "g", "2,000"),
        (LossPoint(1e6, 1e18, 16.0), "g", "16"),
        (UnboundedScore("swb", "word_error_rate", 1500.0, "test"), "g", "1500"),
        (UnboundedScore("ptb", "perplexity", 1.0, "test"), "g", "1.0"),
        (UnboundedScore("enwik8", "bits_per_character", 9.5, "test"), "g", "9.5"),
        (UnboundedScore("tasks", "time_horizon", 1e8, "test"), "g", "1e8"),
        (UnboundedScore("go", "elo", -20000.0, "test"), "g", "-20000"),
        (PriceIndex("CPI", date(2020, 1, 1), 1217.42), "g", "1217.42"),
    ],
)
def test_an_impossible_value_is_a_cell_left_out(row: Row, column: str, literal: str) -> None:
    record = Record("row 1", {"name": "Net", column: literal})
    kept = list(within_bounds([NET, row], record))
    (found,) = record.rejected_cells
    assert found[:3] == (column, literal, "impossible_value")
    # What the column may be null in stays, without it.
    assert len(kept) in (1, 2)
    assert literal not in [str(value) for one in kept for value in dataclasses.astuple(one)]
    assert all(row != one for one in kept)


def test_the_same_number_is_possible_in_another_unit_and_of_another_kind() -> None:
    rows = [Compute(None, "m", 1e22, "flop"), Price("GPU", "purchase", 2000.0), Price("GPU", "rental", 2.0)]
    # Words put in count too, and a rating may be below that of the one who has 0.
    rows += [UnboundedScore("swb", "word_error_rate", 150.0, "test"), UnboundedScore("go", "elo", -1184.0, "test")]
    assert list(within_bounds(rows, Record("row 1", {}))) == rows


def test_the_ends_themselves_are_possible_but_a_score_of_100() -> None:
    ends = [CarbonIntensity("U", None, year, value) for year, value in ((1900, 0.0), (2100, 1500.0))]
    assert list(within_bounds(ends, Record("row 1", {}))) == ends
    assert checked({}, NET, Result("coco", "box_ap", 99.99)) == ([NET, Result("coco", "box_ap", 99.99)], [])


def test_a_model_without_a_name_that_can_be_used_takes_its_record_with_it() -> None:
    with pytest.raises(Rejected, match="3000 characters"):
        checked({"name": "x" * 3000}, Model("x" * 3000), Result("coco", "box_ap", 40.0))


def test_a_row_with_several_impossible_values_names_each() -> None:
    kept, cells = checked({"a": "-1", "b": "1800"}, Model("Net", year=1800, parameters=-1.0))
    assert kept == [NET]
    assert sorted(cells) == [("a", "-1", "impossible_value"), ("b", "1800", "impossible_value")]
