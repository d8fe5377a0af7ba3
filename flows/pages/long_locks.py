"""What a long lock says, kept beside it: a source may have a thousand versions of a page, and each run asks for all of them.

It counts as long as the lock and the folder of pages have the size and the times that they had when they were read. Nothing else
depends on it: it may be removed, and is then made anew.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from flows.pages import snapshots
from flows.pages.snapshots import LOCK, PAGES, Snapshot
from flows.warehouse import keys

FILE = ".long_lock.json"
# The bytes of some three hundred lines, which are read as soon as they are asked for elsewhere.
_LONG = 1 << 17
# What was written so short a time ago may be written once more within the same tick of the clock of its file system.
_SETTLED_NS = 2 * 10**9
# Of what is kept: another version of this module may mean another thing by it.
_FORM = 1


@dataclass(frozen=True)
class _Told:
    """What a lock says: a digest of its lines and of which have their bytes, its last second, the newest line of each page."""

    digest: str
    until: str
    newest: Mapping[str, Snapshot]


def known(raw: Path, source: str, until: str) -> str:
    """Digest of what a source has below `raw` by a day: the lines of its lock, and of each whether its bytes are there.

    Raises:
        flows.pages.snapshots.LockError: a line is not a snapshot, where each has to be looked at.
    """
    told = _told(raw, source)
    return told.digest if told is not None and told.until[:10] <= until else _digest(raw, source, until)


def newest(raw: Path, source: str, until: str) -> Mapping[str, Snapshot]:
    """{page: its newest line by a second} of the pages that have one.

    Raises:
        flows.pages.snapshots.LockError: a line is not a snapshot, where each has to be looked at.
    """
    told = _told(raw, source)
    if told is not None and told.until <= until:
        return told.newest
    return snapshots.newest_of_each(snapshots.read(raw, source), until)


def _digest(raw: Path, source: str, until: str) -> str:
    return keys.digest(*snapshots.known(raw, source, until))


def _told(raw: Path, source: str) -> _Told | None:
    """What is kept of a lock, or is from now on; None of one that is short, or was changed just now."""
    folder = raw / source
    stamp = _stamp(folder)
    if stamp is None:
        return None
    file = folder / FILE
    if (told := _read(file, stamp)) is not None:
        return told
    if max(changed for _, _, changed, _ in stamp) > time.time_ns() - _SETTLED_NS:
        return None
    # What cannot be kept would be made out each time.
    if not os.access(folder, os.W_OK):
        return None
    newest_of_each = snapshots.newest_of_each(snapshots.read(raw, source))
    if not newest_of_each:
        return None
    until = max(line.retrieved_at for line in newest_of_each.values())
    told = _Told(_digest(raw, source, until[:10]), until, newest_of_each)
    if _stamp(folder) != stamp:
        return None
    # Where there is no room it is read once more by the next run.
    with suppress(OSError):
        _write(file, stamp, told)
    return told


def _stamp(folder: Path) -> list[list[int]] | None:
    """Of the lock and of the folder of pages: size, when it was last written and last changed, ns, and which file it is.

    None where there are few lines, or they cannot be looked at.
    """
    try:
        # Opened, for a file system of another machine may answer who only asks from its memory.
        with (folder / LOCK).open("rb") as lock:
            found = [os.fstat(lock.fileno()), (folder / PAGES).stat()]
    except OSError:
        return None
    return (
        [[one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino] for one in found]
        if found[0].st_size > _LONG
        else None
    )


def _read(file: Path, stamp: list[list[int]]) -> _Told | None:
    try:
        kept = json.loads(file.read_bytes())
        if kept["stamp"] != stamp or kept["form"] != _FORM:
            return None
        return _Told(kept["digest"], kept["until"], {page: Snapshot(**line) for page, line in kept["newest"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # Not there, or written by another version or hand.
        return None


def _write(file: Path, stamp: list[list[int]], told: _Told) -> None:
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f"{FILE}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump({"form": _FORM, "stamp": stamp, **asdict(told)}, stream)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(file)
    finally:
        Path(temporary).unlink(missing_ok=True)
