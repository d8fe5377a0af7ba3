"""All choices at once: every combination has its row, lines are those of the other tables, and statements are counted over them."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest
from sets_of_points import KEYS

from flows.declared import settings

CHOICE = [*KEYS, "selection", "direction"]
SELECTIONS = {"all", "one_per_training", "best_per_paper", "best_per_year", "frontier"}


@pytest.fixture
def choices(db: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return db.execute("from marts.multiverse").df()


def test_every_combination_has_its_row_and_no_line_is_left_out(
    db: duckdb.DuckDBPyConnection, choices: pd.DataFrame
) -> None:
    rules = {row.rule: row.is_active for row in settings.rows()["point_rule"]}
    told = {f"{'without' if active else 'with'} {rule}" for rule, active in rules.items()}
    assert set(choices.rules) == told | {"as declared", "as printed", "all rules", "no rules"}
    other = choices[~choices.rules.isin(["as declared", "as printed"])]
    sets = db.execute(
        "select distinct benchmark, metric, compute_measure from staging.fit where row_set = 'current' "
        "and compute_measure != 'consolidated_burden'"
    ).fetchall()
    assert len(other) == len(sets) * len(SELECTIONS) * 2 * (len(rules) + 2)
    assert not other.duplicated([*CHOICE, "rules"]).any()
    # The others are the polynomial lines of marts.scaling, all of them.
    same = db.execute(
        "select count(*), count(*) filter (multiverse.exponent is not distinct from scaling.exponent) from marts.scaling "
        "as scaling left join marts.multiverse as multiverse using (row_set, benchmark, metric, compute_measure, selection, "
        "direction, estimator) where form = 'polynomial' and rules in ('as declared', 'as printed')"
    ).fetchone()
    polynomial = db.execute("select count(*) from marts.scaling where form = 'polynomial'").fetchone()
    assert same == (*polynomial, *polynomial)
    assert len(choices) == len(other) + polynomial[0] <= 20_000


def test_a_rule_that_changes_no_point_of_a_benchmark_changes_no_line_of_it(
    db: duckdb.DuckDBPyConnection, choices: pd.DataFrame
) -> None:
    """So the selections and the least squares of this table are those of fits.samples and fits.ols_directions."""
    changed = db.execute(
        "select distinct variant, benchmark, metric, compute_measure from core.point_variants"
    ).fetchall()
    is_ols = choices.estimator == "ols"
    declared = choices[is_ols & (choices.rules == "as declared")].set_index(CHOICE)
    compared = set()
    for rules, lines in choices[choices.rules.str.contains("with")].groupby("rules"):
        moved = {key[1:] for key in changed if key[0] == str(rules).split()[1]}
        still = lines[
            [key not in moved for key in zip(lines.benchmark, lines.metric, lines.compute_measure, strict=True)]
        ]
        same = declared.loc[pd.MultiIndex.from_frame(still[CHOICE])].reset_index()
        still = still.reset_index(drop=True)
        pd.testing.assert_series_equal(still.n, same.n)
        pd.testing.assert_series_equal(still.status, same.status)
        pd.testing.assert_series_equal(still.slope, same.slope, rtol=1e-9)
        compared |= set(zip(still.benchmark, still.compute_measure, strict=True))
    assert {("imagenet", "operations_per_pass"), ("imagenet", "hardware_burden"), ("mmlu", "training_compute"),
            ("coco_test_dev", "hardware_burden")} <= compared  # fmt: skip


def test_a_rule_switched_has_the_line_that_its_effect_has(db: duckdb.DuckDBPyConnection, choices: pd.DataFrame) -> None:
    lines = choices[(choices.selection == "all") & (choices.direction == "y_on_x") & (choices.row_set == "current")]
    by = {(row.rules, row.benchmark, row.metric, row.compute_measure): row for row in lines.itertuples()}
    moved = 0
    for rule, *of, active, n_off, n_on, off, on in db.execute(
        "select rule, benchmark, metric, compute_measure, is_active, n_before, n_after, exponent_before, exponent_after "
        "from marts.rule_effects"
    ).fetchall():
        n, exponent = (n_off, off) if active else (n_on, on)
        row = by[f"{'without' if active else 'with'} {rule}", *of]
        assert row.n == n
        moved += n_off != n_on
        if exponent is None:
            assert pd.isna(row.exponent)
        else:
            assert row.exponent == pytest.approx(exponent, rel=1e-9)
    assert moved > 20


def test_without_any_rule_all_candidates_are_points(db: duckdb.DuckDBPyConnection, choices: pd.DataFrame) -> None:
    every = {
        (benchmark, metric, measure): n
        for benchmark, metric, measure, n in db.execute(
            "select benchmark, metric, compute_measure, count(*) from core.candidates where error > 0 group by all"
        ).fetchall()
    }
    is_all = (choices.rules == "no rules") & (choices.selection == "all") & (choices.direction == "y_on_x")
    told = choices[is_all & (choices.n > 0)].set_index(["benchmark", "metric", "compute_measure"]).n.to_dict()
    assert told == every


def test_statements_are_counted_over_the_choices_that_judge_them(
    db: duckdb.DuckDBPyConnection, choices: pd.DataFrame
) -> None:
    told = db.execute("from marts.multiverse_claims").df().set_index("claim")
    assert set(told.index) >= {"smallest_exponent", "largest_exponent", "image_recognition_exponent", "lower_bound"}
    with_line = choices[choices.slope.notna()]
    passes = with_line[(with_line.benchmark == "imagenet") & (with_line.compute_measure == "operations_per_pass")]
    ninth = told.loc["image_recognition_exponent"]
    assert (ninth.n_choices, ninth.n_supporting) == (len(passes), passes.exponent.between(8.5, 9.5).sum())
    # Of the paper's five domains, translation into two languages and detection on either split.
    domains = ["imagenet", "coco", "coco_test_dev", "squad", "conll", "wmt_en_fr", "wmt_en_de"]
    burdens = with_line[with_line.benchmark.isin(domains) & (with_line.compute_measure == "hardware_burden")]
    least, most = told.loc["smallest_exponent"], told.loc["largest_exponent"]
    assert (least.n_choices, least.n_supporting) == (len(burdens), (burdens.exponent >= 7.7).sum())
    # A line that falls has a negative exponent, which is no small one.
    assert most.n_supporting == ((burdens.exponent > 0) & (burdens.exponent <= 50.5)).sum()
    assert most.n_supporting < (burdens.exponent <= 50.5).sum()
    assert (told.share == told.n_supporting / told.n_choices).all()
    assert ((told.share > 0) & (told.share < 1)).all()
    assert told.n_without_line["lower_bound"] > 0
