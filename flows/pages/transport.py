"""One HTTP exchange with its limits: time-outs, a deadline, retries, redirects and a bounded body.

Nothing that a server does can hold a run up, fill the memory, lead to another host or to a machine that only we can
reach, or have half a page taken for a whole one, as far as HTTP tells. What is wrong is a FetchError, whose message is
a sentence for the user.
"""

from __future__ import annotations

import html
import os
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, ProxyError, ReadTimeoutError
from urllib3.util import Retry

from flows import __version__
from flows.errors import UserError
from flows.pages import addresses
from flows.pages.addresses import AddressError, Resolve

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

    _Sockets = dict[tuple[str, int], socket.socket]  # the newest of each server

NAME = "compute-limits"  # for robots.txt; in the whole of AGENT it would find "github" as well
AGENT = f"{NAME}/{__version__} (+https://github.com/compute-limits/compute-limits)"
MIRROR = "COMPUTE_LIMITS_MIRROR"
_REDIRECTS = (301, 302, 303, 307, 308)
_RETRY_AFTER_MAX_S = 30.0
_FOREVER_S = 6 * 3600  # what urllib3 makes of any longer Retry-After
_RECEIVE_BYTES = 1 << 16
_LOOK_UP_S = 0.5  # as often it is looked whether the deadline has passed or the run is to stop
_PORTS = {"http": 80, "https": 443}
_ADDRESSES_MAX = 4  # of a host are tried: each may take the whole time-out, and a name may have hundreds

# Set it, and all fetching of this process comes to its end: each page under way fails, and the pages left at once.
STOP = threading.Event()


class FetchError(UserError):
    """A page cannot be had; the message is for the user.

    `host_is_down`: no page of its host can. `too_slow`: its time was up. `run_is_over`: why nothing is asked for any
    more, which says nothing of the host, or "".
    """

    def __init__(
        self, message: str, host_is_down: bool = False, *, too_slow: bool = False, run_is_over: str = ""
    ) -> None:
        super().__init__(message)
        self.host_is_down, self.too_slow, self.run_is_over = host_is_down, too_slow, run_is_over


@dataclass(frozen=True)
class Limits:
    """What one page may cost: seconds, and bytes of decoded body.

    `deadline_s` is for the page in all, with its retries and redirects (the first pause comes before it).
    `pause_s` lies between two requests to one host, unless the source's TOML says another; a mirror is asked without.
    `slow_pages_max` pages of a host may run out of time in a run, then the host is down: each has cost up to a deadline
    and was asked for three times within it, so it was no mishap. `run_s` is for all fetching of a run: a first one takes
    some ten minutes for 400 pages a second apart, a usual one less than one. `max_bytes` is for a page (ten times the largest
    of all sources but those whose TOML says another, `page_max_mb`), and for the list of a repository's files.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 20.0
    deadline_s: float = 60.0
    max_bytes: int = 16_000_000
    pause_s: float = 1.0
    max_redirects: int = 5
    slow_pages_max: int = 3
    run_s: float = 1800.0


@dataclass(frozen=True)
class Answer:
    """What came of an exchange. `body` is decoded and whole, and empty unless `status` is 200.

    `has_end`: the server told where the body ends. Without, the end of the connection is its end, whatever ended that.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    has_end: bool = True


def mirror_from_environment() -> str | None:
    """The address in COMPUTE_LIMITS_MIRROR; None where it is not set or empty.

    Raises:
        FetchError: it is no http(s) address with a host.

    """
    address = os.environ.get(MIRROR, "").strip()
    try:
        parts = urlsplit(address)
        good = parts.scheme in _PORTS and parts.hostname and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:  # a bracket or a port that is none
        good = False
    if address and not good:
        raise FetchError(f"{MIRROR} is {address!r}; set it to an address such as http://127.0.0.1:8765, or unset it")
    return address or None


