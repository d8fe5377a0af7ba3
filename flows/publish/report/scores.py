"""A page for each benchmark whose scores have no full scale: in its own metric, by computation where that is known, by year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from flows.publish.figures.scores import ELO
from flows.publish.report import wording
from flows.publish.report.page import Page, Row, rows, stem

if TYPE_CHECKING:
    import duckdb

_BENCHMARKS = "select * from exports.scores order by domain, n desc, benchmark"
_SCORES = """
select scores.*, pages.url as address
from exports.figure_scores as scores
left join meta.pages as pages using (source, page)
order by benchmark, log10_performance desc, score_id
"""
# How an axis has a metric: its kind in xy.js, and by what log10 of the performance is multiplied to give what the axis has.
_AXES = {
    "word_error_rate": ("percent", -1.0),
    "perplexity": ("log", -1.0),
    "bits_per_character": ("log", -1.0),
    "time_horizon": ("log", 1.0),
    "elo": ("number", ELO),
}


def known(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """The benchmarks, those of one domain together; the ones that have most points first."""
    return rows(con, _BENCHMARKS)


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """A page for each of them."""
    benchmarks, scores = known(con), rows(con, _SCORES)
    for benchmark in benchmarks:
        name = benchmark["benchmark"]
        of = [score for score in scores if score["benchmark"] == name]
        kind, times = _AXES[benchmark["metric"]]
        yield Page(
            file=f"{stem(name)}.html",
            here="domains",
            title=f"{benchmark['title']}: {wording.words(benchmark['metric'])}",
            description=f"Every score of {benchmark['title']} that a page lists, and the computation that is known.",
            template="scores.html",
            values={
                "benchmark": benchmark,
                "siblings": [one for one in benchmarks if one["domain"] == benchmark["domain"]],
                "headline": _headline(benchmark),
                "scores": of,
                "has_computation": any(score["log10_computation"] is not None for score in of),
                "scored": {
                    "title": benchmark["title"],
                    "axes": {
                        "y": {"kind": kind, "name": _axis(benchmark["metric"])},
                        "computation": {"kind": "power", "name": _axis(benchmark["compute_measure"] or "")},
                        "year": {"kind": "year", "name": "Year"},
                    },
                    "scores": _drawn(of, times),
                    "line": _line(benchmark, of, times),
                },
            },
            scripts=("tables.js", "draw.js", "xy.js", "scores.js"),
            tables={f"{stem(name)}_scores.csv": of},
        )


def _axis(code: str) -> str:
    return wording.groups("axes")["axes"].get(code, wording.capital(wording.words(code)))


def _headline(benchmark: Row) -> Markup:
    """What its points say in one sentence, or that they say nothing."""
    title, measure = benchmark["title"], wording.words(benchmark["compute_measure"])
    if benchmark["elo_per_doubling"] is not None:
        return Markup("{}: twice the {} has given {} points of Elo").format(
            title, measure, wording.whole(benchmark["elo_per_doubling"])
        )
    if benchmark["metric"] == "time_horizon" and benchmark["status"] == "ok":
        return Markup("{}: tasks of twice the length have taken {} times the computation").format(
            title, wording.rounded(2 ** benchmark["exponent"])
        )
    if benchmark["slope"] is not None:
        return Markup("How much computation a better score takes on {} cannot be told from its points").format(title)
    return Markup("{}: {}, the best {}").format(
        title, wording.many(benchmark["n_scores"], "score"), _told(benchmark["metric"], benchmark["best_value"])
    )


def _told(metric: str, value: float) -> str:
    if metric == "word_error_rate":
        return wording.percent(value / 100, 2)
    return wording.whole(value) if metric == "elo" else wording.decimal(value, 2)


def _drawn(scores: Sequence[Row], times: float) -> list[list[object]]:
    """Each score as a list: name, value, place on the axis, year, log10 of its computation, address."""
    return [
        [
            score["name"],
            score["value"],
            round(score["log10_performance"] * times, 4),
            score["year"] and round(score["year"], 2),
            score["log10_computation"] and round(score["log10_computation"], 4),
            score["address"],
        ]
        for score in scores
        if score["log10_performance"] is not None
    ]


def _line(benchmark: Row, scores: Sequence[Row], times: float) -> Row | None:
    """The ends of its line in units of the axes, and whether its slope is sure; None where there is none."""
    at = [score["log10_computation"] for score in scores if score["log10_computation"] is not None]
    if benchmark["slope"] is None or not at:
        return None
    ends = [[x, times * (benchmark["intercept"] + benchmark["slope"] * x)] for x in (min(at), max(at))]
    return {"at": ends, "is_sure": benchmark["status"] == "ok"}
