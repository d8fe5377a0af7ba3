"""What a refresh shows at its end: the cost table in the paper's layout, and what each source gave."""

from __future__ import annotations

import io
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.table import Table

from flows import warehouse
from flows.paths import PACKAGE

_POINTS = {"today": "today", "target_1": "target 1", "target_2": "target 2"}
# Wide enough for both tables where the output is no terminal, whose width could be asked for.
_WIDTH = 118
_WIDTH_OF_COSTS = 101


@cache
def titles() -> dict[str, str]:
    """{benchmark: its title}, as the domains have it."""
    domains = (tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((PACKAGE / "domains").glob("*.toml")))
    return {told["benchmark"]: told["title"] for told in domains}


def console(path: Path | None = None) -> Console:
    """Standard output, or a file: colour and its own width on a terminal, plain and wide enough elsewhere."""
    shown = Console(file=None if path is None else path.open("w", encoding="utf-8"))
    return shown if shown.is_terminal else Console(file=shown.file, width=_WIDTH, no_color=True, highlight=False)


def show(path: Path, out: Console) -> None:
    """Print the published cost table and today's beside it, how many published figures come out, and the sources."""
    with warehouse.connect(path, read_only=True) as con:
        _show_costs(con, out)
        sources(con, out)


def draw(path: Path, svg: Path) -> None:
    """Draw the cost tables to an SVG file that loads nothing from outside."""
    out = Console(file=io.StringIO(), record=True, width=_WIDTH_OF_COSTS, force_terminal=False, highlight=False)
    with warehouse.connect(path, read_only=True) as con:
        _show_costs(con, out)
    # Without the @font-face rules, which load fonts from a server.
    form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    svg.parent.mkdir(parents=True, exist_ok=True)
    svg.write_text(out.export_svg(title="compute-limits report", code_format=form), encoding="utf-8")


def _show_costs(con: Any, out: Console) -> None:
    out.print(_costs(con, "paper_v1", "The published table, recomputed from the rows of 2020 (paper_v1)"))
    out.print(_costs(con, "current", "The same from all sources reconciled (current)"))
    out.print("Powers of ten of Gflop, lb CO2 and USD at which the fitted line reaches the error (paper_2020).")
    out.print(
        "* The points do not support it: it lies further beyond them than their own range, or the slope may be 0."
    )
    agreed = con.execute(
        "select figure, count(*) filter (where agrees), count(*) from marts.reproduction group by all order by all"
    ).fetchall()
    out.print("Published figures reproduced: " + ", ".join(f"{f} {a} of {n}" for f, a, n in agreed))


def _costs(con: Any, row_set: str, title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for name in ("benchmark", "metric", "point"):
        table.add_column(name, no_wrap=True)
    table.add_column("error %", justify="right")
    for form in ("polynomial", "exponential"):
        for unit in ("Gflop", "lb", "USD"):
            table.add_column(f"{form}\n{unit}" if unit == "Gflop" else f"\n{unit}", justify="right")
    cursor = con.execute("select * exclude (row_set) from exports.table_3_costs where row_set = ?", [row_set])
    rows = cursor.fetchall()
    order = list(dict.fromkeys((benchmark, metric) for benchmark, metric, *_ in rows))
    rows.sort(key=lambda row: (order.index(row[:2]), list(_POINTS).index(row[2])))
    previous: tuple[str, str] | None = None
    for benchmark, metric, point, error, *powers, polynomial, exponential in rows:
        is_next = (benchmark, metric) != previous
        if is_next and previous is not None:
            table.add_section()
        previous = (benchmark, metric)
        named = (titles().get(benchmark, benchmark), metric) if is_next else ("", "")
        marks = [""] * len(powers)
        # At the first figure of each form, which the others are a factor of.
        marks[0], marks[3] = ("" if status == "ok" else "*" for status in (polynomial, exponential))
        shown = ["–" if power is None else f"{mark}{power}" for mark, power in zip(marks, powers, strict=True)]
        table.add_row(*named, _POINTS[point], "–" if error is None else f"{error:g}", *shown)
    return table


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
        told = f"{state} ({age} days)" if age is not None else state
        table.add_row(source, told, str(day or "–"), *map(str, counts), licence)
        messages += [] if message is None else message.splitlines()
    out.print(table)
    for message in dict.fromkeys(messages):
        out.print(f"! {message}", soft_wrap=True, markup=False)


def as_json(value: object) -> str:
    """JSON with null for what JSON has no number for."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=2, default=str, allow_nan=False)


def lines(told: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """A result as names and figures with six digits, what is inside of another under its name and a dot."""
    for name, value in told.items():
        if isinstance(value, dict):
            yield from lines(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for at, item in enumerate(value, 1):
                yield from lines(item, f"{prefix}{name}.{at}.")
        else:
            shown = [_figure(item) for item in (value if isinstance(value, list) else [value])]
            yield prefix + name, " … ".join(shown)


def _figure(value: object) -> str:
    return "–" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value
