"""Phrases of processors: real ones, and that nothing half understood is let through."""

from __future__ import annotations

import contextlib
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.readers.processor_phrases import Processors, processors
from flows.readers.record import CellError

_MACHINES = {"p3.16xlarge": "8x V100 16GB", "DGX A100 80GB": "8x A100 80GB", "GCP n1-standard-2": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8x V100 GPUs", [Processors(8, "V100")]),
        ("8 x NVIDIA Tesla V100", [Processors(8, "NVIDIA Tesla V100")]),
        ("8×V100", [Processors(8, "V100")]),
        ("A100 GPUs", [Processors(None, "A100")]),
        ("8x GPUs", [Processors(8, "GPU")]),
        ("8x NVIDIA 100 GPUs", [Processors(8, "NVIDIA 100")]),
        ("8x TiTanXP GPUs", [Processors(8, "TiTanXP")]),
        ("1 NVidia GTX-1080 Ti", [Processors(1, "NVidia GTX-1080 Ti")]),
        ("16x A100-80G GPUs", [Processors(16, "A100", "80GB")]),
        ("8x V100 GPUs (b256), 16x A100-80G GPUs (b4096)",
            [Processors(8, "V100", note="b256"), Processors(16, "A100", "80GB", note="b4096")]),
        ("NVIDIA DGX A100 (8x A100 80GB)", [Processors(8, "A100", "80GB")]),
        ("10x NVIDIA DGX-1 V100 (8x V100 32GB)", [Processors(80, "V100", "32GB")]),
        ("NVIDIA Tesla T4 (1x T4 16GB)", [Processors(1, "T4", "16GB")]),
        ("16 * 8 * Tesla-V100(ModelArts Service)", [Processors(128, "Tesla-V100", note="ModelArts Service")]),
        ("16x8 V100-32G with 32Gbps VPC", [Processors(128, "V100", "32GB")]),
        ("16 nodes with InfiniBand (8*V100 with NVLink for each node)", [Processors(128, "V100")]),
        ("8 P100 / 512 GB / 40 CPU (NVIDIA DGX-1)", [Processors(8, "P100", note="NVIDIA DGX-1")]),
        ("60 GB / 16 CPU", [Processors(16, "CPU")]),
        ("2 nodes with Xeon Platinum 8124M / 144 GB / 36 Cores", [Processors(72, "Xeon Platinum 8124M core")]),
        ("16 p3.16xlarge (AWS)", [Processors(128, "V100", "16GB")]),
        ("p3.16xlarge", [Processors(8, "V100", "16GB")]),
        ("32 x DGX A100 80GB", [Processors(256, "A100", "80GB")]),
        ("GCP n1-standard-2, Cloud TPU", [Processors(None, "Cloud TPU")]),
        # Names that begin with a number are not counts, and a count before one does not multiply it.
        ("3090 GPUs", [Processors(None, "3090")]),
        ("8x 1080 GPUs", [Processors(8, "1080")]),
        ("1024 GPUs", [Processors(1024, "GPU")]),
        # Parts of TPU pods: a share, a topology of chips, a number of cores.
        ("1/4 of a TPUv2 Pod", [Processors(None, "TPUv2", pods=0.25)]),
        ("Half of a TPUv2 Pod", [Processors(None, "TPUv2", pods=0.5)]),
        ("Cloud TPU v3 Pod", [Processors(None, "Cloud TPU v3")]),
        ("2 TPUv3 Pods", [Processors(None, "TPUv3", pods=2)]),
        ("4x4 TPU Pod", [Processors(16, "TPU")]),
        ("Cloud TPUv3-512", [Processors(512, "Cloud TPUv3 core")]),
        ("32 TPUv3 cores", [Processors(32, "TPUv3 core")]),
    ],
)  # fmt: skip
def test_real_phrases(text: str, expected: list[Processors]) -> None:
    assert processors(text, _MACHINES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", " ", ",", "nothing", "8", "8x", "0x V100", "-8x V100", "8.5x V100", "1,024x V100", "8x V100 hours", "8 GPU days",
        "8x BI-V100", "8x V100,", "8x V100 (b256", "8x V100 (8x A100)", "8x V100 / 4x A100", "p3.8xlarge", "b256",
        "5/4 of a TPUv2 Pod", "1/0 of a TPUv2 Pod", "1/4 of a V100", "8x V100 Pod", "1/4 of 2 TPUv2 Pods", "8x 100 GPUs",
        "TPUv5e-256", "V100-512 Pod", "8x V100 V100", "8-16 V100", "8x V100 or A100", "~8x V100", "9999999x V100",
    ],
)  # fmt: skip
def test_what_is_not_wholly_understood_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        processors(text, _MACHINES)


_COUNTS = st.lists(st.integers(1, 64), min_size=1, max_size=2)
_NAMES = st.sampled_from(
    ["V100", "A100", "K80", "T4", "GTX 1080 Ti", "2080Ti", "1080", "Titan Xp", "TPUv3", "RTX A6000", "P4"]
)
_MAKERS = st.sampled_from(["", "NVIDIA ", "Tesla-", "NVIDIA Tesla "])


@st.composite
def _phrases(draw: st.DrawFn) -> tuple[str, Processors]:
    counts, name, maker = draw(_COUNTS), draw(_NAMES), draw(_MAKERS)
    times = draw(st.sampled_from(["x", " x ", "x ", " * ", "*"]))
    memory = draw(st.sampled_from([None, 16, 80]))
    told = "" if memory is None else draw(st.sampled_from([" {}GB", "-{}G", " {} GB"])).format(memory)
    text = times.join(map(str, counts)) + times + maker + name + told + draw(st.sampled_from(["", " GPUs", " GPU"]))
    return text, Processors(math.prod(counts), (maker + name), None if memory is None else f"{memory}GB")


@given(st.lists(_phrases(), min_size=1, max_size=3))
def test_a_written_phrase_is_read_back(phrases: list[tuple[str, Processors]]) -> None:
    assert processors(", ".join(text for text, _ in phrases)) == [one for _, one in phrases]


@given(_phrases(), st.data())
def test_a_damaged_phrase_is_refused_or_says_what_is_printed(
    phrase: tuple[str, Processors], data: st.DataObject
) -> None:
    """Whatever is accepted has each of its figures in the text, and no number of the text is unused."""
    text = phrase[0]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        removed = data.draw(st.integers(0, 2))
        text = text[:at] + data.draw(st.text("0189xX*VAGBT-/.,() \nGPUspo", max_size=2)) + text[at + removed :]
    try:
        found = processors(text)
    except CellError:
        return
    left = [int(number) for number in re.findall(r"\d+", text)]
    for one in found:
        if one.count is not None:
            assert 0 < one.count <= 1_000_000
        assert re.sub(r" core$|\W", "", one.name).lower() in re.sub(r"\W", "", text).lower()
        for number in re.findall(r"\d+", f"{one.name} {one.memory} {one.note}"):
            left.remove(int(number))
    counted = [one.count for one in found if one.count is not None]
    if not any(one.pods for one in found):
        assert math.prod(left) == math.prod(counted)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_as_a_cell(text: str) -> None:
    with contextlib.suppress(CellError):
        assert processors(text)


@given(st.sampled_from(["-", "0.", "~", "<", "BI-", "1-", "1,"]), _phrases())
def test_a_sign_before_a_phrase_is_never_dropped(sign: str, phrase: tuple[str, Processors]) -> None:
    with pytest.raises(CellError):
        processors(sign + phrase[0])
