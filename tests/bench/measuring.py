"""What the benchmarks measure of a command, all its processes together, and the project as it stood before."""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
# Version 0.1, whose build computed and checked everything every time.
BEFORE = "25204dd"
_SAMPLED_S, _SAMPLING_MAX = 0.05, 1 / 20


@dataclass(frozen=True)
class Usage:
    """Seconds by the clock, seconds of processor of all processes, and their peak memory in MB if it was sampled."""

    wall: float
    cpu: float
    memory: float | None = None


@dataclass
class Runs:
    """All runs of one thing, and what it may take: a share of the wall time of another, seconds, MB."""

    name: str
    share_max: float | None = None
    wall_max: float | None = None
    memory_max: float | None = None
    usages: list[Usage] = field(default_factory=list)

    def wall(self) -> float:
        """The median."""
        return statistics.median(usage.wall for usage in self._timed())

    def cpu(self) -> float:
        """The median."""
        return statistics.median(usage.cpu for usage in self._timed())

    def memory(self) -> float | None:
        """The largest."""
        return max((usage.memory for usage in self.usages if usage.memory is not None), default=None)

    def _timed(self) -> list[Usage]:
        # Sampling costs time, so a run that was sampled counts where there is no other.
        return [usage for usage in self.usages if usage.memory is None] or self.usages


def usage(
    arguments: list[str], environment: Mapping[str, str], folder: Path = ROOT, *, is_sampled: bool = False
) -> Usage:
    """Run `python arguments` in a folder to its end; its memory only if it `is_sampled`, for that takes time itself.

    Memory is the sum of the proportional set sizes of the process and all below it (what they share counts once), each
    twentieth of a second or, where it takes long to ask, for a twentieth of the time; processor time is of all that were waited
    for.
    """
    peak = _Peak()
    start = perf_counter()
    with TemporaryFile() as complaints:
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=complaints, env=environment, cwd=folder
        )
        with peak.sampled(process.pid) if is_sampled else nullcontext():
            _, status, spent = os.wait4(process.pid, 0)
            wall = perf_counter() - start
        # wait4 has reaped the process; Popen must not wait for it again.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            complaints.seek(0)
            raise SystemExit(f"{arguments} ended with {process.returncode}: {complaints.read().decode()[-2000:]}")
    return Usage(wall, spent.ru_utime + spent.ru_stime, peak.bytes / 2**20 if is_sampled else None)


class _Peak:
    """The most memory that a process and those below it had together."""

    def __init__(self) -> None:
        self.bytes = 0
        self._is_over = threading.Event()

    @contextmanager
    def sampled(self, process: int) -> Iterator[None]:
        thread = threading.Thread(target=self._sample, args=(process,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            thread.join()

    def _sample(self, process: int) -> None:
        pause = _SAMPLED_S
        while not self._is_over.wait(pause):
            start = perf_counter()
            self.bytes = max(self.bytes, sum(map(_bytes, _tree(process))))
            # The kernel goes through all pages of a process, and keeps it from making more meanwhile.
            pause = max(_SAMPLED_S, (perf_counter() - start) / _SAMPLING_MAX)


def _tree(process: int) -> list[int]:
    """A process and all below it."""
    found = [process]
    for one in found:  # grows as it is read
        with suppress(OSError):  # it has ended meanwhile
            for thread in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found


def _bytes(process: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def earlier(folder: Path) -> Path | None:
    """The project as it stood before, out of the history into a folder; None, and a line, where the history lacks it."""
    archive = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        print(f"the history here lacks {BEFORE}, the build as it stood before: no ratios to it ({ROOT})", flush=True)
        return None
    _unpack(archive.stdout, folder)
    return folder


def present(folder: Path) -> Path:
    """A copy of the checkout as it is, without what git ignores, to be changed at will."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in names:
            if (ROOT / name).is_file():
                archive.add(ROOT / name, name)
    _unpack(packed.getvalue(), folder)
    return folder


def _unpack(archive: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(folder, filter="data")
    # Nothing is compiled anew in a run that is measured.
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder / "flows")], check=True)


def environment(checkout: Path, data: Path, **more: str) -> dict[str, str]:
    """In which `python -m flows` is that of a checkout, over a data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COMPUTE_LIMITS_")}
    return kept | {"PYTHONPATH": str(checkout), "COMPUTE_LIMITS_DATA": str(data)} | more


def show(cases: Iterable[Runs], base: Runs | None) -> None:
    """A table of medians, with the ratio of wall and processor time to those of `base`, and what was aimed at."""
    print(f"{'':46}  wall s   cpu s      MB   wall ×    cpu ×   aim")
    for case in cases:
        memory = case.memory()
        ratios = (case.wall() / base.wall(), case.cpu() / base.cpu()) if base and base.usages else None
        times = f"{case.wall():8.2f}{case.cpu():8.2f}{f'{memory:8.0f}' if memory else 8 * ' '}"
        shares = "".join(f"{ratio:9.3f}" for ratio in ratios) if ratios else 18 * " "
        print(f"{case.name:46}{times}{shares}   {_aims(case, ratios[0] if ratios else None, memory)}", flush=True)


def _aims(case: Runs, ratio: float | None, memory: float | None) -> str:
    aims = [
        ("{:g} ×", case.share_max, ratio),
        ("{:g} s", case.wall_max, case.wall()),
        ("{:g} MB", case.memory_max, memory),
    ]
    said = [
        f"{form.format(limit)} {'met' if value <= limit else 'MISSED'}"
        for form, limit, value in aims
        if limit is not None and value is not None
    ]
    return ", ".join(said)
