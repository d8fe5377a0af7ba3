"""A folder that a command fills again and again: what it wrote there before and no longer writes is removed, and nothing else.

Which files it wrote stands in the folder, in a hidden list of hashes and names (`sha256sum -c` reads it too). A file that somebody
altered since is not the one that was written any more, and stays.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from flows.answers import outputs

_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def listing(command: str) -> str:
    """The name of the list of what a command wrote."""
    return f".compute-limits-{command}"


def fill(
    folder: Path,
    bodies: Mapping[str, bytes],
    command: str,
    *,
    is_whole: bool,
    stays: Callable[[str], bool] = lambda _: False,
) -> None:
    """Write these files, {path in the folder: content}, all or none; `is_whole`: they are all that the command would write there.

    Of a part nothing is removed, nor a path that `stays`. What is removed goes after everything else: whoever stops it finds too
    much, never too little.

    Raises:
        flows.answers.outputs.OutputError: a folder cannot be made, a file cannot be written or removed.
    """
    before = _written(folder / listing(command))
    now = {name: hashlib.sha256(body).hexdigest() for name, body in bodies.items()}
    # The list has its name before the files, so that none is without it.
    outputs.write_all(folder, {listing(command): _listed(before | now), **bodies})
    gone = {name: sha256 for name, sha256 in before.items() if is_whole and name not in now and not stays(name)}
    if gone:
        _remove(folder, gone)
        left = {name: sha256 for name, sha256 in (before | now).items() if name not in gone}
        outputs.write(folder / listing(command), _listed(left))


def _written(listed: Path) -> dict[str, str]:
    """{path: hash} of the files that a list names; none where there is no list that can be read."""
    try:
        lines = listed.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return {found[2]: found[1] for line in lines if (found := _LINE.fullmatch(line))}


def _listed(files: Mapping[str, str]) -> bytes:
    return "".join(f"{files[name]}  {name}\n" for name in sorted(files)).encode()


def _remove(folder: Path, gone: Mapping[str, str]) -> None:
    """Remove those that are as they were written, and the folders that are empty after it."""
    for name, sha256 in gone.items():
        file = folder / name
        if _is_inside(folder, name) and file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256:
            outputs.remove(file)
    _sweep(folder, {parent for name in gone for parent in PurePosixPath(name).parents})


def _is_inside(folder: Path, name: str) -> bool:
    """Whether a name leads to a file of the folder itself, through no link."""
    place = PurePosixPath(name)
    whole = folder.resolve() / place
    return not place.is_absolute() and ".." not in place.parts and whole.resolve() == whole


def _sweep(folder: Path, places: Iterable[PurePosixPath]) -> None:
    for place in sorted(places, key=lambda place: -len(place.parts)):
        if place.parts and _is_inside(folder, str(place)):
            with suppress(OSError):  # it holds something
                (folder / place).rmdir()
