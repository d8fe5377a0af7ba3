"""`make bench`: a refresh over the mirror with nothing changed, beside that of version 0.1, from a checkout of its own.

Both fetch all pages once. Then they take turns: with a Prefect server that runs, and with one that each starts and stops.
The mirror lists its files by repository; the requests of a refresh are counted. Last, a refresh with nothing changed over 10
older versions of a page of each source and over 1,000.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import running
import synthetic
from measuring import BEFORE, Runs, earlier, environment, present, show, usage
from running import MIRROR, Mirror

from flows import sources
from flows.pages import snapshots

_TURNS = 3
_VERSIONS = (10, 1000)
_REQUESTS_MAX = 40


class Bench:
    """A checkout with its data folder, and what its refreshes took."""

    def __init__(
        self,
        name: str,
        checkout: Path,
        folder: Path,
        server: Runs,
        alone: Runs,
        later: Runs,
        *,
        has_facts: bool = False,
    ) -> None:
        self.name, self.checkout, self.folder, self.has_facts = name, checkout, folder, has_facts
        self.server, self.alone, self.later = server, alone, later
        self.requests: set[int] = set()

    def run(self, runs: Runs, at: Mirror, api: str | None, days: int = 0, *, is_sampled: bool = False) -> None:
        """One refresh, as of today or so many days later."""
        home = self.folder / "prefect"
        more = {"COMPUTE_LIMITS_MIRROR": at.url} | ({"PREFECT_API_URL": api} if api else {})
        if not self.has_facts:
            more["COMPUTE_LIMITS_FACTS"] = ""
        given = running.environment(self.folder / "data", home, **more)
        given |= {"PYTHONPATH": environment(self.checkout, self.folder)["PYTHONPATH"]}
        as_of = datetime.now(UTC).date() + timedelta(days=days)
        asked = len(at.answers())
        arguments = ["-m", "flows", "refresh", "--as-of", str(as_of)]
        runs.usages.append(usage(arguments, given, self.checkout, is_sampled=is_sampled))
        self.requests.add(len(at.answers()) - asked)


def benches(folder: Path) -> list[Bench]:
    """The project before, if the history has it, and as it is."""
    before = earlier(folder / "before")
    after = Bench(
        "after",
        present(folder / "after"),
        folder / "data-after",
        Runs("after: a server runs", wall_max=4, memory_max=650),
        Runs("after: a server of its own", wall_max=12),
        Runs("after: a server runs, a week later", wall_max=4, memory_max=650),
    )
    if before is None:
        return [after]
    names = (f"before ({BEFORE}): {text}" for text in ("a server runs", "a server of its own", "a week later"))
    return [Bench("before", before, folder / "data-before", *map(Runs, names)), after]


def main() -> None:
    """Fetch all pages once, then measure in turn."""
    if not MIRROR.is_dir():
        print(f"no mirror of real pages at {MIRROR}: a refresh is not measured")
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as kept:
        folder = Path(kept)
        both = benches(folder)
        with (
            running.prefect_server(folder, folder / "server.log") as api,
            running.mirror(folder / "mirror.log", "9999-12-31", trees=True) as at,
        ):
            measured(both, at, api.url)
            versions(folder, both[-1].checkout, at, api.url)
    for one in both:
        asked = f"{min(one.requests)}–{max(one.requests)}"
        aim = (
            ""
            if one.name == "before"
            else f" of {len(sources.names())} sources (aim for the 24 of version 0.1: {_REQUESTS_MAX})"
        )
        print(f"requests of a refresh with nothing changed, {one.name}: {asked}{aim}")


def measured(both: list[Bench], at: Mirror, api: str) -> None:
    """Run all in turn and print the figures."""
    for one in both:
        first = Runs(f"{one.name}: every page new")
        one.run(first, at, api)
        show([first], None)
        one.requests.clear()
    for turn in range(_TURNS):
        for one in both:
            one.run(one.server, at, api, is_sampled=not turn)
            one.run(one.alone, at, None)
    for one in both:
        # The states of a day go to the tables, so a run of another day starts from a copy.
        shutil.copytree(one.folder / "data", folder_of(one), dirs_exist_ok=True)
        for _ in range(_TURNS):
            shutil.rmtree(one.folder / "data")
            shutil.copytree(folder_of(one), one.folder / "data")
            one.run(one.later, at, api, days=7)
    show([one.server for one in both], both[0].server)
    show([one.alone for one in both], both[0].alone)
    show([one.later for one in both], both[0].later)


def versions(folder: Path, checkout: Path, at: Mirror, api: str) -> None:
    """Refreshes with nothing changed over few and many older versions of a page of each source, in turn."""
    found = []
    for many in _VERSIONS:
        runs = Runs(f"{many:,} older versions a source: a server runs", wall_max=4)
        # With the facts that ship, which vouch for a version: else all older ones would be read once, to judge by them.
        one = Bench("", checkout, folder / f"versions-{many}", runs, Runs(""), Runs(""), has_facts=True)
        for key in sources.names():
            oldest = snapshots.read(checkout / "data" / "raw", key)[0]
            synthetic.add_versions(one.folder / "data" / "raw", oldest, many)
        # The first one builds; by the second what it has written is old enough to be kept.
        for _ in range(2):
            one.run(Runs(""), at, api)
        found.append(one)
    for _ in range(_TURNS):
        for one in found:
            one.run(one.server, at, api)
    show([one.server for one in found], found[0].server)


def folder_of(one: Bench) -> Path:
    """Where the data folder of today is kept."""
    return one.folder / "kept"


if __name__ == "__main__":
    main()
