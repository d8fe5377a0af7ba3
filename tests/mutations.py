"""Pages that went wrong: from a good page and a seed, one of the ways in which pages are spoilt, and what is known of it.

mutation = mutated(random.Random(7), body, "csv")
"""

from __future__ import annotations

import csv
import gzip
import io
import random
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

# Digits that stand in no fixture, so that a value with them was read from where they were put.
DIGITS = "73512946"
# No score, count, rate, time, year or price is any of these, in whatever unit a page has.
IMPOSSIBLE = (f"-{DIGITS[:4]}.{DIGITS[4:]}", DIGITS + "0" * 40, f"{DIGITS[0]}.{DIGITS[1:]}e77")

_NUMBER = re.compile(rb"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
_HOSTILE = (
    *(rb"\ud800", b"\xed\xa0\x80", b"\0", b"\xff\xfe", b"\x1b[31m", "\N{RIGHT-TO-LEFT OVERRIDE}".encode()),
    *(
        b'"',
        b"'",
        b"|",
        b",",
        b"\n",
        b"\r",
        b"\t",
        b"{",
        b"}",
        b"]",
        b"```\n",
        b"---\n",
        b"&a ",
        b"*a ",
        b"!!python/none ",
    ),
    *(
        b"<table>",
        b"</table>",
        b"<tr>",
        b"</td>",
        b"<a>",
        b"<!--",
        b"-->",
        b'<td colspan="100">',
        b'<td rowspan="1e9">',
    ),
    *(b"NaN", b"inf", b"1e309", b"-1", b"0", b"1e-320", b"9" * 5000, b"0x10", b"1_000", b"1,0", b"=1+1", b"%", b"null"),
    *(b"99999999999999999999-01-01", b"0000-00-00", b"9999-12-31", "٣٤".encode(), "½".encode(), b"x" * 100_000),
)
_OPENERS = (
    b"[",
    b"{",
    b"(",
    b"<b>",
    b"<table><tr><td>",
    b"<details>",
    b"> ",
    b"- ",
    b"* ",
    b'{"a":',
    b"[x](",
    b"![",
    b"`",
    b"**",
)
# Of mutations of an archive, those of a file within it.
_WITHIN = 0.7
DELIMITERS = {"csv": ",", "tsv": "\t"}
_ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7", "utf-8-sig")


@dataclass(frozen=True)
class Mutation:
    """A spoilt page, and how it is so: one of KINDS."""

    kind: str
    body: bytes


def mutated(rng: random.Random, body: bytes, content: str) -> Mutation:
    """The page spoilt in one way, of all ways equally often."""
    kind = rng.choice(list(KINDS))
    if content == "zip" and rng.random() < _WITHIN:
        return Mutation(kind, _packed(body, lambda file: KINDS[kind](rng, file, "csv"), rng))
    if content == "tar.gz" and rng.random() < _WITHIN:
        return Mutation(kind, _tarred(body, lambda file: KINDS[kind](rng, file, "json"), rng))
    return Mutation(kind, KINDS[kind](rng, body, content))


def _packed(archive: bytes, change: Callable[[bytes], bytes], rng: random.Random) -> bytes:
    """The archive with one of its files spoilt: any byte of its own that is changed spoils it as a whole."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        chosen = rng.choice([one.filename for one in old.infolist() if one.file_size])
        for one in old.infolist():
            new.writestr(one, change(old.read(one)) if one.filename == chosen else old.read(one))
    return out.getvalue()


def _tarred(archive: bytes, change: Callable[[bytes], bytes], rng: random.Random) -> bytes:
    """The same of a packed archive, whose checksum is of the whole."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(archive)) as old, tarfile.open(fileobj=out, mode="w") as new:
        chosen = rng.choice([one.name for one in old if one.size])
        for one in old:
            file = old.extractfile(one)
            assert file is not None
            body = file.read()
            if one.name == chosen:
                body = change(body)
            one.size = len(body)
            new.addfile(one, io.BytesIO(body))
    return gzip.compress(out.getvalue(), mtime=0)


def _truncated(rng: random.Random, body: bytes, _: str) -> bytes:
    return body[: rng.randrange(len(body))]


def _swapped(rng: random.Random, body: bytes, _: str) -> bytes:
    """Two lines, or two pieces of a page of one line, in each other's place."""
    lines = body.splitlines(keepends=True)
    if len(lines) < 4:
        lines = [body[at : at + 40] for at in range(0, len(body), 40)]
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _recoded(rng: random.Random, body: bytes, _: str) -> bytes:
    """In another encoding, with other ends of lines, or with a few bits turned over."""
    how = rng.randrange(4)
    if how == 0:
        return body.decode(errors="replace").encode(rng.choice(_ENCODINGS), "replace")
    if how == 1:
        return body.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n", b"\x0b", "\N{LINE SEPARATOR}".encode()]))
    if how == 2:
        return body.decode(errors="replace").encode().decode("latin-1").encode()
    spoilt = bytearray(body)
    for _ in range(rng.choice([1, 3, 30])):
        spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def _injected(rng: random.Random, body: bytes, _: str) -> bytes:
    for _ in range(rng.choice([1, 1, 1, 5])):
        at = rng.randrange(len(body) + 1)
        body = body[:at] + rng.choice(_HOSTILE) + body[at:]
    return body


def _repeated(rng: random.Random, body: bytes, _: str) -> bytes:
    """A piece of the page again and again, lines as a rule."""
    lines = body.splitlines(keepends=True)
    start = rng.randrange(len(lines))
    end = min(len(lines), start + rng.choice([1, 1, 2, 10]))
    return b"".join([*lines[:end], *lines[start:end] * rng.choice([1, 1, 2, 300]), *lines[end:]])


def _nested(rng: random.Random, body: bytes, _: str) -> bytes:
    at = rng.choice([0, rng.randrange(len(body) + 1)])
    return body[:at] + rng.choice(_OPENERS) * rng.choice([10, 1000, 3000]) + body[at:]


def _exchanged(rng: random.Random, body: bytes, content: str) -> bytes:
    """Two columns, or two names of fields, in each other's place."""
    if content in DELIMITERS:
        return _cells(body, content, lambda rows: _columns_exchanged(rng, rows))
    if content in ("markdown", "html") and b"|" in body:
        rows = [line.split(b"|") for line in body.split(b"\n")]
        return b"\n".join(b"|".join(row) for row in _columns_exchanged(rng, rows))
    names = sorted(set(re.findall(rb"[\w@ ]+(?=\"?:)|(?<=<t[dh]>)[^<]+", body)))
    if len(names) < 2:
        return body
    one, other = rng.sample(names, 2)
    return re.sub(
        rb"\b(?:%s|%s)\b" % (re.escape(one), re.escape(other)), lambda found: other if found[0] == one else one, body
    )


def _columns_exchanged(rng: random.Random, rows: list[list[T]]) -> list[list[T]]:
    widest = max(map(len, rows))
    one, other = rng.randrange(widest), rng.randrange(widest)
    for row in rows:
        if max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]
    return rows


