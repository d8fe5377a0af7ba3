"""Growth of computation and hardware, and the claims: published figures, and the lines fitted again from the facts."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import statsmodels.api as sm
from hand_made import at, facts

from flows import paths
from flows.declared import settings
from flows.declared.setting_types import GrowthRule
from flows.warehouse import connection

# Only differences of days matter; any day may stand for zero.
ZERO = date(2000, 1, 1)


def years(day: str) -> float:
    return (date.fromisoformat(day) - ZERO).days / 365.25


def notable_models(shipped: Path) -> list[tuple[float, float]]:
    """(years, log10 FLOP) of Epoch AI's notable models that give both, straight from the facts."""
    compute = {
        at(row): float(row["value"])
        for row in facts(shipped, "epoch_all_models", "compute")
        if row["compute_measure"] == "training_compute"
    }
    return [
        (years(row["published_on"]), math.log10(compute[at(row)]))
        for row in facts(shipped, "epoch_all_models", "model")
        if row["notability_criteria"] and row["published_on"] and at(row) in compute
    ]


def test_growth_of_notable_models_is_the_published_one(db: duckdb.DuckDBPyConnection, shipped: Path) -> None:
    # Epoch AI, on its page of August 2025: 428 notable models from 2010, R² 0.60, 4.7 times a year (4.3 to 5.2).
    points = [point for point in notable_models(shipped) if point[0] >= years("2010-01-01")]
    x, y = np.array(points).T
    line = sm.OLS(y, sm.add_constant(x)).fit()
    low, high = line.conf_int(0.10)[1]
    assert (len(x), round(line.rsquared, 2), round(10 ** line.params[1], 1), round(10**high, 1)) == (
        428,
        0.60,
        4.7,
        5.2,
    )
    line_of_sql = db.execute(
        "select n, r_squared, growth_per_year, growth_per_year_low, growth_per_year_high, doubling_time_month, level "
        "from marts.compute_growth where series = 'notable_models' and era = 'since_2010' and rule = 'all'"
    ).fetchone()
    doubling = 12 * math.log10(2) / line.params[1]
    expected = (428, line.rsquared, 10 ** line.params[1], 10**low, 10**high, doubling, 0.90)
    assert line_of_sql == pytest.approx(expected, rel=1e-9)


def test_doubling_before_2010_is_the_published_one(db: duckdb.DuckDBPyConnection) -> None:
    # Sevilla et al. 2022 (arXiv 2202.05924): 21.3 months.
    line = db.execute(
        "select round(doubling_time_month, 1) from marts.compute_growth "
        "where series = 'notable_models' and era = 'before_2010' and rule = 'all'"
    ).fetchone()
    assert line == (21.3,)


def test_gpus_double_in_the_published_time(db: duckdb.DuckDBPyConnection, shipped: Path) -> None:
    # Hobbhahn, Heim and Aydos 2023 (Epoch AI): 2.3 years, GPUs of 2006 to 2021.
    points = [
        (years(row["released_on"]), math.log10(float(row["fp32_flop_per_s"])))
        for row in facts(shipped, "epoch_prices", "processor")
        if row["processor_kind"].lower() == "gpu"
        and row["fp32_flop_per_s"]
        and "2006" <= row["released_on"][:4] <= "2021"
    ]
    x, y = np.array(points).T
    slope = sm.OLS(y, sm.add_constant(x)).fit().params[1]
    line = db.execute(
        "select n, doubling_time_year, processor_kind from marts.hardware_growth "
        "where series = 'gpus' and era = '2006_to_2021' and rule = 'all'"
    ).fetchone()
    assert line == (len(points), pytest.approx(math.log10(2) / slope, rel=1e-9), "gpu")
    assert round(math.log10(2) / slope, 1) == 2.3


