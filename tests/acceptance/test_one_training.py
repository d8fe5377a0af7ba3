"""No evaluation and no training twice: by what the warehouse says of each, and by a look that knows nothing of that."""

from __future__ import annotations

import re
from collections import defaultdict

import duckdb
from rapidfuzz import fuzz

Db = duckdb.DuckDBPyConnection
Point = tuple[str, float, float]  # printed name, score in percent, computation

SAME_SCORE = 0.15  # percent
SAME_COMPUTATION = 0.03
# By words in any order, those of the shorter name that the longer has too counting in full: 100 where one name says no more
# than the other. Under 97 each of the two has a word of its own that tells it apart (a tag as "a1" and "a2", a size, "srf" and
# "lrf"); what is 97 and above differs by a letter or a digit, as a slip of the pen would.
SAME_NAME = 97
SIZES = {"t": "tiny", "ti": "tiny", "s": "small", "b": "base", "l": "large", "h": "huge", "g": "giant"}
SHARE = 0.02

OWN_ARCHITECTURE = "two architectures in one list: the longer name's is a variant, trained for itself"
ROPE = "another position encoding: two architectures in one list"
MOBY = "pretrained without labels (arXiv 2105.04553), the other with them (arXiv 2103.14030)"
LEGACY = "the page keeps the weights of an earlier training in a table of its own"
DATA = "pretrained on other data (the tag says which)"
OPENMMLAB = "OpenMMLab's own training, the other is the authors'"
PRETRAINED = "two ways of pretraining, named in both names"
NO_EMA = "without averaged weights (noema)"
REGISTERS = "one register and four"

