"""Progress: on a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from running import ROOT, environment


@pytest.mark.parametrize(
    "shown",
    ["with progress.steps() as step: step('validating')", "with progress.bar('validating', 2) as done: done('x')"],
)
def test_progress_is_for_a_terminal(tmp_path: Path, shown: str) -> None:
    ours, theirs = pty.openpty()
    code = [sys.executable, "-c", f"from flows import progress\n{shown}"]
    env = environment(tmp_path / "data", tmp_path / "prefect", TERM="xterm")
    try:
        ended = subprocess.run(code, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=theirs, check=True)
        assert b"validating" in os.read(ours, 1 << 16)
    finally:
        os.close(ours)
        os.close(theirs)
    assert ended.stdout == b""
    piped = subprocess.run(code, cwd=ROOT, env=env, capture_output=True, check=True)
    assert (piped.stdout, piped.stderr) == (b"", b"")
