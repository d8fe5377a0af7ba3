"""Keys of what is unchanged: digests of content and of the code that made something of it. No clock, no time of a file.

What a build takes over from the published warehouse (flows/warehouse/kept.py) it takes only under an equal key, so a key holds
everything that the result depends on: the bytes, the settings, the code in its closure of imports, the libraries that compute.
"""

from __future__ import annotations

import ast
import hashlib
import platform
from collections.abc import Iterable, Iterator
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
    import importlib.metadata

    named = [f"{name} {importlib.metadata.version(name)}" for name in distributions]
    return "; ".join([f"Python {platform.python_version()}", *named])


@cache
def code(*modules: str) -> str:
    """Digest of the source of modules of this package and of all modules of it that they import, however deep.

    Imports inside of functions count; what is imported by a name made at run time does not, so such a module is named. It
    is that of the first time that it is asked for, for a process goes on with the code that it has imported.
    """
    return files(PACKAGE, reached(*modules))


def reached(*modules: str) -> set[Path]:
    """The files of modules of this package, and of all modules of it that they import, however deep.

    Raises:
        ValueError: one of the modules is not there.
    """
    if missing := [module for module in modules if _file(PACKAGE, module) is None]:
        raise ValueError(f"no such module: {', '.join(missing)}")
    closure: set[Path] = set()
    names: set[str] = set()
    left = [path for module in modules for path in _files(module)]
    while left:
        path = left.pop()
        if path not in closure:
            closure.add(path)
            further = _imports(path) - names
            names |= further
            left += [imported for name in further for imported in _files(name)]
    return closure


@cache
def _imports(path: Path) -> frozenset[str]:
    """The names of this package that a file imports; what follows `import` may be a module or a name in the one before it."""
    names: list[str] = []
    for node in _statements(ast.parse(path.read_bytes()).body):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # One dot is the package that the file is in, each further one that above it.
            above = [PACKAGE.name, *path.relative_to(PACKAGE).parts][: -node.level] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            names += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return frozenset(name for name in names if name.split(".", 1)[0] == PACKAGE.name)


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Statements, and those inside of them: a tenth of all that is in a file."""
    for node in body:
        yield node
        for inner in ("body", "handlers", "orelse", "finalbody", "cases"):
            yield from _statements(getattr(node, inner, ()))


def _files(module: str) -> list[Path]:
    """The files that run where a module is imported: those of the packages that it is in, and its own."""
    parts = module.split(".")
    packages = [_file(PACKAGE, ".".join(parts[:depth])) for depth in range(1, len(parts) + 1)]
    return [path for path in packages if path is not None]


# Asked for some thousand times by the keys of a build, of a hundred modules.
@cache
def _file(package: Path, module: str) -> Path | None:
    """The file of a module of a package; None for any other, and for a name that is no module."""
    first, *rest = module.split(".")
    if first != package.name:
        return None
    folder = package.joinpath(*rest)
    files_of_it = [folder / "__init__.py"] + ([folder.with_suffix(".py")] if rest else [])
    return next((path for path in files_of_it if path.is_file()), None)
