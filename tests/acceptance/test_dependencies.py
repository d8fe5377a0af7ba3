"""The faults of packages that the code works around, and those that are gone.

A test of the first part fails when its fault is gone: then the work-around that it names may go, and the test with it. A
test of the second part fails when a fault is back. Two faults are watched by slow tests elsewhere, against real servers:
a scheduler that fires no run (Prefect 3.8 with SQLAlchemy 2.1) by
`test_runs_come_one_after_the_other_and_stop_with_it`, and a temporary server that outlives a flow stopped by a signal
by `test_stopped_in_the_middle_it_leaves_no_process`.
"""

from __future__ import annotations

import ast
import asyncio
import io
import logging
import os
import re
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.robotparser import RobotFileParser

import duckdb
import numpy as np
import pandas as pd
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from protego import Protego
from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]


def declared() -> dict[str, Requirement]:
    """What the package needs at run time, by name."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return {canonicalize_name(one.name): one for one in map(Requirement, told)}


def locked() -> dict[str, set[str]]:
    """{package: its versions}; there are two where Python versions differ."""
    found: dict[str, set[str]] = {}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for name, version in re.findall(r"^([\w.-]+)(?:\[[\w, ]+\])?==(\S+)", lock, re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


# --- faults that are worked around


def test_duckdb_adds_floats_in_another_order_with_more_threads() -> None:
    # Why `warehouse.connect` has one thread: the same pages are to give the same bytes.
    with duckdb.connect(config={"threads": 1}) as con:
        # Ten row groups, or there is nothing to share out; magnitudes far apart, so that the order tells.
        con.execute(
            "create table t as select (hash(i) % 1000003)::double / 7 * 10.0 ** (i % 9 - 4) as x from range(1200000) r(i)"
        )
        alone = {con.execute("select sum(x) from t").fetchone() for _ in range(3)}
        con.execute("set threads = 4")
        assert len(alone) == 1
        assert any(con.execute("select sum(x) from t").fetchone() not in alone for _ in range(100))


def test_duckdb_takes_the_log_of_another_file_for_its_own(tmp_path: Path) -> None:
    # Why `warehouse.publish` removes the log beside the old file before the rename, and `stage` that of a killed build.
    old, new = tmp_path / "old.duckdb", tmp_path / "new.duckdb"
    killed = (
        "import duckdb, os, sys; con = duckdb.connect(sys.argv[1]); con.execute('create table t as select 1 as n'); "
        "con.execute('checkpoint'); con.execute('insert into t values (2)'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", killed, str(old)], check=True)
    with duckdb.connect(new) as con:
        con.execute("create table t as select 3 as n")
    new.replace(old)
    assert (tmp_path / "old.duckdb.wal").is_file()
    with pytest.raises(duckdb.IOException, match="WAL does not match database file"):
        duckdb.connect(old, read_only=True)


@pytest.mark.parametrize(("sorted_from", "is_made"), [("as", False), ("as materialized", True)])
def test_duckdb_sorts_a_large_union_in_memory_alone(tmp_path: Path, sorted_from: str, *, is_made: bool) -> None:
    # Why `core.measures` and the like are materialized before they are sorted.
    with duckdb.connect(tmp_path / "x.duckdb", config={"threads": 1}) as con:
        con.execute(
            "create table many as select md5((i * 7919 % 1000003)::varchar) as a, i from range(600_000) as t(i)"
        )
        con.execute("create table few as from many limit 2000")
        con.execute("set memory_limit = '30MB'")
        query = f"with both_ {sorted_from} (from few union all from many) from both_ order by a"
        with nullcontext() if is_made else pytest.raises(duckdb.OutOfMemoryException):
            assert con.execute(f"create table x as {query}").fetchall() == [(602_000,)]


def test_duckdb_guesses_the_types_of_a_frame() -> None:
    # Why rows go to DuckDB as Arrow: there each column has the type that its row type declares, also where it is blank.
    frame = pd.DataFrame({"text": [None, None], "whole": [2**53 + 1, None]})
    with duckdb.connect() as con:
        con.register("frame", frame)
        kinds = {name: kind for name, kind, *_ in con.execute("describe frame").fetchall()}
        assert kinds["text"] != "VARCHAR"
        assert kinds["whole"] == "DOUBLE"
        assert con.execute("select whole from frame limit 1").fetchall() == [(2**53,)]


def test_duckdb_cannot_tell_what_a_select_reads_before_the_tables_are_there() -> None:
    # Why `sql_files` reads SQL itself: what is read settles the order in which the tables are made.
    with duckdb.connect() as con, pytest.raises(duckdb.BinderException, match="does not exist on left side of join"):
        con.get_table_names("select * from core.a join core.b using (k)", qualified=True)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="what the oldest Python that is supported does counts")
@pytest.mark.parametrize(
    ("rules", "url", "allowed"),
    [
        ("User-agent: *\nDisallow: /*.pdf$\n", "https://example.org/a.pdf", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b\n", "https://example.org/a/b", True),
        ("User-agent: *\n\nDisallow: /a\n", "https://example.org/a", False),
    ],
    ids=["a wildcard", "the longest rule", "a blank line"],
)
def test_the_standard_library_reads_robots_txt_wrongly(rules: str, url: str, *, allowed: bool) -> None:
    # Why `fetch` reads it with protego.
    standard = RobotFileParser()
    standard.parse(rules.splitlines())
    assert Protego.parse(rules).can_fetch(url, "compute-limits") is allowed
    assert standard.can_fetch("compute-limits", url) is not allowed


def test_rich_draws_with_fonts_from_a_server() -> None:
    # Why `report.draw` takes the @font-face rules out: the picture in the README is to load nothing.
    console = Console(file=io.StringIO(), record=True)
    console.print("x")
    drawn = console.export_svg(title="x")
    assert re.search(r"@font-face \{.*?url\(\"https?:", drawn, re.DOTALL)


def test_prefect_waits_whole_seconds_for_its_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    # Why `refresh` turns the heartbeat off: at its end a flow waits for a thread that sleeps a second at a time.
    from prefect import flow_engine

    naps: list[float] = []
    sleep = time.sleep

    def nap(seconds: float) -> None:
        naps.append(seconds)
        sleep(0.001)

    monkeypatch.setattr(flow_engine, "time", SimpleNamespace(sleep=nap))
    engine: Any = SimpleNamespace(
        heartbeat_seconds=30,
        flow_run=None,
        logger=logging.getLogger("heartbeat"),
        _build_heartbeat_event_template=lambda: ({}, []),
        _emit_flow_run_heartbeat=lambda *_: None,
    )
    with flow_engine._send_heartbeats(engine):
        while not naps:
            sleep(0.001)
    assert set(naps) == {1}


@pytest.mark.parametrize("told", ["", "0", "null"])
def test_prefect_has_no_variable_that_turns_the_heartbeat_off(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    # Why `refresh` does so by `temporary_settings`, and not where the other settings of Prefect are made.
    from prefect.settings.models.flows import FlowsSettings
    from pydantic import ValidationError

    monkeypatch.setenv("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", told)
    with pytest.raises(ValidationError, match="heartbeat_frequency"):
        FlowsSettings()


def test_prefect_gives_its_temporary_server_little_time() -> None:
    # Why the command gives it 180 s: a busy machine takes longer than this.
    from prefect.settings import PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS

    assert PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS.default() <= 30


def test_prefect_reads_a_sixth_field_of_a_cron_schedule_as_seconds() -> None:
    # Why flows/schedules.py counts them.
    from prefect.server.schemas.schedules import CronSchedule

    first, second = asyncio.run(CronSchedule(cron="0 6 * * 1 *").get_dates(2))
    assert (second - first).total_seconds() == 1


def test_the_dashboard_of_prefect_asks_the_port_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    # Why flows/prefect_server.py gives it the address: `prefect server start --port` changes none.
    from prefect.settings import Settings

    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert Settings().server.ui.api_url == "http://127.0.0.1:4200/api"


def test_a_pickled_flow_has_lost_the_names_of_its_annotations() -> None:
    # Why `serve` deploys the refresh by its module path, and not by `Flow.serve`, which pickles it.
    from prefect.utilities.callables import cloudpickle_wrapped_call
    from pydantic.errors import PydanticUserError

    from flows.refresh import refresh

    given = {"only": None, "offline": True, "as_of": None, "fresh": False}
    assert refresh.validate_parameters(given) == given
    with pytest.raises(PydanticUserError, match="you should define `date`"):
        cloudpickle_wrapped_call(refresh.validate_parameters, given)()


@pytest.fixture(scope="module")
def batch() -> Iterator[Any]:
    """What gives a frame to Great Expectations as it comes, with its progress bars."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GX_ANALYTICS_ENABLED", "false")
        import great_expectations as gx

        level = logging.getLogger("great_expectations").level
        logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
        source = gx.get_context(mode="ephemeral").data_sources.add_pandas("frames")
        whole = source.add_dataframe_asset("frame").add_batch_definition_whole_dataframe("all")
        yield lambda frame: whole.get_batch(batch_parameters={"dataframe": frame})
        logging.getLogger("great_expectations").setLevel(level)


