"""The processes beside a build's own: one that runs expectations, and some that fit lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.warehouse.expectations import Suite
    from flows.warehouse.kept import Kept
    from flows.warehouse.validator import Validator


class Beside:
    """Each process is started when it is needed first, and ends with the context that gave this object."""

    def __init__(self, stack: ExitStack, suites: Mapping[str, Suite]) -> None:
        self._stack, self.suites = stack, suites

    @cached_property
    def fits(self) -> ProcessPoolExecutor:
        """Processes that fit lines; they start at once, and import what they need while the build reads pages."""
        from flows.analysis import computed

        return self._stack.enter_context(computed.processes())

    @cached_property
    def validator(self) -> Validator:
        """The process that runs expectations."""
        from flows.warehouse.validator import Validator

        return self._stack.enter_context(Validator(self.suites))


@contextmanager
def beside(published: Kept, suites: Mapping[str, Suite]) -> Iterator[Beside]:
    """Processes for one build; where nothing can be taken over all are needed, and start before anything is read."""
    with ExitStack() as stack:
        processes = Beside(stack, suites)
        if published.is_empty:
            _ = processes.validator, processes.fits
        yield processes
