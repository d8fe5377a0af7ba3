"""What all tests share: a clean environment, one warehouse built from the facts that ship, and a way to compare two."""

from __future__ import annotations

import fcntl
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import running
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from flows import build, paths
from flows.warehouse import connection

# After every page that ships, whenever the facts were last bundled.
AS_OF = date(2099, 12, 31)
# What a build says of the run itself, and not of the pages: of the day and of fetching, and whether it read bytes or facts.
OF_THE_RUN = {
    "meta.sources": ("state", "age_days", "message"),
    "meta.kept_keys": ("key",),
    "meta.runs": ("build_key", "n_sources_stale", "state"),
    "staging.build_setting": ("build_key", "state_key"),
    "staging.source_reading": ("from_facts_alone", "message"),
    "staging.source_state": ("state", "age_days", "message"),
    "exports.sources": ("state",),
}

# What a build is held against, and is told of it: with each state of its folder's ledger that came since, more.
OF_THE_LEDGER = {
    *("staging.past_build", "staging.past_number", "staging.past_page", "staging.past_point"),
    *("meta.past_builds", "meta.changed_pages", "marts.history"),
}

# No deadline, for no test asserts a time; the same examples on every run.
settings.register_profile("tests", deadline=None, derandomize=True, database=None, max_examples=60)
# What mutates the records of the parsers that sources share (tests/readers), in `make test-all` and `make soak`.
settings.register_profile("thorough", settings.get_profile("tests"), max_examples=running.sample(full=10_000, part=300))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tests"))


