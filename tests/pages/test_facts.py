"""flows/pages/facts.py: what is written comes back to the last digit, and what cannot be read is named."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import shutil
import typing
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import paths, sources
from flows.columns import columns
from flows.pages import facts, snapshots
from flows.pages.facts import FactsError
from flows.pages.parse import Gathered
from flows.readers.row_types import ROW_TYPES, PageCount, Rejected, Result
from flows.sources import Page

PAGE = Page("s", 'p, "1".csv', "https://example.org/p.csv", "csv")
# A carriage return alone: the test below.
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\r")
VALUES: dict[type, st.SearchStrategy[Any]] = {
    str: st.text(LETTERS) | st.sampled_from(['"', 'a"b,c\nd', "\r\n", " x ", "é Σ 模型", "null", "None", "1e5"]),
    float: st.floats(allow_nan=False) | st.sampled_from([0.1 + 0.2, 5e-324, 1e308, -0.0]),
    int: st.integers(-(2**63), 2**63 - 1),
    date: st.dates(),
    bool: st.booleans(),
}


def rows_of(row_type: type[Any]) -> st.SearchStrategy[Any]:
    """Rows of a type; where a text may be null it is never blank, which no parser emits."""
    hints = typing.get_type_hints(row_type)
    fields = {}
    for name, (kind, _) in columns(row_type).items():
        values = VALUES[kind]
        if type(None) in typing.get_args(hints[name]):
            values = st.none() | (values.filter(bool) if kind is str else values)
        fields[name] = values
    return st.builds(row_type, **fields)


def gathered(rows: dict[str, list[Any]], page: Page = PAGE, sha256: str = "0" * 64) -> Gathered:
    found = Gathered()
    for kind, given_rows in rows.items():
        for at, row in enumerate(given_rows, 2):
            found.add(kind, page, f'row {at}, "x"\n', row)
    found.add("page_count", page, "", PageCount(sha256, sum(map(len, rows.values()))))
    return found


@pytest.mark.parametrize("kind", ROW_TYPES)
# One way to write and to read them for all two dozen kinds.
@settings(max_examples=8)
@given(data=st.data())
def test_rows_come_back_as_they_were(kind: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = data.draw(st.lists(rows_of(ROW_TYPES[kind]), min_size=1, max_size=3))
    folder = tmp_path_factory.mktemp("facts")
    given_rows = gathered({} if kind == "page_count" else {kind: rows})
    if kind == "page_count":
        given_rows.rows[kind] = [("s", PAGE.name, "", rows[0])]
    facts.write(folder, [("0" * 64, given_rows)])
    found = facts.read(folder, PAGE, "0" * 64)
    assert found is not None
    assert found.rows == given_rows.rows
    # -0.0 == 0.0, and a count may come back as a float.
    assert repr(found.rows) == repr(given_rows.rows)
    tables = facts.as_tables(folder, PAGE, "0" * 64)
    assert tables is not None
    assert all(tables.table(filled).equals(found.table(filled)) for filled in found.rows)


@pytest.mark.parametrize("key", sources.names())
def test_the_facts_that_ship_are_read_whole_by_arrow(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, newest = paths.SHIPPED_RAW / key, {line.page: line for line in snapshots.read(paths.SHIPPED_RAW, key)}
    listed = [(page, newest[page.name].sha256) for page in sources.source(key).pages if page.name in newest]
    by_row = [facts.read(folder, *one) for one in listed]
    monkeypatch.delattr(facts, "read")
    for one, rows in zip(listed, by_row, strict=True):
        tables = facts.as_tables(folder, *one)
        assert tables is not None
        assert rows is not None
        assert all(tables.table(kind).equals(rows.table(kind)) for kind in ROW_TYPES)


def test_rows_of_a_page_that_do_not_stand_together_are_read(tmp_path: Path) -> None:
    row = Result("imagenet", "top1", 50.0)
    facts.write(tmp_path, [("0" * 64, gathered({"result": [row]})), ("1" * 64, gathered({"result": [row]}))])
    path = tmp_path / "result.facts.csv"
    with path.open(newline="", encoding="utf-8") as handle:
        header, first, second = csv.reader(handle)
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, lineterminator="\n").writerows([header, first, second, [*first[:2], "row 3", *first[3:]]])
    tables = facts.as_tables(tmp_path, PAGE, "0" * 64)
    assert tables is not None
    assert len(tables.table("result")) == 2


def test_a_text_with_a_carriage_return_comes_back(tmp_path: Path) -> None:
    given_rows = gathered({"rejected_cell": [ROW_TYPES["rejected_cell"]("a", "1\r2", "not_a_number", "x")]})
    facts.write(tmp_path, [("0" * 64, given_rows)])
    found = facts.read(tmp_path, PAGE, "0" * 64)
    assert found is not None
    assert found.rows == given_rows.rows


def test_a_whole_number_among_floats_is_written_as_it_is_read(tmp_path: Path) -> None:
    # Python lets an int pass for a float: a parser may take 118287 from a TOML.
    for folder, size in (("int", 118287), ("float", 118287.0)):
        row = ROW_TYPES["run_phase"]("coco", "training", training_set_size=size)
        facts.write(tmp_path / folder, [("0" * 64, gathered({"run_phase": [row]}))])
    texts = {path.read_bytes() for path in tmp_path.glob("*/run_phase.facts.csv")}
    assert len(texts) == 1
    assert b",118287," in texts.pop()


def test_versions_and_pages_are_told_apart(tmp_path: Path) -> None:
    other = Page("s", "q.csv", "https://example.org/q.csv", "csv")
    versions = [
        (page, sha256, gathered({"result": [Result("imagenet", "top1", value)]}, page, sha256))
        for page, sha256, value in [(PAGE, "a" * 64, 1.0), (PAGE, "b" * 64, 2.0), (other, "a" * 64, 3.0)]
    ]
    facts.write(tmp_path, [(sha256, rows) for _, sha256, rows in versions])
    for page, sha256, rows in versions:
        found = facts.read(tmp_path, page, sha256)
        assert found is not None
        assert found.rows == rows.rows
    assert facts.read(tmp_path, other, "b" * 64) is None
    assert facts.read(tmp_path / "nowhere", PAGE, "a" * 64) is None


def test_writing_replaces_what_was_there(tmp_path: Path) -> None:
    facts.write(tmp_path, [("0" * 64, gathered({"result": [Result("imagenet", "top1", 1.0)]}))])
    assert facts.read(tmp_path, PAGE, "0" * 64) is not None
    there = facts.write(tmp_path, [("1" * 64, gathered({}, sha256="1" * 64))])
    assert [path.name for path in there] == ["page_count.facts.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page_count.facts.csv"]
    assert facts.read(tmp_path, PAGE, "0" * 64) is None


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "result.facts.csv"
    facts.write(tmp_path, [("0" * 64, gathered({"result": [Result("imagenet", "top1", 1.5)]}))])
    facts.read(tmp_path, PAGE, "0" * 64)
    path.write_text(path.read_text(encoding="utf-8").replace("top1,1.5", "top1,12.5"), encoding="utf-8")
    found = facts.read(tmp_path, PAGE, "0" * 64)
    assert found is not None
    assert [row.value for *_, row in found.rows["result"]] == [12.5]


def spoilt(folder: Path, change: Callable[[str], str]) -> str:
    rows = [ROW_TYPES["model"]("X", year=2020, published_on=date(2020, 1, 2), parameters=5.5)] * 2
    facts.write(folder, [("0" * 64, gathered({"model": rows}))])
    path = folder / "model.facts.csv"
    text = path.read_text(encoding="utf-8")
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8")
    with pytest.raises(FactsError) as told:
        facts.read(folder, PAGE, "0" * 64)
    assert str(path) in str(told.value)
    return str(told.value)


def replace_last(old: str, new: str) -> Callable[[str], str]:
    return lambda text: new.join(text.rsplit(old, 1))


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [("2020,", "2020.5,", "year"), ("2020-01-02", "2020-13-01", "published_on"), ("5.5", "five", "parameters")],
)
def test_a_bad_literal_is_named_with_file_row_and_column(tmp_path: Path, old: str, new: str, column: str) -> None:
    message = spoilt(tmp_path, replace_last(old, new))
    assert f"row 3, column {column}: {new.rstrip(',')!r}" in message


def test_a_null_where_there_must_be_a_value_is_named(tmp_path: Path) -> None:
    facts.write(tmp_path, [("0" * 64, gathered({"result": [Result("imagenet", "top1", 7.5)]}))])
    path = tmp_path / "result.facts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("7.5", ""), encoding="utf-8")
    with pytest.raises(FactsError, match="row 2, column value: ''"):
        facts.read(tmp_path, PAGE, "0" * 64)


def test_a_row_of_the_wrong_width_is_named(tmp_path: Path) -> None:
    wide = 3 + len(columns(ROW_TYPES["model"]))
    assert f"row 3: {wide + 1} cells, not {wide}" in spoilt(tmp_path, lambda text: text.rstrip("\n") + ",\n")


def test_another_header_is_named_with_what_to_do(tmp_path: Path) -> None:
    assert "compute-limits bundle" in spoilt(tmp_path, lambda text: text.replace("parameters", "weights", 1))


@pytest.mark.parametrize("tail", [b'0,p,row 9,"cut', b'0,p,"row" 9,x\n', b"0,p,row 9,\xff\n"])
def test_a_broken_file_is_named(tmp_path: Path, tail: bytes) -> None:
    facts.write(tmp_path, [("0" * 64, gathered({"result": [Result("imagenet", "top1", 7.5)]}))])
    path = tmp_path / "result.facts.csv"
    path.write_bytes(path.read_bytes() + tail)
    with pytest.raises(FactsError, match=r"result\.facts\.csv"):
        facts.read(tmp_path, PAGE, "0" * 64)


@pytest.mark.parametrize("key", sources.names())
def test_the_facts_that_ship_are_byte_for_byte_what_writing_them_gives(key: str, tmp_path: Path) -> None:
    folder, lock = paths.SHIPPED_RAW / key, snapshots.read(paths.SHIPPED_RAW, key)
    (tmp_path / key).mkdir()
    shutil.copy(folder / snapshots.LOCK, tmp_path / key)
    parts = []
    for page in sources.source(key).pages:
        for line in lock:
            found = facts.read(folder, page, line.sha256) if line.page == page.name else None
            if found is not None:
                parts.append((line.sha256, found))
    there = facts.write(tmp_path / key, parts)
    assert [path.name for path in sorted(there)] == sorted(path.name for path in folder.glob("*.facts.csv"))
    for path in there:
        with path.open(newline="", encoding="utf-8") as handle:
            assert next(csv.reader(handle))[:3] == ["sha256", "page", "locator"]
        assert path.read_bytes() == (folder / path.name).read_bytes()


# --- how a version is named

ONE, OTHER, THIRD = "aaaaaaaa" + "1" * 56, "aaaaaaaa" + "1" * 3 + "2" * 53, "b" * 64


def locked(folder: Path, *versions: str) -> Path:
    """A folder with a lock of these versions of the page."""
    folder.mkdir(exist_ok=True)
    lines = [
        snapshots.Snapshot(folder.name, PAGE.name, PAGE.url, one, 1, "2026-01-01T00:00:00Z", None, None, "MIT")
        for one in versions
    ]
    (folder / snapshots.LOCK).write_text("".join(map(snapshots.as_line, lines)), encoding="utf-8")
    return folder


def written(folder: Path, *versions: str, text: str = "") -> Path:
    """The facts of these versions, a result each, whose metric is a text; the file of the results."""
    rows = [(one, gathered({"result": [Result("imagenet", text or one, 7.5)]}, sha256=one)) for one in versions]
    facts.write(folder, rows)
    return folder / "result.facts.csv"


def named(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as handle:
        return [row[0] for row in csv.reader(handle)][1:]


@pytest.mark.parametrize(
    ("versions", "many"),
    [((), 8), ((ONE,), 8), ((ONE, ONE, THIRD), 8), ((ONE, THIRD, OTHER), 12), ((ONE, ONE[:-1] + "2"), 64)],
)
def test_a_version_is_named_by_as_many_digits_as_tell_it_from_the_others(versions: tuple[str, ...], many: int) -> None:
    assert facts.digits(versions) == many


def test_all_versions_of_a_source_are_named_by_the_same_number_of_digits(tmp_path: Path) -> None:
    short, long = locked(tmp_path / "short", ONE, THIRD), locked(tmp_path / "long", ONE, OTHER, THIRD)
    assert named(written(short, ONE, THIRD)) == ["aaaaaaaa", "bbbbbbbb"]
    assert named(written(long, THIRD, ONE, OTHER)) == ["b" * 12, "aaaaaaaa1111", "aaaaaaaa1112"]
    for folder, sha256 in [(short, ONE), (short, THIRD), (long, ONE), (long, OTHER), (long, THIRD)]:
        for found in (facts.read(folder, PAGE, sha256), facts.as_tables(folder, PAGE, sha256)):
            assert found is not None
            assert [row["metric"] for row in found.table("result").to_pylist()] == [sha256]
            # All its digits in memory.
            assert found.table("page_count")["sha256"].to_pylist() == [sha256]
    assert facts.read(short, PAGE, OTHER) is None
    assert facts.as_tables(short, PAGE, OTHER) is None


def test_what_the_lock_has_not_is_named_by_all_digits(tmp_path: Path) -> None:
    folder = locked(tmp_path / "s", ONE)
    assert named(written(folder, ONE, THIRD)) == ["aaaaaaaa", THIRD]
    assert facts.read(folder, PAGE, THIRD) is not None
    assert facts.as_tables(folder, PAGE, THIRD) is not None


@pytest.mark.parametrize("lock", [(ONE, THIRD), (THIRD,), ()], ids=["named", "another's", "none"])
def test_older_facts_have_all_digits_and_are_read_as_they_are(lock: tuple[str, ...], tmp_path: Path) -> None:
    folder = locked(tmp_path / "s", *lock) if lock else tmp_path
    header = "sha256,page,locator,benchmark,metric,value,image_size,uncertainty,shots,is_ensemble,setting\n"
    row = f'{ONE},"p, ""1"".csv",row 2,imagenet,top1,7.0,,,,,\n'
    (folder / "result.facts.csv").write_text(header + row, encoding="utf-8")
    counted = f'sha256,page,locator,sha256,rows_read\n{ONE},"p, ""1"".csv",,{ONE},1\n'
    (folder / "page_count.facts.csv").write_text(counted, encoding="utf-8")
    for found in (facts.read(folder, PAGE, ONE), facts.as_tables(folder, PAGE, ONE)):
        assert found is not None
        assert found.table("result")["value"].to_pylist() == [7.0]
    # Its lock has the hash of the names of the files and their lines, as it had before.
    of_lines = f"page_count.facts.csv\n{counted.splitlines()[1]}\nresult.facts.csv\n{row}"
    hashes = {ONE: hashlib.sha256(of_lines.encode()).hexdigest()} if ONE in lock else {}
    assert facts.hashes(folder, lock) == hashes


BAD = {
    "none": ("cccccccc", "no version in {lock} begins so"),
    "more than one": ("aaaaaaaa", f"2 versions in {{lock}} begin so: {ONE}, {OTHER}"),
    "too few digits": ("b", "fewer than 8 digits, which name no version"),
    "blank": ("", "fewer than 8 digits, which name no version"),
    "no hexadecimal": ("BBBBBBBBBBBB", "no version in {lock} begins so"),
    "a digit too many": (THIRD + "b", "no version in {lock} begins so"),
}


@pytest.mark.parametrize("how", BAD)
@pytest.mark.parametrize(
    "look",
    [
        lambda folder: facts.read(folder, PAGE, ONE),
        lambda folder: facts.as_tables(folder, PAGE, ONE),
        lambda folder: facts.hashes(folder, [ONE, OTHER, THIRD]),
    ],
    ids=["read", "as_tables", "hashes"],
)
def test_digits_that_do_not_name_one_version_are_told(how: str, look: Callable[[Path], object], tmp_path: Path) -> None:
    folder, (digits, why) = locked(tmp_path / "timm", ONE, OTHER, THIRD), BAD[how]
    # A cell of several lines first, which is one row.
    path = written(folder, ONE, THIRD, text='1\n"cccccccc",2\ncccccccc,3')
    look(folder)
    path.write_text(path.read_text(encoding="utf-8").replace("b" * 12, digits), encoding="utf-8")
    with pytest.raises(FactsError) as told:
        look(folder)
    assert str(told.value) == (
        f"{path}, row 3, column sha256: {digits!r}: {why.format(lock=folder / snapshots.LOCK)}; restore both files from version "
        "control, or run `compute-limits bundle --source timm`"
    )


def test_a_version_that_the_lock_has_later_may_make_the_digits_too_few(tmp_path: Path) -> None:
    folder = locked(tmp_path / "timm", ONE)
    written(folder, ONE)
    assert facts.as_tables(folder, PAGE, ONE) is not None
    locked(folder, ONE, OTHER)
    with pytest.raises(FactsError, match="row 2, column sha256: 'aaaaaaaa': 2 versions"):
        facts.as_tables(folder, PAGE, ONE)


def test_the_further_lines_of_a_cell_are_of_its_own_row(tmp_path: Path) -> None:
    folder = locked(tmp_path / "timm", ONE, THIRD)
    hashes = []
    for text in ("1\nbbbbbbbb,2", "1\nbbbbbbbb,3"):
        path = written(folder, ONE)
        further = path.read_text(encoding="utf-8").replace(ONE, f'"{text}"')
        path.write_text(further, encoding="utf-8")
        hashes.append(facts.hashes(folder, [ONE, THIRD]))
    assert [sorted(one) for one in hashes] == [[ONE], [ONE]]
    assert hashes[0] != hashes[1]


def test_every_row_type_has_columns_that_facts_can_hold() -> None:
    for row_type in ROW_TYPES.values():
        assert dataclasses.is_dataclass(row_type)
        assert {kind for kind, _ in columns(row_type).values()} <= set(VALUES)


@pytest.mark.parametrize("lines", [1, 2, 1000])
def test_a_large_file_is_read_page_by_page_and_gives_the_same(
    lines: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [Page("s", name, f"https://example.org/{name}", "csv") for name in ("one", "two", "none")]
    versions = [hashlib.sha256(page.name.encode()).hexdigest() for page in pages]
    rows = {
        "result": [Result('a "b",\nc', "top1", value) for value in (1.5, 2.5, 3.5, 4.5)],
        "quarantine": [Rejected(None, "x\ny", "rule", 'a "reason"', None)],
    }
    given_pages = [
        (version, gathered(rows if page.name != "none" else {}, page, version))
        for page, version in zip(pages, versions, strict=True)
    ]
    folder = locked(tmp_path / "s", *versions)
    facts.write(folder, given_pages)
    whole = [facts.as_tables(folder, *of) for of in zip(pages, versions, strict=True)]
    hashes = facts.hashes(folder, versions)
    assert not any(one.again for one in whole if one is not None)
    facts._looked_through.cache_clear()
    monkeypatch.setattr(facts, "LARGE", 0)
    monkeypatch.setattr(facts, "_LINES", lines)
    found = [facts.as_tables(folder, *of) for of in zip(pages, versions, strict=True)]
    assert [set(one.again) for one in found if one is not None] == [{*rows, "page_count"}] * 2 + [{"page_count"}]
    for one, other in zip(whole, found, strict=True):
        assert one is not None
        assert other is not None
        assert one.read_count() == other.read_count()
        assert all(one.table(row_type).equals(other.table(row_type)) for row_type in ROW_TYPES)
    assert facts.hashes(folder, versions) == hashes
    assert len(hashes) == len(pages)


def test_a_file_that_points_nowhere_is_told_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "result.facts.csv").symlink_to(tmp_path / "away")
    for look in (lambda: facts.digest(tmp_path), lambda: facts.as_tables(tmp_path, PAGE, "0" * 64)):
        with pytest.raises(FileNotFoundError, match=r"result\.facts\.csv"):
            look()
