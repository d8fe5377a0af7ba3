"""Faults of network, content, disk, process and clock around whole refreshes, composed by a seed that is printed with each.

A refresh of four sources over a small site, from a tenth of the facts, against a real Prefect server. After each one, however
it ended: the published file opens; it is the one of before, or what a fresh build makes of the pages that are kept; no process
is left; the lock names each version once. After all of them a refresh without a fault ends well and leaves nothing else.
"""

from __future__ import annotations

import errno
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import running
from conftest import checksums
from running import HANGS_S, Api, Site, environment, fixture_pages, kill_left, processes, sample, tool, wait_for
from small_checkout import WITH_PAGES, Place, copy

from flows.pages import snapshots

pytestmark = pytest.mark.slow
api = running.api

# Each takes about ten seconds, and as long again where something was published.
STEPS = sample(full=10, part=4)
# Of a page: as it is, and ways in which it may come otherwise.
CONTENTS = ("as before", "a digit", "a digit", "a digit", "a line less", "no page", "half", "a scale")
ANSWERS = ("whole",) * 6 + ("404", "500", "cut", "reset")
# What may end or hinder the process. Kills: at any moment, or with the nth call of one kind, as the renaming of what is built.
KILLS = ("kill", "kill", "killed by write", "killed by sync", "killed by rename")
COMPOSED = (*KILLS, "none", "terminate", "pause", "failing write", "failing sync", "failing rename")
# {kind of call: (its name, the error that it gives, how late a call may be drawn)}
CALLS = {"write": ("pwrite64", "ENOSPC", 150), "sync": ("fsync,fdatasync", "EIO", 10), "rename": ("rename", "EIO", 2)}
DAYS = (date(2027, 3, 1), date(2027, 3, 8))