def suite(*expectations: dict[str, Any]) -> Any:
    import great_expectations as gx

    return gx.ExpectationSuite(name="suite", expectations=list(expectations))


@pytest.mark.slow
def test_great_expectations_leaves_an_unknown_expectation_out(batch: Any) -> None:
    # Why `expect` counts those that ran.
    assert batch(pd.DataFrame({"x": [1]})).validate(suite({"type": "expect_no_such_thing", "kwargs": {}})).success


def test_great_expectations_finds_nothing_wrong_with_no_rows(batch: Any) -> None:
    # Why every suite counts rows.
    rule = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "x", "min_value": 5}}
    assert not batch(pd.DataFrame({"x": [1.0]})).validate(suite(rule)).success
    assert batch(pd.DataFrame({"x": [1.0]}).iloc[:0]).validate(suite(rule)).success


def test_great_expectations_draws_bars_where_nobody_looks(batch: Any, capsys: pytest.CaptureFixture[str]) -> None:
    # Why `expect` turns them off: what goes wrong is told on standard error, and nothing else.
    rule = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}}
    batch(pd.DataFrame({"x": [1]})).validate(suite(rule))
    assert "Calculating Metrics" in capsys.readouterr().err


# --- faults that are gone


@pytest.mark.parametrize("kind", ["int64", "float32", "bool", "object", "datetime64[us]"])
def test_duckdb_reads_a_view_that_runs_backwards(kind: str) -> None:
    # DuckDB 2.0.0 refuses these, with "std::bad_cast".
    whole = np.arange(5000).reshape(-1, 2).astype(kind)
    views = {"x": whole[::-1, 1], "y": whole[:, 0][::-2].repeat(2)[::-1]}
    assert views["x"].strides[0] < 0
    with duckdb.connect() as con:
        con.register("views", views)
        assert con.execute("from views").fetchall() == list(zip(*(v.tolist() for v in views.values()), strict=True))


