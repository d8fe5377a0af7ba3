"""The lock over data/raw: one line of `data/raw/<source>/snapshots.jsonl` for each version of a page.

The bytes are beside it in `pages/`, named by their SHA-256 and never changed. A line is added only when the bytes of a
page differ from those of its newest line, so the lock is a history of content and no log of requests.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from flows.errors import UserError

LOCK = "snapshots.jsonl"


@dataclass(frozen=True)
class Snapshot:
    """One version of one page. `retrieved_at` is UTC, ISO 8601 to the second; `url` is the publisher's, never a mirror's.

    `facts_sha256` is of the facts that were taken from it and stand beside the lock, where `bundle` wrote them; locks of
    versions up to 0.3 have none.
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

    @property
    def retrieved_on(self) -> str:
        """The day of retrieval, ISO 8601."""
        return self.retrieved_at[:10]

    def path(self, raw: Path) -> Path:
        """Where the bytes are kept below `raw`, whether they are there or not."""
        return raw / self.source / "pages" / f"{self.sha256[:16]}-{self.page.replace('/', '__')}"


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
    lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line:
            continue
        try:
            lines.append(Snapshot(**json.loads(line)))
        except (TypeError, ValueError) as error:
            raise LockError(
                f"{path}, line {number}: not a snapshot ({error}): {line[:120]!r}; restore the file from version control"
            ) from error
    return lines


def newest(lines: Iterable[Snapshot], page: str) -> Snapshot | None:
    """The last line of that page."""
    return next((line for line in reversed(list(lines)) if line.page == page), None)


def digest(body: bytes) -> str:
    """The SHA-256 of a page, in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def keep(raw: Path, snapshot: Snapshot, body: bytes) -> bool:
    """Keep the bytes, and add a line to the lock if they differ from the page's newest line below `raw`.

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
    last = newest(read(raw, snapshot.source), snapshot.page)
    if last is not None and last.sha256 == snapshot.sha256:
        return False
    with (raw / snapshot.source / LOCK).open("a", encoding="utf-8") as lock:
        lock.write(as_line(snapshot))
        lock.flush()
        os.fsync(lock.fileno())
    return True


def as_line(snapshot: Snapshot) -> str:
    """A snapshot as it stands in the lock. What may be left out is: a line of an older version is written as it was."""
    told = {name: value for name, value in asdict(snapshot).items() if name != "facts_sha256" or value is not None}
    return json.dumps(told, ensure_ascii=False) + "\n"


def rewrite(raw: Path, source: str, lines: Iterable[Snapshot]) -> None:
    """Put these lines in the place of a source's lock, whole or not at all."""
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
