"""No row lost: in every page rows read = accepted + duplicate + quarantined, and points + left out = results with computation."""

from __future__ import annotations

from pathlib import Path

import duckdb

from flows.warehouse import connection
from flows.warehouse.connection import BuildError

_SHOWN = 10


def check_conservation(path: Path) -> None:
    """Raise `BuildError` unless every row of a page, and every result with computation, is accounted for once."""
    with connection.connect(path, read_only=True) as con:
        connection.bound(con)
        _check_pages(con)
        _check_points(con)


def _check_pages(con: duckdb.DuckDBPyConnection) -> None:
    lost = con.execute(
        "select source, page, rows_read, rows_accepted, rows_duplicate, rows_quarantined from meta.pages "
        "where rows_read is distinct from rows_accepted + rows_duplicate + rows_quarantined"
    ).fetchall()
    if lost:
        pages = "\n".join(f"  {s}, page {p}: {r} rows read, {a} + {d} + {q} accounted for" for s, p, r, a, d, q in lost)
        raise BuildError(f"rows were lost between page and warehouse:\n{pages}")


def _check_points(con: duckdb.DuckDBPyConnection) -> None:
    """Of the row sets that are reconciled each candidate is a point or left out, and nothing else is a point."""
    wrong = con.execute(
        "with accounted as ("
        "select row_set, benchmark, metric, compute_measure, result_id, 'point' as kind from fits.points "
        "where compute_measure != 'consolidated_burden' and row_set in (select row_set from staging.row_set where reconciled) "
        "union all select row_set, benchmark, metric, compute_measure, result_id, rule as kind from core.left_out) "
        "select compute_measure, result_id, string_agg(kind, ' and ' order by kind), count(candidates.training_id) "
        "from accounted full join core.candidates as candidates using (row_set, benchmark, metric, compute_measure, result_id) "
        "group by row_set, benchmark, metric, compute_measure, result_id "
        "having count(kind) != 1 or count(candidates.training_id) = 0 order by all"
    ).fetchall()
    if wrong:
        listed = "\n".join(
            f"  {result}, {measure}: {kinds or 'neither a point nor left out'}{'' if known else ', and no candidate'}"
            for measure, result, kinds, known in wrong[:_SHOWN]
        )
        raise BuildError(f"{len(wrong)} results with computation are not accounted for once:\n{listed}")