def pytest_configure(config: pytest.Config) -> None:
    # Ctrl-C reaches what the tests start, also where they were started in the background by a shell that has it ignored there.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Before any test module imports Prefect, which reads its home once.
    home = tempfile.TemporaryDirectory(prefix="prefect-home-", ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    os.environ["PREFECT_HOME"] = home.name


class Together(LoadScopeScheduling):
    """One worker has all tests of these modules, for they share what is dear to set up; of all others each has its own place.

    xdist's own groups (`xdist_group`) are lost with pytest 9.2, which keeps the name of a test otherwise than xdist writes it.
    """

    MODULES = (
        "tests/acceptance/test_published_before.py",
        "tests/publish/report/test_in_browser.py",
        "tests/test_broken_sources.py",
        "tests/test_cluster.py",
    )

    def _split_scope(self, nodeid: str) -> str:
        module, _, _ = nodeid.partition("::")
        return module if module in self.MODULES else nodeid


@pytest.hookimpl(optionalhook=True)  # a run may do without xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together | None:
    return Together(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    # Thousands of tests and all modules stay to the end: what collects garbage need not look through them each time, nor as often
    # as by default, which took a thirtieth of the time of all tests.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say of each fault of the simulator how often it was met, of how often it was drawn: one that never is tests nothing."""
    reports = [one for one in terminalreporter.getreports("passed") if one.when == "call"]
    told = [(str(kind), how) for one in reports for how, kind in one.user_properties if how in ("met", "not met")]
    drawn, met = Counter(kind for kind, _ in told), Counter(kind for kind, how in told if how == "met")
    if drawn:
        terminalreporter.section("faults that were met, of those drawn")
        for kind, times in sorted(drawn.items()):
            terminalreporter.line(f"{kind}: {met[kind]} of {times}")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No setting of the developer's reaches a test, and none writes into the checkout's data folder."""
    for name in [name for name in os.environ if name.startswith("COMPUTE_LIMITS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path_factory.getbasetemp() / "data"))


def once(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], None]) -> Path:
    """A folder that one process of the session fills and all of them share; who comes meanwhile waits until it is whole."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each worker's own lies in that of the session
    folder = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            filling = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
            fill(filling)
            filling.rename(folder)
    return folder


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the facts that ship, without pages that the developer may have fetched beside them. It is shared."""
    return once(tmp_path_factory, "shipped", copy_shipped)


def copy_shipped(folder: Path) -> None:
    for pattern in ("*/snapshots.jsonl", "*/*.facts.csv", "*/accepted.jsonl"):
        for path in paths.SHIPPED_RAW.glob(pattern):
            copy = folder / path.relative_to(paths.SHIPPED_RAW)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)


@pytest.fixture(scope="session")
def prefect_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The empty database of a Prefect server. Who starts one copies it to its home, for to make the tables takes seven seconds."""

    def fill(folder: Path) -> None:
        upgrade = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
        subprocess.run(upgrade, env=running.environment(folder, folder), check=True, capture_output=True)

    return once(tmp_path_factory, "prefect-db", fill) / "prefect.db"


@pytest.fixture(scope="session")
def said(
    tmp_path_factory: pytest.TempPathFactory, shipped: Path, pytestconfig: pytest.Config
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """What `build --strict` says in a folder with nothing in it, and its warehouse of the facts that ship. It is shared.

    The session before may have built it, of the same code, facts and libraries: `make test-all` has two that need it.
    """
    kept = pytestconfig.cache.mkdir("warehouse") / build.key(tmp_path_factory.getbasetemp() / "raw", shipped, AS_OF)

    def fill(folder: Path) -> None:
        if kept.is_dir():
            shutil.copytree(kept, folder, dirs_exist_ok=True)
            return
        # Any request would go to a port at which nobody listens.
        offline = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
        env = running.environment(folder / "data", folder / "prefect", COMPUTE_LIMITS_FACTS=str(shipped), **offline)
        ended = running.command(env, "build", "--strict", "--as-of", AS_OF.isoformat())
        (folder / "said.json").write_text(json.dumps([ended.args, ended.returncode, ended.stdout, ended.stderr]))
        for older in kept.parent.iterdir():
            shutil.rmtree(older)
        if ended.returncode == 0:
            shutil.copytree(folder, kept.with_suffix(".next"))
            kept.with_suffix(".next").rename(kept)

    folder = once(tmp_path_factory, "warehouse", fill)
    told = json.loads((folder / "said.json").read_text())
    return subprocess.CompletedProcess(*told), folder / "data" / "warehouse" / "compute_limits.duckdb"


@pytest.fixture(scope="session")
def warehouse_path(said: tuple[subprocess.CompletedProcess[str], Path]) -> Path:
    """The warehouse of the facts that ship, built once. It is shared: copy it before changing it."""
    ended, path = said
    assert ended.returncode == 0, ended.stderr
    return path


@pytest.fixture(scope="session")
def _opened(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> Iterator[Path]:
    """The shared warehouse under a name that is only of this process, by which it stays open.

    DuckDB takes 30 ms to open it, and none to connect to what is open; and what opens the shared one otherwise than read-only
    with one thread is not refused.
    """
    path = tmp_path_factory.mktemp("opened") / "compute_limits.duckdb"
    path.hardlink_to(warehouse_path)
    with connection.connect(path, read_only=True):
        yield path


@pytest.fixture
def db(_opened: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the shared warehouse."""
    with connection.connect(_opened, read_only=True) as con:
        yield con


def selected(table: str) -> str:
    """A SELECT of a table without the columns that report the run itself.

    Those are `state`, `age_days` and `message` of meta.sources and staging.source_state, `state` of
    exports.sources (a build from facts says "shipped" where one from pages says "unchanged"), `from_facts_alone` and
    `message` of staging.source_reading, the keys of meta.kept_keys, and the key and state of meta.runs; the rest must agree.
    """
    left_out = OF_THE_RUN.get(table, ())
    exclude = f"exclude ({', '.join(left_out)})" if left_out else ""
    return f"select * {exclude} from {table}"


def content(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[object, ...]]:
    """The rows of a table in an order of their own, without the columns that report the run itself (see `selected`)."""
    return sorted(con.execute(selected(table)).fetchall(), key=repr)


def checksums(path: Path) -> dict[str, str]:
    """{table: hash of its rows in any order} of a warehouse file, names of columns and all digits of all floats included.

    The columns that report the run itself are left out, and only those (see `selected`).
    """
    with connection.connect(path, read_only=True) as con:
        return {table: checksum(con, table) for table in connection.tables(con)}


def checksum(con: duckdb.DuckDBPyConnection, table: str) -> str:
    columns = [column[:2] for column in con.execute(f"describe ({selected(table)})").fetchall()]
    # A sum, for it does not depend on the order, and rows that stand twice do not cancel as they would in an exclusive or.
    ((n, found),) = con.execute(
        f"select count(*), sum(hash(row_of)::hugeint) from ({selected(table)}) as row_of"
    ).fetchall()
    return f"{columns}: {n} rows, {found}"


def downstream(path: Path, table: str) -> set[str]:
    """All tables that read a table, or one that reads it, and so on (meta.lineage)."""
    with connection.connect(path, read_only=True) as con:
        edges = con.execute("select reads, table_name from meta.lineage").fetchall()
    reached, new = set(), {table}
    while new:
        new = {to for source, to in edges if source in new} - reached
        reached |= new
    return reached
