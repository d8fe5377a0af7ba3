"""flows/pages/transport.py against a server on loopback that misbehaves in every way we know of."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import misbehaving
import pytest
import requests
import urllib3.util.connection
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from misbehaving import BODY, Answer, Handler, Site, drips, endless, first, hangs, says, tagged, then, to

from flows import __version__
from flows.pages import addresses, transport
from flows.pages.addresses import Resolve, found
from flows.pages.transport import STOP, FetchError, Limits, Transport

site, other, connections, _no_proxy = (
    misbehaving.site, misbehaving.other, misbehaving.connections, misbehaving.no_proxy,
)  # fmt: skip

LIMITS = Limits(connect_timeout_s=2, read_timeout_s=2, deadline_s=8)
CUT_OFF = Limits(deadline_s=0.5)
GENEROUS_S = 6.0  # where cutting off takes half a second and waiting it out far longer


def ask(url: str, *, mirror: str | None = None, limits: Limits = LIMITS) -> bytes:
    """The body of an address; raises FetchError."""
    with closing(Transport(mirror, limits, resolve=found)) as asking:
        return asking.get(url, pause_s=0).body


def refused(url: str, *, mirror: str | None = None, limits: Limits = LIMITS) -> str:
    """Why there is no answer."""
    with pytest.raises(FetchError) as error:
        ask(url, mirror=mirror, limits=limits)
    return str(error.value)


def ask_sleepless(url: str, *, limits: Limits = LIMITS, pause_s: float = 0.0) -> tuple[bytes | str, list[float]]:
    """The body or why there is none, and how long each sleep would have been; the clock stands still but for them."""
    slept: list[float] = []
    with closing(Transport(None, limits, clock=lambda: sum(slept), sleep=slept.append, resolve=found)) as asking:
        try:
            return asking.get(url, pause_s=pause_s).body, slept
        except FetchError as error:
            return str(error), slept


def writes(body: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        handler.wfile.write(body)

    return answer


def chunks(body: bytes) -> Answer:
    return writes(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")


# What is asked for and what comes back


def test_an_answer_has_its_status_headers_and_body(site: Site) -> None:
    site.pages |= {"/a": says(BODY, ETag='"1"'), "/b": says(b"", 304), "/c": says(b"gone", 410)}
    with closing(Transport(None, LIMITS, resolve=found)) as asking:
        answers = [asking.get(f"{site.address}/{at}", pause_s=0, bodiless=(304, 410)) for at in "abc"]
        with pytest.raises(FetchError, match="answered 410, not 200; it said: gone"):
            asking.get(f"{site.address}/c", pause_s=0, bodiless=(304,))
    assert [(answer.status, answer.body) for answer in answers] == [(200, BODY), (304, b""), (410, b"")]
    assert answers[0].headers["etag"] == '"1"'


def test_it_says_who_asks_and_what_it_was_given(site: Site) -> None:
    site.pages["/a"] = says(BODY)
    with closing(Transport(None, LIMITS, resolve=found)) as asking:
        asking.get(f"{site.address}/a", pause_s=0, headers={"If-None-Match": '"1"'})
    (headers,) = site.headers
    assert headers["User-Agent"] == f"compute-limits/{__version__} (+https://github.com/compute-limits/compute-limits)"
    assert (headers["Accept-Encoding"], headers["If-None-Match"]) == ("gzip", '"1"')


def test_each_address_is_permitted_before_it_is_asked_for(site: Site) -> None:
    site.pages |= {"/a": to("/b"), "/b": to("/private"), "/private": says(BODY)}
    permitted = []

    def permit(at: str) -> None:
        if at.endswith("/private"):
            raise FetchError("private")
        permitted.append(at)

    with closing(Transport(None, LIMITS, resolve=found)) as asking, pytest.raises(FetchError, match="private"):
        asking.get(f"{site.address}/a", pause_s=0, permit=permit)
    assert permitted == [f"{site.address}/a", f"{site.address}/b"]
    assert site.asked == ["/a", "/b"]


def test_pages_and_what_is_not_modified_come_over_one_connection(
    site: Site, connections: list[tuple[str, int]]
) -> None:
    site.pages["/a"] = tagged(BODY, ETag='"1"')
    with closing(Transport(None, LIMITS, resolve=found)) as asking:
        for headers in ({}, {"If-None-Match": '"1"'}, {"If-None-Match": '"1"'}, {}):
            asking.get(f"{site.address}/a", pause_s=0, headers=headers, bodiless=(304,))
    assert len(site.asked) == 4
    assert len(connections) == 1


def test_not_modified_with_a_body_all_the_same_is_not_modified(site: Site) -> None:
    chunked = then(lambda handler: handler.head(304, None, Transfer_Encoding="chunked"), says(b"no chunk"))
    site.pages |= {"/a": chunked, "/b": says(BODY)}
    with closing(Transport(None, LIMITS, resolve=found)) as asking:
        assert asking.get(f"{site.address}/a", pause_s=0, bodiless=(304,)).status == 304
        assert asking.get(f"{site.address}/b", pause_s=0).body == BODY


# One request at a time, with pauses


def test_requests_to_one_host_are_a_pause_apart_also_those_of_the_next_transport(site: Site, other: Site) -> None:
    slept: list[float] = []
    asked: dict[str, float] = {}
    for address in (site.address, site.address, other.address, site.address):
        asking = Transport(None, LIMITS, asked, clock=lambda: sum(slept), sleep=slept.append, resolve=found)
        with closing(asking), pytest.raises(FetchError, match="answered 404"):
            asking.get(f"{address}/a", pause_s=1.5)
        asked = asking.asked
    assert slept == [1.5, 1.5]
    assert asked == {site.address.removeprefix("http://"): 3.0, other.address.removeprefix("http://"): 1.5}


def test_a_redirect_is_a_pause_apart_too(site: Site) -> None:
    site.pages |= {"/a.csv": to("/b.csv"), "/b.csv": says(BODY)}
    assert ask_sleepless(f"{site.address}/a.csv", pause_s=1.5) == (BODY, [1.5])


# Retries


def soon() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=9), usegmt=True)


@pytest.mark.parametrize(("status", "when"), [(503, lambda: "7"), (429, soon)])
def test_a_retry_waits_as_long_as_the_server_asks(site: Site, status: int, when: Callable[[], str]) -> None:
    site.pages["/a.csv"] = first(2, lambda h: says(b"later", status, Retry_After=when())(h), says(BODY))
    body, slept = ask_sleepless(f"{site.address}/a.csv", limits=Limits())
    assert body == BODY
    assert len(slept) == 2
    assert all(5 <= seconds <= 9 for seconds in slept)


@pytest.mark.parametrize("seconds", ["31", "3600"])
def test_a_retry_that_may_only_come_too_late_is_not_waited_for(site: Site, seconds: str) -> None:
    site.pages["/a.csv"] = says(b"later", 503, Retry_After=seconds)
    message, slept = ask_sleepless(f"{site.address}/a.csv", limits=Limits())
    assert f"asks to wait {seconds} s" in message
    assert slept == []


@pytest.mark.parametrize("wait", ["9" * 5000, "9" * 400])
def test_a_retry_after_of_thousands_of_digits_is_not_waited_for(site: Site, wait: str) -> None:
    site.pages["/a.csv"] = says(b"later", 503, Retry_After=wait)
    message, slept = ask_sleepless(f"{site.address}/a.csv", limits=Limits())
    assert message == f"{site.address}/a.csv asks to wait for hours, which is too long; try again later"
    assert slept == []


@pytest.mark.parametrize("wait", ["soon", "-5", "5, 9", "", "1e3", "Mon, 99 Foo 2026 99:99:99 GMT", "\xb2", "0x10"])
def test_a_retry_after_that_is_no_time_is_as_none(site: Site, wait: str) -> None:
    site.pages["/a.csv"] = first(1, says(b"later", 503, Retry_After=wait), says(BODY))
    assert ask_sleepless(f"{site.address}/a.csv", limits=Limits())[0] == BODY


HOSTILE = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nmodel",
    "lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nmodel",
    "below zero": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nmodel",
    "status": b"HTTP/1.1 " + b"2" * 5000 + b" OK\r\n\r\n",
    "version": b"HTTP/9" + b"9" * 5000 + b" 200 OK\r\n\r\n",
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 5000 + b"\r\nmodel",
    "chunk below zero": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nmodel\r\n0\r\n\r\n",
    "line": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "lines": b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n",
    "port": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + b"9" * 5000 + b"/\r\nContent-Length: 0\r\n\r\n",
    "name": b"HTTP/1.1 302 Found\r\nLocation: http://" + b"a" * 5000 + b"/\r\nContent-Length: 0\r\n\r\n",
    "bytes": b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"\x00\xff\r\n\r\n",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_numbers_and_names_without_measure_end_in_a_sentence(site: Site, what: str) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(HOSTILE[what])
        handler.close_connection = True

    site.pages["/a.csv"] = answer
    try:
        assert ask_sleepless(f"{site.address}/a.csv")[0] != b""
    finally:
        assert set(site.asked) == {"/a.csv"}


def test_a_retry_after_beyond_the_deadline_is_not_waited_for(site: Site) -> None:
    site.pages["/a.csv"] = says(b"later", 503, Retry_After=str(int(LIMITS.deadline_s) + 1))
    message, slept = ask_sleepless(f"{site.address}/a.csv")
    assert "asks to wait 9 s" in message
    assert slept == []


@pytest.mark.parametrize(("pause_s", "sleeps"), [(0.0, [1.0, 2.0]), (1.5, [1.5, 1.5, 2.0])])
def test_500_always_fails_after_three_retries_with_backoff(site: Site, pause_s: float, sleeps: list[float]) -> None:
    site.pages["/a.csv"] = says(b"internal \x1b[31merror\x00\n", 500)
    message, slept = ask_sleepless(f"{site.address}/a.csv", limits=Limits(), pause_s=pause_s)
    assert len(site.asked_for("/a.csv")) == 4
    assert slept == sleeps
    assert message == f"{site.address}/a.csv answered 500, not 200; it said: internal [31merror"


def test_a_long_error_page_is_quoted_in_part(site: Site) -> None:
    site.pages["/a.csv"] = says(b"There is nothing here. " * 5000, 404)
    message = refused(f"{site.address}/a.csv")
    assert "answered 404" in message
    assert 100 < len(message) < 250


def test_a_connection_that_breaks_before_the_answer_is_tried_again(site: Site) -> None:
    def hangs_up(handler: Handler) -> None:
        handler.close_connection = True

    site.pages["/a.csv"] = first(2, hangs_up, says(BODY))
    assert ask_sleepless(f"{site.address}/a.csv")[0] == BODY
    site.pages["/b.csv"] = hangs_up
    assert "gave no answer" in ask_sleepless(f"{site.address}/b.csv")[0]
    assert len(site.asked_for("/b.csv")) == 3


# Time


def csv_head(handler: Handler) -> None:
    handler.head(200, 100_000, Content_Type="text/csv")


DRIPPING = {
    "body": then(csv_head, drips(b"a")),
    "status-line": drips(b"HTTP/1.1 200 OK" + b" " * 1000),
    "header": then(lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: "), drips(b"a")),
    "chunk": then(lambda handler: handler.head(200, None, Transfer_Encoding="chunked"), drips(b"1\r\na\r\n")),
    "error": then(lambda handler: handler.head(503, 100_000), drips(b"a")),
    # Without a length the end of the connection is the end of the body, and a cut-off looks like it.
    "to the end": then(lambda handler: handler.head(200, None, Connection="close"), drips(b"a")),
}


@pytest.fixture(params=["http", "https"])
def served(request: pytest.FixtureRequest, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site, without and with TLS."""
    if request.param == "https":
        secured(site, tmp_path, monkeypatch)
    return site


