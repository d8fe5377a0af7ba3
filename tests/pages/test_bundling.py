"""flows/pages/bundling.py: facts of the pages in use, from which the same rows come as from the pages; else nothing."""

from __future__ import annotations

import csv
import hashlib
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from running import FIXTURES

from flows import sources
from flows.pages import bundling, facts, snapshots, versions
from flows.pages.bundling import BundleError
from flows.pages.facts import FactsError
from flows.pages.snapshots import Snapshot
from flows.readers.row_types import ROW_TYPES

AS_OF = date(2026, 6, 1)
PAGE = sources.source("mlco2").pages[0]


def source(rows_min: int = 0) -> sources.Source:
    """A source of one page, whose fixture is the page."""
    return replace(sources.source("mlco2"), pages=(PAGE,), rows_min=rows_min)


def keep(raw: Path, body: bytes, day: str) -> Snapshot:
    digest = hashlib.sha256(body).hexdigest()
    line = Snapshot("mlco2", PAGE.name, PAGE.url, digest, len(body), f"{day}T00:00:00Z", None, None, "MIT")
    snapshots.keep(raw, line, body)
    return line


@pytest.fixture
def body() -> bytes:
    return (FIXTURES / "mlco2" / PAGE.name).read_bytes()


def test_facts_give_the_same_rows_as_the_pages(tmp_path: Path, body: bytes) -> None:
    keep(tmp_path, body, "2026-01-01")
    size = bundling.bundle(source(), tmp_path, AS_OF)
    assert size == sum(path.stat().st_size for path in tmp_path.glob("mlco2/*.facts.csv")) > 0
    (of_page,) = versions.in_use(source(), tmp_path, None, AS_OF).pages
    shutil.rmtree(tmp_path / "mlco2" / "pages")
    (of_facts,) = versions.in_use(source(), tmp_path, None, AS_OF).pages
    assert (of_page.version.bytes_at is None, of_facts.version.bytes_at is None) == (False, True)
    for kind in ROW_TYPES:
        assert of_facts.gathered.table(kind).equals(of_page.gathered.table(kind)), kind
    assert of_facts.gathered.read_count() == of_page.gathered.read_count() > 0
    # Nor is one taken over for the other.
    assert of_facts.key != of_page.key


def test_the_newest_version_of_the_day_is_bundled(tmp_path: Path, body: bytes) -> None:
    old = keep(tmp_path, body, "2026-01-01")
    new = keep(tmp_path, body + body.split(b"\n")[1].replace(b"M", b"W") + b"\n", "2026-02-01")
    for day, line in (("2026-01-31", old), ("2026-02-01", new)):
        bundling.bundle(source(), tmp_path, date.fromisoformat(day))
        assert facts.read(tmp_path / "mlco2", PAGE, line.sha256) is not None
        (other,) = {old.sha256, new.sha256} - {line.sha256}
        assert facts.read(tmp_path / "mlco2", PAGE, other) is None


@pytest.mark.parametrize("why", ["never fetched", "unreadable", "facts alone"])
def test_a_source_that_is_not_whole_is_not_bundled_and_its_facts_stand(tmp_path: Path, body: bytes, why: str) -> None:
    if why != "never fetched":
        line = keep(tmp_path, body, "2026-01-01")
        bundling.bundle(source(), tmp_path, AS_OF)
    if why == "facts alone":
        line.path(tmp_path).unlink()
    if why == "unreadable":
        keep(tmp_path, b"not,a,page\n", "2026-02-01")
    before = {path.name: path.read_bytes() for path in tmp_path.glob("mlco2/*.facts.csv")}
    with pytest.raises(BundleError, match=r"^mlco2: .*run `compute-limits refresh --source mlco2` first$") as raised:
        bundling.bundle(source(), tmp_path, AS_OF)
    assert PAGE.name in str(raised.value)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("mlco2/*.facts.csv")} == before


def test_too_few_rows_are_not_bundled(tmp_path: Path, body: bytes) -> None:
    keep(tmp_path, body, "2026-01-01")
    with pytest.raises(BundleError, match="rows where at least 1000 are expected"):
        bundling.bundle(source(rows_min=1000), tmp_path, AS_OF)
    assert list(tmp_path.glob("mlco2/*.facts.csv")) == []


