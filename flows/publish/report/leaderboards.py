"""Leaderboards that are listed and not fitted: every model and score, beside computation of the very same name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from flows.publish import days
from flows.publish.report import wording
from flows.publish.report.page import Page, Row, rows

if TYPE_CHECKING:
    import duckdb

_BOARDS = """
select boards.*, settings.title, pages.url as address
from marts.leaderboards as boards
left join staging.source_setting as settings using (source)
left join meta.pages as pages using (source, page)
order by n_with_computation desc, source, page, benchmark
"""
_SCORES = """
select
    source, page, locator, name, benchmark, value, place, training_compute_flop, measure_source, measure_page, measure_locator,
    other_value,
from core.listed_scores
order by source, page, locator, benchmark
"""


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page of leaderboards."""
    boards, scores = rows(con, _BOARDS), rows(con, _SCORES)
    titles = dict(con.execute("select benchmark, title from staging.benchmark order by benchmark").fetchall())
    for board in boards:
        board["called"] = _called(board, titles)
        board["of"] = f"{(board['title'] or board['source']).partition(':')[0]}, {_day(board['page'])}"
    yield Page(
        file="leaderboards.html",
        here="domains",
        title="Leaderboards, and the computation behind their models",
        description="Every model and score of leaderboards that are listed, with the computation that is known.",
        template="leaderboards.html",
        values={
            "headline": _headline(boards),
            "boards": boards,
            "listed": _drawn(boards, scores),
        },
        scripts=("tables.js", "draw.js", "xy.js", "leaderboards.js"),
        tables={"leaderboards.csv": boards, "listed_scores.csv": scores},
    )


def _called(board: Row, titles: dict[str, str]) -> str:
    """A benchmark as its domain calls it, else its own name without that of the leaderboard."""
    name = board["benchmark"]
    return titles.get(name) or wording.capital(wording.words(name.removeprefix(f"{board['source']}_")))


def _day(page: str) -> str:
    """The day in the name of a page in words, else the name."""
    day = days.in_name(page)
    return wording.day(day) if day else page


def _headline(boards: Sequence[Row]) -> Markup:
    if not boards:
        return Markup("Leaderboards, and the computation behind their models")
    most = boards[0]
    return Markup(
        "Of {} models on a leaderboard {} have a computation that another page tells of the very same name"
    ).format(wording.whole(most["n_models"]), wording.whole(most["n_with_computation"]))


def _drawn(boards: Sequence[Row], scores: Sequence[Row]) -> list[Row]:
    """Each page with its benchmarks and its rows: locator, name, log10 of its computation and where it was read, values, places."""
    of_page = {key: list(of) for key, of in groupby(scores, key=_page)}
    drawn = []
    for key in dict.fromkeys(_page(board) for board in boards):
        own = [board for board in boards if _page(board) == key]
        at = {board["benchmark"]: place for place, board in enumerate(own)}
        listed = [_line(list(of), at) for _, of in groupby(of_page.get(key, []), key=lambda score: score["locator"])]
        drawn.append(
            {
                "source": key[0],
                "page": key[1],
                "title": own[0]["of"],
                "address": own[0]["address"],
                "benchmarks": [[board["benchmark"], board["called"], board["shots"]] for board in own],
                "rows": listed,
            }
        )
    return drawn


def _page(row: Row) -> tuple[str, str]:
    return row["source"], row["page"]


def _line(of: Sequence[Row], at: dict[str, int]) -> list[Any]:
    first = of[0]
    flop = first["training_compute_flop"]
    told: list[list[float | int | None]] = [[None] * len(at) for _ in range(3)]
    for score in of:
        for column, name in enumerate(("value", "place", "other_value")):
            told[column][at[score["benchmark"]]] = score[name]
    where = [first[name] for name in ("measure_source", "measure_page", "measure_locator")] if flop else None
    return [first["locator"], first["name"], round(math.log10(flop), 4) if flop else None, where, *told]
