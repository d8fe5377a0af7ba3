"""What a refresh shows at its end: the cost table in the paper's layout, and what each source gave."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.answers import layouts, outputs, queries
from flows.answers.rendering import printable

_TARGETS = {"today": "today", "target_1": "target 1", "target_2": "target 2"}
TITLES = {
    "paper_v1": "The published table, recomputed from the rows of 2020 (paper_v1)",
    "current": "The same from all sources reconciled (current)",
}
_UNITS = "Gflop   lb  USD"
NOTES = (
    "Powers of ten of Gflop, lb CO2 and USD at which the fitted line reaches the error (paper_2020).",
    "* The points do not support it: it lies further beyond them than their own range, or the slope may be 0.",
    "A number of papers or trainers in brackets: the lines of that benchmark rest on so few.",
)
_AT_HAND = (
    "select count(*), count(distinct model_id), count(distinct benchmark), "
    "(select count(*) from meta.sources where retrieved_on is not null), (select max(retrieved_on) from meta.sources), "
    "(select published_before from meta.this_build) "
    "from core.results"
)
# Of one source; where all its pages are absent a hundred lines would push everything else off the screen.
_MESSAGES = 5
_COUNTS = {"read": "read", "accepted": "acc.", "duplicate": "dup.", "quarantined": "quar."}
_WIDTH_OF_COSTS = 104
_NARROW, _LICENCE = 54, 26


def show(con: Any, out: Console, closing: Iterable[str] = ()) -> None:
    """Print the published cost table and today's beside it, how many published numbers come out, and the sources.

    `con`: a connection to the warehouse; `closing`: lines that stand below all, such as warnings.
    """
    _show_costs(con, out)
    sources(con, out)
    for line in closing:
        layouts.say(printable(line), out)


def at_hand(con: Any, path: Path) -> list[str]:
    """What a person has after a build, where it is, and what to do next: a line each, below an empty one."""
    ((results, models, benchmarks, sources_in_use, newest, published_before),) = con.execute(_AT_HAND).fetchall()
    return [
        "",
        f"have   {results:,} results of {models:,} models on {benchmarks} benchmarks from {sources_in_use} sources, "
        f"newest page of {newest}",
        *(
            [f"points models published before {published_before}; `compute-limits build` has all of them again"]
            if published_before
            else []
        ),
        f"where  {path}",
        'next   compute-limits sql "show tables" lists what there is; compute-limits cost --benchmark imagenet --error 5% '
        "prices a target",
    ]


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
    for row_set, title in TITLES.items():
        rows = cost_rows(con, row_set)
        out.print(layouts.first_that_fits([_wide(rows, title), _narrow(rows, title)], out))
    for line in NOTES:
        layouts.say(line, out)
    layouts.say(reproduced(con), out)


def reproduced(con: Any) -> str:
    """How many of the published numbers come out."""
    agreed = con.execute(
        "select printed_in, count(*) filter (where agrees), count(*) from marts.reproduction group by all order by all"
    ).fetchall()
    return "Published numbers reproduced: " + ", ".join(f"{f} {a} of {n}" for f, a, n in agreed)


@dataclass(frozen=True)
class CostRow:
    """A line of the cost table, as text: what it is of, the target, and for each form the powers of Gflop, lb and USD."""

    benchmark: str
    metric: str
    few: str
    target: str
    error: str
    forms: tuple[str, str]


def cost_rows(con: Any, row_set: str) -> list[list[CostRow]]:
    """The rows of each benchmark and metric, in the paper's order: today, then the targets."""
    rows = con.execute("select * exclude (row_set) from exports.figure_3_costs where row_set = ?", [row_set]).fetchall()
    few, titles = _few(con, row_set), dict(con.execute("select benchmark, title from staging.benchmark").fetchall())
    order = list(dict.fromkeys((benchmark, metric) for benchmark, metric, *_ in rows))
    rows.sort(key=lambda row: (order.index(row[:2]), list(_TARGETS).index(row[2])))
    made = [_row(titles.get(row[0], row[0]), few.get(row[:2], ""), *row[1:]) for row in rows]
    return [list(block) for _, block in groupby(made, key=lambda row: (row.benchmark, row.metric))]


def _row(benchmark: str, few: str, metric: str, target: str, error: float | None, *rest: Any) -> CostRow:
    *powers, polynomial, exponential = rest
    forms = _powers(powers[:3], polynomial), _powers(powers[3:], exponential)
    shown = "–" if error is None else f"{error:g}"
    return CostRow(benchmark, metric, few, _TARGETS[target], shown, forms)


