"""flows/children.py: processes of this package, whatever the working directory and the terminal."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from running import kill_alone, lives, wait_for

from flows import children, paths


def said(process: subprocess.Popen[bytes]) -> str:
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return out.decode()


def test_the_package_is_the_one_that_runs_and_not_one_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").write_text("raise RuntimeError('another')")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "said.py").write_text("import sys, flows\nprint(flows.__file__, sys.argv[1:])")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "elsewhere"))
    assert said(children.start("said", "a", "b c")) == f"{paths.PACKAGE / '__init__.py'} ['a', 'b c']\n"


def test_a_stop_at_the_terminal_reaches_the_other_process_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "said.py").write_text("import os\nprint(os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid())")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert said(children.start("said")) == "True True\n"


def test_what_a_library_prints_is_not_among_the_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "said.py").write_text(
        "import os\nfrom flows import children\nanswers = children.answers()\n"
        "print('noise', flush=True)\nos.write(1, b'more noise')\nanswers.write(b'an answer')\nanswers.close()"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (tmp_path / "errors").open("wb") as errors:
        assert said(children.start("said", stderr=errors)) == "an answer"
    assert (tmp_path / "errors").read_text() == "noise\nmore noise"


def test_one_in_the_middle_of_something_ends_with_its_parent_that_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "busy.py").write_text(
        "from pathlib import Path\nfrom flows import children\n"
        f"children.answers(lambda: Path({str(tmp_path / 'last')!r}).touch())\nwhile True:\n    sum(range(10_000))"
    )
    (tmp_path / "starter.py").write_text(
        "import time\nfrom flows import children\nprint(children.start('busy').pid, flush=True)\ntime.sleep(600)"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    parent = children.start("starter")
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        # Not before it has looked who its parent is.
        wait_for(lambda: len(list(Path(f"/proc/{child}/task").iterdir())) > 1)
        children.end(parent)
        wait_for(lambda: not lives(child))
        assert (tmp_path / "last").is_file()
    finally:
        kill_alone(child)


def test_settings_of_its_own_are_beside_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "said.py").write_text("import os\nprint(os.environ['OURS'], os.environ['ITS'])")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("OURS", "1")
    assert said(children.start("said", more={"ITS": "2"})) == "1 2\n"
