"""A figure's sheet: one face, title and subtitle, the plot's place below, and the file that it becomes.

All is laid out in points, 72 to the inch, so that what is measured is what is printed.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.publish.figures import style, texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    from flows.publish.figures.picture import Picture

FORMATS = ("pdf", "svg", "png")
_PNG_DPI = 300
_AFTER_TITLE_PT = 7.0
_BEFORE_SUBTITLE_PT = 1.5


@dataclass(frozen=True)
class Canvas:
    """A sheet with its title, and the part of it that the plot may use: `width_pt` wide, `height_pt` high from the bottom."""

    figure: Figure
    size: str
    width_pt: float
    height_pt: float

    @property
    def is_wide(self) -> bool:
        """Whether it is as wide as a page."""
        return self.size == "page"

    def axes(self, left: float, bottom: float, right: float = 6.0, top: float = 2.0) -> Axes:
        """Axes of these margins in points, with a line on the left and one below."""
        return self.axes_at(left, bottom, self.width_pt - left - right, self.height_pt - bottom - top)

    def axes_at(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Axes at a place in points."""
        sheet = self.figure.get_size_inches() * 72
        ax = self.figure.add_axes((left / sheet[0], bottom / sheet[1], width / sheet[0], height / sheet[1]))
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        return ax

    def text(self, x: float, y: float, text: str, **look: Any) -> None:
        """Text at a place in points from the lower left corner of the sheet."""
        sheet = self.figure.get_size_inches() * 72
        self.figure.text(x / sheet[0], y / sheet[1], texts.for_math(text), **look)


@contextmanager
def drawing() -> Iterator[None]:
    """Within it matplotlib draws in our face and as we set it, whatever its user's settings are, and they come back."""
    import matplotlib
    from matplotlib import font_manager

    for name in faces():
        if all(entry.fname != name for entry in font_manager.fontManager.ttflist):
            font_manager.fontManager.addfont(name)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_settings())
        yield


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="compute-limits-faces-")


@cache
def faces() -> tuple[str, ...]:
    """The files of the face, regular and semibold, with the letters of `style.LETTERS`, kept while the process lives.

    A PDF embeds a part of each face that it sets. Of the whole face that took a second for each file.
    """
    import fontpkg_fira_sans
    from fontTools import subset

    made = []
    for name in (style.REGULAR, style.BOLD):
        options = subset.Options(
            layout_features=["kern"], name_IDs=["*"], hinting=False, recalc_timestamp=False, notdef_outline=True
        )
        face = subset.load_font(str(fontpkg_fira_sans.ROOT / "files" / name), options)
        # Ligatures and alternates, which nothing here sets, cost most of the time.
        del face["GSUB"]
        cut = subset.Subsetter(options)
        cut.populate(text=style.LETTERS)
        cut.subset(face)
        made.append(str(Path(_folder().name) / name))
        subset.save_font(face, made[-1], options)
    return tuple(made)


def _settings() -> Any:
    upright = {f"mathtext.{kind}": style.FONT for kind in ("rm", "it", "cal", "sf", "tt")}
    return {
        "font.family": style.FONT,
        "font.size": style.TEXT_PT,
        "mathtext.fontset": "custom",
        "mathtext.fallback": None,
        "mathtext.default": "regular",
        **upright,
        "mathtext.bf": f"{style.FONT}:semibold",
        "mathtext.bfit": f"{style.FONT}:semibold",
        "text.color": style.INK,
        # As it is measured: hinting moves letters to pixels.
        "text.hinting": "no_hinting",
        "axes.edgecolor": style.FRAME,
        "axes.linewidth": style.FRAME_PT,
        "axes.labelcolor": style.INK,
        "axes.labelsize": style.TEXT_PT,
        "axes.labelpad": 3.0,
        "axes.facecolor": "none",
        "axes.unicode_minus": True,
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "savefig.edgecolor": "none",
        "xtick.color": style.FRAME,
        "ytick.color": style.FRAME,
        "xtick.labelcolor": style.INK,
        "ytick.labelcolor": style.INK,
        "xtick.labelsize": style.TEXT_PT,
        "ytick.labelsize": style.TEXT_PT,
        "xtick.major.size": 3.0,
        "ytick.major.size": 3.0,
        "xtick.major.width": style.FRAME_PT,
        "ytick.major.width": style.FRAME_PT,
        "xtick.minor.size": 0.0,
        "ytick.minor.size": 0.0,
        "lines.linewidth": style.LINE_PT,
        "lines.solid_capstyle": "butt",
        "lines.dash_capstyle": "butt",
        "patch.linewidth": 0.0,
        # Embedded as TrueType: some publishers refuse the other kind (Type 3).
        "pdf.fonttype": 42,
        "svg.fonttype": "path",
        "svg.hashsalt": "compute-limits",
        "path.simplify": False,
    }


