"""MLPerf's times to a quality: by its own rule, once a run, split by target, in lines of their own, and in no table of results."""

from __future__ import annotations

import math
import re
from collections import defaultdict

import duckdb
import numpy as np
import pytest
from shipped_facts import facts

from flows import paths
from flows.fits.clustered import cluster_robust
from flows.fits.line import slope_interval

SOURCE = "mlperf_training"


def one(db: duckdb.DuckDBPyConnection, query: str, *values: object) -> tuple[object, ...]:
    (row,) = db.execute(query, list(values)).fetchall()
    return tuple(row)


def test_every_group_is_accounted_for(db: duckdb.DuckDBPyConnection) -> None:
    # shared/sources.md has 2,026 groups of all tasks of the whole repositories; of those whose logs are packed there are 1,447.
    # Left out: two without a file of their system, two of which no run reached the quality.
    query = "select sum(rows_read), sum(rows_accepted), sum(rows_duplicate), sum(rows_quarantined) from meta.pages where source = ?"
    assert tuple(map(int, one(db, query, SOURCE))) == (1447, 1443, 0, 4)  # type: ignore[call-overload]
    rules = db.execute(
        "select rule, count(*) from core.quarantine where source = ? group by all order by all", [SOURCE]
    )
    assert rules.fetchall() == [("no_system", 2), ("not_reached", 2)]


# shared/sources.md: chip-hours to a fixed target by round, the least of the round.
@pytest.mark.parametrize(("round_", "chip_hours"), [("v0.7", 4.10), ("v4.0", 1.60)])
def test_resnet_50_takes_as_many_chip_hours_as_published(
    db: duckdb.DuckDBPyConnection, round_: str, chip_hours: float
) -> None:
    query = "select least from marts.time_to_target where task = 'resnet50' and quality_target = 0.759 and precision is null"
    (least,) = one(db, f"{query} and round = ?", round_)
    assert least == pytest.approx(chip_hours, abs=0.005)


# Minutes as the submitters' own summary.csv print them, of tasks whose five runs are all there.
@pytest.mark.parametrize(
    ("round_", "system", "task", "minutes"),
    [
        ("v2.1", "ND96amsr_A100_v4_n1_mxnet", "resnet50", 29.37418888888889),
        ("v2.1", "NC96ads_A100_v4_mxnet", "resnet50", 59.96519444444444),
        ("v2.1", "NC96ads_A100_v4_pytorch", "retinanet", 217.00816111111112),
        ("v2.1", "NC96ads_A100_v4_pytorch_2209", "maskrcnn", 84.85255555555555),
    ],
)
def test_a_group_is_summarised_as_mlperf_does(
    db: duckdb.DuckDBPyConnection, round_: str, system: str, task: str, minutes: float
) -> None:
    query = "select time_s / 60 from core.timed_trainings where round = ? and system = ? and task = ?"
    (told,) = one(db, query, round_, system, task)
    assert told == pytest.approx(minutes, rel=1e-5)


def result(row: dict[str, str]) -> float | None:
    """Seconds by MLPerf's rule: the mean without the fastest and the slowest; one run that missed the quality is the slowest."""
    times = [float(text) for text in row["run_times_s"].split()]
    times += [math.inf] * (int(row["runs"]) - len(times))
    if len(times) < 3:
        return None
    rest = sorted(times)[1:-1]
    mean = sum(rest) / len(rest)
    return None if mean == math.inf else mean


def test_each_time_is_that_of_the_rule(db: duckdb.DuckDBPyConnection) -> None:
    expected = {(row["page"], row["locator"]): result(row) for row in facts(SOURCE, "timed_training")}
    found = db.execute("select page, locator, time_s, status from core.timed_trainings").fetchall()
    assert {(page, at): time for page, at, time, _ in found} == pytest.approx(expected)
    assert all((time is None) == (status != "ok") for *_, time, status in found)
    assert 0 < sum(time is None for *_, time, _ in found) < 10


def test_runs_that_are_submitted_again_count_once(db: duckdb.DuckDBPyConnection) -> None:
    first: dict[tuple[str, str, str], tuple[str, str, str]] = {}
    again = set()
    for row in sorted(facts(SOURCE, "timed_training"), key=lambda row: (row["round"], row["page"], row["locator"])):
        runs = (row["task"], row["started_s"], min(row["run_times_s"].split(), key=float))
        if runs in first:
            again.add((row["page"], row["locator"]))
        first.setdefault(runs, (row["round"], row["page"], row["locator"]))
    found = db.execute("select page, locator from core.timed_trainings where is_repeated").fetchall()
    assert set(found) == again
    # 203 of the 2,026 groups of all tasks.
    assert len(again) == 163