# What a look finds, and why it is two trainings (or why the two are left): {(benchmark, name, name): evidence}.
EXPLAINED: dict[tuple[str, str, str], str] = {
    ("coco", "Mask R-CNN (Swin-T, 1x)", "MoBY Mask R-CNN (Swin-T, 1x)"): MOBY,
    ("coco", "Mask R-CNN (Swin-T, 3x)", "MoBY Mask R-CNN (Swin-T, 3x)"): MOBY,
    ("coco", "Cascade Mask R-CNN (Swin-T, 1x)", "MoBY Cascade Mask R-CNN (Swin-T, 1x)"): MOBY,
    ("coco", "YOLOX-Tiny", "YOLOX-Tiny (legacy)"): LEGACY,
    ("coco_test_dev", "YOLOX-l", "YOLOX-l (legacy)"): LEGACY,
    (
        "hellaswag",
        "meta-llama/Meta-Llama-3-70B",
        "meta-llama/Meta-Llama-3.1-70B",
    ): "two releases of the hub: April and July 2024",
    ("mmlu", "Llama-3.1-405B", "Llama-3.1-405B-Instruct"): "the base and what it was finetuned to",
    ("imagenet", "RepVGG-B3", "repvgg-B3_8xb32_in1k"): OPENMMLAB,
    ("imagenet", "ResNet-152", "resnet152_8xb32_in1k"): OPENMMLAB,
    (
        "imagenet",
        "beit-base-p16_beit-pre_8xb128-coslr-100e_in1k",
        "beit-base-p16_cae-pre_8xb128-coslr-100e_in1k",
    ): PRETRAINED,
    (
        "imagenet",
        "vit-base-p16_mae-400e-pre_8xb128-coslr-100e_in1k",
        "vit-base-p16_mae-800e-pre_8xb128-coslr-100e_in1k",
    ): "400 epochs of pretraining and 800",
    ("imagenet", "convnext-base_32xb128-noema_in1k", "convnext-base_32xb128_in1k"): NO_EMA,
    ("imagenet", "convnext-small_32xb128-noema_in1k", "convnext-small_32xb128_in1k"): NO_EMA,
    ("imagenet", "beit3_base_patch16_224.in22k_ft_in1k", "beit3_base_patch16_224.indomain_in22k_ft_in1k"): DATA,
    ("imagenet", "beit3_large_patch16_224.in22k_ft_in1k", "beit3_large_patch16_224.indomain_in22k_ft_in1k"): DATA,
    (
        "imagenet",
        "beit3_large_patch16_224.in22k_ft_in1k",
        "beit_large_patch16_224.in22k_ft_in22k_in1k",
    ): "BEiT and BEiT-3",
    (
        "imagenet",
        "mambaout_small.in1k",
        "mambaout_small_rw.sw_e450_in1k",
    ): "the authors' training, and timm's (sw) of a variant (rw)",
    (
        "imagenet",
        "mobilenetv4_hybrid_large.e600_r384_in1k",
        "mobilenetv4_hybrid_large.ix_e600_r384_in1k",
    ): "two initialisations (ix in the tag)",
    ("imagenet", "vit_base_patch16_rope_ape_224.naver_in1k", "vit_base_patch16_rope_mixed_ape_224.naver_in1k"): ROPE,
    ("imagenet", "vit_small_patch16_rope_ape_224.naver_in1k", "vit_small_patch16_rope_mixed_ape_224.naver_in1k"): ROPE,
    ("imagenet", "swin_small_patch4_window7_224.ms_in1k", "swin_small_patch4_window7_224.ms_in22k_ft_in1k"): DATA,
    (
        "imagenet",
        "eva02_large_patch14_448.mim_in22k_ft_in22k_in1k",
        "eva02_large_patch14_448.mim_m38m_ft_in22k_in1k",
    ): DATA,
    ("imagenet", "MixNet-L", "mixnet_l.ft_in1k"): "timm's own training (ft), the other is the authors'",
    ("imagenet", "regnetz_040.ra3_in1k", "regnetz_040_h.ra3_in1k"): OWN_ARCHITECTURE,
    (
        "imagenet",
        "naflexvit_base_patch16_gap.e300_s576_in1k",
        "naflexvit_base_patch16_parfac_gap.e300_s576_in1k",
    ): "another position encoding (parfac)",
    ("imagenet", "maxvit_nano_rw_256.sw_in1k", "maxvit_rmlp_nano_rw_256.sw_in1k"): OWN_ARCHITECTURE,
    (
        "imagenet",
        "maxvit_rmlp_nano_rw_256.sw_in1k",
        "maxxvit_rmlp_nano_rw_256.sw_in1k",
    ): "MaxViT and MaxxViT (ConvNeXt blocks)",
    ("imagenet", "eca_nfnet_l0.ra2_in1k", "nfnet_l0.ra2_in1k"): "another attention (eca)",
    (
        "imagenet",
        "vit_medium_patch16_reg1_gap_256.sbb_in1k",
        "vit_medium_patch16_reg4_gap_256.sbb_in1k",
    ): REGISTERS,
    (
        "imagenet",
        "vit_betwixt_patch16_reg1_gap_256.sbb_in1k",
        "vit_betwixt_patch16_reg4_gap_256.sbb_in1k",
    ): REGISTERS,
    ("imagenet", "xception65.ra3_in1k", "xception65p.ra3_in1k"): OWN_ARCHITECTURE,
}

# What is or may be the same weights, and no page of the sources says so: a fault each, named as such.
UNRESOLVED: dict[tuple[str, str, str], str] = {
    (
        "imagenet",
        "ResNet-152",
        "resnet152.tv_in1k",
    ): "a paper on cascades of finished networks (arXiv 1706.00885), whose ResNet-152 may be torchvision's",
    (
        "imagenet",
        "tnt_s_legacy_patch16_224.in1k",
        "tnt_s_patch16_224.in1k",
    ): "the weights for the list's older code and for the newer, with 0.2 % fewer operations: converted or trained again",
}


# --- by provenance


def test_no_evaluation_stands_twice(db: Db) -> None:
    twice = db.execute(
        "select evaluation_id, benchmark, metric, compute_measure, count(*) from fits.points "
        "where row_set = 'current' group by all having count(*) > 1"
    ).fetchall()
    assert twice == []


