"""The hardware line of Figure 2a: peaks of CPUs derived from what is declared, beside printed peaks, SPEC's trend and GPUs."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import duckdb
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

Db = duckdb.DuckDBPyConnection

# GFLOP/s at FP32 by the clocks and operations that their makers print: Intel's sheets of APP metrics, AMD's of EPYC.
PEAKS = {
    "AMD EPYC 7742": 64 * 2.25 * 32,
    "Intel Xeon Platinum 8280": 28 * 2.7 * 64,
    "AMD Opteron 2356": 4 * 2.3 * 8,
    "Intel Celeron G4900": 2 * 3.1 * 8,
}


def test_a_peak_is_cores_times_clock_times_what_a_core_completes(db: Db) -> None:
    found = dict(db.execute("select name, fp32_flop_per_s / 1e9 from core.cpus where status = 'derived'").fetchall())
    assert {name: found[name] for name in PEAKS} == pytest.approx(PEAKS)
    # The first has no unit of its own for floating point, and its coprocessor takes 23 clocks for an addition.
    first = db.execute(
        "select name, released_on, fp32_flop_per_s from core.cpus where fp32_flop_per_s is not null order by 2, 1"
    ).fetchone()
    assert first == ("Intel 80386 DX", date(1985, 10, 1), pytest.approx(16e6 / 23, rel=1e-3))


def test_every_cpu_has_a_rate_or_a_reason(db: Db) -> None:
    rows = db.execute(
        "select status, count(*), count(fp32_flop_per_s), count(citation), count(left_out_because) from core.cpus group by status"
    ).fetchall()
    by_status = {status: counts for status, *counts in rows}
    assert set(by_status) == {"derived", "no_clock_or_cores", "left_out", "not_declared"}
    n, rates, citations, _ = by_status["derived"]
    assert n == rates == citations > 1400
    assert by_status["left_out"][0] == by_status["left_out"][3]
    assert not any(rates for status, (_, rates, *_) in by_status.items() if status != "derived")
    # Cores of two kinds give no peak by their sum.
    assert db.execute(
        "select count(*) from core.cpus where code_name like 'Alder Lake%' and status = 'derived'"
    ).fetchone() == (0,)


def test_derived_peaks_are_those_that_top500_prints(db: Db) -> None:
    checks = db.execute(
        "select microarchitecture, n_systems, ratio, share_within from marts.cpu_peak_checks"
    ).fetchall()
    assert len(checks) == 30
    assert sum(n for _, n, *_ in checks) > 4500
    # Sites of Zen 4 report the peak at a clock above the base.
    assert {name for name, _, ratio, _ in checks if not 0.998 < ratio < 1.002} == {"Zen 4"}
    assert all(1 / 1.2 < ratio < 1.2 for _, _, ratio, _ in checks)
    assert min(share for name, *_, share in checks if name != "Zen 4") >= 0.88
    # Against the printed numbers themselves, without what the table is made of.
    ratios = db.execute(
        "select median(peak_flop_per_s / cores / clock_hz) from core.supercomputers "
        "where processor_technology = 'Intel Broadwell' and accelerator is null"
    ).fetchone()
    assert ratios == (pytest.approx(16, rel=1e-3),)


@pytest.mark.parametrize(("listed_on", "gflop_per_s"), [(date(1993, 6, 1), 0.333), (date(2018, 11, 1), 36.8)])
def test_the_median_core_of_a_list_is_the_published_one(db: Db, listed_on: date, gflop_per_s: float) -> None:
    # Read off the lists by hand: 0.33 GFLOP/s a processor in 1993, 36.8 a core in 2018.
    told = db.execute(
        "select median(peak_flop_per_s_per_core) / 1e9 from core.supercomputers where listed_on = ?", [listed_on]
    ).fetchone()
    assert told == (pytest.approx(gflop_per_s, rel=1e-6),)


def test_no_core_is_told_of_a_system_with_accelerators(db: Db) -> None:
    found = db.execute(
        "select accelerator, count(*) from core.supercomputers where listed_on < '2012-01-01' and accelerator is not null "
        "group by all order by all"
    ).fetchall()
    assert found == [("ATI GPU", 1), ("ClearSpeed", 2), ("NVIDIA GPU", 3), ("PowerXCell 8i", 9)]
    assert db.execute(
        "select count(*) from core.supercomputers where accelerator is not null and peak_flop_per_s_per_core is not null"
    ).fetchone() == (0,)


@pytest.mark.parametrize(
    ("era", "growth", "first", "before"),
    [("before_2003", 1.46, 0, 2003), ("since_2003", 1.13, 2003, 9999), ("since_2012", 1.10, 2012, 9999)],
)
def test_the_speed_of_one_thread_grows_as_published(db: Db, era: str, growth: float, first: int, before: int) -> None:
    line = db.execute(
        "select growth_per_year, growth_per_year_low, growth_per_year_high, source from marts.hardware_growth "
        "where series = 'specint' and era = ? and rule = 'all'",
        [era],
    ).fetchone()
    assert line is not None
    told, low, high, source = line
    assert (round(told, 2), source) == (growth, "karlrupp")
    # By statsmodels, from the years as the page prints them and not from days.
    x, y = np.array(
        db.execute(
            "select year, log10(value) from staging.trend_point where quantity = 'specint' and year >= ? and year < ?",
            [first, before],
        ).fetchall()
    ).T
    fit = sm.OLS(y, sm.add_constant(x)).fit()
    assert [told, low, high] == pytest.approx([10 ** fit.params[1], *(10 ** fit.conf_int(0.10)[1])], rel=1e-3)


def test_the_line_of_cpus_goes_from_1985_and_slows(db: Db) -> None:
    lines = {
        (series, era): line
        for series, era, *line in db.execute(
            "select series, era, n, first_released_on, growth_per_year, growth_per_year_low, growth_per_year_high, source "
            "from marts.hardware_growth where rule = 'all' and series in ('cpus', 'cpu_cores', 'gpus')"
        ).fetchall()
    }
    n, first, *_, source = lines["cpus", "all_years"]
    assert (first, source) == (date(1985, 10, 1), "boavizta, cpu_db")
    assert n > 1200
    # What was left of Moore's law: of a core its rate grew by half a year before 2003, and by about a tenth since 2012.
    assert lines["cpu_cores", "before_2003"][3] > 1.5
    assert lines["cpu_cores", "since_2012"][4] < 1.15
    # GPUs have grown faster than CPUs in the years of both.
    assert lines["gpus", "2006_to_2021"][3] > lines["cpus", "2006_to_2021"][4]


@pytest.mark.parametrize("cpus", ["cpus", "cpu_cores"])
@pytest.mark.parametrize("year", [2009, 2012])
def test_gpus_over_cpus_is_the_ratio_of_two_lines(db: Db, cpus: str, year: int) -> None:
    points = defaultdict(list)
    for series, x, y in db.execute(
        "select series, years, log10_value from fits.growth_samples where era = '2006_to_2021' and rule = 'all'"
    ).fetchall():
        points[series].append((x, y))
    at = ((date(year, 7, 1) - date(2000, 1, 1)).days) / 365.25
    read = {}
    for series in ("gpus", cpus):
        x, y = np.array(points[series]).T
        told = sm.OLS(y, sm.add_constant(x)).fit().get_prediction([[1, at]])
        read[series] = (told.predicted_mean[0], told.var_pred_mean[0], len(x) - 2)
    (gpu, gpu_var, gpu_dof), (cpu, cpu_var, cpu_dof) = read["gpus"], read[cpus]
    variance = gpu_var + cpu_var
    dof = variance**2 / (gpu_var**2 / gpu_dof + cpu_var**2 / cpu_dof)
    half = stats.t.ppf(0.95, dof) * np.sqrt(variance)
    told_ratio = db.execute(
        "select ratio, ratio_low, ratio_high, level from marts.gpu_over_cpu where cpu_series = ? and year = ?",
        [cpus, year],
    ).fetchone()
    assert told_ratio == pytest.approx(
        (10 ** (gpu - cpu), 10 ** (gpu - cpu - half), 10 ** (gpu - cpu + half), 0.90), rel=1e-8
    )


def test_claims_of_hardware_have_a_recomputed_figure_with_its_interval(db: Db) -> None:
    claims = {
        claim: told
        for claim, *told in db.execute("select claim, recomputed, low, high, verdict from marts.claims").fetchall()
    }
    for claim in ("hardware_gain", "gpu_gain_low", "gpu_gain_high", "gpu_gain_later", "single_thread_before_2003"):
        recomputed, low, high, verdict = claims[claim]
        assert low < recomputed < high, claim
        assert verdict == "differs", claim
    assert claims["single_thread_since_2012"][3] == "within_interval"
    # 50,000 in the brief: the same power of ten.
    recomputed, low, high, _ = claims["hardware_gain"]
    assert (round(recomputed, -3), round(low, -3), round(high, -3)) == (30e3, 23e3, 39e3)
    # 5 to 15 in the brief: a GPU over one core in the year of the first.
    assert 5 < claims["gpu_gain_high"][0] < 15


def test_results_of_spec_are_of_the_cpu_that_the_list_numbers(db: Db) -> None:
    joined = dict(
        db.execute(
            "select suite, count(distinct number) from staging.cpu_score join staging.cpu using (source, number) "
            "where released_on is not null group by suite"
        ).fetchall()
    )
    # Dated processors with a SPECint result of each suite, counted in the database's own tables.
    assert [joined[f"specint_{year}"] for year in (1992, 1995, 2000, 2006)] == [54, 102, 89, 167]
    assert db.execute("select count(*) from core.cpu_scores where name is null").fetchone() == (0,)
