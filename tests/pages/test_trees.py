"""flows/pages/trees.py: which tree lists a page, what a tree says, and git's name of some bytes."""

from __future__ import annotations

import json

import pytest

from flows.pages.trees import Blob, Listed, Repository, blob_hash, blobs, files, listed, packed

API = "https://api.github.com/repos"


@pytest.mark.parametrize(
    ("url", "tree", "path"),
    [
        ("/o/r/main/a.csv", "/o/r/git/trees/main?recursive=1", "a.csv"),
        ("/o/r/98079c5/d/e/f.md", "/o/r/git/trees/98079c5?recursive=1", "d/e/f.md"),
        ("/o/r.js/v1.0/b%20c%2Bd/%C3%A9.csv", "/o/r.js/git/trees/v1.0?recursive=1", "b c+d/é.csv"),
        ("/o/r/a%2Fb/c.csv", "/o/r/git/trees/a%2Fb?recursive=1", "c.csv"),
    ],
)
def test_a_file_of_a_repository_is_listed_by_its_tree(url: str, tree: str, path: str) -> None:
    assert listed(f"https://raw.githubusercontent.com{url}") == Listed(API + tree, path)


@pytest.mark.parametrize(
    ("ref", "is_fixed"),
    [("98079c546758b5ca710a6e0d4eabb88ca50aafdd", True), ("98079c5", False), ("main", False), ("9" * 41, False)],
)
def test_at_a_commit_alone_nothing_changes(ref: str, is_fixed: bool) -> None:
    place = listed(f"https://raw.githubusercontent.com/o/r/{ref}/a.csv")
    assert place is not None
    assert place.is_fixed == is_fixed


@pytest.mark.parametrize(
    "url",
    [
        "https://h.example/o/r/main/a.csv",
        "http://raw.githubusercontent.com/o/r/main/a.csv",
        "https://raw.githubusercontent.com/o/r/main/a.csv?token=x",
        "https://raw.githubusercontent.com/o/r/main",
        "https://raw.githubusercontent.com/o/r/main/",
        "https://raw.githubusercontent.com//r/main/a.csv",
        "https://raw.githubusercontent.com:81/o/r/main/a.csv",
    ],
)
def test_nothing_else_is(url: str) -> None:
    assert listed(url) is None


# From `git hash-object --stdin`; the first is in the Pro Git book, too.
@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"what is up, doc?", "bd9dbf5aae1a3862dd1526723246b20206e5fc37"),
        (b"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        (b"a\r\n\0\xff", "51f2a600da00d9cbf72e8ef269dd946818c4707b"),
    ],
)
def test_the_hash_is_that_of_git(body: bytes, name: str) -> None:
    assert blob_hash(body) == name


def test_a_tree_gives_its_files() -> None:
    entries = [
        {"path": "d", "mode": "040000", "type": "tree", "sha": "1"},
        {"path": "d/a.csv", "mode": "100644", "type": "blob", "sha": "2", "size": 7},
        {"path": "vendored", "mode": "160000", "type": "commit", "sha": "3"},
    ]
    assert blobs(json.dumps({"sha": "0", "tree": entries, "truncated": True})) == {"d/a.csv": "2"}


@pytest.mark.parametrize(
    "text", ["", "{", "7", "null", "{}", '{"tree": null}', '{"tree": ["a"]}', '{"tree": [{}]}', "[" * 99_999]
)
def test_what_is_no_tree_gives_none(text: str) -> None:
    assert blobs(text) == {}


def test_an_archive_has_the_files_of_its_repository() -> None:
    found = packed("https://codeload.github.com/o/r.js/tar.gz/HEAD")
    base = "https://raw.githubusercontent.com/o/r.js/HEAD/"
    assert found == Repository("r.js", f"{API}/o/r.js/git/trees/HEAD?recursive=1", base)
    assert found.address("d/a b+é#1?.txt") == f"{base}d/a%20b%2B%C3%A9%231%3F.txt"
    fixed = packed("https://codeload.github.com/o/r/tar.gz/98079c546758b5ca710a6e0d4eabb88ca50aafdd")
    assert fixed is not None
    assert fixed.is_fixed


@pytest.mark.parametrize(
    "url",
    [
        "https://h.example/o/r/tar.gz/HEAD",
        "http://codeload.github.com/o/r/tar.gz/HEAD",
        "https://codeload.github.com/o/r/tar.gz/HEAD?x=1",
        "https://codeload.github.com/o/r/tar.gz/refs/heads/main",
        "https://codeload.github.com/o/r/zip/HEAD",
        "https://codeload.github.com/o/r/tar.gz/",
        "https://codeload.github.com/o/r/tar.gz",
    ],
)
def test_no_other_address_is_of_such_an_archive(url: str) -> None:
    assert packed(url) is None


def entry(path: str, **changed: object) -> dict[str, object]:
    return {"path": path, "mode": "100644", "type": "blob", "sha": "2", "size": 7} | changed


def test_files_of_a_tree_have_a_size_and_links_are_none() -> None:
    entries = [
        entry("d", mode="040000", type="tree"), entry("d/a"), entry("d/run.sh", mode="100755", size=0), entry("l", mode="120000"),
    ]  # fmt: skip
    assert files(json.dumps({"tree": entries})) == {"d/a": Blob("2", 7), "d/run.sh": Blob("2", 0)}
    assert files('{"tree": []}') == {}


@pytest.mark.parametrize(
    "text",
    [
        "", "7", "null", "[]", '{"tree": 7}', '{"tree": ["a"]}', '{"tree": [{}]}', "[" * 99_999,
        json.dumps({"tree": [entry("a")], "truncated": True}),
        json.dumps({"tree": [entry("a", size=None)]}),
        json.dumps({"tree": [entry("a", size="many")]}),
    ],
)  # fmt: skip
def test_of_a_tree_that_is_cut_short_no_file_is_told(text: str) -> None:
    assert files(text) is None
