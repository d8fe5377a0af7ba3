"""flows/cluster.py: the same tables on several machines as on one, whoever is killed, and a sentence where it cannot be.

The scheduler and its workers are real ones, on loopback.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import running
import small_checkout
from conftest import AS_OF, checksums
from dask_machines import Machines, machines
from made_set import GROUNDS, WORK
from running import FIXTURES, HANGS_S, ROOT, sample
from simulated import small

from flows import build, cluster, on_workers, sources
from flows.analysis import computed
from flows.cluster import Cluster, ClusterError
from flows.pages.limited import Reader
from flows.pages.parse import Gathered, parse_page
from flows.pages.versions import Unread
from flows.readers.record import PageError
from flows.theory import table
from flows.theory.settings import EXPERT, ORACLE, REGULARISED

pytestmark = pytest.mark.slow
BAD: Any = None


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    with machines(tmp_path_factory.mktemp("dask"), 2) as started:
        yield started


@pytest.fixture
def asked(two: Machines, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv(cluster.VARIABLE, two.address)
    with cluster.asked_for() as found:
        assert found is not None
        yield found


def numbered(*numbers: int) -> list[computed.Work]:
    return [replace(WORK, sample=replace(WORK.sample, sample_id=number)) for number in numbers]


def as_lists(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: rows.to_pylist() for name, rows in answer.items()}


def fitters_below(worker: int) -> list[int]:
    """The processes that fit which a worker has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == worker and b"flows.analysis.fitters" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


# --- what is computed is what one machine computes


def test_lines_are_those_of_this_process(asked: Cluster) -> None:
    pending = [asked.submit(numbered(*numbers), GROUNDS) for numbers in ((1,), (2, 3), (4,))]
    for numbers, one in zip(((1,), (2, 3), (4,)), pending, strict=True):
        assert as_lists(one.result()) == as_lists(computed.computed(numbered(*numbers), GROUNDS))


def test_an_exception_in_a_fit_comes_back_as_itself(asked: Cluster) -> None:
    with pytest.raises(AttributeError, match="'NoneType' object has no attribute") as raised:
        asked.submit([BAD], GROUNDS).result()
    assert "_rows(" in "".join(raised.value.__notes__)  # where it was raised, over there
    assert len(asked.submit(numbered(1), GROUNDS).result()["fits.estimates"]) > 0


def test_pages_are_parsed_as_here_and_those_that_cannot_be_are_left_to_who_asks(
    asked: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = []
    for key in ("owid_carbon", "squad_explorer", "mlco2"):
        source = sources.source(key)
        pages += [Unread(FIXTURES / key / page.name, source, page, "0" * 64) for page in source.pages]
    broken = tmp_path / "broken"
    broken.write_bytes(b"no page")
    source = sources.source("codecarbon")
    pages += [Unread(broken, source, page, "0" * 64) for page in source.pages]
    # They are small: it would not be worth it.
    assert asked.parsed(pages) == {}
    monkeypatch.setattr(cluster, "_WORTH_S", 0.0)
    found = asked.parsed(pages)
    assert {key for key, *_ in found} == {"owid_carbon", "squad_explorer", "mlco2"}
    for page in pages[: len(found)]:
        there = found[page.source.key, page.page.name, page.sha256]
        here = parse_page(page.path, page.source, page.page, page.sha256)
        assert tables(there) == tables(here)


def tables(rows: Gathered) -> dict[str, Any]:
    return {name: rows.table(name).to_pylist() for name in (rows.tables or rows.rows)}


def test_the_simulation_writes_the_same_bytes(asked: Cluster, tmp_path: Path) -> None:
    setting = small(n_simulations=20, sizes={ORACLE: (8, 15), EXPERT: (20,), REGULARISED: (10, 20, 30)})
    here, there, told = tmp_path / "here.csv", tmp_path / "there.csv", list[str]()
    table.write(here, [setting])
    table.write(there, [setting], told.append, elsewhere=asked.simulated)
    assert there.read_bytes() == here.read_bytes()
    assert len(told) == 6


def test_theory_asks_the_scheduler_that_it_is_given(two: Machines, tmp_path: Path) -> None:
    # All of it is kept, but for one row.
    path = tmp_path / "results.csv"
    lines = table.SHIPPED.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("base,,oracle,15,")))
    assert len(path.read_text().splitlines()) == len(lines) - 1
    env = running.environment(tmp_path / "data", tmp_path / "home")
    ended = running.command(env, "theory", "--output", str(path), "--dask", two.address)
    assert ended.returncode == 0, ended.stderr
    assert path.read_bytes() == table.SHIPPED.read_bytes()


