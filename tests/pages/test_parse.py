"""flows/pages/parse.py: every record of a page is accepted, a duplicate or in quarantine, and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows import build, sources
from flows.pages import parse
from flows.pages.parse import Gathered
from flows.readers.record import PageError, Record, Rejected
from flows.readers.row_types import (
    ROW_TYPES,
    CloudRegion,
    Compute,
    ListedScore,
    Model,
    Offer,
    Operations,
    Price,
    PriceIndex,
    RegionCarbon,
    Result,
    Row,
    RunPhase,
    UnboundedScore,
)
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


# --- whatever a page makes a parser do


@pytest.mark.parametrize(
    "error", [KeyError("href"), OverflowError("too large"), RecursionError("too deep"), ValueError("what")]
)
def test_an_error_that_nobody_foresaw_is_the_pages_and_is_told_by_name(
    parsed: Callable[..., Gathered], error: Exception
) -> None:
    def failing(record: Record, page: Page) -> Iterator[Row]:
        if record.fields["name"] == "B":
            raise error
        return rows(record, page)

    said = refused(parsed, GOOD, {"name": "B", "score": "1"}, rows=failing)
    assert said == f"owid_carbon, page p (p.csv): row 3: {type(error).__name__}: {error}"


def test_an_error_of_reading_is_the_pages_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: Path, __: Page) -> Iterator[Record]:
        yield Record("row 2", dict(GOOD))
        raise IndexError("list index out of range")

    monkeypatch.setattr(sources, "parser", lambda _: SimpleNamespace(read=read, rows=rows))
    with pytest.raises(PageError, match=r"owid_carbon, page p \(p\.csv\): IndexError: list index out of range"):
        parse.parse_page(Path("p.csv"), SOURCE, PAGE, "0" * 64)


def test_where_memory_lacks_the_process_is_at_fault(parsed: Callable[..., Gathered]) -> None:
    def failing(_: Record, __: Page) -> Iterator[Row]:
        raise MemoryError

    with pytest.raises(MemoryError):
        parsed(GOOD, rows=failing)


def test_a_message_is_one_printable_line_that_is_not_too_long() -> None:
    said = parse.told(PageError("two\nlines, \x1b[31mred\u202e and \ud800"))
    assert said == r"two lines, \x1b[31mred\u202e and \ud800"
    long = parse.told(PageError("undeclared column " + "x" * 10**6 + "; declare it"))
    assert len(long) < 2000
    assert long.startswith("undeclared column xxx")
    assert long.endswith("xxx; declare it")


def test_no_two_records_stand_at_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: Path, __: Page) -> Iterator[Record]:
        yield from (Record("row 2", {"name": name, "score": "1"}) for name in "AB")

    monkeypatch.setattr(sources, "parser", lambda _: SimpleNamespace(read=read, rows=rows))
    with pytest.raises(PageError, match="row 2: two records of the page stand there"):
        parse.parse_page(Path("p.csv"), SOURCE, PAGE, "0" * 64)


def test_of_two_rows_of_the_same_in_a_record_the_first_stands(parsed: Callable[..., Gathered]) -> None:
    def twice(record: Record, page: Page) -> Iterator[Row]:
        yield from rows(record, page)
        yield Result("imagenet", "top1", 70)
        yield Result("imagenet", "top5", 90)

    gathered = parsed(GOOD, rows=twice)
    assert [(row.metric, row.value) for *_, row in gathered.rows["result"]] == [("top1", 80), ("top5", 90)]
    ((*_, cell),) = gathered.rows["rejected_cell"]
    assert (cell.column_name, cell.rule) == ("result", "stands_twice")
    assert cell.reason == "the record has another result imagenet top1"


def test_a_month_that_is_told_twice_stands_as_it_was_told_first(parsed: Callable[..., Gathered]) -> None:
    def months(record: Record, _: Page) -> Iterator[Row]:
        yield PriceIndex("CPI", date(2020, int(record.raw("month")), 1), record.needed("value"))

    cells = [("1", "100"), ("2", "101"), ("1", "100"), ("1", "99")]
    gathered = parsed(*({"month": month, "value": value} for month, value in cells), rows=months)
    assert at(gathered, "price_index") == ["row 2", "row 3"]
    assert at(gathered, "duplicate") == ["row 4"]
    ((*_, locator, rejected),) = gathered.rows["quarantine"]
    assert (locator, rejected.rule) == ("row 5", "contradicts")
    assert rejected.reason == "row 2 says another thing of CPI 2020-01-01"


GRAINS = {
    Result: "core.results",
    Operations: "core.passes",
    RunPhase: "core.run_phases",
    Compute: "core.compute_totals",
    Price: "core.prices",
    ListedScore: "core.listed_scores",
    UnboundedScore: "core.unbounded_scores",
    Offer: "core.offers",
}


def test_rows_are_told_apart_as_the_tables_of_core_tell_them_apart() -> None:
    assert parse.TOLD_APART.keys() == GRAINS.keys()
    grains = {table: [column.removesuffix("?") for column in grain] for table, grain in build.grains().items()}
    for row_type, columns in parse.TOLD_APART.items():
        grain = grains[GRAINS[row_type]]
        # The id of a result and of a score is made of all of these (core/results.sql, core/unbounded_scores.sql).
        own = ["source", "page", "locator", *columns]
        ids = {Result: ["result_id"], UnboundedScore: ["score_id"]}
        assert grain == ids.get(row_type, own)
    assert grains["core.cloud_regions"] == [*parse.ONCE_A_PAGE[CloudRegion], "source"]
    assert grains["core.price_indices"] == [*parse.ONCE_A_PAGE[PriceIndex], "source"]
    assert grains["core.region_carbon"] == [*parse.ONCE_A_PAGE[RegionCarbon], "source"]


@pytest.mark.parametrize("half", ["\ud800", "a\udc80b"])
def test_half_a_surrogate_pair_is_an_impossible_cell(parsed: Callable[..., Gathered], half: str) -> None:
    def titled(record: Record, _: Page) -> Iterator[Row]:
        yield Model(str(record.name("name")), paper_title=record.text("title"))

    gathered = parsed({"name": "A", "title": half}, {"name": half, "title": "T"}, rows=titled)
    shown = half.encode("utf-8", "backslashreplace").decode()
    ((*_, model),) = gathered.rows["model"]
    assert (model.name, model.paper_title) == ("A", None)
    ((*_, cell),) = gathered.rows["rejected_cell"]
    assert (cell.column_name, cell.literal, cell.rule) == ("title", shown, "unusable_text")
    ((*_, rejected),) = gathered.rows["quarantine"]
    assert (rejected.column_name, rejected.literal) == ("name", shown)
    # All of it can stand in a table, which half a pair cannot.
    assert all(gathered.table(kind).num_rows for kind in gathered.rows)
