"""How answers are written: CSV, JSON, Parquet, a table, lines of numbers, a console."""

from __future__ import annotations

import csv
import io
import json
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

    from flows.answers.queries import Result

# Wide enough for every table where the output is no terminal, whose width could be asked for.
_WIDTH = 118
# Wider than any result: a piped table is for grep, not for a screen.
_UNCUT = 10_000
# Controls, which a terminal obeys; marks of direction and of no width; halves of characters; separators of lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def console(path: Path | None = None) -> Console:
    """Standard output, or a file: colour and its own width on a terminal, plain and wide enough elsewhere."""
    from rich.console import Console

    shown = Console(file=None if path is None else path.open("w", encoding="utf-8"))
    return shown if shown.is_terminal else Console(file=shown.file, width=_WIDTH, no_color=True, highlight=False)


def show_table(result: Result, out: Console) -> None:
    """Print a result as a table; where it is piped no cell is cut."""
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for name, is_numeric in zip(result.columns, result.is_numeric, strict=True):
        table.add_column(name, justify="right" if is_numeric else "left", overflow="fold")
    for row in result.rows:
        table.add_row(*(escape(_shown(value)) for value in row))
    if not out.is_terminal:
        out.width = _UNCUT
    out.print(table)


def printable(text: str) -> str:
    """A text that does nothing to a terminal: what cannot be seen becomes its escape, as x1b with a backslash; lines stay lines."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter in "\n\t" or unicodedata.category(letter) not in _UNSEEN else ascii(letter)[1:-1]
        for letter in text
    )


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def as_csv(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """CSV with the columns' names as its header, a blank for null."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(columns)
    lines.writerows(rows)
    return text.getvalue()


def as_parquet(table: pa.Table) -> bytes:
    """The bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


def as_json(value: object) -> str:
    """JSON with null for what JSON has no number for."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=2, default=str, allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        # As DuckDB's own JSON: 1.5 is a number, not a text.
        return _plain(float(value))
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value


def lines(answer: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """A result as names and numbers with six digits, what is inside of another under its name and a dot."""
    for name, value in answer.items():
        if isinstance(value, dict):
            yield from lines(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for at, item in enumerate(value, 1):
                yield from lines(item, f"{prefix}{name}.{at}.")
        else:
            shown = [_number(item) for item in (value if isinstance(value, list) else [value])]
            yield prefix + name, " … ".join(shown)


def note(text: str) -> str:
    """A sentence beside the figures, broken at 80 columns."""
    return textwrap.fill(
        f"note: {text}", 80, subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
    )


def _number(value: object) -> str:
    return "–" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
