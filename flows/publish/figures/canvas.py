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
_PNG_DPI, _PNG_LEVEL = 300, 4  # a tenth less time than at the usual level, for as small a file
# Of the face, in sizes of text: how far letters reach below and above the line, the height of capitals; of what is raised how
# large it is and by how much.
_DESCENT, _ASCENT, _CAPITAL, _RAISED, _RAISED_BY = 0.22, 0.75, 0.69, 0.7, 0.36
_KERN_MIN = 8  # thousandths of the size of text: what moves less is not seen
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
        """Text on a line at a place in points from the lower left corner of the sheet, as `put`."""
        put(self.figure, x, y, text, **look)


def put(
    figure: Any,
    x: float,
    y: float,
    text: str,
    *,
    size: float = style.SMALL_PT,
    color: str = style.INK,
    ha: str = "left",
    va: str = "baseline",
    bold: bool = False,
) -> None:
    """Text at a place in points of the sheet, with what stands in ^{} raised.

    matplotlib's own way to set powers knows neither thin spaces nor kerning, and took a third of the time of a figure.
    """
    width, height = figure.get_size_inches() * 72
    at = x - {"left": 0.0, "center": 0.5, "right": 1.0}[ha] * extent(text, size, bold=bold)[0]
    up = {"baseline": 0.0, "bottom": _DESCENT, "center": -_CAPITAL / 2, "top": -_ASCENT}[va] * size
    for piece, is_raised in _pieces(text):
        points = size * (_RAISED if is_raised else 1)
        base = y + up + (_RAISED_BY * size if is_raised else 0)
        figure.text(at / width, base / height, piece, size=points, color=color, weight="semibold" if bold else "normal")
        at += _width(piece, points, bold)


def _pieces(text: str) -> list[tuple[str, bool]]:
    """What a text is made of, and whether it is raised."""
    parts = re.split(r"\^\{([^}]*)\}", text)
    return [(part, at % 2 == 1) for at, part in enumerate(parts) if part]


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
        with subset.load_font(str(fontpkg_fira_sans.ROOT / "files" / name), options) as face:
            # Ligatures and alternates, which nothing here sets, cost most of the time.
            del face["GSUB"]
            cut = subset.Subsetter(options)
            cut.populate(text=style.LETTERS)
            cut.subset(face)
            _kern_by_pairs(face)
            made.append(str(Path(_folder().name) / name))
            subset.save_font(face, made[-1], options)
    return tuple(made)


def _kern_by_pairs(face: Any) -> None:
    """Move a face's kerning to the older table of pairs, which says the same and is cut for a file in a fifth of the time."""
    from fontTools.ttLib import newTable
    from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0

    pairs: dict[tuple[str, str], int] = {}
    for lookup in face["GPOS"].table.LookupList.Lookup:
        # The first subtable of classes that knows a letter has the say on all pairs that begin with it.
        settled: set[str] = set()
        for subtable in lookup.SubTable:
            table = getattr(subtable, "ExtSubTable", subtable)
            found = _by_pairs(table) if table.Format == 1 else _by_classes(table, face.getGlyphOrder(), settled)
            for pair, by in found:
                if pair[0] not in settled:
                    pairs.setdefault(pair, by)
            settled |= set(table.Coverage.glyphs) if table.Format == 2 else set()
    kept = KernTable_format_0(apple=False)
    kept.coverage, kept.kernTable = 1, {pair: by for pair, by in pairs.items() if abs(by) >= _KERN_MIN}
    face["kern"] = newTable("kern")
    face["kern"].version, face["kern"].kernTables = 0, [kept]
    del face["GPOS"]


def _by_pairs(table: Any) -> Iterator[tuple[tuple[str, str], int]]:
    """Pairs of glyphs and by how much the second moves, of a subtable of pairs."""
    for first, record in zip(table.Coverage.glyphs, table.PairSet, strict=True):
        for pair in record.PairValueRecord:
            yield (first, pair.SecondGlyph), getattr(pair.Value1, "XAdvance", 0)


