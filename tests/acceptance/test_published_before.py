"""`build --published-before DAY`: what the pages of today tell of models that were published before a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
import running

DAY = date(2021, 7, 1)
AS_OF = "2026-11-26"
_KEY = "benchmark, metric, compute_measure, result_id"
_POINTS = f"""
select ({_KEY}), results.released_on, trainings.purpose
from core.point_variants as points
join core.results as results using (benchmark, metric, result_id)
join core.trainings as trainings on points.training_id = trainings.training_id
where variant = '' and is_point
"""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Path, str]:
    """Its environment, its file, and what was said."""
    folder = tmp_path_factory.mktemp("limited")
    env = running.environment(folder / "data", folder / "prefect")
    ended = running.command(env, "build", "--as-of", AS_OF, "--published-before", str(DAY))
    assert ended.returncode == 0, ended.stderr
    return env, folder / "data" / "warehouse" / "compute_limits.duckdb", ended.stdout + ended.stderr


def test_no_point_is_of_that_day_or_later_and_none_of_before_is_lost(
    limited: tuple[dict[str, str], Path, str], db: duckdb.DuckDBPyConnection
) -> None:
    _, path, said = limited
    assert f"points models published before {DAY}" in said
    with duckdb.connect(path, read_only=True) as con:
        points = con.execute(_POINTS).fetchall()
        left_out = con.execute(f"select ({_KEY}), rule from core.left_out").fetchall()
        candidates = {key for (key,) in con.execute(f"select ({_KEY}) from core.candidates").fetchall()}
        today = con.execute("select benchmark, released_on from core.today").fetchall()
        series = con.execute(
            "select max(released_on) filter (subject = 'model'), max(released_on) filter (subject = 'processor') "
            "from fits.growth_points join staging.growth_series using (series)"
        ).fetchall()
        evidence = con.execute("select evidence from core.left_out where rule = 'published_later'").fetchall()
    keys = {key for key, *_ in points}
    assert len(keys) > 300
    assert all(day is not None and day < DAY for _, day, _ in points)
    assert all(day is not None and day < DAY for _, day in today)
    # Each candidate is a point, or is left out for a reason.
    assert {key for key, _ in left_out} == candidates - keys
    # What is a point whenever it was published is one here, if it was before. Of several runs of one recipe the middle one counts,
    # which without the later ones may be another.
    anyhow = db.execute(_POINTS).fetchall()
    before = {key for key, day, purpose in anyhow if day is not None and day < DAY and purpose == "record"}
    later = {key for key, day, _ in anyhow if day is None or day >= DAY}
    assert len(before) > 200
    assert len(later) > 200
    assert before <= keys
    assert {key for key, rule in left_out if rule == "published_later"} >= later
    # Hardware and prices are as they are.
    ((newest_model, newest_processor),) = series
    assert newest_model < DAY < newest_processor
    assert any("no day is known" in told for (told,) in evidence)
    assert any("(month)" in told or "(day)" in told for (told,) in evidence)


def test_it_is_held_against_no_other_state_and_is_none(limited: tuple[dict[str, str], Path, str]) -> None:
    env, path, _ = limited
    with duckdb.connect(path, read_only=True) as con:
        assert con.execute("select as_of::varchar, published_before from meta.runs").fetchall() == [(AS_OF, DAY)]
        assert con.execute("select count(*) from meta.past_builds").fetchall() == [(0,)]
    # Asked again it is the same, and not the one without a day.
    again = running.command(env, "build", "--as-of", AS_OF, "--published-before", str(DAY))
    assert again.returncode == 0, again.stderr
    assert [one.name for one in (path.parents[1] / "ledger").glob("2*")] == []
    limit = running.command(env, "sql", "select published_before from meta.this_build", "--format", "csv")
    assert limit.stdout.split() == ["published_before", str(DAY)]


def test_two_warehouses_attach_and_compare(limited: tuple[dict[str, str], Path, str], warehouse_path: Path) -> None:
    _, path, _ = limited
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as before (read_only); attach '{warehouse_path}' as now (read_only)")
        found = con.execute(
            "select before.n, now.n from before.marts.scaling as before join now.marts.scaling as now "
            "using (row_set, benchmark, metric, compute_measure, form, estimator, selection, direction) "
            "where row_set = 'current' and benchmark = 'imagenet' and form = 'polynomial' and estimator = 'ols' "
            "and selection = 'all' and direction = 'y_on_x' and compute_measure = 'hardware_burden'"
        ).fetchall()
    assert len(found) == 1
    assert 10 < found[0][0] < found[0][1]
