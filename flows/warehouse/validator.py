"""Validation in a process of its own: Great Expectations is imported and runs there while other work goes on here.

    with Validator(expectations.suites(grains)) as validator:
        validator.submit("core.results", con.execute("select * from core.results").to_arrow_table())
        ...
        failures = validator.failures()

Tables go over as Arrow files in a temporary folder. The process is told their names, one a line, and answers each with a line
of JSON; it ends when it is told no more. It is no child of `multiprocessing`, which would run the main module once more.
"""

from __future__ import annotations

import dataclasses
import gc
import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from pathlib import Path
from types import ModuleType, TracebackType
from typing import IO, Any, Self, cast

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from flows import children, paths
from flows.warehouse import connection, expectations, sql_files
from flows.warehouse.connection import BuildError
from flows.warehouse.expectations import Failure, Suite, SuiteError

_SUITES, _COMPLAINTS = "suites.json", "stderr.txt"
# Great Expectations' sources of data: databases, Spark, files on disks of others. Here a frame is given, and to make the models
# of their settings is a quarter of the import.
_SOURCE = re.compile(
    r"great_expectations\.datasource\.fluent\.(?!(?:pandas|invalid)_datasource$)(?:\w+_datasource|fabric)"
)
# A module for each kind of expectation, of which it makes a model when it is imported: nearly a third of the rest, where most are
# of kinds that no suite asks for.
_KIND = re.compile(r"great_expectations\.expectations\.core\.(expect_\w+)")
# Characters of them that are shown, the last ones.
_SHOWN = 2000
_NICER = 5


class Validator:
    """The process, from this side. It starts at once, or with `eager=False` with the first table.

    `submit`, `results` and `failures` raise `SuiteError` where a suite cannot be run, and `BuildError` where the process
    ended before its time.
    """

    def __init__(self, suites: Mapping[str, Suite], *, eager: bool = True) -> None:
        self._suites = suites
        self._eager = eager
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: list[str] = []
        self._results: dict[str, list[Failure]] = {}

    def __enter__(self) -> Self:
        if self._eager:
            try:
                self._started()
            except BaseException:
                # A stop while it starts: a context that was not entered is not left either.
                self.end()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """End the process, which may not have started, and remove its folder."""
        # Killed even where all went well: it has nothing to put in order, and its interpreter takes long to end.
        if self._process is not None:
            children.end(self._process)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def submit(self, table: str, rows: pa.Table) -> None:
        """Have a table checked against its suite; `rows` are all that it has. Returns at once."""
        if table not in self._suites:
            raise SuiteError(f"{table} has no suite; give it a grain or a file expectations/{table}.json")
        process, folder = self._started()
        with ipc.new_file(folder / table, rows.schema) as writer:
            writer.write_table(rows)
        self._tell(process, folder, table)

    def submit_slices(self, table: str, rows: pa.RecordBatchReader, slices: int) -> None:
        """The same of a table that is never whole in memory, here or there: of each row the last column tells its slice, from 0.

        Slices are as `expectations.dealt_by` has them.
        """
        if table not in self._suites:
            raise SuiteError(f"{table} has no suite; give it a grain or a file expectations/{table}.json")
        process, folder = self._started()
        (folder / table).mkdir()
        *names, number = rows.schema.names
        schema = pa.schema([rows.schema.field(name) for name in names])
        with ExitStack() as stack:
            writers = [stack.enter_context(ipc.new_file(folder / table / f"{at}", schema)) for at in range(slices)]
            for batch in rows:
                by_slice, start = batch.take(pc.sort_indices(batch[number])), 0
                for at, count in zip(*np.unique(by_slice[number].to_numpy(), return_counts=True), strict=True):
                    writers[at].write_batch(by_slice.select(names).slice(start, count))
                    start += count
        self._tell(process, folder, table)

    def _tell(self, process: subprocess.Popen[bytes], folder: Path, table: str) -> None:
        try:
            _write(process, table)
        except BrokenPipeError as error:
            raise self._ended(process, folder) from error
        self._waiting.append(table)

    def results(self) -> dict[str, list[Failure]]:
        """{table: what it fails of its suite} of all tables that were submitted, when all are checked; in their order."""
        while self._waiting:
            process, folder = self._started()
            answer = cast("IO[bytes]", process.stdout).readline()
            if not answer.endswith(b"\n"):
                raise self._ended(process, folder)
            reply = json.loads(answer)
            if "error" in reply:
                raise SuiteError(reply["error"])
            self._results[self._waiting.pop(0)] = [Failure(*one) for one in reply["failures"]]
        return {table: self._results[table] for table in self._suites if table in self._results}

    def failures(self) -> list[Failure]:
        """What all tables that were submitted fail, when all are checked; in the order of the tables."""
        return [failure for failures in self.results().values() for failure in failures]

    def _started(self) -> tuple[subprocess.Popen[bytes], Path]:
        if self._process is None or self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="compute-limits-validator-"))
            suites = [vars(suite) for suite in self._suites.values()]
            (self._folder / _SUITES).write_text(json.dumps(suites), encoding="utf-8")
            self._process = _start(self._folder)
        return self._process, self._folder

    @staticmethod
    def _ended(process: subprocess.Popen[bytes], folder: Path) -> BuildError:
        code = process.wait()
        complaints = (folder / _COMPLAINTS).read_text(encoding="utf-8", errors="replace").strip()
        return BuildError(
            f"the process that validates ended with {'signal' if code < 0 else 'code'} {abs(code)} before all tables were "
            f"checked; nothing is published. {complaints[-_SHOWN:] or 'It said nothing.'}"
        )


