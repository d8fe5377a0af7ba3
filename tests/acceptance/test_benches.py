"""tests/bench: what takes minutes to measure is run by hand; that it can be run is held here, on little."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from types import ModuleType

import duckdb
import pytest
from running import ROOT

from flows import paths
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


def test_the_points_of_the_scale_are_those_that_are_fitted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scale = loaded("bench_scale")
    with duckdb.connect(tmp_path / "x.duckdb") as con:
        con.execute(scale._DATA.replace(str(scale._POINTS), "3000").replace(str(scale._BENCHMARKS), "10"))
    for what in ("bare", "ols"):
        scale.child(str(tmp_path / "x.duckdb"), what, "1", "")
    assert len(capsys.readouterr().out.split()) == 2
