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


_FOUND: dict[str, list[Found]] = {}


def found(db: Db, golden: Golden) -> list[Found]:
    """Every result of that score under such a name, whichever training it is of; looked for once, for four tests ask."""
    if golden.id not in _FOUND:
        _FOUND[golden.id] = looked_for(db, golden)
    return list(_FOUND[golden.id])


def looked_for(db: Db, golden: Golden) -> list[Found]:
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


# --- what was decided by hand


# Results that the matcher finds and that are another training: {(row, printed name): how one sees it}.
OTHERS = {
    ("g005", "vgg16.tv_in1k"): "torchvision's own training (tv), not the weights of the authors",
    ("g015", "Inception ResNet V2 (SENet)"): "trained again by SENet's authors",
    ("g015", "inception_resnet_v2.tf_ens_adv_in1k"): "trained against adversaries",
    ("g018", "ResNeXt101-32x4d"): "32x4d, by NVIDIA",
    ("g018", "resnet101c.gluon_in1k"): "no ResNeXt",
    ("g018", "gluon_resnet101_v1c"): "no ResNeXt",
    ("g025", "pnasnet5large.tf_in1k"): "PNASNet",
    ("g059", "ConvNeXt-B (isotropic)"): "another size and form",
    ("g059", "convnext_tiny_hnf.a2h_in1k"): "timm's own training of a variant (hnf, a2h)",
    (
        "g065",
        "maxvit_tiny_rw_224.sw_in1k",
    ): "timm's own variant and training (rw, sw); the authors' is maxvit_tiny_tf_224",
    ("g106", "YOLOX-l (legacy)"): "an earlier training that the same page keeps in a table of its own",
    ("g130", "Mask RepPoints V2 (Swin-T, 3x)"): "another detector",
    ("g143", "AllenNLP BiDAF (single model)"): "trained again by AllenNLP, submitted in 2017",
    ("g159", "ELECTRA-Base++"): "finetuned by NVIDIA",
    ("g181", "Co-regularized LUKE"): "another paper's training",
}

# Rows of which no source has a result with that score, as the matcher sees it, and what the sources have instead.
NO_SCORE = {
    "g005": "only trainings by OpenMMLab and torchvision",
    "g018": "the authors' at 320 pixels (80.9), others' at 224",
    "g023": "the authors' 1.4 (74.7); 1.0 only by OpenMMLab (71.86) and timm (72.9)",
    "g065": "the authors' weights as timm evaluates them: 83.43, 0.19 less",
    "g075": "the authors' weights as timm evaluates them: 79.25, 0.15 less and a rounding",
    "g077": "the authors' weights as timm evaluates them: 80.26, 0.24 less",
    "g087": "no scores of DINOv2",
    "g104": "no scores of YOLOv5",
    "g108": "no scores of YOLOv7",
    "g110": "no scores of YOLOv8",
    "g118": "only OpenMMLab's own training (47.0)",
    "g120": "only OpenMMLab's own training (49.0)",
    "g122": "no scores of Co-DETR",
    "g135": "no scores of EVA on COCO",
    "g155": "no dev scores of RoBERTa",
    "g157": "no dev scores of ALBERT",
    "g159": "only NVIDIA's finetuning",
    "g163": "no dev scores of DeBERTa",
    "g238": "the hub's weights as obsscaling evaluates them (79.23, 0.27 less)",
}

# Computation that the authors' page gives and no source holds for that training: {(row, compute measure): what they have}.
NO_COMPUTATION = {
    ("g015", "operations_per_pass"): "the row of the paper's score has none",
    ("g050", "hardware_burden"): "no page of the mirror prints its hours",
    ("g052", "hardware_burden"): "no page of the mirror prints its hours",
    ("g073", "hardware_burden"): "no page of the mirror prints its hours",
    ("g097", "operations_per_pass"): "Detectron2 prints hours, not operations",
    ("g116", "operations_per_pass"): "the page prints seconds a pass, not operations",
    ("g116", "hardware_burden"): "its page prints no hours",
    (
        "g150",
        "training_compute",
    ): "Epoch has BERT-Large alone (2.85e20), without the finetuning on two sets that this score is of",
    ("g200", "training_compute"): "only the big one's",
    ("g232", "hardware_burden"): "Epoch has it for the model; the domain's points take training computation only",
    ("g235", "hardware_burden"): "Epoch has it for the model; the domain's points take training computation only",
}

# What the warehouse has wrong and no rule mends.
WRONG = {
    "g218": "both sources file it under an earlier paper of its authors (2004.08249, one by its title only): two trainings",
}


def is_other(golden: Golden, match: Found) -> bool:
    return (golden.id, match.name) in OTHERS


def own(db: Db, golden: Golden) -> list[Found]:
    return [match for match in found(db, golden) if not is_other(golden, match)]


def trainings(db: Db, matches: list[Found]) -> set[str]:
    """The trainings that the warehouse takes the records for."""
    return {
        str(training)
        for match in matches
        for (training,) in db.execute(
            "select training_id from core.training_records where source = ? and page = ? and locator = ?", match.key
        ).fetchall()
    }