def _scaled(rng: random.Random, body: bytes, content: str) -> bytes:
    """A column in another unit; of a page without columns, the numbers at one place of all lines."""
    factor = rng.choice([1e-3, 1e-2, 1e2, 1e3, 1e6, 1e12])

    def by_factor(text: bytes) -> bytes:
        return _NUMBER.sub(lambda found: b"%.10g" % (float(found[0]) * factor), text)

    if content in DELIMITERS:

        def one_column(rows: list[list[str]]) -> list[list[str]]:
            at = rng.randrange(max(map(len, rows)))
            for row in rows[1:]:
                if at < len(row):
                    row[at] = by_factor(row[at].encode()).decode()
            return rows

        return _cells(body, content, one_column)
    place = rng.randrange(4)
    lines = []
    for line in body.split(b"\n"):
        found = list(_NUMBER.finditer(line))
        if place < len(found):
            start, end = found[place].span()
            line = line[:start] + by_factor(line[start:end]) + line[end:]
        lines.append(line)
    return b"\n".join(lines)


def _cells(body: bytes, content: str, change: Callable[[list[list[str]]], list[list[str]]]) -> bytes:
    delimiter, out = DELIMITERS[content], io.StringIO(newline="")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=delimiter))
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(change(rows))
    return out.getvalue().encode()


def without_each_column(body: bytes, content: str) -> Iterator[tuple[str, bytes]]:
    """(name of a column, the page without it) of each in the first line of a page of cells."""
    (header, *_) = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=DELIMITERS[content])
    for at, name in enumerate(header):
        yield name, _cells(body, content, lambda rows, at=at: [row[:at] + row[at + 1 :] for row in rows])


def _impossible(rng: random.Random, body: bytes, _: str) -> bytes:
    """One number of the page made one that nothing can be."""
    found = list(_NUMBER.finditer(body))
    if not found:
        return body
    start, end = rng.choice(found).span()
    return body[:start] + rng.choice(IMPOSSIBLE).encode() + body[end:]


KINDS: dict[str, Callable[[random.Random, bytes, str], bytes]] = {
    "truncated": _truncated,
    "swapped": _swapped,
    "recoded": _recoded,
    "injected": _injected,
    "repeated": _repeated,
    "nested": _nested,
    "exchanged": _exchanged,
    "scaled": _scaled,
    "impossible": _impossible,
}
