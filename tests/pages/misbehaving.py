"""A server on loopback that misbehaves in every way we know of."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3.util.connection

BODY = b"model,year\nresnet,2015\n"
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


def endless(body: bytes) -> Answer:
    """An answer that does not tell where its body ends: the connection closes after it."""

    def answer(handler: Handler) -> None:
        handler.head(200, None, Connection="close")
        handler.wfile.write(body)
        handler.close_connection = True

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


def to(location: str, status: int = 302) -> Answer:
    return says(b"", status, Location=location)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
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
