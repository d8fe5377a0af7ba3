"""Words for the codes of the warehouse: words.toml, which tables, figures and pages read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from flows import toml_files
from flows.columns import Text
from flows.toml_files import Closed

FILE = Path(__file__).with_suffix(".toml")

Place = Literal["tables", "figures", "report"]


class Mark(Closed):
    """What stands beside a number of a status, and what the note below the table says of it."""

    mark: Text
    told: Text


class Words(Closed):
    """words.toml: {code: what is printed}, everywhere (`words`), in one place otherwise, or of one kind of code."""

    words: dict[str, Text]
    tables: dict[str, Text]
    figures: dict[str, Text]
    report: dict[str, Text]
    explorer: dict[str, Text]
    choices: dict[str, Text]
    choice_heads: dict[str, Text]
    fitted: dict[str, Text]
    estimators: dict[str, Text]
    kinds_of_run: dict[str, Text]
    kinds_of_run_short: dict[str, Text]
    kinds_of_run_in_figures: dict[str, Text]
    growth_rules: dict[str, Text]
    domains: dict[str, Text]
    tasks: dict[str, Text]
    axes: dict[str, Text]
    regions: dict[str, Text]
    row_sets: dict[str, Text]
    # By status.
    marks: dict[str, Mark]


@cache
def words(file: Path = FILE) -> Words:
    """All of them. Raises `flows.errors.SettingError`."""
    return toml_files.read(file, Words)


@cache
def of(place: Place) -> Mapping[str, str]:
    """{code: what is printed for it} in one place."""
    known = words()
    own = {"tables": known.tables, "figures": known.figures, "report": known.report}
    return {**known.words, **own[place]}


def word(code: str, place: Place) -> str:
    """A code in words; one that is not known loses its underscores."""
    return of(place).get(code, code.replace("_", " "))
