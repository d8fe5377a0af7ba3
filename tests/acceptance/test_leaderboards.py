"""Leaderboards of whatever model is put there: listed beside the computation of the very same name, held against other pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hand_made import facts

Db = duckdb.DuckDBPyConnection
SOURCE = "open_llm_leaderboard_v1"
BENCHMARKS = {"arc_challenge", "hellaswag", "mmlu", "truthfulqa"}
# As the copies print them: rows, and rows that stand twice or that the leaderboard withdrew. One model of June has no TruthfulQA.
ROWS = {"20230610.csv": (132, 0), "20230915.csv": (1240, 12)}
VERSION_2 = "open_llm_leaderboard"
# Ten rows of its page, typed from there: the first and the last, best ones, one name in two precisions, and some in between.
SIX = ("ifeval", "bbh", "math_level_5", "gpqa", "musr", "mmlu_pro")
TYPED = {
    2: ("0-hero/Matter-0.2-7B-DPO", 0.3302792, 0.3596254, 0.0083082, 0.2592282, 0.3813750, 0.1163564),
    620: ("IntervitensInc/internlm2_5-20b-llamafied", 0.3409952, 0.7478466, 0.1706949, 0.3380872, 0.4475417, 0.4050864),
    1244: ("Qwen/Qwen2.5-Coder-14B", 0.3472653, 0.5864860, 0.2212991, 0.2927852, 0.3873646, 0.4521277),
    1425: ("Steelskull/L3.3-MS-Nevoria-70b", 0.6963269, 0.6997537, 0.3882175, 0.4706376, 0.4682292, 0.5535239),
    2259: ("google/gemma-2-2b", 0.1993123, 0.3655967, 0.0287009, 0.2625839, 0.4231771, 0.2180020),
    2260: ("google/gemma-2-2b", 0.2017602, 0.3708675, 0.0287009, 0.2625839, 0.4218750, 0.2216589),
    2282: ("gpt2", 0.0833333, 0.3083333, 0.0, 0.2333333, 0.4333333, 0.1),
    2350: ("huggyllama/llama-65b", 0.2525931, 0.4702556, 0.0249245, 0.2760067, 0.3594583, 0.3077626),
    2875: ("meta-llama/Llama-3.3-70B-Instruct", 0.8997582, 0.6919313, 0.0022659, 0.3288591, 0.4461250, 0.5331616),
    3828: ("zhengr/MixTAO-7Bx2-MoE-v8.1", 0.4187811, 0.4201944, 0.0664653, 0.2986577, 0.3976250, 0.2846576),
}


def scores(folder: Path, source: str) -> Iterator[dict[str, Any]]:
    """The scores of a facts file with a model a line, whose heads say what a column is."""
    for row in facts(folder, source, "listed_score"):
        of_record = {name: row.pop(name) for name in ("sha256", "page", "locator", "name")}
        for head, value in row.items():
            if value:
                benchmark, metric, *shots = head.split(" ")
                yield of_record | {"benchmark": benchmark, "metric": metric, "shots": shots, "value": value}


def test_every_row_is_listed_twice_or_withdrawn(db: Db) -> None:
    for page, (read, left_out) in ROWS.items():
        scores = db.execute(
            "select benchmark, n_scores from marts.leaderboards where source = ? and page = ?", [SOURCE, page]
        ).fetchall()
        without = {"truthfulqa": 1} if page == "20230610.csv" else {}
        assert dict(scores) == {name: read - left_out - without.get(name, 0) for name in BENCHMARKS}
    withdrawn = db.execute("select rule, count(*) from core.quarantine where source = ? group by rule", [SOURCE])
    assert withdrawn.fetchall() == [("withdrawn", 2)]
    # The first place of MMLU was one that was withdrawn.
    best = db.execute(
        "select best_name, best_value from marts.leaderboards where page = '20230915.csv' and benchmark = 'mmlu'"
    )
    assert best.fetchone() != ("Aspik101/trurl-2-13b-pl-instruct_unload", 78.7)


def test_computation_is_of_the_name_to_the_letter(db: Db, shipped: Path) -> None:
    told = db.execute(
        "select distinct name, training_compute_flop from core.listed_scores where name like '%llama-65b' order by name"
    ).fetchall()
    # 6 × 65.2 billion parameters × 1.4 trillion tokens; a name without the owner's may be anyone's.
    assert told == [
        ("h2oai/h2ogpt-research-oasst1-llama-65b", None),
        ("huggyllama/llama-65b", pytest.approx(6 * 65.2e9 * 1.4e12)),
        ("llama-65b", None),
    ]
    listed = {row["name"] for row in scores(shipped, SOURCE) if row["page"] == "20230915.csv"}
    names = {row["locator"]: row["name"] for row in facts(shipped, "obsscaling", "model")}
    computed = {names[row["locator"]] for row in facts(shipped, "obsscaling", "compute")}
    found = db.execute(
        "select distinct name, measure_source from core.listed_scores "
        "where page = '20230915.csv' and training_compute_flop is not null"
    ).fetchall()
    assert {name for name, source in found if source == "obsscaling"} == listed & computed
    # Epoch AI has one name of them too.
    assert {(name, source) for name, source in found if source != "obsscaling"} == {("gpt2-xl", "epoch_benchmarks")}
    assert len(listed & computed) == 59
    reasons = db.execute("select distinct reason from marts.leaderboards where page = '20230915.csv'").fetchall()
    assert reasons == [
        (
            "60 of 1157 models have the very name of a training whose computation a source holds: listed beside it, not fitted",
        )
    ]


def test_what_other_authors_took_from_the_leaderboard_is_what_it_printed_in_september(db: Db, shipped: Path) -> None:
    names = {row["locator"]: row["name"] for row in facts(shipped, "obsscaling", "model")}
    others = {
        (names[row["locator"]], row["benchmark"]): float(row["value"])
        for row in facts(shipped, "obsscaling", "result")
        if row["benchmark"] in BENCHMARKS
    }
    for page in ROWS:
        differences: dict[str, list[float]] = {}
        for row in scores(shipped, SOURCE):
            other = others.get((row["name"], row["benchmark"]))
            if row["page"] == page and other is not None:
                differences.setdefault(row["benchmark"], []).append(abs(float(row["value"]) - other))
        expected = {
            (name, len(all_of), sum(one <= 0.05 + 1e-9 for one in all_of)) for name, all_of in differences.items()
        }
        found = db.execute("select benchmark, n_held_against, n_agree from marts.leaderboards where page = ?", [page])
        assert set(found.fetchall()) == expected
    agree = "select sum(n_agree), sum(n_held_against) from marts.leaderboards where page = ? and benchmark = 'mmlu'"
    # In June the leaderboard asked the questions of MMLU otherwise: not one of sixteen scores is the later one.
    assert db.execute(agree, ["20230610.csv"]).fetchone() == (0, 16)
    assert db.execute(agree, ["20230915.csv"]).fetchone() == (60, 68)


def test_the_second_version_is_listed_row_by_row_but_for_one_that_was_withdrawn(db: Db) -> None:
    counted = "select rows_read, rows_accepted, rows_duplicate, rows_quarantined from meta.pages where source = ?"
    assert db.execute(counted, [VERSION_2]).fetchall() == [(3827, 3826, 0, 1)]
    # 74 of 3,753 names stand twice, and the one that was withdrawn is gone.
    boards = "select benchmark, shots, n_scores, n_models from marts.leaderboards where source = ?"
    shots = dict(zip(SIX, (0, 3, 4, 0, 0, 5), strict=True))
    found = {tuple(row) for row in db.execute(boards, [VERSION_2]).fetchall()}
    assert found == {(name, shots[name], 3826, 3752) for name in SIX}
    withdrawn = "select locator, rule, column_name, literal from core.quarantine where source = ?"
    assert db.execute(withdrawn, [VERSION_2]).fetchall() == [("row 3075", "withdrawn", "Flagged", "True")]


def test_ten_rows_of_the_second_version_are_as_its_page_prints_them(db: Db) -> None:
    for row, (name, *shares) in TYPED.items():
        found = db.execute(
            "select benchmark, value, name from core.listed_scores where source = ? and locator = ?",
            [VERSION_2, f"row {row}"],
        ).fetchall()
        # In percent, of digits typed as far as the seventh.
        assert {benchmark: value for benchmark, value, _ in found} == pytest.approx(
            dict(zip(SIX, (100 * share for share in shares), strict=True)), abs=6e-6
        )
        assert {of for *_, of in found} == {name}


@pytest.mark.parametrize(
    ("benchmark", "questions", "but_for"),
    [
        # "gpt2" in half precision was asked a few questions of each kind.
        ("gpqa", 1192, "gpt2"),
        ("mmlu_pro", 12032, "gpt2"),
        ("math_level_5", 1324, "microsoft/Phi-3-small-8k-instruct"),
    ],
)
def test_scores_of_the_second_version_are_shares_of_questions_and_not_what_is_left_above_guessing(
    benchmark: str, questions: int, but_for: str, db: Db
) -> None:
    found = db.execute(
        "select name, value from core.listed_scores where source = ? and benchmark = ?", [VERSION_2, benchmark]
    ).fetchall()
    answered = [(name, value / 100 * questions) for name, value in found]
    assert [name for name, many in answered if abs(many - round(many)) > 1e-6] == [but_for]


def test_computation_of_the_second_version_is_of_the_name_to_the_letter(db: Db, shipped: Path) -> None:
    names = {row["locator"]: row["name"] for row in facts(shipped, "obsscaling", "model")}
    computed = {names[row["locator"]] for row in facts(shipped, "obsscaling", "compute")}
    found = db.execute(
        "select distinct name from core.listed_scores where source = ? and training_compute_flop is not null",
        [VERSION_2],
    ).fetchall()
    assert {name for (name,) in found} == {row["name"] for row in scores(shipped, VERSION_2)} & computed
    assert len(found) == 58
    # Others put the same questions to the models in another way, or under other names: nothing to be held against.
    held = "select sum(n_held_against) from marts.leaderboards where source = ?"
    assert db.execute(held, [VERSION_2]).fetchone() == (0,)


def test_a_release_of_livebench_is_a_board_of_its_own(db: Db) -> None:
    found = db.execute(
        "select page, count(*), max(n_models) from marts.leaderboards where source = 'livebench' group by page order by page"
    ).fetchall()
    # Tasks and models, as the sheets print them; of the last one a row has too few cells.
    assert found == [
        ("table_2024_06_24.csv", 17, 73),
        ("table_2025_04_25.csv", 17, 57),
        ("table_2026_01_08.csv", 23, 126),
    ]
    cut = db.execute("select locator, rule from core.quarantine where source = 'livebench'").fetchall()
    assert cut == [("row 110", "ragged_row")]
    computed = db.execute(
        "select distinct name from core.listed_scores where page = 'table_2026_01_08.csv' and training_compute_flop is not null"
    ).fetchall()
    # Epoch AI writes "GLM-4.6" and "Kimi K2 Thinking": no name to the letter, though it may be the same model.
    assert {name for (name,) in computed} == {"glm-4.7", "gpt-oss-120b", "grok-4-0709"}


@pytest.mark.parametrize("source", [SOURCE, VERSION_2, "livebench"])
def test_no_row_of_a_leaderboard_is_a_result_or_a_point(db: Db, source: str) -> None:
    for table in ("core.results", "core.models", "core.model_mentions", "core.candidates", "fits.points"):
        columns = [name for name, *_ in db.execute(f"describe {table}").fetchall()]
        for column in [name for name in columns if name == "source" or name.endswith("_source")]:
            assert db.execute(f"select count(*) from {table} where {column} = ?", [source]).fetchone() == (0,), table


def test_a_place_is_that_of_the_score(db: Db) -> None:
    rows = db.execute(
        "select value, place from core.listed_scores where page = '20230915.csv' and benchmark = 'hellaswag' order by place"
    ).fetchall()
    values = [value for value, _ in rows]
    assert values == sorted(values, reverse=True)
    assert [place for _, place in rows] == [1 + sum(other > value for other in values) for value in values]
