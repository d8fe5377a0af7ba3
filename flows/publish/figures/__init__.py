"""Figures for print: each as PDF, SVG and PNG at the width of a column and of a page, with the CSV behind it and an alt text.

One module a figure kind reads the warehouse and gives `Picture`s (`picture.py`); `canvas.py` has the sheet and the face,
`axes.py` and `labels.py` what plots have in common, `style.py` the colours and sizes, `texts.py` numbers in words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flows.answers import outputs, queries, rendering
from flows.errors import UserError, near
from flows.publish import days
from flows.publish.days import Days
from flows.publish.figures import (
    backtest,
    canvas,
    costs,
    domains,
    drawers,
    growth,
    hardware,
    leaderboards,
    scaling,
    scores,
    specification,
    style,
    targets,
    texts,
    theory,
    years,
)
from flows.publish.figures.picture import Picture

if TYPE_CHECKING:
    import duckdb

FORMATS = canvas.FORMATS
_IN_README = "scaling_imagenet"


class FigureError(UserError):
    """A figure that there is not; the message has the near names."""


def pictures(con: duckdb.DuckDBPyConnection) -> list[Picture]:
    """All figures that the warehouse gives, those of the brief first."""
    simulated, singles = (theory.observations, theory.computation), (growth.models, growth.imagenet)
    several = (
        domains.plots,
        scaling.plots,
        costs.plots,
        specification.curves,
        backtest.plots,
        years.plots,
    )
    listed = (targets.plots, hardware.plots, scores.plots, leaderboards.plots)
    both = days.days(con)
    of_theory = [picture for read in simulated for picture in (read(con),) if picture is not None]
    of_models = [picture for read in singles for picture in (read(con),) if picture is not None]
    of_models += [picture for read in several for picture in read(con)]
    of_lists = [picture for read in listed for picture in read(con)]
    # A simulation is of no models, and what pages list is there, whenever models were published.
    return [
        *(_dated(picture, both, "") for picture in of_theory),
        *(_dated(picture, both, both.limit()) for picture in of_models),
        *(_dated(picture, both, "") for picture in of_lists),
    ]


def _dated(picture: Picture, both: Days, limit: str) -> Picture:
    """The figure with both days in its rows and in what is told of it, and on its sheet the limit that its models have."""
    texts_of = both.texts()
    return replace(
        picture,
        subtitle=picture.subtitle + limit,
        columns=(*picture.columns, *days.COLUMNS),
        rows=[(*row, *texts_of) for row in picture.rows],
        days=both.sentence(),
    )


def drawn(
    con: duckdb.DuckDBPyConnection, names: Collection[str] | None = None, formats: Sequence[str] = FORMATS
) -> dict[str, bytes]:
    """{file name: its bytes}: of each figure `NAME_column` and `NAME_page` in each format, `NAME.csv` and `NAME.txt`.

    `NAME.txt` has the title, the subtitle, the alt text and the days, a paragraph each. `names`: those figures alone.

    Raises:
        FigureError: a name is of no figure.
    """
    with drawers.helper(is_worth_it=names is None or 2 * len(names) >= drawers.SHEETS_MIN) as other:
        shown = list(_chosen(pictures(con), names))
        sheets = [(picture, size) for picture in shown for size in picture.height_pt]
        drawings = drawers.draw(sheets, formats, other)
    files: dict[str, bytes] = {}
    for picture in shown:
        files[f"{picture.name}.csv"] = rendering.as_csv(picture.columns, picture.rows).encode()
        files[f"{picture.name}.txt"] = described(picture).encode()
        files |= {
            f"{picture.name}_{size}.{form}": drawings[picture.name, size][form]
            for size in picture.height_pt
            for form in formats
        }
    return files


def for_readme(path: Path, file: Path) -> None:
    """Write the figure that the README shows: SVG on white paper, for who reads it on a dark page.

    Raises:
        flows.answers.queries.QueryError: there is no warehouse, or it was built by another version.
        flows.answers.outputs.OutputError: the file cannot be written.
    """
    with queries.of_this_version(path), queries.connect(path) as con:
        picture = next(picture for picture in scaling.plots(con) if picture.name == _IN_README)
    with canvas.drawing():
        outputs.write(file, canvas.rendered(canvas.draw(picture, "page"), picture, "svg", ground=style.GROUND))


def described(picture: Picture) -> str:
    """Title, subtitle, alt text and days as plain text, a paragraph each."""
    told = (picture.title, picture.subtitle, picture.alt, f"{picture.days[:1].upper()}{picture.days[1:]}.")
    return "\n\n".join(texts.plain(text) for text in told) + "\n"


def _chosen(found: Sequence[Picture], names: Collection[str] | None) -> Iterable[Picture]:
    known = [picture.name for picture in found]
    for name in names or ():
        if name not in known:
            raise FigureError(f"no figure {name!r}; {near(name, known)}")
    return [picture for picture in found if names is None or picture.name in names]
