"""Where an answer is written: standard output or a file, whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
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


# What lies in a folder while files get their names, and what it says to whoever finds it later.
UNFINISHED = "UNFINISHED.txt"
_TOLD_UNFINISHED = (
    b"The command that wrote to this folder was ended before all of its files had their names: files of two writings may stand\n"
    b"beside each other here. Run the same command again; it removes this file.\n"
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


def write_all(into: Path, bodies: Mapping[str, bytes]) -> list[Path]:
    """Write these files to a folder and to those in it, which are made, all of them or none; returns them.

    All are on disk before the first has its name. While they get their names `UNFINISHED` lies in the folder: where it stays,
    the process was ended meanwhile, and files of two writings stand beside each other.

    Raises:
        OutputError: a folder cannot be made, or a file cannot be written.
    """
    final = {into / name: body for name, body in bodies.items()}
    asides: dict[Path, Path] = {}
    stems = {_stem(path.resolve()) for path in final}
    for parent in sorted({path.parent for path in final}):
        folder(parent)
        _sweep(parent, stems)
    try:
        for path, body in final.items():
            # One after the other: of files that are all open at once a system allows 256.
            asides[path] = _written_aside(path, body)
        write(into / UNFINISHED, _TOLD_UNFINISHED)
        for path, aside in asides.items():
            with _said(path):
                aside.replace(path.resolve())
    finally:
        for aside in asides.values():
            aside.unlink(missing_ok=True)
    (into / UNFINISHED).unlink(missing_ok=True)
    return list(final)


def folder(path: Path) -> None:
    """Make a folder if it is not there. Raises `OutputError`: it cannot be made."""
    with _said(path):
        path.mkdir(parents=True, exist_ok=True)


def check_link(path: Path) -> None:
    """Raise `OutputError` now where `link` would find something that is no link."""
    if path.exists() and not path.is_symlink():
        raise OutputError(f"{path} is no link, and is left as it is; move it away, or name another place")


def link(path: Path, target: str) -> None:
    """Let a link name this, seen from its folder, and in one step where it named something else.

    Raises:
        OutputError: it cannot be made, or something that is no link stands there.
    """
    check_link(path)
    aside = path.with_name(f"{_stem(path)}{os.getpid()}.next")
    with _said(path):
        try:
            aside.unlink(missing_ok=True)
            aside.symlink_to(target)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


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
    _sweep(final.parent, [_stem(final)])
    try:
        with _durable(final, aside) as handle:
            yield handle
        aside.replace(final)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def _durable(final: Path, aside: Path) -> Iterator[BinaryIO]:
    """What is written is on disk aside, with the mode of the file that it is to replace."""
    aside.unlink(missing_ok=True)
    with aside.open("xb") as handle:
        yield handle
        handle.flush()
        os.fsync(handle.fileno())
    if final.exists():
        aside.chmod(final.stat().st_mode & 0o777)


def _written_aside(path: Path, body: bytes) -> Path:
    """The file aside that has what this one is to be; none where it cannot be written."""
    with _said(path):
        aside = _beside(path)
        try:
            with _durable(path.resolve(), aside) as handle:
                handle.write(body)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
    return aside


def _beside(path: Path) -> Path:
    final = path.resolve()
    if final.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return final.with_name(f"{_stem(final)}{os.getpid()}.next")


def _stem(final: Path) -> str:
    return f".{final.name[:200]}."


def _sweep(parent: Path, stems: Collection[str]) -> None:
    """Remove what processes that were killed have left aside in a folder, of files by the stems of their names."""
    for left in parent.glob(".*.next"):
        stem, _, process = left.name.removesuffix(".next").rpartition(".")
        if f"{stem}." in stems and process.isdigit() and not _runs(int(process)):
            with suppress(OSError):
                left.unlink()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # it is another user's
    return True


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
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return "a file stands where a folder has to be; name another place"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{error.strerror}; make room, or name another place"
    return f"{error.strerror}; name a place that can be written to"