HELD = [row for row in ROWS if row.id not in NO_SCORE]


def marked(rows: list[Golden]) -> list[object]:
    marks = {row: pytest.mark.xfail(reason=reason) for row, reason in WRONG.items()}
    return [pytest.param(row, id=row.id, marks=[marks[row.id]] if row.id in marks else []) for row in rows]


# --- the tests


def test_every_row_is_decided() -> None:
    assert len(ROWS) == 54
    assert NO_SCORE.keys() | {row for row, _ in OTHERS} | WRONG.keys() <= {row.id for row in ROWS}
    assert not NO_SCORE.keys() & WRONG.keys()
    assert {row for row, _ in NO_COMPUTATION}.isdisjoint(NO_SCORE)


@pytest.mark.parametrize("golden", [pytest.param(row, id=row.id) for row in ROWS if row.id in NO_SCORE])
def test_a_row_without_a_score_has_still_none(db: Db, golden: Golden) -> None:
    assert not own(db, golden), NO_SCORE[golden.id]


def test_the_others_are_still_found_beside(db: Db) -> None:
    """A neighbour that is gone from the sources is gone from the list."""
    beside = {(row.id, match.name) for row in ROWS for match in found(db, row)}
    assert OTHERS.keys() <= beside


@pytest.mark.parametrize("golden", marked(HELD))
def test_a_row_is_one_training_with_its_own_day(db: Db, golden: Golden) -> None:
    (training,) = trainings(db, own(db, golden))
    ((released_on, precision),) = db.execute(
        "select released_on, released_precision from core.trainings where training_id = ?", [training]
    ).fetchall()
    assert is_within(released_on, precision, golden.first_public_on), (training, released_on, precision)


def is_within(released_on: date | None, precision: str | None, first_public_on: date) -> bool:
    """Whether a day agrees as far as its precision tells; "listed" is an upper bound."""
    if released_on is None:
        return False
    return {
        "day": abs((released_on - first_public_on).days) <= SAME_MONTH,
        "month": (released_on.year, released_on.month) == (first_public_on.year, first_public_on.month),
        "year": released_on.year == first_public_on.year,
        "listed": released_on >= first_public_on,
    }[str(precision)]


@pytest.mark.parametrize("golden", [pytest.param(row, id=row.id) for row in HELD])
def test_a_row_is_evaluated_once(db: Db, golden: Golden) -> None:
    """In the points of all sources a training stands once for each measure and setting, at the size of the row."""
    for training in trainings(db, own(db, golden)):
        rows = db.execute(
            "select points.metric, compute_measure, count(*) "
            "from fits.points as points join core.results as results using (result_id) "
            "where row_set = 'current' and points.training_id = ? and points.benchmark = ? "
            "and coalesce(results.image_size, ?) is not distinct from ? group by all",
            [training, golden.benchmark, golden.image_size, golden.image_size],
        ).fetchall()
        assert all(n == 1 for _, _, n in rows), rows


def points(db: Db, golden: Golden, training: str, measure: str) -> list[float]:
    rows = db.execute(
        "select compute_flop from fits.points as points join core.results as results using (result_id) "
        "where row_set = 'current' and points.training_id = ? and points.benchmark = ? and compute_measure = ? "
        "and coalesce(results.image_size, ?) is not distinct from ?",
        [training, golden.benchmark, measure, golden.image_size, golden.image_size],
    ).fetchall()
    return [float(flop) for (flop,) in rows]


def named_conflicts(db: Db, golden: Golden, training: str, measure: str) -> list[str]:
    """Why the computation is none, or which other one stands beside it."""
    left_out = db.execute(
        "select rule || ': ' || evidence from core.left_out "
        "where row_set = 'current' and training_id = ? and benchmark = ? and compute_measure = ?",
        [training, golden.benchmark, measure],
    ).fetchall()
    conflicts = db.execute(
        "select format('{}: {} and {}', quantity, chosen_value, other_value) from core.conflicts "
        "join core.training_records as records "
        "on (chosen_source, chosen_page, chosen_locator) = (records.source, records.page, records.locator) "
        "where training_id = ? and benchmark = ? and quantity = ?",
        [training, golden.benchmark, measure],
    ).fetchall()
    return [str(text) for (text,) in left_out + conflicts]


CASES = [(row, measure) for row in HELD for measure in row.computation]


@pytest.mark.parametrize(("golden", "measure"), [pytest.param(*case, id=f"{case[0].id}-{case[1]}") for case in CASES])
def test_the_computation_is_the_authors_or_the_conflict_is_named(db: Db, golden: Golden, measure: str) -> None:
    known = trainings(db, own(db, golden))
    held = [flop for training in known for flop in points(db, golden, training, measure)]
    named = [text for training in known for text in named_conflicts(db, golden, training, measure)]
    agrees = [abs(flop / golden.computation[measure] - 1) <= SAME_COMPUTATION for flop in held]
    if (golden.id, measure) in NO_COMPUTATION:
        assert not held, "a source has it now: take it out of the list"
    else:
        assert (held and all(agrees)) or named, (held, golden.computation[measure])
