"""The report in a real browser, from files: what a person sees, chooses and reads, with a mouse, by keys alone, on a phone.

What a page should show is asked of the warehouse by SQL of its own.
"""

from __future__ import annotations

import math
import re
import shutil
import statistics
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import duckdb
import numpy as np
import pytest
import report_pages
from running import ROOT, tool

from flows.publish.report import wording, writing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.long]
SCALING = {"row_set": "current", "benchmark": "imagenet", "metric": "top1", "compute_measure": "hardware_burden",
           "form": "polynomial",
           "estimator": "ols_cluster", "selection": "one_per_training", "direction": "y_on_x"}  # fmt: skip
PAGES = (
    *(
        "index.html",
        "domains.html",
        "imagenet.html",
        "squad.html",
        "mmlu.html",
        "costs.html",
        "growth.html",
        "theory.html",
        "efficiency.html",
        "hardware.html",
        "leaderboards.html",
        "go_katago.html",
    ),
    *(
        "forecasts.html",
        "changes.html",
        "data.html",
        "dictionary.html#marts.scaling",
        f"trace.html#marts.scaling?{urlencode(SCALING)}",
    ),
)
# Phone, tablet, desktop; light and dark take turns, so that each page is seen in both.
SCREENS = ((390, "dark"), (1024, "light"), (1600, "dark"))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> Path:
    return report_pages.written(tmp_path_factory, warehouse_path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = tool("chromium", "chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Seen:
    """A page with what went wrong in it: messages of its console, faults of its scripts, requests to anywhere but files."""

    def __init__(self, browser: Browser, report: Path, width: int = 1280, theme: Any = "light") -> None:
        self.report, self.faults = report, list[str]()
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self.faults.append(f"{self.page.url}: {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _asked(self, address: str) -> None:
        if not address.startswith(("file:", "data:", "about:")):
            self.faults.append(f"{self.page.url} asks for {address}")

    def open(self, address: str) -> Page:
        self.page.goto("about:blank")  # an address that differs by its fragment alone would not load
        self.page.goto(f"{self.report.as_uri()}/{address}")
        return self.page


@pytest.fixture
def seen(browser: Browser, report: Path) -> Iterator[Seen]:
    one = Seen(browser, report)
    yield one
    one.context.close()
    assert one.faults == []


@pytest.fixture
def phone(browser: Browser, report: Path) -> Iterator[Seen]:
    one = Seen(browser, report, 390, "dark")
    yield one
    one.context.close()
    assert one.faults == []


def asked(db: duckdb.DuckDBPyConnection, select: str, *parameters: object) -> tuple[Any, ...]:
    (row,) = db.execute(select, list(parameters)).fetchall()
    return tuple(row)


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_every_page_fits_and_asks_for_nothing(browser: Browser, report: Path, width: int, theme: str) -> None:
    seen = Seen(browser, report, width, theme)
    wide = []
    for address in PAGES:
        page = seen.open(address)
        page.wait_for_load_state()
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(address)
        # Text of a plot keeps its size: it is drawn for the width that there is.
        small = page.eval_on_selector_all(
            ".chart svg text", "all => all.filter(one => one.getBoundingClientRect().width && "
            "parseFloat(getComputedStyle(one).fontSize) < 12).length"
        )  # fmt: skip
        assert small == 0, address
    seen.context.close()
    assert wide == []
    assert seen.faults == []


@pytest.mark.parametrize(("width", "theme"), [(1024, "light"), (390, "dark")])
def test_nothing_keeps_a_person_from_reading(browser: Browser, report: Path, width: int, theme: str) -> None:
    """By axe-core, half of the pages each way, the overview and the plot both; rows of a table are alike, and some of them tell."""
    from axe_playwright_python.sync_playwright import Axe

    seen, axe, faults = Seen(browser, report, width, theme), Axe(), []
    for address in dict.fromkeys(("index.html", "imagenet.html", *PAGES[theme == "dark" :: 2])):
        page = seen.open(address)
        page.wait_for_load_state()
        page.eval_on_selector_all(
            "tr:nth-child(n + 7), details.table:nth-of-type(n + 4):not([open])",
            "all => all.forEach(one => one.remove())",
        )
        found = axe.run(page).response["violations"]
        faults += [
            (address, one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")
        ]
    seen.context.close()
    assert faults == []


def test_measure_points_and_form_are_chosen(seen: Seen, db: duckdb.DuckDBPyConnection) -> None:
    page = seen.open("imagenet.html")
    page.select_option("#select-measure", "operations_per_pass")
    page.select_option("#select-points", "current/all")
    exponent, n = asked(
        db,
        "select exponent, n from marts.scaling where row_set = 'current' and benchmark = 'imagenet' and metric = 'top1' "
        "and compute_measure = 'operations_per_pass' and selection = 'all' and form = 'polynomial' and estimator = 'ols_cluster'",
    )
    said = page.inner_text("#said")
    assert f"the power {exponent:.1f} of performance" in said
    assert f"All {n:,} points".replace(",", report_pages.THIN) in said
    assert page.inner_text("#more") == f"Show all {n:,}".replace(",", report_pages.THIN)
    assert page.locator("#plot path.line").count() == 2
    page.get_by_text("Exponential", exact=True).locator("visible=true").click()
    assert page.locator("#plot path.line.exponential").count() == page.locator("#plot path.line").count() == 1
    page.select_option("#select-fitted", "x_on_y")
    page.get_by_text("Polynomial", exact=True).locator("visible=true").click()
    (other,) = asked(
        db,
        "select exponent from marts.scaling where row_set = 'current' and benchmark = 'imagenet' and metric = 'top1' "
        "and compute_measure = 'operations_per_pass' and selection = 'all' and form = 'polynomial' and direction = 'x_on_y'",
    )
    assert f"the power {other:.1f} of performance" in page.inner_text("#said")
    # The address keeps the choice.
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    assert page.input_value("#select-fitted") == "x_on_y"


def test_scripts_write_numbers_as_pages_do(seen: Seen) -> None:
    """Numbers have one form, in two languages: draw.js against flows/publish/report/wording.py; but for exact halves, which one
    rounds to the even digit and the other away from 0."""
    page = seen.open("imagenet.html")
    numbers = [0, 1, 9.96, 0.0996, 0.1234, 14_137, 575.3, -42.7, 999_999, 2.5e6, 6.54e10, 9.96e11, 3.2e18, 1.04e15]
    written = page.evaluate(
        """numbers => numbers.map(number => {
            const html = (parts) => CL.html("p", {}, ...CL.nodes(parts)).innerHTML;
            const log10 = number > 0 ? Math.log10(number) : null;
            return [CL.whole(number), CL.decimal(number, 2), html(CL.rounded(number)), html(CL.scientific(log10)),
                    html(CL.power(log10, 1)), CL.percent(number / 1000, 1), CL.interval(number, null), CL.many(3, "point")];
        })""",
        numbers,
    )
    for number, told in zip(numbers, written, strict=True):
        log10 = math.log10(number) if number > 0 else None
        expected = [wording.whole(number), wording.decimal(number, 2), wording.rounded(number), wording.scientific(log10),
                    wording.power(log10, 1), wording.percent(number / 1000), wording.interval(number, None),
                    wording.many(3, "point")]  # fmt: skip
        assert told == [str(one) for one in expected], number


def test_a_point_tells_what_it_is_and_opens_its_page(seen: Seen, db: duckdb.DuckDBPyConnection) -> None:
    page = seen.open("imagenet.html")
    label, error, paper, hardware, address = asked(
        db,
        "select label, error, paper_title, hardware, address from marts.points where row_set = 'current' "
        "and benchmark = 'imagenet' and compute_measure = 'hardware_burden' and is_one_per_training "
        "order by log10_computation desc, error limit 1",
    )
    page.focus("#plot svg")
    page.keyboard.press("ArrowLeft")  # from behind the last: the one of most computation
    told = page.inner_text("#plot .tip")
    assert label in told
    assert f"{float(f'{error * 100:.3g}'):g}{report_pages.THIN}% error" in told
    assert paper in told
    assert hardware is None or hardware in told
    place = page.locator("#plot circle[stroke='var(--ink)']").bounding_box()
    page.keyboard.press("Escape")
    assert page.locator("#plot .tip").is_hidden()
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    assert page.inner_text("#plot .tip") == told
    seen.context.route(re.compile("^https?:"), lambda route: route.fulfill(body="its page"))
    with page.expect_popup() as opened:
        page.mouse.down()
        page.mouse.up()
    opened.value.wait_for_load_state()
    assert opened.value.url.rstrip("/") == address.rstrip("/")


def test_the_table_of_points_is_searched_and_sorted(seen: Seen, db: duckdb.DuckDBPyConnection) -> None:
    page = seen.open("imagenet.html")
    page.get_by_role("button", name="Computation, FLOP").click()
    (least,) = asked(
        db,
        "select label from marts.points where row_set = 'current' and benchmark = 'imagenet' "
        "and compute_measure = 'hardware_burden' and is_one_per_training order by log10_computation, error limit 1",
    )
    assert page.locator("#points tbody tr").first.locator("td").first.inner_text() == least
    page.fill("#find", "coca")
    rows = page.locator("#points tbody tr").all_inner_texts()
    assert rows
    assert all("coca" in row.lower() for row in rows)
    page.fill("#find", "no such model")
    assert "try a part of it" in page.inner_text("#points tbody")
    page.fill("#find", "")
    page.click("#more")
    (n,) = asked(
        db,
        "select n from marts.scaling where is_headline and row_set = 'current' and benchmark = 'imagenet' "
        "and compute_measure = 'hardware_burden'",
    )
    assert page.locator("#points tbody tr").count() == n


def test_the_choices_of_the_exponent_mark_the_one_that_is_shown(seen: Seen) -> None:
    page = seen.open("imagenet.html")
    shown = page.locator("#choices text", has_text="shown above").text_content()
    said = re.search(r"the power ([\d.]+)", page.inner_text("#said"))
    assert shown.endswith(said[1])
    page.locator("details", has_text="As a table").locator("summary").first.click()
    assert page.locator("#choices-table tbody tr").count() == int(page.inner_text("#n-choices").split()[0])


def test_the_explorer_agrees_with_the_costs_of_the_warehouse(seen: Seen, db: duckdb.DuckDBPyConnection) -> None:
    page = seen.open("costs.html")
    usd, low, high, kg = asked(
        db,
        "select log10_usd, log10_usd_low, log10_usd_high, log10_kg_co2 from marts.costs where row_set = 'current' "
        "and benchmark = 'imagenet' and target = 'target_1' and form = 'polynomial' and estimator in ('ols', 'ols_cluster') "
        "and compute_measure = 'hardware_burden' and scenario = 'h100_2026' and region = 'FRA'",
    )
    shown = report_pages.number(page.inner_text("#usd").removesuffix("USD"))
    assert shown == pytest.approx(10**usd, rel=0.05)  # two digits
    ends = [report_pages.number(one) for one in page.inner_text("#usd-interval b").split("–")]
    # Other draws of the same: by chance ends of 10,000 are off by some hundredths of a decade.
    assert [math.log10(end) for end in ends] == pytest.approx([low, high], abs=0.1)
    page.select_option("#select-region", "POL")
    (other,) = asked(
        db,
        "select log10_kg_co2 from marts.costs where row_set = 'current' and benchmark = 'imagenet' and target = 'target_1' "
        "and form = 'polynomial' and estimator in ('ols', 'ols_cluster') and compute_measure = 'hardware_burden' "
        "and scenario = 'h100_2026' and region = 'POL'",
    )
    tonnes = {"t": 1e3, "kt": 1e6, "Mt": 1e9, "Gt": 1e12}
    told = re.search(r"([\d.]+)\s(\w*t)\b", page.inner_text("#emissions-chain tr:last-child b"))
    assert float(told[1]) * tonnes[told[2]] == pytest.approx(10**other, rel=0.05)  # two digits
    assert other > kg
    page.focus("#error")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.inner_text("#error-told") == f"4.7{report_pages.THIN}%"
    assert report_pages.number(page.inner_text("#usd").removesuffix("USD")) > shown
    page.select_option("#select-benchmark", "squad/f1")
    assert "SQuAD 1.1 F1" in page.inner_text("#cost-chain")


def test_a_free_choice_is_priced_by_that_hardware_in_that_year(seen: Seen, db: duckdb.DuckDBPyConnection) -> None:
    """V100 in Poland in 2019, which no scenario declares: recomputed from prices, data sheet and line, by draws of our own."""
    page = seen.open("costs.html")
    assert page.locator("input[name='button-preset']:checked").get_attribute("value") == "h100_2026"
    page.get_by_text("V100, 2020", exact=True).locator("visible=true").click()
    assert page.input_value("#select-year") == "declared"
    page.select_option("#select-region", "POL")
    assert page.input_value("#select-year") == "declared"
    page.select_option("#select-year", "2019")
    assert page.locator("input[name='button-preset']:checked").get_attribute("value") == "own"
    declared = tomllib.loads((ROOT / "flows/declared/scenarios/v100_2020.toml").read_text(encoding="utf-8"))
    cards = [row[0] for row in db.execute(
        "select distinct processor_id from core.processor_aliases where list_contains($1, alias)",
        [declared["price"]["processors"]],
    ).fetchall()]  # fmt: skip
    prices = [row[0] for row in db.execute(
        "select price_usd from core.prices where list_contains($cards, processor_id) and kind = 'rental' "
        "and year(priced_on) = 2019 and coalesce(commitment, 'on demand') = 'on demand' union all "
        "select price_usd_per_hour / processor_count from core.run_phases join core.models using (model_id) "
        "where list_contains($cards, processor_id) and year(published_on) = 2019 and price_usd_per_hour is not null",
        {"cards": cards},
    ).fetchall() if row[0]]  # fmt: skip
    flop, low, high, rate, watt = asked(
        db,
        "select log10_gflop + 9, log10_gflop_low + 9, log10_gflop_high + 9, paper_rate_flop_per_s, tdp_watt from marts.costs "
        "join core.scenarios using (scenario, region) join core.processors using (processor_id) where row_set = 'current' "
        "and benchmark = 'imagenet' and target = 'target_1' and form = 'polynomial' and compute_measure = 'hardware_burden' "
        "and estimator = 'ols' and scenario = 'v100_2020' and region = 'POL'",
    )
    (carbon,) = asked(
        db, "select carbon_intensity_g_per_kwh from core.carbon_intensities where region_code = 'POL' and year = 2019"
    )
    hours = flop - math.log10(rate * 3600)
    shown = report_pages.number(page.inner_text("#usd").removesuffix("USD"))
    assert shown == pytest.approx(10**hours * statistics.median(prices), rel=0.05)  # two digits
    rng = np.random.default_rng(1)
    normal = rng.standard_normal(20_000) / 1.96
    line = np.where(normal < 0, flop + normal * (flop - low), flop + normal * (high - flop))
    drawn = np.quantile(line - math.log10(rate * 3600) + np.log10(rng.choice(prices, 20_000)), [0.025, 0.975])
    ends = [report_pages.number(one) for one in page.inner_text("#usd-interval b").split("–")]
    # Other draws of the same, as above.
    assert np.log10(ends) == pytest.approx(drawn, abs=0.1)
    # TDP × 1 (the V100's own draw) × PUE 1.2, both as the scenario declares them.
    told = re.search(r"([\d.]+)\s(\w*t)\b", page.inner_text("#emissions-chain tr:last-child b"))
    tonnes = {"t": 1e3, "kt": 1e6, "Mt": 1e9, "Gt": 1e12}
    emitted = 10**hours * watt / 1000 * 1.2 * carbon / 1000
    assert float(told[1]) * tonnes[told[2]] == pytest.approx(emitted, rel=0.05)  # two digits
    # What nobody printed is said and not made up; the rest is told.
    page.select_option("#select-hardware", "h100_2026")
    assert page.inner_text("#usd") == "No price"
    assert "No price of an H100 in 2019 is known" in page.inner_text("#usd-interval")
    assert re.search(r"\d+ \w*t of CO₂ in Poland", page.inner_text("#compared").replace(report_pages.THIN, " "))


def test_every_choice_of_the_explorer_gives_an_answer(seen: Seen) -> None:
    page = seen.open("costs.html")
    for name in ("hardware", "benchmark"):
        for value in page.eval_on_selector_all(f"#select-{name} option", "all => all.map(one => one.value)"):
            page.select_option(f"#select-{name}", value)
            for key in ("Home", "End"):
                page.focus("#error")
                page.keyboard.press(key)
                told = page.inner_text("main")
                assert not re.search(r"NaN|undefined|null|\[object", told), (value, key)
                assert re.match(r"[\d∞]", page.inner_text("#usd")), (value, key)
    for hardware in page.eval_on_selector_all("#select-hardware option", "all => all.map(one => one.value)"):
        page.select_option("#select-hardware", hardware)
        for option in page.locator("#select-year option").all():
            page.select_option("#select-year", option.get_attribute("value"))
            assert not re.search(r"NaN|undefined|null|\[object", page.inner_text("main")), (
                hardware,
                option.inner_text(),
            )
            is_known = "no price" not in option.inner_text()
            assert (page.inner_text("#usd") != "No price") == is_known, (hardware, option.inner_text())


def test_growth_theory_and_forecasts_are_chosen(seen: Seen, db: duckdb.DuckDBPyConnection) -> None:
    page = seen.open("growth.html")
    page.select_option("#select-series", "gpus")
    (rate,) = asked(
        db,
        "select growth_per_year from marts.hardware_growth where series = 'gpus' and era = 'since_2010' and rule = 'all'",
    )
    assert "GPUs, since 2010, all: " in page.inner_text("#said")
    (level,) = asked(db, "select level from staging.growth_level")
    assert f"It has grown {rate:.2f} times a year ({level * 100:.0f}{report_pages.THIN}% interval" in page.inner_text(
        "#said"
    )
    page = seen.open("theory.html")
    page.get_by_text("Computation", exact=True).locator("visible=true").click()
    assert "Computation of one fit" in page.inner_html("#plot")
    page = seen.open("forecasts.html")
    page.select_option("#select-line", "paper_v1/imagenet/top1/hardware_burden/polynomial")
    later, held = asked(
        db,
        "select n_later, n_covered from marts.backtest_coverage where row_set = 'paper_v1' and benchmark = 'imagenet' "
        "and compute_measure = 'hardware_burden' and form = 'polynomial'",
    )
    assert f"Of {later} later results the interval holds {held}" in page.inner_text("#said")


def test_what_newer_pages_draw_is_chosen_and_searched(seen: Seen, db: duckdb.DuckDBPyConnection) -> None:
    page = seen.open("growth.html")
    page.select_option("#select-series", "time_horizons")
    assert page.locator("#plot text.name").first.text_content() == "Time horizon, minutes"
    page.select_option("#select-series", "nanogpt_speedrun")
    (rate,) = asked(
        db,
        "select growth_per_year from marts.compute_growth where series = 'nanogpt_speedrun' and era = 'all_years' and rule = 'all'",
    )
    assert f"It goes to {rate:.2f} of what it was in a year" in page.inner_text("#said")
    page = seen.open("efficiency.html")
    panels = asked(
        db,
        "select count(*) from exports.target_trends where sample = 'all' "
        "and quantity in ('chip_hours', 'hardware_burden', 'training_compute')",
    )
    assert page.locator("#plot path.line").count() == panels[0]
    page.get_by_text("Computation at 16-bit tensor peak", exact=True).locator("visible=true").click()
    shown, tasks = asked(
        db,
        "select count(*) filter (fall_per_year_low > 1), count(*) from marts.target_trends where precision = 'tensor_fp16' "
        "and sample = 'all' and status = 'ok'",
    )
    assert f"in {shown} of {tasks} tasks the 90" in page.inner_text("#said")
    page.get_by_text("The least of each round", exact=True).locator("visible=true").click()
    assert "has no interval" in page.inner_text("#said")
    page = seen.open("hardware.html")
    assert page.locator("#prices circle[fill='var(--ground)']").count() > 5
    page.select_option("#select-processor", "NVIDIA H200 SXM")
    price, n = asked(
        db,
        "select price_usd, n_providers from marts.rental_prices where processor_id = 'NVIDIA H200 SXM' and commitment = 'spot' "
        "order by month desc limit 1",
    )
    assert re.search(rf"Spot: {price:.2f} USD in \w+ 2026 at the median of {n} provider", page.inner_text("#said"))
    (region,) = asked(db, "select region from exports.region_carbon order by length(region) desc, region limit 1")
    page.fill("#find", region)
    (row,) = page.locator("#regions-table tbody tr:visible").all_inner_texts()
    assert region in row
    page.fill("#find", "no such region")
    assert page.locator("#regions-table tbody tr:visible").count() == 0
    assert page.get_by_text("No row has that").is_visible()
    page = seen.open("leaderboards.html")
    named, known = asked(
        db,
        "select name, count(*) over () from core.listed_scores where source = 'open_llm_leaderboard_v1' and page = '20230915.csv' "
        "and benchmark = 'arc_challenge' and training_compute_flop is not null order by place, name limit 1",
    )
    assert page.locator("#listed-table tbody tr").first.locator("td").first.inner_text() == named
    assert page.locator("#listed-table tbody tr").count() == known
    page.select_option("#select-models", "all")
    page.fill("#find", "falcon-40b")
    rows = page.locator("#listed-table tbody tr:visible").all_inner_texts()
    assert rows
    assert all("falcon-40b" in row.lower() for row in rows)
    page.fill("#find", "no such model")
    assert "try a part of its name" in page.inner_text("#found")
    page = seen.open("go_katago.html")
    assert page.locator("#plot text.name").first.text_content() == "Rating, Elo"
    page.get_by_text("Year", exact=True).locator("visible=true").first.click()
    assert page.locator("#plot path.line").count() == 0


def test_numbers_that_scripts_write_have_their_trace(seen: Seen) -> None:
    """Cells of tables that no file has; what is chosen, and what the page itself puts together from the rows above it, has none."""
    made = "tr.sum, tr:has(td:first-child:is(:empty))"
    for address, tables in (
        ("imagenet.html", "#points, #choices-table"),
        ("costs.html", ".chain, #sources"),
        ("leaderboards.html", "#listed-table"),
    ):
        page = seen.open(address)
        for details in page.locator("main details:not(.cite) > summary").all():
            details.click()
        cells = page.eval_on_selector_all(
            ",".join(f"{table} tbody td.r" for table in tables.split(", ")),
            f"""all => all.filter(cell => !cell.closest("{made}")).map(cell => [
                cell.closest("tr").cells[0].firstChild.textContent, (cell.querySelector("b") ?? cell).textContent,
                cell.querySelector("a.n")?.getAttribute("href")])""",
        )
        untraced = [(name, told) for name, told, link in cells if re.search(r"\d", told) and not link]
        # The error is what is asked, and the time is that of the table beside it.
        assert {name for name, _ in untraced} <= {"Error to reach", "Time"}, address
        links = list(dict.fromkeys(link for *_, link in cells if link))
        assert len(links) > 8
        for link in links[:: max(len(links) // 8, 1)]:
            page = seen.open(link)
            page.wait_for_selector("#trace table")
            assert re.search("The row|Its rows: [1-9]|Where it was read", page.inner_text("#trace")), link


def test_a_number_leads_to_the_pages_it_was_read_from(seen: Seen, db: duckdb.DuckDBPyConnection) -> None:
    page = seen.open("index.html")
    page.locator("article .big a").first.click()
    page.wait_for_selector("#trace table")
    exponent, n = asked(
        db,
        "select exponent, n from marts.scaling where is_headline and row_set = 'current' and benchmark = 'imagenet' "
        "and compute_measure = 'hardware_burden'",
    )
    assert f"{exponent:.8g}" in page.inner_text("#trace")
    assert f"Its points: {n}" in page.inner_text("#trace")
    sources = {row[0] for row in db.execute(
        "select distinct url from fits.samples join fits.points using (row_set, benchmark, metric, compute_measure, result_id) "
        "join meta.pages using (source, page) where row_set = 'current' and benchmark = 'imagenet' and metric = 'top1' "
        "and compute_measure = 'hardware_burden' and selection = 'one_per_training'"
    ).fetchall()}  # fmt: skip
    linked = set(page.eval_on_selector_all("#trace a", "all => all.map(one => one.getAttribute('href'))"))
    assert sources <= linked


def test_a_point_leads_to_its_own_page_alone(seen: Seen, db: duckdb.DuckDBPyConnection) -> None:
    page = seen.open("imagenet.html")
    page.locator("#points tbody tr").first.locator("a.n").first.click()
    page.wait_for_selector("#trace table")
    label, locator = asked(
        db,
        "select m.name, p.locator from fits.samples as s join fits.points as p "
        "using (row_set, benchmark, metric, compute_measure, result_id) join core.models as m on m.model_id = p.model_id "
        "where row_set = 'current' and benchmark = 'imagenet' and compute_measure = 'hardware_burden' "
        "and selection = 'one_per_training' order by s.error limit 1",
    )
    told = page.inner_text("#trace")
    assert "Where it was read" in told
    assert label in told
    assert locator in told
    # An address that somebody made up loads nothing but the report's own files.
    page = seen.open("trace.html#marts.scaling?benchmark=../../elsewhere")
    page.wait_for_selector("#trace pre")
    assert "do not hold this row" in page.inner_text("#trace")
    # Nor does it meet what every object of a script has.
    page = seen.open("trace.html#marts.scaling?benchmark=pages")
    page.wait_for_selector("#trace pre")
    assert "do not hold this row" in page.inner_text("#trace")


SCRIPT = "\"'><img src=x onerror='window.ran = 1'></script><script>window.ran = 1</script>\u2028{{ 7 * 7 }}"
# {table: columns of what a page may give}; and where addresses stand.
TEXTS = {
    "marts.points": ("label", "paper_title", "hardware", "locator"),
    "core.models": ("name",),
    "core.quarantine": ("literal", "reason"),
    "core.listed_scores": ("name",),
    "exports.clusters": ("name", "owner"),
    "exports.figure_scores": ("name", "setting"),
    "exports.figure_target_trends": ("name",),
    "exports.provider_prices": ("processor_id",),
    "exports.region_carbon": ("region", "location"),
    "exports.rental_prices": ("processor_id",),
    "marts.cost_factors": ("title", "source", "note"),
    "meta.sources": ("message", "title", "licence", "attribution"),
    "staging.source_setting": ("title", "attribution"),
}
ADDRESSES = {
    "marts.points": ("paper_address", "row_address"),
    "marts.cost_factors": ("source_url",),
    "marts.comparisons": ("source_url",),
    "meta.pages": ("url",),
    "staging.source_setting": ("homepage",),
}


def test_what_a_page_gives_is_text_and_no_script(browser: Browser, warehouse_path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(warehouse_path, tmp_path / "copy.duckdb"))
    copy.chmod(0o644)
    with duckdb.connect(copy) as con:
        for table, columns in TEXTS.items():
            for column in columns:
                con.execute(f"update {table} set {column} = {column} || ? where {column} is not null", [SCRIPT])
        for table, columns in ADDRESSES.items():
            for column in columns:
                con.execute(f"update {table} set {column} = 'javascript:window.ran=1//' || {column}")
    folder = writing.write(copy, tmp_path / "pages", has_figures=False).parent
    seen = Seen(browser, folder)
    for address in PAGES:
        page = seen.open(address)
        page.wait_for_selector("#trace pre" if "trace" in address else "main")
        page.wait_for_timeout(100)
        assert page.evaluate("window.ran") is None, address
        assert page.evaluate("document.images.length") == 0, address
        links = page.evaluate("[...document.links].map(one => one.protocol)")
        assert set(links) <= {"file:", "https:", "http:"}, address
    assert "<img src=x" in seen.open("data.html").inner_text("main")
    seen.context.close()
    assert seen.faults == []


def test_an_entry_is_copied(seen: Seen) -> None:
    seen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = seen.open("growth.html")
    page.get_by_text("Cite", exact=True).click()
    page.get_by_role("button", name="Copy BibTeX").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("@article{thompson2020computational,")
    assert "@misc{compute-limits," in copied


def test_by_keys_alone(seen: Seen) -> None:
    page = seen.open("index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page = seen.open("imagenet.html")
    order = []
    for _ in range(18):
        page.keyboard.press("Tab")
        order.append(
            page.evaluate("document.activeElement.id || document.activeElement.name || document.activeElement.tagName")
        )
        # Where the focus is can be seen; of a button it is its label that shows it.
        assert page.evaluate(
            "[document.activeElement, document.activeElement.closest('label')]"
            ".some(one => one && getComputedStyle(one).outlineStyle !== 'none')"
        )
    # As it is read: measure, form, points, line, then the plot.
    wanted = ["select-measure", "button-form", "select-points", "select-fitted", "svg"]
    assert [one for one in order if one in wanted] == wanted
    page.focus("#select-measure")
    page.keyboard.press("ArrowDown")
    assert page.input_value("#select-measure") != "hardware_burden"
    page.locator("input[name='button-form'] >> nth=0").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#plot path.line").count() == 1


def test_light_and_dark(seen: Seen) -> None:
    page = seen.open("index.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.get_by_role("button", name="Use dark colours").click()
    assert page.evaluate(ground) == "rgb(20, 23, 26)"
    page.goto(f"{seen.report.as_uri()}/costs.html")
    assert page.evaluate(ground) == "rgb(20, 23, 26)"  # the choice goes along
    page.get_by_role("button", name="Use light colours").click()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


def test_a_phone_shows_one_quantity_at_a_time(phone: Seen) -> None:
    page = phone.open("index.html")
    first = page.locator("table.costs tbody tr >> nth=0")
    assert first.locator("td:visible").count() == 4
    computation = first.locator("td:visible").all_inner_texts()
    page.get_by_text("Cost", exact=True).click()
    assert first.locator("td:visible").all_inner_texts() != computation
    page = phone.open("imagenet.html")
    page.select_option("#select-form", "polynomial")
    assert page.locator("#plot path.line").count() == 1


def test_the_dictionary_finds_a_column(seen: Seen) -> None:
    page = seen.open("dictionary.html#marts.scaling")
    assert page.locator("details[id='marts.scaling']").get_attribute("open") is not None
    page.fill("#find", "halving_factor_low")
    assert page.locator("details.table:visible").count() == int(page.inner_text("#found").split()[0]) >= 1
    page.fill("#find", "no_such_column")
    assert "try a part of a word" in page.inner_text("#found")
