"""flows/warehouse/publishing.py: by rename, in one step, one build at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.warehouse import connection, publishing
from flows.warehouse.connection import BuildError


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


def test_a_log_of_the_old_file_does_not_spoil_the_new(tmp_path: Path) -> None:
    final = numbered(tmp_path / "final.duckdb", 1)
    log = final.with_name("final.duckdb.wal")
    log.write_bytes(b"left by a writer that was killed")
    publishing.publish(numbered(publishing.next_path(final), 2), final)
    assert not log.exists()
    assert read_elsewhere(final) == "2"


def test_the_file_aside_is_in_the_same_folder(tmp_path: Path) -> None:
    aside = publishing.next_path(tmp_path / "x.duckdb")
    assert aside.parent == tmp_path
    assert aside.name != "x.duckdb"


def test_what_a_killed_build_left_is_removed_with_its_log(tmp_path: Path) -> None:
    built = publishing.next_path(tmp_path / "x.duckdb")
    log = built.with_name(built.name + ".wal")
    publishing.remove(built)
    for path in (built, log):
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
        with pytest.raises(BuildError, match="another build"), publishing.exclusive(final):
            raise AssertionError
        other.kill()
    with publishing.exclusive(final):
        pass
