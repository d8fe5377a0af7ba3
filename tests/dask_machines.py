"""A Dask scheduler and workers as real processes on loopback, for tests and for tests/bench/bench_dask.py."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from running import HANGS_S, ROOT, wait_for

QUIET = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")


@dataclass
class Machines:
    """`address` is the scheduler's; processes are in the order in which they were started, that of the scheduler first."""

    folder: Path
    root: Path
    address: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def log(self, number: int = -1) -> str:
        return (self.folder / f"{number % len(self.processes)}.log").read_text()

    def start(self, kind: str, *arguments: str, root: Path | None = None, **more: str) -> subprocess.Popen[bytes]:
        """Start `dask scheduler` or `dask worker`; a worker has one thread, and nobody starts another in its place."""
        env = os.environ | {"PYTHONPATH": str(root or self.root)} | more
        with (self.folder / f"{len(self.processes)}.log").open("wb") as out:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments, "--host", "127.0.0.1", *QUIET],
                    cwd=self.folder,
                    env=env,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        return self.processes[-1]

    def worker(self, root: Path | None = None, **more: str) -> subprocess.Popen[bytes]:
        """A worker that the scheduler knows of, with the code below `root`."""
        started = self.start(
            "worker", self.address, "--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder), root=root, **more
        )  # fmt: skip
        wait_for(lambda: "Registered to" in self.log(), self.log)
        return started


@contextmanager
def machines(folder: Path, workers: int, root: Path = ROOT) -> Iterator[Machines]:
    """A scheduler with so many workers; whatever was started ends with the context."""
    all_of_them = Machines(folder, root)
    try:
        all_of_them.start("scheduler", "--port", "0")
        found = wait_for(lambda: re.search(r"Scheduler at: +(tcp://\S+)", all_of_them.log()), all_of_them.log)
        all_of_them.address = found[1]
        for _ in range(workers):
            all_of_them.worker()
        yield all_of_them
    finally:
        for process in reversed(all_of_them.processes):
            process.kill()
            process.wait(timeout=HANGS_S)
