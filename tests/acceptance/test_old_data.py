"""A data folder as version 0.1 left it: its lock, kept pages and facts are read, and its warehouse is no traceback.

What 0.1 wrote stands here letter by letter, and not as this version would write it.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import duckdb
import pytest
from conftest import AS_OF
from running import command, environment

# A page that 0.1 had fetched: processors, thirty of them, the first with a rate and the others without.
PAGE = (
    "name,type,tdp_watts,TFLOPS32, TFLOPS16,GFLOPS32/W,GFLOPS16/W,memory,source\n"
    "Owl 100,gpu,250,5.153,10.3,20.6,,16,example.org/owl\n"
    + "".join(f"Owl 1{n},gpu,{100 + n},,,,,8,example.org/owl\n" for n in range(1, 30))
).encode()
PAGE_SHA256 = hashlib.sha256(PAGE).hexdigest()
# One whose bytes were not kept, but the facts taken from it.
FACTS_SHA256 = "5c" * 32
LOCK = (
    '{"source": "mlco2", "page": "gpus.csv", "url": "https://raw.githubusercontent.com/mlco2/impact/master/data/gpus.csv", '
    f'"sha256": "{PAGE_SHA256}", "byte_count": {len(PAGE)}, "retrieved_at": "2026-04-30T06:00:00Z", '
    '"etag": "\\"abc\\"", "last_modified": "Thu, 26 Feb 2026 00:00:00 GMT", "licence": "MIT"}\n'
    '{"source": "mlco2", "page": "impact.csv", "url": "https://raw.githubusercontent.com/mlco2/impact/master/data/impact.csv", '
    f'"sha256": "{FACTS_SHA256}", "byte_count": 12567, "retrieved_at": "2026-04-30T06:00:01Z", '
    '"etag": null, "last_modified": null, "licence": "MIT"}\n'
)
CLOUD_REGIONS = (
    "sha256,page,locator,provider,region,country,carbon_intensity_g_per_kwh,pue\n"
    f"{FACTS_SHA256},impact.csv,row 2,Owl Cloud,nest-east1,Utopia,612.5,1.12\n"
    f"{FACTS_SHA256},impact.csv,row 3,Owl Cloud,nest-west1,Atlantis,27.5,\n"
)
PAGE_COUNT = f"sha256,page,locator,sha256,rows_read\n{FACTS_SHA256},impact.csv,,{FACTS_SHA256},2\n"

# Its warehouse, in small: tables and columns whose names have changed since, and meta.sources, whose have not.
WAREHOUSE = """
create schema staging; create schema exports; create schema marts; create schema meta;
create table staging.point (row_set varchar, benchmark varchar, metric varchar, point varchar, error double, published boolean);
insert into staging.point values ('paper_v1', 'imagenet', 'top1', 'target_1', 0.05, true);
create table marts.figures (cell varchar, value double, low double, high double);
insert into marts.figures values ('imagenet/target_1/polynomial/gflop', 19.1, null, null);
create table marts.reproduction (
    figure varchar, cell varchar, published double, recomputed double, agrees boolean, unrounded double, decimals bigint,
    printed_as varchar
);
insert into marts.reproduction values ('figure_3', 'imagenet/target_1/polynomial/gflop', 19, 19, true, 19.1, 0, 'floor');
create table exports.table_3_costs (
    row_set varchar, benchmark varchar, metric varchar, point varchar, error_percent double,
    log10_polynomial_gflop integer, log10_polynomial_lb_co2 integer, log10_polynomial_usd integer,
    log10_exponential_gflop integer, log10_exponential_lb_co2 integer, log10_exponential_usd integer,
    polynomial_status varchar, exponential_status varchar
);
insert into exports.table_3_costs values ('paper_v1', 'imagenet', 'top1', 'target_1', 5, 19, 10, 10, 28, 19, 19, 'ok', 'ok');
create table meta.sources (
    source varchar, state varchar, retrieved_on date, age_days bigint, rows_read bigint, rows_accepted bigint,
    rows_duplicate bigint, rows_quarantined bigint, cells_rejected bigint, n_pages bigint, source_rank bigint, title varchar,
    publisher varchar, licence varchar, attribution varchar, message varchar
);
insert into meta.sources values ('mlco2', 'unchanged', '2026-04-30', null, 32, 32, 0, 0, 0, 2, 60, 't', 'p', 'MIT', 'a', null);
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of 0.1."""
    folder = tmp_path / "data"
    kept = {
        "raw/mlco2/snapshots.jsonl": LOCK.encode(),
        f"raw/mlco2/pages/{PAGE_SHA256[:16]}-gpus.csv": PAGE,
        "raw/mlco2/cloud_region.facts.csv": CLOUD_REGIONS.encode(),
        "raw/mlco2/page_count.facts.csv": PAGE_COUNT.encode(),
    }
    for name, body in kept.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    (folder / "warehouse").mkdir()
    with duckdb.connect(warehouse(folder)) as con:
        con.execute(WAREHOUSE)
    return folder


def warehouse(data: Path) -> Path:
    return data / "warehouse" / "compute_limits.duckdb"


def test_a_query_of_its_own_tables_is_answered(data: Path, tmp_path: Path) -> None:
    query = (
        "select point, error from staging.point join exports.table_3_costs using (row_set, benchmark, metric, point)"
    )
    ended = command(environment(data, tmp_path), "sql", query, "--format", "csv")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "point,error\ntarget_1,0.05\n", "")


def test_its_sources_are_shown(data: Path, tmp_path: Path) -> None:
    ended = command(environment(data, tmp_path), "sources")
    assert (ended.returncode, ended.stderr) == (0, "")
    (row,) = [line.split() for line in ended.stdout.splitlines() if line.startswith(" mlco2 ")]
    assert row == [
        "mlco2", "unchanged", "2026-04-30", "32", "32", "0", "0", "MIT",
    ]  # fmt: skip


def test_what_this_version_would_export_is_not_there_and_nothing_is_written(data: Path, tmp_path: Path) -> None:
    ended = command(environment(data, tmp_path), "export", str(tmp_path / "out"))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"error: {warehouse(data)} was built by another version, which differs in ")
    assert ended.stderr.endswith("; run `compute-limits build`\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [("report",), ("report", "--svg", "x.svg"), ("cost", "--benchmark", "imagenet", "--error", "5%")],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_what_it_cannot_answer_says_what_to_do(arguments: tuple[str, ...], data: Path, tmp_path: Path) -> None:
    before = warehouse(data).read_bytes()
    ended = command(environment(data, tmp_path), *arguments)
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    said = f"error: {warehouse(data)} was built by another version; run `compute-limits build` ("
    assert ended.stderr.startswith(said), ended.stderr
    assert ended.stderr.count("\n") == 1
    assert warehouse(data).read_bytes() == before


@pytest.mark.slow
def test_a_build_takes_its_pages_and_leaves_the_folder_as_it_was(data: Path, tmp_path: Path, shipped: Path) -> None:
    # Without the facts of that source that ship, which are newer than its pages.
    others = shutil.copytree(shipped, tmp_path / "others", ignore=shutil.ignore_patterns("mlco2"))
    before = {path.relative_to(data): path.read_bytes() for path in (data / "raw").rglob("*") if path.is_file()}
    env = environment(data, tmp_path, COMPUTE_LIMITS_FACTS=str(others))
    ended = command(env, "build", "--strict", "--as-of", AS_OF.isoformat())
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    assert "figure_3 90 of 90" in ended.stdout
    after = {path.relative_to(data): path.read_bytes() for path in (data / "raw").rglob("*") if path.is_file()}
    assert after == before
    with duckdb.connect(warehouse(data), read_only=True) as con:
        pages = con.execute(
            "select page, sha256, rows_read from meta.pages where source = 'mlco2' order by page"
        ).fetchall()
        watts = con.execute(
            "select name, tdp_watt from staging.processor where source = 'mlco2' order by locator"
        ).fetchall()
        regions = con.execute(
            "select region_key, carbon_intensity_g_per_kwh from core.cloud_regions order by all"
        ).fetchall()
        gone = con.execute(
            "select table_name from duckdb_tables() where table_name in ('figures', 'table_3_costs')"
        ).fetchall()
    assert pages == [("gpus.csv", PAGE_SHA256, 30), ("impact.csv", FACTS_SHA256, 2)]
    assert sorted(watts) == sorted([("Owl 100", 250.0), *((f"Owl 1{n}", 100.0 + n) for n in range(1, 30))])
    assert regions == [("oc:nest-east1", 612.5), ("oc:nest-west1", 27.5)]
    assert gone == []
