"""The lock over data/raw: one line of `data/raw/<source>/snapshots.jsonl` for each version of a page.

The bytes are beside it in `pages/`, named by their SHA-256 and never changed. A line is added only when the bytes of a
page differ from those of its newest line, so the lock is a history of content and no log of requests. A line that was
begun and never ended, by a process that was stopped, does not count, and the next one takes its place.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flows import folder_locks, paths
from flows.errors import UserError

LOCK, PAGES = "snapshots.jsonl", "pages"
_TIME, _DAY = "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"
# As strptime reads them, which takes ten times as long: of each line of each lock in each run.
_WRITTEN = {
    _TIME: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII),
    _DAY: re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
}
_END_OF_TIME = "9999"
# What stands before the hash and before the day in each line as it is written here, and nowhere else in it.
_HASH_MARK, _DAY_MARK = b'"sha256": "', b'"retrieved_at": "'
# What a line may lack.
_OPTIONAL = ("facts_sha256", "backfilled_on")


@dataclass(frozen=True)
class Snapshot:
    """One version of one page. `retrieved_at` is UTC, ISO 8601 to the second; `url` is the publisher's, never a mirror's.

    `facts_sha256` is of the facts that were taken from it and stand beside the lock, where `bundle` wrote them; locks of
    versions up to 0.3 have none. `backfilled_on` is the day that it was really fetched, where a mirror or an archive showed
    it as it stood on the day of retrieval.
    """

    source: str
    page: str
    url: str
    sha256: str
    byte_count: int
    retrieved_at: str
    etag: str | None
    last_modified: str | None
    licence: str
    facts_sha256: str | None = None
    backfilled_on: str | None = None

    @property
    def retrieved_on(self) -> str:
        """The day of retrieval, ISO 8601."""
        return self.retrieved_at[:10]

    def path(self, raw: Path) -> Path:
        """Where the bytes are kept below `raw`, whether they are there or not."""
        return _place(raw, self.source, self.page, self.sha256)


class LockError(UserError, ValueError):
    """A lock has a line that cannot be read; the message names the file and the line."""


def read(raw: Path, source: str) -> list[Snapshot]:
    """The lock of a source below `raw`, oldest line first; empty where there is none.

    Raises:
        LockError: a line is not a snapshot.
    """
    path = raw / source / LOCK
    if not path.is_file():
        return []
    return [_line(path, number, line) for number, line in numbered(path, partial(_is_whole, path))]


def _of_page(raw: Path, source: str, page: str) -> list[Snapshot]:
    """The lines of one page, and of no other are any made out: a source may have a thousand pages, each kept after the other."""
    path, name = raw / source / LOCK, json.dumps(page)
    if not path.is_file() or "\\" in name:  # which another hand may write otherwise
        return read(raw, source)
    lines = numbered(path, partial(_is_whole, path))
    return [_line(path, number, line) for number, line in lines if name.encode() in line]


def known(raw: Path, source: str, until: str) -> Iterator[bytes]:
    """What a source has below `raw` by a day: the lines of its lock, and of each whether its bytes are there.

    No line is looked at by itself, and no page is opened, for there may be a thousand versions of each.

    Raises:
        LockError: a line is not a snapshot, where each has to be looked at: one is later, or written by another hand.
    """
    path = raw / source / LOCK
    body = path.read_bytes() if path.is_file() else b""
    days = _marked(body, _DAY_MARK, 10)
    if not body.endswith(b"\n") or len(days) != body.count(b"\n") or max(days).decode() > until:
        body = "".join(as_line(line) for line in read(raw, source) if line.retrieved_on <= until).encode()
    pages = raw / source / PAGES
    # By their names: to make paths of them takes longer than all else here.
    there = {name[:16] for name in os.listdir(os.fsencode(pages))} if pages.is_dir() else set()  # noqa: PTH208
    yield body
    yield bytes(b"-+"[head in there] for head in _marked(body, _HASH_MARK, 16))


def _marked(body: bytes, mark: bytes, many: int) -> list[bytes]:
    """What stands behind each mark. Split, which takes a fifth of the time of a pattern: of each run over all that is kept."""
    return [part[:many] for part in body.split(mark)[1:]]


def roots(raw: Path, shipped: Path | None, as_of: date) -> list[Path]:
    """The folders with versions of pages as of a day: what was fetched, what ships, and where that day is past what stood then.

    Past versions come with the shipped states of the ledger, so the newest of these is the last day that they are looked at for.
    """
    found = [raw] if shipped is None or shipped == raw else [raw, shipped]
    last = max((path.name[:10] for path in paths.SHIPPED_LEDGER.glob("[0-9]*")), default="")
    return [*found, paths.SHIPPED_PAST] if shipped == paths.SHIPPED_RAW and as_of.isoformat() <= last else found


def numbered(path: Path, is_whole: Callable[[bytes], bool]) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that is only added to, with their numbers, without empty ones and one that was begun and never ended.

    `is_whole` tells whether what stands behind the last end of a line is a line all the same, as some editors leave it.
    """
    *ended, begun = path.read_bytes().split(b"\n")
    yield from ((number, line) for number, line in enumerate(ended, 1) if line)
    if begun and is_whole(begun):
        yield len(ended) + 1, begun


