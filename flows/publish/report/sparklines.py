"""Small plots of error against computation, drawn to one scale so that slopes compare, each at its own place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

# Equal in all: 20 px a decade of computation and 106 of error, so that nine decades and a factor of eight are seen.
_WIDTH, _HEIGHT, _FOOT = 200.0, 136.0, 24.0
_PX_OF_COMPUTATION, _PX_OF_ERROR = 20.0, 106.0
_TICKS = (0.8, 0.4, 0.2, 0.1, 0.05, 0.02)
_EVERY = 3  # powers of ten between two ticks of computation
_LABELS_RIGHT = 34.0


@dataclass(frozen=True)
class Curve:
    """A line with its band: n values of log10 of computation and of the error, its lower and its upper end (log10, or None)."""

    x: Sequence[float]
    error: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]


@dataclass(frozen=True)
class _Frame:
    """Where the plot lies: log10 of the computation at its left, and of the error at its top."""

    left: float
    top: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.left) * _PX_OF_COMPUTATION, (self.top - y) * _PX_OF_ERROR


def sparkline(points: Sequence[tuple[float, float]], curve: Curve | None, label: str) -> Markup:
    """An inline SVG of points (log10 of computation, error) and the line through them; the lowest error is ringed."""
    logs = [(x, math.log10(error)) for x, error in points]
    frame = _frame(logs)
    parts = [_grid(frame)]
    if curve is not None:
        parts.append(_band(frame, curve) + _line(frame, curve))
    best = min(logs, key=lambda point: (point[1], point[0]))
    parts += [_dot(frame, point, 1.9, "dot") for point in logs]
    parts.append(_dot(frame, best, 2.8, "best"))
    return Markup(  # noqa: S704 - made of numbers alone
        f'<svg class="spark" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="{{}}">{{}}</svg>'
    ).format(label, Markup("".join(parts)))  # noqa: S704


def _frame(logs: Sequence[tuple[float, float]]) -> _Frame:
    """The data in the middle, to the right of the labels."""
    xs, ys = [x for x, _ in logs], [y for _, y in logs]
    room = (_WIDTH - _LABELS_RIGHT) / _PX_OF_COMPUTATION
    left = (min(xs) + max(xs)) / 2 - room / 2 - _LABELS_RIGHT / _PX_OF_COMPUTATION
    top = (min(ys) + max(ys)) / 2 + (_HEIGHT - _FOOT) / _PX_OF_ERROR / 2
    return _Frame(left, top)


def _grid(frame: _Frame) -> str:
    drawn = []
    for tick in _TICKS:
        _, y = frame.at(0, math.log10(tick))
        if 12 <= y <= _HEIGHT - _FOOT - 8:
            drawn.append(
                f'<path class="grid" d="M0 {y:.1f}H{_WIDTH:g}"/><text x="0" y="{y - 4:.1f}">{tick * 100:g}\u202f%</text>'
            )
    foot = _HEIGHT - _FOOT
    drawn.append(f'<path class="tick" d="M0 {foot:g}H{_WIDTH:g}"/>')
    first = math.ceil(frame.left / _EVERY) * _EVERY
    for power in range(first, first + 20, _EVERY):
        x, _ = frame.at(power, 0)
        if 14 <= x <= _WIDTH - 16:
            drawn.append(
                f'<text x="{x:.1f}" y="{foot + 17:g}" text-anchor="middle">10<tspan dy="-5" font-size="9.5">{power}</tspan></text>'
            )
    return "".join(drawn)


def _dot(frame: _Frame, point: tuple[float, float], radius: float, kind: str) -> str:
    x, y = frame.at(*point)
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>'


def _line(frame: _Frame, curve: Curve) -> str:
    return f'<path class="line" d="M{_path(frame, curve.x, curve.error)}"/>'


def _band(frame: _Frame, curve: Curve) -> str:
    held = [
        (x, low, high)
        for x, low, high in zip(curve.x, curve.low, curve.high, strict=True)
        if low is not None and high is not None
    ]
    if not held:
        return ""
    there = _path(frame, [x for x, _, _ in held], [high for _, _, high in held])
    back = _path(frame, [x for x, _, _ in reversed(held)], [low for _, low, _ in reversed(held)])
    return f'<path class="band" d="M{there}L{back}Z"/>'


def _path(frame: _Frame, xs: Sequence[float], ys: Sequence[float]) -> str:
    """Points of a path, cut at the foot and the top of the frame."""
    inside = []
    for x, y in zip(xs, ys, strict=True):
        px, py = frame.at(x, y)
        inside.append(f"{px:.1f} {min(max(py, 0.0), _HEIGHT - _FOOT):.1f}")
    return "L".join(inside)
