"""A copy of the checkout with a part of its facts and some kept pages, for builds whose files a test changes."""

from __future__ import annotations

import csv
import hashlib
import io
import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from conftest import copy_shipped
from running import FIXTURES, ROOT

from flows import build, sources
from flows.analysis import computed
from flows.pages import bundling, decisions, snapshots
from flows.pages.snapshots import Snapshot
from flows.warehouse import sql_files, transform

# Those whose fixture is kept as a page, so that there are bytes to edit.
WITH_PAGES = ("codecarbon", "gpu_info", "mlco2", "squad_explorer")
# The paper's own points, of which more is expected than of others, and what every cost needs.
WHOLE = ("computerprogress", "mit_futuretech", "epoch_hardware", "owid_carbon")
# The tables that code reads by name while it builds and reports: with all that they read, they are left in a light copy.
READ_BY_CODE = (
    *(
        "core.left_out",
        "core.quarantine",
        "exports.figure_3_costs",
        "marts.changed_points",
        "marts.changes",
        "marts.headline_numbers",
        "marts.headline_points",
        "marts.numbers",
        "marts.reproduction",
        "marts.scaling",
    ),
    *("meta.changed_pages", "meta.held_pages", "meta.pages", "meta.past_builds", "meta.runs", "meta.sources"),
    "meta.this_build",
)
# {file of settings: (what stands there, what does in a light copy)}
LIGHT = {
    # The first is of a benchmark that is left.
    "landmarks.toml": [(r"(?s)(\A.*?^\[\[landmarks\]\].*?\n)\n.*\Z", r"\1")],
    "estimation.toml": [
        (r"^resamples = \d+", "resamples = 100"),
        (r"^\[estimators\]\n(?:.+\n)+", '[estimators]\nols_cluster = ["all"]\n'),
    ],
    "row_sets/current.toml": [(r"^selections = .*", 'selections = ["all"]'), (r"^headline = .*", 'headline = "all"')],
    "row_sets/paper_v1.toml": [(r"^selections = .*", 'selections = ["all"]')],
    "row_sets/paper_v2.toml": [(r"^selections = .*", 'selections = ["all"]')],
}
# Benchmarks and scenarios of the paper, which its row sets and its printed numbers name.
LEFT = {
    "domains": ("imagenet", "coco", "coco_test_dev", "squad", "squad_dev", "conll", "wmt_en_*"),
    "scenarios": ("paper_2020",),
}
# Before every version of a page that an edit may add, between them, and after all.
FIRST, LAST = date(2026, 11, 25), date(2027, 3, 1)


@dataclass
class Place:
    """A copy of the checkout with a data folder, and what stood in the files that the last edit changed."""

    root: Path
    rng: random.Random
    as_of: date = FIRST
    versions: int = 0
    before: dict[Path, bytes | None] = field(default_factory=dict)

    @property
    def raw(self) -> Path:
        return self.root / "kept" / "raw"

    @property
    def shipped(self) -> Path:
        return self.root / "data" / "raw"

    def keep(self, path: Path) -> Path:
        """Remember a file that is about to change."""
        self.before.setdefault(path, path.read_bytes() if path.is_file() else None)
        return path

    def write(self, path: Path, text: str) -> None:
        self.keep(path).write_bytes(text.encode())

    def undo(self) -> None:
        for path, body in self.before.items():
            path.unlink(missing_ok=True)
            if body is not None:
                path.write_bytes(body)

    def files(self, *patterns: str, below: Path | None = None) -> list[Path]:
        return sorted(path for pattern in patterns for path in (below or self.root).glob(pattern))

    def replace_one(self, path: Path, pattern: str, other: Callable[[re.Match[str]], str]) -> str | None:
        """Replace one match of a pattern, drawn from all, with something else; says which."""
        text = path.read_text(encoding="utf-8")
        matches = list(re.finditer(pattern, text, re.MULTILINE))
        if not matches:
            return None
        match = self.rng.choice(matches)
        new = text[: match.start()] + other(match) + text[match.end() :]
        if new == text:
            return None
        self.write(path, new)
        return f"{path.relative_to(self.root)}: {match[0]!r} -> {other(match)!r}"


# --- the copy


