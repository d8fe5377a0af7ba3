"""flows/pages/drift.py: what is told of a page that slipped, over the facts that ship and over rows written here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from running import MIRROR, mirrored_versions

from flows import paths, sources
from flows.columns import columns
from flows.errors import SettingError
from flows.pages import drift, facts, snapshots
from flows.pages.drift import Finding, HeldPage
from flows.pages.parse import Gathered, parse_page
from flows.readers.row_types import ROW_TYPES, TYPE_NAMES, Model, Price, Processor, Result
from flows.sources import Page

PAGE = Page("s", "p.csv", "https://example.org/p.csv", "csv")


def shipped(source: str, page: str) -> Gathered:
    """The rows of a page that ship."""
    (line,) = [line for line in snapshots.read(paths.SHIPPED_RAW, source) if line.page == page]
    (of_name,) = [one for one in sources.source(source).pages if one.name == page]
    found = facts.read(paths.SHIPPED_RAW / source, of_name, line.sha256)
    assert found is not None
    return found


def changed(page: Gathered, row_type: str, **by: Callable[[Any], Any]) -> Gathered:
    """The page with another value in columns of one row type, where there is one."""
    rows = dict(page.rows)
    rows[row_type] = [(*at, altered(row, by)) for *at, row in page.rows[row_type]]
    return Gathered(rows)


def altered(row: Any, by: dict[str, Callable[[Any], Any]]) -> Any:
    given = {name: change(getattr(row, name)) for name, change in by.items() if getattr(row, name) is not None}
    return replace(row, **given)


def exchanged(page: Gathered, row_type: str, one: str, other: str) -> Gathered:
    """The page with two columns exchanged."""
    rows = dict(page.rows)
    rows[row_type] = [
        (*at, replace(row, **{one: getattr(row, other), other: getattr(row, one)})) for *at, row in page.rows[row_type]
    ]
    return Gathered(rows)


def metrics_exchanged(page: Gathered) -> Gathered:
    other = {"top1": "top5", "top5": "top1"}
    return changed(page, "result", metric=lambda metric: other[metric])


def half(page: Gathered) -> Gathered:
    """The first half of a page's records."""
    locators = list(dict.fromkeys(locator for kind in page.rows for *_, locator, _ in page.rows[kind] if locator))
    there = set(locators[: len(locators) // 2])
    return Gathered({kind: [row for row in rows if row[2] in there] for kind, rows in page.rows.items()})


def measures(found: Iterable[Finding]) -> set[tuple[str, str]]:
    return {(one.measure, one.quantity) for one in found}


OWID = ("owid_carbon", "carbon-intensity-electricity.csv")
TIMM = ("timm", "results-imagenet.csv")
INTENSITY = "carbon_intensity.carbon_intensity_g_per_kwh"

# (source and page, what happened to it, what is among what is told)
SLIPS: list[tuple[tuple[str, str], Callable[[Gathered], Gathered], tuple[str, str]]] = [
    (OWID, lambda page: changed(page, "carbon_intensity", carbon_intensity_g_per_kwh=lambda v: v / 1000),
     ("median_ratio", INTENSITY)),
    (OWID, lambda page: Gathered({**page.rows, "carbon_intensity": [
        (*at, replace(row, carbon_intensity_g_per_kwh=row.carbon_intensity_g_per_kwh / (1000 if row.year > 2014 else 1)))
        for *at, row in page.rows["carbon_intensity"]]}), ("values_changed", INTENSITY)),
    (TIMM, lambda page: changed(page, "result", value=lambda v: v / 100), ("median_ratio", "result.value, imagenet, top1")),
    (TIMM, metrics_exchanged, ("values_changed", "result.value, imagenet, top1")),
    (TIMM, half, ("rows_gone", "result")),
    (("mlco2", "impact.csv"), half, ("rows_gone", "cloud_region")),
    (("mlco2", "gpus.csv"), half, ("rows_gone", "processor")),
    (("mlco2", "gpus.csv"), lambda page: changed(page, "processor", memory_byte=lambda v: v * 1.073741824),
     ("median_ratio", "processor.memory_byte")),
    (("codecarbon", "cpu_power.csv"), lambda page: changed(page, "processor", tdp_watt=lambda v: v * 1000),
     ("median_ratio", "processor.tdp_watt")),
    (("epoch_models", "notable_ai_models.csv"), lambda page: changed(page, "compute", value=lambda _: 0.0),
     ("values_changed", "compute.value, training_compute, flop")),
    (("epoch_models", "notable_ai_models.csv"), lambda page: changed(page, "compute", value=lambda v: -v),
     ("values_changed", "compute.value, training_compute, flop")),
    (("epoch_models", "notable_ai_models.csv"), lambda page: changed(page, "model", parameters=lambda _: None),
     ("values_gone", "model.parameters")),
    (("epoch_hardware", "ml_hardware.csv"),
     lambda page: exchanged(page, "processor", "tdp_watt", "memory_bandwidth_byte_per_s"),
     ("median_ratio", "processor.tdp_watt")),
    (("epoch_prices", "hardware_prices.csv"), lambda page: Gathered({**page.rows, "price": [
        (*at, replace(row, price_usd=row.price_usd * 100) if row.kind == "purchase" else row)
        for *at, row in page.rows["price"]]}), ("median_ratio", "price.price_usd, purchase")),
]  # fmt: skip


@pytest.mark.parametrize(("of", "slip", "told"), SLIPS, ids=[f"{of[0]} {told[0]}" for of, _, told in SLIPS])
def test_a_slip_is_told(of: tuple[str, str], slip: Callable[[Gathered], Gathered], told: tuple[str, str]) -> None:
    page = shipped(*of)
    found = drift.findings(of[0], page, slip(page), (1, 1))
    measure, quantity = told
    assert [one for one in found if one.measure == measure and one.quantity.startswith(quantity)], found
    assert drift.findings(of[0], page, page, (1, 1)) == []


def test_the_figures_are_those_of_the_page() -> None:
    page = shipped(*OWID)
    slipped = changed(page, "carbon_intensity", carbon_intensity_g_per_kwh=lambda v: v / 1000)
    found = {one.measure: one for one in drift.findings("owid_carbon", page, slipped, (1, 1))}
    assert set(found) == {"values_changed", "median_ratio"}
    values = [row.carbon_intensity_g_per_kwh for *_, row in page.rows["carbon_intensity"]]
    above = sum(value > 0 for value in values)
    assert found["median_ratio"].figure == pytest.approx(1e-3)
    assert (found["median_ratio"].n, found["values_changed"].n) == (above, len(values))
    assert found["values_changed"].figure == pytest.approx(above / len(values))


@pytest.mark.parametrize(("before", "now", "is_told"), [(1000, 500, True), (1000, 650, False), (1000, 1500, False)])
def test_a_page_that_was_cut_is_told_by_its_bytes(before: int, now: int, is_told: bool) -> None:
    # Half of a page of tables may lack few of the rows that are taken from it.
    found = drift.findings("s", Gathered(), Gathered(), (before, now))
    assert measures(found) == ({("bytes_gone", "page")} if is_told else set())


# --- what is no slip


def page_of(*rows: Any) -> Gathered:
    page = Gathered()
    for at, record in enumerate(rows, 2):
        for row in record if isinstance(record, tuple) else (record,):
            page.add(TYPE_NAMES[type(row)], PAGE, f"row {at}", row)
    return page


def scores(*values: float, name: str = "Owl") -> list[tuple[Model, Result]]:
    return [(Model(f"{name} {at}"), Result("birds", "top1", value)) for at, value in enumerate(values)]


def test_a_few_rows_may_go_and_change_whatever_their_share() -> None:
    assert drift.findings("s", page_of(*scores(1, 2, 3)), page_of(), (1, 1)) == []
    assert drift.findings("s", page_of(*scores(10, 20, 30, 40)), page_of(*scores(10, 21, 32, 43)), (1, 1)) == []
    assert drift.findings("s", page_of(*scores(10, 20)), page_of(*scores(100, 200)), (1, 1)) == []


def test_one_value_in_another_unit_is_told() -> None:
    found = drift.findings("s", page_of(*scores(93.2)), page_of(*scores(0.932)), (1, 1))
    assert measures(found) == {("median_ratio", "result.value, birds, top1")}


def test_rows_move_and_others_come_between() -> None:
    old = scores(*range(10, 30))
    assert drift.findings("s", page_of(*old), page_of(*scores(50, 60, name="Jay"), *reversed(old)), (1, 1)) == []


def test_a_third_of_the_rows_may_go_and_half_may_not() -> None:
    old = scores(*range(10, 40))
    assert drift.findings("s", page_of(*old), page_of(*old[10:]), (1, 1)) == []
    assert measures(drift.findings("s", page_of(*old), page_of(*old[15:]), (1, 1))) == {
        ("rows_gone", "model"), ("rows_gone", "result"),
    }  # fmt: skip


def test_new_rows_in_another_unit_are_told() -> None:
    old, new = scores(*range(60, 90)), scores(*(value / 100 for value in range(60, 90)), name="Jay")
    assert measures(drift.findings("s", page_of(*old), page_of(*old, *new), (1, 1))) == {
        ("added_ratio", "result.value, birds, top1")
    }
    grown = [Processor(f"Owl {at}", release_price_usd=10.0 * at) for at in range(1, 40)]
    dear = [Processor(f"Jay {at}", release_price_usd=1e6 * at) for at in range(1, 40)]
    assert drift.findings("s", page_of(*grown), page_of(*grown, *dear), (1, 1)) == []


def test_each_kind_of_a_column_has_a_band_of_its_own() -> None:
    rentals = [Price(f"Owl {at}", "rental", float(at)) for at in range(1, 100)]
    bought = [Price(f"Owl {at}", "purchase", 1000.0 * at) for at in range(1, 11)]
    dear = [replace(row, price_usd=row.price_usd * 100) for row in bought]
    assert measures(drift.findings("s", page_of(*rentals, *bought), page_of(*rentals, *dear), (1, 1))) == {
        ("values_changed", "price.price_usd, purchase, None"), ("median_ratio", "price.price_usd, purchase, None"),
    }  # fmt: skip


def test_an_exception_is_of_its_source_alone() -> None:
    old = [(Model(f"Owl {at}"),) for at in range(20)]
    new = [(Model(f"Jay {at}"),) for at in range(10)] + old[10:]
    assert drift.findings("epoch_benchmarks", page_of(*old), page_of(*new), (1, 1)) == []
    assert measures(drift.findings("epoch_models", page_of(*old), page_of(*new), (1, 1))) == {("rows_gone", "model")}


# --- the file


def test_every_row_type_with_values_has_an_identity() -> None:
    assert set(drift.settings().identity) == set(TYPE_NAMES.values())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('model = ["name"]', 'model = ["nam"]', "identity.model is 'nam', which is no column of model; near it: 'name'"),
        ("price_index = [\"series\", ", 'price_indexes = ["series", ', "for 'price_indexes' is no row type with values"),
        ('result = ["benchmark", "metric"]', 'result = ["uncertainty"]', "kinds.result[0] is 'uncertainty'"),
        ('column = "tf32_flop_per_s"', 'column = "tf32"', "exceptions[3].column is 'tf32'"),
        ('"loss_point.loss"', '"loss_point.los"', "added.columns[5] is 'loss_point.los'"),
        ('source = "epoch_prices"', 'source = "epoch_price"', "exceptions[3].source is 'epoch_price', which is no source"),
        ("few = 3", "few = 0", "band.few is 0, which is not at least 1"),
        ("gone_max = 0.35", "gone_max = 35", "band.gone_max is 35"),
    ],
)  # fmt: skip
def test_a_slip_in_the_file_is_told(old: str, new: str, said: str, tmp_path: Path) -> None:
    text = drift.FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "drift.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingError) as raised:
        drift.read(path)
    assert said in str(raised.value)


