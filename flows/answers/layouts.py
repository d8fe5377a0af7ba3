"""What fits on a terminal: no number is cut, whatever its width; a table that is too wide becomes records, a long one is paged."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from flows.answers.queries import Result

# A piped table is for grep, not for a screen. What is wider is no table: each of its lines would be as long as the longest cell.
UNCUT = 10_000
# The rule above a record where there is no screen.
_RULE = 118
# A word that is longer than a line is broken behind these, and never inside of a number.
_PARTS = re.compile(r"[^/_-]+[/_-]*|[/_-]+")
_NUMBER = re.compile(r"-?[\d.,]+(?:e[-+]?\d+)?")
# What stands in front of the text of a line: its indent, a name and the gap behind that.
_NAME = re.compile(r"\s*\S+(?: \S+)*\s{2,}")
# Deeper than this the text behind a name would have too little room, and goes on below the name.
_HANGING_SHARE = 0.5
# What a column of a table takes beside its cells: a rule and two blanks.
_GAP = 3


def folded(text: str, width: int, hanging: str = "") -> str:
    """A line broken at its spaces (a word that is longer than a line behind / _ and -), later lines behind `hanging`.

    A word without such a place is left whole, wider than the line: a number is not cut.
    """
    first, *rest = text.split("\n")
    if rest:
        return "\n".join([folded(first, width, hanging), *(folded(line, width, hanging) for line in rest)])
    lines, line = list[str](), ""
    for piece in _pieces(text, width - len(hanging)):
        if line.strip() and len(line) + len(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = hanging + piece.lstrip()
        else:
            line += piece
    return "\n".join([*lines, line.rstrip()])


def _pieces(text: str, width: int) -> Iterator[str]:
    for word in re.findall(r"^\s+|\S+\s*", text):
        is_broken = len(word.rstrip()) > width and not _NUMBER.fullmatch(word.rstrip())
        yield from _PARTS.findall(word) if is_broken else [word]


def say(line: str, out: Console) -> None:
    """Print a line; on a terminal what is too long goes on below itself, and elsewhere a line stays one."""
    out.print(_said(line, out), soft_wrap=True, markup=False, highlight=False)


def _said(line: str, out: Console) -> str:
    if not out.is_terminal or len(line) <= out.width:
        return line
    indent = len(line) - len(line.lstrip())
    name = _NAME.match(line)
    is_deep = name is None or len(name[0]) > out.width * _HANGING_SHARE
    hanging = (indent + 2 if indent else 0) if name is None or is_deep else len(name[0])
    return folded(line, out.width, " " * hanging)


def takes(renderable: RenderableType, out: Console) -> int:
    """How many columns something takes where nothing of it is broken or cut."""
    from rich.measure import Measurement

    return Measurement.get(out, out.options.update(max_width=UNCUT), renderable).maximum


def first_that_fits(layouts: Iterable[RenderableType], out: Console) -> RenderableType:
    """The first of these that has room, the last where none has; elsewhere than on a terminal, which is as wide, the first."""
    layout: RenderableType = ""
    for layout in layouts:
        wide = takes(layout, out)
        if not out.is_terminal:
            out.width = max(out.width, wide)
        if wide <= out.width:
            break
    return layout


def of_result(result: Result, shown: Callable[[object], str], out: Console) -> RenderableType:
    """The rows of a query as a table, one with broken headings and texts, or records one below the other: what has room."""
    cells = [[shown(value) for value in row] for row in result.rows]
    names = [shown(name) for name in result.columns]
    if not out.is_terminal and _wide(names, cells) > out.width:
        return _records(names, cells, out.width)
    whole = _table(names, result.is_numeric, cells)
    if not out.is_terminal or takes(whole, out) <= out.width:
        return whole
    widths = [
        max(map(len, _PARTS.findall(name) + [word for row in cells for word in row[at].split()]))
        for at, name in enumerate(names)
    ]
    room = out.width - sum(widths) - _GAP * len(widths) - 1
    if room < 0:
        return _records(names, cells, out.width)
    widths = _widened(cells, widths, room)
    heads = [folded(name, width) for name, width in zip(names, widths, strict=True)]
    broken = [[folded(cell, width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    return _table(heads, result.is_numeric, broken)


def _wide(names: Sequence[str], cells: Iterable[Sequence[str]]) -> int:
    """How many columns a table takes."""
    from rich.cells import cell_len

    def width(text: str) -> int:
        return len(text) if text.isascii() and "\n" not in text else max(map(cell_len, text.split("\n")))

    widest = [width(name) for name in names]
    for row in cells:
        widest = [max(wide, width(cell)) for wide, cell in zip(widest, row, strict=True)]
    return sum(widest) + _GAP * len(widest) + 1


def _widened(cells: list[list[str]], widths: list[int], room: int) -> list[int]:
    """What is left of a line goes to the columns that lack least, so that most are whole."""
    lacks = [max((len(row[at]) for row in cells), default=0) - width for at, width in enumerate(widths)]
    widened = list(widths)
    for at in sorted(range(len(widths)), key=lacks.__getitem__):
        given = max(min(room, lacks[at]), 0)
        widened[at] += given
        room -= given
    return widened


def _table(names: Sequence[str], is_numeric: Sequence[bool], cells: Iterable[Sequence[str]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name, numeric in zip(names, is_numeric, strict=True):
        table.add_column(Text(name), justify="right" if numeric else "left", no_wrap=True)
    for row in cells:
        table.add_row(*map(Text, row))
    return table


def _records(names: Sequence[str], cells: list[list[str]], width: int) -> RenderableType:
    """Each row as lines of name and value; columns that are empty in all rows are named once, below."""
    from rich.text import Text

    filled = [at for at in range(len(names)) if any(row[at] for row in cells)]
    wide = max((len(names[at]) for at in filled), default=0) + 2
    lines, rule = list[str](), width if width < UNCUT else _RULE
    for number, row in enumerate(cells, 1):
        lines.append(f"── row {number} of {len(cells)} ".ljust(rule, "─"))
        lines += [folded(f"{names[at]:{wide}}{row[at] or '–'}", width, " " * wide) for at in filled]
    empty = [name for at, name in enumerate(names) if at not in filled]
    if empty:
        lines += ["─" * rule, folded(f"empty in all rows: {', '.join(empty)}", width, "  ")]
    return Text("\n".join(lines), no_wrap=True, overflow="ignore")


def show(renderable: RenderableType, out: Console, below: str | None = None) -> None:
    """Print something, and a line below it; where it is longer than the screen of a terminal it goes through a pager."""
    import pydoc  # only where something is long: it loads much

    from rich.text import Text

    # Of a text printing makes another, without what it says of its lines.
    is_text = isinstance(renderable, Text)

    def printed() -> None:
        out.print(renderable, no_wrap=is_text or None, overflow="ignore" if is_text else None, crop=False)
        if below is not None:
            say(below, out)

    if not (out.is_terminal and sys.stdin.isatty()):
        printed()
        return
    with out.capture() as captured:
        printed()
    text = captured.get()
    if text.count("\n") < out.height:
        out.file.write(text)
        return
    # Colours as they are, and no line broken by the pager.
    os.environ.setdefault("LESS", "-FRX")
    pydoc.pager(text)


def light(title: str) -> Table:
    """A table without vertical rules, its title on the left."""
    from rich import box
    from rich.table import Table

    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
