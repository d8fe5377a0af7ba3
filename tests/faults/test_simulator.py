"""Faults of network, content, disk, process and clock around whole refreshes, composed by a seed that is printed with each.

A refresh of four sources over a small site, from few facts, against a real Prefect server. After each one, however it ended: the
published file opens; it is the one of before, or what a fresh build makes of the pages that are kept; no process is left; the lock
names each version once. After all of them a refresh without a fault ends well and leaves nothing else.

And every call by which a build writes, syncs or renames, one after the other: it fails or is the last that the process makes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count, pairwise
from pathlib import Path

import pytest
import running
from conftest import checksums, once
from running import HANGS_S, Api, Site, environment, fixture_pages, kill_left, processes, sample, tool, wait_for
from small_checkout import WITH_PAGES, copy, lighten

from flows.pages import snapshots
from flows.warehouse import checksums as checksums_of_files
from flows.warehouse.publishing import next_path

pytestmark = pytest.mark.slow
api = running.api

STEPS = 10
# Of a page: as it is, and ways in which it may come otherwise.
CONTENTS = ("as before", "a digit", "a digit", "a digit", "a line less", "no page", "half", "a scale")
ANSWERS = ("whole",) * 6 + ("404", "500", "cut", "reset")
# What may end or hinder the process. Kills: at any moment, or with the nth call of one kind, as the renaming of what is built.
KILLS = ("kill", "killed by write", "killed by flush", "killed by sync", "killed by rename", "killed by publish")
COMPOSED = (
    *KILLS,
    "none",
    "terminate",
    "pause",
    *(f"failing {call}" for call in ("write", "flush", "sync", "rename", "publish")),
)
# {kind of call: its name}, and the errors that may come of one; the first is drawn. DuckDB flushes what it writes, and what is
# published and kept is synced: strace counts each by itself, and the nth of two together would never be the later one. A thread
# that fetches renames what it keeps.
CALLS = {"write": "pwrite64", "flush": "fdatasync", "sync": "fsync", "rename": "rename"}
ERRORS = {
    "write": ("ENOSPC", "EIO"),
    "flush": ("EIO", "ENOSPC"),
    "sync": ("EIO", "ENOSPC"),
    "rename": ("EIO", "ENOSPC"),
    "publish": ("EIO",),
}
# In the sample of calls of a build: so many of a kind at most, from the first to the last, with the first error and with a kill in
# turn. Of both, in full and not, a build without a fault follows the last of them, in full every tenth too: between them each
# begins on what the one before left.
FINISHED_EVERY = 10
SOME = 2
# How long a call waits for its process to be killed; strace ends no sooner.
WAITS_S = 1
DAYS = (date(2027, 3, 1), date(2027, 3, 8))


@dataclass
class World:
    """A checkout, a data folder and a site, and what stands in it."""

    checkout: Path
    site: Site
    env: dict[str, str]
    home: Path
    rng: random.Random
    bodies: dict[str, bytes]
    # {digest of what is kept: checksums of what a fresh build makes of it}
    fresh: dict[str, dict[str, str]] = field(default_factory=dict)
    # {digest of a file that was published: checksums of its tables}
    seen: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return Path(self.env["COMPUTE_LIMITS_DATA"])

    @property
    def published(self) -> Path:
        return self.data / "warehouse" / "compute_limits.duckdb"

    @property
    def log(self) -> Path:
        return self.home.with_suffix(".log")

    @property
    def calls(self) -> Path:
        return self.home.with_suffix(".calls")

    def start(self, arguments: Sequence[str], *before: str) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as out:
            return subprocess.Popen(
                [*before, sys.executable, "-P", "-m", "flows", *arguments],
                cwd=self.checkout,
                env=self.env,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def finish(self, arguments: Sequence[str], *before: str) -> None:
        """Run a command without a fault."""
        assert self.start(arguments, *before).wait(HANGS_S) == 0, self.log.read_text()


@dataclass(frozen=True)
class Begun:
    """What all begin from: a light checkout, its data after two refreshes, and what was published after the first of them."""

    folder: Path
    length: float  # of a refresh with some pages changed, in seconds
    calls: Mapping[str, int]  # {kind of call: how many of them one thread makes in such a refresh}
    older: Mapping[str, str]
    newer: Mapping[str, str]

    @contextmanager
    def world(self, folder: Path, api: Api, seed: int) -> Iterator[World]:
        """A data folder of one's own."""
        shutil.copytree(self.folder / "data", folder / "data")
        bodies = {f"/{path.name.replace('|', '/')}": path.read_bytes() for path in (self.folder / "pages").iterdir()}
        with a_world(self.folder / "checkout", folder, api, seed, bodies) as world:
            world.fresh[kept(world)] = dict(self.newer)
            yield world


