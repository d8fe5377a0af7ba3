"""The command line: what it prints, what it refuses, and the status that it ends with; a few of each as a process."""

from __future__ import annotations

import csv
import inspect
import io
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from running import ROOT, command, command_here, environment

from flows import cli, run_records, serve, sources
from flows.answers import query_limits

COMMANDS = [name for name in cli.app if not name.startswith("-")]
ESCAPE = "\x1b"


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> dict[str, str]:
    """The environment of a user who has built the warehouse."""
    home = tmp_path_factory.mktemp("user")
    (home / "data" / "warehouse").mkdir(parents=True)
    shutil.copyfile(warehouse_path, home / "data" / "warehouse" / "compute_limits.duckdb")
    return environment(home / "data", home / "prefect")


@pytest.fixture
def empty(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has nothing."""
    return environment(tmp_path / "data", tmp_path / "prefect")


def refused(env: dict[str, str], *arguments: str) -> str:
    """The one line that a known error gives, without `error: `."""
    ended = command_here(env, *arguments)
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    assert ended.stderr.startswith("error: "), ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr.removeprefix("error: ").strip()


def test_the_help_names_every_command(empty: dict[str, str]) -> None:
    ended = command_here(empty, "--help")
    assert ended.returncode == 0
    assert {"refresh", "build", "sql", "sources", "fit", "export", "bundle", "serve"} <= set(COMMANDS)
    for name in COMMANDS:
        assert re.search(rf"^\W+{name} +[A-Z]\w+ ", ended.stdout, re.MULTILINE), name


def test_the_help_of_serve_has_the_figures_that_hold(empty: dict[str, str]) -> None:
    told = command_here(empty | {"COLUMNS": "400"}, "serve", "--help").stdout
    assert f"the last {run_records.DAYS_KEPT} days, and of {run_records.RUNS_KEPT:,} runs at most" in told
    assert f"Default: {serve.PORT}." in told


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_describes_every_parameter(empty: dict[str, str], name: str) -> None:
    ended = command_here(empty | {"COLUMNS": "400"}, name, "--help")
    assert ended.returncode == 0
    function = cli.app[name].default_command
    # Python 3.13 takes the indentation off docstrings itself.
    documented = dict(re.findall(r"^(\w+)\n    (.+)$", inspect.cleandoc(function.__doc__ or ""), re.MULTILINE))
    for parameter, how in inspect.signature(function).parameters.items():
        # Any number of arguments have no option.
        option = f"--{parameter.replace('_', '-')} " if how.kind != how.VAR_POSITIONAL else f"{parameter.upper()} "
        line = next(line for line in ended.stdout.splitlines() if re.match(rf"│[ *]+([A-Z0-9_]+ )?{option}", line))
        assert documented[parameter].rstrip(".") in line


@pytest.mark.parametrize(
    "arguments",
    [("sql",), ("nope",), ("sql", "select 1", "--format", "xml"), ("fit", "--x", "a"), ("build", "--as-of", "yesterday"),
     ("build", "--nope"), ("fit", "--x", "a", "--y", "b", "--csv", "c", "--form", "cubic"),
     ("fit", "--x", "a", "--y", "b", "--csv", "c", "--direction", "up"),
     ("fit", "--x", "a", "--y", "b", "--csv", "c", "--bootstrap", "many"), ("export", ""), ("report", " "),
     ("serve", "--every", "6h", "--port", "70000")],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_ends_with_2(empty: dict[str, str], arguments: tuple[str, ...]) -> None:
    ended = command_here(empty, *arguments)
    assert ended.returncode == 2, ended
    assert "Traceback" not in ended.stderr + ended.stdout


@pytest.mark.parametrize("arguments", [("sql", "select 1"), ("sources",), ("export", "there")], ids=" ".join)
def test_without_a_warehouse_the_message_says_what_to_run(empty: dict[str, str], arguments: tuple[str, ...]) -> None:
    assert "run `compute-limits build`" in refused(empty, *arguments)


def test_an_unknown_source_lists_the_known(empty: dict[str, str]) -> None:
    told = refused(empty, "refresh", "--source", "nope")
    assert "'nope'" in told
    assert all(name in told for name in sources.names())


def test_fit_wants_a_csv_or_a_query(env: dict[str, str]) -> None:
    assert "--csv" in refused(env, "fit", "--x", "a", "--y", "b")
    assert "--csv" in refused(env, "fit", "--x", "a", "--y", "b", "--csv", "a.csv", "--query", "select 1")
    assert "no such file" in refused(env, "fit", "--x", "a", "--y", "b", "--csv", "nowhere.csv")


def test_bundle_without_pages_says_which_are_missing(empty: dict[str, str]) -> None:
    first = sources.source(sources.names()[0])
    told = refused(empty, "bundle")
    assert all(f"page {page.name} is not kept" in told for page in first.pages)
    assert f"run `compute-limits refresh --source {first.key}` first" in told


@pytest.mark.slow
def test_a_terminal_that_shows_ascii_alone_ends_nothing(env: dict[str, str]) -> None:
    ascii_alone = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    ended = command(env | ascii_alone, "report")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\\u2013" in ended.stdout  # the dash where there is no number
    # What other programs read is UTF-8 all the same.
    query = "select 'gr' || chr(246) as said"
    assert json.loads(command(env | ascii_alone, "sql", query, "--format", "json").stdout) == [{"said": "grö"}]


QUERY = "select 1 as n, 2.5::double as x, null::varchar as gone, date '2020-02-29' as day, 'a,\"b\"\nc' as said"


def test_sql_as_json(env: dict[str, str]) -> None:
    ended = command_here(env, "sql", QUERY, "--format", "json")
    assert ended.returncode == 0, ended
    assert json.loads(ended.stdout) == [{"n": 1, "x": 2.5, "gone": None, "day": "2020-02-29", "said": 'a,"b"\nc'}]
    assert json.loads(command_here(env, "sql", "select 'nan'::double as x, 1 as n", "--format", "json").stdout) == [
        {"x": None, "n": 1}
    ]


def test_numbers_are_numbers_in_json(env: dict[str, str]) -> None:
    ended = command_here(env, "sql", "select sum(n) as whole, 1.25 as part from range(4) as t(n)", "--format", "json")
    assert json.loads(ended.stdout) == [{"whole": 6, "part": 1.25}]


def test_what_sql_is_given_bounds_it(env: dict[str, str]) -> None:
    endless = "with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t"
    assert refused(env, "sql", endless, "--timeout", "0.2") == (
        "the query took longer than 0.2 s and was ended; narrow it, or give it more with --timeout or --memory"
    )
    assert refused(env, "sql", "select range(100_000_000)", "--memory", "100MB").startswith(
        "the query needs more than 0.1 GB"
    )
    assert "no size" in refused(env, "sql", "select 1", "--memory", "much")
    assert "above 0" in refused(env, "sql", "select 1", "--timeout", "0")


def test_a_fit_takes_one_select_and_is_bounded_too(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    columns = ("--x", "x", "--y", "y")
    for form in ((), ("--form", "growth")):
        told = refused(env, "fit", *columns, *form, "--query", "copy (select 1 as x, 2 as y) to 'written.csv'")
        assert told.startswith("COPY is not accepted; this command is for SELECT")
        told = refused(env, "fit", *columns, *form, "--query", "select 1 as x, 2 as y; select 2")
        assert told.startswith("the query is 2 statements")
        monkeypatch.setattr(query_limits, "OF_FIT", replace(query_limits.OF_FIT, memory_bytes=10**8))
        told = refused(env, "fit", *columns, *form, "--query", "select n as x, n as y from range(10_000_000) as t(n)")
        assert told == (
            "the query needs more than 0.1 GB of memory and was ended; narrow it, or write its result to a file with "
            "`compute-limits sql --format csv` and fit that, with --csv"
        )


@pytest.mark.parametrize(
    "arguments",
    [("sql", "select 1"), ("sources",), ("report",), ("export", "{folder}/out"), ("audit",), ("forecast",), ("review",),
     ("changes",), ("quarantine",), ("trace", "marts.exponents", "benchmark=imagenet"),
     ("cost", "--benchmark", "imagenet", "--error", "5%"), ("fit", "--query", "select 1", "--x", "a", "--y", "b")],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
@pytest.mark.parametrize(
    "damage", ["empty", "text", "cut off", "a log of another", "a folder in its place", "of another version"]
)
def test_a_damaged_warehouse_is_said_in_a_sentence(
    empty: dict[str, str], tmp_path: Path, damage: str, arguments: tuple[str, ...], warehouse_path: Path
) -> None:
    path = tmp_path / "data" / "warehouse" / "compute_limits.duckdb"
    path.parent.mkdir(parents=True)
    if damage in ("a log of another", "of another version"):
        duckdb.connect(path).close()
        path.with_name(f"{path.name}.wal").write_bytes(b"" if damage == "of another version" else b"junk")
    elif damage == "a folder in its place":
        path.mkdir()
    elif damage == "cut off":
        with warehouse_path.open("rb") as whole:
            path.write_bytes(whole.read(10**6))
    else:
        path.write_bytes({"empty": b"", "text": b"what is this"}[damage])
    ended = command_here(empty, *(argument.format(folder=tmp_path) for argument in arguments))
    *notes, last = ended.stderr.splitlines()
    if damage in ("a log of another", "of another version"):
        assert "compute_limits.duckdb.wal.aside-1" in ended.stderr
        if arguments[0] == "sql":
            assert (ended.returncode, notes) == (0, [])
            return
        assert len(notes) == 1
    else:
        assert notes == []
        assert re.search("is damaged or no warehouse; run|no warehouse at", last)
    assert ended.returncode == 1
    assert re.search(r"^error: .*(run `compute-limits build|the query has no column|Binder Error)", last)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [("sql", "select 1 as n"), ("sql", "select 1 as n", "--format", "csv"), ("sql", "select 1 as n", "--format", "parquet"),
     ("audit", "imagenet"), ("audit", "imagenet", "--format", "json"), ("review",), ("report", "--svg"), ("theory",)],
    ids=" ".join,
)  # fmt: skip
def test_a_file_that_cannot_be_written_is_said(env: dict[str, str], tmp_path: Path, arguments: tuple[str, ...]) -> None:
    option = () if arguments[0] in ("review", "report") else ("--output",)
    assert "it is a folder; name a file in it" in refused(env, *arguments, *option, str(tmp_path))
    (tmp_path / "file").touch()
    assert "a file stands where a folder has to be" in refused(env, *arguments, *option, str(tmp_path / "file" / "a"))
    if arguments[0] not in ("review", "report"):  # which make the folder
        told = refused(env, *arguments, *option, str(tmp_path / "none" / "a"))
        assert f"there is no folder {tmp_path}/none; make it first" in told
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "command", [("build",), ("sql", "select 1"), ("refresh", "--offline"), ("bundle",), ("sources",)]
)
def test_a_data_path_that_is_a_file_is_said(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "file").touch()
    told = refused(environment(tmp_path / "file", tmp_path / "prefect"), *command)
    assert told == f"COMPUTE_LIMITS_DATA={tmp_path / 'file'} is a file; it names the folder of the data"


def test_a_literal_without_measure_is_quoted_in_part(empty: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(f"x,y\n1,{'9' * 100_000}\n")
    told = refused(empty, "fit", "--csv", str(path), "--x", "x", "--y", "y")
    assert told.startswith(f"{path}, record 1 (line 2), column 'y': '999")
    assert told.endswith(" characters more")
    assert len(told) < 2_100


@pytest.mark.parametrize("form", ["table", "csv"])
def test_a_full_standard_output_is_said(env: dict[str, str], form: str) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "flows", "sql", "select 1", "--format", form],
            cwd=ROOT, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert ended.returncode == 1
    assert re.fullmatch(r"error: .*No space left on device; make room, or name another place\)?\n", ended.stderr)


def test_sql_as_csv(env: dict[str, str]) -> None:
    ended = command_here(env, "sql", QUERY, "--format", "csv")
    assert list(csv.reader(io.StringIO(ended.stdout))) == [
        ["n", "x", "gone", "day", "said"],
        ["1", "2.5", "", "2020-02-29", 'a,"b"\nc'],
    ]


def test_sql_as_parquet_in_a_file(env: dict[str, str], tmp_path: Path) -> None:
    ended = command_here(env, "sql", QUERY, "--format", "parquet", "--output", str(tmp_path / "q.parquet"))
    assert (ended.returncode, ended.stdout) == (0, "")
    assert pq.read_table(tmp_path / "q.parquet").to_pylist() == [
        {"n": 1, "x": 2.5, "gone": None, "day": date(2020, 2, 29), "said": 'a,"b"\nc'}
    ]


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_sql_to_a_file_is_what_it_prints(env: dict[str, str], tmp_path: Path, form: str) -> None:
    query = "select benchmark, n, slope from exports.scaling order by all limit 3"
    printed = command_here(env, "sql", query, "--format", form)
    written = command_here(env, "sql", query, "--format", form, "--output", str(tmp_path / "out"))
    assert (written.returncode, written.stdout) == (0, ""), written
    assert (tmp_path / "out").read_text(encoding="utf-8") == printed.stdout


def test_a_piped_table_is_plain_and_cuts_no_cell(env: dict[str, str]) -> None:
    long = "x" * 500
    ended = command(env, "sql", f"select 1 as n, '{long}' as long, '[red]not markup[/red]' as said")
    assert ended.returncode == 0
    assert long in ended.stdout
    assert "[red]not markup[/red]" in ended.stdout
    assert ESCAPE not in ended.stdout


@pytest.mark.parametrize(
    "statement",
    ["drop table core.papers", "copy (select 1) to '{folder}/written.csv'", "select * from read_csv('/etc/passwd')",
     "attach '{folder}/written.duckdb'", "load httpfs", "set enable_external_access = true"],
)  # fmt: skip
def test_what_sql_refuses_ends_with_1(env: dict[str, str], tmp_path: Path, statement: str) -> None:
    ended = command_here(env, "sql", statement.format(folder=tmp_path))
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    assert ended.stderr.startswith("error: "), ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())


def rows_of(table: str) -> list[list[str]]:
    """The cells of a table's rows, a last one that was broken into lines put together again."""
    rows: list[list[str]] = []
    for line in re.split(r"─ *\n", table)[1].splitlines():
        cells = re.split("  +", line.strip())
        if line.startswith("   ") and cells != [""]:
            rows[-1][-1] += f" {cells[0]}"
        elif cells != [""]:
            rows.append(cells)
    return rows


def test_sources_shows_each_with_its_licence_and_counts(env: dict[str, str]) -> None:
    ended = command_here(env, "sources")
    assert ended.returncode == 0
    shown = rows_of(ended.stdout)
    assert {row[0]: row[-1] for row in shown} == {name: sources.source(name).licence for name in sources.names()}
    assert all(row[1] == "shipped" for row in shown)
    assert re.search(r"owid_carbon.* 6332 +6332 +0 +0 ", ended.stdout)
    assert ESCAPE not in ended.stdout


def test_build_needs_no_network_and_no_folder(said: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    ended, path = said
    assert ended.returncode == 0, ended
    assert ended.stderr == ""  # no progress bar where it is piped
    assert ESCAPE not in ended.stdout
    assert re.search(r"ImageNet .* 11\.5 +14 +6 +6 +14 +6 +6 ", ended.stdout)
    assert "figure_3 90 of 90" in ended.stdout
    have, where, moved, then = ended.stdout.splitlines()[-4:]
    with duckdb.connect(path, read_only=True) as con:
        results, newest = con.execute(
            "select (select count(*) from core.results), max(retrieved_on) from meta.pages"
        ).fetchall()[0]
    assert re.match(
        rf"have +{results:,} results of .* from {len(sources.names())} sources, newest page of {newest}$", have
    )
    assert re.match(r"where +/.*/data/warehouse/compute_limits\.duckdb$", where)
    assert re.match(r"moved +(nothing|\d+ exponents? and \d+ lowest errors?) since (the state of )?2026-08-31", moved)
    assert re.match(r'next +compute-limits sql "show tables"', then)
    assert "expect_" not in ended.stdout
    with duckdb.connect(path, read_only=True) as con:
        states = dict(con.execute("select source, state from meta.sources").fetchall())
    assert states == dict.fromkeys(sources.names(), "shipped")


@pytest.mark.slow
def test_strict_fails_where_a_source_is_absent(
    empty: dict[str, str], tmp_path: Path, shipped: Path, warehouse_path: Path
) -> None:
    facts = shutil.copytree(shipped, tmp_path / "facts", ignore=shutil.ignore_patterns("gpu_info"))
    # What is of other sources is taken over from a warehouse that was built with all.
    (tmp_path / "data" / "warehouse").mkdir(parents=True)
    shutil.copyfile(warehouse_path, tmp_path / "data" / "warehouse" / "compute_limits.duckdb")
    ended = command_here(empty | {"COMPUTE_LIMITS_FACTS": str(facts)}, "build", "--strict")
    assert ended.returncode == 1
    assert ended.stderr == "error: not all sources are fresh: gpu_info is absent\n"
    assert ended.stdout.splitlines()[-1] == "degraded: gpu_info is absent (gpu.json)"
    assert "gpu_info" in ended.stdout  # published and shown all the same


def test_fit_of_a_csv(env: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("flop,error\n1e10,0.5\n1e12,0.25\n1e14,0.125\n1e16,0.0625\n,\n")
    ended = command_here(env, "fit", "--csv", str(path), "--x", "flop", "--y", "error", "--json")
    assert ended.returncode == 0, ended
    told = json.loads(ended.stdout)
    named = "n, intercept, slope, se, p, r_squared, low, high, exponent, aic, bic, log_likelihood"
    assert set(named.split(", ")) <= told.keys()
    # Halving the error takes 100 times the computation.
    assert told["n"] == 4
    assert told["slope"] == pytest.approx(0.150515, abs=1e-6)
    assert told["exponent"] == pytest.approx(6.643856, abs=1e-6)
    assert told["r_squared"] == pytest.approx(1)


def test_fit_of_a_query_is_the_line_in_the_table(env: dict[str, str]) -> None:
    where = "row_set = 'paper_v1' and benchmark = 'imagenet'"
    points = f"select pow(10, log10_compute) as computation, error from fits.points where {where}"
    ended = command_here(env, "fit", "--query", points, "--x", "computation", "--y", "error", "--json")
    assert ended.returncode == 0, ended
    line = (
        "select n, intercept, slope, slope_se as se, p_value as p, r_squared, exponent, exponent_low, exponent_high, status "
        f"from exports.scaling where {where} and form = 'polynomial' and selection = 'all' and direction = 'y_on_x'"
    )
    (wanted,) = json.loads(command_here(env, "sql", line, "--format", "json").stdout)
    told = json.loads(ended.stdout)
    assert {name: told[name] for name in wanted} == pytest.approx(wanted)


def test_a_fit_is_printed_line_by_line(env: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("a,b\n1,2\n2,4\n3,6.5\n")
    ended = command_here(env, "fit", "--csv", str(path), "--x", "a", "--y", "b", "--form", "linear")
    shown = dict(line.split(maxsplit=1) for line in ended.stdout.splitlines())
    assert [shown[name] for name in ("form", "n", "slope", "exponent")] == ["linear", "3", "2.25", "–"]
    assert ended.stderr == ""
    assert "'c'" in refused(env, "fit", "--csv", str(path), "--x", "c", "--y", "b")


def test_what_fit_cannot_do_is_said(env: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("a,b\n1,0.5\n2,0.4\n3,0\n")
    columns = ("--csv", str(path), "--x", "a", "--y", "b")
    assert refused(env, "fit", *columns).startswith("record 3 (line 4): 3, 0: computation and error must be positive")
    told = refused(env, "fit", *columns, "--estimator", "lasso")
    assert (
        told
        == "no estimator 'lasso'; there are: ols, ols_hc3, quantile:<tau>, huber, theil_sen, deming, york, huber_log"
    )


LEFT_EARLY = """
import os
from flows import cli
reader, writer = os.pipe()
os.dup2(writer, 1)
def written(_):
    os.close(reader)
    print("x" * 10 ** 6)
cli._run = written
cli.main([])
"""


LOADED = """
import sys
from flows import cli
try:
    cli.main(sys.argv[1:])
finally:
    print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""
HEAVY = {"scipy", "numpy", "pandas", "pyarrow", "prefect", "great_expectations", "sqlglot", "requests", "lxml"}


@pytest.mark.parametrize(
    "arguments",
    [("sql", "select 1 as n"), ("sql", "select 1 as n", "--format", "csv"), ("sql", "select 1 as n", "--format", "json"),
     ("sources",), ("report",)],
    ids=" ".join,
)  # fmt: skip
def test_reading_the_warehouse_loads_nothing_heavy(env: dict[str, str], arguments: tuple[str, ...]) -> None:
    code = [sys.executable, "-c", LOADED, *arguments]
    ended = subprocess.run(code, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert ended.stdout
    loaded = set(ended.stderr.split())
    assert "duckdb" in loaded
    assert not loaded & HEAVY


def test_a_reader_that_leaves_early_is_no_fault(empty: dict[str, str]) -> None:
    # As `| head` does: the write that nobody reads fails.
    ended = subprocess.run([sys.executable, "-c", LEFT_EARLY], env=empty, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (141, "")
