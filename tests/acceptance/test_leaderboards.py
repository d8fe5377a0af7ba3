"""Leaderboards of whatever model is put there: listed beside the computation of the very same name, held against other pages."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hand_made import facts

Db = duckdb.DuckDBPyConnection
SOURCE = "open_llm_leaderboard_v1"
BENCHMARKS = {"arc_challenge", "hellaswag", "mmlu", "truthfulqa"}
# As the copies print them: rows, and rows that stand twice or that the leaderboard withdrew. One model of June has no TruthfulQA.
ROWS = {"20230610.csv": (132, 0), "20230915.csv": (1240, 12)}


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
    listed = {row["name"] for row in facts(shipped, SOURCE, "listed_score") if row["page"] == "20230915.csv"}
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
        for row in facts(shipped, SOURCE, "listed_score"):
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


@pytest.mark.parametrize("source", [SOURCE, "livebench"])
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