@contextmanager
def a_world(checkout: Path, folder: Path, api: Api, seed: int, bodies: dict[str, bytes]) -> Iterator[World]:
    home = folder / "prefect"
    with Site(dict(bodies)).running() as site:
        # Bytecode is kept, or every process would compile the copy anew.
        more = {
            "PREFECT_API_URL": api.url, "COMPUTE_LIMITS_MIRROR": site.address, "PYTHONPATH": str(checkout),
            "COMPUTE_LIMITS_FACTS": str(checkout / "data" / "raw"), "PYTHONDONTWRITEBYTECODE": "",
        }  # fmt: skip
        try:
            yield World(checkout, site, environment(folder / "data", home, **more), home, random.Random(seed), bodies)
        finally:
            kill_left(home)


def begin(folder: Path, api: Api) -> None:
    place = copy(folder / "checkout", 1)
    lighten(place)
    shutil.rmtree(place.raw)
    with a_world(place.root, folder, api, 0, fixture_pages(*WITH_PAGES)) as world:
        world.finish(refresh(DAYS[0]))
        # Built from nothing; that one which takes over is equal is asked of the next.
        older = checksums(world.published)
        shutil.copy(world.published, folder / "older.duckdb")
        change_some(world)
        # A few calls are listed of very many: that makes it no longer than a build is on one day and another.
        began = time.monotonic()
        world.finish(refresh(DAYS[0]), *traced(world, ",".join(CALLS.values())))
        length = time.monotonic() - began
        calls = {call: max(begun_calls(world, call).values()) for call in CALLS}
        told = {"length": length, "calls": calls, "older": older, "newer": require_whole(world, {})}
        (folder / "pages").mkdir()
        for path, body in world.bodies.items():
            (folder / "pages" / path[1:].replace("/", "|")).write_bytes(body)
    (folder / "told.json").write_text(json.dumps(told))


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory, api: Api) -> Begun:
    folder = once(tmp_path_factory, "simulated", lambda folder: begin(folder, api))
    return Begun(folder, **json.loads((folder / "told.json").read_text()))


def refresh(day: date) -> list[str]:
    return ["refresh", *(part for key in WITH_PAGES for part in ("--source", key)), "--as-of", day.isoformat()]


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


def change_some(world: World) -> None:
    """Another digit in each page."""
    for path, body in world.bodies.items():
        world.bodies[path] = world.site.pages[path] = changed(body, "a digit", world.rng)


def traced(world: World, names: str, *inject: str) -> list[str]:
    """The words before a command that have strace list these calls of it, and of what it starts."""
    injected = [part for one in inject for part in ("-e", f"inject={names}:{one}")]
    listed = ["-f", "-qq", "--seccomp-bpf", "-o", str(world.calls), "-e", f"trace={names}"]
    return [tool("strace", "strace"), *listed, *injected]


def hindering(world: World, call: str, how: str, nth: int) -> list[str]:
    """The words before a command whose nth call of a kind is hindered, in each of its threads."""
    if call == "publish":
        # The one rename of this path, whichever of all it is; to its new name strace pays no heed.
        return [*traced(world, CALLS["rename"], f"{how}:when={nth}"), "-P", str(next_path(world.published))]
    return traced(world, CALLS[call], f"{how}:when={nth}")


def begun_calls(world: World, call: str) -> Counter[int]:
    """{thread: how many calls of a kind it has begun} in the run that is traced."""
    text = world.calls.read_text() if world.calls.exists() else ""
    return Counter(int(thread) for thread in re.findall(rf"^(\d+) +{CALLS.get(call, 'rename')}\(", text, re.MULTILINE))


def killed(world: World, arguments: Sequence[str], call: str, nth: int) -> int | None:
    """Kill the process in which a thread is the first to begin its nth call of a kind; the status, or None where none did.

    The call waits until then: strace itself sends no signal where it does not stop at every call, which would take long.
    """
    world.calls.unlink(missing_ok=True)
    process = world.start(arguments, *hindering(world, call, f"delay_enter={WAITS_S}s", nth))
    while process.poll() is None:
        for thread, n in begun_calls(world, call).items():
            if n == nth:
                os.kill(thread, signal.SIGKILL)
                return process.wait(HANGS_S)
        time.sleep(0.01)
    return None


def failing(world: World, arguments: Sequence[str], call: str, nth: int, error: str) -> int:
    """Have the nth call of a kind fail in each thread; the status."""
    return world.start(arguments, *hindering(world, call, f"error={error}", nth)).wait(HANGS_S)


def hindered(world: World, arguments: Sequence[str], call: str, nth: int, fault: str) -> int | None:
    """Run a command whose nth call of a kind gives an error or is its last; the status, None where there was no such call."""
    if fault == "SIGKILL":
        return killed(world, arguments, call, nth)
    status = failing(world, arguments, call, nth, fault)
    return status if max(begun_calls(world, call).values(), default=0) >= nth else None


