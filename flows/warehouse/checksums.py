"""The checksum of the published file, in a file beside it: whether it still is, to the bit, what a build has published.

`sha256sum -c compute_limits.sha256` checks it too. A warehouse and its checksum cannot be renamed in one step, so the file has
both the new checksum and the one before until the warehouse has its name: at no moment is a whole warehouse without its line.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_LINE = re.compile(r"^([0-9a-f]{64}) [ *]", re.MULTILINE)


def path(warehouse: Path) -> Path:
    """The file that has the checksum of a warehouse."""
    return warehouse.with_suffix(".sha256")


def of(warehouse: Path) -> str:
    """The SHA-256 of a file, in hexadecimal; of 80 MB it takes a fifteenth of a second. Raises `OSError`."""
    with warehouse.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def recorded(warehouse: Path) -> frozenset[str]:
    """What the published file may have as its checksum; empty where none is recorded, as by 0.3 and before."""
    try:
        return frozenset(_LINE.findall(path(warehouse).read_text(encoding="utf-8", errors="replace")))
    except FileNotFoundError:
        return frozenset()


def altered(warehouse: Path) -> str | None:
    """What is said of a file that is not as it was published; None where it is, or no checksum is recorded.

    Raises:
        OSError: a file cannot be read.
    """
    known, found = recorded(warehouse), of(warehouse)
    # Another may have been published since.
    if not known or found in known | recorded(warehouse):
        return None
    return f"{warehouse} is not as it was published: its SHA-256 is {found[:12]}…, not the one in {path(warehouse)}"


def add(warehouse: Path, checksum: str) -> None:
    """Record a checksum beside those that there are, before the file that has it is renamed. Raises `OSError`."""
    _write(warehouse, [checksum, *sorted(recorded(warehouse) - {checksum})])


def settle(warehouse: Path, checksum: str) -> None:
    """Record the checksum of the file that has its name now as the only one."""
    # Of a file that is in its place a line too many does no harm.
    with suppress(OSError):
        _write(warehouse, [checksum])


def _write(warehouse: Path, sums: Iterable[str]) -> None:
    final = path(warehouse)
    aside = final.with_suffix(".next.sha256")
    try:
        with aside.open("w", encoding="utf-8") as handle:
            handle.writelines(f"{one}  {warehouse.name}\n" for one in sums)
            handle.flush()
            os.fsync(handle.fileno())
        aside.replace(final)
    finally:
        aside.unlink(missing_ok=True)
