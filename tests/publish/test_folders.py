"""A folder that is filled twice: what is no longer written goes, what is another's stays."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from flows.answers.outputs import OutputError
from flows.publish import folders

OLD = {"index.html": b"old", "gone.html": b"gone", "data/gone.csv": b"1", "deep/er/gone.csv": b"2"}
NEW = {"index.html": b"new"}


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_what_is_no_longer_written_is_removed_with_its_empty_folders(tmp_path: Path) -> None:
    folders.fill(tmp_path, OLD, "report", is_whole=True)
    folders.fill(tmp_path, NEW, "report", is_whole=True)
    assert names(tmp_path) == {"index.html", ".compute-limits-report"}
    assert (tmp_path / "index.html").read_bytes() == b"new"


def test_what_is_another_stays(tmp_path: Path) -> None:
    """Files that were there, that came beside, that somebody altered since, and those of another command."""
    (tmp_path / "mine.txt").write_text("mine")
    folders.fill(tmp_path, OLD, "report", is_whole=True)
    folders.fill(tmp_path, {"table.csv": b"t"}, "export", is_whole=True)
    (tmp_path / "data" / "beside.csv").write_text("mine")
    (tmp_path / "gone.html").write_text("altered")
    folders.fill(tmp_path, NEW, "report", is_whole=True)
    assert names(tmp_path) == {
        "index.html", "mine.txt", "data", "data/beside.csv", "gone.html", "table.csv", ".compute-limits-report",
        ".compute-limits-export",
    }  # fmt: skip


def test_what_stays_is_not_removed_until_it_no_longer_does(tmp_path: Path) -> None:
    folders.fill(tmp_path, {"a/1": b"a", "b/1": b"b"}, "export", is_whole=True)
    folders.fill(tmp_path, {"c/1": b"c"}, "export", is_whole=True, stays=lambda name: name.startswith("b/"))
    assert names(tmp_path) == {"b", "b/1", "c", "c/1", ".compute-limits-export"}
    folders.fill(tmp_path, {"d/1": b"d"}, "export", is_whole=True)
    assert names(tmp_path) == {"d", "d/1", ".compute-limits-export"}


def test_of_a_part_nothing_is_removed_until_all_is_written_again(tmp_path: Path) -> None:
    folders.fill(tmp_path, OLD, "export", is_whole=True)
    folders.fill(tmp_path, {"part.csv": b"p"}, "export", is_whole=False)
    assert set(OLD) | {"part.csv"} <= names(tmp_path)
    folders.fill(tmp_path, NEW, "export", is_whole=True)
    assert names(tmp_path) == {"index.html", ".compute-limits-export"}


@pytest.mark.parametrize("name", ["../outside", "{absolute}", "link/outside", "outside-link"])
def test_a_list_that_somebody_made_up_removes_nothing_outside(name: str, tmp_path: Path) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.write_bytes(b"x")
    (folder / "link").symlink_to(tmp_path)
    (folder / "outside-link").symlink_to(outside)
    line = f"{hashlib.sha256(b'x').hexdigest()}  {name.format(absolute=outside)}\n"
    (folder / ".compute-limits-report").write_text(line)
    folders.fill(folder, NEW, "report", is_whole=True)
    assert outside.read_bytes() == b"x"
    assert (folder / "outside-link").is_symlink()


@pytest.mark.parametrize("listed", [b"\xff\xfe", b"no list\n", b""])
def test_a_list_that_cannot_be_read_removes_nothing(listed: bytes, tmp_path: Path) -> None:
    folders.fill(tmp_path, OLD, "report", is_whole=True)
    (tmp_path / ".compute-limits-report").write_bytes(listed)
    folders.fill(tmp_path, NEW, "report", is_whole=True)
    assert set(OLD) <= names(tmp_path)


def test_the_list_is_of_what_is_there_and_other_tools_read_it(tmp_path: Path) -> None:
    folders.fill(tmp_path, OLD, "report", is_whole=True)
    checked = subprocess.run(
        ["sha256sum", "-c", ".compute-limits-report"], cwd=tmp_path, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout.count(b": OK")) == (0, len(OLD))


def test_a_folder_that_is_a_file_is_said_and_nothing_is_removed(tmp_path: Path) -> None:
    folders.fill(tmp_path, OLD, "report", is_whole=True)
    before = names(tmp_path)
    with pytest.raises(OutputError, match=r"index\.html"):
        folders.fill(tmp_path, {"index.html/page.html": b"x"}, "report", is_whole=True)
    assert names(tmp_path) == before