def test_every_line_of_growth_is_what_statsmodels_fits(db: duckdb.DuckDBPyConnection) -> None:
    points = defaultdict(list)
    for *key, x, y in db.execute("select series, era, rule, years, log10_value from fits.growth_samples").fetchall():
        points[tuple(key)].append((x, y))
    fitted = described = 0
    for *key, n, slope, low, high, status in db.execute(
        "select series, era, rule, n, slope, slope_low, slope_high, status from fits.growth_lines"
    ).fetchall():
        through = points[tuple(key)]
        assert n == len(through), key
        if status not in ("ok", "descriptive"):
            assert n < 3 or len({x for x, _ in through}) == 1, key
            continue
        x, y = np.array(through).T
        line = sm.OLS(y, sm.add_constant(x)).fit()
        if status == "descriptive":
            assert (slope, low, high) == (pytest.approx(line.params[1], rel=1e-8, abs=1e-12), None, None), key
            described += 1
            continue
        assert (slope, low, high) == pytest.approx((line.params[1], *line.conf_int(0.10)[1]), rel=1e-8, abs=1e-12), key
        fitted += 1
    assert fitted > 30
    assert described > 250


def test_what_only_describes_has_no_interval(db: duckdb.DuckDBPyConnection) -> None:
    rules = {rule.rule: rule.has_interval for rule in settings.rows()["growth_rule"]}
    assert rules["all"]
    assert not any(rules[rule] for rule in ("top_10", "top_10_of_era", "running_maximum", "largest_of_year"))
    uncertain = ("slope_se", "level", "slope_low", "slope_high", "growth_per_year_low", "growth_per_year_high")
    for mart, ends in (
        ("compute_growth", ("doubling_time_month_low", "doubling_time_month_high")),
        ("hardware_growth", ("doubling_time_year_low", "doubling_time_year_high")),
    ):
        told = " + ".join(f"({name} is not null)::integer" for name in (*uncertain, *ends))
        rows = db.execute(f"select rule, status, growth_per_year, {told} from marts.{mart}").fetchall()
        assert {status for rule, status, *_ in rows if not rules[rule]} >= {"descriptive"}
        for rule, status, growth, many in rows:
            assert (status == "ok") <= rules[rule], (mart, rule)
            assert (status == "descriptive") <= (not rules[rule] and growth is not None), (mart, rule)
            assert (many > 0) == (status == "ok"), (mart, rule)
    # Nor has a claim the interval of one.
    for claim in ("computing_growth", "doubling_openai"):
        (row,) = db.execute(
            "select recomputed is null, low, high from marts.claims where claim = ?", [claim]
        ).fetchall()
        assert row == (False, None, None)


def test_frontiers_are_those_that_none_before_outdid(db: duckdb.DuckDBPyConnection) -> None:
    points = db.execute(
        "select thing, released_on, log10_value from fits.growth_points where series = 'notable_models'"
    ).fetchall()
    era = [point for point in points if date(2012, 1, 1) <= point[1] < date(2020, 1, 1)]
    kept = defaultdict(set)
    for rule, thing in db.execute(
        "select rule, thing from fits.growth_samples where series = 'notable_models' and era = '2012_to_2019'"
    ).fetchall():
        kept[rule].add(thing)
    for name, among in (("", points), ("_of_era", era)):
        for top in (1, 3, 10):
            expected = {
                thing for thing, day, y in era if sum(other <= day and more > y for _, other, more in among) < top
            }
            assert kept[f"top_{top}{name}"] == expected, (name, top)
    best = {year: max(y for _, day, y in era if day.year == year) for year in range(2012, 2020)}
    assert len(kept["largest_of_year"]) == len(best)
    assert kept["all"] == {thing for thing, *_ in era}


Point = tuple[str, str, date, float]


