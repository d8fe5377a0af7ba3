"""How answers are written: JSON, lines of figures, a console."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

# Wide enough for every table where the output is no terminal, whose width could be asked for.
_WIDTH = 118


def console(path: Path | None = None) -> Console:
    """Standard output, or a file: colour and its own width on a terminal, plain and wide enough elsewhere."""
    shown = Console(file=None if path is None else path.open("w", encoding="utf-8"))
    return shown if shown.is_terminal else Console(file=shown.file, width=_WIDTH, no_color=True, highlight=False)


def as_json(value: object) -> str:
    """JSON with null for what JSON has no number for."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=2, default=str, allow_nan=False)


def lines(told: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """A result as names and figures with six digits, what is inside of another under its name and a dot."""
    for name, value in told.items():
        if isinstance(value, dict):
            yield from lines(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for at, item in enumerate(value, 1):
                yield from lines(item, f"{prefix}{name}.{at}.")
        else:
            shown = [_figure(item) for item in (value if isinstance(value, list) else [value])]
            yield prefix + name, " … ".join(shown)


def _figure(value: object) -> str:
    return "–" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value