@dataclass
class World:
    """A checkout of its own, its site, and what is published."""

    place: Place
    site: Site
    env: dict[str, str]
    home: Path
    rng: random.Random
    bodies: dict[str, bytes] = field(default_factory=dict)
    length: float = 0.0

    @property
    def published(self) -> Path:
        return Path(self.env["COMPUTE_LIMITS_DATA"]) / "warehouse" / "compute_limits.duckdb"

    def arguments(self, day: date, *before: str) -> list[str]:
        named = [argument for key in WITH_PAGES for argument in ("--source", key)]
        return [*before, sys.executable, "-P", "-m", "flows", "refresh", *named, "--as-of", day.isoformat()]

    def start(self, log: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
        with log.open("wb") as out:
            return subprocess.Popen(
                arguments,
                cwd=self.place.root,
                env=self.env,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


@pytest.fixture
def world(tmp_path: Path, api: Api, request: pytest.FixtureRequest) -> Iterator[World]:
    seed = int(request.param)
    place = copy(tmp_path / "checkout", 10)
    shutil.rmtree(place.raw)
    home = tmp_path / "prefect"
    with Site(fixture_pages(*WITH_PAGES)).running() as site:
        more = {
            "PREFECT_API_URL": api.url, "COMPUTE_LIMITS_MIRROR": site.address, "PYTHONPATH": str(place.root),
            "COMPUTE_LIMITS_FACTS": str(place.shipped), "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        world = World(place, site, environment(tmp_path / "data", home, **more), home, random.Random(seed))
        world.bodies = {path: body for path, body in site.pages.items() if not path.endswith("robots.txt")}
        try:
            yield world
        finally:
            kill_left(home)


# --- faults


def changed(body: bytes, how: str, rng: random.Random) -> bytes:
    """A page as it may come."""
    if how == "a digit":
        at = rng.choice([match.start() for match in re.finditer(rb"\d", body)])
        return body[:at] + str(rng.randrange(10)).encode() + body[at + 1 :]
    lines = body.split(b"\n")
    if how == "a line less":
        lines.pop(rng.randrange(len(lines) // 2, len(lines)))
        return b"\n".join(lines)
    if how == "half":
        return body[: len(body) // 2]
    if how == "a scale":
        return re.sub(rb"\b(\d+)\b", rb"\g<1>000", body)
    return b"not,a,page\n1,2,3\n" if how == "no page" else body


def spoil(world: World) -> str:
    """Draw what the site answers with; says what."""
    told = []
    for path, body in sorted(world.bodies.items()):
        content, answer = world.rng.choice(CONTENTS), world.rng.choice(ANSWERS)
        world.site.pages[path] = changed(body, content, world.rng)
        if content in ("a digit", "a line less"):
            # Whatever a publisher changes stays so.
            world.bodies[path] = world.site.pages[path]
        world.site.wrong[path] = answer
        told.append(f"{path.rpartition('/')[2]}: {content}, {answer}")
    return "; ".join(told)


def hindered(how: str, call: str, nth: int) -> list[str]:
    """The words before a command whose nth call of a kind, in each of its threads, fails or kills it."""
    name, error, _ = CALLS[call]
    what = f"error={error}" if how == "failing" else "signal=SIGKILL"
    # Where it does not stop at every call (--seccomp-bpf), which is faster, strace sends no signals.
    faster = ["--seccomp-bpf"] if how == "failing" else []
    options = ["-f", "-qq", *faster, "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:{what}:when={nth}"]
    return [tool("strace", "strace"), *options]


def run(world: World, log: Path, day: date, kinds: Sequence[str]) -> str:
    """One refresh with what hinders it; says what."""
    kind = world.rng.choice(kinds)
    how, _, call = kind.replace(" by ", " ").partition(" ")
    if call:
        nth = world.rng.randint(1, CALLS[call][2])
        code = world.start(log, world.arguments(day, *hindered(how, call, nth))).wait(HANGS_S)
        return f"{day}, {kind} {nth}, status {code}"
    process = world.start(log, world.arguments(day))
    moment = world.rng.uniform(0, world.length)
    try:
        process.wait(HANGS_S if kind == "none" else moment)
    except subprocess.TimeoutExpired:
        if kind == "pause":
            process.send_signal(signal.SIGSTOP)
            time.sleep(1)
            process.send_signal(signal.SIGCONT)
        else:
            process.send_signal(signal.SIGKILL if kind == "kill" else signal.SIGTERM)
    return f"{day}, {kind} at {moment:.2f} s, status {process.wait(HANGS_S)}"


# --- what must hold


def require_whole(world: World, before: dict[str, str], fresh: Path, day: date) -> dict[str, str]:
    """That what is published is whole, and either of before or what a fresh build makes of what is kept; its checksums."""
    now = checksums(world.published)
    if now != before:
        wanted = of_a_fresh_build(world, fresh, day)
        assert now == wanted, [table for table in now if now[table] != wanted.get(table)]
    return now


def of_a_fresh_build(world: World, folder: Path, day: date) -> dict[str, str]:
    """The checksums of a build of what is kept, in another folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(Path(world.env["COMPUTE_LIMITS_DATA"]) / "raw", folder / "raw")
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "flows", "build", "--as-of", day.isoformat()],
        cwd=world.place.root, env=world.env | {"COMPUTE_LIMITS_DATA": str(folder)},
        capture_output=True, encoding="utf-8", timeout=HANGS_S, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return checksums(folder / "warehouse" / "compute_limits.duckdb")


def require_in_order(world: World) -> None:
    """That the lock names each version once, and that each that is kept is whole."""
    raw = Path(world.env["COMPUTE_LIMITS_DATA"]) / "raw"
    for key in WITH_PAGES:
        lines = snapshots.read(raw, key) if (raw / key).exists() else []
        for page in {line.page for line in lines}:
            versions = [line.sha256 for line in lines if line.page == page]
            assert all(one != after for one, after in pairwise(versions)), f"{key}, {page}: a version stands twice"
        assert all(snapshots.intact(raw, line) for line in lines if line.path(raw).exists()), key


# 500 kills and 500 faults of all kinds in full.
CASES = [
    *(pytest.param(seed, KILLS, id=f"kills, seed {seed}") for seed in range(sample(full=50, part=1))),
    *(pytest.param(seed, COMPOSED, id=f"composed, seed {seed}") for seed in range(sample(full=50, part=1))),
]


@pytest.mark.parametrize(("how", "status"), [("failing", 1), ("killed", -signal.SIGKILL)])
@pytest.mark.parametrize("call", CALLS)
def test_what_hinders_a_call_does_so(how: str, status: int, call: str, tmp_path: Path) -> None:
    # Else a simulation without faults would pass: the second call of each kind is hindered, the first is not.
    code = (
        "import os, sys\nfile = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)\n"
        "calls = {'write': lambda: os.pwrite(file, b'x', 0), 'sync': lambda: os.fsync(file), "
        "'rename': lambda: os.rename(sys.argv[1], sys.argv[1])}\n"
        "calls[sys.argv[2]]()\nprint('once', flush=True)\ncalls[sys.argv[2]]()\nprint('twice')"
    )
    ended = subprocess.run(
        [*hindered(how, call, 2), sys.executable, "-S", "-c", code, str(tmp_path / "f"), call],
        capture_output=True, encoding="utf-8", timeout=HANGS_S, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (status, "once\n"), ended.stderr
    assert how == "killed" or f"Errno {getattr(errno, CALLS[call][1])}" in ended.stderr


@pytest.mark.soak
@pytest.mark.parametrize(("world", "kinds"), CASES, indirect=["world"])
def test_whatever_happens_what_is_published_is_whole(world: World, kinds: Sequence[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    began = time.monotonic()
    assert world.start(log, world.arguments(DAYS[0])).wait(HANGS_S) == 0, log.read_text()
    world.length = time.monotonic() - began
    before = require_whole(world, {}, tmp_path / "fresh", DAYS[0])
    for number in range(STEPS):
        told, day = spoil(world), world.rng.choice(DAYS)
        print(f"step {number}: {told}\n  {run(world, log, day, kinds)}", flush=True)
        assert "Traceback" not in log.read_text(), log.read_text()
        wait_for(lambda: not processes(world.home), lambda: str(processes(world.home)))
        before = require_whole(world, before, tmp_path / "fresh", day)
        require_in_order(world)
    world.site.wrong.clear()
    world.site.pages |= world.bodies
    assert world.start(log, world.arguments(DAYS[1])).wait(HANGS_S) == 0, log.read_text()
    assert checksums(world.published) == of_a_fresh_build(world, tmp_path / "fresh", DAYS[1])
    require_in_order(world)
    left = {path.name for path in world.published.parent.iterdir()}
    assert {name for name in left if ".duckdb" in name} == {world.published.name}
