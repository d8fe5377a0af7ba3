"""All pages of the report, rendered and written: byte-equal for an equal warehouse."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from flows import __version__
from flows.answers import outputs, queries, rendering
from flows.publish import bibliography, figures, folders, formats
from flows.publish.figures import drawers
from flows.publish.figures.picture import Picture
from flows.publish.report import (
    benchmarks,
    cost_explorer,
    dictionary,
    efficiency,
    growth,
    hardware,
    leaderboards,
    moves,
    overview,
    past_forecasts,
    quality,
    scores,
    theory,
    tracing,
    wording,
)
from flows.publish.report.page import Page, Row, one, stem

if TYPE_CHECKING:
    import duckdb

_NAV = (
    ("index.html", "Overview", "overview"),
    ("domains.html", "Domains", "domains"),
    ("costs.html", "Costs", "costs"),
    ("growth.html", "Growth", "growth"),
    ("efficiency.html", "Efficiency", "efficiency"),
    ("hardware.html", "Hardware", "hardware"),
    ("theory.html", "Theory", "theory"),
    ("forecasts.html", "Forecasts", "forecasts"),
    ("changes.html", "Changes", "changes"),
    ("data.html", "Data", "data"),
)
_SECTIONS = (
    overview,
    benchmarks,
    scores,
    leaderboards,
    cost_explorer,
    growth,
    efficiency,
    hardware,
    theory,
    past_forecasts,
    moves,
    quality,
    dictionary,
    tracing,
)
# Figures for print that pages offer beside their plots, in which width and formats; others are in an export.
_PRINTED = (
    "figure_1a",
    "figure_1b",
    "figure_2a",
    "domains",
    "backtest",
    "target_trends",
    "rental_prices",
    "clusters",
    "leaderboards",
)
_PRINTED_KINDS = ("scaling_", "cost_", "specification_", "scores_")
_PRINTED_SIZE, _PRINTED_FORMATS = "page", ("pdf", "svg")
# Of these sheets this process draws one in so many, for it writes the pages meanwhile.
_MINE = 4
_FILTERS = (
    *("words", "capital", "power", "scientific", "whole", "decimal", "rounded", "percent", "day", "many"),
    "is_web",
)


def write(path: Path, folder: Path, *, has_figures: bool = True) -> Path:
    """Write the report of a warehouse to a folder, made if it is not there; returns its first page.

    All files or none are written: pages beside each other, what they share in `assets/`, rows of what is drawn in `data/`, rows
    that traces end at in `traces/`, and in `figures/` those for print. Without figures, which take half of the time, pages say
    how each is drawn. What an earlier report wrote there and this one does not is removed, unless somebody altered it.

    Raises:
        flows.answers.queries.QueryError: there is no warehouse, or it was built by another version.
        flows.answers.outputs.OutputError: the folder cannot be made, or a file cannot be written.
    """
    with queries.of_this_version(path), queries.connect(path) as con:
        outputs.folder(folder)  # before seconds of work for a place that cannot be
        shown = [picture for picture in figures.pictures(con) if _is_printed(picture)]
        with drawers.helper(is_worth_it=has_figures and bool(shown)) as other:
            sheets = [(picture, _PRINTED_SIZE) for picture in shown] if has_figures else []
            mine, theirs = sheets[::_MINE], [sheet for at, sheet in enumerate(sheets) if at % _MINE]
            drawers.hand(theirs, _PRINTED_FORMATS, other)
            bodies = _pages(con, {"names": [picture.name for picture in shown], "has_files": has_figures})
            bodies |= _figures(drawers.drawn(mine, _PRINTED_FORMATS) if mine else {})
            bodies |= _figures(drawers.taken(theirs, _PRINTED_FORMATS, other) if theirs else {})
    folders.fill(folder, bodies, "report", is_whole=True)
    return folder / "index.html"


def _is_printed(picture: Picture) -> bool:
    return picture.name in _PRINTED or picture.name.startswith(_PRINTED_KINDS)


def _figures(drawings: drawers.Drawings) -> dict[str, bytes]:
    return {f"figures/{name}.{form}": body for (name, _), files in drawings.items() for form, body in files.items()}


def _pages(con: duckdb.DuckDBPyConnection, printed: Row) -> dict[str, bytes]:
    """{name: content} of all files but the figures."""
    shared = one(
        con,
        "select max(retrieved_on) as newest, (select level from staging.fit_rule) as level, "
        "(select published_before from meta.this_build) as published_before from meta.pages",
    )
    pages = [page for section in _SECTIONS for page in section.pages(con)]
    return {
        **_rendered(pages, {**shared, "printed": printed, "bibtex": bibliography.entries(con).strip()}),
        **_data(pages),
        "data/sources.bib": bibliography.bibtex(con).encode(),
        **_assets(),
        **{name: text.encode() for name, text in tracing.scripts(con)},
    }


def _rendered(pages: Iterable[Page], shared: Mapping[str, Any]) -> dict[str, bytes]:
    templates = _templates()
    common = {**shared, "nav": _NAV, "version": __version__}
    return {
        page.file: templates.get_template(page.template)
        .render(common, **page.values, title=page.title, description=page.description, here=page.here, this=page.file,
                page_scripts=page.scripts)
        .encode()
        for page in pages
    }  # fmt: skip


def _templates() -> jinja2.Environment:
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("flows.publish.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(
        {name: getattr(wording, name) for name in _FILTERS},
        embedded=_embedded,
        stem=stem,
        minus=formats.minus,
        stamp=_stamp,
    )
    templates.globals.update(interval=wording.interval, address=tracing.address)
    return templates


def _stamp(form: str, moment: date) -> str:
    """A day in a form of strftime, as `%B %Y`."""
    return moment.strftime(form)


def _embedded(value: object) -> Markup:
    """JSON inside a page; no text in it can end the element that holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704


def _data(pages: Iterable[Page]) -> dict[str, bytes]:
    return {f"data/{name}": _csv(rows) for page in pages for name, rows in page.tables.items()}


def _csv(rows: Iterable[Row]) -> bytes:
    table = list(rows)
    names = list(table[0]) if table else []
    return rendering.as_csv(names, (row.values() for row in table)).encode()


def _assets() -> dict[str, bytes]:
    folder = resources.files("flows.publish.report") / "assets"
    return {f"assets/{file.name}": file.read_bytes() for file in sorted(folder.iterdir(), key=lambda file: file.name)}