def run(world: World, begun: Begun, day: date, kinds: Sequence[str]) -> tuple[str, str, bool]:
    """One refresh with what hinders it; its kind, what is to be said of it, and whether it was met before the refresh ended."""
    kind = world.rng.choice(kinds)
    how, _, call = kind.replace(" by ", " ").partition(" ")
    if call:
        nth = world.rng.randint(1, begun.calls.get(call, 1))
        status = hindered(world, refresh(day), call, nth, ERRORS[call][0] if how == "failing" else "SIGKILL")
        return kind, f"{day}, {kind} {nth}, status {status}", status is not None
    process = world.start(refresh(day))
    moment = world.rng.uniform(0, begun.length)
    try:
        status = process.wait(HANGS_S if kind == "none" else moment)
        return kind, f"{day}, {kind}, status {status}", False
    except subprocess.TimeoutExpired:
        if kind == "pause":
            process.send_signal(signal.SIGSTOP)
            time.sleep(1)
            process.send_signal(signal.SIGCONT)
        else:
            process.send_signal(signal.SIGKILL if kind == "kill" else signal.SIGTERM)
    return kind, f"{day}, {kind} at {moment:.2f} s, status {process.wait(HANGS_S)}", True


# --- what must hold


def require_whole(world: World, before: Mapping[str, str]) -> dict[str, str]:
    """That what is published is whole, and either of before or what a fresh build makes of what is kept; its checksums."""
    assert checksums_of_files.altered(world.published) is None
    digest = hashlib.sha256(world.published.read_bytes()).hexdigest()
    if digest not in world.seen:
        world.seen[digest] = checksums(world.published)
    if (now := world.seen[digest]) != before:
        wanted = of_a_fresh_build(world)
        assert now == wanted, [table for table in now if now[table] != wanted.get(table)]
    return now


def kept(world: World) -> str:
    """Digest of what is kept: the pages, their locks, and what was decided."""
    files = sorted(path for path in (world.data / "raw").rglob("*") if path.is_file())
    parts = [part for path in files for part in (str(path.relative_to(world.data)).encode(), path.read_bytes())]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def of_a_fresh_build(world: World) -> dict[str, str]:
    """The checksums of a build of what is kept, in another folder; of the same, on whatever day, it is made once."""
    key, folder = kept(world), world.home.with_suffix(".fresh")
    if key not in world.fresh:
        shutil.rmtree(folder, ignore_errors=True)
        # With the ledger, which says what moves are told from.
        for name in ("raw", "ledger"):
            if (world.data / name).is_dir():
                shutil.copytree(world.data / name, folder / name)
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "flows", "build", "--as-of", DAYS[1].isoformat()],
            cwd=world.checkout, env=world.env | {"COMPUTE_LIMITS_DATA": str(folder)},
            capture_output=True, encoding="utf-8", timeout=HANGS_S, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        world.fresh[key] = checksums(folder / "warehouse" / "compute_limits.duckdb")
    return world.fresh[key]


def require_in_order(world: World) -> None:
    """That the lock names each version once, and that each that is kept is whole."""
    raw = world.data / "raw"
    for key in WITH_PAGES:
        lines = snapshots.read(raw, key) if (raw / key).exists() else []
        for page in {line.page for line in lines}:
            versions = [line.sha256 for line in lines if line.page == page]
            assert all(one != after for one, after in pairwise(versions)), f"{key}, {page}: a version stands twice"
        assert all(snapshots.intact(raw, line) for line in lines if line.path(raw).exists()), key


def require_ended(world: World) -> None:
    """That no process is left, and no failure was told by a traceback."""
    assert "Traceback" not in world.log.read_text(), world.log.read_text()
    wait_for(lambda: not processes(world.home), lambda: str(processes(world.home)))


def require_nothing_left(world: World) -> None:
    """That beside the published file stands nothing that a build had begun."""
    left = {path.name for path in world.published.parent.iterdir()}
    assert {name for name in left if ".lock" not in name} == {world.published.name, "compute_limits.sha256"}


# 500 kills and 100 faults of all kinds in full; `make test-all` has 6 and 3.
CASES = [
    *(pytest.param(seed, KILLS, id=f"kills, seed {seed}") for seed in range(sample(full=50, part=1))),
    *(pytest.param(seed, COMPOSED, id=f"composed, seed {seed}") for seed in range(sample(full=10, part=1))),
]


