"""flows/warehouse/holders.py: who holds a lock, as those are told that come meanwhile."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from flows.warehouse import holders


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["/usr/lib/flows/__main__.py", "refresh", "--source", "timm"], "compute-limits refresh --source timm"),
        (["/usr/bin/compute-limits", "build"], "compute-limits build"),
        (["-c", "a b\nc"], "compute-limits 'a b c'"),
        (["-c", "refresh", "--notify=https://a.b/secret"], "compute-limits refresh '--notify=https://…'"),
        (["-c", "refresh", "--notify", "https://u:secret@a.b/\nc"], "compute-limits refresh --notify 'https://…'"),
        ([], "compute-limits"),
    ],
)
def test_who_holds_it_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], command: str
) -> None:
    monkeypatch.setattr("sys.argv", arguments)
    with (tmp_path / "lock").open("a+", encoding="utf-8") as lock:
        lock.write("process 1 (one that has ended, with a long line) since 2026-01-01 00:00:00 UTC\n" * 3)
        holders.sign(lock)
        with (tmp_path / "lock").open("a+", encoding="utf-8") as other:
            said = holders.told(other)
    assert re.fullmatch(
        rf"by process {os.getpid()} \({re.escape(command)}\) since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC; "
        rf"try again when it has ended, or stop it with `kill {os.getpid()}`",
        said,
    )


@pytest.mark.parametrize(
    ("text", "said"), [("", "by another process"), ("somebody\n", "by somebody"), ("x" * 9999, "by xxx")]
)
def test_a_file_of_another_kind_is_told_as_it_is(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "lock").write_text(text)
    with (tmp_path / "lock").open("a+", encoding="utf-8") as lock:
        told = holders.told(lock)
    assert told.startswith(said)
    assert told.endswith("; try again when it has ended")
    assert len(told) < 500
