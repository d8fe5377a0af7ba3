"""The little markup of captions, heads and notes: 10^{9}, CO_{2}, *italic*, **bold**, [@key]; and how each format sets it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

# In this order: two asterisks before one.
_PART = re.compile(
    r"\^\{(?P<high>[^}]*)\}|_\{(?P<low>[^}]*)\}|\*\*(?P<bold>[^*]+)\*\*|\*(?P<italic>[^*]+)\*|\[@(?P<cite>[\w.:-]+)\]"
)
_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        # Behind the end of a row these two would belong to it.
        "[": "{[}",
        "*": "{*}",
        **{letter: f"\\{letter}" for letter in "&%$#_{}"},
        # What the fonts of LaTeX have no letter for.
        "×": r"\ensuremath{\times}",
        "∞": r"\ensuremath{\infty}",
        "−": r"\ensuremath{-}",
        "†": r"\ensuremath{\dagger}",
        "‡": r"\ensuremath{\ddagger}",
        "§": r"\S{}",
        "¶": r"\P{}",
        "‖": r"\ensuremath{\Vert}",
        "≥": r"\ensuremath{\geq}",
    }
)
_MARKDOWN = re.compile(r"([\\`*_|<>\[\]])")


def flat(text: str) -> str:
    """In one line, without control characters: an empty line would end a cell."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def escaped(text: str) -> str:
    """Plain text for LaTeX."""
    return re.sub(r"(?<=\d) \\%", r"\\,\\%", flat(text).translate(_SPECIAL))


def as_latex(text: str) -> str:
    """Markup as LaTeX."""
    forms = {
        "high": r"\textsuperscript{%s}",
        "low": r"\textsubscript{%s}",
        "bold": r"\textbf{%s}",
        "italic": r"\textit{%s}",
    }
    return _set(
        text, escaped, lambda kind, part: rf"\cite{{{part}}}" if kind == "cite" else forms[kind] % escaped(part)
    )


def as_html(text: str) -> str:
    """Markup as HTML."""
    tags = {"high": "sup", "low": "sub", "bold": "b", "italic": "i"}

    def form(kind: str, part: str) -> str:
        if kind == "cite":
            return f"[{html.escape(part)}]"
        return f"<{tags[kind]}>{html.escape(part)}</{tags[kind]}>"

    return _set(text, lambda part: html.escape(flat(part)), form)


def plain_markdown(text: str) -> str:
    """Plain text for Markdown: nothing of it is taken for markup or the end of a cell."""
    return _MARKDOWN.sub(r"\\\1", flat(text))


def as_markdown(text: str) -> str:
    """Markup as Markdown; a citation as Pandoc reads it."""
    forms = {"high": "<sup>%s</sup>", "low": "<sub>%s</sub>", "bold": "**%s**", "italic": "*%s*", "cite": "[@%s]"}
    return _set(text, plain_markdown, lambda kind, part: forms[kind] % part)


def citations(text: str) -> Iterator[str]:
    """The keys that a text cites."""
    return (found["cite"] for found in _PART.finditer(text) if found["cite"])


def _set(text: str, plain: Callable[[str], str], form: Callable[[str, str], str]) -> str:
    parts, at = [], 0
    for found in _PART.finditer(text):
        # The ends of what is plain keep their blanks, which `plain` takes away.
        parts += [_spaced(text[at : found.start()], plain), form(found.lastgroup or "", found[found.lastgroup or 0])]
        at = found.end()
    return "".join([*parts, _spaced(text[at:], plain)])


def _spaced(text: str, plain: Callable[[str], str]) -> str:
    start, end = " " * text.startswith(" "), " " * (text.endswith(" ") and bool(text.strip()))
    return start + plain(text) + end
