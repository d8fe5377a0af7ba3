"""Tables of a page, in HTML or in markdown; markdown is rendered to HTML first, so that pipe tables and HTML are read one way."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from lxml import etree, html  # type: ignore[import-untyped]
from markdown_it import MarkdownIt
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from flows.readers.record import RAGGED, PageError, renamed

# RAGGED is a key of what `fields` gives.
__all__ = ["RAGGED", "Cell", "Table", "check_declared", "check_header", "fields", "html_tables", "markdown_tables"]

# Carry the line and a row's number of cells through the HTML; lxml's own `sourceline` is not that of the markdown.
_LINE, _CELLS = "data-markdown-line", "data-markdown-cells"
_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_CONTAINER = re.compile(r"\s*((>|[-+*]\s|\d+[.)]\s)\s*)*")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# Elements that part words where no blank stands between them.
_PARTING = ("br", "div", "li", "p", "td", "th", "tr")
# No real table merges more; a wrong attribute must not fill the memory.
_SPAN_MAX = 100
# Nor lies in more others, whose text would be read once for each.
_DEPTH_MAX = 20


@dataclass(frozen=True)
class Cell:
    """What a cell shows: its text without markup, runs of white space made one blank, and the addresses that it links to."""

    text: str
    links: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table and where it stands.

    `headings` are those above it, outermost first, the summary of a fold (`<details>`) that it lies in being the last;
    `number` counts the page's tables from 1; `line` is its first line in the page. Rows are as printed: one may have
    more or fewer cells than the header, which `fields` takes care of.
    """

    headings: tuple[str, ...]
    number: int
    line: int
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def fields(
    table: Table,
    row: tuple[Cell, ...],
    aliases: Mapping[str, str] = {},
    may_lack: Collection[str] = (),
) -> dict[str, str]:
    """{column: text} of one row, as a `Record` takes it, with the key RAGGED beside the columns.

    RAGGED says that the row has more or fewer cells than the header, blank where it has not: a lost
    pipe may have moved every number into its neighbour's column, so the parser is to raise `Rejected`. Missing last
    cells of the columns `may_lack` are no fault.

    Raises:
        PageError: a column stands twice in the header.
    """
    header = renamed(table.header, aliases)
    texts = dict.fromkeys(header, "") | {column: cell.text for column, cell in zip(header, row, strict=False)}
    beyond = any(cell.text for cell in row[len(header) :])
    lacking = [column for column in header[len(row) :] if column not in may_lack]
    texts[RAGGED] = f"{len(row)} cells under {len(header)} columns" if beyond or lacking else ""
    return texts


def check_header(table: Table, known: Collection[str], aliases: Mapping[str, str] = {}) -> None:
    """Raise `PageError` if the header has a column that is not known: rows may all be rejected before it is missed."""
    unknown = [column for column in renamed(table.header, aliases) if column not in known]
    if unknown:
        raise PageError(
            f"table {table.number} under {' / '.join(table.headings)!r}: undeclared column {', '.join(map(repr, unknown))}; "
            "declare it in the source's TOML: as an alias if it is a known column renamed, in ignore if it is not needed"
        )


def check_declared(undeclared: Iterable[Table], where: str) -> None:
    """Raise `PageError` that names every table that a source's TOML does not know; `where` says where to declare them."""
    named = [
        f"{' / '.join(table.headings)!r} (line {table.line}, columns {', '.join(table.header)})" for table in undeclared
    ]
    if named:
        raise PageError(f"undeclared table under {'; under '.join(named)}; declare it in the source's TOML, {where}")


def markdown_tables(text: str) -> Iterator[Table]:
    """Every table of a markdown page, in order: pipe tables (GitHub's) and tables in HTML. Raises `PageError`."""
    markdown = _markdown()
    known: dict[str, object] = {}
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    tokens = markdown.parse("\n".join(lines), known)
    while (opener := _open_fence(tokens, lines)) is not None:
        lines[opener] = ""
        tokens = markdown.parse("\n".join(lines), known)
    columns, cells = list[str](), list[str]()
    rendered: list[Token] = []
    for token in tokens:
        at = token.map[0] if token.map else 0
        if token.type == "table_open":
            token.attrSet(_LINE, str(at + 1))
            columns = _split(lines[at], token)
        elif token.type == "tr_open":
            cells = _split(lines[at], token)
            token.attrSet(_CELLS, str(len(cells)))
        elif token.type == "tr_close":
            # GitHub cuts these off; here they tell that the row is ragged.
            beyond = "".join(f"<td>{markdown.renderInline(cell, known)}</td>" for cell in cells[len(columns) :])
            rendered.append(Token("html_block", "", 0, content=beyond))
        for part in (token, *(token.children or ())):
            _number_lines(part, at + 1)
        rendered.append(token)
    yield from html_tables(markdown.renderer.render(rendered, markdown.options, known).encode())


