"""flows/folder_locks.py: two in one folder come one after the other, also when the file that they write is replaced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flows.folder_locks import alone

# Each adds to what it has read, by putting another file in its place.
ADD = """
import sys
from pathlib import Path
from flows.folder_locks import alone

folder = Path(sys.argv[1])
for _ in range(50):
    with alone(folder):
        count = int((folder / "count").read_text())
        (folder / f"next-{sys.argv[2]}").write_text(str(count + 1))
        (folder / f"next-{sys.argv[2]}").replace(folder / "count")
"""


def test_nobody_overwrites_what_another_has_written(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0")
    started = [subprocess.Popen([sys.executable, "-c", ADD, str(tmp_path), str(at)]) for at in range(4)]
    assert [one.wait(60) for one in started] == [0] * 4
    assert (tmp_path / "count").read_text() == "200"


def test_it_is_given_back_after_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), alone(tmp_path):
        raise ZeroDivisionError
    with alone(tmp_path):
        pass
