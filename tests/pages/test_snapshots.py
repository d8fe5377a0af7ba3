"""flows/pages/snapshots.py: the lock is a history of content, and bytes are what it says or are not used."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import paths, sources
from flows.pages import snapshots
from flows.pages.snapshots import LOCK, LockError, Snapshot, digest, intact, keep, newest, read

BODY = b"model,year\nowlet,2020\n"


def snapshot(
    body: bytes = BODY, at: str = "2026-01-02T03:04:05Z", page: str = "p.csv", **about: str | None
) -> Snapshot:
    url = f"https://example.org/{page}"
    plain = Snapshot("s", page, url, hashlib.sha256(body).hexdigest(), len(body), at, None, None, "MIT")
    return replace(plain, **about)


def lock(raw: Path) -> list[str]:
    return (raw / "s" / LOCK).read_text(encoding="utf-8").splitlines()


def test_digest_is_sha256() -> None:
    # FIPS 180-2, appendix B.1.
    assert digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_page_is_kept_with_a_line_in_the_lock(tmp_path: Path) -> None:
    first = snapshot(etag='"1"')
    assert keep(tmp_path, first, BODY)
    assert first.path(tmp_path).read_bytes() == BODY
    assert read(tmp_path, "s") == [first]
    written = asdict(first)
    # Which are of facts, and only `bundle` writes it; and of a past day that is laid down later.
    assert (written.pop("facts_sha256"), written.pop("backfilled_on")) == (None, None)
    assert [json.loads(line) for line in lock(tmp_path)] == [written]
    assert intact(tmp_path, first)
    assert first.retrieved_on == "2026-01-02"


def test_the_same_bytes_add_no_line(tmp_path: Path) -> None:
    keep(tmp_path, snapshot(), BODY)
    assert not keep(tmp_path, snapshot(at="2026-02-03T00:00:00Z", etag='"2"'), BODY)
    assert [line.retrieved_at for line in read(tmp_path, "s")] == ["2026-01-02T03:04:05Z"]


def test_bytes_that_come_back_add_a_line_and_no_file(tmp_path: Path) -> None:
    other = b"other"
    versions = [(snapshot(), BODY), (snapshot(other, "2026-01-03T00:00:00Z"), other)]
    versions.append((snapshot(at="2026-01-04T00:00:00Z"), BODY))
    assert [keep(tmp_path, *version) for version in versions] == [True, True, True]
    assert [line.sha256 for line in read(tmp_path, "s")] == [digest(BODY), digest(other), digest(BODY)]
    assert len(list((tmp_path / "s" / "pages").iterdir())) == 2


def test_pages_of_a_source_have_versions_of_their_own(tmp_path: Path) -> None:
    one, two = snapshot(page="a.csv"), snapshot(page="b/c.csv")
    assert keep(tmp_path, one, BODY)
    assert keep(tmp_path, two, BODY)
    lines = read(tmp_path, "s")
    assert (newest(lines, "a.csv"), newest(lines, "b/c.csv"), newest(lines, "c.csv")) == (one, two, None)
    assert one.path(tmp_path) != two.path(tmp_path)
    assert two.path(tmp_path).parent == one.path(tmp_path).parent


def test_bytes_lost_behind_a_line_are_put_back(tmp_path: Path) -> None:
    kept = snapshot()
    keep(tmp_path, kept, BODY)
    kept.path(tmp_path).unlink()
    assert not intact(tmp_path, kept)
    assert not keep(tmp_path, kept, BODY)
    assert intact(tmp_path, kept)


@pytest.mark.parametrize("damage", [BODY[:-1], BODY + b" ", b""])
def test_damaged_bytes_are_seen(tmp_path: Path, damage: bytes) -> None:
    kept = snapshot()
    keep(tmp_path, kept, BODY)
    kept.path(tmp_path).write_bytes(damage)
    assert not intact(tmp_path, kept)


def test_there_is_no_half_of_a_page_beside_the_pages(tmp_path: Path) -> None:
    keep(tmp_path, snapshot(), BODY)
    assert [path.name for path in (tmp_path / "s" / "pages").iterdir()] == [snapshot().path(tmp_path).name]


def test_a_past_day_that_is_laid_down_later_stands_below_and_is_older(tmp_path: Path) -> None:
    old = b"model,year\nowlet,2019\n"
    keep(tmp_path, snapshot(), BODY)
    past = snapshot(old, "2025-12-31T23:59:59Z", backfilled_on="2026-11-26")
    assert [keep(tmp_path, past, old) for _ in range(2)] == [True, False]
    # What is fetched next is held against the newest, not against what stands last.
    assert not keep(tmp_path, snapshot(at="2026-03-01T00:00:00Z"), BODY)
    lines = read(tmp_path, "s")
    assert [line.sha256 for line in lines] == [digest(BODY), digest(old)]
    assert newest(lines, "p.csv") == lines[0]
    assert newest(lines, "p.csv", "2026-01-01T00:00:00Z") == past
    assert json.loads(lock(tmp_path)[1])["backfilled_on"] == "2026-11-26"


def test_without_a_lock_there_are_no_versions(tmp_path: Path) -> None:
    assert read(tmp_path, "s") == []
    assert newest([], "p.csv") is None


GOOD = asdict(snapshot())


def spoiled(**values: object) -> str:
    return json.dumps(GOOD | values)


BAD = {
    "{": "Expecting property name",
    "[1]": "it is no JSON object",
    "{}": "no source",
    '{"source": "s"}': "no page",
    spoiled(more=1): "unknown key 'more'",
    spoiled(source="../s"): "source is '../s', not that of its folder, 's'",
    spoiled(sha256="../../../etc/passwd"): "sha256 is '../../../etc/passwd', not 64 hexadecimal digits",
    spoiled(byte_count="22"): "byte_count is '22', not a number of bytes",
    spoiled(byte_count=True): "byte_count is 'True', not a number of bytes",
    spoiled(retrieved_at="2026-13-45T00:00:00Z"): "retrieved_at is '2026-13-45T00:00:00Z', not a time such as",
    spoiled(retrieved_at="2026-1-2T0:0:0Z"): "not a time such as 2026-01-02T03:04:05Z",
    spoiled(retrieved_at=None): "retrieved_at is 'None', not a text",
    spoiled(url=["https://example.org"]): "not a text",
    spoiled(etag="\ud800"): "not a text",
    spoiled(etag=7): "etag is '7', not a text",
    spoiled(backfilled_on="26 November 2026"): "backfilled_on is '26 November 2026', not a day such as 2026-01-02",
    "[" * 100_000: "",
    '{"byte_count": ' + "9" * 5000 + "}": "Exceeds the limit",
}


@pytest.mark.parametrize("line", BAD, ids=range(len(BAD)))
def test_a_line_that_is_no_snapshot_is_named(tmp_path: Path, line: str) -> None:
    keep(tmp_path, snapshot(), BODY)
    with (tmp_path / "s" / LOCK).open("a", encoding="utf-8") as handle:
        handle.write(line + "\n")
    with pytest.raises(LockError) as error:
        read(tmp_path, "s")
    said = str(error.value)
    assert said.startswith(f"{tmp_path}/s/{LOCK}, line 2: not a snapshot (")
    assert BAD[line] in said
    assert line[:40] in said.replace("\\\\", "\\")
    assert said.endswith("delete this line, and `compute-limits refresh --source s` fetches the page anew")
    assert len(said) < 600


def test_bytes_that_are_no_text_are_named_and_of_what_ships_the_advice_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / LOCK).write_bytes(b"\xff\xfe\n")
    monkeypatch.setattr(paths, "SHIPPED_RAW", tmp_path)
    with pytest.raises(
        LockError, match=rf"s/{LOCK}, line 1: .*can't decode byte 0xff.*; restore the file from version control"
    ):
        read(tmp_path, "s")


@pytest.mark.parametrize("left", [b'{"source": "s", "pa', b"\xe2\x82", b'{"source"'])
def test_a_line_that_was_never_ended_does_not_count_and_gives_its_place_to_the_next(
    tmp_path: Path, left: bytes
) -> None:
    one, two = snapshot(), snapshot(b"other", "2026-01-03T00:00:00Z")
    keep(tmp_path, one, BODY)
    with (tmp_path / "s" / LOCK).open("ab") as handle:
        handle.write(left)
    assert read(tmp_path, "s") == [one]
    assert keep(tmp_path, two, b"other")
    assert read(tmp_path, "s") == [one, two]
    assert (tmp_path / "s" / LOCK).read_bytes().count(b"\n") == 2


def test_a_line_without_its_end_that_is_whole_counts(tmp_path: Path) -> None:
    one, two = snapshot(), snapshot(b"other", "2026-01-03T00:00:00Z")
    keep(tmp_path, one, BODY)
    at = tmp_path / "s" / LOCK
    at.write_bytes(at.read_bytes().rstrip(b"\n"))
    assert read(tmp_path, "s") == [one]
    keep(tmp_path, two, b"other")
    assert read(tmp_path, "s") == [one, two]


def test_a_disk_that_fills_up_in_the_middle_of_a_line_leaves_the_lock_as_it_was(tmp_path: Path) -> None:
    """A limit on the size of files, as real as a full disk: a write is cut short, the next one fails."""
    keep(tmp_path, snapshot(), BODY)
    before = (tmp_path / "s" / LOCK).read_bytes()
    code = (
        "import resource, signal, sys\nfrom pathlib import Path\nfrom flows.pages import snapshots\n"
        "raw = Path(sys.argv[1])\nline = snapshots.read(raw, 's')[0]\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 50}, -1))\n"
        "snapshots.append(raw / 's' / snapshots.LOCK, 'x' * 200, lambda begun: False)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "OSError: [Errno 27]" in ended.stderr
    assert (tmp_path / "s" / LOCK).read_bytes() == before


def test_two_fetches_at_once_add_a_line_once(tmp_path: Path) -> None:
    """Processes that keep the same versions of the same pages at the same time."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom dataclasses import replace\nfrom flows.pages import snapshots\n"
        "raw, line = Path(sys.argv[1]), snapshots._snapshot(sys.argv[2].encode(), 's')\n"
        "sys.stdin.read()\n"
        "for number in range(60):\n"
        "    body = b'%d' % number\n"
        "    made = replace(line, page=str(number), sha256=snapshots.digest(body), byte_count=len(body))\n"
        "    snapshots.keep(raw, made, body)"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path), json.dumps(GOOD)]
    both = [subprocess.Popen(arguments, stdin=subprocess.PIPE) for _ in range(3)]
    for process in both:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait() for process in both] == [0, 0, 0]
    assert sorted(int(line.page) for line in read(tmp_path, "s")) == list(range(60))


