"""The promises of the README: each names tests that are there; and that nothing that a page says is executed."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from running import ROOT

from flows import sources
from flows.readers.record import PageError

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROMISES = README.split("\n## Promises\n")[1].split("\n## ")[0]
FLOWS = ROOT / "flows"
# What runs text, or makes objects of it that can.
RUNS_TEXT = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "system",
    "popen",
    "unsafe_load",
    "full_load",
    "unsafe_load_all",
    "load_all",
}
# Modules that read with pickle what a process of their own wrote, here or on the workers of a scheduler that somebody named.
OF_OUR_OWN = {
    "flows/cluster.py",
    "flows/on_workers.py",
    "flows/analysis/fitters.py",
    "flows/pages/limited.py",
    "flows/publish/figures/drawer.py",
    "flows/publish/figures/drawers.py",
}


def functions(path: str) -> set[str]:
    return {
        node.name
        for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }


def test_every_promise_names_tests_that_are_there() -> None:
    rows = [line.strip("| ").split(" | ") for line in PROMISES.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 6
    for promise, tests in rows:
        named = re.findall(r"(tests/[\w/]+\.py)::(\w+)", tests)
        assert named, promise
        assert ", ".join(f"{path}::{name}" for path, name in named) == tests
        for path, name in named:
            assert name in functions(path), (promise, path, name)


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    """(last name of what is called, the call) of all calls in a module."""
    found = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return [(ast.unparse(call.func).rpartition(".")[2], call) for call in found]


@pytest.mark.parametrize("path", sorted(FLOWS.rglob("*.py")), ids=lambda path: str(path.relative_to(FLOWS)))
def test_nothing_runs_text(path: Path) -> None:
    for name, call in calls(path):
        text = ast.unparse(call)
        # A pattern is compiled, no code.
        assert name not in RUNS_TEXT or text.startswith("re.compile("), text
        assert not any(one.arg == "shell" for one in call.keywords), text
        if re.match(r"yaml\.load\(", text):
            # Only loaders that make texts, lists and mappings; one of our own is such a one.
            assert re.search(r"(CBaseLoader|Loader=_Loader)\)$", text), text
        if re.match(r"(pickle|marshal|shelve|dill|joblib)\.(loads?|open)\(", text):
            assert str(path.relative_to(ROOT)) in OF_OUR_OWN, text


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.mkdir", "!!python/object/new:os.mkdir"])
def test_a_page_that_asks_to_be_run_is_text(tag: str, tmp_path: Path) -> None:
    """YAML is the one format of pages that can ask for it."""
    made = tmp_path / "made"
    page = tmp_path / "metafile.yml"
    source = sources.source("openmmlab_mmpretrain")
    page.write_text(f"Models:\n  - Name: x\n    Metadata: {tag} ['{made}']\n", encoding="utf-8")
    with pytest.raises(PageError):
        list(sources.parser(source).read(page, source.pages[0]))
    page.write_text(f"Models: {tag} ['{made}']\n", encoding="utf-8")
    with pytest.raises(PageError):
        list(sources.parser(source).read(page, source.pages[0]))
    assert not made.exists()
