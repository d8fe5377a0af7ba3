"""Records of a sheet of a workbook."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.readers.record import PageError
from flows.readers.workbooks import workbook_records

LOOKUPS = {"sheet": "56", "ignore": ["Site"], "optional": ["Memory"], "aliases": {"RPeak": "Rpeak"}}


def workbook(folder: Path, *rows: list[Any]) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "56"
    for row in rows:
        book.active.append(row)
    book.create_sheet("Sheet1").append(["Rank", 1])
    # Kept pages are not named as workbooks are.
    path = folder / "page"
    book.save(path)
    return path


def test_each_row_below_the_header_is_a_record(tmp_path: Path) -> None:
    path = workbook(
        tmp_path, ["Rank", "Site", "RPeak"], [1, "Hill", 65.5], [None, None, None], [2, None, date(2020, 1, 2)]
    )
    records = list(workbook_records(path, LOOKUPS))
    assert [(record.locator, record.fields) for record in records] == [
        ("row 2", {"Memory": "", "Rank": "1", "Rpeak": "65.5"}),
        ("row 4", {"Memory": "", "Rank": "2", "Rpeak": "2020-01-02T00:00:00"}),
    ]


def test_a_sheet_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(PageError, match=r"no sheet '57'.*'56', 'Sheet1'.*lookups[.]sheet"):
        list(workbook_records(workbook(tmp_path, ["Rank"], [1]), LOOKUPS | {"sheet": "57"}))


def test_cells_beyond_the_header_stop_the_page(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="row 2 has cells beyond the 1 columns of the header"):
        list(workbook_records(workbook(tmp_path, ["Rank"], [1, 2]), LOOKUPS | {"aliases": {}}))


def test_what_is_no_workbook_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_bytes(b"Rank,Site\n")
    with pytest.raises(PageError, match="not a workbook"):
        list(workbook_records(path, LOOKUPS))
