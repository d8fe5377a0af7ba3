"""flows/pages/states.py: the state of a source out of what reading gave, what fetching gave, and the day."""

from __future__ import annotations

import typing
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pytest

from flows import paths, sources
from flows.columns import columns, schema
from flows.pages import states
from flows.pages.fetch import Outcome
from flows.pages.states import SourceReading, SourceState, State

NEWEST = date(2026, 1, 1)
AS_OF = NEWEST + timedelta(days=10)
WHOLE = SourceReading("s", NEWEST, None, is_complete=True, from_facts_alone=False, message=None)


def outcome(what: str, message: str = "", page: str = "p") -> Outcome:
    return Outcome("s", page, f"https://example.org/{page}", what, message, 0)


@pytest.mark.parametrize(
    ("reading", "outcomes", "expected"),
    [
        (WHOLE, [], "unchanged"),
        (WHOLE, ["unchanged"], "unchanged"),
        (WHOLE, ["fetched"], "fetched"),
        (WHOLE, ["unchanged", "fetched"], "fetched"),
        (WHOLE, ["fetched", "failed"], "stale"),
        (replace(WHOLE, from_facts_alone=True), [], "shipped"),
        # Asked, and the publisher's page is still that of the facts.
        (replace(WHOLE, from_facts_alone=True), ["unchanged"], "unchanged"),
        (replace(WHOLE, from_facts_alone=True), ["failed"], "stale"),
        # What is left as it is was not asked for, and is no fault.
        (replace(WHOLE, from_facts_alone=True), ["left"], "shipped"),
        (WHOLE, ["left"], "unchanged"),
        (WHOLE, ["left", "fetched"], "fetched"),
        (WHOLE, ["left", "failed"], "stale"),
        (replace(WHOLE, is_complete=False), ["left"], "stale"),
        (replace(WHOLE, is_complete=False), [], "stale"),
        (replace(WHOLE, is_complete=False), ["fetched"], "stale"),
        (replace(WHOLE, newest_retrieved_on=None, is_complete=False), ["failed"], "absent"),
        (replace(WHOLE, newest_retrieved_on=None), ["fetched"], "absent"),
    ],
)
def test_a_state_is_of_the_reading_and_of_what_fetching_gave(
    reading: SourceReading, outcomes: list[str], expected: State
) -> None:
    now = states.state(reading, [outcome(what) for what in outcomes], AS_OF, {"p": NEWEST})
    assert now.state == expected
    assert now.age_days == (10 if expected == "stale" else None)


def test_a_source_is_as_old_as_the_oldest_page_that_fell_back() -> None:
    """Of a page that is fresh, one that cannot be fetched, and one of which only an older version can be read."""
    fetched_on = {"fresh": AS_OF, "stuck": AS_OF - timedelta(days=40), "other": AS_OF - timedelta(days=90)}
    outcomes = [outcome("fetched", page="fresh"), outcome("failed", page="stuck"), outcome("unchanged", page="other")]
    reading = replace(WHOLE, newest_retrieved_on=AS_OF)
    assert states.state(reading, outcomes, AS_OF, fetched_on).age_days == 40
    unread = replace(reading, is_complete=False, oldest_fallback_on=AS_OF - timedelta(days=7))
    assert states.state(unread, outcomes, AS_OF, fetched_on).age_days == 40
    assert states.state(unread, outcomes[:1], AS_OF, fetched_on).age_days == 7
    # A page of which there is nothing has no age.
    missing = [outcome("failed", page="new"), *outcomes]
    assert states.state(unread, missing, AS_OF, fetched_on).age_days == 40
    assert states.state(reading, missing[:1], AS_OF, fetched_on).age_days == 0


def test_only_the_age_of_a_stale_source_depends_on_the_day() -> None:
    for reading in (WHOLE, replace(WHOLE, is_complete=False), replace(WHOLE, newest_retrieved_on=None)):
        one, other = (states.state(reading, [], day, {}) for day in (AS_OF, AS_OF + timedelta(days=7)))
        assert other == replace(one, age_days=None if one.age_days is None else one.age_days + 7)


def test_messages_of_pages_come_first_and_each_is_said_once() -> None:
    reading = replace(WHOLE, is_complete=False, message="s: no page\ns: few rows")
    told = states.state(
        reading, [outcome("failed", "no route"), outcome("failed", "s: few rows"), outcome("fetched")], AS_OF, {}
    )
    assert told.message == "s: no page\ns: few rows\nno route"
    assert states.state(WHOLE, [outcome("fetched")], AS_OF, {}).message is None


def test_lines_are_none_where_nothing_is_said() -> None:
    assert states.lines([]) is None
    assert states.lines([None, "", None]) is None
    assert states.lines(["b", None, "a", "b"]) == "b\na"


def test_a_state_is_a_text_for_the_warehouse() -> None:
    assert columns(SourceState)["state"][0] is str
    assert schema(SourceState).field("state").type == "string"


def test_whether_a_build_is_degraded_and_by_which_pages() -> None:
    gpu, owid, mlco2 = (sources.source(name).pages[0] for name in ("gpu_info", "owid_carbon", "mlco2"))
    many = sources.source("openmmlab_mmpretrain").pages
    assert len(many) > 3
    rows = [
        ("codecarbon", "unchanged", None, "a warning"),
        ("gpu_info", "absent", None, f"gpu_info: page {gpu.name} is not kept and no facts of it ship"),
        ("mlco2", "stale", 12, f"http://127.0.0.1:1/{mlco2.url.partition('://')[2]}: no"),
        ("openmmlab_mmpretrain", "stale", 0, "\n".join(f"{page.url} is gone" for page in many)),
        ("owid_carbon", "stale", 1, f"{owid.url} answered 503, not 200; it said: nothing"),
        ("timm", "stale", 3, "a host is down"),
        ("gone", "absent", None, None),
    ]
    named = ", ".join(page.name for page in many[:3])
    assert states.degraded(rows) == [
        f"degraded: gpu_info is absent ({gpu.name}), mlco2 is stale (12 days; {mlco2.name}), "
        f"openmmlab_mmpretrain is stale (0 days; {named}, and {len(many) - 3} more), "
        f"owid_carbon is stale (1 day; {owid.name}), timm is stale (3 days), gone is absent"
    ]
    assert states.degraded(rows[:1]) == []


def test_degraded_is_what_meta_runs_counts() -> None:
    """The rule is in SQL and in Python: of each state both say the same."""
    select = (paths.SQL / "meta" / "runs.sql").read_text(encoding="utf-8")
    with duckdb.connect() as con:
        con.execute(
            "create schema staging; create table staging.build_setting as select 'k' as build_key, '1' as code_version"
        )
        con.execute(
            "create schema meta; create table meta.this_build as select date '2026-01-02' as as_of, null::date as published_before"
        )
        for name in typing.get_args(State):
            con.execute(f"create or replace table staging.source_state as select '{name}' as state")
            is_degraded = name in ("stale", "absent")
            row = ("k", date(2026, 1, 2), None, "1", int(is_degraded), "degraded" if is_degraded else "whole")
            assert con.execute(select).fetchall() == [row]
            assert bool(states.degraded([("timm", name, None, None)])) == is_degraded
