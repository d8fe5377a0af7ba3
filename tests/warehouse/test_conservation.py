"""flows/warehouse/conservation.py: a row that is lost between page and warehouse stops the build."""

from __future__ import annotations

import shutil
from pathlib import Path

import part_of_it
import pytest
from conftest import AS_OF

from flows import build
from flows.warehouse import connection, conservation
from flows.warehouse.connection import BuildError


@pytest.fixture
def one_source(tmp_path: Path, shipped: Path) -> Path:
    """Facts of one small source; the others are absent, which is no fault."""
    shutil.copytree(shipped / "computerprogress", tmp_path / "facts" / "computerprogress")
    return tmp_path / "facts"


def test_a_row_that_is_lost_is_named_with_source_and_page(tmp_path: Path, one_source: Path) -> None:
    path = tmp_path / "built.duckdb"
    build.read_sources(path, tmp_path / "raw", one_source, AS_OF)
    with connection.connect(path) as con:
        for table in ("model", "result", "compute"):
            con.execute(f"delete from staging.{table} where page = 'mscoco_data.js' and locator = 'object 7'")
    part_of_it.make(path, "meta.pages")
    with pytest.raises(
        BuildError, match=r"computerprogress, page mscoco_data\.js: 33 rows read, 32 \+ 0 \+ 0 accounted"
    ):
        conservation.check_conservation(path)


def test_a_page_without_a_count_is_a_lost_row_too(tmp_path: Path, one_source: Path) -> None:
    path = tmp_path / "built.duckdb"
    build.read_sources(path, tmp_path / "raw", one_source, AS_OF)
    with connection.connect(path) as con:
        con.execute("delete from staging.page_count where page = 'imagenet_data.js'")
    part_of_it.make(path, "meta.pages")
    with pytest.raises(BuildError, match=r"imagenet_data\.js: None rows read"):
        conservation.check_conservation(path)


def test_without_a_lost_row_conservation_is_silent(warehouse_path: Path) -> None:
    conservation.check_conservation(warehouse_path)


def test_a_result_that_is_neither_a_point_nor_left_out_is_named(tmp_path: Path, warehouse_path: Path) -> None:
    path = tmp_path / "copy.duckdb"
    shutil.copyfile(warehouse_path, path)
    with connection.connect(path) as con:
        con.execute("delete from core.left_out where rule = 'purpose' and result_id like 'dawnbench:%'")
    with pytest.raises(
        BuildError, match=r"(?s)\d\d results with computation .*dawnbench:.*neither a point nor left out"
    ):
        conservation.check_conservation(path)
    with connection.connect(path) as con:
        con.execute(
            "insert into fits.points from fits.points where row_set = 'current' and benchmark = 'conll' limit 1"
        )
    with pytest.raises(BuildError, match="point and point"):
        conservation.check_conservation(path)