def rewritten(url: str, mirror: str) -> str:
    """Where the mirror has a publisher's page: `https://host/path?query` is at `<mirror>/host/path?query`."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{mirror.rstrip('/')}/{parts.netloc}{parts.path}{query}"


class Transport:
    """The connections of one thread, which asks one thing at a time.

    `asked` is {host: when it was last asked, on the clock}: requests to one host lie a pause apart, also those of
    another Transport that was given the same. `run_ends`: when on the clock all fetching is over. `resolve` gives the
    addresses of a host that may be connected to; that of the mirror may be anywhere.
    """

    def __init__(
        self,
        mirror: str | None,
        limits: Limits,
        asked: Mapping[str, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = STOP.wait,
        run_ends: float = float("inf"),
        resolve: Resolve = addresses.public,
    ) -> None:
        self.asked = dict(asked or {})
        self._run_ends = run_ends
        self._mirror, self._limits, self._clock, self._sleep = mirror, limits, clock, sleep
        # Of the exchange that is under way: what is asked for, when it has to end, the pause of its host.
        self._url, self._ends, self._pause_s = "", float("inf"), 0.0
        self._sockets: _Sockets = {}
        trusted = None if mirror is None else urlsplit(mirror).hostname
        self._session = session(self._sockets, self._rest, resolve, trusted)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def get(
        self,
        url: str,
        *,
        pause_s: float,
        permit: Callable[[str], None] = lambda _: None,
        headers: Mapping[str, str] | None = None,
        bodiless: Container[int] = (),
        max_bytes: int | None = None,
    ) -> Answer:
        """The answer to a GET of a publisher's address, after the pause and whatever redirects there are on its host.

        `permit` is called with each address before it is asked for, and raises FetchError where it may not be.
        `bodiless` are the statuses beside 200 that are an answer, too. `max_bytes`: what its decoded body may have, where the
        usual is not right for it.

        Raises:
            FetchError: there is no such answer within the limits, or the run is to stop.

        """
        due_s = self._due_s(url, pause_s)
        if self._clock() + due_s >= self._run_ends:
            raise self._over(f"{url} was not asked for", self._time_of_run())
        if due_s > 0:
            self._sleep(due_s)
        self._url, self._pause_s = url, pause_s
        self._ends = min(self._clock() + self._limits.deadline_s, self._run_ends)
        with self._cut_off_in_time(), self._followed(url, headers or {}, permit) as response:
            status = response.status_code
            if status == 304:  # It has no body; read to its end it leaves the connection to the next page.
                with suppress(HTTPError):
                    response.raw.read1(_RECEIVE_BYTES, decode_content=False)
            has_end = _has_end(response)
            body = b"" if status in bodiless else _whole(response, url, max_bytes or self._limits.max_bytes)
            return Answer(status, response.headers, body, has_end)

    @contextmanager
    def _cut_off_in_time(self) -> Iterator[None]:
        """Shut the sockets down at the deadline and when the run is to stop; what came after that is no answer.

        A time-out of requests is for one receive. That does for a silence, and between two receives of a body we can
        look at the clock ourselves; but the status line and the headers are read in one call. Tried with a deadline of
        1 s and time-outs of 2 s, a server that sends a byte of a header every 0.05 s kept requests waiting for the
        8 s that it went on (http.client reads up to 100 headers of 64 KiB). Only who has the socket can end that.
        """
        over = threading.Event()

        def watch() -> None:
            while not over.wait(_LOOK_UP_S):
                if STOP.is_set() or self._clock() >= self._ends:
                    for each in list(self._sockets.values()):
                        with suppress(OSError):  # it is closed
                            # Not each.shutdown: under TLS that drops what the other thread is reading from.
                            socket.socket.shutdown(each, socket.SHUT_RDWR)

        watcher = threading.Thread(target=watch, name=f"watch {self._url}", daemon=True)
        watcher.start()
        try:
            yield
        except FetchError:
            self._left_s()
            raise
        finally:
            over.set()
            watcher.join()
        self._left_s()

    def _left_s(self) -> float:
        """Seconds until the deadline, above 0; raises FetchError from then on, and once it is to stop."""
        if STOP.is_set():
            raise self._over(f"{self._url} was not asked for to its end", "the run was stopped")
        now = self._clock()
        if now >= self._run_ends:
            raise self._over(f"{self._url} was cut off", self._time_of_run())
        if now >= self._ends:
            after = f"after {self._limits.deadline_s:g} s"
            raise FetchError(f"{self._url} was not complete {after} and was cut off; try again later", too_slow=True)
        return self._ends - now

    def _time_of_run(self) -> str:
        return f"the {self._limits.run_s / 60:g} minutes that a run may fetch are over; the next one goes on from here"

    def _over(self, what: str, why: str) -> FetchError:
        return FetchError(f"{what}, as {why}", run_is_over=why)

    def _rest(self, seconds: float) -> None:
        """Wait before another try: not past the deadline, and never shorter than the pause."""
        seconds = max(seconds, self._pause_s)
        if seconds > min(self._left_s(), _RETRY_AFTER_MAX_S):
            wait = f"{seconds:.0f} s" if seconds < _FOREVER_S else "for hours"
            raise FetchError(f"{self._url} asks to wait {wait}, which is too long; try again later", too_slow=True)
        if seconds > 0:
            self._sleep(seconds)

    def _due_s(self, url: str, pause_s: float) -> float:
        """Seconds until the host may be asked."""
        return max(0.0, self.asked.get(urlsplit(url).netloc, float("-inf")) + pause_s - self._clock())

    def _followed(self, url: str, headers: Mapping[str, str], permit: Callable[[str], None]) -> requests.Response:
        """The first answer that is no redirect. Addresses are the publisher's; _send() knows the mirror."""
        at, seen = url, {url}
        while True:
            permit(at)
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
            self._rest(0)

    def _send(self, at: str, headers: Mapping[str, str]) -> requests.Response:
        address = at if self._mirror is None else rewritten(at, self._mirror)
        timeout = (min(self._limits.connect_timeout_s, self._left_s()), self._limits.read_timeout_s)
        try:
            return self._session.get(address, headers=headers, timeout=timeout, stream=True)
        except AddressError as error:
            raise FetchError(str(error), host_is_down=True) from error
        except (requests.RequestException, HTTPError) as error:
            raise _fault(error, address) from error
        finally:
            self.asked[urlsplit(at).netloc] = self._clock()

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


