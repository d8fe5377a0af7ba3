"""Epoch AI's archive of benchmark scores: one CSV file a benchmark, or (until 2025) one of runs and one of models."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from flows.readers.record import CellError, PageError, Record, Rejected, csv_records, whole
from flows.readers.row_types import Compute, Model, Result, Row
from flows.sources import Page

# The archive unpacks to under 1 MB; what is beyond this is no such archive.
_UNPACKED_BYTES = 200_000_000
# The field that says which file of the archive a record is from.
_FILE = "(file)"


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per row of the wanted files, and one for each file that the TOML does not know."""
    with _opened(path) as archive:
        files = _files(archive)
        old = _is_old(files, page)
        lookups = {**page.lookups, **page.lookups["until_2025"]} if old else page.lookups
        wanted = _wanted(files, page, old)
        for name, file in files.items():
            if name in wanted:
                for record in csv_records(file, lookups):
                    record.locator = f"{name} {record.locator}"
                    record.fields[_FILE] = name
                    yield record
            elif name not in page.lookups["ignored"]:
                yield Record(name, {_FILE: name})


def _opened(path: Path) -> zipfile.ZipFile:
    """The archive, read through once. Raises `PageError` where it is damaged, encrypted or far too large."""
    try:
        archive = zipfile.ZipFile(path)
        if sum(file.file_size for file in archive.infolist()) > _UNPACKED_BYTES:
            raise PageError(f"the archive unpacks to more than {_UNPACKED_BYTES} bytes")
        damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise PageError(f"not a ZIP archive that can be read: {error}") from error
    if damaged is not None:
        raise PageError(f"the archive is damaged at {damaged}")
    return archive


def _files(archive: zipfile.ZipFile) -> dict[str, zipfile.Path]:
    """{file name: file}, without the folders. Raises `PageError` where a name stands twice."""
    inside = [name for name in archive.namelist() if not name.endswith("/")]
    files = {PurePosixPath(name).name: zipfile.Path(archive, name) for name in inside}
    if len(files) != len(inside):
        raise PageError(f"a file stands twice in the archive: {', '.join(sorted(inside))}")
    return files


def _is_old(files: Mapping[str, object], page: Page) -> bool:
    old = page.lookups["until_2025"]
    return old["runs"] in files or old["versions"] in files


def _wanted(files: Mapping[str, object], page: Page, old: bool) -> set[str]:
    """The files to read in the archive's layout. Raises `PageError` where one of them lacks."""
    before = page.lookups["until_2025"]
    wanted = {before["runs"], before["versions"]} if old else set(page.lookups["scores"])
    if missing := wanted - files.keys():
        unknown = files.keys() - wanted - set(page.lookups["ignored"])
        raise PageError(
            f"no file {', '.join(sorted(missing))} in the archive (undeclared there: {', '.join(sorted(unknown))}); "
            "if one was renamed, declare the new name under [lookups.scores] in the source's TOML"
        )
    return wanted


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A model with its score and its training compute, or a model alone (the old layout's versions)."""
    scores, before, file = page.lookups["scores"], page.lookups["until_2025"], record.raw(_FILE)
    if file == before["versions"]:
        yield _model(record, record.name("id"), "Version release date")
    elif file == before["runs"]:
        yield from _run(record, before, page.lookups["best"])
    elif file in scores:
        yield from _scored(record, scores[file], page.lookups["best"])
    else:
        reason = "not declared: add it under [lookups.scores] or to lookups.ignored in the source's TOML"
        raise Rejected("undeclared_file", reason, None, file)


def _scored(record: Record, scores: dict[str, list[str]], best: str) -> Iterator[Row]:
    """A row of the new layout. Rows that name no version of the model go by its free name."""
    version, name = record.name("Model version"), record.text("Name")
    record.ignore([best])
    yield _model(record, version or name, "Release date", "Organization")
    spread, values = record.percent("stderr"), {column: record.percent(column) for column in scores}
    shots, setting = _shots(record)
    if all(score is None for score in values.values()):
        raise _no_score(record, scores)
    for column, (benchmark, metric) in scores.items():
        score = values[column]
        if score is not None:
            yield Result(benchmark, metric, score, uncertainty=spread, shots=shots, setting=setting)
    compute = record.number("Training compute (FLOP)")
    if compute is not None:
        yield Compute(None, "training_compute", compute, "flop")


def _shots(record: Record) -> tuple[int | None, str | None]:
    """(how many, what else the cell says): "5", "25-shot" and, where the number is not told, "few"."""
    literal = record.raw("Shots")
    text = literal.strip().removesuffix("-shot")
    if text in ("", "few"):
        return None, "few-shot" if text else None
    try:
        return whole(text), None
    except CellError as error:
        record.reject_cell("Shots", literal, error.rule, error.reason)
        return None, None


def _run(record: Record, lookups: Mapping[str, Any], best: str) -> Iterator[Row]:
    """A run of the old layout, which prints the best scorer's score and rounds the others'."""
    task, status = record.text("task") or "", record.text("Status") or ""
    record.ignore(["id"])  # of the run; in the file of versions that column is the model's name
    if task in lookups["tasks_ignored"]:
        raise Rejected("out_of_scope", "a benchmark that is not wanted", "task", task)
    if task not in lookups["tasks"]:
        raise PageError(f"undeclared task {task!r}; declare it under lookups.tasks in the source's TOML")
    if status != "Success":
        raise Rejected("not_finished", "the run did not end well", "Status", status)
    yield _model(record, record.name("model"))
    score, (benchmark, metric) = record.percent(best), lookups["tasks"][task]
    if score is None:
        raise _no_score(record, [best])
    yield Result(benchmark, metric, score)


def _model(record: Record, name: str | None, released: str | None = None, organization: str | None = None) -> Model:
    if name is None:
        raise Rejected("no_model", "the row names no model")
    published_on = None if released is None else record.day(released)
    return Model(
        name,
        year=None if published_on is None else published_on.year,
        published_on=published_on,
        organization=None if organization is None else record.text(organization),
    )


def _no_score(record: Record, columns: Iterable[str]) -> Rejected:
    """Why the record has none: a cell that cannot be read, or blanks."""
    for column, literal, rule, reason in record.rejected_cells:
        if column in columns:
            return Rejected(rule, reason, column, literal)
    return Rejected("no_score", "the row has no score", ", ".join(columns))