def test_the_lock_has_the_hash_of_the_facts(tmp_path: Path, body: bytes) -> None:
    keep(tmp_path, body, "2026-01-01")
    new = keep(tmp_path, body + body.split(b"\n")[1].replace(b"M", b"W") + b"\n", "2026-02-01")
    bundling.bundle(source(), tmp_path, AS_OF)
    # By the first eight digits, with two versions in the lock.
    for path in tmp_path.glob("mlco2/*.facts.csv"):
        with path.open(newline="", encoding="utf-8") as handle:
            assert {row[0] for row in csv.reader(handle)} == {"sha256", new.sha256[:8]}
    # Of the lines of each file below its header, after its name; all are of the newest version here.
    whole = hashlib.sha256()
    for path in sorted(tmp_path.glob("mlco2/*.facts.csv")):
        whole.update(path.name.encode() + b"\n" + path.read_bytes().split(b"\n", 1)[1])
    old_line, new_line = snapshots.read(tmp_path, "mlco2")
    assert (old_line.facts_sha256, new_line.facts_sha256) == (None, whole.hexdigest())
    assert replace(new_line, facts_sha256=None) == new


def test_a_page_that_is_held_back_is_not_bundled(tmp_path: Path, body: bytes) -> None:
    keep(tmp_path, body, "2026-01-01")
    lines = body.splitlines(keepends=True)
    keep(tmp_path, b"".join(lines[: len(lines) // 2]), "2026-02-01")
    with pytest.raises(BundleError, match=r"is held back: .*`compute-limits accept mlco2 "):
        bundling.bundle(source(), tmp_path, AS_OF)


def test_each_source_that_is_named_is_bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, Path, date]] = []
    parsers: list[object] = []

    def bundle(one: sources.Source, raw: Path, as_of: date, parse: object) -> int:
        parsers.append(parse)
        asked.append((one.key, raw, as_of))
        return len(asked)

    monkeypatch.setattr(bundling, "bundle", bundle)
    names = ("timm", "mlco2")
    assert bundling.bundle_each(names, tmp_path, AS_OF) == {"timm": 1, "mlco2": 2}
    assert asked == [(key, tmp_path, AS_OF) for key in names]
    # To start a process that parses takes longer than most pages.
    assert parsers[0] == parsers[1]


def test_facts_of_no_version_are_not_sealed(tmp_path: Path, body: bytes) -> None:
    line = keep(tmp_path, body, "2026-01-01")
    bundling.bundle(source(), tmp_path, AS_OF)
    path = tmp_path / "mlco2" / "page_count.facts.csv"
    path.write_bytes(path.read_bytes().replace(line.sha256[:8].encode(), b"00000000", 1))
    with pytest.raises(FactsError, match=r"page_count\.facts\.csv, row 2, column sha256: '00000000': no version"):
        bundling.seal(tmp_path, "mlco2")


@pytest.mark.parametrize("other", [b"00000000", b"0" * 64, b""], ids=["no version", "another version", "a row less"])
def test_facts_that_were_altered_are_written_anew(tmp_path: Path, body: bytes, other: bytes) -> None:
    line = keep(tmp_path, body, "2026-01-01")
    bundling.bundle(source(), tmp_path, AS_OF)
    before = {path: path.read_bytes() for path in tmp_path.glob("mlco2/*") if path.is_file()}
    path = tmp_path / "mlco2" / "processor.facts.csv"
    header, first, *rows = before[path].splitlines(keepends=True)
    path.write_bytes(b"".join([header, other and first.replace(line.sha256[:8].encode(), other), *rows]))
    assert path.read_bytes() != before[path]
    bundling.bundle(source(), tmp_path, AS_OF)
    assert {path: path.read_bytes() for path in before} == before


def test_past_days_have_the_facts_of_what_ships_no_more_and_the_lines_of_all(tmp_path: Path, body: bytes) -> None:
    raw, shipped, past = (tmp_path / name for name in ("raw", "shipped", "past"))
    old = keep(raw, body, "2026-01-01")
    newer = body + body.split(b"\n")[1].replace(b"M", b"W") + b"\n"
    new = keep(raw, newer, "2026-02-01")
    keep(shipped, newer, "2026-05-01")
    bundling.bundle(source(), shipped, AS_OF)
    days = [date(2026, 1, 15), date(2026, 2, 15), date(2026, 3, 15)]
    size = bundling.bundle_past(source(), raw, shipped, past, days)
    assert size == sum(path.stat().st_size for path in past.glob("mlco2/*.facts.csv")) > 0
    lines = snapshots.read(past, "mlco2")
    assert [(line.sha256, line.retrieved_on) for line in lines] == [
        (old.sha256, "2026-01-01"),
        (new.sha256, "2026-02-01"),
    ]
    with (past / "mlco2/page_count.facts.csv").open(newline="", encoding="utf-8") as handle:
        assert [row[0] for row in csv.reader(handle)] == ["sha256", old.sha256[:8]]
    # Sealed where it has facts; those of the newer one stand with what ships.
    assert [line.facts_sha256 is None for line in lines] == [False, True]
    (of_page,) = versions.in_use(source(), raw, None, days[0]).pages
    found = facts.read(past / "mlco2", PAGE, old.sha256)
    assert found is not None
    assert found.read_count() == of_page.gathered.read_count() > 0
    assert facts.read(past / "mlco2", PAGE, new.sha256) is None
