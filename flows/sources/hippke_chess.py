"""Ratings of chess programs: two columns of numbers without a header, in lists that blank lines part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import PageError, Record, Rejected
from flows.readers.row_types import Model, Row, UnboundedScore
from flows.sources import Page

_LIST = "(list)"


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per line with something in it."""
    columns, place, is_new = page.lookups["columns"], 0, True
    for line_number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        cells = line.split()
        if not cells:
            is_new = True
            continue
        if len(cells) != len(columns):
            raise PageError(
                f"line {line_number} has {len(cells)} columns ({line.strip()!r}), not {len(columns)}; declare it in the "
                "source's TOML (the page's columns)"
            )
        place += is_new
        is_new = False
        yield Record(f"line {line_number}", dict(zip(columns, cells, strict=True)) | {_LIST: str(place)})


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A rating: of the program that the TOML names by the speed of its processor, else of a year."""
    lookups, place, elo = page.lookups, record.raw(_LIST), record.needed("Elo", 0)
    if "model" not in lookups:
        year = record.needed("Year", 1900, 2100)
        yield UnboundedScore(
            lookups["benchmark"], lookups["metric"], elo, "test", setting=f"list {place}", scored_in=year
        )
        return
    literal, millions = record.peek("MIPS"), record.needed("MIPS", 0)
    if millions == 0:
        raise Rejected("out_of_range", f"{literal!r} is not above 0", "MIPS", literal)
    yield Model(lookups["model"], year=lookups["year"])
    yield UnboundedScore(lookups["benchmark"], lookups["metric"], elo, "test", instructions_per_s=millions * 1e6)
