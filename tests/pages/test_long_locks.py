"""flows/pages/long_locks.py: what is kept of a long lock is what the lock says, and counts no longer than that is so."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.pages import long_locks, snapshots
from flows.pages.long_locks import FILE
from flows.pages.snapshots import LOCK, LockError, Snapshot
from flows.warehouse import keys

PAGES = ("a.csv", "b/c.csv")
LAST = "2026-11-20T00:00:00Z"
ALL = "9999-12-31"


def version(number: int, page: str, at: str) -> tuple[Snapshot, bytes]:
    body = f"{page} {number}\n".encode()
    sha256 = hashlib.sha256(body).hexdigest()
    return Snapshot("s", page, f"https://example.org/{page}", sha256, len(body), at, None, None, "MIT"), body


def lay_down(raw: Path, many: int) -> None:
    """So many versions, of two pages in turn; one of a past day stands last."""
    times = [
        f"20{10 + number // 336}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}T00:00:00Z" for number in range(many)
    ]
    lines = []
    for number, at in enumerate([*times[:-2], LAST, times[0]]):
        line, body = version(number, PAGES[number % 2], at)
        line.path(raw).parent.mkdir(parents=True, exist_ok=True)
        line.path(raw).write_bytes(body)
        lines.append(line)
    snapshots.rewrite(raw, "s", lines)


def as_read(raw: Path, until: str = ALL) -> str:
    return keys.digest(*snapshots.known(raw, "s", until))


def newest_of_all(raw: Path, until: str) -> dict[str, Snapshot]:
    """Of each page the last one of its latest lines."""
    lines = [line for line in snapshots.read(raw, "s") if line.retrieved_at <= until]
    latest = {page: max((line.retrieved_at for line in lines if line.page == page), default="") for page in PAGES}
    return {line.page: line for line in lines if line.retrieved_at == latest[line.page]}


@pytest.fixture
def long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A long lock that was read once, and none waits until it counts as settled."""
    monkeypatch.setattr(long_locks, "_SETTLED_NS", 0)
    lay_down(tmp_path, 1000)
    assert long_locks.known(tmp_path, "s", ALL) == as_read(tmp_path)
    assert (tmp_path / "s" / FILE).is_file()
    return tmp_path


def kept(raw: Path, **other: object) -> None:
    """Put something else in the place of what is kept."""
    file = raw / "s" / FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | other))


def test_what_is_kept_is_not_read_again(long: Path) -> None:
    kept(long, digest="as it is kept")
    assert long_locks.known(long, "s", ALL) == "as it is kept"
    assert long_locks.known(long, "s", LAST[:10]) == "as it is kept"


@pytest.mark.parametrize("until", [LAST[:10], "2026-11-19", "2011-06-01", "2000-01-01"])
def test_of_any_day_it_is_what_the_lock_says(long: Path, until: str) -> None:
    assert long_locks.known(long, "s", until) == as_read(long, until)


@pytest.mark.parametrize("until", ["9999", LAST, "2026-11-19T00:00:00Z", "2010-01-01T00:00:00Z", "2009"])
def test_the_newest_lines_are_those_of_the_lock(long: Path, until: str) -> None:
    assert long_locks.newest(long, "s", until) == newest_of_all(long, until)


def a_line_more(raw: Path) -> None:
    line, body = version(5000, PAGES[0], "2026-11-21T00:00:00Z")
    assert snapshots.keep(raw, line, body)


def another_line_of_the_same_size_and_time(raw: Path) -> None:
    lock = raw / "s" / LOCK
    before = lock.stat()
    lock.write_bytes(lock.read_bytes().replace(LAST.encode(), b"2026-11-18T00:00:00Z"))
    os.utime(lock, ns=(before.st_atime_ns, before.st_mtime_ns))


def no_bytes_of_one(raw: Path) -> None:
    snapshots.read(raw, "s")[7].path(raw).unlink()


