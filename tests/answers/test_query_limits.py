"""flows/answers/query_limits.py: whatever a query computes, it ends by its time or its memory, and the process goes on."""

from __future__ import annotations

import resource
import threading
import time
from pathlib import Path

import duckdb
import pytest

from flows.answers import queries, query_limits
from flows.answers.query_limits import Limits, QueryError, bounded

ENDLESS = "with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t"
# In lists, in one text, in many texts, in the rows that are handed over, in what is sorted: DuckDB counts but some of it.
LARGE = (
    "select range(200_000_000)",
    "select length(repeat('x', 1_000_000_000))",
    "select repeat('x', 10_000_000) from range(100)",
    "select n, n + 1 from range(20_000_000) as t(n)",
    "select count(distinct hash(n)) from range(50_000_000) as t(n)",
)
SMALL = Limits(memory_bytes=200 * 10**6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with duckdb.connect(tmp_path / "x.duckdb") as con:
        con.execute("create table t as select 1 as n")
    return tmp_path / "x.duckdb"


def test_a_query_that_does_not_end_is_ended(path: Path) -> None:
    limits = Limits(timeout_s=0.3, more="ask for less")
    told = r"the query took longer than 0\.3 s and was ended; narrow it, or ask for less"
    with pytest.raises(QueryError, match=told):
        queries.run(path, ENDLESS, limits)
    with pytest.raises(QueryError, match=told):
        queries.first(path, ENDLESS, 3, limits)
    with pytest.raises(QueryError, match=told), queries.arrow_batches(path, ENDLESS, limits) as (_, batches):
        list(batches)


def test_a_query_that_begins_when_its_time_is_over_is_ended(path: Path) -> None:
    limits = Limits(timeout_s=0.05)

    def late() -> None:
        with queries.connect(path, limits) as con, bounded(con, limits) as over:
            assert over.wait(60)
            time.sleep(0.1)
            con.execute(ENDLESS)

    with pytest.raises(QueryError, match=r"longer than 0.05 s"):
        late()
    assert [one for one in threading.enumerate() if isinstance(one, threading.Timer)] == []


def test_rows_that_are_taken_slowly_are_ended_too(path: Path) -> None:
    def slowly() -> None:
        with queries.streamed(path, "from range(100_000)", Limits(timeout_s=0.2)) as found:
            for _ in found.batches:
                time.sleep(0.05)

    with pytest.raises(QueryError, match=r"longer than 0.2 s"):
        slowly()


@pytest.mark.parametrize("sql", LARGE)
@pytest.mark.slow
def test_a_query_that_needs_too_much_is_ended_and_the_process_goes_on(path: Path, sql: str) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(
        QueryError, match=r"the query needs more than 0\.2 GB of memory and was ended; narrow it, or give"
    ):
        queries.run(path, sql, SMALL)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert queries.run(path, "select n from t", SMALL).rows == [(1,)]


def test_parquet_that_needs_too_much_is_ended(path: Path) -> None:
    with (
        pytest.raises(QueryError, match=r"more than 0.2 GB of memory"),
        queries.arrow_batches(path, LARGE[2], SMALL) as (_, batches),
    ):
        list(batches)


def test_nothing_is_written_aside_by_a_query_that_does_not_fit(path: Path) -> None:
    with pytest.raises(QueryError, match="memory"):
        queries.run(path, "select hash(n) as h, repeat('x', 20) from range(20_000_000) as t(n) order by h", SMALL)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_limit_of_the_process_itself_stands(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    own = pages * resource.getpagesize() + 10**9
    resource.setrlimit(resource.RLIMIT_AS, (own, hard))
    try:
        with queries.streamed(path, "select n from t", Limits(memory_bytes=10**11)) as found:
            assert resource.getrlimit(resource.RLIMIT_AS)[0] == own
            assert list(found.batches) == [[(1,)]]
        assert resource.getrlimit(resource.RLIMIT_AS) == (own, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.parametrize(
    ("text", "many"), [("500MB", 5 * 10**8), ("4gb", 4 * 10**9), (" 1.5 GiB", 3 * 2**29), ("60000 KB", 6 * 10**7)]
)
def test_a_size_is_bytes(text: str, many: int) -> None:
    assert query_limits.size(text) == many
    assert query_limits.limits(5, text) == Limits(5, many)
    assert query_limits.limits(None, None) == Limits()


@pytest.mark.parametrize("text", ["", "4", "GB", "-1GB", "4 G", "1e9GB", "1GB; set threads = 2", "nanGB"])
def test_what_is_no_size_is_said(text: str) -> None:
    with pytest.raises(QueryError, match=r"--memory .* is no size; write it as 500MB, 4GB or 1\.5GiB"):
        query_limits.size(text)


def test_too_little_is_said() -> None:
    with pytest.raises(QueryError, match="--memory '1MB' is too little to open the warehouse; give at least 50MB"):
        query_limits.size("1MB")
    for seconds in (0, -1, float("nan"), float("inf")):
        with pytest.raises(QueryError, match=r"--timeout .* a number of seconds above 0 is needed"):
            query_limits.limits(seconds, None)


def test_rows_in_python_are_taken_only_while_some_memory_is_left(path: Path) -> None:
    assert not query_limits.is_nearly_full()
    with duckdb.connect(path, read_only=True) as con, query_limits.bounded(con, Limits(memory_bytes=300 * 10**6)):
        held = []
        while not query_limits.is_nearly_full():
            held.append(bytearray(5 * 10**6))  # which would end in a MemoryError
        assert len(held) > 40
        held.clear()
        assert not query_limits.is_nearly_full()
