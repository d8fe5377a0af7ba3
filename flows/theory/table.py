"""The simulation's rows as a CSV that ships: written whole, but computed only where a setting has changed."""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from flows.errors import UserError
from flows.paths import PACKAGE
from flows.theory.settings import REGULARISED, Setting
from flows.theory.simulation import Progress, Row, cell, cells, label

Cell = tuple[Setting, str, int]
# From chunks of cells to the rows of each, as they come.
Elsewhere = Callable[[Sequence[Sequence[Cell]]], Iterable[tuple[Sequence[Cell], Sequence[Row]]]]
# The results that ship.
SHIPPED = PACKAGE / "theory" / "results.csv"
# Beyond the sixth digit nothing is known (a thousand simulations give two or three), and libraries of linear algebra may differ.
_DIGITS = 6
_TYPES: dict[str, Any] = typing.get_type_hints(Row)
_COLUMNS = [field.name for field in fields(Row)]


class TableError(UserError, ValueError):
    """The CSV does not have the columns of `Row`; the message names the file."""


def write(
    path: Path,
    settings: Sequence[Setting],
    progress: Progress | None = None,
    processes: int = 1,
    elsewhere: Elsewhere | None = None,
) -> list[Row]:
    """Write the rows of all settings and return them as they are written.

    Rows that the file has under the same key are kept, so only what changed is computed, cell by cell in so many processes, or
    `elsewhere`. The bytes do not depend on that, nor on the number of processes. `progress` is told each cell that is computed.

    Raises:
        TableError: the file is there and is no such table.
    """
    kept = {(row.parameters_sha256, row.model, row.n_observations): row for row in _kept(path)}
    wanted = [(setting, model, n) for setting in settings for model, n in cells(setting)]
    todo = [(setting, model, n) for setting, model, n in wanted if (setting.key(), model, n) not in kept]
    for row in _computed(todo, progress, processes, elsewhere):
        kept[row.parameters_sha256, row.model, row.n_observations] = row
    rows = [replace(kept[setting.key(), model, n], changed=setting.changed) for setting, model, n in wanted]
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(_COLUMNS)
    out.writerows([_text(getattr(row, name)) for name in _COLUMNS] for row in rows)
    beside = path.with_name(path.name + ".next")
    beside.write_text(text.getvalue(), encoding="utf-8", newline="")
    os.replace(beside, path)  # noqa: PTH105  (replaces an open file on every system)
    return read(path)


def read(path: Path) -> list[Row]:
    """The rows of a file.

    Raises:
        TableError: it has not the columns of `Row`.
    """
    with path.open(encoding="utf-8", newline="") as handle:
        lines = list(csv.reader(handle, strict=True))
    if not lines or lines[0] != _COLUMNS or any(len(line) != len(_COLUMNS) for line in lines):
        raise TableError(f"{path}: not the columns {', '.join(_COLUMNS)}; delete it to compute it anew")
    return [
        Row(**{name: _TYPES[name](value) for name, value in zip(_COLUMNS, line, strict=True)}) for line in lines[1:]
    ]


def _kept(path: Path) -> list[Row]:
    return read(path) if path.exists() else []


def _text(value: str | float) -> str:
    return f"{value:.{_DIGITS}g}" if isinstance(value, float) else str(value)


def chunks(todo: Sequence[Cell]) -> list[list[Cell]]:
    """Cells in chunks for other machines: each of the LASSO's alone, for it takes seconds, longest first; the others together."""
    lasso = sorted((cell for cell in todo if cell[1] == REGULARISED), key=lambda cell: -cell[2])
    others = [cell for cell in todo if cell[1] != REGULARISED]
    return [[cell] for cell in lasso] + ([others] if others else [])


def _computed(
    todo: Sequence[Cell], progress: Progress | None, processes: int, elsewhere: Elsewhere | None
) -> Iterator[Row]:
    if elsewhere is not None:
        for done, rows in elsewhere(chunks(todo)):
            yield from rows
            for task in done:
                if progress is not None:
                    progress(label(*task))
        return
    if processes == 1:
        for task in todo:
            yield cell(*task)
            if progress is not None:
                progress(label(*task))
        return
    # The long ones first, so that no process is left with one at the end.
    ordered = sorted(todo, key=lambda task: (task[1] == REGULARISED, task[2]), reverse=True)
    # A forked process inherits locks that threads of this one may hold.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(cell, *task): task for task in ordered}
        for future in as_completed(running):
            yield future.result()
            if progress is not None:
                progress(label(*running[future]))
