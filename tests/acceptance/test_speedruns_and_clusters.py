"""Races to a fixed loss, and clusters of accelerators: rows read by hand in the pages, and lines fitted again from the facts."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
import statsmodels.api as sm
from hand_made import facts

Db = duckdb.DuckDBPyConnection

# Read in the page: {(track, number): (minutes, day, of the two that were timed anew)}.
READ_BY_HAND = {
    ("gpt2_small", 1, False): (45, date(2024, 5, 28)),
    ("gpt2_small", 11, False): (7.2, date(2024, 11, 10)),
    ("gpt2_small", 18, False): (3.4, date(2025, 1, 4)),
    ("gpt2_small", 21, False): (2.933, date(2025, 1, 26)),
    ("gpt2_small", 66, False): (1.595, date(2026, 1, 31)),
    ("gpt2_small", 89, False): (1.23, date(2026, 7, 17)),
    ("gpt2_medium", 1, False): (5.8 * 60, date(2024, 5, 28)),
    ("gpt2_medium", 6, False): (25.95, date(2025, 3, 25)),
    ("gpt2_medium", 11, False): (23.45, None),
    ("gpt2_medium", 18, False): (17.35, date(2025, 12, 31)),
}
# NVIDIA's data sheet of the H100 SXM5, as Epoch AI has it: FP32, and tensor cores at BF16.
H100_FLOP_PER_S, H100_TENSOR_FLOP_PER_S = 66.91e12, 989.4e12


def test_records_are_those_of_the_page(db: Db) -> None:
    rows = db.execute(
        "select track, number, is_retimed, wall_time_s, set_on, hardware_burden_flop, tensor_burden_flop, factor "
        "from core.speedrun_records"
    ).fetchall()
    found = {tuple(row[:3]): row[3:] for row in rows}
    first = {"gpt2_small": 45, "gpt2_medium": 5.8 * 60}
    for (track, number, is_retimed), (minutes, set_on) in READ_BY_HAND.items():
        seconds = minutes * 60
        assert found[track, number, is_retimed] == (
            pytest.approx(seconds),
            set_on,
            pytest.approx(8 * H100_FLOP_PER_S * seconds),
            pytest.approx(8 * H100_TENSOR_FLOP_PER_S * seconds),
            pytest.approx(first[track] / minutes),
        )
    # Records 1 to 89 and 1 to 18; the 21st was timed anew twice.
    assert len(rows) == 89 + 18 + 2
    assert [row[:2] for row in rows if row[2]] == [("gpt2_small", 21)] * 2


@pytest.mark.parametrize(
    ("series", "track", "n"), [("nanogpt_speedrun", "gpt2_small", 89), ("nanogpt_speedrun_medium", "gpt2_medium", 17)]
)
def test_the_burden_to_a_fixed_loss_falls(db: Db, shipped: Path, series: str, track: str, n: int) -> None:
    kept = [
        ((date.fromisoformat(row["set_on"]) - date(2000, 1, 1)).days / 365.25, math.log10(float(row["wall_time_s"])))
        for row in facts(shipped, "modded_nanogpt", "speedrun_record")
        if row["track"] == track and row["is_retimed"] == "false" and row["set_on"]
    ]
    x, y = np.array(kept).T
    line = sm.OLS(y, sm.add_constant(x)).fit()
    low, high = line.conf_int(0.10)[1]
    found = db.execute(
        "select n, growth_per_year, growth_per_year_low, growth_per_year_high, quantity, status from marts.compute_growth "
        "where series = ? and era = 'all_years' and rule = 'all'",
        [series],
    ).fetchone()
    # Processors are the same, so that the burden falls as the time does.
    factors = [pytest.approx(10**slope, rel=1e-6) for slope in (line.params[1], low, high)]
    assert found == (n, *factors, "speedrun_burden", "ok")
    assert 10**high < 1


def test_no_record_of_a_race_is_a_model_or_a_training(db: Db) -> None:
    for table in ("core.model_mentions", "core.results", "core.measures", "fits.points", "core.listed_trainings"):
        assert db.execute(f"select count(*) from {table} where source = 'modded_nanogpt'").fetchone() == (0,), table


# Read in the page: the largest at 16 bits on the day of their first operation, with the 16-bit rate that it prints.
LARGEST = {
    "Oak Ridge NL Summit": (date(2018, 6, 8), 3.456e18),  # decommissioned in 2024, and there until then
    "Microsoft GPT-4 cluster": (date(2022, 4, 30), 7.8e18),
    "Oak Ridge NL Frontier": (date(2022, 5, 30), 1.441306e19),
    "Meta GenAI 2024a": (date(2024, 3, 12), 2.43154944e19),
    "xAI Colossus Memphis Phase 1": (date(2024, 9, 2), 9.894e19),
    "xAI Colossus Memphis Phase 2": (date(2025, 2, 18), 1.97885e20),
    "xAI Colossus Memphis Phase 3": (date(2025, 7, 22), 2.7288e20),
}


def test_planned_clusters_are_none_that_are_there(db: Db) -> None:
    told = db.execute("select status, count(*) from core.gpu_clusters group by all order by all").fetchall()
    assert told == [("decommissioned", 6), ("existing", 609), ("planned", 171)]
    in_series = db.execute(
        "select status, count(*) from fits.growth_points join core.gpu_clusters using (source, page, locator) "
        "where series = 'clusters' group by all order by all"
    ).fetchall()
    assert in_series == [("decommissioned", 3), ("existing", 436)]
    # Two plans have a day of operation, and the largest of all would be one.
    plans = db.execute(
        "select count(operational_on), max(op_per_s_16_bit) from core.gpu_clusters where status = 'planned'"
    ).fetchone()
    assert plans == (2, 2.01e22)
    assert db.execute("select max(log10_value) from fits.growth_points where series = 'clusters'").fetchone() == (
        pytest.approx(math.log10(2.7288e20)),
    )


def test_what_is_left_out_of_the_series_says_why(db: Db) -> None:
    told = db.execute("select left_out, count(*) from core.gpu_clusters group by all order by all").fetchall()
    # Of the 615 that are there or were: 93 repeat another row, 34 the list does not count, 7 have no day and 42 no rate at 16 bits.
    assert told == [
        ("no_day", 7),
        ("no_rate", 42),
        ("not_counted", 34),
        ("planned", 171),
        ("repeated", 93),
        (None, 439),
    ]
    # A name that stands for clusters that are not told: rows that are alike are clusters of their own.
    untold = db.execute("select count(*), max(number) from core.gpu_clusters where number is not null").fetchone()
    assert untold == (257, 257)
    assert db.execute(
        "select rows_read, rows_accepted from meta.sources where source = 'epoch_clusters'"
    ).fetchone() == (
        786,
        786,
    )


def test_the_largest_cluster_of_a_day_and_how_it_grows(db: Db) -> None:
    rows = db.execute(
        "select name, points.released_on, 10 ** points.log10_value from fits.growth_samples "
        "join fits.growth_points as points using (series, thing) "
        "where series = 'clusters' and era = 'all_years' and rule = 'top_1'"
    ).fetchall()
    largest = {name: (day, rate) for name, day, rate in rows}
    for name, (day, rate) in LARGEST.items():
        assert largest[name] == (day, pytest.approx(rate, rel=1e-6))
    x = [(day - date(2000, 1, 1)).days / 365.25 for _, day, _ in rows]
    slope = np.polyfit(x, [math.log10(rate) for *_, rate in rows], 1)[0]
    found = db.execute(
        "select growth_per_year, growth_per_year_low, status from marts.hardware_growth "
        "where series = 'clusters' and era = 'all_years' and rule = 'top_1'"
    ).fetchone()
    assert found == (pytest.approx(10**slope), None, "descriptive")
    # Pilz et al. 2025 (arXiv 2504.16026): the leading ones of 2019 to March 2025 doubled every nine months.
    months = db.execute(
        "select doubling_time_month from marts.hardware_growth "
        "where series = 'clusters' and era = 'all_years' and rule = 'top_10'"
    ).fetchone()
    assert months is not None
    assert 9 <= months[0] <= 11


def test_no_cluster_is_a_processor_or_a_price(db: Db) -> None:
    for table in ("core.processors", "core.prices", "core.model_mentions", "core.results", "core.supercomputers"):
        assert db.execute(f"select count(*) from {table} where source = 'epoch_clusters'").fetchone() == (0,), table