def session(
    sockets: _Sockets, rest: Callable[[float], None], resolve: Resolve = addresses.public, trusted: str | None = None
) -> requests.Session:
    """A session with our User-Agent, which follows no redirect. The caller closes it.

    `sockets` comes to hold the socket of each server; `rest` is called between two tries with the seconds that they
    should lie apart. A connection is made to an address that `resolve` gave for its host, under the host's name; that
    of `trusted` and of a proxy may be anywhere.
    """
    # connect=0: a host that refuses or has no address is found out at once. raise_on_status: the last
    # answer is wanted, as its body says more than "too many 503 responses".
    counts: dict[str, Any] = {"total": None, "connect": 0, "read": 2, "status": 3, "other": 0}
    again = (429, 500, 502, 503, 504)

    class Resting(Retry):
        def sleep(self, response: BaseHTTPResponse | None = None) -> None:
            retry_after_s = self.get_retry_after(response) if response is not None else None
            rest(max(retry_after_s or 0.0, self.get_backoff_time()))

        def parse_retry_after(self, retry_after: str) -> float:
            try:
                return super().parse_retry_after(retry_after)
            except (HTTPError, ValueError, OverflowError):  # no time at all; or more digits than Python reads
                return _FOREVER_S if retry_after.strip().isdecimal() else 0.0

    class Noting(HTTPAdapter):
        def get_connection_with_tls_context(
            self,
            request: requests.PreparedRequest,
            verify: Any,
            proxies: Mapping[str, str] | None = None,
            cert: Any = None,
        ) -> HTTPConnectionPool:
            pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
            server = pool.host, pool.port  # not the connection's, which may be those of a proxy
            name = urlsplit(str(request.url)).hostname
            by_proxy = select_proxy(str(request.url), dict(proxies or {})) is not None
            if by_proxy and name is not None and name != trusted:
                addresses.public_if_numeric(name)
            resolve_it = addresses.found if by_proxy or name == trusted else resolve
            pool.ConnectionCls = _connection(type(pool).ConnectionCls, sockets, server, resolve_it)
            return cast("HTTPConnectionPool", pool)

    made = _Session()
    retry = Resting(status_forcelist=again, backoff_factor=0.5, raise_on_status=False, **counts)
    for scheme in _PORTS:
        made.mount(f"{scheme}://", Noting(max_retries=retry))
    # gzip alone, because _pieces() unpacks it itself, within bounds.
    made.headers.update({"User-Agent": AGENT, "Accept-Encoding": "gzip"})
    return made


