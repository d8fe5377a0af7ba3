"""The whole of it over the mirror of real pages: fetched, fetched again, on other days, bundled, and with faults."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import running
from conftest import OF_THE_LEDGER, OF_THE_RUN, checksums, downstream, once
from running import MIRROR, Api, Mirror, command, environment, mirror, mirrored, publish_copy, sample

from flows import sources
from flows.pages import snapshots
from flows.pages.fetch import Known, Outcome, fetch_source
from flows.pages.transport import Limits
from flows.warehouse import checksums as checksums_of_files

pytestmark = [
    pytest.mark.mirror,
    pytest.mark.slow,
    pytest.mark.skipif(not (MIRROR / "serve.py").is_file(), reason="no mirror beside the checkout"),
]
api = running.api

BEFORE, NOW = "2025-12-31", "2026-08-31"
RAW = "raw.githubusercontent.com"
DAYS = ["2020-01-01", "2022-12-31", "2024-06-30", "2025-06-30", "2025-12-31"]
PAGES = [page for name in sources.names() for page in sources.source(name).pages]
FIXED = {page.url for page in PAGES if page.host == RAW and re.fullmatch("[0-9a-f]{40}", page.url.split("/")[5])}


class User:
    """One who has a data folder, and no facts that ship."""

    def __init__(self, folder: Path, api: Api, data: Path | None = None) -> None:
        self.folder, self.api, self.data, self.log = folder, api, folder / "data", folder / "log"
        if data is not None:
            shutil.copytree(data, self.data)

    def publish(self, warehouse: Path) -> None:
        """Have a copy of a warehouse that was built elsewhere: its lines of the same points are not fitted again."""
        publish_copy(warehouse, self.warehouse)
        with duckdb.connect(self.warehouse) as con:
            # What it said is no past of this user's: without this key it is no state of the ledger.
            con.execute("update staging.build_setting set state_key = ''")
        checksums_of_files.add(self.warehouse, self.warehouse)

    def run(self, at: Mirror | None, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        more = {} if at is None else {"COMPUTE_LIMITS_MIRROR": at.url}
        env = environment(
            self.data, self.folder / "prefect", PREFECT_API_URL=self.api.url, COMPUTE_LIMITS_FACTS="", **more
        )
        ended = command(env, *arguments)
        assert ended.returncode == status, ended
        assert "Traceback" not in ended.stderr
        return ended

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse" / "compute_limits.duckdb"

    def checksums(self) -> dict[str, str]:
        return checksums(self.warehouse)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.warehouse, read_only=True) as con:
            return con.execute(query).fetchall()

    def page_keys(self) -> set[str]:
        return page_keys(self.warehouse)

    def lines(self) -> Counter[str]:
        """{address: lines in the lock}."""
        return Counter(line.url for name in sources.names() for line in snapshots.read(self.data / "raw", name))


@pytest.fixture(scope="session")
def fetched(tmp_path_factory: pytest.TempPathFactory, api: Api, warehouse_path: Path) -> User:
    """Who has refreshed once, beside a warehouse of the facts that ship. It is shared: copy the data folder before changing it."""
    user = refreshed_once(tmp_path_factory, api, warehouse_path, NOW, "--strict")
    assert not user.page_keys() & page_keys(warehouse_path)  # each page was read from its bytes
    return user


@pytest.fixture(scope="session")
def fetched_before(tmp_path_factory: pytest.TempPathFactory, api: Api, warehouse_path: Path) -> User:
    """Who refreshed once some months before, with pages that the mirror has no version of. It is shared."""
    # Pages of which the mirror has no version as old as that leave their source absent.
    return refreshed_once(tmp_path_factory, api, warehouse_path, BEFORE, "--as-of", BEFORE)


def refreshed_once(factory: pytest.TempPathFactory, api: Api, warehouse: Path, day: str, *arguments: str) -> User:
    """One who all processes of the session share."""

    def fill(folder: Path) -> None:
        user = User(folder, api)
        user.publish(warehouse)
        with mirror(user.log, day) as at:
            user.run(at, "refresh", *arguments)

    return User(once(factory, f"refreshed-{day}", fill), api)


@pytest.fixture
def user(tmp_path: Path, api: Api, fetched: User) -> User:
    """Who has refreshed once, with a data folder of his own."""
    return User(tmp_path, api, fetched.data)


def page_keys(warehouse: Path) -> set[str]:
    """Of each page what its rows depend on, bytes or facts: those of another key were read anew."""
    with duckdb.connect(warehouse, read_only=True) as con:
        found = con.execute("select key from meta.kept_keys where kind = 'page' and name <> '*'").fetchall()
    return {key for (key,) in found}


def tables_of_results(sums: dict[str, str]) -> dict[str, str]:
    """Without the tables that tell of the pages and the run."""
    return {table: told for table, told in sums.items() if table.split(".")[0] in ("core", "fits", "marts")}


def kind(path: str) -> str:
    """What is asked for at an address of the mirror."""
    if path.endswith("/robots.txt"):
        return "robots.txt"
    return "trees" if path.startswith("/api.github.com/repos/") else "pages"


@pytest.mark.long
def test_the_first_refresh_fetches_every_page(fetched: User) -> None:
    assert dict(fetched.ask("select source, state from meta.sources")) == dict.fromkeys(sources.names(), "fetched")
    assert fetched.ask("select source, page from meta.pages order by all") == sorted((p.source, p.name) for p in PAGES)
    assert fetched.lines() == Counter(page.url for page in PAGES)
    assert {status for path, status in Mirror("", fetched.log).answers() if not path.endswith("/robots.txt")} >= {200}
    counted = fetched.ask(
        "select source, rows_read, rows_accepted + rows_duplicate + rows_quarantined from meta.sources order by source"
    )
    assert all(read == told > 0 for _, read, told in counted), counted
    assert fetched.ask(
        "select count(*), count(*) filter (agrees) from marts.reproduction where printed_in = 'figure_3'"
    ) == [(90, 90)]


def test_the_second_refresh_transfers_nothing(
    user: User, fetched: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = user.lines()
    with mirror(tmp_path / "log", NOW) as again:
        user.run(again, "refresh", "--strict")
        answers = again.answers()
    # At a commit nothing changes, and nothing is asked for.
    assert Counter(status for path, status in answers if kind(path) == "pages") == {304: len(PAGES) - len(FIXED)}
    assert {status for path, status in answers if kind(path) == "trees"} == {404}  # this mirror has none
    assert max(Counter(answers).values()) == 1
    assert user.lines() == lines
    assert dict(user.ask("select source, state from meta.sources")) == dict.fromkeys(sources.names(), "unchanged")
    first, second = fetched.checksums(), user.checksums()
    with capsys.disabled():
        print("", *(f"{table:32} {first[table]} {second[table]}" for table in first), sep="\n")
    assert second == first


def test_a_refresh_that_finds_nothing_new_asks_once_for_each_repository(
    user: User, fetched: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = user.lines()
    with mirror(tmp_path / "log", NOW, trees=True) as again:
        user.run(again, "refresh", "--strict")
        answers = Counter(again.answers())
    by_kind: dict[str, Counter[int]] = {"robots.txt": Counter(), "trees": Counter(), "pages": Counter()}
    for (path, status), count in answers.items():
        by_kind[kind(path)][status] += count
    # A source that has one page of a repository asks for that, unless one before it has had the tree.
    listed, by_tree = set[str](), 0
    for name in sources.names():
        mine = [page for page in PAGES if page.source == name and page.host == RAW and page.url not in FIXED]
        for repository, n in Counter("/".join(page.url.split("/")[3:6]) for page in mine).items():
            if n > 1 or repository in listed:
                listed.add(repository)
                by_tree += n
    assert by_kind == {
        "robots.txt": {200: len({page.host for page in PAGES}) + 1},  # and the host of the trees
        "trees": {200: len(listed)},
        "pages": {304: len(PAGES) - len(FIXED) - by_tree},
    }
    assert max(answers.values()) == 1
    with capsys.disabled():
        print(f"\n{answers.total()} requests for {len(PAGES)} pages: {by_kind}")
    # Of 51 sources; those of one page a repository are asked for by the page.
    assert answers.total() <= 75
    assert user.lines() == lines
    assert dict(user.ask("select source, state from meta.sources")) == dict.fromkeys(sources.names(), "unchanged")
    assert user.checksums() == fetched.checksums()


@pytest.mark.soak
def test_with_trees_and_without_the_same_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    names = sources.names()[sample(full=slice(None), part=slice(2, None, 4))]
    pages = [page for page in PAGES if page.source in names]
    kept, states, answers = {}, {}, {}
    for trees in (True, False):
        raw = tmp_path / f"trees {trees}"
        for day in (BEFORE, NOW):
            with mirror(tmp_path / "log", day, trees=trees) as at:
                states[trees, day] = fetch_all_pages(raw, at, names)
                answers[trees, day] = Counter(kind(path) for path, _ in at.answers())
        kept[trees] = {path.relative_to(raw): path.read_bytes() for path in raw.rglob("*") if path.is_file()}
    assert states[True, BEFORE] == states[False, BEFORE]
    assert states[True, NOW] == states[False, NOW]
    assert set(states[True, NOW].values()) == {"fetched", "unchanged"}
    assert kept[True] == kept[False]
    assert answers[True, BEFORE]["trees"] == 0  # of nothing that is kept
    kept_before = {at for at, state in states[True, BEFORE].items() if state == "fetched"}
    fixed_before = [page for page in pages if page.url in FIXED and (page.source, page.name) in kept_before]
    assert fixed_before
    assert answers[False, NOW]["pages"] == len(pages) - len(fixed_before)
    assert answers[True, NOW]["pages"] < len(pages) / 2


def fetch_all_pages(raw: Path, at: Mirror, names: Sequence[str]) -> dict[tuple[str, str], str]:
    """{(source, page): state} of sources, one after the other."""
    known, outcomes = Known(), list[Outcome]()
    for name in names:
        more, known = fetch_source(
            sources.source(name),
            raw,
            mirror=at.url,
            limits=Limits(),
            known=known,
            now=lambda: datetime(2026, 9, 1, tzinfo=UTC),
        )
        outcomes += more
    return {(outcome.source, outcome.page): outcome.state for outcome in outcomes}


@pytest.mark.long
def test_only_what_changed_upstream_adds_a_line_and_moves_a_number(
    tmp_path: Path, api: Api, fetched_before: User
) -> None:
    user = User(tmp_path, api, fetched_before.data)
    points = headline_points(user)
    there = {day: {url: row["sha256"] for url, row in mirrored(day).items()} for day in (BEFORE, NOW)}
    asked = {page.url for page in PAGES}
    assert user.lines() == Counter(asked & there[BEFORE].keys())
    with mirror(tmp_path / "now.log", NOW) as later:
        user.run(later, "refresh", "--strict", "--as-of", NOW)
        sent = [path for path, status in later.answers() if status == 200 and not path.endswith("/robots.txt")]
    changed = {url for url in asked if there[NOW].get(url) != there[BEFORE].get(url)}
    assert 0 < len(changed) < len(asked)
    assert user.lines() == Counter(asked & there[BEFORE].keys()) + Counter(changed)
    assert len(sent) == len(changed)
    today = datetime.now(UTC).date().isoformat()
    lines = [line for name in sources.names() for line in snapshots.read(user.data / "raw", name)]
    assert {(line.retrieved_on, line.backfilled_on) for line in lines} == {(BEFORE, today), (NOW, today)}
    _check_the_ledger(user, points, headline_points(user), changed)


Points = dict[tuple[str, str, str], dict[str, tuple[float, float]]]


def headline_points(user: User) -> Points:
    """{headline line of `current`: {training: log10 of its computation, its error}}."""
    found: Points = {}
    for *line, training, x, error in user.ask(
        "select benchmark, metric, compute_measure, training_id, log10_compute, error from fits.samples "
        "join marts.scaling using (row_set, benchmark, metric, compute_measure, selection) "
        "where row_set = 'current' and is_headline"
    ):
        found.setdefault(tuple(line), {})[training] = (x, error)
    return found


def _check_the_ledger(user: User, before: Points, after: Points, changed: set[str]) -> None:
    """What is told of both days, held against a comparison of their points and lines fitted by numpy."""
    told = user.ask("select url from meta.changed_pages join meta.pages using (source, page)")
    assert {url for (url,) in told} == changed
    expected = {
        (*line, training): (before[line].get(training), after[line].get(training))
        for line in before.keys() & after.keys()
        for training in before[line].keys() | after[line].keys()
        if before[line].get(training) != after[line].get(training)
    }
    rows = user.ask(
        "select benchmark, metric, compute_measure, training_id, log10_compute_before, error_before, "
        "log10_compute_after, error_after from marts.changed_points"
    )
    assert {
        (*key,): tuple(None if pair[0] is None else pair for pair in (values[:2], values[2:]))
        for *key, values in ((*row[:4], row[4:]) for row in rows)
    } == expected
    kinds = Counter((was is not None, is_now is not None) for was, is_now in expected.values())
    assert min(kinds[True, True], kinds[False, True], kinds[True, False]) > 0, kinds
    # No part is made to fit: what the causes of each number give, costs too, is its whole move.
    whole = user.ask(
        "select quantity, any_value(value_after) - any_value(value_before), sum(contribution) from marts.changes "
        "where contribution is not null group by benchmark, metric, compute_measure, quantity, target, scenario"
    )
    assert {"exponent", "points", "log10_compute", "log10_usd", "log10_kg_co2", "lowest_error"} == {
        quantity for quantity, *_ in whole
    }
    for quantity, move, parts in whole:
        assert parts == pytest.approx(move, abs=1e-9), quantity
    causes = user.ask("select distinct quantity from marts.changes where cause = 'prices'")
    assert {quantity for (quantity,) in causes} <= {"log10_usd", "log10_kg_co2"}
    moves = {
        tuple(line): move
        for *line, move in user.ask(
            "select benchmark, metric, compute_measure, sum(contribution) from marts.changes "
            "where quantity = 'exponent' group by all having sum(contribution) is not null"
        )
    }
    assert len(moves) > 5
    for line, move in moves.items():
        one, other = (1 / _slope(points[line].values()) for points in (before, after))
        assert move == pytest.approx(other - one, abs=1e-9), line


def _slope(points: Iterable[tuple[float, float]]) -> float:
    """Of the polynomial form, by least squares about the means: 1e-9 of an exponent is more than polyfit keeps."""
    x, error = np.array(list(points)).T
    y = -np.log10(error)
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / (x * x).sum())


@pytest.mark.soak
# The last of them is there already.
@pytest.mark.parametrize("day", sample(full=DAYS, part=DAYS[-1:]))
def test_every_page_that_is_there_on_a_day_is_used(
    day: str, tmp_path: Path, api: Api, fetched_before: User, capsys: pytest.CaptureFixture[str]
) -> None:
    """The code is newer than the pages, of which there are the fewer the older the day."""
    user, web = fetched_before, mirrored(day)
    if day != BEFORE:
        user = User(tmp_path, api)
        with mirror(tmp_path / "log", day) as at:
            user.run(at, "refresh")
    there = [page for page in PAGES if page.url in web]
    assert user.ask("select source, page, sha256 from meta.pages order by all") == sorted(
        (page.source, page.name, web[page.url]["sha256"]) for page in there
    )
    states, count = {}, Counter(page.source for page in there)
    for name in sources.names():
        wanted = len(sources.source(name).pages)
        states[name] = "absent" if not count[name] else "stale" if count[name] < wanted else "fetched"
    told = {name: rest for name, *rest in user.ask("select source, state, message from meta.sources")}
    assert {name: state for name, (state, _) in told.items()} == states
    for name, (state, message) in told.items():
        # Of a page that is not there it is told that the server has none, and nothing else is wrong with any.
        assert message is None if state == "fetched" else "answered 404" in message, name
        assert "rows where at least" not in (message or ""), name
    with capsys.disabled():
        absent = ", ".join(name for name, state in states.items() if state == "absent")
        print(f"\n{day}: {len(there)} pages served and used, absent: {absent or 'none'}")


def test_a_build_from_the_bundled_facts_is_the_build_from_the_pages(
    user: User, fetched: User, tmp_path: Path, api: Api
) -> None:
    user.run(None, "bundle")
    alone = User(tmp_path / "alone", api)
    for pattern in ("*/*.facts.csv", "*/snapshots.jsonl"):
        for path in (user.data / "raw").glob(pattern):
            copy = alone.data / "raw" / path.relative_to(user.data / "raw")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    alone.publish(fetched.warehouse)
    alone.run(None, "build", "--strict")
    assert not alone.page_keys() & fetched.page_keys()  # each page was read from its facts
    assert dict(alone.ask("select source, state from meta.sources")) == dict.fromkeys(sources.names(), "shipped")
    assert alone.checksums() == fetched.checksums()


def test_a_host_that_fails_or_redirects_to_another_leaves_its_sources_stale(
    user: User, fetched: User, tmp_path: Path
) -> None:
    with mirror(tmp_path / "log", NOW, "epoch.ai=500", "ourworldindata=redirect") as failing:
        ended = user.run(failing, "refresh")
    told = {name: rest for name, *rest in user.ask("select source, state, age_days, message from meta.sources")}
    failing_ones = {page.source for page in PAGES if page.host == "epoch.ai"}
    assert failing_ones
    state, _, message = told.pop("owid_carbon")
    assert state == "stale"
    assert "169.254.169.254" in message
    assert "not followed" in message
    for name in told:
        state, age, message = told[name]
        if name not in failing_ones:
            assert (state, age, message) == ("unchanged", None, None), name
            continue
        assert (state, age >= 0) == ("stale", True)
        assert re.search(r"https://epoch\.ai/data/\w+\.\w+ answered 500", message)
        assert re.search(rf"{name} +stale \(\d+ days\)", ended.stdout)
    assert user.checksums() == fetched.checksums()


# {source: (fault of the pages whose address has the text, what is told of it)}
FAULTS = {
    "chinchilla_points": ("svg_extracted_data=halved", "rows"),
    "coco_model_pages": ("Megvii-BaseDetection=html", "is an HTML page"),
    "codecarbon": ("cpu_power=halved", "rows"),
    "computerprogress": ("Computer-Progress=html", "is an HTML page"),
    "dawnbench": ("dawn-bench-entries=empty", "empty body"),
    "detectron": ("facebookresearch/Detectron/=truncate", "broke off before its end"),
    "detectron2": ("facebookresearch/detectron2/=latin1", "not valid UTF-8"),
    "epoch_all_models": ("all_ai_models=latin1", "not valid UTF-8"),
    "epoch_benchmarks": ("benchmark_data=truncate", "broke off before its end"),
    "epoch_clusters": ("gpu_clusters=header", "Renamed upstream"),
    "epoch_hardware": ("ml_hardware=empty", "empty body"),
    "epoch_models": ("notable_ai_models=header", "Renamed upstream"),
    "epoch_pcd": ("full%20view=header", "Renamed upstream"),
    "epoch_prices": ("training-cost-trends=header", "Renamed upstream"),
    "gpu_info": ("gpu.json=halved", "broke off before its end"),
    "mit_futuretech": ("TheComputationalLimits=latin1", "not valid UTF-8"),
    "mlco2": ("mlco2/impact=header", "Renamed upstream"),
    "nlp_progress": ("NLP-progress=500", "answered 500"),
    "nvidia_examples": ("NVIDIA=html", "is an HTML page"),
    "obsscaling": ("ObsScaling=header", "Renamed upstream"),
    "openai_ai_and_compute": ("ai-progress=html", "is an HTML page"),
    "openai_ai_and_efficiency": ("efficiency_sota=empty", "empty body"),
    "openmmlab_mmdetection": ("mmdetection=truncate", "broke off before its end"),
    "openmmlab_mmpretrain": ("mmpretrain=empty", "empty body"),
    "owid_carbon": ("ourworldindata=halved", "rows"),
    "boavizta": ("boaviztapi=header", "Renamed upstream"),
    "cpu_db": ("cpudb=header", "Renamed upstream"),
    "karlrupp": ("microprocessor-trend-data=404", "answered 404"),
    "top500": ("Top500-analysis-dataset=404", "answered 404"),
    "mlperf_training": ("mlcommons/training_results=truncate", "broke off before its end"),
    "boavizta_footprints": ("boavizta-data-us=header", "Renamed upstream"),
    "cloud_carbon_coefficients": ("SPECpower-full-results=html", "is an HTML page"),
    "epoch_chip_counts": ("ai-chip-counts=404", "answered 404"),
    "fsdl_cloud_gpus": ("cloud-gpus/cloud-gpus=empty", "empty body"),
    "google_region_carbon": ("region-carbon-info=500", "answered 500"),
    "gpu_cloud_prices": ("gpu_pricing_raw=html", "is an HTML page"),
    "gpu_rental_tracker": ("gpu-pricing-tracker=header", "Renamed upstream"),
    "hippke_chess": ("hippke/chess=header", "Renamed upstream"),
    "katago": ("TrainingHistory=html", "is an HTML page"),
    "metr_time_horizon": ("external_benchmark_metr=header", "Renamed upstream"),
    "modded_nanogpt": ("modded-nanogpt=html", "is an HTML page"),
    "open_asr_leaderboard": ("en_shortform=header", "Renamed upstream"),
    "open_llm_leaderboard": ("causal-eval=header", "Renamed upstream"),
    "open_llm_leaderboard_v1": ("open-llm-leaderboard-report=header", "Renamed upstream"),
    "livebench": ("livebench.github.io=html", "is an HTML page"),
    "wer_are_we": ("wer_are_we=empty", "empty body"),
    "papers_with_code": ("sota-extractor=halved", "JSON"),
    "squad_explorer": ("SQuAD-explorer=truncate", "broke off before its end"),
    "timm": ("pytorch-image-models/main/results=header", "Renamed upstream"),
    "timm_history": ("82dd60b33ceb2291cd1e737c4702a69e4c5de903=header", "Renamed upstream"),
    "timm_model_index": ("hfdocs=404", "answered 404"),
}


def test_each_source_falls_back_whatever_is_wrong_with_it(user: User, fetched: User, tmp_path: Path) -> None:
    assert set(FAULTS) == set(sources.names())
    with mirror(tmp_path / "log", NOW, *(fault for fault, _ in FAULTS.values())) as failing:
        ended = user.run(failing, "refresh", "--strict", status=1)
    assert ended.stderr.startswith("error: not all sources are fresh: ")
    # What stands at a commit and is kept is not asked for, whatever its host would say.
    fixed = {name for name in sources.names() if all(page.url in FIXED for page in PAGES if page.source == name)}
    assert fixed == {"computerprogress", "timm_history"}
    for name, state, message in user.ask("select source, state, message from meta.sources"):
        if name in fixed:
            assert (state, message) == ("unchanged", None), name
            continue
        assert state == "stale", name
        assert FAULTS[name][1] in message, name
        assert f"{name} is stale" in ended.stderr
    # A page that came and cannot be read had to fall back: that its source is not complete is all that differs.
    before, after = fetched.checksums(), user.checksums()
    # So had one that came in half, or without its rows, and those are listed.
    of_held = {"staging.held_page", "meta.held_pages"}
    changed = {table for table in before if before[table] != after[table]}
    assert changed - OF_THE_LEDGER == {"staging.source_reading"} | of_held
    held = {source for (source,) in user.ask("select source from meta.held_pages")}
    assert {"chinchilla_points", "codecarbon", "owid_carbon"} <= held
    read = "select * exclude (is_complete, oldest_fallback_on, message) from staging.source_reading order by source"
    assert user.ask(read) == fetched.ask(read)


def test_a_fault_on_the_first_day_leaves_the_source_absent(user: User, tmp_path: Path, fetched: User) -> None:
    user.data.joinpath("raw", "owid_carbon").rename(tmp_path / "set aside")
    with mirror(tmp_path / "log", NOW, "ourworldindata=truncate") as failing:
        ended = user.run(failing, "refresh", "--strict", status=1)
    assert ended.stderr == "error: not all sources are fresh: owid_carbon is absent\n"
    there, wanted = tables_of_results(user.checksums()), tables_of_results(fetched.checksums())
    changed = {table for table in wanted if there[table] != wanted[table]}
    # Costs are of its electricity; nothing else is.
    assert {"core.carbon_intensities", "core.scenarios", "marts.costs"} <= changed
    # The pages behind it in the order of all move up a place, which changes no choice.
    moved = {"core.carbon_intensities", "core.page_order"}
    assert changed <= moved | downstream(user.warehouse, "core.carbon_intensities")


def test_what_checksums_leave_out_is_what_tells_of_the_run(fetched: User) -> None:
    of_run = {"state", "age_days", "message", "from_facts_alone", "key", "build_key", "state_key", "n_sources_stale"}
    assert all(set(left_out) <= of_run for left_out in OF_THE_RUN.values())
    assert set(OF_THE_RUN) < set(fetched.checksums())


def test_an_undeclared_column_stops_its_source_and_says_what_to_do(user: User, tmp_path: Path) -> None:
    user.data.joinpath("raw", "fsdl_cloud_gpus").rename(tmp_path / "set aside")
    with mirror(tmp_path / "log", NOW, "cloud-gpus=header") as failing:
        user.run(failing, "refresh", "--source", "fsdl_cloud_gpus")
    ((state, message),) = user.ask("select state, message from meta.sources where source = 'fsdl_cloud_gpus'")
    assert state == "absent"
    # The page's second column has another name: the one is missing, and the other is not declared.
    assert re.search(r"fsdl_cloud_gpus, page cloud-gpus\.csv .*column '[^']+'", message)
    assert "'Renamed upstream'" in message
    assert "in the source's TOML" in message
    assert user.ask("select count(*) from staging.offer where source = 'fsdl_cloud_gpus'") == [(0,)]
