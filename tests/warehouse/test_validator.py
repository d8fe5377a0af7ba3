"""flows/warehouse/validator.py: the same findings from a process of its own, which leaves nothing behind however it ends."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NoReturn, cast

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from flows import build, paths
from flows.warehouse import connection, expectations, validator
from flows.warehouse.connection import BuildError
from flows.warehouse.expectations import SuiteError, suite_of
from flows.warehouse.validator import Validator

HANGS_S = 300
ROWS = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}, "severity": "critical"}
UNKNOWN = {"type": "expect_column_median_to_be_betwen", "kwargs": {"column": "a"}, "severity": "critical"}
ONE_ROW = pa.table({"a": [1]})
SPOILT = {"marts.costs", "core.models", "core.results", "fits.targets", "core.prices", "core.run_phases"}
SUITES = {"core.t": suite_of("core.t", ("a",), [ROWS])}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that were started. When the test is over all have ended and their folders are gone."""
    processes: list[subprocess.Popen[bytes]] = []
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def recorded(*args: Any, **kwargs: Any) -> subprocess.Popen[bytes]:
        processes.append(popen(*args, **kwargs))
        return processes[-1]

    popen = subprocess.Popen
    monkeypatch.setattr(validator.subprocess, "Popen", recorded)
    yield processes
    assert [process for process in processes if process.poll() is None] == []
    assert list(temporary.iterdir()) == []


def table(con: duckdb.DuckDBPyConnection, name: str) -> pa.Table:
    return con.sql(f"select * from {name}").to_arrow_table()


@pytest.mark.slow
def test_the_findings_are_those_of_this_process(
    tmp_path: Path, warehouse_path: Path, started: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    # What is spoilt below, and every fifth of the others.
    grains = {name: grain for at, (name, grain) in enumerate(build.grains().items()) if name in SPOILT or at % 5 == 0}
    (tmp_path / "expectations").mkdir()
    for name in grains:
        if (paths.EXPECTATIONS / f"{name}.json").exists():
            shutil.copy(paths.EXPECTATIONS / f"{name}.json", tmp_path / "expectations")
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(warehouse_path, copy)
    with connection.connect(copy) as con:
        con.execute("insert into marts.costs from marts.costs limit 1")
        con.execute("update core.models set name = null where year = 2015")
        con.execute("update core.results set value = 101 where benchmark = 'coco'")
        con.execute("delete from fits.targets")
        con.execute("alter table core.prices drop column kind")
        con.execute("update core.run_phases set phase = 'resting' where epochs = 90")
    here = validator.validate(copy, tmp_path / "expectations", grains)
    suites = expectations.suites(grains, tmp_path / "expectations")
    there: list[expectations.Failure] = []

    def in_a_thread() -> None:
        # As in a task of Prefect's.
        with connection.connect(copy, read_only=True) as con, Validator(suites) as process:
            # In the order in which they are made, which is another.
            for name in sorted(suites, reverse=True):
                process.submit(name, table(con, name))
            there.extend(process.failures())

    thread = threading.Thread(target=in_a_thread)
    capfd.readouterr()
    thread.start()
    thread.join(HANGS_S)
    assert there == here
    assert {failure.table for failure in here if failure.severity == "critical"} == {
        "marts.costs", "core.models", "core.results", "core.prices", "core.run_phases",
    }  # fmt: skip
    assert "fits.targets" in {failure.table for failure in here}
    assert len(started) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_frames_keep_their_types(warehouse_path: Path, tmp_path: Path) -> None:
    # What Great Expectations is given there, and what it is given here.
    with connection.connect(warehouse_path, read_only=True) as con:
        for name in expectations.suites(build.grains()):
            rows = table(con, name)
            with pa.ipc.new_file(tmp_path / name, rows.schema) as writer:
                writer.write_table(rows)
            frame = validator._frame(con, tmp_path / name)
            same = con.execute(f"select * from {name}").df()
            assert frame.dtypes.to_dict() == same.dtypes.to_dict(), name
            assert frame.equals(same), name
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("bigint", "1, 2"),
        ("bigint", "1, null"),
        ("double", "0.5, null"),
        ("double", "null, null"),
        ("varchar", "'a', null"),
        ("varchar", "null, null"),
        ("boolean", "true, null"),
        ("date", "date '2020-01-01', null"),
        ("integer", "1, 2"),
        ("varchar[]", "['a'], null"),
    ],
)
@pytest.mark.parametrize("limit", [2, 0])
def test_a_frame_is_that_of_duckdb_whoever_makes_it(tmp_path: Path, kind: str, values: str, limit: int) -> None:
    with connection.connect(":memory:") as con:
        con.execute(f"create table t as select unnest([{values}])::{kind} as a limit {limit}")
        rows = table(con, "t")
        with pa.ipc.new_file(tmp_path / "t", rows.schema) as writer:
            writer.write_table(rows)
        pd.testing.assert_frame_equal(validator._frame(con, tmp_path / "t"), con.execute("select * from t").df())


