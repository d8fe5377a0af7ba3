"""Numbers for a text: names of letters alone, values as a reader expects them, the same in TeX, JSON and CSV."""

from __future__ import annotations

import json
import math
import re

import duckdb
import pytest

from flows.publish import numbers


@pytest.fixture(scope="module")
def tex(warehouse_path: object) -> str:
    with duckdb.connect(str(warehouse_path), read_only=True) as con:
        return numbers.as_tex(con)


@pytest.mark.parametrize(
    ("number", "macro"),
    [
        ("imagenet_exponent", "CLImagenetExponent"),
        ("notable_models_since_2010_growth", "CLNotableModelsSinceTwentyTenGrowth"),
        ("gpus_2006_to_2021_doubling_time", "CLGpusTwentySixToTwentyTwentyOneDoublingTime"),
        ("math_level_5_points", "CLMathLevelFivePoints"),
        ("paper_2022_squad_exponent", "CLPaperTwentyTwentyTwoSquadExponent"),
    ],
)
def test_a_macro_has_letters_alone(number: str, macro: str) -> None:
    assert numbers.macro(number) == macro


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12.602288, "power", "12.6"),
        (19.0659, "log10 Gflop", r"\ensuremath{1.2\times10^{19}}"),
        (4.679156, "times a year", "4.68"),
        (6218.2, "times", r"6\,218"),
        (6889916.0, "times", r"\ensuremath{6.9\times10^{6}}"),
        (14701.0, "results", r"14\,701"),
        (4.281, "percent", "4.281"),
        (-256.6, "power", r"\ensuremath{-256.6}"),
        (math.inf, "power", r"\ensuremath{\infty}"),
        (0.118963, "times", "0.119"),
    ],
)
def test_a_value_is_set_as_it_is_read(value: float, unit: str, text: str) -> None:
    assert numbers.text(value, unit) == text


def test_no_macro_is_defined_twice_and_all_have_their_statement(tex: str, db: duckdb.DuckDBPyConnection) -> None:
    names = re.findall(r"\\newcommand\{\\(\w+)\}", tex)
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"CL[A-Za-z]+", name) for name in names)
    ((many,),) = db.execute("select count(*) from exports.numbers").fetchall()
    assert tex.count(". Source: ") == many > 300
    assert r"\newcommand{\CLReproducedFigureThreeCells}{90}" in tex
    # An interval without an upper end is infinite, and what the points do not support says so.
    assert re.search(r"\\newcommand\{\\CLConllExponentInterval\}\{[\d.]+--\\ensuremath\{\\infty\}\}", tex)
    assert re.search(r"% CoNLL 2003: power.*not supported by the points: slope_not_different_from_0", tex)


def test_json_has_value_interval_unit_and_source(db: duckdb.DuckDBPyConnection) -> None:
    told = json.loads(numbers.as_json(db))["numbers"]
    ((exponent, low, high),) = db.execute(
        "select exponent, exponent_low, exponent_high from marts.scaling where is_headline and form = 'polynomial' "
        "and row_set = 'current' and benchmark = 'imagenet' and compute_measure = 'hardware_burden'"
    ).fetchall()
    one = told["imagenet_exponent"]
    assert [one["value"], one["low"], one["high"]] == pytest.approx([exponent, low, high])
    assert (one["unit"], one["macro"], one["status"]) == ("power", "CLImagenetExponent", "ok")
    assert "mit_futuretech" in one["source"]
    # The brief's bold cell, 10^19.06 Gflop, from its own rows.
    assert told["paper_imagenet_target_1_gflop"]["value"] == pytest.approx(19.0659, abs=1e-4)
    assert all(row["unit"] and row["statement"] and row["source"] for row in told.values())
    # Each stands by itself: what is beside it depends on the order of names.
    assert [name for name, row in told.items() if "them" in row["statement"].split()] == []
