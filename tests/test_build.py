"""flows/build.py: what a build depends on, what it does where nothing has changed, and how it is stopped."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import part_of_it
import pytest
from conftest import AS_OF, checksums, downstream
from running import environment, kill_left, processes, start, wait_for

from flows import build, paths, sources
from flows.pages import snapshots
from flows.pages.fetch import Outcome
from flows.pages.snapshots import Snapshot
from flows.warehouse import checksums as checksums_of_files
from flows.warehouse import connection, expectations, kept, publishing, validation
from flows.warehouse.connection import BuildError
from flows.warehouse.kept import BUILD, BYTES, SUITE, DamagedError
from flows.warehouse.keys import package_code, package_declared
from flows.warehouse.unmet import sentence

WEEK = timedelta(days=7)
# What depends on the day and on what fetching gave.
OF_THE_DAY = ("staging.source_state", "meta.sources", "meta.freshness", "meta.runs", "exports.sources")


@pytest.fixture
def published(tmp_path: Path, warehouse_path: Path) -> Path:
    """A copy of the published warehouse, in a folder of its own."""
    path = tmp_path / "warehouse" / "compute_limits.duckdb"
    path.parent.mkdir()
    shutil.copyfile(warehouse_path, path)
    return path


def outcome(source: str, what: str, message: str = "") -> Outcome:
    page = sources.source(source).pages[0]
    return Outcome(source, page.name, page.url, what, message, 0)


# --- what a build depends on


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package, SQL, expectations, a page in two versions and facts."""
    for name, text in {
        "flows/a.py": "x = 1", "flows/sources/a.toml": "x = 1", "flows/theory/results.csv": "1", "sql/core/a.sql": "select 1",
        "sql/macros/a.sql": "macro", "expectations/core.a.json": "{}", "facts/mlco2/model.facts.csv": "a,b",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name, folder in {"PACKAGE": "flows", "SQL": "sql", "EXPECTATIONS": "expectations"}.items():
        monkeypatch.setattr(paths, name, tmp_path / folder)
    keep(tmp_path, b"old page", "2026-01-01")
    keep(tmp_path, b"new page", "2026-02-01")
    return tmp_path


def keep(folder: Path, body: bytes, day: str) -> Path:
    line = Snapshot(
        "mlco2",
        "gpus.csv",
        "https://e.org",
        hashlib.sha256(body).hexdigest(),
        len(body),
        f"{day}T00:00:00Z",
        None,
        None,
        "MIT",
    )
    snapshots.keep(folder / "raw", line, body)
    return line.path(folder / "raw")


def key_of(folder: Path, day: str = "2026-03-01") -> str:
    package_code.cache_clear()
    package_declared.cache_clear()
    return build.key(folder / "raw", folder / "facts", date.fromisoformat(day))


def test_a_build_depends_on_what_was_accepted(inputs: Path) -> None:
    decisions = [inputs / folder / "mlco2" / "accepted.jsonl" for folder in ("raw", "facts")]
    keys = [key_of(inputs)]
    for path in decisions:
        path.write_text("{}\n")
        keys.append(key_of(inputs))
    decisions[0].unlink()
    keys.append(key_of(inputs))
    assert len(set(keys)) == 4


@pytest.mark.parametrize(
    "name",
    ["flows/a.py", "flows/sources/a.toml", "flows/theory/results.csv", "sql/core/a.sql", "sql/macros/a.sql",
     "expectations/core.a.json", "facts/mlco2/model.facts.csv"],
)  # fmt: skip
def test_a_build_depends_on_each_file(inputs: Path, name: str) -> None:
    keys = [key_of(inputs)]
    path = inputs / name
    text = path.read_text()
    path.write_text(text + " ")
    keys.append(key_of(inputs))
    path.unlink()
    keys.append(key_of(inputs))
    path.with_name(f"another{path.name[path.name.index('.') :]}").write_text(text)
    keys.append(key_of(inputs))
    assert len(set(keys)) == 4


def test_it_depends_on_the_versions_of_pages_and_on_which_are_kept(inputs: Path) -> None:
    keys = [key_of(inputs)]
    for path in sorted((inputs / "raw" / "mlco2" / "pages").iterdir()):
        body = path.read_bytes()
        path.unlink()
        keys.append(key_of(inputs))
        path.write_bytes(body)
        assert key_of(inputs) == keys[0]
    keep(inputs, b"newer page", "2026-02-15")
    keys.append(key_of(inputs))
    assert len(set(keys)) == 4


def test_it_depends_on_the_day_only_by_the_pages_that_exist(inputs: Path) -> None:
    assert key_of(inputs) == key_of(inputs, "2026-02-01") == key_of(inputs, "2030-01-01")
    assert len({key_of(inputs, day) for day in ("2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01")}) == 3
    before = key_of(inputs, "2026-01-31")
    keep(inputs, b"newer page", "2026-02-15")
    assert key_of(inputs, "2026-01-31") == before


def test_it_depends_on_no_time_of_a_file_and_on_nothing_that_no_build_reads(inputs: Path) -> None:
    before = key_of(inputs)
    for path in inputs.rglob("*"):
        os.utime(path, (1, 1))
    for name in ("flows/a.txt", "flows/_shipped/a.py", "sql/notes.md", "facts/mlco2/notes.csv", "raw/mlco2/pages/.tmp"):
        (inputs / name).parent.mkdir(parents=True, exist_ok=True)
        (inputs / name).write_text("x")
    assert key_of(inputs) == before


def test_it_depends_on_the_libraries(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(inputs)
    monkeypatch.setattr(build.keys, "versions", lambda *names: f"others of {names}")
    assert key_of(inputs) != before


def test_code_that_changes_while_a_process_goes_on_is_for_the_next_one(inputs: Path) -> None:
    before = key_of(inputs)
    (inputs / "flows" / "a.py").write_text("x = 2")
    assert build.key(inputs / "raw", inputs / "facts", date(2026, 3, 1)) == before != key_of(inputs)


# --- nothing to do


def test_where_nothing_has_changed_the_warnings_stand_and_the_file_is_not_touched(
    tmp_path: Path, published: Path, shipped: Path
) -> None:
    with connection.connect(published, read_only=True) as con:
        unmet = con.execute(f"select table_name, expectation, finding from {kept.UNMET}").fetchall()
    before = published.stat()
    steps: list[str] = []
    warnings = build.run(tmp_path / "raw", shipped, published, AS_OF, steps.append)
    assert warnings == [sentence(*row) for row in unmet] != []
    assert steps == ["looking for what has changed"]
    assert (published.stat().st_ino, published.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    # A week later too.
    assert build.unchanged(tmp_path / "raw", shipped, published, AS_OF + WEEK) == warnings


def of_a_fresh_build(folder: Path, shipped: Path, as_of: date, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The tables of the day as they are built anew, with what they read and nothing else."""
    path = folder / f"fresh of {as_of}.duckdb"
    own = build.identity(folder / "raw", shipped, folder / "warehouse" / "compute_limits.duckdb", as_of)
    build.read_sources(path, folder / "raw", shipped, as_of, outcomes, own=own)
    part_of_it.make(path, "meta.sources", "meta.freshness", "meta.runs", "exports.sources")
    return described(path)


def described(path: Path) -> dict[str, Any]:
    with connection.connect(path, read_only=True) as con:
        return {
            table: (
                con.execute(f"from {table}").fetchall(),
                con.execute(
                    "select comment from duckdb_tables() where schema_name || '.' || table_name = ?", [table]
                ).fetchall(),
                connection.comments(con, table),
            )
            for table in OF_THE_DAY
        }


OUTCOMES = {
    "not asked": [],
    "all fetched": [outcome(key, "fetched") for key in sources.names()],
    "all unchanged": [outcome(key, "unchanged") for key in sources.names()],
    "one failed": [outcome("mlco2", "failed", "mlco2: it's no route; try again"), outcome("timm", "fetched")],
    "all failed": [outcome(key, "failed", f"{key}: no route") for key in sources.names()],
}


def test_a_bit_that_is_lost_is_found_before_anything_is_left_as_it_stands(published: Path) -> None:
    checksums_of_files.add(published, published)
    assert build.to_take_over(published, fresh=False) == (published, [])
    stood, body = published.stat(), bytearray(published.read_bytes())
    body[len(body) // 2] ^= 1
    published.chmod(0o644)
    published.write_bytes(body)
    # The size and the time that were recorded, as of a disk that fails.
    os.utime(published, ns=(stood.st_atime_ns, stood.st_mtime_ns))
    before, (told,) = build.to_take_over(published, fresh=False)
    assert before is None
    assert "is not as it was published" in told
    assert told.endswith("nothing was taken over from it")


SCRIPT = """
import json, sys
from datetime import date
from pathlib import Path
from flows import build

raw, shipped, final, day = sys.argv[1:]
build.run(Path(raw), Path(shipped), Path(final), date.fromisoformat(day))
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("is_stale", [False, True])
def test_where_nothing_has_changed_nothing_heavy_is_imported(
    is_stale: bool, tmp_path: Path, published: Path, shipped: Path
) -> None:
    # A source whose age is another a week later: its state is published anew.
    stale = build.unchanged(tmp_path / "raw", shipped, published, AS_OF, OUTCOMES["one failed"] if is_stale else [])
    assert stale is not None
    arguments = [str(tmp_path / "raw"), str(shipped), str(published), (AS_OF + WEEK).isoformat()]
    ended = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT, *arguments], env=os.environ | {"PYTHONPATH": str(paths.PACKAGE.parent)},
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    loaded = set(json.loads(ended.stdout))
    assert "flows.warehouse.kept" in loaded
    heavy = {
        "pyarrow",
        "pandas",
        "numpy",
        "scipy",
        "pydantic",
        "great_expectations",
        "prefect",
        "flows.analysis.computed",
    }
    assert loaded & heavy == set()


@pytest.fixture(scope="module")
def as_built(tmp_path_factory: pytest.TempPathFactory, shipped: Path) -> dict[str, Any]:
    """What the published warehouse was on its day."""
    return of_a_fresh_build(tmp_path_factory.mktemp("as_built"), shipped, AS_OF, [])


@pytest.fixture(scope="module")
def before(warehouse_path: Path) -> dict[str, str]:
    """The checksums of the published warehouse."""
    return checksums(warehouse_path)


# In `make test-all` one for each way: the file stands, some are told of, all are. The others differ in words alone.
SOME_OUTCOMES = ("not asked", "one failed", "all fetched")


@pytest.mark.soak
@pytest.mark.parametrize(
    "what", [pytest.param(what, marks=[pytest.mark.slow] if what in SOME_OUTCOMES else []) for what in OUTCOMES]
)
def test_states_are_those_of_a_fresh_build_of_the_day(
    what: str, tmp_path: Path, published: Path, shipped: Path, as_built: dict[str, Any], before: dict[str, str]
) -> None:
    inode, outcomes, day = published.stat().st_ino, OUTCOMES[what], AS_OF + WEEK
    # Left by a build that was killed: another's log is none of the copy's.
    for name in ("", ".wal"):
        publishing.next_path(published).with_name(publishing.next_path(published).name + name).write_bytes(b"left")
    assert build.unchanged(tmp_path / "raw", shipped, published, day, outcomes) is not None
    assert described(published) == of_a_fresh_build(tmp_path, shipped, day, outcomes)
    assert (published.stat().st_ino == inode) == (what == "not asked")
    # Nothing else is another, the keys among it; and so the next one has nothing to do either.
    assert checksums(published) == before
    # What was made anew by this way is left as it stands by no later build.
    with kept.published(published) as told:
        forgotten = {name for (_, name), key in told.keys.items() if name and not key}
    of_states = downstream(published, "staging.source_state") | {"staging.source_state"}
    assert forgotten == (set() if what == "not asked" else of_states)
    inode = published.stat().st_ino
    assert build.unchanged(tmp_path / "raw", shipped, published, day, outcomes) is not None
    assert published.stat().st_ino == inode
    # Back to where it was.
    assert build.unchanged(tmp_path / "raw", shipped, published, AS_OF) is not None
    assert described(published) == as_built


def test_an_expectation_of_the_day_is_checked_and_not_passed_over(
    tmp_path: Path, published: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(paths.EXPECTATIONS, tmp_path / "expectations")
    path = tmp_path / "expectations" / "meta.sources.json"
    written = json.loads(path.read_text())
    bound = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age_days", "max_value": 30}}
    written["expectations"].append(bound | {"severity": "warning"})
    path.write_text(json.dumps(written))
    monkeypatch.setattr(paths, "EXPECTATIONS", tmp_path / "expectations")
    # As built with that expectation, which is met where no source is stale.
    with connection.connect(published) as con:
        suite = build.suites()["meta.sources"]
        keys = {
            (BUILD, ""): build.identity(tmp_path / "raw", shipped, published, AS_OF).key,
            (SUITE, "meta.sources"): " ".join([validation.asked_key(suite), validation.Seen.of(con, suite).key()]),
        }
        for (kind, name), key in keys.items():
            con.execute("update meta.kept_keys set key = ? where kind = ? and name = ?", [key, kind, name])
    assert build.unchanged(tmp_path / "raw", shipped, published, AS_OF + WEEK) is not None
    before = published.read_bytes()
    assert build.unchanged(tmp_path / "raw", shipped, published, AS_OF + WEEK, OUTCOMES["one failed"]) is None
    assert published.read_bytes() == before


def test_bytes_that_count_are_read_where_nothing_seems_to_have_changed(
    tmp_path: Path, published: Path, shipped: Path
) -> None:
    oldest, older, used = (
        keep(tmp_path, body, f"2026-0{month}-01") for month, body in enumerate((b"1st", b"2nd", b"3rd"), 1)
    )
    bodies = {path: path.read_bytes() for path in (oldest, older, used)}
    # Of the newest version and the one before it, in the order of the folders: fetched, and not among what ships.
    told = " ".join(f"{hashlib.sha256(bodies[path]).hexdigest()}+-" for path in (used, older))
    with connection.connect(published) as con:
        key = build.identity(tmp_path / "raw", shipped, published, AS_OF).key
        con.execute("update meta.kept_keys set key = ? where kind = ?", [key, BUILD])
        con.execute("delete from meta.kept_keys where kind = ?", [BYTES])
        con.execute("insert into meta.kept_keys values (?, 'mlco2/gpus.csv', ?)", [BYTES, told])

    def is_unchanged() -> bool:
        return build.unchanged(tmp_path / "raw", shipped, published, AS_OF) is not None

    assert is_unchanged()
    for path in (used, older):
        path.write_bytes(bodies[path].swapcase())
        assert not is_unchanged(), path
        path.unlink()
        assert not is_unchanged(), path
        path.write_bytes(bodies[path])
        assert is_unchanged(), path
    # Of one that is older still only whether it is there.
    oldest.write_bytes(bodies[oldest].swapcase())
    assert is_unchanged()
    oldest.unlink()
    assert not is_unchanged()


def test_what_ships_says_nothing_of_what_depends_on_the_day() -> None:
    # Else every change of a state would import Great Expectations.
    for table in OF_THE_DAY:
        suite = build.suites().get(table)
        text = "" if suite is None else json.dumps([one["kwargs"] for one in suite.expectations])
        assert [name for name in ("state", "age_days", "message") if f'"{name}"' in text] == [], table


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("staging.source_reading", "is_complete"),
        (kept.UNMET, "finding"),
        ("meta.lineage", "reads"),
        ("meta.pages", "source"),
    ],
)
def test_a_damaged_warehouse_is_no_reason_to_do_nothing(
    table: str, column: str, tmp_path: Path, published: Path, shipped: Path
) -> None:
    with connection.connect(published) as con:
        con.execute(f"alter table {table} drop column {column}")
    assert build.unchanged(tmp_path / "raw", shipped, published, AS_OF + WEEK, OUTCOMES["one failed"]) is None


# --- all of it


def test_a_build_whose_published_warehouse_is_damaged_takes_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path | None] = []

    def stages(*arguments: Any) -> list[Any]:
        asked.append(arguments[-1])
        if arguments[-1] is not None:
            raise DamagedError("a table cannot be read")
        return []

    monkeypatch.setattr(build, "_build", stages)
    monkeypatch.setattr(build, "validate", lambda *_: ["a warning"])
    monkeypatch.setattr(publishing, "publish", lambda *_: None)
    final = tmp_path / "x.duckdb"
    assert build.run(tmp_path / "raw", None, final, AS_OF) == ["a warning"]
    assert asked == [final, None]


# That nothing is taken over from a damaged file is asked of the quick test above; all of its build is in `make soak`.
@pytest.mark.soak
@pytest.mark.parametrize("damage", ["a table", "the file"])
def test_what_is_damaged_becomes_a_fresh_build(
    damage: str, tmp_path: Path, published: Path, shipped: Path, warehouse_path: Path
) -> None:
    if damage == "the file":
        published.write_bytes(b"what is this")
    else:
        with connection.connect(published) as con:
            con.execute("drop table fits.estimates; update meta.kept_keys set key = 'of before' where kind = 'build'")
    build.run(tmp_path / "raw", shipped, published, AS_OF)
    assert checksums(published) == checksums(warehouse_path)
    assert [path.name for path in published.parent.iterdir() if ".duckdb" in path.name] == [published.name]


@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_only_what_is_critical_stops_a_build(severity: str, published: Path) -> None:
    failures = [expectations.Failure("core.t", "x", severity, "3 of 4 rows")]
    if severity == "warning":
        assert build.validate(published, failures) == ["core.t: x: 3 of 4 rows"]
        return
    with pytest.raises(
        BuildError, match=r"not published, 1 critical expectations are not met:\n  core\.t: x: 3 of 4 rows"
    ):
        build.validate(published, failures)


def test_without_any_source_nothing_is_built(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"no source has a page in .*compute-limits refresh"):
        build.read_sources(tmp_path / "x.duckdb", tmp_path / "raw", None, AS_OF)


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda stop: stop.name)
def test_a_build_that_is_stopped_leaves_no_process_and_nothing_behind(
    stop: signal.Signals, tmp_path: Path, shipped: Path
) -> None:
    home, temporary, data = tmp_path / "prefect", tmp_path / "tmp", tmp_path / "data"
    temporary.mkdir()
    env = environment(data, home, COMPUTE_LIMITS_FACTS=str(shipped), TMPDIR=str(temporary))
    process = start(env, tmp_path / "log", "build", "--as-of", AS_OF.isoformat())
    log: Callable[[], str] = (tmp_path / "log").read_text
    try:
        # The build itself, the validator with its folder, and the processes that fit.
        wait_for(lambda: (len(processes(home)) >= 3 and list(temporary.iterdir())) or process.poll() is not None, log)
        assert process.poll() is None, log()
        process.send_signal(stop)
        assert process.wait(timeout=300) != 0
        wait_for(lambda: not processes(home), lambda: str(processes(home)))
        assert list(temporary.iterdir()) == []
    finally:
        kill_left(home)
    assert not (data / "warehouse" / "compute_limits.duckdb").exists()
