"""flows/pages/fetch.py against a server on loopback that misbehaves in every way we know of."""

from __future__ import annotations

import errno
import io
import json
import logging
import pickle
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import misbehaving
import pytest
import urllib3.util.connection
from misbehaving import BODY, Answer, Handler, Site, closed_port, endless, first, hangs, says, tagged, to
from running import git_name

from flows import __version__, refresh, sources
from flows.pages import fetch, repositories, snapshots, trees
from flows.pages.addresses import found
from flows.pages.fetch import Fetcher, Known, Outcome, fetch_source
from flows.pages.parse import parse_page
from flows.pages.transport import STOP, FetchError, Limits
from flows.sources import Page, RepositoryFiles, Source

site, other, connections, _no_proxy = (
    misbehaving.site, misbehaving.other, misbehaving.connections, misbehaving.no_proxy,
)  # fmt: skip

LIMITS = Limits(connect_timeout_s=2, read_timeout_s=2, deadline_s=8, pause_s=0)
THEN = "Wed, 29 Apr 2026 00:00:00 GMT"
SERVE = Path(__file__).resolve().parents[3] / "shared" / "mirror" / "serve.py"


def source(*urls: str, content: str = "csv") -> Source:
    pages = tuple(Page("zoo", url.rpartition("/")[2], url, content) for url in urls)
    return Source(
        key="zoo", title="Zoo", publisher="P", homepage="https://zoo.example", licence="CC-BY-4.0",
        attribution="P", cadence="weekly", rank=1, rank_reason="", rows_min=1, rows_max=9, parser="zoo",
        pages=pages,
    )  # fmt: skip


def zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", BODY)
    return packed.getvalue()


def now() -> datetime:
    return datetime(2026, 4, 30, 12, 0, 0, 999, tzinfo=UTC)


def get(raw: Path, *urls: str, content: str = "csv", mirror: str | None = None, limits: Limits = LIMITS):
    outcomes, _ = fetch_source(
        source(*urls, content=content), raw, mirror=mirror, limits=limits, known=Known(), now=now, resolve=found
    )
    return outcomes[0] if len(outcomes) == 1 else outcomes


def get_sleepless(raw: Path, *urls: str, mirror: str | None = None, limits: Limits = LIMITS):
    """What came back, and how long each sleep would have been; the clock stands still but for them."""
    slept: list[float] = []
    fetcher = Fetcher(mirror, limits, Known(), clock=lambda: sum(slept), sleep=slept.append, resolve=found)
    outcomes = fetcher.source(source(*urls), raw, now=now)
    fetcher.close()
    return outcomes, slept


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


def test_a_past_day_is_fetched_as_of_it(site: Site, tmp_path: Path) -> None:
    url, older = f"{site.address}/a.csv", b"model,year\nowlet,2019\n"
    site.pages["/a.csv"] = says(BODY, ETag='"2"')
    get(tmp_path, url)
    site.pages["/a.csv"] = says(older, ETag='"1"')
    past = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
    for state in ("fetched", "unchanged"):
        (outcome,), _ = fetch_source(
            source(url), tmp_path, mirror=None, limits=LIMITS, known=Known(), now=lambda: past, resolve=found,
            backfilled_on=date(2026, 11, 26),
        )  # fmt: skip
        assert outcome.state == state
    assert [(line.retrieved_on, line.backfilled_on) for line in lock(tmp_path)] == [
        ("2026-04-30", None),
        ("2025-12-31", "2026-11-26"),
    ]
    # The tag of a later day says nothing about an earlier one; that of the day does.
    asked = [headers.get("If-None-Match") for headers in site.asked_for("/a.csv")]
    assert asked == [None, None, '"1"']


def test_it_says_who_asks(site: Site, tmp_path: Path) -> None:
    get(tmp_path, f"{site.address}/a.csv")
    name = f"compute-limits/{__version__} (+https://github.com/compute-limits/compute-limits)"
    assert [headers["User-Agent"] for headers in site.headers] == [name, name]
    assert [headers["Accept-Encoding"] for headers in site.headers] == ["gzip", "gzip"]


