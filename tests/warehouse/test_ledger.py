"""flows/warehouse/ledger.py: states are added where something moved and never changed, and a build is held against one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from past_states import Mini, Point, make

from flows import build
from flows.warehouse import checksums, ledger, reading
from flows.warehouse.ledger import LedgerError

ONE = Mini([Point(f"t{at}", 18.0 + at, 0.5 / (at + 1)) for at in range(5)], day=date(2026, 1, 1))
TWO = replace(ONE, points=[*ONE.points, Point("new", 24.0, 0.05)], day=date(2026, 2, 1), before=ONE.key)
FAR = date(2099, 1, 1)


def keep(root: Path, mini: Mini) -> bool:
    with reading.read(make(root / "warehouse.duckdb", mini)) as con:
        return ledger.keep(con, root / "ledger", ledger.states([root / "ledger"]))


def chain(root: Path, build: str = "another", as_of: date = FAR) -> list[str]:
    return [state.build for state in ledger.chain(ledger.states([root / "ledger"]), build, as_of)]


def test_a_state_is_added_once_and_only_where_something_is_said_otherwise(tmp_path: Path) -> None:
    same = replace(ONE, code="other code", day=date(2026, 1, 15), before=ONE.key)
    assert [keep(tmp_path, mini) for mini in (ONE, ONE, same, TWO, TWO)] == [True, False, False, True, False]
    assert chain(tmp_path) == [ONE.key, TWO.key]
    folders = sorted(path.name for path in (tmp_path / "ledger").iterdir())
    assert folders == [f"{mini.day}-{mini.key[:16]}" for mini in (ONE, TWO)]


def test_a_build_is_held_against_the_newest_that_is_not_its_own_and_not_after_its_day(tmp_path: Path) -> None:
    for mini in (ONE, TWO):
        keep(tmp_path, mini)
    assert chain(tmp_path, as_of=date(2026, 1, 31)) == [ONE.key]
    assert chain(tmp_path, as_of=date(2025, 12, 31)) == []
    # Anew, with its own state in the ledger, a build is held against what it was held against.
    assert chain(tmp_path, TWO.key) == [ONE.key]
    assert chain(tmp_path, ONE.key) == []


def test_what_was_laid_down_after_the_fact_stands_in_its_place(tmp_path: Path) -> None:
    later = replace(TWO, before=None)
    keep(tmp_path, later)
    keep(tmp_path, ONE)
    assert chain(tmp_path, as_of=date(2026, 1, 31)) == [ONE.key]
    assert chain(tmp_path) == [later.key]


def test_the_same_content_gives_the_same_bytes_and_one_key(tmp_path: Path) -> None:
    (one, other) = (tmp_path / name for name in ("one", "other"))
    for root in (one, other):
        keep(root, ONE)
    (first,), (second,) = (ledger.states([root / "ledger"]).values() for root in (one, other))
    assert replace(first, folder=second.folder) == second
    assert ledger.key([first]) == ledger.key([second]) != ledger.key([])


@pytest.mark.parametrize("name", ["points.parquet", "numbers.parquet", "pages.parquet"])
def test_a_state_that_was_altered_is_named(tmp_path: Path, name: str) -> None:
    keep(tmp_path, ONE)
    (state,) = ledger.states([tmp_path / "ledger"]).values()
    path = state.folder / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(LedgerError, match=f"{path} is not what was written; restore it"):
        ledger.rows([state])


@pytest.mark.parametrize(
    ("altered", "why"),
    [("{", "JSONDecodeError"), ("[]", "TypeError"), ('{"build": "x"}', "KeyError"), (None, "ValueError")],
)
def test_what_is_no_state_is_named(tmp_path: Path, altered: str | None, why: str) -> None:
    keep(tmp_path, ONE)
    (path,) = (tmp_path / "ledger").glob("*/build.json")
    path.write_text(altered or json.dumps(json.loads(path.read_text()) | {"as_of": "yesterday"}))
    with pytest.raises(LedgerError, match=rf"{path} is no state of the ledger \({why}"):
        ledger.states([tmp_path / "ledger"])


def test_a_circle_is_named(tmp_path: Path) -> None:
    keep(tmp_path, ONE)
    (path,) = (tmp_path / "ledger").glob("*/build.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"before": ONE.key}))
    with pytest.raises(LedgerError, match="before: the state is said to come before itself"):
        chain(tmp_path)


def test_of_older_states_exponents_and_lowest_errors_are_staged(tmp_path: Path) -> None:
    for mini in (ONE, TWO):
        keep(tmp_path, mini)
    found = ledger.states([tmp_path / "ledger"])
    staged = ledger.rows(ledger.chain(found, "another", FAR))
    rows = staged["past_number"].content.to_pylist()
    quantities = {build: sorted({row["quantity"] for row in rows if row["build"] == build}) for build in found}
    assert quantities[ONE.key] == ["exponent", "lowest_error", "points"]
    assert quantities[TWO.key] == ["exponent", "log10_compute", "log10_usd", "lowest_error", "points"]
    assert len(staged["past_point"].content) == len(TWO.points)
    assert [row["place"] for row in staged["past_build"].content.to_pylist()] == [1, 2]


def test_a_warehouse_of_before_there_was_a_ledger_has_no_state(tmp_path: Path) -> None:
    path = make(tmp_path / "warehouse.duckdb", ONE)
    with reading.connection.connect(path) as con:
        con.execute("alter table staging.build_setting drop column state_key")
    with reading.read(path) as con:
        assert not ledger.keep(con, tmp_path / "ledger", {})
    assert not (tmp_path / "ledger").exists()


def test_what_a_killed_build_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "ledger"
    (root / ".next-half").mkdir(parents=True)
    (root / ".mine").mkdir()
    (root / ".a-file").touch()
    assert keep(tmp_path, ONE)
    assert sorted(path.name for path in root.iterdir()) == [".a-file", ".mine", f"{ONE.day}-{ONE.key[:16]}"]


def test_a_state_whose_description_was_altered_is_another_past(tmp_path: Path) -> None:
    keep(tmp_path, ONE)
    before = ledger.key(ledger.states([tmp_path / "ledger"]).values())
    (path,) = (tmp_path / "ledger").glob("*/build.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"code_sha256": "other"}))
    assert ledger.key(ledger.states([tmp_path / "ledger"]).values()) != before


def test_a_build_that_was_killed_before_it_was_remembered_is_so_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_FACTS", "")
    final = make(tmp_path / "warehouse" / "compute_limits.duckdb", ONE)
    assert build.to_take_over(final, fresh=False) == (final, [])
    assert list(ledger.states([tmp_path / "ledger"])) == [ONE.key]
    # What was altered is not what was published, and says nothing.
    checksums.add(final, final)
    make(final, TWO)
    taken, (warning,) = build.to_take_over(final, fresh=False)
    assert (taken, "nothing was taken over from it" in warning) == (None, True)
    assert list(ledger.states([tmp_path / "ledger"])) == [ONE.key]


def test_a_ledger_that_cannot_be_written_is_a_warning_of_what_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_FACTS", "")
    final = make(tmp_path / "warehouse" / "compute_limits.duckdb", ONE)
    (tmp_path / "ledger").touch()
    (warning,) = build.remember(final)
    assert warning.startswith(f"{tmp_path}/ledger cannot be written (")
    assert warning.endswith(f"): the next build adds what {final} says")
