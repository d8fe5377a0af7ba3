"""Where an answer is written: standard output or a file, whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from flows.errors import UserError

# What is wrong with a place, and not with the program.
_REASONS = (
    *(
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOENT,
        errno.EEXIST,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ENAMETOOLONG,
    ),
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ELOOP),
)


class OutputError(UserError):
    """An answer cannot be written; the message names the place, why, and what to do."""


@contextmanager
def whole(path: Path | None) -> Iterator[BinaryIO]:
    """What is written becomes the file, or goes to standard output, when all of it is there; after a fault nothing does.

    Raises:
        OutputError: the folder is not there or may not be written to, the path is a folder, or there is no space.
    """
    with _said(path):
        if path is None or (path.exists() and not path.is_file() and not path.is_dir()):
            with _spooled(path) as handle:
                yield handle
        else:
            with _aside(path) as handle:
                yield handle


def check(path: Path) -> None:
    """Raise `OutputError` now where a file could not be written there after minutes of work."""
    with _said(path):
        aside = _beside(path)
        aside.touch()
        aside.unlink()


def write(path: Path | None, body: bytes) -> None:
    """Write these bytes, as `whole`. Raises `OutputError`."""
    with whole(path) as handle:
        handle.write(body)


def write_all(bodies: Mapping[Path, bytes]) -> None:
    """Write these files, all of them or none. Raises `OutputError`."""
    with ExitStack() as stack:
        for path, body in bodies.items():
            handle = stack.enter_context(whole(path))
            handle.write(body)
            # The disk is found full now, while no file has its name yet.
            handle.flush()


def folder(path: Path) -> None:
    """Make a folder if it is not there. Raises `OutputError`: it cannot be made."""
    with _said(path):
        path.mkdir(parents=True, exist_ok=True)


def remove(path: Path) -> None:
    """Remove a file, if it is there. Raises `OutputError`: it cannot be removed."""
    with _said(path):
        path.unlink(missing_ok=True)


def fault(error: OSError) -> str:
    """What is said of a file or a disk that refuses, wherever that was; anything else keeps its traceback."""
    if error.errno not in _REASONS:
        raise error
    return f"{error.filename or 'what is written'}: {_reason(None, error)}"


@contextmanager
def _spooled(device: Path | None) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as handle:
        yield cast("BinaryIO", handle)
        handle.seek(0)
        if device is None:
            sys.stdout.flush()
            shutil.copyfileobj(handle, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            with device.open("wb") as out:
                shutil.copyfileobj(handle, out)


@contextmanager
def _aside(path: Path) -> Iterator[BinaryIO]:
    # What a link names is written, and not the link replaced.
    final, aside = path.resolve(), _beside(path)
    mode = final.stat().st_mode & 0o777 if final.exists() else None
    aside.unlink(missing_ok=True)
    try:
        with aside.open("xb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        if mode is not None:
            aside.chmod(mode)
        aside.replace(final)
    finally:
        aside.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    final = path.resolve()
    if final.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return final.with_name(f".{final.name[:200]}.{os.getpid()}.next")


@contextmanager
def _said(path: Path | None) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno not in _REASONS:
            raise
        raise OutputError(f"{path or 'standard output'} cannot be written ({_reason(path, error)})") from error


def _reason(path: Path | None, error: OSError) -> str:
    parent = None if path is None else path.parent
    if error.errno == errno.EISDIR:
        return "it is a folder; name a file in it"
    if error.errno == errno.ENOENT and parent is not None and not parent.exists():
        return f"there is no folder {parent}; make it first"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{error.strerror}; make room, or name another place"
    return f"{error.strerror}; name a place that can be written to"
