"""The registry of sources: one `.toml` (what it is) and one `.py` (how to read it) each, found by name.

A parser module has two functions: `read(path, page)` yields every record of a page, and `rows(record, page)` yields the
typed rows (flows/readers/row_types.py) that the record holds. flows/pages/parse.py does the counting between them.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, cast
from urllib.parse import urlsplit

from annotated_types import Ge, Gt, Len
from pydantic import Field

from flows import toml_files
from flows.columns import Text
from flows.errors import SettingError, near
from flows.toml_files import Closed, Once, matching

if TYPE_CHECKING:
    from flows.readers.record import Record
    from flows.readers.row_types import Row

_FOLDER = Path(__file__).parent
# What a source has as its file has it.
_COPIED = {
    "title", "publisher", "homepage", "licence", "attribution", "cadence", "rank", "rank_reason", "pause_s",
    "parse_cpu_s", "parse_memory_mb", "stale_after_days",
}  # fmt: skip
# Keys of a page that may be left out: in the place of one a slip would pass for a lookup of the parser's.
_OPTIONAL = ("content", "page_rank")

Https = Annotated[str, matching(r"https://[^/\s]+\.[^/\s]+(/\S*)?", "an address that begins with https://")]
Content = Literal["csv", "html", "javascript", "json", "markdown", "tsv", "yaml", "zip"]


class _PageEntry(Closed, extra="allow"):
    """An entry of `[[pages]]`; what it says beside these keys are lookups of the parser's."""

    name: Text
    url: Https
    content: Content | None = None
    page_rank: Annotated[int, Ge(0)] | None = None


class _PageList(Closed, extra="allow"):
    """An entry of `[[page_lists]]`: many pages below one address, and lookups that all of them share."""

    base: Https
    paths: Annotated[list[Text], Len(1), Once]
    content: Content | None = None
    page_rank: Annotated[int, Ge(0)] | None = None


class _SourceFile(Closed):
    """A source's TOML. `rows`: the least and the most that it is expected to give."""

    title: Text
    publisher: Text
    homepage: Https
    licence: Text
    attribution: Text
    cadence: Text
    content: Content
    rows: Annotated[list[Annotated[int, Ge(0)]], Len(2, 2)]
    rank: Annotated[int, Ge(0)]
    rank_reason: Text
    parser: Text | None = None
    pause_s: Annotated[float, Ge(0)] | None = None
    parse_cpu_s: Annotated[float, Gt(0)] | None = None
    parse_memory_mb: Annotated[float, Gt(0)] | None = None
    stale_after_days: Annotated[int, Gt(0)] | None = None
    lookups: dict[str, Any] = Field(default_factory=dict)
    pages: list[_PageEntry] = Field(default_factory=list)
    page_lists: list[_PageList] = Field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """One page of a source.

    `lookups` holds what the page's TOML entry says beside `name` and `url` (such as its benchmark), on top of the
    source's own `[lookups]`.
    """

    source: str
    name: str
    url: str
    content: str
    lookups: Mapping[str, Any] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The host that the page lives on (one queue of requests each)."""
        return urlsplit(self.url).netloc


@dataclass(frozen=True)
class Source:
    """What `<source>.toml` says. `rank`: where sources disagree the lowest is preferred (`rank_reason` says why).

    `pause_s`: seconds between two requests to its hosts, where the usual (flows/pages/fetch.py) is not theirs. `parse_cpu_s`
    and `parse_memory_mb`: what parsing one of its pages may take, where the usual (flows/pages/limited.py) is not enough.
    `stale_after_days`: where that of its cadence (flows/declared/freshness.toml) is not its own.
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
    parse_cpu_s: float | None = None
    parse_memory_mb: float | None = None
    stale_after_days: int | None = None


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


def names() -> tuple[str, ...]:
    """All sources, in alphabetical order."""
    return names_in(_FOLDER)


@cache
def names_in(folder: Path) -> tuple[str, ...]:
    """The sources of a folder, in alphabetical order."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


@cache
def declared(key: str, folder: Path) -> Source:
    """What a source's TOML in that folder says. Raises `SettingError`."""
    path = folder / f"{key}.toml"
    file = toml_files.read(path, _SourceFile)
    pages = tuple(
        Page(key, name, url, content or file.content, MappingProxyType(file.lookups | lookups))
        for name, url, content, lookups in _entries(file)
    )
    parser = file.parser or key
    _check(path, file, parser, pages)
    return Source(
        key=key,
        rows_min=file.rows[0],
        rows_max=file.rows[1],
        parser=parser,
        pages=pages,
        **file.model_dump(include=_COPIED),
    )


def _entries(file: _SourceFile) -> Iterator[tuple[str, str, Content | None, dict[str, Any]]]:
    """(name, URL, content, lookups) of each page, whether it is declared alone or in a list."""
    for page in file.pages:
        yield page.name, page.url, page.content, _lookups(page)
    for listed in file.page_lists:
        yield from ((name, listed.base + name, listed.content, _lookups(listed)) for name in listed.paths)


def _lookups(entry: _PageEntry | _PageList) -> dict[str, Any]:
    ranked = {} if entry.page_rank is None else {"page_rank": entry.page_rank}
    return (entry.model_extra or {}) | ranked


def _check(path: Path, file: _SourceFile, parser: str, pages: tuple[Page, ...]) -> None:
    if file.rows[0] > file.rows[1]:
        toml_files.refuse(path, ("rows",), file.rows, "but the least comes before the most")
    if not pages:
        raise SettingError(f"{toml_files.shown(path)}: there is no page; add [[pages]] with name and url")
    toml_files.check_unique(path, ("pages",), (page.name for page in pages), "name")
    modules = {one.stem for one in path.parent.glob("*.py")} - {"__init__"}
    toml_files.check_name(path, ("parser",), parser, modules, "parser in flows/sources")
    for table in ("pages", "page_lists"):
        for at, entry in enumerate(getattr(file, table)):
            _check_lookups(path, (table, at), entry.model_extra or {})


def _check_lookups(path: Path, place: tuple[str, int], lookups: Mapping[str, Any]) -> None:
    """No lookup of a page looks like a key that may be left out, for it would do nothing. Raises `SettingError`."""
    for key in lookups:
        if likest := difflib.get_close_matches(key, _OPTIONAL, 1, 0.8):
            raise SettingError(
                f"{toml_files.shown(path)}: unknown key '{toml_files.spot((*place, key))}'; near it: {likest[0]!r}"
            )


def parser(source: Source) -> Parser:
    """The module that reads the source's pages."""
    return cast("Parser", importlib.import_module(f"flows.sources.{source.parser}"))
