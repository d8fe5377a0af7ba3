"""Who holds a lock: a line in its file, for those that come meanwhile."""

from __future__ import annotations

import os
import re
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

_LINE_MAX = 200


def sign(lock: TextIO) -> None:
    """Write to the file of a lock that this process has taken which one it is, by what command, and since when."""
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    lock.truncate(0)  # what stands there is of one that has ended
    lock.write(f"process {os.getpid()} ({_command(sys.argv)[:_LINE_MAX]}) since {since} UTC\n")
    lock.flush()


def told(lock: TextIO) -> str:
    """Who has signed the file of a lock that is taken, and what to do, as the end of a message."""
    lock.seek(0)
    line = lock.readline(2 * _LINE_MAX).strip()
    process = re.match(r"process (\d+) ", line)
    stop = f", or stop it with `kill {process[1]}`" if process else ""
    return f"by {line or 'another process'}; try again when it has ended{stop}"


def _command(arguments: list[str]) -> str:
    """The command line as it would be typed, without what an address may hold of secrets: others read it."""
    program = Path(arguments[0] if arguments else "").name
    typed = "compute-limits" if program in ("", "-c", "__main__.py") else program
    told = [re.sub(r"://.*", "://…", argument, flags=re.DOTALL) for argument in arguments[1:]]
    return shlex.join([typed, *told]).replace("\n", " ")
