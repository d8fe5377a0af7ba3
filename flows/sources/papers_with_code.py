"""Dumps of Papers with Code: tasks, in them datasets and further tasks, in a dataset a table of scores as strings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.readers.model_names import is_ensemble
from flows.readers.record import CellError, PageError, Record, Rejected, number
from flows.readers.row_types import Model, Result, Row
from flows.sources import Page
from flows.sources.nlp_progress import cited

_DATASET = "(dataset)"
_ADDRESS = re.compile(r"(?:\((.*)\)\s*)?(https?://\S+)")


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per row of the datasets that the TOML names."""
    try:
        tasks = json.loads(path.read_bytes())
        datasets = list(_datasets(tasks))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise PageError(f"not a list of tasks with datasets ({type(error).__name__}: {error})") from error
    wanted = page.lookups["datasets"]
    missing = wanted.keys() - {name for name, _ in datasets}
    others = sum(name not in wanted for name, _ in datasets)
    if missing or others != page.lookups["others"]:
        lacking = f"lacks {', '.join(sorted(missing))}; " if missing else ""
        raise PageError(
            f"the page {lacking}has {others} other datasets, not {page.lookups['others']}; look through them, and declare "
            "it in the source's TOML (the page's datasets and others)"
        )
    for name, table in datasets:
        if name in wanted:
            for row_number, row in enumerate(table, 1):
                yield Record(f"{name} row {row_number}", _fields(row) | {_DATASET: name})


def _datasets(tasks: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(name, rows of its table) of each dataset, those of subtasks and parts of datasets too."""
    for task in tasks:
        waiting = list(task["datasets"])
        while waiting:
            dataset = waiting.pop(0)
            yield dataset.get("dataset") or dataset["subdataset"], dataset["sota"]["rows"]
            waiting += dataset.get("subdatasets", [])
        yield from _datasets(task["subtasks"])


def _fields(row: Any) -> dict[str, str]:
    """A row's fields as text, its metrics among them."""
    if not isinstance(row, dict) or not isinstance(row.get("metrics"), dict):
        raise PageError(f"a row has no metrics: {row!r}")
    fields = {key: value for key, value in row.items() if key != "metrics"}
    fields |= {f"metric {name}": value for name, value in row["metrics"].items()}
    return {key: "" if value is None else str(value) for key, value in fields.items()}


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A model and its scores on one benchmark."""
    dataset = page.lookups["datasets"][record.raw(_DATASET)]
    record.ignore(page.lookups["ignore"])
    name, year = cited(record.text("model_name") or "", page.lookups["name_marks"])
    title, url, published_on = record.text("paper_title"), record.text("paper_url"), record.day("paper_date")
    scores = list(_scores(record, page, dataset["metrics"]))
    if not name:
        raise Rejected("no_model", "the row names no model", "model_name")
    if not scores:
        raise Rejected("no_score", "the row has no score that can be read", None, name)
    if all(value == 0 for _, value in scores):
        raise Rejected("failed_submission", "every score is 0: no answer was given", None, name)
    # Where no title was known, the address stands in its place, at times with the institution before it.
    title = None if title == url else title
    address = _ADDRESS.fullmatch(url or "")
    if url is not None and address is None:
        record.reject_cell("paper_url", url, "not_an_address", "no https:// address")
    name = name.replace("{", "").replace("}", "")
    yield Model(
        name,
        year=published_on.year if published_on else year,
        published_on=published_on,
        paper_title=title,
        paper_url=address[2] if address else None,
        organization=address[1] if address else None,
    )
    for metric, value in scores:
        yield Result(dataset["benchmark"], metric, value, is_ensemble=is_ensemble(name))


def _scores(record: Record, page: Page, metrics: dict[str, str]) -> Iterator[tuple[str, float]]:
    """(metric, percent) of the scores that can be read; a metric that was not measured is no fault."""
    for printed, metric in metrics.items():
        column = f"metric {printed}"
        literal = record.raw(column) if column in record.fields else ""
        if literal.strip() in page.lookups["blanks"]:
            continue
        try:
            value = number(literal.strip().rstrip(page.lookups["score_marks"]))
        except CellError as error:
            record.reject_cell(column, literal, error.rule, error.reason)
            continue
        if 0 <= value < 100:
            yield metric, value
        else:
            record.reject_cell(column, literal, "out_of_range", "a score lies in [0, 100)")
