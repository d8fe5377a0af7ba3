"""Files of a packed archive: within its bounds, none outside of it, and all of what is told or nothing."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from flows.readers.archives import archive_files
from flows.readers.record import PageError

ALL = re.compile(".*")
Member = tuple[str, bytes, bytes]


def packed(members: Iterable[Member], after: bytes = b"") -> bytes:
    """An archive of (name, type of the member, content), and bytes that stand behind it in the same stream."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind, body in members:
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, len(body) if kind == tarfile.REGTYPE else 0
            member.linkname = body.decode() if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            archive.addfile(member, io.BytesIO(body))
    return gzip.compress(out.getvalue() + after, mtime=0)


def file(name: str, body: bytes = b"x") -> Member:
    return name, tarfile.REGTYPE, body


def kept(tmp_path: Path, body: bytes) -> Path:
    path = tmp_path / "kept"
    path.write_bytes(body)
    return path


def test_files_are_named_without_the_archives_own_part(tmp_path: Path) -> None:
    path = kept(tmp_path, packed([file("repo-1a2b/a/b.json", b"{}"), file("repo-1a2b/c.txt", b"words")]))
    assert list(archive_files(path, ALL)) == [("a/b.json", b"{}"), ("c.txt", b"words")]


def test_only_what_is_wanted_is_read(tmp_path: Path) -> None:
    path = kept(
        tmp_path, packed([file("r/a.json"), file("r/large.bin", b"y" * 5000), file("r/b.json.bak"), file("r/c.json")])
    )
    names = [name for name, _ in archive_files(path, re.compile(r".+\.json"), file_bytes_max=100)]
    assert names == ["a.json", "c.json"]


def test_folders_links_and_devices_are_no_files(tmp_path: Path) -> None:
    others = [
        ("r/folder", tarfile.DIRTYPE, b""),
        ("r/link", tarfile.SYMTYPE, b"/etc/passwd"),
        ("r/hard", tarfile.LNKTYPE, b"r/a"),
        ("r/pipe", tarfile.FIFOTYPE, b""),
        ("r/device", tarfile.CHRTYPE, b""),
    ]
    path = kept(tmp_path, packed([file("r/a"), *others]))
    assert [name for name, _ in archive_files(path, ALL)] == ["a"]


@pytest.mark.parametrize("name", ["/etc/passwd", "r/../../x", "../x", "r/a/.."])
def test_a_path_that_leads_out_stops_it(tmp_path: Path, name: str) -> None:
    path = kept(tmp_path, packed([file("r/a"), file(name)]))
    with pytest.raises(PageError, match="leads out of the archive"):
        list(archive_files(path, re.compile("none of them")))


def test_a_file_that_stands_twice_stops_it(tmp_path: Path) -> None:
    path = kept(tmp_path, packed([file("r/a"), file("other/a")]))
    with pytest.raises(PageError, match="the file a stands twice"):
        list(archive_files(path, ALL))


def test_it_is_bounded_in_files_in_one_and_in_all(tmp_path: Path) -> None:
    path = kept(tmp_path, packed([file(f"r/{at}", b"z" * 3000) for at in range(5)]))
    assert len(list(archive_files(path, ALL, files_max=5, file_bytes_max=3000, unpacked_bytes_max=20_480))) == 5
    with pytest.raises(PageError, match="more than 4 files"):
        list(archive_files(path, ALL, files_max=4))
    with pytest.raises(PageError, match="the file 0 has 3000 bytes, more than the 2999"):
        list(archive_files(path, ALL, file_bytes_max=2999))
    with pytest.raises(PageError, match="unpacks to more than 12000 bytes"):
        list(archive_files(path, ALL, unpacked_bytes_max=12_000))


def test_what_unpacks_without_end_is_stopped_also_behind_the_last_file(tmp_path: Path) -> None:
    bomb = bytes(3_000_000)
    for body in (packed([file("r/a")], bomb), packed([file("r/unwanted", bomb)])):
        with pytest.raises(PageError, match="unpacks to more than 1000000 bytes"):
            list(archive_files(kept(tmp_path, body), re.compile("a"), unpacked_bytes_max=1_000_000))


def spoilt(body: bytes) -> bytes:
    """With another checksum of the whole at its end."""
    return body[:-8] + bytes(4) + body[-4:]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PK\x03\x04 a ZIP file",
        gzip.compress(b"no archive, but text " * 100, mtime=0),
        packed([file("r/a", b"z" * 40_000)])[:-30],
        spoilt(packed([file("r/a")])),
    ],
    ids=["empty", "zip", "text", "cut off", "checksum"],
)
def test_what_is_none_or_broken_says_so(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(PageError, match=r"not a tar\.gz archive that can be read"):
        list(archive_files(kept(tmp_path, body), ALL))
