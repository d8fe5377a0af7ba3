"""`make bench`: time, memory and disk of each stage by how many results there are, and with which power of them its time grows.

The results are synthetic (`synthetic.py`) and come on top of the facts that ship, in a copy of the checkout; a size of 0 is those
alone. Each stage is a process of its own, run five times where it is over within five seconds. Time is seconds of processor of all
its processes, of the fastest run. The power is that between the two largest sizes: of the time, and of what a stage takes more than
at size 0, which is what it comes near to at sizes beyond; where that is less than half of size 0 it says nothing, and is left out.

SQL and expectations grow with the results, fits with the benchmarks that are declared, of which there is one for ten thousand
results. Pages are fetched and parsed up to a million results; above, and for all stages behind, the same rows are given as facts.
The stages have as much memory as they want, so that the power is of what they do. `build` is the whole as the command runs it, with
all processes beside it and the bound that DuckDB has: it is to take less than 2 GB at any size, and its power has what is written
aside for that.

Last, a build with nothing changed over 10 versions of a page of each source and over 1,000.

Arguments are the sizes; without any 1e4 to 1e6, with `--full` to 1e7, which takes hours and 30 GB of disk.
"""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import synthetic
from measuring import Usage, environment, present, usage

from flows import sources
from flows.pages import snapshots

# After every page that ships.
_DAY = date(2099, 12, 1)
_STAGES = ("fetch", "parse", "stage", "sql", "fit", "check", "export", "build")
_SIZES, _FULL = (10**4, 10**5, 10**6), (10**3, 10**4, 10**5, 10**6, 10**7)
_PARSED_MAX = 10**6
_AIM, _MEMORY_MAX = 1.05, 2000
# More than a stage of ten million results takes.
_UNBOUNDED = {"COMPUTE_LIMITS_MEMORY": "16GB"}
# A stage that is over so soon is run so often, and the fastest counts: by chance the start of a process takes a quarter longer.
_SHORT_S, _TRIES = 5.0, 5
_VERSIONS, _TURNS = (10, 1000), 5


@dataclass(frozen=True)
class Taken:
    """What a stage took at a size: seconds of processor, by the clock, and the peak of memory, MB."""

    cpu: float
    wall: float
    memory: float


# --- in the process of a stage, whose `flows` is that of the copy


def _synthetic() -> list[str]:
    """The synthetic sources; at size 0 there are none, and what is left is the start of a process."""
    return [key for key in (synthetic.PAPERS, synthetic.LISTS) if key in sources.names()]


def fetch(work: Path) -> None:
    """All pages of both sources, from a site on loopback."""
    from flows.pages import fetch as fetching
    from flows.pages.transport import Limits

    for key in _synthetic():
        outcomes, _ = fetching.fetch_source(
            sources.source(key),
            work / "fetched",
            mirror=(work / "site.txt").read_text(),
            limits=Limits(),
            known=fetching.Known(),
            now=lambda: datetime(2026, 11, 1, tzinfo=UTC),
        )
        if failed := [one.message for one in outcomes if one.state != "fetched"]:
            raise SystemExit(failed[0])


def parse(work: Path) -> None:
    """Pages to rows, as a build has them."""
    from flows.pages import versions
    from flows.pages.limited import Reader

    with Reader() as reader:
        for key in _synthetic():
            used = versions.in_use(sources.source(key), work / "fetched", None, _DAY, parse=reader.parse)
            if used.problems:
                raise SystemExit(used.problems[0])


def stage(work: Path) -> None:
    """Facts to staging."""
    from flows import build, paths

    build.read_sources(work / "built.duckdb", work / "raw", paths.shipped_raw(), _DAY)


def transform(work: Path) -> None:
    """Staging to exports; tells how much of it went into fits."""
    from flows import build
    from flows.analysis import computed

    class Timed(computed.Tables):
        spent = 0.0

        def start(self, con: object) -> None:
            began = time.process_time()
            super().start(con)  # type: ignore[arg-type]
            Timed.spent += time.process_time() - began

        def tables(self) -> object:  # type: ignore[override]
            began = time.process_time()
            made = super().tables()
            Timed.spent += time.process_time() - began
            return made

    computed.Tables = Timed  # type: ignore[misc]
    build.transform(work / "built.duckdb")
    (work / "fit.txt").write_text(str(Timed.spent))


def check(work: Path) -> None:
    """The expectations of all tables."""
    from flows import build
    from flows.warehouse import connection
    from flows.warehouse.kept import NOTHING, Keys
    from flows.warehouse.validation import Validation
    from flows.warehouse.validator import Validator

    suites = build.suites()
    with connection.connect(work / "built.duckdb", read_only=True) as con, Validator(suites) as validator:
        validation = Validation(NOTHING, Keys(), suites, lambda: validator)
        there = set(connection.tables(con))
        for table in suites:
            if table in there:
                validation.made(con, table)
        if critical := [str(one) for one in validation.failures if one.severity == "critical"]:
            raise SystemExit(critical[0])


def export(work: Path) -> None:
    """All that an export writes but the figures."""
    from flows.publish import exports

    exports.export(work / "built.duckdb", work / "exports")


# --- in the process that measures


