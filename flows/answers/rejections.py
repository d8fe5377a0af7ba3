"""What was rejected: records in quarantine and single cells, with the reason, what stood there, and where."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.answers import queries
from flows.answers.queries import QueryError
from flows.answers.rendering import printable
from flows.errors import near

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# What is of a record stands before what is of a cell of it, and the most frequent reason first.
_SELECT = """
with rejected as (
    select 'record' as what, * exclude (record) from core.quarantine
    union all by name
    select 'cell' as what, * from core.rejected_cells
),

addressed as (
    select
        rejected.source, rejected.what, rejected.rule, rejected.reason, rejected.column_name, rejected.literal,
        rejected.page, rejected.locator, pages.url,
        count(*) over (partition by rejected.source, rejected.what, rejected.rule) as n_of_rule,
    from rejected
    left join meta.pages as pages on rejected.source = pages.source and rejected.page = pages.page
)

select * from addressed
order by source, what desc, n_of_rule desc, rule, page, locator, column_name, literal
"""
COLUMNS = ("source", "what", "rule", "reason", "column_name", "literal", "page", "locator", "url", "n_of_rule")
# How many of one source and rule are shown, and how much of what stood there; --json and --csv have all.
_SHOWN, _LITERAL = 3, 60
_WIDTH = 80


def rejected(path: Path, source: str | None = None) -> list[dict[str, Any]]:
    """All that was rejected, of one source or of all: a record or a cell each, with the address of its page.

    Raises:
        QueryError: there is no warehouse, it was built by another version, or there is no such source.
    """
    with queries.of_this_version(path), queries.connect(path) as con:
        known = [name for (name,) in con.execute("select source from meta.sources order by source").fetchall()]
        if source is not None and source not in known:
            raise QueryError(f"no source {source!r}; {near(source, known)}")
        cursor = con.execute(_SELECT)
        names = [column[0] for column in cursor.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [row for row in rows if source in (None, row["source"])]


def show(rows: list[dict[str, Any]], out: Console, *, counts_alone: bool) -> None:
    """Print how many were rejected by which rule, source by source, and if wanted some of each; 80 columns wide where piped."""
    from rich.text import Text

    if not out.is_terminal:
        out.width = _WIDTH
    if not rows:
        out.print("nothing was rejected")
        return
    for source, of_source in groupby(rows, key=itemgetter("source")):
        mine = list(of_source)
        records = sum(row["what"] == "record" for row in mine)
        out.print(Text(f"{source}: {_many(records, 'record')}, {_many(len(mine) - records, 'cell')}", style="bold"))
        for (what, rule, count), of_rule in groupby(mine, key=itemgetter("what", "rule", "n_of_rule")):
            out.print(Text(f"  {rule} ({_many(count, what)})"))
            if not counts_alone:
                out.print(_table(list(of_rule)))
    if not counts_alone:
        for page, url in {row["page"]: row["url"] for row in rows}.items():
            # An address is for copying: it is not broken.
            out.print(printable(f"{page}: {url}"), soft_wrap=True, markup=False, highlight=False)
    more = "compute-limits quarantine SOURCE shows some of each; " if counts_alone else ""
    out.print(f"{more}--json and --csv have all, with addresses.", highlight=False)


def _table(rows: list[dict[str, Any]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, expand=True)
    table.add_column(width=4)
    table.add_column(ratio=1, overflow="fold")
    for row in rows[:_SHOWN]:
        literal = row["literal"] or ""
        shown = literal if len(literal) <= _LITERAL else literal[: _LITERAL - 1] + "…"
        cell = Text.assemble(
            f"{row['column_name']} {shown!r}" if row["column_name"] else repr(shown), ": ", row["reason"]
        )
        cell.append(f"\n{row['page']} {row['locator']}", style="dim")
        table.add_row("", cell)
    if len(rows) > _SHOWN:
        table.add_row("", Text(f"… and {len(rows) - _SHOWN} more"))
    return table


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
