"""Publishing by rename, so that no reader sees half, and one build at a time in a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.warehouse import holders
from flows.warehouse.connection import BuildError


def next_path(final: Path) -> Path:
    """The file that is built aside."""
    return final.with_suffix(".next.duckdb")


def remove(built: Path) -> None:
    """Remove what a build that was killed has left, with its log, which would be taken for that of the next file."""
    for left in (built, built.with_name(built.name + ".wal")):
        left.unlink(missing_ok=True)


@contextmanager
def exclusive(final: Path) -> Iterator[None]:
    """Keep a second build out of the same folder while one is under way (it would write to the same file aside).

    Raises:
        BuildError: another process is building.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    with final.with_suffix(".lock").open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BuildError(f"another build is under way in {final.parent}, {holders.told(handle)}") from error
        holders.sign(handle)
        yield


def publish(built: Path, final: Path) -> None:
    """Put the built file in place of the published one in one step, durable on disk.

    Raises:
        BuildError: what is there cannot be replaced.
    """
    with built.open("rb") as handle:
        os.fsync(handle.fileno())
    try:
        final.with_name(final.name + ".wal").unlink(missing_ok=True)
        built.replace(final)
    except OSError as error:
        raise BuildError(
            f"{final} cannot be replaced ({error.strerror}); the new warehouse is {built}: move the old one away and build again"
        ) from error
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