def measured(folder: Path, results: int) -> tuple[dict[str, Taken], dict[str, int]]:
    """{stage: what it took} and {folder or file: bytes} of one size."""
    work = folder / f"{results}"
    checkout = present(work / "checkout")
    is_parsed = results <= _PARSED_MAX
    if results:
        size = synthetic.of(results)
        synthetic.declare(checkout, size)
        synthetic.write_facts(checkout / "data" / "raw", size)
        if is_parsed:
            synthetic.write_site(work / "site", size)

    def run(what: str) -> Usage:
        arguments, around = [__file__, "--stage", what, str(work)], environment(checkout, work, **_UNBOUNDED)
        used: list[Usage] = []
        while not used or (len(used) < _TRIES and used[0].cpu < _SHORT_S):
            if what == "fetch":
                shutil.rmtree(work / "fetched", ignore_errors=True)
            used.append(usage(arguments, around, checkout, is_sampled=True))
            _tell(results, what, used[-1])
        return min(used, key=lambda one: one.cpu)

    taken: dict[str, Taken] = {}
    with _site(work / "site") as url:
        (work / "site.txt").write_text(url)
        for what in ("fetch", "parse") if is_parsed else ():
            taken[what] = _taken(run(what))
    taken["stage"], whole = _taken(run("stage")), _taken(run("transform"))
    fits = float((work / "fit.txt").read_text())
    taken["sql"] = Taken(whole.cpu - fits, whole.wall, whole.memory)
    taken["fit"] = Taken(fits, whole.wall, whole.memory)
    taken["check"], taken["export"] = _taken(run("check")), _taken(run("export"))
    disk = {name: _bytes(work / name) for name in ("fetched", "built.duckdb", "exports")}
    (work / "built.duckdb").unlink()
    whole_build = ["-m", "flows", "build", "--fresh", "--as-of", str(_DAY)]
    taken["build"] = _taken(usage(whole_build, environment(checkout, work / "data"), checkout, is_sampled=True))
    _tell(results, "build", taken["build"])
    shutil.rmtree(work)
    return taken, disk


def _tell(results: int, what: str, used: Usage | Taken) -> None:
    """A line as soon as a stage is over: the largest sizes take an hour."""
    print(f"{results:,} results, {what}: {used.cpu:.2f} s, {used.memory:.0f} MB", file=sys.stderr, flush=True)


def _taken(used: Usage) -> Taken:
    return Taken(used.cpu, used.wall, used.memory or 0.0)


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


@contextmanager
def _site(folder: Path) -> Iterator[str]:
    """A mirror on loopback."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def power(sizes: list[int], seconds: list[float], floor: float) -> float | None:
    """The power of the size with which time grows between the two largest sizes, without the floor; None where it says nothing."""
    if len(sizes) < 2:
        return None
    (small, large), (before, after) = sizes[-2:], (one - floor for one in seconds[-2:])
    if before <= 0 or after < floor / 2:
        return None
    return math.log(after / before) / math.log(large / small)


def show(found: dict[int, tuple[dict[str, Taken], dict[str, int]]]) -> None:
    """A line a stage: seconds of processor and MB at each size, and the powers."""
    print(f"{'':8}" + "".join(f"{size:>19,}" for size in found) + f"{'power':>8}{'above size 0':>19}")
    for name in _STAGES:
        cells, sizes, seconds = [], list[int](), list[float]()
        for size, (taken, _) in found.items():
            one = taken.get(name)
            cells.append(19 * " " if one is None else f"{one.cpu:9.2f} s {one.memory:5.0f} MB")
            if one is not None and size:
                sizes.append(size)
                seconds.append(one.cpu)
        floor = found[0][0].get(name) if 0 in found else None
        powers = [power(sizes, seconds, 0.0), power(sizes, seconds, floor.cpu) if floor else None]
        said = "".join(15 * " " if one is None else f"{one:8.2f}{'' if one <= _AIM else ' MISSED':7}" for one in powers)
        if name == "build":
            most = max(taken[name].memory for taken, _ in found.values())
            said += f"  {_MEMORY_MAX} MB {'met' if most < _MEMORY_MAX else 'MISSED'}"
        print(f"{name:8}{''.join(cells)}{said}")
    for name in ("fetched", "built.duckdb", "exports"):
        print(f"{name:13}" + "".join(f"{disk[name] / 2**20:16.1f} MB" for _, disk in found.values()))


def versions(folder: Path) -> None:
    """Builds with nothing changed over few and many versions of a page of each source, in turn."""
    checkout, times = present(folder / "versions"), {many: list[Usage]() for many in _VERSIONS}
    build = ["-m", "flows", "build", "--as-of", str(_DAY)]
    for many in _VERSIONS:
        for key in sources.names():
            newest = snapshots.read(checkout / "data" / "raw", key)[-1]
            synthetic.add_versions(folder / f"data-{many}" / "raw", newest, many)
        usage(build, environment(checkout, folder / f"data-{many}"), checkout)
    for _ in range(_TURNS):
        for many, used in times.items():
            used.append(usage(build, environment(checkout, folder / f"data-{many}"), checkout))
    for many, used in times.items():
        wall, cpu = min(one.wall for one in used), min(one.cpu for one in used)
        print(f"nothing changed, {many:5,} versions a source: {wall:.2f} s by the clock, {cpu:.2f} s of processor")


def main(arguments: list[str]) -> None:
    """Measure all sizes, then the versions."""
    sizes = [int(float(one)) for one in arguments if not one.startswith("--")]
    sizes = sizes or list(_FULL if "--full" in arguments else _SIZES)
    found = dict[int, tuple[dict[str, Taken], dict[str, int]]]()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as kept:
        for size in sorted({0, *sizes}):
            found[size] = measured(Path(kept), size)
            show(found)
        versions(Path(kept))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stage"]:
        globals()[sys.argv[2]](Path(sys.argv[3]))
    else:
        main(sys.argv[1:])
