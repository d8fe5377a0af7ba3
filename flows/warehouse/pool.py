"""Tables made side by side: each as soon as those are there that it reads, by one of several connections to a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from flows.children import processors
from flows.warehouse import connection
from flows.warehouse.sql_files import Node

if TYPE_CHECKING:
    from types import TracebackType

    import duckdb

# More than this wait for each other: what reads what is long rather than broad.
_CONNECTIONS_MAX = 2
# Between two interrupts.
_AGAIN_S = 0.02
_A_NODE = TypeVar("_A_NODE", bound=Node)
# What makes a table, by the connection that it is given.
Make = Callable[["duckdb.DuckDBPyConnection", _A_NODE], None]


class Pool:
    """Connections to the file of `con`, which is one of them, with a thread for each; of a large file `con` alone.

    What two large tables take at once would have to be written aside. `prepare` is called with each further connection.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, prepare: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
        self._con, self._prepare = con, prepare
        self._further: list[duckdb.DuckDBPyConnection] = []
        self._at_work: set[duckdb.DuckDBPyConnection] = set()
        self._is_broken_off = False
        self._closing = ExitStack()
        self.size = 1 if connection.is_large(con) else min(processors(), _CONNECTIONS_MAX)

    def __enter__(self) -> Self:
        with ExitStack() as closing:
            for _ in range(self.size - 1):
                further = connection.another(self._con)
                closing.callback(further.close)
                self._prepare(further)
                self._further.append(further)
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, raised_at: TracebackType | None
    ) -> None:
        self._closing.close()

    def run(
        self,
        nodes: Sequence[_A_NODE],
        make: Make[_A_NODE],
        at_most: int = _CONNECTIONS_MAX,
        *,
        besides: Sequence[_A_NODE] = (),
    ) -> list[_A_NODE]:
        """Make each table after those of them that it reads: one at a time in their order, else first what most wait for.

        So many `at_most` are made at a time. Where a connection would wait for another it makes one that is wanted `besides`;
        those that are not made are returned. Raises what `make` raises; what others are at is then broken off.
        """
        many = min(self.size, at_most)
        if many > 1:
            return self._run(nodes, make, many, besides)
        for node in nodes:
            make(self._con, node)
        return list(besides)

    def _run(
        self, nodes: Sequence[_A_NODE], make: Make[_A_NODE], many: int, besides: Sequence[_A_NODE]
    ) -> list[_A_NODE]:
        free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        for con in (self._con, *self._further):
            free.put(con)

        def made(node: _A_NODE) -> None:
            con = free.get()
            self._at_work.add(con)
            try:
                if not self._is_broken_off:
                    make(con, node)
                    # One that failed is in the middle of a transaction, and nobody is to have it.
                    free.put(con)
            finally:
                self._at_work.discard(con)

        order = _Order(nodes, besides)
        with self._threads() as threads:
            running: dict[Future[None], _A_NODE] = {}
            while running or order.is_active():
                while len(running) < many and (node := order.next()) is not None:
                    running[threads.submit(made, node)] = node
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    future.result()
                    order.done(running.pop(future))
        return order.left

    @contextmanager
    def _threads(self) -> Iterator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(self.size, "make tables") as threads:
            try:
                yield threads
            except BaseException:
                # A table cannot be made, or somebody wants an end: nobody waits for the others.
                self._break_off(threads)
                raise

    def _break_off(self, threads: ThreadPoolExecutor) -> None:
        """Interrupt until nobody is at anything: who is between two statements does not hear of it.

        A stop that comes meanwhile is raised at the end, for a connection that is busy cannot be closed.
        """
        try:
            self._is_broken_off = True
            threads.shutdown(wait=False, cancel_futures=True)
            while self._at_work:
                for con in (self._con, *self._further):
                    con.interrupt()
                time.sleep(_AGAIN_S)
        except BaseException:
            self._break_off(threads)
            raise


class _Order(Generic[_A_NODE]):
    """Which table is next: of those that have all that they read the one above which most stand one upon the other.

    One of the `besides` only where there is no other, and none when all others are made.
    """

    def __init__(self, nodes: Sequence[_A_NODE], besides: Sequence[_A_NODE]) -> None:
        self._nodes = {node.table: node for node in (*nodes, *besides)}
        self._unmade = {node.table for node in nodes}
        self._besides = {node.table: node for node in besides}
        reads = {node.table: [read for read in node.reads if read in self._nodes] for node in self._nodes.values()}
        above = dict.fromkeys(self._nodes, 0)
        for table in reversed(tuple(TopologicalSorter(reads).static_order())):
            for read in reads[table]:
                above[read] = max(above[read], above[table] + 1)
        self._ranks = {
            table: (table in self._besides, -many, place) for place, (table, many) in enumerate(above.items())
        }
        self._sorter = TopologicalSorter(reads)
        self._sorter.prepare()
        self._ready: list[tuple[tuple[bool, int, int], str]] = []

    @property
    def left(self) -> list[_A_NODE]:
        """Those of the `besides` that were not handed out, as they were given."""
        return list(self._besides.values())

    def is_active(self) -> bool:
        """Whether one is not made yet that is none of the `besides`."""
        return bool(self._unmade)

    def next(self) -> _A_NODE | None:
        """One that can be made now; None where all that are left wait for others."""
        for table in self._sorter.get_ready():
            heappush(self._ready, (self._ranks[table], table))
        if not self._ready or not self._unmade:
            return None
        table = heappop(self._ready)[1]
        self._besides.pop(table, None)
        return self._nodes[table]

    def done(self, node: _A_NODE) -> None:
        """One is made, and others may have all that they read."""
        self._unmade.discard(node.table)
        self._sorter.done(node.table)