# Characters at which str.splitlines breaks a line and JSON does not: the test below.
_BREAKS = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=_BREAKS), min_size=1, max_size=20)


@given(TEXT, TEXT, st.none() | TEXT, st.none() | TEXT)
def test_the_lock_gives_back_what_was_kept(
    tmp_path_factory: pytest.TempPathFactory, url: str, licence: str, etag: str | None, modified: str | None
) -> None:
    raw = tmp_path_factory.mktemp("raw")
    kept = snapshot(url=url, licence=licence, etag=etag, last_modified=modified)
    keep(raw, kept, BODY)
    assert read(raw, "s") == [kept]


@pytest.mark.parametrize("letter", ["\x85", "\u2028"])
def test_the_lock_gives_back_a_header_with_an_odd_letter(tmp_path: Path, letter: str) -> None:
    # A server's bytes 0x80 to 0x9f in an ETag reach Python as Latin-1, and so as these.
    kept = snapshot(etag=f'"a{letter}b"')
    keep(tmp_path, kept, BODY)
    assert read(tmp_path, "s") == [kept]


@pytest.mark.parametrize("key", sources.names())
def test_the_locks_that_ship_are_of_declared_pages_and_say_where_they_are_from(key: str) -> None:
    declared = {page.name: page.url for page in sources.source(key).pages}
    lines = read(paths.SHIPPED_RAW, key)
    assert {line.page for line in lines} == set(declared)
    for line in lines:
        assert line.source == key
        assert line.url == declared[line.page]
        assert line.licence == sources.source(key).licence
        assert len(line.sha256) == 64
        assert line.byte_count > 0
        assert line.retrieved_at.endswith("Z")
    assert snapshots.LOCK == "snapshots.jsonl"


