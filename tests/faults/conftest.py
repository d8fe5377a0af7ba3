"""What a simulation met of the faults that it drew, said at the end: a kind that is never met tests nothing."""

from __future__ import annotations

from collections import Counter

import pytest


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say of each kind of fault how often it was met, of how often it was drawn."""
    reports = [one for one in terminalreporter.getreports("passed") if one.when == "call"]
    told = [(str(kind), how) for one in reports for how, kind in one.user_properties if how in ("met", "not met")]
    drawn, met = Counter(kind for kind, _ in told), Counter(kind for kind, how in told if how == "met")
    if drawn:
        terminalreporter.section("faults that were met, of those drawn")
        for kind, times in sorted(drawn.items()):
            terminalreporter.line(f"{kind}: {met[kind]} of {times}")
