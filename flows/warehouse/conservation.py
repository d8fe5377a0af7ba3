"""No row lost: in every page rows read = accepted + duplicate + quarantined."""

from __future__ import annotations

from pathlib import Path

from flows.warehouse import connection
from flows.warehouse.connection import BuildError


def check_conservation(path: Path) -> None:
    """Raise `BuildError` unless in every page rows read = accepted + duplicate + quarantined."""
    with connection.connect(path, read_only=True) as con:
        lost = con.execute(
            "select source, page, rows_read, rows_accepted, rows_duplicate, rows_quarantined from meta.pages "
            "where rows_read is distinct from rows_accepted + rows_duplicate + rows_quarantined"
        ).fetchall()
    if lost:
        pages = "\n".join(f"  {s}, page {p}: {r} rows read, {a} + {d} + {q} accounted for" for s, p, r, a, d, q in lost)
        raise BuildError(f"rows were lost between page and warehouse:\n{pages}")
