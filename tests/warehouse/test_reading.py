"""flows/warehouse/reading.py: the published file while it is replaced, held, spoilt, or has another's log beside it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from running import sample

from flows.warehouse import connection, publishing, reading
from flows.warehouse.reading import ReadError

ANOTHER_USER = 65534
# What a process of another user runs: all is imported before, for it may not read where Python lies.
AS_ANOTHER_USER = f"""
import os, sys, duckdb, pathlib
from flows.warehouse import connection, publishing, reading
from flows.errors import UserError
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({ANOTHER_USER})
    os.setuid({ANOTHER_USER})
"""
# A notebook: it connects to write, waits for a line, and for each writes a table; it ends as if it were killed.
NOTEBOOK = """
import duckdb, os, sys
con = duckdb.connect(sys.argv[-1])
print(con.execute("select n from t").fetchall(), flush=True)
for line in sys.stdin:
    con.execute(f"create table {line.strip()} as select 1 as a")
    print("wrote", flush=True)
os.kill(os.getpid(), 9)
"""


def numbered(path: Path, number: int) -> Path:
    with connection.connect(path) as con:
        con.execute(f"create table t as select {number} as n")
        con.execute("checkpoint")
    return path


def number_of(path: Path) -> int:
    """What a reader finds, whose connection is closed before anything else is done."""
    with reading.read(path) as con:
        ((number,),) = con.execute("select n from t").fetchall()
        assert [name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()] == ["t"]
        return int(number)


@contextmanager
def notebook(path: Path, before: str = "") -> Iterator[Callable[[str], str]]:
    """A process that has the file open to write; the function that it gives has it write a table."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", before + NOTEBOOK, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout
        assert stdout.readline() == "[(1,)]\n"

        def write(table: str) -> str:
            stdin.write(f"{table}\n")
            stdin.flush()
            return stdout.readline().strip()

        yield write
        stdin.close()
        assert process.wait(timeout=60) == -signal.SIGKILL


def publish(path: Path, number: int) -> None:
    publishing.publish(numbered(publishing.next_path(path), number), path)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user can enter and that belongs to another user than root, which pytest's own is not."""
    made = Path(tempfile.mkdtemp(prefix="warehouse-"))
    made.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(made, ANOTHER_USER, ANOTHER_USER)
    yield made
    shutil.rmtree(made)


def as_another_user(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", AS_ANOTHER_USER + script, *arguments],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


# --- while it is replaced


def test_a_file_that_is_replaced_while_it_is_opened_is_opened_again(tmp_path: Path) -> None:
    path, opened = numbered(tmp_path / "x.duckdb", 1), list[duckdb.DuckDBPyConnection]()

    def connect() -> duckdb.DuckDBPyConnection:
        con = connection.connect(path, read_only=True)
        if not opened:
            publish(path, 2)
        opened.append(con)
        return con

    with reading.opened(path, connect) as con:
        assert con.execute("select n from t").fetchall() == [(2,)]
    with pytest.raises(duckdb.ConnectionException):
        opened[0].execute("select 1")
    assert len(opened) == 2


def test_an_error_counts_only_of_a_file_that_stayed_the_same(tmp_path: Path) -> None:
    path, asked = numbered(tmp_path / "x.duckdb", 1), list[int]()

    def connect() -> duckdb.DuckDBPyConnection:
        asked.append(len(asked))
        if len(asked) < 3:
            publish(path, 1 + len(asked))
            raise duckdb.IOException("IO Error: Could not read enough bytes")
        return connection.connect(path, read_only=True)

    with reading.opened(path, connect) as con:
        assert con.execute("select n from t").fetchall() == [(3,)]
    assert len(asked) == 3


def test_it_does_not_try_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = numbered(tmp_path / "x.duckdb", 1)
    monkeypatch.setattr(reading, "_TRIES", 3)

    def connect() -> duckdb.DuckDBPyConnection:
        publish(path, 2)
        return connection.connect(path, read_only=True)

    with pytest.raises(ReadError, match=r"x\.duckdb is replaced again and again .*; try again when"):
        reading.opened(path, connect)


READER = """
import pathlib, sys
from flows.warehouse import reading
path, reads = pathlib.Path(sys.argv[1]), 0
while not (path.parent / "over").exists() or not reads:
    with reading.read(path) as con:
        found = {n for table in ("t", "u", "v") for n in con.execute(f"select min(n), max(n) from {table}").fetchall()}
    assert len(found) == 1 and len(set(*found)) == 1, found
    reads += 1
print(reads)
"""


def whole_or_none(path: Path, readers: int, publishes: int) -> int:
    """How often processes read a file whole, in which every row has the same number, while it is published."""

    def made(number: int) -> None:
        built = publishing.next_path(path)
        with connection.connect(built) as con:
            # Of another size each time, so that what one file says of places is wrong in the next.
            for table, rows in (("t", 1 + number % 7 * 20_000), ("u", 1 + number % 3 * 50_000), ("v", 1)):
                con.execute(f"create table {table} as select {number} as n from range({rows})")
            con.execute("checkpoint")
        publishing.publish(built, path)

    made(0)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(path)], env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(readers)
    ]  # fmt: skip
    for number in range(1, publishes + 1):
        made(number)
    (path.parent / "over").touch()
    ended = [(*process.communicate(timeout=600), process.returncode) for process in processes]
    assert [told for told in ended if told[2] or told[1]] == []
    return sum(int(out) for out, *_ in ended)


