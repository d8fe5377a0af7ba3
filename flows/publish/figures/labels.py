"""Labels at points, placed where they cover nothing: no other label, no line, no frame, as few points as can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from flows.publish.figures import canvas, style, texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Box(NamedTuple):
    """A rectangle in points."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: Box) -> bool:
        """Whether the two have a part in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def holds(self, x: float, y: float) -> bool:
        """Whether a place is in it."""
        return self.left < x < self.right and self.bottom < y < self.top


class Label(NamedTuple):
    """What is to stand at a point, in units of the axes."""

    x: float
    y: float
    text: str


# Where a label may stand: its direction from the point and how far, those that read best first.
_DIRECTIONS = ((1, 0), (1, 1), (1, -1), (-1, 0), (-1, 1), (-1, -1), (0, 1), (0, -1))
_DISTANCES_PT = (4.5, 7.5, 12.0)
_LINE_STEP_PT = 2.0
_PAD_PT = 1.5
_POINT_PT = 2.5  # about the radius of a point, and some room
_NAME_STEP = 6  # steps of a line between places where its name is tried


def place(
    ax: Axes,
    wanted: Sequence[Label],
    *,
    points: Sequence[tuple[float, float]] = (),
    lines: Sequence[Sequence[tuple[float, float]]] = (),
    taken: Sequence[Box] = (),
    size: float = style.SMALL_PT,
    color: str = style.INK,
) -> list[Box]:
    """Write the labels, in their order; one that would cover a line or another label is left out. Returns where they stand.

    `points` and `lines` are in units of the axes, `taken` in points of the sheet.
    """
    sheet = _sheet(ax, points, lines)
    placed = list(taken)
    for label in wanted:
        box = _best(sheet, [ax.transData.transform((label.x, label.y))], label.text, size, placed)
        if box:
            placed.append(_padded(box))
            _write(ax, box, label.text, size, color)
    return placed[len(taken) :]


def along(
    ax: Axes,
    run: Sequence[tuple[float, float]],
    text: str,
    *,
    points: Sequence[tuple[float, float]] = (),
    lines: Sequence[Sequence[tuple[float, float]]] = (),
    taken: Sequence[Box] = (),
    size: float = style.TEXT_PT,
    color: str = style.INK,
    bold: bool = False,
) -> list[Box]:
    """Write the name of a line where there is most room beside it, from its end backwards; nothing where there is none."""
    spots = _along(ax, run)[:: -_NAME_STEP]
    box = _best(_sheet(ax, points, [*lines, run]), spots, text, size, taken, bold=bold)
    if box:
        _write(ax, box, text, size, color, bold=bold)
    return [_padded(box)] if box else []


class _Sheet(NamedTuple):
    """What labels keep clear of: the frame that they stay in, points, and places along lines."""

    frame: Box
    points: list[tuple[float, float]]
    lines: list[tuple[float, float]]


def _sheet(ax: Axes, points: Sequence[tuple[float, float]], lines: Sequence[Sequence[tuple[float, float]]]) -> _Sheet:
    spots = [(float(x), float(y)) for x, y in ax.transData.transform(points)] if len(points) else []
    return _Sheet(Box(*ax.get_window_extent().extents), spots, [at for line in lines for at in _along(ax, line)])


def _best(
    sheet: _Sheet,
    spots: Sequence[tuple[float, float]],
    text: str,
    size: float,
    placed: Sequence[Box],
    *,
    bold: bool = False,
) -> Box | None:
    """The place beside one of the spots that covers fewest points, the first of equals; None where all cover more than that."""
    width, height = canvas.extent(text, size, bold=bold)
    best, least = None, len(sheet.points) + 1
    for x, y in spots:
        for far in _DISTANCES_PT:
            for direction in _DIRECTIONS:
                box = _beside(x, y, direction, far, width, height)
                if _is_free(_padded(box), sheet.frame, placed, sheet.lines):
                    covered = sum(_padded(box, _POINT_PT).holds(*spot) for spot in sheet.points)
                    best, least = (box, covered) if covered < least else (best, least)
    return best


def _write(ax: Axes, box: Box, text: str, size: float, color: str, *, bold: bool = False) -> None:
    ax.annotate(
        texts.for_math(text), (box.left, box.bottom), xycoords="figure points", size=size, color=color,
        va="bottom", weight="semibold" if bold else "normal", zorder=6,
    )  # fmt: skip


def _is_free(box: Box, frame: Box, placed: Sequence[Box], runs: Sequence[tuple[float, float]]) -> bool:
    inside = frame.left <= box.left and box.right <= frame.right and frame.bottom <= box.bottom and box.top <= frame.top
    return inside and not any(box.meets(other) for other in placed) and not any(box.holds(*at) for at in runs)


def _padded(box: Box, by: float = _PAD_PT) -> Box:
    return Box(box.left - by, box.bottom - by, box.right + by, box.top + by)


def _beside(x: float, y: float, direction: tuple[int, int], far: float, width: float, height: float) -> Box:
    across, up = direction
    # At a corner the distance is along both ways.
    step = far * (0.72 if across and up else 1)
    left = {1: x + step, 0: x - width / 2, -1: x - step - width}[across]
    bottom = {1: y + step * 0.6, 0: y - height / 2, -1: y - step * 0.6 - height}[up]
    return Box(left, bottom, left + width, bottom + height)


def _along(ax: Axes, line: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Places on a line so near to each other that no label slips between them."""
    import numpy as np

    at = ax.transData.transform(np.asarray(line, dtype=float))
    found = []
    for (x0, y0), (x1, y1) in zip(at[:-1], at[1:], strict=True):
        steps = max(int(np.hypot(x1 - x0, y1 - y0) / _LINE_STEP_PT), 1)
        share = np.linspace(0, 1, steps + 1)
        found += list(zip(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, strict=True))
    return found
