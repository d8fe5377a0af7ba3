"""The SQuAD leaderboard: an HTML page with a table for SQuAD 2.0 above the one for SQuAD 1.1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from flows.readers.model_names import is_ensemble
from flows.readers.record import CellError, PageError, Record, Rejected, day
from flows.readers.row_types import Model, Result, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per row of the tables that the TOML names."""
    soup = BeautifulSoup(path.read_bytes(), "lxml")
    tables = [(_text(table.find_previous(["h1", "h2", "h3"])), table) for table in soup.find_all("table")]
    headings, wanted = [title for title, _ in tables], page.lookups["tables"]
    if undeclared := [title for title in headings if title not in {*wanted, *page.lookups["tables_ignored"]}]:
        named = ", ".join(map(repr, undeclared))
        raise PageError(f"undeclared table {named}; declare it under lookups.tables in the source's TOML")
    for number, (title, table) in enumerate(tables, 1):
        if title in wanted:
            yield from _records(table, f"table {number}", page.lookups["header"])
    missing = set(wanted) - set(headings)
    if missing:
        raise PageError(
            f"no table under the heading {', '.join(sorted(missing))}; the page has {headings}: if one was renamed, "
            "declare it in the source's TOML (lookups.tables)"
        )


def _records(table: Tag, where: str, columns: list[str]) -> Iterator[Record]:
    header, *body = table.find_all("tr") or [table]
    if [_text(cell) for cell in header.find_all("th")] != columns:
        raise PageError(
            f"{where}: the header is {_text(header)!r}, not {columns}; declare it in the source's TOML (lookups.header), and "
            "read a new column in rows()"
        )
    for number, line in enumerate(body, 2):
        cells = line.find_all("td")
        if len(cells) != len(columns):
            raise PageError(f"{where} row {number} has {len(cells)} cells, not {len(columns)}")
        rank, model, exact, f1 = cells
        institution = model.find(class_="institution")
        links = [str(href) for link in model.find_all("a") if (href := link.get("href")) and "codalab" not in href]
        fields = {
            "date": _text(rank.find(class_="date")),
            "institution": _text(institution),
            "link": " ".join(links),
            "em": _text(exact),
            "f1": _text(f1),
            "human": "human" if "human-row" in (line.get("class") or []) else "",
        }
        # What is left of the cell without the institution and the links is the name.
        for part in (institution, *model.find_all("a", string=lambda text: bool(text) and "://" in text)):
            if part is not None:
                part.extract()
        yield Record(f"{where} row {number}", {"model": _text(model)} | fields)


def _text(tag: Tag | None) -> str:
    return "" if tag is None else tag.get_text(" ", strip=True)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A submission and its two scores on SQuAD 1.1."""
    name, institution = record.text("model"), record.text("institution")
    link, literal = record.text("link"), record.raw("date")
    human = record.text("human")
    scores = {metric: record.needed(metric, 0, 100) for metric in ("em", "f1")}
    if human:
        raise Rejected("not_a_model", "the row is the performance of people", "model", name or "")
    if name is None:
        raise Rejected("no_model", "the row names no model", "model")
    try:
        submitted_on = day(literal, "%b %d, %Y")
    except CellError as error:
        raise Rejected(error.rule, error.reason, "date", literal) from error
    if institution is not None and institution.lower() in page.lookups["kinds"]:
        name, institution = f"{name} ({institution})", None
    name = name.replace("{", "").replace("}", "")
    yield Model(
        name,
        year=submitted_on.year,
        published_on=submitted_on,
        paper_url=link,
        organization=institution,
    )
    for metric, score in scores.items():
        yield Result("squad", metric, score, is_ensemble=is_ensemble(name))
