"""What no score and no utilisation can be, whichever page prints it: such a cell is left out, the rest of its record stays.

One place for all sources, so that no parser can forget it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from flows.readers.record import CellError, Record, Rejected, number
from flows.readers.row_types import Result, Row, RunPhase

# Percent. Of a thousand classes guessing finds 0.1 % on ImageNet, the smallest trained network of any list 40 %. On SQuAD
# 1.1 one submission has an exact match of 1.038 and an F1 of 2.441, of a network that has 84.454 on another day: an answer
# file that was spoilt. On cards an error is typed as an accuracy.
_LEAST = {
    ("imagenet", "top1"): 5.0,
    ("squad", "em"): 5.0,
    ("squad", "f1"): 5.0,
    ("squad_dev", "em"): 5.0,
    ("squad_dev", "f1"): 5.0,
    ("squad2", "em"): 5.0,
    ("squad2", "f1"): 5.0,
    ("squad2_dev", "em"): 5.0,
    ("squad2_dev", "f1"): 5.0,
}


def within_bounds(rows: Iterable[Row], record: Record) -> Iterator[Row]:
    """The rows of a record without impossible values, each of which becomes a rejected cell of the record.

    Raises:
        Rejected: nothing is left of the record.
    """
    left, outcome = 0, None
    for row in rows:
        fault = _fault(row)
        if fault is not None:
            name, value, rule, reason = fault
            column, literal = _cell(record, name, value)
            record.reject_cell(column, literal, rule, reason)
            outcome = Rejected(rule, reason, column, literal)
        if fault is None or isinstance(row, RunPhase):
            left += 1
            yield replace(row, utilization=None) if fault is not None and isinstance(row, RunPhase) else row
    if outcome is not None and not left:
        raise outcome


def _fault(row: Row) -> tuple[str, float, str, str] | None:
    """(what is at fault, its value, rule, reason); None where all is possible."""
    if isinstance(row, Result):
        least = _LEAST.get((row.benchmark, row.metric), 0.0)
        if row.value < least:
            return (
                row.metric,
                row.value,
                "impossible_score",
                f"a {row.metric} on {row.benchmark} is not under {least:g} %",
            )
    elif isinstance(row, RunPhase) and row.utilization is not None and row.utilization > 1:
        return "utilization", row.utilization, "impossible_utilization", "nothing runs faster than its peak"
    return None


def _cell(record: Record, name: str, value: float) -> tuple[str, str]:
    """The one cell that prints the value; where none does, or several, the name of the quantity and the value itself."""
    cells = [cell for cell in record.printed.items() if _number(cell[1]) == value]
    return cells[0] if len(cells) == 1 else (name, f"{value:g}")


def _number(text: str) -> float | None:
    try:
        return number(text.strip().removesuffix("%"))
    except CellError:
        return None
