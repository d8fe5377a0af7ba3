r"""Tables in LaTeX: a float of booktabs and siunitx (table or table*), or a longtable where that is asked for.

Fonts and gaps are LaTeX's to choose: \CLtablesize is footnotesize, tiny in beamer, or what the document defines it as.
"""

from __future__ import annotations

from flows.publish import bibliography
from flows.publish.tables.layout import Cell, Head, Sheet
from flows.publish.tables.markup import as_latex, escaped
from flows.publish.tables.templating import groups, written

_NUMBERS = ("integer", "number")
_POWERS = ("power", "scientific")
_GAP = r"\addlinespace[.25em]"
_BEFORE_GROUP = r"@{\hspace{6pt}}"
# Where marks hang into the gap.
_BEFORE_MARKS = r"@{\hspace{8pt}}"


def latex(sheet: Sheet, *, is_long: bool = False) -> str:
    r"""The table as a file to \input; a float as wide as a column or, in two columns, a page."""
    notes = [f"{_mark(mark)}~{as_latex(text)}" if mark else as_latex(text) for mark, text in sheet.notes]
    return written(
        "table.tex.j2",
        name=sheet.name,
        days=sheet.days,
        is_long=is_long,
        environment="table*" if sheet.width == "page" else "table",
        caption=as_latex(sheet.caption),
        form="@{}" + "".join(_forms(sheet)) + "@{}",
        heads="\n".join(_heads(sheet.heads)),
        rows="\n".join(_body(sheet)),
        notes="\n".join(notes),
    )


def _forms(sheet: Sheet) -> list[str]:
    """The columns' forms; a gap stands before what shares a head with its neighbours, a wider one before marks."""
    forms: list[str] = []
    group = ""
    for head, cells in zip(sheet.heads, sheet.columns(), strict=True):
        gap = _BEFORE_GROUP if forms and head.group not in ("", group) else ""
        gap = _BEFORE_MARKS if head.kind in _POWERS and any(cell.mark for cell in cells) else gap
        forms.append(gap + _form(head, cells))
        group = head.group
    return forms


def _form(head: Head, cells: list[Cell]) -> str:
    """The column's form: numbers by siunitx, so that decimals align; of powers of ten the 10 stands under the 10."""
    if head.kind in _NUMBERS:
        numbers = [cell.text for cell in cells if cell.kind == head.kind] or ["0"]
        return f"S[table-format={_format(numbers)}]"
    if head.share is not None:
        return rf">{{\raggedright\arraybackslash}}p{{{head.share:g}\linewidth}}"
    return "r" if head.kind == "interval" else "l"


def _format(numbers: list[str]) -> str:
    """Digits before the point and behind it: 3.1."""
    parts = [number.lstrip("-").partition(".") for number in numbers]
    sign = "-" if any(number.startswith("-") for number in numbers) else ""
    decimals = max(len(behind) for _, _, behind in parts)
    return f"{sign}{max(len(whole) for whole, _, _ in parts)}{f'.{decimals}' if decimals else ''}"


def _heads(heads: list[Head]) -> list[str]:
    shared, rules, at = [], [], 1
    for group, many in groups(heads):
        shared.append(rf"\multicolumn{{{many}}}{{c}}{{{as_latex(group)}}}")
        rules += [rf"\cmidrule(lr){{{at}-{at + many - 1}}}"] if group else []
        at += many
    own = [_head(head) for head in heads]
    above = [_row(shared), "".join(rules)] if shared else []
    return [r"\toprule", *above, _row(own), r"\midrule"]


def _head(head: Head) -> str:
    text = as_latex(head.text)
    return rf"\multicolumn{{1}}{{r}}{{{text}}}" if head.kind == "interval" else f"{{{text}}}"


def _body(sheet: Sheet) -> list[str]:
    lines: list[str] = []
    for title, rows in sheet.blocks:
        lines += [_GAP] if lines and title else []
        lines += [rf"\multicolumn{{{len(sheet.heads)}}}{{@{{}}l}}{{\textit{{{escaped(title)}}}}} \\*"] if title else []
        cells = [[_cell(cell, head) for cell, head in zip(row, sheet.heads, strict=True)] for row in rows]
        # What is said of several rows stands in the first of them.
        firsts = [None, *(row[0] for row in cells)]
        lines += [
            _row(["" if row[0] == above else row[0], *row[1:]]) for above, row in zip(firsts, cells, strict=False)
        ]
    return lines


def _cell(cell: Cell, head: Head) -> str:
    if cell.kind != head.kind:
        # An en dash in a column of numbers.
        return f"{{{escaped(cell.text)}}}"
    mark = _mark(cell.mark) if cell.mark else ""
    # It takes no room, so that numbers align; before a power, for behind it it would read as part of it.
    before, after = (rf"\llap{{{mark}}}", rf"\rlap{{{mark}}}") if mark else ("", "")
    if cell.kind in _POWERS:
        mantissa, _, exponent = cell.text.rpartition("e")
        power = (rf"{mantissa}\times" if mantissa else "") + rf"10^{{{exponent}}}"
        return before + (rf"$\mathbf{{{power}}}$" if cell.is_bold else f"${power}$")
    if cell.kind in _NUMBERS:
        return cell.text + (f"{{{after}}}" if mark else "")
    text = escaped(f"({cell.text})" if cell.kind == "interval" else cell.text)
    cited = rf"~\cite{{{','.join(map(bibliography.key, cell.cited))}}}" if cell.cited else ""
    return (rf"\textbf{{{text}}}" if cell.is_bold else text) + mark + cited


def _mark(mark: str) -> str:
    return rf"\smash{{\textsuperscript{{{escaped(mark)}}}}}"


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"