def _line(path: Path, number: int, line: bytes) -> Snapshot:
    try:
        return _snapshot(line, path.parent.name)
    except (ValueError, RecursionError) as error:
        ours = path.is_relative_to(paths.SHIPPED_RAW)
        mended = f"delete this line, and `compute-limits refresh --source {path.parent.name}` fetches the page anew"
        raise LockError(
            f"{path}, line {number}: not a snapshot ({str(error)[:120]}): {line[:120].decode('utf-8', 'replace')!r}; "
            f"{'restore the file from version control' if ours else mended}"
        ) from error


def _is_whole(path: Path, begun: bytes) -> bool:
    try:
        _snapshot(begun, path.parent.name)
    except (ValueError, RecursionError):
        return False
    return True


def _snapshot(line: bytes, source: str) -> Snapshot:
    """A line of the lock of that source. Raises `ValueError`: it is none; what it says is why."""
    told = json.loads(line.decode("utf-8"))
    if not isinstance(told, dict):
        raise ValueError("it is no JSON object")
    of_line = {field.name: field for field in fields(Snapshot)}
    if unknown := sorted(told.keys() - of_line):
        raise ValueError(f"unknown key {unknown[0]!r}")
    if missing := [name for name, field in of_line.items() if field.default is MISSING and name not in told]:
        raise ValueError(f"no {missing[0]}")
    for name, value in told.items():
        may_be_null = value is None and "None" in str(of_line[name].type)
        if not may_be_null and (why := _wrong(name, value, source)):
            raise ValueError(f"{name} is {str(value)[:80]!r}, {why}")
    return Snapshot(**told)


def _wrong(name: str, value: Any, source: str) -> str:
    """Why a value of a line cannot be; "" if it can."""
    if name == "byte_count":
        return "" if type(value) is int and value >= 0 else "not a number of bytes"
    if not isinstance(value, str) or re.search("[\ud800-\udfff]", value):
        return "not a text"
    if name == "source":
        return "" if value == source else f"not that of its folder, {source!r}"
    if name.endswith("sha256"):
        return "" if re.fullmatch("[0-9a-f]{64}", value) else "not 64 hexadecimal digits"
    if name == "backfilled_on":
        return "" if _is_time(value, _DAY) else "not a day such as 2026-01-02"
    return "" if name != "retrieved_at" or _is_time(value, _TIME) else "not a time such as 2026-01-02T03:04:05Z"