def _powers(powers: list[int | None], status: str) -> str:
    """Three numbers below the three words of `_UNITS`; the star stands at the first, which the others are a factor of."""
    mark = "" if status == "ok" or powers[0] is None else "*"
    first, *others = ("–" if power is None else str(power) for power in powers)
    return f"{mark + first:>5}" + "".join(f"{other:>5}" for other in others)


def _wide(blocks: list[list[CostRow]], title: str) -> Table:
    table = _table(title, "benchmark", "metric", "target")
    for block in blocks:
        table.add_section()
        for at, row in enumerate(block):
            # Below the name, so that the numbers of the block stand together.
            named = {0: (row.benchmark, row.metric), 1: (row.few and f"({row.few})", "")}.get(at, ("", ""))
            table.add_row(*map(Text, (*named, row.target, row.error, *row.forms)))
    return table


def _narrow(blocks: list[list[CostRow]], title: str) -> Text:
    """As `_wide`, in 54 columns, with the name of each block in a line above it."""
    lines = Text(no_wrap=True, overflow="ignore")
    lines.append(layouts.folded(title, _NARROW), style="bold")
    lines.append(f"\n\n{'':20}  {'polynomial':>15}  {'exponential':>15}\n", style="bold")
    lines.append(f"{'':12}{'error %':>8}  {_UNITS}  {_UNITS}\n", style="bold")
    for block in blocks:
        few = f" ({block[0].few})" if block[0].few else ""
        lines.append(f"{block[0].benchmark}, {block[0].metric}{few}\n", style="bold")
        for row in block:
            lines.append(f"  {row.target:10}{row.error:>8}  {row.forms[0]}  {row.forms[1]}\n")
    return lines


def _table(title: str, *names: str) -> Table:
    table = layouts.light(title)
    for name in names:
        table.add_column(name, no_wrap=True)
    table.add_column("\nerror %", justify="right", no_wrap=True)
    for form in ("polynomial", "exponential"):
        table.add_column(f"{form:>15}\n{_UNITS}", justify="right", no_wrap=True)
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
    rows = con.execute(
        "select source, state, age_days, retrieved_on, rows_read, rows_accepted, rows_duplicate, rows_quarantined, "
        "licence, message from meta.sources order by source"
    ).fetchall()
    cells = [
        tuple(
            printable(cell)
            for cell in (
                source,
                aged(state, age),
                str(day or "–"),
                *map(str, counts),
                layouts.folded(licence, _LICENCE),
            )
        )
        for source, state, age, day, *counts, licence, _ in rows
    ]
    lasting = [cell[:-1] for cell in cells]
    narrow = _source_lines(cells)
    out.print()
    out.print(layouts.first_that_fits([_sources(cells, licence=True), _sources(lasting), narrow], out))
    for message in dict.fromkeys(line for row in rows for line in _messages(row[0], row[-1] or "")):
        layouts.say(f"! {printable(message)}", out)


def _messages(source: str, message: str) -> list[str]:
    """What is wrong with a source, a line for each of its pages; of many the first and where the others stand."""
    lines = message.splitlines()
    if len(lines) <= _MESSAGES:
        return lines
    rest = len(lines) - _MESSAGES + 1
    where = f"compute-limits sql \"select message from meta.sources where source = '{source}'\""
    return [*lines[:-rest], f"{source}: and {rest} more; `{where}` lists them"]


def aged(state: str, age: int | None) -> str:
    """The state of a source with its age."""
    return state if age is None else f"{state} ({age} day{'' if age == 1 else 's'})"


def _sources(cells: Sequence[Sequence[str]], *, licence: bool = False) -> Table:
    """Whole, or in eighty columns: short headings, and no licences."""
    table = layouts.light("Sources")
    for name in ("source", "state", "retrieved"):
        table.add_column(name, no_wrap=True)
    for name in _COUNTS if licence else _COUNTS.values():
        table.add_column(name, justify="right", no_wrap=True)
    if licence:
        table.add_column("licence", no_wrap=True)
    for row in cells:
        table.add_row(*map(Text, row))
    return table


def _source_lines(cells: Sequence[Sequence[str]]) -> Text:
    """Each source in lines of its own, below sixty columns wide."""
    lines = Text(no_wrap=True, overflow="ignore")
    lines.append("Sources\n\n", style="bold")
    for source, state, day, *counts, _ in cells:
        told = ", ".join(f"{many} {name}" for name, many in zip(_COUNTS, counts, strict=True))
        lines.append(f"{source}", style="bold")
        lines.append(f"  {state}, {day}\n  {told}\n")
    return lines
