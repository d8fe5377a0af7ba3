"""How answers are written: CSV, JSON, Parquet, a table, lines of numbers, a console."""

from __future__ import annotations

import csv
import io
import json
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from flows.answers import layouts

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

    from flows.answers.queries import Result

# Wide enough for every table where the output is no terminal, whose width could be asked for.
_WIDTH = 118
# On a terminal what can still be scrolled; elsewhere what is laid out in seconds.
_ROWS_ON_TERMINAL, _ROWS_ELSEWHERE = 200, 10_000
# Controls, which a terminal obeys; marks of direction and of no width; halves of characters; separators of lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# What a spreadsheet takes for the beginning of a formula, or passes over before one, and what begins so and is a number. Those of
# full width are read as the others in East Asian settings.
_FORMULA = (*"=+-@", *"\t\r\n", *"\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def console() -> Console:
    """Standard output: colour and its own width on a terminal, plain and wide enough elsewhere."""
    from rich.console import Console

    shown = Console()
    return shown if shown.is_terminal else _colourless(shown.file)


def as_text(show: Callable[[Console], None]) -> bytes:
    """What is shown on a console, as a file has it."""
    text = io.StringIO()
    show(_colourless(text))
    return text.getvalue().encode()


def _colourless(file: IO[str]) -> Console:
    from rich.console import Console

    return Console(file=file, width=_WIDTH, no_color=True, highlight=False)


def rows_shown(*, is_terminal: bool) -> int:
    """How many rows of a result a table has."""
    return _ROWS_ON_TERMINAL if is_terminal else _ROWS_ELSEWHERE


def show_table(result: Result, out: Console) -> None:
    """Print the first rows of a result as a table, or as records where a terminal is too narrow, and how many are left.

    Elsewhere than on a terminal numbers have all their digits, and no cell is broken.
    """
    shown = _shown if out.is_terminal else _whole
    if not out.is_terminal:
        out.width = layouts.UNCUT
    layouts.show(layouts.of_result(result, shown, out), out, rest(result) if out.is_terminal else None)


def rest(result: Result) -> str | None:
    """What is said below the first rows of a result; None where they are all."""
    if result.total is None:
        return None
    return f"{result.total - len(result.rows):,} more rows of {result.total:,} are not shown; csv, json and parquet have all"


def printable(text: str) -> str:
    """A text that does nothing to a terminal: what cannot be seen becomes its escape, as x1b with a backslash; lines stay lines."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter in "\n\t" or unicodedata.category(letter) not in _UNSEEN else ascii(letter)[1:-1]
        for letter in text
    )


def _whole(value: object) -> str:
    return "" if value is None else printable(str(value))


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else printable(str(value))


def as_csv(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """CSV with the columns' names as its header, a blank for null, and texts that no spreadsheet computes (`inert`)."""
    return "".join(csv_parts(columns, [rows]))


def csv_parts(columns: Sequence[str], batches: Iterable[Iterable[Iterable[object]]]) -> Iterator[str]:
    """What `as_csv` gives, batch by batch."""
    yield _csv([columns])
    for rows in batches:
        yield _csv(rows)


def _csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO(newline="")
    # The csv module quotes what a line ends with, so of these a lone carriage return too, which else would end a row for readers.
    ended = SimpleNamespace(write=lambda line: text.write(f"{line[:-2]}\n"))
    csv.writer(ended, lineterminator="\r\n").writerows([inert(value) for value in row] for row in rows)
    return text.getvalue()


def inert(value: object) -> object:
    """A cell as it is, but a text that a spreadsheet would take for a formula has an apostrophe before it; a number never."""
    is_formula = isinstance(value, str) and value[:1] in _FORMULA and not _NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value


def as_parquet(table: pa.Table) -> bytes:
    """The bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


def write_parquet(out: BinaryIO, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write a Parquet file batch by batch."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(out, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def json_parts(columns: Sequence[str], batches: Iterable[Iterable[Sequence[object]]]) -> Iterator[str]:
    """What `as_json` gives of a list of records, batch by batch."""
    lead = "["
    for rows in batches:
        for row in rows:
            record = as_json(dict(zip(columns, row, strict=True)))
            # A line break inside of a text is escaped, so that every line here is one of the layout.
            yield f"{lead}\n{textwrap.indent(record, '  ')}"
            lead = ","
    yield "[]" if lead == "[" else "\n]"


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


def note(text: str, width: int = 80) -> str:
    """A sentence beside the figures, broken at so many columns."""
    return textwrap.fill(
        f"note: {printable(text)}", width, subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
    )


def _number(value: object) -> str:
    return "–" if value is None else _shown(value)
