"""What a source's TOML may hold, and how its slips are said; flows/sources/__init__.py tells the names without it, and pydantic."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Len
from pydantic import Field

from flows import toml_files
from flows.columns import Https, Text
from flows.errors import SettingError
from flows.toml_files import Closed, Once

Content = Literal["csv", "dat", "dsv", "html", "javascript", "json", "markdown", "tar.gz", "tsv", "xlsx", "yaml", "zip"]
# Keys of a page that may be left out: in the place of one a slip would pass for a lookup of the parser's.
_OPTIONAL = ("content", "page_rank", "mirror_only")


class PageEntry(Closed, extra="allow"):
    """An entry of `[[pages]]`; what it says beside these keys are lookups of the parser's."""

    name: Text
    url: Https
    content: Content | None = None
    page_rank: Annotated[int, Ge(0)] | None = None
    mirror_only: bool = False


class PageList(Closed, extra="allow"):
    """An entry of `[[page_lists]]`: many pages below one address, and lookups that all of them share."""

    base: Https
    paths: Annotated[list[Text], Len(1), Once]
    content: Content | None = None
    page_rank: Annotated[int, Ge(0)] | None = None
    mirror_only: bool = False


class PackedFiles(Closed):
    """`[repository_files]` of a source's TOML."""

    wanted: Text
    files_max: Annotated[int, Gt(0)]
    mb_max: Annotated[float, Gt(0)]


class SourceFile(Closed):
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
    page_max_mb: Annotated[float, Gt(0)] | None = None
    parse_cpu_s: Annotated[float, Gt(0)] | None = None
    parse_memory_mb: Annotated[float, Gt(0)] | None = None
    stale_after_days: Annotated[int, Gt(0)] | None = None
    repository_files: PackedFiles | None = None
    lookups: dict[str, Any] = Field(default_factory=dict)
    pages: list[PageEntry] = Field(default_factory=list)
    page_lists: list[PageList] = Field(default_factory=list)


def read(path: Path) -> SourceFile:
    """A source's file. Raises `SettingError`."""
    file = toml_files.read(path, SourceFile)
    _check(path, file)
    return file


def pages(file: SourceFile) -> Iterator[tuple[str, str, Content | None, dict[str, Any], bool]]:
    """(name, URL, content, lookups, whether a mirror alone has it) of each page, whether it is declared alone or in a list."""
    for page in file.pages:
        yield page.name, page.url, page.content, _lookups(page), page.mirror_only
    for many in file.page_lists:
        lookups = _lookups(many)
        yield from ((name, many.base + name, many.content, lookups, many.mirror_only) for name in many.paths)


def _lookups(entry: PageEntry | PageList) -> dict[str, Any]:
    ranked = {} if entry.page_rank is None else {"page_rank": entry.page_rank}
    return (entry.model_extra or {}) | ranked


def _check(path: Path, file: SourceFile) -> None:
    if file.rows[0] > file.rows[1]:
        toml_files.refuse(path, ("rows",), file.rows, "but the least comes before the most")
    if file.repository_files is not None:
        _check_pattern(path, file.repository_files.wanted)
    names = [name for name, *_ in pages(file)]
    if not names:
        raise SettingError(f"{toml_files.shown(path)}: there is no page; add [[pages]] with name and url")
    toml_files.check_unique(path, ("pages",), names, "name")
    modules = {one.stem for one in path.parent.glob("*.py")} - {"__init__"}
    toml_files.check_name(path, ("parser",), file.parser or path.stem, modules, "parser in flows/sources")
    for table in ("pages", "page_lists"):
        for at, entry in enumerate(getattr(file, table)):
            _check_lookups(path, (table, at), entry.model_extra or {})


def _check_pattern(path: Path, pattern: str) -> None:
    """Raises `SettingError`."""
    try:
        re.compile(pattern)
    except re.error as error:
        toml_files.refuse(path, ("repository_files", "wanted"), pattern, f"which is no pattern: {error}")


def _check_lookups(path: Path, place: tuple[str, int], lookups: Mapping[str, Any]) -> None:
    """No lookup of a page looks like a key that may be left out, for it would do nothing. Raises `SettingError`."""
    for key in lookups:
        if likest := difflib.get_close_matches(key, _OPTIONAL, 1, 0.8):
            raise SettingError(
                f"{toml_files.shown(path)}: unknown key '{toml_files.spot((*place, key))}'; near it: {likest[0]!r}"
            )
