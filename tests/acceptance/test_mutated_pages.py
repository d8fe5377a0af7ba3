"""Every parser on pages that went wrong (tests/mutations.py), each made from a fixture and a seed.

Each is read as a build reads it, within its time and its memory (flows/pages/limited.py). What must hold: a page gives rows, each
record in one place, or it is refused by a `PageError` whose cause was foreseen; no accepted row has a value that the mutation is
known to have put there or that nothing can be; and of a page that was cut off at most the record that was cut is read wrongly.
"""

from __future__ import annotations

import math
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mutations import DELIMITERS, DIGITS, Mutation, mutated, without_each_column
from running import FIXTURES, sample

from flows import sources
from flows.pages.limited import Reader
from flows.pages.parse import Gathered, parse_page
from flows.readers.record import PageError
from flows.readers.row_types import ROW_TYPES
from flows.sources import Page, Source

# In `make test`, in `make test-all`, and with SOAK=1.
_PAGES = sample(full=10_000, part=100) if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 12
_BOOKKEEPING = ("quarantine", "rejected_cell", "duplicate", "page_count")
# What a message has in front where nobody foresaw the error: "KeyError: 'href'".
_UNFORESEEN = re.compile(
    r": (?:(?:Key|Index|Attribute|Type|Value|Name|Assertion|Overflow|Recursion|Runtime|Arithmetic)Error|\w+Warning): "
)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as started:
        yield started


def pages_of(source: Source) -> list[tuple[Page, bytes]]:
    files = [(page, FIXTURES / source.key / page.name.replace("/", "__")) for page in source.pages]
    return [(page, path.read_bytes()) for page, path in files if path.is_file()]


def accepted(gathered: Gathered) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(row type, locator, row) of all that is taken from the page."""
    # Of those that it has none of, an empty table each would be most of the time.
    for row_type in ROW_TYPES:
        if row_type not in _BOOKKEEPING and (row_type in gathered.rows or row_type in gathered.tables):
            for row in gathered.table(row_type).to_pylist():
                yield row_type, row["locator"], row


def numbers(row: dict[str, Any]) -> list[float]:
    return [value for value in row.values() if isinstance(value, int | float) and not isinstance(value, bool)]


def is_impossible(value: float) -> bool:
    """No quantity of any source is negative or beyond 1e40, and those digits were put there."""
    return not math.isfinite(value) or value < 0 or value > 1e40 or DIGITS in re.sub(r"\D", "", repr(float(value)))


def _unsigned(row: dict[str, Any], value: float) -> float:
    """A rating is a distance from another, and may be below it."""
    return abs(value) if row.get("metric") == "elo" else value


def is_accounted(gathered: Gathered) -> bool:
    kept = {locator for _, locator, _ in accepted(gathered)}
    return gathered.read_count() == len(kept) + sum(len(gathered.table(kind)) for kind in ("duplicate", "quarantine"))


def faults(mutation: Mutation, gathered: Gathered, whole: list[tuple[str, str, dict[str, Any]]]) -> Iterator[str]:
    """All that is wrong with what was read from a spoilt page."""
    if not is_accounted(gathered):
        yield "a record is in no place, or in two"
    rows = list(accepted(gathered))
    yield from (
        f"impossible: {row}" for _, _, row in rows if any(is_impossible(_unsigned(row, one)) for one in numbers(row))
    )
    if mutation.kind == "truncated" and len(changed := {row[1] for row in rows if row not in whole}) > 1:
        yield f"more than the record that was cut off is read as another: {sorted(changed)}"


def rows_or_reason(reader: Reader, path: Path, source: Source, page: Page) -> Gathered | str:
    try:
        return reader.parse(path, source, page, "0" * 64)
    except PageError as error:
        return str(error)


@pytest.mark.parametrize("key", sources.names())
def test_a_spoilt_page_gives_no_impossible_row_and_no_error_but_its_own(
    key: str, reader: Reader, tmp_path: Path
) -> None:
    source, path = sources.source(key), tmp_path / "page"
    pages, whole = pages_of(source), dict[str, list[tuple[str, str, dict[str, Any]]]]()
    for page, body in pages:
        path.write_bytes(body)
        whole[page.name] = list(accepted(parse_page(path, source, page, "0" * 64)))
    for seed in range(_PAGES):
        rng = random.Random(f"{key} {seed}")
        page, body = rng.choice(pages)
        mutation = mutated(rng, body, page.content)
        path.write_bytes(mutation.body)
        at = f"{key}, seed {seed}, {page.name} {mutation.kind}"
        given = rows_or_reason(reader, path, source, page)
        if isinstance(given, Gathered):
            assert list(faults(mutation, given, whole[page.name])) == [], at
        else:
            assert given.startswith(f"{key}, page {page.name} ({path}): "), at
            assert not _UNFORESEEN.search(given), f"{at}: {given}"


@pytest.mark.parametrize(
    "key", [key for key in sources.names() if any(page.content in DELIMITERS for page in sources.source(key).pages)]
)
def test_a_page_without_one_of_its_columns_does_without_or_says_which_is_missing(
    key: str, reader: Reader, tmp_path: Path
) -> None:
    source, path = sources.source(key), tmp_path / "page"
    pages = [(page, body) for page, body in pages_of(source) if page.content in DELIMITERS]
    assert pages
    for page, body in pages:
        for name, less in without_each_column(body, page.content):
            path.write_bytes(less)
            given = rows_or_reason(reader, path, source, page)
            if isinstance(given, Gathered):
                assert is_accounted(given), f"{page.name} without {name}"
            else:
                assert not _UNFORESEEN.search(given), f"{page.name} without {name}: {given}"
