"""`make bench`: reading every newest page of the mirror, beside the floor of only taking its format apart.

Prints per source the wall time of `parse_page` over its pages and of the floor (csv, zipfile, json, PyYAML's C loader,
lxml, or the renderer of markdown, alone), each the best of a few runs, and the ratio of the sums.
"""

from __future__ import annotations

import csv
import io
import json
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import yaml
from lxml import html
from markdown_it import MarkdownIt
from running import MIRROR, mirrored

from flows import sources
from flows.pages.parse import parse_page
from flows.sources import Page, Source

_RUNS = 3


def _csv(text: str, delimiter: str = ",") -> None:
    for _ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        pass


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            _csv(archive.read(name).decode("utf-8-sig"))


def _tar_gz(path: Path) -> None:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and (file := archive.extractfile(member)) is not None:
                file.read()


_FLOORS: dict[str, Callable[[Path], object]] = {
    "csv": lambda path: _csv(path.read_text(encoding="utf-8-sig")),
    "dat": lambda path: [line.split() for line in path.read_text(encoding="utf-8").splitlines()],
    "dsv": lambda path: _csv(path.read_text(encoding="latin-1"), ":"),
    "tsv": lambda path: _csv(path.read_text(encoding="utf-8-sig"), "\t"),
    "xlsx": lambda path: [*openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True)],
    "zip": _zip,
    "tar.gz": _tar_gz,
    "json": lambda path: json.loads(path.read_bytes()),
    "yaml": lambda path: yaml.load(path.read_bytes(), Loader=yaml.CBaseLoader),
    "html": lambda path: html.document_fromstring(path.read_bytes()),
    "markdown": lambda path: MarkdownIt("commonmark").enable("table").render(path.read_text(encoding="utf-8")),
    "javascript": lambda path: path.read_text(encoding="utf-8"),  # no library reads it
}


def best(what: Callable[[], object]) -> float:
    """Seconds of the quickest run: the rest is the noise of other work on the machine."""
    walls = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        what()
        walls.append(time.perf_counter() - start)
    return min(walls)


def measured(source: Source, pages: list[tuple[Page, Path, str]]) -> tuple[float, float]:
    """Seconds of parsing and of the floor."""
    parse = best(lambda: [parse_page(path, source, page, sha256) for page, path, sha256 in pages])
    return parse, best(lambda: [_FLOORS[page.content](path) for page, path, _ in pages])


def main() -> None:
    """Measure all sources and print the figures."""
    if not MIRROR.is_dir():
        print(f"no mirror of real pages at {MIRROR}: parsing is not measured")
        return
    newest, sums = mirrored("9999-12-31"), [0.0, 0.0]
    for key in sources.names():
        source = sources.source(key)
        pages = [(page, MIRROR / row["file"], row["sha256"]) for page in source.pages if (row := newest.get(page.url))]
        parse, floor = measured(source, pages)
        print(f"{key:24} {len(pages):4} pages  parse {parse * 1e3:8.1f} ms  floor {floor * 1e3:8.1f} ms")
        sums = [sums[0] + parse, sums[1] + floor]
    print(f"{'all':24} parse {sums[0]:.2f} s, floor {sums[1]:.2f} s, parse / floor: {sums[0] / sums[1]:.2f}")


if __name__ == "__main__":
    main()
