"""HTTP with its limits: the pages of a source, from their publishers or from a mirror, into data/raw.

Nothing that a server does can hold a run up, fill the memory, lead to another host or have half a page kept.
What is wrong with one page is its outcome; the other pages go on.
"""

from __future__ import annotations

import http.client
import io
import os
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from protego import Protego
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, HTTPError, ProxyError
from urllib3.util import Retry

from flows import __version__
from flows.errors import UserError
from flows.pages import snapshots
from flows.pages.snapshots import Snapshot

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from requests.structures import CaseInsensitiveDict
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

    from flows.sources import Page, Source

    _Now = Callable[[], datetime]
    _Found = tuple[list["Outcome"], dict[str, str]]

_NAME = "compute-limits"  # for robots.txt; in the whole of AGENT it would find "github" as well
AGENT = f"{_NAME}/{__version__} (+https://github.com/compute-limits/compute-limits)"
MIRROR = "COMPUTE_LIMITS_MIRROR"
_REDIRECTS = (301, 302, 303, 307, 308)
_RETRY_AFTER_MAX_S = 30.0
_RECEIVE_BYTES = 1 << 16
# Whoever waits for a server looks up as often, to see whether it is to stop.
_SLICE_S = 0.5
_PORTS = {"http": 80, "https": 443}
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)

# Set it, and all fetching of this process comes to its end: each page under way fails, and the pages left at once.
STOP = threading.Event()


class FetchError(UserError):
    """A page cannot be had; the message is for the user. `host_is_down`: no page of its host can."""

    def __init__(self, message: str, host_is_down: bool = False) -> None:
        super().__init__(message)
        self.host_is_down = host_is_down