# --- in this process


def validate(
    path: Path, root: Path | None = None, grains: Mapping[str, tuple[str, ...]] | None = None
) -> list[Failure]:
    """Run every suite over its table in a warehouse file, in this process; the failures are in the order of the tables.

    `grains` are those of all tables that have one; without them those of the SQL files count.

    Raises:
        SuiteError: a suite is for a table that is not there, or has an expectation that cannot be run.
    """
    expected = expectations.suites(sql_files.grains(paths.SQL) if grains is None else grains, root)
    with connection.connect(path, read_only=True) as con:
        expectations.require_tables(expected, connection.tables(con))
        checking = import_checking()
        context = checking.context()
        return [
            failure
            for table, suite in expected.items()
            for failure in checking.check(context, suite, con.execute(f"select * from {table}").df())
        ]


def import_checking() -> ModuleType:
    """The module that imports Great Expectations; without the collector, for a fifth of the time goes into it."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    was_on = gc.isenabled()
    gc.disable()
    try:
        from flows.warehouse import checking
    finally:
        if was_on:
            gc.enable()
    return checking


# --- the start and the pipes of the other


def _start(folder: Path) -> subprocess.Popen[bytes]:
    with (folder / _COMPLAINTS).open("wb") as complaints:
        return children.start(__name__, str(folder), stderr=complaints)


def _write(process: subprocess.Popen[bytes], line: str) -> None:
    pipe = cast("IO[bytes]", process.stdin)
    pipe.write(line.encode() + b"\n")
    pipe.flush()


# --- in the process itself


def serve(folder: Path, names: IO[str], answers: IO[str]) -> None:
    """Check each table that `names` names, one a line, and answer with a line of JSON: its failures, or an error."""
    suites = {one["table"]: _suite(one) for one in json.loads((folder / _SUITES).read_text(encoding="utf-8"))}
    asked = {str(one["type"]) for suite in suites.values() for one in suite.expectations}
    # Of several columns each is asked for by itself where one has a null.
    sys.meta_path.insert(0, _Lean(asked | {expectations.NEVER_NULL}))
    with _no_readers():
        checking = import_checking()
    # What the import leaves lives as long as the process: the collector need not go through it again and again.
    gc.freeze()
    context = checking.context()
    # One connection for all tables: opening one takes longer than most frames.
    with connection.connect(":memory:") as con:
        for line in names:
            table = line.rstrip("\n")
            try:
                failures = _check(con, checking, context, suites[table], folder / table)
                answer: dict[str, Any] = {"failures": [dataclasses.astuple(one) for one in failures]}
            except SuiteError as error:
                answer = {"error": str(error)}
            print(json.dumps(answer), file=answers, flush=True)


def _check(con: duckdb.DuckDBPyConnection, checking: ModuleType, context: Any, suite: Suite, path: Path) -> Any:
    """What a table fails of which a file was written, or a folder with one for each slice."""
    if not path.is_dir():
        return checking.check(context, suite, _frame(con, path))
    slices = sorted(path.iterdir(), key=lambda one: int(one.name))
    failures = checking.check_slices(context, suite, _one_by_one(con, slices))
    path.rmdir()
    return failures


def _one_by_one(con: duckdb.DuckDBPyConnection, slices: Sequence[Path]) -> Iterator[Any]:
    """The frames of files, each of which is given up before the next is made."""
    for one in slices:
        yield _frame(con, one)
        # What Great Expectations made of a frame refers to itself, and would hold it until the collector comes by.
        gc.collect()
        pa.default_memory_pool().release_unused()


class _Nameless(Loader):
    """In place of a module of classes that nothing here makes an object of: each is an empty one, made where it is asked for."""

    def exec_module(self, module: ModuleType) -> None:
        """Give the module every name."""

        def named(name: str) -> type:
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (), {})

        vars(module)["__getattr__"] = named


class _Lean(MetaPathFinder):
    """What Great Expectations imports for expectations and stores that no suite here has: a third of its time, and 60 MB."""

    # Needed by no expectation but those that test distributions or JSON, which then load it after all.
    _LATER = ("altair", "jsonschema", "mistune", "scipy.stats")

    def __init__(self, kinds: Set[str]) -> None:
        self._kinds = kinds

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """Load some modules with the first use of what is in them, and say of SQL's toolkit that it is not installed.

        Of the kinds of expectations only those are loaded that were given.
        """
        if fullname == "sqlalchemy":
            raise ModuleNotFoundError(f"no {fullname} in the process that validates", name=fullname)
        kind = _KIND.fullmatch(fullname)
        if _SOURCE.fullmatch(fullname) or (kind and kind[1] not in self._kinds):
            return ModuleSpec(fullname, _Nameless())
        if fullname not in self._LATER:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


@contextmanager
def _no_readers() -> Iterator[None]:
    """Hide pandas' readers of files: Great Expectations makes models of the parameters of each, a fifth of its import."""
    import pandas as pd

    readers = {name: getattr(pd, name) for name in dir(pd) if name.startswith("read_")}
    for name in readers:
        delattr(pd, name)
    # It warns of each kind of files that there is nothing to read them.
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        for name, reader in readers.items():
            setattr(pd, name, reader)


