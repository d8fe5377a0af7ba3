"""flows/answers/moved_numbers.py, sql/marts/changes.sql: each cause let in by itself, held against lines fitted by numpy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from past_states import LINE, Mini, Point, least_squares, make, numbers

from flows import paths
from flows.answers import moved_numbers, rendering
from flows.answers.moved_numbers import Changes
from flows.answers.queries import QueryError
from flows.warehouse import ledger, reading

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(14)
BEFORE = Mini([Point(f"t{at}", 18.0 + at / 2, float(10 ** -(0.2 + at / 20 + RNG.normal(0, 0.02)))) for at in range(12)])
DAY = date(2026, 2, 1)


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path))
    monkeypatch.setenv("COMPUTE_LIMITS_FACTS", "")


def remembered(mini: Mini) -> None:
    """The state of a warehouse, in the ledger."""
    with reading.read(make(paths.data() / "past.duckdb", mini)) as con:
        assert ledger.keep(con, paths.ledger(paths.warehouse()), ledger.states(paths.ledgers(paths.warehouse())))


def told(before: Mini, after: Mini) -> Changes:
    """What is told between two warehouses, the second of which is published."""
    remembered(before)
    return moved_numbers.changes(make(paths.warehouse(), replace(after, day=DAY)), since=before.day)


def of(found: Changes, quantity: str) -> dict[str, Any]:
    (row,) = [row for row in found.numbers if row["quantity"] == quantity]
    return row


def contributions(found: Changes, quantity: str) -> dict[str, float]:
    return {one["cause"]: one["contribution"] for one in of(found, quantity)["causes"]}


def exponent(points: Sequence[tuple[float, float]]) -> float:
    return 1 / least_squares(points)[1]


def moved_by(steps: Sequence[Sequence[tuple[float, float]]]) -> list[float]:
    """By how much the exponent moves from each set of points to the next."""
    return [exponent(after) - exponent(before) for before, after in pairwise(steps)]


def xy(points: Sequence[Point]) -> list[tuple[float, float]]:
    return [(point.x, point.error) for point in points]


def test_removed_revised_and_added_are_let_in_one_after_the_other() -> None:
    kept, (gone, old) = BEFORE.points[:-2], BEFORE.points[-2:]
    revised = replace(old, error=old.error * 0.8, page="a")
    new = Point("new", 24.0, 0.3)
    found = told(BEFORE, replace(BEFORE, points=[*kept, revised, new], pages={"a": "2" * 64, "b": "1" * 64}))
    steps = [[*kept, gone, old], [*kept, old], [*kept, revised], [*kept, revised, new]]
    expected = dict(zip(("removed", "revised", "added"), moved_by([xy(step) for step in steps]), strict=True))
    assert contributions(found, "exponent") == pytest.approx(expected, abs=1e-9)
    assert {one["cause"]: one["n_points"] for one in of(found, "exponent")["causes"]} == dict.fromkeys(expected, 1)
    assert [(page["page"], page["sha256_before"][0], page["sha256_after"][0]) for page in found.pages] == [
        ("a", "1", "2")
    ]
    causes = {point["training_id"]: point["cause"] for point in found.points}
    assert causes == {gone.training: "removed", old.training: "revised", "new": "added"}


@pytest.mark.parametrize("quantity", ["exponent", "points", "log10_compute", "log10_usd"])
def test_contributions_add_up_to_the_move(quantity: str) -> None:
    after = replace(
        BEFORE,
        points=[*BEFORE.points[2:], Point("n1", 25.0, 0.2), Point("n2", 17.0, 0.9, page="b")],
        pages={"a": "2" * 64, "b": "1" * 64},
        settings="others",
        target=0.02,
        usd=-11.5,
    )
    found = told(BEFORE, after)
    before_value, after_value = numbers(BEFORE)[quantity], numbers(after)[quantity]
    row = of(found, quantity)
    assert (row["before"], row["after"]) == pytest.approx((before_value, after_value), rel=1e-12)
    # Each is a difference of values of about 10, whose last digits are some 1e-15 of them.
    assert sum(contributions(found, quantity).values()) == pytest.approx(after_value - before_value, abs=1e-9)


def test_a_target_and_a_price_move_what_depends_on_them_alone() -> None:
    found = told(BEFORE, replace(BEFORE, settings="others", target=0.02, usd=-11.5))
    _, slope = least_squares(xy(BEFORE.points))
    by_target = (-np.log10(0.02) + np.log10(0.01)) / slope
    assert contributions(found, "log10_compute") == pytest.approx({"target": by_target}, abs=1e-9)
    assert contributions(found, "log10_usd") == pytest.approx({"target": by_target, "prices": -1.5}, abs=1e-9)
    assert [row["quantity"] for row in found.numbers] == ["log10_compute", "log10_usd"]


def test_points_of_pages_that_stand_moved_by_rules_code_or_elsewhere() -> None:
    moved = [replace(BEFORE.points[0], x=17.0), *BEFORE.points[1:]]
    other_page = {"pages": {"a": "1" * 64, "b": "2" * 64}}
    cases = [({"settings": "others"}, "rules"), ({"code": "another"}, "code"), (other_page, "elsewhere")]
    for number, (more, cause) in enumerate([*cases, (other_page | {"code": "another"}, "undivided")]):
        before = replace(BEFORE, day=date(2025, 1, 1 + number))
        found = told(before, replace(before, points=moved, **more))
        assert contributions(found, "exponent") == pytest.approx(
            {cause: exponent(xy(moved)) - exponent(xy(BEFORE.points))}, abs=1e-9
        )


def test_what_the_same_row_counts_to_is_a_merge_made_or_undone() -> None:
    one, two, *rest = BEFORE.points
    # The row of the first counts to the second's training now, and the best of both stands for it.
    merged = [replace(one, training=two.training, row=f"row of {one.training}"), *rest]
    found = told(BEFORE, replace(BEFORE, points=merged))
    assert contributions(found, "exponent") == pytest.approx(
        {"merges": exponent(xy(merged)) - exponent(xy(BEFORE.points))}, abs=1e-9
    )
    first = next(point for point in found.points if point["training_id"] == one.training)
    assert (first["cause"], first["training_before"], first["training_after"]) == ("merges", one.training, two.training)


def test_of_a_line_through_several_points_of_a_training_each_is_compared() -> None:
    twins = [replace(point, training="one", row=f"row {at}") for at, point in enumerate(BEFORE.points)]
    before = replace(BEFORE, points=twins)
    after = [*twins[:-1], replace(twins[-1], error=twins[-1].error / 2)]
    found = told(before, replace(before, points=after, pages={"a": "2" * 64, "b": "1" * 64}))
    expected = {"revised": exponent(xy(after)) - exponent(xy(twins))}
    assert contributions(found, "exponent") == pytest.approx(expected, abs=1e-9)


def test_the_lowest_error_has_the_page_that_it_is_of() -> None:
    better = (0.04, "a better one", "b")
    found = told(BEFORE, replace(BEFORE, best=better, pages={"a": "1" * 64, "b": "2" * 64}))
    row = of(found, "lowest_error")
    assert (row["name_before"], row["name_after"]) == ("best model", "a better one")
    assert contributions(found, "lowest_error") == pytest.approx({"added": -0.01}, abs=1e-12)


def test_nothing_moves_where_nothing_is_other() -> None:
    found = told(BEFORE, BEFORE)
    assert (found.numbers, found.points, found.pages) == ([], [], [])
    assert list(moved_numbers.lines(found)) == ["from 2026-01-01 to 2026-02-01: no page changed", "no number moved"]


def test_as_a_file_each_number_has_its_unit_and_each_cause_a_row() -> None:
    after = replace(BEFORE, points=[*BEFORE.points, Point("new", 25.0, 0.2)], pages={"a": "2" * 64, "b": "1" * 64})
    found = told(BEFORE, after)
    rows = [dict(zip(moved_numbers.COLUMNS, row, strict=True)) for row in moved_numbers.as_rows(found)]
    (row,) = [row for row in rows if row["quantity"] == "exponent"]
    moved = exponent(xy(after.points)) - exponent(xy(BEFORE.points))
    assert (row["cause"], row["n_points"], row["contribution"]) == ("added", 1, pytest.approx(moved, abs=1e-9))
    units = {row["quantity"]: row["unit"] for row in rows}
    assert units == {"exponent": "1", "points": "1", "log10_compute": "log10(flop)", "log10_usd": "log10(USD)"}
    tree = json.loads(rendering.as_json(moved_numbers.as_tree(found)))
    assert (tree["since"], tree["until"]) == ("2026-01-01", "2026-02-01")
    assert [(point["training_id"], point["cause"]) for point in tree["points"]] == [("new", "added")]
    assert [one["page"] for one in tree["pages"]] == ["a"]


def test_new_lines_are_counted_apart() -> None:
    found = told(BEFORE, replace(BEFORE, best=(0.04, "better", "b"), pages={"a": "1" * 64, "b": "2" * 64}))
    assert moved_numbers.counted(found) == "0 exponents and 1 lowest error"
    found.numbers.append({"quantity": "exponent", "before": None, "after": 9.0})
    assert moved_numbers.counted(found) == "0 exponents (1 new) and 1 lowest error"


def test_in_words() -> None:
    after = replace(BEFORE, points=[*BEFORE.points, Point("new", 25.0, 0.2)], pages={"a": "2" * 64, "b": "1" * 64})
    said = list(moved_numbers.lines(told(BEFORE, after)))
    before_value, after_value = numbers(BEFORE)["exponent"], numbers(after)["exponent"]
    assert said[0] == "from 2026-01-01 to 2026-02-01: 1 page changed, of s"
    beyond = "; beyond its interval" if abs(after_value - before_value) > 1 else ""
    assert said[2].split() == ["exponents", "before", "after", "why"]
    assert said[3] == (
        f"  bench, hardware burden  {before_value:>6.4g}  {after_value:>5.4g}  "
        f"added {after_value - before_value:+.2g} (1 point){beyond}"
    )
    assert said[-1].startswith("with them moved 1 projection, 1 dollar figure")


def test_between_two_states_of_the_ledger() -> None:
    later = replace(
        BEFORE, points=[*BEFORE.points, Point("new", 25.0, 0.2)], pages={"a": "2" * 64, "b": "1" * 64}, day=DAY
    )
    remembered(BEFORE)
    remembered(replace(later, before=BEFORE.key))
    path = make(paths.warehouse(), replace(BEFORE, day=date(2026, 3, 1)))
    found = moved_numbers.changes(path, since=date(2026, 1, 31), until=DAY)
    assert (found.since, found.until) == (BEFORE.day, DAY)
    assert list(contributions(found, "exponent")) == ["added"]
    assert moved_numbers.changes(path, until=DAY).numbers == found.numbers
    with pytest.raises(
        QueryError, match="--until 2026-01-31 is the state of 2026-01-01, older than that of 2026-02-01"
    ):
        moved_numbers.changes(path, since=DAY, until=date(2026, 1, 31))
    with pytest.raises(
        QueryError, match=r"the ledger has no state of 2025-12-31 or before; it has 2026-01-01, 2026-02-01"
    ):
        moved_numbers.changes(path, since=date(2025, 12, 31))


def test_of_a_line_that_is_new_there_is_no_move() -> None:
    remembered(replace(BEFORE, points=[replace(point, training=point.training) for point in BEFORE.points]))
    path = make(paths.warehouse(), replace(BEFORE, day=DAY))
    with reading.connection.connect(path) as con:
        for table in ("points", "numbers"):
            con.execute(f"update marts.headline_{table} set benchmark = 'another' where benchmark = '{LINE[0]}'")
    found = moved_numbers.changes(path, since=BEFORE.day)
    causes = {(row["benchmark"], row["quantity"]): [one["cause"] for one in row["causes"]] for row in found.numbers}
    assert causes[LINE[0], "exponent"] == ["gone"]
    assert causes["another", "exponent"] == ["new"]
    assert found.points == []


def test_what_is_news_of_a_line_and_of_its_benchmark() -> None:
    steeper = [replace(point, error=10 ** (-0.01 - (point.x - 17.5) / 6)) for point in BEFORE.points]
    after = replace(BEFORE, points=steeper, best=(0.04, "a better one", "b"), pages={"a": "2" * 64, "b": "2" * 64})
    found = told(BEFORE, after)
    before_value, after_value = numbers(BEFORE)["exponent"], numbers(after)["exponent"]
    assert abs(after_value - before_value) > 1  # the interval that was given
    ((sentence, rows),) = moved_numbers.beyond(found, {LINE[0]: "Bench"})
    moved = f"Bench, hardware burden: the exponent moved from {before_value:.4g} to {after_value:.4g} (revised "
    assert sentence.startswith(moved)
    assert sentence.endswith("; beyond its interval), since 2026-01-01")
    assert [row["quantity"] for row in rows] == ["exponent"]
    ((best, _),) = moved_numbers.new_bests(found, {LINE[0]: "Bench"})
    assert best == "Bench: a new lowest error, 4 % of a better one, after 5 % of best model"
    # Back again it is none.
    back = told(replace(after, day=DAY), replace(BEFORE, pages=after.pages))
    assert list(moved_numbers.new_bests(back, {})) == []
