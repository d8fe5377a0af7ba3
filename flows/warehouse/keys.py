"""Keys of what is unchanged: digests of content and of the code that made something of it. No clock, no time of a file.

What a build takes over from the published warehouse (flows/warehouse/kept.py) it takes only under an equal key, so a key holds
everything that the result depends on: the bytes, the settings, the code in its closure of imports, the libraries that compute.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import platform
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from flows.paths import PACKAGE


def digest(*parts: str | bytes | memoryview) -> str:
    """SHA-256 of the parts, each with its length before it, in hexadecimal."""
    whole = hashlib.sha256()
    for part in parts:
        text = part.encode() if isinstance(part, str) else part
        whole.update(b"%d:" % len(text))
        whole.update(text)
    return whole.hexdigest()


def files(root: Path, paths: Iterable[Path]) -> str:
    """Digest of files, by their names below `root` and their bytes."""
    parts: list[str | bytes] = []
    for path in sorted(paths):
        parts += [path.relative_to(root).as_posix(), path.read_bytes()]
    return digest(*parts)


@cache
def versions(*distributions: str) -> str:
    """The versions of Python and of installed libraries, as text."""
    named = [f"{name} {importlib.metadata.version(name)}" for name in distributions]
    return "; ".join([f"Python {platform.python_version()}", *named])


@cache
def code(*modules: str) -> str:
    """Digest of the source of modules of this package and of all modules of it that they import, however deep.

    Imports inside of functions count; what is imported by a name made at run time does not, so such a module is named.
    """
    reached: set[Path] = set()
    left = [_file(module) for module in modules]
    while left:
        path = left.pop()
        if path is None or path in reached:
            continue
        reached.add(path)
        left += _imports(path)
    return files(PACKAGE, reached)


@cache
def _imports(path: Path) -> tuple[Path | None, ...]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # What follows `import` is a module of the package or a name of the module before it.
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(_file(name) for name in names)


def _file(module: str) -> Path | None:
    """The file of a module of this package; None for any other."""
    first, *rest = module.split(".")
    if first != PACKAGE.name:
        return None
    path = PACKAGE.joinpath(*rest)
    if path.with_suffix(".py").is_file() and rest:
        return path.with_suffix(".py")
    return path / "__init__.py" if (path / "__init__.py").is_file() else None
