"""Whether what is kept is as its lock says, and the warehouse as it was built from it: `compute-limits verify`.

Each check is a line and, where it fails, says what to do. Nothing is changed, and no network is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from flows import sources
from flows.errors import UserError
from flows.pages import decisions, facts, snapshots, versions
from flows.pages.facts import FactsError
from flows.pages.limited import Reader
from flows.pages.snapshots import Snapshot
from flows.readers.record import PageError
from flows.readers.row_types import ROW_TYPES
from flows.warehouse import checksums, connection, conservation, kept, reading
from flows.warehouse.connection import BuildError

_REBUILD = "`compute-limits build --fresh` makes it anew"


@dataclass(frozen=True)
class Check:
    """A check: what was looked at, and what is wrong with it, in sentences that say what to do; () where nothing is."""

    what: str
    wrong: tuple[str, ...] = ()


def checks(raw: Path, shipped: Path | None, warehouse: Path) -> Iterator[Check]:
    """All checks, one after the other: of each folder its locks, decisions, bytes and facts; then of the warehouse."""
    # As of a day that is past, so that past versions are among them.
    for root in snapshots.roots(raw, shipped, date.min):
        check, lines = _locks(root)
        yield check
        if lines:
            yield _bytes(root, lines)
            yield _facts(root, lines)
    if not warehouse.is_file():
        yield Check(f"no warehouse at {warehouse}; `compute-limits build` makes one")
        return
    yield _as_published(warehouse)
    # Open to the end: what another process left beside it is set aside, as for every reader.
    try:
        con = reading.read(warehouse)
    except reading.ReadError as error:
        yield Check(f"{warehouse}: can be read", (str(error),))
        return
    with con:
        yield from _warehouse(raw, shipped, warehouse)


# --- what is kept


def _locks(root: Path) -> tuple[Check, list[Snapshot]]:
    """Whether the locks and decisions of a folder can be read; and what lines there are."""
    lines, wrong, decided = list[Snapshot](), list[str](), 0
    for name in sources.names():
        try:
            lines += snapshots.read(root, name)
            decided += len(decisions.read(root, name))
        except UserError as error:
            wrong.append(str(error))
    return Check(f"locks in {root}: {len(lines)} versions of pages, {decided} accepted", tuple(wrong)), lines


def _bytes(root: Path, lines: Iterable[Snapshot]) -> Check:
    there = [line for line in dict.fromkeys(lines) if line.path(root).is_file()]
    wrong = [versions.altered_bytes(line, root) for line in there if not snapshots.intact(root, line)]
    return Check(f"bytes in {root}: {len(there)} pages", tuple(wrong))


def _facts(root: Path, lines: Iterable[Snapshot]) -> Check:
    wrong, unsealed, whole = list[str](), 0, 0
    of_source: dict[str, dict[str, Snapshot]] = {}
    for line in lines:
        of_source.setdefault(line.source, {})[line.sha256] = line
    for name, by_sha256 in of_source.items():
        try:
            found = facts.hashes(root / name, by_sha256)
        except FactsError as error:
            wrong.append(f"{name}: {error}")
            continue
        for sha256, line in by_sha256.items():
            if line.facts_sha256 is None:
                unsealed += sha256 in found
            elif line.facts_sha256 == found.get(sha256):
                whole += 1
            else:
                wrong.append(versions.altered_facts(line, root))
    said = f", {unsealed} without a hash (of 0.3 or older; `compute-limits bundle` gives them one)" if unsealed else ""
    return Check(f"facts in {root}: of {whole + len(wrong)} pages by their hash{said}", tuple(wrong))


# --- the warehouse


def _as_published(warehouse: Path) -> Check:
    """Whether the file is the one that a build has published, to the bit."""
    what = f"{warehouse}: its bytes are those that were published"
    try:
        if not checksums.recorded(warehouse):
            return Check(
                f"{warehouse}: no checksum is recorded (0.3 and before; the next file that is published has one)"
            )
        altered = checksums.altered(warehouse)
    except OSError as error:
        return Check(what, (f"{error.filename} cannot be read ({error.strerror})",))
    return Check(what, () if altered is None else (f"{altered}; {_REBUILD}",))


def _warehouse(raw: Path, shipped: Path | None, warehouse: Path) -> Iterator[Check]:
    for what, check in (
        ("rows read = accepted + duplicate + quarantined, points + left out = results with computation", _conserved),
        ("the page of every row is in meta.pages", _addressed),
        ("rows of pages are those of their bytes or facts", lambda path: _rows(raw, shipped, path)),
    ):
        yield Check(f"{warehouse}: {what}", tuple(_said(check, warehouse)))


def _said(check: Callable[[Path], Iterable[str]], warehouse: Path) -> Iterator[str]:
    """What a check says; a file that cannot be read is said as the others are."""
    try:
        yield from check(warehouse)
    except (duckdb.Error, kept.DamagedError) as error:
        first, *_ = str(error).splitlines()
        yield f"it cannot be read as a warehouse of this version ({first}); {_REBUILD}"


def _conserved(warehouse: Path) -> Iterator[str]:
    try:
        conservation.check_conservation(warehouse)
    except BuildError as error:
        yield f"{error}; {_REBUILD}"


def _addressed(warehouse: Path) -> Iterator[str]:
    with connection.connect(warehouse, read_only=True) as con:
        for row_type in ROW_TYPES:
            strays = con.execute(
                f"select source, page, count(*) from staging.{row_type} anti join meta.pages using (source, page) "
                "group by all order by all"
            ).fetchall()
            yield from (
                f"staging.{row_type} has {n} rows of {source}, page {page}, which is no page in use; {_REBUILD}"
                for source, page, n in strays
            )


def _rows(raw: Path, shipped: Path | None, warehouse: Path) -> Iterator[str]:
    """The pages whose rows in the warehouse are others than those that their bytes or facts give now."""
    with connection.connect(warehouse, read_only=True) as con, Reader() as reader:
        published, in_use = kept.Kept(con), dict[str, list[tuple[str, str]]]()
        for source, page, sha256 in published.query(
            "select source, page, sha256 from staging.page_setting order by all"
        ):
            in_use.setdefault(source, []).append((page, sha256))
        for name, pages in in_use.items():
            if name not in sources.names():
                yield f"{name} is no source of this version; {_REBUILD}"
                continue
            yield from _of_source(sources.source(name), pages, raw, shipped, published, reader)


def _of_source(
    source: sources.Source,
    pages: Iterable[tuple[str, str]],
    raw: Path,
    shipped: Path | None,
    published: kept.Kept,
    reader: Reader,
) -> Iterator[str]:
    try:
        known = versions.known(source, raw, shipped, date.max)
    except UserError as error:
        # What is wrong with one lock says nothing of the others.
        yield str(error)
        return
    of_name = {page.name: page for page in source.pages}
    for name, sha256 in pages:
        version = next((one for one in known.get(name, ()) if one.snapshot.sha256 == sha256), None)
        try:
            rows = None if version is None else versions.rows(source, of_name[name], version, reader.parse)
        except PageError as error:
            yield f"{error}; {_REBUILD}"
            continue
        if rows is None:
            yield f"{source.key}, page {name}: neither bytes nor facts of {sha256} are there; {_REBUILD}"
            continue
        other = [
            kind for kind in ROW_TYPES if not rows.table(kind).equals(versions.of_page(published, source, name, kind))
        ]
        if other:
            yield f"{source.key}, page {name}: other rows in staging.{', staging.'.join(other)}; {_REBUILD}"
