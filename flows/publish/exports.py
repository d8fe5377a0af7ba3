"""Exports: every table of the schema `exports` as CSV, Parquet and LaTeX, byte-equal for an equal warehouse."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from flows import paths
from flows.answers import outputs, queries, rendering
from flows.declared import domains
from flows.publish import figures, parquet
from flows.warehouse import connection, sql_files

if TYPE_CHECKING:
    import duckdb

FIGURES = "figures"  # the folder in the export that has them

# What is set in a table in place of a column's name or a value; without an entry a name loses its underscores, and a
# value stands as it is.
_HEADS = {
    "error_percent": r"error \%",
    "gflop": "Gflop",
    "lb_co2": r"lb CO$_2$",
    "usd": "USD",
    "compute_measure": "compute",
    "compute_unit": "unit",
    "n": "$n$",
    "n_papers": "$n_p$",
    "n_clusters": "$n_c$",
    "n_trainers": "trainers",
    "intercept": "$a$",
    "slope": "$b$",
    "slope_se": "s.e.",
    "p_value": "$p$",
    "r_squared": "$R^2$",
    "exponent": "$1/b$",
    "exponent_low": "low",
    "exponent_high": "high",
    "selection": "points",
    "polynomial_status": "poly.",
    "exponential_status": "exp.",
    "exponent_x_on_y": "$x$ on $y$",
    "exponent_best_per_paper": "paper",
    "exponent_frontier": "frontier",
    "exponent_quantile": "quantile",
    "exponent_min": "lowest",
    "exponent_max": "highest",
    "n_later": "later",
    "n_undated": "undated",
    "n_covered": "held",
    "n_better": "better",
    "n_worse": "worse",
    "median_residual_decades": "residual",
    "rows_read": "read",
    "rows_accepted": "acc.",
    "rows_duplicate": "dup.",
    "rows_quarantined": "quar.",
}
_VALUES = {
    "top1": "top-1",
    "top5": "top-5",
    "box_ap": "box AP",
    "f1": "F1",
    "em": "EM",
    "bleu": "BLEU",
    "pass_at_1": "pass@1",
    "today": "today",
    "target_1": "target 1",
    "target_2": "target 2",
    "operations_per_pass": "per pass",
    "network_operations": "network",
    "hardware_burden": "hardware",
    "consolidated_burden": "consolidated",
    "training_compute": "training",
    "polynomial": "poly.",
    "exponential": "exp.",
    "best_per_paper": "best",
    "extrapolation_unsupported": "beyond",
    "slope_not_different_from_0": "flat?",
    "selected_no_interval": "chosen",
    "slope_not_positive": "falls",
    "y_on_x": "$y$ on $x$",
    "x_on_y": "$x$ on $y$",
}
# Significant digits of what is no published number, and how far apart the numbers of a column may lie to be set with
# the same number of decimals.
_DIGITS = {
    "p_value": 2,
    "slope_se": 2,
    "r_squared": 3,
    "exponent": 3,
    "exponent_low": 3,
    "exponent_high": 3,
    **dict.fromkeys(
        (
            "exponent_x_on_y",
            "exponent_best_per_paper",
            "exponent_frontier",
            "exponent_quantile",
            "exponent_min",
            "exponent_max",
        ),
        3,
    ),
    "coverage": 2,
    "median_residual_decades": 2,
    "intercept": 3,
}
_DIGITS_ELSE, _DECIMALS_MAX, _SPREAD_MAX, _EXACT, _POWER_BELOW = 4, 4, 1e5, 15, 1e-3
# The width of the text of LaTeX's article, the gap beside a column, and for each font how wide a digit is (with some room).
_PAGE_PT, _GAP_PT = 345.0, 2.0
_LETTER_PT = {"small": 4.95, "footnotesize": 4.5, "scriptsize": 4.2, "tiny": 3.6}
# How wide letters are, in digits; capitals are 1.4, others 1.
_WIDTHS = dict.fromkeys(" .,:ijl", 0.55) | dict.fromkeys("frst_", 0.8) | dict.fromkeys("mw", 1.6)
_RULED = 6  # more groups than this are set apart by a gap, not by a rule
_LONG_LETTERS = 30  # wider text than this is broken into lines, in a column not narrower than this many letters:
_BROKEN_LETTERS = 15
_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        # Behind the end of a row these two would belong to it.
        "[": "{[}",
        "*": "{*}",
        **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    }
)


@dataclass(frozen=True)
class _Column:
    """A column as it is set: its heads (one that it shares with its neighbours, or "", and its own) and its cells."""

    name: str
    group: str
    head: str
    is_text: bool
    cells: list[str]

    def letters(self) -> float:
        return max(_letters(text) for text in (self.head, *self.cells))

    def letters_at_least(self) -> float:
        """Of a column of broken text: no narrower than its longest word."""
        words = (word for cell in self.cells for word in re.split(r"[\s-]", cell))
        return max(_BROKEN_LETTERS, *map(_letters, words))

    def is_broken(self) -> bool:
        return self.is_text and self.letters() > _LONG_LETTERS and any(" " in cell for cell in self.cells)


def export(
    path: Path, folder: Path, tables: Collection[str] | None = None, *, with_figures: bool = False
) -> list[Path]:
    """Write all tables to the folder, made if it is not there, and the figures to `figures` in it; returns the files written.

    All or none are written. `tables` are those that have to be there; by default those that this version makes.

    Raises:
        flows.answers.queries.QueryError: there is no warehouse, or it was built by another version.
        flows.answers.outputs.OutputError: the folder cannot be made, or a file cannot be written.
    """
    written: dict[Path, bytes] = {}
    with queries.of_this_version(path), queries.connect(path) as con:
        for table in _tables(con, path, _made() if tables is None else tables):
            name = f"exports.{table}"
            rows = parquet.described(con, name)
            columns = con.execute(
                "select column_name, comment from duckdb_columns() where schema_name = 'exports' and table_name = ? "
                "order by column_index",
                [table],
            ).fetchall()
            caption = con.execute(
                "select comment from duckdb_tables() where schema_name = 'exports' and table_name = ?", [table]
            ).fetchall()
            for suffix, body in {
                "csv": rendering.as_csv(rows.column_names, (row.values() for row in rows.to_pylist())).encode(),
                "parquet": rendering.as_parquet(rows),
                "tex": latex(rows, table, str(caption[0][0] or table), dict(columns)).encode(),
            }.items():
                written[folder / f"{table}.{suffix}"] = body
        if with_figures:
            written |= {folder / FIGURES / name: body for name, body in figures.drawn(con).items()}
    for place in {file.parent for file in written}:
        outputs.folder(place)
    outputs.write_all(written)
    return list(written)


def _made() -> set[str]:
    return {file.stem for file in sql_files.table_paths(paths.SQL) if file.parent.name == "exports"}


def _tables(con: duckdb.DuckDBPyConnection, path: Path, made: Collection[str]) -> list[str]:
    """The tables of the schema exports, in alphabetical order. Raises `QueryError`: they are not those that were made."""
    there = {name.partition(".")[2] for name in connection.tables(con) if name.startswith("exports.")}
    if there != set(made):
        differ = ", ".join(f"exports.{table}" for table in sorted(there ^ set(made)))
        raise queries.QueryError(
            f"{path} was built by another version, which differs in {differ}; run `compute-limits build`"
        )
    return sorted(there)


def latex(table: pa.Table, name: str, caption: str, comments: dict[str, str | None]) -> str:
    """A longtable for a paper (packages booktabs and longtable), with the columns' comments as LaTeX comments.

    What is the same in all rows stands in the caption. Where the rows come in groups by the first columns, these stand
    in a line above each group: the first one, and as many more as it takes for the table to fit on a page.
    """
    rows: list[dict[str, Any]] = table.to_pylist()
    texts = [field.name for field in table.schema if not _is_number(field.type)]
    same = [text for text in texts if text != table.column_names[0] and len(rows) > 1 and _is_same(rows, text)]
    kept = [column for column in table.column_names if column not in same]
    leading = list(takewhile(texts.__contains__, kept))
    for count in range(1, len(leading)) if leading and len({row[leading[0]] for row in rows}) < len(rows) else [0]:
        blocks = [list(block) for _, block in groupby(rows, key=lambda row: [row[by] for by in leading[:count]])]
        above = leading[:count] + [
            text for text in texts if count and text in kept[count:] and all(_is_same(block, text) for block in blocks)
        ]
        columns = [_column(column, column in texts, rows) for column in kept if column not in above]
        size, form, fits = _layout(columns)
        if fits:
            break
    captions = [_caption(caption), *(f"{_head(column)}: {_text(rows[0][column])}" for column in same)]
    captions += [
        f"{_head(c)}: {_escaped(comments.get(c) or '')}" for c in kept if _head(c)[0] == "$" and comments.get(c)
    ]
    headed = [(_heading(block[0], leading[:count], above[count:]), len(block)) for block in blocks]
    notes = "".join(f"% {column}: {_flat(comment)}\n" for column, comment in comments.items() if comment)
    return notes + _longtable(columns, headed, f"{{{form}}}", size, f"{{{'; '.join(captions)}}}\\label{{tab:{name}}}")


def _heading(row: dict[str, Any], by: list[str], same: list[str]) -> str:
    named = [f"{_head(column)}: {_text(row[column])}" for column in same]
    return ", ".join([*(_text(row[column]) for column in by), *named])


def _is_same(rows: list[dict[str, Any]], column: str) -> bool:
    return len({str(row[column]) for row in rows}) == 1


def _longtable(columns: list[_Column], blocks: list[tuple[str, int]], form: str, size: str, caption: str) -> str:
    wide = rf"\multicolumn{{{len(columns)}}}{{@{{}}l}}"
    heads = [r"\toprule", *_heads(columns), r"\midrule"]
    lines = [
        rf"\begingroup\{size}\setlength{{\tabcolsep}}{{{_GAP_PT:g}pt}}",
        rf"\begin{{longtable}}{form}",
        rf"\caption{caption}\\",
        *heads,
        r"\endfirsthead",
        rf"{wide}{{\tablename\ \thetable{{}}, continued}}\\",
        *heads,
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
    ]
    gap, at = r"\midrule" if len(blocks) <= _RULED else r"\addlinespace[2ex]", 0
    for heading, count in blocks:
        lines += [gap] if at else []
        lines += [rf"{wide}{{\textit{{{heading}}}}}\\*", r"\addlinespace"] if heading else []
        lines += _body(columns, slice(at, at + count))
        at += count
    return "\n".join([*lines, r"\end{longtable}", r"\endgroup", ""])


def _heads(columns: list[_Column]) -> list[str]:
    """One line of heads, below a line of those that neighbours share if there are any."""
    if not any(column.group for column in columns):
        return [_row([column.head for column in columns])]
    shared, rules, at = [], [], 1
    for group, members in groupby(columns, key=lambda column: column.group):
        width = len(list(members))
        shared.append(rf"\multicolumn{{{width}}}{{c}}{{{group}}}")
        rules += [rf"\cmidrule(lr){{{at}-{at + width - 1}}}"] if group else []
        at += width
    return [_row(shared), "".join(rules), _row([column.head for column in columns])]


def _body(columns: list[_Column], rows: slice) -> list[str]:
    """The rows; text on the left that repeats the row above is left out, and a gap is set where the first one changes.

    The last text on the left tells rows apart and stands in each.
    """
    lines: list[str] = []
    above: list[str] = []
    keys = max(sum(1 for _ in takewhile(lambda column: column.is_text, columns)) - 1, 0)
    is_grouped = keys > 0 and len(set(columns[0].cells)) < len(columns[0].cells)
    for cells in zip(*(column.cells[rows] for column in columns), strict=True):
        same = next((at for at in range(keys) if cells[at : at + 1] != tuple(above[at : at + 1])), keys)
        lines += [r"\addlinespace"] if above and is_grouped and not same else []
        lines.append(_row([""] * same + list(cells[same:])))
        above = list(cells)
    return lines


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _layout(columns: list[_Column]) -> tuple[str, str, bool]:
    """The largest font in which the columns fit on a page, their form, and whether that is not the smallest font.

    Long text is broken in what the other columns leave.
    """
    long = [column for column in columns if column.is_broken()]
    wanted, letters = (sum(column.letters() for column in some) for some in (long, columns))
    least = {column.name: column.letters_at_least() for column in long}
    size, letter_pt, left_pt = "", 0.0, 0.0
    for size, letter_pt in _LETTER_PT.items():  # noqa: B007
        left_pt = _PAGE_PT - 2 * _GAP_PT * (len(columns) - 1) - (letters - wanted) * letter_pt
        if left_pt >= sum(least.values()) * letter_pt:
            break
    # Each its longest word, and of the rest in proportion.
    rest_pt = max(left_pt - sum(least.values()) * letter_pt, 0) / max(wanted, 1)
    widths = {column.name: least[column.name] * letter_pt + rest_pt * column.letters() for column in long}
    broken = {name: rf"p{{{width / _PAGE_PT:.3f}\linewidth}}" for name, width in widths.items()}
    forms = [broken.get(column.name, "l" if column.is_text else "r") for column in columns]
    return size, "@{}" + "".join(forms) + "@{}", size != list(_LETTER_PT)[-1]


def _column(name: str, is_text: bool, rows: list[dict[str, Any]]) -> _Column:
    values = [row[name] for row in rows]
    if not name.startswith("log10_"):
        cells = [_text(value) for value in values] if is_text else _numbers(values, _DIGITS.get(name, _DIGITS_ELSE))
        made = _Column(name, "", _head(name), is_text, cells)
        # In a group, so that \\ ends the row; justified, narrow columns would have holes.
        ragged = [rf"{{\raggedright {cell}\par}}" for cell in cells]
        return replace(made, cells=ragged) if made.is_broken() else made
    group, _, head = name.removeprefix("log10_").partition("_")
    return _Column(name, _escaped(group), _head(head or group), False, [_power(value) for value in values])


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _caption(grain: str) -> str:
    """The first line of a SQL file, "One row per …", as a caption."""
    return _escaped(re.sub(r"^One row per (?=\w)", "Each ", _flat(grain))).rstrip(".")


def _head(column: str) -> str:
    return _HEADS.get(column, _escaped(column.replace("_", " ")))


def _power(value: float | None) -> str:
    return "--" if value is None else f"$10^{{{int(value)}}}$"


def _text(value: object) -> str:
    if value is None:
        return "--"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return _VALUES.get(text) or _escaped(domains.titles().get(text, text)) or "{}"


def _numbers(values: list[Any], digits: int) -> list[str]:
    """The cells of a column of numbers: as they are if they are short, else with the same number of decimals."""
    sizes = [abs(value) for value in values if value and math.isfinite(value)]
    if not sizes or all(isinstance(value, int) or float(f"{value:.6g}") == value for value in sizes):
        return [_number(value, _EXACT) for value in values]
    if max(sizes) / min(sizes) > _SPREAD_MAX:
        return [_number(value, digits) for value in values]
    typical = math.floor(math.log10(statistics.median(sizes)))
    decimals = min(max(digits - 1 - typical, 0), _DECIMALS_MAX)
    return ["--" if value is None or not math.isfinite(value) else _minus(f"{value:.{decimals}f}") for value in values]


def _number(value: float | None, digits: int) -> str:
    if value is None or not math.isfinite(value):
        return "--"
    form = f".{digits - 1}e" if 0 < abs(value) < _POWER_BELOW and digits < _EXACT else f".{digits}g"
    # Not beyond the decimals that any number has: 0.00853 as 0.0085.
    shown = round(value, _DECIMALS_MAX) if form[-1] == "g" and digits < _EXACT else value
    mantissa, _, power = f"{float(shown):{form}}".partition("e")
    return rf"${mantissa} \times 10^{{{int(power)}}}$" if power else _minus(mantissa)


def _minus(number: str) -> str:
    return f"${number}$" if number.startswith("-") else number


def _letters(text: str) -> float:
    """About how wide LaTeX sets it, in digits."""
    shown = re.sub(r"\\(raggedright ?|par|text\w+)|[\\${}^]|(?<!\\)_", "", text.replace(r"\times", "x"))
    powers = sum(len(power) for power in re.findall(r"\^{([-\d]+)}", text))
    return sum(_WIDTHS.get(letter, 1.4 if letter.isupper() else 1) for letter in shown) - 0.3 * powers


def _flat(text: str) -> str:
    """In one line, without control characters: an empty line would end the cell, and any the comment."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _escaped(text: str) -> str:
    return _flat(text).translate(_SPECIAL)