def test_bytes_are_found_below_any_root_as_long_as_they_are_what_they_were(tmp_path: Path) -> None:
    body = b"a page"
    line = Snapshot(
        "s", "a/b.csv", "https://example.org/b", snapshots.digest(body), 6, "2026-01-02T03:04:05Z", None, None, "x"
    )
    snapshots.keep(tmp_path / "second", line, body)
    roots = [tmp_path / "first", tmp_path / "second"]
    place = line.path(tmp_path / "second")
    assert snapshots.kept_at(roots, "s", "a/b.csv", line.sha256) == place
    assert snapshots.kept_at(roots[:1], "s", "a/b.csv", line.sha256) is None
    place.write_bytes(b"another")
    assert snapshots.kept_at(roots, "s", "a/b.csv", line.sha256) is None


# --- what is told of all versions, without a look at each


def test_what_is_known_of_a_day_are_its_lines_and_which_bytes_are_there(tmp_path: Path) -> None:
    first, second, later = (
        snapshot(body, f"2026-0{month}-01T00:00:00Z") for month, body in ((1, b"1"), (2, b"2"), (3, b"3"))
    )
    for one, body in ((first, b"1"), (second, b"2"), (later, b"3")):
        keep(tmp_path, one, body)
    *two, _ = (tmp_path / "s" / LOCK).read_bytes().splitlines(keepends=True)
    assert list(snapshots.known(tmp_path, "s", "2026-02-01")) == [b"".join(two), b"++"]
    first.path(tmp_path).unlink()
    assert list(snapshots.known(tmp_path, "s", "2026-02-28")) == [b"".join(two), b"-+"]
    assert list(snapshots.known(tmp_path, "s", "2026-03-01")) == [(tmp_path / "s" / LOCK).read_bytes(), b"-++"]
    assert list(snapshots.known(tmp_path, "none", "2026-03-01")) == [b"", b""]


