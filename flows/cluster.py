"""Computing on several machines: where COMPUTE_LIMITS_DASK names a Dask scheduler, its workers parse pages, fit lines and simulate.

with asked_for() as cluster:  # None where none is named
    answer = cluster.submit(works, grounds)

What goes there are chunks of about a second or more, with all that they need, for workers share no disk; what comes back is put
together in the order that one machine has, so that the tables are the same to the last bit. A worker that is of other code, other
libraries or another kind of processor is refused. Dask's `distributed` is an extra and loaded only where it is asked for.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from flows import on_workers
from flows.batches import batches
from flows.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa
    from distributed import Client, Future

    from flows.analysis.computed import Grounds, Work
    from flows.pages.parse import Gathered
    from flows.pages.versions import Unread
    from flows.theory.settings import Setting
    from flows.theory.simulation import Row

    Cell = tuple[Setting, str, int]

_T = TypeVar("_T")
VARIABLE = "COMPUTE_LIMITS_DASK"
# To reach a scheduler. One in the same building answers in milliseconds, on a machine that has too much to do in seconds.
_CONNECT_S = 10
# Between two looks whether there is anybody yet who computes.
_LOOK_S = 2.0
# A worker that was lost has so long to come back; Dask's nanny starts another within seconds.
_ALONE_S = 60
# A piece of work is tried again so often where the process that computes it ended, as when a machine is being stopped.
_TRIES = 3
# What a chunk of pages is to take, in seconds of a processor, and what all take for which it is worth to send them.
_CHUNK_S, _WORTH_S = 0.5, 1.0
# About what a page takes, in seconds a megabyte, measured over the newest page of each address; of another form as the slowest.
_S_A_MB = {
    "csv": 0.15,
    "dat": 0.5,
    "dsv": 0.15,
    "xlsx": 3.0,
    "json": 0.1,
    "tar.gz": 1.5,
    "tsv": 0.25,
    "yaml": 0.7,
    "zip": 0.8,
    "javascript": 0.7,
    "html": 1.4,
    "markdown": 1.1,
}


_ALONE = f"it has had no worker for {_ALONE_S} s"


class ClusterError(UserError):
    """The scheduler cannot be reached, or its workers cannot or may not compute this; the message says what to do."""


def _package(error: Exception) -> str:
    """What is told of a worker that cannot load this package."""
    return f"the package itself (there: {error})"


def address() -> str | None:
    """The scheduler that is asked for, if one is."""
    return os.environ.get(VARIABLE, "").strip() or None


def check() -> None:
    """Find out whether the scheduler that is asked for has workers that may compute; nothing, where none is asked for.

    Raises:
        ClusterError: it has none.
    """
    with asked_for():
        pass


@contextmanager
def asked_for() -> Iterator[Cluster | None]:
    """The cluster that COMPUTE_LIMITS_DASK names, for as long as the context; None where it names none.

    Raises:
        ClusterError: Dask is not installed, no scheduler answers there, it has no workers, or one of them differs from here.
    """
    named = address()
    if named is None:
        yield None
        return
    with _client(named) as client:
        cluster = Cluster(client, named)
        cluster.require_equal_workers()
        yield cluster
        cluster.let_rest()


@contextmanager
def _client(named: str) -> Iterator[Client]:
    try:
        from distributed import Client
        from distributed.comm import get_address_host_port
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"{error.name} is not installed, which computing on Dask's scheduler {named} needs: `pip install "
            "'compute-limits[dask]'`, or leave --dask and COMPUTE_LIMITS_DASK out"
        ) from error
    try:
        # A client that is given no address takes ten seconds to end.
        get_address_host_port(named, strict=True)
        client = Client(named, timeout=_CONNECT_S, set_as_default=False, name="compute-limits")
    except (OSError, ValueError) as error:
        # An address that is none is a ValueError, and a time that ran out an OSError.
        reason = str(error).partition("\n")[0]
        raise ClusterError(
            f"no Dask scheduler answers at {named} ({reason}); start one with `dask scheduler`, name its address, as "
            "tcp://host:8786, or leave --dask and COMPUTE_LIMITS_DASK out to compute on this machine"
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=_CONNECT_S)


class _Pending(Generic[_T]):
    """A result that workers are computing."""

    def __init__(self, cluster: Cluster, future: Future) -> None:
        self._cluster, self._future = cluster, future

    def result(self) -> _T:
        """The result, as soon as it is there.

        Raises:
            ClusterError: nobody computes it any more, or whoever did may not.
            Exception: what computing it raised, with where it did.
        """
        ended: SimpleQueue[Future] = SimpleQueue()
        self._future.add_done_callback(ended.put)
        self._cluster.wait(ended)
        opened: _T = self._cluster.opened(self._future)
        return opened


class Cluster:
    """A scheduler and its workers, for one run."""

    # Processors of this machine: workers are of others, and where some are of this one nobody says so.
    busy = 0

    def __init__(self, client: Client, named: str) -> None:
        self._client, self._named = client, named

    def require_equal_workers(self) -> None:
        """Have each worker say what it is made of, and refuse those that could give other figures.

        Raises:
            ClusterError: there is no worker, or one that differs from this process.
        """
        said: dict[str, Any] = self._client.run(on_workers.made_of, on_error="return")
        # One that has just been lost does not answer, and computes nothing either.
        said = {worker: one for worker, one in said.items() if not isinstance(one, OSError)}
        if not said:
            raise ClusterError(
                f"the Dask scheduler at {self._named} has no worker; start some on machines where compute-limits is "
                f"installed, with `dask worker {self._named} --nthreads 1 --nworkers -1`"
            )
        here = on_workers.made_of()
        for worker, one in sorted(said.items()):
            if isinstance(one, Exception):
                raise self._refused(worker, [_package(one)])
            if differing := on_workers.differences(one, here):
                raise self._refused(worker, differing)

    def _refused(self, worker: str, differing: Sequence[str]) -> ClusterError:
        return ClusterError(
            f"the worker {worker} of the Dask scheduler at {self._named} could give other figures than this machine, for it "
            f"differs in {', '.join(differing)}; nothing was sent: install the same there and start it "
            "anew, or stop it"
        )

    def let_rest(self) -> None:
        """End the processes that workers keep for the next piece of work."""
        # All is computed: who is gone by now is not missed, and has no processes left.
        with suppress(OSError):
            self._client.run(on_workers.rest, on_error="ignore")

    def _sent(self, kind: str, *given: Any) -> Future:
        # As bytes, which Dask does not look into; with the first work first, for it is the longest.
        body = pickle.dumps(given, pickle.HIGHEST_PROTOCOL)
        return self._client.submit(on_workers.answer, on_workers.made_of(), kind, body, pure=False, retries=_TRIES - 1)

    def wait(self, ended: SimpleQueue[Future]) -> Future:
        """The next future that is done.

        Raises:
            ClusterError: the scheduler does not answer any more, or has had no worker for a minute.
        """
        alone_since: float | None = None
        while True:
            try:
                return ended.get(timeout=_LOOK_S)
            except Empty:
                pass  # a look, then on
            try:
                alone_since = None if self._client.nthreads() else alone_since or time.monotonic()
            except OSError as error:
                raise self._lost(f"the connection broke off ({error})") from error
            if alone_since is not None and time.monotonic() - alone_since > _ALONE_S:
                raise self._lost(_ALONE)

    def _lost(self, why: str) -> ClusterError:
        return ClusterError(
            f"the Dask scheduler at {self._named} does not compute what was sent: {why}; nothing is published, and what "
            "was published before stands"
        )

    def opened(self, future: Future) -> Any:
        """What a future that is done has.

        Raises:
            ClusterError: it was lost, or a worker that may not compute it had it.
            Exception: what computing it raised.
        """
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        from flows.warehouse.connection import BuildError

        try:
            told = self._gathered(future)
        except KilledWorker as error:
            many = error.allowed_failures + 1
            raise self._lost(
                f"{many} workers ended while they had the same piece of it; is there memory enough?"
            ) from error
        except (FutureCancelledError, OSError) as error:
            raise self._lost(str(error).partition("\n")[0]) from error
        except (ClusterError, BuildError):
            raise
        except Exception as error:
            # Of a worker that could not load what it was to call.
            raise self._refused("that joined later", [_package(error)]) from error
        result, failure, differing = pickle.loads(told)  # noqa: S301  # of a worker that is made of what this process is
        if differing:
            raise self._refused("that joined later", differing)
        if failure is not None:
            raise failure
        return result

    def _gathered(self, future: Future) -> bytes:
        """The bytes of a future that is done. A worker that had them may be lost meanwhile: then another computes them anew."""
        while True:
            try:
                return bytes(future.result(timeout=_ALONE_S))
            except TimeoutError:
                if not self._client.nthreads():
                    raise self._lost(_ALONE) from None

    # --- what is computed there

    def submit(self, works: Sequence[Work], grounds: Grounds) -> _Pending[dict[str, pa.Table]]:
        """Have sets of points fitted: what `flows.analysis.fitters.Fitters` does with processes of this machine."""
        return _Pending(self, self._sent("fit", tuple(works), grounds))

    def finish(self) -> None:
        """Nothing more is to be fitted; the connection stays."""

    def join_in(self) -> None:
        """Nothing is fitted here: all of it is sent already, and who has a cluster has more processors there."""

    def parsed(self, pages: Sequence[Unread]) -> dict[tuple[str, str, str], Gathered]:
        """{(source, page, SHA-256): its rows} of pages that can be read, if there are so many that it is worth to send them."""
        from flows.pages.limited import bare

        effort = [one.path.stat().st_size / 1e6 * _S_A_MB.get(one.page.content, max(_S_A_MB.values())) for one in pages]
        if sum(effort) < _WORTH_S:
            return {}
        chunks = batches(range(len(pages)), effort, max(1, int(sum(effort) / _CHUNK_S)))
        pending: list[_Pending[list[Gathered | None]]] = []
        for chunk in chunks:
            sent = [
                (one.path.read_bytes(), *bare(one.source, one.page), one.sha256) for one in (pages[at] for at in chunk)
            ]
            pending.append(_Pending(self, self._sent("parse", sent)))
        found: dict[tuple[str, str, str], Gathered] = {}
        for chunk, answer in zip(chunks, pending, strict=True):
            for at, rows in zip(chunk, answer.result(), strict=True):
                if rows is not None:
                    found[pages[at].source.key, pages[at].page.name, pages[at].sha256] = rows
        return found

    def simulated(self, chunks: Sequence[Sequence[Cell]]) -> Iterator[tuple[Sequence[Cell], Sequence[Row]]]:
        """The rows of each chunk of cells, as they come."""
        ended: SimpleQueue[Future] = SimpleQueue()
        chunk_of = {}
        for chunk in chunks:
            future = self._sent("simulate", tuple(chunk))
            chunk_of[future.key] = chunk
            future.add_done_callback(ended.put)
        for _ in chunks:
            future = self.wait(ended)
            yield chunk_of[future.key], self.opened(future)
