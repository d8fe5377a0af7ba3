"""`make vulnerabilities`: what is known of the lock's packages, and never "none" of what nobody looked at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from running import HANGS_S, ROOT

LOCK = """\
click==8.1.7 \\
    --hash=sha256:0
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:0
rich[jupyter]==13.0 \\
    --hash=sha256:0
"""
# In the place of pip-audit 2.10.1: answers each package by what the test says of it, and as that does where an index has no
# advisories (there pip-audit says "No known vulnerabilities found" and ends with 0).
STAND_IN = """\
#!{python}
import json, re, sys
known = json.loads({known!r})
path = sys.argv[sys.argv.index("-r") + 1]
found = []
for line in open(path):
    name, version = line.strip().split("==")
    if known.get(name) is None:
        why = f"Dependency not found on PyPI and could not be audited: {{name}} ({{version}})"
        found.append({{"name": name, "skip_reason": why}})
    else:
        found.append({{"name": name, "version": version, "vulns": [{{"id": one, "fix_versions": []}} for one in known[name]]}})
print(json.dumps({{"dependencies": found, "fixes": []}}))
sys.exit(any(one.get("vulns") for one in found))
"""
PYYAML = "PYSEC-2020-96"


def look(tmp_path: Path, path: str, **more: str) -> tuple[int, list[str]]:
    lock = tmp_path / "requirements.lock"
    lock.write_text(LOCK, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, ROOT / ".ci" / "vulnerabilities.py", lock], env=os.environ | {"PATH": path} | more, capture_output=True,
        encoding="utf-8", timeout=HANGS_S, check=False,
    )  # fmt: skip
    assert ended.stderr == ""
    return ended.returncode, ended.stdout.splitlines()


def stand_in(folder: Path, text: str) -> str:
    folder.mkdir()
    (folder / "pip-audit").write_text(text, encoding="utf-8")
    (folder / "pip-audit").chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("known", "status", "said"),
    [
        (
            {"pyyaml": [PYYAML], "click": [], "rich": []},
            0,
            ["looked at all 2 packages of requirements.lock: 0 with known vulnerabilities"],
        ),
        (
            {"pyyaml": [PYYAML], "click": ["CVE-1", "CVE-2"], "rich": []},
            1,
            ["click 8.1.7: CVE-1, CVE-2", "looked at all 2 packages of requirements.lock: 1 with known vulnerabilities"],
        ),
        (
            {"pyyaml": [PYYAML], "click": []},
            2,
            [
                "could not look at 1 of 2 packages of requirements.lock "
                "(Dependency not found on PyPI and could not be audited: rich (13.0))",
                "not looked at: rich",
            ],
        ),
        (
            {},
            2,
            [
                "could not look at 2 of 2 packages of requirements.lock "
                "(Dependency not found on PyPI and could not be audited: pyyaml (5.3))"
            ],
        ),
        # Answers from one who knows nothing of what is known to be bad are none.
        (
            {"pyyaml": [], "click": [], "rich": []},
            2,
            [
                "could not look at 2 of 2 packages of requirements.lock "
                "(osv knows nothing of pyyaml 5.3, which is known to be vulnerable)"
            ],
        ),
    ],
    ids=["none", "some", "not all", "skipped", "knows nothing"],
)  # fmt: skip
def test_only_what_was_looked_at_counts(
    known: dict[str, list[str]], status: int, said: list[str], tmp_path: Path
) -> None:
    path = stand_in(tmp_path / "bin", STAND_IN.format(python=sys.executable, known=json.dumps(known)))
    assert look(tmp_path, path) == (status, said)


def test_without_the_tool_it_says_so(tmp_path: Path) -> None:
    status, said = look(tmp_path, str(tmp_path))
    assert status == 2
    assert said == [
        "could not look at 2 of 2 packages of requirements.lock (pip-audit is not installed "
        "(python -m pip install pip-audit, outside of .venv))"
    ]


def test_a_tool_that_breaks_off_has_looked_at_nothing(tmp_path: Path) -> None:
    path = stand_in(tmp_path / "bin", "#!/bin/sh\necho 'first' >&2\necho 'no route to host' >&2\nexit 1\n")
    assert look(tmp_path, path) == (2, ["could not look at 2 of 2 packages of requirements.lock (no route to host)"])


class _Osv(BaseHTTPRequestHandler):
    """OSV's API, for pyyaml 5.3 and whatever else the server says."""

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name, version = asked["package"]["name"].lower(), asked["version"]
        bad = {("pyyaml", "5.3"), *self.server.bad}  # type: ignore[attr-defined]
        affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "versions": [version], "ranges": []}]
        one = {
            "id": PYYAML,
            "schema_version": "1.4.0",
            "modified": "2024-01-01T00:00:00Z",
            "affected": affected,
            "details": "x",
        }
        body = json.dumps({"vulns": [one]} if (name, version) in bad else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def osv() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Osv)
    server.bad = set()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_pip_audit_itself_is_understood(osv: ThreadingHTTPServer, tmp_path: Path) -> None:
    tool = shutil.which("pip-audit")
    if tool is None:
        pytest.skip("pip-audit is not installed")
    environment = {
        "PIP_AUDIT_OSV_URL": f"http://127.0.0.1:{osv.server_port}/v1/query",
        "NO_PROXY": "*",
        "HOME": str(tmp_path),
    }
    status, said = look(tmp_path, str(Path(tool).parent), **environment)
    assert (status, said) == (0, ["looked at all 2 packages of requirements.lock: 0 with known vulnerabilities"])
    osv.bad = {("rich", "13.0")}  # type: ignore[attr-defined]
    status, said = look(tmp_path, str(Path(tool).parent), **environment)
    assert status == 1
    assert said == [
        f"rich 13.0: {PYYAML}",
        "looked at all 2 packages of requirements.lock: 1 with known vulnerabilities",
    ]
