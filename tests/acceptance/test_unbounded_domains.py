"""Speech recognition, language modelling, Go, chess and long tasks: points read by hand in the pages, lines fitted anew."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hand_made import at, facts

Db = duckdb.DuckDBPyConnection

# Read in the newest page of NLP-progress and in Epoch AI's list: (paper, perplexity, FLOP). In both the data are WikiText-103 and
# the parameters are 257, 257, 247, 240, 180 million; of the Compressive Transformer Epoch AI tells no parameters.
WIKITEXT_103 = {
    ("2004.14996", 17.1, 2.6527334e19),  # SegaTransformer-XL
    ("1901.02860", 18.3, 3.7832771e20),  # Transformer-XL Large
    ("1809.10853", 20.5, 4.47e19),  # tied adaptive embeddings
    ("2002.03184", 23.3, 2.6990346e19),  # TaLK Convolutions
    ("1810.06682", 30.35, 2.78e18),  # Trellis Network
    ("1911.05507", 17.1, 1.0202112e20),  # Compressive Transformer
}
# Static evaluations: the best of the lists learn from the text that they are tested on.
WIKITEXT_2 = {
    ("1711.03953", 61.45, 3.36e18),
    ("1711.00066", 64.1, 3.06e17),
    ("1708.02182", 65.8, 2.97e17),
    ("1808.10143", 53.09, 6.66e17),
}
# NVIDIA's data sheet, as Epoch AI has it.
V100_FLOP_PER_S = 15.67e12
DAY_S = 86400
# Read in METR's list and in those of Epoch AI, where the names are the same to the letter: {version: (minutes, FLOP, developer)}.
HORIZONS = {
    "gpt2-xl": (0.039792, 1.92e21, "OpenAI"),
    "qwen2-72b-instruct": (2.244320, 3.02e24, "Alibaba"),
    "qwen2.5-72b-instruct": (5.165813, 7.8e24, "Alibaba"),
    "gpt-4-0314": (5.364045, 2.1e25, "OpenAI"),
    "claude-3-5-sonnet-20240620": (18.216830, 2.7e25, "Anthropic"),
    "DeepSeek-V3": (18.472532, 3.4078e24, "DeepSeek"),
    "DeepSeek-V3-0324": (23.117113, 3.3e24, "DeepSeek"),
    "DeepSeek-R1": (26.932599, 3.5e24, "DeepSeek"),
    "DeepSeek-R1-0528": (31.167847, 4.02001e24, "DeepSeek"),
    "gpt-oss-120b": (41.983451, 4.94e24, "OpenAI"),
    "claude-3-7-sonnet-20250219_16K": (54.226342, 3.35e25, "Anthropic"),
    "grok-4-0709": (110.075251, 5e26, "xAI"),
    "gpt-5-2025-08-07_medium": (137.318539, 6.6e25, "OpenAI"),
}


def points(db: Db, benchmark: str) -> set[tuple[str, float, float]]:
    rows = db.execute(
        "select split_part(paper_id, ':', 2), value, 10 ** log10_computation from fits.unbounded_points where benchmark = ?",
        [benchmark],
    ).fetchall()
    return {(paper, value, float(f"{flop:.8g}")) for paper, value, flop in rows}


@pytest.mark.parametrize(("benchmark", "expected"), [("wikitext_103", WIKITEXT_103), ("wikitext_2", WIKITEXT_2)])
def test_the_points_of_a_language_benchmark_are_those_read_by_hand(
    db: Db, benchmark: str, expected: set[tuple[str, float, float]]
) -> None:
    assert points(db, benchmark) == expected
    x, y = np.array([(math.log10(flop), -math.log10(value)) for _, value, flop in expected]).T
    (line,) = db.execute(
        "select n, n_papers, slope, status from marts.unbounded_scaling where benchmark = ? and form = 'polynomial'",
        [benchmark],
    ).fetchall()
    assert line[:2] == (len(expected), len(expected))
    assert line[2] == pytest.approx(np.polyfit(x, y, 1)[0])
    assert line[3] == "slope_not_different_from_0"


def test_computation_for_other_data_or_of_another_size_is_no_point(db: Db) -> None:
    # Epoch AI's "LSTM (Hebbian, Cache, MbPA)" has the words of the name, but was trained on Project Gutenberg.
    another = db.execute(
        "select printed_name, computation_of from core.unbounded_candidates where benchmark = 'wikitext_103' and nearness = 5"
    ).fetchall()
    assert {of for _, of in another} == {"another training of the paper"}
    assert {"LSTM + Hebbian + Cache + MbPA", "LSTM + Hebbian", "Transformer-XL Standard"} <= {
        name for name, _ in another
    }
    # Of thirteen results on Penn Treebank a paper has computation, all of it on other data.
    assert db.execute(
        "select n, n_of_another_training, status, reason from marts.unbounded_scaling "
        "where benchmark = 'penn_treebank' and form = 'polynomial'"
    ).fetchall() == [
        (
            0,
            13,
            "too_few_points",
            "0 of 19 scores are of a training whose computation a source holds, and a line takes three: listed, not fitted",
        )
    ]


def test_two_systems_of_speech_recognition_have_computation(db: Db) -> None:
    expected = {("1512.02595", 5.15, 2.6e19), ("2106.07447", 1.8, 5.54e21)}
    assert points(db, "librispeech_clean") == expected
    assert {(paper, flop) for paper, _, flop in points(db, "librispeech_other")} == {
        (paper, flop) for paper, _, flop in expected
    }
    listed = db.execute(
        "select benchmark, max(n_scores), max(n), any_value(status) from marts.unbounded_scaling "
        "where domain = 'speech recognition' group by all order by all"
    ).fetchall()
    assert listed == [
        ("callhome", 17, 0, "too_few_points"),
        ("librispeech_clean", 110, 2, "too_few_points"),
        ("librispeech_other", 109, 2, "too_few_points"),
        ("switchboard", 21, 0, "too_few_points"),
    ]
    # What is not fitted is listed.
    best = db.execute("select model, value from scores where benchmark = 'librispeech_clean' and place = 1").fetchall()
    assert best == [("CohereLabs/cohere-transcribe-03-2026", 1.25)]


def test_go_is_by_the_gpus_that_the_prose_tells(db: Db, shipped: Path) -> None:
    # 14 days of 28 GPUs, 24 of 36, and 46 for the other 79 of 117.
    gpu_days = 14 * 28 + 24 * 36 + 79 * 46
    found = db.execute(
        "select value, 10 ** log10_computation from fits.unbounded_points "
        "where printed_name = 'g170-b40c256x2-s3708042240-d967973220'"
    ).fetchall()
    assert found == [(1687.0, pytest.approx(gpu_days * DAY_S * V100_FLOP_PER_S))]
    elo = {at(row): float(row["value"]) for row in facts(shipped, "katago", "unbounded_score")}
    phases = facts(shipped, "katago", "run_phase")
    x = [math.log10(float(row["processor_count"]) * float(row["wall_time_s"])) for row in phases]
    y = [elo[at(row)] for row in phases]
    assert (len(elo), len(x)) == (45, 42)
    line = db.execute(
        "select n, n_papers, elo_per_doubling, exponent, exponent_low, status from marts.unbounded_scaling "
        "where benchmark = 'go_katago'"
    ).fetchall()
    slope = np.polyfit(x, y, 1)[0]
    expected = pytest.approx(slope * math.log10(2)), pytest.approx(400 / slope)
    assert line == [(42, 1, *expected, None, "too_few_papers")]


def test_chess_is_by_the_speed_of_the_processor(db: Db, shipped: Path) -> None:
    rows = [row for row in facts(shipped, "hippke_chess", "unbounded_score") if row["instructions_per_s"]]
    x, y = ([float(row[column]) for row in rows] for column in ("instructions_per_s", "value"))
    slope = np.polyfit(np.log10(x), y, 1)[0]
    line = db.execute(
        "select n, n_papers, computation_unit, elo_per_doubling, exponent, exponent_low, status "
        "from marts.unbounded_scaling where benchmark = 'chess_stockfish_8'"
    ).fetchall()
    expected = pytest.approx(slope * math.log10(2)), pytest.approx(400 / slope)
    assert line == [(15, 1, "instructions per second", *expected, None, "too_few_papers")]
    # From 4 to 139,814 MIPS, 15 doublings, the rating rises from 1910 to 3407: 100 a doubling from end to end.
    assert (max(y) - min(y)) / math.log2(max(x) / min(x)) == pytest.approx(1497 / 15.09, rel=1e-3)


def test_ratings_by_year_are_a_list_alone(db: Db) -> None:
    found = db.execute(
        "select n_scores, n, form, status, reason from marts.unbounded_scaling where benchmark = 'chess_programs'"
    ).fetchall()
    assert found == [
        (73, 0, None, "no_computation", "no source holds a computation for its scores: listed, not fitted")
    ]
    assert db.execute("select value, year from scores where benchmark = 'chess_programs' and place = 1").fetchall() == [
        (3586.0, 2019)
    ]


def test_a_time_horizon_is_joined_by_the_name_to_the_letter(db: Db) -> None:
    rows = db.execute(
        "select printed_name, value, 10 ** log10_computation, cluster, computation_of from fits.unbounded_points "
        "where benchmark = 'metr_time_horizon'"
    ).fetchall()
    assert {
        name: (value, pytest.approx(flop, rel=1e-6), developer) for name, value, flop, developer, _ in rows
    } == HORIZONS
    assert {computation_of for *_, computation_of in rows} == {"the name to the letter"}
    # "o1-2024-12-17_medium" and "davinci-002" stand in other lists under names that are nearly theirs.
    listed = db.execute("select count(*) from core.unbounded_scores where benchmark = 'metr_time_horizon'").fetchone()
    assert listed == (30,)
    x, y = np.array([(math.log10(flop), math.log10(minutes)) for minutes, flop, _ in HORIZONS.values()]).T
    found = db.execute(
        "select form, n_scores, n, n_papers, slope, exponent, status from marts.unbounded_scaling "
        "where benchmark = 'metr_time_horizon'"
    ).fetchall()
    slope = np.polyfit(x, y, 1)[0]
    assert found == [
        ("polynomial", 30, 13, 5, pytest.approx(slope, rel=1e-6), pytest.approx(1 / slope, rel=1e-6), "ok")
    ]
    # Minutes are no inverse of an error: no bound of the brief is held against their exponent.
    assert db.execute("select count(*) from marts.domain_exponents where metric = 'time_horizon'").fetchone() == (0,)
    # Of papers that one list names nothing changed.
    assert db.execute(
        "select distinct benchmark from core.unbounded_candidates where computation_of = 'the name to the letter'"
    ).fetchall() == [("metr_time_horizon",)]


def test_time_horizons_double_as_fast_as_metr_says(db: Db) -> None:
    points = db.execute(
        "select name, released_on, 10 ** log10_value from fits.growth_points where series = 'time_horizons' order by all"
    ).fetchall()
    # Of 30 versions these stand in no other list under the same name.
    versions = db.execute("select printed_name from core.unbounded_scores where metric = 'time_horizon'").fetchall()
    assert {name for (name,) in versions} - {name for name, *_ in points} == {
        "davinci-002",
        "gpt-3.5-turbo-instruct",
        "o3-2025-04-16_medium",
        "o4-mini-2025-04-16_medium",
    }
    told = {name: day for name, day, _ in points}
    assert told["claude-3-5-sonnet-20241022"] == date(2024, 10, 22)
    assert told["gpt-4o-2024-11-20"] == date(2024, 11, 20)
    assert told["gpt2-xl"] == date(2019, 11, 5)
    x = [(day - date(2000, 1, 1)).days / 365.25 for _, day, _ in points]
    slope = np.polyfit(x, [math.log10(minutes) for *_, minutes in points], 1)[0]
    line = db.execute(
        "select n, doubling_time_month, doubling_time_month_low, doubling_time_month_high, quantity from marts.compute_growth "
        "where series = 'time_horizons' and era = 'all_years' and rule = 'all'"
    ).fetchone()
    assert line is not None
    assert (line[0], line[1], line[4]) == (26, pytest.approx(12 * math.log10(2) / slope), "time_horizon")
    # Kwa et al. 2025 (arXiv 2503.14499): 212 days, 171 to 249; of the frontier from 2019 to 2025 alone.
    assert line[2] < 212 / 30.44 < line[3]


def test_none_of_these_scores_is_a_result_or_a_point_of_a_row_set(db: Db) -> None:
    for table in ("core.results", "core.candidates", "fits.points", "staging.fit"):
        query = f"select count(*) from {table} where benchmark in (select benchmark from staging.unbounded_score)"
        assert db.execute(query).fetchone() == (0,), table


@pytest.mark.parametrize("statement", ["smallest", "largest"])
def test_the_bounds_of_the_brief_do_not_hold_over_all_domains(db: Db, statement: str) -> None:
    best = min if statement == "smallest" else max
    told = db.execute(
        "select exponent, exponent_low, exponent_high from marts.exponents where row_set = 'current' and status = 'ok'"
    ).fetchall()
    # No new domain has an exponent with a bounded interval, but for the time horizons, which are held against no bound.
    assert db.execute("select benchmark from marts.unbounded_scaling where status = 'ok'").fetchall() == [
        ("metr_time_horizon",)
    ]
    claim = db.execute(
        "select recomputed, low, high, verdict from marts.claims where claim = ?",
        [f"{statement}_exponent_of_all_domains"],
    ).fetchall()
    assert claim == [(*best(told), "differs")]


def test_an_exponent_is_judged_with_its_interval(db: Db) -> None:
    rows = db.execute(
        "select benchmark, metric, compute_measure, exponent, exponent_low, exponent_high, status, verdict "
        "from marts.domain_exponents"
    ).fetchall()
    for *_, exponent, low, high, status, verdict in rows:
        if exponent is None:
            expected = "no_exponent"
        elif status == "slope_not_different_from_0":
            expected = "not_told"
        elif low is None or high is None:
            expected = f"{'between' if 7.7 <= exponent <= 50.5 else 'beyond'}_without_interval"
        elif 7.7 <= low <= high <= 50.5:
            expected = "between"
        else:
            expected = "beyond" if high < 7.7 or low > 50.5 else "interval_holds_both"
        assert verdict == expected
    verdicts = {(benchmark, metric, measure): verdict for benchmark, metric, measure, *_, verdict in rows}
    assert verdicts["imagenet", "top1", "operations_per_pass"] == "between"
    assert verdicts["wmt_en_de", "bleu", "hardware_burden"] == "beyond"
    assert verdicts["go_katago", "elo", "hardware_burden"] == "beyond_without_interval"
    assert verdicts["wikitext_103", "perplexity", "training_compute"] == "not_told"
    # Every domain stands here, whether it is fitted or listed.
    domains = {domain for (domain,) in db.execute("select distinct domain from marts.domain_exponents").fetchall()}
    assert {"speech recognition", "language modelling", "Go", "chess", "image classification"} <= domains
