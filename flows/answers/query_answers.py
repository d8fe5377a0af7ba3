"""What `compute-limits sql` answers: the rows of a query as a table, CSV, JSON or Parquet, whole or with what is left said."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

from flows.answers import outputs, queries, rendering
from flows.answers.query_limits import Limits

Format = Literal["table", "csv", "json", "parquet"]


def write(warehouse: Path, sql: str, form: Format, output: Path | None, limits: Limits) -> None:
    """Answer a query, on standard output or in a file; only a table shows the first rows alone, and says so.

    Raises:
        flows.answers.queries.QueryError: it is refused, or takes more than it may.
        flows.answers.outputs.OutputError: the file cannot be written.
    """
    if form == "table":
        _table(warehouse, sql, output, limits)
        return
    with outputs.whole(output) as out:
        if form == "parquet":
            with queries.arrow_batches(warehouse, sql, limits) as (schema, batches):
                rendering.write_parquet(out, schema, batches)
            return
        with queries.streamed(warehouse, sql, limits) as found:
            parts = rendering.csv_parts if form == "csv" else rendering.json_parts
            for part in parts(found.columns, found.batches):
                out.write(part.encode())
            if form == "json":
                out.write(b"\n")


def _table(warehouse: Path, sql: str, output: Path | None, limits: Limits) -> None:
    shown = rendering.console()
    is_terminal = output is None and shown.is_terminal
    with nullcontext() if output is None else outputs.whole(output) as out:
        result = queries.first(warehouse, sql, rendering.rows_shown(is_terminal=is_terminal), limits)
        if out is None:
            rendering.show_table(result, shown)
        else:
            out.write(rendering.as_text(lambda console: rendering.show_table(result, console)))
    if not is_terminal and (left := rendering.rest(result)) is not None:
        # Among rows that are piped it would be one more.
        print(left, file=sys.stderr)