@dataclass(frozen=True)
class Limits:
    """What one page may cost: seconds, and bytes of decoded body.

    `deadline_s` is for the page in all, with its retries and redirects (the first pause comes before it).
    `pause_s` lies between two requests to one host, unless the source's TOML says another; a mirror is asked without.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 20.0
    deadline_s: float = 60.0
    max_bytes: int = 64 << 20
    pause_s: float = 1.0
    max_redirects: int = 5


@dataclass(frozen=True)
class Outcome:
    """What one page gave: `state` is fetched, unchanged or failed; `message` says why it failed, or is "".

    `byte_count` is the decoded body that was fetched, 0 unless `state` is fetched; `url` is the publisher's.
    """

    source: str
    page: str
    url: str
    state: str
    message: str
    byte_count: int


class _Watch:
    """The clock of the page that is being fetched: sockets, retries and pauses ask this one object."""

    def __init__(self, limits: Limits, clock: Callable[[], float], sleep: Callable[[float], object]) -> None:
        self.limits, self.clock, self.sleep = limits, clock, sleep
        self.address, self.ends, self.pause_s = "", float("inf"), 0.0

    def start(self, address: str, pause_s: float) -> None:
        self.address, self.ends, self.pause_s = address, self.clock() + self.limits.deadline_s, pause_s

    def left(self) -> float:
        """Seconds until the deadline, above 0; raises FetchError from then on, and once it is to stop."""
        if STOP.is_set():
            raise FetchError(f"{self.address} was not asked for to its end, as the run was stopped")
        left = self.ends - self.clock()
        if left <= 0:
            after = f"after {self.limits.deadline_s:g} s"
            raise FetchError(f"{self.address} was not complete {after} and was cut off; try again later")
        return left

    def wait(self, seconds: float) -> None:
        if seconds > min(self.left(), _RETRY_AFTER_MAX_S):
            raise FetchError(f"{self.address} asks to wait {seconds:.0f} s, which is too long; try again later")
        if seconds > 0:
            self.sleep(seconds)


class _Timed(io.RawIOBase):
    """The receiving end of a socket. Its time-out is for one receive, so each is given what is left, in slices."""

    def __init__(self, raw: io.RawIOBase, sock: Any, watch: _Watch) -> None:
        self._raw, self._sock, self._watch = raw, sock, watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        left = self._watch.limits.read_timeout_s
        while True:
            slice_s = min(left, self._watch.left(), _SLICE_S)
            self._sock.settimeout(slice_s)
            try:
                # Not by way of _raw, which can no more be read after a time-out.
                return cast("int", self._sock.recv_into(buffer))
            except TimeoutError:
                left -= slice_s
                if left <= 0:
                    self._watch.left()
                    raise

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Adapter(HTTPAdapter):
    """Receives through _Timed: only there can the reading of headers, one call of http.client, be cut off."""

    def __init__(self, watch: _Watch) -> None:
        self._watch = watch
        super().__init__(max_retries=_Retry.watched(watch))

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> HTTPConnectionPool:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        pool.ConnectionCls = type("_Timed", (type(pool).ConnectionCls,), {"response_class": self._response})
        return cast("HTTPConnectionPool", pool)

    def _response(self, sock: Any, *args: Any, **options: Any) -> http.client.HTTPResponse:
        response = http.client.HTTPResponse(sock, *args, **options)
        response.fp = io.BufferedReader(_Timed(response.fp.detach(), sock, self._watch))
        return response


class _Retry(Retry):
    """Waits on the watch: not past the deadline, and never shorter than the polite pause."""

    _watch: _Watch

    @classmethod
    def watched(cls, watch: _Watch) -> Self:
        # connect=0: a host that refuses or has no address is found out at once. raise_on_status: the last
        # answer is wanted, as its body says more than "too many 503 responses".
        counts: dict[str, Any] = {"total": None, "connect": 0, "read": 2, "status": 3, "other": 0}
        again = (429, 500, 502, 503, 504)
        retry = cls(status_forcelist=again, backoff_factor=0.5, raise_on_status=False, **counts)
        retry._watch = watch
        return retry

    def new(self, **changed: Any) -> Self:
        retry = super().new(**changed)
        retry._watch = self._watch
        return retry

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        told = self.get_retry_after(response) if response is not None else None
        self._watch.wait(max(told or 0.0, self.get_backoff_time(), self._watch.pause_s))


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        # With an address, requests reads the whole body of a redirect into memory, followed or not.
        return None


def session(watch: _Watch | None = None) -> requests.Session:
    """A session with our User-Agent and retries, which follows no redirect. The caller closes it."""
    made = _Session()
    adapter = _Adapter(watch or _Watch(Limits(), time.monotonic, STOP.wait))
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    # gzip alone, because _pieces() unpacks it itself, within bounds.
    made.headers.update({"User-Agent": AGENT, "Accept-Encoding": "gzip"})
    return made


def mirror_from_environment() -> str | None:
    """The address in COMPUTE_LIMITS_MIRROR; None where it is not set or empty.

    Raises:
        FetchError: it is no http(s) address with a host.

    """
    told = os.environ.get(MIRROR, "").strip()
    try:
        parts = urlsplit(told)
        good = parts.scheme in _PORTS and parts.hostname and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:  # a bracket or a port that is none
        good = False
    if told and not good:
        raise FetchError(f"{MIRROR} is {told!r}; set it to an address such as http://127.0.0.1:8765, or unset it")
    return told or None


def rewritten(url: str, mirror: str) -> str:
    """Where the mirror has a publisher's page: `https://host/path?query` is at `<mirror>/host/path?query`."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{mirror.rstrip('/')}/{parts.netloc}{parts.path}{query}"


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
    down: Mapping[str, str],
    now: Callable[[], datetime],
) -> tuple[list[Outcome], dict[str, str]]:
    """Fetch every page of a source, in order, and keep what is new below `raw`.

    `down` has the hosts that are known not to answer, with the reason; it comes back with those found now.
    `now` gives the time of retrieval. What robots.txt says and when a host was last asked lives in a Fetcher:
    use one of those for several sources of the same host.

    Raises:
        flows.pages.snapshots.LockError: the lock of the source cannot be read.
        OSError: the bytes cannot be written. A page that cannot be had is an Outcome.

    """
    with closing(Fetcher(mirror, limits)) as fetcher:
        return fetcher.source(source, raw, down=down, now=now)


