"""What a point of the row set of all sources is: each example by name, with the figures that the pages print."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hand_made import built

from flows import sources
from flows.readers.row_types import Model, Operations
from flows.sources import openmmlab_mmpretrain

Db = duckdb.DuckDBPyConnection

MIT, V1 = "mit_futuretech", "computerprogress"


def rules_of(db: Db, benchmark: str, name: str, value: float, measure: str = "hardware_burden") -> set[tuple[str, str]]:
    """{(source of the score, rule that leaves it out, or "point")} of the results of that name and score."""
    return set(
        db.execute(
            "select candidates.result_source, coalesce(left_out.rule, 'point') from core.candidates as candidates "
            "left join core.left_out as left_out using (row_set, benchmark, metric, compute_measure, result_id) "
            "where candidates.benchmark = ? and printed_name = ? and compute_measure = ? and abs(100 - 100 * error - ?) < 1e-6",
            [benchmark, name, measure, value],
        ).fetchall()
    )


def left_out(db: Db, benchmark: str, rule: str, measure: str = "hardware_burden", where: str = "true") -> int:
    return int(
        db.execute(
            "select count(*) from core.left_out join core.candidates using (row_set, benchmark, metric, "
            "compute_measure, result_id) "
            f"where benchmark = ? and rule = ? and compute_measure = ? and {where}",
            [benchmark, rule, measure],
        ).fetchall()[0][0]
    )


def training(db: Db, source: str, name: str, benchmark: str) -> str:
    """The training of the record of that name, which is one."""
    ((found,),) = db.execute(
        "select distinct records.training_id from core.training_records as records "
        "join core.results as results using (source, page, locator) "
        "where records.source = ? and printed_name = ? and benchmark = ?",
        [source, name, benchmark],
    ).fetchall()
    return str(found)


def released(db: Db, training_id: str) -> tuple[Any, ...]:
    return db.execute(
        "select released_on, released_precision from core.trainings where training_id = ?", [training_id]
    ).fetchall()[0]


# --- nothing is lost


def test_points_and_what_is_left_out_are_all_results_with_computation(db: Db) -> None:
    points, out, candidates = (
        set(db.execute(query).fetchall())
        for query in (
            "select benchmark, metric, compute_measure, result_id from fits.points "
            "where row_set = 'current' and compute_measure != 'consolidated_burden'",
            "select benchmark, metric, compute_measure, result_id from core.left_out",
            "select benchmark, metric, compute_measure, result_id from core.candidates",
        )
    )
    assert points | out == candidates
    assert not points & out
    # Every result that stands in the record of its computation is among them, whatever rules say of it.
    together = set(
        db.execute(
            "select distinct results.benchmark, results.metric, measures.compute_measure, results.result_id "
            "from core.results as results join core.measures as measures using (source, page, locator) "
            "join staging.fit as fits on fits.row_set = 'current' and fits.benchmark = results.benchmark "
            "and fits.metric = results.metric and fits.compute_measure = measures.compute_measure"
        ).fetchall()
    )
    assert together <= candidates
    reasons = db.execute("select count(*) from core.left_out where reason is null or evidence is null").fetchall()
    assert reasons == [(0,)]


def test_a_rule_marks_what_an_earlier_one_took_too(db: Db) -> None:
    ((twice,),) = db.execute(
        "select count(*) from (select result_id from core.rule_marks group by row_set, benchmark, metric, compute_measure, "
        "result_id having count(*) > 1)"
    ).fetchall()
    assert twice > 0


def test_the_effect_of_each_rule_is_told_from_one_build(db: Db) -> None:
    effects = {
        (rule, measure): rest
        for rule, measure, *rest in db.execute(
            "select rule, compute_measure, is_active, n_before, n_after, exponent_before, exponent_after "
            "from marts.rule_effects where benchmark = 'imagenet' and metric = 'top1'"
        ).fetchall()
    }
    assert {rule for rule, _ in effects} == {
        rule for (rule,) in db.execute("select rule from staging.point_rule").fetchall()
    }
    ((n,),) = db.execute(
        "select count(*) from fits.points where row_set = 'current' and benchmark = 'imagenet' "
        "and compute_measure = 'hardware_burden' and metric = 'top1'"
    ).fetchall()
    for (rule, measure), (is_active, before, after, *_) in effects.items():
        if measure == "hardware_burden":
            assert (after if is_active else before) == n, rule
    # 50 of NVIDIA's runs stand for 7 models; all of them in, the line is steeper in computation.
    _, before, after, wide, narrow = effects["one_reproduction", "hardware_burden"]
    assert before - after > 35
    assert wide > narrow


# --- 1: score and computation of one training


def test_the_transformer_of_2017_has_not_the_burden_of_2020_nor_the_base_model_that_of_the_big_one(db: Db) -> None:
    # NVIDIA's run on A100s is of 2020; 84 hours are the big model's. "Transformer" with the base model's score is the base model.
    assert rules_of(db, "wmt_en_de", "Transformer", 27.3) == {("papers_with_code", "other_member")}
    assert rules_of(db, "wmt_en_fr", "Transformer", 38.1) == {("papers_with_code", "other_member")}
    for benchmark, score in (("wmt_en_de", 27.3), ("wmt_en_fr", 38.1)):
        found = rules_of(db, benchmark, "Transformer", score, "training_compute")
        assert found == {("papers_with_code", "score_and_computation")}


def test_a_score_and_a_computation_of_one_model_of_one_paper_stay_together(db: Db) -> None:
    assert rules_of(db, "wmt_en_de", "T5-11B", 32.1) == {(MIT, "point")}
    kept = db.execute(
        "select compute_flop, computation_of from core.candidates where printed_name = 'ResNeXt-101 32x48d' "
        "and compute_measure = 'hardware_burden'"
    ).fetchall()
    assert [of for _, of in kept] == ["the same training"]


def test_detectron2s_runs_on_v100s_are_not_detectrons_on_p100s(db: Db) -> None:
    trainers = db.execute(
        "select source, trainer, count(distinct training_id) from core.training_records "
        "join core.trainings using (training_id, trainer) where source in ('detectron', 'detectron2') group by all order by all"
    ).fetchall()
    assert [(source, trainer) for source, trainer, _ in trainers] == [
        ("detectron", "Facebook AI Research (Detectron)"),
        ("detectron2", "Facebook AI Research (Detectron2)"),
    ]
    ((both,),) = db.execute(
        "select count(*) from core.training_records as one join core.training_records as other using (training_id) "
        "where one.source = 'detectron' and other.source = 'detectron2'"
    ).fetchall()
    assert both == 0
    points = dict(
        db.execute(
            "select source, count(*) from fits.points where row_set = 'current' and benchmark = 'coco' "
            "and compute_measure = 'hardware_burden' group by all"
        ).fetchall()
    )
    assert points["detectron2"] >= 30
    assert points["detectron"] >= 25


# --- 2: purpose


@pytest.mark.parametrize(
    ("benchmark", "measure", "purpose", "at_least"),
    [
        ("imagenet", "hardware_burden", "time_to_target", 22),
        ("imagenet", "operations_per_pass", "probe", 25),
        ("imagenet", "operations_per_pass", "test", 13),
        ("coco", "operations_per_pass", "ablation", 14),
    ],
)
def test_what_was_not_trained_for_its_own_score_is_no_point(
    db: Db, benchmark: str, measure: str, purpose: str, at_least: int
) -> None:
    assert left_out(db, benchmark, "purpose", measure, f"purpose = '{purpose}'") >= at_least
    ((points,),) = db.execute(
        "select count(*) from fits.points where row_set = 'current' and purpose = ?", [purpose]
    ).fetchall()
    assert points == 0


def test_a_race_to_an_f1_on_the_development_set_is_no_point(db: Db) -> None:
    assert left_out(db, "squad_dev", "purpose", where="purpose = 'time_to_target'") == 5


# --- 3: the same weights once


@pytest.mark.parametrize(
    ("source", "name", "weights"),
    [
        ("timm_model_index", "tf_efficientnet_b0_ap", "timm#tf_efficientnet_b0.ap_in1k"),
        ("timm_model_index", "gluon_resnet50_v1b", "timm#resnet50.gluon_in1k"),
        ("openmmlab_mmpretrain", "convnext-base_3rdparty_in1k", "timm#convnext_base.fb_in1k"),
        (
            "openmmlab_mmpretrain",
            "beit-g-p14_eva-30m-in21k-pre_3rdparty_in1k-560px",
            "timm#eva_giant_patch14_560.m30m_ft_in22k_in1k",
        ),
        ("openmmlab_mmpretrain", "levit-128_3rdparty_in1k", "timm#levit_128.fb_dist_in1k"),
        ("coco_model_pages", "ConvNeXt-T", "timm#convnext_tiny.fb_in1k"),
        ("mit_futuretech", "PVTv2-B5", "timm#pvt_v2_b5.in1k"),
    ],
)  # fmt: skip
def test_weights_that_a_list_took_over_are_one_training(db: Db, source: str, name: str, weights: str) -> None:
    assert training(db, source, name, "imagenet") == weights


def test_weights_of_an_architecture_within_a_name_are_not_taken_for_it(db: Db) -> None:
    # wide_resnet50_racm has 68.9 million parameters, resnet50 25.6.
    assert "#wide_resnet50" in training(
        db, "openmmlab_mmpretrain", "wide-resnet50_3rdparty-timm_8xb32_in1k", "imagenet"
    )


def test_what_openmmlab_trained_itself_is_not_taken_for_weights_of_others(db: Db) -> None:
    # Of 43 such rows beside a row of the same architecture and size, 84 % are within 0.3 of it: a score is no evidence.
    ((merged,),) = db.execute(
        "select count(*) from core.same_weights as same join staging.model as models using (source, page, locator) "
        "where models.source = 'openmmlab_mmpretrain' and models.converted_from is null"
    ).fetchall()
    assert merged == 0


def test_twins_whose_addresses_name_one_file_are_six_trainings(db: Db) -> None:
    found = db.execute(
        "select distinct training_id from core.training_records where source = 'openmmlab_mmpretrain' and "
        "printed_name like 'twins-%'"
    ).fetchall()
    assert {one for (one,) in found} == {
        f"timm#twins_{kind}_{size}.in1k" for kind in ("pcpvt", "svt") for size in ("small", "base", "large")
    }


def test_weights_at_two_sizes_are_two_evaluations_of_one_training(db: Db) -> None:
    ((evaluations, trainings),) = db.execute(
        "select count(*), count(distinct training_id) from (select training_id, evaluation_id from core.results "
        "where source = 'timm' and benchmark = 'imagenet' and metric = 'top1' group by all)"
    ).fetchall()
    # 290 weights stand there at two sizes, 1,266 at one or the other; five (LeViT) are there again for another layout.
    assert evaluations == 1556 - 5
    assert trainings == 1556 - 290 - 5


def test_cards_operations_never_stand_where_the_list_has_the_weights(db: Db) -> None:
    ((cards,),) = db.execute(
        "select count(*) from fits.points where row_set = 'current' and source = 'timm_model_index' "
        "and compute_measure = 'operations_per_pass' and training_id like 'timm#%'"
    ).fetchall()
    assert cards == 0


# --- 4: the authors' newer list


def test_the_authors_newer_rows_stand_for_their_older_ones(db: Db) -> None:
    assert {(V1, "superseded"), (MIT, "point")} <= rules_of(db, "conll", "BERT Large", 92.8)
    assert rules_of(db, "imagenet", "MnasNetA3", 76.7) == {(V1, "superseded")}
    assert rules_of(db, "imagenet", "MnasNet-A3", 76.7) == {(MIT, "point")}
    assert rules_of(db, "wmt_en_de", "Transformer Big + BT", 35.0) == {(V1, "superseded")}


def test_a_name_within_a_name_does_not_supersede(db: Db) -> None:
    # "Transformer Big" stands within "Evolved Transformer Big" and is none of it; its own newer row may stand for it.
    replaced = db.execute(
        "select old.printed_name, old.paper_id, old.benchmark, old.compute_measure, old.metric "
        "from core.left_out join core.candidates as old using (row_set, benchmark, metric, compute_measure, result_id) "
        "where rule = 'superseded' and old.printed_name in ('Evolved Transformer Big', 'Evolved Transformer "
        "Base', 'Transformer + SRU')"
    ).fetchall()
    for name, paper, benchmark, measure, metric in replaced:
        newer = db.execute(
            "select count(*) from core.candidates where result_source = 'mit_futuretech' and printed_name = ? and paper_id = ? "
            "and benchmark = ? and compute_measure = ? and metric = ?",
            [name, paper, benchmark, measure, metric],
        ).fetchall()
        assert newer != [(0,)], name
    assert ("Evolved Transformer Base",) not in {row[:1] for row in replaced}


def test_burdens_that_differ_twofold_between_the_two_lists_are_conflicts(db: Db) -> None:
    ratios = {
        name: 1 / ratio
        for name, ratio in db.execute(
            "select chosen_name, ratio from core.conflicts where quantity = 'hardware_burden' "
            "and chosen_source = 'mit_futuretech' and source = 'computerprogress'"
        ).fetchall()
    }
    # 4.5e21 / 7.0e19, 2.32e21 / 1.45e20, 4.7e19 / 5.9e18
    assert ratios["MnasNet-A3"] == pytest.approx(64.3, abs=0.1)
    assert ratios["BERT (single model)"] == pytest.approx(16, abs=0.1)
    assert ratios["ResNeXt-101 64x4"] == pytest.approx(7.94, abs=0.01)


# --- 5: one reproduction


def test_one_run_of_a_recipe_and_trainer_is_a_point(db: Db) -> None:
    for benchmark, most in (("imagenet", 8), ("coco", 4)):
        runs = db.execute(
            "select printed_name, count(*) from fits.points join core.candidates using (row_set, benchmark, "
            "metric, compute_measure, result_id) "
            "where row_set = 'current' and benchmark = ? and compute_measure = 'hardware_burden' and "
            "fits.points.trainer = 'NVIDIA' group by all",
            [benchmark],
        ).fetchall()
        assert all(n == 1 for _, n in runs)
        assert 4 <= len(runs) <= most
        assert left_out(db, benchmark, "one_reproduction") >= 42


# --- 6: the burden of another member


@pytest.mark.parametrize(
    ("benchmark", "name", "value"),
    [
        ("squad", "BERT (ensemble)", 93.16),
        ("squad", "BiDAF (ensemble)", 81.525),
        ("squad", "ReasoNet (ensemble)", 81.8),
        ("conll", "BERT Base", 92.4),
        ("wmt_en_de", "Transformer Base", 27.3),
        ("wmt_en_de", "Evolved Transformer Base", 28.4),
        ("wmt_en_fr", "Transformer Base", 38.1),
        ("imagenet", "AlexNet 7CNNs", 63.3),
        ("imagenet", "ZFNet(ensemble, 6 convnets)", 64.0),
    ],
)
def test_an_ensemble_with_one_nets_burden_and_base_with_bigs_are_no_points(
    db: Db, benchmark: str, name: str, value: float
) -> None:
    assert (V1, "other_member") in rules_of(db, benchmark, name, value)
    assert all(rule != "point" for _, rule in rules_of(db, benchmark, name, value))


def test_multi_scale_twins_are_two_evaluations_of_one_training(db: Db) -> None:
    twins = db.execute(
        "select evaluation_id, training_id from fits.points where row_set = 'current' and benchmark = 'coco_test_dev' "
        "and compute_measure = 'hardware_burden' and training_id like '%m2detresnet101%'"
    ).fetchall()
    assert len({evaluation for evaluation, _ in twins}) == 2
    assert len({one for _, one in twins}) == 1
    chosen = db.execute(
        "select results.setting from fits.samples join core.results as results using (result_id) "
        "where row_set = 'current' and fits.samples.benchmark = 'coco_test_dev' and compute_measure = 'hardware_burden' "
        "and selection = 'one_per_training' and fits.samples.training_id = ?",
        [twins[0][1]],
    ).fetchall()
    # The one as it was trained, though the other has the lower error.
    assert chosen == [("single-scale",)]


# --- 7 and 8: what a burden is of


def test_incomplete_burdens_are_no_points(db: Db) -> None:
    assert left_out(db, "coco", "incomplete_burden") == 21
    assert (V1, "incomplete_burden") in rules_of(db, "imagenet", "FixResNeXt101 32x48d", 86.4)
    assert rules_of(db, "conll", "LUKE", 94.3) <= {(MIT, "incomplete_burden"), ("nlp_progress", "incomplete_burden")}
    assert (MIT, "incomplete_burden") in rules_of(db, "conll", "ACE + document-context", 94.6)
    assert all(rule != "point" for _, rule in rules_of(db, "conll", "ACE + document-context", 94.6))
    assert rules_of(db, "wmt_en_de", "BERT-fused NMT", 30.75) == {(MIT, "incomplete_burden")}


@pytest.mark.parametrize("name", ["NASNET-A(6)", "MnasNet-A3", "Proxyless"])
def test_a_search_is_told_and_stays_a_point(db: Db, name: str) -> None:
    scopes = db.execute(
        "select scope from fits.points join core.candidates using (row_set, benchmark, metric, compute_measure, result_id) "
        "where row_set = 'current' and benchmark = 'imagenet' and compute_measure = 'hardware_burden' and printed_name = ?",
        [name],
    ).fetchall()
    assert scopes == [("search",)]


def test_searches_are_a_sensitivity(db: Db) -> None:
    ((is_active, before, after, r2_before, r2_after),) = db.execute(
        "select is_active, n_before, n_after, r_squared_before, r_squared_after from marts.rule_effects "
        "where rule = 'search_burden' and benchmark = 'imagenet' and compute_measure = 'hardware_burden'"
    ).fetchall()
    assert not is_active
    assert before - after >= 12
    assert r2_after > r2_before


# --- 9: splits


def test_val_and_test_dev_are_two_benchmarks(db: Db) -> None:
    sources = db.execute(
        "select benchmark, source from core.results where benchmark in ('coco', 'coco_test_dev') and metric = 'box_ap' group by all"
    ).fetchall()
    assert {source for benchmark, source in sources if benchmark == "coco"}.isdisjoint({MIT, V1})
    assert {MIT, V1} <= {source for benchmark, source in sources if benchmark == "coco_test_dev"}


def test_what_the_paper_calls_coco_is_held_against_test_dev(db: Db) -> None:
    later = db.execute("select distinct result_id from marts.backtest where benchmark = 'coco'").fetchall()
    assert later
    assert all(":coco_test_dev:" in result for (result,) in later)


# --- 10: conventions


def test_mits_flops_on_imagenet_are_multiply_adds(db: Db) -> None:
    flop = dict(
        db.execute(
            "select printed_name, compute_flop from core.candidates where source = 'mit_futuretech' "
            "and benchmark = 'imagenet' and compute_measure = 'operations_per_pass'"
        ).fetchall()
    )
    # timm counts 26.21 and 2.35 billion multiply-adds of them; AA-ResNet-152 is declared an exception, its 23.8e9 are FLOPs.
    assert flop["RepVGG-B3"] == pytest.approx(2 * 26.2e9, rel=0.02)
    assert flop["LeViT-384"] == pytest.approx(2 * 2.35e9, rel=0.02)
    assert flop["AA-ResNet-152"] == pytest.approx(23.8e9, rel=0.01)


def test_what_nothing_settles_is_unknown_and_left_out(db: Db) -> None:
    assert left_out(db, "coco_test_dev", "unknown_convention", "operations_per_pass") >= 10
    names = db.execute(
        "select printed_name from core.candidates join core.left_out using (row_set, benchmark, metric, "
        "compute_measure, result_id) "
        "where rule = 'unknown_convention' and compute_measure = 'operations_per_pass'"
    ).fetchall()
    assert any("YOLOX" in name for (name,) in names)
    assert any("EfficientDet" in name for (name,) in names)


# --- 11: contradicted cells


def test_contradicted_cells_are_findings_and_no_points(db: Db) -> None:
    found = {
        (name, rule)
        for name, rule in db.execute(
            "select records.printed_name, artefacts.rule from core.artefacts as artefacts join "
            "core.training_records as records using (source, page, locator)"
        ).fetchall()
    }
    for name, rule in [
        ("repvgg-B0_8xb32_in1k", "exchanged_cells"),
        ("regnetx-3.2gf_8xb64_in1k", "exchanged_cells"),
        ("resnet50_spark-pre_300e_in1k", "contradicted_cell"),
        ("efficientnet-l2_3rdparty-ra-noisystudent_in1k-475px", "operations_fall_with_size"),
        ("efficientnet-l2_3rdparty-ra-noisystudent_in1k-800px", "operations_fall_with_size"),
        ("LUKE", "above_tensor_peak"),
        ("RNN-search50*", "contradicted_cell"),
    ]:
        assert (name, rule) in found, name
    # Those that they are held against stay.
    assert ("repvgg_b0", "exchanged_cells") not in found
    assert ("regnetx_032", "exchanged_cells") not in found
    assert left_out(db, "wmt_en_fr", "contradicted") >= 1


# A card whose FLOPs and parameters are exchanged; by itself it may be so, a list of networks says otherwise.
EXCHANGED = """
Collections:
  - Name: Badger
    Metadata: {Training Data: ImageNet-1k, Epochs: 100}
    Paper: {URL: https://arxiv.org/abs/1601.00001, Title: On Badgers}
Models:
  - Name: badger-b_8xb32_in1k
    In Collection: Badger
    Metadata: {FLOPs: 15820000000, Parameters: 3420000}
    Results: [{Task: Image Classification, Dataset: ImageNet-1k, Metrics: {Top 1 Accuracy: 75.3, Top 5 Accuracy: 92.4}}]
"""


def test_a_card_with_exchanged_cells_is_found_by_a_list(tmp_path: Path) -> None:
    key = "openmmlab_mmpretrain"
    page = next(page for page in sources.source(key).pages if "resnet" in page.name)
    (path := tmp_path / "metafile.yml").write_text(EXCHANGED)
    parsed = [(key, *openmmlab_mmpretrain.rows(record, page)) for record in openmmlab_mmpretrain.read(path, page)]
    listed = (
        "timm",
        Model("badger_b", architecture="badger_b", parameters=15_820_000),
        Operations("imagenet", 3.42e9, "mac", 224, "GMACs"),
    )
    with built(tmp_path, [*parsed, listed], only=("core.point_findings",)) as con:
        found = con.execute(
            "select source, evidence from core.point_findings where rule = 'exchanged_cells'"
        ).fetchall()
    ((source, evidence),) = found
    assert source == key
    assert evidence.startswith(
        "badger-b_8xb32_in1k: 1.58e+10 operations and 3.42e+06 parameters, where timm has 3.42e+09"
    ), evidence


def test_four_cards_at_one_percent_are_rejected_cells(db: Db) -> None:
    ((n,),) = db.execute(
        "select count(*) from core.rejected_cells where source = 'timm_model_index' and rule = 'impossible_score'"
    ).fetchall()
    assert n == 4


@pytest.mark.parametrize("name", ["Perceiver", "mixer_l16_224.goog_in21k_ft_in1k"])
def test_a_point_far_from_the_line_is_not_contradicted_by_that(db: Db, name: str) -> None:
    rules = db.execute(
        "select left_out.rule from core.candidates left join core.left_out as left_out using (row_set, "
        "benchmark, metric, compute_measure, result_id) "
        "where printed_name like ? || '%' and core.candidates.benchmark = 'imagenet' and "
        "core.candidates.compute_measure = 'operations_per_pass'",
        [name],
    ).fetchall()
    assert (None,) in rules


# --- 12: language models


def test_a_language_model_is_one_point_on_a_benchmark(db: Db) -> None:
    names = db.execute(
        "select training_id, count(*) from fits.points where row_set = 'current' and benchmark = 'gsm8k' "
        "and training_id like '%llama2.70b%' group by all"
    ).fetchall()
    assert [n for training_id, n in names if training_id.split("#")[1].startswith("llama2.70b ")] == [1]
    shots = db.execute(
        "select distinct shots from fits.points join core.results using (result_id) where row_set = 'current' "
        "and fits.points.benchmark in ('mmlu', 'gsm8k')"
    ).fetchall()
    assert shots == [(5,)]


def test_a_versioned_name_is_one_training_over_all_benchmarks(db: Db) -> None:
    found = db.execute(
        "select distinct training_id from core.training_records where printed_name = 'LLaMA-65B' and source = 'epoch_benchmarks'"
    ).fetchall()
    assert len(found) == 1


# --- 13: dates


@pytest.mark.parametrize(
    ("source", "name", "benchmark", "expected"),
    [
        # A later version's or a conference's day does not stand against the month of the paper's first version.
        (MIT, "Meta Pseudo Labels (EfficientNet-L2)", "imagenet", (date(2020, 3, 15), "month")),
        (MIT, "Transformer + SRU", "wmt_en_de", (date(2017, 9, 15), "month")),
        # resnet50_8xb32_in1k_20210831-….pth: the file's name has the day.
        ("openmmlab_mmpretrain", "resnet50_8xb32_in1k", "imagenet", (date(2021, 8, 31), "day")),
        ("detectron2", "faster_rcnn_R_50_FPN_3x", "coco", (date(2019, 10, 10), "day")),
    ],
)
def test_weights_have_their_own_day(db: Db, source: str, name: str, benchmark: str, expected: tuple[date, str]) -> None:
    records = db.execute(
        "select distinct training_id from core.training_records join core.results using (source, page, locator, training_id) "
        "where source = ? and printed_name = ? and benchmark = ?",
        [source, name, benchmark],
    ).fetchall()
    assert {released(db, one) for (one,) in records} == {expected}


def test_a_title_beats_a_link_to_another_paper(db: Db) -> None:
    # mit_futuretech links "Rethinking the Inception Architecture" to the paper of NASNet, of 2017.
    found = db.execute(
        "select distinct arxiv_id from core.model_mentions where title_key = 'rethinking the inception "
        "architecture for computer vision'"
    ).fetchall()
    assert found == [("1512.00567",)]


def test_no_point_of_imagenets_frontier_is_older_than_its_weights_can_be(db: Db) -> None:
    frontier = db.execute(
        "select samples.released_on, trainings.first_listed_on, results.released_precision, trainings.trainer "
        "from fits.samples as samples join core.results as results using (result_id) "
        "join core.trainings as trainings on samples.training_id = trainings.training_id "
        "where samples.row_set = 'current' and samples.benchmark = 'imagenet' and selection = 'frontier' "
        "and samples.compute_measure = 'operations_per_pass' and samples.metric = 'top1'"
    ).fetchall()
    assert len(frontier) >= 12
    for day, listed, precision, trainer in frontier:
        # Weights that only a list has are dated by the list, never by their architecture's paper.
        assert precision != "listed" or day == listed
        assert trainer is not None or precision == "listed"


def test_most_points_are_dated(db: Db) -> None:
    ((dated,),) = db.execute(
        "select count(*) from fits.points as points join core.results as results using (result_id) where row_set = 'current' "
        "and points.benchmark = 'imagenet' and compute_measure = 'operations_per_pass' and points.metric = 'top1' "
        "and released_on is not null"
    ).fetchall()
    assert dated >= 1500


# --- today


def test_today_is_of_all_results_and_the_same_whatever_the_compute_measure(db: Db) -> None:
    errors = db.execute(
        "select benchmark, metric, count(distinct error) from fits.targets join fits.sample_sets using (sample_id) "
        "where row_set = 'current' and target = 'today' group by all having count(distinct error) > 1"
    ).fetchall()
    assert errors == []
    for benchmark, metric in (("imagenet", "top1"), ("coco", "box_ap"), ("coco_test_dev", "box_ap"), ("squad", "f1")):
        ((error, name, below, computed),) = db.execute(
            "select error, name, (select min(error) from core.results where benchmark = today.benchmark and metric = today.metric "
            "and error > 0), error_with_computation from core.today as today where benchmark = ? and metric = ?",
            [benchmark, metric],
        ).fetchall()
        assert error == below
        assert name
        assert computed >= error
