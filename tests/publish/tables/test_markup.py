"""The markup of captions and notes, in each format."""

from __future__ import annotations

import pytest

from flows.publish.tables import markup


@pytest.mark.parametrize(
    ("text", "latex", "html", "markdown"),
    [
        ("10^{5}", r"10\textsuperscript{5}", "10<sup>5</sup>", "10<sup>5</sup>"),
        ("lb CO_{2}", r"lb CO\textsubscript{2}", "lb CO<sub>2</sub>", "lb CO<sub>2</sub>"),
        ("*n* and **b**", r"\textit{n} and \textbf{b}", "<i>n</i> and <b>b</b>", "*n* and **b**"),
        ("so [@a-b] is", r"so \cite{a-b} is", "so [a-b] is", "so [@a-b] is"),
        ("90 % & more", r"90\,\% \& more", "90 % &amp; more", "90 % & more"),
    ],
)
def test_each_format_sets_it_as_its_own(text: str, latex: str, html: str, markdown: str) -> None:
    assert (markup.as_latex(text), markup.as_html(text), markup.as_markdown(text)) == (latex, html, markdown)


def test_text_cannot_break_out_of_its_cell() -> None:
    hostile = r"a&b % c$d #e f_g {h} ~i ^j \k \input{/etc/passwd} [1ex] *" + "\n\n\\end{document} <|> \x00"
    escaped = markup.escaped(hostile)
    assert escaped.startswith(r"a\&b \% c\$d \#e f\_g \{h\} \textasciitilde{}i \textasciicircum{}j \textbackslash{}k")
    assert r"\textbackslash{}input\{/etc/passwd\} {[}1ex] {*} \textbackslash{}end\{document\}" in escaped
    assert "\n" not in escaped
    assert "|" not in markup.plain_markdown("a|b").replace(r"\|", "")


def test_citations_are_found() -> None:
    assert list(markup.citations("as [@a] and [@b-c] say")) == ["a", "b-c"]
