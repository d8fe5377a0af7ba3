"""flows/pages/wholeness.py: what is no page of its kind, or not all of it; and that whole pages of every source are."""

from __future__ import annotations

import csv
import gzip
import io
import random
import zipfile
from collections.abc import Callable

import pytest
from running import FIXTURES, MIRROR

from flows import sources
from flows.pages.wholeness import fault

TABLE = b'name,year,note\nresnet,2015,"a, b"\nvit,2020,\n'


def zipped(name: str = "a.csv") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, TABLE)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ("csv", TABLE), ("csv", TABLE.rstrip()), ("csv", b"\xef\xbb\xbf" + TABLE), ("csv", b'size\n24"\n'),
        ("csv", b"a,b\n1,2\n\n"), ("csv", b'a,b\n"x"y,2\nz'), ("tsv", b"a\tb\n1\t2"), ("html", b"<!doctype html><p>x"),
        ("html", b"<HTML><p>x</HTML >\n<!-- made in 1 s -->\n"), ("json", b' {"a": [1, NaN]}\n'),
        ("javascript", b"export default [1];\n"), ("javascript", b"var a = {}\n"), ("markdown", b"<h1>A</h1>\n# b"),
        ("markdown", b"<htmlish>"), ("yaml", b"- a\n- {b: 1"), ("zip", zipped()),
        ("tar.gz", gzip.compress(TABLE, mtime=0)),
    ],
)  # fmt: skip
def test_what_is_whole(content: str, body: bytes) -> None:
    assert fault(content, body) == ""
    assert fault(content, body, "text/plain; charset=utf-8", has_end=False, last_bytes=2 * len(body)) == ""


@pytest.mark.parametrize(
    ("content", "body", "served_as", "why"),
    [
        ("csv", b"", "", "answered 200 with an empty body"),
        ("csv", b" \n<!DOCTYPE  HTML><p>Sorry", "", "should be csv but is an HTML page"),
        ("markdown", b"\xef\xbb\xbf<html lang=en>", "", "should be markdown but is an HTML page"),
        ("csv", b"<div class='login'>Sign in, please</div>", "", "begins with \"<div class='login'>Sign in, please</div>\","),
        ("json", b"\n <?xml version='1.0'?><Error/>", "", "as a web page does; see it in a browser"),
        ("yaml", b"<div>", "", "should be yaml but begins with '<div>', as a web page does"),
        ("markdown", b"<div>Sign in</div>", "text/html; charset=utf-8", "begins with '<div>Sign in</div>', as a web page"),
        ("csv", b'{"error": "login required", "code": 1}', "", "as JSON does; see it in a browser"),
        ("tsv", b'[{"error":\t1}]', "", "as JSON does"),
        ("javascript", b'{"message": "Not Found"};', "", "should be javascript but begins with '{\"message\": \"Not Found\"};'"),
        ("zip", b'{"error": "login required"}', "", "should be zip but begins with '{\"error\": \"login required\"}', as no ZIP"),
        ("csv", b"name\nJos\xe9\n", "", "is not valid UTF-8 at byte 8"),
        ("csv", TABLE[:28], "", "broke off before its end (a quote is not closed)"),
        ("html", b"<!doctype html><html><body><p>x", "", "broke off before its end (it has no </html>)"),
        ("json", b'{"a": [1, 2', "", "it is not whole JSON: Expecting ',' delimiter"),
        ("json", b'{"a": ' + b"9" * 5000 + b"}", "", "it is not whole JSON: Exceeds the limit"),
        ("json", b"[" * 100_000, "", "it is not whole JSON"),
        ("json", b"[1," + b" " * (8 << 20), "", "it does not end with a bracket"),
        ("javascript", b"export default [\n  {\n    year: 20", "", "it does not end with a bracket or a semicolon"),
        ("zip", zipped()[:-9], "", "the list of its files is not there"),
        ("tar.gz", zipped(), "", "should be tar.gz but begins with"),
        ("tar.gz", b"<!doctype html><p>x", "", "should be tar.gz but is an HTML page"),
        ("tar.gz", gzip.compress(TABLE, mtime=0)[:-1], "", "the end of its gzip stream is not there"),
        ("tar.gz", gzip.compress(TABLE, mtime=0)[:-8] + bytes(8), "", "it is no whole gzip file"),
    ],
)  # fmt: skip
def test_what_is_not(content: str, body: bytes, served_as: str, why: str) -> None:
    said = fault(content, body, served_as)
    assert why in said
    assert "\n" not in said
    assert len(said) < 200


def test_where_nothing_told_the_end_it_is_doubted_more() -> None:
    cut = TABLE[:-4]
    assert fault("csv", cut) == ""
    assert fault("csv", cut, has_end=False) == (
        "broke off before its end (its last line has 2 cells and all others 3); try again later"
    )
    ragged = b"a,b\n1,2\nSource: X\n3,4\n5"
    assert fault("csv", ragged, has_end=False) == ""
    assert fault("yaml", b"a: 1\n", last_bytes=11) == ""
    assert fault("yaml", b"a: 1\n", has_end=False, last_bytes=10) == ""
    said = fault("yaml", b"a: 1\n", has_end=False, last_bytes=11)
    assert said.startswith("has only 5 bytes, not half of its last version, and its server does not tell where it ends")


def pages() -> list[tuple[str, str, Callable[[], bytes]]]:
    fixtures = [(page, FIXTURES / key / page.name) for key in sources.names() for page in sources.source(key).pages]
    return [(page.content, f"{page.source}/{page.name}", path.read_bytes) for page, path in fixtures if path.is_file()]


def test_the_pages_of_fixtures_are_whole() -> None:
    assert len(pages()) > 30
    for content, name, body in pages():
        assert (name, fault(content, body(), has_end=False)) == (name, "")


@pytest.mark.mirror
@pytest.mark.skipif(not MIRROR.is_dir(), reason="there is no mirror beside the checkout")
def test_every_version_of_every_real_page_is_whole_and_most_that_are_cut_are_not() -> None:
    declared = {page.url: page.content for key in sources.names() for page in sources.source(key).pages}
    draw, seen, cut = random.Random(12), set[str](), dict[str, list[bool]]()
    with (MIRROR / "manifest.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            if (content := declared.get(row["url"])) is None:
                continue
            seen.add(row["url"])
            body = (MIRROR / row["file"]).read_bytes()
            assert (row["file"], fault(content, body, has_end=False)) == (row["file"], "")
            at = draw.randrange(1, len(body))
            cut.setdefault(content, []).append(bool(fault(content, body[:at], has_end=False)))
    assert len(seen) > 100
    # Nothing tells the end of these but their size; a table that is cut in its last cell or behind a line is whole.
    assert all(
        all(found) for content, found in cut.items() if content not in ("markdown", "yaml", "csv", "tsv", "dat", "dsv")
    )
    assert all(sum(cut[content]) > len(cut[content]) / 2 for content in ("csv", "tsv"))
