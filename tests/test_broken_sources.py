"""One source that is broken, in each of the ways in which pages are: it falls back, and nothing else knows of it.

Whole builds of real kept pages: what is newest of a source is broken, what it had before are the facts that ship.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from io import BytesIO
from math import nextafter
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import AS_OF, checksums
from running import FIXTURES, publish_copy

from flows import build, sources
from flows.columns import columns
from flows.pages import decisions, snapshots
from flows.pages.snapshots import Snapshot
from flows.readers.bounds import BOUNDS, bound
from flows.readers.row_types import TYPE_NAMES, Compute, ListedScore, Price
from flows.sources import Page

pytestmark = pytest.mark.slow


def fixture(page: Page) -> bytes:
    return (FIXTURES / page.source / page.name.replace("/", "__")).read_bytes()


def csv_with(column: str) -> Callable[[Page], bytes]:
    """The page with a further column."""
    return lambda page: b"\n".join(
        line + (b"," + column.encode() if at == 0 else b",1") if line else line
        for at, line in enumerate(fixture(page).splitlines())
    )


def damaged_archive(page: Page) -> bytes:
    body = bytearray(fixture(page))
    with zipfile.ZipFile(BytesIO(body)) as archive:
        first = archive.infolist()[0]
    body[first.header_offset + 60] ^= 255
    return bytes(body)


def alias_bomb(_: Page) -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)]
    return "\n".join(["Models:", "  - Name: x", *(f"    {line}" for line in lines)]).encode()


# {source: (part of the page's name, the page as it is now, what is told of it)}
BROKEN: dict[str, tuple[str, Callable[[Page], bytes], str]] = {
    "codecarbon": ("", lambda page: fixture(page) + b"\xff\xfe\n", "can't decode byte 0xff"),
    "epoch_benchmarks": ("", damaged_archive, "ZIP|damaged"),
    "epoch_hardware": (
        "",
        lambda _: b"<!doctype html><title>moved</title>",
        "column 'Hardware name' is missing|no record",
    ),
    "epoch_models": ("", csv_with("Flavour"), "undeclared column 'Flavour'"),
    "gpu_info": ("", lambda page: fixture(page)[:-40], "not a JSON page"),
    "papers_with_code": ("", lambda _: b"[" * 200_000, "RecursionError"),
    "openmmlab_mmdetection": ("faster_rcnn", alias_bomb, "takes more than 128 MB of memory"),
    "squad_explorer": ("", lambda page: fixture(page).replace(b"<th>", b"<th>New "), "table 2: the header is"),
    "timm": ("results-imagenet.csv", lambda _: b"", "no record in the page"),
    "timm_model_index": ("tresnet", lambda page: fixture(page) * 2, "2 comments"),
    "chinchilla_points": ("", lambda page: b"\n".join(fixture(page).splitlines()[:3]), "2 rows where at least 240"),
    "computerprogress": ("imagenet", lambda page: fixture(page).decode().encode("utf-16"), "can't decode byte 0xff"),
    "mlco2": ("gpus", lambda page: fixture(page).replace(b",", b";"), "is missing"),
}


def page_of(key: str, name: str) -> Page:
    return next(page for page in sources.source(key).pages if name in page.name)


def keep(raw: Path, page: Page, body: bytes) -> None:
    """Keep a version as if somebody had looked at it: what is tested is what comes after it is held against the one before."""
    digest = hashlib.sha256(body).hexdigest()
    line = Snapshot(page.source, page.name, page.url, digest, len(body), "2090-01-01T00:00:00Z", None, None, "CC0-1.0")
    snapshots.keep(raw, line, body)
    decisions.accept(sources.source(page.source), page.name, digest, raw, [raw])


def ask(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(warehouse, read_only=True) as con:
        return con.execute(query).fetchall()


def published(folder: Path, warehouse_path: Path) -> Path:
    """A copy of the shared warehouse, of which a build takes over what does not change."""
    return publish_copy(warehouse_path, folder / "w.duckdb")


def whole_owid() -> bytes:
    """As many rows as the source has to have, all good."""
    header = fixture(page_of("owid_carbon", "")).split(b"\n", 1)[0].strip().decode().split(",")
    cells = {"Entity": "Country {0}", "Code": "C{0:02}", "Year": "{1}"}
    row = ",".join(cells.get(name, "300" if "intensity" in name else "") for name in header)
    lines = [row.format(country, year) for country in range(250) for year in range(2000, 2025)]
    return "\n".join([",".join(header), *lines, ""]).encode()


# Cells of one page that no year and no intensity can be, beside good ones.
IMPOSSIBLE = [("2001", "2500"), ("1e19", "300"), ("20011", "300"), ("2001", "-5"), ("2001", "1e999"), ("2001", "nan")]


def impossible_rows() -> bytes:
    """As many rows of the source, each with one of those cells."""
    header = whole_owid().split(b"\n", 1)[0].decode().split(",")
    place = {"Entity": "Badland", "Code": "BAD"}
    rows = [
        ",".join(place.get(name, year if name == "Year" else value if "intensity" in name else "") for name in header)
        for year, value in IMPOSSIBLE
    ]
    return "\n".join([*rows, ""]).encode()


@pytest.fixture(scope="module")
def final(tmp_path_factory: pytest.TempPathFactory, shipped: Path, warehouse_path: Path) -> Path:
    """The warehouse of all of these pages, of one with impossible cells, and of what is kept of the others."""
    data = tmp_path_factory.mktemp("broken")
    raw, final = data / "raw", published(data / "warehouse", warehouse_path)
    for key, (name, body, _) in BROKEN.items():
        keep(raw, page_of(key, name), body(page_of(key, name)))
    keep(raw, page_of("owid_carbon", ""), whole_owid() + impossible_rows())
    with pytest.MonkeyPatch.context() as set_here:  # what conftest sets for a test comes after this
        set_here.setenv("COMPUTE_LIMITS_DATA", str(data))
        set_here.delenv("COMPUTE_LIMITS_FACTS", raising=False)
        build.run(raw, shipped, final, AS_OF)
    return final


def test_sources_broken_in_each_way_fall_back_and_all_others_are_published_fresh(
    final: Path, warehouse_path: Path
) -> None:
    assert len(BROKEN) >= 12
    told = {key: rest for key, *rest in ask(final, "select source, state, message from meta.sources")}
    for key, (name, _, reason) in BROKEN.items():
        state, message = told[key]
        assert state == "stale", key
        assert f"{key}, page {page_of(key, name).name} (" in message or f"{key}: " in message, key
        assert any(part in message for part in reason.split("|")), (key, message)
    assert {key: state for key, (state, _) in told.items() if key not in BROKEN} == {
        key: "unchanged" if key == "owid_carbon" else "shipped" for key in sources.names() if key not in BROKEN
    }
    # The page that came is in use, and of the broken ones what was there before.
    assert ask(final, "select count(*) from core.carbon_intensities where region like 'Country %'") == [(6250,)]
    before, after = checksums(warehouse_path), checksums(final)
    same = ("core.processors", "core.results", "core.models", "core.prices", "core.run_phases")
    assert {table: after[table] for table in same} == {table: before[table] for table in same}
    # The page with impossible cells has rows here, and none of the broken ones has.
    others = "select * from core.quarantine where source <> 'owid_carbon' order by all"
    assert ask(final, others) == ask(warehouse_path, others) != []


def test_impossible_cells_are_left_out_and_their_page_is_published(final: Path) -> None:
    assert ask(final, "select state, rows_read, rows_quarantined from meta.sources where source = 'owid_carbon'") == [
        ("unchanged", 6250 + len(IMPOSSIBLE), len(IMPOSSIBLE))
    ]
    found = ask(final, "select literal from core.quarantine where source = 'owid_carbon' order by all")
    assert found == sorted([("2500",), ("1e19",), ("20011",), ("-5",), ("1e999",), ("nan",)])


# --- cells at the ends of what is possible

# One cell in so many at either end; with most of all cells at an end there are no sources any more.
_EVERY = 50
_ENDS = {"least": 0, "most": _EVERY // 2}


def end_of(row_type: type[Any], row: dict[str, str], column: str, which: str) -> str:
    """The least or the most that a cell of a facts file can hold, as it is written there."""
    of: dict[type[Any], Any] = {
        Compute: lambda: bound(Compute(None, "training_compute", 1.0, row["unit"]), column),
        Price: lambda: bound(Price("p", row["kind"], 1.0), column),
    }
    possible = of.get(row_type, lambda: BOUNDS[row_type][column])()
    value = possible.least if which == "least" else nextafter(possible.most, 0) if possible.open else possible.most
    if isinstance(value, date):
        return value.isoformat()
    return repr(float(value)) if columns(row_type)[column][0] is float else str(int(value))


def change(path: Path, row_type: type[Any]) -> Counter[str]:
    """Put cells of a facts file at the ends of their bounds; how many at either."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    bounded = {column: column for column in BOUNDS[row_type]}
    if row_type is ListedScore:
        # A column for each score, behind the names of the models.
        bounded = dict.fromkeys(list(rows[0])[list(rows[0]).index("name") + 1 :], "value")
    changed = Counter[str]()
    for number, row in enumerate(rows):
        for at, (cell, column) in enumerate(bounded.items()):
            for which, place in _ENDS.items():
                # A second row of a month would be another fault, of which its page would have told.
                if row[cell] and column != "month" and (number * 7 + at) % _EVERY == place:
                    row[cell] = end_of(row_type, row, column, which)
                    changed[which] += 1
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return changed


def test_cells_at_the_ends_of_their_bounds_fail_no_critical_expectation(tmp_path: Path, shipped: Path) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(shipped, raw)
    changed = {
        row_type: sum(
            (change(path, row_type) for path in raw.glob(f"*/{TYPE_NAMES[row_type]}.facts.csv")), Counter[str]()
        )
        for row_type in BOUNDS
    }
    assert all(set(of_type) == set(_ENDS) for of_type in changed.values()), changed
    of_all = sum(changed.values(), Counter[str]())
    assert all(of_all[which] > 2000 for which in _ENDS), of_all
    build.run(raw, None, tmp_path / "w.duckdb", AS_OF)
