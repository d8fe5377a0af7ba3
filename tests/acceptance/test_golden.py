"""Well-known trainings, each read on a page of its authors, held against the warehouse by a matcher of its own.

The matcher knows nothing of how the warehouse joins: it looks for a result with that score under such a name on that
benchmark, and asks afterwards which training the warehouse takes it for. `tests/fixtures/golden.csv` has the rows.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest
from rapidfuzz import fuzz

Db = duckdb.DuckDBPyConnection
Key = tuple[str, str, str]

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden.csv"
SAME_SCORE = 0.15  # percent: as much as other versions of a library make of the same weights
SAME_COMPUTATION = 0.10
SAME_MONTH = 31  # days
# With the paper known, a name need only be near ("BERT (single model)" for BERT-large); without it, nearly the same.
NEAR, NEARLY_THE_SAME = 60, 85
# What papers shorten: ConvNeXt-T is convnext_tiny.
SIZES = {"t": "tiny", "ti": "tiny", "s": "small", "b": "base", "l": "large", "h": "huge", "g": "giant"}
# Their makers' data sheets, FLOP/s in single precision; a TPU's is in bfloat16.
RATES = {
    "V100": 14.1e12,
    "A100": 19.5e12,
    "P100": 9.5e12,
    "Titan X (Pascal)": 11.0e12,
    "TPU v2 chips": 45e12,
    "H100": 67e12,
}


@dataclass(frozen=True)
class Golden:
    """One row of the list."""

    id: str
    benchmark: str
    model: str
    scores: dict[str, float]
    arxiv_id: str
    first_public_on: date
    image_size: int | None
    computation: dict[str, float]  # {compute measure: FLOP}, as the authors' page gives it


@dataclass(frozen=True)
class Found:
    """A result that a page prints."""

    key: Key
    name: str
    score: str
    similarity: float
    of_the_paper: bool


def number(text: str) -> float | None:
    return float(text) if text else None


def burden(row: dict[str, str]) -> float | None:
    """Processors times hours times their rate, where the row tells all three."""
    days, hours, count = (number(row[name]) for name in ("processor_days", "wall_hours", "processor_count"))
    rate = RATES.get(row["processor"])
    if days is None and hours is not None and count is not None:
        days = hours * count / 24
    return None if days is None or rate is None else days * 86400 * rate


def computation(row: dict[str, str]) -> dict[str, float]:
    macs = number(row["gmacs_per_pass"])
    given = {
        "operations_per_pass": None if macs is None else 2e9 * macs,
        "hardware_burden": burden(row),
        "training_compute": number(row["published_training_flop"]),
    }
    return {measure: flop for measure, flop in given.items() if flop is not None}


def read(row: dict[str, str]) -> Golden:
    scores = zip(row["metric"].split("/"), row["score"].split("/"), strict=True)
    return Golden(
        id=row["id"],
        benchmark=row["benchmark"],
        model=row["model"],
        scores={metric: float(score) for metric, score in scores if score},
        arxiv_id=row["paper_arxiv_id"],
        first_public_on=date.fromisoformat(row["first_public_on"]),
        image_size=int(row["image_size"]) if row["image_size"] else None,
        computation=computation(row),
    )


ROWS = [read(row) for row in csv.DictReader(GOLDEN.read_text(encoding="utf-8").splitlines())]


# --- the matcher


def words(name: str) -> str:
    """A name in lower case and words, its sizes written out."""
    return " ".join(SIZES.get(word, word) for word in re.findall(r"[a-z]+\d*|\d+[a-z]*", name.lower()))


def numbers(name: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", name))


def without_brackets(name: str) -> str:
    return re.sub(r"\s*\([^)]*\)", "", name)


def similarity(mine: str, other: str) -> float:
    """0 to 100: by words in any order, and letter by letter within the longer name; 0 where a number of mine is missing."""
    best = 0.0
    for name in {mine, without_brackets(mine)}:
        if numbers(name) <= numbers(other):
            squeezed = fuzz.partial_ratio(words(name).replace(" ", ""), words(other).replace(" ", ""))
            shorter = len(words(other).replace(" ", "")) < len(words(name).replace(" ", ""))
            best = max(best, fuzz.token_set_ratio(words(name), words(other)), 0 if shorter else squeezed)
    return best


def is_a_zoos_own(source: str, name: str) -> bool:
    """OpenMMLab trains known recipes again; what it converted says so in its name."""
    return source.startswith("openmmlab_") and "3rdparty" not in name


def found(db: Db, golden: Golden) -> list[Found]:
    """Every result of that score under such a name, whichever training it is of."""
    rows = db.execute(
        "select source, page, locator, name, coalesce(paper_url, ''), metric, value, image_size "
        "from staging.result join staging.model using (source, page, locator) where benchmark = ?",
        [golden.benchmark],
    ).fetchall()
    matches = []
    for source, page, locator, name, url, metric, value, size in rows:
        if abs(value - golden.scores.get(metric, float("inf"))) > SAME_SCORE + 1e-9 or is_a_zoos_own(source, name):
            continue
        if size is not None and golden.image_size is not None and size != golden.image_size:
            continue
        like = similarity(golden.model, name)
        of_the_paper = bool(golden.arxiv_id) and golden.arxiv_id in url
        if like >= (NEAR if of_the_paper else NEARLY_THE_SAME):
            matches.append(Found((source, page, locator), name, f"{metric} {value:g}", like, of_the_paper))
    return matches
