"""Phrases that name the processors of a training run: "8x V100 GPUs", "1/4 of a TPUv2 Pod", "16 * 8 * Tesla-V100".

What is not understood as a whole is refused, never read in part: half a phrase is a wrong count.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flows.readers.record import CellError

_TIMES = r"\s*[x*×]\s*"
# "3090 GPUs" is a name without a count, "8x 1080 GPUs" has both, "1024 GPUs" is a count without a name.
_MODEL_NUMBER = r"(?:[1-5]0[5-9]0|16[56]0)"
# "8x ", "16 * 8 * ", "16x8 ", "8 ": a product of counts before a name; the last sign may be missing.
_COUNT = rf"(?!{_MODEL_NUMBER}\b)(?P<count>\d+(?:{_TIMES}(?!{_MODEL_NUMBER}\b)\d+)*)(?:{_TIMES}|\s+|(?=[x*×]))"
_MAKER = r"(?:(?:NVIDIA|AMD|Intel|Google|Cloud|Tesla|GeForce|Quadro|Instinct)[\s-]+)"
# A designation: V100, K80, MI250X; GTX 1080 Ti, 2080 RTX; Titan Xp; Kepler; TPUv3. Letters of the first kind are capitals,
# for "p3" and "b256" are no processors. "100" alone is what some pages print for a V100, P100 or A100: kept as it stands.
_DESIGNATION = (
    r"(?P<name>(?:(?-i:[A-Z]{1,2}\d{1,3}[A-Z]?|[vap]100)"
    rf"|(?:[GR]TX[\s-]?\d{{3,4}}|{_MODEL_NUMBER})(?:\s?Ti|\s?Super)?(?:\sRTX)?"
    r"|RTX[\s-]?A\d{4}|(?:GTX\s)?Titan[\s-]?(?:Xp|X|V|RTX|Black)?|Xp|Kepler|Pascal|Volta|Ampere|(?<=NVIDIA\s)100"
    r"|TPU(?:\s?v\d[ep]?)?|Xeon(?:\s[A-Z]\w+)?\s\w+|CPU|GPU(?=s?$))(?:[\s-](?:SXM\d?|PCIe))?)"
)
_MEMORY = r"(?:[\s-](?P<memory>\d+)\s?GB?)?"
_PHRASE = re.compile(
    rf"(?:{_COUNT})?(?P<maker>{_MAKER}*){_DESIGNATION}{_MEMORY}"
    r"(?:-(?P<slice>\d+))?(?:\sCloud\sTPU)?(?P<pod>\s(?:Slice\sof\sa\s)?Pods?)?s?(?P<core>\s(?:Tensor)?Cores?)?(?:\s?(?:GPUs?|cards?|chips?))?",
    re.IGNORECASE,
)
_SHARE = re.compile(r"(?:(?P<half>half)|(?P<over>\d+)/(?P<under>\d+))\s+of\s+(?=an?\s)", re.IGNORECASE)
_ARTICLE = re.compile(r"an?\s+", re.IGNORECASE)
# A computer that holds the processors named in brackets behind it.
_HOST = re.compile(rf"(?:{_COUNT})?(?:nodes?|machines?|(?:NVIDIA\s)?DGX[-\w\s]*)", re.IGNORECASE)
_LINK = re.compile(r"\s+with\s+(?:InfiniBand|NVLink|\d+\s?Gbps\s+\w+)|\s+(?:for each|per)\s+node", re.IGNORECASE)
_BESIDE = re.compile(r"\d+\s?GB|\d+\s?(?:v?CPUs?|Cores)|(?:AWS|GCP|Azure|Amazon EC2)(?:\s[\w.-]+)?", re.IGNORECASE)
_NODES_OF_CORES = re.compile(r"(?P<nodes>\d+) nodes with (?P<name>[^/]+?) / \d+ GB / (?P<cores>\d+) Cores")
_MOST = 1_000_000


@dataclass(frozen=True)
class Processors:
    """Processors of one kind.

    `count`: how many, None where the text says only which. `name`: as printed, without memory and the word GPUs; of
    parts of a TPU named by its cores ("TPUv3-512") with " core" behind it, and counted so. `memory`: of one processor
    ("80GB"). `pods`: the share or number of TPU pods, where the text counts those. `note`: what stands in brackets
    behind the phrase, such as "b256" for a batch size.
    """

    count: float | None
    name: str
    memory: str | None = None
    pods: float | None = None
    note: str | None = None

    @property
    def full_name(self) -> str:
        """The name with the memory: "A100 80GB"."""
        return f"{self.name} {self.memory}" if self.memory else self.name

    @property
    def kind(self) -> str:
        """gpu, tpu or cpu."""
        word = re.search(r"TPU|CPU|Xeon", self.name)
        return "gpu" if word is None else {"TPU": "tpu"}.get(word[0], "cpu")


def processors(text: str, machines: Mapping[str, str] | None = None) -> list[Processors]:
    """The processors that a text names, one entry a kind, in the order of the text.

    Args:
        text: the phrase; several are divided by commas, "+" or "and". They may be alternatives ("8x V100 GPUs (b256),
            16x A100 GPUs (b4096)"): the caller decides.
        machines: {name of a machine: the processors in it}, "" for one that has none to count.

    Raises:
        CellError: the text, or a part of it, is no such phrase.
    """
    named = [one for part in _parts(" ".join(text.split())) for one in _part(part, machines or {})]
    if not named:
        raise CellError("no_processor", f"{text!r} names no processor")
    for one in named:
        if one.count is not None and not 0 < one.count <= _MOST:
            raise CellError("out_of_range", f"{text!r} gives {one.count:.0f} processors")
        if one.pods is not None and not 0 < one.pods <= _MOST:
            raise CellError("out_of_range", f"{text!r} gives {one.pods} pods")
    return named


def _parts(text: str) -> list[str]:
    """Divided at commas, "+" and "and" that stand outside brackets."""
    parts, depth = [""], 0
    for piece in re.split(r"([()]|\s*[,+]\s*|\s+and\s+)", text):
        depth += (piece == "(") - (piece == ")")
        if depth == 0 and re.fullmatch(r"\s*[,+]\s*|\s+and\s+", piece):
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _part(text: str, machines: Mapping[str, str]) -> list[Processors]:
    """One kind of processor, with what stands in brackets behind it."""
    shape = re.fullmatch(r"(?:[^-()]+ Cloud - )?(?P<outer>[^()]+?)\s*(?:\((?P<inner>[^()]+)\))?", text)
    if shape is None:
        raise _unreadable(text)
    outer, inner = _LINK.sub("", shape["outer"]), shape["inner"]
    if inner is not None and (host := _HOST.fullmatch(outer)):
        return _times(_product(host["count"]), [_phrase(_LINK.sub("", inner))])
    cores = _NODES_OF_CORES.fullmatch(outer)
    if cores:
        one = _phrase(cores["name"])
        return [replace(one, count=float(int(cores["nodes"]) * int(cores["cores"])), name=f"{one.name} core")]
    machine = re.fullmatch(rf"(?:{_COUNT})?(?P<machine>.+)", outer)
    if outer in machines or (machine and machine["machine"] in machines):
        count, name = (None, outer) if outer in machines or machine is None else machine.group("count", "machine")
        held = machines[name]
        return _times(_product(count), processors(held)) if held else []
    return [_noted(_phrase(_without_host(outer)), inner)]


def _noted(one: Processors, note: str | None) -> Processors:
    """With the text in brackets as its note, unless that tells the count: "NVIDIA Tesla T4 (1x T4 16GB)"."""
    try:
        inner = None if note is None else _phrase(note)
    except CellError:
        inner = None
    if inner is None:
        return replace(one, note=note)
    if inner.name not in one.name or one.count not in (None, inner.count):
        raise CellError("not_processors", f"{note!r} in brackets says another thing than the words before it")
    return inner


def _without_host(text: str) -> str:
    """The processor of "1 P100 / 512 GB / 56 CPU": the rest describes the computer around it."""
    first, *beside = re.split(r"\s+/\s+", text)
    if beside and re.fullmatch(r"\d+\s?GB", first):
        first, *beside = beside
    for part in beside:
        if not _BESIDE.fullmatch(part):
            raise _unreadable(text)
    return first


def _phrase(text: str) -> Processors:
    """A count and a name: "8x A100-80G GPUs", "Half of a TPUv2 Pod", "Cloud TPUv3-512"."""
    share = _SHARE.match(text)
    rest = text[share.end() :] if share else text
    article = _ARTICLE.match(rest)
    phrase = _PHRASE.fullmatch(rest[article.end() :] if article else rest)
    if phrase is None or (share and not phrase["pod"]) or (article and phrase["count"]):
        raise _unreadable(text)
    if phrase["name"].upper() == "GPU" and re.fullmatch(r".*\D\d{3,}", phrase["count"] or ""):
        raise _unreadable(text)  # "8x 100 GPUs": the last number may be half of a name
    name, memory = (phrase["maker"] + phrase["name"]).strip(), phrase["memory"]
    count = None if phrase["count"] is None else float(_product(phrase["count"]))
    if phrase["slice"] is not None:
        # Slices of these are named by their TensorCores; those of later kinds by chips.
        if phrase["pod"] or not re.search(r"TPU\s?v[234]$", name, re.IGNORECASE):
            raise _unreadable(text)
        count, name = (count or 1.0) * int(phrase["slice"]), f"{name} core"
    elif phrase["core"]:
        name = f"{name} core"
    pods = None
    if phrase["pod"]:
        if "TPU" not in name.upper():
            raise _unreadable(text)
        count, pods = _pods(text, count, share, article is not None, topology=phrase["count"])
    return Processors(count, name, f"{memory}GB" if memory else None, pods)


def _pods(
    text: str, count: float | None, share: re.Match[str] | None, article: bool, topology: str | None
) -> tuple[float | None, float | None]:
    """(processors, pods): "4x4 TPU Pod" is a slice of 16 chips, "2 TPUv3 Pods" are pods.

    "Cloud TPU v3 Pod" says neither, for it may be a part of one.
    """
    if share:
        if share["half"]:
            return None, 0.5
        over, under = int(share["over"]), int(share["under"])
        if not 0 < over <= under:
            raise _unreadable(text)
        return None, over / under
    if topology and not topology.isdigit():
        return count, None
    return None, 1.0 if article else count


def _product(count: str | None) -> int:
    return math.prod(int(factor) for factor in re.findall(r"\d+", count)) if count else 1


def _times(factor: int, named: list[Processors]) -> list[Processors]:
    return [one if one.count is None else replace(one, count=one.count * factor) for one in named]


def _unreadable(text: str) -> CellError:
    return CellError("not_processors", f"{text!r} is not a phrase such as '8x V100 GPUs'")