def _is_time(text: str, form: str) -> bool:
    try:
        return bool(_WRITTEN[form].fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


def time_of(moment: datetime) -> str:
    """A moment as `retrieved_at` has it."""
    return moment.astimezone(UTC).strftime(_TIME)


def newest(lines: Iterable[Snapshot], page: str, until: str = _END_OF_TIME) -> Snapshot | None:
    """The newest line of that page of those retrieved by then; of two at the same second the one that stands below.

    What is fetched as of a past day stands below what was fetched before, and is older.
    """
    return newest_of_each((line for line in lines if line.page == page), until).get(page)


def newest_of_each(lines: Iterable[Snapshot], until: str = _END_OF_TIME) -> dict[str, Snapshot]:
    """{page: what `newest` gives of it} of all pages that have a line by then."""
    # The sort is stable.
    by_time = sorted((line for line in lines if line.retrieved_at <= until), key=lambda line: line.retrieved_at)
    return {line.page: line for line in by_time}


def digest(body: bytes) -> str:
    """The SHA-256 of a page, in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def keep(raw: Path, snapshot: Snapshot, body: bytes) -> bool:
    """Keep the bytes, and add a line to the lock if they differ from the page's newest line by then below `raw`.

    Returns whether a line was added. The bytes are in place before the line that names them.
    """
    path = snapshot.path(raw)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
        with os.fdopen(handle, "wb") as stream:
            stream.write(body)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    with folder_locks.alone(path.parent.parent):
        last = newest(_of_page(raw, snapshot.source, snapshot.page), snapshot.page, snapshot.retrieved_at)
        if last is not None and last.sha256 == snapshot.sha256:
            return False
        lock = raw / snapshot.source / LOCK
        append(lock, as_line(snapshot), partial(_is_whole, lock))
    return True


def append(path: Path, line: str, is_whole: Callable[[bytes], bool]) -> None:
    """Add a line with its end, whole or not at all; who asks holds the folder `alone`. `is_whole` as in `numbered`."""
    before = path.read_bytes() if path.is_file() else b""
    begun = before.rpartition(b"\n")[2]
    counts = bool(begun) and is_whole(begun)
    kept = len(before) if counts else len(before) - len(begun)
    left = (b"\n" if counts else b"") + line.encode()
    # Unbuffered: what a buffer still has after a fault would be written once more when it is closed.
    with path.open("ab", buffering=0) as lock:
        lock.truncate(kept)
        try:
            while left:
                left = left[lock.write(left) or 0 :]
            os.fsync(lock.fileno())
        except OSError:
            lock.truncate(kept)
            raise


def as_line(snapshot: Snapshot) -> str:
    """A snapshot as it stands in the lock. What may be left out is: a line of an older version is written as it was."""
    told = {name: value for name, value in asdict(snapshot).items() if name not in _OPTIONAL or value is not None}
    return json.dumps(told, ensure_ascii=False) + "\n"


def rewrite(raw: Path, source: str, lines: Iterable[Snapshot]) -> None:
    """Put these lines in the place of a source's lock, whole or not at all; who asks holds the folder `alone`."""
    path = raw / source / LOCK
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
        stream.writelines(as_line(line) for line in lines)
        stream.flush()
        os.fsync(stream.fileno())
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)


def intact(raw: Path, snapshot: Snapshot) -> bool:
    """Whether the bytes of the snapshot are below `raw` and are what the lock says."""
    path = snapshot.path(raw)
    return path.is_file() and digest(path.read_bytes()) == snapshot.sha256


def states(roots: Sequence[Path], page: str, versions: Iterable[str]) -> str:
    """What is kept of versions of a page, named source/page: of each its SHA-256 and a sign for each root.

    + its bytes, ! others in their place, - nothing.
    """
    source, _, name = page.partition("/")
    return " ".join(f"{sha256}{''.join(_state(root, source, name, sha256) for root in roots)}" for sha256 in versions)


def _state(root: Path, source: str, page: str, sha256: str) -> str:
    place = _place(root, source, page, sha256)
    return "-" if not place.is_file() else "+" if digest(place.read_bytes()) == sha256 else "!"


def as_they_were(roots: Sequence[Path], page: str, told: str) -> bool:
    """Whether the same is kept of a page's versions as `states` has told of them."""
    return told == states(roots, page, [one[:64] for one in told.split()])


def kept_at(roots: Iterable[Path], source: str, page: str, sha256: str) -> Path | None:
    """Where the bytes of a version lie below one of the roots; None where they are not there, or not as they were."""
    places = (_place(root, source, page, sha256) for root in roots)
    return next((place for place in places if place.is_file() and digest(place.read_bytes()) == sha256), None)


def _place(raw: Path, source: str, page: str, sha256: str) -> Path:
    return raw / source / PAGES / f"{sha256[:16]}-{page.replace('/', '__')}"
