"""What a person decided of pages that were held back: `data/raw/<source>/accepted.jsonl`, beside the lock and tracked as it is.

A version of a page that is named there is used as it stands, and the versions after it are held against it. Such a file is
only added to, by `compute-limits accept`; a build reads it as it reads the lock, so the same lock and decisions give the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from flows import folder_locks
from flows.errors import UserError, near
from flows.pages import snapshots
from flows.sources import Source

ACCEPTED = "accepted.jsonl"
_KEYS = {"page", "sha256"}


class DecisionError(UserError, ValueError):
    """A decision cannot be read, or is about a page that is not kept; the message names file and line, or what there is."""


def read(raw: Path, source: str) -> set[tuple[str, str]]:
    """{(page, SHA-256)} of the versions of a source's pages that were accepted below `raw`.

    Raises:
        DecisionError: a line is not a decision.
    """
    path = raw / source / ACCEPTED
    if not path.is_file():
        return set()
    return {_line(path, number, line) for number, line in snapshots.numbered(path, _is_whole)}


def _line(path: Path, number: int, line: bytes) -> tuple[str, str]:
    try:
        return _decision(line)
    except (ValueError, RecursionError) as error:
        raise DecisionError(
            f"{path}, line {number}: not a decision ({error}): {line[:120].decode('utf-8', 'replace')!r}; restore the file from "
            "version control, or delete the line and run `compute-limits accept` again"
        ) from error


def _is_whole(begun: bytes) -> bool:
    try:
        _decision(begun)
    except (ValueError, RecursionError):
        return False
    return True


def _decision(line: bytes) -> tuple[str, str]:
    """A decision as its line has it. Raises `ValueError`: it is none; what it says is why."""
    told = json.loads(line.decode("utf-8"))
    if not isinstance(told, dict) or set(told) != _KEYS or not all(isinstance(one, str) for one in told.values()):
        raise ValueError("it has a page and a sha256, and nothing else")
    return told["page"], told["sha256"]


def accept(source: Source, page: str, sha256: str, raw: Path, locks: Iterable[Path]) -> str | None:
    """Record below `raw` that a version of a page is right as it stands; returns its whole SHA-256, None if it was there.

    `sha256` may be the beginning of it. The version is in the lock of one of the folders `locks`.

    Raises:
        DecisionError: there is no such page or version, or the beginning is that of several.
    """
    names = [one.name for one in source.pages]
    if page not in names:
        raise DecisionError(f"{source.key} has no page {page!r}; {near(page, names)}")
    roots = list(locks)
    kept = list(
        dict.fromkeys(line.sha256 for root in roots for line in snapshots.read(root, source.key) if line.page == page)
    )
    meant = [one for one in kept if one.startswith(sha256)] if sha256 else []
    if len(meant) != 1:
        raise DecisionError(
            f"{source.key}, page {page}: {'no version' if not meant else 'more than one version'} begins with {sha256!r}; "
            f"there are: {', '.join(kept) or 'none'}"
        )
    decided = (page, meant[0])
    if any(decided in read(root, source.key) for root in roots):
        return None
    path = raw / source.key / ACCEPTED
    path.parent.mkdir(parents=True, exist_ok=True)
    with folder_locks.alone(path.parent):
        # Somebody else may have decided it meanwhile.
        if decided not in read(raw, source.key):
            line = json.dumps({"page": page, "sha256": meant[0]}, ensure_ascii=False) + "\n"
            snapshots.append(path, line, _is_whole)
    return meant[0]
