"""A page that is some files of a repository: chosen from its tree, and packed here into the archive that a mirror has of it."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from flows.errors import UserError
from flows.pages import trees
from flows.readers.archives import FILE_BYTES_MAX, archive_files
from flows.readers.record import PageError

if TYPE_CHECKING:
    from flows.sources import RepositoryFiles

_EVERY = re.compile(r"(?s:.+)")


class LeftError(UserError):
    """A page is left as it is, which is no fault of it: what was kept of it stands, or the facts that ship."""


def chosen(text: str, wanted: RepositoryFiles, at: str) -> dict[str, trees.Blob]:
    """{path: file} of those that are wanted of a tree, whose address is `at`.

    Raises:
        LeftError: the text is no whole tree, it lists none that is wanted, or more files or bytes than are asked for.
    """
    listed = trees.files(text)
    if listed is None:
        raise LeftError(f"{at} lists no files, or not all; no file of it was asked for, and what is there of it stands")
    pattern = re.compile(wanted.wanted)
    found = {path: blob for path, blob in sorted(listed.items()) if pattern.fullmatch(path) and _is_inside(path)}
    if not found:
        raise LeftError(
            f"{at} lists no file that is wanted; see whether its folders have other names, and change repository_files"
        )
    megabytes, largest = sum(blob.size for blob in found.values()) / 1e6, max(blob.size for blob in found.values())
    if len(found) > wanted.files_max or megabytes > wanted.mb_max or largest > FILE_BYTES_MAX:
        raise LeftError(
            f"{at} lists {len(found)} files of {megabytes:.1f} MB that are wanted, the largest of {largest / 1e6:.1f}; no more "
            f"than {wanted.files_max} of {wanted.mb_max:g} MB are asked for, each of {FILE_BYTES_MAX / 1e6:g} at most, and what is "
            "there of it stands"
        )
    return found


def _is_inside(path: str) -> bool:
    return str(PurePosixPath(path)) == path and not path.startswith("/") and ".." not in PurePosixPath(path).parts


def unpacked(path: Path) -> dict[str, bytes]:
    """{path: bytes} of an archive that is kept; empty where it cannot be read."""
    try:
        return dict(archive_files(path, _EVERY))
    except PageError:
        return {}


def packed(name: str, files: Mapping[str, bytes]) -> bytes:
    """An archive of the files below a folder of that name: the same bytes of the same files, whenever it is made."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in sorted(files.items()):
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(out.getvalue(), mtime=0)
