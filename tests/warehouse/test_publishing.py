"""flows/warehouse/publishing.py: by rename, in one step, one build at a time."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import duckdb
import pytest
from running import files_of_at_most

from flows.warehouse import checksums, connection, publishing
from flows.warehouse.connection import AsideError, BuildError, UnsureError


def numbered(path: Path, number: int) -> Path:
    with connection.connect(path) as con:
        con.execute(f"create table t as select {number} as n")
        con.execute("checkpoint")
    return path


def read_elsewhere(path: Path) -> str:
    """As another process reads it: in this one DuckDB would answer from the file that is open."""
    code = "import sys, duckdb; print(duckdb.connect(sys.argv[1], read_only=True).execute('select n from t').fetchone()[0])"
    return subprocess.run(
        [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_publishing_replaces_the_file_in_one_step_under_a_reader(tmp_path: Path) -> None:
    final = numbered(tmp_path / "final.duckdb", 1)
    aside = numbered(publishing.next_path(final), 2)
    inode = aside.stat().st_ino
    with connection.connect(final, read_only=True) as reader:
        assert reader.execute("select n from t").fetchone() == (1,)
        publishing.publish(aside, final)
        assert reader.execute("select n from t").fetchone() == (1,)
        assert read_elsewhere(final) == "2"
    # Renamed, not copied: at no time was there half a file under the name.
    assert final.stat().st_ino == inode
    assert not aside.exists()


def test_a_log_of_the_old_file_does_not_spoil_the_new_and_is_not_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    final = numbered(tmp_path / "final.duckdb", 1)
    log = final.with_name("final.duckdb.wal")
    log.write_bytes(b"left by a writer that was killed")
    publishing.publish(numbered(publishing.next_path(final), 2), final)
    assert not log.exists()
    assert final.with_name("final.duckdb.wal.aside-1").read_bytes() == b"left by a writer that was killed"
    assert "is now final.duckdb.wal.aside-1" in capsys.readouterr().err
    assert read_elsewhere(final) == "2"


def test_what_is_published_is_read_only_and_on_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = tmp_path / "final.duckdb"
    aside, synced, fsync = numbered(publishing.next_path(final), 2), list[tuple[int, bool]](), os.fsync

    def noted(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode) or os.fstat(handle).st_ino == inode:
            synced.append((os.fstat(handle).st_ino, final.exists()))
        fsync(handle)

    inode = aside.stat().st_ino
    monkeypatch.setattr(os, "fsync", noted)
    publishing.publish(aside, final)
    assert synced == [(inode, False), (tmp_path.stat().st_ino, True)]
    assert final.stat().st_mode & 0o777 == 0o444
    publishing.publish(numbered(publishing.next_path(final), 3), final)
    assert read_elsewhere(final) == "3"


STEPS = ("fsync of the file", "fsync of its checksum", "rename", "fsync of the folder", "fsync of its checksum alone")


@pytest.mark.parametrize("failing", STEPS)
def test_a_step_that_fails_leaves_one_whole_file_and_its_checksum(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = tmp_path / "final.duckdb"
    publishing.publish(numbered(publishing.next_path(final), 1), final)
    aside, fsync, asked = numbered(publishing.next_path(final), 2), os.fsync, list[int]()

    def full(*_: object) -> NoReturn:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def failing_fsync(handle: int) -> None:
        asked.append(handle)
        full() if len(asked) == [step for step in STEPS if step != "rename"].index(failing) + 1 else fsync(handle)

    def failing_replace(path: Path, target: Path) -> Path:
        return full() if path == aside else replace(path, target)

    replace = Path.replace
    with monkeypatch.context() as patched, ExitStack() as fails:
        if failing == "rename":
            patched.setattr(Path, "replace", failing_replace)
        else:
            patched.setattr(os, "fsync", failing_fsync)
        if failing != STEPS[-1]:
            fails.enter_context(pytest.raises((BuildError, OSError), match="Input/output error"))
        publishing.publish(aside, final)
    assert read_elsewhere(final) == ("2" if failing in STEPS[3:] else "1")
    assert checksums.altered(final) is None
    assert {path.name for path in tmp_path.iterdir()} <= {"final.duckdb", "final.sha256", aside.name}


def test_a_folder_that_cannot_be_synced_is_not_said_to_have_what_was_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = numbered(tmp_path / "final.duckdb", 1)
    fsync = os.fsync

    def of_files(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", of_files)
    with pytest.raises(UnsureError) as raised, publishing.exclusive(final):
        publishing.publish(numbered(publishing.next_path(final), 2), final)
    assert str(raised.value) == (
        f"{final} is the new warehouse, but {tmp_path} cannot be synced (Input/output error): if the machine stops now, "
        "the one before may be there again; look at the disk and run `compute-limits build --fresh`"
    )
    assert read_elsewhere(final) == "2"


def test_the_file_aside_is_in_the_same_folder(tmp_path: Path) -> None:
    aside = publishing.next_path(tmp_path / "x.duckdb")
    assert aside.parent == tmp_path
    assert aside.name != "x.duckdb"


def test_what_a_killed_build_left_is_removed_with_its_log(tmp_path: Path) -> None:
    built = publishing.next_path(tmp_path / "x.duckdb")
    log = built.with_name(built.name + ".wal")
    publishing.remove(built)
    for path in (built, log, built.with_name(built.name + ".wal.checkpoint")):
        path.write_bytes(b"left")
    publishing.remove(built)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_replaced_is_named_with_where_the_new_one_is(tmp_path: Path) -> None:
    final = tmp_path / "final.duckdb"
    final.mkdir()
    (final / "something").write_bytes(b"of the user's")
    aside = numbered(publishing.next_path(final), 2)
    with pytest.raises(BuildError) as raised:
        publishing.publish(aside, final)
    assert str(raised.value).startswith(f"{final} cannot be replaced (Is a directory); the new warehouse is {aside}")
    assert read_elsewhere(aside) == "2"


def test_a_second_build_is_kept_out_and_let_in_afterwards(tmp_path: Path) -> None:
    final = tmp_path / "deep" / "final.duckdb"
    with (
        publishing.exclusive(final),
        pytest.raises(
            BuildError,
            match=rf"another build is under way in .*deep, by process {os.getpid()} \(.*\) since 20.* UTC; try again",
        ),
        publishing.exclusive(final),
    ):
        raise AssertionError
    with publishing.exclusive(final):
        pass


def test_a_build_that_was_killed_keeps_nobody_out(tmp_path: Path) -> None:
    final = tmp_path / "final.duckdb"
    code = (
        "import sys; from pathlib import Path; from flows.warehouse import publishing\n"
        "with publishing.exclusive(Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(final)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with (
            pytest.raises(BuildError, match=rf"another build .*, by process {other.pid} \(.*\) since "),
            publishing.exclusive(final),
        ):
            raise AssertionError
        other.kill()
    with publishing.exclusive(final):
        pass


# --- what cannot be written


@pytest.mark.parametrize("by", ["DuckDB", "a stage", "Python"])
def test_a_disk_that_is_full_leaves_what_was_published_and_nothing_aside(by: str, tmp_path: Path) -> None:
    final = numbered(tmp_path / "final.duckdb", 1)
    built = publishing.next_path(final)

    def fill() -> None:
        with publishing.exclusive(final), files_of_at_most(600_000):
            if by == "Python":
                built.write_bytes(b"x" * 10**6)
            with connection.connect(built) as con:
                try:
                    con.execute("create table t as select hash(n) as n from range(1_000_000) as r(n)")
                    con.execute("checkpoint")
                except duckdb.Error as error:
                    if by != "a stage":
                        raise
                    raise BuildError(f"core.t: {error}") from error

    with pytest.raises(BuildError) as raised:
        fill()
    assert str(raised.value) == (
        f"not published, for {tmp_path} cannot be written (File too large); make room and build again. "
        "What was published before stands."
    )
    assert {path.name for path in tmp_path.iterdir()} == {"final.duckdb", "final.lock"}
    assert read_elsewhere(final) == "1"


def test_a_sync_that_fails_is_said_as_a_write_that_does(tmp_path: Path) -> None:
    # As DuckDB says it, without the reason; tests/faults/test_simulator.py has it say so.
    def fail() -> None:
        with publishing.exclusive(tmp_path / "final.duckdb"):
            raise duckdb.FatalException("FATAL Error: fsync failed!")

    with pytest.raises(BuildError, match=r"not published, for .* cannot be written \(Input/output error\); make room"):
        fail()


def test_a_build_that_fails_leaves_nothing_aside_but_what_its_message_names(tmp_path: Path) -> None:
    final = tmp_path / "final.duckdb"
    built = publishing.next_path(final)

    def fail(error: BaseException) -> None:
        with publishing.exclusive(final):
            numbered(built, 1)
            raise error

    for error in (BuildError("core.t: no"), KeyboardInterrupt(), ZeroDivisionError()):
        with pytest.raises(type(error)):
            fail(error)
        assert not built.exists()
    with pytest.raises(AsideError):
        fail(AsideError(f"look at {built}"))
    assert built.exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(
            BuildError, match=r"/file.* cannot be written \(.*\); make it writable, or name another folder by"
        ),
        publishing.exclusive(tmp_path / "file" / "warehouse" / "x.duckdb"),
    ):
        raise AssertionError
    script = (
        "import os, pathlib, sys; from flows.warehouse import publishing\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "os.geteuid() or (os.setgroups([]), os.setgid(65534), os.setuid(65534))\n"
        "try:\n    with publishing.exclusive(folder / 'warehouse' / 'x.duckdb'): pass\n"
        "except publishing.BuildError as error: print(error)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    # Another user than root cannot enter pytest's own.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        command = [sys.executable, "-c", script, folder]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout == (
        f"{folder}/warehouse cannot be written (Permission denied); make it writable, or name another folder by "
        "COMPUTE_LIMITS_DATA\n"
    )


def test_what_did_not_fit_into_memory_is_removed_with_the_file_aside(tmp_path: Path) -> None:
    aside = tmp_path / "final.next.duckdb"
    left = tmp_path / "final.next.duckdb.tmp" / "duckdb_temp_storage_DEFAULT-0.tmp"
    left.parent.mkdir()
    left.touch()
    publishing.remove(aside)
    assert list(tmp_path.iterdir()) == []
