"""flows/answers/outputs.py: a file is there whole or not at all, and what is wrong with its place is said."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from running import files_of_at_most

from flows.answers import outputs
from flows.answers.outputs import OutputError


def half_written(path: Path | None) -> None:
    with outputs.whole(path) as out:
        out.write(b"half")
        raise ZeroDivisionError


def test_until_all_is_written_the_old_file_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    outputs.write(path, b"old")
    with outputs.whole(path) as out:
        out.write(b"new")
        out.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    with pytest.raises(ZeroDivisionError):
        half_written(path)
    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    with files_of_at_most(1000), pytest.raises(OutputError) as raised:
        outputs.write(path, b"x" * 2000)
    assert str(raised.value) == f"{path} cannot be written (File too large; make room, or name another place)"
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]


def test_of_several_files_all_or_none(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b" / "c"
    assert outputs.write_all(tmp_path, {"a": b"old", "b/c": b"old"}) == [first, second]
    with files_of_at_most(1000), pytest.raises(OutputError, match=r"/c cannot be written \(File too large"):
        outputs.write_all(tmp_path, {"a": b"new", "b/c": b"x" * 2000})
    assert (first.read_bytes(), second.read_bytes()) == (b"old", b"old")
    assert sorted(tmp_path.rglob("*")) == [first, second.parent, second]
    outputs.write_all(tmp_path, {"a": b"new", "b/c": b"newer"})
    assert (first.read_bytes(), second.read_bytes()) == (b"new", b"newer")


def test_more_files_than_may_be_open_at_once(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 20, hard))
    try:
        outputs.write_all(tmp_path, {f"{n}": b"x" for n in range(100)})
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(list(tmp_path.iterdir())) == 100


KILLED = """
import os, pathlib, signal, sys
from flows.answers import outputs
replace, names = pathlib.Path.replace, []
def killed(path, target):
    names.append(target)
    return os.kill(os.getpid(), signal.SIGKILL) if len(names) == int(sys.argv[2]) else replace(path, target)
pathlib.Path.replace = killed
outputs.write_all(pathlib.Path(sys.argv[1]), {name: b"new" for name in ("a", "b", "c")})
"""


@pytest.mark.parametrize(("nth", "new"), [(1, 0), (2, 0), (3, 1), (4, 2)])
def test_who_is_killed_while_files_get_their_names_has_said_so(nth: int, new: int, tmp_path: Path) -> None:
    names = ("a", "b", "c")
    outputs.write_all(tmp_path, dict.fromkeys(names, b"old"))
    # The first that gets its name is the note itself.
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(nth)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL
    assert [(tmp_path / name).read_bytes() for name in names] == [b"new"] * new + [b"old"] * (3 - new)
    said = tmp_path / "UNFINISHED.txt"
    assert said.exists() == (nth > 1)
    assert nth == 1 or "files of two writings may stand" in said.read_text()
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")} <= {*names, said.name}
    # Nor does what lay aside stay for ever, and of other files nothing is taken away.
    other = tmp_path / ".b.backup.next"
    other.touch()
    outputs.write_all(tmp_path, dict.fromkeys(names, b"newer"))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys(names, b"newer") | {
        other.name: b""
    }


def test_a_name_that_cannot_be_given_leaves_the_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def failing(path: Path, target: Path) -> Path:
        if target.name == "b":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OutputError, match=r"/b cannot be written \(Input/output error"):
        outputs.write_all(tmp_path, dict.fromkeys("abc", b"new"))
    assert {path.name for path in tmp_path.iterdir()} == {"a", "UNFINISHED.txt"}


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("{folder}/none/a.csv", "there is no folder {folder}/none; make it first"),
        ("{folder}", "it is a folder; name a file in it"),
        ("{folder}/file/a.csv", "a file stands where a folder has to be; name another place"),
        ("{folder}/" + "x" * 300, "File name too long; name a place that can be written to"),
        ("/dev/full", "No space left on device; make room, or name another place"),
    ],
    ids=["no folder", "folder", "in a file", "long", "full"],
)
def test_what_is_wrong_with_a_place_is_said(place: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = place.format(folder=tmp_path)
    with pytest.raises(OutputError) as raised:
        outputs.write(Path(path), b"x")
    assert str(raised.value) == f"{path} cannot be written ({why.format(folder=tmp_path)})"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    outputs.folder(tmp_path / "a" / "b")
    outputs.folder(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"/file cannot be written \(a file stands where a folder has to be; name"):
        outputs.folder(tmp_path / "file")


def test_a_folder_that_may_not_be_written_to() -> None:
    folder = Path(tempfile.mkdtemp())
    script = (
        "import os, pathlib, sys; from flows.answers import outputs\n"
        "os.geteuid() or (os.setgroups([]), os.setgid(65534), os.setuid(65534))\n"
        "try: outputs.write(pathlib.Path(sys.argv[1]), b'x')\n"
        "except outputs.OutputError as error: print(error)"
    )
    folder.chmod(0o555)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, str(folder / "a.csv")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert (
        ended.stdout == f"{folder}/a.csv cannot be written (Permission denied; name a place that can be written to)\n"
    )
    folder.rmdir()


def test_a_device_is_written_and_not_replaced(tmp_path: Path) -> None:
    outputs.write(Path("/dev/null"), b"x")
    assert Path("/dev/null").is_char_device()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        outputs.write(pipe, b"through it")
        assert reader.communicate(timeout=60)[0] == b"through it"
    assert pipe.is_fifo()


def test_a_link_stays_and_a_mode_too(tmp_path: Path) -> None:
    path, link = tmp_path / "a.csv", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    outputs.write(link, b"new")
    assert link.is_symlink()
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)


def test_standard_output_gets_all_or_nothing(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with pytest.raises(ZeroDivisionError):
        half_written(None)
    outputs.write(None, b"all of it")
    assert capfdbinary.readouterr().out == b"all of it"


def test_an_error_that_is_of_no_place_keeps_its_traceback() -> None:
    assert outputs.fault(OSError(28, "No space left on device", "/a/b")).startswith(
        "/a/b: No space left on device; make"
    )
    with pytest.raises(ConnectionRefusedError):
        outputs.fault(ConnectionRefusedError(111, "Connection refused"))


def test_a_link_names_something_else_in_one_step_and_replaces_nothing_but_links(tmp_path: Path) -> None:
    link = tmp_path / "latest"
    for target in ("one", "two"):
        (tmp_path / target).mkdir()
        outputs.link(link, target)
        assert link.readlink() == Path(target)
    # Into a folder that it names nothing is put.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "one", "two"]
    assert list((tmp_path / "two").iterdir()) == []
    mine = tmp_path / "mine"
    mine.write_text("mine")
    with pytest.raises(OutputError, match="mine is no link, and is left as it is; move it away"):
        outputs.link(mine, "one")
    assert mine.read_text() == "mine"
    with pytest.raises(OutputError, match="there is no folder"):
        outputs.link(tmp_path / "none" / "latest", "one")