def test_no_training_stands_twice_where_each_counts_once(db: Db) -> None:
    counts = db.execute(
        "select samples.sample_id, training_id, count(*) "
        "from fits.samples as samples join fits.sample_sets as sets using (sample_id) "
        "where sets.selection = 'one_per_training' and sets.row_set = 'current' group by all"
    ).fetchall()
    assert len(counts) > 1000
    assert [row for row in counts if row[2] > 1] == []


def test_no_training_has_two_trainers(db: Db) -> None:
    two = db.execute(
        "select training_id, list(distinct trainer) from core.training_records "
        "where trainer is not null group by all having count(distinct trainer) > 1"
    ).fetchall()
    assert two == []


# --- by a look at names, scores and computation alone


def words(name: str) -> str:
    """A name in words: "RepVGG-B3" and "repvgg-B3_8xb32_in1k" begin alike."""
    joined = re.sub(r"(?<=[a-z])[-_ ](?=\d)", "", name.lower())
    return " ".join(SIZES.get(word, word) for word in re.findall(r"[a-z0-9+]+", joined))


def look_alike(mine: Point, other: Point) -> bool:
    return (
        abs(mine[1] - other[1]) <= SAME_SCORE
        and max(mine[2], other[2]) / min(mine[2], other[2]) <= 1 + SAME_COMPUTATION
        and fuzz.token_set_ratio(words(mine[0]), words(other[0])) >= SAME_NAME
    )


def pairs(points: list[Point]) -> list[tuple[Point, Point]]:
    """Those that look alike, among points of one benchmark, metric and compute measure."""
    found = []
    ordered = sorted(points, key=lambda point: (point[1], point[0]))
    for place, mine in enumerate(ordered):
        for other in ordered[place + 1 :]:
            if other[1] - mine[1] > SAME_SCORE:
                break
            if look_alike(mine, other):
                found.append((mine, other))
    return found


def measured(db: Db) -> dict[tuple[str, str, str], list[Point]]:
    rows = db.execute(
        "select points.benchmark, points.metric, compute_measure, models.name, 100 * (1 - points.error), compute_flop "
        "from fits.points as points join core.results as results using (result_id) "
        "join staging.model as models on (models.source, models.page, models.locator) "
        "= (results.source, results.page, results.locator) "
        "where row_set = 'current' and compute_measure != 'consolidated_burden'"
    ).fetchall()
    grouped = defaultdict(list)
    for benchmark, metric, measure, name, score, flop in rows:
        grouped[benchmark, metric, measure].append((name, score, flop))
    return grouped


def test_hardly_a_point_has_a_look_alike(db: Db) -> None:
    groups = measured(db)
    alike = {(key, point) for key, points in groups.items() for pair in pairs(points) for point in pair}
    assert len(alike) <= SHARE * sum(map(len, groups.values()))


def test_each_look_alike_is_explained(db: Db) -> None:
    left = {
        (key[0], *sorted((mine[0], other[0]))) for key, points in measured(db).items() for mine, other in pairs(points)
    }
    assert left == EXPLAINED.keys() | UNRESOLVED.keys()


def test_the_look_sees_what_is_the_same() -> None:
    """The look is not blind: a name in two spellings with one score and computation is a pair, and another recipe is none."""
    same = [("RepVGG-B3", 80.52, 5.24e10), ("repvgg-B3_8xb32_in1k", 80.58, 5.241e10)]
    assert len(pairs(same)) == 1
    assert pairs([("resnet50.a1_in1k", 80.0, 8e9), ("resnet50.a2_in1k", 80.1, 8e9)]) == []
    assert pairs([same[0], ("repvgg-B3_8xb32_in1k", 80.52, 6e10)]) == []
    assert pairs([same[0], ("repvgg-B3_8xb32_in1k", 80.70, 5.24e10)]) == []