def test_a_line_that_was_begun_and_one_of_another_hand_are_known_as_they_are_read(tmp_path: Path) -> None:
    keep(tmp_path, snapshot(), BODY)
    path = tmp_path / "s" / LOCK
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:50])
    assert list(snapshots.known(tmp_path, "s", "2026-03-01")) == [whole, b"+"]
    other = json.dumps(json.loads(whole), separators=(",", ":")).encode() + b"\n"
    path.write_bytes(other)
    assert list(snapshots.known(tmp_path, "s", "2026-03-01")) == [whole, b"+"]
    path.write_bytes(b"{}\n")
    with pytest.raises(LockError, match="line 1"):
        list(snapshots.known(tmp_path, "s", "2026-03-01"))


def test_the_state_of_a_version_is_told_of_each_folder(tmp_path: Path) -> None:
    raw, shipped, one = tmp_path / "raw", tmp_path / "shipped", snapshot()
    keep(raw, one, BODY)
    assert snapshots.states([raw, shipped], "s/p.csv", [one.sha256]) == f"{one.sha256}+-"
    told = f"{one.sha256}+- {'0' * 64}--"
    assert snapshots.as_they_were([raw, shipped], "s/p.csv", told)
    keep(shipped, one, BODY)
    one.path(raw).write_bytes(BODY.swapcase())
    assert snapshots.states([raw, shipped], "s/p.csv", [one.sha256]) == f"{one.sha256}!+"
    assert not snapshots.as_they_were([raw, shipped], "s/p.csv", told)
