"""flows/answers/table_names.py: lists of tables, what a table has, and names that are not there."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from flows.answers import queries
from flows.answers.query_limits import QueryError


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("names") / "w.duckdb"
    with duckdb.connect(path) as con:
        con.execute(
            "create schema core; create schema marts; create schema fits;"
            "create table core.results as select 1 as n, 'a' as said; comment on table core.results is 'One row per score.';"
            "comment on column core.results.said is 'what was said';"
            "create table marts.costs as select 1 as usd; create table fits.costs as select 2 as usd;"
            "create view main.results as select n from core.results; comment on view main.results is 'One row per score, flat.'"
        )
    return path


def test_show_tables_has_views_first_then_schemas_in_order(path: Path) -> None:
    for query in ("show tables", " SHOW  TABLES ; "):
        found = queries.run(path, query)
        assert found.columns == ("table_name", "n_rows", "what_it_is")
        assert found.rows == [
            ("results", None, "One row per score, flat."), ("marts.costs", 1, None),
            ("core.results", 1, "One row per score."), ("fits.costs", 1, None),
        ]  # fmt: skip


@pytest.mark.parametrize(
    "query", ["describe core.results", "DESC core.results;", "show core.results", 'describe "core"."results"']
)
def test_describe_says_what_a_column_is(query: str, path: Path) -> None:
    assert queries.run(path, query).rows == [("n", "INTEGER", None), ("said", "VARCHAR", "what was said")]


def test_an_unqualified_name_is_the_view(path: Path) -> None:
    assert queries.run(path, "select * from results").rows == [(1,)]
    assert queries.run(path, "describe results").rows == [("n", "INTEGER", None)]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from costs", "no table 'costs'; with its schema it is marts.costs or fits.costs, and `show tables` lists all"),
        ("from core.costs", "no table 'costs'; with its schema it is marts.costs or fits.costs, and `show tables` lists all"),
        ("from nowhere.costs", "no table 'costs'; with its schema it is marts.costs or fits.costs, and `show tables` lists all"),
        ("describe costs", "no table 'costs'; with its schema it is marts.costs or fits.costs, and `show tables` lists all"),
        ("from core.resuls", "no table 'resuls'; near it: 'results', 'core.results', and `show tables` lists all"),
        ("select n from resuls", "no table 'resuls'; near it: 'results', 'core.results', and `show tables` lists all"),
    ],
)  # fmt: skip
def test_a_name_that_is_not_there_is_answered_with_those_that_are(query: str, said: str, path: Path) -> None:
    for ask in (lambda: queries.run(path, query), lambda: queries.first(path, query, 5, queries.Limits())):
        with pytest.raises(QueryError) as refused:
            ask()
        assert str(refused.value) == said


def test_a_column_that_is_not_there_is_told_by_duckdb(path: Path) -> None:
    with pytest.raises(QueryError, match="Referenced column"):
        queries.run(path, "select nothing from core.results")
