"""Small plots: one scale for all, the lowest error ringed, nothing outside of the frame."""

from __future__ import annotations

import math

from lxml import etree

from flows.publish.report.sparklines import Curve, sparkline

FLAT = Curve([18.0, 20.0], [-0.5, -0.7], [-0.6, -0.8], [-0.4, -0.6])


def drawn(points: list[tuple[float, float]], curve: Curve | None = FLAT) -> etree._Element:
    return etree.fromstring(str(sparkline(points, curve, "a <label>")).replace("\u202f", " "))


def line(svg: etree._Element) -> list[float]:
    (path,) = svg.xpath("//*[@class='line']/@d")
    return [float(one) for one in path[1:].replace("L", " ").split()]


def test_slopes_compare_wherever_the_points_lie() -> None:
    here, there = (line(drawn([(x, 0.3), (x + 2, 0.2)])) for x in (18.0, 19.0))
    assert [round(here[2] - here[0], 1), round(here[3] - here[1], 1)] == [
        round(there[2] - there[0], 1),
        round(there[3] - there[1], 1),
    ]
    assert round((here[2] - here[0]) / 2, 1) == 20.0  # two decades of computation


def test_the_lowest_error_is_ringed() -> None:
    svg = drawn([(18.0, 0.3), (20.0, 0.1), (21.0, 0.2)])
    (best,) = svg.xpath("//*[@class='best']")
    dots = sorted(svg.xpath("//*[@class='dot']"), key=lambda dot: float(dot.get("cy")))
    assert (best.get("cx"), best.get("cy")) == (dots[-1].get("cx"), dots[-1].get("cy"))


def test_a_band_stays_in_the_frame_and_a_label_is_text() -> None:
    steep = Curve([18.0, 21.0], [-0.2, -1.6], [-0.9, -3.0], [0.4, -0.6])
    svg = drawn([(18.0, 0.6), (21.0, 0.03)], steep)
    (band,) = svg.xpath("//*[@class='band']/@d")
    heights = [float(pair.split()[1]) for pair in band.strip("MZ").split("L")]
    assert all(0 <= height <= 112 for height in heights)
    assert svg.get("aria-label") == "a <label>"
    assert math.isfinite(float(svg.xpath("//*[@class='best']/@cx")[0]))


def test_a_line_without_a_band() -> None:
    svg = drawn([(18.0, 0.3), (20.0, 0.1)], Curve(FLAT.x, FLAT.error, [None, None], [None, None]))
    assert svg.xpath("//*[@class='line']")
    assert not svg.xpath("//*[@class='band']")


def test_points_without_a_line() -> None:
    assert not drawn([(18.0, 0.3), (20.0, 0.1)], None).xpath("//*[@class='line']")
