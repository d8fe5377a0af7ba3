"""What a process that builds does without, though libraries that it uses would have it: each takes longer than much of the work."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

# New objects after which the collector of cycles looks at them: Python's own number of some hundreds is of smaller programs.
_NEW_OBJECTS = 20_000
# What OpenBLAS asks when it is loaded, as numpy and scipy each do with one of their own.
_BLAS_THREADS = "OPENBLAS_NUM_THREADS"


class _Later(MetaPathFinder):
    """Most of scipy.special; numpy's helpers for tests and for Fortran, which it asks for among all names of numpy, for nothing."""

    _LATER = ("numpy.f2py", "numpy.testing")
    _UFUNCS_FIRST = "scipy.special"

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Load these with the first use of what is in them, and leave all else to the others."""
        if fullname not in (*self._LATER, self._UFUNCS_FIRST):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _UfuncsFirst(spec.loader) if fullname == self._UFUNCS_FIRST else LazyLoader(spec.loader)
        return spec


class _UfuncsFirst(Loader):
    """scipy.special has its ufuncs at once, and all else with the first use of a name that is none: two thirds of its import."""

    def __init__(self, whole: Loader) -> None:
        self._whole = whole

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its names as they are asked for."""

        def named(name: str) -> object:
            if name.startswith("__") and name != "__all__":
                raise AttributeError(name)
            found = vars(import_module("scipy.special._ufuncs")).get(name)
            if type(found).__name__ == "ufunc":
                return found
            if vars(module).pop("__getattr__", None) is not None:
                self._whole.exec_module(module)
            return getattr(module, name)

        vars(module)["__getattr__"] = named


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


def load_less() -> None:
    """Before anything is loaded that a build needs: without what it does not."""
    collect_less()
    calculate_alone()
    load_later()
    make_arrow_do_without_pandas()


def collect_less() -> None:
    """Have the collector of cycles look more seldom: the rows that a build makes by the ten thousand are in none."""
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])


def calculate_alone() -> None:
    """Have numpy and scipy start no threads, here and in the processes that are started from here; before they are imported.

    All lines are fitted with one; the others would turn round for nothing, each for a tenth of a second of a processor.
    """
    os.environ.setdefault(_BLAS_THREADS, "1")


def load_later() -> None:
    """Load what scipy asks numpy for with its first use; before scipy is imported."""
    if not any(isinstance(one, _Later) for one in sys.meta_path):
        sys.meta_path.insert(0, _Later())