def test_one_bad_page_leaves_the_others(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a.csv": says(BODY), "/c.csv": says(BODY + b"x,1\n")}
    states = [outcome.state for outcome in get(tmp_path, *(f"{site.address}/{name}.csv" for name in "abc"))]
    assert states == ["fetched", "failed", "fetched"]


def test_a_page_that_broke_off_leaves_nothing(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = says(BODY[:9], length=len(BODY))
    assert "broke off before its end" in get(tmp_path, f"{site.address}/a.csv").message
    assert not (tmp_path / "zoo").exists()


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
    outcome = get(tmp_path, f"{site.address}/a.csv")
    assert (outcome.state, outcome.byte_count) == ("failed", 0)
    assert "304" in outcome.message


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
    outcome = get(tmp_path, f"{site.address}/a", content=content)
    assert outcome.state == "failed"
    assert message in outcome.message
    assert lock(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "content"),
    [(b"<!doctype html><p>x", "html"), (zipped(), "zip"), (b"<htmlish>", "markdown")],
)
def test_a_body_of_the_right_kind_is_kept(site: Site, tmp_path: Path, body: bytes, content: str) -> None:
    site.pages["/a"] = says(body)
    assert get(tmp_path, f"{site.address}/a", content=content).state == "fetched"


@pytest.mark.parametrize(
    ("content", "body", "said"),
    [
        ("csv", b"a,b\n1,2\n3", "its last line has 1 cells and all others 2"),
        ("csv", b"a,b\n" + b"1,2\n" * 4, "has only 20 bytes, not half of its last version"),
        ("html", b"<!doctype html><html><body><p>a", "it has no </html>"),
    ],
)
def test_without_a_length_the_end_of_a_connection_is_doubted(
    site: Site, tmp_path: Path, content: str, body: bytes, said: str
) -> None:
    whole = {"csv": b"a,b\n" + b"1,2\n" * 10, "html": b"<html></html>"}[content]
    url = f"{site.address}/a"
    site.pages["/a"] = endless(whole)
    assert get(tmp_path, url, content=content).state == "fetched"
    site.pages["/a"] = endless(body)
    assert said in get(tmp_path, url, content=content).message
    assert len(lock(tmp_path)) == 1


def test_a_page_that_shrinks_with_its_length_told_is_kept(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = first(1, says(BODY * 9), says(BODY))
    assert [get(tmp_path, f"{site.address}/a.csv").state for _ in range(2)] == ["fetched", "fetched"]


def test_how_large_a_page_may_be_is_its_sources_to_say(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = says(BODY * 9)
    limits, said = replace(LIMITS, max_bytes=len(BODY)), []
    for mb in (None, len(BODY * 9) / 1e6, (len(BODY * 9) - 1) / 1e6):
        asked = replace(source(f"{site.address}/a.csv"), page_max_mb=mb)
        ((one,), _) = fetch_source(
            asked, tmp_path / str(mb), mirror=None, limits=limits, known=Known(), now=now, resolve=found
        )
        said.append((one.state, one.message))
    assert [state for state, _ in said] == ["failed", "fetched", "failed"]
    assert f"has more than {len(BODY)} bytes and was cut off" in said[0][1]
    assert f"has more than {len(BODY * 9) - 1} bytes and was cut off" in said[2][1]
    assert all("set page_max_mb in its source's TOML" in said[at][1] for at in (0, 2))


def test_a_page_of_an_error_is_told_by_its_title(site: Site, tmp_path: Path) -> None:
    page = b"<!DOCTYPE html><html><head><title>Page not\nfound</title><style>a{}</style></head>" + b"<p>Sorry</p>" * 99
    site.pages |= {"/a.csv": says(page, 404), "/b.csv": says(b"<html><p>" + b"x" * 999, 404)}
    messages = [get(tmp_path, f"{site.address}/{name}.csv").message for name in "ab"]
    assert messages == [
        f"{site.address}/a.csv answered 404, not 200; it said: Page not found",
        f"{site.address}/b.csv answered 404, not 200; it said: nothing",
    ]


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
    outcome = get(tmp_path, f"{site.address}/data/a.csv")
    assert outcome.state == state
    assert ("robots.txt" in outcome.message) == (state == "failed")
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
    outcomes, _ = get_sleepless(tmp_path, f"{site.address}/a.csv", f"{site.address}/b.csv", limits=limits)
    assert [one.state for one in outcomes] == ["failed", "failed"]
    assert all("robots.txt cannot be read" in one.message for one in outcomes)
    assert "1 page was not asked for, as 127.0.0.1:" in outcomes[1].message
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
    (outcome,), slept = get_sleepless(tmp_path, f"{site.address}/a.csv")
    assert "86400 s between requests" in outcome.message
    assert slept == []


def test_a_mirror_is_asked_without_pauses(site: Site, tmp_path: Path) -> None:
    site.pages |= {
        "/h.example/robots.txt": says(b"User-agent: *\nCrawl-delay: 9"),
        "/h.example/a": says(BODY),
    }
    outcomes, slept = get_sleepless(tmp_path, "https://h.example/a", mirror=site.address, limits=Limits())
    assert (outcomes[0].state, slept) == ("fetched", [])


# A host that is down


def too_slow(handler: Handler) -> None:
    says(b"later", 503, Retry_After="3600")(handler)


@pytest.mark.parametrize("slow", [hangs, too_slow])
@pytest.mark.slow
def test_a_host_whose_pages_run_out_of_time_is_down_for_the_run(site: Site, tmp_path: Path, slow: Answer) -> None:
    urls = [f"{site.address}/{number}.csv" for number in range(8)]
    site.pages |= {f"/{number}.csv": slow for number in range(8)} | {"/0.csv": says(BODY)}
    host, limits = site.address.removeprefix("http://"), Limits(read_timeout_s=0.1, slow_pages_max=2, pause_s=0)
    given = {"mirror": None, "limits": limits, "now": now, "resolve": found}
    outcomes, known = fetch_source(source(*urls[:2]), tmp_path, known=Known(), **given)
    assert known.slow == {host: 1}
    # What one source has learnt goes on with the next of its host.
    outcomes, known = fetch_source(source(*urls[2:]), tmp_path, known=known, **given)
    assert known.slow == {host: 2}
    assert set(site.asked) == {"/robots.txt", "/0.csv", "/1.csv", "/2.csv"}
    ((said, many),) = Counter(one.message for one in outcomes[1:]).items()
    assert many == 5
    assert said.startswith(
        f"5 pages were not asked for, as {host} is down: 2 of its pages ran out of time in this run, the last so: "
        f"{site.address}/2.csv "
    )


def test_a_host_that_is_slow_now_and_then_is_asked_on(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/{number}.csv": says(BODY) for number in range(8)} | {"/3.csv": hangs}
    urls = [f"{site.address}/{number}.csv" for number in range(8)]
    outcomes = get(tmp_path, *urls, limits=Limits(read_timeout_s=0.1, slow_pages_max=2, pause_s=0))
    assert states(outcomes) == ["fetched"] * 3 + ["failed"] + ["fetched"] * 4


def test_when_the_time_of_the_run_is_over_nothing_is_asked_for(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a.csv": says(BODY), "/b.csv": says(BODY)}
    slept: list[float] = []
    urls = [f"{site.address}/{name}.csv" for name in "abcd"]
    with closing(
        Fetcher(None, Limits(pause_s=2), Known(), lambda: sum(slept), slept.append, ends=5.0, resolve=found)
    ) as fetcher:
        outcomes = fetcher.source(source(*urls), tmp_path, now=now)
        known = fetcher.known()
    assert states(outcomes) == ["fetched", "fetched", "failed", "failed"]
    assert site.asked == ["/robots.txt", "/a.csv", "/b.csv"]
    over = "the 30 minutes that a run may fetch are over; the next one goes on from here"
    assert outcomes[2].message == f"{urls[2]} was not asked for, as {over}"
    assert outcomes[3].message == f"1 page was not asked for, as {over}"
    assert (known.down, known.slow) == ({}, {})


def test_a_page_under_way_is_cut_off_with_the_run(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a.csv": hangs, "/robots.txt": says(b"")}
    known, limits = Known(), Limits(read_timeout_s=60, pause_s=0)
    (outcome,), known = fetch_source(
        source(f"{site.address}/a.csv"), tmp_path, mirror=None, limits=limits, known=known, now=now,
        ends=time.monotonic() + 0.5, resolve=found,
    )  # fmt: skip
    assert "a.csv was cut off, as the 30 minutes" in outcome.message
    assert (known.down, known.slow) == ({}, {})


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "0x7f.1"])
def test_a_page_on_this_machine_is_not_asked_for(
    site: Site, tmp_path: Path, connections: list[tuple[str, int]], name: str
) -> None:
    site.pages["/a.csv"] = says(BODY)
    urls = [f"http://{name}:{site.server_port}/{page}.csv" for page in "ab"]
    outcomes, _ = fetch_source(source(*urls), tmp_path, mirror=None, limits=LIMITS, known=Known(), now=now)
    assert "no address of the public internet, and is not asked" in outcomes[0].message
    assert outcomes[1].message.startswith(f"1 page was not asked for, as {name}:{site.server_port} is down: {name} is")
    assert (connections, site.asked) == ([], [])


def test_a_host_that_refuses_fails_once_for_all_its_pages(
    site: Site, tmp_path: Path, connections: list[tuple[str, int]]
) -> None:
    site.pages["/c.csv"] = says(BODY)
    host = f"127.0.0.1:{closed_port()}"
    pages = source(f"http://{host}/a.csv", f"http://{host}/b.csv", f"{site.address}/c.csv")
    outcomes, known = fetch_source(
        pages, tmp_path, mirror=None, limits=LIMITS, known=Known(down={"x.example": "why"}), now=now, resolve=found
    )
    assert [one.state for one in outcomes] == ["failed", "failed", "fetched"]
    assert sum(f"127.0.0.1:{port}" == host for _, port in connections) == 1
    assert known.down == {"x.example": "why", host: outcomes[0].message}
    assert "Connection refused" in outcomes[0].message
    assert "robots.txt" not in outcomes[0].message
    assert "1 page was not asked for, as 127.0.0.1:" in outcomes[1].message
    assert outcomes[0].message in outcomes[1].message


def test_a_host_that_goes_down_during_a_run_is_not_asked_again(
    site: Site, tmp_path: Path, connections: list[tuple[str, int]]
) -> None:
    def last(handler: Handler) -> None:
        handler.server.end()
        says(BODY, Connection="close")(handler)
        handler.close_connection = True

    site.pages["/a.csv"] = last
    outcomes = get(tmp_path, *(f"{site.address}/{name}.csv" for name in "abc"))
    assert [one.state for one in outcomes] == ["fetched", "failed", "failed"]
    assert "cannot be reached" in outcomes[1].message
    assert "1 page was not asked for, as 127.0.0.1:" in outcomes[2].message
    assert len(connections) == 3  # for robots.txt, a and b


def test_a_host_that_is_known_to_be_down_is_not_asked(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = says(BODY)
    pages, host = source(f"{site.address}/a.csv"), site.address.removeprefix("http://")
    (outcome,), known = fetch_source(
        pages, tmp_path, mirror=None, limits=LIMITS, known=Known(down={host: "it sulks"}), now=now, resolve=found
    )
    assert "it sulks" in outcome.message
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

    def at_one(*_: object) -> list[str]:
        return ["192.0.2.1"]

    monkeypatch.setattr(urllib3.util.connection, "create_connection", fails)
    pages = source("https://h.example/a.csv", "https://h.example/b.csv")
    _, known = fetch_source(pages, tmp_path, mirror=None, limits=LIMITS, known=Known(), now=now, resolve=at_one)
    assert len(tries) == 1
    assert list(known.down) == ["h.example"]


def test_a_bad_page_does_not_bring_its_host_down(site: Site, tmp_path: Path) -> None:
    pages = source(f"{site.address}/a.csv")
    assert (
        fetch_source(pages, tmp_path, mirror=None, limits=LIMITS, known=Known(), now=now, resolve=found)[1].down == {}
    )


def test_what_travels_between_tasks_can_be_pickled() -> None:
    outcome = Outcome("zoo", "a", "https://h.example/a", "failed", "why", 0)
    known = Known({"h": "why"}, {"t": "why"}, {"h": 1.5}, {"https://h/robots.txt": ""}, {"h": 1})
    error = FetchError("why", host_is_down=True, too_slow=True, run_is_over="so")
    assert pickle.loads(pickle.dumps((outcome, known))) == (outcome, known)
    back = pickle.loads(pickle.dumps(error))
    assert (str(back), back.host_is_down, back.too_slow, back.run_is_over) == ("why", True, True, "so")


# A mirror


def test_a_page_and_its_robots_txt_come_through_the_mirror(site: Site, tmp_path: Path) -> None:
    site.pages["/h.example/a.csv?x=1"] = says(BODY)
    assert get(tmp_path, "https://h.example/a.csv?x=1", mirror=site.address).state == "fetched"
    assert site.asked == ["/h.example/robots.txt", "/h.example/a.csv?x=1"]
    assert lock(tmp_path)[0].url == "https://h.example/a.csv?x=1"


# Trees


RAW, TREE = "https://raw.githubusercontent.com/o/r/main", "/api.github.com/repos/o/r/git/trees/main?recursive=1"
NAMES = ("a.csv", "b c.csv", "d/e.csv")
URLS = [f"{RAW}/{name.replace(' ', '%20')}" for name in NAMES]


def tree(**bodies: bytes) -> Answer:
    """The tree of such files, {path: bytes}, with the folder that a tree has, too."""
    files = [{"path": path, "type": "blob", "sha": git_name(body)} for path, body in bodies.items()]
    return says(json.dumps({"tree": [{"path": "d", "type": "tree", "sha": "0" * 40}, *files]}).encode())


def kept(site: Site, raw: Path) -> dict[str, bytes]:
    """Fetch the three pages, forget what was asked for, and give {path: body}."""
    bodies = {name: BODY + name.encode() for name in NAMES}
    at = dict(zip(NAMES, URLS, strict=True))
    site.pages |= {at[name].replace("https:/", ""): says(body) for name, body in bodies.items()}
    get(raw, *URLS, mirror=site.address)
    assert TREE not in site.asked  # nothing was kept yet that a tree could tell of
    site.asked.clear()
    return bodies


def states(outcomes: list[Outcome]) -> list[str]:
    return [one.state for one in outcomes]


def test_what_a_tree_lists_as_it_is_kept_is_not_asked_for(site: Site, tmp_path: Path) -> None:
    site.pages[TREE] = tree(**kept(site, tmp_path))
    again = get(tmp_path, *URLS, mirror=site.address)
    assert again == [Outcome("zoo", u.rpartition("/")[2], u, "unchanged", "", 0) for u in URLS]
    assert site.asked == ["/api.github.com/robots.txt", TREE]
    assert len(lock(tmp_path)) == 3


def test_what_a_tree_lists_otherwise_or_not_at_all_is_asked_for(site: Site, tmp_path: Path) -> None:
    bodies = kept(site, tmp_path)
    changed = URLS[0].replace("https:/", "")
    site.pages[changed] = says(BODY * 2)
    site.pages[TREE] = tree(**{"a.csv": BODY * 2, "b c.csv": bodies["b c.csv"]})
    assert states(get(tmp_path, *URLS, mirror=site.address)) == ["fetched", "unchanged", "unchanged"]
    assert [at for at in site.asked if at.startswith("/raw") and "robots" not in at] == [
        changed,
        URLS[2].replace("https:/", ""),
    ]
    assert len(lock(tmp_path)) == 4


def test_a_page_that_is_gone_from_its_repository_fails_as_ever(site: Site, tmp_path: Path) -> None:
    bodies = kept(site, tmp_path)
    del site.pages[URLS[0].replace("https:/", "")]
    site.pages[TREE] = tree(**{name: bodies[name] for name in NAMES[1:]})
    outcomes = get(tmp_path, *URLS, mirror=site.address)
    assert states(outcomes) == ["failed", "unchanged", "unchanged"]
    assert "answered 404" in outcomes[0].message


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"half")])
def test_bytes_that_are_not_kept_whole_are_fetched_whatever_the_tree_says(
    site: Site, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    site.pages[TREE] = tree(**kept(site, tmp_path))
    damage(lock(tmp_path)[0].path(tmp_path))
    assert states(get(tmp_path, *URLS, mirror=site.address)) == ["fetched", "unchanged", "unchanged"]
    assert all(snapshots.intact(tmp_path, line) for line in lock(tmp_path))


def test_what_stands_at_a_commit_is_fetched_once_but_anew_where_it_is_damaged_or_of_another_commit(
    site: Site, tmp_path: Path
) -> None:
    one, other = (f"https://raw.githubusercontent.com/o/r/{commit * 40}/a.csv" for commit in "ab")
    site.pages |= {url.replace("https:/", ""): says(BODY + url.encode()) for url in (one, other)}
    assert get(tmp_path, one, mirror=site.address).state == "fetched"
    site.asked.clear()
    assert get(tmp_path, one, mirror=site.address).state == "unchanged"
    assert site.asked == []
    lock(tmp_path)[0].path(tmp_path).write_bytes(b"half")
    assert get(tmp_path, one, mirror=site.address).state == "fetched"
    assert get(tmp_path, other, mirror=site.address).state == "fetched"
    assert site.asked[-1] == other.replace("https:/", "")


def test_for_a_single_page_the_page_is_asked_for(site: Site, tmp_path: Path) -> None:
    site.pages[TREE] = tree(**kept(site, tmp_path))
    assert get(tmp_path, URLS[0], mirror=site.address).state == "unchanged"
    assert TREE not in site.asked


TREELESS = {
    "robots.txt": ("/api.github.com/robots.txt", says(b"User-agent: *\nDisallow: /repos/"), "robots.txt"),
    "no robots.txt": ("/api.github.com/robots.txt", says(b"oops", 503), "robots.txt cannot be read"),
    "limit": (TREE, says(b'{"message": "API rate limit exceeded"}', 403), "API rate limit exceeded"),
    "limit, later": (TREE, says(b"", 429, Retry_After="3600"), "asks to wait 3600 s"),
    "silence": (TREE, hangs, "timed out"),
    "broken off": (TREE, says(b'{"tree":', length=99), "broke off"),
    "elsewhere": (TREE, to("https://elsewhere.example/"), "another host"),
    "too large": (TREE, says(b'{"tree": []}' + b" " * (1 << 12)), "more than 4096 bytes"),
}


@pytest.mark.parametrize("case", TREELESS)
def test_without_trees_all_is_asked_for_and_the_run_knows_why(site: Site, tmp_path: Path, case: str) -> None:
    kept(site, tmp_path)
    at, answer, why = TREELESS[case]
    site.pages[TREE] = tree()
    site.pages[at] = answer
    limits = Limits(read_timeout_s=0.2, deadline_s=8, max_bytes=1 << 12, pause_s=0)
    slept: list[float] = []
    with closing(
        Fetcher(site.address, limits, Known(), clock=lambda: sum(slept), sleep=slept.append, resolve=found)
    ) as fetcher:
        outcomes = fetcher.source(source(*URLS, f"{RAW[:-4]}other/a.csv"), tmp_path, now=now)
    assert states(outcomes) == ["unchanged", "unchanged", "unchanged", "failed"]
    assert outcomes[3].message.count("answered 404") == 1
    ((host, reason),) = fetcher.known().treeless.items()
    assert host == "api.github.com"
    assert why in reason
    assert {URLS[1].replace("https:/", ""), URLS[2].replace("https:/", "")} < set(site.asked)
    # The next source of the run does not try again.
    site.asked.clear()
    again, _ = fetch_source(
        source(*URLS), tmp_path, mirror=site.address, limits=limits, known=fetcher.known(), now=now, resolve=found
    )
    assert states(again) == ["unchanged"] * 3
    assert not [path for path in site.asked if path.startswith("/api.github.com")]


@pytest.mark.parametrize(
    "answer",
    [
        says(b"not found", 404),
        says(b""),
        says(b"<html>"),
        says(b'{"tree": 7}'),
        says(b'["tree"]'),
        says(b'{"tree": [{"path": "a.csv"}]}'),
        says(b'{"tree": [{"path": ["a.csv"], "type": "blob", "sha": "x"}]}'),
        says(b"[" * 100_000),
        says(b"\xff\xfe"),
    ],
    ids=["404", "empty", "html", "number", "list", "no hash", "path", "deep", "bytes"],
)  # fmt: skip
def test_of_a_repository_without_a_tree_all_is_asked_for(site: Site, tmp_path: Path, answer: Answer) -> None:
    kept(site, tmp_path)
    site.pages[TREE] = answer
    outcomes, known = fetch_source(
        source(*URLS), tmp_path, mirror=site.address, limits=LIMITS, known=Known(), now=now, resolve=found
    )
    assert states(outcomes) == ["unchanged"] * 3
    assert {url.replace("https:/", "") for url in URLS} < set(site.asked)
    assert site.asked.count(TREE) == 1
    assert known.treeless == {}


def test_a_tree_that_is_cut_short_counts_for_what_it_lists(site: Site, tmp_path: Path) -> None:
    bodies = kept(site, tmp_path)
    entries = [{"path": "a.csv", "type": "blob", "sha": git_name(bodies["a.csv"])}]
    site.pages[TREE] = says(json.dumps({"tree": entries, "truncated": True}).encode())
    assert states(get(tmp_path, *URLS, mirror=site.address)) == ["unchanged"] * 3
    assert URLS[0].replace("https:/", "") not in site.asked
    assert {url.replace("https:/", "") for url in URLS[1:]} < set(site.asked)


def test_two_sources_of_one_repository_ask_for_its_tree_once(site: Site, tmp_path: Path) -> None:
    site.pages[TREE] = tree(**kept(site, tmp_path))
    known = Known()
    for urls in (URLS[:2], URLS[2:]):
        outcomes, known = fetch_source(
            source(*urls), tmp_path, mirror=site.address, limits=LIMITS, known=known, now=now, resolve=found
        )
        assert states(outcomes) == ["unchanged"] * len(urls)
    assert site.asked == ["/api.github.com/robots.txt", TREE]


def test_a_tree_is_a_pause_apart_from_its_robots_txt_and_the_next_tree(
    monkeypatch: pytest.MonkeyPatch, site: Site, tmp_path: Path
) -> None:
    host = site.address.removeprefix("http://")
    monkeypatch.setattr(trees, "listed", lambda url: trees.Listed(f"{site.address}/tree/{url[-1]}", url))
    urls = [f"{site.address}/{name}" for name in ("a1", "b1", "a2", "b2")]
    site.pages |= {f"/{url.rpartition('/')[2]}": says(BODY) for url in urls}
    get_sleepless(tmp_path, *urls)
    outcomes, slept = get_sleepless(tmp_path, *urls, limits=Limits(pause_s=1.5))
    assert states(outcomes) == ["unchanged"] * 4
    # robots.txt – tree 1 – a1 – b1 – tree 2 – a2 – b2
    assert slept == [1.5] * 6
    assert host in fetch.hosts(source(*urls))


def test_a_run_logs_once_why_pages_are_asked_for_one_by_one(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept(site, tmp_path)
    site.pages[TREE] = says(b"API rate limit exceeded", 403)
    monkeypatch.setattr(refresh, "get_run_logger", lambda: logging.getLogger("run"))
    monkeypatch.setattr(sources, "source", lambda _: source(*URLS))
    with caplog.at_level(logging.INFO, "run"):
        one = refresh.fetch_task.fn("zoo", tmp_path, site.address, [], float("inf"))
        two = refresh.fetch_task.fn("zoo", tmp_path, site.address, [one], float("inf"))
    assert [states(outcomes) for outcomes, _ in (one, two)] == [["unchanged"] * 3] * 2
    assert [record.message for record in caplog.records] == [
        f"pages are asked for one by one: https:/{TREE} answered 403, not 200; it said: API rate limit exceeded"
    ]
    assert len(site.asked) == len(set(site.asked)) + 3  # robots.txt and the tree once, the pages twice


# Files of a repository that are packed here


TREE_OF = "/repos/o/rounds/git/trees/HEAD?recursive=1"
ARCHIVE = "https://codeload.github.com/o/rounds/tar.gz/HEAD"
LOGS = {"Owl/systems/s.json": b"{}", "Owl/results/s/bert/result_0.txt": b"0", "Owl/results/s/bert/result 1.txt": b"1"}
FILES = RepositoryFiles(r".+/(systems/[^/]+\.json|result.\d\.txt)", files_max=4, mb_max=1)


@pytest.fixture
def lists(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, bytes]], None]:
    """Has the server on loopback play the hosts of trees and of files; what is given are the files of the repository."""

    def at(url: str) -> trees.Repository:
        assert url == ARCHIVE
        return trees.Repository("rounds", site.address + TREE_OF, f"{site.address}/files/")

    def put(files: dict[str, bytes]) -> None:
        listed = [
            {"path": path, "mode": "100644", "type": "blob", "sha": git_name(body), "size": len(body)}
            for path, body in files.items()
        ]
        body = json.dumps({"tree": listed}).encode()
        site.pages |= {f"/files/{path.replace(' ', '%20')}": says(body) for path, body in files.items()}
        site.pages[TREE_OF] = tagged(body, ETag=f'W/"{git_name(body)}"')

    monkeypatch.setattr(trees, "packed", at)
    return put


def live(raw: Path, known: Known | None = None, mirror: str | None = None) -> tuple[Outcome, Known]:
    given = replace(source(ARCHIVE, content="tar.gz"), repository_files=FILES)
    (outcome,), learnt = fetch_source(
        given, raw, mirror=mirror, limits=LIMITS, known=known or Known(), now=now, resolve=found
    )
    return outcome, learnt


def test_files_that_a_tree_lists_are_asked_for_once_and_packed(
    site: Site, tmp_path: Path, lists: Callable[[dict[str, bytes]], None]
) -> None:
    lists(LOGS | {"README.md": b"prose", "Owl/code/train.py": b"pass"})
    outcome, _ = live(tmp_path)
    assert (outcome.state, outcome.message) == ("fetched", "")
    (line,) = lock(tmp_path)
    assert line.url == site.address + TREE_OF
    assert (line.etag or "").startswith('W/"')
    assert repositories.unpacked(line.path(tmp_path)) == LOGS
    asked = ["/robots.txt", TREE_OF, *sorted(f"/files/{path.replace(' ', '%20')}" for path in LOGS)]
    assert site.asked == asked
    # From then on the tree alone, which answers that nothing changed: a round is frozen.
    for _ in range(3):
        site.asked.clear()
        assert live(tmp_path)[0].state == "unchanged"
        assert site.asked == ["/robots.txt", TREE_OF]
    assert len(lock(tmp_path)) == 1


def test_a_tree_that_changed_elsewhere_asks_for_no_file_and_else_for_what_changed(
    site: Site, tmp_path: Path, lists: Callable[[dict[str, bytes]], None]
) -> None:
    lists(LOGS)
    live(tmp_path)
    lists(LOGS | {"README.md": b"more prose"})
    site.asked.clear()
    assert live(tmp_path)[0].state == "unchanged"
    assert site.asked == ["/robots.txt", TREE_OF]
    # One is another, one is new, one is gone.
    changed = {**LOGS, "Owl/systems/s.json": b"[]", "Owl/results/s/bert/result_2.txt": b"2"}
    del changed["Owl/results/s/bert/result 1.txt"]
    lists(changed)
    site.asked.clear()
    assert live(tmp_path)[0].state == "fetched"
    assert site.asked == ["/robots.txt", TREE_OF, "/files/Owl/results/s/bert/result_2.txt", "/files/Owl/systems/s.json"]
    *_, line = lock(tmp_path)
    assert repositories.unpacked(line.path(tmp_path)) == changed


def test_what_is_damaged_on_disk_is_asked_for_again(
    site: Site, tmp_path: Path, lists: Callable[[dict[str, bytes]], None]
) -> None:
    lists(LOGS)
    live(tmp_path)
    (line,) = lock(tmp_path)
    whole = line.path(tmp_path).read_bytes()
    line.path(tmp_path).write_bytes(whole[:50])
    site.asked.clear()
    assert live(tmp_path)[0].state == "fetched"
    assert len(site.asked) == 2 + len(LOGS)
    assert line.path(tmp_path).read_bytes() == whole
    assert lock(tmp_path) == [line]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (says(b"no such repository", 404), "lists no files, or not all"),
        (says(b"API rate limit exceeded", 403), "answered 403"),
        (says(b'{"tree": [], "truncated": true}'), "lists no files, or not all"),
        (says(b'{"tree": []}'), "lists no file that is wanted"),
    ],
    ids=["404", "403", "cut short", "other folders"],
)
def test_where_no_tree_lists_the_files_the_page_is_left_with_a_reason(
    site: Site, tmp_path: Path, lists: Callable[[dict[str, bytes]], None], answer: Answer, why: str
) -> None:
    lists(LOGS)
    live(tmp_path)
    site.pages[TREE_OF] = answer
    site.asked.clear()
    outcome, known = live(tmp_path)
    assert outcome.state == "left"
    assert outcome.message.startswith("HEAD: ")
    assert why in outcome.message
    assert site.asked == ["/robots.txt", TREE_OF]
    assert len(lock(tmp_path)) == 1
    # A host that lists nothing more is asked for no further tree of the run.
    site.asked.clear()
    again, _ = live(tmp_path, known)
    assert again.state == "left"
    assert site.asked == ([] if "403" in why else [TREE_OF])


