"""flows/pages/decisions.py: what a person accepted, beside the lock; and what of it cannot be."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from flows import sources
from flows.pages import decisions, snapshots
from flows.pages.decisions import ACCEPTED, DecisionError
from flows.pages.snapshots import Snapshot

SOURCE = sources.source("mlco2")
PAGE = SOURCE.pages[0]


def keep(raw: Path, body: bytes) -> str:
    sha256 = hashlib.sha256(body).hexdigest()
    line = Snapshot("mlco2", PAGE.name, PAGE.url, sha256, len(body), "2026-01-01T00:00:00Z", None, None, "MIT")
    snapshots.keep(raw, line, body)
    return sha256


def test_a_decision_is_a_line_beside_the_lock(tmp_path: Path) -> None:
    one, other = keep(tmp_path, b"1"), keep(tmp_path, b"2")
    assert decisions.read(tmp_path, "mlco2") == set()
    assert decisions.accept(SOURCE, PAGE.name, one[:8], tmp_path, [tmp_path]) == one
    assert decisions.accept(SOURCE, PAGE.name, other, tmp_path, [tmp_path]) == other
    lines = (tmp_path / "mlco2" / ACCEPTED).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"page": PAGE.name, "sha256": sha256} for sha256 in (one, other)]
    assert decisions.read(tmp_path, "mlco2") == {(PAGE.name, one), (PAGE.name, other)}


def test_what_is_decided_is_not_decided_again(tmp_path: Path) -> None:
    sha256, raw = keep(tmp_path / "shipped", b"1"), tmp_path / "raw"
    assert decisions.accept(SOURCE, PAGE.name, sha256, tmp_path / "shipped", [tmp_path / "shipped"]) == sha256
    assert decisions.accept(SOURCE, PAGE.name, sha256, raw, [raw, tmp_path / "shipped"]) is None
    assert not raw.exists()


@pytest.mark.parametrize(
    ("page", "sha256", "said"),
    [
        ("gpu.csv", "", "mlco2 has no page 'gpu.csv'; near it: 'gpus.csv'"),
        (PAGE.name, "no hash", "no version begins with 'no hash'; there are: "),
        (PAGE.name, "", "no version begins with ''"),
    ],
)
def test_what_is_not_kept_cannot_be_accepted(page: str, sha256: str, said: str, tmp_path: Path) -> None:
    kept = keep(tmp_path, b"1")
    with pytest.raises(DecisionError) as raised:
        decisions.accept(SOURCE, page, sha256, tmp_path, [tmp_path])
    assert said in str(raised.value)
    assert page != PAGE.name or kept in str(raised.value)
    assert not (tmp_path / "mlco2" / ACCEPTED).exists()


def test_a_beginning_of_several_is_none(tmp_path: Path) -> None:
    digests = [keep(tmp_path, b"%d" % at) for at in range(17)]
    first = next(one[0] for one in digests if sum(other[0] == one[0] for other in digests) > 1)
    with pytest.raises(DecisionError, match="more than one version begins with"):
        decisions.accept(SOURCE, PAGE.name, first, tmp_path, [tmp_path])


@pytest.mark.parametrize(
    "line", ["{", "[1]", "{}", '{"page": "p"}', '{"page": "p", "sha256": 5}', '{"page": "p", "sha256": "a", "b": "c"}']
)
def test_a_line_that_is_no_decision_is_named(tmp_path: Path, line: str) -> None:
    decisions.accept(SOURCE, PAGE.name, keep(tmp_path, b"1"), tmp_path, [tmp_path])
    with (tmp_path / "mlco2" / ACCEPTED).open("a", encoding="utf-8") as handle:
        handle.write(line + "\n")
    with pytest.raises(DecisionError, match=rf"mlco2/{ACCEPTED}, line 2: not a decision .*version control"):
        decisions.read(tmp_path, "mlco2")


def test_a_line_that_was_begun_and_never_ended_does_not_count_and_the_next_takes_its_place(tmp_path: Path) -> None:
    one, other = keep(tmp_path, b"1"), keep(tmp_path, b"2")
    decisions.accept(SOURCE, PAGE.name, one, tmp_path, [tmp_path])
    path = tmp_path / "mlco2" / ACCEPTED
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"page": "gpus.csv", "sha')
    assert decisions.read(tmp_path, "mlco2") == {(PAGE.name, one)}
    decisions.accept(SOURCE, PAGE.name, other, tmp_path, [tmp_path])
    assert path.read_bytes().startswith(whole + b'{"page": "gpus.csv", "sha256": "')
    assert decisions.read(tmp_path, "mlco2") == {(PAGE.name, one), (PAGE.name, other)}
