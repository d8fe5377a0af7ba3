"""Model cards of PyTorch Image Models: MDX pages with a model index, in YAML, inside an HTML comment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path
from typing import Any, TypeVar

import yaml

from flows.readers.processor_phrases import processors
from flows.readers.record import CellError, PageError, Record, Rejected, duration_s, number, renamed
from flows.readers.row_types import Model, Operations, Result, Row, RunPhase
from flows.sources import Page

T = TypeVar("T")

_INDEX = re.compile(r"<!--\s*(Type: *model-index\b.*?)-->", re.DOTALL)


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per model, the paper of its collection put beside it."""
    index = _index(path.read_text(encoding="utf-8"))
    papers: dict[str, dict[str, str]] = {}
    for collection in _of(list, index.pop("Collections", None), "Collections"):
        name, paper = _paper(_of(dict, collection, "a collection"))
        if papers.setdefault(name, paper) is not paper:
            raise PageError(f"collection {name!r} stands twice")
    blank = dict.fromkeys([*page.lookups["optional"], *page.lookups["metrics"]], "")
    for count, model in enumerate(_of(list, index.pop("Models", None), "Models"), 1):
        fields = _fields(_of(dict, model, f"model {count}"), f"model {count}")
        texts = blank | dict(zip(renamed(fields, page.lookups.get("aliases", {})), fields.values(), strict=True))
        collection = texts["In Collection"]
        record = Record(f"model {count}", texts | papers.get(collection, {}))
        if collection not in papers:
            reason = "the page has no such collection, so the paper is not known"
            record.reject_cell("In Collection", collection, "unknown_collection", reason)
        record.ignore(page.lookups["ignore"])
        yield record
    _closed(index)


def _index(text: str) -> dict[str, Any]:
    comments = _INDEX.findall(text)
    if len(comments) != 1:
        raise PageError(f"{len(comments)} comments of `Type: model-index` in the page, not one")
    try:
        # All scalars as text: else YAML reads 12:30:00 as 45000 and 1e-5 as it likes, and nothing is "as printed".
        index = yaml.load(comments[0], yaml.CBaseLoader)  # noqa: S506  (it builds lists, mappings and text only)
    except yaml.YAMLError as error:
        raise PageError(f"the model index is not YAML: {' '.join(str(error).split())}") from error
    entries = _of(dict, index, "the model index")
    entries.pop("Type", None)
    return entries


def _paper(collection: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """(name of a collection, its paper as fields)."""
    name, paper = _text(collection.pop("Name", "")), _of(dict, collection.pop("Paper", {}), "the paper of a collection")
    fields = {"Paper Title": _text(paper.pop("Title", "")), "Paper URL": _text(paper.pop("URL", ""))}
    _closed(collection | paper)
    return name, fields


def _fields(model: dict[str, Any], where: str) -> dict[str, str]:
    """A model's entry made flat; a score is a field "<task> on <dataset>: <metric>"."""
    results = _of(list, model.pop("Results", []), f"{where}: Results")
    pairs = [*_of(dict, model.pop("Metadata", {}), f"{where}: Metadata").items(), *model.items()]
    for result in results:
        pairs.extend(_scores(_of(dict, result, f"{where}: a result")))
    fields: dict[str, str] = {}
    for key, value in pairs:
        if key in fields:
            raise PageError(f"{where}: {key!r} stands twice")
        fields[key] = _text(value)
    return fields


def _scores(result: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    task, dataset = _text(result.pop("Task", "")), _text(result.pop("Dataset", ""))
    for metric, score in _of(dict, result.pop("Metrics", {}), "Metrics").items():
        yield f"{task} on {dataset}: {metric}", score
    _closed(result)


def _text(value: object) -> str:
    """A scalar as printed, a list with commas; YAML's words for nothing are blank."""
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return "" if value in ("null", "~") else str(value)


def _closed(left: dict[str, Any]) -> None:
    Record("", {key: _text(value) for key, value in left.items()}).exhausted()


def _of(kind: type[T], value: object, what: str) -> T:
    """A copy of the value, for YAML's anchors let two places share one. Raises `PageError` if it is of another kind."""
    if not isinstance(value, kind):
        raise PageError(f"{what} is no {kind.__name__}: {str(value)[:80]!r}")
    return copy(value)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A model, its accuracies, the operations of one pass, and what is told of its training."""
    name, benchmark = record.name("Name"), page.lookups["benchmark"]
    if name is None:
        raise Rejected("no_model", "the entry names no model", "Name")
    record.raw("In Collection")
    parameters, size = _cell(record, "Parameters", _positive), record.count("Image Size")
    title, url = record.text("Paper Title"), record.text("Paper URL")
    yield Model(name, paper_title=title, paper_url=url, parameters=parameters)
    for column, metric in page.lookups["metrics"].items():
        value = _cell(record, column, _percent)
        if value is not None:
            yield Result(benchmark, metric, value, image_size=size)
    operations = _cell(record, "FLOPs", lambda literal: _operations(literal, parameters))
    if operations is not None:
        yield Operations(benchmark, operations, page.lookups["convention"], printed_as="FLOPs")
    yield from _phases(record, page)


def _phases(record: Record, page: Page) -> Iterator[RunPhase]:
    """The one phase that a card tells of, with or without its processors."""
    literal = " ".join(record.peek("Training Time").split()) or None
    about: dict[str, Any] = {
        "wall_time_s": _cell(record, "Training Time", _wall_time_s),
        "wall_time_literal": literal,
        "epochs": _cell(record, "Epochs", _positive),
        "dataset": record.text("Training Data"),
    }
    resources = record.peek("Training Resources")
    used = _cell(record, "Training Resources", processors) or []
    if len(used) > 1 or any(one.pods is not None for one in used):
        reason = "not a number of processors of one kind"
        record.reject_cell("Training Resources", resources, "several_processors", reason)
    elif used:
        name = None if used[0].name in page.lookups["processors_unnamed"] else used[0].full_name
        about |= {"processor_kind": used[0].kind, "processor": name, "processor_count": used[0].count}
    if any(value is not None for value in about.values()):
        yield RunPhase(page.lookups["benchmark"], "training", **about)


def _cell(record: Record, column: str, convert: Callable[[str], Any]) -> Any:
    """What `convert` makes of a column; None where it is blank, or cannot be read (then the cell is rejected)."""
    literal = record.raw(column)
    try:
        return convert(literal) if literal.strip() else None
    except CellError as error:
        record.reject_cell(column, literal, error.rule, error.reason)
        return None


def _positive(literal: str) -> float:
    value = number(literal)
    if value <= 0:
        raise CellError("out_of_range", f"{literal!r} is not above 0")
    return value


def _percent(literal: str) -> float:
    """The accuracy of "79.3%"; without the sign it could be a fraction."""
    text = literal.strip()
    if not text.endswith("%"):
        raise CellError("not_a_percentage", f"{literal!r} is no percentage")
    value = number(text[:-1])
    if not 0 < value < 100:
        raise CellError("out_of_range", f"{literal!r} is not between 0% and 100%")
    return value


def _operations(literal: str, parameters: float | None) -> float:
    """A pass of such a network uses each weight at least once, so fewer operations than weights are a wrong count."""
    value = _positive(literal)
    if parameters is not None and value < parameters:
        raise CellError("below_parameters", f"{literal} operations are fewer than the {parameters:.0f} parameters")
    return value


def _wall_time_s(literal: str) -> float:
    if literal.strip().startswith(("<", ">", "~")):
        raise CellError("not_a_duration", f"{literal!r} is a bound, not a duration")
    return duration_s(literal)