def copy(root: Path, share: int, seed: int = 5) -> Place:
    """The checkout with one in `share` of the records of each page of its facts, and no least number of rows."""
    for name in ("flows", "sql", "expectations"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    place = Place(root, random.Random(seed))
    copy_shipped(place.shipped)
    for folder in sorted(place.shipped.iterdir()):
        if folder.name not in WHOLE and share > 1:
            cut(folder, share)
    for path in place.files("flows/sources/*.toml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"^rows = \[\d+,", "rows = [0,", text, flags=re.MULTILINE), encoding="utf-8")
    for key in WITH_PAGES:
        for page in sources.source(key).pages:
            body = (FIXTURES / key / page.name).read_bytes()
            add_version(place, key, page.name, body, date(2026, 11, 24))
            # It is far shorter than the page whose facts ship.
            decisions.accept(sources.source(key), page.name, hashlib.sha256(body).hexdigest(), place.raw, [place.raw])
    return place


def lighten(place: Place, *, has_facts: bool = False) -> None:
    """Leave of a copy what a build cannot do without, for tests of how it ends and not of what it gives.

    No facts but of the sources of `WHOLE`, so that each page of those of `WITH_PAGES` is the first of its source and a change
    of one is published, not held back; few benchmarks, estimators and resamples; and no table that nothing else reads. With
    `has_facts` those of every source stay, so that no source is absent and a refresh ends well.
    """
    for folder in place.shipped.iterdir():
        if folder.name not in WHOLE and not has_facts:
            shutil.rmtree(folder)
    declared = place.root / "flows" / "declared"
    for folder, left in LEFT.items():
        for path in (declared / folder).glob("*.toml"):
            if not any(path.match(f"{name}.toml") for name in left):
                path.unlink()
    for name, edits in LIGHT.items():
        for edit in edits:
            declare(place, name, *edit)
    for path, kept in tables_of(place.root / "sql").items():
        if not kept:
            path.unlink()
            (place.root / "expectations" / f"{path.parent.name}.{path.stem}.json").unlink(missing_ok=True)


def draw_less(place: Place) -> None:
    """The fewer resamples of a light copy, and all else as it is."""
    declare(place, "estimation.toml", *LIGHT["estimation.toml"][0])


def declare(place: Place, name: str, pattern: str, other: str) -> None:
    """Have something else stand in a file of settings."""
    path = place.root / "flows" / "declared" / name
    text, n = re.subn(pattern, other, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert n == 1, f"{name}: {pattern} matches {n} times"
    path.write_text(text, encoding="utf-8")


def tables_of(root: Path) -> dict[Path, bool]:
    """{SQL file: whether a light copy needs its table}."""
    tables = computed.Tables()
    needed = transform.needed(tables)
    given = [f"staging.{name}" for name in build.staged()]
    nodes = sql_files.in_order(root, given, dict.fromkeys(tables.row_types, needed))
    wanted, size = {*READ_BY_CODE, *needed}, 0
    reads = {node.table: node.reads for node in nodes}
    while size < len(wanted):
        size = len(wanted)
        wanted |= {read for table in wanted for read in reads.get(table, ())}
    files = [node.table for node in nodes if isinstance(node, sql_files.SqlFile)]
    return {root / f"{table.replace('.', '/')}.sql": table in wanted for table in files}


def table(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode(), newline=""), strict=True))


def as_text(rows: list[list[str]]) -> str:
    """As flows/pages/facts.py writes them, that is with a lone carriage return in quotes."""
    text = io.StringIO()
    for row in rows:
        quoting = csv.QUOTE_ALL if any("\r" in cell for cell in row) else csv.QUOTE_MINIMAL
        csv.writer(text, lineterminator="\n", quoting=quoting).writerow(row)
    return text.getvalue()


def cut(folder: Path, share: int) -> None:
    """Leave one record in `share` of each page, with all its rows, and count them anew."""
    tables = {path: table(path) for path in sorted(folder.glob("*.facts.csv"))}
    records: dict[tuple[str, str], dict[str, None]] = {}
    for path, rows in tables.items():
        if path.name not in ("page_count.facts.csv", "rejected_cell.facts.csv"):
            for sha256, page, locator, *_ in rows[1:]:
                records.setdefault((sha256, page), {})[locator] = None
    left = {key: set(list(locators)[::share]) for key, locators in records.items()}
    for path, (header, *rows) in tables.items():
        if path.name == "page_count.facts.csv":
            rows = [[*row[:-1], str(len(left.get((row[0], row[1]), ())))] for row in rows]
        else:
            rows = [row for row in rows if row[2] in left[row[0], row[1]]]
        path.write_bytes(as_text([header, *rows]).encode())
    bundling.seal(folder.parent, folder.name)


def add_version(place: Place, key: str, page: str, body: bytes, day: date) -> None:
    """Keep a version of a page, as fetching does."""
    place.versions += 1
    (url,) = [one.url for one in sources.source(key).pages if one.name == page]
    digest = hashlib.sha256(body).hexdigest()
    # No two at the same second.
    at = f"{day.isoformat()}T{place.versions // 3600:02}:{place.versions // 60 % 60:02}:{place.versions % 60:02}Z"
    line = Snapshot(key, page, url, digest, len(body), at, None, None, "MIT")
    place.keep(place.raw / key / snapshots.LOCK)
    place.keep(line.path(place.raw))
    snapshots.keep(place.raw, line, body)


def seal(place: Place, folder: Path) -> None:
    """Let the lock beside facts that were edited have their hash, or a build would not use them."""
    place.keep(folder / snapshots.LOCK)
    bundling.seal(folder.parent, folder.name)
