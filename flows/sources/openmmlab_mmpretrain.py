"""OpenMMLab's model metafiles: one YAML file a family, with collections of models and the models in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from flows.readers.processor_phrases import Processors, processors
from flows.readers.record import CellError, PageError, Record, Rejected, day, number, told_by
from flows.readers.row_types import Model, Operations, Result, Row, RunPhase
from flows.sources import Page

_PARTS = ("Collections", "Models")
_NULL = ("", "~", "null")
# What a collection says for all of its models, unless they say otherwise.
_INHERITED = ("Metadata/", "Paper")
_TRAINING = tuple(
    f"Metadata/{key}" for key in ("Training Resources", "Epochs", "Batch Size", "Training Data", "Training Techniques")
)


class _Loader(yaml.CBaseLoader):
    """YAML whose values stay as printed, and in which a key that stands twice is an error: others keep only the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise PageError(f"line {node.start_mark.line + 1}: key {', '.join(map(repr, twice))} stands twice")
        return super().construct_mapping(node, deep)


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per model, its collection's metadata filled in."""
    try:
        content = yaml.load(path.read_bytes(), Loader=_Loader)  # noqa: S506  (it makes texts, lists and mappings only)
        # Some files are a bare list of models.
        whole = {"Models": content} if isinstance(content, list) else content
        if not isinstance(whole, dict) or (unknown := sorted(set(whole) - set(_PARTS))):
            raise PageError(
                f"undeclared key {unknown} beside {_PARTS}; read it in the parser"
                if isinstance(whole, dict)
                else "no mapping of keys"
            )
        collections, models = ([_flat(one) for one in _list(whole.get(part, ""), part)] for part in _PARTS)
    except (yaml.YAMLError, RecursionError) as error:
        raise PageError(f"not a YAML file: {error}") from error
    shared = {one.get("Name", ""): one for one in collections}
    begun = {name: one.get("Name", "") for one in models for name in one.get("Downstream", "").split(", ")}
    for row, one in enumerate(models, 1):
        pretrained = {"Pretrain": begun[one.get("Name", "")]} if one.get("Name") in begun else {}
        yield Record(
            f"model {row}", dict.fromkeys(page.lookups["optional"], "") | _fields(one, shared, page) | pretrained
        )


def _list(value: object, part: str) -> list[object]:
    if isinstance(value, list) or value in _NULL:
        return value if isinstance(value, list) else []
    raise PageError(f"{part} is no list")


def _fields(model: dict[str, str], shared: Mapping[str, dict[str, str]], page: Page) -> dict[str, str]:
    """The fields of a model, with those of its collection that it does not have itself."""
    fields, family = dict(model), model.get("In Collection", "")
    if family not in shared and family not in page.lookups["collections_elsewhere"]:
        raise PageError(
            f"undeclared collection {family!r}; declare it in the source's TOML (lookups.collections_elsewhere)"
        )
    # Weights taken over from other repositories were not trained as the collection says.
    foreign = any(key.startswith("Converted From/") for key in fields)
    for key, text in shared.get(family, {}).items():
        if not key.startswith(_INHERITED):
            fields.setdefault(f"Collection/{key}", text)
        elif not (foreign and key in _TRAINING):
            fields.setdefault(key, text)
    # A paper that is a bare address is one without a title.
    if "Paper" in fields:
        fields.setdefault("Paper/URL", fields.pop("Paper"))
    ignored = set(page.lookups["ignore"])
    return {key: text for key, text in fields.items() if ignored.isdisjoint({key, *_heads(key)})}


def _heads(key: str) -> Iterator[str]:
    """Code and Code/URL of Code/URL/Version."""
    return (key[: slash.start()] for slash in re.finditer("/", key))


def _flat(value: object, path: str = "") -> dict[str, str]:
    """{"Metadata/FLOPs": "4120000000"}; a list of texts in one, entries of other lists numbered from 1, nothing for null."""
    if isinstance(value, list) and not any(isinstance(entry, dict | list) for entry in value):
        return {path: ", ".join(map(str, value))} if value else {}
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value, 1)
        return {
            key: text for name, entry in entries for key, text in _flat(entry, f"{path}/{name}".lstrip("/")).items()
        }
    return {} if value in _NULL else {path: str(value)}


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A model, its scores, the operations of one pass, and the phases of its training."""
    name = record.text("Name")
    if name is None:
        raise Rejected("no_model", "the entry names no model", "Name")
    url = record.text("Paper/URL")
    if url is not None and re.fullmatch(page.lookups["placeholder_url"], url):
        record.reject_cell("Paper/URL", url, "placeholder_address", "stands in the place of an address")
        url = None
    pretrained, pretrains = record.text("Pretrain"), record.text("Downstream")
    converted_from = _converted_from(record)
    yield Model(
        name,
        paper_title=record.text("Paper/Title"),
        paper_url=url,
        parameters=record.number("Metadata/Parameters"),
        base_model=pretrained,
        converted_from=converted_from,
        weights_on=_weights_on(record, page, converted_from),
    )
    size_in_name = re.search(page.lookups["image_size"], name)
    size = int(size_in_name[1]) if size_in_name else None
    setting = told_by(name, page.lookups["settings"])
    results = [replace(result, setting=setting) for result in _results(record, page, size)]
    yield from results
    benchmark = results[0].benchmark if results else None
    operations = record.number("Metadata/FLOPs")
    if operations is not None:
        size = size if results else None
        yield Operations(benchmark, operations, page.lookups["convention"], size, printed_as="FLOPs")
    phase = "pretraining" if pretrains else "finetuning" if pretrained else "training"
    yield from _phase(record, page, benchmark, phase, name)


def _converted_from(record: Record) -> str | None:
    """The address of the weights that these were converted from, else that of their code: the one that the entry has."""
    weights, code = record.text("Converted From/Weights"), record.text("Converted From/Code")
    return weights or code


def _weights_on(record: Record, page: Page, converted_from: str | None) -> date | None:
    """The day in the name of the weights' file. Of converted weights it is the day of the conversion, which is not taken."""
    column = "Weights"
    literal = record.text(column)
    file = (literal or "").rpartition("/")[2]
    days = re.findall(page.lookups["day_in_file"], file)
    if converted_from is not None or len(days) != 1:
        return None
    try:
        return day(days[0], "%Y%m%d")
    except CellError as error:
        record.reject_cell(column, file, error.rule, error.reason)
        return None


