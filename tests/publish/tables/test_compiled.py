"""What an author does: articles of one and two columns and a slide, with tables, a figure and numbers, by pdflatex."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from running import tool

from flows.publish import exports
from flows.publish.exports import Request
from flows.publish.tables import declared

FLOATS = sorted(name for name, table in declared.tables().items() if not table.is_long)
PREAMBLE = r"""\usepackage{graphicx,array,booktabs,longtable,siunitx,url}
\input{numbers}
\begin{document}
"""
# Ten of them, in a text and in a formula.
TEXT = r"""On ImageNet computation grows with performance to the power of \CLImagenetExponent{} (\CLImagenetExponentInterval);
half the error takes \CLImagenetHalvingFactor{} times as much. Five per cent take $\CLImagenetTargetOneGflop$ Gflop, in 2020
\CLPaperImagenetTargetOneGflop. Models have grown by \CLNotableModelsSinceTwentyTenGrowth{} a year. Of
\CLPublishedFigureThreeCells{} cells \CLReproducedFigureThreeCells{} come out, from \CLSources{} sources (pages of \CLPagesLast).
"""
FIGURE = r"\begin{figure}\centering\includegraphics[width=\columnwidth]{figures/figure_1a_column}\caption{A figure.}\end{figure}"
BIBLIOGRAPHY = r"\bibliographystyle{plain}\bibliography{sources}"


def article(options: str, tables: list[str]) -> str:
    inputs = "\n".join(rf"\input{{{name}}}" for name in tables)
    return rf"\documentclass[{options}]{{article}}{PREAMBLE}{TEXT}{FIGURE}{inputs}{BIBLIOGRAPHY}\end{{document}}"


def slides(tables: list[str]) -> str:
    frames = "\n".join(rf"\begin{{frame}}{{Figure 3}}\input{{{name}}}\end{{frame}}" for name in tables)
    figure = r"\begin{frame}{A figure}\centering\includegraphics{figures/figure_1a_column}\end{frame}"
    last = rf"\begin{{frame}}[allowframebreaks]{{Sources}}\tiny{BIBLIOGRAPHY}\end{{frame}}"
    return (
        rf"\documentclass{{beamer}}{PREAMBLE}\begin{{frame}}{TEXT}\end{{frame}}{frames}{figure}{last}\end{{document}}"
    )


DOCUMENTS = {
    "two columns, tables of one": ("column", article("twocolumn", FLOATS)),
    "two columns, tables of both": ("page", article("twocolumn", FLOATS)),
    "one column": ("column", article("", FLOATS)),
    "slides": ("column", slides(["figure_3", "figure_3_today"])),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> dict[str, Path]:
    """{width: a folder of exports}."""
    made = {width: tmp_path_factory.mktemp(width) for width in exports.WIDTHS}
    for width, folder in made.items():
        wanted = Request(figures=["figure_1a"], formats=["latex", "pdf"], width=width)
        exports.export(warehouse_path, folder, wanted)
    return made


def compiled(folder: Path, text: str) -> str:
    """The log of the last run of pdflatex; the test fails where there is no PDF."""
    latex, bibtex = (tool(name, "texlive-latex-recommended texlive-science") for name in ("pdflatex", "bibtex"))
    (folder / "paper.tex").write_text(text, encoding="utf-8")
    latex_run = [latex, "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    for arguments in (latex_run, [bibtex, "paper"], latex_run, latex_run, latex_run):
        ended = subprocess.run(arguments, cwd=folder, capture_output=True, check=False)
        assert ended.returncode == 0, ended.stdout.decode("utf-8", "replace")[-2000:]
    assert (folder / "paper.pdf").read_bytes().startswith(b"%PDF")
    return (folder / "paper.log").read_text(encoding="latin-1")


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS)
def test_nothing_is_wider_or_higher_than_its_place(document: str, folders: dict[str, Path]) -> None:
    width, text = DOCUMENTS[document]
    log = compiled(folders[width], text)
    assert "Overfull" not in log
    assert "too large" not in log
    assert "undefined" not in log  # citations and macros


@pytest.mark.slow
def test_longtables_break_over_pages(tmp_path: Path, warehouse_path: Path) -> None:
    wanted = Request(tables=["reproduction", "sources", "numbers"], formats=["latex"], is_long=True, width="page")
    exports.export(warehouse_path, tmp_path, wanted)
    text = rf"\documentclass[10pt]{{article}}\usepackage[margin=1in]{{geometry}}{PREAMBLE}\input{{reproduction}}\input{{sources}}"
    log = compiled(tmp_path, rf"{text}{BIBLIOGRAPHY}\end{{document}}")
    assert "Overfull" not in log
    assert "Output written on paper.pdf (" in log


@pytest.mark.parametrize("width", exports.WIDTHS)
def test_a_table_without_rules_between_columns_names_its_packages(
    width: str, tmp_path: Path, warehouse_path: Path
) -> None:
    exports.export(warehouse_path, tmp_path, Request(tables=FLOATS, formats=["latex"], width=width))
    for name in FLOATS:
        text = (tmp_path / f"{name}.tex").read_text(encoding="utf-8")
        assert text.startswith(f"% {name}: needs \\usepackage{{booktabs,siunitx")
        assert "|" not in text