def _suite(one: dict[str, Any]) -> Suite:
    return Suite(one["table"], tuple(one["key"]), tuple(one["expectations"]))


def _frame(con: duckdb.DuckDBPyConnection, path: Path) -> Any:
    """The frame that DuckDB gives of a table's Arrow file: with the same types as of the table itself."""
    with pa.memory_map(str(path)) as source:
        content = ipc.open_file(source).read_all()
    path.unlink()
    if all(_is_alike(values) for values in content.columns):
        return content.to_pandas()
    return con.from_arrow(content).df()


def _is_alike(values: pa.ChunkedArray) -> bool:
    """Whether Arrow makes the same of a column as DuckDB, in a fifth of the time."""
    if pa.types.is_string(values.type):
        return bool(values.null_count < len(values))
    return bool(pa.types.is_float64(values.type) or (pa.types.is_int64(values.type) and not values.null_count))


def _main() -> None:
    folder = Path(sys.argv[1])
    # Only the end of a build waits for it: what tables wait for, the lines that are fitted meanwhile, comes first.
    os.nice(_NICER)

    def remove() -> None:
        # The other process was killed: else it would have ended this one, and removed the folder.
        shutil.rmtree(folder, ignore_errors=True)

    # Whichever sees that first: there are no more names, or another parent.
    serve(folder, sys.stdin, io.TextIOWrapper(children.answers(remove), encoding="utf-8"))
    remove()


if __name__ == "__main__":
    _main()
