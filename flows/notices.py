"""What a run has that a person would want to be told of, and its delivery to a webhook: one POST of JSON a run.

The address may hold a secret, as those of chats do. It comes by the environment alone, so that neither Prefect nor the log of
runs is given it, and of it only the host is ever told.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flows import __version__, paths, stops
from flows.errors import UserError
from flows.pages import states

if TYPE_CHECKING:
    import duckdb

VARIABLE = "COMPUTE_LIMITS_NOTIFY"
_CONNECT_S, _ANSWER_S = 5, 10
# For all of it: the time-out of requests is for one receive, and a server may send a byte at a time.
_DEADLINE_S = 20
# What the chat that takes least takes (Discord, 2,000 letters), and of one event so much that there is room for others.
_TEXT_MAX, _SENTENCE_MAX = 1_900, 400
# What chats take for a link, for markup or for a call to everybody. A page's words do none of that.
_TO_CHATS = str.maketrans({"<": "‹", ">": "›", "@": "＠"})

Event = dict[str, Any]


class NoticeError(UserError):
    """The address to notify is none; the message does not show it."""


@dataclass(frozen=True)
class Seen:
    """What was published before a run: key of the build (None: nothing), held pages, and what was wrong with pages."""

    build_key: str | None
    held: frozenset[tuple[str, str, str]]
    problems: frozenset[str]


def address() -> str | None:
    """The address to notify, from COMPUTE_LIMITS_NOTIFY; None where it is not set or empty. Raises `NoticeError`."""
    given = os.environ.get(VARIABLE, "").strip()
    try:
        parts = urlsplit(given)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        good = good and given.isprintable() and " " not in given
    except ValueError:  # a bracket or a port that is none
        good = False
    if given and not good:
        raise NoticeError(
            f"the address to notify (--notify, {VARIABLE}) is none; write it as https://host/path (it is not shown here, for it "
            "may hold a secret)"
        )
    return given or None


def say(message: str) -> None:
    """Say on standard error what went wrong beside a run."""
    print(f"note: {message}", file=sys.stderr)


@contextmanager
def told(command: str, to: str | None, said: Callable[[str], None] = say) -> Iterator[None]:
    """Around one run of a command: what a person would want to be told of it is sent `to` an address when it ends.

    A stop is nobody's news. Whatever goes wrong with the delivery is `said`, and changes nothing of the run.
    """
    if to is None:
        yield
        return
    before = _guarded(lambda: seen(paths.warehouse()), said) or Seen(None, frozenset(), frozenset())
    try:
        yield
    except Exception as error:
        _deliver(to, {"command": command, "outcome": "failed"}, [_failed(command, error)], said)
        raise
    about, events = _guarded(lambda: _news(command, paths.warehouse(), before), said) or ({}, [])
    _deliver(to, about, events, said)


def _guarded(what: Callable[[], Any], said: Callable[[str], None]) -> Any:
    """What it gives, or None: whatever is wrong with a notice, the run goes on."""
    try:
        with stops.told():
            return what()
    except Exception as error:  # noqa: BLE001  # said, and no run is failed by it
        said(f"what to notify of cannot be told ({str(error).partition(chr(10))[0] or type(error).__name__})")
        return None


def seen(path: Path) -> Seen:
    """What is published, as far as it has to be known to tell later what is new."""
    from flows.warehouse import reading

    if not path.is_file():
        return Seen(None, frozenset(), frozenset())
    with reading.read(path) as con:
        ((key,),) = con.execute("select build_key from meta.runs").fetchall()
        held = con.execute("select distinct source, page, sha256 from meta.held_pages").fetchall()
        return Seen(key, frozenset(held), frozenset(_problems(con)))


def _problems(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """{what is wrong with a page: its source}; apart from what fetching gave, which the next run gives again."""
    rows = con.execute("select source, message from staging.source_reading where message is not null order by source")
    return {line: source for source, message in rows.fetchall() for line in message.splitlines()}


def _news(command: str, path: Path, before: Seen) -> tuple[dict[str, Any], list[Event]]:
    from flows.warehouse import reading

    with reading.read(path) as con:
        ((key, as_of, outcome),) = con.execute("select build_key, as_of::varchar, state from meta.runs").fetchall()
        about = {"command": command, "outcome": outcome, "build_key": key, "as_of": as_of}
        return about, events(con, before)


def events(con: duckdb.DuckDBPyConnection, before: Seen) -> list[Event]:
    """What a published warehouse has that is news after what was seen before: [{kind, sentence, …}].

    Kinds: degraded (each time), page_held_back, page_changed (what is newly wrong with a page), number_moved (out of the interval
    given before) and new_best (a lower error than before); of these what an earlier run has told is left out.
    """
    ((key,),) = con.execute("select build_key from meta.runs").fetchall()
    told = [*_degraded(con), *_of_pages(con, before)]
    return told if key == before.build_key else [*told, *_of_numbers(con)]


def _failed(command: str, error: Exception) -> Event:
    what = str(error) or type(error).__name__
    return {"kind": "failed", "sentence": f"{command} failed: {what[:_TEXT_MAX]}"}


def _degraded(con: duckdb.DuckDBPyConnection) -> Iterator[Event]:
    rows = con.execute(states.ROWS).fetchall()
    if what := states.not_fresh(rows):
        named = [
            {"source": source, "state": name, "age_days": age}
            for source, name, age, _ in rows
            if name in states.DEGRADED
        ]
        yield {"kind": "degraded", "sentence": f"degraded, published: {what}", "sources": named}


def _of_pages(con: duckdb.DuckDBPyConnection, before: Seen) -> Iterator[Event]:
    from flows.pages import drift
    from flows.pages.drift import HeldPage

    figures_of: dict[tuple[str, str, str], list[HeldPage]] = {}
    for row in con.execute(f"select {', '.join(HeldPage.__slots__)} from meta.held_pages order by all").fetchall():
        held = HeldPage(*row)
        figures_of.setdefault((held.source, held.page, held.sha256), []).append(held)
    for at, figures in figures_of.items():
        if at not in before.held:
            where = dict(zip(("source", "page", "sha256"), at, strict=True))
            yield {"kind": "page_held_back", "sentence": drift.sentence(figures), **where}
    for line, source in _problems(con).items():
        # What is said of a page that is held back names its hash.
        if line not in before.problems and not any(sha256 in line for _, _, sha256 in figures_of):
            yield {"kind": "page_changed", "sentence": line, "source": source}


def _of_numbers(con: duckdb.DuckDBPyConnection) -> Iterator[Event]:
    from flows.answers import moved_numbers

    found = moved_numbers.read(con)
    titles = dict(con.execute("select benchmark, title from staging.benchmark").fetchall())
    names = ("benchmark", "metric", "compute_measure")
    numbers = ("quantity", "target", "scenario", "unit", "before", "after")
    for sentence, rows in moved_numbers.beyond(found, titles):
        moved = [{name: row[name] for name in numbers} for row in rows]
        yield {
            "kind": "number_moved",
            "sentence": sentence,
            **{name: rows[0][name] for name in names},
            "numbers": moved,
        }
    for sentence, row in moved_numbers.new_bests(found, titles):
        kept = {name: row[name] for name in ("benchmark", "metric", "before", "after", "name_before", "name_after")}
        yield {"kind": "new_best", "sentence": sentence, **kept}


# --- delivery


def _deliver(to: str, about: dict[str, Any], events: Sequence[Event], said: Callable[[str], None]) -> None:
    """Send the events of a run, if there are any."""
    if not events:
        return
    if reason := _posted(to, {"text": text(about, events), **about, "events": list(events)}):
        said(f"the notification to {urlsplit(to).hostname} was not delivered ({reason}); check --notify or {VARIABLE}")


def text(about: dict[str, Any], events: Sequence[Event]) -> str:
    """The sentences of the events as a chat shows them, those that there is room for."""
    lines, left = [f"compute-limits {about['command']}: {about['outcome']}"], len(events)
    for event in events:
        sentence = " ".join(event["sentence"].split()).translate(_TO_CHATS)
        line = f"- {sentence if len(sentence) <= _SENTENCE_MAX else sentence[:_SENTENCE_MAX] + '…'}"
        if sum(map(len, lines)) + len(line) > _TEXT_MAX:
            return "\n".join([*lines, f"- and {left} more"])
        lines.append(line)
        left -= 1
    return "\n".join(lines)


def _posted(to: str, body: dict[str, Any]) -> str:
    """Why it was not delivered, without a word of the address; "" where it was."""
    from flows.answers.rendering import as_json

    answers: list[str] = []
    sent = as_json(body).encode()
    thread = threading.Thread(target=lambda: answers.append(_post(to, sent)), daemon=True)
    thread.start()
    thread.join(_DEADLINE_S)
    return answers[0] if answers else f"no whole answer within {_DEADLINE_S} s"


def _post(to: str, body: bytes) -> str:
    import requests

    headers = {"Content-Type": "application/json", "User-Agent": f"compute-limits/{__version__}"}
    limits = (_CONNECT_S, _ANSWER_S)
    try:
        # To another place it was not sent by who set it up, so no redirect is followed; of the answer only the status counts.
        with requests.post(to, body, headers=headers, timeout=limits, allow_redirects=False, stream=True) as answer:
            return "" if answer.ok and not answer.is_redirect else f"it answered {answer.status_code}"
    except requests.Timeout:
        return f"no answer within {_ANSWER_S} s"
    except Exception as error:  # noqa: BLE001  # its text has the address; what it is does for who set it up
        return f"it cannot be reached: {type(error).__name__}"
