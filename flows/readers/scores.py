"""What a printed score can be, and what a model's name says of it."""

from __future__ import annotations

import re

from flows.readers.record import CellError

# Percent that no network trained for the benchmark stays below: a cell under it is a slip of the page (a fraction taken for
# percent) or a submission that failed.
_LEAST = dict.fromkeys(("squad", "squad_dev", "squad2", "squad2_dev"), 5.0)
_KIND = re.compile(r"[({\[]\s*(single|ensemble)(?:[ -]models?)?\s*[)}\]]|\b(ensemble)$", re.IGNORECASE)


def check_possible(benchmark: str, value: float, literal: str) -> None:
    """Raise `CellError` where a score in percent is one that no trained network has on the benchmark."""
    least = _LEAST.get(benchmark, 0.0)
    if value < least:
        raise CellError("impossible_score", f"{literal!r} is under {least:g} %, which no trained network scores there")


def is_ensemble(name: str) -> bool | None:
    """Whether a name says that it is several networks, "QANet (ensemble)", or one, "BERT (single model)"; else None."""
    kinds = {(bracketed or last).lower() for bracketed, last in _KIND.findall(name)}
    return kinds == {"ensemble"} if len(kinds) == 1 else None
