"""The checksum of the published file, in a file beside it: whether it still is, to the bit, what a build has published.

`sha256sum -c compute_limits.sha256` checks it too. A warehouse and its checksum cannot be renamed in one step, so the file has
both the new checksum and the one before until the warehouse has its name: at no moment is a whole warehouse without its line.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_LINE = re.compile(r"^([0-9a-f]{64}) [ *]", re.MULTILINE)
# A remark, which sha256sum passes over: size and time of writing of the file that has the checksum.
_STAMP = re.compile(r"^# ([0-9a-f]{64}) (\d+ \d+)$", re.MULTILINE)


def path(warehouse: Path) -> Path:
    """The file that has the checksum of a warehouse."""
    return warehouse.with_suffix(".sha256")


def of(warehouse: Path) -> str:
    """The SHA-256 of a file, in hexadecimal; of 80 MB it takes a fifteenth of a second. Raises `OSError`."""
    with warehouse.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def recorded(warehouse: Path) -> dict[str, str]:
    """{checksum that the published file may have: its stamp, or ""}; empty where none is recorded, as by 0.3 and before."""
    try:
        text = path(warehouse).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    stamps = dict(_STAMP.findall(text))
    return {checksum: stamps.get(checksum, "") for checksum in _LINE.findall(text)}


def altered(warehouse: Path, *, is_quick: bool = False) -> str | None:
    """What is said of a file that is not as it was published; None where it is, or no checksum is recorded.

    `is_quick`: one of the recorded size and time of writing is not read. What DuckDB or a person alters has another; a bit that
    a disk lost has not, and DuckDB itself refuses its block.

    Raises:
        OSError: a file cannot be read.
    """
    known = recorded(warehouse)
    if not known or (is_quick and _stamp(warehouse) in known.values()):
        return None
    found = of(warehouse)
    # Another may have been published since.
    if found in known | recorded(warehouse):
        return None
    return f"{warehouse} is not as it was published: its SHA-256 is {found[:12]}…, not the one in {path(warehouse)}"


def add(warehouse: Path, built: Path) -> str:
    """Record the checksum of a file beside those that there are, before it is renamed; returns it. Raises `OSError`."""
    checksum = of(built)
    _write(warehouse, {checksum: _stamp(built)} | recorded(warehouse))
    return checksum


def settle(warehouse: Path, checksum: str) -> None:
    """Record the checksum of the file that has its name now as the only one."""
    # Of a file that is in its place a line too many does no harm.
    with suppress(OSError):
        _write(warehouse, {checksum: recorded(warehouse).get(checksum, "")})


def sweep(warehouse: Path) -> None:
    """Remove what a build that was killed has left aside; who asks keeps every other build out."""
    _aside(warehouse).unlink(missing_ok=True)


def _aside(warehouse: Path) -> Path:
    return path(warehouse).with_suffix(".next.sha256")


def _stamp(file: Path) -> str:
    found = file.stat()
    return f"{found.st_size} {found.st_mtime_ns}"


def _write(warehouse: Path, sums: Mapping[str, str]) -> None:
    final = path(warehouse)
    aside = _aside(warehouse)
    try:
        with aside.open("w", encoding="utf-8") as handle:
            for checksum, stamp in sums.items():
                handle.write(f"# {checksum} {stamp}\n" if stamp else "")
                handle.write(f"{checksum}  {warehouse.name}\n")
            handle.flush()
            os.fsync(handle.fileno())
        aside.replace(final)
    finally:
        aside.unlink(missing_ok=True)
