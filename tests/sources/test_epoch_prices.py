"""Rules of Epoch's price sheets that the fixtures do not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import sources
from flows.pages.parse import parse_page

CHIPS = Path(__file__).parents[1] / "fixtures" / "epoch_prices" / "chip_dataset.csv"


@pytest.mark.parametrize("line_break", ["\r", "\n"])
def test_a_line_break_in_a_name_without_quotes_costs_that_chip_only(tmp_path: Path, line_break: str) -> None:
    header, *lines = CHIPS.read_text(encoding="utf-8-sig").splitlines()
    broken = f"Hooli H2{line_break},Hooli,GPU" + "," * (header.count(",") - 2)
    source = sources.source("epoch_prices")
    page = source.pages[0]
    (tmp_path / page.name).write_text("\n".join([header, broken, *lines, ""]), encoding="utf-8", newline="")
    gathered = parse_page(tmp_path / page.name, source, page, "0" * 64)
    rules = [row.rule for *_, row in gathered.rows["quarantine"]]
    assert rules == ["ragged_row", "no_processor", "no_processor"]
    assert len(gathered.rows["processor"]) == 5
