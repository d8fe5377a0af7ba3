"""flows/notices.py: what a run has that is news, told once, to a real server, and never to anybody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import part_of_it
import pytest
from running import Inbox, command_here, environment, free_port

from flows import notices
from flows.errors import UserError
from flows.notices import NoticeError
from flows.warehouse import connection

SECRET = "T0p53cr3t"
SHA = "5a" * 32
HELD = ("timm", "results.csv", SHA, date(2026, 2, 1), "b" * 64, "rows_gone", "evaluation", 0.4, 0.1, 1000)
READ = (
    *("meta.runs", "meta.sources", "meta.held_pages", "meta.past_builds", "meta.this_build", "meta.changed_pages"),
    *("staging.source_reading", "staging.benchmark", "marts.changes", "marts.changed_points"),
)
LINE = {"benchmark": "imagenet", "metric": "top1", "target": "", "scenario": "", "cause": "added", "n_points": 1}


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox().running() as running:
        yield running


@pytest.fixture
def to(inbox: Inbox) -> str:
    return f"{inbox.address}/hooks/{SECRET}"


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warehouse_path: Path) -> Path:
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path / "data"))
    return part_of_it.copy(warehouse_path, tmp_path / "data" / "warehouse" / "compute_limits.duckdb", *READ)


def insert(path: Path, table: str, **values: Any) -> None:
    names = ", ".join(f"? as {name}" for name in values)
    with connection.connect(path) as con:
        con.execute(f"insert into {table} by name select {names}", list(values.values()))


def execute(path: Path, *statements: str) -> None:
    with connection.connect(path) as con:
        for statement in statements:
            con.execute(statement)


def told(to: str, path: Path, *statements: str) -> list[str]:
    """What goes wrong with the delivery of what a run has that does this to the warehouse."""
    said: list[str] = []
    with notices.told("refresh", to, said.append):
        execute(path, *statements)
    return said


def kinds(taken: tuple[str, str, dict[str, Any]]) -> list[str]:
    return [event["kind"] for event in taken[2]["events"]]


STALE = (
    "update meta.sources set state = 'stale', age_days = 3, message = 'timm: 404' where source = 'timm'",
    "update meta.runs set state = 'degraded', n_sources_stale = 1",
)


def test_a_degraded_run_is_told_each_time_in_one_post(inbox: Inbox, to: str, published: Path) -> None:
    assert told(to, published, *STALE) == told(to, published) == []
    assert len(inbox.taken) == 2
    path, kind, body = inbox.taken[0]
    assert (path, kind) == (f"/hooks/{SECRET}", "application/json")
    assert (body["command"], body["outcome"]) == ("refresh", "degraded")
    (event,) = body["events"]
    assert event["sentence"] == "degraded, published: timm is stale (3 days)"
    assert event["sources"] == [{"source": "timm", "state": "stale", "age_days": 3}]
    assert body["text"] == f"compute-limits refresh: degraded\n- {event['sentence']}"


def test_of_a_run_without_news_nothing_is_sent(inbox: Inbox, to: str, published: Path) -> None:
    assert told(to, published) == []
    assert inbox.taken == []


def test_what_is_wrong_with_a_page_is_told_once(inbox: Inbox, to: str, published: Path) -> None:
    held = f"timm: page results.csv of 2026-02-01 is held back: …`compute-limits accept timm results.csv {SHA}`"
    shape = "gpu_info: page gpu.json: column 'new' is not declared; declare it"
    said: list[str] = []
    with notices.told("refresh", to, said.append), connection.connect(published) as con:
        con.execute(f"insert into meta.held_pages values ({', '.join('?' * len(HELD))})", list(HELD))
        for source, message in (("timm", held), ("gpu_info", shape)):
            con.execute("update staging.source_reading set message = ? where source = ?", [message, source])
    ((_, _, body),) = inbox.taken
    first, second = body["events"]
    assert (first["kind"], first["source"], first["page"], first["sha256"]) == (
        "page_held_back", "timm", "results.csv", SHA,
    )  # fmt: skip
    assert "40% of its 1000 rows of evaluation are gone (at most 10%)" in first["sentence"]
    assert (second["kind"], second["source"], second["sentence"]) == ("page_changed", "gpu_info", shape)
    # The next run finds it as it is.
    assert told(to, published) == said == []
    assert len(inbox.taken) == 1


def test_what_moved_is_told_by_the_build_in_which_it_did(inbox: Inbox, to: str, published: Path) -> None:
    of_line = LINE | {"compute_measure": "hardware_burden", "is_within": False, "contribution": 3.0}
    of_best = LINE | {"compute_measure": "", "quantity": "lowest_error", "unit": "fraction", "contribution": -0.01}
    exponent = {"quantity": "exponent", "unit": "1", "value_before": 12.0, "value_after": 15.0}
    within = {"metric": "top5", "is_within": True}
    with notices.told("refresh", to):
        execute(published, "delete from marts.changes", "update meta.runs set build_key = 'another'")
        insert(published, "marts.changes", **of_line, **exponent)
        insert(published, "marts.changes", **(of_line | within), **exponent)
        projection = {"quantity": "log10_compute", "value_before": 20.0, "value_after": 30.0, "unit": "log10(flop)"}
        insert(published, "marts.changes", **(of_line | {"target": "target_1"}), **projection)
        names = {"name_before": "A", "name_after": "B <!here> @all"}
        insert(published, "marts.changes", **of_best, **names, value_before=0.1, value_after=0.09)
        # One that was taken back is none.
        insert(published, "marts.changes", **(of_best | {"benchmark": "coco"}), value_before=0.3, value_after=0.4)
    ((_, _, body),) = inbox.taken
    assert kinds(inbox.taken[0]) == ["number_moved", "new_best"]
    moved, best = body["events"]
    assert moved["sentence"].startswith(
        "ImageNet, hardware burden: the exponent moved from 12 to 15 (added +3 (1 point); beyond its interval), and "
        "1 of its projections and costs moved beyond the intervals given before, since "
    )
    assert [(one["quantity"], one["before"], one["after"]) for one in moved["numbers"]] == [
        ("exponent", 12.0, 15.0), ("log10_compute", 20.0, 30.0),
    ]  # fmt: skip
    assert best["sentence"] == "ImageNet: a new lowest error, 9 % of B <!here> @all, after 10 % of A"
    assert (best["before"], best["after"]) == (0.1, 0.09)
    # No page calls everybody of a chat.
    assert "9 % of B ‹!here› ＠all, after" in body["text"]
    # It stands in the warehouse until numbers move again, and is no news then.
    told(to, published)
    assert len(inbox.taken) == 1


def test_a_run_that_fails_is_told_and_fails(inbox: Inbox, to: str, published: Path) -> None:
    with pytest.raises(UserError, match="row 2"), notices.told("refresh", to):
        raise UserError("row 2 is no number\nand more")
    ((_, _, body),) = inbox.taken
    assert (body["outcome"], body["events"]) == (
        "failed", [{"kind": "failed", "sentence": "refresh failed: row 2 is no number\nand more"}],
    )  # fmt: skip
    assert body["text"] == "compute-limits refresh: failed\n- refresh failed: row 2 is no number and more"
    # Who stops it knows.
    with pytest.raises(KeyboardInterrupt), notices.told("refresh", to):
        raise KeyboardInterrupt
    assert len(inbox.taken) == 1
    assert published.is_file()


@pytest.mark.parametrize("status", [404, 500, 302, 307])
def test_a_refusal_is_said_without_the_address_and_no_other_place_is_told(
    inbox: Inbox, to: str, published: Path, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    inbox.status = status
    with notices.told("refresh", to):
        execute(published, *STALE)
    assert capsys.readouterr().err == (
        f"note: the notification to 127.0.0.1 was not delivered (it answered {status}); check --notify or "
        "COMPUTE_LIMITS_NOTIFY\n"
    )
    assert [path for path, *_ in inbox.taken] == [f"/hooks/{SECRET}"]


def test_who_does_not_answer_holds_no_run_up(
    inbox: Inbox, to: str, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_ANSWER_S", 0.2)
    inbox.gate.clear()
    assert told(to, published, *STALE) == [
        "the notification to 127.0.0.1 was not delivered (no answer within 0.2 s); check --notify or COMPUTE_LIMITS_NOTIFY"
    ]
    # A byte at a time: each is an answer within the time-out, and all of them never end.
    monkeypatch.setattr(notices, "_DEADLINE_S", 0.5)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            with listener.accept()[0] as caller:
                while not over.wait(0.05):
                    caller.send(b"H")

        thread = threading.Thread(target=drip)
        thread.start()
        (said,) = told(f"http://u:{SECRET}@127.0.0.1:{listener.getsockname()[1]}/{SECRET}", published)
        over.set()
        thread.join()
    assert "(no whole answer within 0.5 s)" in said
    assert SECRET not in said


def test_nobody_there_is_said_without_the_address(published: Path) -> None:
    (said,) = told(f"http://127.0.0.1:{free_port()}/hooks/{SECRET}", published, *STALE)
    assert "not delivered (it cannot be reached: ConnectionError)" in said
    assert SECRET not in said


def test_a_warehouse_that_cannot_be_read_fails_no_run(inbox: Inbox, to: str, published: Path) -> None:
    (said,) = told(to, published, "drop table meta.held_pages")
    assert said.startswith("what to notify of cannot be told (Catalog Error: ")
    assert inbox.taken == []


@pytest.mark.parametrize(
    "given", ["hooks.example.org/", "ftp://a.b/", "https:///", "https://[", "http://a.b:0/", "http://a b/"]
)
def test_what_is_no_address_is_refused_before_anything_is_fetched(given: str, tmp_path: Path) -> None:
    env = environment(tmp_path / "data", tmp_path / "prefect", COMPUTE_LIMITS_MIRROR="http://127.0.0.1:9")
    for more, arguments in (({}, ("--notify", given + SECRET)), ({"COMPUTE_LIMITS_NOTIFY": given + SECRET}, ())):
        ended = command_here(env | more, "refresh", *arguments)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith(
            "error: the address to notify (--notify, COMPUTE_LIMITS_NOTIFY) is none; write it as "
        )
        assert ended.stderr.count("\n") == 1
        assert SECRET not in ended.stderr
    assert not (tmp_path / "data").exists()


def test_an_address_that_is_not_set_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_NOTIFY", "")
    assert notices.address() is None
    monkeypatch.setenv("COMPUTE_LIMITS_NOTIFY", " https://u:p@a.b:8443/x?y=z ")
    assert notices.address() == "https://u:p@a.b:8443/x?y=z"
    monkeypatch.setenv("COMPUTE_LIMITS_NOTIFY", "https://")
    with pytest.raises(NoticeError):
        notices.address()


def test_a_chat_gets_as_much_as_it_takes() -> None:
    events = [{"kind": "k", "sentence": f"{at} " + "x" * 900} for at in range(9)]
    shown = notices.text({"command": "refresh", "outcome": "whole"}, events)
    assert len(shown) < 2_000
    assert shown.splitlines()[1].endswith("…")
    assert shown.splitlines()[-1] == "- and 5 more"