def html_tables(text: bytes) -> Iterator[Table]:
    """Every table of an HTML page in UTF-8, in order; merged cells stand in each place that they span. Raises `PageError`."""
    try:
        page = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PageError(f"not a page in UTF-8: {error}") from error
    headings: dict[str, str] = {}
    number = 0
    for element in _elements(page):
        if element.tag in _HEADINGS:
            headings = {level: title for level, title in headings.items() if level < element.tag}
            headings[element.tag] = _text(element)
        elif element.tag == "table":
            number += 1
            if sum(1 for _ in element.iterancestors("table")) > _DEPTH_MAX:
                raise PageError(
                    f"table {number} lies in more than {_DEPTH_MAX} others, which no table of a page to be read does"
                )
            noted = element.get(_LINE, "")
            line = int(noted) if re.fullmatch("[0-9]{1,9}", noted) else int(element.sourceline or 0)
            header, *rows = _grid(_rows(element)) or [()]
            path = (*headings.values(), *_folds(element))
            yield Table(path, number, line, tuple(cell.text for cell in header), tuple(rows))


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def _open_fence(tokens: list[Token], lines: list[str]) -> int | None:
    """The line of a last code fence that nothing closes, behind which all tables of the page would be code."""
    last = tokens[-1] if tokens else None
    if last is None or last.type != "fence" or last.map is None:
        return None
    opener, end = last.map
    closer = rf" {{0,3}}{re.escape(last.markup)}{re.escape(last.markup[0])}*\s*"
    return None if end - opener > 1 and re.fullmatch(closer, lines[end - 1]) else opener


def _split(line: str, token: Token) -> list[str]:
    """The cells in a line of a pipe table, of which the outer pipes may be missing."""
    cells = escapedSplit(_CONTAINER.sub("", line, count=1).strip() if token.level > 1 else line.strip())
    if cells and cells[0].strip() == "":
        cells.pop(0)
    if cells and cells[-1].strip() == "":
        cells.pop()
    return [cell.strip() for cell in cells]


def _number_lines(token: Token, line: int) -> None:
    """Write its line into every `<table` of a piece of HTML that begins on `line`."""
    if token.type in ("html_block", "html_inline"):
        content = token.content

        def numbered(opening: re.Match[str]) -> str:
            return f'<table {_LINE}="{line + content.count(chr(10), 0, opening.start())}"'

        token.content = _TABLE.sub(numbered, content)


def _elements(page: str) -> Iterator[html.HtmlElement]:
    """Every element in the order of the page; none of a page without any."""
    # Without huge_tree a deeply nested page would be cut short silently.
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    # The parser would end at a NUL.
    body = page.replace("\0", "\N{REPLACEMENT CHARACTER}").encode()
    try:
        tree = html.document_fromstring(body, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        # A page for which memory lacks looks like an empty one.
        if any(entry.type == etree.ErrorTypes.ERR_NO_MEMORY for entry in parser.error_log):
            raise MemoryError from None
        return
    yield from (element for element in tree.iter() if isinstance(element.tag, str))


def _rows(table: html.HtmlElement) -> Iterator[list[html.HtmlElement]]:
    """The table's own cells by row; cells that stand beside each other outside of any row make one, as in a browser."""
    own = (cell for cell in table.iter("td", "th") if next(cell.iterancestors("table")) is table)
    for row, cells in groupby(own, key=lambda cell: cell.getparent()):
        noted = row.get(_CELLS, "")
        # Markdown fills a row that is too short.
        yield list(cells)[: int(noted) if re.fullmatch("[0-9]{1,9}", noted) else None]


def _grid(rows: Iterable[list[html.HtmlElement]]) -> list[tuple[Cell, ...]]:
    """Rows of cells, those that span several rows or columns written into each."""
    grid = []
    # {column: (rows that it still spans, cell)}
    spanning: dict[int, tuple[int, Cell]] = {}
    for waiting in rows:
        row: list[Cell] = []
        below: dict[int, tuple[int, Cell]] = {}
        while waiting or len(row) in spanning:
            if len(row) in spanning:
                spans = [spanning[len(row)]]
            else:
                element = waiting.pop(0)
                links = (a.get("href") for a in element.iter("a"))
                cell = Cell(_text(element), tuple(str(link) for link in links if link))
                spans = [(_span(element, "rowspan"), cell)] * _span(element, "colspan")
            for left, cell in spans:
                if left > 1:
                    below[len(row)] = (left - 1, cell)
                row.append(cell)
        grid.append(tuple(row))
        spanning = below
    return grid


def _span(element: html.HtmlElement, name: str) -> int:
    printed = element.get(name, "1").strip()
    if not re.fullmatch("[0-9]{1,9}", printed) or not 1 <= int(printed) <= _SPAN_MAX:
        raise PageError(f"{name} {printed!r} of a cell is no number from 1 to {_SPAN_MAX}")
    return int(printed)


def _folds(element: html.HtmlElement) -> list[str]:
    """The summaries of the folds that an element lies in, outermost first."""
    summaries = [fold.find("summary") for fold in element.iterancestors("details")]
    return [_text(summary) for summary in reversed(summaries) if summary is not None]


def _text(element: html.HtmlElement) -> str:
    """The text that an element shows; hyphens and blanks that only forbid a line break are plain ones."""
    parts = []
    for event, inner in etree.iterwalk(element, events=("start", "end")):
        parts.append(" " if inner.tag in _PARTING else "")
        if event == "start":
            parts.append(inner.text or "")
        elif inner is not element:
            parts.append(inner.tail or "")
    return " ".join("".join(parts).replace("\N{NON-BREAKING HYPHEN}", "-").split())
