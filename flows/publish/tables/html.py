"""Tables as HTML pages of their own: light and dark, with scopes for those who hear them."""

from __future__ import annotations

from html import escape

from flows.publish.tables.layout import LEFT_KINDS, Cell, Sheet
from flows.publish.tables.markup import as_html
from flows.publish.tables.templating import groups, written

_THIN = "\u2009"
_RIGHT = ' class="n"'


def html(sheet: Sheet) -> str:
    """The table as a page."""
    return written(
        "table.html.j2",
        name=escape(sheet.name),
        days=escape(sheet.days),
        caption=as_html(sheet.caption),
        groups=[(as_html(group), many) for group, many in groups(sheet.heads)],
        heads=[(as_html(head.text), "" if head.kind in LEFT_KINDS else _RIGHT) for head in sheet.heads],
        blocks=[
            (
                escape(title),
                [[(_cell(cell), "" if cell.kind in LEFT_KINDS else _RIGHT) for cell in row] for row in rows],
            )
            for title, rows in sheet.blocks
        ],
        notes=[f"<sup>{escape(mark)}</sup> {as_html(text)}" if mark else as_html(text) for mark, text in sheet.notes],
    )


def _cell(cell: Cell) -> str:
    mark = f"<sup>{escape(cell.mark)}</sup>" if cell.mark else ""
    text = escape(shown(cell))
    if cell.kind == "power":
        text = f"10<sup>{text}</sup>"
    elif cell.kind == "scientific":
        mantissa, _, power = cell.text.partition("e")
        text = f"{mantissa}{_THIN}×{_THIN}10<sup>{power}</sup>"
    text = f"<b>{text}</b>" if cell.is_bold else text
    # Behind a power a mark would read as part of it.
    return mark + text if cell.kind in ("power", "scientific") else text + mark


def shown(cell: Cell) -> str:
    """The text of a cell: thousands set apart by thin spaces, a minus that is one, an interval in brackets."""
    if cell.kind == "interval":
        return f"({cell.text})"
    if cell.kind not in ("integer", "number"):
        return cell.text
    whole, point, decimals = cell.text.partition(".")
    grouped = f"{int(whole):,}".replace(",", _THIN) if whole.lstrip("-").isdigit() and len(whole) > 4 else whole
    return (grouped + point + decimals).replace("-", "−")
