"""Publishing by rename, so that no reader sees half, and one build at a time in a folder."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.warehouse import checksums, holders, reading
from flows.warehouse.connection import AsideError, BuildError, UnsureError
from flows.warehouse.reading import ReadError

# A write that fails, by the machine's fault and not by that of what is built: no space, over the quota, too large, no device.
_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def next_path(final: Path) -> Path:
    """The file that is built aside."""
    return final.with_suffix(".next.duckdb")


def remove(built: Path) -> None:
    """Remove what a build that was killed has left, with its log, which would be taken for that of the next file.

    And with what did not fit into memory, in the folder that DuckDB makes beside a file.
    """
    for left in (built, *reading.logs(built)):
        left.unlink(missing_ok=True)
    if (aside := Path(f"{built}.tmp")).is_dir():
        shutil.rmtree(aside)


@contextmanager
def exclusive(final: Path) -> Iterator[None]:
    """Keep a second build out of the same folder while one is under way (it would write to the same file aside).

    A build that fails leaves no file aside, but where the message names it (`AsideError`).

    Raises:
        BuildError: another process is building, or the folder cannot be written to.
    """
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        handle = final.with_suffix(".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise BuildError(
            f"{error.filename} cannot be written ({error.strerror}); make it writable, or name another folder by "
            "COMPUTE_LIMITS_DATA"
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BuildError(f"another build is under way in {final.parent}, {holders.told(handle)}") from error
        with _nothing_left(final):
            holders.sign(handle)
            checksums.sweep(final)
            yield


@contextmanager
def _nothing_left(final: Path) -> Iterator[None]:
    """Around a build: its file aside is removed where it fails, and a write that fails is said in a sentence."""
    try:
        yield
    except (AsideError, UnsureError):
        raise
    except BaseException as error:
        remove(next_path(final))
        fault = _fault(error)
        if fault is None:
            raise
        raise BuildError(
            f"not published, for {final.parent} cannot be written ({fault}); make room and build again. "
            "What was published before stands."
        ) from error


def _fault(error: BaseException | None) -> str | None:
    """What the machine said where a write failed, also where DuckDB or a stage has made its own error of it."""
    import duckdb  # only here, where a build has failed

    while error is not None:
        if isinstance(error, OSError) and error.errno in _FAULTS:
            return os.strerror(error.errno)
        if isinstance(error, duckdb.Error):
            told = [os.strerror(fault) for fault in _FAULTS]
            if (fault := next((one for one in told if one in str(error)), None)) is not None:
                return fault
            # Of a sync that fails DuckDB gives no reason.
            if "fsync failed" in str(error):
                return os.strerror(errno.EIO)
        error = error.__cause__
    return None


def publish(built: Path, final: Path) -> None:
    """Put the built file in place of the published one in one step, durable on disk, with its checksum beside it.

    It is published read-only: DuckDB then refuses a connection for writing (but root's), whose log would outlive the file.

    Raises:
        AsideError: what is there cannot be replaced.
        UnsureError: it is replaced, and might be again what it was if the machine stopped.
    """
    built.chmod(built.stat().st_mode & ~0o222)
    with built.open("rb") as handle:
        os.fsync(handle.fileno())
    checksum = checksums.add(final, built)
    try:
        reading.set_aside(final)
        built.replace(final)
    except (OSError, ReadError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise AsideError(
            f"{final} cannot be replaced ({reason}); the new warehouse is {built}: move the old one away and build again"
        ) from error
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as error:
        raise UnsureError(
            f"{final} is the new warehouse, but {final.parent} cannot be synced ({error.strerror}): if the machine stops now, "
            "the one before may be there again; look at the disk and run `compute-limits build --fresh`"
        ) from error
    finally:
        os.close(folder)
    checksums.settle(final, checksum)
