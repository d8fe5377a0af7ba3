"""Titles say what the warehouse has: each number once more, by SQL written here; and the brief's figures beside its statements."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.publish import figures
from flows.publish.figures import texts
from flows.publish.figures.picture import Picture
from flows.warehouse import connection


@pytest.fixture(scope="module")
def titles(warehouse_path: Path) -> dict[str, Picture]:
    with connection.connect(warehouse_path, read_only=True) as con:
        return {picture.name: picture for picture in figures.pictures(con)}


def said(text: str) -> list[float]:
    """The numbers of a title, powers as such and words of size multiplied in."""
    plain = texts.plain(text)
    found = []
    for power, number, size in re.findall(
        r"10\^(-?[\d.]+)|(\d+(?:\.\d+)?(?: \d{3})*)(?: (million|billion|trillion))?", plain
    ):
        large = {"million": 1e6, "billion": 1e9, "trillion": 1e12}.get(size, 1)
        found.append(10 ** float(power) if power else float(number.replace(" ", "")) * large)
    return found


def holds(title: str, *wanted: float, digits: float = 0.06) -> None:
    """That the title's numbers are these, in their order, as far as it rounds: to two digits."""
    found = said(title)
    assert len(found) == len(wanted), (title, found, wanted)
    assert all(math.isclose(one, other, rel_tol=digits) for one, other in zip(found, wanted, strict=True)), (
        title,
        wanted,
    )


def one(db: duckdb.DuckDBPyConnection, query: str) -> Any:
    ((value,),) = db.execute(query).fetchall()
    return value


def claim(db: duckdb.DuckDBPyConnection, name: str) -> tuple[float, float | None, float | None]:
    ((value, low, high),) = db.execute(
        "select recomputed, low, high from marts.claims where claim = ?", [name]
    ).fetchall()
    return value, low, high


def test_a_title_is_read_as_it_is_meant() -> None:
    assert said("Each halving has taken about 6\u202f200 times, at least 10^{9.2}, 20\u00a0billion USD") == [
        6200,
        10**9.2,
        20e9,
    ]


def test_figure_1_agrees_with_the_claims(db: duckdb.DuckDBPyConnection, titles: dict[str, Picture]) -> None:
    flexible, regularised = claim(db, "flexible_observations"), claim(db, "regularised_observations")
    oracle = one(db, "select published from marts.claims where claim = 'oracle_observations'")
    wanted = [oracle, round(flexible[0]), round(regularised[0])]
    assert said(titles["figure_1a"].title) == wanted
    ends = [round(end) for _, *ends in (regularised, flexible) for end in ends]
    assert said(titles["figure_1a"].subtitle)[-4:] == ends
    simulations = one(db, "select recomputed from marts.claims where claim = 'simulations'")
    assert simulations in said(titles["figure_1a"].subtitle)
    ratios = db.execute(
        "select matches.computation_flop / theory.computation_flop from marts.theory_observations as matches "
        "join marts.theory as theory on theory.setting = matches.setting and theory.model = 'oracle' "
        "and theory.n_observations = matches.target_observations "
        "where matches.setting = 'base' and statistic = 'mean' and matches.model in ('flexible', 'regularised') "
        "order by matches.model"
    ).fetchall()
    holds(titles["figure_1b"].title, oracle, ratios[0][0], ratios[1][0])


def test_figure_2_agrees_with_the_claims(db: duckdb.DuckDBPyConnection, titles: dict[str, Picture]) -> None:
    speed = one(
        db,
        "select growth_per_year from marts.hardware_growth where series = 'gpus' and era = 'since_2010' and rule = 'all'",
    )
    # That of the newest list, of which the figure is drawn; the publisher's own was of an earlier day.
    growth, low, high = claim(db, "notable_models_growth_today")
    assert low is not None
    assert high is not None
    assert low <= 4.7 <= high
    years, factors = [2010], [growth, speed]
    found = said(titles["figure_2a"].title)
    assert found == pytest.approx([factors[0], *years, factors[1]], rel=0.02)
    assert f"{growth:.1f}" == f"{found[0]:.1f}"
    largest, days = db.execute(
        "select max(compute_to_alexnet), date_diff('day', min(released_on), arg_max(released_on, compute_to_alexnet)) "
        "from marts.imagenet_computation where row_set = 'paper_v2' and compute_measure = 'hardware_burden'"
    ).fetchall()[0]
    holds(titles["figure_2b"].title, round(days / 365.25), largest, speed ** (days / 365.25))


