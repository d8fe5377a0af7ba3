"""Whether a body is what a page should be, and all of it, as far as its bytes tell.

HTTP tells where most bodies end, and flows/pages/transport.py holds them to it. What remains is a connection that ends
where no length was told, a server that has cut the page before it told one, and another page in the place of this one.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

_HTML = re.compile(rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_DELIMITERS = {"csv": ",", "tsv": "\t"}
# {content: (how its bytes begin, what that is)}; a workbook is an archive of XML. A table in an encoding of single bytes (dsv)
# can be told to be none by no byte of it.
_ARCHIVES = {"xlsx": (b"PK", "ZIP file"), "zip": (b"PK", "ZIP file"), "tar.gz": (b"\x1f\x8b", "gzip file")}
_OF_BYTES = _ARCHIVES.keys() | {"dsv"}
# A larger one is looked at its end alone: read whole, 64 MB of "[]," take more than a gigabyte. The largest real one
# has 1.6 MB.
_JSON_MAX_BYTES = 8 << 20
# A page that has shrunk to less than this part of its last version is taken for cut off, where nothing tells its end.
# Real pages have lost a fifth of their records from one version to the next, and none a half.
_LESS = 2
# How much of the end of an HTML page is looked through for its last tag, after which comments and spaces may stand.
_TAIL_BYTES = 4096
# How much of an archive is unpacked at once, and how much at all: one that unpacks to more is refused by its reader, unread.
_PIECE_BYTES, _UNPACKED_BYTES = 1 << 20, 512 << 20


def fault(content: str, body: bytes, content_type: str = "", *, has_end: bool = True, last_bytes: int = 0) -> str:
    """What is wrong with the body of a page, as the end of a sentence that begins with its address; "" if nothing is.

    `content` is what it should be (`content` in the source's TOML), `content_type` what its server says. Where nothing
    told its end (`has_end`) it is doubted more, also by how many bytes the last version had (0: there is none).
    """
    if not body:
        return "answered 200 with an empty body; try again later"
    start = body[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    if other := _other_kind(content, start, content_type):
        return f"should be {content} but {other}; see it in a browser"
    if content not in _OF_BYTES:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            return f"is not valid UTF-8 at byte {error.start}; tell its publisher"
    what = _ENDS[content](body) if content in _ENDS else ""
    what = what or ("" if has_end else _last_line(content, body))
    if what:
        return f"broke off before its end ({what}); try again later"
    if not has_end and len(body) * _LESS < last_bytes:
        why = "not half of its last version, and its server does not tell where it ends"
        return f"has only {len(body)} bytes, {why}; see in a browser whether that is all of it"
    return ""


def _other_kind(content: str, start: bytes, content_type: str) -> str:
    """What a body is in place of what it should be; a markdown page may begin with a tag, unless it is served as HTML."""
    if content in _ARCHIVES:
        begins, what = _ARCHIVES[content]
        if start.startswith(begins):
            return ""
        return "is an HTML page" if _HTML.match(start) else f"begins with {_shown(start)}, as no {what} does"
    if content == "html":
        return ""
    if _HTML.match(start):
        return "is an HTML page"
    if start.startswith(b"<") and (content != "markdown" or content_type.lower().startswith("text/html")):
        return f"begins with {_shown(start)}, as a web page does"
    if (
        start[:1] in {"csv": b"{[", "dat": b"{[", "dsv": b"{[", "tsv": b"{[", "javascript": b"{"}.get(content, b"")
        and start
    ):
        return f"begins with {_shown(start)}, as JSON does"
    return ""


def _shown(start: bytes) -> str:
    return repr(" ".join(start[:40].decode("utf-8", "replace").split()))


def _html_end(body: bytes) -> str:
    opened = re.search(rb"<html\b", body[:_TAIL_BYTES], re.IGNORECASE)
    return "it has no </html>" if opened and b"</html" not in body[-_TAIL_BYTES:].lower() else ""


def _json_end(body: bytes) -> str:
    if len(body) > _JSON_MAX_BYTES:
        return "" if body.rstrip()[-1:] in b"]}" else "it does not end with a bracket"
    try:
        json.loads(body)
    except (ValueError, RecursionError) as error:  # a number may have more digits than Python reads
        return f"it is not whole JSON: {str(error)[:80]}"
    return ""


def _javascript_end(body: bytes) -> str:
    return "" if body.rstrip()[-1:] in b";)]}" else "it does not end with a bracket or a semicolon"


def _quote(content: str, body: bytes) -> str:
    try:
        deque(_records(content, body), maxlen=0)
    except csv.Error as error:  # any other fault is for the parser to name
        return "a quote is not closed" if "unexpected end of data" in str(error) else ""
    return ""


def _last_line(content: str, body: bytes) -> str:
    """Of a table: its last line has fewer cells, where all others have as many as the header, and no end."""
    if content not in _DELIMITERS or body.endswith((b"\n", b"\r")):
        return ""
    try:
        widths = [len(record) for record in _records(content, body) if record]
    except csv.Error:  # its quotes are none, which is for the parser to name
        return ""
    others = set(widths[:-1])
    short = len(others) == 1 and widths[-1] < max(others)
    return f"its last line has {widths[-1]} cells and all others {max(others)}" if short else ""


def _records(content: str, body: bytes) -> Iterator[list[str]]:
    lines = io.StringIO(body.decode("utf-8"), newline="")
    return csv.reader(lines, delimiter=_DELIMITERS[content], strict=True)


def _zip_end(body: bytes) -> str:
    return "" if zipfile.is_zipfile(io.BytesIO(body)) else "the list of its files is not there"


def _gzip_end(body: bytes) -> str:
    """Of one member, as packers write it, unpacked piece by piece and kept nowhere."""
    unpacking, unpacked = zlib.decompressobj(wbits=31), 0
    try:
        while body and not unpacking.eof and unpacked < _UNPACKED_BYTES:
            unpacked += len(unpacking.decompress(body, _PIECE_BYTES))
            body = unpacking.unconsumed_tail
    except zlib.error as error:
        return f"it is no whole gzip file: {error}"
    return "" if unpacking.eof or unpacked >= _UNPACKED_BYTES else "the end of its gzip stream is not there"


_ENDS: dict[str, Callable[[bytes], str]] = {
    "csv": partial(_quote, "csv"),
    "tsv": partial(_quote, "tsv"),
    "html": _html_end,
    "javascript": _javascript_end,
    "json": _json_end,
    "tar.gz": _gzip_end,
    "xlsx": _zip_end,
    "zip": _zip_end,
}
