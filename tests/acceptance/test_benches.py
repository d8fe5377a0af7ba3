"""tests/bench: what takes minutes to measure is run by hand; that it can be run is held here, on little."""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import duckdb
import pytest
from running import ROOT

from flows import paths, sources
from flows.pages import facts, parse, snapshots
from flows.readers.row_types import ROW_TYPES


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "bench"))
    return loaded("bench_tenfold")


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / "bench" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_row_type_has_its_copies(bench: ModuleType, tmp_path: Path) -> None:
    assert set(bench._CHANGED) == set(ROW_TYPES) - {"page_count"}
    for path in {path.name: path for path in sorted(paths.SHIPPED_RAW.glob("*/*.facts.csv"))}.values():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[:3]
        (tmp_path / path.name).write_text("".join(lines), encoding="utf-8")
        bench.tenfold(tmp_path / path.name, tmp_path / "ten.csv")
        with (tmp_path / "ten.csv").open(newline="", encoding="utf-8") as made:
            copies = list(csv.reader(made))
        many = 1 if path.name.startswith("page_count") else bench._COPIES
        assert len(copies) - 1 == (len(lines) - 1) * many == len({tuple(row) for row in copies[1:]}), path


@pytest.mark.parametrize("row_type", ["cpu", "cpu_name", "cpu_score"])
def test_copies_have_a_number_of_their_own_by_which_they_are_joined(bench: ModuleType, row_type: str) -> None:
    path = paths.SHIPPED_RAW / "cpu_db" / f"{row_type}.facts.csv"
    with path.open(newline="", encoding="utf-8") as handle:
        row = next(csv.DictReader(handle))
    copies = list(bench.copies(row_type, [row]))
    assert len(copies) == len({copy["number"] for copy in copies}) == bench._COPIES


def test_the_points_of_the_scale_are_those_that_are_fitted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scale = loaded("bench_scale")
    with duckdb.connect(tmp_path / "x.duckdb") as con:
        con.execute(scale._DATA.replace(str(scale._POINTS), "3000").replace(str(scale._BENCHMARKS), "10"))
    for what in ("bare", "ols"):
        scale.child(str(tmp_path / "x.duckdb"), what, "1", "")
    assert len(capsys.readouterr().out.split()) == 2


@pytest.fixture
def synthetic(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "bench"))
    return importlib.import_module("synthetic")


def test_synthetic_results_are_equal_for_equal_seeds_and_as_many_as_said(synthetic: ModuleType) -> None:
    size = synthetic.of(11_000)
    papers, lists = (synthetic.records(size, source) for source in (synthetic.PAPERS, synthetic.LISTS))
    assert (len(papers), len(lists)) == (10_000, 1_000)
    assert papers.equals(synthetic.records(size, synthetic.PAPERS))
    assert not papers.equals(synthetic.records(size, synthetic.PAPERS, seed=2))
    # A model is on ten benchmarks, once on each, and every benchmark has as many results as any other.
    on = list(zip(papers["model"].to_pylist(), papers["benchmark"].to_pylist(), strict=True))
    assert len(set(on)) == len(on)
    assert len({model for model, _ in on}) * 10 == len(on)
    counts = Counter(benchmark for _, benchmark in on)
    assert len(counts) == size.benchmarks
    assert max(counts.values()) - min(counts.values()) <= 1
    # The second source says the same of the models that it lists, but for their papers and computation.
    assert set(lists["model"].to_pylist()) < set(papers["model"].to_pylist())
    assert lists["paper_url"].null_count == lists["training_compute_flop"].null_count == len(lists)
    score = dict(zip(on, papers["accuracy"].to_pylist(), strict=True))
    listed = zip(lists["model"].to_pylist(), lists["benchmark"].to_pylist(), strict=True)
    assert [score[one] for one in listed] == lists["accuracy"].to_pylist()


def test_facts_of_synthetic_pages_are_those_that_their_parser_takes(
    synthetic: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = synthetic.of(110)
    (tmp_path / "flows" / "sources").mkdir(parents=True)
    (tmp_path / "flows" / "declared" / "domains").mkdir(parents=True)
    synthetic.declare(tmp_path, size)
    synthetic.write_site(tmp_path / "site", size)
    synthetic.write_facts(tmp_path / "raw", size)
    parser = tmp_path / "flows" / "sources" / f"{synthetic.PAPERS}.py"
    spec = importlib.util.spec_from_file_location(f"flows.sources.{synthetic.PAPERS}", parser)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, f"flows.sources.{synthetic.PAPERS}", module)
    for key in (synthetic.PAPERS, synthetic.LISTS):
        source = sources.declared(key, tmp_path / "flows" / "sources")
        (page,), (line,) = source.pages, snapshots.read(tmp_path / "raw", key)
        parsed = parse.parse_page(tmp_path / "site" / synthetic.HOST / key / page.name, source, page, line.sha256)
        given = facts.as_tables(tmp_path / "raw" / key, page, line.sha256)
        assert given is not None
        assert len(parsed.table("result")) in (10, 100)
        assert [kind for kind in ROW_TYPES if not parsed.table(kind).equals(given.table(kind))] == []


def test_older_versions_have_their_bytes_and_their_lines(synthetic: ModuleType, tmp_path: Path) -> None:
    newest = snapshots.read(paths.SHIPPED_RAW, "squad_explorer")[0]
    synthetic.add_versions(tmp_path, newest, 700)
    lines = snapshots.read(tmp_path, "squad_explorer")
    assert len({line.sha256 for line in lines}) == 700
    assert all(snapshots.intact(tmp_path, line) for line in lines)
    assert max(line.retrieved_at for line in lines) < newest.retrieved_at


def test_the_power_is_that_of_what_grows(synthetic: ModuleType) -> None:
    assert synthetic.of(10**7).benchmarks == 10**5
    growth = importlib.import_module("bench_growth")
    sizes = [1_000, 10_000, 100_000]
    assert growth.power(sizes, [5 + 1e-3 * size for size in sizes], 5.0) == pytest.approx(1.0)
    assert growth.power(sizes, [5 + 1e-6 * size**1.5 for size in sizes], 5.0) == pytest.approx(1.5)
    # What is mostly the constant part says nothing.
    assert growth.power(sizes, [5 + 1e-5 * size for size in sizes], 5.0) is None
