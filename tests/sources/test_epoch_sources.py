"""Rules of Epoch's archive of benchmarks and of its price sheets that the fixtures do not show, and the readers they brought."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import sources
from flows.pages.parse import Gathered, parse_page
from flows.readers.record import CellError, PageError, number, percent, renamed, usd

ARCHIVE = Path(__file__).parents[1] / "fixtures" / "epoch_benchmarks" / "benchmark_data.zip"
CHIPS = Path(__file__).parents[1] / "fixtures" / "epoch_prices" / "chip_dataset.csv"
RUNS = "id,task,model,Best score (across scorers),Scores,log viewer,logs,job,started_at,Status,Manual evaluation,task version\n"
VERSIONS = "id,Model,Version release date,Hugging Face developer id,Link,Notes,benchmarks/runs,Display name,Unique display name\n"


def packed(files: Mapping[str, str]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return body.getvalue()


def unpacked() -> dict[str, str]:
    with zipfile.ZipFile(ARCHIVE) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def parsed(tmp_path: Path, body: bytes, key: str = "epoch_benchmarks") -> Gathered:
    page = sources.source(key).pages[0]
    (tmp_path / page.name).write_bytes(body)
    return parse_page(tmp_path / page.name, sources.source(key), page, "0" * 64)


def failure(tmp_path: Path, body: bytes) -> str:
    with pytest.raises(PageError) as why:
        parsed(tmp_path, body)
    return str(why.value)


def old(*runs: str) -> bytes:
    versions = VERSIONS + "lexicon-7b,Lexicon,2024-03-05,hooli,https://example.org,Prose of Jane Roe,r1,,\n"
    return packed({"benchmarks_runs.csv": RUNS + "".join(run + "\n" for run in runs), "model_versions.csv": versions})


# --- the archive of benchmarks


def test_the_layout_until_2025_gives_models_and_scores(tmp_path: Path) -> None:
    gathered = parsed(
        tmp_path,
        old(
            "r1,GPQA diamond,lexicon-7b,0.57,choice:0.57±0.02,,,,,Success,,1.0",
            "r2,OTIS Mock AIME 2024-2025,lexicon-7b,0.1,x:0.1±0,,,,,Success,,1.0",
            "r3,MATH level 5,lexicon-7b,0.2,x:0.2±0,,,,,Error,,1.0",
            "r4,MATH level 5,lexicon-7b,57,x:0.2±0,,,,,Success,,1.0",
        ),
    )
    assert [(at, row.benchmark, row.metric, row.value) for _, _, at, row in gathered.rows["result"]] == [
        ("benchmarks_runs.csv row 2", "gpqa_diamond", "accuracy", 57.0)
    ]
    assert [(row.name, row.year) for *_, row in gathered.rows["model"]] == [("lexicon-7b", None), ("lexicon-7b", 2024)]
    assert [row.rule for *_, row in gathered.rows["quarantine"]] == ["out_of_scope", "not_finished", "out_of_range"]
    assert gathered.read_count() == 5


def test_an_unknown_task_stops_the_page(tmp_path: Path) -> None:
    message = failure(tmp_path, old("r1,New task,lexicon-7b,0.5,,,,,,Success,,1.0"))
    assert "'New task'" in message
    assert "lookups.tasks" in message


def test_a_missing_or_renamed_file_stops_the_page(tmp_path: Path) -> None:
    files = {name.replace("mmlu_external", "mmlu_hub"): text for name, text in unpacked().items()}
    message = failure(tmp_path, packed(files))
    assert "no file mmlu_external.csv" in message
    assert "mmlu_hub.csv" in message
    assert "lookups.scores" in message


def test_half_a_layout_is_refused(tmp_path: Path) -> None:
    assert "no file model_versions.csv" in failure(tmp_path, packed({"benchmarks_runs.csv": RUNS}))


def test_a_file_that_stands_twice_is_refused(tmp_path: Path) -> None:
    files = unpacked()
    files["elsewhere/mmlu_external.csv"] = files["benchmark_data/mmlu_external.csv"]
    assert "stands twice" in failure(tmp_path, packed(files))


def test_folders_make_no_difference(tmp_path: Path) -> None:
    flat = packed({name.rpartition("/")[2]: text for name, text in unpacked().items()})
    found, expected = parsed(tmp_path, flat), parsed(tmp_path, ARCHIVE.read_bytes())
    assert found.rows == expected.rows


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused(tmp_path: Path, kept: float) -> None:
    body = ARCHIVE.read_bytes()
    assert "ZIP" in failure(tmp_path, body[: int(len(body) * kept)])


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    body = ARCHIVE.read_bytes()
    at = body.index(b"Lexicon 7B")
    assert "mmlu_external.csv" in failure(tmp_path, body[:at] + b"X" + body[at + 1 :])


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.sources.epoch_benchmarks._UNPACKED_BYTES", 1000)
    assert "more than 1000 bytes" in failure(tmp_path, ARCHIVE.read_bytes())


# --- the price sheets


@pytest.mark.parametrize("line_break", ["\r", "\n"])
def test_a_line_break_in_a_name_without_quotes_costs_that_chip_only(tmp_path: Path, line_break: str) -> None:
    header, *lines = CHIPS.read_text(encoding="utf-8-sig").splitlines()
    broken = f"Hooli H2{line_break},Hooli,GPU" + "," * (header.count(",") - 2)
    gathered = parsed(tmp_path, "\n".join([header, broken, *lines, ""]).encode(), "epoch_prices")
    rules = [row.rule for *_, row in gathered.rows["quarantine"]]
    assert rules == ["ragged_row", "no_processor", "no_processor"]
    assert len(gathered.rows["processor"]) == 5


def test_a_column_that_is_not_read_may_stand_twice() -> None:
    assert renamed(["a", "b", "b"], {}, unread=["b"]) == ["a", "b", "b"]
    with pytest.raises(PageError, match="'a' stands twice"):
        renamed(["a", "a", "b", "b"], {}, unread=["b"])


# --- readers


@given(st.decimals(min_value=0, max_value=Decimal("0.999999"), places=6))
def test_a_fraction_becomes_the_percentage_that_its_digits_say(fraction: Decimal) -> None:
    assert percent(f" {fraction} ") == float(fraction * 100)


@pytest.mark.parametrize("literal", ["1", "1.0", "-0.01", "57.1", "57%", "0.5±0.1", "", "NaN", "inf", "0,5"])
def test_what_is_no_fraction_is_refused(literal: str) -> None:
    with pytest.raises(CellError):
        percent(literal)


@given(st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=2), st.sampled_from(["", "$"]), st.booleans())
def test_a_price_is_read_with_and_without_its_sign(price: Decimal, sign: str, grouped: bool) -> None:
    assert usd(f"{sign}{price:,}" if grouped else f"{sign}{price}") == float(price)


@given(st.text("0123456789.,$€- eE", max_size=12))
def test_no_text_is_read_as_a_price_of_nothing_or_less(text: str) -> None:
    try:
        price = usd(text)
    except CellError:
        price = 1.0
    assert price > 0


@pytest.mark.parametrize("literal", ["E0", "e5", "+", ".", "-.e1"])
def test_an_exponent_or_a_point_alone_is_no_number(literal: str) -> None:
    with pytest.raises(CellError):
        number(literal)