def test_scaling_titles_have_two_to_the_exponent(db: duckdb.DuckDBPyConnection, titles: dict[str, Picture]) -> None:
    lines = db.execute(
        "select benchmark, metric, exponent, exponent_low, exponent_high, n from marts.scaling where row_set = 'current' "
        "and compute_measure = 'hardware_burden' and selection = 'one_per_training' and form = 'polynomial' "
        "and estimator = 'ols_cluster' and metric in ('top1', 'box_ap', 'f1', 'bleu')"
    ).fetchall()
    seen = 0
    for benchmark, _, exponent, low, high, n in lines:
        if benchmark not in texts.DOMAINS:
            continue
        picture = titles[f"scaling_{benchmark}"]
        name = texts.title(benchmark)
        title = picture.title.replace(name, "it")
        # A power is printed with a decimal, which is a quarter of the factor; two digits are finer.
        coarse = 0.26 if exponent * math.log10(2) > 6 else 0.06
        if high is None:
            holds(title, 2**low, n, digits=0.26)
        else:
            holds(title, 2**exponent, digits=coarse)
        assert n in said(picture.subtitle)
        seen += 1
    assert seen == 5


def test_the_cost_is_that_of_the_usual_scenario(db: duckdb.DuckDBPyConnection, titles: dict[str, Picture]) -> None:
    value, low, high = db.execute(
        "select 10 ** log10_usd, 10 ** log10_usd_low, 10 ** log10_usd_high from marts.costs where row_set = 'current' "
        "and benchmark = 'imagenet' and compute_measure = 'hardware_burden' and target = 'target_1' and scenario = 'h100_2026' "
        "and region = 'FRA' and form = 'polynomial' and estimator = 'ols' and selection = 'one_per_training'"
    ).fetchall()[0]
    picture = titles["cost_imagenet"]
    holds(picture.title.replace("H100", "").replace("2026", ""), 5, value)
    holds(picture.subtitle, 95, low, high)


def test_specification_and_years_and_backtest_say_what_the_tables_say(
    db: duckdb.DuckDBPyConnection, titles: dict[str, Picture]
) -> None:
    found = db.execute(
        "select compute_measure, min(exponent), max(exponent) from marts.scaling where row_set = 'current' "
        "and benchmark = 'imagenet' and form = 'polynomial' and exponent > 0 group by compute_measure"
    ).fetchall()
    spans = {measure: ends for measure, *ends in found}
    holds(titles["specification_imagenet"].title, *spans["hardware_burden"], *spans["operations_per_pass"])
    n, held, better, level = db.execute(
        "select count(*), count(*) filter (is_covered), count(*) filter (achieved_error < predicted_error), any_value(level) "
        "from marts.backtest where row_set = 'paper_v1' and form = 'polynomial' and compute_measure = 'hardware_burden'"
    ).fetchall()[0]
    assert said(titles["backtest"].title) == [n, round(level * 100), held, better]
    least, most, until = db.execute(
        "select min(exponent), max(exponent), max(year) from marts.exponents_by_year where row_set = 'current' "
        "and benchmark = 'imagenet' and compute_measure = 'hardware_burden' and status = 'ok'"
    ).fetchall()[0]
    last = one(
        db,
        "select arg_max(exponent, year) from marts.exponents_by_year where row_set = 'current' and benchmark = 'imagenet' "
        "and compute_measure = 'hardware_burden'",
    )
    holds(titles["exponent_by_year_imagenet"].title, least, most, until, last)
    powers = db.execute(
        "select round(exponent) from marts.scaling where row_set = 'current' and compute_measure = 'hardware_burden' "
        "and form = 'polynomial' and estimator = 'ols_cluster' and selection = 'one_per_training' and status = 'ok' "
        "and metric in ('top1', 'box_ap', 'f1', 'bleu') "
        "and benchmark in ('imagenet', 'coco', 'squad', 'conll', 'wmt_en_fr') order by 1"
    ).fetchall()
    assert said(titles["domains"].title) == [powers[0][0], powers[-1][0]]


