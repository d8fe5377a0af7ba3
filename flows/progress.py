"""Progress on the terminal; nothing where the output is piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


def _console() -> Console:
    # Progress goes to standard error, so that standard output can be piped.
    return Console(stderr=True)


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """A bar of `total` things; the function that it gives names the one that is done."""
    console = _console()
    if not console.is_terminal:
        yield lambda _: None
        return
    # Not with the module: where nothing is shown none of it is needed.
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[last]}"),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(what, total=total, last="")
        yield lambda name: shown.update(task, advance=1, last=name)


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """A line that says which step is under way; the function that it gives names the next."""
    console = _console()
    if not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("", total=None)
        yield lambda name: shown.update(task, description=name)
