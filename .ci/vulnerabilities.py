"""Whether packages of requirements.lock have known vulnerabilities: by pip-audit, and only as far as it really looked.

    python .ci/vulnerabilities.py [requirements.lock]

Exit status 0: every package was looked at, and none has one. 1: some have. 2: not all could be looked at, and none is known
of the others. Where pip-audit cannot reach advisories it skips packages and says that none was found; so here a package counts
only where an answer on it came back, and answers only where they tell the known faults of a package that is known to be bad.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

# CVE-2020-1747: whoever knows of nothing in this version does not know advisories.
_KNOWN_BAD = {"pyyaml": "5.3"}
_TIMEOUT_S = 600
# The Python packaging index's own advisories, and those of OSV.
_SERVICES = ("pypi", "osv")


@dataclass
class Answer:
    """What came back: {package: ids of its vulnerabilities} of those that were looked at, and why others were not."""

    looked_at: dict[str, list[str]]
    reason: str


def packages(lock: Path) -> dict[str, str]:
    """{package: version} of the lines of a lock that are for this platform and Python."""
    lines = re.findall(r"^([\w.-]+\S*==[^\\\n]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    wanted = (Requirement(line.strip()) for line in lines)
    here = [one for one in wanted if one.marker is None or one.marker.evaluate()]
    return {_name(one.name): str(one.specifier).removeprefix("==") for one in here}


def ask(wanted: Mapping[str, str], service: str) -> Answer:
    """Have pip-audit look at packages."""
    tool = shutil.which("pip-audit")
    if tool is None:
        return Answer({}, "pip-audit is not installed (python -m pip install pip-audit, outside of .venv)")
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text("".join(f"{name}=={version}\n" for name, version in wanted.items()), encoding="utf-8")
        asked = [tool, "-r", str(listed), "--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
        try:
            ended = subprocess.run(  # noqa: S603
                [*asked, "-s", service], capture_output=True, encoding="utf-8", timeout=_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            return Answer({}, f"pip-audit gave no answer within {_TIMEOUT_S} s")
    return read(ended.stdout, ended.stderr)


def read(out: str, err: str) -> Answer:
    """What pip-audit printed: its JSON, or nothing and a reason on standard error."""
    try:
        told = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        said = err.strip().splitlines() or ["it said nothing"]
        return Answer({}, said[-1][:300])
    found = {_name(one["name"]): [each["id"] for each in one["vulns"]] for one in told if "skip_reason" not in one}
    skipped = [one["skip_reason"] for one in told if "skip_reason" in one]
    return Answer(found, skipped[0] if skipped else "")


def look(wanted: Mapping[str, str], services: Iterable[str] = _SERVICES) -> Answer:
    """The first answer on all packages of somebody who knows advisories; else the one on the most."""
    best = Answer({}, "nobody was asked")
    for service in services:
        known = ask(_KNOWN_BAD, service)
        if not any(known.looked_at.values()):
            named = ", ".join(f"{name} {version}" for name, version in _KNOWN_BAD.items())
            reason = known.reason or f"{service} knows nothing of {named}, which is known to be vulnerable"
            best = Answer(best.looked_at, reason) if not best.looked_at else best
            continue
        answer = ask(wanted, service)
        best = answer if len(answer.looked_at) > len(best.looked_at) or not best.looked_at else best
        if set(best.looked_at) >= set(wanted):
            break
    return best


def report(lock: Path, wanted: Mapping[str, str], answer: Answer) -> tuple[list[str], int]:
    """The lines to print and the exit status."""
    looked_at = {name: ids for name, ids in answer.looked_at.items() if name in wanted}
    bad = {name: ids for name, ids in looked_at.items() if ids}
    lines = [f"{name} {wanted[name]}: {', '.join(ids)}" for name, ids in sorted(bad.items())]
    left = sorted(set(wanted) - set(looked_at))
    if left:
        why = f" ({answer.reason})" if answer.reason else ""
        lines.append(f"could not look at {len(left)} of {len(wanted)} packages of {lock.name}{why}")
        lines += [f"not looked at: {', '.join(left)}"] if looked_at else []
    else:
        lines.append(f"looked at all {len(wanted)} packages of {lock.name}: {len(bad)} with known vulnerabilities")
    return lines, 1 if bad else 2 if left else 0


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(arguments: list[str]) -> int:
    """Look, print and return the exit status."""
    lock = Path(arguments[0] if arguments else "requirements.lock")
    wanted = packages(lock)
    lines, status = report(lock, wanted, look(wanted))
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
