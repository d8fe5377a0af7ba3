"""One file of words: each place prints what it says, and none has words of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from running import ROOT

from flows.errors import SettingError
from flows.publish import words
from flows.publish.figures import texts
from flows.publish.report import wording
from flows.publish.tables import layout


def test_each_place_has_the_common_words_and_its_own() -> None:
    assert {words.word("hardware_burden", place) for place in ("tables", "figures", "report")} == {"hardware burden"}  # type: ignore[arg-type]
    assert words.word("f1", "figures") == texts.word("f1") == "1 − F1"
    assert words.word("f1", "report") == wording.words("f1") == layout._words("f1") == "F1"
    assert words.word("no_such_code", "report") == "no such code"


def test_no_word_stands_twice_where_one_would_do() -> None:
    known = words.words()
    for place in (known.tables, known.figures, known.report):
        assert [code for code, text in place.items() if known.words.get(code) == text] == []


def test_a_slip_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "words.toml"
    file.write_text(words.FILE.read_text(encoding="utf-8").replace("[regions]", "[region]"), encoding="utf-8")
    with pytest.raises(SettingError, match=r"words\.toml.*region"):
        words.words(file)


@pytest.mark.slow
def test_no_module_and_no_script_has_words_of_its_own() -> None:
    """Printed words that are not their code without underscores stand in words.toml alone."""
    known = words.words()
    told = {text for group in (known.words, known.tables, known.figures, known.report, known.fitted, known.growth_rules,
                               known.kinds_of_run, known.domains) for code, text in group.items()
            if text.lower() != code.replace("_", " ")}  # fmt: skip
    found = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in sorted((ROOT / "flows" / "publish").rglob("*"))
        if path.suffix in (".py", ".js")
        for text in sorted(told)
        if re.search(rf"""\w+"?: ["']{re.escape(text)}["']""", path.read_text(encoding="utf-8"))
    ]
    assert found == []
