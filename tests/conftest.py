"""What all tests share: a clean environment, one warehouse built from the facts that ship, and a way to compare two."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import settings

from flows import build, paths
from flows.warehouse import connection

# After every page that ships, whenever the facts were last bundled.
AS_OF = date(2099, 12, 31)
# What a build says of the run itself, and not of the pages.
OF_THE_RUN = {
    "meta.sources": ("state", "age_days", "message"),
    "staging.source_setting": ("state", "age_days", "message"),
    "exports.sources": ("state",),
}

# No deadline, for no test asserts a time; the same examples on every run.
settings.register_profile("tests", deadline=None, derandomize=True, database=None, max_examples=60)
# `make test-all` mutates records of the shared parsers ten thousand times a test.
settings.register_profile("thorough", settings.get_profile("tests"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tests"))


def pytest_configure(config: pytest.Config) -> None:
    # Before any test module imports Prefect, which reads its home once.
    home = tempfile.TemporaryDirectory(prefix="prefect-home-", ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    os.environ["PREFECT_HOME"] = home.name


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No setting of the developer's reaches a test, and none writes into the checkout's data folder."""
    for name in [name for name in os.environ if name.startswith("COMPUTE_LIMITS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path_factory.getbasetemp() / "data"))


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the facts that ship, without pages that the developer may have fetched beside them. It is shared."""
    folder = tmp_path_factory.mktemp("shipped") / "raw"
    for pattern in ("*/snapshots.jsonl", "*/*.facts.csv"):
        for path in paths.SHIPPED_RAW.glob(pattern):
            copy = folder / path.relative_to(paths.SHIPPED_RAW)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    return folder


@pytest.fixture(scope="session")
def warehouse_path(tmp_path_factory: pytest.TempPathFactory, shipped: Path) -> Path:
    """The warehouse of the facts that ship, built once. It is shared: copy it before changing it."""
    folder = tmp_path_factory.mktemp("warehouse")
    path = folder / "compute_limits.duckdb"
    build.run(folder / "raw", shipped, path, AS_OF)
    return path


@pytest.fixture
def db(warehouse_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the shared warehouse."""
    with connection.connect(warehouse_path, read_only=True) as con:
        yield con


def content(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[object, ...]]:
    """The rows of a table in an order of their own, without the columns that report the run itself.

    Those are `state`, `age_days` and `message` of meta.sources and staging.source_setting, and `state` of
    exports.sources: a build from facts says "shipped" where one from pages says "unchanged", and the rest must agree.
    """
    left_out = OF_THE_RUN.get(table, ())
    exclude = f"exclude ({', '.join(left_out)})" if left_out else ""
    return sorted(con.execute(f"select * {exclude} from {table}").fetchall(), key=repr)


def checksums(path: Path) -> dict[str, str]:
    """{table: MD5 of its sorted rows} of a warehouse file, all digits of all floats included.

    The columns that report the run itself are left out, and only those (see `content`): `state`, `age_days` and
    `message` of meta.sources and staging.source_setting, and `state` of exports.sources.
    """
    with connection.connect(path, read_only=True) as con:
        return {
            table: hashlib.md5(repr(content(con, table)).encode(), usedforsecurity=False).hexdigest()
            for table in connection.tables(con)
        }


def downstream(path: Path, table: str) -> set[str]:
    """All tables that read a table, or one that reads it, and so on (meta.lineage)."""
    with connection.connect(path, read_only=True) as con:
        edges = con.execute("select reads, table_name from meta.lineage").fetchall()
    found, new = set(), {table}
    while new:
        new = {to for source, to in edges if source in new} - found
        found |= new
    return found
