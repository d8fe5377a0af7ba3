"""`make bench`: a refresh over the mirror with nothing changed, beside a build from the same pages, in turn.

Prints wall time (median of the runs) and peak memory of each process, and what the refresh takes beyond the build: a
Prefect server runs, so that is Prefect's import and records, and a conditional request for each page.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench_build import Figure, measured, shown
from running import MIRROR, environment, mirror, prefect_server

_RUNS = 3
_BUILD, _REFRESH = "compute-limits build (pages)", "compute-limits refresh (pages unchanged)"
_COMMANDS = {_BUILD: ["-m", "flows", "build"], _REFRESH: ["-m", "flows", "refresh"]}


def main() -> None:
    """Fetch all pages once, then measure both in turn."""
    if not MIRROR.is_dir():
        print(f"no mirror of real pages at {MIRROR}: a refresh is not measured")
        return
    figures: dict[str, list[Figure]] = {name: [] for name in _COMMANDS}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as kept:
        folder = Path(kept)
        with prefect_server(folder, folder / "server.log") as api, mirror(folder / "mirror.log", "9999-12-31") as at:
            more = {"PREFECT_API_URL": api.url, "COMPUTE_LIMITS_FACTS": "", "COMPUTE_LIMITS_MIRROR": at.url}
            given = environment(folder / "data", folder, **more)
            shown("compute-limits refresh (every page new)", [measured(_COMMANDS[_REFRESH], given)])
            for _ in range(_RUNS):
                for name, arguments in _COMMANDS.items():
                    figures[name].append(measured(arguments, given))
    build, refresh = (shown(name, runs) for name, runs in figures.items())
    print(f"refresh - build: {refresh - build:.2f} s")


if __name__ == "__main__":
    main()