@pytest.mark.soak
@pytest.mark.long
@pytest.mark.parametrize(("seed", "kinds"), CASES)
def test_whatever_happens_what_is_published_is_whole(
    seed: int,
    kinds: Sequence[str],
    begun: Begun,
    api: Api,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    wanted = sample(full=STEPS, part=6 if kinds is KILLS else 3)
    with begun.world(tmp_path, api, seed) as world:
        before, steps = dict(begun.newer), 0
        for number in range(5 * wanted):
            # The clock jumps once, and forward: what is fetched as of a day is kept as of it.
            told, day = spoil(world), DAYS[steps >= wanted // 2]
            kind, how, was_met = run(world, begun, day, kinds)
            if kind != "none":
                record_property("met" if was_met else "not met", kind)
            print(f"step {number}: {told}\n  {how}", flush=True)
            require_ended(world)
            before = require_whole(world, before)
            require_in_order(world)
            # A run that ended before it could be killed is none of the kills.
            steps += was_met or kinds is COMPOSED
            if steps == wanted:
                break
        assert steps == wanted
        world.site.wrong.clear()
        world.site.pages |= world.bodies
        world.finish(refresh(DAYS[1]))
        assert checksums(world.published) == of_a_fresh_build(world)
        require_in_order(world)
        require_nothing_left(world)


FAULTS = sample(
    full=[(call, (fault,)) for call in CALLS for fault in (*ERRORS[call], "SIGKILL")],
    part=[(call, (ERRORS[call][0], "SIGKILL")) for call in CALLS],
)


@pytest.mark.soak
@pytest.mark.parametrize(("call", "faults"), FAULTS, ids=lambda one: one if isinstance(one, str) else " and ".join(one))
def test_each_call_of_a_build_may_fail_or_be_its_last(
    call: str, faults: Sequence[str], begun: Begun, api: Api, tmp_path: Path
) -> None:
    with begun.world(tmp_path, api, 0) as world:
        build, tried = ["build", "--as-of", DAYS[0].isoformat()], 0
        # All that there are, or a part of as many as a refresh makes: a build that nothing hinders is another ten seconds.
        for nth in sample(full=count(1), part=range(1, begun.calls[call] + 1, math.ceil(begun.calls[call] / SOME))):
            # From older tables to those of the pages that are kept.
            shutil.copy(begun.folder / "older.duckdb", world.published)
            checksums_of_files.add(world.published, world.published)
            fault = faults[tried % len(faults)]
            status = hindered(world, build, call, nth, fault)
            print(f"call {nth}, {fault}: status {status}", flush=True)
            require_ended(world)
            if status is None:
                break
            tried += 1
            assert checksums(world.published) in (begun.older, begun.newer)
            assert checksums_of_files.altered(world.published) is None
            if sample(full=tried % FINISHED_EVERY == 0, part=False):
                require_finished(world, build, begun)
        assert tried >= len(faults)
        require_finished(world, build, begun)


def require_finished(world: World, build: Sequence[str], begun: Begun) -> None:
    """That a build without a fault ends well, with the tables of the pages that are kept, and leaves nothing else."""
    world.finish(build)
    assert checksums(world.published) == begun.newer
    require_nothing_left(world)


@pytest.mark.parametrize("fault", ["EIO", "ENOSPC", "SIGKILL"])
@pytest.mark.parametrize("call", [*CALLS, "publish"])
def test_what_hinders_a_call_does_so(fault: str, call: str, tmp_path: Path) -> None:
    # Else a simulation without faults would pass: the second call of each kind is hindered, the first is not.
    (tmp_path / "flows.py").write_text(
        "import os, sys\nfile = os.open('f', os.O_CREAT | os.O_RDWR)\n"
        "def publish():\n    os.rename('f', 'g')\n    os.rename('g', sys.argv[2])\n    os.rename(sys.argv[2], sys.argv[3])\n"
        "    os.rename(sys.argv[3], 'f')\n"
        "calls = {'write': lambda: os.pwrite(file, b'x', 0), 'flush': lambda: os.fdatasync(file), "
        "'sync': lambda: os.fsync(file), 'rename': lambda: os.rename('f', 'f'), 'publish': publish}\n"
        "calls[sys.argv[1]]()\nprint('once', flush=True)\ncalls[sys.argv[1]]()\nprint('twice')"
    )
    # Bytecode that is kept is renamed into its place, which would be the first call of its kind.
    env = {"COMPUTE_LIMITS_DATA": str(tmp_path), "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    with Site({}).running() as site:
        world = World(tmp_path, site, env, tmp_path / "home", random.Random(0), {})
        world.published.parent.mkdir()
        arguments = [call, str(next_path(world.published)), str(world.published)]
        status = hindered(world, arguments, call, 2, fault)
        said = world.log.read_text()
        assert status == (-signal.SIGKILL if fault == "SIGKILL" else 1), said
        assert said.startswith("once\n")
        assert "twice" not in said
        assert fault == "SIGKILL" or f"Errno {getattr(errno, fault)}" in said
        assert hindered(world, arguments, call, 3, fault) is None
        assert world.log.read_text() == "once\ntwice\n"