def test_the_declared_target_is_what_runs_end_at(db: duckdb.DuckDBPyConnection) -> None:
    """Within the third digit for the task whose runs end nearest to it, and never beyond it on the wrong side."""
    # All groups of v0.5, and one of v0.6.
    query = "select count(*), count(*) filter (printed_target = quality_target) from core.timed_trainings"
    assert one(db, f"{query} where printed_target is not null") == (36, 36)
    rows = db.execute(
        "select task, quality_target, min(quality), max(quality), max(quality) filter (task = 'rnnt') from core.timed_trainings "
        "where division = 'closed' and quality is not null group by task, quality_target order by all"
    ).fetchall()
    assert {(task, target) for task, target, *_ in rows} == {
        ("bert", 0.712), ("bert", 0.72), ("gnmt", 21.8), ("gnmt", 24.0), ("maskrcnn", 0.377), ("minigo_19x19", 0.5),
        ("minigo_9x9", 0.5), ("ncf", 0.635), ("resnet50", 0.749), ("resnet50", 0.759), ("retinanet", 0.34), ("rnnt", 0.058),
        ("ssd", 0.212), ("ssd", 0.23), ("transformer", 25.0),
    }  # fmt: skip
    for task, target, least, most, _ in rows:
        nearest = most if task == "rnnt" else least
        assert nearest <= target if task == "rnnt" else nearest >= target * 0.9995, (task, target, nearest)
        assert nearest == pytest.approx(target, rel=0.04), (task, target, nearest)


def test_burdens_are_of_identified_accelerators_at_rates_that_sheets_print(db: duckdb.DuckDBPyConnection) -> None:
    # Eight A100 of 312 TFLOP/s at FP16 with tensor cores, 156 at TF32 and 19.49 at FP32.
    rows = db.execute(
        "select precision, least, least_processor_count from marts.time_to_target "
        "where task = 'maskrcnn' and round = 'v0.7' order by precision nulls first"
    ).fetchall()
    told = {precision: least for precision, least, _ in rows}
    assert {None, "fp32", "tf32", "tensor_fp16"} <= told.keys()
    assert told[None] == pytest.approx(10.954, abs=0.001)
    assert told["tf32"] == pytest.approx(10.9543 * 3600 * 156e12, rel=1e-4)
    # V100 of an earlier round at their FP32 peak.
    assert told["fp32"] <= 10.9543 * 3600 * 19.5e12
    (unknown,) = one(
        db,
        "select count(*) from core.timed_trainings where processor_id is not null and not is_accelerator",
    )
    assert unknown == 0


def test_a_burden_at_the_fp8_peak_is_of_accelerators_that_have_one(db: duckdb.DuckDBPyConnection) -> None:
    # The least of v4.0: H100 of 1,979 TFLOP/s at FP8, twice the 989.4 at FP16 with tensor cores.
    query = "select least, least_processor, unit from marts.time_to_target where task = 'bert' and round = 'v4.0' and precision = ?"
    (at_fp8, processor, unit), (at_fp16, same, _) = one(db, query, "fp8"), one(db, query, "tensor_fp16")
    assert processor == same == "NVIDIA H100-SXM5-80GB"
    assert (at_fp8, unit) == (pytest.approx(at_fp16 * 1979 / 989.4), "flop")  # type: ignore[operator]
    # Before an accelerator with FP8 was in it a round has no such burden; Gaudi2 came first.
    rounds = db.execute("select distinct round from marts.time_to_target where precision = 'fp8' order by 1").fetchall()
    assert [round_ for (round_,) in rounds] == ["v2.0", "v2.1", "v3.0", "v3.1", "v4.0", "v4.1", "v5.0", "v5.1"]
    used = db.execute(
        "select distinct processor_id, tensor_fp16_flop_per_s is null "
        "from core.timed_trainings join core.processors using (processor_id) "
        "where fp8_flop_per_s is not null and is_accelerator order by 1"
    ).fetchall()
    assert used == [
        ("AMD Instinct MI300X", False), ("Intel Habana Gaudi2", False), ("L4", False), ("L40S", True), ("NVIDIA B200", False),
        ("NVIDIA GB200", False), ("NVIDIA H100 PCIe", False), ("NVIDIA H100 SXM5 80GB", False), ("NVIDIA H200 SXM", False),
        ("NVIDIA L40", False),
    ]  # fmt: skip


