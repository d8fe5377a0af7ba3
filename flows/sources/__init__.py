"""The registry of sources: one `.toml` (what it is) and one `.py` (how to read it) each, found by name.

A parser module has two functions: `read(path, page)` yields every record of a page, and `rows(record, page)` yields the
typed rows (flows/readers/row_types.py) that the record holds. flows/pages/parse.py does the counting between them.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlsplit

from flows.errors import SettingError, near

if TYPE_CHECKING:
    from flows.readers.record import Record
    from flows.readers.row_types import Row

_FOLDER = Path(__file__).parent
# What a source has as its file has it.
_COPIED = {
    "title", "publisher", "homepage", "licence", "attribution", "cadence", "rank", "rank_reason", "pause_s",
    "page_max_mb", "parse_cpu_s", "parse_memory_mb", "stale_after_days",
}  # fmt: skip


@dataclass(frozen=True)
class Page:
    """One page of a source.

    `lookups` holds what the page's TOML entry says beside `name` and `url` (such as its benchmark), on top of the
    source's own `[lookups]`. `mirror_only`: whether it can be had in the form that is read from a mirror alone, so that nobody
    else is asked for it.
    """

    source: str
    name: str
    url: str
    content: str
    lookups: Mapping[str, Any] = field(default_factory=dict)
    mirror_only: bool = False

    @property
    def host(self) -> str:
        """The host that the page lives on (one queue of requests each)."""
        return urlsplit(self.url).netloc


@dataclass(frozen=True)
class RepositoryFiles:
    """Which files of a repository its archive is packed of here, where no mirror has packed it, and how much at most.

    `wanted`: what their whole paths match. A repository that lists more of them than `files_max`, or more than `mb_max` megabytes,
    is left alone.
    """

    wanted: str
    files_max: int
    mb_max: float


@dataclass(frozen=True)
class Source:
    """What `<source>.toml` says. `rank`: where sources disagree the lowest is preferred (`rank_reason` says why).

    `pause_s`: seconds between two requests to its hosts, where the usual (flows/pages/fetch.py) is not theirs. `page_max_mb`:
    megabytes that a page of it may have, where the usual (flows/pages/transport.py) is not enough. `parse_cpu_s`
    and `parse_memory_mb`: what parsing one of its pages may take, where the usual (flows/pages/limited.py) is not enough.
    `stale_after_days`: where that of its cadence (flows/declared/freshness.toml) is not its own. `repository_files`: what of a
    repository is asked for, where its pages are archives of repositories and there is no mirror.
    """

    key: str
    title: str
    publisher: str
    homepage: str
    licence: str
    attribution: str
    cadence: str
    rank: int
    rank_reason: str
    rows_min: int
    rows_max: int
    parser: str
    pages: tuple[Page, ...]
    pause_s: float | None = None
    page_max_mb: float | None = None
    parse_cpu_s: float | None = None
    parse_memory_mb: float | None = None
    stale_after_days: int | None = None
    repository_files: RepositoryFiles | None = None


class Parser(Protocol):
    """What a `<source>.py` offers."""

    def read(self, path: Path, page: Page) -> Iterator[Record]:
        """Every record of the page, with its locator."""

    def rows(self, record: Record, page: Page) -> Iterator[Row]:
        """The typed rows of one record; raises `flows.readers.record.Rejected` where it cannot be used."""


def source(key: str) -> Source:
    """The source of that name. Raises `SettingError`: there is none, or its TOML is wrong."""
    if key not in names():
        raise SettingError(f"no source {key!r}; {near(key, names())}; there are: {', '.join(names())}")
    return declared(key, _FOLDER)


@cache
def addresses(key: str) -> Mapping[str, str]:
    """{page: its address} of a source. Raises `SettingError` as `source`."""
    # Without the check, whose library takes longer to import than all that is asked here, unless there is something wrong.
    try:
        file = tomllib.loads((_FOLDER / f"{key}.toml").read_text(encoding="utf-8"))
        listed = [(name, one["base"] + name) for one in file.get("page_lists", []) for name in one["paths"]]
        return dict([*((page["name"], page["url"]) for page in file.get("pages", [])), *listed])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {page.name: page.url for page in source(key).pages}


def names() -> tuple[str, ...]:
    """All sources, in alphabetical order."""
    return names_in(_FOLDER)


def asked(mirror: str | None) -> list[str]:
    """The sources that a run asks for, from a `mirror` if there is one. Raises `SettingError`: a TOML is wrong."""
    return [name for name in names() if mirror is not None or not all(page.mirror_only for page in source(name).pages)]


@cache
def names_in(folder: Path) -> tuple[str, ...]:
    """The sources of a folder, in alphabetical order."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


@cache
def declared(key: str, folder: Path) -> Source:
    """What a source's TOML in that folder says. Raises `SettingError`."""
    # Not with the module: a build that has nothing to do asks for the names alone.
    from flows import source_files

    file = source_files.read(folder / f"{key}.toml")
    pages = tuple(
        Page(key, name, url, content or file.content, MappingProxyType(file.lookups | lookups), mirror_only)
        for name, url, content, lookups, mirror_only in source_files.pages(file)
    )
    packed = file.repository_files
    parser = file.parser or key
    return Source(
        key=key,
        rows_min=file.rows[0],
        rows_max=file.rows[1],
        parser=parser,
        pages=pages,
        repository_files=None if packed is None else RepositoryFiles(**packed.model_dump()),
        **file.model_dump(include=_COPIED),
    )


def parser(source: Source) -> Parser:
    """The module that reads the source's pages."""
    return cast("Parser", importlib.import_module(f"flows.sources.{source.parser}"))
