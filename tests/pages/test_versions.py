"""flows/pages/versions.py: which version of each page a build reads, with real files below two folders."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows import build, sources
from flows.pages import bundling, decisions, drift, facts, snapshots, states, versions
from flows.pages.drift import Finding
from flows.pages.fetch import Outcome
from flows.pages.parse import Gathered, parse_page
from flows.pages.snapshots import Snapshot
from flows.pages.versions import InUse
from flows.readers.row_types import CarbonIntensity, PageCount
from flows.sources import Page, Source
from flows.warehouse import connection, kept
from flows.warehouse.kept import PAGE as PAGE_KEY
from flows.warehouse.kept import Kept, Keys

# The registry's own source with the simplest page; how many rows it must have is the test's.
REAL = sources.source("owid_carbon")
PAGE = REAL.pages[0]
HEADER = "Entity,Code,Year,Carbon intensity of electricity - gCO2e/kWh\n"
AS_OF = date(2026, 6, 1)


def source(rows_min: int = 1, rows_max: int = 100, pages: tuple[Page, ...] = (PAGE,)) -> Source:
    return Source(
        **{name: getattr(REAL, name) for name in ("key", "title", "publisher", "homepage", "licence", "attribution")},
        **{name: getattr(REAL, name) for name in ("cadence", "rank", "rank_reason", "parser")},
        rows_min=rows_min,
        rows_max=rows_max,
        pages=pages,
    )


def body(*intensities: float) -> bytes:
    rows = (f"Utopia,UTO,{year},{value}\n" for year, value in enumerate(intensities, 2000))
    return (HEADER + "".join(rows)).encode()


def lock(content: bytes, day: str, page: Page = PAGE) -> Snapshot:
    digest = hashlib.sha256(content).hexdigest()
    return Snapshot(REAL.key, page.name, page.url, digest, len(content), f"{day}T00:00:00Z", None, None, "CC-BY-4.0")


def keep(raw: Path, content: bytes, day: str, page: Page = PAGE) -> Snapshot:
    line = lock(content, day, page)
    snapshots.keep(raw, line, content)
    return line


def keep_facts(raw: Path, day: str, *intensities: float, rows_read: int | None = None, page: Page = PAGE) -> Snapshot:
    """A line in the lock, and facts in place of bytes."""
    line = keep(raw, body(*intensities), day, page)
    line.path(raw).unlink()
    rows = Gathered()
    for at, value in enumerate(intensities):
        rows.add("carbon_intensity", page, f"row {at + 2}", CarbonIntensity("Utopia", "UTO", 2000 + at, value))
    rows.add("page_count", page, "", PageCount(line.sha256, len(intensities) if rows_read is None else rows_read))
    facts.write(raw / REAL.key, [(line.sha256, rows)])
    bundling.seal(raw, REAL.key)
    return line


def intensities(loaded: InUse) -> list[float]:
    return column(loaded, "carbon_intensity_g_per_kwh")


def column(loaded: InUse, name: str) -> list[Any]:
    """A column of all carbon intensities that the source gives."""
    return [value for page in loaded.pages for value in page.gathered.table("carbon_intensity")[name].to_pylist()]


def state(loaded: InUse, *outcomes: Outcome, as_of: date = AS_OF) -> tuple[str, int | None, str | None]:
    fetched_on = {row.page: row.retrieved_on for row in versions.page_settings(loaded)}
    told = states.state(versions.reading(loaded), outcomes, as_of, fetched_on)
    return told.state, told.age_days, told.message


def outcome(what: str, message: str = "") -> Outcome:
    return Outcome(REAL.key, PAGE.name, PAGE.url, what, message, 0)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "raw"


@pytest.fixture
def ships(tmp_path: Path) -> Path:
    return tmp_path / "shipped"


# --- which version


def test_the_newest_version_wins(raw: Path) -> None:
    keep(raw, body(1), "2026-01-01")
    newest = keep(raw, body(2, 3), "2026-02-01")
    loaded = versions.in_use(source(), raw, None, AS_OF)
    assert intensities(loaded) == [2.0, 3.0]
    assert loaded.problems == []
    assert state(loaded) == ("unchanged", None, None)
    assert [(page.sha256, page.retrieved_on) for page in versions.page_settings(loaded)] == [
        (newest.sha256, date(2026, 2, 1))
    ]


def test_the_newest_is_by_day_and_not_by_line(raw: Path) -> None:
    # Two machines' locks merged by hand.
    keep(raw, body(2), "2026-02-01")
    keep(raw, body(1), "2026-01-01")
    assert intensities(versions.in_use(source(), raw, None, AS_OF)) == [2.0]


def test_one_stuck_page_makes_its_source_as_old_as_itself(raw: Path) -> None:
    other = replace(PAGE, name="other.csv", url="https://ourworldindata.org/other.csv")
    pages = source(pages=(PAGE, other))
    keep(raw, body(1), "2026-01-01")
    keep(raw, b"<html>404</html>", "2026-05-30")
    keep(raw, body(2), "2026-05-31", other)
    loaded = versions.in_use(pages, raw, None, AS_OF)
    assert versions.reading(loaded).newest_retrieved_on == date(2026, 5, 31)
    assert state(loaded)[:2] == ("stale", (AS_OF - date(2026, 1, 1)).days)
    # The same where the stuck page has no other version, but cannot be fetched.
    keep(raw, body(2, 3), "2026-06-01", other)
    assert state(versions.in_use(pages, raw, None, AS_OF), outcome("failed", "404"))[:2] == (
        "stale", (AS_OF - date(2026, 1, 1)).days,
    )  # fmt: skip


@pytest.mark.parametrize("broken", [HEADER.encode() + b"a,b\n", b"<html>404</html>", b"\xff", b"", HEADER.encode()])
def test_an_unreadable_newest_version_falls_back_and_is_stale(raw: Path, broken: bytes) -> None:
    keep(raw, body(1), "2026-01-01")
    keep(raw, broken, "2026-02-01")
    loaded = versions.in_use(source(), raw, None, AS_OF)
    assert intensities(loaded) == [1.0]
    name, age, message = state(loaded)
    assert (name, age) == ("stale", (AS_OF - date(2026, 1, 1)).days)
    assert message
    assert REAL.key in message
    assert PAGE.name in message


def test_it_falls_back_as_far_as_it_must(raw: Path) -> None:
    keep(raw, body(1), "2026-01-01")
    for day in ("02", "03", "04"):
        keep(raw, f"not,a,page\n{day}".encode(), f"2026-01-{day}")
    loaded = versions.in_use(source(), raw, None, AS_OF)
    assert intensities(loaded) == [1.0]
    assert len(loaded.problems) == 3


def test_without_a_readable_version_the_source_is_absent(raw: Path) -> None:
    keep(raw, b"not,a,page\n", "2026-01-01")
    loaded = versions.in_use(source(), raw, None, AS_OF)
    assert loaded.pages == []
    name, age, message = state(loaded)
    assert (name, age) == ("absent", None)
    assert message
    assert PAGE.name in message


def test_too_few_rows_fall_back(raw: Path) -> None:
    keep(raw, body(1, 2, 3), "2026-01-01")
    keep(raw, body(4), "2026-02-01")
    loaded = versions.in_use(source(rows_min=3), raw, None, AS_OF)
    assert intensities(loaded) == [1.0, 2.0, 3.0]
    name, _, message = state(loaded)
    assert name == "stale"
    assert message == f"{REAL.key}: 1 rows where at least 3 are expected"


def test_too_few_rows_in_every_version_give_nothing(raw: Path) -> None:
    keep(raw, body(1), "2026-01-01")
    keep(raw, body(2, 3), "2026-02-01")
    loaded = versions.in_use(source(rows_min=3), raw, None, AS_OF)
    assert loaded.pages == []
    assert state(loaded)[0] == "absent"


def test_as_many_rows_as_are_asked_for_are_enough(raw: Path) -> None:
    keep(raw, body(1, 2, 3), "2026-01-01")
    assert state(versions.in_use(source(rows_min=3, rows_max=3), raw, None, AS_OF)) == ("unchanged", None, None)


def test_too_many_rows_warn_and_are_used(raw: Path) -> None:
    keep(raw, body(1, 2, 3), "2026-01-01")
    loaded = versions.in_use(source(rows_max=2), raw, None, AS_OF)
    assert intensities(loaded) == [1.0, 2.0, 3.0]
    name, _, message = state(loaded)
    assert name == "unchanged"
    assert message is not None
    assert "3 rows, more than the 2 expected" in message


def test_rows_are_counted_over_all_pages_and_the_newest_page_steps_back(raw: Path) -> None:
    pages = tuple(Page(REAL.key, name, f"https://example.org/{name}", "csv", PAGE.lookups) for name in ("a", "b"))
    keep(raw, body(8, 9), "2026-01-01", pages[0])
    keep(raw, body(1, 2), "2026-01-03", pages[0])
    keep(raw, body(3, 4), "2026-01-02", pages[1])
    keep(raw, body(5), "2026-01-04", pages[1])
    loaded = versions.in_use(source(rows_min=4, pages=pages), raw, None, AS_OF)
    assert intensities(loaded) == [1.0, 2.0, 3.0, 4.0]
    assert state(loaded)[0] == "stale"


def test_of_two_versions_of_one_second_the_one_fetched_here_stands_last(raw: Path, ships: Path) -> None:
    keep(ships, body(7), "2026-01-01")
    keep(raw, body(1), "2026-01-01")
    assert intensities(versions.in_use(source(), raw, ships, AS_OF)) == [1.0]


def test_a_page_without_a_version_makes_the_source_stale(raw: Path) -> None:
    pages = tuple(Page(REAL.key, name, f"https://example.org/{name}", "csv", PAGE.lookups) for name in ("a", "b"))
    keep(raw, body(1), "2026-01-01", pages[0])
    loaded = versions.in_use(source(pages=pages), raw, None, AS_OF)
    assert intensities(loaded) == [1.0]
    assert state(loaded)[:2] == ("stale", (AS_OF - date(2026, 1, 1)).days)


@pytest.mark.parametrize("there", ["no page", "one of two"])
def test_a_stale_or_absent_source_says_why(raw: Path, there: str) -> None:
    pages = tuple(Page(REAL.key, name, f"https://example.org/{name}", "csv", PAGE.lookups) for name in ("a", "b"))
    if there == "one of two":
        keep(raw, body(1), "2026-01-01", pages[0])
    name, _, message = state(versions.in_use(source(pages=pages), raw, None, AS_OF))
    assert name in ("stale", "absent")
    assert message


# --- as of a day


def test_pages_retrieved_later_do_not_exist(raw: Path) -> None:
    keep(raw, body(1), "2026-01-01")
    keep(raw, body(2), "2026-02-01")
    for as_of, expected in [("2026-01-01", [1.0]), ("2026-01-31", [1.0]), ("2026-02-01", [2.0]), ("2025-12-31", [])]:
        loaded = versions.in_use(source(), raw, None, date.fromisoformat(as_of))
        assert intensities(loaded) == expected, as_of
        assert loaded.problems == []
        assert state(loaded, as_of=date.fromisoformat(as_of))[0] == ("unchanged" if expected else "absent")


def test_facts_retrieved_later_do_not_exist(raw: Path, ships: Path) -> None:
    keep_facts(ships, "2026-02-01", 7)
    assert intensities(versions.in_use(source(), raw, ships, date(2026, 1, 31))) == []
    assert intensities(versions.in_use(source(), raw, ships, date(2026, 2, 1))) == [7.0]


# --- bytes and facts


def test_damaged_bytes_are_not_used(raw: Path) -> None:
    keep(raw, body(1), "2026-01-01")
    newest = keep(raw, body(2), "2026-02-01")
    newest.path(raw).write_bytes(body(3))
    assert intensities(versions.in_use(source(), raw, None, AS_OF)) == [1.0]


def test_damaged_bytes_fall_back_to_the_facts_of_the_same_version(raw: Path, ships: Path) -> None:
    keep_facts(ships, "2026-02-01", 2)
    newest = keep(raw, body(2), "2026-02-01")
    newest.path(raw).write_bytes(body(3))
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert intensities(loaded) == [2.0]
    assert versions.reading(loaded).from_facts_alone


def test_facts_that_ship_stand_in_where_nothing_was_fetched(raw: Path, ships: Path) -> None:
    keep_facts(ships, "2026-01-01", 7)
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert intensities(loaded) == [7.0]
    assert state(loaded) == ("shipped", None, None)


def test_a_newer_page_stands_before_the_facts_that_ship_and_an_older_one_behind(raw: Path, ships: Path) -> None:
    keep_facts(ships, "2026-01-15", 7)
    keep(raw, body(1), "2026-01-01")
    assert intensities(versions.in_use(source(), raw, ships, AS_OF)) == [7.0]
    keep(raw, body(2), "2026-02-01")
    assert intensities(versions.in_use(source(), raw, ships, AS_OF)) == [2.0]


def test_an_unreadable_page_falls_back_to_the_facts_that_ship(raw: Path, ships: Path) -> None:
    keep_facts(ships, "2026-01-15", 7)
    keep(raw, b"not,a,page\n", "2026-02-01")
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert intensities(loaded) == [7.0]
    assert state(loaded)[:2] == ("stale", (AS_OF - date(2026, 1, 15)).days)


def test_own_facts_stand_before_those_that_ship(raw: Path, ships: Path) -> None:
    # The same version of the page, taken by a newer parser here.
    mine, theirs = keep_facts(raw, "2026-01-01", 1), keep_facts(ships, "2026-01-01", 1)
    assert mine.sha256 == theirs.sha256
    path = raw / REAL.key / "carbon_intensity.facts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Utopia", "Arcadia"), encoding="utf-8")
    bundling.seal(raw, REAL.key)
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert column(loaded, "region") == ["Arcadia"]


def test_bytes_stand_before_facts_of_the_same_version(raw: Path, ships: Path) -> None:
    keep_facts(ships, "2026-01-01", 1, 2)
    path = ships / REAL.key / "carbon_intensity.facts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Utopia", "Arcadia"), encoding="utf-8")
    keep(raw, body(1, 2), "2026-01-01")
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert set(column(loaded, "region")) == {"Utopia"}
    assert not versions.reading(loaded).from_facts_alone


def test_a_line_without_bytes_and_facts_is_passed_over(raw: Path) -> None:
    keep(raw, body(1), "2026-01-01")
    keep(raw, body(2), "2026-02-01").path(raw).unlink()
    loaded = versions.in_use(source(), raw, None, AS_OF)
    assert intensities(loaded) == [1.0]


def test_facts_count_what_was_read_and_not_what_was_accepted(raw: Path, ships: Path) -> None:
    keep_facts(ships, "2026-01-01", 1, 2, rows_read=5)
    assert intensities(versions.in_use(source(rows_min=5), raw, ships, AS_OF)) == [1.0, 2.0]


# --- states of what was read (tests/pages/test_states.py has the others)


def test_facts_that_ship_are_stale_once_fetching_has_failed(raw: Path, ships: Path) -> None:
    keep_facts(ships, "2026-01-01", 7)
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert state(loaded, outcome("failed", "no route")) == ("stale", (AS_OF - date(2026, 1, 1)).days, "no route")


def test_absent_says_why_fetching_failed(raw: Path) -> None:
    assert state(versions.in_use(source(), raw, None, AS_OF), outcome("failed", "no route"))[:2] == ("absent", None)


def test_a_fetched_page_that_cannot_be_read_is_stale_and_not_fetched(raw: Path) -> None:
    keep(raw, body(1), "2026-01-01")
    keep(raw, b"not,a,page\n", "2026-06-01")
    assert state(versions.in_use(source(), raw, None, AS_OF), outcome("fetched"))[0] == "stale"


def test_a_message_is_said_once(raw: Path) -> None:
    keep(raw, body(1), "2026-01-01")
    loaded = versions.in_use(source(), raw, None, AS_OF)
    assert state(loaded, outcome("failed", "no route"), outcome("failed", "no route"))[2] == "no route"


def test_the_setting_says_what_the_toml_says(raw: Path) -> None:
    setting, pages = versions.setting(REAL), versions.in_use(REAL, raw, None, AS_OF).pages
    for name in ("title", "publisher", "licence", "attribution"):
        assert getattr(setting, name) == getattr(REAL, name)
    assert (setting.source, setting.source_rank, pages) == (REAL.key, REAL.rank, [])


# --- the least number of rows is that of all pages together


def two_pages() -> tuple[Page, Page]:
    first, second = (Page(REAL.key, name, f"https://example.org/{name}", "csv", PAGE.lookups) for name in ("a", "b"))
    return first, second


@pytest.mark.parametrize("other", ["never fetched", "unreadable"])
def test_a_page_is_not_thrown_away_because_another_is_not_there(raw: Path, other: str) -> None:
    pages = two_pages()
    keep(raw, body(1), "2026-01-01", pages[0])
    if other == "unreadable":
        keep(raw, b"not,a,page\n", "2026-01-01", pages[1])
    loaded = versions.in_use(source(rows_min=3, pages=pages), raw, None, AS_OF)
    assert intensities(loaded) == [1.0]
    name, _, message = state(loaded)
    assert name == "stale"
    assert message is not None
    assert "rows where at least" not in message
    assert "page b is not kept" in message


def test_with_all_pages_there_too_few_rows_give_nothing(raw: Path) -> None:
    pages = two_pages()
    keep(raw, body(1), "2026-01-01", pages[0])
    keep(raw, b"not,a,page\n", "2026-01-02", pages[0])
    keep(raw, body(2), "2026-01-03", pages[1])
    keep(raw, b"not,a,page\n", "2026-01-02", pages[1])  # stepping back to it leaves nothing of the page
    loaded = versions.in_use(source(rows_min=3, pages=pages), raw, None, AS_OF)
    assert loaded.pages == []
    assert state(loaded)[0] == "absent"


def test_a_page_steps_back_to_its_own_older_version_alone(raw: Path) -> None:
    pages = two_pages()
    keep(raw, body(1, 2), "2026-01-01", pages[0])
    keep(raw, b"not,a,page\n", "2026-01-02", pages[0])
    keep(raw, body(3), "2026-01-03", pages[1])
    loaded = versions.in_use(source(rows_min=3, pages=pages), raw, None, AS_OF)
    assert intensities(loaded) == [1.0, 2.0, 3.0]
    assert [page.version.snapshot.retrieved_on for page in loaded.pages] == ["2026-01-01", "2026-01-03"]


# --- bytes and facts that are not as the lock says


def test_damaged_bytes_are_said(raw: Path, ships: Path) -> None:
    keep_facts(ships, "2026-02-01", 2)
    newest = keep(raw, body(2), "2026-02-01")
    newest.path(raw).write_bytes(body(3))
    name, _, message = state(versions.in_use(source(), raw, ships, AS_OF))
    assert name == "stale"
    assert message == (
        f"owid_carbon: page {PAGE.name}: {newest.path(raw)} is not what the lock says (SHA-256 {newest.sha256}) and is not "
        "used; `compute-limits refresh --source owid_carbon` fetches it anew"
    )


def facts_with(folder: Path, change: Callable[[list[str]], list[str]]) -> None:
    """Edit the lines of a facts file by hand, below its header."""
    path = folder / REAL.key / "carbon_intensity.facts.csv"
    header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([header, *change(lines)]), encoding="utf-8")


ALTERED: dict[str, Callable[[list[str]], list[str]]] = {
    "another value": lambda lines: [lines[0].replace("90.622", "92.622"), *lines[1:]],
    "a row less": lambda lines: lines[:-1],
    "no number": lambda lines: [lines[0].replace("90.622", "nan"), *lines[1:]],
    "a row twice": lambda lines: [*lines, lines[-1]],
    "another order": lambda lines: lines[::-1],
    "a row of no page": lambda lines: [*lines, lines[0].replace(lines[0].split(",")[0], "0" * 64)],
}


@pytest.mark.parametrize("how", ALTERED)
def test_facts_that_were_altered_by_hand_are_not_used_and_it_is_said(ships: Path, raw: Path, how: str) -> None:
    keep_facts(ships, "2026-02-01", 90.622, 2)
    assert intensities(versions.in_use(source(), raw, ships, AS_OF)) == [90.622, 2.0]
    facts_with(ships, ALTERED[how])
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert loaded.pages == []
    name, _, message = state(loaded)
    assert name == "absent"
    assert message is not None
    assert message.startswith(f"owid_carbon: page {PAGE.name}: its facts in {ships / REAL.key} are not those")
    assert "`compute-limits bundle --source owid_carbon`" in message


def test_facts_of_no_version_of_the_lock_are_not_used_and_it_is_said(ships: Path, raw: Path) -> None:
    older, newer = keep(raw, body(5), "2026-01-01"), keep_facts(ships, "2026-02-01", 1, 2)
    facts_with(ships, lambda lines: [lines[0], lines[1].replace(newer.sha256[:8], "0" * 8)])
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert [page.version.snapshot.sha256 for page in loaded.pages] == [older.sha256]
    path, lock = ships / REAL.key / "carbon_intensity.facts.csv", ships / REAL.key / snapshots.LOCK
    assert loaded.problems[0] == (
        f"owid_carbon: {path}, row 3, column sha256: '00000000': no version in {lock} begins so; restore both files from version "
        "control, or run `compute-limits bundle --source owid_carbon`; its facts there are not used"
    )


def test_a_facts_file_that_is_gone_is_said(ships: Path, raw: Path) -> None:
    keep_facts(ships, "2026-02-01", 1, 2)
    (ships / REAL.key / "carbon_intensity.facts.csv").unlink()
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert loaded.pages == []
    assert "are not those that the lock has the hash of" in "".join(loaded.problems)


def test_altered_facts_fall_back_to_those_that_ship_and_to_the_version_before(raw: Path, ships: Path) -> None:
    keep_facts(raw, "2026-02-01", 1)
    keep_facts(ships, "2026-02-01", 1)
    facts_with(raw, lambda lines: [line.replace("Utopia", "Arcadia") for line in lines])
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert column(loaded, "region") == ["Utopia"]
    assert len(loaded.problems) == 1
    facts_with(ships, lambda lines: [line.replace("Utopia", "Arcadia") for line in lines])
    keep(raw, body(7), "2026-01-01")
    assert intensities(versions.in_use(source(), raw, ships, AS_OF)) == [7.0]


def test_facts_of_an_older_lock_are_used_with_a_warning(ships: Path, raw: Path) -> None:
    line = keep_facts(ships, "2026-02-01", 1, 2)
    snapshots.rewrite(ships, REAL.key, [line])
    assert "facts_sha256" not in (ships / REAL.key / snapshots.LOCK).read_text(encoding="utf-8")
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert intensities(loaded) == [1.0, 2.0]
    name, _, message = state(loaded)
    assert name == "shipped"
    assert message is not None
    assert "the lock has no hash of them" in message


# --- held against the last good version


def ramp(factor: float = 1.0, count: int = 40) -> bytes:
    return body(*(round(factor * value, 6) for value in range(100, 100 + count)))


SLIPPED = {"another unit": ramp(0.001), "half a page": ramp(count=20)}


@pytest.mark.parametrize("slip", SLIPPED)
def test_a_page_that_slipped_is_held_back(raw: Path, slip: str) -> None:
    good = keep(raw, ramp(), "2026-01-01")
    bad = keep(raw, SLIPPED[slip], "2026-02-01")
    loaded = versions.in_use(source(), raw, None, AS_OF)
    assert [page.version.snapshot for page in loaded.pages] == [good]
    assert {(row.page, row.sha256, row.compared_with) for row in loaded.held} == {(PAGE.name, bad.sha256, good.sha256)}
    name, age, message = state(loaded, outcome("fetched"))
    assert (name, age) == ("stale", (AS_OF - date(2026, 1, 1)).days)
    assert message is not None
    assert (
        "is held back: 47% of its 941 bytes are gone" if slip == "half a page" else "is held back: 100% of 40 values"
    ) in message
    assert f"`compute-limits accept owid_carbon '{PAGE.name}' {bad.sha256}`" in message


def test_it_stays_held_back_however_often_it_comes_and_what_is_right_again_is_used(raw: Path) -> None:
    keep(raw, ramp(), "2026-01-01")
    keep(raw, ramp(0.001), "2026-02-01")
    keep(raw, ramp(0.001001), "2026-03-01")
    held = versions.in_use(source(), raw, None, AS_OF)
    assert intensities(held)[0] == 100.0
    assert len({row.sha256 for row in held.held}) == len(held.problems) == 2
    right = keep(raw, ramp(1.001), "2026-04-01")
    loaded = versions.in_use(source(), raw, None, AS_OF)
    assert [page.version.snapshot for page in loaded.pages] == [right]
    assert (loaded.held, loaded.problems) == ([], [])


def test_what_is_accepted_is_used_and_what_follows_is_held_against_it(raw: Path, ships: Path) -> None:
    keep(raw, ramp(), "2026-01-01")
    accepted = keep(raw, ramp(0.001), "2026-02-01")
    decisions.accept(REAL, PAGE.name, accepted.sha256[:12], raw, [raw, ships])
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert [page.version.snapshot for page in loaded.pages] == [accepted]
    assert (loaded.held, state(loaded)) == ([], ("unchanged", None, None))
    following = keep(raw, ramp(0.00101), "2026-03-01")
    assert [page.version.snapshot for page in versions.in_use(source(), raw, ships, AS_OF).pages] == [following]
    keep(raw, ramp(), "2026-04-01")
    assert [page.version.snapshot for page in versions.in_use(source(), raw, ships, AS_OF).pages] == [following]


def test_a_decision_that_ships_counts_too(raw: Path, ships: Path) -> None:
    keep(raw, ramp(), "2026-01-01")
    accepted = keep(raw, ramp(0.001), "2026-02-01")
    decisions.accept(REAL, PAGE.name, accepted.sha256, ships, [raw])
    assert [page.version.snapshot for page in versions.in_use(source(), raw, ships, AS_OF).pages] == [accepted]


def test_the_facts_that_ship_are_a_version_to_be_held_against(raw: Path, ships: Path) -> None:
    shipped = keep_facts(ships, "2026-01-01", *range(100, 140))
    keep(raw, ramp(0.001), "2026-02-01")
    loaded = versions.in_use(source(), raw, ships, AS_OF)
    assert [page.version.snapshot.sha256 for page in loaded.pages] == [shipped.sha256]
    assert {row.compared_with for row in loaded.held} == {shipped.sha256}


def test_an_unreadable_version_between_is_no_version(raw: Path) -> None:
    keep(raw, ramp(), "2026-01-01")
    keep(raw, b"not,a,page\n", "2026-02-01")
    keep(raw, ramp(0.001), "2026-03-01")
    loaded = versions.in_use(source(), raw, None, AS_OF)
    assert intensities(loaded)[0] == 100.0
    assert len(loaded.problems) == 2


# --- taken over, and all sources together


@contextmanager
def published(folder: Path, used: InUse) -> Iterator[Kept]:
    """A warehouse with what a source gave, as `build.read_sources` stages it."""
    path = folder / "published.duckdb"
    path.unlink(missing_ok=True)
    rows = {"page_setting": versions.page_settings(used), "held_page": used.held}
    build.stage(path, [page.gathered for page in used.pages], rows)
    made = Keys({(PAGE_KEY, f"{REAL.key}/{page.version.snapshot.page}"): page.key for page in used.pages})
    with connection.connect(path) as con:
        made.write(con)
    with kept.published(path) as taken:
        yield taken


def never(*_: object) -> Gathered:
    raise AssertionError("a page is read")


def test_what_was_judged_is_taken_over_and_not_judged_again(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(raw, ramp(), "2026-01-01")
    keep(raw, ramp(0.001), "2026-02-01")
    fresh = versions.in_use(source(), raw, None, AS_OF)
    with published(tmp_path, fresh) as taken, monkeypatch.context() as nothing_is_read:
        nothing_is_read.delattr(drift, "findings")
        again = versions.in_use(source(), raw, None, AS_OF, taken, never)
    assert (again.held, again.problems) == (fresh.held, fresh.problems)
    assert intensities(again) == intensities(fresh)
    assert [(page.version, page.key) for page in again.pages] == [(page.version, page.key) for page in fresh.pages]


def test_what_has_neither_bytes_nor_facts_any_more_is_not_taken_over(raw: Path, tmp_path: Path) -> None:
    keep(raw, body(1), "2026-01-01")
    accepted = keep(raw, body(2), "2026-02-01")
    decisions.accept(REAL, PAGE.name, accepted.sha256, raw, [raw])
    with published(tmp_path, versions.in_use(source(), raw, None, AS_OF)) as taken:
        accepted.path(raw).unlink()
        assert intensities(versions.in_use(source(), raw, None, AS_OF, taken)) == [1.0]


@pytest.mark.parametrize("factor", [0.001, 0.002, 1.001])
def test_a_version_more_is_judged_as_if_all_were(raw: Path, tmp_path: Path, factor: float) -> None:
    keep(raw, ramp(), "2026-01-01")
    keep(raw, ramp(0.001), "2026-02-01")
    with published(tmp_path, versions.in_use(source(), raw, None, AS_OF)) as taken:
        keep(raw, ramp(factor, 41), "2026-03-01")
        again, fresh = (versions.in_use(source(), raw, None, AS_OF, one) for one in (taken, kept.NOTHING))
        assert (again.held, again.problems) == (fresh.held, fresh.problems)
        assert intensities(again) == intensities(fresh)
        assert [page.key for page in again.pages] == [page.key for page in fresh.pages]


def test_a_page_that_contradicts_other_sources_steps_back(raw: Path) -> None:
    keep(raw, ramp(), "2026-01-01")
    odd = keep(raw, ramp(1.01), "2026-02-01")
    (line,) = [row for row in snapshots.read(raw, REAL.key) if row.sha256 == odd.sha256]
    apart = versions.held_rows(line, "mlco2/impact.csv", [Finding("ratio_to_others", "carbon intensity", 9.0, 1.9, 7)])
    loaded = versions.in_use(source(), raw, None, AS_OF, apart=apart)
    assert intensities(loaded)[0] == 100.0
    assert loaded.held == apart
    assert "9 times those of mlco2/impact.csv" in loaded.problems[0]


# --- what is read


def test_unread_is_what_a_build_reads_from_bytes(raw: Path, ships: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "names", lambda: [REAL.key])
    monkeypatch.setattr(sources, "source", lambda _: source())
    keep(raw, body(1, 2), "2026-01-01")
    vouched = keep_facts(ships, "2026-02-01", 1.0, 2.0)
    # Its bytes are there too, and are read in place of its facts.
    keep(raw, body(1.0, 2.0), "2026-02-01")
    newer = [keep(raw, body(1, last), f"2026-0{3 + at}-01") for at, last in enumerate((3.0, 4.0))]
    later = keep(raw, body(9), "2026-12-01")
    asked: list[tuple[Path, str]] = []

    def parse(path: Path, of: Source, page: Page, sha256: str) -> Gathered:
        asked.append((path, sha256))
        return parse_page(path, of, page, sha256)

    versions.all_in_use(raw, ships, AS_OF, kept.NOTHING, parse)
    found = [(one.path, one.sha256) for one in versions.unread(raw, ships, AS_OF)]
    assert [sha256 for _, sha256 in found] == [newer[1].sha256, newer[0].sha256, vouched.sha256]
    assert later.sha256 not in dict(asked)
    assert sorted(found) == sorted(asked)


def test_nothing_is_unread_that_a_warehouse_has(raw: Path) -> None:
    keep(raw, body(1, 2), "2026-01-01")

    class _All(Kept):
        def has(self, *_: object) -> bool:
            return True

    assert [one.source.key for one in versions.unread(raw, None, AS_OF)] == [REAL.key]
    assert list(versions.unread(raw, None, AS_OF, _All(keys={("page", "any"): ""}))) == []
