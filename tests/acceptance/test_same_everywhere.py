"""A build is the same to the byte wherever and however it is made: folder, day, time zone, locale, threads, hashes, Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import AS_OF, checksums, once
from running import HANGS_S, ROOT, sample
from small_checkout import copy, draw_less

from flows import paths

PYTHONS = ("3.11", "3.12", "3.13")
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"
WAREHOUSE = Path("warehouse", "compute_limits.duckdb")
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


def interpreter(version: str) -> Path | None:
    """A Python of that version that is installed: on the PATH, or by pyenv."""
    named = shutil.which(f"python{version}")
    # pyenv puts a name there for each version that it has, which runs only where that version is chosen.
    if named and subprocess.run([named, "-c", ""], capture_output=True, check=False).returncode == 0:
        return Path(named)
    if shutil.which("pyenv") is None:
        return None
    have = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, encoding="utf-8", check=True).stdout
    for one in have.split():
        if re.fullmatch(rf"{re.escape(version)}\.\d+", one):
            prefix = subprocess.run(["pyenv", "prefix", one], capture_output=True, encoding="utf-8", check=True).stdout
            return Path(prefix.strip()) / "bin" / "python"
    return None


def python(version: str) -> str:
    """A Python of that version with the libraries of the lock: the one that runs the tests, or one made for them and kept."""
    if version == THIS:
        return sys.executable
    folder = ROOT / f".venv-{version}"
    lock, installed = ROOT / "requirements.lock", folder / "installed"
    if not installed.is_file() or installed.read_bytes() != lock.read_bytes():
        base = interpreter(version)
        if base is None:
            pytest.skip(f"no Python {version} is installed, on the PATH or by pyenv")
        subprocess.run([base, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # A few pure ones come as source alone.
        only = ["--no-deps", "--require-hashes", "--prefer-binary", "--requirement", lock]
        ended = subprocess.run([*pip, *only], capture_output=True, encoding="utf-8", check=False)
        if ended.returncode:
            pytest.skip(f"requirements.lock cannot be installed for Python {version}: {ended.stderr.strip()[-500:]}")
        installed.write_bytes(lock.read_bytes())
    return str(folder / "bin" / "python")


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


@dataclass(frozen=True)
class Built:
    """A checkout with its facts, and what is built and exported of it once, for the others to be held against."""

    checkout: Path
    facts: Path
    warehouse: Path
    exported: Path


def run(executable: str, environment: dict[str, str], folder: Path, cpus: set[int], *arguments: str) -> None:
    # Of this thread, and so of what it starts: code between fork and exec might wait for a lock that another thread had held.
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        ended = subprocess.run(
            [executable, "-P", "-m", "flows", *arguments],
            cwd=folder, env=environment, capture_output=True, timeout=HANGS_S, check=False,
        )  # fmt: skip
    finally:
        os.sched_setaffinity(0, every)
    assert ended.returncode == 0, ended.stderr.decode()


# The libraries of another version take minutes to install, once.
CASES = [
    *(pytest.param(one, "foreign", marks=[pytest.mark.slow] if one == THIS else []) for one in PYTHONS),
    (THIS, "plain"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Of all facts and as it comes; in the sample of a tenth of most facts with fewer resamples, and plain, so that two builds
    differ in all. Shared.
    """

    def fill(folder: Path) -> None:
        place = copy(folder / "checkout", sample(full=1, part=10))
        if sample(full=False, part=True):
            draw_less(place)
        shutil.copytree(paths.SHIPPED_LEDGER, place.root / "data" / "ledger" / "shipped")
        own = environment(place.root, folder / "data", place.shipped) | sample(full={}, part=SETTINGS["plain"])
        every = os.sched_getaffinity(0)
        cpus = sample(full=every, part={min(every)})
        run(sys.executable, own, folder, cpus, "build", "--fresh", "--as-of", AS_OF.isoformat())
        run(sys.executable, own, folder, cpus, "export", str(folder / "exports"))

    folder = once(tmp_path_factory, "held against", fill)
    place = folder / "checkout"
    return Built(place, place / "data" / "raw", folder / "data" / WAREHOUSE, folder / "exports")


def environment(checkout: Path, data: Path, facts: Path) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("COMPUTE_LIMITS_", "LC_", "LANG"))
    }
    # Bytecode is kept, or every process would compile the copy anew.
    own = {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "", "LC_ALL": "C.UTF-8"}
    return kept | own | {"COMPUTE_LIMITS_DATA": str(data), "COMPUTE_LIMITS_FACTS": str(facts)}


@pytest.mark.soak
@pytest.mark.long
@pytest.mark.parametrize(("version", "setting"), CASES)
def test_a_build_is_the_same_to_the_byte(version: str, setting: str, tmp_path: Path, built: Built) -> None:
    executable = python(version)
    folder = tmp_path / ("a" if setting == "plain" else "ein anderer Ort, größer")
    facts = shutil.copytree(built.facts, folder / "facts")
    found = locales(tmp_path / "locales") if setting == "foreign" else {}
    own = environment(built.checkout, folder / "data", facts) | SETTINGS[setting] | found
    every = os.sched_getaffinity(0)
    cpus = {min(every)} if setting == "plain" else every
    # On another day too, after every page that ships.
    day = AS_OF if setting == "plain" else AS_OF - timedelta(days=300)
    run(executable, own, folder, cpus, "build", "--fresh", "--as-of", day.isoformat())
    run(executable, own, folder, cpus, "export", str(folder / "exports"))
    if version == THIS:
        # Another Python has another numpy, whose sums of the last bit differ; what is exported may not.
        assert checksums(folder / "data" / WAREHOUSE) == checksums(built.warehouse)
    others = [path for path in built.exported.rglob("*") if path.is_file()]
    assert len(others) == sum(path.is_file() for path in (folder / "exports").rglob("*")) > 100
    for other in others:
        name = other.relative_to(built.exported)
        assert (folder / "exports" / name).read_bytes() == other.read_bytes(), name
