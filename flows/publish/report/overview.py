"""The overview: the published table beside today's, what is stale, and a card for each domain of the paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from markupsafe import Markup

from flows.publish import formats, words
from flows.publish.report import sparklines, wording
from flows.publish.report.page import Page, Row, one, rows

if TYPE_CHECKING:
    import duckdb

# The five domains of the paper in its order: the benchmark and metric whose line stands for each, as the paper calls it, its title.
DOMAINS = (
    ("imagenet", "top1", "imagenet", "ImageNet"),
    ("coco_test_dev", "box_ap", "coco", "MS COCO"),
    ("squad", "f1", "squad", "SQuAD 1.1"),
    ("conll", "f1", "conll", "CoNLL 2003"),
    ("wmt_en_fr", "bleu", "wmt_en_fr", "WMT14 EN–FR"),
)


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The first page."""
    cells, cards = _cells(con), list(_cards(con))
    yield Page(
        file="index.html",
        here="overview",
        title="What deep learning’s progress has cost in computation",
        description="The cost table of The Computational Limits of Deep Learning beside the same from today's results.",
        template="overview.html",
        values={
            "blocks": [list(block) for _, block in groupby(_table(cells), key=lambda row: row["benchmark"])],
            "table_title": _table_title(cells),
            "cards": cards,
            "cards_title": _cards_title(cards),
            "state": _state(con),
            "forms": ("polynomial", "exponential"),
        },
        tables={"figure_3.csv": cells, "domains.csv": [card["row"] for card in cards]},
    )


# --- the table