@pytest.mark.parametrize("change", [a_line_more, another_line_of_the_same_size_and_time, no_bytes_of_one])
def test_what_was_changed_is_read_again(long: Path, change: Callable[[Path], None]) -> None:
    before = as_read(long)
    change(long)
    assert as_read(long) != before
    assert long_locks.known(long, "s", ALL) == as_read(long)
    assert long_locks.newest(long, "s", "9999") == newest_of_all(long, "9999")


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", "7", '{"form": 1}'])
def test_what_another_has_written_there_does_not_count(long: Path, body: str) -> None:
    (long / "s" / FILE).write_text(body)
    assert long_locks.known(long, "s", ALL) == as_read(long)


@pytest.mark.parametrize(
    "other", [{"form": 0}, {"newest": {PAGES[0]: {"no": "field"}}}, {"newest": [1]}, {"stamp": []}]
)
def test_what_is_kept_otherwise_does_not_count(long: Path, other: dict[str, object]) -> None:
    kept(long, digest="as it is kept", **other)
    assert long_locks.known(long, "s", ALL) == as_read(long)


def test_where_nothing_can_be_kept_the_lock_is_read(long: Path) -> None:
    (long / "s" / FILE).unlink()
    (long / "s" / FILE).mkdir()
    assert long_locks.known(long, "s", ALL) == as_read(long)
    assert long_locks.newest(long, "s", "9999") == newest_of_all(long, "9999")
    assert [path.name for path in (long / "s").glob(".*")] == [FILE]


def test_nothing_is_kept_of_what_was_changed_just_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # An hour, for a machine may be at something else for two seconds.
    monkeypatch.setattr(long_locks, "_SETTLED_NS", 3600 * 10**9)
    lay_down(tmp_path, 1000)
    assert long_locks.known(tmp_path, "s", ALL) == as_read(tmp_path)
    assert not (tmp_path / "s" / FILE).exists()


def test_nothing_is_kept_of_a_short_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_locks, "_SETTLED_NS", 0)
    lay_down(tmp_path, 10)
    assert long_locks.known(tmp_path, "s", ALL) == as_read(tmp_path)
    assert long_locks.newest(tmp_path, "s", "9999") == newest_of_all(tmp_path, "9999")
    assert not (tmp_path / "s" / FILE).exists()
    assert long_locks.known(tmp_path, "another", ALL) == keys.digest(*snapshots.known(tmp_path, "another", ALL))


def test_a_line_that_is_none_is_told_and_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_locks, "_SETTLED_NS", 0)
    lay_down(tmp_path, 1000)
    lock = tmp_path / "s" / LOCK
    lock.write_text(lock.read_text().replace('"etag": null', '"etag": 7', 1))
    for _ in range(2):
        with pytest.raises(LockError, match=r"snapshots\.jsonl, line 1: .*etag is '7', not a text"):
            long_locks.newest(tmp_path, "s", "9999")
    assert not (tmp_path / "s" / FILE).exists()


@pytest.mark.parametrize("body", [b"\0" * 200_000, b"\n" * 200_000, b"[" * 200_000])
def test_of_a_lock_without_a_line_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    monkeypatch.setattr(long_locks, "_SETTLED_NS", 0)
    lay_down(tmp_path, 2)
    (tmp_path / "s" / LOCK).write_bytes(body)
    assert long_locks.known(tmp_path, "s", ALL) == as_read(tmp_path)
    assert long_locks.newest(tmp_path, "s", "9999") == {}
    assert not (tmp_path / "s" / FILE).exists()


def test_a_folder_that_is_none_has_no_lock(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("")
    assert long_locks.newest(tmp_path, "s", "9999") == {}


def test_what_is_kept_may_be_read_by_whoever_reads_the_lock(long: Path) -> None:
    assert (long / "s" / FILE).stat().st_mode == (long / "s" / LOCK).stat().st_mode
