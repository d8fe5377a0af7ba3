"""What a refresh shows at its end: the cost table in the paper's layout, and what each source gave."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.answers import outputs, queries
from flows.answers.rendering import printable
from flows.declared.domains import titles

_TARGETS = {"today": "today", "target_1": "target 1", "target_2": "target 2"}
_WIDTH_OF_COSTS = 104


def show(path: Path, out: Console, closing: Iterable[str] = ()) -> None:
    """Print the published cost table and today's beside it, how many published numbers come out, and the sources.

    `closing`: lines that stand below all, such as warnings.
    """
    with queries.connect(path) as con:
        _show_costs(con, out)
        sources(con, out)
    for line in closing:
        out.print(printable(line), soft_wrap=True, markup=False, highlight=False)


def draw(path: Path, svg: Path) -> None:
    """Draw the cost tables to an SVG file that loads nothing from outside."""
    out = Console(file=io.StringIO(), record=True, width=_WIDTH_OF_COSTS, force_terminal=False, highlight=False)
    with queries.connect(path) as con:
        _show_costs(con, out)
    # Without the @font-face rules, which load fonts from a server.
    drawn = re.sub(r"@font-face \{[^}]*\}\s*", "", out.export_svg(title="compute-limits report", unique_id="costs"))
    outputs.folder(svg.parent)
    outputs.write(svg, drawn.encode())


def _show_costs(con: Any, out: Console) -> None:
    out.print(_costs(con, "paper_v1", "The published table, recomputed from the rows of 2020 (paper_v1)"))
    out.print(_costs(con, "current", "The same from all sources reconciled (current)"))
    out.print("Powers of ten of Gflop, lb CO2 and USD at which the fitted line reaches the error (paper_2020).")
    out.print(
        "* The points do not support it: it lies further beyond them than their own range, or the slope may be 0."
    )
    out.print("A number of papers or trainers in brackets: the lines of that benchmark rest on so few.")
    agreed = con.execute(
        "select printed_in, count(*) filter (where agrees), count(*) from marts.reproduction group by all order by all"
    ).fetchall()
    out.print("Published numbers reproduced: " + ", ".join(f"{f} {a} of {n}" for f, a, n in agreed))


def _costs(con: Any, row_set: str, title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for name in ("benchmark", "metric", "target"):
        table.add_column(name, no_wrap=True)
    table.add_column("error %", justify="right")
    for form in ("polynomial", "exponential"):
        for unit in ("Gflop", "lb", "USD"):
            table.add_column(f"{form}\n{unit}" if unit == "Gflop" else f"\n{unit}", justify="right")
    cursor = con.execute("select * exclude (row_set) from exports.figure_3_costs where row_set = ?", [row_set])
    rows, few = cursor.fetchall(), _few(con, row_set)
    order = list(dict.fromkeys((benchmark, metric) for benchmark, metric, *_ in rows))
    rows.sort(key=lambda row: (order.index(row[:2]), list(_TARGETS).index(row[2])))
    previous: tuple[str, str] | None = None
    for benchmark, metric, target, error, *powers, polynomial, exponential in rows:
        is_next = (benchmark, metric) != previous
        if is_next and previous is not None:
            table.add_section()
        previous = (benchmark, metric)
        named = (titles().get(benchmark, benchmark), metric) if is_next else ("", "")
        if target == "target_1" and (benchmark, metric) in few:
            named = (f"({few[benchmark, metric]})", "")
        marks = [""] * len(powers)
        # At the first number of each form, which the others are a factor of.
        marks[0], marks[3] = ("" if status == "ok" else "*" for status in (polynomial, exponential))
        shown = ["–" if power is None else f"{mark}{power}" for mark, power in zip(marks, powers, strict=True)]
        table.add_row(*named, _TARGETS[target], "–" if error is None else f"{error:g}", *shown)
    return table


def _few(con: Any, row_set: str) -> dict[tuple[str, str], str]:
    """{(benchmark, metric): papers and trainers} of the lines in the cost table that rest on few."""
    rows = con.execute(
        "select benchmark, metric, rests_on_few from marts.scaling where row_set = ? and compute_measure = 'hardware_burden' "
        "and form = 'polynomial' and estimator = 'ols' and direction = 'y_on_x' and is_headline_selection "
        "and rests_on_few is not null",
        [row_set],
    ).fetchall()
    return {(benchmark, metric): few for benchmark, metric, few in rows}


def sources(con: Any, out: Console) -> None:
    """Print what each source gave."""
    table = Table(title="Sources", title_justify="left")
    for name in ("source", "state", "retrieved", "read", "accepted", "duplicate", "quarantined", "licence"):
        right = name in ("read", "accepted", "duplicate", "quarantined")
        table.add_column(name, justify="right" if right else "left")
    cursor = con.execute(
        "select source, state, age_days, retrieved_on, rows_read, rows_accepted, rows_duplicate, rows_quarantined, "
        "licence, message from meta.sources order by source"
    )
    messages: list[str] = []
    for source, state, age, day, *counts, licence, message in cursor.fetchall():
        aged = f"{state} ({age} days)" if age is not None else state
        cells = (source, aged, str(day or "–"), *map(str, counts), licence)
        table.add_row(*(Text(printable(cell)) for cell in cells))
        messages += [] if message is None else message.splitlines()
    out.print(table)
    for message in dict.fromkeys(messages):
        out.print(f"! {printable(message)}", soft_wrap=True, markup=False)
