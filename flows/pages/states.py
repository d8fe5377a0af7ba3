"""The state of each source: what reading its pages gave, the outcomes of fetching and the day, put together.

Of all that a build makes only this depends on the day and on what fetching gave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from flows import sources
from flows.columns import ADDRESS, column

if TYPE_CHECKING:
    from flows.pages.fetch import Outcome


# No expectation is of these: they change while the rest of the warehouse stands, and then nothing else is to be checked.
State = Literal["fetched", "unchanged", "stale", "shipped", "absent"]
# Where a source is in one of these the build is degraded; sql/meta/runs.sql counts the same.
DEGRADED: tuple[State, ...] = ("stale", "absent")
# What `degraded` and `not_fresh` are asked with.
ROWS = "select source, state, age_days, message from meta.sources order by source"
# How many pages of a source are named in one line; the messages have them all.
_PAGES_NAMED = 3
_WORD_ENDS = re.compile(r"(?![\w/-]|\.\w)")


@dataclass(frozen=True, slots=True)
class SourceReading:
    """One row per source: what reading its pages gave, whatever the day and the outcome of fetching."""

    source: str = column(ADDRESS["source"])
    newest_retrieved_on: date | None = column(
        "the day that the newest page in use was first fetched; null: none is there"
    )
    oldest_fallback_on: date | None = column(
        "the day that the oldest page in use was first fetched of those that have a newer version, which cannot be used; "
        "null: there is none"
    )
    is_complete: bool = column("whether every page is there and none had to fall back")
    from_facts_alone: bool = column("whether no page was read from its bytes")
    message: str | None = column("what is wrong with its pages, a line each")


@dataclass(frozen=True, slots=True)
class SourceState:
    """One row per source: its state on the day of the run; all that a run adds to what its pages say."""

    source: str = column(ADDRESS["source"])
    state: State = column("fetched, unchanged, stale, shipped or absent")
    age_days: int | None = column(
        "for a stale source: days since the oldest page that fell back was first fetched (the newest in use, where none did)"
    )
    message: str | None = column("why the source is stale or absent, or a page of it was left as it is")


@dataclass(frozen=True, slots=True)
class BuildSetting:
    """One row per build, of which there is one: what it was made of."""

    build_key: str = column("SHA-256 of all that the tables depend on: pages, facts, settings, code, libraries, ledger")
    code_version: str = column("version of the code that made it")
    state_key: str = column("SHA-256 of the same but the ledger: what a state of the ledger is called by")
    code_sha256: str = column("SHA-256 of code, SQL and the versions of libraries")
    settings_sha256: str = column("SHA-256 of what is declared")
    published_before: date | None = column(
        "the day before which a model was published to be a point, where the build was given one"
    )


def state(read: SourceReading, outcomes: Sequence[Outcome], as_of: date, fetched_on: Mapping[str, date]) -> SourceState:
    """The source's state on a day; `outcomes` is what fetching it gave, empty if it was not asked.

    `fetched_on` is {page: the day that the version in use was first fetched}.
    """
    name = _state(read, {outcome.state for outcome in outcomes} - {"left"})
    # A page that cannot be had falls back to what is in use of it. One stuck page makes its source as old as itself.
    failed = [fetched_on.get(outcome.page) for outcome in outcomes if outcome.state == "failed"]
    since = min(filter(None, [read.oldest_fallback_on, *failed]), default=read.newest_retrieved_on)
    age = (as_of - since).days if name == "stale" and since is not None else None
    return SourceState(
        read.source, name, age, lines([*(read.message or "").splitlines(), *(outcome.message for outcome in outcomes)])
    )


def _state(read: SourceReading, fetched: set[str]) -> State:
    """fetched, unchanged, stale (a page fell back), shipped (facts alone, nothing asked) or absent."""
    if read.newest_retrieved_on is None:
        return "absent"
    if not read.is_complete or "failed" in fetched:
        return "stale"
    if not fetched:
        return "shipped" if read.from_facts_alone else "unchanged"
    return "fetched" if "fetched" in fetched else "unchanged"


def lines(messages: Sequence[str | None]) -> str | None:
    """Each message once, a line each; None where there is none."""
    return "\n".join(dict.fromkeys(line for line in messages if line)) or None


def degraded(rows: Iterable[Sequence[Any]]) -> list[str]:
    """The one line that says which sources are stale or absent, with ages and the pages that fell back; none if none is.

    `rows` are what `ROWS` gives: "degraded: timm is stale (3 days; results.csv)".
    """
    told = not_fresh(rows)
    return [f"degraded: {told}"] if told else []


def not_fresh(rows: Iterable[Sequence[Any]]) -> str:
    """What `degraded` says behind its first word; "" if all sources are fresh."""
    return ", ".join(_not_fresh(*row) for row in rows if row[1] in DEGRADED)


def _not_fresh(source: str, name: str, age: int | None, message: str | None) -> str:
    days = None if age is None else f"{age} day{'' if age == 1 else 's'}"
    inside = "; ".join(filter(None, (days, _pages(source, message or ""))))
    return f"{source} is {name} ({inside})" if inside else f"{source} is {name}"


def _pages(source: str, message: str) -> str:
    """The pages of a source that its message names, by name or by address; where it is of the whole source there are none."""
    pages = sources.addresses(source) if source in sources.names() else {}
    # A mirror has the address behind its own.
    behind = {page: f"/{url.partition('://')[2]}" for page, url in pages.items()}
    named = [page for page, address in behind.items() if _stands_in(message, page, address)]
    more = [f"and {len(named) - _PAGES_NAMED} more"] if len(named) > _PAGES_NAMED else []
    return ", ".join(named[:_PAGES_NAMED] + more)


def _stands_in(message: str, page: str, address: str) -> bool:
    """Whether a page is named: by its name as a word of its own, or by its address, however that begins."""
    # Not by a pattern for each of hundreds, which take as long to compile as some builds do.
    for text in (page, address):
        at = message.find(text)
        while at >= 0:
            begins = text is address or at == 0 or message[at - 1].isspace()
            if begins and _WORD_ENDS.match(message, at + len(text)):
                return True
            at = message.find(text, at + 1)
    return False
