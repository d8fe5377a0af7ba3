"""flows/warehouse/keys.py: a key changes with all that it is of, and with nothing else."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest

from flows import sources
from flows.warehouse import keys

MODULES = {
    "__init__.py": "",
    "a.py": "import os\nfrom flows.room import b\n\n\ndef late():\n    from flows.room import (\n        c as other,\n    )\n",
    "room/__init__.py": "",
    "room/b.py": "from flows.room.deep.d import value\n",
    "room/c.py": "import flows.e, json\n",
    "room/deep/__init__.py": "",
    "room/deep/d.py": "from . import near\nfrom ..up import above\nvalue = 1\n",
    "room/deep/near.py": "from flows import a\n",
    "room/up.py": "",
    "e.py": "# flows.not_imported\n",
    "not_imported.py": "import flows.a\n",
}

Made = Callable[..., str]


@pytest.fixture
def of_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """The key of a module of a package of these files, some of them changed."""
    folders = iter(range(100))

    def made(module: str, changed: Mapping[str, str] = MappingProxyType({})) -> str:
        root = tmp_path / str(next(folders)) / "flows"
        for name, text in (MODULES | dict(changed)).items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        monkeypatch.setattr(keys, "PACKAGE", root)
        keys.code.cache_clear()
        return keys.code(module)

    yield made
    keys.code.cache_clear()


def test_a_closure_has_every_import_however_it_is_written(of_package: Made) -> None:
    of_package("flows.a")
    names = {path.relative_to(keys.PACKAGE).as_posix() for path in keys.reached("flows.a")}
    assert names == set(MODULES) - {"not_imported.py"}


@pytest.mark.parametrize("name", sorted(set(MODULES) - {"not_imported.py"}))
def test_a_change_in_any_module_that_is_imported_changes_the_key(of_package: Made, name: str) -> None:
    assert of_package("flows.a") != of_package("flows.a", {name: MODULES[name] + "# A remark.\n"})


def test_a_change_in_a_package_that_a_module_is_in_changes_the_key(of_package: Made) -> None:
    # Its __init__ runs before the module.
    assert of_package("flows.room.deep.d") != of_package("flows.room.deep.d", {"room/deep/__init__.py": "x = 1\n"})


def test_a_change_in_another_module_does_not(of_package: Made) -> None:
    assert of_package("flows.a") == of_package("flows.a", {"not_imported.py": "import flows.e\n"})
    assert of_package("flows.room.up") == of_package("flows.room.up", {"a.py": "", "e.py": "import json\n"})


def test_the_imports_that_are_read_are_those_of_the_grammar() -> None:
    for path in sorted(keys.PACKAGE.rglob("*.py")):
        told = set[str]()
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                told |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, "this test knows no relative imports, of which the package has none"
                told |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        assert keys._imports(path) == {name for name in told if name.split(".")[0] == "flows"}, path


@pytest.mark.parametrize(
    "text",
    [
        "import os, flows.a as b  # noqa (x)",
        "if True: import flows.a",
        "x = 1; from flows import a",
        "from flows import (  # )\n    a,\n)",
        "from \\\n    flows import a",
        "def late():\n\timport flows.a\r\n",
        "from flows import(a)",
    ],
)
def test_an_import_is_seen_however_it_stands(of_package: Made, text: str) -> None:
    assert of_package("flows.room.up", {"room/up.py": text}) != of_package(
        "flows.room.up", {"room/up.py": text, "a.py": "x = 1"}
    )


def test_a_module_that_is_not_there_is_refused(of_package: Made) -> None:
    with pytest.raises(ValueError, match=r"no such module: flows\.room\.nothing"):
        of_package("flows.room.nothing")


@pytest.mark.parametrize("key", sources.names())
def test_the_closure_of_a_parser_is_all_of_the_project_that_it_loads(key: str) -> None:
    module = f"flows.sources.{sources.source(key).parser}"
    __import__(module)
    loaded = {keys.PACKAGE / "sources" / "__init__.py", Path(str(sys.modules[module].__file__))}
    for value in vars(sys.modules[module]).values():
        name = getattr(value, "__module__", None) or getattr(value, "__name__", "")
        if str(name).startswith("flows."):
            loaded.add(Path(str(sys.modules[str(name)].__file__)))
    assert loaded <= keys.reached(module, "flows.pages.parse")


def test_a_digest_is_of_the_parts_and_not_of_what_they_make_together() -> None:
    several = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("3:abc",), ("a", "b", "c"), ()]
    assert len({keys.digest(*parts) for parts in several}) == len(several)
    assert keys.digest("é") == keys.digest("é".encode()) == keys.digest(memoryview("é".encode()))
    assert keys.digest("abc") == hashlib.sha256(b"3:abc").hexdigest()


def test_files_count_by_name_and_bytes_in_whatever_order_they_come(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "sub" / "other"
    other.parent.mkdir()
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    of_both = keys.files(tmp_path, [one, other])
    assert keys.files(tmp_path, [other, one]) == of_both
    assert keys.files(tmp_path, [one]) != of_both
    one.write_bytes(b"2")
    other.write_bytes(b"1")
    assert keys.files(tmp_path, [one, other]) != of_both
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    other.rename(tmp_path / "sub" / "another")
    assert keys.files(tmp_path, [one, tmp_path / "sub" / "another"]) != of_both


def test_versions_name_python_and_each_library(monkeypatch: pytest.MonkeyPatch) -> None:
    text = keys.versions("numpy", "great-expectations")
    assert text.startswith(f"Python {sys.version.split()[0]}; numpy ")
    assert "; great-expectations " in text
    other = SimpleNamespace(read_text=lambda _: "Metadata-Version: 2.4\nVersion: 0.0\n")
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _: other)
    # Asked in another order, for a process asks once.
    assert keys.versions("great-expectations", "numpy").endswith("great-expectations 0.0; numpy 0.0")
