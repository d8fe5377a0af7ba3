"""How a trace looks on a terminal: a tree of its steps, short enough for a screen, and the pages that it ends at."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from flows.answers import layouts
from flows.answers.rendering import printable
from flows.answers.traces import Page, Step, Trace

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

# How many of a kind are shown; --json and --csv have all.
_VALUES, _PLACES, _PAGES_OF_STEP, _FILES, _PAGES = 12, 4, 3, 3, 6
_WIDTH = 80
# What a branch of the tree takes in front of its text.
_GUIDE = 4


def show(traced: Trace, out: Console) -> None:
    """Print the steps as a tree and below them each page with its address, day, SHA-256 and licence."""
    from rich.text import Text
    from rich.tree import Tree

    if not out.is_terminal:
        out.width = _WIDTH
    root = Tree(Text(f"{traced.root.table}, {_many(len(traced.root.rows), 'row')}", style="bold"))
    room = out.width - _GUIDE
    for row in traced.root.rows[:1]:
        root.add(_label(_values(row), room))
    _grow(root, traced.root, room)
    out.print(root)
    pages = list(traced.pages.values())
    for page in pages[:_PAGES]:
        out.print()
        for line in _of_page(page):
            if "/" in line:
                # An address and a path are for copying: they are not broken.
                out.print(printable(line), soft_wrap=True, markup=False, highlight=False)
            else:
                layouts.say(printable(line), out)
    if len(pages) > _PAGES:
        out.print(f"\n… and {len(pages) - _PAGES} more pages; --json and --csv have all", highlight=False)


def _grow(tree: Tree, step: Step, room: int) -> None:
    for line in _ends(step):
        tree.add(_label(line, room))
    for below in step.below:
        branch = tree.add(_label(f"{below.what}: {below.table}, {_many(len(below.rows), 'row')}", room))
        _grow(branch, below, room - _GUIDE)


def _label(line: str, room: int) -> Text:
    """A line in the columns that it has at its depth, broken here, for rich would break inside of a number."""
    from rich.text import Text

    return Text(layouts.folded(printable(line), room), no_wrap=True, overflow="ignore")


def _ends(step: Step) -> list[str]:
    """The pages and files that the rows of a step end at, a line each."""
    by_page = [
        (key, [record.locator or "" for record in records])
        for key, records in groupby(
            sorted(step.records, key=lambda one: (one.as_what, one.source, one.page)),
            key=lambda one: (one.as_what, one.source, one.page),
        )
    ]
    lines = [_places(*key, locators) for key, locators in by_page[:_PAGES_OF_STEP]]
    lines += [f"… and {_many(len(by_page) - _PAGES_OF_STEP, 'more page')}"] if len(by_page) > _PAGES_OF_STEP else []
    files = [f"{one.file}{f': {one.says}' if one.says else ''}" for one in step.statements]
    lines += files[:_FILES]
    lines += [f"… and {len(files) - _FILES} more of what is declared"] if len(files) > _FILES else []
    return lines


def _places(as_what: str, source: str, page: str, locators: list[str]) -> str:
    shown = ", ".join(filter(None, locators[:_PLACES]))
    more = f" … ({len(locators)} records)" if len(locators) > _PLACES else ""
    return f"{f'{as_what}: ' if as_what else ''}{source} {page} {shown}{more}".rstrip()


def _values(row: dict[str, Any]) -> str:
    known = {name: value for name, value in row.items() if value is not None}
    shown = ", ".join(
        f"{name} {f'{value:.6g}' if isinstance(value, float) else value}"
        for name, value in list(known.items())[:_VALUES]
    )
    return shown + (f" … ({len(known) - _VALUES} more columns)" if len(known) > _VALUES else "")


def _of_page(page: Page) -> list[str]:
    return [
        f"{page.source} {page.page}",
        f"  {page.url}",
        f"  retrieved {page.retrieved_on}, {page.byte_count} bytes, {page.licence}",
        f"  SHA-256 {page.sha256}",
        f"  {page.bytes_at or 'its bytes are not kept here; the facts that ship stand for them'}",
    ]


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
