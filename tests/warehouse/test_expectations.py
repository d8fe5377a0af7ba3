"""flows/warehouse/expectations.py: an expectation that is not met blocks or is told, and one that cannot run is no silence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import AS_OF

from flows import build, paths
from flows.warehouse import connection, expectations, publishing
from flows.warehouse.connection import BuildError
from flows.warehouse.expectations import SuiteError

SUITES = sorted(paths.EXPECTATIONS.glob("*.json"))


def expectation(kind: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "severity": severity, "notes": "for the test"}


ROWS = "expect_table_row_count_to_be_between"
NEVER = expectation(ROWS, max_value=1)
ALWAYS = expectation(ROWS, min_value=1)


def suite(root: Path, table: str, *expectations: dict[str, Any], name: str | None = None) -> Path:
    root.mkdir(exist_ok=True)
    told = {"name": name or table, "expectations": list(expectations)}
    (root / f"{table}.json").write_text(json.dumps(told), encoding="utf-8")
    return root


# These are empty where nothing is wrong.
MAY_BE_EMPTY = {"core.duplicates", "core.quarantine", "core.rejected_cells"}


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_every_suite_gives_its_reasons(path: Path) -> None:
    told = expectations.suites()[path.stem]["expectations"]
    assert told
    for one in told:
        assert one["severity"] in ("critical", "warning"), one
        assert one["notes"].strip(), one


@pytest.mark.parametrize("table", sorted({path.stem for path in SUITES} - MAY_BE_EMPTY))
def test_every_suite_counts_rows(table: str) -> None:
    # An empty frame passes every other rule.
    counted = [one["kwargs"] for one in expectations.suites()[table]["expectations"] if one["type"] == ROWS]
    assert any(kwargs.get("min_value", 0) > 0 for kwargs in counted)


def test_what_ships_meets_all_that_is_critical(warehouse_path: Path) -> None:
    assert [str(failure) for failure in expectations.validate(warehouse_path) if failure.severity == "critical"] == []


def test_a_suite_under_another_name_is_refused(tmp_path: Path) -> None:
    root = suite(tmp_path / "e", "core.results", ALWAYS, name="core.result")
    with pytest.raises(SuiteError, match=r"core\.results\.json: the suite is named 'core\.result'"):
        expectations.suites(root)


def test_a_suite_for_no_table_is_refused(tmp_path: Path, warehouse_path: Path) -> None:
    root = suite(tmp_path / "e", "core.nowhere", ALWAYS)
    with pytest.raises(SuiteError, match=r"core\.nowhere\.json: the warehouse has no table core\.nowhere"):
        expectations.validate(warehouse_path, root)


def test_an_expectation_of_an_unknown_type_is_refused(tmp_path: Path, warehouse_path: Path) -> None:
    # Great Expectations logs it and goes on.
    root = suite(tmp_path / "e", "core.results", ALWAYS, expectation("expect_column_values_to_be_nice", column="value"))
    with pytest.raises(SuiteError, match=r"core\.results\.json: not run: expect_column_values_to_be_nice"):
        expectations.validate(warehouse_path, root)


@pytest.mark.parametrize("text", ["{", "{}", '{"name": "core.results"}'])
def test_a_file_that_is_no_suite_is_named(tmp_path: Path, warehouse_path: Path, text: str) -> None:
    (tmp_path / "core.results.json").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError, match=r"core\.results"):
        expectations.validate(warehouse_path, tmp_path)


def test_a_failure_names_table_rule_and_values(tmp_path: Path, warehouse_path: Path) -> None:
    rule = expectation(
        "expect_column_values_to_be_in_set", "warning", column="benchmark", value_set=["imagenet", "coco"]
    )
    failures = expectations.validate(warehouse_path, suite(tmp_path / "e", "core.results", ALWAYS, rule))
    assert [(one.table, one.severity) for one in failures] == [("core.results", "warning")]
    with connection.connect(warehouse_path, read_only=True) as con:
        counted = con.execute(
            "select count(*) filter (benchmark not in ('imagenet', 'coco')), count(*) from core.results"
        ).fetchone()
        there = {name for (name,) in con.execute("select distinct benchmark from core.results").fetchall()}
    assert counted is not None
    assert "benchmark" in str(failures[0])
    assert f"{counted[0]} of {counted[1]} rows" in failures[0].told
    values = json.loads(failures[0].told.partition("such as ")[2].replace("'", '"'))
    assert values
    assert not {"imagenet", "coco"} & set(values)
    assert set(values) <= there


def test_an_expectation_that_cannot_run_is_a_failure(tmp_path: Path, warehouse_path: Path) -> None:
    rule = expectation("expect_column_values_to_not_be_null", column="no_such_column")
    failures = expectations.validate(warehouse_path, suite(tmp_path / "e", "core.results", ALWAYS, rule))
    assert [one.severity for one in failures] == ["critical"]
    assert "no_such_column" in str(failures[0])


@pytest.mark.parametrize(
    ("table", "spoil", "rule"),
    [
        ("core.results", "update core.results set value = 100", "value"),
        ("core.results", "insert into core.results from core.results limit 1", "result_id"),
        (
            "core.models",
            "update core.models set model_id = null where model_id = (select min(model_id) from core.models)",
            "model_id",
        ),
        ("marts.costs", "insert into marts.costs from marts.costs limit 1", "compound_columns"),
        ("meta.pages", "update meta.pages set sha256 = 'x'", "sha256"),
        ("core.conversions", "delete from core.conversions", "row_count"),
    ],
)
def test_the_suites_that_ship_see_a_fault(
    tmp_path: Path, warehouse_path: Path, table: str, spoil: str, rule: str
) -> None:
    copy, root = tmp_path / "copy.duckdb", tmp_path / "e"
    shutil.copy(warehouse_path, copy)
    with connection.connect(copy) as con:
        con.execute(spoil)
    root.mkdir()
    shutil.copy(paths.EXPECTATIONS / f"{table}.json", root)
    failures = expectations.validate(copy, root)
    assert any(rule in one.expectation and one.severity == "critical" for one in failures), failures


# --- in a build


@pytest.fixture
def facts(tmp_path: Path, shipped: Path) -> Path:
    shutil.copytree(shipped / "computerprogress", tmp_path / "facts" / "computerprogress")
    return tmp_path / "facts"


def test_a_critical_failure_publishes_nothing(tmp_path: Path, facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    final = tmp_path / "out" / "final.duckdb"
    final.parent.mkdir()
    final.write_bytes(b"what was published before")
    monkeypatch.setattr(paths, "EXPECTATIONS", suite(tmp_path / "e", "core.results", NEVER))
    with pytest.raises(BuildError, match=r"1 critical expectations are not met:\n  core\.results: .*\n.*before stands"):
        build.run(tmp_path / "raw", facts, final, AS_OF)
    assert final.read_bytes() == b"what was published before"
    # What was built is there to be looked at.
    with connection.connect(publishing.next_path(final), read_only=True) as con:
        assert con.execute("select count(*) from core.results").fetchone() == (101,)


def test_a_warning_is_told_and_does_not_block(tmp_path: Path, facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    final = tmp_path / "out" / "final.duckdb"
    monkeypatch.setattr(paths, "EXPECTATIONS", suite(tmp_path / "e", "core.results", NEVER | {"severity": "warning"}))
    warnings = build.run(tmp_path / "raw", facts, final, AS_OF)
    assert len(warnings) == 1
    assert warnings[0].startswith("core.results: expect_table_row_count_to_be_between")
    assert "101" in warnings[0]
    assert final.is_file()


def test_a_row_that_is_lost_stops_before_the_expectations(
    tmp_path: Path, facts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "built.duckdb"
    build.read_sources(path, tmp_path / "raw", facts, AS_OF)
    with connection.connect(path) as con:
        con.execute("update staging.page_count set rows_read = rows_read + 1 where page = 'imagenet_data.js'")
    build.transform(path)
    monkeypatch.setattr(paths, "EXPECTATIONS", suite(tmp_path / "e", "core.results", ALWAYS))
    with pytest.raises(BuildError, match=r"computerprogress, page imagenet_data\.js: 14 rows read, 13"):
        build.validate(path, [])


def test_the_steps_are_told_in_order(tmp_path: Path, facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "EXPECTATIONS", suite(tmp_path / "e", "core.results", ALWAYS))
    steps: list[str] = []
    assert build.run(tmp_path / "raw", facts, tmp_path / "final.duckdb", AS_OF, steps.append) == []
    assert steps == [
        "looking for what has changed",
        "reading pages and facts",
        "computing and checking tables",
        "validating",
        "publishing",
    ]
