"""Tables that are no CSV: cells apart by blanks, and cells apart by a delimiter in an older encoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.readers.plain_tables import blank_separated_records, delimited_records
from flows.readers.record import RAGGED, PageError

DSV = {
    "encoding": "latin-1",
    "delimiter": ":",
    "ignore": ["Site", ""],
    "optional": ["Chip"],
    "aliases": {"RPeak": "Rpeak"},
}


def page(folder: Path, body: bytes) -> Path:
    path = folder / "page"
    path.write_bytes(body)
    return path


def test_cells_apart_by_blanks_are_counted_by_their_line(tmp_path: Path) -> None:
    records = list(
        blank_separated_records(page(tmp_path, b"#### old\n1990.5\t 80 # Badger\n\n2001  5e3\n"), ("year", "value"))
    )
    assert [(record.locator, record.fields) for record in records] == [
        ("row 2", {"year": "1990.5", "value": "80"}),
        ("row 4", {"year": "2001", "value": "5e3"}),
    ]


@pytest.mark.parametrize(
    ("line", "said"), [(b"1 2 3", "'3' are under an undeclared column"), (b"1", "row 2 has 1 cells")]
)
def test_a_line_of_other_cells_stops_the_page(tmp_path: Path, line: bytes, said: str) -> None:
    with pytest.raises(PageError, match=said):
        list(blank_separated_records(page(tmp_path, b"1 2\n" + line), ("year", "value")))


def test_letters_of_other_encodings_end_no_line(tmp_path: Path) -> None:
    # 0x85 is an end of lines in Unicode, and a letter in the encoding that some sites were typed in.
    body = b'Rank::Site:RPeak\n1::"\x85st: Meadow":2\r\n\n2::W\xfcste:3\n'
    records = list(delimited_records(page(tmp_path, body), DSV))
    assert [(record.locator, record.fields) for record in records] == [
        ("row 2", {"Chip": "", "Rank": "1", "Rpeak": "2", RAGGED: ""}),
        ("row 4", {"Chip": "", "Rank": "2", "Rpeak": "3", RAGGED: ""}),
    ]


def test_a_record_with_more_or_fewer_cells_says_so_and_spoils_no_other(tmp_path: Path) -> None:
    body = b'Rank::Site:RPeak\n1::"Badger ":"Sett""":2\n2::"open:3\n3::x:4\n'
    records = list(delimited_records(page(tmp_path, body), DSV))
    assert [record.fields[RAGGED] for record in records] == ["5 cells under 4 columns", "3 cells under 4 columns", ""]
    assert records[2].fields["Rpeak"] == "4"


def test_a_page_without_a_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="has no header"):
        list(delimited_records(page(tmp_path, b""), DSV))
