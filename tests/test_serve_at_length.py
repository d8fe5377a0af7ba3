"""`serve` whose server is killed: it waits a minute for it, so this is in `make soak` alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import HANGS_S, Site, kill_left, processes, wait_for
from test_serve import Served

pytestmark = [pytest.mark.soak, pytest.mark.long]


@pytest.fixture
def site() -> Iterator[Site]:
    with Site({}).running() as up:
        yield up


def test_its_server_killed_in_the_middle_of_a_run_it_waits_says_so_and_ends(
    site: Site, tmp_path: Path, shipped: Path
) -> None:
    served = Served(site, tmp_path, shipped)
    try:
        site.gate.clear()
        process = served.start()
        wait_for(lambda: site.asked, served.said)
        (server,) = [one for one, told in processes(served.home).items() if "server start" in told]
        os.kill(server, signal.SIGKILL)
        assert process.wait(timeout=HANGS_S) == 1
        # What stands before it is Prefect's: its runner says that it has lost the server too.
        assert served.said().splitlines()[-1].startswith("error: the Prefect server that was started here (")
        assert "has not answered for 60 s" in served.said().splitlines()[-1]
        wait_for(lambda: not processes(served.home), lambda: str(processes(served.home)))
    finally:
        kill_left(served.home)
