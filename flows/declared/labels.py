"""The readable name of a model: what a page prints, without the codes of the list that it stands in.

The rules are of codes: what stands before a point is an architecture and behind it a recipe; parts are set apart by underscores
and hyphens, words are spelled as their papers do (labels.toml), sizes and numbers set behind them. A name that is none is left
as it is but for what tells how its score was taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from flows.declared import files

# A name of a hub begins with who uploaded it: "google/gemma-2-27b". "ViT-H/14" and "PAD-L2 w/ ResNet-34" do not.
_UPLOADER = re.compile(r"^[\w.-]+/(?=[A-Za-z])")
_ONE_MODEL = re.compile(r"\s*\(sing(?:le|el)(?: model)?\)", re.IGNORECASE)
_ENSEMBLE = re.compile(r"\s*\((?:model )?ensemble(?: model)?\)", re.IGNORECASE)
_RECIPE = re.compile(r"(.+?)\.((?:\d+ep|[a-z])[a-z0-9_]*)")
# What weights were trained on before: "beit-base-p16_beit-pre_8xb128"; of data it is told in brackets.
_BEFORE = re.compile(r"_(?!in\d)[a-z0-9-]+-pre(?=_|$)")
# How many were trained on at once, for how long, at which pace, in which windows: no part of a name.
_OF_A_RUN = re.compile(r"\d+xb\d+|\d+e|ep?\d{3,4}|r\d{3}|win(?:dow)?\d+(?:to\d+)?|(?:tensorflow|pytorch|mxnet)\d+")
_PATCH = re.compile(r"p(?:atch)?(\d+)")
_SIZE = re.compile(r"(?:\d{2,3}to)?(\d{3,4})(?:px)?")
# Behind these families a number is their width or their operations.
_OF_WIDTHS = re.compile(r"(mobilenet|mobilevit|ghostnet|repghost|regnet|rexnet|hardcorenas|lcnet|levit)")
_PARAMETERS = re.compile(r"\d+(?:\.\d+)?(?:[bm]|[gm]f)|\d+b\d")
_DAY = re.compile(r"-(\d{4})-?(\d\d)-?(\d\d)$")
# Behind these words a hyphen would read as part of them.
_SET_APART = re.compile(r"\b(Mask|Faster|Fast|Cascade|Panoptic|Scratch|R-CNN|RetinaNet|FPN(?=-R))-")
_ONCE_MORE = re.compile(r"-(\d+x)(?=$|-)")
# The least and the largest image that networks of these lists look at, pixels.
_PIXELS = range(128, 1025)


@dataclass(frozen=True)
class _Words:
    """What labels.toml declares, to look up."""

    words: dict[str, str]
    dropped: frozenset[str]
    data: dict[str, str]
    names: dict[str, str]


@cache
def _declared() -> _Words:
    found = files.labels()
    words, data, names = (dict(pairs) for pairs in (found.words, found.data, found.names))
    return _Words(words, frozenset(found.dropped), data, names)


@cache
def label(printed: str) -> str:
    """A printed name as a reader should see it. Raises `flows.errors.SettingError`: labels.toml is wrong."""
    if (declared := _declared().names.get(printed)) is not None:
        return declared
    name = " ".join(printed.split())
    if " " not in name:
        name = _UPLOADER.sub("", name).removesuffix("-hf")
    name = _ENSEMBLE.sub(", ensemble", _ONE_MODEL.sub("", name))
    if re.fullmatch(r"[\w.+-]+", name) and ("_" in name or name == name.lower() or re.match(r"[a-z]{2,}-", name)):
        return _of_code(name)
    if name[:2].islower():
        name = name.capitalize() if name.islower() else name[0].upper() + name[1:]
    # A bracket stands apart, and between groups and their width there is a cross.
    name = re.sub(r"(?<=[^\s(])\((?=.{3})", " (", name.replace("_", " "))
    return re.sub(r"(?<=\d)x(?=\d+ ?d\b)", "×", name)


def _of_code(name: str) -> str:
    day, words = _DAY.search(name), _declared()
    if day is not None:
        name = name[: day.start()]
    stem, recipe = found.groups() if (found := _RECIPE.fullmatch(name)) else (name, "")
    parts = [part for part in re.split(r"[_-]", _BEFORE.sub("", stem)) if part]
    kept = [part for part in parts if part not in words.dropped and not _OF_A_RUN.fullmatch(part)]
    of_recipe = recipe.split("_")
    data = [words.data[part] for part in (*kept, *of_recipe) if part in words.data]
    kept = [part for part in kept if part not in words.data]
    in_stem = _pixels(kept[-1]) if len(kept) > 1 and "_" in name and not _OF_WIDTHS.match(stem) else None
    pixels = _pixels(of_recipe[-1]) or in_stem
    spelled = "".join(_joined(kept if in_stem is None else kept[:-1])) or name
    spelled = _ONCE_MORE.sub(r" \1", _SET_APART.sub(r"\1 ", spelled))
    told = [*dict.fromkeys(data), *(["-".join(day.groups())] if day is not None else [])]
    return spelled + (f" {pixels} px" if pixels else "") + (f" ({', '.join(told)})" if told else "")


def _pixels(part: str) -> int | None:
    """The side of an image, where a part of a name of weights tells it; a language model's number does not."""
    found = _SIZE.fullmatch(part)
    return int(found[1]) if found is not None and int(found[1]) in _PIXELS else None


def _joined(parts: list[str]) -> Iterator[str]:
    """Each part spelled, with what sets it apart from the one before."""
    for at, part in enumerate(parts):
        patch = _PATCH.fullmatch(part)
        # "claude-3-5-sonnet" is version 3.5.
        is_minor = at > 0 and re.fullmatch(r"\d", part) and re.fullmatch(r"\d", parts[at - 1])
        if patch is not None and at > 0:
            yield f"/{patch[1]}"
        else:
            yield ("." if is_minor else "-" if at else "") + _spelled(part)


def _spelled(part: str) -> str:
    words = _declared().words
    if part in words:
        return words[part]
    for end in range(len(part) - 1, 1, -1):
        if part[:end] in words and part[end].isdigit():
            return f"{words[part[:end]]}-{part[end:]}"
    is_short = part.isalpha() and part.islower() and len(part) <= 2
    if is_short or _PARAMETERS.fullmatch(part) or re.fullmatch(r"[a-z]{1,3}\d{1,2}", part):
        return part.upper()
    return part[:1].upper() + part[1:]
