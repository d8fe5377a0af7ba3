"""A process beside this one that draws half of the figures: each takes a tenth of a second for a file, and none the other's."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from subprocess import Popen

from flows import children
from flows.publish.figures import canvas
from flows.publish.figures.picture import Picture

Sheets = Sequence[tuple[Picture, str]]
Drawings = dict[tuple[str, str], dict[str, bytes]]
# Fewer are drawn before another process has begun; of most figures there are two.
SHEETS_MIN = 6


@contextmanager
def helper(*, is_worth_it: bool = True) -> Iterator[Popen[bytes] | None]:
    """The other process, which makes ready while this one reads the warehouse; None where there is no second processor."""
    if not is_worth_it or children.processors() < 2:
        yield None
        return
    # It is killed, and who is killed removes nothing.
    with tempfile.TemporaryDirectory(prefix="compute-limits-drawer-") as folder:
        process = children.start("flows.publish.figures.drawer", folder)
        try:
            yield process
        finally:
            children.end(process)


def draw(sheets: Sheets, formats: Sequence[str], other: Popen[bytes] | None = None) -> Drawings:
    """{(name, size): {format: bytes}} of the sheets, every second one drawn by the other process."""
    if other is None or len(sheets) < SHEETS_MIN:
        return drawn(sheets, formats)
    mine, theirs = sheets[::2], sheets[1::2]
    hand(theirs, formats, other)
    return drawn(mine, formats) | taken(theirs, formats, other)


def hand(sheets: Sheets, formats: Sequence[str], other: Popen[bytes] | None) -> None:
    """Give sheets to the other process, which draws them while this one does something else; `taken` has them."""
    # One that ended early is noticed when its answer is read.
    with suppress(BrokenPipeError):
        if other is not None and other.stdin is not None:
            pickle.dump((sheets, formats), other.stdin)
            other.stdin.close()


def taken(sheets: Sheets, formats: Sequence[str], other: Popen[bytes] | None) -> Drawings:
    """What `hand` gave away, drawn; by this process where there is no other, or it ended before its time."""
    return (other and _answer(other)) or drawn(sheets, formats)


def drawn(sheets: Sheets, formats: Sequence[str]) -> Drawings:
    """The sheets, drawn by this process."""
    with canvas.drawing():
        return {
            (picture.name, size): {form: canvas.rendered(sheet, picture, form) for form in formats}
            for picture, size in sheets
            for sheet in [canvas.draw(picture, size)]
        }


def _answer(other: Popen[bytes]) -> Drawings | None:
    """What the other process drew; None where it ended before that."""
    with suppress(EOFError, pickle.UnpicklingError):
        if other.stdout is not None:
            drawings: Drawings = pickle.load(other.stdout)  # noqa: S301  # of a process of our own
            return drawings
    return None
