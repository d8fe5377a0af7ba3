"""Synthetic sources of any size, for `bench_growth.py`: made from a seed, ten million results in less than a minute.

Two sources are added to a copy of the checkout. The first lists models by their papers, two to a paper and each on ten benchmarks,
with the computation of most trainings. The second lists every tenth model again, by its name alone, as lists of others' models do.
Errors fall with computation as a power does, with a scatter. Some of the benchmarks are declared, so that their points are fitted.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from flows import columns
from flows.pages import bundling, facts, snapshots
from flows.pages.snapshots import Snapshot
from flows.readers.row_types import ROW_TYPES

PAPERS, LISTS = "synthetic_papers", "synthetic_lists"
HOST = "synthetic.example.org"
# Of the results every eleventh is the second source's.
_ON_EACH, _LISTED_EVERY = 10, 10
_PAGE = 10_000
_RETRIEVED = "2026-11-{day:02}T00:00:00Z"
_PARSER = '''"""Synthetic results, as tests/bench/synthetic.py makes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Compute, Model, Result, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per model and benchmark."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A model, its score, and the computation of its training."""
    name, benchmark, published_on = record.name("model"), record.text("benchmark"), record.day("published_on")
    if name is None or benchmark is None:
        raise Rejected("no_model", "the row names no model or no benchmark")
    year = None if published_on is None else published_on.year
    title, url, parameters = record.text("paper_title"), record.text("paper_url"), record.number("parameters")
    yield Model(name, year=year, published_on=published_on, paper_title=title, paper_url=url, parameters=parameters)
    value, computation = record.number("accuracy"), record.number("training_compute_flop")
    confidence = record.text("confidence")
    if value is not None:
        yield Result(benchmark, "accuracy", value)
    if computation is not None:
        yield Compute(None, "training_compute", computation, "flop", confidence)