def test_a_repository_with_more_than_is_asked_for_is_left_with_a_reason(
    site: Site, tmp_path: Path, lists: Callable[[dict[str, bytes]], None]
) -> None:
    lists({f"Owl/results/s/bert/result_{at}.txt": b"x" for at in range(5)})
    outcome, _ = live(tmp_path)
    assert outcome.state == "left"
    assert "lists 5 files of 0.0 MB that are wanted" in outcome.message
    assert "no more than 4 of 1 MB are asked for" in outcome.message
    assert site.asked == ["/robots.txt", TREE_OF]
    assert not (tmp_path / "zoo").exists()


def test_what_is_left_is_no_warning_in_the_log_of_a_run(
    site: Site,
    tmp_path: Path,
    lists: Callable[[dict[str, bytes]], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lists({f"Owl/results/s/bert/result_{at}.txt": b"x" for at in range(5)})
    left = replace(source(ARCHIVE, content="tar.gz"), repository_files=FILES)
    failed = source(f"{site.address}/gone.csv")
    monkeypatch.setattr(refresh, "get_run_logger", lambda: logging.getLogger("run"))
    monkeypatch.setattr(fetch, "fetch_source", partial(fetch_source, resolve=found))
    for given in (left, failed):
        monkeypatch.setattr(sources, "source", lambda _, given=given: given)
        with caplog.at_level(logging.INFO, "run"):
            refresh.fetch_task.fn("zoo", tmp_path, None, [], float("inf"))
    told = [(record.levelname, record.message) for record in caplog.records]
    assert [level for level, _ in told] == ["INFO", "WARNING"]
    assert "lists 5 files" in told[0][1]
    assert "answered 404" in told[1][1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says(b"another"), "is not the file that"),
        (says(b"gone", 404), "answered 404"),
        (says(b"", length=9), "broke off"),
    ],
    ids=["other bytes", "404", "cut off"],
)
def test_a_file_that_cannot_be_had_fails_its_page_and_leaves_nothing(
    site: Site, tmp_path: Path, lists: Callable[[dict[str, bytes]], None], answer: Answer, said: str
) -> None:
    lists(LOGS)
    site.pages["/files/Owl/systems/s.json"] = answer
    outcome, _ = live(tmp_path)
    assert outcome.state == "failed"
    assert said in outcome.message
    assert not (tmp_path / "zoo").exists()


