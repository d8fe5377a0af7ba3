"""The templates that tables are written by."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

    from flows.publish.tables.layout import Head

_FOLDER = Path(__file__).parent / "templates"
# In LaTeX braces and per cent are of the text.
_LATEX = {
    "block_start_string": "<%",
    "block_end_string": "%>",
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
}


@cache
def _environment(*, is_latex: bool) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Nothing is escaped here: what comes in was set for its format by flows/publish/tables/markup.py.
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
        **(_LATEX if is_latex else {}),  # type: ignore[arg-type]
    )


def written(template: str, **values: Any) -> str:
    """The template filled in."""
    return _environment(is_latex=template.endswith(".tex.j2")).get_template(template).render(**values)


def groups(heads: list[Head]) -> list[tuple[str, int]]:
    """(what neighbours share, or "", how many they are), in order; [] where no head shares anything."""
    if not any(head.group for head in heads):
        return []
    return [(group, len(list(members))) for group, members in groupby(heads, key=lambda head: head.group)]