def _results(record: Record, page: Page, size: int | None) -> Iterator[Result]:
    """The scores on benchmarks that the TOML names; raises `Rejected` if all are on others."""
    printed = [key for key in record.fields if key.startswith("Results/")]
    for key in (key for key in printed if not re.fullmatch(r"Results/\d+/(Task|Dataset)", key)):
        _, entry, *_, metric = key.split("/", 3) if "/Metrics/" in key else (*key.split("/", 2), "")
        task, dataset = (record.fields.get(f"Results/{entry}/{part}", "") for part in ("Task", "Dataset"))
        what, literal = f"{task}/{dataset}/{metric}", record.raw(key)
        if what in page.lookups["contradictory"]:
            record.reject_cell(key, literal, "metric_of_another_task", f"{what}: one of the two is wrong")
        elif what in page.lookups["out_of_scope"]:
            record.reject_cell(key, literal, "out_of_scope", f"{what} is no score that is collected")
        elif what not in page.lookups["results"]:
            undeclared = f"undeclared score {what!r}"
            raise PageError(f"{undeclared}; declare it in the source's TOML (lookups.results or lookups.out_of_scope)")
        else:
            benchmark, metric = page.lookups["results"][what].split()
            yield from _result(record, key, literal, Result(benchmark, metric, 0.0, size))
    kept = [rule for *_, rule, _ in record.rejected_cells if rule == "out_of_scope"]
    record.ignore(printed)
    if kept and len(kept) == sum("/Metrics/" in key for key in printed):
        raise Rejected("out_of_scope", "none of its scores is on a benchmark that is collected", "Results")


def _result(record: Record, key: str, literal: str, result: Result) -> Iterator[Result]:
    try:
        value = number(literal)
    except CellError as error:
        record.reject_cell(key, literal, error.rule, error.reason)
        return
    if 0 <= value < 100:
        yield replace(result, value=value)
    else:
        record.reject_cell(key, literal, "out_of_range", "a score lies in [0, 100)")


def _phase(record: Record, page: Page, benchmark: str | None, phase: str, name: str) -> Iterator[RunPhase]:
    """The phase of training that the entry tells of, if it tells of processors or epochs."""
    batch, techniques = record.text("Metadata/Batch Size"), record.text("Metadata/Training Techniques")
    used = _processors(record, batch, re.search(page.lookups["count_in_name"], name))
    epochs, dataset = record.number("Metadata/Epochs"), record.text("Metadata/Training Data")
    if used is None and epochs is None:
        return
    yield RunPhase(
        benchmark,
        phase,
        processor_kind=used.kind if used else None,
        processor=used.full_name if used else None,
        processor_count=used.count if used else None,
        epochs=epochs,
        dataset=dataset,
        precision="mixed" if techniques and "Mixed Precision Training" in techniques else None,
    )


def _processors(record: Record, batch: str | None, name: re.Match[str] | None) -> Processors | None:
    """Of alternatives by batch size ("8x V100 GPUs (b256), 16x A100 GPUs (b4096)") the one of the model's batch size."""
    column = "Metadata/Training Resources"
    literal = record.text(column)
    if literal is None:
        return None
    try:
        named = processors(literal)
    except CellError as error:
        record.reject_cell(column, literal, error.rule, error.reason)
        return None
    if len(named) > 1:
        named = [one for one in named if batch and one.note == f"b{batch}"]
    if len(named) != 1:
        record.reject_cell(column, literal, "alternatives", "nothing says which of these the model was trained on")
        return None
    # A model's name tells processors × batch, and it is the model's own where the phrase is its collection's.
    if name and named[0].count not in (None, float(name[1])):
        record.reject_cell(column, literal, "count_of_the_name_differs", f"the name says {name[1]} processors")
        return replace(named[0], count=None)
    return named[0]