# --- what is said


def held(measure: str, figure: float, quantity: str = "result") -> HeldPage:
    return HeldPage("s", "a b.csv", "5c" * 32, date(2026, 1, 2), "4b" * 32, measure, quantity, figure, 0.35, 40)


def test_the_sentence_names_page_figures_and_command() -> None:
    told = drift.sentence([held("rows_gone", 0.5), held("median_ratio", 0.001, "result.value")])
    assert told.startswith(
        "s: page a b.csv of 2026-01-02 is held back: 50% of its 40 rows of result are gone (at most 35%), "
    )
    assert "values of result.value are 0.001 times what they were (median of 40, at most 0.35 either way)" in told
    assert told.endswith(f"`compute-limits accept s 'a b.csv' {'5c' * 32}`")
    assert "and 1 more" in drift.sentence([held("values_changed", 0.4)] * 4)
    assert "\n" not in told


@pytest.mark.parametrize("measure", ["bytes_gone", "rows_gone", "values_gone", "values_changed", "median_ratio",
                                     "added_ratio", "ratio_to_others"])  # fmt: skip
def test_every_measure_has_its_words(measure: str) -> None:
    assert re.search(r"is held back: (50% of|values of) \S", drift.sentence([held(measure, 0.5)]))


# --- the real successions of versions


