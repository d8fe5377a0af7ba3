"""flows/pages/others.py: pages of different sources against each other, over rows written here and the facts that ship."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flows import paths, sources
from flows.pages import facts, others, snapshots
from flows.pages.others import Compared
from flows.pages.parse import Gathered
from flows.readers.row_types import TYPE_NAMES, CarbonIntensity, CloudRegion, Model, Processor, Result
from flows.sources import Page


def page_of(source: str, *records: Any, vouched: bool = False, rank: int = 50) -> dict[tuple[str, str], Compared]:
    page, gathered = Page(source, "p", "https://example.org/p", "csv"), Gathered()
    for at, record in enumerate(records, 2):
        for row in record if isinstance(record, tuple) else (record,):
            gathered.add(TYPE_NAMES[type(row)], page, f"row {at}", row)
    return {(source, "p"): Compared(gathered, vouched, rank)}


def chips(factor: float = 1.0, count: int = 8) -> list[Processor]:
    return [Processor(f"Owl {at}", tdp_watt=(100.0 + at) * factor) for at in range(count)]


def test_pages_that_agree_stand() -> None:
    assert others.apart({**page_of("a", *chips()), **page_of("b", *chips(1.2)), **page_of("c", *chips(0.9))}) == {}


@pytest.mark.parametrize("odd", ["a", "b", "c"])
def test_of_three_the_one_that_is_apart_from_both_is_held(odd: str) -> None:
    pages = {}
    for rank, source in enumerate("abc"):
        pages |= page_of(source, *chips(1000 if source == odd else 1), rank=rank)
    found = others.apart(pages)
    assert set(found) == {(odd, "p")}
    assert set(found[odd, "p"]) == {(source, "p") for source in "abc" if source != odd}
    for (finding,) in found[odd, "p"].values():
        assert (finding.measure, finding.quantity, finding.n) == ("ratio_to_others", "thermal design power", 8)
        assert finding.figure == pytest.approx(1000)


def test_of_two_the_one_that_is_preferred_stands() -> None:
    for ranks, odd in (((1, 2), "b"), ((2, 1), "a")):
        pages = page_of("a", *chips(), rank=ranks[0]) | page_of("b", *chips(0.001), rank=ranks[1])
        assert set(others.apart(pages)) == {(odd, "p")}


def test_what_is_vouched_for_is_never_held() -> None:
    one, other = page_of("a", *chips(1000), rank=9, vouched=True), page_of("b", *chips(), rank=1)
    assert set(others.apart(one | other)) == {("b", "p")}
    assert others.apart(one | page_of("b", *chips(), rank=1, vouched=True)) == {}


def test_little_in_common_says_nothing() -> None:
    assert others.apart(page_of("a", *chips(count=4)) | page_of("b", *chips(1000, count=4))) == {}


def test_names_are_compared_without_case_blanks_and_hyphens() -> None:
    other = [replace(row, name=row.name.upper().replace(" ", "-")) for row in chips(1000)]
    assert len(others.apart(page_of("a", *chips()) | page_of("b", *other))) == 1
    assert (
        others.apart(page_of("a", *chips()) | page_of("b", *(replace(row, name="X" + row.name) for row in other))) == {}
    )


def test_pages_of_one_source_are_not_compared() -> None:
    pages = page_of("a", *chips())
    ((_, page),) = page_of("a", *chips(1000)).items()
    assert others.apart({**pages, ("a", "q"): page}) == {}


def test_scores_are_of_model_benchmark_and_metric() -> None:
    def scores(factor: float, benchmark: str = "birds") -> list[tuple[Model, Result]]:
        return [(Model(f"Owl {at}"), Result(benchmark, "top1", (80 + at) * factor)) for at in range(6)]

    assert len(others.apart(page_of("a", *scores(1)) | page_of("b", *scores(0.01)))) == 1
    assert others.apart(page_of("a", *scores(1)) | page_of("b", *scores(0.01, "bats"))) == {}


def test_electricity_of_a_country_is_held_against_regions_of_clouds() -> None:
    countries = [CarbonIntensity(f"Land {at}", None, year, 400.0 + at) for at in range(6) for year in (2020, 2021)]
    regions = [CloudRegion("owl", f"nest-{at}", f"Land {at}", 0.4 + at / 1000) for at in range(6)]
    found = others.apart(page_of("a", *countries, rank=1) | page_of("b", *regions, rank=2))
    assert [one.quantity for one in found["b", "p"]["a", "p"]] == ["carbon intensity"]


def shipped() -> dict[tuple[str, str], Compared]:
    """All pages that ship, as if nobody had vouched for any."""
    pages = {}
    for name in sources.names():
        source = sources.source(name)
        of = {line.page: line.sha256 for line in snapshots.read(paths.SHIPPED_RAW, name)}
        for page in source.pages:
            rows = facts.as_tables(paths.SHIPPED_RAW / name, page, of[page.name])
            assert rows is not None
            pages[name, page.name] = Compared(rows, False, source.rank)
    return pages


def test_the_sources_agree_and_a_slip_in_one_is_found() -> None:
    pages = shipped()
    assert others.apart(pages) == {}
    for address, row_type, column in (
        (("owid_carbon", "carbon-intensity-electricity.csv"), "carbon_intensity", "carbon_intensity_g_per_kwh"),
        (("codecarbon", "cpu_power.csv"), "processor", "tdp_watt"),
        (("squad_explorer", "index.html"), "result", "value"),
    ):
        page = pages[address]
        rows = page.gathered.tables[row_type]
        at = rows.schema.get_field_index(column)
        values = [None if value is None else value / 1000 for value in rows[column].to_pylist()]
        slipped = rows.set_column(at, rows.schema.field(at), [values])
        other = replace(page, gathered=Gathered(tables={**page.gathered.tables, row_type: slipped}))
        told = others.apart(
            {name: replace(one, vouched=name != address) for name, one in pages.items()} | {address: other}
        )
        assert set(told) == {address}