def growth_samples(points: list[Point], eras: list[tuple[str, date | None, date | None]]) -> list[tuple[Any, ...]]:
    """(era, rule, thing, log10_value) of sql/fits/growth_samples.sql over points (series, thing, day, log10_value)."""
    rules: list[GrowthRule] = settings.rows()["growth_rule"]
    with duckdb.connect() as con:
        con.execute("create schema fits; create schema staging")
        con.execute(
            "create table fits.growth_points (series text, thing text, released_on date, log10_value double, years double)"
        )
        con.executemany("insert into fits.growth_points values (?, ?, ?, ?, 0)", points)
        con.execute("create table staging.growth_series as select 's' as series, 'model' as subject")
        con.execute(
            "create table staging.growth_era (era text, subject text, released_from date, released_before date)"
        )
        con.executemany("insert into staging.growth_era values (?, 'model', ?, ?)", eras)
        con.execute("create table staging.growth_rule (rule text, keep text, within_era boolean, top integer)")
        con.executemany(
            "insert into staging.growth_rule values (?, ?, ?, ?)",
            [(rule.rule, rule.keep, rule.within_era, rule.top) for rule in rules],
        )
        select = (paths.SQL / "fits" / "growth_samples.sql").read_text(encoding="utf-8")
        return con.execute(f"select era, rule, thing, log10_value from ({select.rstrip()})").fetchall()


@pytest.mark.parametrize("seed", range(5))
def test_frontiers_with_ties_are_those_of_plain_counting(seed: int) -> None:
    """Few days and few values, so that many points are of one day and many are equal; some days lie before the era."""
    rng = np.random.default_rng(seed)
    points = [
        ("s", f"m{at:03}", date(2000 + int(year), 1, int(day)), float(value))
        for at, (year, day, value) in enumerate(zip(*rng.integers(1, (9, 4, 7), (120, 3)).T, strict=True))
    ]
    start, end = date(2003, 1, 2), date(2007, 1, 3)
    kept = defaultdict(set)
    for era, rule, thing, value in growth_samples(points, [("all", None, None), ("some", start, end)]):
        kept[era, rule].add((thing, value))
    for era, first, last in (("all", date.min, date.max), ("some", start, end)):
        inside = [point for point in points if first <= point[2] < last]
        for top in (1, 3, 10):
            for name, among in ((f"top_{top}", points), (f"top_{top}_of_era", inside)):
                expected = {
                    (thing, y)
                    for _, thing, day, y in inside
                    if sum(other <= day and more > y for *_, other, more in among) < top
                }
                assert 0 < len(expected) < len(inside)
                assert kept[era, name] == expected, (era, name)


def test_imagenet_models_stand_beside_alexnet(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "select name, log10_compute, compute_to_alexnet from marts.imagenet_computation "
        "where row_set = 'paper_v2' and compute_measure = 'network_operations'"
    ).fetchall()
    alexnet = {compute for name, compute, _ in rows if name == "AlexNet"}
    assert len(alexnet) == 1
    assert len(rows) == 77
    for name, compute, times in rows:
        assert math.log10(times) == pytest.approx(compute - min(alexnet), abs=1e-9), name


# --- lists of computation over time


def listed(shipped: Path, source: str, page: str) -> list[dict[str, str]]:
    return [row for row in facts(shipped, source, "listed_training") if row["page"] == page]


def test_openai_s_records_grow_as_fast_as_it_says(db: duckdb.DuckDBPyConnection, shipped: Path) -> None:
    rows = listed(shipped, "openai_ai_and_compute", "compute.csv")
    assert len(rows) == 20
    records: list[dict[str, str]] = []
    for row in sorted(rows, key=lambda row: row["published_on"]):
        if not records or float(row["training_compute_flop"]) > float(records[-1]["training_compute_flop"]):
            records.append(row)
    assert [row["name"] for row in records] == [
        "AlexNet",
        "Visualizing and Understanding Conv Nets",
        "VGG",
        "DeepSpeech2",
        "Neural Machine Translation",
        "AlphaGoZero",
    ]
    x = np.array([years(row["published_on"]) for row in records])
    y = np.array([math.log10(float(row["training_compute_flop"])) for row in records])
    slope = sm.OLS(y, sm.add_constant(x)).fit().params[1]
    assert (round(10**slope, 1), round(12 * math.log10(2) / slope, 1)) == (11.6, 3.4)
    line = db.execute(
        "select n, growth_per_year, doubling_time_month, source from marts.compute_growth "
        "where series = 'ai_and_compute' and era = '2012_to_2018' and rule = 'top_1_of_era'"
    ).fetchone()
    assert line == (6, pytest.approx(10**slope), pytest.approx(12 * math.log10(2) / slope), "openai_ai_and_compute")