@pytest.mark.slow
def test_some_readers_through_some_publishes(tmp_path: Path) -> None:
    assert whole_or_none(tmp_path / "x.duckdb", 4, 40) >= 4


@pytest.mark.soak
@pytest.mark.slow
def test_readers_through_many_publishes_never_fail_and_never_mix(tmp_path: Path) -> None:
    readers = sample(full=20, part=6)
    assert whole_or_none(tmp_path / "x.duckdb", readers, sample(full=200, part=20)) >= readers


# --- what others leave beside it


@pytest.mark.parametrize("suffix", [".wal", ".wal.recovery", ".wal.checkpoint"])
def test_a_log_that_is_not_its_own_is_set_aside_and_said(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = numbered(tmp_path / "x.duckdb", 1)
    for round_ in (1, 2):
        log = path.with_name(path.name + suffix)
        log.write_bytes(b"of another")
        assert number_of(path) == 1
        aside = path.with_name(f"{path.name}{suffix}.aside-{round_}")
        assert aside.read_bytes() == b"of another"
        assert not log.exists()
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith(f"note: {log.name} was left by a connection that had the warehouse open for writing")
        assert f"is now {aside.name} in {tmp_path}" in told.err
    assert number_of(path) == 1
    assert capsys.readouterr().err == ""


def test_a_log_that_drops_a_table_changes_nothing_for_a_reader(tmp_path: Path) -> None:
    path = numbered(tmp_path / "x.duckdb", 1)
    copy = tmp_path / "copy.duckdb"
    shutil.copy(path, copy)
    script = "import duckdb, os, sys; con = duckdb.connect(sys.argv[1]); con.execute('drop table t'); os._exit(0)"
    subprocess.run([sys.executable, "-c", script, str(copy)], check=True)
    # What one log of its own does: DuckDB takes it without a word.
    shutil.copy(f"{copy}.wal", f"{path}.wal")
    with connection.connect(path, read_only=True) as con:
        assert con.execute("from duckdb_tables()").fetchall() == []
    assert number_of(path) == 1


def test_a_notebook_open_for_writing_during_a_publish_takes_nothing_from_readers(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = numbered(tmp_path / "x.duckdb", 1)
    with notebook(path) as write:
        with pytest.raises(ReadError, match=r"x\.duckdb is open for writing in process \d+ \(python"):
            number_of(path)
        publish(path, 2)
        assert number_of(path) == 2
        assert write("notes") == "wrote"
        assert path.with_name("x.duckdb.wal").exists()
        assert number_of(path) == 2
        assert "x.duckdb.wal.aside-1" in capfd.readouterr().err
        publish(path, 3)
        assert number_of(path) == 3
    assert number_of(path) == 3


def test_what_a_notebook_wrote_before_a_publish_is_set_aside_by_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = numbered(tmp_path / "x.duckdb", 1)
    with notebook(path) as write:
        assert write("notes") == "wrote"
        publish(path, 2)
        assert number_of(path) == 2
    assert path.with_name("x.duckdb.wal.aside-1").stat().st_size > 0
    assert "x.duckdb.wal.aside-1" in capfd.readouterr().err


def test_a_notebook_of_another_user_is_refused_or_set_aside(folder: Path) -> None:
    path = folder / "x.duckdb"
    refused = """
path = pathlib.Path(sys.argv[1])
with connection.connect(publishing.next_path(path)) as con:
    con.execute("create table t as select 1 as n")
publishing.publish(publishing.next_path(path), path)
try:
    duckdb.connect(str(path))
except duckdb.IOException as error:
    print(error)
"""
    assert "Permission denied" in as_another_user(refused, str(path)).stdout
    # As a version wrote it that did not publish read-only.
    path.chmod(0o644)
    reader = """
with reading.read(pathlib.Path(sys.argv[1])) as con:
    print(con.execute("select n from t").fetchall())
"""
    with notebook(path, AS_ANOTHER_USER) as write:
        ended = as_another_user(
            "path = pathlib.Path(sys.argv[1]); publishing.publish(pathlib.Path(sys.argv[2]), path)" + reader,
            str(path), str(owned(numbered(publishing.next_path(path), 2))),
        )  # fmt: skip
        assert (ended.returncode, ended.stdout) == (0, "[(2,)]\n"), ended
        assert write("notes") == "wrote"
        ended = as_another_user(reader, str(path))
        assert (ended.returncode, ended.stdout) == (0, "[(2,)]\n"), ended
        assert "x.duckdb.wal.aside-1" in ended.stderr


def owned(path: Path) -> Path:
    if os.geteuid() == 0:
        os.chown(path, ANOTHER_USER, ANOTHER_USER)
    return path


def test_who_may_not_rename_a_log_hears_of_it(folder: Path) -> None:
    path = numbered(folder / "x.duckdb", 1)
    path.with_name("x.duckdb.wal").write_bytes(b"of another")
    folder.chmod(0o555)
    script = """
try:
    reading.read(pathlib.Path(sys.argv[1]))
except UserError as error:
    print(error)
"""
    told = as_another_user(script, str(path)).stdout
    folder.chmod(0o755)
    assert told == f"{path}.wal is no part of the warehouse and cannot be set aside (Permission denied); move it away\n"
    path.with_name("x.duckdb.wal").unlink()
    path.chmod(0)
    assert as_another_user(script, str(owned(path))).stdout.startswith(f"{path} may not be read by this user; ask its ")


# --- what is no warehouse, and who holds it


@pytest.mark.parametrize("damage", ["empty", "text", "cut off"])
def test_what_is_no_warehouse_is_said_in_a_sentence(damage: str, tmp_path: Path) -> None:
    path = numbered(tmp_path / "x.duckdb", 1)
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "text": b"what is this\n" * 9, "cut off": whole[: len(whole) // 2]}[damage])
    with pytest.raises(ReadError) as raised:
        reading.read(path)
    assert str(raised.value).startswith(f"{path} is damaged or no warehouse; run `compute-limits build --fresh` (")
    assert "\n" not in str(raised.value)


def test_a_process_is_told_with_its_command_and_its_time() -> None:
    assert reading.process(os.getpid()).startswith(f"process {os.getpid()} (python")
    # None has such a number.
    assert reading.process(2**30) == f"process {2**30}"
