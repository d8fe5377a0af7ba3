"""Files of a packed archive (`.tar.gz`), read one after another within bounds and laid down nowhere."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from flows.readers.record import PageError

# The largest round of MLPerf has 1,131 files, the largest file of them 60 kB, and unpacks to 5 MB; the repositories behind them
# have some 20,000 files.
FILES_MAX = 50_000
FILE_BYTES_MAX = 4_000_000
UNPACKED_BYTES_MAX = 256_000_000
_PIECE_BYTES = 1 << 16


class _Bounded(io.RawIOBase):
    """What a packed file unpacks to, of which no more than so many bytes are read."""

    def __init__(self, packed: gzip.GzipFile, most: int) -> None:
        super().__init__()
        self._packed, self._left, self._most = packed, most, most

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._packed.read(_PIECE_BYTES if size < 0 else size)
        self._left -= len(piece)
        if self._left < 0:
            raise PageError(f"the archive unpacks to more than {self._most} bytes")
        return piece


def archive_files(
    path: Path,
    wanted: re.Pattern[str],
    files_max: int = FILES_MAX,
    file_bytes_max: int = FILE_BYTES_MAX,
    unpacked_bytes_max: int = UNPACKED_BYTES_MAX,
) -> Iterator[tuple[str, bytes]]:
    """(path, content) of each file whose path `wanted` matches whole, in the archive's order; all others are passed over.

    The first part of a path is left out: it has the name of a repository and the version that was packed. Folders, links and
    devices are no files, and a link is not followed.

    Raises:
        PageError: it is no such archive, or is damaged or cut off; a path leads out of it; a file that is wanted stands twice; or
            it has more files, more bytes in all or more in a file than the bounds allow.
    """
    try:
        with gzip.open(path) as packed:
            bounded = _Bounded(packed, unpacked_bytes_max)
            with tarfile.open(fileobj=bounded, mode="r|") as archive:
                yield from _files(archive, wanted, files_max, file_bytes_max)
            # To the very end, where the checksum of the whole stands.
            while bounded.read(_PIECE_BYTES):
                pass
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise PageError(f"not a tar.gz archive that can be read: {error}") from error


def _files(
    archive: tarfile.TarFile, wanted: re.Pattern[str], files_max: int, file_bytes_max: int
) -> Iterator[tuple[str, bytes]]:
    seen = set()
    for at, member in enumerate(archive, 1):
        if at > files_max:
            raise PageError(f"the archive has more than {files_max} files")
        where = PurePosixPath(member.name)
        if where.is_absolute() or ".." in where.parts:
            raise PageError(f"the path {member.name!r} leads out of the archive")
        name = "/".join(where.parts[1:])
        if not member.isfile() or not wanted.fullmatch(name):
            continue
        if name in seen:
            raise PageError(f"the file {name} stands twice in the archive")
        if member.size > file_bytes_max:
            raise PageError(f"the file {name} has {member.size} bytes, more than the {file_bytes_max} that are read")
        seen.add(name)
        content = archive.extractfile(member)
        if content is not None:
            yield name, content.read()
