"""The views in `main`: one row a thing, each column told, and sixteen questions of an analyst that take one plain query each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from flows import paths
from flows.answers import cost_quotes, queries
from flows.warehouse import sql_files

VIEWS = sorted(path.stem for path in (paths.SQL / "main").glob("*.sql"))
# The table whose rows a view has, where it has not all rows of the table that it is named after.
ROWS_OF = {
    "results": "core.results",
    "models": "core.models",
    "papers": "core.papers",
    "runs": "core.run_phases",
    "scores": "core.unbounded_scores",
    "leaderboard": "(select distinct benchmark, metric, model_id from core.results)",
    "exponents": "(from marts.scaling semi join (from fits.sample_sets where is_headline) using (row_set, benchmark, metric, "
    "compute_measure, selection) where form = 'polynomial')",
    "exponents_by_year": "marts.exponents_by_year",
    "costs": "marts.costs",
    "processors": "core.processors",
    "prices": "core.prices",
    "electricity": "core.carbon_intensities",
    "conflicts": "core.conflicts",
    "sources": "meta.sources",
    "claims": "marts.claims",
    "history": "marts.history",
}


def test_there_is_a_dozen_and_each_is_tested() -> None:
    assert sorted(ROWS_OF) == VIEWS
    assert len(VIEWS) >= 12


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_a_row_a_thing_and_a_key(view: str, db: duckdb.DuckDBPyConnection) -> None:
    def count(of: str) -> int:
        return int(db.execute(f"select count(*) from {of}").fetchall()[0][0])

    key = [column.removesuffix("?") for column in sql_files.read_table_file(paths.SQL / "main" / f"{view}.sql").grain]
    assert count(view) == count(ROWS_OF[view]) == count(f"(select distinct {', '.join(key)} from {view})")
    assert count(view) > 0


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_a_view_and_says_what_it_and_its_columns_are(view: str, db: duckdb.DuckDBPyConnection) -> None:
    ((comment,),) = db.execute("select comment from duckdb_views() where view_name = ?", [view]).fetchall()
    key = sql_files.read_table_file(paths.SQL / "main" / f"{view}.sql").grain
    assert comment.startswith("One row per ")
    assert f"Key: {key[0].removesuffix('?')}" in comment
    columns = db.execute(
        "select column_name, comment from duckdb_columns() where schema_name = 'main' and table_name = ?", [view]
    )
    untold = [name for name, text in columns.fetchall() if not text]
    assert untold == []


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_in_the_lineage(view: str, db: duckdb.DuckDBPyConnection) -> None:
    assert db.execute("select count(*) from meta.lineage where table_name = ?", [f"main.{view}"]).fetchall()[0][0] > 0


def test_what_views_say_of_benchmarks_is_true(db: duckdb.DuckDBPyConnection) -> None:
    """Of a score it is any benchmark, also one that no file declares; of what is no score there is none."""
    declared = {path.stem for path in (paths.PACKAGE / "declared" / "domains").glob("*.toml")}
    there = {name for (name,) in db.execute("select distinct benchmark from results").fetchall()}
    assert there - declared
    assert db.execute(
        "select count(*) from conflicts where benchmark is null and quantity in ('top1', 'f1', 'bleu')"
    ).fetchall() == [(0,)]
    told = dict(
        db.execute(
            "select table_name, comment from duckdb_columns() where schema_name = 'main' and column_name = 'benchmark'"
        ).fetchall()
    )
    assert "file in flows/declared" not in told["results"] + told["leaderboard"]


# question: (query, what it answers), from papers, data sheets and the published sheet itself, not from this project.
QUESTIONS: dict[str, tuple[str, Callable[[list[tuple[Any, ...]]], bool]]] = {
    # 8.2 GFLOP a pass are 4.1 GMACs of ResNet-50 v1.5; the index of another list counts for more pixels.
    "which sources disagree on ResNet-50": (
        "select chosen_source, source, ratio from conflicts where name_key = 'resnet50'",
        lambda rows: ("timm", "timm_model_index") in {row[:2] for row in rows} and all(abs(row[2] - 1) > 0.03 for row in rows),
    ),
    "GPUs by year": (
        "select year, count(*) as n from processors where processor_kind = 'gpu' group by year order by year",
        lambda rows: {1999, 2006, 2017, 2022} <= {row[0] for row in rows} and sum(row[1] for row in rows) > 1000,
    ),
    "when were the V100, the A100 and the H100 released, and what do they draw": (
        "select year, tdp_watt from processors where processor_id in ('NVIDIA Tesla V100 SXM2 16 GB', 'NVIDIA A100 SXM4 40 GB', "
        "'NVIDIA H100 SXM5 80GB') order by year",
        lambda rows: rows == [(2017, 300.0), (2020, 400.0), (2022, 700.0)],
    ),
    "what does ImageNet at 5 % emit in France": (
        "select log10_kg_co2 - log10_kwh from costs where region_alpha_2 = 'FR' and benchmark = 'imagenet' and "
        "scenario = 'h100_2026' and target = 'target_1' and form = 'polynomial'",
        # Our World in Data, France in 2025: 41.44 g/kWh.
        lambda rows: len(rows) > 0 and all(abs(10 ** row[0] - 0.04144) < 5e-6 for row in rows),
    ),
    "is electricity cleaner in France than in Poland": (
        "select region_alpha_2, carbon_intensity_g_per_kwh from electricity where region_alpha_2 in ('FR', 'PL') and year = 2020",
        lambda rows: 40 < dict(rows)["FR"] < 80 and 650 < dict(rows)["PL"] < 850,
    ),
    "what is the best model on ImageNet": (
        "select model, value from leaderboard where benchmark = 'imagenet' and metric = 'top1' and place = 1",
        lambda rows: rows == [("CoCa", 91.0)],
    ),
    "how did the best error on ImageNet fall": (
        "select year, min(error) from results where benchmark = 'imagenet' and metric = 'top1' "
        "and year in (2012, 2022) group by year order by year",
        # AlexNet with seven networks pretrained: 36.7 %; CoCa: 9.0 %.
        lambda rows: [(year, round(error, 4)) for year, error in rows] == [(2012, 0.367), (2022, 0.09)],
    ),
    "what was AlexNet trained on, and how long": (
        "select processor, processor_count, wall_time_s / 86400 as days from runs "
        "where model = 'AlexNet' and processor_count is not null",
        lambda rows: ("GeForce GTX 580", 2.0, 6.0) in rows,
    ),
    "how many parameters has AlexNet": (
        "select parameters from models where model = 'AlexNet' and year = 2012",
        lambda rows: rows == [(6e7,)],
    ),
    "which paper is arXiv 1512.03385": (
        "select paper, year from papers where arxiv_id = '1512.03385'",
        lambda rows: rows == [("Deep Residual Learning for Image Recognition", 2015)],
    ),
    "what did BERT as an ensemble reach on SQuAD": (
        "select distinct value, year from results where benchmark = 'squad' and metric = 'f1' and model = 'BERT (ensemble)' "
        "and url like '%squad%'",
        lambda rows: rows == [(93.16, 2018)],
    ),
    "what is the rent of an H100 at Lambda": (
        "select price_usd, year from prices where processor ilike '%H100%' and vendor = 'Lambda Labs' "
        "and kind = 'rental' order by price_usd",
        lambda rows: (2.49, 2025) in rows,
    ),
    "what are the exponents of the published rows": (
        "select benchmark, n from exponents where row_set = 'paper_v1' and estimator = 'ols' and direction = 'y_on_x' and "
        "selection = 'all' and compute_measure = 'hardware_burden'",
        # The brief's Figure 2: how many points each line has.
        lambda rows: dict(rows) == {"imagenet": 13, "coco": 33, "squad": 16, "conll": 13, "wmt_en_fr": 13, "wmt_en_de": 13},
    ),
    "exponent by year": (
        "select year, n, exponent from exponents_by_year where row_set = 'current' and benchmark = 'imagenet' "
        "and metric = 'top1' and compute_measure = 'hardware_burden' order by year",
        # A point more or none a year; which exponents, the test below computes anew.
        lambda rows: len(rows) > 5 and sorted(rows) == rows and sorted(row[1] for row in rows) == [row[1] for row in rows],
    ),
    "what was the lowest known error on MS COCO, state by state": (
        "select as_of, name, value from history where benchmark = 'coco' and quantity = 'lowest_error' order by place",
        # A Cascade Mask R-CNN of Swin-S has 51.9 box AP, RF-DETR-2XL 60.1.
        lambda rows: [round(rows[at][2], 3) for at in (0, -1)] == [0.481, 0.399] and str(rows[0][0]) == "2023-12-31",
    ),
    "under which licence is the electricity": (
        "select licence, publisher from sources where source = 'owid_carbon'",
        lambda rows: rows[0][0] == "CC-BY-4.0" and "Our World in Data" in rows[0][1],
    ),
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_one_query(question: str, warehouse_path: Path) -> None:
    query, is_answer = QUESTIONS[question]
    rows = queries.run(warehouse_path, query).rows
    assert is_answer(rows), rows


def test_there_are_sixteen() -> None:
    assert len(QUESTIONS) == 16


def test_both_codes_of_a_region_give_the_same(db: duckdb.DuckDBPyConnection) -> None:
    for view in ("costs", "electricity"):
        by_two, by_three = (db.execute(f"select * from {view} where {column} = ? order by all", [code]).fetchall()
                            for column, code in (("region_alpha_2", "FR"), ("region", "FRA")))  # fmt: skip
        assert by_two == by_three
        assert by_two


def test_the_exponent_by_year_is_that_of_the_points_until_then(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "select benchmark, metric, compute_measure, selection, year, n, exponent from exponents_by_year "
        "where row_set = 'current' and exponent is not null"
    ).fetchall()
    assert len(rows) > 100
    for benchmark, metric, measure, selection, year, n, exponent in rows[::7]:
        points = db.execute(
            "select log10_compute, -log10(error) from fits.samples where row_set = 'current' and benchmark = ? and metric = ? "
            "and compute_measure = ? and selection = ? and year <= ?",
            [benchmark, metric, measure, selection, year],
        ).fetchall()
        x, y = np.array(points).T
        assert n == len(points)
        assert exponent == pytest.approx(1 / np.polyfit(x, y, 1)[0], rel=1e-6)


def test_the_price_of_a_target_in_france_is_that_of_the_command(warehouse_path: Path) -> None:
    query = (
        "select usd from costs where region_alpha_2 = 'FR' and row_set = 'current' and benchmark = 'imagenet' and metric = 'top1' "
        "and compute_measure = 'hardware_burden' and scenario = 'h100_2026' and target = 'target_1' and is_leading"
    )
    ((usd,),) = queries.run(warehouse_path, query).rows
    quote = cost_quotes.quote(
        warehouse_path, cost_quotes.Request(benchmark="imagenet", error="5%", scenario="h100_2026", region="FR")
    )
    (led,) = [row for row in quote["results"] if row["form"] == "polynomial"]
    assert np.log10(usd) == pytest.approx(led["log10_usd"], abs=1e-9)