def test_a_build_takes_the_rows_of_the_cluster_and_reads_what_it_has_not(
    asked: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_WORTH_S", 0.0)
    source, broken = sources.source("mlco2"), tmp_path / "broken"
    broken.write_bytes(b"no page")
    pages = [Unread(FIXTURES / "mlco2" / page.name, source, page, "0" * 64) for page in source.pages]
    bad = replace(pages[0], path=broken, sha256="1" * 64)
    with Reader() as reader:
        parse = build._ahead(asked, [*pages, bad], reader)
        for page in pages:
            here = parse_page(page.path, source, page.page, page.sha256)
            assert tables(parse(page.path, source, page.page, page.sha256)) == tables(here)
        assert reader._process is None
        with pytest.raises(PageError, match=f"page {bad.page.name} .{broken}.: "):
            parse(broken, source, bad.page, bad.sha256)
        assert reader._process is not None


# --- whoever is killed


@pytest.mark.soak
@pytest.mark.long
def test_a_worker_that_is_killed_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    place = small_checkout.copy(tmp_path / "checkout", sample(full=4, part=15))
    built = {}
    for name in ("alone", "over_dask"):
        folder = tmp_path / name
        shutil.copytree(place.raw, folder / "raw")
        env = running.environment(folder, tmp_path / "home", COMPUTE_LIMITS_FACTS=str(place.shipped))
        env["PYTHONPATH"] = str(place.root)
        command = ["build", "--as-of", small_checkout.FIRST.isoformat()]
        if name == "alone":
            ended = subprocess.run(
                [sys.executable, "-m", "flows", *command], cwd=tmp_path, env=env, capture_output=True
            )
            assert ended.returncode == 0, ended.stderr
        else:
            (tmp_path / "dask").mkdir()
            with machines(tmp_path / "dask", 2, place.root) as two, (tmp_path / "log").open("wb") as log:
                first, second = two.processes[1:]
                running_build = subprocess.Popen(
                    [sys.executable, "-m", "flows", *command, "--dask", two.address],
                    cwd=tmp_path, env=env, stdout=log, stderr=log,
                )  # fmt: skip
                try:
                    fits = running.wait_for(lambda worker=first: fitters_below(worker.pid), lambda: two.log(1))
                    first.send_signal(signal.SIGKILL)
                    first.wait()
                    assert running_build.poll() is None, "it was over before the worker was killed"
                    assert running_build.wait(HANGS_S) == 0, (tmp_path / "log").read_text()
                finally:
                    running_build.kill()
                    running_build.wait()
                assert second.poll() is None
                # The killed one's processes end with it; the scheduler had what it was at done again.
                running.wait_for(lambda fits=fits: not any(running.lives(one) for one in fits))
                assert re.search(r"Remove worker", two.log(0)), two.log(0)
        built[name] = checksums(folder / "warehouse" / "compute_limits.duckdb")
    assert built["over_dask"] == built["alone"]
    assert len(built["alone"]) > 100


def test_a_process_that_fits_there_may_be_killed_too(two: Machines, asked: Cluster) -> None:
    numbers = range(40)
    pending = [asked.submit(numbered(*numbers), GROUNDS) for _ in range(2)]
    running.wait_for(lambda: fitters_below(two.processes[1].pid))
    for process in fitters_below(two.processes[1].pid):
        os.kill(process, signal.SIGKILL)
    here = as_lists(computed.computed(numbered(*numbers), GROUNDS))
    assert [as_lists(one.result()) for one in pending] == [here, here]


def test_without_workers_that_come_back_it_ends_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_ALONE_S", 1)
    with machines(tmp_path, 1) as one:
        monkeypatch.setenv(cluster.VARIABLE, one.address)
        with cluster.asked_for() as found:
            assert found is not None
            pending = found.submit(numbered(*range(200)), GROUNDS)
            one.processes[1].kill()
            with pytest.raises(ClusterError, match=r"does not compute what was sent: it has had no worker.*stands"):
                pending.result()


def test_a_scheduler_that_is_lost_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with machines(tmp_path, 1) as one:
        monkeypatch.setenv(cluster.VARIABLE, one.address)
        with cluster.asked_for() as found:
            assert found is not None
            pending = found.submit(numbered(*range(200)), GROUNDS)
            one.processes[0].kill()
            with pytest.raises(ClusterError, match=r"scheduler at tcp://\S+ does not compute what was sent: .*stands"):
                pending.result()


# --- what is refused


def test_where_no_scheduler_answers_a_command_says_so(tmp_path: Path) -> None:
    for named, why in (
        (f"tcp://127.0.0.1:{running.free_port()}", ".*"),
        ("localhost:8786", ".*tcp://.*"),
        ("nonsense://127.0.0.1:1", ".*nonsense.*"),
    ):
        env = running.environment(tmp_path / "data", tmp_path / "home", COMPUTE_LIMITS_DASK=named)
        for command in ("build", "refresh"):
            ended = running.command(env, command)
            assert ended.returncode == 1
            assert re.fullmatch(
                rf"error: no Dask scheduler answers at {named} \({why}\); start one with `dask scheduler`, .*\n",
                ended.stderr,
            ), ended.stderr
    assert not (tmp_path / "data" / "warehouse" / "compute_limits.duckdb").exists()
    log = (tmp_path / "data" / "runs.jsonl").read_text()
    assert log.count("no Dask scheduler answers") == 6


def test_without_workers_it_says_how_to_start_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with machines(tmp_path, 0) as none:
        monkeypatch.setenv(cluster.VARIABLE, none.address)
        with pytest.raises(ClusterError, match=rf"has no worker; start some .*`dask worker {none.address} "):
            cluster.check()


def test_a_worker_of_other_code_is_refused_whenever_it_joins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "flows", other / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "flows" / "fits" / "ranks.py").open("a") as handle:
        handle.write("# another line\n")
    with machines(tmp_path, 1) as started:
        monkeypatch.setenv(cluster.VARIABLE, started.address)
        with cluster.asked_for() as found:
            assert found is not None
            started.worker(root=other)
            started.processes[1].kill()
            with pytest.raises(
                ClusterError, match=r"worker that joined later .* differs in code \(\w+ there, \w+ here\)"
            ):
                found.submit(numbered(1), GROUNDS).result()
        with pytest.raises(
            ClusterError, match=r"worker tcp://\S+ .* differs in code \(\w+ there, \w+ here\); nothing was"
        ):
            cluster.check()


