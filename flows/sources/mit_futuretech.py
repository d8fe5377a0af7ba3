"""The authors' 2022 rows: one CSV file a benchmark, with three more header lines after the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.readers.record import CellError, PageError, Record, Rejected, csv_records, duration_s, number, told_by
from flows.readers.row_types import Compute, Model, Operations, Result, Row, RunPhase
from flows.sources import Page

_PHASES = ("pretraining", "training", "finetuning")
_KINDS = ("gpu", "tpu", "cpu")
# The file prints rates in Gflop/s.
_GFLOP = 1e9


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per model; rows 2 to 4 are header lines."""
    return csv_records(path, page.lookups, header_rows=4)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A model, its scores, the computation of one pass, the phases of its training, and the printed totals."""
    benchmark = page.lookups.get("benchmark") or _of_dataset(record, page)
    name = record.name("name")
    if name is None:
        raise Rejected("no_model", "the row names no model", "name")
    literal, ratio = record.fields.get("fp_bp_ratio", ""), record.number("fp_bp_ratio")
    if ratio not in (None, 3.0):
        record.reject_cell("fp_bp_ratio", literal, "not_the_constant", "the method's ratio is 3")
        ratio = None
    yield Model(
        name,
        year=record.count("year"),
        paper_title=record.text("title"),
        paper_url=record.text("paper_link"),
        parameters=record.number("parameters"),
    )
    is_ensemble, setting = (told_by(name, page.lookups.get(kind, {})) for kind in ("ensembles", "settings"))
    for column, metric in page.lookups["metrics"].items():
        value = record.between(column, 0, 100)
        if value is not None:
            yield Result(benchmark, metric, value, is_ensemble=is_ensemble, setting=setting)
    yield from _operations(record, benchmark)
    for phase in _PHASES:
        yield from _phase(record, phase, benchmark, ratio)
    for measure in ("network_operations", "hardware_burden"):
        total = record.number(measure)
        if total is not None:
            yield Compute(benchmark, measure, total, "flop")


def _of_dataset(record: Record, page: Page) -> str:
    """The benchmark that the dataset's cell names, which a phase has too. Raises `PageError`: the TOML does not know it."""
    column = "training_dataset"
    literal = record.fields.get(column, "").strip()
    if literal not in page.lookups["datasets"]:
        raise PageError(
            f"column {column!r}: undeclared dataset {literal!r}; declare it in the source's TOML (datasets)"
        )
    return str(page.lookups["datasets"][literal])


def _operations(record: Record, benchmark: str) -> Iterator[Operations]:
    for column, convention in (("flops", "flop"), ("multiadds", "mac")):
        operations = record.number(column)
        if operations is not None:
            yield Operations(benchmark, operations, convention, printed_as=column)


def _phase(record: Record, phase: str, benchmark: str, ratio: float | None) -> Iterator[RunPhase]:
    """One row per kind of processor, or one without where only epochs, data or a time are known."""
    epochs, size = record.number(f"{phase}_epochs"), record.number(f"{phase}_set_size")
    dataset, literal = record.text(f"{phase}_dataset"), record.text(f"{phase}_time_total")
    seconds = _wall_time_s(record, phase, literal)
    record.number(f"{phase}_time_tpu_core_days")  # the time × the number of cores: derived
    about: dict[str, Any] = {
        "wall_time_s": seconds,
        "wall_time_literal": literal,
        "epochs": epochs,
        "training_set_size": size,
        "backward_ratio": ratio,
    }
    used = _processors(record, phase)
    for kind, (processor, count, rate) in used.items():
        peak = None if rate is None else rate * _GFLOP
        yield RunPhase(benchmark, phase, kind, processor, count, peak, dataset=dataset, **about)
    if not used and (epochs, size, dataset, literal, seconds) != (None, None, None, None, None):
        yield RunPhase(benchmark, phase, dataset=dataset, **about)


def _processors(record: Record, phase: str) -> dict[str, tuple[str | None, float | None, float | None]]:
    """{kind: (name, count, Gflop/s of one)}; none where a number stands as a name, for then the cells beside it are shifted too."""
    used = {
        kind: (
            record.text(f"{phase}_{kind}_model"),
            record.number(f"{phase}_{kind}_amount"),
            record.number(f"{phase}_{kind}_ptp_gflops"),
        )
        for kind in _KINDS
    }
    used = {kind: cells for kind, cells in used.items() if cells != (None, None, None)}
    if not any(name is not None and _is_number(name) for name, *_ in used.values()):
        return used
    for kind, cells in used.items():
        literal = ", ".join("" if cell is None else str(cell) for cell in cells)
        reason = "a number stands where a processor's name should: the cells of this phase are shifted"
        record.reject_cell(f"{phase}_{kind}_model, _amount, _ptp_gflops", literal, "shifted_cell", reason)
    return {}


def _wall_time_s(record: Record, phase: str, literal: str | None) -> float | None:
    """From the time as printed; the column of seconds beside it is rounded to three digits and stands in only for a blank."""
    seconds = record.number(f"{phase}_time_total_sec")
    if literal is None:
        return seconds
    try:
        return duration_s(literal)
    except CellError as error:
        record.reject_cell(f"{phase}_time_total", literal, error.rule, error.reason)
        return None


def _is_number(text: str) -> bool:
    try:
        number(text)
    except CellError:
        return False
    return True