class Fetcher:
    """One session, and what this run has learnt about each host. For one thread: one request at a time."""

    def __init__(
        self,
        mirror: str | None,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = STOP.wait,
    ) -> None:
        self._mirror, self._limits = mirror, limits
        self._watch = _Watch(limits, clock, sleep)
        self._session = session(self._watch)
        self._rules: dict[str, Protego] = {}
        self._asked: dict[str, float] = {}
        self._polite_s = limits.pause_s

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def source(self, source: Source, raw: Path, *, down: Mapping[str, str], now: _Now) -> _Found:
        """As `fetch_source`, which see."""
        outcomes, found, kept = [], dict(down), snapshots.read(raw, source.key)
        self._polite_s = pause_s(source, self._limits, self._mirror)
        for page in source.pages:
            try:
                if page.host in found:
                    raise FetchError(f"not asked for, as its host is down: {found[page.host]}")
                state, byte_count = self._page(source, page, raw, snapshots.newest(kept, page.name), now)
                outcomes.append(Outcome(source.key, page.name, page.url, state, "", byte_count))
            except FetchError as error:
                if error.host_is_down:
                    found[page.host] = str(error)
                outcomes.append(Outcome(source.key, page.name, page.url, "failed", str(error), 0))
        return outcomes, found

    def _page(self, source: Source, page: Page, raw: Path, last: Snapshot | None, now: _Now) -> tuple[str, int]:
        held = last if last is not None and snapshots.intact(raw, last) else None
        body, headers = self._reply(page, _conditions(page, held))
        if body is None or (held is not None and held.sha256 == snapshots.digest(body)):
            return "unchanged", 0
        retrieved = now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        made = Snapshot(
            source.key, page.name, page.url, snapshots.digest(body), len(body), retrieved,
            headers.get("ETag"), headers.get("Last-Modified"), source.licence,
        )  # fmt: skip
        if not snapshots.intact(raw, made):  # keep() trusts a file of that name, and this one is damaged
            made.path(raw).unlink(missing_ok=True)
        snapshots.keep(raw, made, body)
        return "fetched", len(body)

    def _reply(self, page: Page, conditions: dict[str, str]) -> tuple[bytes | None, CaseInsensitiveDict[str]]:
        """The page's body, None where it is not modified, and its headers."""
        rules = self._robots(page)
        pause_s = self._pause_s(page.host)
        if pause_s > self._limits.deadline_s:
            raise FetchError(f"{page.url} is left out: its robots.txt wants {pause_s:g} s between requests")
        self._start(page.url)
        with self._follow(page.url, conditions, rules) as response:
            if response.status_code == 304 and not conditions:
                raise FetchError(f"{page.url} answered 304 although the request had no condition; try again later")
            body = None if response.status_code == 304 else _whole(response, page.url, self._limits.max_bytes)
            if body is not None:
                _check(page, body)
            return body, response.headers

    def _robots(self, page: Page) -> Protego:
        if page.host not in self._rules:
            url = urljoin(page.url, "/robots.txt")
            try:
                self._start(url)
                with self._follow(url, {}, None) as response:
                    absent = 400 <= response.status_code < 500  # RFC 9309, 2.3.1.3: nothing is forbidden
                    text = b"" if absent else _whole(response, url, self._limits.max_bytes)
            except FetchError as error:
                if error.host_is_down:
                    raise
                # RFC 9309, 2.3.1.4: whoever cannot read the rules has to assume that all is forbidden.
                reason = f"{page.host} is left alone because its robots.txt cannot be read: {error}"
                raise FetchError(reason, host_is_down=True) from error
            self._rules[page.host] = Protego.parse(text.decode("utf-8", "replace"))
        return self._rules[page.host]

    def _follow(self, url: str, headers: dict[str, str], rules: Protego | None) -> requests.Response:
        """The first answer that is no redirect. Addresses are the publisher's; _send() knows the mirror."""
        at, seen = url, {url}
        while True:
            if rules is not None and not rules.can_fetch(at, _NAME):
                raise FetchError(f"{at} is not allowed by its host's robots.txt; drop the page or ask its owner")
            response = self._send(at, headers)
            location = response.headers.get("Location")
            if response.status_code not in _REDIRECTS or location is None:
                return response
            response.close()
            to = self._target(at, location)
            if to in seen or len(seen) > self._limits.max_redirects:
                what = "in a circle" if to in seen else f"more than {self._limits.max_redirects} times"
                raise FetchError(f"{url} redirects {what} (last to {_plain(to)}); check its address")
            at = to
            seen.add(at)
            self._watch.wait(self._due_s(at))

    def _send(self, at: str, headers: dict[str, str]) -> requests.Response:
        address = at if self._mirror is None else rewritten(at, self._mirror)
        timeout = (min(self._limits.connect_timeout_s, self._watch.left()), self._limits.read_timeout_s)
        try:
            return self._session.get(address, headers=headers, timeout=timeout, stream=True)
        except (requests.RequestException, HTTPError) as error:
            raise _fault(error, address) from error
        finally:
            self._asked[urlsplit(at).netloc] = self._watch.clock()

    def _target(self, at: str, location: str) -> str:
        """The publisher's address that a Location means; a mirror gives its own or passes that on."""
        here, to = urlsplit(at), at
        try:
            to = urljoin(at, location)
            if self._mirror is not None:
                own = f"{self._mirror.rstrip('/')}/{here.netloc}/"
                onto = urljoin(rewritten(at, self._mirror), location)
                to = f"{here.scheme}://{here.netloc}/{onto.removeprefix(own)}" if onto.startswith(own) else to
            there = urlsplit(to)
            same = there.scheme in _PORTS and _server(here) == _server(there)
        except ValueError:
            same = False
        if not same or (here.scheme, there.scheme) == ("https", "http"):
            where = f"{at} redirects to {_plain(location)}, another host or a less safe scheme"
            raise FetchError(f"{where}; not followed. If it moved there, change the address in the source's TOML")
        return to

    def _pause_s(self, host: str) -> float:
        told = self._rules[host].crawl_delay(_NAME) if host in self._rules else None
        return 0.0 if self._mirror is not None else max(self._polite_s, told or 0.0)

    def _due_s(self, at: str) -> float:
        host = urlsplit(at).netloc
        asked = self._asked.get(host)
        return 0.0 if asked is None else max(0.0, asked + self._pause_s(host) - self._watch.clock())

    def _start(self, url: str) -> None:
        if (due_s := self._due_s(url)) > 0:
            self._watch.sleep(due_s)
        self._watch.start(url, self._pause_s(urlsplit(url).netloc))


