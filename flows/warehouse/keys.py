"""Keys of what is unchanged: digests of content and of the code that made something of it. No clock, no time of a file.

What a build takes over from the published warehouse (flows/warehouse/kept.py) it takes only under an equal key, so a key holds
everything that the result depends on: the bytes, the settings, the code in its closure of imports, the libraries that compute.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from flows.paths import PACKAGE

# What stands between `from` and `import`, if anything does, and what behind; in text without comments and broken lines.
_IMPORT = re.compile(r"(?:^|[:;])[ \t]*(?:from[ \t]+([.\w]+)[ \t]+)?import\b[ \t]*(\([^)]*\)|[^\n;(]+)", re.MULTILINE)
_COMMENT_OR_BREAK = re.compile(r"#[^\n]*|\\\n")
_VERSION = re.compile(r"^Version: *(\S+)$", re.MULTILINE)
# Bytes of a file that are read at once.
_AT_ONCE = 1 << 20
# All that a value of the warehouse may depend on beside the code of this package.
LIBRARIES = (
    *("beautifulsoup4", "duckdb", "great-expectations", "lxml", "markdown-it-py", "numpy"),
    *("pandas", "pyarrow", "pydantic", "pyyaml", "scipy", "threadpoolctl"),
)


def digest(*parts: str | bytes | memoryview) -> str:
    """SHA-256 of the parts, each with its length before it, in hexadecimal."""
    whole = hashlib.sha256()
    for part in parts:
        text = part.encode() if isinstance(part, str) else part
        whole.update(b"%d:" % len(text))
        whole.update(text)
    return whole.hexdigest()


def files(root: Path, paths: Iterable[Path]) -> str:
    """Digest of files, by their names below `root` and their bytes, of which only a part is in memory at once."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(root).as_posix().encode()
        with path.open("rb") as handle:
            size = os.fstat(handle.fileno()).st_size
            whole.update(b"%d:%b%d:" % (len(name), name, size))
            while part := handle.read(_AT_ONCE):
                whole.update(part)
    return whole.hexdigest()


@cache
def versions(*distributions: str) -> str:
    """The versions of Python and of installed libraries, as text."""
    named = [f"{name} {version(name)}" for name in distributions]
    return "; ".join([f"Python {platform.python_version()}", *named])


def version(distribution: str) -> str:
    """The version of an installed library.

    Read from the head of its metadata, which `importlib.metadata.version` reads to the end as a letter.

    Raises:
        importlib.metadata.PackageNotFoundError: it is not installed.
    """
    import importlib.metadata

    told = _VERSION.search(importlib.metadata.distribution(distribution).read_text("METADATA") or "")
    return told[1] if told else importlib.metadata.version(distribution)


@cache
def package_code(package: Path) -> str:
    """Digest of all code, which a process that goes on reads once: what is changed meanwhile is for the next one."""
    return files(package, _of_package(package, ".py"))


@cache
def package_declared(package: Path) -> str:
    """Digest of what is declared beside the code, read once as the code is."""
    return files(package, _of_package(package, ".toml", ".csv"))


def _of_package(package: Path, *suffixes: str) -> list[Path]:
    inside = (path.relative_to(package) for path in package.rglob("*") if path.suffix in suffixes)
    return [package / path for path in inside if path.parts[0] != "_shipped"]


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
    if missing := [module for module in modules if _file(module) is None]:
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
    """The names of this package that a file imports; what follows `import` may be a module or a name in the one before it.

    Read as text: to parse all files takes ten times as long. An import that stands in a string counts too, which makes a key
    of more files and never of less.
    """
    names: list[str] = []
    for module, listed in _IMPORT.findall(_COMMENT_OR_BREAK.sub(" ", path.read_text(encoding="utf-8"))):
        of_statement = [part.split()[0] for part in listed.strip("()").split(",") if part.strip()]
        if module:
            # One dot is the package that the file is in, each further one that above it.
            level = len(module) - len(module.lstrip("."))
            above = [PACKAGE.name, *path.relative_to(PACKAGE).parts][:-level] if level else []
            whole = ".".join([*above, *filter(None, [module[level:]])])
            of_statement = [whole, *(f"{whole}.{name}" for name in of_statement)]
        names += of_statement
    return frozenset(name for name in names if name.split(".", 1)[0] == PACKAGE.name)


def _files(module: str) -> list[Path]:
    """The files that run where a module is imported: those of the packages that it is in, and its own."""
    parts = module.split(".")
    packages = [_file(".".join(parts[:depth])) for depth in range(1, len(parts) + 1)]
    return [path for path in packages if path is not None]


def _file(module: str) -> Path | None:
    """The file of a module of this package; None for any other, and for a name that is no module."""
    return _file_in(PACKAGE, module)


# The closures of the parsers share most of their modules.
@cache
def _file_in(package: Path, module: str) -> Path | None:
    first, *rest = module.split(".")
    if first != package.name:
        return None
    folder = package.joinpath(*rest)
    files_of_it = [folder / "__init__.py"] + ([folder.with_suffix(".py")] if rest else [])
    return next((path for path in files_of_it if path.is_file()), None)
