"""flows/pages/limited.py: pages in a process of their own, each within its time and memory, whatever it does to its parser."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from running import FIXTURES

from flows import children, sources
from flows.pages import limited
from flows.pages.limited import Reader
from flows.pages.parse import parse_page
from flows.readers.record import PageError
from flows.readers.row_types import ROW_TYPES
from flows.sources import Page, Source
from flows.warehouse.connection import BuildError

# Mappings that hold each other: 11 levels of ten make 1e11 texts of a few hundred bytes.
# Of 825 bytes, each map twice in the next: 2^24 at the end.
DOUBLED = "\n".join(
    ["Models:", "- Name: m", "  Metadata:", "    A: &a {x: 1, y: 2}", "    L1: &l1 {x: *a, y: *a}"]
    + [f"    L{n}: &l{n} {{x: *l{n - 1}, y: *l{n - 1}}}" for n in range(2, 25)]
    + ["  In Collection: ''", ""]
)
ALIASES = "\n".join(
    ["Models:", "  - Name: x", "    a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"    a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)]
)


def of(key: str, name: str = "", **limits: float) -> tuple[Source, Page]:
    source = sources.source(key)
    return replace(source, **limits), next(page for page in source.pages if name in page.name)  # type: ignore[arg-type]


OWID, OWID_PAGE = of("owid_carbon")
GOOD = (FIXTURES / "owid_carbon" / OWID_PAGE.name).read_bytes()


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as started:
        yield started


def read(reader: Reader, folder: Path, body: bytes, source: Source = OWID, page: Page = OWID_PAGE) -> Any:
    path = folder / "page"
    path.write_bytes(body)
    return reader.parse(path, source, page, "0" * 64)


def refused(reader: Reader, folder: Path, body: bytes, source: Source = OWID, page: Page = OWID_PAGE) -> str:
    with pytest.raises(PageError) as raised:
        read(reader, folder, body, source, page)
    assert str(raised.value).startswith(f"{source.key}, page {page.name} ({folder / 'page'}): ")
    return str(raised.value)


def test_the_rows_are_those_of_parsing_here(reader: Reader, tmp_path: Path) -> None:
    gathered = read(reader, tmp_path, GOOD)
    here = parse_page(tmp_path / "page", OWID, OWID_PAGE, "0" * 64)
    assert {kind: gathered.table(kind).to_pylist() for kind in ROW_TYPES} == {
        kind: here.table(kind).to_pylist() for kind in ROW_TYPES
    }
    assert gathered.read_count() == here.read_count() > 0


def test_a_fault_of_a_page_is_told_as_it_is_here_and_the_process_goes_on(reader: Reader, tmp_path: Path) -> None:
    read(reader, tmp_path, GOOD)
    process = reader._process
    said = refused(reader, tmp_path, b"a,b\n1,2\n")
    with pytest.raises(PageError) as here:
        parse_page(tmp_path / "page", OWID, OWID_PAGE, "0" * 64)
    assert said == str(here.value)
    read(reader, tmp_path, GOOD)
    assert reader._process is process


def test_no_process_without_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "start", None)
    with Reader():
        pass


def test_a_source_has_the_usual_limits_or_those_of_its_toml() -> None:
    assert limited._limits(OWID) == (limited.CPU_S, limited.MEMORY_MB)
    assert limited._limits(of("owid_carbon", parse_cpu_s=3)[0]) == (3, limited.MEMORY_MB)
    assert limited._limits(sources.source("epoch_all_models")) == (limited.CPU_S, 512)


def test_an_alias_bomb_ends_by_its_memory_and_the_next_page_is_read(reader: Reader, tmp_path: Path) -> None:
    source, page = of("openmmlab_mmpretrain", "resnet", parse_memory_mb=40)
    assert len(ALIASES) < 1000
    said = refused(reader, tmp_path, ALIASES.encode(), source, page)
    assert "its parser takes more than 40 MB of memory" in said
    assert "parse_memory_mb in its source's TOML" in said
    assert read(reader, tmp_path, GOOD).read_count() > 0


@pytest.mark.slow
@pytest.mark.parametrize("key", ["openmmlab_mmpretrain", "openmmlab_mmdetection"])
def test_a_bomb_of_maps_ends_by_the_usual_limits(reader: Reader, tmp_path: Path, key: str) -> None:
    assert len(DOUBLED) == 825
    source, page = of(key, "resnet" if key == "openmmlab_mmpretrain" else "")
    assert re.search(
        r"its parser takes more than \d+ (MB of memory|s of a processor)",
        refused(reader, tmp_path, DOUBLED.encode(), source, page),
    )
    assert read(reader, tmp_path, GOOD).read_count() > 0


@pytest.mark.parametrize("key", ["openmmlab_mmpretrain", "openmmlab_mmdetection"])
@pytest.mark.parametrize(
    "body",
    ["Models:\n- &a\n  Name: m\n  X: *a\n", "Models: &m\n- *m\n", "a: &a {<<: *a}\nModels: [*a]\n", "Models: " + "[" * 5_000,
     "Models:\n- !!set {a, b}\n- !!binary aGk=\n- ? [a, b]\n  : c\n", "Models:\n- {{a: b}: c}\n"],
    ids=["names itself", "list of itself", "merged with itself", "deep", "tags", "no key"],
)  # fmt: skip
def test_yaml_that_is_no_table_of_models_is_said_in_a_sentence(
    body: str, key: str, reader: Reader, tmp_path: Path
) -> None:
    source, page = of(key)
    assert "not a YAML file: " in refused(reader, tmp_path, body.encode(), source, page)


@pytest.mark.slow
def test_a_page_that_takes_for_ever_ends_by_its_time_and_the_next_page_is_read(reader: Reader, tmp_path: Path) -> None:
    source, page = of("nlp_progress", "named_entity", parse_cpu_s=1)
    said = refused(reader, tmp_path, b"# Named entities\n\n" + b"[" * 1_000_000, source, page)
    assert "its parser takes more than 1 s of a processor" in said
    assert "parse_cpu_s in its source's TOML" in said
    assert read(reader, tmp_path, GOOD).read_count() > 0


def test_a_large_script_page_ends_by_its_memory(reader: Reader, tmp_path: Path) -> None:
    source, page = of("squad_explorer", parse_memory_mb=30)
    body = b"<html><p>" + b"var x <b>=</b> 1; " * 300_000
    assert "more than 30 MB of memory" in refused(reader, tmp_path, body, source, page)


def test_a_page_that_waits_takes_no_time_of_a_processor_and_ends_too(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited, "_WALL_TO_CPU", 0.5)
    os.mkfifo(tmp_path / "pipe")  # nobody writes
    with pytest.raises(PageError, match=r"its parser takes more than 1 s; .*parse_cpu_s"):
        reader.parse(tmp_path / "pipe", replace(OWID, parse_cpu_s=2), OWID_PAGE, "0" * 64)
    assert read(reader, tmp_path, GOOD).read_count() > 0


def test_a_process_that_something_else_ends_is_started_again(reader: Reader, tmp_path: Path) -> None:
    read(reader, tmp_path, GOOD)
    assert reader._process is not None
    os.kill(reader._process.pid, signal.SIGKILL)
    reader._process.wait()
    assert read(reader, tmp_path, GOOD).read_count() > 0


def test_a_page_that_ends_its_process_twice_is_at_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A parser in C that fails as C does: beside the package, so that the child has it and no page of ours is needed.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def fatal(event, args):\n"
        "    if event == 'open' and str(args[0]).endswith('deadly'):\n"
        "        os.write(2, b'double free\\n'); os.abort()\n"
        "sys.addaudithook(fatal)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "deadly").write_bytes(GOOD)
    said = r"it ended the process that reads pages with signal 6 \(double free\)"
    with Reader() as reader, pytest.raises(PageError, match=said):
        reader.parse(tmp_path / "deadly", OWID, OWID_PAGE, "0" * 64)


def test_a_process_that_does_not_start_is_no_fault_of_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.stderr.write('no such library\\n')\nimport os\nos._exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said = "does not start: no such library; nothing is published"
    with Reader() as reader, pytest.raises(BuildError, match=said):
        read(reader, tmp_path, GOOD)


def test_it_ends_with_its_context(tmp_path: Path) -> None:
    with Reader() as reader:
        read(reader, tmp_path, GOOD)
        process = reader._process
    assert process is not None
    assert process.returncode == -signal.SIGKILL