def test_lines_at_the_fp8_peak_are_of_rounds_enough_or_none(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "select task, n_rounds, status, fall_per_year is null, fall_per_year_low is null from marts.target_trends "
        "where precision = 'fp8' and sample = 'up_to_16' order by task"
    ).fetchall()
    assert rows == [
        ("bert", 7, "ok", False, False), ("maskrcnn", 3, "ok", False, False), ("minigo_19x19", 1, "too_few_rounds", True, True),
        ("resnet50", 5, "ok", False, False), ("retinanet", 7, "ok", False, False), ("rnnt", 3, "ok", False, False),
    ]  # fmt: skip


def test_declared_peaks_are_twice_those_at_fp16_and_no_sheet_prints_them(db: duckdb.DuckDBPyConnection) -> None:
    """Of each generation that has FP8: what its maker prints is twice the rate at FP16, and the same as at INT8."""
    declared = db.execute(
        "select fp8_declared_for, fp8_flop_per_s / tensor_fp16_flop_per_s, fp8_flop_per_s / int8_op_per_s from core.processors "
        "where fp8_declared_for is not null order by 1"
    ).fetchall()
    assert {name for name, *_ in declared} == {
        "AMD Instinct MI300X", "L4", "L40S", "NVIDIA H100 PCIe", "NVIDIA H100 SXM5 80GB", "NVIDIA L40",
    }  # fmt: skip
    assert all(twice is None or twice == pytest.approx(2, rel=0.01) for _, twice, _ in declared)
    assert all(same is None or same == pytest.approx(1, rel=0.01) for *_, same in declared)
    sheets = {
        row["name"]
        for source in ("epoch_hardware", "epoch_prices")
        for row in facts(source, "processor")
        if row["fp8_flop_per_s"]
    }
    assert "NVIDIA H200 SXM" in sheets
    assert not sheets & {name for name, *_ in declared}
    # And it is no rate of the paper's.
    paper = one(db, "select count(*) from core.processors where paper_rate_flop_per_s = fp8_flop_per_s")
    assert paper == (1,)  # a TPU v6e, whose BF16 peak a sheet prints as the FP8 peak too


def test_what_a_result_took_is_counted_in_hours_and_at_each_peak_of_its_sheet(db: duckdb.DuckDBPyConnection) -> None:
    groups = db.execute(
        "select (source, page, locator), division, status, is_accelerator, is_repeated, processor_id, processor_count, time_s "
        "from core.timed_trainings"
    ).fetchall()
    # Each reason not to be a result is the only one of some groups, or leaving it out would not be seen.
    faults = [
        [division != "closed", status != "ok", not accelerator, repeated]
        for _, division, status, accelerator, repeated, *_ in groups
    ]
    assert all([n == at for n in range(4)] in faults for at in range(4))
    results = [group for group, wrong in zip(groups, faults, strict=True) if not any(wrong)]
    columns = [
        "fp32_flop_per_s",
        "tf32_flop_per_s",
        "fp16_flop_per_s",
        "tensor_fp16_flop_per_s",
        "fp8_flop_per_s",
        "int8_op_per_s",
    ]
    sheets = {
        one: rates
        for one, *rates in db.execute(f"select processor_id, {', '.join(columns)} from core.processors").fetchall()
    }
    expected = {}
    for where, *_, processor_id, count, time_s in results:
        expected[where, None, "chip-hour"] = count * time_s / 3600
        for column, rate in zip(columns, sheets.get(processor_id, []), strict=False):
            if rate is not None:
                precision, unit, _ = re.split("_(flop|op)_", column)
                expected[where, precision, unit] = count * time_s * rate
    found = db.execute("select (source, page, locator), precision, unit, taken from core.timed_burdens").fetchall()
    assert len(found) == len(expected) > len(results)
    assert {(where, precision, unit): taken for where, precision, unit, taken in found} == pytest.approx(expected)


