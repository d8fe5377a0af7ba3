"""Both days of a warehouse in all that leaves it: of its newest page, and before which models were published."""

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.publish import exports
from flows.publish.days import Days, days, in_name, with_days
from flows.publish.exports import Request

AS_OF, BEFORE = date(2026, 1, 2), date(2020, 3, 4)


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> Path:
    """The warehouse, said to be of two other days."""
    path = tmp_path_factory.mktemp("limited") / "limited.duckdb"
    shutil.copyfile(warehouse_path, path)
    with duckdb.connect(path) as con:
        con.execute("update meta.this_build set as_of = ?, published_before = ?", [AS_OF, BEFORE])
    return path


def test_the_sentence_has_the_second_day_where_one_was_given() -> None:
    assert Days(AS_OF, None).sentence() == "as of 2026-01-02"
    assert Days(AS_OF, BEFORE).sentence() == "as of 2026-01-02, models published before 2020-03-04"
    assert Days(None, BEFORE).texts() == ("", "2020-03-04")


def test_rows_carry_both_days_as_days() -> None:
    rows = with_days(pa.table({"n": [1, 2]}), Days(AS_OF, BEFORE))
    assert rows.to_pylist() == [{"n": n, "as_of": AS_OF, "published_before": BEFORE} for n in (1, 2)]
    assert with_days(pa.table({"n": [1]}), Days(AS_OF, None)).schema.field("published_before").type == pa.date32()
    assert rows.schema.field("as_of").metadata[b"description"].startswith(b"the day of the newest page")


def test_the_warehouse_tells_them(db: duckdb.DuckDBPyConnection) -> None:
    newest = db.execute("select max(retrieved_on) from meta.pages").fetchall()[0][0]
    assert days(db) == Days(newest, None)


@pytest.mark.slow
def test_every_file_that_is_exported_carries_both_days(limited: Path, tmp_path: Path) -> None:
    request = Request(figures=["domains", "figure_1a"])
    exports.export(limited, tmp_path, request)
    without = []
    for file in sorted(tmp_path.rglob("*.*")):
        name, body = file.relative_to(tmp_path).as_posix(), file.read_bytes()
        if file.suffix == ".parquet":
            table = pq.read_table(file)
            told = {*map(str, table["as_of"].to_pylist()), *map(str, table["published_before"].to_pylist())}
            assert told == {str(AS_OF), str(BEFORE)} or not table.num_rows, name
        elif name not in ("CREDITS.txt", "sources.bib", ".compute-limits-export"):
            # These two have the days of the pages, first and last, and the second day.
            without += [name] if str(AS_OF).encode() not in body or str(BEFORE).encode() not in body else []
        else:
            assert str(BEFORE).encode() in body or name == ".compute-limits-export", name
    assert without == []
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert (package["as_of"], package["published_before"]) == (str(AS_OF), str(BEFORE))
    assert "models published before 2020-03-04" in (tmp_path / "figures" / "domains.txt").read_text(encoding="utf-8")
    # A simulation has no models that could have been published.
    theory = (tmp_path / "figures" / "figure_1a.txt").read_text(encoding="utf-8").split("\n\n")
    assert "published before" not in theory[1]
    # What the paper printed is as it was, whatever day is given; whoever sees another table sees the limit.
    assert "of models published before" not in (tmp_path / "figure_3.md").read_text(encoding="utf-8")
    assert "published before 2020-03-04.\n" in (tmp_path / "exponents.tex").read_text(encoding="utf-8")


def test_a_day_in_the_name_of_a_page_is_read() -> None:
    assert in_name("20230915.csv") == date(2023, 9, 15)
    assert in_name("table_2026_01_08.csv") == date(2026, 1, 8)
    assert [in_name(name) for name in ("table.csv", "20231315.csv", "1202309151.csv")] == [None] * 3
