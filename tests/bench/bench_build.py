"""`make bench`: builds beside the floor of importing what they need, in turn and in one run.

Prints wall time (median of the runs) and peak memory of each process, and their ratio.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_RUNS = 5
_FLOOR, _BUILD = "floor: import duckdb, pandas, great_expectations", "compute-limits build (facts that ship)"
_COMMANDS = {_FLOOR: ["-c", "import duckdb, pandas, great_expectations"], _BUILD: ["-m", "flows", "build"]}
Figure = tuple[float, float]


def measured(arguments: list[str], environment: Mapping[str, str]) -> Figure:
    """Wall time in seconds and peak resident memory in MB of one process."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, env=environment, cwd=_ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    # wait4 has reaped the process; Popen must not wait for it again.
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} ended with status {process.returncode}")
    return wall, usage.ru_maxrss / 1024


def shown(name: str, runs: list[Figure]) -> float:
    """Print the figures of one command; returns the median of its wall times."""
    walls = [wall for wall, _ in runs]
    median, memory = statistics.median(walls), max(memory for _, memory in runs)
    print(f"{name:52} {median:6.2f} s ({min(walls):.2f}–{max(walls):.2f})  {memory:6.0f} MB", flush=True)
    return median


def main() -> None:
    """Measure both in turn; the first run of each, from a cold cache of the disk if there is one, stands apart."""
    figures: dict[str, list[Figure]] = {name: [] for name in _COMMANDS}
    with tempfile.TemporaryDirectory() as data:
        environment = os.environ | {"COMPUTE_LIMITS_DATA": str(Path(data) / "data")}
        for _ in range(_RUNS + 1):
            for name, arguments in _COMMANDS.items():
                figures[name].append(measured(arguments, environment))
    for name, runs in figures.items():
        shown(f"{name}, first", runs[:1])
    floor, build = (shown(name, runs[1:]) for name, runs in figures.items())
    print(f"build / floor: {build / floor:.2f}")


if __name__ == "__main__":
    main()