def test_a_worker_without_the_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if it were not installed there.
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").write_text("")
    with machines(tmp_path, 1, tmp_path) as started:
        monkeypatch.setenv(cluster.VARIABLE, started.address)
        with pytest.raises(ClusterError, match=r"differs in the package itself \(there: ModuleNotFoundError.*flows"):
            cluster.check()


# --- the extra


@pytest.fixture
def without(tmp_path: Path) -> dict[str, str]:
    """An environment in which Dask is not installed."""
    for name in ("dask", "distributed"):
        (tmp_path / "without" / name).mkdir(parents=True)
        (tmp_path / "without" / name / "__init__.py").write_text(
            f"raise ModuleNotFoundError(\"No module named '{name}'\", name='{name}')\n"
        )
    env = running.environment(tmp_path / "data", tmp_path / "home")
    return env | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "without"), str(ROOT)])}


def test_without_the_extra_the_option_says_what_to_install(without: dict[str, str]) -> None:
    for command in ("build", "refresh", "theory"):
        ended = running.command(without, command, "--dask", "tcp://127.0.0.1:1")
        assert ended.returncode == 1
        assert ended.stderr.startswith("error: distributed is not installed, "), ended.stderr
        assert "`pip install 'compute-limits[dask]'`" in ended.stderr
        assert ended.stderr.count("\n") == 1


def test_without_the_extra_all_else_works(without: dict[str, str], tmp_path: Path) -> None:
    place = small_checkout.copy(tmp_path / "checkout", 1)
    small_checkout.lighten(place)
    path = without["PYTHONPATH"].replace(str(ROOT), str(place.root))
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "flows", "build", "--as-of", AS_OF.isoformat()], cwd=place.root,
        env=without | {"PYTHONPATH": path, "COMPUTE_LIMITS_FACTS": str(place.shipped)}, capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "data" / "warehouse" / "compute_limits.duckdb").is_file()


def test_processes_of_one_machine_are_made_of_the_same(asked: Cluster) -> None:
    said = asked._client.run(on_workers.made_of)
    assert list(said.values()) == [on_workers.made_of()] * 2
