"""`make bench`: builds from the facts that ship beside the plain build of version 0.1, each from a checkout of its own.

That version had less than half as many sources. The case "of the sources of 0.1" is of theirs alone, so that like stands beside
like; all others are of what ships now.

Before and after take turns. The first turn warms the disk and is sampled for memory; the medians are of the turns after it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from measuring import BEFORE, Runs, earlier, environment, present, show, usage

from flows.pages import bundling, snapshots
from flows.pages.snapshots import Snapshot

_TURNS = 3
# After every page that ships.
_DAY, _WEEK_LATER = date(2099, 12, 1), date(2099, 12, 8)


@dataclass
class Case:
    """One thing to measure: what is changed before it, in the checkout (and back after it), and how it is built."""

    runs: Runs
    edit: Callable[[Path], tuple[Path, bytes]] | None = None
    as_of: date = _DAY
    published: str | None = "published"
    fresh: bool = False
    is_of_before: bool = False


def cell(path: Path, column: str, row: int) -> tuple[Path, bytes]:
    """A facts file with another last digit in one cell, and not a byte else."""
    lines = path.read_text(encoding="utf-8").split("\n")
    at, cells = lines[0].split(",").index(column), lines[row].split(",")
    number = cells[at]
    cells[at] = number[:-1] + ("2" if number[-1] != "2" else "3")
    lines[row] = ",".join(cells)
    return path, "\n".join(lines).encode()


def longer(path: Path, text: str) -> tuple[Path, bytes]:
    """A file with a line more at its end."""
    return path, path.read_bytes() + text.encode()


def expectation(path: Path) -> tuple[Path, bytes]:
    """A suite with one expectation more."""
    suite = json.loads(path.read_text(encoding="utf-8"))
    one = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 2}, "severity": "warning"}
    suite["expectations"].append({**suite["expectations"][0], **one})
    return path, json.dumps(suite, indent=2).encode()


def cases() -> list[Case]:
    """What is measured of the build as it is."""

    def timm(checkout: Path) -> tuple[Path, bytes]:
        return cell(checkout / "data/raw/timm/result.facts.csv", "value", 1)

    def computerprogress(checkout: Path) -> tuple[Path, bytes]:
        return cell(checkout / "data/raw/computerprogress/result.facts.csv", "value", 1)

    def remark(checkout: Path) -> tuple[Path, bytes]:
        path = checkout / "sql/marts/scaling.sql"
        return path, path.read_bytes().replace(b"select * from", b"-- a remark\nselect * from")

    def suite(checkout: Path) -> tuple[Path, bytes]:
        return expectation(checkout / "expectations/core.results.json")

    def fits(checkout: Path) -> tuple[Path, bytes]:
        return longer(checkout / "flows/fits/huber.py", "\n# a remark\n")

    few: dict[str, float] = {"memory_max": 650}
    soon: dict[str, float] = {"wall_max": 1, **few}
    return [
        Case(Runs("all anew (--fresh)", 0.5, memory_max=900), fresh=True),
        Case(Runs("all anew, of the sources of 0.1", 0.5, memory_max=900), fresh=True, is_of_before=True),
        Case(Runs("nothing published", 0.5, memory_max=900), published=None),
        Case(Runs("one value of timm", 0.4, **few), timm),
        Case(Runs("one value of computerprogress", 0.4, **few), computerprogress),
        Case(Runs("a remark in one SQL file", 0.4, **few), remark),
        Case(Runs("one expectation", 0.4, **few), suite),
        Case(Runs("a module of fits", memory_max=900), fits),
        Case(Runs("nothing changed", **soon)),
        Case(Runs("nothing changed, a week later", **soon), as_of=_WEEK_LATER),
        Case(Runs("nothing changed, one source stale", **soon), published="stale"),
        Case(Runs("the same, a week later", **soon), as_of=_WEEK_LATER, published="stale"),
    ]


@contextmanager
def edited(case: Case, checkout: Path) -> Iterator[None]:
    """The checkout as the case wants it, and after it as it was."""
    if case.edit is None:
        yield
        return
    path, body = case.edit(checkout)
    before = path.read_bytes()
    if body == before:
        raise SystemExit(f"{case.runs.name}: {path} is not changed by it")
    path.write_bytes(body)
    _seal(path)
    try:
        yield
    finally:
        path.write_bytes(before)
        _seal(path)


def _seal(path: Path) -> None:
    """Facts that were edited would not be used without their hash in the lock."""
    if path.name.endswith(".facts.csv"):
        bundling.seal(path.parents[1], path.parent.name)


class Bench:
    """The two checkouts, and data folders that were built once and from which each run starts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.before = earlier(folder / "before")
        self.after = present(folder / "after")
        self.of_before = self.after if self.before is None else _of_sources(self.before, folder / "of-before")
        build = ["-m", "flows", "build", "--as-of", str(_DAY)]
        for name in ("published", "stale"):
            if name == "stale":
                _newer_but_broken(self.after, folder / name / "raw")
            usage(build, environment(self.after, folder / name), self.after)

    def run(self, case: Case, *, is_sampled: bool) -> None:
        """One run of the build as it is."""
        self._start_from(case.published)
        arguments = ["-m", "flows", "build", "--as-of", str(case.as_of), *(["--fresh"] if case.fresh else [])]
        checkout = self.of_before if case.is_of_before else self.after
        with edited(case, checkout):
            case.runs.usages.append(usage(arguments, environment(checkout, self.data), checkout, is_sampled=is_sampled))

    def run_before(self, runs: Runs, *, is_sampled: bool) -> None:
        """One run of the build as it was."""
        if self.before is not None:
            self._start_from(None)
            arguments = ["-m", "flows", "build", "--as-of", str(_DAY)]
            runs.usages.append(
                usage(arguments, environment(self.before, self.data), self.before, is_sampled=is_sampled)
            )

    def _start_from(self, name: str | None) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        if name is not None:
            shutil.copytree(self.folder / name, self.data)
        # On the disk before the clock starts: else a build that syncs its file waits for that of the copy too.
        os.sync()


def _of_sources(before: Path, folder: Path) -> Path:
    """The checkout as it is with the facts of those sources alone that another has: all others are absent."""
    checkout = present(folder)
    for source in (checkout / "data" / "raw").iterdir():
        if not (before / "data" / "raw" / source.name).is_dir():
            shutil.rmtree(source)
    return checkout


def _newer_but_broken(checkout: Path, raw: Path) -> None:
    """A newer version of a page of computerprogress that cannot be read: the source is stale, and used as it was."""
    line = snapshots.read(checkout / "data" / "raw", "computerprogress")[0]
    body = b"not what was there"
    broken = vars(line) | {
        "sha256": snapshots.digest(body),
        "byte_count": len(body),
        "retrieved_at": f"{_DAY - timedelta(days=1)}T00:00:00Z",
    }
    snapshots.keep(raw, Snapshot(**broken), body)


def main() -> None:
    """Measure every case, the build before between them; only the cases whose name holds an argument, if any is given."""
    chosen = [case for case in cases() if all(text in case.runs.name for text in sys.argv[1:])]
    before = Runs(f"before: the plain build of {BEFORE}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        bench = Bench(Path(folder))
        for turn in range(_TURNS + 1):
            for at, case in enumerate(chosen):
                # As often as the dear ones, and spread over the turn, so that both see the same machine.
                if at in (0, len(chosen) // 2):
                    bench.run_before(before, is_sampled=not turn)
                bench.run(case, is_sampled=not turn)
    show([*([before] if before.usages else []), *(case.runs for case in chosen)], before)


if __name__ == "__main__":
    main()
