"""`make bench`: parsing, fits and the simulation in one process of this machine, and over Dask with one and with two workers.

The pages are the newest of the mirror, the sets of points those of the facts that ship, the simulation that of the base setting at
few observations. Each figure is the best of some turns; the rows have to be the same. Processes here start with each turn,
those of workers with the first one. The workers are on this machine: with more of them than it has processors nothing is gained.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from dask_machines import machines
from running import MIRROR, mirrored

from flows import build, cluster, paths, sources
from flows.analysis import computed
from flows.analysis.fitters import Fitters
from flows.cluster import Cluster
from flows.pages.limited import Reader
from flows.pages.versions import Unread
from flows.theory import settings, table
from flows.theory.settings import REGULARISED
from flows.warehouse import connection

_TURNS, _WORKERS = 3, (1, 2)
_OBSERVATIONS = (10, 15, 20, 30, 40)


def pages() -> list[Unread]:
    """The newest pages of the mirror; none where it is not there."""
    newest = mirrored("9999-12-31") if MIRROR.is_dir() else {}
    all_pages = [(sources.source(key), page) for key in sources.names() for page in sources.source(key).pages]
    return [
        Unread(MIRROR / row["file"], source, page, row["sha256"])
        for source, page in all_pages
        if (row := newest.get(page.url)) is not None
    ]


def simulated(folder: Path, machine: Cluster | None) -> bytes:
    """The CSV of some cells, computed anew."""
    base, path = settings.configuration().settings[0], folder / "theory.csv"
    path.unlink(missing_ok=True)
    elsewhere = None if machine is None else machine.simulated
    table.write(path, [replace(base, sizes={REGULARISED: _OBSERVATIONS})], elsewhere=elsewhere)
    return path.read_bytes()


def fitted(con: duckdb.DuckDBPyConnection, fitting: Any) -> dict[str, Any]:
    """All that Python fits for the warehouse."""
    tables = computed.Tables(fitters=lambda _: fitting)
    tables.start(con)
    return dict(tables.tables())


def here(con: duckdb.DuckDBPyConnection, folder: Path, read: list[Unread]) -> dict[str, Callable[[], Any]]:
    """{what: it, in one process of its kind}, which starts with it."""

    def parsed() -> Any:
        with Reader() as reader:
            return {key(one): reader.parse(one.path, one.source, one.page, one.sha256) for one in read}

    def bootstrap() -> Any:
        with Fitters(1) as fitters:
            return fitted(con, fitters)

    return {"parse": parsed, "bootstrap": bootstrap, "simulation": lambda: simulated(folder, None)}


def there(
    con: duckdb.DuckDBPyConnection, folder: Path, read: list[Unread], machine: Cluster
) -> dict[str, Callable[[], Any]]:
    """The same over Dask."""
    return {
        "parse": lambda: machine.parsed(read),
        "bootstrap": lambda: fitted(con, machine),
        "simulation": lambda: simulated(folder, machine),
    }


def key(one: Unread) -> tuple[str, str, str]:
    return one.source.key, one.page.name, one.sha256


@contextmanager
def over_dask(folder: Path, workers: int) -> Iterator[Cluster]:
    """A cluster of so many workers on this machine."""
    folder.mkdir()
    with machines(folder, workers) as started:
        os.environ[cluster.VARIABLE] = started.address
        with cluster.asked_for() as machine:
            assert machine is not None
            yield machine


def main() -> None:
    """Build from the facts that ship, then measure."""
    with tempfile.TemporaryDirectory() as name:
        folder, read = Path(name), pages()
        path = folder / "compute_limits.duckdb"
        build.read_sources(path, folder / "raw", paths.SHIPPED_RAW, date(2099, 1, 1))
        build.transform(path)
        with connection.connect(path, read_only=True) as con:
            measured(con, folder, read)


def measured(con: duckdb.DuckDBPyConnection, folder: Path, read: list[Unread]) -> None:
    """Print the times of each kind of work; all take turns, so that other work on the machine meets each alike."""
    if not read:
        print(f"no mirror of real pages at {MIRROR}: parsing of none is measured")
    with ExitStack() as stack:
        ways = {"one process": here(con, folder, read)}
        for workers in _WORKERS:
            machine = stack.enter_context(over_dask(folder / f"{workers}", workers))
            ways[f"Dask, {workers} workers"] = there(con, folder, read, machine)
        for what in next(iter(ways.values())):
            walls: dict[str, list[float]] = {way: [] for way in ways}
            given = {}
            for _ in range(_TURNS):
                for way, works in ways.items():
                    start = time.perf_counter()
                    given[way] = works[what]()
                    walls[way].append(time.perf_counter() - start)
            alone, *others = given.values()
            assert all(rows == alone for rows in others), f"{what}: not the same rows"
            quickest = {way: min(seconds) for way, seconds in walls.items()}
            for way, seconds in quickest.items():
                ratio = quickest["one process"] / seconds
                print(f"{what:12} {way:16} {seconds:6.2f} s, {ratio:.2f} times as quick", flush=True)


if __name__ == "__main__":
    main()
