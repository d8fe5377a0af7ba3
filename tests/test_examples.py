"""examples/: each is read by what will read it, as far as a machine can, and its commands are commands of this project."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import prefect.settings
import pytest
import running
import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from running import HANGS_S, ROOT, Api, environment

from flows import cli, schedules
from flows.refresh import refresh

api = running.api
EXAMPLES = ROOT / "examples"
PLACE = "/srv/compute-limits"
PROGRAM = ".venv/bin/compute-limits"


def text(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


def uncommented(name: str) -> str:
    return "\n".join(line for line in text(name).splitlines() if not line.startswith("#"))


def bound(arguments: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The command that these arguments are read as, and its options. What it cannot read raises."""
    command, given, _ = cli.app.parse_args(list(arguments), exit_on_error=False, print_error=False)
    return command.__name__, dict(given.arguments)


def require_schedule(options: dict[str, Any]) -> None:
    schedules.schedule(options["cron"], None, options.get("timezone", "UTC"))


def require_variables(names: Sequence[str]) -> None:
    """Each is a setting of Prefect or of this project."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in names:
        assert hasattr(prefect.settings, name) if name.startswith("PREFECT_") else f"`{name}`" in readme, name


def test_what_is_no_command_and_no_setting_is_noticed() -> None:
    with pytest.raises(Exception, match="every-week"):
        bound(["serve", "--every-week", "6h"])
    for name in ("PREFECT_SERVER_UI_STATIC", "COMPUTE_LIMITS_DATUM"):
        with pytest.raises(AssertionError):
            require_variables([name])


def test_the_cron_line() -> None:
    (line,) = uncommented("crontab").splitlines()
    *fields, command = line.split(" ", 5)
    schedules.schedule(" ".join(fields), None, "UTC")
    assert "%" not in command  # cron would end the line there
    place, _, run = command.removesuffix(" >/dev/null").partition(" && ")
    assert place == f"cd {PLACE}"
    program, *arguments = shlex.split(run)
    assert program == PROGRAM
    assert bound(arguments) == ("refresh", {"strict": True})


def test_the_container_file() -> None:
    joined = uncommented("Containerfile")
    instructions = [line.partition(" ")[::2] for line in joined.splitlines() if line]
    assert [name for name, _ in instructions][:1] == ["FROM"]
    version = re.fullmatch(r"python:(3\.\d+)-slim", instructions[0][1])
    assert version is not None
    assert version[1] in ("3.11", "3.12", "3.13")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(VENV)", ".venv")
    (target,) = re.findall(r"\bmake (\S+/\S+)", joined)
    assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE)
    said = dict(instructions)
    require_variables(re.findall(r"(\w+)=/data", said["ENV"]))
    # As lists: a shell in between would keep SIGTERM to itself.
    program, arguments = yaml.safe_load(said["ENTRYPOINT"]), yaml.safe_load(said["CMD"])
    assert program == [PROGRAM]
    name, options = bound(arguments)
    assert name == "serve"
    require_schedule(options)
    # What is written in it is told by whoever keeps the volume.
    assert re.findall(r"=(\S+)", said["ENV"]) == ["/data", "/data/prefect", "/data/dashboard"]


def test_the_systemd_unit(tmp_path: Path) -> None:
    unit = text("compute-limits.service")
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    program, *arguments = shlex.split(command)
    assert program == f"{PLACE}/{PROGRAM}"
    name, options = bound(arguments)
    assert name == "serve"
    require_schedule(options)
    require_variables(re.findall(r"^Environment=(\w+)=", unit, re.MULTILINE))
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    there = tmp_path / PROGRAM
    there.parent.mkdir(parents=True)
    there.symlink_to("/bin/true")
    copy = tmp_path / "compute-limits.service"
    copy.write_text(unit.replace(PLACE, str(tmp_path)), encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, encoding="utf-8", check=False
    )
    # Of other units it may say what it likes.
    assert checked.returncode == 0, checked.stderr
    assert "compute-limits" not in checked.stderr


def test_the_deployment_has_an_entrypoint_and_a_schedule() -> None:
    (deployment,) = yaml.safe_load(text("prefect.yaml"))["deployments"]
    path, _, name = deployment["entrypoint"].partition(":")
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    assert getattr(module, name) is refresh
    for schedule in deployment["schedules"]:
        assert schedules.schedule(schedule["cron"], None, schedule["timezone"])


@pytest.mark.slow
def test_prefect_deploys_it(api: Api, tmp_path: Path) -> None:
    pool = f"pool {uuid4()}"
    with SyncPrefectClient(api.url) as client:
        client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
    file = tmp_path / "prefect.yaml"
    file.write_text(
        text("prefect.yaml").replace(PLACE, str(ROOT)).replace("      name: compute-limits", f"      name: {pool}")
    )
    (deploy,) = re.findall(r"^#     prefect (.* deploy .*)$", text("prefect.yaml"), re.MULTILINE)
    arguments = shlex.split(deploy.replace("examples/prefect.yaml", shlex.quote(str(file))))
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        cwd=ROOT, env=environment(tmp_path, tmp_path / "prefect", PREFECT_API_URL=api.url),
        capture_output=True, encoding="utf-8", timeout=HANGS_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    (made,) = [one for one in api.post("deployments") if one["work_pool_name"] == pool]
    assert (made["name"], made["entrypoint"], made["paused"]) == ("weekly", "flows/refresh.py:refresh", False)
    assert [one["schedule"]["timezone"] for one in made["schedules"]] == ["Europe/Berlin"]
    assert made["pull_steps"] == [{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}]
