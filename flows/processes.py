"""The processes beside a build's own: one that runs expectations, and some that fit lines."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.analysis.fitters import Fitters
    from flows.warehouse.expectations import Suite
    from flows.warehouse.kept import Kept
    from flows.warehouse.validator import Validator


# More than this wait for the one that makes the tables.
_FITTERS_MAX = 4


class Beside:
    """Each process is started when it is needed first, and ends with the context that gave this object."""

    def __init__(self, stack: ExitStack, suites: Mapping[str, Suite]) -> None:
        self._stack, self.suites = stack, suites

    @cached_property
    def fitters(self) -> Fitters:
        """Processes that fit lines, one a processor; they import what they need while the build reads pages."""
        from flows.analysis.fitters import Fitters

        return self._stack.enter_context(Fitters(min(len(os.sched_getaffinity(0)), _FITTERS_MAX)))

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
            _ = processes.validator, processes.fitters
        yield processes
