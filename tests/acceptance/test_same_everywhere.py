"""A build is the same to the byte wherever and however it is made: folder, day, time zone, locale, threads, hashes, Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import AS_OF, checksums
from running import HANGS_S, ROOT

from flows.publish import exports

pytestmark = pytest.mark.slow

PYTHONS = ("3.11", "3.12", "3.13")
# Turkish has another small i and writes 1,5 for 1.5.
TURKISH = "tr_TR.UTF-8"
# What may differ from a default. In the first all text is ASCII unless a file says otherwise.
SETTINGS = {
    "plain": {
        "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONHASHSEED": "1",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    },
    "foreign": {
        "TZ": "America/St_Johns", "LC_ALL": TURKISH, "PYTHONHASHSEED": "4242", "OMP_NUM_THREADS": "7", "OPENBLAS_NUM_THREADS": "7",
        "PYTHONIOENCODING": "utf-8",
    },
}  # fmt: skip


def python(version: str) -> str | None:
    """A Python of that version with the libraries of the lock: the one that runs the tests, or another that is installed."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        return sys.executable
    path = shutil.which(f"python{version}")
    needed = "import duckdb, great_expectations, prefect, pyarrow, scipy"
    if path is None or subprocess.run([path, "-c", needed], capture_output=True, check=False).returncode:
        return None
    return path


def locales(folder: Path) -> dict[str, str]:
    """Where the foreign locale is found: the system's, or one that is compiled here."""
    known = subprocess.run(["locale", "-a"], capture_output=True, encoding="utf-8", check=True).stdout.split()
    if "tr_TR.utf8" in known:
        return {}
    if shutil.which("localedef") is None or not Path("/usr/share/i18n/locales/tr_TR").is_file():
        pytest.skip(f"neither {TURKISH} nor what it is made of is installed")
    folder.mkdir()
    subprocess.run(["localedef", "-i", "tr_TR", "-f", "UTF-8", str(folder / TURKISH)], capture_output=True, check=True)
    return {"LOCPATH": str(folder)}


def run(interpreter: str, environment: dict[str, str], folder: Path, cpus: set[int], *arguments: str) -> None:
    ended = subprocess.run(
        [interpreter, "-m", "flows", *arguments], cwd=folder, env=environment, capture_output=True, timeout=HANGS_S, check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, cpus),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr.decode()


@pytest.mark.parametrize(
    ("version", "setting"),
    [*((version, "foreign") for version in PYTHONS), ("this", "plain")],
)
def test_a_build_is_the_same_to_the_byte(
    version: str, setting: str, tmp_path: Path, shipped: Path, warehouse_path: Path
) -> None:
    interpreter = sys.executable if version == "this" else python(version)
    if interpreter is None:
        pytest.skip(f"no Python {version} with the libraries of requirements.lock is installed")
    folder = tmp_path / ("a" if setting == "plain" else "ein anderer Ort, größer")
    facts = shutil.copytree(shipped, folder / "facts")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("COMPUTE_LIMITS_", "LC_", "LANG"))
    }
    own = {"PYTHONPATH": str(ROOT), "COMPUTE_LIMITS_DATA": str(folder / "data"), "COMPUTE_LIMITS_FACTS": str(facts)}
    found = locales(tmp_path / "locales") if setting == "foreign" else {}
    environment = kept | own | SETTINGS[setting] | found
    every = os.sched_getaffinity(0)
    cpus = {min(every)} if setting == "plain" else every
    # On another day too, after every page that ships.
    day = AS_OF if setting == "plain" else AS_OF - timedelta(days=300)
    run(interpreter, environment, folder, cpus, "build", "--fresh", "--as-of", day.isoformat())
    run(interpreter, environment, folder, cpus, "export", str(folder / "exports"))
    assert checksums(folder / "data" / "warehouse" / "compute_limits.duckdb") == checksums(warehouse_path)
    others = exports.export(warehouse_path, tmp_path / "other")
    assert len(others) == len(list((folder / "exports").iterdir())) > 10
    for other in others:
        assert (folder / "exports" / other.name).read_bytes() == other.read_bytes(), other.name
