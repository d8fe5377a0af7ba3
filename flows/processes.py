"""The processes beside a build's own: one that runs expectations, and some that fit lines, or a cluster that does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from flows import children, cluster

if TYPE_CHECKING:
    import pyarrow as pa

    from flows.analysis.fitters import Answer, Fitters, Fitting
    from flows.cluster import Cluster
    from flows.warehouse.expectations import Suite
    from flows.warehouse.validator import Validator


# More than this wait for the one that makes the tables.
_FITTERS_MAX = 4


class Beside:
    """Each process is started when it is needed first, and ends with the context that gave this object.

    `cluster` is what parses pages and fits lines in place of processes here, where one is asked for.
    """

    def __init__(
        self, stack: ExitStack, suites: Callable[[], Mapping[str, Suite]], cluster: Cluster | None = None
    ) -> None:
        self._stack, self._suites, self.cluster = stack, suites, cluster
        self._fitters: Fitters | None = None

    @cached_property
    def suites(self) -> Mapping[str, Suite]:
        """What is expected of each table."""
        return self._suites()

    def fitters(self, many: int) -> Fitting | None:
        """What fits lines beside this process, where there is work for so `many`; None where this one does best by itself.

        Processes are one less than there is work for, and than there are processors, for this one joins in. Once started they
        stay until they are told that nothing more is submitted.
        """
        if self.cluster is not None:
            return self.cluster
        if self._fitters is None:
            others = min(many - 1, children.processors() - 1, _FITTERS_MAX)
            if others > 0:
                from flows.analysis.fitters import Fitters

                self._fitters = self._stack.enter_context(Fitters(others))
        return self._fitters

    def computed(self, function: Callable[[], dict[str, pa.Table]]) -> Answer | None:
        """What a function gives, which a process that fits computes while it has nothing to fit yet; None if none has started."""
        return None if self._fitters is None else self._fitters.compute(function)

    def start(self) -> None:
        """Have all of them begin with what they import."""
        self.fitters(_FITTERS_MAX + 1)
        _ = self.validator

    @cached_property
    def validator(self) -> Validator:
        """The process that runs expectations."""
        from flows.warehouse.validator import Validator

        return self._stack.enter_context(Validator(self.suites))


@contextmanager
def beside(suites: Callable[[], Mapping[str, Suite]], *, at_once: bool) -> Iterator[Beside]:
    """Processes for one build; `at_once` where nothing can be taken over: then all are needed, and start before anything is read.

    `suites` is called after those that fit have started: what it imports they import meanwhile.

    Raises:
        flows.cluster.ClusterError: a cluster is asked for that cannot compute.
    """
    with ExitStack() as stack:
        processes = Beside(stack, suites, stack.enter_context(cluster.asked_for()))
        if at_once:
            processes.start()
        yield processes
