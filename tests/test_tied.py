"""flows/tied.py: a module that ends with whoever started it, however that ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from running import kill_alone, lives, wait_for

from flows import children

# A process that starts one more, says which, and goes on.
STARTER = """
import subprocess, sys, time
from flows import children
child = children.start("flows.tied", "endless", "a", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "endless.py").write_text("import time\ntime.sleep(600)")
    (tmp_path / "said.py").write_text("import sys\nprint(__name__, sys.argv[1:])")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def test_a_module_is_run_as_python_does() -> None:
    with children.start("flows.tied", "said", "a", "b c") as process:
        assert process.stdout is not None
        assert process.stdout.read() == b"__main__ ['a', 'b c']\n"
        assert process.wait(timeout=300) == 0


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM], ids=lambda stop: stop.name)
def test_it_ends_with_who_started_it_and_holds_none_of_its_streams(stop: signal.Signals) -> None:
    started = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert started.stdout is not None
    child = int(started.stdout.readline())
    try:
        assert lives(child)
        started.send_signal(stop)
        # To the end of both streams, which is not there before whoever has them has let go of them.
        started.communicate(timeout=300)
        wait_for(lambda: not lives(child))
    finally:
        kill_alone(child)
        started.kill()
