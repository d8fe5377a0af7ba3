"""flows/pages/parse.py: every record of a page is accepted, a duplicate or in quarantine, and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows import sources
from flows.pages import parse
from flows.pages.parse import Gathered
from flows.readers.record import PageError, Record, Rejected
from flows.readers.row_types import ROW_TYPES, Model, Result, Row
from flows.sources import Page

SOURCE = sources.source("owid_carbon")
PAGE = Page("owid_carbon", "p", "https://example.org/p", "csv")
Rows = Callable[[Record, Page], Iterator[Row]]


def rows(record: Record, _: Page) -> Iterator[Row]:
    name, score = record.name("name"), record.number("score")
    if name is None:
        raise Rejected("no_model", "the row names no model", "name", None)
    yield Model(name)
    if score is not None:
        yield Result("imagenet", "top1", score)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Gathered]:
    """What a page of these records gives, each a dictionary of cells."""

    def parse_records(*cells: dict[str, str], rows: Rows = rows) -> Gathered:
        def read(_: Path, __: Page) -> Iterator[Record]:
            for at, one in enumerate(cells, 2):
                yield Record(f"row {at}", dict(one))

        monkeypatch.setattr(sources, "parser", lambda _: SimpleNamespace(read=read, rows=rows))
        return parse.parse_page(Path("p.csv"), SOURCE, PAGE, "5c" * 32)

    return parse_records


def at(gathered: Gathered, kind: str) -> list[str]:
    return [locator for _, _, locator, _ in gathered.rows.get(kind, [])]


GOOD = {"name": "A", "score": "80"}


def test_each_record_is_in_one_place_and_all_are_counted(parsed: Callable[..., Gathered]) -> None:
    gathered = parsed(GOOD, {"name": "", "score": "70"}, GOOD, {"name": "B", "score": "x"}, {"name": "C", "score": ""})
    assert at(gathered, "model") == ["row 2", "row 5", "row 6"]
    assert at(gathered, "result") == ["row 2"]
    assert at(gathered, "quarantine") == ["row 3"]
    assert at(gathered, "duplicate") == ["row 4"]
    assert at(gathered, "rejected_cell") == ["row 5"]
    assert gathered.rows["duplicate"][0][3].first_locator == "row 2"
    assert [row for *_, row in gathered.rows["page_count"]] == [parse.PageCount("5c" * 32, 5)]
    assert gathered.read_count() == 5
    assert {(source, page) for kind in gathered.rows.values() for source, page, *_ in kind} == {("owid_carbon", "p")}


def test_rows_and_tables_say_the_same(parsed: Callable[..., Gathered]) -> None:
    gathered = parsed(GOOD, {"name": "B", "score": "x"})
    tables = Gathered(tables={kind: gathered.table(kind) for kind in ROW_TYPES})
    assert tables.read_count() == gathered.read_count() == 2
    for kind in ROW_TYPES:
        assert tables.table(kind).to_pylist() == gathered.table(kind).to_pylist()
    assert tables.table("model").to_pylist()[1]["locator"] == "row 3"
    assert len(Gathered().table("model")) == Gathered().read_count() == 0


def refused(parsed: Callable[..., Gathered], *cells: dict[str, str], rows: Rows = rows) -> str:
    with pytest.raises(PageError) as raised:
        parsed(*cells, rows=rows)
    return str(raised.value)


def test_a_column_that_nobody_reads_is_named_with_source_page_file_and_row(parsed: Callable[..., Gathered]) -> None:
    said = refused(parsed, GOOD, GOOD | {"new column": "1"})
    assert said.startswith("owid_carbon, page p (p.csv): row 3: ")
    assert "new column" in said


def test_a_page_without_a_record_is_refused(parsed: Callable[..., Gathered]) -> None:
    assert refused(parsed) == "owid_carbon, page p (p.csv): no record in the page"


def test_a_parser_that_gives_nothing_and_no_reason_is_at_fault(parsed: Callable[..., Gathered]) -> None:
    def nothing(record: Record, _: Page) -> Iterator[Row]:
        record.ignore(["name", "score"])
        yield from ()

    said = refused(parsed, GOOD, rows=nothing)
    assert "row 2: the parser gave neither a row nor a reason" in said


def test_bytes_that_are_no_text_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def read(path: Path, _: Page) -> Iterator[Any]:
        yield path.read_text(encoding="utf-8")

    monkeypatch.setattr(sources, "parser", lambda _: SimpleNamespace(read=read, rows=rows))
    (tmp_path / "p.csv").write_bytes(b"\xff")
    with pytest.raises(PageError, match=r"owid_carbon, page p \(.*p\.csv\): 'utf-8' codec"):
        parse.parse_page(tmp_path / "p.csv", SOURCE, PAGE, "0" * 64)
