"""Tables in Markdown, as GitHub and Pandoc read them: a head that neighbours share is part of each of theirs."""

from __future__ import annotations

from flows.publish.tables.html import shown
from flows.publish.tables.layout import LEFT_KINDS, Cell, Sheet
from flows.publish.tables.markup import as_markdown, plain_markdown
from flows.publish.tables.templating import written


def markdown(sheet: Sheet) -> str:
    """The table with its caption above and its notes below; the line above a block is a row in bold."""
    empty = [""] * (len(sheet.heads) - 1)
    rows: list[list[str]] = []
    for title, block in sheet.blocks:
        rows += [[f"**{plain_markdown(title)}**", *empty]] if title else []
        rows += [[_cell(cell) for cell in row] for row in block]
    return written(
        "table.md.j2",
        days=sheet.days,
        caption=as_markdown(sheet.caption),
        heads=[" ".join(filter(None, (as_markdown(head.group), as_markdown(head.text)))) for head in sheet.heads],
        rules=["---" if head.kind in LEFT_KINDS else "---:" for head in sheet.heads],
        rows=rows,
        notes=[f"<sup>{mark}</sup> {as_markdown(text)}" if mark else as_markdown(text) for mark, text in sheet.notes],
    )


def _cell(cell: Cell) -> str:
    mark = f"<sup>{cell.mark}</sup>" if cell.mark else ""
    text = plain_markdown(shown(cell))
    if cell.kind == "power":
        text = f"10<sup>{text}</sup>"
    elif cell.kind == "scientific":
        mantissa, _, power = cell.text.partition("e")
        text = f"{mantissa} × 10<sup>{power}</sup>"
    text = f"**{text}**" if cell.is_bold else text
    return mark + text if cell.kind in ("power", "scientific") else text + mark