def _conditions(page: Page, held: Snapshot | None) -> dict[str, str]:
    if held is None or held.url != page.url:  # the tag of another address says nothing about this one
        return {}
    told = {"If-None-Match": held.etag, "If-Modified-Since": held.last_modified}
    return {name: value for name, value in told.items() if value}


def _whole(response: requests.Response, url: str, max_bytes: int) -> bytes:
    """The decoded body of an answer with status 200."""
    if response.status_code != 200:
        said = _excerpt(response, url)
        raise FetchError(f"{url} answered {response.status_code}, not 200; it said: {said or 'nothing'}")
    body = bytearray()
    for piece in _pieces(response, url):
        body += piece
        if len(body) > max_bytes:
            raise FetchError(f"{url} has more than {max_bytes} bytes and was cut off; see what it is now")
    return bytes(body)


def _pieces(response: requests.Response, url: str) -> Iterator[bytes]:
    """The decoded body in bounded pieces. urllib3 would not notice a gzip stream that lacks its end."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise FetchError(f"{url} came in the encoding {_plain(encoding)}, not asked for; try again later")
    gunzip = zlib.decompressobj(wbits=31) if encoding.endswith("gzip") else None
    try:
        while data := response.raw.read1(_RECEIVE_BYTES, decode_content=False):
            if gunzip is None:
                yield data
                continue
            while data:
                if gunzip.eof:  # a gzip file may have several members
                    gunzip = zlib.decompressobj(wbits=31)
                yield gunzip.decompress(data, _RECEIVE_BYTES)
                data = gunzip.unused_data if gunzip.eof else gunzip.unconsumed_tail
    except (HTTPError, zlib.error) as error:
        what = _plain(str(error.args[0] if error.args else error))
        raise FetchError(f"{url} broke off before its end ({what}); try again later") from error
    if gunzip is not None and not gunzip.eof:
        raise FetchError(f"{url} broke off before its end (the gzip stream is incomplete); try again later")


def _excerpt(response: requests.Response, url: str) -> str:
    """The beginning of an error's body, which may itself be broken: the status is the news then."""
    try:
        return _plain(next(_pieces(response, url), b"").decode("utf-8", "replace"))
    except FetchError as error:
        return f"(unreadable: {error})"


def _check(page: Page, body: bytes) -> None:
    if not body:
        raise FetchError(f"{page.url} answered 200 with an empty body; try again later")
    if page.content != "html" and _HTML.match(body):
        raise FetchError(f"{page.url} should be {page.content} but is an HTML page; see it in a browser")
    if page.content == "zip":
        return
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"byte {error.start}"
        raise FetchError(f"{page.url} is not valid UTF-8 at {where}; tell its publisher") from error


def _fault(error: Exception, address: str) -> FetchError:
    """What requests and urllib3 wrap up to three deep, as one sentence."""
    reason = getattr(error.args[0], "reason", None) or error if error.args else error
    if isinstance(reason, ProxyError):
        reason = reason.original_error
    what = _plain(str(reason).rpartition(": ")[2])
    if isinstance(reason, ConnectTimeoutError):
        host = urlsplit(address).netloc
        return FetchError(f"{host} cannot be reached ({what}); check the network, or {MIRROR}", True)
    return FetchError(f"{address} gave no answer that can be read ({what}); try again later")


def _server(parts: SplitResult) -> tuple[str | None, str | None, int | None]:
    return parts.username, parts.hostname, None if parts.port == _PORTS[parts.scheme] else parts.port


def _plain(text: str) -> str:
    """Foreign text for a message: one line, no control characters, at most 100 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:400]).split())[:100]
