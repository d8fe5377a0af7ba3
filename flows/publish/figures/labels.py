"""Labels at points, placed where they cover nothing: no other label, no line, no frame, as few points as can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.publish.figures import canvas, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Places = NDArray[np.float64]


class Box(NamedTuple):
    """A rectangle in points."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: Box) -> bool:
        """Whether the two have a part in common."""
        return (
            self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top
        )

    def count(self, places: Places) -> int:
        """How many places are in it."""
        x, y = places[:, 0], places[:, 1]
        return int(np.count_nonzero((self.left < x) & (x < self.right) & (self.bottom < y) & (y < self.top)))


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
_LEAD_PT = 2.0
_PLACES, _EDGE_PT = 12, 3.0  # places tried along each side for what stands anywhere, and how far from the frame
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
    covered: int = 0,
    most: int | None = None,
) -> list[Box]:
    """Mark the points of the labels and write these, in their order; where one would cover a line or another label, neither.

    Nor where it would cover more points than `covered`; `most` labels are written. Returns where they stand. `points` and
    `lines` are in units of the axes, `taken` in points of the sheet.
    """
    sheet = _sheet(ax, points, lines)
    placed = list(taken)
    for label in wanted:
        if most is not None and len(placed) - len(taken) >= most:
            break
        x, y = (float(end) for end in ax.transData.transform((label.x, label.y)))
        box = _best(sheet, [(x, y)], canvas.extent(label.text, size), placed, covered)
        if box:
            placed.append(_padded(box))
            write(ax, box.left, box.bottom, label.text, size=size, color=color)
            ax.plot(label.x, label.y, "o", color=style.INK, markersize=style.LANDMARK_PT, markeredgewidth=0, zorder=5)
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
    below: str = "",
) -> list[Box]:
    """Write the name of a line where there is most room beside it, from its end backwards; nothing where there is none.

    `below` stands under the name, in small letters.
    """
    spots = [(float(x), float(y)) for x, y in _along(ax, run)[::-_NAME_STEP]]
    sizes = [canvas.extent(text, size), *([canvas.extent(below, style.SMALL_PT)] if below else [])]
    width, height = max(width for width, _ in sizes), sum(height for _, height in sizes) + _LEAD_PT * (len(sizes) - 1)
    box = _best(_sheet(ax, points, [*lines, run]), spots, (width, height), taken)
    if not box:
        return []
    write(ax, box.left, box.top - sizes[0][1], text, size=size, color=color)
    if below:
        write(ax, box.left, box.bottom, below, color=color)
    return [_padded(box)]


class _Sheet(NamedTuple):
    """What labels keep clear of: the frame that they stay in, points, and places along lines; places are (k, 2) arrays."""

    frame: Box
    points: Places
    lines: Places


def _sheet(ax: Axes, points: Sequence[tuple[float, float]], lines: Sequence[Sequence[tuple[float, float]]]) -> _Sheet:
    spots = ax.transData.transform(np.reshape(np.asarray(points, dtype=float), (-1, 2)))
    along_all = [_along(ax, line) for line in lines]
    return _Sheet(
        Box(*ax.get_window_extent().extents), spots, np.concatenate(along_all) if along_all else np.empty((0, 2))
    )


def _best(
    sheet: _Sheet,
    spots: Sequence[tuple[float, float]],
    size: tuple[float, float],
    placed: Sequence[Box],
    covered_most: int | None = None,
) -> Box | None:
    """The place beside one of the spots that covers fewest points, the first of equals; None where all cover too much."""
    width, height = size
    best, least = None, (len(sheet.points) if covered_most is None else covered_most) + 1
    for x, y in spots:
        for far in _DISTANCES_PT:
            for direction in _DIRECTIONS:
                box = _beside(x, y, direction, far, width, height)
                if _is_free(_padded(box), sheet.frame, placed, sheet.lines):
                    covered = _padded(box, _POINT_PT).count(sheet.points)
                    if not covered:
                        return box
                    best, least = (box, covered) if covered < least else (best, least)
    return best


