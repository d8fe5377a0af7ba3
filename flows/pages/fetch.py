"""The pages of a source, from their publishers or from a mirror, into data/raw.

What is wrong with one page is its outcome; the other pages go on.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from protego import Protego

from flows.pages import addresses, long_locks, repositories, snapshots, trees, wholeness
from flows.pages.addresses import Resolve
from flows.pages.repositories import LeftError
from flows.pages.snapshots import Snapshot
from flows.pages.transport import NAME, STOP, Answer, FetchError, Limits, Transport
from flows.readers.archives import FILE_BYTES_MAX

if TYPE_CHECKING:
    from flows.sources import Page, RepositoryFiles, Source

    _Now = Callable[[], datetime]


@dataclass(frozen=True)
class Outcome:
    """What one page gave: `state` is fetched, unchanged, failed, or left: as it is, without a fault.

    `message` says why it failed or was left, or is "".
    `byte_count` is the decoded body that was fetched, 0 unless `state` is fetched; `url` is the publisher's.
    """

    source: str
    page: str
    url: str
    state: str
    message: str
    byte_count: int


@dataclass(frozen=True)
class Known:
    """What a run knows of the hosts that it asked: plain data, which goes from one source to the next.

    `down` is {host: why none of its pages can be had}, `treeless` {host: why its trees are not asked for any more},
    `asked` {host: when it was last asked, on this machine's monotonic clock}, `answers` what needs to be asked
    for once in a run, {address of a robots.txt or a tree: text}, "" where there is none, and `slow` {host: how many of
    its pages ran out of time}.
    """

    down: Mapping[str, str] = field(default_factory=dict)
    treeless: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, float] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    slow: Mapping[str, int] = field(default_factory=dict)


def together(parts: Iterable[Known]) -> Known:
    """What several sources got to know."""
    down, treeless, asked, answers = dict[str, str](), dict[str, str](), dict[str, float](), dict[str, str]()
    slow = dict[str, int]()
    for part in parts:
        down |= part.down
        treeless |= part.treeless
        answers |= part.answers
        asked |= {host: max(at, asked.get(host, at)) for host, at in part.asked.items()}
        slow |= {host: max(many, slow.get(host, many)) for host, many in part.slow.items()}
    return Known(down, treeless, asked, answers, slow)


def hosts(source: Source) -> set[str]:
    """The hosts that a source may have to ask: those of its pages, and those that list them."""
    places = [trees.listed(page.url) for page in source.pages]
    found = {page.host for page in source.pages} | {urlsplit(place.tree).netloc for place in places if place}
    if source.repository_files is not None:
        packed = filter(None, (trees.packed(page.url) for page in source.pages if not page.mirror_only))
        found |= {urlsplit(address).netloc for one in packed for address in (one.tree, one.base)}
    return found


def pause_s(source: Source, limits: Limits, mirror: str | None) -> float:
    """Seconds between two requests to a host of the source; its robots.txt may ask for more."""
    if mirror is not None:
        return 0.0
    return limits.pause_s if source.pause_s is None else source.pause_s


def fetch_source(
    source: Source,
    raw: Path,
    *,
    mirror: str | None,
    limits: Limits,
    known: Known,
    now: Callable[[], datetime],
    ends: float = float("inf"),
    resolve: Resolve = addresses.public,
    backfilled_on: date | None = None,
) -> tuple[list[Outcome], Known]:
    """Fetch every page of a source, in order, and keep what is new below `raw`.

    `known` is from the sources of the run that share a host with it; it comes back with what was found out now.
    `now` gives the time of retrieval, `ends` is when all fetching of the run is over, on this machine's monotonic clock,
    and `resolve` gives the addresses of a host that may be connected to. `backfilled_on` is today, where `now` gives a past
    day that a mirror shows: what was fetched later does not exist then.

    Raises:
        flows.pages.snapshots.LockError: the lock of the source cannot be read.
        OSError: the bytes cannot be written. A page that cannot be had is an Outcome.

    """
    with closing(Fetcher(mirror, limits, known, ends=ends, resolve=resolve)) as fetcher:
        return fetcher.source(source, raw, now=now, backfilled_on=backfilled_on), fetcher.known()


class Fetcher:
    """The connections of a run and what it knows of each host. For one thread: one request at a time."""

    def __init__(
        self,
        mirror: str | None,
        limits: Limits,
        known: Known,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = STOP.wait,
        *,
        ends: float = float("inf"),
        resolve: Resolve = addresses.public,
    ) -> None:
        self._mirror, self._limits = mirror, limits
        self._transport = Transport(mirror, limits, known.asked, clock, sleep, ends, resolve)
        self._down, self._treeless, self._answers = dict(known.down), dict(known.treeless), dict(known.answers)
        self._slow, self._over = dict(known.slow), ""
        self._rules: dict[str, Protego] = {}
        self._blobs: dict[str, dict[str, str]] = {}
        self._polite_s = limits.pause_s

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._transport.close()

    def known(self) -> Known:
        """What it was given, and has learnt since."""
        return Known(self._down, self._treeless, self._transport.asked, self._answers, self._slow)

    def source(self, source: Source, raw: Path, *, now: _Now, backfilled_on: date | None = None) -> list[Outcome]:
        """As `fetch_source`, which see."""
        self._polite_s = pause_s(source, self._limits, self._mirror)
        held = _held(source, raw, snapshots.time_of(now()))
        places = {page.name: trees.listed(page.url) for page in source.pages}
        kept = Counter(place.tree for name in held if (place := places[name]) is not None)
        outcomes, unasked = [], Counter[str]()
        for page in source.pages:
            last, place, wanted = held.get(page.name), places[page.name], source.repository_files
            # A mirror has the archive itself.
            packed = None if wanted is None or self._mirror is not None else trees.packed(page.url)
            host = page.host if packed is None else urlsplit(packed.base).netloc
            state, byte_count, message = "failed", 0, ""
            try:
                if page.mirror_only and self._mirror is None:
                    state = "left"
                elif (
                    last is not None
                    and place is not None
                    and self._is_as_kept(page, raw, last, place, kept[place.tree])
                ):
                    state = "unchanged"
                elif message := self._why_not(host):
                    unasked[message] += 1
                elif wanted is not None and packed is not None:
                    state, byte_count = self._packed(source, page, raw, last, packed, wanted, now)
                else:
                    state, byte_count = self._page(source, page, raw, last, now, backfilled_on)
            except LeftError as left:
                state, message = "left", f"{page.name}: {left}"
            except FetchError as error:
                message = str(error)
                self._learn(host, error)
            outcomes.append(Outcome(source.key, page.name, page.url, state, message, byte_count))
        return [replace(one, message=_counted(one.message, unasked)) for one in outcomes]

    def _why_not(self, host: str) -> str:
        """Why no page of that host is asked for any more, or ""."""
        return f"{host} is down: {self._down[host]}" if host in self._down else self._over

    def _learn(self, host: str, error: FetchError) -> None:
        """What a page that cannot be had says about the others."""
        if error.run_is_over:
            self._over = error.run_is_over
        elif error.host_is_down:
            self._down.setdefault(host, str(error))
        elif error.too_slow:
            self._slow[host] = self._slow.get(host, 0) + 1
            if self._slow[host] >= self._limits.slow_pages_max:
                self._down[host] = f"{self._slow[host]} of its pages ran out of time in this run, the last so: {error}"

    def _is_as_kept(self, page: Page, raw: Path, last: Snapshot, place: trees.Listed, kept: int) -> bool:
        """Whether it need not be asked for: at a commit nothing changes, and else the tree tells."""
        if place.is_fixed:
            return last.url == page.url
        return self._as_listed(raw, last, place, kept)

    def _as_listed(self, raw: Path, last: Snapshot, place: trees.Listed, kept: int) -> bool:
        """Whether the tree is there and lists the bytes that are kept. For one page the page itself is asked for."""
        if place.tree not in self._blobs:
            if kept < 2 and place.tree not in self._answers:
                return False
            self._blobs[place.tree] = trees.blobs(self._tree(place.tree))
        return self._blobs[place.tree].get(place.path) == trees.blob_hash(last.path(raw).read_bytes())

    def _tree(self, url: str) -> str:
        """The tree of that address, "" where there is none.

        A repository may be unknown to its host, or to a mirror. Whatever else is wrong (too many requests, a time-out)
        would be wrong with the next tree, too: the host is asked for none any more.
        """
        host = urlsplit(url).netloc
        if url not in self._answers and host not in self._treeless:
            try:
                self._answers[url] = self._get(url, {}, bodiless=(404,)).body.decode("utf-8", "replace")
            except FetchError as error:
                self._treeless[host] = str(error)
        return self._answers.get(url, "")

    def _page(
        self, source: Source, page: Page, raw: Path, last: Snapshot | None, now: _Now, backfilled_on: date | None
    ) -> tuple[str, int]:
        conditions = _conditions(page.url, last)
        max_bytes = None if source.page_max_mb is None else round(source.page_max_mb * 1e6)
        answer = self._get(page.url, conditions, bodiless=(304,), max_bytes=max_bytes)
        if answer.status == 304 and not conditions:
            raise FetchError(f"{page.url} answered 304 although the request had no condition; try again later")
        if answer.status == 304:
            return "unchanged", 0
        body, sha256 = answer.body, snapshots.digest(answer.body)
        if last is not None and last.sha256 == sha256:
            return "unchanged", 0
        _check(page, answer, last)
        made = Snapshot(
            source.key, page.name, page.url, sha256, len(body), snapshots.time_of(now()),
            answer.headers.get("ETag"), answer.headers.get("Last-Modified"), source.licence,
            backfilled_on=backfilled_on.isoformat() if backfilled_on else None,
        )  # fmt: skip
        _keep(raw, made, body)
        return "fetched", len(body)

    def _packed(
        self,
        source: Source,
        page: Page,
        raw: Path,
        last: Snapshot | None,
        at: trees.Repository,
        wanted: RepositoryFiles,
        now: _Now,
    ) -> tuple[str, int]:
        """As `_page`, of files that a tree lists: of those that are kept as it lists them none is asked for."""
        conditions = _conditions(at.tree, last)
        if at.is_fixed and last is not None and last.url == at.tree:
            return "unchanged", 0
        answer = self._listing(at.tree, conditions)
        if answer.status == 304 and conditions:
            return "unchanged", 0
        listed = repositories.chosen(answer.body.decode("utf-8", "replace"), wanted, at.tree)
        kept = {} if last is None else repositories.unpacked(last.path(raw))
        files = {
            path: body for path, body in kept.items() if path in listed and trees.blob_hash(body) == listed[path].sha
        }
        if files.keys() == kept.keys() == listed.keys():
            return "unchanged", 0
        for path in sorted(listed.keys() - files.keys()):
            files[path] = self._get(at.address(path), {}, bodiless=(), max_bytes=FILE_BYTES_MAX).body
            if trees.blob_hash(files[path]) != listed[path].sha:
                raise FetchError(f"{at.address(path)} is not the file that {at.tree} lists; try again later")
        body = repositories.packed(at.name, files)
        made = Snapshot(
            source.key, page.name, at.tree, snapshots.digest(body), len(body), snapshots.time_of(now()),
            answer.headers.get("ETag"), answer.headers.get("Last-Modified"), source.licence,
        )  # fmt: skip
        _keep(raw, made, body)
        return "fetched", len(body)

    def _listing(self, url: str, conditions: Mapping[str, str]) -> Answer:
        """The answer to the address of a tree. Raises `LeftError`: its host gives none, and from then on is asked for none."""
        host = urlsplit(url).netloc
        if host in self._treeless:
            raise LeftError(f"{url} was not asked for, as {self._treeless[host]}")
        try:
            return self._get(url, conditions, bodiless=(304, 404))
        except FetchError as error:
            if error.run_is_over:
                raise
            self._treeless[host] = str(error)
            raise LeftError(str(error)) from error

    def _get(
        self, url: str, headers: Mapping[str, str], bodiless: Container[int], max_bytes: int | None = None
    ) -> Answer:
        """The answer to an address that its host lets us ask for, also after redirects."""
        rules, pause_s = self._robots(url), self._pause_s(urlsplit(url).netloc)
        if pause_s > self._limits.deadline_s:
            raise FetchError(f"{url} is left out: its robots.txt wants {pause_s:g} s between requests")

        def permit(at: str) -> None:
            if not rules.can_fetch(at, NAME):
                raise FetchError(f"{at} is not allowed by its host's robots.txt; drop the page or ask its owner")

        return self._transport.get(
            url, pause_s=pause_s, permit=permit, headers=headers, bodiless=bodiless, max_bytes=max_bytes
        )

    def _robots(self, url: str) -> Protego:
        host, robots = urlsplit(url).netloc, urljoin(url, "/robots.txt")
        if robots not in self._answers:
            absent = range(400, 500)  # RFC 9309, 2.3.1.3: nothing is forbidden
            try:
                answer = self._transport.get(robots, pause_s=self._pause_s(host), bodiless=absent)
            except FetchError as error:
                if error.host_is_down or error.run_is_over:
                    raise
                # RFC 9309, 2.3.1.4: whoever cannot read the rules has to assume that all is forbidden.
                reason = f"{host} is left alone because its robots.txt cannot be read: {error}"
                raise FetchError(reason, host_is_down=True) from error
            self._answers[robots] = answer.body.decode("utf-8", "replace")
        if host not in self._rules:
            self._rules[host] = Protego.parse(self._answers[robots])
        return self._rules[host]

    def _pause_s(self, host: str) -> float:
        delay_s = self._rules[host].crawl_delay(NAME) if host in self._rules else None
        return 0.0 if self._mirror is not None else max(self._polite_s, delay_s or 0.0)


def _held(source: Source, raw: Path, until: str) -> dict[str, Snapshot]:
    """{page: its newest version by then} of the pages whose bytes are kept, whole."""
    newest = long_locks.newest(raw, source.key, until)
    lines = [newest[page.name] for page in source.pages if page.name in newest]
    return {line.page: line for line in lines if snapshots.intact(raw, line)}


def _keep(raw: Path, made: Snapshot, body: bytes) -> None:
    if not snapshots.intact(raw, made):  # keep() trusts a file of that name, and this one is damaged
        made.path(raw).unlink(missing_ok=True)
    snapshots.keep(raw, made, body)


def _conditions(url: str, last: Snapshot | None) -> dict[str, str]:
    if last is None or last.url != url:  # the tag of another address says nothing about this one
        return {}
    conditions = {"If-None-Match": last.etag, "If-Modified-Since": last.last_modified}
    return {name: value for name, value in conditions.items() if value}


def _check(page: Page, answer: Answer, last: Snapshot | None) -> None:
    """The body is of the kind of the page, and whole as far as can be told. Raises `FetchError`."""
    served_as, last_bytes = answer.headers.get("Content-Type", ""), 0 if last is None else last.byte_count
    fault = wholeness.fault(page.content, answer.body, served_as, has_end=answer.has_end, last_bytes=last_bytes)
    if fault:
        raise FetchError(f"{page.url} {fault}")


def _counted(message: str, unasked: Mapping[str, int]) -> str:
    """What is said once of all the pages that were not asked for, for the same reason."""
    many = unasked.get(message, 0)
    pages = "1 page was" if many == 1 else f"{many} pages were"
    return f"{pages} not asked for, as {message}" if many else message