def test_a_list_in_fewer_digits_counts_once(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "select name, page, training_compute_flop, is_repeated from core.listed_trainings "
        "where listed_under = 'ai_and_compute'"
    ).fetchall()
    whole = {name: value for name, page, value, _ in rows if page == "compute.csv"}
    rounded = {name: value for name, page, value, _ in rows if page == "compute_sota.csv"}
    assert rounded == pytest.approx(whole, rel=0.005)
    assert {(page, repeated) for _, page, _, repeated in rows} == {("compute.csv", False), ("compute_sota.csv", True)}
    counted = db.execute("select name from fits.growth_points where series = 'ai_and_compute'").fetchall()
    assert sorted(name for (name,) in counted) == sorted(whole)


def test_two_printed_factors_contradict_their_own_columns(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute("select quality_of, name, round(factor, 1), printed_factor, is_conflict from marts.efficiency")
    told = {
        (quality, name): (factor, printed, conflict) for quality, name, factor, printed, conflict in rows.fetchall()
    }
    assert len(told) == 12
    assert {key: row for key, row in told.items() if row[2]} == {
        ("ResNet-50", "EfficientNet (b1)"): (22.7, 10, True),
        ("Seq2Seq", "Transformer (Base)"): (58.1, 61, True),
    }
    assert told["AlexNet", "EfficientNet (b0)"] == (44.9, 44, False)


def test_the_older_list_of_epoch_doubles_as_sevilla_et_al_say() -> None:
    # As it stood in December 2023, which data/past/ has: 21 systems before 2010 and 194 from then to the day of the paper.
    rows = listed(paths.SHIPPED_PAST, "epoch_pcd", "All_ML_Systems_full_view.csv")
    points = [
        (row["published_on"], math.log10(float(row["training_compute_flop"])))
        for row in rows
        if row["notability_criteria"] and row["published_on"] and row["training_compute_flop"]
    ]
    told = []
    for first, last in (("1900-01-01", "2010-01-01"), ("2010-01-01", "2022-02-11")):
        x, y = np.array([(years(day), y) for day, y in points if first <= day < last]).T
        told.append((len(x), round(12 * math.log10(2) / sm.OLS(y, sm.add_constant(x)).fit().params[1], 1)))
    assert told == [(21, 21.0), (194, 5.9)]


def test_lists_are_no_models_of_core(db: duckdb.DuckDBPyConnection) -> None:
    sources = "('openai_ai_and_compute', 'openai_ai_and_efficiency', 'epoch_pcd')"
    for table in ("core.results", "core.compute_totals", "core.model_mentions", "core.passes", "core.run_phases"):
        assert db.execute(f"select count(*) from {table} where source in {sources}").fetchone() == (0,), table


# --- claims

# paper.md, sections 1 and 4 of the published texts: what must be there, with the figure as printed.
STATED = {
    "flexible_observations": 1500,
    "regularised_observations": 175,
    "oracle_observations": 15,
    "simulations": 1000,
    "data_bound": 2,
    "informative_features": 1401,
    "image_recognition_exponent": 9,
    "smallest_exponent": 7.7,
    "largest_exponent": 50,
    "bold_cell_of_the_brief": 10,
    "imagenet_at_5_percent": 5,
    "computing_growth": 10,
    "gpu_gain_low": 5,
    "gpu_gain_high": 15,
    "gpu_gain_later": 35,
    "hardware_gain": 50_000,
    "lower_bound": 4,
    "power_of_the_usa": 0.954,
    "halving_the_error": 500,
    "price_of_5_percent": 11,
    "emissions_of_5_percent": 1,
    "computing_gain": 300_000,
    "doubling_openai": 3.4,
    "doubling_before_2010": 21.3,
    "doubling_since_2010": 5.7,
    "algorithmic_efficiency": 44,
    "efficiency_halving": 16,
    "efficiency_resnet_50": 10,
    "efficiency_seq2seq": 61,
    "efficiency_gnmt": 9,
}


def test_every_statement_is_there_and_judged(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute("select claim, published, recomputed, low, high, verdict, reason from marts.claims").fetchall()
    judged = {claim: row for claim, *row in rows}
    assert {claim: judged[claim][0] for claim in STATED} == STATED
    for claim, (published, recomputed, low, high, verdict, reason) in judged.items():
        assert reason, claim
        if verdict == "within_interval":
            assert low <= published <= high, claim
        if recomputed is None:
            assert verdict == "cannot_be_checked", claim
    figure_3 = [row[4] for claim, row in judged.items() if claim.startswith("figure_3/")]
    assert figure_3 == ["agrees"] * 90


def test_verdicts_are_those_of_the_figures(db: duckdb.DuckDBPyConnection) -> None:
    judged = {
        claim: (verdict, recomputed)
        for claim, verdict, recomputed in db.execute("select claim, verdict, recomputed from marts.claims").fetchall()
    }
    # 145 billion USD by the table's own factors; 2^9 is 512; 19 where the brief prints 10; 10^4.9 more for 5 %.
    assert judged["price_of_5_percent"] == ("agrees", pytest.approx(math.log10(145e9), abs=0.01))
    assert judged["halving_the_error"][0] == "agrees"
    assert judged["bold_cell_of_the_brief"] == ("differs", pytest.approx(19.06, abs=0.01))
    assert judged["imagenet_at_5_percent"][0] == "agrees"
    # 1,862 over 0.00578754 petaflop/s-days; 3.1 over 0.069, 17 over 0.75, 465 over 8 and 1,620 over 181 teraflop/s-days.
    assert judged["computing_gain"] == ("agrees", pytest.approx(321_726, abs=0.5))
    assert judged["algorithmic_efficiency"] == ("agrees", pytest.approx(44.93, abs=0.005))
    assert judged["efficiency_resnet_50"] == ("differs", pytest.approx(22.67, abs=0.005))
    assert judged["efficiency_seq2seq"] == ("differs", pytest.approx(58.125, abs=0.0005))
    assert judged["efficiency_gnmt"] == ("agrees", pytest.approx(8.95, abs=0.005))
    # The six records of OpenAI's list.
    assert judged["computing_growth"] == ("agrees", pytest.approx(11.6, abs=0.05))
    assert judged["doubling_openai"] == ("agrees", pytest.approx(3.4, abs=0.05))
    assert judged["lower_bound"] == ("cannot_be_checked", None)


def test_a_changed_figure_changes_its_verdict(tmp_path: Path, warehouse_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(warehouse_path.read_bytes())
    with connection.connect(copy) as con:
        con.execute("update staging.claim set published = 4.9 where claim = 'notable_models_growth'")
        con.execute("update staging.claim set published = 5.4 where claim = 'doubling_before_2010'")
        select = (paths.SQL / "marts" / "claims.sql").read_text(encoding="utf-8")
        verdicts = dict(con.execute(f"select claim, verdict from ({select.rstrip()})").fetchall())
    assert verdicts["notable_models_growth"] == "within_interval"
    assert verdicts["doubling_before_2010"] == "differs"
