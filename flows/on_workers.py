"""What a worker of a Dask cluster does for flows/cluster.py: it parses pages, fits lines and simulates as one machine would.

Pages and sets of points go to the processes that they go to there (flows/pages/limited.py, flows/analysis/fitters.py), which end
with the worker. Dask is not needed to load this.
"""

from __future__ import annotations

import pickle
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from flows import __version__, paths
from flows.readers.record import PageError
from flows.warehouse import keys

if TYPE_CHECKING:
    import pyarrow as pa

    from flows.analysis.computed import Grounds, Work
    from flows.pages.parse import Gathered
    from flows.sources import Page, Source
    from flows.theory.settings import Setting
    from flows.theory.simulation import Row

# Of a digest, as it is told.
_DIGITS = 12


@cache
def made_of() -> dict[str, str]:
    """{part: what it is here} of all that the last bit of a figure may depend on: code, libraries, and what the processor can do.

    As it was when it was asked first, for a process goes on with the code that it has loaded.
    """
    import numpy as np
    from threadpoolctl import threadpool_info

    # Linear algebra and vectors are computed by the widest instructions that there are, which add in another order.
    blas = sorted(
        {one.get("architecture", one["internal_api"]) for one in threadpool_info() if one["user_api"] == "blas"}
    )
    vectors = np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", [])
    return {
        "compute-limits": __version__,
        "code": keys.package_code(paths.PACKAGE)[:_DIGITS],
        "settings": keys.package_declared(paths.PACKAGE)[:_DIGITS],
        "Python": platform.python_version(),
        **{name: _version(name) for name in keys.LIBRARIES},
        "C library": " ".join(platform.libc_ver()),
        "BLAS for": ", ".join(blas),
        "vector instructions": " ".join(vectors),
    }


def _version(distribution: str) -> str:
    try:
        return keys.version(distribution)
    except PackageNotFoundError:
        return "not installed"


def differences(there: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """What differs between a worker and the process that asks it, a phrase for each part."""
    none = "unknown"
    return [
        f"{part} ({there.get(part, none)} there, {here.get(part, none)} here)"
        for part in dict.fromkeys([*here, *there])
        if there.get(part) != here.get(part)
    ]


def answer(asked: Mapping[str, str], kind: str, given: bytes) -> bytes:
    """(result, None, []) of a piece of work; (None, what was raised, []); or (None, None, what differs here), uncomputed.

    `asked` is `made_of` of the process that asks: a worker may have come after it looked at all of them.

    Raises:
        flows.warehouse.connection.BuildError: a process that computes ended before its time. The scheduler tries again.
    """
    from flows.analysis.fitters import sendable
    from flows.warehouse.connection import BuildError

    told: tuple[Any, Exception | None, list[str]]
    if differing := differences(made_of(), asked):
        told = None, None, differing
    else:
        try:
            told = _KINDS[kind](*pickle.loads(given)), None, []  # noqa: S301  # of the process that asks
        except BuildError:
            raise
        except Exception as error:  # noqa: BLE001  # raised again where the work came from
            told = None, sendable(error), []
    return pickle.dumps(told, pickle.HIGHEST_PROTOCOL)


def _parsed(pages: Sequence[tuple[bytes, Source, Page, str]]) -> list[Gathered | None]:
    """The rows of each page; None where it cannot be read, which the machine that asks finds out for itself."""
    from flows.pages.limited import Reader

    found: list[Gathered | None] = []
    with _borrowed("reader", Reader) as reader, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page"
        for body, source, page, sha256 in pages:
            path.write_bytes(body)
            try:
                found.append(reader.parse(path, source, page, sha256))
            except PageError:
                found.append(None)
    return found


def _fitted(works: Sequence[Work], grounds: Grounds) -> dict[str, pa.Table]:
    from flows.analysis.fitters import Fitters

    with _borrowed("fitter", lambda: Fitters(1)) as fitter:
        tables: dict[str, pa.Table] = fitter.submit(works, grounds).result()
    return tables


def _simulated(cells: Sequence[tuple[Setting, str, int]]) -> list[Row]:
    from flows.theory.simulation import cell

    return [cell(*one) for one in cells]


_KINDS: Mapping[str, Callable[..., Any]] = {"parse": _parsed, "fit": _fitted, "simulate": _simulated}

# {kind: processes that wait for their next piece of work}. To start one takes a second.
_idle: dict[str, list[Any]] = {}
_lock = Lock()


@contextmanager
def _borrowed(kind: str, new: Callable[[], AbstractContextManager[Any]]) -> Iterator[Any]:
    """A process that nobody else uses meanwhile; one in which anything went wrong is ended."""
    with _lock:
        waiting = _idle.get(kind)
        process = waiting.pop() if waiting else None
    if process is None:
        process = new().__enter__()
    try:
        yield process
    except BaseException:
        process.__exit__(None, None, None)
        raise
    with _lock:
        _idle.setdefault(kind, []).append(process)


def rest() -> None:
    """End the processes that wait."""
    with _lock:
        ended = [process for waiting in _idle.values() for process in waiting]
        _idle.clear()
    for process in ended:
        process.__exit__(None, None, None)