def write(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    *,
    size: float = style.SMALL_PT,
    color: str = style.INK,
    ha: str = "left",
    va: str = "bottom",
    bold: bool = False,
) -> Box:
    """Write at a place in points of the sheet, and return what it covers."""
    canvas.put(ax.get_figure(), x, y, text, size=size, color=color, ha=ha, va=va, bold=bold)
    width, height = canvas.extent(text, size, bold=bold)
    left = {"left": x, "center": x - width / 2, "right": x - width}[ha]
    bottom = {"bottom": y, "top": y - height}.get(va, y - height / 2)
    return Box(left, bottom, left + width, bottom + height)


def _is_free(box: Box, frame: Box, placed: Sequence[Box], runs: Places) -> bool:
    inside = frame.left <= box.left and box.right <= frame.right and frame.bottom <= box.bottom and box.top <= frame.top
    return inside and not any(box.meets(other) for other in placed) and not box.count(runs)


def _padded(box: Box, by: float = _PAD_PT) -> Box:
    return Box(box.left - by, box.bottom - by, box.right + by, box.top + by)


def _beside(x: float, y: float, direction: tuple[int, int], far: float, width: float, height: float) -> Box:
    across, up = direction
    # At a corner the distance is along both ways.
    step = far * (0.72 if across and up else 1)
    left = {1: x + step, 0: x - width / 2, -1: x - step - width}[across]
    bottom = {1: y + step * 0.6, 0: y - height / 2, -1: y - step * 0.6 - height}[up]
    return Box(left, bottom, left + width, bottom + height)


def _along(ax: Axes, line: Sequence[tuple[float, float]]) -> Places:
    """Places on a line so near to each other that no label slips between them."""
    at = ax.transData.transform(np.asarray(line, dtype=float))
    far = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(at, axis=0).T))])
    steps = np.linspace(0, far[-1], max(int(far[-1] / _LINE_STEP_PT), 1) + 1)
    return np.column_stack([np.interp(steps, far, at[:, 0]), np.interp(steps, far, at[:, 1])])


def clear_left(
    ax: Axes, right: float, bottom: float, size: tuple[float, float], lines: Sequence[Sequence[tuple[float, float]]]
) -> Box:
    """The place at this height, as far right as may be, that no line runs through; `right` and `bottom` in points."""
    runs = _sheet(ax, (), lines).lines
    left_most = ax.get_window_extent().x0
    while True:
        box = Box(right - size[0], bottom, right, bottom + size[1])
        if box.left <= left_most or not _padded(box, _POINT_PT).count(runs):
            return box
        right -= _LINE_STEP_PT


def room(
    ax: Axes,
    width: float,
    height: float,
    *,
    points: Sequence[tuple[float, float]] = (),
    lines: Sequence[Sequence[tuple[float, float]]] = (),
    taken: Sequence[Box] = (),
) -> Box | None:
    """The emptiest place for something of this size in points, furthest left and then lowest; None where all is full."""
    sheet = _sheet(ax, points, lines)
    best, least = None, len(sheet.points) + 1
    for column in range(_PLACES + 1):
        for row in range(_PLACES + 1):
            left = (
                sheet.frame.left
                + _EDGE_PT
                + (sheet.frame.right - sheet.frame.left - width - 2 * _EDGE_PT) * column / _PLACES
            )
            bottom = (
                sheet.frame.bottom
                + _EDGE_PT
                + (sheet.frame.top - sheet.frame.bottom - height - 2 * _EDGE_PT) * row / _PLACES
            )
            box = Box(left, bottom, left + width, bottom + height)
            if _is_free(_padded(box), sheet.frame, taken, sheet.lines):
                covered = _padded(box, _POINT_PT).count(sheet.points)
                if not covered:
                    return box
                best, least = (box, covered) if covered < least else (best, least)
    return best
