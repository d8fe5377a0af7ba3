"""Rules of MLPerf's rounds that the fixtures do not show."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flows import sources
from flows.pages.parse import Gathered, parse_page

START = 1_600_000_000


def log(seconds: float, status: str | None = "success", *further: str) -> str:
    stop = {"time_ms": (START + seconds) * 1000, "key": "run_stop", "value": None, "metadata": {"status": status}}
    lines = [{"time_ms": START * 1000, "key": "run_start", "value": None, "metadata": {}}, stop]
    return "\n".join([*further, *(f":::MLLOG {json.dumps(line)}" for line in lines)])


def system(**changed: str) -> str:
    told = {
        "division": "closed",
        "status": "onprem",
        "number_of_nodes": "1",
        "host_processor_model_name": "Corvid 9",
        "accelerators_per_node": "8",
        "accelerator_model_name": "NVIDIA H100-SXM5-80GB",
    }
    return json.dumps(told | changed)


def parsed(tmp_path: Path, files: Mapping[str, str], page: str = "v3.0.tar.gz") -> Gathered:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"repository/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    path = tmp_path / "kept"
    path.write_bytes(gzip.compress(out.getvalue()))
    source = sources.source("mlperf_training")
    (declared,) = (one for one in source.pages if one.name == page)
    return parse_page(path, source, declared, "0" * 64)


def only(gathered: Gathered) -> Any:
    ((*_, row),) = gathered.rows["timed_training"]
    return row


def group(*logs: str, folder: str = "resnet", **changed: str) -> dict[str, str]:
    results = {f"Owl/results/s/{folder}/result_{at}.txt": text for at, text in enumerate(logs)}
    return {"Owl/systems/s.json": system(**changed), **results}


@pytest.mark.parametrize("status", ["aborted", "abort", "fail", "false", ""])
def test_what_did_not_end_in_a_success_is_no_time(tmp_path: Path, status: str) -> None:
    row = only(parsed(tmp_path, group(log(100), log(1, status), log(120))))
    assert (row.runs, row.run_times_s) == (3, "100.00 120.00")


def test_a_log_without_an_end_or_with_a_clock_that_ran_back_is_no_time(tmp_path: Path) -> None:
    row = only(parsed(tmp_path, group(log(100), log(-5), "chatter")))
    assert (row.runs, row.run_times_s) == (3, "100.00")


def test_runs_stand_in_the_order_of_their_numbers_not_of_their_names(tmp_path: Path) -> None:
    row = only(parsed(tmp_path, group(*(log(100 + at) for at in range(11)))))
    assert row.run_times_s.split()[9:] == ["109.00", "110.00"]


@pytest.mark.parametrize(
    ("printed", "is_accelerator", "sheet_name"),
    [
        ("NVIDIA A100-SXM4-80GB(400W)", True, "A100 SXM4 80 GB"),
        ("NVIDIA A100-PCIe-40GB (250W)", True, "NVIDIA A100 PCIe"),
        ("NVIDIA Blackwell GPU (GB200)", True, "NVIDIA GB200"),
        ("NVIDIA L40S", True, "L40S"),
        # As much memory as the one in a GH200, which is rated apart.
        ("NVIDIA H100-SXM5-96GB", True, None),
        # Nothing here says of which generation.
        ("TPU", True, None),
        ("N/A", False, None),
    ],
)
def test_an_accelerator_goes_by_a_sheet_only_where_its_name_tells_which(
    tmp_path: Path, printed: str, is_accelerator: bool, sheet_name: str | None
) -> None:
    row = only(parsed(tmp_path, group(log(100), accelerator_model_name=printed)))
    assert (row.is_accelerator, row.sheet_name) == (is_accelerator, sheet_name)
    assert row.processor == (printed if is_accelerator else "Corvid 9")


def test_ssd_is_another_task_from_v2_on(tmp_path: Path) -> None:
    before, after = (
        only(parsed(tmp_path, group(log(9), folder="ssd"), page)) for page in ("v1.1.tar.gz", "v2.0.tar.gz")
    )
    assert (before.task, before.quality_target) == ("ssd", 0.23)
    assert (after.task, after.quality_target) == ("retinanet", 0.34)


def test_a_share_is_told_in_the_points_of_the_target(tmp_path: Path) -> None:
    quality = ':::MLLOG {"time_ms": 1, "key": "eval_accuracy", "value": 0.2403, "metadata": {}}'
    row = only(parsed(tmp_path, group(log(9, "success", quality), folder="gnmt"), "v0.7.tar.gz"))
    assert (row.quality, row.quality_target) == (24.03, 24.0)


def test_a_system_of_several_kinds_of_nodes_is_none(tmp_path: Path) -> None:
    node = {"num_nodes": 1, "accelerator": "NVIDIA A30", "num_accelerators": 4, "cpu": "Corvid 9"}
    entry = {"division": "closed", "status": "cloud", "nodes": [node, {**node, "accelerator": "NVIDIA A40"}]}
    files = {"Owl/results/s/entry.json": json.dumps(entry), "Owl/results/s/resnet/result_0.txt": log(9)}
    ((*_, refused),) = parsed(tmp_path, files).rows["quarantine"]
    assert refused.rule == "no_system"


def test_a_clock_that_jumped_is_no_time(tmp_path: Path) -> None:
    ((*_, refused),) = parsed(tmp_path, group(log(100), log(1e9))).rows["quarantine"]
    assert (refused.rule, refused.literal) == ("impossible_time", "1e+09 s")


def test_one_system_without_a_count_is_left_out_and_the_rest_stands(tmp_path: Path) -> None:
    files = group(log(9)) | {
        "Owl/systems/t.json": system(number_of_nodes=""),
        "Owl/results/t/bert/result_0.txt": log(9),
    }
    gathered = parsed(tmp_path, files)
    ((*_, refused),) = gathered.rows["quarantine"]
    assert (refused.rule, only(gathered).processor_count) == ("no_count", 8.0)