'''
_DOMAIN = """domain = "synthetic models"
benchmark = "{benchmark}"
title = "{benchmark}"
metrics = ["accuracy"]
trained_for = "synthetic models"
compute_measures = ["training_compute"]
forms = ["polynomial", "exponential"]
error_of_guessing = 0.999
error_of_guessing_reason = "a thousand choices"

[targets]
target_1 = 0.05
target_2 = 0.01
"""


@dataclass(frozen=True)
class Size:
    """How many results there are, on how many benchmarks, of which the first `fitted` are declared."""

    results: int
    benchmarks: int
    fitted: int

    @property
    def models(self) -> int:
        """So many that, with those that are listed again, the results are as many as said."""
        return max(2, round(self.results / (_ON_EACH * (1 + 1 / _LISTED_EVERY))))


def of(results: int) -> Size:
    """A hundred results a benchmark, and a hundredth of the results on benchmarks that are declared; at least on one."""
    benchmarks = min(100_000, max(_ON_EACH, results // 100))
    return Size(results, benchmarks, max(1, results // 10_000))


def benchmark(number: int) -> str:
    """The name of a benchmark."""
    return f"synthetic_{number:06}"


def records(size: Size, source: str, seed: int = 1) -> pa.Table:
    """All records of a source, as its pages print them; blank cells are null."""
    rng, models = np.random.default_rng(seed), size.models
    # Drawn for all models, so that both sources say the same of one.
    day = rng.integers(0, 14 * 365, models // 2 + 1)
    log10_compute = 17 + 8 * day[np.arange(models) // 2] / day.max() + rng.normal(0, 1, models)
    confidence = rng.choice(["Confident", "Likely", "Speculative"], models)
    is_told = rng.random(models) < 0.8
    of_benchmark = rng.uniform(-0.05, 0.05, size.benchmarks)
    scatter = rng.normal(0, 0.1, models * _ON_EACH)
    at = np.arange(models * _ON_EACH)
    if source == LISTS:
        at = at[at // _ON_EACH % _LISTED_EVERY == 0]
    model = at // _ON_EACH
    # A prime, which has no factor with a power of ten in common: so a model is on ten different benchmarks.
    number = at * 104_729 % size.benchmarks
    log10_error = of_benchmark[number] - 0.1 * (log10_compute[model] - 17) - 0.1 + scatter[at]
    accuracy = np.round(100 * (1 - 10 ** np.clip(log10_error, -2.5, -0.02)), 3)
    paper = model // 2
    names = _texts("Synth-", paper, np.where(model % 2 == 0, " base", " large"))
    dates = pa.array((np.datetime64("2012-01-01") + day[paper]).astype("datetime64[D]"))
    is_of_list = source == LISTS
    blank = pa.nulls(len(at), pa.string())
    months = pc.strftime(dates, "%y%m")
    ids = pc.utf8_lpad(pc.cast(pa.array(paper % 100_000), pa.string()), 5, "0")
    told = pa.array(is_told[model] & (not is_of_list))
    return pa.table(
        {
            "model": names,
            "paper_title": blank if is_of_list else _texts("On synthetic networks, part ", paper, ""),
            "paper_url": blank if is_of_list else _joined("https://arxiv.org/abs/", months, ".", ids),
            "published_on": dates,
            "parameters": pa.array(np.round(10 ** (log10_compute[model] / 2.5))),
            "benchmark": pc.binary_join_element_wise(
                "synthetic_", pc.utf8_lpad(pc.cast(pa.array(number), pa.string()), 6, "0"), ""
            ),
            "accuracy": pa.array(accuracy),
            "training_compute_flop": pc.if_else(
                told, pa.array(_rounded(10 ** log10_compute[model])), pa.scalar(None, pa.float64())
            ),
            "confidence": pc.if_else(told, pa.array(confidence[model]), pa.scalar(None, pa.string())),
        }
    )


def _rounded(values: np.ndarray) -> np.ndarray:
    """To three digits."""
    power = 10.0 ** (np.floor(np.log10(values)) - 2)
    return np.round(values / power) * power


def _texts(before: str, number: np.ndarray, behind: np.ndarray | str) -> pa.Array:
    padded = pc.utf8_lpad(pc.cast(pa.array(number), pa.string()), 7, "0")
    return _joined(before, padded, behind if isinstance(behind, str) else pa.array(behind))


def _joined(*parts: str | pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def page_name(number: int) -> str:
    """The name of a page of either source."""
    return f"results-{number:04}.csv"


def pages(size: Size, source: str, seed: int = 1) -> Iterator[tuple[str, pa.Table]]:
    """(its name, its records) of each page: ten thousand to a page."""
    whole = records(size, source, seed)
    for number in range(math.ceil(len(whole) / _PAGE)):
        yield page_name(number), whole.slice(number * _PAGE, _PAGE)


def declare(checkout: Path, size: Size) -> None:
    """Add both sources, their parser and the benchmarks that are fitted to a copy of the checkout."""
    registry, domains = checkout / "flows" / "sources", checkout / "flows" / "declared" / "domains"
    (registry / f"{PAPERS}.py").write_text(_PARSER, encoding="utf-8")
    for rank, source in enumerate((PAPERS, LISTS)):
        many = size.models * _ON_EACH if source == PAPERS else math.ceil(size.models / _LISTED_EVERY) * _ON_EACH
        listed = ", ".join(f'"{page_name(number)}"' for number in range(math.ceil(many / _PAGE)))
        named = ", ".join(f'"{benchmark(number)}"' for number in range(size.fitted))
        (registry / f"{source}.toml").write_text(
            f'title = "Synthetic results {rank}"\npublisher = "nobody"\nhomepage = "https://{HOST}/"\n'
            f'licence = "CC0-1.0"\nattribution = "nobody"\ncadence = "monthly"\ncontent = "csv"\nrows = [1, 20000000]\n'
            f'rank = {90 + rank}\nrank_reason = "made up"\nparser = "{PAPERS}"\n'
            f'\n[lookups]\nbenchmarks = [{named}]\nmetric = "accuracy"\n'
            f'\n[[page_lists]]\nbase = "https://{HOST}/{source}/"\npaths = [{listed}]\n',
            encoding="utf-8",
        )
    for number in range(size.fitted):
        text = _DOMAIN.format(benchmark=benchmark(number))
        (domains / f"{benchmark(number)}.toml").write_text(text, encoding="utf-8")


def write_site(folder: Path, size: Size, seed: int = 1) -> None:
    """The pages as a mirror serves them: `folder/<host>/<source>/<page>`."""
    for source in (PAPERS, LISTS):
        (folder / HOST / source).mkdir(parents=True)
        for name, rows in pages(size, source, seed):
            arrow_csv.write_csv(rows, folder / HOST / source / name)


def write_facts(raw: Path, size: Size, seed: int = 1) -> None:
    """The facts of the same pages as `bundle` writes them, and their lock, for sizes whose pages take too long to parse."""
    for source in (PAPERS, LISTS):
        (raw / source).mkdir(parents=True)
        whole = records(size, source, seed)
        at, names = np.arange(len(whole)), [page_name(number) for number in range(math.ceil(len(whole) / _PAGE))]
        versions = [hashlib.sha256(f"{source} {seed} {name}".encode()).hexdigest() for name in names]
        many = facts.digits(versions)
        page, named = pa.array(at // _PAGE), pa.array([version[:many] for version in versions])
        address = {
            "sha256": pc.take(named, page),
            "page": pc.take(pa.array(names), page),
            "locator": pc.binary_join_element_wise("row ", pc.cast(pa.array(at % _PAGE + 2), pa.string()), ""),
        }
        year = pc.year(whole["published_on"])
        of_model = {"name": whole["model"], "year": year, "published_on": whole["published_on"]}
        of_model |= {column: whole[column] for column in ("paper_title", "paper_url", "parameters")}
        of_result = {"benchmark": whole["benchmark"], "metric": "accuracy", "value": whole["accuracy"]}
        of_compute = {"compute_measure": "training_compute", "value": whole["training_compute_flop"], "unit": "flop"}
        of_compute |= {"confidence": whole["confidence"]}
        told = pc.is_valid(whole["training_compute_flop"])
        _write(raw / source, "model", address, of_model)
        _write(raw / source, "result", address, of_result)
        _write(raw / source, "compute", address, of_compute, told)
        counts = [len(whole.slice(number * _PAGE, _PAGE)) for number in range(len(names))]
        first = {"sha256": named, "page": pa.array(names), "locator": pa.array([""] * len(names))}
        _write(raw / source, "page_count", first, {"sha256": pa.array(versions), "rows_read": pa.array(counts)})
        with (raw / source / snapshots.LOCK).open("w", encoding="utf-8") as lock:
            for name, sha256, count in zip(names, versions, counts, strict=True):
                url, at_time = f"https://{HOST}/{source}/{name}", _RETRIEVED.format(day=1)
                line = Snapshot(source, name, url, sha256, 100 * count, at_time, None, None, "CC0-1.0")
                lock.write(snapshots.as_line(line))
        bundling.seal(raw, source)


def _write(
    folder: Path,
    row_type: str,
    address: dict[str, pa.Array],
    given: dict[str, pa.Array | str],
    kept: pa.Array | None = None,
) -> None:
    """One facts file; columns that are not given are blank."""
    length = len(address["sha256"])
    names, arrays = list(address), list(address.values())
    for name in columns.columns(ROW_TYPES[row_type]):
        value = given.get(name)
        if value is None or isinstance(value, str):
            value = pc.fill_null(pa.nulls(length, pa.string()), value) if value else pa.nulls(length, pa.string())
        names.append(name)
        arrays.append(value)
    header = ",".join(names) + "\n"
    rows = pa.table(arrays, names=[f"{at}" for at in range(len(arrays))])
    if kept is not None:
        rows = rows.filter(kept)
    with (folder / f"{row_type}.facts.csv").open("wb") as handle:
        handle.write(header.encode())
        arrow_csv.write_csv(rows, handle, arrow_csv.WriteOptions(include_header=False, quoting_style="needed"))


def add_versions(raw: Path, newest: Snapshot, many: int) -> None:
    """So many versions of a page, with their bytes, older than one that there is."""
    lock = raw / newest.source / snapshots.LOCK
    (lock.parent / snapshots.PAGES).mkdir(parents=True)
    with lock.open("w", encoding="utf-8") as lines:
        for number in range(many):
            body = f"version,{number}\n".encode() * 2000
            day = f"{2000 + number // 336:04}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
            line = replace(newest, sha256=snapshots.digest(body), byte_count=len(body), retrieved_at=f"{day}T00:00:00Z")
            # Of other bytes: who asks with the tags of those that there are is told that nothing has changed.
            line = replace(line, facts_sha256=None, etag=None, last_modified=None)
            line.path(raw).write_bytes(body)
            lines.write(snapshots.as_line(line))