def secured(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str | None = None, asked_as: Any = None
) -> None:
    """The site under TLS, with a certificate of its own that is trusted; `asked_as` gets the names that are asked for."""
    certificate, key = self_signed(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if asked_as is not None:
        context.sni_callback = lambda _socket, host, _context: asked_as.append(host)
    accept = site.get_request

    def wrapped() -> tuple[socket.socket, object]:
        plain, address = accept()
        return context.wrap_socket(plain, server_side=True), address

    monkeypatch.setattr(site, "get_request", wrapped)
    monkeypatch.setattr(site, "address", site.address.replace("http:", "https:"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))


def self_signed(folder: Path, name: str | None = None) -> tuple[Path, Path]:
    """A certificate, for 127.0.0.1 or for a name, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name or "127.0.0.1")])
    made = x509.CertificateBuilder(
        issuer_name=issuer, subject_name=issuer, public_key=key.public_key(), serial_number=1,
        not_valid_before=now - timedelta(days=1), not_valid_after=now + timedelta(days=1),
    )  # fmt: skip
    whose = x509.DNSName(name) if name else x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = made.add_extension(x509.SubjectAlternativeName([whose]), critical=False).sign(key, hashes.SHA256())
    (folder / "certificate").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "certificate", folder / "key"


@pytest.mark.parametrize("what", DRIPPING)
def test_what_drips_is_cut_off_at_the_deadline(served: Site, what: str) -> None:
    served.pages["/a.csv"] = DRIPPING[what]
    started = time.monotonic()
    assert "not complete after 0.5 s" in refused(f"{served.address}/a.csv", limits=CUT_OFF)
    assert time.monotonic() - started < GENEROUS_S


def test_a_hang_is_cut_off_at_the_deadline(served: Site) -> None:
    served.pages["/a.csv"] = hangs
    started = time.monotonic()
    assert "not complete after 0.5 s" in refused(f"{served.address}/a.csv", limits=CUT_OFF)
    assert time.monotonic() - started < GENEROUS_S
    assert len(served.asked_for("/a.csv")) == 1


def test_after_a_cut_off_the_next_is_asked_on_another_connection(site: Site) -> None:
    site.pages |= {"/a.csv": DRIPPING["header"], "/b.csv": says(BODY)}
    with closing(Transport(None, CUT_OFF, resolve=found)) as asking:
        with pytest.raises(FetchError, match="cut off"):
            asking.get(f"{site.address}/a.csv", pause_s=0)
        assert asking.get(f"{site.address}/b.csv", pause_s=0).body == BODY


def test_no_thread_outlives_its_exchange(site: Site) -> None:
    site.pages |= {"/a.csv": says(BODY), "/b.csv": DRIPPING["header"]}
    before = {thread for thread in threading.enumerate() if thread.name.startswith("watch")}
    ask(f"{site.address}/a.csv")
    refused(f"{site.address}/b.csv", limits=CUT_OFF)
    assert {thread for thread in threading.enumerate() if thread.name.startswith("watch")} == before


def test_a_silence_ends_at_the_read_timeout_and_is_tried_twice_more(site: Site) -> None:
    site.pages["/a.csv"] = hangs
    message, _ = ask_sleepless(f"{site.address}/a.csv", limits=Limits(read_timeout_s=0.2))
    assert "timed out" in message
    assert len(site.asked_for("/a.csv")) == 3


def test_connecting_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    limits_s = []

    def fails(_address: object, timeout: float, **_: object) -> None:
        limits_s.append(timeout)
        raise TimeoutError

    monkeypatch.setattr(urllib3.util.connection, "create_connection", fails)
    refused("https://192.0.2.1/a.csv", limits=Limits(connect_timeout_s=3))
    refused("https://192.0.2.1/a.csv", limits=Limits(connect_timeout_s=3, deadline_s=2))
    assert limits_s[0] == 3
    assert 1 < limits_s[1] <= 2


@pytest.mark.parametrize("answer", [hangs, DRIPPING["header"], DRIPPING["body"]], ids=["hang", "header", "body"])
def test_when_the_run_is_to_stop_no_server_holds_it_up(site: Site, answer: Answer) -> None:
    site.pages["/a.csv"] = answer
    timer = threading.Timer(0.3, STOP.set)
    started = time.monotonic()
    timer.start()
    try:
        message = refused(f"{site.address}/a.csv", limits=Limits(read_timeout_s=60, deadline_s=60))
        again = refused(f"{site.address}/b.csv")
    finally:
        timer.join()
        STOP.clear()
    assert time.monotonic() - started < GENEROUS_S
    assert "the run was stopped" in message
    assert "the run was stopped" in again
    assert site.asked == ["/a.csv"]


# Bodies


def test_gzip_is_unpacked_also_in_several_members(site: Site) -> None:
    site.pages["/a.csv"] = says(gzip.compress(BODY) + gzip.compress(BODY), Content_Encoding="gzip")
    assert ask(f"{site.address}/a.csv") == BODY + BODY


def test_a_gzip_bomb_is_stopped_with_little_memory(site: Site) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(50)) + packer.flush()
    site.pages["/a.csv"] = says(bomb, Content_Encoding="gzip")
    tracemalloc.start()
    message = refused(f"{site.address}/a.csv", limits=Limits(max_bytes=1 << 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "more than 1048576 bytes" in message
    assert peak < 8 << 20


def test_a_large_plain_body_is_stopped_and_one_of_just_that_size_is_not(site: Site) -> None:
    site.pages["/a.csv"] = says(BODY)
    assert "bytes and was cut off" in refused(f"{site.address}/a.csv", limits=Limits(max_bytes=len(BODY) - 1))
    assert ask(f"{site.address}/a.csv", limits=Limits(max_bytes=len(BODY))) == BODY


@pytest.mark.parametrize(
    "answer",
    [
        says(BODY[:9], length=len(BODY)),
        says(b"9\r\nmodel", length=-1, Transfer_Encoding="chunked"),
        says(gzip.compress(BODY, mtime=0)[:-12], Content_Encoding="gzip"),
        says(BODY, Content_Encoding="gzip"),
    ],
    ids=["content-length", "chunked", "gzip cut", "no gzip"],
)
def test_a_body_that_is_not_whole_fails(site: Site, answer: Answer) -> None:
    site.pages["/a.csv"] = answer
    assert "broke off before its end" in refused(f"{site.address}/a.csv")


def test_an_encoding_that_was_not_asked_for_fails(site: Site) -> None:
    site.pages["/a.csv"] = says(BODY, Content_Encoding="br")
    assert "encoding br" in refused(f"{site.address}/a.csv")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (says(BODY), True),
        (says(gzip.compress(BODY), Content_Encoding="gzip"), True),
        (then(lambda h: h.head(200, None, Transfer_Encoding="chunked"), chunks(BODY)), True),
        (endless(BODY), False),
        (then(lambda h: h.head(200, None, Content_Length="9" * 5000, Connection="close"), writes(BODY)), False),
    ],
    ids=["length", "gzip", "chunked", "to the end", "no length"],
)
def test_it_is_told_whether_a_body_had_an_end_of_its_own(site: Site, answer: Answer, told: bool) -> None:
    site.pages["/a.csv"] = answer
    with closing(Transport(None, LIMITS, resolve=found)) as asking:
        got = asking.get(f"{site.address}/a.csv", pause_s=0)
    assert (got.body, got.has_end) == (BODY, told)


# Where a name leads


def at(*numbers: str) -> Resolve:
    """A network in which every name is at these addresses."""
    return lambda host, port: addresses.public(host, port, lambda *_: list(numbers))


@pytest.mark.parametrize(
    "numbers",
    [
        ["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["192.168.1.1"], ["100.64.0.1"], ["0.0.0.0"], ["::1"],
        ["fe80::1%eth0"], ["fd00::1"], ["::ffff:10.0.0.1"], ["8.8.8.8", "127.0.0.1"],
    ],
    ids=str,
)  # fmt: skip
def test_a_name_that_leads_to_a_machine_only_we_can_reach_makes_no_connection(
    site: Site, connections: list[tuple[str, int]], numbers: list[str]
) -> None:
    with closing(Transport(None, LIMITS, resolve=at(*numbers))) as asking, pytest.raises(FetchError) as error:
        asking.get(f"http://h.example:{site.server_port}/a.csv", pause_s=0)
    assert str(error.value).startswith(f"h.example is at {numbers[-1]}, which is no address of the public internet")
    assert error.value.host_is_down
    assert connections == []


def test_what_was_looked_at_is_connected_to_and_nothing_is_resolved_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when it is looked at, and at once afterwards this machine's."""
    site.pages["/a.csv"] = says(BODY)
    answers, to_them = iter([["8.8.8.8"], ["127.0.0.1"]]), []
    real = urllib3.util.connection.create_connection

    def connects(address: tuple[str, int], *args: object, **options: object) -> socket.socket:
        to_them.append(address[0])
        return real(("127.0.0.1", site.server_port), *args, **options)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", connects)
    resolve = lambda host, port: addresses.public(host, port, lambda *_: next(answers))  # noqa: E731
    with closing(Transport(None, LIMITS, resolve=resolve)) as asking:
        assert asking.get("http://h.example/a.csv", pause_s=0).body == BODY
    assert to_them == ["8.8.8.8"]
    assert [headers["Host"] for headers in site.headers] == ["h.example"]


def test_the_next_address_is_tried_and_not_hundreds(site: Site, connections: list[tuple[str, int]]) -> None:
    site.pages["/a.csv"] = says(BODY)
    url = f"http://h.example:{site.server_port}/a.csv"
    for numbers, good in (["127.0.0.2"] * 3 + ["127.0.0.1"], True), (["127.0.0.2"] * 99 + ["127.0.0.1"], False):
        connections.clear()
        with closing(Transport(None, LIMITS, resolve=lambda *_, to=numbers: to)) as asking:
            if good:
                assert asking.get(url, pause_s=0).body == BODY
            else:
                with pytest.raises(FetchError, match=r"h\.example:.* cannot be reached"):
                    asking.get(url, pause_s=0)
        assert [number for number, _ in connections] == numbers[:4]


def test_under_tls_the_name_counts_and_not_the_address(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_as: list[str | None] = []
    secured(site, tmp_path, monkeypatch, name="h.example", asked_as=asked_as)
    site.pages["/a.csv"] = says(BODY)
    with closing(Transport(None, LIMITS, resolve=lambda *_: ["127.0.0.1"])) as asking:
        assert asking.get(f"https://h.example:{site.server_port}/a.csv", pause_s=0).body == BODY
        with pytest.raises(FetchError, match="certificate"):
            asking.get(f"https://other.example:{site.server_port}/a.csv", pause_s=0)
    assert asked_as[0] == "h.example"
    assert site.headers[0]["Host"] == f"h.example:{site.server_port}"


def test_of_a_mirror_only_its_own_host_may_be_anywhere(site: Site, connections: list[tuple[str, int]]) -> None:
    site.pages |= {"/h.example/a.csv": says(BODY), "/h.example/b.csv": to("http://localhost/b.csv")}
    with closing(Transport(site.address, LIMITS)) as asking:
        assert asking.get("https://h.example/a.csv", pause_s=0).body == BODY
        with pytest.raises(FetchError, match=r"redirects to http://localhost/b\.csv, another host"):
            asking.get("https://h.example/b.csv", pause_s=0)
    assert connections == [("127.0.0.1", site.server_port)]


def test_a_proxy_may_be_anywhere_and_what_it_is_asked_for_may_not(
    site: Site, connections: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("http_proxy", site.address)
    site.pages |= {"http://h.example/a.csv": says(BODY), "http://h.example/b.csv": to("http://127.0.0.1/b.csv")}
    with closing(Transport(None, LIMITS)) as asking:
        assert asking.get("http://h.example/a.csv", pause_s=0).body == BODY
        with pytest.raises(FetchError, match="another host"):
            asking.get("http://h.example/b.csv", pause_s=0)
        for private in ("127.0.0.1", "localhost", "169.254.169.254", "2130706433", "[::1]"):
            with pytest.raises(FetchError, match="no address of the public internet"):
                asking.get(f"http://{private}/c.csv", pause_s=0)
    assert site.asked == ["http://h.example/a.csv", "http://h.example/b.csv"]
    assert {port for _, port in connections} == {site.server_port}


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_on_the_same_host_is_followed(site: Site, status: int) -> None:
    site.pages |= {"/a.csv": to("b.csv", status), "/b.csv": to(f"{site.address}/c.csv"), "/c.csv": says(BODY)}
    assert ask(f"{site.address}/a.csv") == BODY


def test_a_redirect_to_another_host_is_refused_unasked(site: Site, other: Site) -> None:
    other.pages["/b.csv"] = says(BODY)
    site.pages["/a.csv"] = to(f"{other.address}/b.csv")
    message = refused(f"{site.address}/a.csv")
    assert f"{site.address}/a.csv redirects to {other.address}/b.csv, another host" in message
    assert other.asked == []


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/meta-data/", "//elsewhere.example/", "file:///etc/passwd", "http://[", "http://a:b/"],
)  # fmt: skip
def test_a_redirect_elsewhere_makes_no_connection(
    site: Site, connections: list[tuple[str, int]], location: str
) -> None:
    site.pages["/a.csv"] = to(location)
    assert "another host" in refused(f"{site.address}/a.csv")
    assert {port for _, port in connections} == {site.server_port}


def test_a_loop_of_redirects_fails(site: Site) -> None:
    site.pages |= {"/a.csv": to("/b.csv"), "/b.csv": to("/a.csv")}
    assert "in a circle" in refused(f"{site.address}/a.csv")
    assert site.asked == ["/a.csv", "/b.csv"]


def test_redirects_are_counted(site: Site) -> None:
    site.pages |= {"/0": to("/1"), "/1": to("/2"), "/2": to("/3"), "/3": says(BODY)}
    assert ask(f"{site.address}/0", limits=Limits(max_redirects=3)) == BODY
    assert "more than 2 times" in refused(f"{site.address}/0", limits=Limits(max_redirects=2))


def test_the_body_of_a_redirect_is_not_read(site: Site) -> None:
    head = then(lambda handler: handler.head(302, 1 << 40, Location="/b.csv"), hangs)
    site.pages |= {"/a.csv": head, "/b.csv": says(BODY)}
    assert ask(f"{site.address}/a.csv") == BODY


def test_the_deadline_holds_across_redirects(site: Site) -> None:
    def late(handler: Handler) -> None:
        handler.server.over.wait(0.3)
        to(f"{handler.path}x")(handler)

    site.pages |= {"/a" + "x" * count: late for count in range(50)}
    message = refused(f"{site.address}/a", limits=Limits(deadline_s=0.7, max_redirects=40))
    assert "not complete after 0.7 s" in message


def test_the_session_follows_nothing_by_itself(site: Site) -> None:
    site.pages["/a.csv"] = to("/b.csv")
    with transport.session({}, time.sleep, found) as one, one.get(f"{site.address}/a.csv", stream=True) as response:
        assert isinstance(one, requests.Session)
        assert response.status_code == 302
    assert site.asked == ["/a.csv"]


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


@pytest.mark.parametrize(
    ("location", "followed"),
    [
        ("b.csv", True),
        ("/h.example/b.csv", True),
        ("/b.csv", True),
        ("{mirror}/h.example/b.csv", True),
        ("https://h.example/b.csv", True),
        ("http://h.example/b.csv", False),
        ("https://elsewhere.example/b.csv", False),
        ("{mirror}/elsewhere.example/b.csv", False),
    ],
)
def test_a_redirect_stays_on_the_mirror_and_on_the_host(
    site: Site, connections: list[tuple[str, int]], location: str, followed: bool
) -> None:
    site.pages |= {
        "/h.example/a.csv": to(location.format(mirror=site.address)),
        "/h.example/b.csv": says(BODY),
        "/elsewhere.example/b.csv": says(BODY),
    }
    if followed:
        assert ask("https://h.example/a.csv", mirror=site.address) == BODY
    else:
        assert "not followed" in refused("https://h.example/a.csv", mirror=site.address)
    assert {port for _, port in connections} == {site.server_port}


@pytest.mark.parametrize(
    ("value", "expected"), [(None, None), ("", None), (" http://127.0.0.1:8765 ", "http://127.0.0.1:8765")]
)
def test_the_mirror_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, value: str | None, expected: str | None
) -> None:
    monkeypatch.delenv("COMPUTE_LIMITS_MIRROR", raising=False)
    if value is not None:
        monkeypatch.setenv("COMPUTE_LIMITS_MIRROR", value)
    assert transport.mirror_from_environment() == expected


@pytest.mark.parametrize(
    "value", ["127.0.0.1:8765", "localhost", "ftp://h/", "http://", "http://h:port", "http://[", "http://h/?x"]
)
def test_a_bad_mirror_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_MIRROR", value)
    with pytest.raises(FetchError, match=r"COMPUTE_LIMITS_MIRROR is .*; set it to an address such as"):
        transport.mirror_from_environment()
