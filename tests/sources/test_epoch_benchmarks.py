"""Rules of Epoch's archive of benchmark scores that the fixtures do not show."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from flows import sources
from flows.pages.parse import Gathered, parse_page
from flows.readers.record import PageError

ARCHIVE = Path(__file__).parents[1] / "fixtures" / "epoch_benchmarks" / "benchmark_data.zip"
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


def parsed(tmp_path: Path, body: bytes) -> Gathered:
    source = sources.source("epoch_benchmarks")
    page = source.pages[0]
    (tmp_path / page.name).write_bytes(body)
    return parse_page(tmp_path / page.name, source, page, "0" * 64)


def failure(tmp_path: Path, body: bytes) -> str:
    with pytest.raises(PageError) as why:
        parsed(tmp_path, body)
    return str(why.value)


def old(*runs: str) -> bytes:
    versions = VERSIONS + "lexicon-7b,Lexicon,2024-03-05,hooli,https://example.org,Prose of Jane Roe,r1,,\n"
    return packed({"benchmarks_runs.csv": RUNS + "".join(run + "\n" for run in runs), "model_versions.csv": versions})


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
    assert parsed(tmp_path, flat).rows == parsed(tmp_path, ARCHIVE.read_bytes()).rows


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
