"""flows/warehouse/{expectations,checking}.py: what follows from a grain, what a file adds, what is told where it does not hold."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import part_of_it
import pytest
from conftest import AS_OF

from flows import build, paths
from flows.analysis import computed
from flows.warehouse import connection, expectations, publishing, sql_files, validator
from flows.warehouse.connection import BuildError
from flows.warehouse.expectations import Failure, Suite, SuiteError, suite_key, suite_of
from flows.warehouse.sql_files import SqlFileError

SUITES = sorted(paths.EXPECTATIONS.glob("*.json"))
# Of each table that is made; read once, for hundreds of tests ask.
GRAINS = build.grains()
SQL_TABLES = sorted(
    f"{path.parent.name}.{path.stem}"
    for path in sql_files.table_paths(paths.SQL)
    if path.parent.name != sql_files.VIEWS
)

ROWS = "expect_table_row_count_to_be_between"
BETWEEN = "expect_column_values_to_be_between"
TOGETHER = "expect_compound_columns_to_be_unique"
UNIQUE = "expect_column_values_to_be_unique"
NO_NULL = "expect_column_values_to_not_be_null"
NO_NULLS = "expect_multicolumn_values_to_not_be_null"


def expectation(kind: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "severity": severity}


NEVER = expectation(ROWS, max_value=1)
ALWAYS = expectation(ROWS, min_value=1)


def suite(root: Path, table: str, *expectations: dict[str, Any], name: str | None = None) -> Path:
    root.mkdir(exist_ok=True)
    content = {"name": name or table, "expectations": list(expectations)}
    (root / f"{table}.json").write_text(json.dumps(content), encoding="utf-8")
    return root


@pytest.fixture
def spoiled(tmp_path: Path, warehouse_path: Path) -> Callable[..., Path]:
    """A copy of the tables of the shared warehouse that statements name, on which they were run."""

    def spoil(*statements: str) -> Path:
        copy = tmp_path / "copy.duckdb"
        with connection.connect(copy) as con:
            con.execute(f"attach '{warehouse_path}' as whole (read_only)")
            for schema, table in sorted(set(re.findall(r"\b(core|fits|marts|meta)\.(\w+)", " ".join(statements)))):
                con.execute(f"create schema if not exists {schema}")
                con.execute(f"create table {schema}.{table} as from whole.{schema}.{table}")
            for statement in statements:
                con.execute(statement)
        return copy

    return spoil


def check(path: Path, table: str, *particular: dict[str, Any], root: Path) -> list[Failure]:
    """What one table fails of its own grain and of some expectations in a file."""
    root.mkdir(exist_ok=True)
    if particular:
        suite(root, table, *particular)
    return validator.validate(path, root, {table: GRAINS[table]})


# --- the grain that a table declares


def test_every_table_that_is_made_declares_its_grain(warehouse_path: Path) -> None:
    grains = GRAINS
    assert set(grains) == {*SQL_TABLES, *computed.TABLES}
    with connection.connect(warehouse_path, read_only=True) as con:
        made = {table for table in connection.tables(con) if not table.startswith("staging.")}
        assert made - set(grains) == {"meta.kept_keys", "meta.lineage", "meta.unmet_expectations"}
        for table, grain in grains.items():
            columns = {name for name, *_ in con.execute(f"describe {table}").fetchall()}
            assert {column.removesuffix("?") for column in grain} <= columns, table
    # A fit is of a set of points; each has a key.
    assert all(grains[table] for table in computed.TABLES)


def test_only_few_tables_have_no_key_and_they_say_why() -> None:
    assert {table for table, grain in GRAINS.items() if not grain} == {
        "core.artefacts", "core.listed_prices", "core.observations", "core.point_findings", "core.rejected_cells",
        "core.scenario_prices",
    }  # fmt: skip


def test_a_key_column_is_called_nullable_only_where_it_is_null(warehouse_path: Path) -> None:
    with connection.connect(warehouse_path, read_only=True) as con:
        for table, grain in GRAINS.items():
            for column in grain:
                nulls = con.execute(f'select count(*) from {table} where "{column.removesuffix("?")}" is null')
                assert (nulls.fetchall()[0][0] > 0) == column.endswith("?"), (table, column)


@pytest.mark.parametrize(
    ("second", "grain"),
    [
        ("-- grain: source", ("source",)),
        ("-- grain: source, benchmark?, page", ("source", "benchmark?", "page")),
        ("-- grain: none, a record may be here twice", ()),
    ],
)
def test_the_second_line_is_the_grain(tmp_path: Path, second: str, grain: tuple[str, ...]) -> None:
    path = tmp_path / "core" / "t.sql"
    path.parent.mkdir()
    path.write_text(f"-- One row per thing.\n{second}\nselect 1 as source from core.x\n", encoding="utf-8")
    assert sql_files.grains(tmp_path) == {"core.t": grain}


@pytest.mark.parametrize(
    "second",
    ["", "-- what it is", "-- grain:", "-- grain: none", "-- grain: a b", "-- grain: a,", "-- grain: a,b", "-- key: a"],
)  # fmt: skip
def test_a_file_that_states_no_grain_is_named(tmp_path: Path, second: str) -> None:
    path = tmp_path / "core" / "t.sql"
    path.parent.mkdir()
    path.write_text(f"-- One row per thing.\n{second}\nselect 1 as a from core.x\n", encoding="utf-8")
    with pytest.raises(SqlFileError, match=r"core\.t: the second line .* must name the key columns .*-- grain: a, b"):
        sql_files.grains(tmp_path)


# --- the suite that follows


def test_what_follows_from_a_grain() -> None:
    assert suite_of("core.t", ("a", "b?", "c")).expectations == (
        expectation(ROWS, "warning", min_value=1),
        expectation(TOGETHER, column_list=["a", "b", "c"]),
        expectation(NO_NULLS, column_list=["a", "c"]),
    )
    assert suite_of("core.t", ("a",)).expectations == (
        expectation(ROWS, "warning", min_value=1),
        expectation(UNIQUE, column="a"),
        expectation(NO_NULL, column="a"),
    )
    assert suite_of("core.t", ()).expectations == (expectation(ROWS, "warning", min_value=1),)
    assert suite_of("core.t", ("a", "b?")).key == ("a", "b")


def test_a_row_count_of_the_file_stands_for_the_general_one() -> None:
    own = expectation(ROWS, min_value=30)
    assert suite_of("core.t", (), [own]).expectations == (own,)


def test_what_is_never_null_is_one_expectation() -> None:
    several = expectation(NO_NULLS, column_list=["c", "a"])
    doubtful = expectation(NO_NULL, "warning", column="f")
    conditional = expectation(NO_NULL, column="g", row_condition="a > 1", condition_parser="pandas")
    single = expectation(NO_NULL, column="d") | {"notes": "what the table is for"}
    particular = [several, doubtful, expectation(BETWEEN, column="c", max_value=1), conditional, single]
    assert suite_of("core.t", ("a", "b?"), particular).expectations[2:] == (
        expectation(NO_NULLS, column_list=["a", "c", "d"]),
        doubtful,
        expectation(BETWEEN, column="c", max_value=1),
        conditional,
    )


def test_a_table_without_a_file_has_a_suite_and_one_without_a_grain_only_its_file(tmp_path: Path) -> None:
    root = suite(tmp_path / "e", "staging.y", ALWAYS)
    suites = expectations.suites({"core.x": ("a",)}, root)
    assert list(suites) == ["core.x", "staging.y"]
    assert suites["core.x"] == suite_of("core.x", ("a",))
    assert suites["staging.y"].expectations == (ALWAYS,)


def test_the_key_of_a_suite_is_that_of_its_content() -> None:
    one = suite_of("core.t", ("a",), [expectation(BETWEEN, column="a", max_value=1)])
    assert suite_key(one) == suite_key(suite_of("core.t", ("a",), [expectation(BETWEEN, max_value=1, column="a")]))
    others = [
        suite_of("core.u", ("a",), [expectation(BETWEEN, column="a", max_value=1)]),
        suite_of("core.t", ("a?",), [expectation(BETWEEN, column="a", max_value=1)]),
        suite_of("core.t", ("a",), [expectation(BETWEEN, column="a", max_value=2)]),
        suite_of("core.t", ("a",), [expectation(BETWEEN, "warning", column="a", max_value=1)]),
        suite_of("core.t", ("a",)),
    ]
    assert len({suite_key(suite) for suite in [one, *others]}) == 1 + len(others)


# --- the files that ship


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_a_file_says_only_what_is_particular_and_why(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))["expectations"]
    grain = GRAINS[path.stem]
    derived = suite_of(path.stem, grain).expectations
    keys = {column for column in grain if not column.endswith("?")}
    assert content
    for one in content:
        assert one["severity"] in ("critical", "warning"), one
        assert one not in derived
        if one["type"] in (NO_NULL, NO_NULLS):
            assert not keys & {one["kwargs"].get("column"), *one["kwargs"].get("column_list", [])}, one
        # A bound has a reason; that an empty table is no table needs none.
        if {"min_value", "max_value", "regex", "value"} & set(one["kwargs"]) and one["type"] != ROWS:
            assert one["notes"].strip(), one


@pytest.fixture(scope="module")
def suites() -> dict[str, Suite]:
    return expectations.suites(GRAINS)


@pytest.mark.parametrize("table", sorted(GRAINS))
def test_every_table_that_is_made_has_its_rows_counted(suites: dict[str, Suite], table: str) -> None:
    # An empty frame passes every other rule.
    counted = [one for one in suites[table].expectations if one["type"] == ROWS]
    assert len(counted) == 1
    # These are empty where nothing is wrong, or nothing has moved.
    may_be_empty = table in (
        *("core.duplicates", "core.quarantine", "core.rejected_cells", "meta.held_pages"),
        *("meta.past_builds", "meta.changed_pages", "marts.changed_points", "marts.changes"),
    )
    assert (counted[0]["kwargs"]["min_value"] == 0) == may_be_empty


@pytest.mark.slow
def test_what_ships_meets_all_that_is_critical(warehouse_path: Path) -> None:
    failures = validator.validate(warehouse_path, grains=build.grains())
    assert [str(failure) for failure in failures if failure.severity == "critical"] == []
    # What is known of the sources: 2 prices of servers, 4 old boards, 3 prices of wafers.
    assert {(failure.table, failure.finding.partition(",")[0]) for failure in failures} == {
        ("core.prices", "2 of 631 rows"), ("core.processors", "4 of 9469 rows"),
        ("core.processors", "3 of 9469 rows"),
    }  # fmt: skip


# --- files that cannot be run


def test_a_suite_under_another_name_is_refused(tmp_path: Path) -> None:
    root = suite(tmp_path / "e", "core.results", ALWAYS, name="core.result")
    with pytest.raises(SuiteError, match=r"core\.results\.json: the suite is named 'core\.result'"):
        expectations.suites({}, root)


def test_a_suite_for_no_table_is_refused_with_near_names(tmp_path: Path, warehouse_path: Path) -> None:
    root = suite(tmp_path / "e", "core.result", ALWAYS)
    message = r"core\.result\.json: the warehouse has no table core\.result; near names: .*core\.results"
    with pytest.raises(SuiteError, match=message):
        validator.validate(warehouse_path, root, {})


def test_an_expectation_of_an_unknown_type_is_refused_with_near_names(tmp_path: Path, warehouse_path: Path) -> None:
    # Great Expectations logs it and goes on.
    unknown = expectation("expect_column_values_to_be_betwixt", column="value", max_value=1)
    with pytest.raises(SuiteError, match=rf"core\.results\.json: not run: {unknown['type']} \(near names: .*{BETWEEN}"):
        check(warehouse_path, "core.results", ALWAYS, unknown, root=tmp_path / "e")


def test_an_expectation_that_lacks_what_it_needs_is_refused(tmp_path: Path, warehouse_path: Path) -> None:
    good, bad = expectation(BETWEEN, column="error", max_value=1), expectation(BETWEEN, columm="value", max_value=100)
    with pytest.raises(SuiteError, match=r"(?s)core\.results\.json: .*ExpectColumnValuesToBeBetween.*columm"):
        check(warehouse_path, "core.results", good, bad, root=tmp_path / "e")


@pytest.mark.parametrize(
    "text",
    ["{", "{}", '{"name": "core.results"}', '{"name": "core.results", "expectations": [{"type": "x"}]}',
     '{"name": "core.results", "expectations": ["x"]}', '{"name": "core.results", "expectations": {"type": "x"}}'],
)  # fmt: skip
def test_a_file_that_is_no_suite_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "core.results.json").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError, match=r"core\.results\.json: not a suite"):
        expectations.suites({}, tmp_path)


# --- what a failure tells


def test_a_failure_names_table_rule_and_values(tmp_path: Path, warehouse_path: Path) -> None:
    rule = expectation(
        "expect_column_values_to_be_in_set", "warning", column="benchmark", value_set=["imagenet", "coco"]
    )
    failures = check(warehouse_path, "core.results", rule, root=tmp_path / "e")
    assert [(one.table, one.severity) for one in failures] == [("core.results", "warning")]
    with connection.connect(warehouse_path, read_only=True) as con:
        counted = con.execute(
            "select count(*) filter (benchmark not in ('imagenet', 'coco')), count(*) from core.results"
        ).fetchone()
        there = {name for (name,) in con.execute("select distinct benchmark from core.results").fetchall()}
    assert counted is not None
    assert failures[0].expectation.startswith("expect_column_values_to_be_in_set({'column': 'benchmark'")
    assert f"{counted[0]} of {counted[1]} rows" in failures[0].finding
    values = json.loads(failures[0].finding.partition("such as ")[2].replace("'", '"'))
    assert values
    assert not {"imagenet", "coco"} & set(values)
    assert set(values) <= there


def test_a_null_is_told_with_its_column_and_the_keys_of_its_rows(tmp_path: Path, spoiled: Callable[..., Path]) -> None:
    copy = spoiled(
        "create or replace table core.conversions as select * from core.conversions where scenario = 'paper_2020' "
        "order by quantity limit 3",
        "update core.conversions set citation = null where quantity in (select min(quantity) from core.conversions)",
        "update core.conversions set unit = null",
    )
    with connection.connect(copy, read_only=True) as con:
        quantities = [name for (name,) in con.execute("select quantity from core.conversions").fetchall()]
    particular = expectation(NO_NULLS, column_list=["citation", "value", "unit"])
    failures = check(copy, "core.conversions", particular, root=tmp_path / "e")
    # A pass over five columns fails; each column with a null is told, and no other.
    rows = [{"unit": None, "scenario": "paper_2020", "quantity": quantity} for quantity in quantities]
    assert {one.expectation: (one.severity, one.finding) for one in failures} == {
        f"{NO_NULL}({{'column': 'citation'}})": (
            "critical",
            f"1 of 3 rows, such as [{ {'citation': None, 'scenario': 'paper_2020', 'quantity': min(quantities)} }]",
        ),
        f"{NO_NULL}({{'column': 'unit'}})": ("critical", f"3 of 3 rows, such as {rows}"),
    }


def test_an_expectation_that_cannot_run_is_a_failure(tmp_path: Path, warehouse_path: Path) -> None:
    missing = [
        expectation(NO_NULL, column="no_such_column"),
        expectation(BETWEEN, "warning", column="nor_this_one", max_value=1),
    ]
    failures = check(warehouse_path, "core.results", *missing, root=tmp_path / "e")
    assert {(one.expectation.partition("(")[0], one.severity) for one in failures} == {
        (NO_NULL, "critical"),
        (BETWEEN, "warning"),
    }
    assert all("could not be run" in one.finding for one in failures)
    assert {"no_such_column", "nor_this_one"} == {
        name for name in ("no_such_column", "nor_this_one") for one in failures if name in one.finding
    }


def test_a_grain_of_a_column_that_is_not_there_is_a_failure(tmp_path: Path, warehouse_path: Path) -> None:
    failures = validator.validate(warehouse_path, tmp_path, {"core.results": ("source", "no_such_column")})
    assert {one.severity for one in failures} == {"critical"}
    assert all("no_such_column" in str(one) for one in failures)


# --- faults that are seen

SAMPLE = "(select min(sample_id) from fits.estimates)"


@pytest.mark.parametrize(
    ("table", "spoil", "rule", "severity", "finding"),
    [
        # Of a table with a file, of one without, of a computed one.
        ("marts.costs", "insert into marts.costs from marts.costs limit 1", TOGETHER, "critical", "2 of "),
        ("fits.targets", "insert into fits.targets from fits.targets limit 1", TOGETHER, "critical", "2 of "),
        ("fits.estimates", "insert into fits.estimates from fits.estimates limit 1", TOGETHER, "critical", "2 of "),
        ("core.models", "insert into core.models from core.models limit 1", UNIQUE, "critical", "2 of "),
        ("core.models", "update core.models set model_id = null where n_mentions = 1", NO_NULL, "critical", "model_id"),
        ("fits.targets", "update fits.targets set target = null where sample_id = 1", NO_NULL, "critical", "'sample_id': 1"),
        ("fits.estimates", f"update fits.estimates set form = null where sample_id = {SAMPLE}", NO_NULL, "critical", "form"),
        ("core.conflicts", "insert into core.conflicts from core.conflicts limit 1", TOGETHER, "critical", "2 of "),
        ("fits.targets", "delete from fits.targets", ROWS, "warning", "observed 0"),
        ("fits.estimates", "delete from fits.estimates", ROWS, "warning", "observed 0"),
        ("core.results", "delete from core.results", ROWS, "warning", "observed 0"),
        ("core.artefacts", "delete from core.artefacts", ROWS, "warning", "observed 0"),
        # In particular.
        ("core.conversions", "delete from core.conversions", ROWS, "critical", "observed 0"),
        ("core.results", "update core.results set value = 100", BETWEEN, "critical", "[100.0, "),
        ("core.artefacts", "update core.artefacts set evidence = null", NO_NULL, "critical", "evidence"),
        ("meta.pages", "update meta.pages set sha256 = 'x'", "expect_column_value_lengths_to_equal", "critical", "'x'"),
        ("core.carbon_intensities", "update core.carbon_intensities set year = 2000", TOGETHER, "warning", "'year': 2000"),
        # Of clusters it is null, which is no fault: all others must tell it.
        ("marts.hardware_growth", "update marts.hardware_growth set processor_kind = null where quantity = 'specint'", NO_NULL,
         "critical", "72 of "),
    ],
)  # fmt: skip
def test_a_fault_is_seen(
    spoiled: Callable[..., Path], tmp_path: Path, table: str, spoil: str, rule: str, severity: str, finding: str
) -> None:
    root = tmp_path / "e"
    root.mkdir()
    if (paths.EXPECTATIONS / f"{table}.json").exists():
        shutil.copy(paths.EXPECTATIONS / f"{table}.json", root)
    failures = check(spoiled(spoil), table, root=root)
    assert any(
        one.expectation.startswith(f"{rule}(") and one.severity == severity and finding in str(one) for one in failures
    ), failures


@pytest.mark.parametrize("table", ["core.duplicates", "core.quarantine", "core.rejected_cells"])
def test_a_table_of_faults_may_be_empty(spoiled: Callable[..., Path], tmp_path: Path, table: str) -> None:
    shutil.copytree(
        paths.EXPECTATIONS, tmp_path / "e", ignore=lambda _, names: {n for n in names if n != f"{table}.json"}
    )
    assert check(spoiled(f"delete from {table}"), table, root=tmp_path / "e") == []


def test_two_nulls_in_a_key_are_the_same_value(spoiled: Callable[..., Path], tmp_path: Path) -> None:
    copy = spoiled(
        "create or replace table core.conflicts as select * replace (null as image_size) from core.conflicts limit 1",
        "insert into core.conflicts select * replace ('of another record' as locator) from core.conflicts",
    )
    (failure,) = check(copy, "core.conflicts", root=tmp_path / "e")
    assert failure.finding.startswith("2 of 2 rows")


# --- what it costs to import


def test_to_say_what_is_expected_imports_nothing_heavy() -> None:
    code = "import sys\nfrom flows.warehouse import expectations, validator\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert not {"great_expectations", "pandas", "scipy"} & set(done.stdout.split())


# --- in a build


@pytest.fixture
def facts(tmp_path: Path, shipped: Path) -> Path:
    shutil.copytree(shipped / "computerprogress", tmp_path / "facts" / "computerprogress")
    return tmp_path / "facts"


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory, shipped: Path) -> tuple[Path, list[str], list[str]]:
    """A folder with the facts of one source and what was built of it, under an expectation that is not met; warnings; steps."""
    folder, steps = tmp_path_factory.mktemp("warned"), list[str]()
    shutil.copytree(shipped / "detectron", folder / "facts" / "detectron")
    with pytest.MonkeyPatch.context() as patched:
        root = suite(folder / "e", "core.results", NEVER | {"severity": "warning"})
        patched.setattr(paths, "EXPECTATIONS", root)
        told = build.run(folder / "raw", folder / "facts", folder / "final.duckdb", AS_OF, steps.append)
    return folder, told, steps


@pytest.mark.slow
def test_a_critical_failure_publishes_nothing(
    tmp_path: Path, warned: tuple[Path, list[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    final = tmp_path / "out" / "final.duckdb"
    final.parent.mkdir()
    shutil.copy(warned[0] / "final.duckdb", final)
    before = final.read_bytes()
    monkeypatch.setattr(paths, "EXPECTATIONS", suite(tmp_path / "e", "core.results", NEVER))
    with pytest.raises(BuildError, match=r"1 critical expectations are not met:\n  core\.results: .*\n.*before stands"):
        build.run(warned[0] / "raw", warned[0] / "facts", final, AS_OF)
    assert final.read_bytes() == before
    # What was built is there to be looked at.
    with connection.connect(publishing.next_path(final), read_only=True) as con:
        assert con.execute("select count(*) from core.results").fetchone() == (104,)


@pytest.mark.slow
def test_warnings_are_told_and_do_not_block(warned: tuple[Path, list[str], list[str]]) -> None:
    folder, warnings, steps = warned
    final = folder / "final.duckdb"
    (of_results,) = [warning for warning in warnings if warning.startswith("core.results: ")]
    assert of_results == "core.results: the number of rows is not at most 1 (observed 104)"
    # One source gives few of the tables; each that is empty is told, and nothing else.
    with connection.connect(final, read_only=True) as con:
        empty = [table for table in sorted(build.grains()) if con.execute(f"from {table} limit 1").fetchone() is None]
    assert "core.prices" in empty
    assert [warning.partition(": ")[0] for warning in warnings if warning != of_results] == empty
    assert steps == [
        "looking for what has changed",
        "reading pages and facts",
        "computing and checking tables",
        "validating",
        "publishing",
    ]


def test_a_row_that_is_lost_stops_before_the_expectations(
    tmp_path: Path, facts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "built.duckdb"
    build.read_sources(path, tmp_path / "raw", facts, AS_OF)
    with connection.connect(path) as con:
        con.execute("update staging.page_count set rows_read = rows_read + 1 where page = 'imagenet_data.js'")
    part_of_it.make(path, "meta.pages")
    monkeypatch.setattr(paths, "EXPECTATIONS", suite(tmp_path / "e", "core.results", ALWAYS))
    with pytest.raises(BuildError, match=r"computerprogress, page imagenet_data\.js: 14 rows read, 13"):
        build.validate(path, [])


def test_of_a_table_is_asked_what_its_suite_names_and_nothing_else() -> None:
    bound = expectation(BETWEEN, column="b", max_value=9)
    asked = []
    with connection.connect(":memory:") as con:
        for values in (
            "1 as a, 2 as b, 3 as c",
            "1 as a, 2 as b, 4 as c",
            "1 as a, 5 as b, 3 as c",
            "1 as a, 2::double as b, 3 as c",
        ):
            con.execute(f"create schema if not exists core; create or replace table core.t as select {values}")
            asked.append(expectations.asked(con, suite_of("core.t", ("a",), [bound])))
        con.execute("insert into core.t select * from core.t")
        asked.append(expectations.asked(con, suite_of("core.t", (), [ALWAYS])))
    assert [one == asked[0] for one in asked] == [True, True, False, False, False]
    assert len(asked[-1][1]) == 2


MEAN = {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "a"}, "severity": "warning"}
AT_MOST_ONE = {"type": expectations.UNIQUE, "kwargs": {"column": "c"}, "severity": "critical"}
SHARE = {
    "type": "expect_column_values_to_be_between",
    "kwargs": {"column": "a", "max_value": 1, "mostly": 0.9},
    "severity": "warning",
}


@pytest.mark.parametrize(
    ("grain", "particular", "by"),
    [
        (("a", "b?"), [], ("a", "b")),
        ((), [], ()),
        (("c", "a"), [AT_MOST_ONE], ("c",)),
        (("a", "b"), [AT_MOST_ONE], None),
        (("a",), [MEAN], None),
        (("a",), [SHARE], None),
    ],
)
def test_a_table_is_dealt_by_what_must_be_unique_or_not_at_all(
    grain: tuple[str, ...], particular: list[dict[str, Any]], by: tuple[str, ...] | None
) -> None:
    assert expectations.dealt_by(expectations.suite_of("core.t", grain, particular)) == by