def test_files_of_a_repository_are_a_pause_apart(tmp_path: Path, lists: Callable[[dict[str, bytes]], None]) -> None:
    lists(LOGS)
    given = replace(source(ARCHIVE, content="tar.gz"), repository_files=FILES)
    slept: list[float] = []
    with closing(
        Fetcher(None, Limits(pause_s=1.5), Known(), clock=lambda: sum(slept), sleep=slept.append, resolve=found)
    ) as fetcher:
        fetcher.source(given, tmp_path, now=now)
    # robots.txt – tree – three files
    assert slept == [1.5] * 4


def test_a_mirror_is_asked_for_the_archive_itself(
    site: Site, tmp_path: Path, lists: Callable[[dict[str, bytes]], None]
) -> None:
    lists(LOGS)
    live(tmp_path)
    packed = repositories.packed("elsewhere", LOGS)
    site.pages["/codeload.github.com/o/rounds/tar.gz/HEAD"] = says(packed)
    site.asked.clear()
    assert live(tmp_path, mirror=site.address)[0].state == "fetched"
    assert site.asked == ["/codeload.github.com/robots.txt", "/codeload.github.com/o/rounds/tar.gz/HEAD"]
    # And the tag of the tree says nothing about it.
    assert "If-None-Match" not in site.headers[-1]