def font(size: float = style.TEXT_PT, *, bold: bool = False) -> FontProperties:
    """The face, for what measures text."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=style.FONT, size=size, weight="semibold" if bold else "normal")


def extent(text: str, size: float = style.TEXT_PT, *, bold: bool = False) -> tuple[float, float]:
    """Width and height of a line of text in points."""
    return _extent(texts.for_math(text), size, bold)


@cache
def _extent(text: str, size: float, bold: bool) -> tuple[float, float]:
    from matplotlib.textpath import text_to_path

    width, height, _ = text_to_path.get_text_width_height_descent(text, font(size, bold=bold), ismath="$" in text)
    return float(width), float(height)


def wrapped(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """The text in as few lines as fit, and these about equally long, so that no word stands alone."""
    count = len(_filled(text, width, size, bold=bold))
    narrow = width
    while narrow > width * 0.5 and len(_filled(text, narrow * 0.97, size, bold=bold)) == count:
        narrow *= 0.97
    return _filled(text, narrow, size, bold=bold)


def _filled(text: str, width: float, size: float, *, bold: bool) -> list[str]:
    lines: list[str] = []
    # A formula's spaces do not break.
    for piece in re.findall(r"(?:\$[^$]*\$|[^\s$]|[\u202f\u00a0])+", text):
        longer = f"{lines[-1]} {piece}" if lines else piece
        if lines and extent(longer, size, bold=bold)[0] <= width:
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines


def draw(picture: Picture, size: str) -> Canvas:
    """The figure, drawn at one width."""
    from matplotlib.figure import Figure

    width = style.WIDTHS_IN[size] * 72
    heads = [
        (wrapped(text, width - 1, points, bold=bold), points, bold)
        for text, points, bold in ((picture.title, style.TITLE_PT, True), (picture.subtitle, style.SMALL_PT, False))
        if text
    ]
    above = (
        sum(len(lines) * points * style.LEADING + _BEFORE_SUBTITLE_PT for lines, points, _ in heads) + _AFTER_TITLE_PT
    )
    height = picture.height_pt[size] + above
    canvas = Canvas(Figure(figsize=(width / 72, height / 72), dpi=72), size, width, picture.height_pt[size])
    y = height
    for lines, points, bold in heads:
        for line in lines:
            y -= points * style.LEADING
            look = {"weight": "semibold"} if bold else {"color": style.MUTED}
            canvas.text(0, y + points * 0.24, line, size=points, **look)
        y -= _BEFORE_SUBTITLE_PT
    picture.draw(canvas)
    return canvas


def rendered(canvas: Canvas, picture: Picture, form: str, *, ground: str | None = None) -> bytes:
    """The bytes of a file of the figure, in one of `FORMATS`; the same for the same figure. `ground`: a colour behind all."""
    file = io.BytesIO()
    told: dict[str, dict[str, Any]] = {
        "pdf": {"CreationDate": None, "Producer": None, "Creator": None, "Title": texts.plain(picture.title)},
        "svg": {"Date": None},
        "png": {"Software": None, "Title": texts.plain(picture.title), "Description": picture.alt},
    }
    canvas.figure.savefig(
        file, format=form, dpi=_PNG_DPI if form == "png" else 72, metadata=told[form], facecolor=ground or "none"
    )
    return _described(file.getvalue(), picture) if form == "svg" else file.getvalue()


def _described(svg: bytes, picture: Picture) -> bytes:
    """With title and description for who does not see it, and without the addresses that matplotlib writes at its head."""
    text = svg.decode()
    text = re.sub(r"<!DOCTYPE[^>]*>\n", "", text, count=1)
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, count=1, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    told = f"<title>{escape(texts.plain(picture.title))}</title>\n <desc>{escape(picture.alt)}</desc>"
    return re.sub(r"(<svg [^>]*)>", rf'\1 role="img">\n {_literal(told)}', text, count=1).encode()


def _literal(text: str) -> str:
    return text.replace("\\", r"\\")