def test_lines_are_those_of_the_jackknife_over_rounds(db: duckdb.DuckDBPyConnection) -> None:
    points: dict[tuple[str, float, str], list[tuple[float, float, str]]] = defaultdict(list)
    for task, target, timing, hours, day, round_ in db.execute(
        "select task, quality_target, timing, chip_hours, date_diff('day', date '2000-01-01', trained_on) / 365.25, round "
        "from core.timed_trainings where division = 'closed' and status = 'ok' and is_accelerator and not is_repeated order by all"
    ).fetchall():
        points[task, target, timing].append((day, math.log10(hours), round_))
    found = db.execute(
        "select task, quality_target, timing, n, slope, fall_per_year_low, fall_per_year_high, level, fall_per_year "
        "from marts.target_trends where sample = 'all' and precision is null and status = 'ok'"
    ).fetchall()
    assert {(task, target) for task, target, *_ in found} == {
        ("bert", 0.72), ("maskrcnn", 0.377), ("minigo_19x19", 0.5), ("resnet50", 0.759), ("retinanet", 0.34),
        ("rnnt", 0.058), ("ssd", 0.23),
    }  # fmt: skip
    for task, target, timing, n, slope, low, high, level, fall in found:
        days, logs, rounds = zip(*points[task, target, timing], strict=True)
        line = cluster_robust(np.array(days), np.array(logs), np.array(rounds))
        assert (n, slope, fall) == (len(days), pytest.approx(line.slope), pytest.approx(10**-line.slope))
        assert (low, high) == pytest.approx([10**-end for end in reversed(slope_interval(line, level))])


def test_chip_hours_fall_and_the_burden_at_the_peak_that_is_used_hardly(db: duckdb.DuckDBPyConnection) -> None:
    """As "AI and Efficiency" counts computation, 1.7 times a year; here most of what falls in chip-hours is the faster chip."""
    ((low, fall, high),) = db.execute(
        "select fall_per_year_low, fall_per_year, fall_per_year_high from marts.target_trends where sample = 'ai_and_efficiency'"
    ).fetchall()
    # 44 times from June 2012 to May 2019.
    assert low < 44 ** (1 / 6.99) < high
    assert fall == pytest.approx(1.71, abs=0.01)
    falls = {
        (task, precision): (least, most)
        for task, precision, least, most in db.execute(
            "select task, precision, fall_per_year_low, fall_per_year_high from marts.target_trends "
            "where sample = 'up_to_16' and status = 'ok' and quality_target is not null"
        ).fetchall()
    }
    tasks = {task for task, _ in falls}
    assert len(tasks) == 7
    assert all(falls[task, None][0] > 1 for task in tasks)
    assert all(falls[task, "tensor_fp16"][0] < 1 for task in tasks)


def test_no_task_with_another_target_is_in_one_line(db: duckdb.DuckDBPyConnection) -> None:
    lines = db.execute(
        "select task, count(distinct quality_target) from marts.target_trends where quality_target is not null group by task"
    ).fetchall()
    assert dict(lines) == {
        "bert": 2, "gnmt": 2, "maskrcnn": 1, "minigo_19x19": 1, "ncf": 1, "resnet50": 2,
        "retinanet": 1, "rnnt": 1, "ssd": 2, "transformer": 1,
    }  # fmt: skip
    # The clock of v0.5 started earlier: the same target, in lines of their own.
    assert one(db, "select count(distinct timing) from marts.target_trends where task = 'transformer'") == (2,)


def test_it_is_never_a_point_nor_a_result(db: duckdb.DuckDBPyConnection) -> None:
    readers = db.execute(
        "select distinct table_name from meta.lineage where reads = 'staging.timed_training'"
    ).fetchall()
    assert {name for (name,) in readers} == {"core.timed_trainings", "meta.pages"}
    readers = db.execute("select distinct table_name from meta.lineage where reads = 'core.timed_trainings'").fetchall()
    assert {name for (name,) in readers} == {"core.timed_burdens"}
    readers = db.execute("select distinct table_name from meta.lineage where reads = 'core.timed_burdens'").fetchall()
    assert {name for (name,) in readers} == {
        "marts.time_to_target",
        "marts.target_trends",
        "exports.figure_target_trends",
    }
    # What is drawn of it, and what an export prints, is read by nothing else.
    exported = {"exports.figure_target_trends", "exports.target_trends"}
    readers = db.execute(
        "select distinct table_name from meta.lineage where reads in ('marts.time_to_target', 'marts.target_trends') "
        "or list_contains($1, reads)",
        [sorted(exported)],
    ).fetchall()
    assert {name for (name,) in readers} == exported
    kinds = {path.name.split(".")[0] for path in (paths.SHIPPED_RAW / SOURCE).glob("*.facts.csv")}
    assert kinds == {"timed_training", "quarantine", "page_count"}
