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

from flows.errors import UserError

if TYPE_CHECKING:
    from flows.readers.record import Record
    from flows.readers.row_types import Row

_FOLDER = Path(__file__).parent
_CONTENTS = ("csv", "html", "javascript", "json", "markdown", "tsv", "yaml", "zip")


class SourceError(UserError, ValueError):
    """A source's TOML is wrong; the message names the file and the key."""


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

    `pause_s`: seconds between two requests to its hosts, where the usual (flows/pages/fetch.py) is not theirs.
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


class Parser(Protocol):
    """What a `<source>.py` offers."""

    def read(self, path: Path, page: Page) -> Iterator[Record]:
        """Every record of the page, with its locator."""

    def rows(self, record: Record, page: Page) -> Iterator[Row]:
        """The typed rows of one record; raises `flows.readers.record.Rejected` where it cannot be used."""


@cache
def load(key: str) -> Source:
    """The source of that name.

    Raises:
        SourceError: the TOML is missing, lacks a key or has one that is not known.
    """
    path = _FOLDER / f"{key}.toml"
    if not path.is_file():
        raise SourceError(f"no source {key!r}; there are: {', '.join(names())}")
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        content = told.pop("content")
        if content not in _CONTENTS:
            raise SourceError(f"{path.name}: content {content!r} is none of {', '.join(_CONTENTS)}")
        lookups = told.pop("lookups", {})
        rows_min, rows_max = told.pop("rows")
        listed = [*told.pop("pages", []), *_listed(told.pop("page_lists", []))]
        pages = tuple(
            Page(key, p.pop("name"), p.pop("url"), p.pop("content", content), MappingProxyType(lookups | p))
            for p in listed
        )
        return Source(
            key=key,
            rows_min=rows_min,
            rows_max=rows_max,
            parser=told.pop("parser", key),
            pages=pages,
            **told,
        )
    except (KeyError, TypeError) as missing:
        raise SourceError(f"{path.name}: {missing}") from missing


def _listed(lists: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Many pages below one address: `base`, `paths`, and lookups that all of them share."""
    for told in lists:
        base, paths = told.pop("base"), told.pop("paths")
        yield from ({"name": path, "url": base + path} | told for path in paths)


@cache
def names() -> tuple[str, ...]:
    """All sources, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def parser(source: Source) -> Parser:
    """The module that reads the source's pages."""
    return cast("Parser", importlib.import_module(f"flows.sources.{source.parser}"))
