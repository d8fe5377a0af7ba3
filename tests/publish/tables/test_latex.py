"""LaTeX: booktabs and siunitx, floats; what compiles is in test_compiled.py."""

from __future__ import annotations

import re

import duckdb

from flows.publish.tables import declared, layout
from flows.publish.tables.latex import latex
from flows.publish.tables.layout import Cell, Head, Sheet

SHEET = Sheet(
    name="made",
    caption="All of it [@a], 10^{3}",
    heads=[
        Head("", "", "text", None),
        Head("error (%)", "", "number", None),
        Head("Gflop", "Polynomial", "power", None),
    ],
    blocks=[
        ("A & B", [[Cell("text", "x_y"), Cell("number", "11.5"), Cell("power", "19", "†", is_bold=True)]]),
        ("C", [[Cell("text", "z"), Cell("number", "-4.621", "‡"), Cell("text", "–")]]),
    ],
    notes=[("†", "why"), ("", "and so")],
    width="column",
)


def test_numbers_align_by_siunitx_and_heads_stand_beside_their_columns() -> None:
    text = latex(SHEET)
    assert r"\begin{tabular}{@{}lS[table-format=-2.3]@{\hspace{8pt}}l@{}}" in text
    assert r"\multicolumn{2}{c}{} & \multicolumn{1}{c}{Polynomial} \\" in text
    assert r"\cmidrule(lr){3-3}" in text
    assert r"{} & {error (\%)} & {Gflop} \\" in text
    assert r"\multicolumn{3}{@{}l}{\textit{A \& B}} \\*" in text
    assert r"x\_y & 11.5 & \llap{\smash{\textsuperscript{\ensuremath{\dagger}}}}$\mathbf{10^{19}}$ \\" in text
    assert r"z & -4.621{\rlap{\smash{\textsuperscript{\ensuremath{\ddagger}}}}} & {–} \\" in text
    assert r"\caption{All of it \cite{a}, 10\textsuperscript{3}}\label{tab:made}" in text


def test_it_is_a_float_of_one_column_or_both_or_a_longtable() -> None:
    assert r"\begin{table}[tbp]" in latex(SHEET)
    page = Sheet(**{**SHEET.__dict__, "width": "page"})
    assert r"\begin{table*}[tbp]" in latex(page)
    assert r"\begin{longtable}" in latex(page, is_long=True)
    assert "table*" not in latex(page, is_long=True)


def test_figure_3_has_rules_units_and_notes(db: duckdb.DuckDBPyConnection) -> None:
    text = latex(layout.sheet(db, "figure_3", declared.tables()["figure_3"]))
    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    assert "|" not in text.partition(r"\begin{tabular}")[2].partition("\n")[0]
    assert r"\multicolumn{3}{c}{Polynomial} & \multicolumn{3}{c}{Exponential}" in text
    assert r"{Error} & {(\%)} & {Gflop} & {lb CO\textsubscript{2}} & {USD}" in text
    assert len(re.findall(r"^(?:today|target \d) &", text, re.MULTILINE)) == 15
    assert r"$10^{120}$ & $10^{112}$ & $10^{112}$ \\" in text
    assert r"\cite{thompson2020computational}" in text
