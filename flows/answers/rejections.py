"""What was rejected: records in quarantine and single cells, with the reason, what stood there, and where."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.answers import layouts, queries
from flows.answers.queries import QueryError
from flows.answers.rendering import printable
from flows.errors import near

if TYPE_CHECKING:
    from rich.console import Console

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
_WIDTH, _INDENT = 80, " " * 6


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
                _show_some(list(of_rule), out)
    if not counts_alone:
        for page, url in {row["page"]: row["url"] for row in rows}.items():
            # An address is for copying: it is not broken.
            out.print(printable(f"{page}: {url}"), soft_wrap=True, markup=False, highlight=False)
    more = "compute-limits quarantine SOURCE shows some of each; " if counts_alone else ""
    layouts.say(f"{more}--json and --csv have all, with addresses.", out)


def _show_some(rows: list[dict[str, Any]], out: Console) -> None:
    from rich.text import Text

    def indented(text: str, style: str = "") -> None:
        lines = layouts.folded(f"{_INDENT}{printable(text)}", out.width, _INDENT)
        out.print(Text(lines, style=style), soft_wrap=True)

    for row in rows[:_SHOWN]:
        shown = _beginning(row["literal"] or "")
        what = f"{row['column_name']} {shown!r}" if row["column_name"] else repr(shown)
        indented(f"{what}: {row['reason']}")
        indented(f"{row['page']} {row['locator']}", "dim")
    if len(rows) > _SHOWN:
        indented(f"… and {len(rows) - _SHOWN} more")


def _beginning(literal: str) -> str:
    """A text, or so much of its beginning as is shown, which ends behind a word: half a number would be another one."""
    if len(literal) <= _LITERAL:
        return literal
    begun = literal[: _LITERAL - 1]
    return (begun.rpartition(" ")[0] or begun.rstrip("0123456789.,")) + "…"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
