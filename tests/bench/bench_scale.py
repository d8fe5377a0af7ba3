"""`make bench`: the SQL of fits.ols over 10 million points of 100,000 benchmarks, beside DuckDB's bare moments of both forms.

Both read the same file and write a table of their result. Each run is a process of its own, so that peak memory is its own;
the two take turns, and the ratio is of the medians. `memory_limit = '200MB'` is tried as well.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from flows import paths
from flows.warehouse import sql_files, transform

_POINTS, _BENCHMARKS, _RUNS = 10_000_000, 100_000, 5
_DATA = f"""
create schema fits;
create schema staging;
create table fits.sample_sets as
    select i as sample_id, 'current' as row_set, 'benchmark ' || i as benchmark, 'top1' as metric,
        'hardware_burden' as compute_measure, 'all' as selection
    from range(1, {_BENCHMARKS} + 1) as t(i);
create table staging.fit as
    select * exclude (sample_id), unnest(['polynomial', 'exponential']) as form from fits.sample_sets;
create table staging.fit_rule as select 3 as points_min;
create table fits.samples as
    select
        1 + (hash(i) % {_BENCHMARKS})::integer as sample_id,
        17 + 8 * (hash(i + 1e9) / 2.0 ** 64) as log10_compute,
        10 ** (-0.08 * log10_compute + 1 + 0.2 * (hash(i + 2e9) / 2.0 ** 64)) / 10 as error,
    from range({_POINTS}) as t(i);
"""
_BARE = """
select
    sample_id, count(*),
    avg(log10_compute), var_pop(log10_compute),
    avg(log10_performance), var_pop(log10_performance), covar_pop(log10_compute, log10_performance),
    avg(performance), var_pop(performance), covar_pop(log10_compute, performance),
from (select *, -log10(error) as log10_performance, 1 / error as performance from fits.samples)
group by sample_id
"""


def child(file: str, what: str, threads: str, memory: str) -> None:
    """Run one of the two and print its seconds."""
    select = _BARE if what == "bare" else sql_files.read_table_file(paths.SQL / "fits" / "ols.sql").select
    with duckdb.connect(file, config={"threads": int(threads)}) as con:
        if memory:
            con.execute(f"set memory_limit = '{memory}'")
        transform.make_known(con, paths.SQL, {})
        con.execute("set preserve_insertion_order = false")
        start = time.perf_counter()
        con.execute(f"create or replace temp table found as {select}")
        print(time.perf_counter() - start)


def measured(file: Path, what: str, threads: int, memory: str = "") -> tuple[float, float]:
    """Seconds and peak resident memory in MB of one run."""
    arguments = [sys.executable, __file__, str(file), what, str(threads), memory]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    told = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{what} with {threads} threads, memory {memory or 'free'}: status {process.returncode}")
    return float(told), usage.ru_maxrss / 1024


def main() -> None:
    """Make the file, measure both with one thread and with two, and once with little memory."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scale.duckdb"
        with duckdb.connect(file) as con:
            con.execute(_DATA)
        for threads in (1, 2):
            runs: dict[str, list[tuple[float, float]]] = {"bare": [], "ols": []}
            for _ in range(_RUNS):
                for what, found in runs.items():
                    found.append(measured(file, what, threads))
            median = {what: statistics.median(seconds for seconds, _ in found) for what, found in runs.items()}
            peak = {what: max(memory for _, memory in found) for what, found in runs.items()}
            print(
                f"{threads} thread{'s' * (threads > 1)}: bare moments {median['bare']:.2f} s, {peak['bare']:.0f} MB; "
                f"fits.ols {median['ols']:.2f} s, {peak['ols']:.0f} MB; ratio {median['ols'] / median['bare']:.2f}"
            )
        seconds, peak_memory = measured(file, "ols", 2, "200MB")
        print(f"memory_limit = '200MB': fits.ols {seconds:.2f} s, {peak_memory:.0f} MB")


if __name__ == "__main__":
    main() if len(sys.argv) == 1 else child(*sys.argv[1:])
