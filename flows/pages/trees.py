"""What a host of repositories lists: one request for a tree tells which of its files are as they were.

Git names a file's bytes by a hash that can be computed from the bytes that are kept. Where a hash differs (the file was
changed, or is sent otherwise than it is listed), nothing is known and the page is fetched.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_FILES, _TREES = "raw.githubusercontent.com", "api.github.com"
_COMMIT = re.compile(r"[0-9a-f]{40}")  # in full: a shorter one may be a branch's name, too


@dataclass(frozen=True)
class Listed:
    """A file of a repository: the address of the tree that lists it, and its path there.

    `is_fixed`: whether the address names a commit, at which the file is what it was for ever.
    """

    tree: str
    path: str
    is_fixed: bool = False


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
    tree = f"https://{_TREES}/repos/{owner}/{repository}/git/trees/{ref}?recursive=1"
    return Listed(tree, unquote(path), _COMMIT.fullmatch(ref) is not None)


def blobs(text: str) -> dict[str, str]:
    """{path: hash} of the files of a tree, which may be cut short; empty where the text is no tree."""
    try:
        entries = json.loads(text)["tree"]
        return {entry["path"]: entry["sha"] for entry in entries if entry["type"] == "blob"}
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}


def blob_hash(body: bytes) -> str:
    """Git's name of a file's bytes: SHA-1 of "blob ", their number, a zero byte and the bytes (git-hash-object)."""
    return hashlib.sha1(b"blob %d\0%b" % (len(body), body), usedforsecurity=False).hexdigest()