def _cells(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """One row for each cell of the table, published and today's, in log10 and unrounded; in the paper's order."""
    return rows(con, _CELLS, [[benchmark for benchmark, *_ in DOMAINS]])


_CELLS = """
select
    figure.*,
    coalesce(keys.benchmark, figure.benchmark) as published_benchmark,
    published.status as published_status,
from exports.figure_3 as figure
left join staging.row_set_benchmark as keys on keys.row_set = 'paper_v1' and keys.reads = figure.benchmark
join marts.costs as published on
    published.row_set = 'paper_v1' and published.benchmark = coalesce(keys.benchmark, figure.benchmark)
    and published.metric = figure.metric and published.target = figure.target and published.form = figure.form
    and published.compute_measure = 'hardware_burden' and published.estimator = 'ols'
    and published.scenario = 'paper_2020' and published.region = 'USA'
order by
    list_position($1, figure.benchmark), list_position(['today', 'target_1', 'target_2'], figure.target), figure.form desc,
    list_position(['gflop', 'lb_co2', 'usd'], figure.quantity)
"""


def _table(cells: Sequence[Row]) -> Iterator[Row]:
    """One row for each line of the table: its errors, and its cells of both halves by form and quantity."""
    titles = {benchmark: (words.words().domains[key], title) for benchmark, _, key, title in DOMAINS}
    for (benchmark, target), members in groupby(cells, key=lambda cell: (cell["benchmark"], cell["target"])):
        line = list(members)
        domain, title = titles[benchmark]
        yield {
            **{
                name: line[0][name]
                for name in ("metric", "published_benchmark", "published_error_percent", "error_percent")
            },
            "benchmark": benchmark,
            "target": target,
            "domain": domain,
            "title": title,
            "halves": [
                (
                    "published",
                    [_half(cell, cell["published_power"], cell["published_status"], differs=False) for cell in line],
                ),
                (
                    "today",
                    [
                        _half(cell, cell["log10_today"], cell["status"], differs=cell["more_than_three_times"])
                        for cell in line
                    ],
                ),
            ],
        }


def _half(cell: Row, log10: float | None, status: str, *, differs: bool) -> Row:
    kind = "far" if status != "ok" else "differs" if differs else ""
    return {"form": cell["form"], "quantity": cell["quantity"], "log10": log10, "kind": kind}


def _table_title(cells: Sequence[Row]) -> Markup:
    """What the table says of the first target of its first benchmark, by the unrounded values.

    It is news only where today's value leaves the interval of the published line.
    """
    key = (DOMAINS[0][0], "target_1", "polynomial", "gflop")
    told = (
        cell
        for cell in cells
        if (cell["benchmark"], cell["target"], cell["form"], cell["quantity"]) == key
        and cell["log10_today"] is not None
    )
    cell = next(told, None)
    if cell is None:
        return Markup("The published table beside today’s")
    today, published = cell["log10_today"], cell["published_log10"]
    head = Markup("{}{}% error on {} is").format(f"{cell['error_percent']:g}", formats.NARROW, DOMAINS[0][3])
    values = (wording.scientific(today), wording.scientific(published))
    if cell["is_beyond_published"]:
        return Markup("{} now put at {} Gflop, and was at {} in 2020").format(head, *values)
    if round(today) == round(published):
        return Markup("{} still put near {} Gflop: {} today, {} in 2020").format(
            head, wording.power(round(today), 0), *values
        )
    return Markup("{} still put within the interval of 2020: at {} Gflop today, {} then").format(head, *values)


# --- what is stale


def _state(con: duckdb.DuckDBPyConnection) -> Row:
    """The day of the newest page, and which sources are not as fresh as they should be."""
    sources = rows(con, "select source, state, is_stale, stale_on from meta.sources order by source")
    newest = one(con, "select newest_page_on from meta.freshness")
    return {
        "newest": newest["newest_page_on"],
        "n_sources": len(sources),
        "n_shipped": sum(source["state"] == "shipped" for source in sources),
        "stale": [source for source in sources if source["is_stale"] or source["state"] in ("stale", "absent")],
        # The page has a clock and the warehouse none: whoever opens it later is told how many have grown stale since.
        "stale_on": sorted(
            str(source["stale_on"]) for source in sources if source["stale_on"] and not source["is_stale"]
        ),
    }


# --- the cards


def _cards(con: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    for benchmark, metric, key, title in DOMAINS:
        yield from (
            {
                "domain": words.words().domains[key],
                "title": title,
                "row": line,
                "spark": _spark(con, line, f"{title}: error against computation"),
            }
            for line in rows(con, _HEADLINE, [benchmark, metric])
        )


_HEADLINE = """
select
    row_set, benchmark, metric, compute_measure, form, estimator, selection, direction, n, n_papers, n_trainings, exponent,
    exponent_low, exponent_high, exponent_interval, status, rests_on_few,
    (select min(error) from fits.samples as samples where (
        samples.row_set, samples.benchmark, samples.metric, samples.compute_measure, samples.selection
    ) = (scaling.row_set, scaling.benchmark, scaling.metric, scaling.compute_measure, scaling.selection)) as error_best,
from marts.scaling as scaling
where is_headline and row_set = 'current' and compute_measure = 'hardware_burden' and benchmark = ? and metric = ?
"""


def _spark(con: duckdb.DuckDBPyConnection, line: Row, label: str) -> Markup:
    key = [line[name] for name in ("row_set", "benchmark", "metric", "compute_measure", "selection")]
    points = rows(
        con,
        "select log10_compute, error from fits.samples where (row_set, benchmark, metric, compute_measure, selection) "
        "= (?, ?, ?, ?, ?) order by log10_compute, error",
        key,
    )
    steps = rows(
        con,
        "select log10_computation as x, log10(error) as error, log10(error_low) as low, log10(error_high) as high "
        "from marts.curves where (row_set, benchmark, metric, compute_measure, selection, form, estimator) "
        "= (?, ?, ?, ?, ?, ?, ?) and not is_beyond order by step",
        [*key, line["form"], line["estimator"]],
    )
    curve = sparklines.Curve(*([step[name] for step in steps] for name in ("x", "error", "low", "high")))
    return sparklines.sparkline([(p["log10_compute"], p["error"]) for p in points], curve if steps else None, label)


def _cards_title(cards: Sequence[Row]) -> str:
    """The smallest and the largest exponent among those whose interval has both ends."""
    known = [card for card in cards if card["row"]["exponent_interval"] == "bounded"]
    if not known:
        return "How computation rises with performance"
    least, most = (pick(known, key=lambda card: card["row"]["exponent"]) for pick in (min, max))
    powers, domains = zip(
        *((wording.ordinal(c["row"]["exponent"]), c["domain"].lower()) for c in (least, most)), strict=True
    )
    first = f"Computation rises with the {powers[0]} power of performance in {domains[0]}"
    return first if least is most else f"{first} and the {powers[1]} in {domains[1]}"
