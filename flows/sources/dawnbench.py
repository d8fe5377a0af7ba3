"""DAWNBench's submissions: two pages each, which tell each other's model by the stem of their file names.

The JSON page says what was run on which hardware, the TSV page how the score rose with time, one line an epoch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from flows.readers.processor_phrases import Processors, processors
from flows.readers.record import CellError, PageError, Record, Rejected, csv_records, json_page, number
from flows.readers.row_types import Model, Result, Row, RunPhase
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record: the submission, or the line of its course that reached the target (the last where none did)."""
    yield _submission(path, page) if page.content == "json" else _goal(path, page)


def _submission(path: Path, page: Page) -> Record:
    submission = json_page(path)
    if not isinstance(submission, dict):
        raise PageError("not an object")
    # Lists and objects stand in no column that is read; None is a price that was not told.
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in submission.items()
        if value is not None
    }
    fields = dict.fromkeys([*page.lookups["optional"], *submission], "") | texts
    record = Record("object 1", fields, frozenset(page.lookups["secret"]))
    record.ignore([*page.lookups["secret"], *page.lookups["ignore"]])
    return record


def _goal(path: Path, page: Page) -> Record:
    column, least = page.lookups["target"]["column"], page.lookups["target"]["least"]
    line = None
    for line in csv_records(path, {}, delimiter="\t"):
        try:
            if number(line.fields.get(column, "")) >= least:
                return line
        except CellError:
            continue
    if line is None:
        raise PageError("no record in the page")
    return line


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The submission as its page tells it; `architecture` is the stem that both pages share."""
    stem = page.name.rpartition("/")[2].rpartition(".")[0]
    yield from (_hardware if page.content == "json" else _run)(record, page, stem)


def _hardware(record: Record, page: Page, stem: str) -> Iterator[Row]:
    """The model, and the processors with their price, USD an hour for all of them."""
    name, submitted_on = record.name("model"), record.day("timestamp")
    hardware, price = record.text("hardware"), record.number("costPerHour")
    record.exhausted()
    if name is None:
        raise Rejected("no_model", "the submission names no model", "model")
    if hardware is None:
        raise Rejected("no_processor", "the submission names no hardware", "hardware")
    try:
        used = processors(hardware, {name: machine["holds"] for name, machine in page.lookups["machines"].items()})
        counts = [_count(one, page.lookups["pods"]) for one in used]
    except CellError as error:
        raise Rejected(error.rule, error.reason, "hardware", hardware) from error
    if len(used) > 1:
        raise Rejected("several_processors", "one price stands for several kinds of processor", "hardware", hardware)
    yield Model(name, submitted_on.year if submitted_on else None, submitted_on, architecture=stem)
    for one, count in zip(used, counts, strict=True):
        yield RunPhase(
            page.lookups["benchmark"],
            "training",
            one.kind,
            one.full_name,
            count,
            dataset=page.lookups["dataset"],
            price_usd_per_hour=price,
        )


def _count(one: Processors, pods: Mapping[str, Any]) -> float | None:
    """How many processors; parts of a pod in chips."""
    if one.pods is None:
        return one.count
    if one.name not in pods:
        raise CellError("unknown_pod", f"how many chips a pod of {one.name} has is not declared (lookups.pods)")
    return float(one.pods * pods[one.name]["chips"])


def _run(record: Record, page: Page, stem: str) -> Iterator[Row]:
    """The scores at the line, and the time until then. Its number is no count of epochs: some pages begin at 0."""
    literal, _ = record.raw("hours").strip(), record.raw("epoch")
    scores = [(column, record.raw(column), metric) for column, metric in page.lookups["metrics"].items()]
    record.exhausted()
    hours = _needed("hours", literal)
    if hours <= 0:
        raise Rejected("out_of_range", "a time is positive", "hours", literal)
    yield Model(stem, architecture=stem)
    for column, text, metric in scores:
        # Decimal, so that 0.57 gives 57 and not its neighbour.
        value = float(Decimal(repr(_needed(column, text))) * metric["scale"])
        if not 0 <= value < 100:
            raise Rejected("out_of_range", "a score lies in [0, 100) percent", column, text)
        yield Result(page.lookups["benchmark"], metric["metric"], value)
    yield RunPhase(
        page.lookups["benchmark"],
        "training",
        wall_time_s=hours * 3600,
        wall_time_literal=f"{literal} hours",
        dataset=page.lookups["dataset"],
    )


def _needed(column: str, literal: str) -> float:
    try:
        return number(literal)
    except CellError as error:
        raise Rejected(error.rule, error.reason, column, literal) from error
