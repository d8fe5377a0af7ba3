"""flows/toml_files.py: what is without measure in a file; every other slip is in tests/declared/test_settings.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows import toml_files
from flows.errors import SettingError
from flows.toml_files import Closed


class Any_(Closed, extra="allow"):  # noqa: N801
    """A table that takes everything, as the lookups of a source do."""

    a: Any = None


NESTED = "is nested more than 16 deep, and no key needs that; take the brackets or the dots away"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "[" * 100_000, f"line 2 {NESTED}"),
        ("a = [\n" + "[" * 3000 + "]" * 3000 + "]", f"line 3 {NESTED}"),
        ("a = " + "{b = " * 3000 + "1" + "}" * 3000, f"line 2 {NESTED}"),
        ("a = " + "[" * 17 + "]" * 17, f"a[0][0] {NESTED}"),
        (".".join("abcd" * 1000) + " = 1", f"a.b.c {NESTED}"),
        ("[" + ".".join("abcd" * 1000) + "]\ne = 1", f"a.b.c {NESTED}"),
        ("a = " + "9" * 5000, "line 2 has a number of thousands of digits; write a smaller one"),
        ("a = [0x" + "f" * 5000 + "]", "a[0] is a number beyond 64 bits; write a smaller one"),
        (f"a = {2**63}", "a is a number beyond 64 bits; write a smaller one"),
    ],
    ids=["open", "lists", "tables", "just too deep", "dots", "header", "digits", "hexadecimal", "64 bits"],
)
def test_what_is_without_measure_is_told_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text("b = 1\n" + text)
    with pytest.raises(SettingError) as error:
        toml_files.read(path, Any_)
    assert str(error.value) == f"{path}: {said}"


def test_a_key_without_measure_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("k" * 100_000 + " = 1")
    with pytest.raises(SettingError, match=r"unknown key '\"k{79}…\"'") as error:
        toml_files.read(path, Closed)
    assert len(str(error.value)) < 300


def test_what_is_just_within_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(f"a = {'[' * 16}{']' * 16}\nb = {2**63 - 1}\nc = {-(2**63)}")
    assert toml_files.read(path, Any_).model_extra == {"b": 2**63 - 1, "c": -(2**63)}