def _connection(kind: Any, sockets: _Sockets, server: tuple[str, int], resolve: Resolve) -> Any:
    """A kind of connection that is made to an address which `resolve` gave, and notes its socket."""

    class Connection(kind):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            sockets[server] = self.sock

        def _new_conn(self) -> socket.socket:
            # By number, so that nothing resolves the name a second time; what comes after (TLS, Host) goes by the name.
            this: Any = self
            name = this.host
            try:
                for address in _resolved(this, resolve)[:_ADDRESSES_MAX]:
                    this.host = address
                    try:
                        return cast("socket.socket", super()._new_conn())
                    except ConnectTimeoutError as error:
                        fault = error
                raise fault
            finally:
                this.host = name

    return Connection


def _resolved(connection: Any, resolve: Resolve) -> list[str]:
    try:
        return resolve(connection.host, connection.port)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        # With an address, requests reads the whole body of a redirect into memory, followed or not (tried: 64 MiB).
        return None


def _whole(response: requests.Response, url: str, max_bytes: int) -> bytes:
    """The decoded body of an answer with status 200."""
    if response.status_code != 200:
        said = _excerpt(response, url)
        raise FetchError(f"{url} answered {response.status_code}, not 200; it said: {said or 'nothing'}")
    body = bytearray()
    for piece in _pieces(response, url):
        body += piece
        if len(body) > max_bytes:
            raise FetchError(
                f"{url} has more than {max_bytes} bytes and was cut off; see what it is now, and if it is as it should be set "
                "page_max_mb in its source's TOML"
            )
    return bytes(body)


def _has_end(response: requests.Response) -> bool:
    """Whether the answer tells where its body ends: by a length, by chunks, or by what it is packed in."""
    told = response.raw.length_remaining is not None or response.raw.chunked
    return told or "gzip" in response.headers.get("Content-Encoding", "").lower()


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
        slow = isinstance(error, ReadTimeoutError)
        raise FetchError(f"{url} broke off before its end ({what}); try again later", too_slow=slow) from error
    if gunzip is not None and not gunzip.eof:
        raise FetchError(f"{url} broke off before its end (the gzip stream is incomplete); try again later")


def _excerpt(response: requests.Response, url: str) -> str:
    """What an error's body says, by its beginning; of a web page its title. It may be broken: the status is the news."""
    try:
        said = next(_pieces(response, url), b"").decode("utf-8", "replace")
    except FetchError as error:
        return f"(unreadable: {error})"
    if not said.lstrip("\ufeff \t\r\n").startswith("<"):
        return _plain(said)
    title = re.search(r"<title[^<>]*>([^<]*)", said, re.IGNORECASE)
    return _plain(html.unescape(title[1])) if title else ""


def _fault(error: Exception, address: str) -> FetchError:
    """What requests and urllib3 wrap up to three deep, as one sentence."""
    reason = getattr(error.args[0], "reason", None) or error if error.args else error
    if isinstance(reason, ProxyError):
        reason = reason.original_error
    what = _plain(str(reason).rpartition(": ")[2])
    if isinstance(reason, ConnectTimeoutError):
        host = urlsplit(address).netloc
        return FetchError(f"{host} cannot be reached ({what}); check the network, or {MIRROR}", True)
    slow = isinstance(reason, ReadTimeoutError)
    return FetchError(f"{address} gave no answer that can be read ({what}); try again later", too_slow=slow)


def _server(parts: SplitResult) -> tuple[str | None, str | None, int | None]:
    return parts.username, parts.hostname, None if parts.port == _PORTS[parts.scheme] else parts.port


def _plain(text: str) -> str:
    """Foreign text for a message: one line, no control characters, at most 100 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:400]).split())[:100]
