"""The rooms: each module has its tests in the room of the same name, and a room uses only those below it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from running import FIXTURES, ROOT

from flows import sources

FLOWS, TESTS = ROOT / "flows", ROOT / "tests"
ROOMS = sorted(path.parent.name for path in FLOWS.glob("*/__init__.py"))
# Rooms in which every module has a test file of its name.
TESTED = ("analysis", "answers", "pages", "publish", "readers", "sources", "theory", "warehouse")
# What a room may use of the others; `flows/*.py` beside the rooms put them together.
USES: dict[str, set[str]] = {
    "readers": set(),
    "fits": set(),
    "warehouse": set(),
    "sources": {"readers"},
    "pages": {"readers", "sources", "warehouse"},
    "theory": {"fits"},
    "declared": {"fits", "sources", "theory"},
    "analysis": {"declared", "fits", "warehouse"},
    "answers": {"analysis", "declared", "fits", "readers", "warehouse"},
    "publish": {"answers", "declared", "fits", "warehouse"},
}
# Modules beside the rooms that a room may use: what it needs of the project as a whole.
SHARED = {
    *(
        "flows",
        "flows.batches",
        "flows.children",
        "flows.columns",
        "flows.errors",
        "flows.folder_locks",
        "flows.lean",
        "flows.paths",
        "flows.source_files",
        "flows.toml_files",
    )
}
# What is loaded to read pages or the warehouse.
READING = ("flows.answers.queries", "flows.answers.rendering", "flows.publish.reports")


def modules_of(room: str) -> set[str]:
    return {path.stem for path in (FLOWS / room).glob("*.py")} - {"__init__"}


def files_in(room: str) -> set[str]:
    return {path.stem.removeprefix("test_") for path in (TESTS / room).glob("test_*.py")}


def held_by_fixtures() -> set[str]:
    """The parsers that tests/sources/test_sources.py runs over a page of its own."""
    return {sources.source(key).parser for key in sources.names() if (FIXTURES / key / "expected.jsonl").is_file()}


def has_code(room: str) -> bool:
    """Whether the room's `__init__.py` is more than a docstring; then test_<room>.py is about it."""
    return len(parsed(FLOWS / room / "__init__.py").body) > 1


def test_contributing_says_what_each_room_may_use_and_what_serves_all() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## The rooms")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)/` \|.*\| ([^|]+) \|$", text, re.MULTILINE)
    assert {room: set(re.findall(r"\w+", uses)) for room, uses in rows} == USES
    served = text.partition("Beside the rooms, ")[2].partition(" serve all of them")[0]
    assert {"flows", *(f"flows.{name}" for name in re.findall(r"`(\w+)\.py`", served))} == SHARED


@pytest.mark.parametrize("room", TESTED)
def test_every_module_has_its_tests_in_the_same_room(room: str) -> None:
    elsewhere = held_by_fixtures() if room == "sources" else set()
    assert sorted(modules_of(room) - files_in(room) - elsewhere) == []


@pytest.mark.parametrize("room", TESTED)
def test_every_test_file_has_its_module(room: str) -> None:
    own = {room} if has_code(room) else set()
    # What the files of a folder of sql/ say is tested in the room that runs them.
    own |= {folder.name for folder in (ROOT / "sql").iterdir()}
    assert sorted(files_in(room) - modules_of(room) - own) == []


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """flows.readers.record, flows.sources."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(FLOWS.rglob("*.py"))}


def imported(tree: ast.AST, inside_functions: bool) -> Iterator[str]:
    """The project's modules that are imported; those inside functions only if wanted, those for types never."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not inside_functions:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "") in MODULES:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else str(node.module) for name in names)
        yield from imported(node, inside_functions)


def room_of(module: str) -> str:
    """Its room, or the module itself where it stands beside the rooms."""
    room = [*module.split("."), ""][1]
    return room if room in ROOMS else module


def edges() -> set[tuple[str, str, str]]:
    """(module, its room, the room that it uses), wherever in the module the import stands."""
    return {
        (module, room_of(module), room_of(used))
        for module, path in MODULES.items()
        for used in imported(parsed(path), inside_functions=True)
        if room_of(module) != room_of(used)
    }


def test_a_room_uses_only_what_lies_below_it() -> None:
    assert set(USES) == set(ROOMS)
    wrong = [
        f"{module} uses {used}"
        for module, room, used in sorted(edges())
        if room in ROOMS and used not in USES[room] | (SHARED if room != "fits" else set())
    ]
    assert wrong == []


def test_there_is_no_circle_of_rooms() -> None:
    graph: dict[str, set[str]] = {}
    for _, room, used in edges():
        graph.setdefault(room, set()).add(used)
    order = list(TopologicalSorter(graph).static_order())
    assert order.index("fits") < order.index("analysis") < order.index("answers") < order.index("flows.cli")


def closure(module: str) -> set[str]:
    """All modules of the project that importing one loads, packages included."""
    loaded: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name and name not in loaded:
            loaded.add(name)
            waiting += [name.rpartition(".")[0], *imported(parsed(MODULES[name]), inside_functions=False)]
    return loaded


def test_what_reads_loads_no_fits() -> None:
    reading = [*READING, *(name for name in MODULES if room_of(name) in ("readers", "sources", "pages", "warehouse"))]
    assert "flows.fits.asymptotic" in closure("flows.answers.line_fits")
    computing = {module: sorted(m for m in closure(module) if room_of(m) in ("fits", "analysis")) for module in reading}
    assert {module: loaded for module, loaded in computing.items() if loaded} == {}


def test_the_words_on_intervals_name_tests_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(
        r"(tests/[\w/]+\.py)(?:::(\w+))?", text.split("## What the words on intervals rest on")[1].split("## ")[0]
    )
    assert len(named) > 10
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text() if name else (ROOT / path).is_file(), (path, name)
