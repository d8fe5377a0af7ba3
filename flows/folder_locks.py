"""A folder for one at a time: who adds to a file in it keeps others out meanwhile, by a lock of the system."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep every other process and thread that asks for it, too, out of a folder that is there; it is waited for."""
    # The folder is locked and not the file, in the place of which another may be put.
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
