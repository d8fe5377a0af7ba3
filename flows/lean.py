"""What a process that builds does not load, though libraries that it uses would: each takes longer than much of the work."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType


class _Later(MetaPathFinder):
    """numpy's helpers for tests and for Fortran, which scipy.special asks for among all names of numpy, and never uses."""

    _LATER = ("numpy.f2py", "numpy.testing")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Load these with the first use of what is in them, and leave all else to the others."""
        if fullname not in self._LATER:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


class _NoPandas(MetaPathFinder):
    """Arrow imports pandas with the first array that it makes, if there is one: 0.3 s and 40 MB."""

    def find_spec(self, fullname: str, *_: object) -> None:
        """Say of pandas that it is not installed, and leave all else to the others."""
        if fullname == "pandas":
            raise ModuleNotFoundError(f"no {fullname} in a process that does without", name=fullname)


def do_without_pandas() -> None:
    """In a process that needs no pandas: keep Arrow from importing it."""
    sys.meta_path.insert(0, _NoPandas())


def make_arrow_do_without_pandas() -> None:
    """The same in a process that may need pandas yet: Arrow looks for it once, and again where a frame is asked of it.

    Until then it takes a Series for any other sequence. Where pandas is loaded already nothing changes.
    """
    import pyarrow as pa

    none = _NoPandas()
    sys.meta_path.insert(0, none)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(none)


def load_later() -> None:
    """Load what scipy asks numpy for with its first use; before scipy is imported."""
    if not any(isinstance(one, _Later) for one in sys.meta_path):
        sys.meta_path.insert(0, _Later())
