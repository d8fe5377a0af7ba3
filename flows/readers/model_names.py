"""What a model's name says of the model."""

from __future__ import annotations

import re

_KIND = re.compile(r"[({\[]\s*(single|ensemble)(?:[ -]models?)?\s*[)}\]]|\b(ensemble)$", re.IGNORECASE)


def is_ensemble(name: str) -> bool | None:
    """Whether a name says that it is several networks, "QANet (ensemble)", or one, "BERT (single model)"; else None."""
    kinds = {(bracketed or last).lower() for bracketed, last in _KIND.findall(name)}
    return kinds == {"ensemble"} if len(kinds) == 1 else None