@pytest.mark.mirror
@pytest.mark.slow
@pytest.mark.skipif(not (MIRROR / "manifest.csv").is_file(), reason="no mirror beside the checkout")
def test_every_real_succession_passes(capsys: pytest.CaptureFixture[str]) -> None:
    passed = []
    for name in sources.names():
        source = sources.source(name)
        for page in source.pages:
            versions = mirrored_versions(page.url)
            read = [(day, path, parse_page(path, source, page, "0" * 64)) for day, path in versions]
            for (day, old, before), (next_day, new, now) in pairwise(read):
                sizes = (old.stat().st_size, new.stat().st_size)
                assert drift.findings(name, before, now, sizes) == [], (name, page.name, day, next_day)
                passed.append((name, page.name, day, next_day))
    with capsys.disabled():
        print("", *passed, sep="\n")
    assert len(passed) >= 19


def test_columns_of_floats_are_what_is_compared() -> None:
    # Years and counts of the key are none of it: what is a quantity is a float in every row type.
    whole = {name for kind in TYPE_NAMES.values() for name, (of, _) in columns(ROW_TYPES[kind]).items() if of is int}
    numbered = {
        "number",
        "manufacturer_number",
        "family_number",
        "code_name_number",
        "microarchitecture_number",
        "rank",
    }
    counted = {"chips", "cores", "processor_count", "runs"}
    years = {"year", "release_year", "installed_in", "offered_in"}
    assert whole == {"image_size", "shots"} | years | counted | numbered
