"""The two days of a warehouse, which all that leaves it carries: of its newest page, and before which models were published."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# {column that a table has when it leaves: what it is}; both are dates, the second is empty where no day was given.
COLUMNS = {
    "as_of": "the day of the newest page in use: what was published later is not in it",
    "published_before": "the day before which a model was published to be a point; empty where none was given",
}


_IN_NAME = re.compile(r"(?<!\d)(\d{4})_?(\d{2})_?(\d{2})(?!\d)")


def in_name(page: str) -> date | None:
    """The day in the name of a page, as `20230915.csv` and `table_2026_01_08.csv` have it; None where there is none."""
    found = _IN_NAME.search(page)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Days:
    """`as_of`: None where no page is in use. `published_before`: None where the build was given no such day."""

    as_of: date | None
    published_before: date | None

    def sentence(self) -> str:
        """Both in words, without a full stop."""
        return f"as of {self.as_of}{self.limit()}"

    def limit(self) -> str:
        """The second in words, behind a comma; "" where there is none."""
        return f", models published before {self.published_before}" if self.published_before else ""

    def texts(self) -> tuple[str, str]:
        """Both as cells of CSV and values of JSON."""
        return ("" if self.as_of is None else str(self.as_of), str(self.published_before or ""))


def days(con: duckdb.DuckDBPyConnection) -> Days:
    """The days of a warehouse. Raises `duckdb.Error`: it was built by a version that does not tell them."""
    found = con.execute("select as_of, published_before from meta.this_build").fetchall()
    return Days(*found[0]) if found else Days(None, None)


def with_days(rows: pa.Table, both: Days) -> pa.Table:
    """The rows with both days behind their own columns; the description of each stands in its field, as of the others."""
    import pyarrow as pa

    for (name, told), day in zip(COLUMNS.items(), (both.as_of, both.published_before), strict=True):
        field = pa.field(name, pa.date32(), metadata={"description": told})
        rows = rows.append_column(field, pa.array([day] * rows.num_rows, pa.date32()))
    return rows