def test_exponents_by_year_end_in_the_line_through_all_dated_points(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "with last as (select * from marts.exponents_by_year qualify row_number() over (partition by row_set, benchmark, metric, "
        "compute_measure order by year desc) = 1) "
        "select last.slope, last.n, regr_slope(-log10(error), log10_compute), count(*) from last join fits.samples as samples "
        "on samples.row_set = last.row_set and samples.benchmark = last.benchmark and samples.metric = last.metric "
        "and samples.compute_measure = last.compute_measure and samples.selection = last.selection and samples.year is not null "
        "where last.slope is not null "
        "group by last.row_set, last.benchmark, last.metric, last.compute_measure, last.slope, last.n"
    ).fetchall()
    assert len(rows) > 10
    for slope, n, wanted, count in rows:
        assert (n, slope) == (count, pytest.approx(wanted, rel=1e-8))


def test_what_the_same_quality_takes_is_that_of_the_trends(
    db: duckdb.DuckDBPyConnection, titles: dict[str, Picture]
) -> None:
    of = "from marts.target_trends where sample = 'all' and status = 'ok' and quality_target is not null and precision"
    low, high = db.execute(f"select min(fall_per_year), max(fall_per_year) {of} is null").fetchall()[0]
    less, tasks = db.execute(
        f"select count(*) filter (fall_per_year_low > 1), count(*) {of} = 'tensor_fp16'"
    ).fetchall()[0]
    picture = titles["target_trends"]
    assert said(picture.title) == [float(f"{low:.1f}"), float(f"{high:.1f}"), less, tasks]
    level = one(db, "select distinct level from marts.target_trends where level is not null")
    assert f"{level * 100:.0f}" in picture.subtitle
    # AlexNet's fall and the speedrun's stand beside it, for who cannot see the panels.
    for query in (
        "marts.target_trends where sample = 'ai_and_efficiency'",
        "exports.target_trends where task = 'nanogpt_speedrun'",
    ):
        assert f"{one(db, f'select fall_per_year from {query}'):.2f} (" in picture.alt


def test_prices_clusters_scores_and_leaderboards_say_what_their_tables_have(
    db: duckdb.DuckDBPyConnection, titles: dict[str, Picture]
) -> None:
    price, n, spot = db.execute(
        "select median(price_usd) filter (commitment = 'on demand'), count(*) filter (commitment = 'on demand'), "
        "median(price_usd) filter (commitment = 'spot') from core.provider_prices where processor_id = 'NVIDIA H100 SXM5 80GB'"
    ).fetchall()[0]
    assert titles["rental_prices"].title == (
        f"An hour of one NVIDIA H100 SXM5 80GB costs {price:.2f} USD on demand at the median of {n} providers, and {spot:.2f} spot"
    )
    growth = one(
        db,
        "select growth_per_year from marts.hardware_growth where series = 'clusters' and era = 'all_years' and rule = 'all'",
    )
    largest = one(db, "select arg_max(processor_count, op_per_s_16_bit) from core.gpu_clusters where left_out is null")
    found = said(titles["clusters"].title)
    assert (f"{growth:.1f}", largest) == (f"{found[0]:.1f}", found[-1])
    slope = one(db, "select slope from marts.unbounded_scaling where benchmark = 'chess_stockfish_8'")
    assert said(titles["scores_chess_stockfish_8"].title)[-1] == round(400 * slope * math.log10(2))
    assert "no interval" in titles["scores_chess_stockfish_8"].subtitle
    exponent = one(db, "select exponent from marts.unbounded_scaling where benchmark = 'metr_time_horizon'")
    holds(titles["scores_metr_time_horizon"].title, 2**exponent)
    # What a few points or none say has no figure.
    assert {name for name in titles if name.startswith("scores_")} == {
        "scores_chess_stockfish_8", "scores_go_katago", "scores_metr_time_horizon",
    }  # fmt: skip
    ends = db.execute(
        "select min(training_compute_flop), max(training_compute_flop), min(value), max(value) from core.listed_scores "
        "where page = '20230915.csv' and benchmark = 'mmlu' and training_compute_flop is not null"
    ).fetchall()[0]
    least, most, *shares = said(titles["leaderboards"].title)
    assert [math.log10(least), math.log10(most)] == [round(math.log10(end)) for end in ends[:2]]
    assert shares == [round(end) for end in ends[2:]]
