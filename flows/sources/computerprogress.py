"""computerprogress.com: JavaScript modules that export one array of flat objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from flows.readers.record import PageError, Record, Rejected, told_by
from flows.readers.row_types import Compute, Model, Result, Row
from flows.sources import Page

# A burden of 0 has no logarithm; in Gflop no training run is below one.
_SMALLEST = 1.0
_MODULE = re.compile(r"\s*export\s+default\s*\[(.*)\]\s*;?\s*", re.DOTALL)
_STRING = r'"(?:[^"\\]|\\.)*"'
_OBJECT = re.compile(rf"\s*\{{((?:[^{{}}\"]|{_STRING})*)\}}\s*(?:,|$)", re.DOTALL)
_FIELD = re.compile(rf"\s*(\w+)\s*:\s*({_STRING}|[^\s,\"{{}}]+)\s*(?:,|$)", re.DOTALL)


def read(path: Path, page: Page) -> Iterator[Record]:  # noqa: ARG001
    """One record per object of the array."""
    module = _MODULE.fullmatch(path.read_text(encoding="utf-8"))
    if module is None:
        raise PageError("not a module of the form `export default [ … ];`")
    array, at, number = module[1].rstrip(), 0, 0
    while at < len(array):
        flat = _OBJECT.match(array, at)
        if flat is None:
            raise PageError(f"after object {number}: not a flat object: {array[at : at + 80]!r}")
        at, number = flat.end(), number + 1
        yield Record(f"object {number}", dict(_fields(flat[1], number)))


def _fields(body: str, number: int) -> Iterator[tuple[str, str]]:
    body, at = body.rstrip(), 0
    while at < len(body):
        pair = _FIELD.match(body, at)
        if pair is None:
            raise PageError(f"object {number}: not a field: {body[at : at + 80]!r}")
        at = pair.end()
        try:
            yield pair[1], json.loads(pair[2]) if pair[2].startswith('"') else pair[2]
        except json.JSONDecodeError as error:
            raise PageError(f"object {number}: not a string of JavaScript that JSON has too: {pair[2]!r}") from error


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A model, its accuracy (printed as a fraction) and its hardware burden (printed in Gflop)."""
    record.ignore(["index"])
    name, year = record.name("model"), record.count("year")
    if name is None:
        raise Rejected("no_model", "the row names no model", "model")
    burden, accuracy = record.needed("hardware_burden", _SMALLEST), record.raw("accuracy")
    try:
        # Decimal, so that 0.827 gives 82.7 and not its neighbour.
        value = float(Decimal(accuracy) * 100)
    except ArithmeticError as error:
        raise Rejected("not_a_number", f"{accuracy!r} is not a number", "accuracy", accuracy) from error
    if not 0 <= value < 100:
        raise Rejected("out_of_range", f"{accuracy!r} is not in [0, 1)", "accuracy", accuracy)
    benchmark, metric = page.lookups["benchmark"], page.lookups["metric"]
    yield Model(name, year)
    is_ensemble, setting = (told_by(name, page.lookups.get(kind, {})) for kind in ("ensembles", "settings"))
    yield Result(benchmark, metric, value, is_ensemble=is_ensemble, setting=setting)
    yield Compute(benchmark, "hardware_burden", burden, "gflop")