def test_a_page_that_a_mirror_alone_has_is_left_without_one(site: Site, tmp_path: Path) -> None:
    (page,) = source(f"{site.address}/a.csv").pages
    given = replace(source(f"{site.address}/a.csv"), pages=(replace(page, mirror_only=True),))
    outcomes, _ = fetch_source(given, tmp_path, mirror=None, limits=LIMITS, known=Known(), now=now, resolve=found)
    assert outcomes == [Outcome("zoo", "a.csv", page.url, "left", "", 0)]
    assert site.asked == []


def test_a_round_of_mlperf_gives_live_what_it_gives_packed(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of a round as its repository has them, beside code that nobody asks for: the same rows."""
    round_ = Path(__file__).parents[1] / "fixtures" / "mlperf_training" / "v0.5.tar.gz"
    files = repositories.unpacked(round_)
    declared = sources.source("mlperf_training")
    (page,) = (one for one in declared.pages if one.name == "v0.5.tar.gz")
    at = trees.packed(page.url)
    assert at is not None
    monkeypatch.setattr(
        trees, "packed", lambda _: replace(at, tree=f"{site.address}/tree", base=f"{site.address}/files/")
    )
    listed = [
        {"path": path, "mode": "100644", "type": "blob", "sha": git_name(body), "size": len(body)}
        for path, body in (files | {"Owl/code/resnet/train.py": b"pass"}).items()
    ]
    site.pages |= {f"/files/{path}": says(body) for path, body in files.items()}
    site.pages["/tree"] = says(json.dumps({"tree": listed}).encode())
    (outcome,), _ = fetch_source(
        replace(declared, pages=(page,)), tmp_path, mirror=None, limits=LIMITS, known=Known(), now=now, resolve=found
    )
    assert (outcome.state, outcome.message) == ("fetched", "")
    (line,) = snapshots.read(tmp_path, "mlperf_training")
    rows = [parse_page(path, declared, page, "0" * 64).rows for path in (round_, line.path(tmp_path))]
    assert rows[0] == rows[1]
    assert rows[0]["timed_training"]


# What a run knows


def test_robots_txt_and_the_pause_go_from_source_to_source(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/robots.txt": says(b"User-agent: *\nCrawl-delay: 7"), "/a.csv": says(BODY), "/b.csv": says(BODY)}
    slept: list[float] = []
    known = Known()
    for name in "ab":
        with closing(
            Fetcher(None, Limits(), known, clock=lambda: sum(slept), sleep=slept.append, resolve=found)
        ) as fetcher:
            fetcher.source(source(f"{site.address}/{name}.csv"), tmp_path, now=now)
            known = fetcher.known()
    assert site.asked == ["/robots.txt", "/a.csv", "/b.csv"]
    assert slept == [7.0, 7.0]


def test_what_several_sources_know_is_put_together() -> None:
    one = Known({"a": "why"}, {}, {"x": 1.0, "y": 5.0}, {"https://x/robots.txt": ""}, {"x": 1, "y": 2})
    two = Known({"b": "so"}, {"t": "limit"}, {"x": 3.0, "y": 2.0}, {}, {"y": 1})
    assert fetch.together([one, two]) == Known(
        {"a": "why", "b": "so"}, {"t": "limit"}, {"x": 3.0, "y": 5.0}, {"https://x/robots.txt": ""}, {"x": 1, "y": 2}
    )
    assert fetch.together([]) == Known()


def test_a_source_asks_the_hosts_of_its_pages_and_of_their_trees() -> None:
    pages = source("https://h.example/a.csv", f"{RAW}/a.csv")
    assert fetch.hosts(pages) == {"h.example", "raw.githubusercontent.com", "api.github.com"}


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
    outcomes = get(tmp_path, *urls, content="javascript", mirror=mirror)
    assert [one.state for one in outcomes] == ["fetched", "failed", "failed"]
    assert "broke off" in outcomes[1].message
    assert "169.254.169.254" in outcomes[2].message
    assert get(tmp_path, urls[0], content="javascript", mirror=mirror).state == "unchanged"
    assert len(lock(tmp_path)) == 1


@pytest.mark.parametrize(("declared_s", "sleeps"), [(None, [1.5, 1.5]), (4.0, [4.0, 4.0]), (0.0, [])])
def test_a_source_may_declare_its_own_pause(
    site: Site, tmp_path: Path, declared_s: float | None, sleeps: list[float]
) -> None:
    given = replace(source(f"{site.address}/a.csv", f"{site.address}/b.csv"), pause_s=declared_s)
    slept: list[float] = []
    with closing(
        Fetcher(None, Limits(pause_s=1.5), Known(), clock=lambda: sum(slept), sleep=slept.append, resolve=found)
    ) as fetcher:
        fetcher.source(given, tmp_path, now=now)
    assert slept == sleeps  # robots.txt – a – b
    assert fetch.pause_s(given, Limits(), "http://127.0.0.1:8765") == 0


def test_a_pause_is_declared_in_the_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = (Path(sources.__file__).parent / "owid_carbon.toml").read_text(encoding="utf-8")
    for name, more in {"own_pause": "pause_s = 2.5\n", "no_pause": ""}.items():
        (tmp_path / f"{name}.toml").write_text(more + toml, encoding="utf-8")
        (tmp_path / f"{name}.py").touch()
    monkeypatch.setattr(sources, "_FOLDER", tmp_path)
    assert [sources.source(name).pause_s for name in ("own_pause", "no_pause")] == [2.5, None]


def test_what_only_a_mirror_has_is_asked_of_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = (Path(sources.__file__).parent / "owid_carbon.toml").read_text(encoding="utf-8")
    only = toml.replace("[[pages]]\n", "[[pages]]\nmirror_only = true\n")
    one = f'{only}\n[[pages]]\nname = "b"\nurl = "https://b.example/b"\n'
    for name, text in {"archived": only, "live": toml, "partly": one}.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        (tmp_path / f"{name}.py").touch()
    monkeypatch.setattr(sources, "_FOLDER", tmp_path)
    assert sources.asked(None) == ["live", "partly"]
    assert sources.asked("http://127.0.0.1:8765") == ["archived", "live", "partly"]


def test_without_a_mirror_two_rounds_of_mlperf_are_asked_for_by_their_files() -> None:
    declared = sources.source("mlperf_training")
    assert [page.name for page in declared.pages if not page.mirror_only] == ["v0.5.tar.gz", "v5.1.tar.gz"]
    assert all(trees.packed(page.url) for page in declared.pages)
    assert declared.repository_files is not None
    # Some seven minutes, a second apart, of the thirty that a run may fetch.
    assert 2 * declared.repository_files.files_max * Limits().pause_s < Limits().run_s / 3
    assert {"api.github.com", "raw.githubusercontent.com"} < fetch.hosts(declared)


def test_when_it_is_to_stop_neither_a_silent_server_nor_a_pause_holds_it_up(site: Site, tmp_path: Path) -> None:
    site.pages["/a.csv"] = hangs
    urls = [f"{site.address}/{name}.csv" for name in "abc"]
    timer = threading.Timer(2, STOP.set)
    timer.start()
    try:
        outcomes = get(tmp_path, *urls, limits=Limits(read_timeout_s=60, deadline_s=60, pause_s=0.5))
    finally:
        timer.join()
        STOP.clear()
    assert [one.state for one in outcomes] == ["failed"] * 3
    assert all("the run was stopped" in one.message for one in outcomes)
    assert site.asked == ["/robots.txt", "/a.csv"]
