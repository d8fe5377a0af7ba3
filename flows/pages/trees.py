"""What a host of repositories lists: one request for a tree tells which of its files are as they were.

Git names a file's bytes by a hash that can be computed from the bytes that are kept. Where a hash differs (the file was
changed, or is sent otherwise than it is listed), nothing is known and the page is fetched.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

_FILES, _TREES, _ARCHIVES = "raw.githubusercontent.com", "api.github.com", "codeload.github.com"
_REGULAR = ("100644", "100755")  # of a link the bytes are where it leads
_COMMIT = re.compile(r"[0-9a-f]{40}")  # in full: a shorter one may be a branch's name, too


@dataclass(frozen=True)
class Listed:
    """A file of a repository: the address of the tree that lists it, and its path there.

    `is_fixed`: whether the address names a commit, at which the file is what it was for ever.
    """

    tree: str
    path: str
    is_fixed: bool = False


@dataclass(frozen=True)
class Repository:
    """A repository at a commit, a branch or a tag: the address of its tree, and what the addresses of its files begin with.

    `is_fixed`: whether it is a commit, at which nothing changes.
    """

    name: str
    tree: str
    base: str
    is_fixed: bool = False

    def address(self, path: str) -> str:
        """Where the file of that path is."""
        return self.base + quote(path)


@dataclass(frozen=True)
class Blob:
    """A file as a tree lists it: git's hash of its bytes, and how many they are."""

    sha: str
    size: int


def listed(url: str) -> Listed | None:
    """Where the page of that address is listed; None where it is no file of a host whose trees are known.

    `https://raw.githubusercontent.com/OWNER/REPO/REF/PATH`, where REF is a branch, a tag or a commit, is PATH in
    `https://api.github.com/repos/OWNER/REPO/git/trees/REF?recursive=1`.
    """
    parts = urlsplit(url)
    names = parts.path.split("/", 4)[1:]
    if (parts.scheme, parts.netloc, parts.query) != ("https", _FILES, "") or len(names) < 4 or not all(names):
        return None
    owner, repository, ref, path = names
    return Listed(_tree(owner, repository, ref), unquote(path), _COMMIT.fullmatch(ref) is not None)


def packed(url: str) -> Repository | None:
    """The repository whose archive is at that address; None where it is no archive of a host whose trees are known.

    `https://codeload.github.com/OWNER/REPO/tar.gz/REF` has the files of `https://raw.githubusercontent.com/OWNER/REPO/REF/`.
    """
    parts = urlsplit(url)
    names = parts.path.split("/", 4)[1:]
    if (parts.scheme, parts.netloc, parts.query) != ("https", _ARCHIVES, "") or len(names) < 4 or not all(names):
        return None
    owner, repository, form, ref = names
    if form != "tar.gz" or "/" in ref:
        return None
    base = f"https://{_FILES}/{owner}/{repository}/{ref}/"
    return Repository(repository, _tree(owner, repository, ref), base, _COMMIT.fullmatch(ref) is not None)


def _tree(owner: str, repository: str, ref: str) -> str:
    return f"https://{_TREES}/repos/{owner}/{repository}/git/trees/{ref}?recursive=1"


def blobs(text: str) -> dict[str, str]:
    """{path: hash} of the files of a tree, which may be cut short; empty where the text is no tree."""
    try:
        entries = json.loads(text)["tree"]
        return {entry["path"]: entry["sha"] for entry in entries if entry["type"] == "blob"}
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}


def files(text: str) -> dict[str, Blob] | None:
    """{path: file} of a whole tree, without links; None where the text is no tree, or one that was cut short."""
    try:
        told = json.loads(text)
        entries = [entry for entry in told["tree"] if entry["type"] == "blob" and entry["mode"] in _REGULAR]
        found = {str(entry["path"]): Blob(str(entry["sha"]), int(entry["size"])) for entry in entries}
        return None if told.get("truncated") else found
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def blob_hash(body: bytes) -> str:
    """Git's name of a file's bytes: SHA-1 of "blob ", their number, a zero byte and the bytes (git-hash-object)."""
    return hashlib.sha1(b"blob %d\0%b" % (len(body), body), usedforsecurity=False).hexdigest()
