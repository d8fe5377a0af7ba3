"""A page that slipped, from the lock to what is shown and back into use: held back, listed, accepted."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import shlex
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import part_of_it
import pytest
from running import command_here, mirrored_versions
from shipped_facts import facts

from flows import build, sources
from flows.pages import snapshots
from flows.pages.snapshots import Snapshot
from flows.sources import Page
from flows.warehouse import connection

PAGE = sources.source("owid_carbon").pages[0]
AS_OF = date(2099, 12, 31)


def page(factor: float) -> bytes:
    """The page that ships, each value times a factor."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["Entity", "Code", "Year", "Carbon intensity of electricity - gCO2e/kWh"])
    for row in facts("owid_carbon", "carbon_intensity"):
        value = float(row["carbon_intensity_g_per_kwh"]) * factor
        out.writerow([row["region"], row["region_code"], row["year"], repr(value)])
    return text.getvalue().encode()


class Place:
    """A data folder, with the facts of one source that ship."""

    def __init__(self, folder: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.raw, self.facts = folder / "data" / "raw", folder / "facts"
        self.warehouse = folder / "data" / "warehouse" / "compute_limits.duckdb"
        shutil.copytree(shipped / "owid_carbon", self.facts / "owid_carbon")
        self.warehouse.parent.mkdir(parents=True)
        monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(folder / "data"))
        monkeypatch.setenv("COMPUTE_LIMITS_FACTS", str(self.facts))

    def fetch(self, body: bytes, day: str, page: Page = PAGE) -> str:
        sha256 = hashlib.sha256(body).hexdigest()
        line = Snapshot(page.source, page.name, page.url, sha256, len(body), f"{day}T00:00:00Z", None, None, "x")
        snapshots.keep(self.raw, line, body)
        return sha256

    def build(self) -> None:
        self.warehouse.unlink(missing_ok=True)
        build.read_sources(self.warehouse, self.raw, self.facts, AS_OF)
        part_of_it.make(self.warehouse, "meta")

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with connection.connect(self.warehouse, read_only=True) as con:
            return con.execute(query).fetchall()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return command_here(os.environ | {"COLUMNS": "200"}, *arguments)


@pytest.mark.slow
def test_a_page_is_held_back_and_listed_until_it_is_accepted(
    tmp_path: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, shipped, monkeypatch)
    slipped = place.fetch(page(0.001), "2098-01-01")
    place.build()

    # The last good version is used, the source is stale, and it is said which page and why.
    ((good,),) = place.ask("select sha256 from meta.pages")
    assert good != slipped
    held = place.ask("select source, page, sha256, retrieved_on, compared_with, quantity from meta.held_pages")
    assert set(held) == {
        ("owid_carbon", PAGE.name, slipped, date(2098, 1, 1), good, "carbon_intensity.carbon_intensity_g_per_kwh")
    }
    ((figure, bound),) = place.ask("select figure, bound from meta.held_pages where measure = 'median_ratio'")
    assert figure == pytest.approx(0.001)
    assert 1 < bound < 1000
    told = place.run("sources")
    assert (told.returncode, told.stderr) == (0, "")
    assert re.search(r"owid_carbon +stale", told.stdout)
    (command,) = re.findall(r"! owid_carbon: page .* is held back: .*: `compute-limits (accept .*)`", told.stdout)

    # What it says to do does it, and is said once.
    arguments = shlex.split(command)
    assert arguments == ["accept", "owid_carbon", PAGE.name, slipped]
    ended = place.run(*arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert str(place.raw / "owid_carbon" / "accepted.jsonl") in ended.stdout
    assert "it was accepted before" in place.run(*arguments).stdout
    place.build()
    assert place.ask("select sha256 from meta.pages") == [(slipped,)]
    assert place.ask("select * from meta.held_pages") == []
    assert place.ask("select state, message from meta.sources where source = 'owid_carbon'") == [("unchanged", None)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "name", "measure"),
    [
        # All that is read of this one stands in its first half.
        ("nlp_progress", "named_entity_recognition.md", "bytes_gone"),
        ("timm", "results-imagenet.csv", "rows_gone"),
        ("mlco2", "gpus.csv", "rows_gone"),
        ("mlco2", "impact.csv", "rows_gone"),
    ],
)
def test_a_real_page_of_which_half_is_gone_is_held_back(
    tmp_path: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch, source: str, name: str, measure: str
) -> None:
    place = Place(tmp_path, shipped, monkeypatch)
    (page,) = [page for page in sources.source(source).pages if page.name == name]
    lines = mirrored_versions(page.url)[-1][1].read_bytes().splitlines(keepends=True)
    whole = place.fetch(b"".join(lines), "2098-01-01", page)
    half = place.fetch(b"".join(lines[: len(lines) // 2]), "2098-01-08", page)
    place.build()
    assert place.ask(f"select page, sha256 from meta.pages where source = '{source}'") == [(name, whole)]
    held = place.ask("select page, sha256, compared_with, measure from meta.held_pages")
    assert (name, half, whole, measure) in held
    ((state, message),) = place.ask(f"select state, message from meta.sources where source = '{source}'")
    assert state == "stale"
    assert f"page {name} of 2098-01-08 is held back" in message


@pytest.mark.slow
def test_a_page_as_it_might_be_next_month_is_used(
    tmp_path: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, shipped, monkeypatch)
    newer = place.fetch(page(1.01), "2098-01-01")
    place.build()
    assert place.ask("select sha256 from meta.pages") == [(newer,)]
    assert place.ask("select * from meta.held_pages") == []


@pytest.mark.slow
def test_a_first_page_that_contradicts_other_sources_is_held_back(
    tmp_path: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, shipped, monkeypatch)
    shutil.rmtree(place.facts / "owid_carbon")
    shutil.copytree(shipped / "mlco2", place.facts / "mlco2")
    slipped = place.fetch(page(0.001), "2098-01-01")
    place.build()
    assert set(place.ask("select source, sha256, measure, compared_with from meta.held_pages")) == {
        ("owid_carbon", slipped, "ratio_to_others", "mlco2/impact.csv")
    }
    ((state, message),) = place.ask("select state, message from meta.sources where source = 'owid_carbon'")
    assert state == "absent"
    assert "times those of mlco2/impact.csv" in message
    place.fetch(page(1), "2098-02-01")
    place.build()
    assert place.ask("select * from meta.held_pages") == []
    assert place.ask("select state from meta.sources where source = 'owid_carbon'") == [("unchanged",)]


def test_what_cannot_be_accepted_is_a_sentence(tmp_path: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path, shipped, monkeypatch)
    for arguments, said in (
        (("owid", PAGE.name, "5c"), "no source 'owid'; near it: 'owid_carbon'"),
        (("owid_carbon", "carbon.csv", "5c"), f"owid_carbon has no page 'carbon.csv'; near it: '{PAGE.name}'"),
        (("owid_carbon", PAGE.name, "zz"), f"owid_carbon, page {PAGE.name}: no version begins with 'zz'; there are: "),
    ):
        ended = place.run("accept", *arguments)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith(f"error: {said}")
        assert ended.stderr.count("\n") == 1
