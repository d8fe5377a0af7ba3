"""Labels cover nothing: checked by what is drawn, pixel boxes of matplotlib's own, and not by the boxes that placed them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from flows.publish.figures import canvas, labels


@pytest.fixture
def ax() -> Iterator[Axes]:
    with canvas.drawing():
        sheet = canvas.Canvas(Figure(figsize=(3.3, 2.5), dpi=72), "column", 237.6, 180)
        made = sheet.axes(30, 30)
        made.set_xlim(0, 10)
        made.set_ylim(0, 10)
        yield made


def boxes(ax: Axes) -> list[tuple[float, float, float, float]]:
    figure = ax.get_figure()
    renderer = FigureCanvasAgg(figure).get_renderer()
    return [text.get_window_extent(renderer).extents for text in figure.texts]


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_labels_keep_clear_of_each_other_of_lines_and_of_the_frame(ax: Axes) -> None:
    points = [(5 + 0.3 * np.cos(k), 5 + 0.3 * np.sin(k)) for k in range(4)] + [(9.9, 9.9), (0.1, 0.1)]
    line = [(0.0, 10.0), (10.0, 0.0)]
    wanted = [labels.Label(x, y, f"Label {k}") for k, (x, y) in enumerate(points)]
    placed = labels.place(ax, wanted, points=points, lines=[line], covered=len(points))
    drawn = boxes(ax)
    assert 2 <= len(placed) == len(drawn)
    assert not [1 for k, one in enumerate(drawn) for other in drawn[:k] if overlap(one, other)]
    along = ax.transData.transform([(x, 10 - x) for x in np.linspace(0, 10, 500)])
    assert not [1 for box in drawn for x, y in along if box[0] < x < box[2] and box[1] < y < box[3]]
    frame = ax.get_window_extent().extents
    # What is left free above and below letters may lie beyond the frame, letters may not.
    assert all(box[0] >= frame[0] and box[2] <= frame[2] and box[1] >= frame[1] - 2 for box in drawn)


def test_a_label_that_would_cover_a_point_is_left_out_and_its_point_not_marked(ax: Axes) -> None:
    crowd = [(x / 10, y / 10) for x in range(0, 100, 2) for y in range(0, 100, 2)]
    assert labels.place(ax, [labels.Label(5, 5, "known")], points=crowd) == []
    assert (list(ax.get_figure().texts), list(ax.lines)) == ([], [])
    assert labels.place(ax, [labels.Label(5, 5, "known")], points=[]) != []


def test_the_first_ones_are_written_and_no_more_than_asked_for(ax: Axes) -> None:
    wanted = [labels.Label(5, y, f"L{y}") for y in range(1, 10)]
    assert len(labels.place(ax, wanted, most=3)) == 3
    assert [text.get_text() for text in ax.get_figure().texts] == ["L1", "L2", "L3"]


def test_a_name_stands_beside_its_line_with_what_is_told_below(ax: Axes) -> None:
    line = [(0.0, 2.0), (10.0, 4.0)]
    assert labels.along(ax, line, "polynomial", below="5 % at 10^{27.1}")
    assert [text.get_text() for text in ax.get_figure().texts] == ["polynomial", "5 % at 10", "27.1"]
    at = ax.transData.transform([(x, 2 + x / 5) for x in np.linspace(0, 10, 500)])
    assert not [1 for box in boxes(ax) for x, y in at if box[0] < x < box[2] and box[1] + 2 < y < box[3] - 2]


def test_room_is_found_where_nothing_is(ax: Axes) -> None:
    crowd = [(x / 10, y / 10) for x in range(60) for y in range(100)]
    box = labels.room(ax, 50, 30, points=crowd)
    assert box
    assert box.left >= ax.transData.transform((5.9, 0))[0]
    assert labels.room(ax, 500, 30) is None
