"""The published warehouse in older clients than the library that writes it, the oldest and the newest: the README's queries."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from flows.answers import queries
from flows.publish import hive
from flows.warehouse import connection

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
# What each is called on package indexes: the oldest that the README names, and the newest command line that is there.
LIBRARY, COMMAND_LINE = "duckdb==1.2.*", "duckdb-cli==1.5.*"
ASK = """
import json, sys, duckdb
with duckdb.connect(*sys.argv[1:], read_only=len(sys.argv) > 1) as con:
    print(json.dumps([con.execute(query).fetchall() for query in json.load(sys.stdin)], default=str))
"""


def readme_queries() -> list[str]:
    """The queries of `compute-limits sql` in the README, but for those of names that DuckDB's own command line has otherwise."""
    commands = re.findall(r"^\$ (compute-limits sql .*)$", README, re.MULTILINE)
    found = [shlex.split(command)[2] for command in commands]
    return [query for query in found if re.match(r"select|from|with", query)]


def installed(folder: Path, requirement: str) -> Path:
    """An environment with that package and nothing of this one; skips where no index can be reached."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [
        folder / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        requirement,
    ]
    ended = subprocess.run(command, capture_output=True, text=True, env=env, timeout=300, check=False)
    if ended.returncode and re.search(
        r"connection|timed out|resolve|Network is unreachable|ProxyError|SSLError", ended.stderr, re.IGNORECASE
    ):
        pytest.skip(f"no package index can be reached, so {requirement} is not tried: {ended.stderr[-300:]}")
    assert ended.returncode == 0, ended.stderr
    return folder


def test_the_file_says_that_it_is_of_the_old_version(warehouse_path: Path) -> None:
    with connection.connect(warehouse_path, read_only=True) as con:
        (tags,) = con.execute("select tags from duckdb_databases() where not internal").fetchall()[0]
    assert tags == {"storage_version": f"{connection.STORAGE_VERSION}+"}
    assert connection.STORAGE_VERSION == "v1.2.0"


def test_a_file_that_is_made_by_default_is_another(tmp_path: Path) -> None:
    """What DuckDB 2 makes by itself no client of 1.x opens: when that is over, the setting can go."""
    with duckdb.connect(tmp_path / "new.duckdb") as con:
        (tags,) = con.execute("select tags from duckdb_databases() where not internal").fetchall()[0]
    assert tags["storage_version"].startswith("v2")


@pytest.mark.slow
def test_the_command_line_runs_the_queries_of_the_readme(warehouse_path: Path, tmp_path: Path) -> None:
    client = installed(tmp_path / "client", COMMAND_LINE) / "bin" / "duckdb"
    assert subprocess.check_output([client, "--version"], text=True).startswith("v1.5")
    asked = readme_queries()
    assert len(asked) >= 5
    for query in [*asked, "from results limit 5"]:
        told = subprocess.check_output([client, "-readonly", "-csv", warehouse_path, query], text=True)
        rows = queries.run(warehouse_path, query)
        assert next(csv.reader(io.StringIO(told))) == list(rows.columns), query
        assert len(list(csv.reader(io.StringIO(told)))) == 1 + len(rows.rows), query


@pytest.mark.slow
def test_the_oldest_client_reads_every_table(warehouse_path: Path, tmp_path: Path) -> None:
    python = installed(tmp_path / "client", LIBRARY) / "bin" / "python"
    with connection.connect(warehouse_path, read_only=True) as con:
        tables = connection.tables(con)
        views = [name for (name,) in con.execute("select view_name from duckdb_views() where not internal").fetchall()]
        asked = [f"select count(*), min(hash(t)) from {table} as t" for table in (*tables, *views)]
        counts = [con.execute(f"select count(*) from {table}").fetchall()[0][0] for table in (*tables, *views)]
    asked += readme_queries()

    told = subprocess.run(
        [python, "-c", ASK, warehouse_path], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert [rows[0][0] for rows in json.loads(told.stdout)[: len(counts)]] == counts

    # The same of the Parquet that is parted as Hive does.
    hive.write(warehouse_path, tmp_path / "lake")
    parted = [table for table in tables if table.startswith(("core.", "marts."))]
    rows = "read_parquet('{}/lake/latest/{}/**/*.parquet', hive_partitioning = true)"
    asked = [f"select count(*) from {rows.format(tmp_path, table.replace('.', '/'))}" for table in parted]
    told = subprocess.run([python, "-c", ASK], input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert {table: found[0][0] for table, found in zip(parted, json.loads(told.stdout), strict=True)} == {
        table: count for table, count in zip((*tables, *views), counts, strict=True) if table in parted
    }