def test_duckdb_reads_times_with_a_zone_in_a_frame_that_runs_backwards() -> None:
    # So does it a frame's column with a time zone.
    start = datetime(2026, 1, 1, tzinfo=UTC)
    frame = pd.DataFrame({"at": pd.date_range(start, periods=5, freq="D")}).iloc[::-1]
    with duckdb.connect() as con:
        con.register("frame", frame)
        assert con.execute("from frame").fetchall() == [(start + timedelta(days=day),) for day in range(4, -1, -1)]


@pytest.mark.parametrize("suffix", [".wal", ".wal.recovery", ".wal.checkpoint"])
def test_duckdb_without_access_to_files_writes_no_log_of_its_own(tmp_path: Path, suffix: str) -> None:
    # In 2.0.0 `compute-limits sql` could be made to write beside the warehouse, and so to spoil it.
    path = tmp_path / "x.duckdb"
    with duckdb.connect(path) as con:
        con.execute("create table t as select 1 as n")
    with duckdb.connect(path, read_only=True) as con:
        con.execute("set enable_external_access = false")
        with pytest.raises(duckdb.Error, match="Cannot COPY to"):
            con.execute(f"copy t to '{path}{suffix}'")
    assert [one.name for one in tmp_path.iterdir()] == ["x.duckdb"]


def test_prefect_bounds_fastapi_itself() -> None:
    # With one that is too new Prefect runs no flow, and 3.8.8 did not say so.
    told = {one.name: one for one in map(Requirement, requires("prefect") or []) if one.marker is None}
    assert any(bound.operator == "<" for bound in told["fastapi"].specifier)
    assert all(told["fastapi"].specifier.contains(version) for version in locked()["fastapi"])


@pytest.mark.slow
def test_pip_compiles_what_it_installs_even_where_python_does_not(tmp_path: Path) -> None:
    # Else every start of the command would compile Great Expectations where PYTHONDONTWRITEBYTECODE is set.
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "ONE = 1\n")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "tiny.py,,\n")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target"]
    env = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([*command, str(tmp_path / "site"), str(wheel)], check=True, capture_output=True, env=env)
    assert list((tmp_path / "site").glob("__pycache__/tiny.*.pyc"))


# --- what is declared


def test_whatever_is_imported_is_declared() -> None:
    distributions, imported = packages_distributions(), set[str]()
    for path in (ROOT / "flows").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    # _typeshed is for the type checker alone; pydantic_core is pydantic's own, where its documentation has errors from, and
    # httpx what Prefect's client raises the errors of.
    foreign = imported - sys.stdlib_module_names - {"flows", "_typeshed", "pydantic_core", "httpx"}
    assert foreign
    undeclared = {name for name in foreign if not declared().keys() & set(map(canonicalize_name, distributions[name]))}
    # What an extra brings is asked for by a person, who is told where it is not there (tests/test_cluster.py).
    assert undeclared == {"distributed"}


def test_the_lock_is_within_the_bounds() -> None:
    versions = locked()
    beyond = {
        name: version
        for name, one in declared().items()
        for version in versions[name]
        if not one.specifier.contains(version)
    }
    assert beyond == {}
