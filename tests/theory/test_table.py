"""The CSV of results: computed where it changed, the same bytes whoever computes, and no other table overwritten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from simulated import TINY

from flows.theory import table
from flows.theory.settings import ORACLE


def test_a_csv_is_computed_where_it_changed_and_has_the_same_bytes_whoever_computes(tmp_path: Path) -> None:
    path, computed = tmp_path / "theory.csv", []
    other = replace(TINY, name="other", changed="noise_sd = 2.0", noise_sd=2.0, sizes={ORACLE: (15,)})
    rows = table.write(path, [TINY, other], computed.append)
    assert len(rows) == len(computed) == 8
    assert table.read(path) == rows
    whole = path.read_bytes()
    # Nothing to do; one setting changed; one size more.
    computed.clear()
    assert table.write(path, [TINY, other], computed.append) == rows
    assert computed == []
    table.write(path, [TINY, replace(other, noise_sd=3.0)], computed.append)
    assert computed == ["other: oracle, 15 observations"]
    computed.clear()
    table.write(path, [replace(TINY, sizes={**TINY.sizes, ORACLE: (8, 15, 99)}), other], computed.append)
    assert computed == ["tiny: oracle, 99 observations", "other: oracle, 15 observations"]
    table.write(path, [TINY, other])
    assert path.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["theory.csv"]


def test_processes_do_not_change_the_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    computed: list[str] = []
    table.write(one, [TINY])
    table.write(two, [TINY], computed.append, processes=2)
    assert one.read_bytes() == two.read_bytes()
    assert len(computed) == 7


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "setting,changed\n"])
def test_another_table_is_not_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "theory.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(table.TableError, match=r"theory\.csv"):
        table.write(path, [TINY])
    assert path.read_text(encoding="utf-8") == text
