"""flows/pages/fetch.py against a server on loopback that misbehaves in every way we know of."""

from __future__ import annotations

import errno
import gzip
import pickle
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import urllib3.util.connection

from flows import __version__, sources
from flows.pages import fetch, snapshots, transport
from flows.pages.fetch import Fetcher, Known, Outcome, fetch_source
from flows.pages.transport import STOP, FetchError, Limits, Transport
from flows.sources import Page, Source

BODY = b"model,year\nresnet,2015\n"
LIMITS = Limits(connect_timeout_s=2, read_timeout_s=2, deadline_s=8, pause_s=0)
THEN = "Wed, 29 Apr 2026 00:00:00 GMT"
GENEROUS_S = 6.0  # where cutting off takes half a second and waiting it out far longer
SERVE = Path(__file__).resolve().parents[3] / "shared" / "mirror" / "serve.py"
Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Site

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.headers.append(dict(self.headers))
        try:
            self.server.pages.get(self.path, says(b"nothing here", 404))(self)
        except OSError:  # the client hung up, which is what several tests want it to do
            self.close_connection = True

    def head(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()


class Site(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.over = threading.Event()
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def asked_for(self, path: str) -> list[dict[str, str]]:
        return [headers for at, headers in zip(self.asked, self.headers, strict=True) if at == path]

    def end(self) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()


def says(body: bytes, status: int = 200, length: int | None = None, **headers: str) -> Answer:
    """The whole of an answer. With a `length` (of another body) the connection closes after it."""

    def answer(handler: Handler) -> None:
        handler.head(status, len(body) if length is None else length, **headers)
        handler.wfile.write(body)
        handler.close_connection = length is not None

    return answer


def tagged(body: bytes, **headers: str) -> Answer:
    """A page with validators, and 304 to a request that has one of them."""

    def answer(handler: Handler) -> None:
        conditions = (handler.headers.get("If-None-Match"), handler.headers.get("If-Modified-Since"))
        if any(value in headers.values() for value in conditions if value):
            return says(b"", 304, **headers)(handler)
        return says(body, **headers)(handler)

    return answer


def first(count: int, before: Answer, after: Answer) -> Answer:
    left = [before] * count
    return lambda handler: (left.pop() if left else after)(handler)


def drips(body: bytes, seconds: float = 15.0) -> Answer:
    """Bytes one at a time for longer than any test waits; without headers of its own."""

    def answer(handler: Handler) -> None:
        handler.close_connection = True
        for at in range(int(seconds / 0.05)):
            if handler.server.over.wait(0.05):
                return
            handler.wfile.write(body[at % len(body) :][:1])
            handler.wfile.flush()

    return answer


def then(head: Callable[[Handler], None], body: Answer) -> Answer:
    def answer(handler: Handler) -> None:
        head(handler)
        handler.wfile.flush()
        body(handler)

    return answer


def hangs(handler: Handler) -> None:
    handler.close_connection = True
    handler.server.over.wait(20)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.end()


@pytest.fixture
def other() -> Iterator[Site]:
    made = Site()
    yield made
    made.end()


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every attempt to connect, real or not."""
    made: list[tuple[str, int]] = []
    real = urllib3.util.connection.create_connection

    def counted(address: tuple[str, int], *args: object, **options: object) -> socket.socket:
        made.append(address)
        return real(address, *args, **options)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", counted)
    return made


def source(*urls: str, content: str = "csv") -> Source:
    pages = tuple(Page("zoo", url.rpartition("/")[2], url, content) for url in urls)
    return Source(
        key="zoo", title="Zoo", publisher="P", homepage="https://zoo.example", licence="CC-BY-4.0",
        attribution="P", cadence="weekly", rank=1, rank_reason="", rows_min=1, rows_max=9, parser="zoo",
        pages=pages,
    )  # fmt: skip


def now() -> datetime:
    return datetime(2026, 4, 30, 12, 0, 0, 999, tzinfo=UTC)


def get(raw: Path, *urls: str, content: str = "csv", mirror: str | None = None, limits: Limits = LIMITS):
    found, _ = fetch_source(source(*urls, content=content), raw, mirror=mirror, limits=limits, known=Known(), now=now)
    return found[0] if len(found) == 1 else found


def get_sleepless(raw: Path, *urls: str, mirror: str | None = None, limits: Limits = LIMITS):
    """What came back, and how long each sleep would have been; the clock stands still but for them."""
    slept: list[float] = []
    fetcher = Fetcher(mirror, limits, Known(), clock=lambda: sum(slept), sleep=slept.append)
    found = fetcher.source(source(*urls), raw, now=now)
    fetcher.close()
    return found, slept


def lock(raw: Path) -> list[snapshots.Snapshot]:
    return snapshots.read(raw, "zoo")


# What is kept


def test_a_page_is_kept_with_its_line_in_the_lock(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = says(BODY, ETag='"1"', Last_Modified=THEN)
    url = f"{site.address}/a.csv"
    assert get(tmp_path, url) == Outcome("zoo", "a.csv", url, "fetched", "", len(BODY))
    (line,) = lock(tmp_path)
    assert line.path(tmp_path).read_bytes() == BODY
    assert (line.url, line.byte_count, line.retrieved_at) == (url, len(BODY), "2026-04-30T12:00:00Z")
    assert (line.etag, line.last_modified) == ('"1"', THEN)
    assert line.licence == "CC-BY-4.0"


def test_it_says_who_asks(site: Site, tmp_path: Path) -> None:
    get(tmp_path, f"{site.address}/a.csv")
    told = f"compute-limits/{__version__} (+https://github.com/compute-limits/compute-limits)"
    assert [headers["User-Agent"] for headers in site.headers] == [told, told]
    assert [headers["Accept-Encoding"] for headers in site.headers] == ["gzip", "gzip"]


def test_gzip_is_unpacked_also_in_several_members(site: Site, tmp_path: Path) -> None:
    body = gzip.compress(BODY) + gzip.compress(BODY)
    site.pages["/a.csv"] = says(body, Content_Encoding="gzip")
    assert get(tmp_path, f"{site.address}/a.csv").byte_count == 2 * len(BODY)
    assert lock(tmp_path)[0].path(tmp_path).read_bytes() == BODY + BODY


def test_one_bad_page_leaves_the_others(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a.csv": says(BODY), "/c.csv": says(BODY + b"x,1\n")}
    states = [found.state for found in get(tmp_path, *(f"{site.address}/{name}.csv" for name in "abc"))]
    assert states == ["fetched", "failed", "fetched"]


def test_a_full_disk_is_not_taken_for_a_bad_page(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device")

    site.pages["/a.csv"] = says(BODY)
    monkeypatch.setattr(snapshots, "keep", full)
    with pytest.raises(OSError, match="No space left"):
        get(tmp_path, f"{site.address}/a.csv")


# Conditional requests


@pytest.mark.parametrize(
    ("validators", "conditions"),
    [
        ({"ETag": '"1"'}, {"If-None-Match": '"1"'}),
        ({"Last_Modified": THEN}, {"If-Modified-Since": THEN}),
        ({"ETag": 'W/"x"', "Last_Modified": "then"}, {"If-None-Match": 'W/"x"', "If-Modified-Since": "then"}),
    ],
)  # fmt: skip
def test_a_second_fetch_moves_no_body(
    site: Site, tmp_path: Path, validators: dict[str, str], conditions: dict[str, str]
) -> None:
    site.pages["/a.csv"] = tagged(BODY, **validators)
    url = f"{site.address}/a.csv"
    assert get(tmp_path, url).state == "fetched"
    assert get(tmp_path, url) == Outcome("zoo", "a.csv", url, "unchanged", "", 0)
    assert len(lock(tmp_path)) == 1
    once, again = site.asked_for("/a.csv")
    assert not {"If-None-Match", "If-Modified-Since"} & set(once)
    assert {name: again.get(name) for name in ("If-None-Match", "If-Modified-Since") if name in again} == conditions


def test_the_same_body_without_validators_is_unchanged_and_another_one_is_kept(site: Site, tmp_path: Path) -> None:
    url = f"{site.address}/a.csv"
    site.pages["/a.csv"] = first(2, says(BODY), says(BODY + b"vit,2020\n"))
    assert [get(tmp_path, url).state for _ in range(3)] == ["fetched", "unchanged", "fetched"]
    assert len(lock(tmp_path)) == 2


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"half")])
def test_bytes_that_are_gone_or_damaged_are_fetched_again(
    site: Site, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    site.pages["/a.csv"] = tagged(BODY, ETag='"1"')
    url = f"{site.address}/a.csv"
    get(tmp_path, url)
    damage(lock(tmp_path)[0].path(tmp_path))
    assert get(tmp_path, url).state == "fetched"
    assert "If-None-Match" not in site.asked_for("/a.csv")[1]
    (line,) = lock(tmp_path)
    assert snapshots.intact(tmp_path, line)


def test_the_tag_of_another_address_is_not_used(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/old/a.csv": tagged(BODY, ETag='"1"'), "/new/a.csv": tagged(BODY * 2, ETag='"1"')}
    get(tmp_path, f"{site.address}/old/a.csv")
    assert get(tmp_path, f"{site.address}/new/a.csv").state == "fetched"


def test_304_to_no_condition_fails(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = says(b"", 304)
    found = get(tmp_path, f"{site.address}/a.csv")
    assert (found.state, found.byte_count) == ("failed", 0)
    assert "304" in found.message


# Retries


def soon() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=9), usegmt=True)


@pytest.mark.parametrize(("status", "when"), [(503, lambda: "7"), (429, soon)])
def test_a_retry_waits_as_long_as_it_is_told(site: Site, tmp_path: Path, status: int, when: Callable[[], str]) -> None:
    site.pages["/a.csv"] = first(2, lambda h: says(b"later", status, Retry_After=when())(h), says(BODY))
    (found,), slept = get_sleepless(tmp_path, f"{site.address}/a.csv", limits=Limits(pause_s=0))
    assert found.state == "fetched"
    assert len(slept) == 2
    assert all(5 <= seconds <= 9 for seconds in slept)


@pytest.mark.parametrize("told", ["31", "3600"])
def test_a_retry_that_may_only_come_too_late_is_not_waited_for(site: Site, tmp_path: Path, told: str) -> None:
    site.pages["/a.csv"] = says(b"later", 503, Retry_After=told)
    (found,), slept = get_sleepless(tmp_path, f"{site.address}/a.csv", limits=Limits(pause_s=0))
    assert f"asks to wait {told} s" in found.message
    assert slept == []


def test_a_retry_after_beyond_the_deadline_is_not_waited_for(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = says(b"later", 503, Retry_After=str(int(LIMITS.deadline_s) + 1))
    (found,), slept = get_sleepless(tmp_path, f"{site.address}/a.csv")
    assert (found.state, slept) == ("failed", [])


@pytest.mark.parametrize(("pause_s", "sleeps"), [(0.0, [1.0, 2.0]), (1.5, [1.5, 1.5, 1.5, 2.0])])
def test_500_always_fails_after_three_retries_with_backoff(
    site: Site, tmp_path: Path, pause_s: float, sleeps: list[float]
) -> None:
    site.pages["/a.csv"] = says(b"internal \x1b[31merror\x00\n", 500)
    limits = Limits(pause_s=pause_s)
    (found,), slept = get_sleepless(tmp_path, f"{site.address}/a.csv", limits=limits)
    assert len(site.asked_for("/a.csv")) == 4
    assert slept == sleeps
    assert found.message == f"{site.address}/a.csv answered 500, not 200; it said: internal [31merror"


def test_a_long_error_page_is_quoted_in_part(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = says(b"<p>There is nothing here.</p>" * 5000, 404)
    message = get(tmp_path, f"{site.address}/a.csv").message
    assert "answered 404" in message
    assert 100 < len(message) < 250


def test_a_connection_that_breaks_before_the_answer_is_tried_again(site: Site, tmp_path: Path) -> None:
    def hangs_up(handler: Handler) -> None:
        handler.close_connection = True

    site.pages["/a.csv"] = first(2, hangs_up, says(BODY))
    assert get_sleepless(tmp_path, f"{site.address}/a.csv")[0][0].state == "fetched"
    site.pages["/b.csv"] = hangs_up
    (found,), _ = get_sleepless(tmp_path, f"{site.address}/b.csv")
    assert "gave no answer" in found.message
    assert len(site.asked_for("/b.csv")) == 3


# Time


def csv_head(handler: Handler) -> None:
    handler.head(200, 100_000, Content_Type="text/csv")


DRIPPING = {
    "body": then(csv_head, drips(b"a")),
    "status line": drips(b"HTTP/1.1 200 OK" + b" " * 1000),
    "header": then(lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: "), drips(b"a")),
    "chunk": then(lambda handler: handler.head(200, None, Transfer_Encoding="chunked"), drips(b"1\r\na\r\n")),
    "error": then(lambda handler: handler.head(503, 100_000), drips(b"a")),
}


@pytest.mark.parametrize("what", DRIPPING)
def test_what_drips_is_cut_off_at_the_deadline(site: Site, tmp_path: Path, what: str) -> None:
    site.pages["/a.csv"] = DRIPPING[what]
    started = time.monotonic()
    found = get(tmp_path, f"{site.address}/a.csv", limits=Limits(deadline_s=0.5, pause_s=0))
    assert time.monotonic() - started < GENEROUS_S
    assert "not complete after 0.5 s" in found.message
    assert lock(tmp_path) == []


def test_a_hang_is_cut_off_at_the_deadline(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = hangs
    started = time.monotonic()
    found = get(tmp_path, f"{site.address}/a.csv", limits=Limits(deadline_s=0.5, pause_s=0))
    assert time.monotonic() - started < GENEROUS_S
    assert "not complete after 0.5 s" in found.message
    assert len(site.asked_for("/a.csv")) == 1


def test_a_silence_ends_at_the_read_timeout_and_is_tried_twice_more(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = hangs
    (found,), _ = get_sleepless(tmp_path, f"{site.address}/a.csv", limits=Limits(read_timeout_s=0.2, pause_s=0))
    assert "timed out" in found.message
    assert len(site.asked_for("/a.csv")) == 3


# Bodies


def test_a_gzip_bomb_is_stopped_with_little_memory(site: Site, tmp_path: Path) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(50)) + packer.flush()
    site.pages["/a.csv"] = says(bomb, Content_Encoding="gzip")
    tracemalloc.start()
    found = get(tmp_path, f"{site.address}/a.csv", limits=Limits(max_bytes=1 << 20, pause_s=0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "more than 1048576 bytes" in found.message
    assert peak < 8 << 20


def test_a_large_plain_body_is_stopped_and_one_of_just_that_size_is_not(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = says(BODY)
    url = f"{site.address}/a.csv"
    assert get(tmp_path, url, limits=Limits(max_bytes=len(BODY) - 1, pause_s=0)).state == "failed"
    assert get(tmp_path, url, limits=Limits(max_bytes=len(BODY), pause_s=0)).state == "fetched"


@pytest.mark.parametrize(
    "answer",
    [
        says(BODY[:9], length=len(BODY)),
        says(b"9\r\nmodel", length=-1, Transfer_Encoding="chunked"),
        says(gzip.compress(BODY)[:-12], Content_Encoding="gzip"),
        says(BODY, Content_Encoding="gzip"),
    ],
    ids=["content-length", "chunked", "gzip cut", "no gzip"],
)
def test_a_body_that_is_not_whole_fails(site: Site, tmp_path: Path, answer: Answer) -> None:
    site.pages["/a.csv"] = answer
    found = get(tmp_path, f"{site.address}/a.csv")
    assert "broke off before its end" in found.message
    assert not (tmp_path / "zoo").exists()


@pytest.mark.parametrize(
    ("answer", "content", "message"),
    [
        (says(b""), "csv", "empty body"),
        (says(b"", 204), "csv", "answered 204"),
        (says(b"\xef\xbb\xbf \n<!DOCTYPE  HTML><p>Sorry"), "csv", "should be csv but is an HTML page"),
        (says(b"<html lang=en>"), "zip", "should be zip but is an HTML page"),
        (says(b"name\nJos\xe9\n"), "csv", "not valid UTF-8 at byte 8"),
        (says(b"<p>Jos\xe9</p>"), "html", "not valid UTF-8 at byte 6"),
        (says(BODY, Content_Encoding="br"), "csv", "encoding br"),
    ],
)
def test_a_body_of_the_wrong_kind_fails(site: Site, tmp_path: Path, answer: Answer, content: str, message: str) -> None:
    site.pages["/a"] = answer
    found = get(tmp_path, f"{site.address}/a", content=content)
    assert found.state == "failed"
    assert message in found.message
    assert lock(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "content"),
    [(b"<!doctype html><p>x", "html"), (b"PK\x03\x04\xe9", "zip"), (b"<htmlish>", "markdown")],
)
def test_a_body_of_the_right_kind_is_kept(site: Site, tmp_path: Path, body: bytes, content: str) -> None:
    site.pages["/a"] = says(body)
    assert get(tmp_path, f"{site.address}/a", content=content).state == "fetched"


# Redirects


def to(location: str, status: int = 302) -> Answer:
    return says(b"", status, Location=location)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_on_the_same_host_is_followed(site: Site, tmp_path: Path, status: int) -> None:
    site.pages |= {"/a.csv": to("b.csv", status), "/b.csv": to(f"{site.address}/c.csv"), "/c.csv": says(BODY)}
    assert get(tmp_path, f"{site.address}/a.csv").state == "fetched"
    assert lock(tmp_path)[0].url == f"{site.address}/a.csv"


def test_a_redirect_to_another_host_is_refused_unasked(site: Site, other: Site, tmp_path: Path) -> None:
    other.pages["/b.csv"] = says(BODY)
    site.pages["/a.csv"] = to(f"{other.address}/b.csv")
    found = get(tmp_path, f"{site.address}/a.csv")
    assert f"{site.address}/a.csv redirects to {other.address}/b.csv, another host" in found.message
    assert other.asked == []


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/meta-data/", "//elsewhere.example/", "file:///etc/passwd", "http://[", "http://a:b/"],
)  # fmt: skip
def test_a_redirect_elsewhere_makes_no_connection(
    site: Site, tmp_path: Path, connections: list[tuple[str, int]], location: str
) -> None:
    site.pages["/a.csv"] = to(location)
    assert "another host" in get(tmp_path, f"{site.address}/a.csv").message
    assert {port for _, port in connections} == {site.server_port}


def test_a_loop_of_redirects_fails(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a.csv": to("/b.csv"), "/b.csv": to("/a.csv")}
    assert "in a circle" in get(tmp_path, f"{site.address}/a.csv").message
    assert site.asked == ["/robots.txt", "/a.csv", "/b.csv"]


@pytest.mark.parametrize(("allowed", "state"), [(3, "fetched"), (2, "failed")])
def test_redirects_are_counted(site: Site, tmp_path: Path, allowed: int, state: str) -> None:
    site.pages |= {"/0": to("/1"), "/1": to("/2"), "/2": to("/3"), "/3": says(BODY)}
    assert get(tmp_path, f"{site.address}/0", limits=Limits(max_redirects=allowed, pause_s=0)).state == state


def test_the_body_of_a_redirect_is_not_read(site: Site, tmp_path: Path) -> None:
    head = then(lambda handler: handler.head(302, 1 << 40, Location="/b.csv"), hangs)
    site.pages |= {"/a.csv": head, "/b.csv": says(BODY)}
    assert get(tmp_path, f"{site.address}/a.csv").state == "fetched"


def test_the_deadline_holds_across_redirects(site: Site, tmp_path: Path) -> None:
    def late(handler: Handler) -> None:
        handler.server.over.wait(0.3)
        to(f"{handler.path}x")(handler)

    site.pages |= {"/a" + "x" * count: late for count in range(50)}
    found = get(tmp_path, f"{site.address}/a", limits=Limits(deadline_s=0.7, max_redirects=40, pause_s=0))
    assert "not complete after 0.7 s" in found.message


# robots.txt


@pytest.mark.parametrize(
    ("rules", "state"),
    [
        (b"User-agent: *\nDisallow: /data/", "failed"),
        (b"User-agent: compute-limits\nDisallow: /\n\nUser-agent: *\nAllow: /", "failed"),
        (b"User-agent: compute-limits\nAllow: /\n\nUser-agent: *\nDisallow: /", "fetched"),
        (b"User-agent: github\nDisallow: /", "fetched"),
        (b"", "fetched"),
    ],
)
def test_robots_txt_is_honoured(site: Site, tmp_path: Path, rules: bytes, state: str) -> None:
    site.pages |= {"/robots.txt": says(rules), "/data/a.csv": says(BODY)}
    found = get(tmp_path, f"{site.address}/data/a.csv")
    assert found.state == state
    assert ("robots.txt" in found.message) == (state == "failed")
    assert len(site.asked_for("/data/a.csv")) == (state == "fetched")


def test_robots_txt_is_honoured_for_where_a_redirect_leads(site: Site, tmp_path: Path) -> None:
    rules = says(b"User-agent: *\nDisallow: /private/")
    site.pages |= {"/robots.txt": rules, "/a.csv": to("/private/a.csv"), "/private/a.csv": says(BODY)}
    assert "robots.txt" in get(tmp_path, f"{site.address}/a.csv").message
    assert site.asked_for("/private/a.csv") == []


@pytest.mark.parametrize("status", [401, 404, 410])
def test_without_robots_txt_all_is_allowed(site: Site, tmp_path: Path, status: int) -> None:
    site.pages |= {"/robots.txt": says(b"User-agent: *\nDisallow: /", status), "/a.csv": says(BODY)}
    assert get(tmp_path, f"{site.address}/a.csv").state == "fetched"


def test_robots_txt_is_asked_for_once_in_a_run(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a.csv": says(BODY), "/b.csv": says(BODY)}
    get_sleepless(tmp_path, f"{site.address}/a.csv", f"{site.address}/b.csv")
    assert site.asked.count("/robots.txt") == 1


@pytest.mark.parametrize("answer", [says(b"oops", 503), to("http://elsewhere.example/robots.txt"), hangs])
def test_a_host_whose_robots_txt_cannot_be_read_is_left_alone(site: Site, tmp_path: Path, answer: Answer) -> None:
    site.pages |= {"/robots.txt": answer, "/a.csv": says(BODY), "/b.csv": says(BODY)}
    limits = Limits(read_timeout_s=0.2, pause_s=0)
    found, _ = get_sleepless(tmp_path, f"{site.address}/a.csv", f"{site.address}/b.csv", limits=limits)
    assert [one.state for one in found] == ["failed", "failed"]
    assert all("robots.txt cannot be read" in one.message for one in found)
    assert "its host is down" in found[1].message
    assert set(site.asked) == {"/robots.txt"}


# One request at a time, with pauses


def test_requests_to_one_host_are_a_pause_apart(site: Site, other: Site, tmp_path: Path) -> None:
    urls = [f"{site.address}/a.csv", f"{site.address}/b.csv", f"{other.address}/c.csv"]
    _, slept = get_sleepless(tmp_path, *urls, limits=Limits(pause_s=1.5))
    assert slept == [1.5, 1.5, 1.5]  # robots.txt – a – b; robots.txt – c


def test_a_redirect_is_a_pause_apart_too(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a.csv": to("/b.csv"), "/b.csv": says(BODY)}
    assert get_sleepless(tmp_path, f"{site.address}/a.csv", limits=Limits(pause_s=1.5))[1] == [1.5, 1.5]


@pytest.mark.parametrize(("delay", "sleeps"), [(b"7", [7.0]), (b"0.1", [1.0])])
def test_a_longer_crawl_delay_is_kept(site: Site, tmp_path: Path, delay: bytes, sleeps: list[float]) -> None:
    site.pages |= {"/robots.txt": says(b"User-agent: *\nCrawl-delay: " + delay), "/a.csv": says(BODY)}
    assert get_sleepless(tmp_path, f"{site.address}/a.csv", limits=Limits())[1] == sleeps


def test_a_crawl_delay_without_measure_is_not_slept(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/robots.txt": says(b"User-agent: *\nCrawl-delay: 86400"), "/a.csv": says(BODY)}
    (found,), slept = get_sleepless(tmp_path, f"{site.address}/a.csv")
    assert "86400 s between requests" in found.message
    assert slept == []


def test_a_mirror_is_asked_without_pauses(site: Site, tmp_path: Path) -> None:
    site.pages |= {
        "/h.example/robots.txt": says(b"User-agent: *\nCrawl-delay: 9"),
        "/h.example/a": says(BODY),
    }
    found, slept = get_sleepless(tmp_path, "https://h.example/a", mirror=site.address, limits=Limits())
    assert (found[0].state, slept) == ("fetched", [])


# A host that is down


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_host_that_refuses_fails_once_for_all_its_pages(
    site: Site, tmp_path: Path, connections: list[tuple[str, int]]
) -> None:
    site.pages["/c.csv"] = says(BODY)
    host = f"127.0.0.1:{closed_port()}"
    pages = source(f"http://{host}/a.csv", f"http://{host}/b.csv", f"{site.address}/c.csv")
    found, known = fetch_source(
        pages, tmp_path, mirror=None, limits=LIMITS, known=Known(down={"x.example": "why"}), now=now
    )
    assert [one.state for one in found] == ["failed", "failed", "fetched"]
    assert sum(f"127.0.0.1:{port}" == host for _, port in connections) == 1
    assert known.down == {"x.example": "why", host: found[0].message}
    assert "Connection refused" in found[0].message
    assert "robots.txt" not in found[0].message
    assert "its host is down" in found[1].message
    assert found[0].message in found[1].message


def test_a_host_that_goes_down_during_a_run_is_not_asked_again(
    site: Site, tmp_path: Path, connections: list[tuple[str, int]]
) -> None:
    def last(handler: Handler) -> None:
        handler.server.end()
        says(BODY, Connection="close")(handler)
        handler.close_connection = True

    site.pages["/a.csv"] = last
    found = get(tmp_path, *(f"{site.address}/{name}.csv" for name in "abc"))
    assert [one.state for one in found] == ["fetched", "failed", "failed"]
    assert "cannot be reached" in found[1].message
    assert "its host is down" in found[2].message
    assert len(connections) == 3  # for robots.txt, a and b


def test_connecting_has_a_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits_s = []

    def fails(_address: object, timeout: float, **_: object) -> None:
        limits_s.append(timeout)
        raise TimeoutError

    monkeypatch.setattr(urllib3.util.connection, "create_connection", fails)
    get(tmp_path, "https://h.example/a.csv", limits=Limits(connect_timeout_s=3))
    get(tmp_path, "https://h.example/a.csv", limits=Limits(connect_timeout_s=3, deadline_s=2))
    assert limits_s[0] == 3
    assert 1 < limits_s[1] <= 2


def test_a_host_that_is_known_to_be_down_is_not_asked(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = says(BODY)
    pages, host = source(f"{site.address}/a.csv"), site.address.removeprefix("http://")
    (found,), known = fetch_source(
        pages, tmp_path, mirror=None, limits=LIMITS, known=Known(down={host: "it sulks"}), now=now
    )
    assert "it sulks" in found.message
    assert known.down == {host: "it sulks"}
    assert site.asked == []


@pytest.mark.parametrize(
    "error",
    [ConnectionRefusedError("refused"), socket.gaierror(-2, "unknown"), TimeoutError(), OSError("no route")],
)
def test_every_way_not_to_connect_counts_and_none_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    tries = []

    def fails(*args: object, **_: object) -> None:
        tries.append(args)
        raise error

    monkeypatch.setattr(urllib3.util.connection, "create_connection", fails)
    pages = source("https://h.example/a.csv", "https://h.example/b.csv")
    _, known = fetch_source(pages, tmp_path, mirror=None, limits=LIMITS, known=Known(), now=now)
    assert len(tries) == 1
    assert list(known.down) == ["h.example"]


def test_a_bad_page_does_not_bring_its_host_down(site: Site, tmp_path: Path) -> None:
    pages = source(f"{site.address}/a.csv")
    assert fetch_source(pages, tmp_path, mirror=None, limits=LIMITS, known=Known(), now=now)[1].down == {}


def test_what_travels_between_tasks_can_be_pickled() -> None:
    outcome = Outcome("zoo", "a", "https://h.example/a", "failed", "why", 0)
    error = FetchError("why", host_is_down=True)
    assert pickle.loads(pickle.dumps(outcome)) == outcome
    back = pickle.loads(pickle.dumps(error))
    assert (str(back), back.host_is_down) == ("why", True)


# A mirror


@pytest.mark.parametrize(
    ("url", "mirror", "expected"),
    [
        ("https://h.example/a/b?c=d&e", "http://127.0.0.1:8765", "http://127.0.0.1:8765/h.example/a/b?c=d&e"),
        ("http://h.example:81/a%20b", "https://m.example/x/", "https://m.example/x/h.example:81/a%20b"),
    ],
)
def test_addresses_are_rewritten(url: str, mirror: str, expected: str) -> None:
    assert transport.rewritten(url, mirror) == expected


def test_a_page_and_its_robots_txt_come_through_the_mirror(site: Site, tmp_path: Path) -> None:
    site.pages["/h.example/a.csv?x=1"] = says(BODY)
    assert get(tmp_path, "https://h.example/a.csv?x=1", mirror=site.address).state == "fetched"
    assert site.asked == ["/h.example/robots.txt", "/h.example/a.csv?x=1"]
    assert lock(tmp_path)[0].url == "https://h.example/a.csv?x=1"


@pytest.mark.parametrize(
    ("location", "state"),
    [
        ("b.csv", "fetched"),
        ("/h.example/b.csv", "fetched"),
        ("/b.csv", "fetched"),
        ("{mirror}/h.example/b.csv", "fetched"),
        ("https://h.example/b.csv", "fetched"),
        ("http://h.example/b.csv", "failed"),
        ("https://elsewhere.example/b.csv", "failed"),
        ("{mirror}/elsewhere.example/b.csv", "failed"),
    ],
)
def test_a_redirect_stays_on_the_mirror_and_on_the_host(
    site: Site, tmp_path: Path, connections: list[tuple[str, int]], location: str, state: str
) -> None:
    site.pages |= {
        "/h.example/a.csv": to(location.format(mirror=site.address)),
        "/h.example/b.csv": says(BODY),
        "/elsewhere.example/b.csv": says(BODY),
    }
    assert get(tmp_path, "https://h.example/a.csv", mirror=site.address).state == state
    assert {port for _, port in connections} == {site.server_port}


@pytest.mark.parametrize(
    ("told", "expected"), [(None, None), ("", None), (" http://127.0.0.1:8765 ", "http://127.0.0.1:8765")]
)
def test_the_mirror_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, told: str | None, expected: str | None
) -> None:
    monkeypatch.delenv("COMPUTE_LIMITS_MIRROR", raising=False)
    if told is not None:
        monkeypatch.setenv("COMPUTE_LIMITS_MIRROR", told)
    assert transport.mirror_from_environment() == expected


@pytest.mark.parametrize(
    "told", ["127.0.0.1:8765", "localhost", "ftp://h/", "http://", "http://h:port", "http://[", "http://h/?x"]
)
def test_a_bad_mirror_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_MIRROR", told)
    with pytest.raises(FetchError, match=r"COMPUTE_LIMITS_MIRROR is .*; set it to an address such as"):
        transport.mirror_from_environment()


@pytest.fixture
def mirror() -> Iterator[str]:
    address = f"http://127.0.0.1:{closed_port()}"
    port = address.rpartition(":")[2]
    command = [sys.executable, str(SERVE), "--as-of", "2026-04-30", "--port", port]
    faults = ["--fault", "imagenet_data=truncate", "--fault", "mscoco_data=redirect"]
    with subprocess.Popen([*command, *faults], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        server.stdout.readline()  # it says where it is once it listens
        yield address
        server.terminate()


@pytest.mark.mirror
@pytest.mark.skipif(not SERVE.is_file(), reason="there is no mirror beside the checkout")
def test_real_pages_come_from_the_mirror(mirror: str, tmp_path: Path) -> None:
    commit = "98079c546758b5ca710a6e0d4eabb88ca50aafdd"
    base = f"https://raw.githubusercontent.com/Computer-Progress/computerprogress.com/{commit}/data"
    urls = [f"{base}/{name}_data.js" for name in ("conll2003", "imagenet", "mscoco")]
    found = get(tmp_path, *urls, content="javascript", mirror=mirror)
    assert [one.state for one in found] == ["fetched", "failed", "failed"]
    assert "broke off" in found[1].message
    assert "169.254.169.254" in found[2].message
    assert get(tmp_path, urls[0], content="javascript", mirror=mirror).state == "unchanged"
    assert len(lock(tmp_path)) == 1


def test_the_session_follows_nothing_by_itself(site: Site) -> None:
    site.pages["/a.csv"] = to("/b.csv")
    with transport.session({}, time.sleep) as one, one.get(f"{site.address}/a.csv", stream=True) as response:
        assert isinstance(one, requests.Session)
        assert response.status_code == 302
    assert site.asked == ["/a.csv"]


@pytest.mark.parametrize(("told", "sleeps"), [(None, [1.5, 1.5]), (4.0, [4.0, 4.0]), (0.0, [])])
def test_a_source_may_declare_its_own_pause(
    site: Site, tmp_path: Path, told: float | None, sleeps: list[float]
) -> None:
    given = replace(source(f"{site.address}/a.csv", f"{site.address}/b.csv"), pause_s=told)
    slept: list[float] = []
    with closing(Fetcher(None, Limits(pause_s=1.5), Known(), clock=lambda: sum(slept), sleep=slept.append)) as fetcher:
        fetcher.source(given, tmp_path, now=now)
    assert slept == sleeps  # robots.txt – a – b
    assert fetch.pause_s(given, Limits(), "http://127.0.0.1:8765") == 0


def test_a_pause_is_declared_in_the_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = (Path(sources.__file__).parent / "owid_carbon.toml").read_text(encoding="utf-8")
    for name, more in {"own_pause": "pause_s = 2.5\n", "no_pause": ""}.items():
        (tmp_path / f"{name}.toml").write_text(more + toml, encoding="utf-8")
    monkeypatch.setattr(sources, "_FOLDER", tmp_path)
    assert [sources.load(name).pause_s for name in ("own_pause", "no_pause")] == [2.5, None]


def test_when_it_is_to_stop_neither_a_silent_server_nor_a_pause_holds_it_up(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = hangs
    urls = [f"{site.address}/{name}.csv" for name in "abc"]
    timer = threading.Timer(2, STOP.set)
    timer.start()
    try:
        found = get(tmp_path, *urls, limits=Limits(read_timeout_s=60, deadline_s=60, pause_s=0.5))
    finally:
        timer.join()
        STOP.clear()
    assert [one.state for one in found] == ["failed"] * 3
    assert all("the run was stopped" in one.message for one in found)
    assert site.asked == ["/robots.txt", "/a.csv"]