def test_pandas_has_no_readers_of_files_while_great_expectations_is_imported_and_then_again() -> None:
    read_csv = pd.read_csv
    with validator._no_readers():
        assert [name for name in dir(pd) if name.startswith("read_")] == []
    assert pd.read_csv is read_csv


@pytest.mark.slow
def test_only_what_is_submitted_is_checked_and_each_has_its_results(started: list[subprocess.Popen[bytes]]) -> None:
    """All in one process, for it takes seconds to start: tables are checked, one cannot be, and then it fails and says why."""
    suites = {name: suite_of(name, ("a",), [ROWS]) for name in ("core.s", "core.t", "core.u")}
    with Validator(suites | {"core.v": suite_of("core.v", ("a",), [UNKNOWN])}, eager=False) as process:
        assert process.failures() == []
        assert started == []
        process.submit("core.u", pa.table({"a": [1, 1]}))
        process.submit("core.s", ONE_ROW)
        results = process.results()
        assert list(results) == ["core.s", "core.u"]
        assert results["core.s"] == []
        # Others come first: 19 is the last that there is.
        own, its = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (0, started[0].pid))
        assert its == min(19, own + 5)
        assert [failure.finding for failure in results["core.u"]] == ["2 of 2 rows, such as [1, 1]"]
        # A large one in slices, of which the last column tells which.
        batches = pa.table({"a": [7, 8, 8, 9, 9], "slice": [1, 0, 0, 1, 1]}).to_batches(3)
        process.submit_slices("core.u", pa.RecordBatchReader.from_batches(batches[0].schema, batches), 3)
        assert [one.finding for one in process.results()["core.u"]] == ["4 of 5 rows, such as [8, 8, 9, 9]"]
        process.submit("core.u", pa.table({"a": [1, 1]}))
        # Another may follow.
        process.submit("core.t", ONE_ROW.slice(0, 0))
        found = [("core.t", "observed 0"), ("core.u", "2 of 2 rows, such as [1, 1]")]
        assert [(one.table, one.finding) for one in process.failures()] == found
        # A suite that cannot run is named as it is here, with kinds near it that no suite asks for.
        process.submit("core.v", ONE_ROW)
        with pytest.raises(
            SuiteError,
            match=r"core\.v\.json: not run: \S+_to_be_betwen .near names: [^)]*expect_column_median_to_be_between\b",
        ):
            process.failures()
        says_why_it_fails(process, started[0])
    assert len(started) == 1


def says_why_it_fails(process: Validator, child: subprocess.Popen[bytes]) -> None:
    pipe = cast("IO[bytes]", child.stdin)
    pipe.write(b"core.unheard_of\n")
    pipe.flush()
    process.submit("core.t", ONE_ROW)
    with pytest.raises(BuildError, match=r"(?s)ended with code 1 .*nothing is published.*KeyError: 'core\.unheard_of'"):
        process.failures()


def test_a_table_without_a_suite_is_refused(started: list[Any]) -> None:
    with pytest.raises(SuiteError, match=r"core\.x has no suite"), Validator(SUITES, eager=False) as process:
        process.submit("core.x", ONE_ROW)
    assert started == []


