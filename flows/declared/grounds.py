"""How tables lead down to their grounds: flows/declared/grounds.toml, which only `compute-limits trace` reads."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from annotated_types import Len
from pydantic import Field, model_validator

from flows import toml_files
from flows.columns import Text
from flows.paths import PACKAGE
from flows.toml_files import Closed


class Way(Closed):
    """One way down from a row: to rows of another table (`table`, `on`), or to what a file declares (`file`, `says`)."""

    what: Text
    table: Text | None = None
    on: list[Text] = Field(default_factory=list)
    file: Text | None = None
    says: Text | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Way:
        if (self.table is None) == (self.file is None) or (self.table is None) == bool(self.on):
            raise toml_files.slip("neither table with on nor file")
        return self

    def conditions(self) -> str:
        """Which rows `there` belong to a row `here`, in SQL."""
        return " and ".join(f"({_condition(one)})" for one in self.on)


Ways = dict[Text, Annotated[list[Way], Len(1)]]


class Grounds(Closed):
    """The ways down from each table, by schema and name."""

    exports: Ways
    marts: Ways
    fits: Ways
    core: Ways
    meta: Ways
    staging: Ways

    def of(self, table: str) -> list[Way]:
        """The ways down from a table, "core.models"; none for one that is not declared."""
        schema, _, name = table.partition(".")
        by_name: Ways = getattr(self, schema, {})
        return by_name.get(name, [])


@cache
def grounds(package: Path = PACKAGE) -> Grounds:
    """What grounds.toml declares. Raises `flows.errors.SettingError`."""
    return toml_files.read(package / "declared" / "grounds.toml", Grounds)


def _condition(one: str) -> str:
    """A column, or one and another ("a = b"), as a comparison in which a null is the same as a null; anything else as it is."""
    here, _, there = (part.strip() for part in one.partition(" = "))
    if here.isidentifier() and (there.isidentifier() or not there):
        return f"here.{here} is not distinct from there.{there or here}"
    return one
