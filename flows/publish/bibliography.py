"""sources.bib: the paper, this project, and each source with its address, the day retrieved and its licence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows import __version__
from flows.publish import days
from flows.publish.tables import layout
from flows.publish.tables.markup import escaped

if TYPE_CHECKING:
    import duckdb

PAPER = "thompson2020computational"
SELF = "compute-limits"
_PAPER = rf"""@article{{{PAPER},
  author = {{Thompson, Neil C. and Greenewald, Kristjan and Lee, Keeheon and Manso, Gabriel F.}},
  title = {{The Computational Limits of Deep Learning}},
  journal = {{arXiv preprint arXiv:2007.05558}},
  year = {{2020}},
  url = {{https://arxiv.org/abs/2007.05558}},
}}
"""


def key(source: str) -> str:
    """The key that a source is cited by; what is declared in a file is this project's own."""
    return SELF if "/" in source or " " in source else f"cl-{source.replace('_', '-')}"


def bibtex(con: duckdb.DuckDBPyConnection) -> str:
    """The entries, in the order of their keys behind those of the paper and of the project."""
    rows = con.execute(
        "select source, title, publisher, homepage, licence, attribution, retrieved_on from exports.sources order by source"
    ).fetchall()
    head = (
        "% \\bibliography{sources}; the addresses need \\usepackage{url} or hyperref.\n"
        f"% Pages retrieved {layout.days(con)}{days.days(con).limit()}.\n\n"
    )
    return "\n".join([head + entries(con), *(_source(*map(str, row)) for row in rows)])


def entries(con: duckdb.DuckDBPyConnection) -> str:
    """The two entries that whoever quotes a number of the project needs: the paper's, whose method it is, and the project's."""
    retrieved = layout.days(con)
    year = {"year": retrieved[-10:-6]} if retrieved[-10:-6].isdigit() else {}
    own = _entry(
        SELF,
        author="{The compute-limits contributors}",
        title="{compute-limits}: the computational limits of deep learning, kept alive",
        **year,
        note=f"Version {__version__}; pages retrieved {retrieved}{days.days(con).limit()}",
    )
    return f"{_PAPER}\n{own}"


def _source(source: str, title: str, publisher: str, homepage: str, licence: str, credit: str, day: str) -> str:
    retrieved = {"year": day[:4], "urldate": day} if day != str(None) else {}
    when = f"Retrieved {day}. " if retrieved else ""
    return _entry(
        key(source),
        author=f"{{{escaped(publisher)}}}",
        title=f"{{{escaped(title)}}}",
        howpublished=rf"\url{{{homepage}}}",
        **retrieved,
        note=f"{when}Licence: {escaped(licence)}. Credit: {escaped(credit)}",
    )


def _entry(name: str, **fields: str) -> str:
    return f"@misc{{{name},\n" + "".join(f"  {field} = {{{value}}},\n" for field, value in fields.items()) + "}\n"