def test_a_process_that_is_killed_is_an_error(started: list[subprocess.Popen[bytes]]) -> None:
    with Validator(SUITES) as process:
        process.submit("core.t", ONE_ROW)
        started[0].kill()
        with pytest.raises(BuildError, match=r"the process that validates ended with signal 9 .*nothing is published"):
            process.failures()
        with pytest.raises(BuildError, match=r"signal 9"):
            process.submit("core.t", ONE_ROW)


def test_an_error_here_ends_the_process(started: list[subprocess.Popen[bytes]]) -> None:
    def build_that_fails() -> None:
        with Validator(SUITES) as process:
            process.submit("core.t", ONE_ROW)
            raise RuntimeError("a fit fails")

    with pytest.raises(RuntimeError, match="a fit fails"):
        build_that_fails()
    assert started[0].returncode == -signal.SIGKILL


PARENT = """
import os, time
import pyarrow as pa
from flows.warehouse import validator
from flows.warehouse.expectations import suite_of

if __name__ == "__main__":
    with validator.Validator({"core.t": suite_of("core.t", ("a",))}) as process:
        process.submit("core.t", pa.table({"a": [1, None]}))
        print([str(failure) for failure in process.failures()], flush=True)
        time.sleep(HANGS)
"""
FINDING = "core.t: expect_column_values_to_not_be_null({'column': 'a'}): 1 of 2 rows, such as [{'a': None}]"


def parent(tmp_path: Path, arguments: list[str], hangs_s: float) -> subprocess.Popen[bytes]:
    """Another process that has one table validated and then sleeps."""
    script = textwrap.dedent(PARENT).replace("HANGS", str(hangs_s))
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    # A package of the same name in the working directory is not the one to take.
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").write_text("raise RuntimeError('another')", encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    return subprocess.Popen(
        [sys.executable, "-P", *(script if argument == "SCRIPT" else argument for argument in arguments)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(paths.PACKAGE.parent), "TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


@pytest.mark.slow
def test_it_starts_from_a_script(tmp_path: Path) -> None:
    out, err = parent(tmp_path, ["script.py"], 0).communicate(timeout=HANGS_S)
    assert (out, err) == (f"{[FINDING]}\n", "")
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.slow
def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    with parent(tmp_path, ["-c", "SCRIPT"], HANGS_S) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{[FINDING]}\n"
        assert len(list((tmp_path / "tmp").iterdir())) == 1
        process.kill()
    deadline = time.monotonic() + HANGS_S
    while list((tmp_path / "tmp").iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_stop_while_it_starts_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(validator, "_start", stopped)
    with pytest.raises(KeyboardInterrupt), Validator({}):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "is_hidden"),
    [
        *[("spark_s3_datasource", True), ("snowflake_datasource", True), ("sql_datasource", True), ("fabric", True)],
        *[("pandas_datasource", False), ("invalid_datasource", False), ("interfaces", False), ("batch_request", False)],
    ],
)
def test_sources_of_data_are_not_loaded_but_that_of_frames(name: str, is_hidden: bool) -> None:
    spec = validator._Lean(set()).find_spec(f"great_expectations.datasource.fluent.{name}")
    assert (spec is not None) == is_hidden
    if spec is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert isinstance(module.AnyDatasource, type)
        assert not hasattr(module, "__wrapped__")


def test_kinds_of_expectations_are_loaded_that_a_suite_asks_for_and_no_others(tmp_path: Path) -> None:
    script = """
import io, json, sys
from pathlib import Path
from flows.warehouse import validator
suite = {"table": "core.t", "key": [], "expectations": [{"type": sys.argv[2], "kwargs": {}, "severity": "critical"}]}
Path(sys.argv[1], "suites.json").write_text(json.dumps([suite]))
validator.serve(Path(sys.argv[1]), io.StringIO(), io.StringIO())
kinds = [name for name in sys.modules if name.startswith("great_expectations.expectations.core.expect_")]
print(*sorted(kind.rpartition(".")[2] for kind in kinds if hasattr(sys.modules[kind], "__file__")))
"""
    asked = "expect_column_values_to_be_between"
    told = subprocess.run(
        [sys.executable, "-P", "-c", script, str(tmp_path), asked], capture_output=True, encoding="utf-8", check=True
    )
    assert told.stdout.split() == [asked, "expect_column_values_to_not_be_null"]