def _by_classes(table: Any, glyphs: list[str], settled: set[str]) -> Iterator[tuple[tuple[str, str], int]]:
    """The same of a subtable of classes, without the pairs that begin with what is settled."""
    members: dict[int, list[str]] = {}
    for glyph in glyphs:
        members.setdefault(table.ClassDef2.classDefs.get(glyph, 0), []).append(glyph)
    for first in set(table.Coverage.glyphs) - settled:
        of_first = table.Class1Record[table.ClassDef1.classDefs.get(first, 0)].Class2Record
        for number, record in enumerate(of_first):
            if by := getattr(record.Value1, "XAdvance", 0):
                yield from (((first, second), by) for second in members.get(number, []))


def _settings() -> Any:
    return {
        "font.family": style.FONT,
        "font.size": style.TEXT_PT,
        "text.color": style.INK,
        # As it is measured: hinting moves letters to pixels.
        "text.hinting": "no_hinting",
        # A name may have a dollar in it.
        "text.parse_math": False,
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
    pieces = _pieces(text)
    width = sum(_width(piece, size * (_RAISED if is_raised else 1), bold) for piece, is_raised in pieces)
    top = _RAISED_BY + _RAISED * _ASCENT if any(is_raised for _, is_raised in pieces) else _ASCENT
    return width, (_DESCENT + top) * size


@cache
def _width(text: str, size: float, bold: bool) -> float:
    from matplotlib.textpath import text_to_path

    return float(text_to_path.get_text_width_height_descent(text, font(size, bold=bold), ismath=False)[0])


def wrapped(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """The text in as few lines as fit, and these about equally long, so that no word stands alone."""
    count = len(_filled(text, width, size, bold=bold))
    narrow = width
    while narrow > width * 0.5 and len(_filled(text, narrow * 0.97, size, bold=bold)) == count:
        narrow *= 0.97
    return _filled(text, narrow, size, bold=bold)


def _filled(text: str, width: float, size: float, *, bold: bool) -> list[str]:
    """By the words' own widths, which stay the same from line to line, so that each is measured once."""
    lines: list[str] = []
    left = 0.0
    gap = extent(" ", size, bold=bold)[0]
    for word in re.findall(r"(?:\S|[\u202f\u00a0])+", text):
        wide = extent(word, size, bold=bold)[0]
        if lines and gap + wide <= left:
            lines[-1] += f" {word}"
            left -= gap + wide
        else:
            lines.append(word)
            left = width - wide
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
            color = style.INK if bold else style.MUTED
            canvas.text(0, y + points * _DESCENT, line, size=points, color=color, bold=bold)
        y -= _BEFORE_SUBTITLE_PT
    picture.draw(canvas)
    return canvas


def rendered(canvas: Canvas, picture: Picture, form: str, *, ground: str | None = None) -> bytes:
    """The bytes of a file of the figure, in one of `FORMATS`; the same for the same figure. `ground`: a colour behind all."""
    file = io.BytesIO()
    told: dict[str, dict[str, Any]] = {
        "pdf": {
            **dict.fromkeys(("CreationDate", "Producer", "Creator")),
            "Title": texts.plain(picture.title),
            "Subject": picture.days,
        },
        "svg": {"Date": None},
        "png": {
            "Software": None,
            "Title": texts.plain(picture.title),
            "Description": picture.alt,
            "Comment": picture.days,
        },
    }
    look: dict[str, Any] = (
        {"dpi": _PNG_DPI, "pil_kwargs": {"compress_level": _PNG_LEVEL}} if form == "png" else {"dpi": 72}
    )
    canvas.figure.savefig(file, format=form, metadata=told[form], facecolor=ground or "none", **look)
    return _described(file.getvalue(), picture) if form == "svg" else file.getvalue()


def _described(svg: bytes, picture: Picture) -> bytes:
    """With title and description for who does not see it, and without the addresses that matplotlib writes at its head."""
    text = svg.decode()
    text = re.sub(r"<\?xml[^>]*>\n|<!DOCTYPE[^>]*>\n", "", text, count=2)
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, count=1, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    desc = " ".join(filter(None, (picture.alt, f"({picture.days})" if picture.days else "")))
    told = (
        f"<title>{escape(texts.plain(picture.title), quote=False)}</title>\n <desc>{escape(desc, quote=False)}</desc>"
    )
    return re.sub(r"(<svg [^>]*)>", rf'\1 role="img">\n {_literal(told)}', text, count=1).encode()


def _literal(text: str) -> str:
    return text.replace("\\", r"\\")
