"""flows/pages/repositories.py: which files of a tree are wanted and how many at most, and the archive that is packed of them."""

from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from flows.pages import repositories, trees
from flows.readers.archives import FILE_BYTES_MAX, archive_files
from flows.sources import RepositoryFiles

AT = "https://trees.example/o/r"
WANTED = RepositoryFiles(r"(.+/)?(systems/[^/]+\.json|result_\d\.txt)", files_max=3, mb_max=2)


def tree(**sizes: int) -> str:
    entries = [
        {"path": path, "mode": "100644", "type": "blob", "sha": str(at), "size": size}
        for at, (path, size) in enumerate(sizes.items())
    ]
    return json.dumps({"tree": entries})


def test_what_matches_whole_is_chosen_in_order() -> None:
    text = tree(
        **{"b/result_1.txt": 5, "b/result_1.txt.bak": 9, "README.md": 1, "a/systems/x.json": 7, "systems/y.json": 0}
    )
    assert list(repositories.chosen(text, WANTED, AT).items()) == [
        ("a/systems/x.json", trees.Blob("3", 7)),
        ("b/result_1.txt", trees.Blob("0", 5)),
        ("systems/y.json", trees.Blob("4", 0)),
    ]


@pytest.mark.parametrize(
    "path", ["../result_1.txt", "/result_1.txt", "a/../result_1.txt", "a//result_1.txt", "./result_1.txt"]
)
def test_a_path_that_leads_elsewhere_is_none(path: str) -> None:
    assert list(repositories.chosen(tree(**{path: 1, "result_2.txt": 1}), WANTED, AT)) == ["result_2.txt"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html>", f"{AT} lists no files, or not all;"),
        (tree(**{"README.md": 1}), f"{AT} lists no file that is wanted;"),
        (tree(**{f"result_{at}.txt": 1 for at in range(4)}), "wanted, the largest of 0.0; no more than 3 of 2 MB"),
        (tree(**{f"result_{at}.txt": 800_000 for at in range(3)}), "lists 3 files of 2.4 MB"),
    ],
)  # fmt: skip
def test_what_is_no_tree_or_too_much_is_left_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(repositories.LeftError, match=re.escape(said)):
        repositories.chosen(text, WANTED, AT)


def test_what_is_at_the_bound_is_not_too_much() -> None:
    assert len(repositories.chosen(tree(**{f"result_{at}.txt": 1 for at in range(3)}), WANTED, AT)) == 3
    wide = RepositoryFiles(WANTED.wanted, 3, FILE_BYTES_MAX / 1e6)
    assert repositories.chosen(tree(**{"result_0.txt": FILE_BYTES_MAX}), wide, AT)
    # No file is taken that the reader of archives would refuse.
    with pytest.raises(repositories.LeftError, match="each of 4 at most"):
        repositories.chosen(tree(**{"result_0.txt": FILE_BYTES_MAX + 1}), RepositoryFiles(WANTED.wanted, 3, 9), AT)


def test_the_same_files_make_the_same_bytes_which_the_reader_of_archives_reads(tmp_path: Path) -> None:
    files = {"b/é.txt": b"2", "a" * 120 + "/result_0.txt": b"1" * 9999, "c.txt": b""}
    body = repositories.packed("r", files)
    assert body == repositories.packed("r", dict(reversed(files.items())))
    # The time at which it was packed is not in it (RFC 1952, 2.3: MTIME).
    assert body[4:8] == bytes(4)
    (tmp_path / "kept").write_bytes(body)
    assert dict(archive_files(tmp_path / "kept", re.compile("(?s:.*)"))) == files
    assert repositories.unpacked(tmp_path / "kept") == files
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert {(one.name.split("/")[0], one.mtime, one.uid, one.gname) for one in archive} == {("r", 0, 0, "")}


def test_of_an_archive_that_cannot_be_read_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"no archive")
    assert repositories.unpacked(tmp_path / "kept") == {}
