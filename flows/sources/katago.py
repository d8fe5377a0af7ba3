"""KataGo's training history: tables of networks with days of self-play and Elo, and the GPUs in the prose between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flows.readers.page_tables import check_header, fields, markdown_tables
from flows.readers.processor_phrases import processors
from flows.readers.record import RAGGED, PageError, Record, Rejected
from flows.readers.row_types import Model, Row, RunPhase, UnboundedScore
from flows.sources import Page

_DAY_S = 86400


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per network; tables that begin with a picture, which shows no text, are none of networks."""
    text, columns = path.read_text(encoding="utf-8"), page.lookups["columns"]
    tables = [table for table in markdown_tables(text) if table.header[:1] != ("",)]
    for table in tables:
        check_header(table, columns)
        if lacking := [column for column in columns if column not in table.header]:
            raise PageError(
                f"table {table.number} has no column {', '.join(map(repr, lacking))}; if it was renamed, declare it in the "
                "source's TOML (lookups.columns)"
            )
    if not tables:
        raise PageError("no table of networks in the page")
    for name, run in page.lookups["runs"].items():
        _check_prose(text, name, run)
    for table in tables:
        for row_number, row in enumerate(table.rows, 2):
            yield Record(f"table {table.number} row {row_number}", fields(table, row))


def _check_prose(text: str, name: str, run: Mapping[str, Any]) -> None:
    """Raise `PageError` where the page no longer says what the TOML has from its prose."""
    prose = " ".join(text.split())
    for said in run["said"]:
        if said not in prose:
            raise PageError(
                f"the page no longer says {said!r}; declare the GPUs of run {name} anew in the source's TOML (lookups.runs)"
            )


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A network, its Elo, and the training that its days tell."""
    name, days = record.text("Neural Net"), record.fields.get("Approx Days Selfplay", "").strip()
    record.ignore(["Note"])
    if ragged := record.text(RAGGED):
        raise Rejected("ragged_row", f"{ragged}: its figures may stand in the wrong columns", None, ragged)
    if name is None:
        raise Rejected("no_model", "the row names no network", "Neural Net")
    run = next((run for begin, run in page.lookups["runs"].items() if name.startswith(begin)), None)
    if run is None:
        raise Rejected("unknown_run", "no GPUs are declared for a run of that name", "Neural Net", name)
    elo, lookups = record.needed("Elo"), page.lookups
    trained = None if days == "-" else record.number("Approx Days Selfplay")
    record.ignore(["Approx Days Selfplay"])
    yield Model(name, year=run["year"], paper_url=lookups["paper_url"])
    yield UnboundedScore(lookups["benchmark"], lookups["metric"], elo, "test", setting=lookups["setting"])
    if trained is None:
        return
    if not 0 < trained <= run["gpus"][-1][0]:
        record.reject_cell("Approx Days Selfplay", days, "unknown_hardware", "no GPUs are declared for those days")
        return
    (used,) = processors(lookups["processor"])
    yield RunPhase(
        lookups["benchmark"],
        "training",
        used.kind,
        used.full_name,
        # On an average of the days.
        _gpu_days(trained, run["gpus"]) / trained,
        wall_time_s=trained * _DAY_S,
        wall_time_literal=f"{days} days",
        dataset=lookups["dataset"],
    )


def _gpu_days(days: float, gpus: list[list[float]]) -> float:
    """GPU-days of the first days of a run whose GPUs are given as [until which day, how many]."""
    total, begun = 0.0, 0.0
    for until, count in gpus:
        total += count * max(min(days, until) - begun, 0)
        begun = until
    return total
