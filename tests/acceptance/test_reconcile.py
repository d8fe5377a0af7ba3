"""What the sources say of the same things: the known faults found by rule, what differs kept, and the row set that is fitted."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hand_made import at, built, facts
from running import HANGS_S

from flows import paths, sources
from flows.declared import settings
from flows.declared.setting_types import RowSet
from flows.readers.record import CellError, duration_s, number
from flows.readers.row_types import Model, Operations, Processor, Result, RunPhase

V1, V2 = "computerprogress", "mit_futuretech"
IMAGENET, COCO = "image-classification-on-imagenet.csv", "object-detection-on-coco.csv"
SQUAD, CONLL = "question-answering-on-squad-1-1.csv", "named-entity-recognition-on-conll-2003.csv"
EN_DE, EN_FR = "machine-translation-on-wmt2014-en-de.csv", "machine-translation-on-wmt2014-en-fr.csv"
Db = duckdb.DuckDBPyConnection
Place = tuple[str, str]


def faults_of(db: Db, rule: str, source: str, page: str = "%") -> dict[Place, str]:
    """{(page, locator): evidence} of a rule of core.artefacts."""
    return {
        (page, locator): evidence
        for page, locator, evidence in db.execute(
            "select page, locator, evidence from core.artefacts where rule = ? and source = ? and page like ?",
            [rule, source, page],
        ).fetchall()
    }


def names(folder: Path, source: str) -> dict[Place, str]:
    return {at(row): row["name"] for row in facts(folder, source, "model")}


def burdens(folder: Path, source: str, page: str) -> dict[Place, float]:
    return {
        at(row): float(row["value"])
        for row in facts(folder, source, "compute")
        if row["compute_measure"] == "hardware_burden" and row["page"] == page
    }


# --- the known faults of the authors' rows


def test_hrnets_seven_burdens_rise_by_a_constant(db: Db, shipped: Path) -> None:
    dragged = {15_051_600_000.0 + 203_400_000 * step for step in range(7)}
    rows = {place for place, value in burdens(shipped, V1, "mscoco_data.js").items() if value in dragged}
    faults = faults_of(db, "constant_increment", V1)
    assert set(faults) == rows
    assert len(faults) == 7
    assert all("HRNet" in names(shipped, V1)[place] for place in faults)
    assert {evidence for evidence in faults.values() if "203400000 gflop" in evidence} == set(faults.values())
    assert faults_of(db, "constant_increment", V2) == {}


def test_senet_has_nasnets_burden(db: Db, shipped: Path) -> None:
    name, value = names(shipped, V1), burdens(shipped, V1, "imagenet_data.js")
    (senet,) = (place for place in value if name[place] == "SENet")
    (original,) = (place for place in value if place != senet and value[place] == value[senet])
    assert value[senet] == 1.645056e12 == 500 * 9520 * 4 * 86400
    assert name[original].startswith("NASNet")
    faults = faults_of(db, "copied_burden", V1, "imagenet_data.js")
    assert set(faults) == {senet}
    assert name[original] in faults[senet]
    assert "1645056000000" in faults[senet]


def test_mask_r_cnn_is_a_conflict_that_keeps_both_values(db: Db) -> None:
    (conflict,) = db.execute(
        "select model_id, chosen_value, chosen_source, other_value, source, unit from core.conflicts "
        "where quantity = 'hardware_burden' and benchmark = 'coco_test_dev' and model_id like '%maskrcnnresnext101fpn'"
    ).fetchall()
    assert conflict[1:] == (8.67e18, V2, 1.95264e19, V1, "flop")
    kept = db.execute(
        "select source, value, is_chosen from core.observations where model_id = ? and quantity = 'hardware_burden'",
        conflict[:1],
    ).fetchall()
    assert sorted(kept) == [(V1, 1.95264e19, False), (V2, 8.67e18, True)]
    points = db.execute(
        "select compute_flop, source from fits.measured_points "
        "where row_set = 'current' and compute_measure = 'hardware_burden' and model_id = ?",
        conflict[:1],
    ).fetchall()
    assert points == [(8.67e18, V2)]


def test_a_number_is_no_processor(db: Db, shipped: Path) -> None:
    rejected = {
        (row["page"], row["locator"])
        for row in facts(shipped, V2, "rejected_cell")
        if row["rule"] == "shifted_cell" and row["literal"].startswith("4.20E+05")
    }
    assert len(rejected) == 3
    rows = db.execute(
        "select page, locator, literal from core.rejected_cells where rule = 'shifted_cell' and source = ?", [V2]
    ).fetchall()
    assert {(page, locator) for page, locator, literal in rows if "4.20E+05" in literal} == rejected
    assert set(faults_of(db, "shifted_cell", V2)) == rejected
    numbers = "select count(*) from core.run_phases where source = ? and try_cast(processor as double) is not null"
    assert db.execute(numbers, [V2]).fetchone() == (0,)
    # The cells beside it are shifted too: none of these runs has processors.
    for page, locator in rejected:
        processors = "select count(processor_count) from core.run_phases where source = ? and page = ? and locator = ?"
        assert db.execute(processors, [V2, page, locator]).fetchone() == (0,)


def test_an_operation_count_is_no_time(db: Db) -> None:
    rows = db.execute("select page, locator, rule from core.rejected_cells where literal = '9.13E+20'").fetchall()
    assert rows == [(IMAGENET, "row 20", "not_a_duration")]
    assert "9.13E+20" in faults_of(db, "not_a_duration", V2)[IMAGENET, "row 20"]
    time = "select count(wall_time_s) from core.run_phases where source = ? and page = ? and locator = 'row 20'"
    assert db.execute(time, [V2, IMAGENET]).fetchone() == (0,)


def test_forty_six_years_are_no_wall_time(db: Db, shipped: Path) -> None:
    faults = faults_of(db, "implausible_wall_time", V2)
    rows = {at(row) for row in facts(shipped, V2, "run_phase") if row["wall_time_literal"] == "16775.5 days"}
    assert len(rows) == 1
    assert set(faults) == rows
    assert all("16775.5 days" in evidence for evidence in faults.values())


def test_gpu_days_are_processor_time(db: Db) -> None:
    rows = db.execute(
        "select page, locator, literal from core.rejected_cells where rule = 'processor_time' and source = ?", [V2]
    ).fetchall()
    assert {literal for *_, literal in rows} == {"10 GPU days", "8 GPU days", "7 gpu days"}
    assert set(faults_of(db, "processor_time", V2)) == {(page, locator) for page, locator, _ in rows}
    for page, locator, _ in rows:
        time = "select count(wall_time_s) from core.run_phases where source = ? and page = ? and locator = ?"
        assert db.execute(time, [V2, page, locator]).fetchone() == (0,)
    with pytest.raises(CellError, match="processor time"):
        duration_s("10 GPU days")


def test_processors_without_a_count(db: Db, shipped: Path) -> None:
    lacking = defaultdict(set)
    for row in facts(shipped, V2, "run_phase"):
        if row["processor"] and not row["processor_count"]:
            lacking[at(row)].add(row["processor"])
    faults = faults_of(db, "processors_without_count", V2)
    assert set(faults) == set(lacking)
    assert {place: {name for name in lacking[place] if name in faults[place]} for place in faults} == lacking
    # One of each page, as they stand there.
    assert {(IMAGENET, "row 81"), (COCO, "row 19"), (EN_DE, "row 33"), (EN_FR, "row 25")} <= set(faults)


def test_counts_without_a_model(db: Db, shipped: Path) -> None:
    lacking = {
        at(row): float(row["processor_count"])
        for row in facts(shipped, V2, "run_phase")
        if row["processor_count"] and not row["processor"]
    }
    faults = faults_of(db, "count_without_processor", V2)
    assert {place: float(evidence.split()[0]) for place, evidence in faults.items()} == lacking
    # "4" with no model stands on three pages.
    assert {page for (page, _), count in lacking.items() if count == 4} == {IMAGENET, COCO, CONLL}


def test_network_operations_that_are_not_the_product(db: Db, shipped: Path) -> None:
    """Recomputed here from the facts: operations of a pass × 3 × epochs × set size, of the training and of all phases."""
    passes: dict[Place, dict[str, float]] = defaultdict(dict)
    for row in facts(shipped, V2, "operations"):
        passes[at(row)][row["convention"]] = float(row["operations"])
    examples: dict[Place, dict[str, float]] = defaultdict(dict)
    for row in facts(shipped, V2, "run_phase"):
        if row["epochs"] and row["training_set_size"]:
            examples[at(row)][row["phase"]] = float(row["epochs"]) * float(row["training_set_size"])
    ratio, training_ratio = {}, {}
    for row in facts(shipped, V2, "compute"):
        place = at(row)
        if row["compute_measure"] == "network_operations" and passes[place] and examples[place]:
            per_pass = passes[place].get("flop") or 2 * passes[place]["mac"]
            ratio[place] = float(row["value"]) / (3 * per_pass * sum(examples[place].values()))
            if "training" in examples[place]:
                training_ratio[place] = float(row["value"]) / (3 * per_pass * examples[place]["training"])

    def off(ratios: dict[Place, float]) -> dict[Place, float]:
        return {place: value for place, value in ratios.items() if not 0.9 <= value <= 1.1}

    faults, of_phases = (
        faults_of(db, rule, V2) for rule in ("network_operations_not_product", "network_operations_of_several_phases")
    )
    assert set(faults) == set(off(ratio))
    assert set(of_phases) == set(off(training_ratio)) - set(faults)
    assert all(f"a ratio of {ratio[place]:.2f}" in evidence for place, evidence in faults.items())
    assert all(f"a ratio of {training_ratio[place]:.2f}" in evidence for place, evidence in of_phases.items())
    name = names(shipped, V2)
    assert {name[place]: round(ratio[place], 2) for place in faults} == {
        "CSWin-L (384 res,ImageNet-22k pretrain)": 0.34
    }
    # "Up to 4.4": ConvNeXt-XL, whose figure counts pretraining and finetuning too.
    most = max(of_phases, key=lambda place: training_ratio[place])
    assert (name[most], round(training_ratio[most], 1)) == ("ConvNeXt-XL", 4.4)
    assert len(of_phases) == 5


def test_the_same_model_twice(db: Db, shipped: Path) -> None:
    rows: dict[tuple[str, str], set[Place]] = defaultdict(set)
    for place, name in names(shipped, V2).items():
        rows[place[0], re.sub(r"[^a-z0-9+*]", "", name.lower())].add(place)
    twice = {place for same in rows.values() if len(same) > 1 for place in same}
    faults = faults_of(db, "same_model_twice", V2)
    assert set(faults) == twice
    assert {(IMAGENET, "row 152"), (IMAGENET, "row 204")} <= set(faults)  # ResNet-50
    assert {(COCO, "row 44"), (COCO, "row 57")} <= set(faults)  # GCNet
    assert "Transformer Big stands 3 times" in faults[EN_DE, "row 24"]


def test_bert_and_luke_have_other_phases_on_squad_than_on_conll(db: Db) -> None:
    faults = faults_of(db, "phases_differ_between_pages", V2)
    luke, bert = (faults[SQUAD, "row 6"], faults[CONLL, "row 6"]), (faults[SQUAD, "row 10"], faults[CONLL, "row 25"])
    assert all(evidence.startswith("LUKE: ") for evidence in luke)
    assert luke[0].index("pretraining 16.0 Tesla V100") < luke[0].index(f"; in {CONLL}: training 16.0 Tesla V100")
    assert luke[1].index("training 16.0 Tesla V100") < luke[1].index(f"; in {SQUAD}: pretraining 16.0 Tesla V100")
    assert all(evidence.startswith("BERT") and "16.0 Cloud TPU v3 345600.0 s" in evidence for evidence in bert)
    assert all("40.0 epochs" in evidence for evidence in bert)
    assert {page for page, _ in faults if page in (SQUAD, CONLL)} == {SQUAD, CONLL}
    assert len([page for page, _ in faults if page in (SQUAD, CONLL)]) == 4


@pytest.mark.parametrize(
    ("source", "page", "literal", "kept"),
    [
        (V2, IMAGENET, "CoAtNet-4 + PT-RA-E150 ", "CoAtNet-4 + PT-RA-E150"),
        (V2, IMAGENET, "\tColorNet", "ColorNet"),
        (V2, SQUAD, "        QANet", "QANet"),
        (V2, EN_DE, "Ensemble 8 models + unk replace ", "Ensemble 8 models + unk replace"),
        (V1, "squad1_1_data.js", "\t\nBiDAF\n(ensemble)", "BiDAF (ensemble)"),
        (V1, "mscoco_data.js", "HTC\n(HRNetV2p-W48)", "HTC (HRNetV2p-W48)"),
        (V1, "imagenet_data.js", "AlexNet  7CNNs", "AlexNet 7CNNs"),
    ],
)
def test_blanks_are_taken_off_names_on_record(db: Db, source: str, page: str, literal: str, kept: str) -> None:
    rows = db.execute(
        "select locator, rule from core.rejected_cells where source = ? and page = ? and literal = ?",
        [source, page, literal],
    ).fetchall()
    assert [rule for _, rule in rows] == ["blanks_trimmed"]
    assert (page, rows[0][0]) in faults_of(db, "blanks_trimmed", source)
    name = "select printed_name from core.model_mentions where source = ? and page = ? and locator = ?"
    assert db.execute(name, [source, page, rows[0][0]]).fetchall() == [(kept,)]


def test_no_name_has_blanks_to_be_taken_off(db: Db) -> None:
    odd = r"select count(*) from core.model_mentions where regexp_matches(printed_name, '^\s|\s$|\s\s|[\t\n]')"
    assert db.execute(odd).fetchone() == (0,)


def test_numbers_are_read_however_they_are_written(db: Db) -> None:
    assert [number(text) for text in ("2.4E+23", "14130", "1.41E+04")] == [2.4e23, 14130, 14100]
    coca = "select compute_flop from core.compute_totals where source = ? and page = ? and locator = 'row 5'"
    assert db.execute(coca, [V2, IMAGENET]).fetchall() == [(2.4e23,)]
    rates = "select distinct peak_flop_per_s from core.run_phases where source = ? and page = ? and processor like ?"
    card = "Tesla V100 PCIe 32 GB"
    assert (1.413e13,) in db.execute(rates, [V2, EN_DE, card]).fetchall()
    assert db.execute(rates, [V2, IMAGENET, card]).fetchall() == [(1.41e13,)]


@pytest.mark.parametrize(
    ("literal", "seconds"),
    [
        ("27hrs 40mins", 27 * 3600 + 40 * 60),
        ("28hrs 34mins", 28 * 3600 + 34 * 60),
        ("24 hours 21 min", 24 * 3600 + 21 * 60),
        ("6 hours and 12 sec", 6 * 3600 + 12),
        ("9.98 hrs", 9.98 * 3600),
        ("3.5days", 3.5 * 86400),
        ("120h", 120 * 3600),
        ("85 min", 85 * 60),
        ("4 weeks", 4 * 7 * 86400),
    ],
)
def test_times_are_read_however_they_are_written(db: Db, literal: str, seconds: float) -> None:
    assert duration_s(literal) == seconds
    times = "select distinct wall_time_s from core.run_phases where source = ? and wall_time_literal = ?"
    assert db.execute(times, [V2, literal]).fetchall() == [(seconds,)]


def test_the_ratio_of_a_training_step_is_a_constant_column(db: Db, shipped: Path) -> None:
    ratios = {at(row): row["backward_ratio"] for row in facts(shipped, V2, "run_phase")}
    assert set(ratios.values()) == {"3"}
    assert faults_of(db, "constant_column", V2) == {("", ""): f"backward_ratio is 3.0 on all {len(ratios)} rows"}


def test_the_two_papers_that_are_not_deep_learning(db: Db, shipped: Path) -> None:
    faults = faults_of(db, "not_deep_learning", V1)
    assert {names(shipped, V1)[place].partition(" (")[0] for place in faults} == {
        "Averaged Perceptron UIUC",
        "NER and entity linking model",
    }
    assert {page for page, _ in faults} == {"conll2003_data.js"}


def test_a_fault_is_named_and_not_repaired(db: Db, shipped: Path) -> None:
    """Every total that is printed stands in the warehouse as it is printed, whatever rule it breaks."""
    for source in (V1, V2):
        printed = sorted(
            (*at(row), row["compute_measure"], float(row["value"])) for row in facts(shipped, source, "compute")
        )
        kept = "select page, locator, compute_measure, value from core.compute_totals where source = ?"
        assert sorted(db.execute(kept, [source]).fetchall()) == printed


# --- multiply-adds and operations


def test_the_reference_architectures_agree(db: Db) -> None:
    rows = db.execute(
        "select architecture_key, source, operations_per_pass_flop, agrees from marts.reference_models "
        "where image_size = 224"
    ).fetchall()
    reference = {"resnet50": 2 * 4.1e9, "vgg16": 2 * 15.5e9, "alexnet": 2 * 0.71e9}
    assert all(agrees == (abs(flop / reference[key] - 1) <= 0.03) for key, _, flop, agrees in rows)
    agreeing = {(key, source) for key, source, _, agrees in rows if agrees}
    assert {(key, source) for key in ("resnet50", "vgg16") for source in ("timm", "openmmlab_mmpretrain")} <= agreeing
    assert ("alexnet", V2) in agreeing
    assert [(key, source) for key, source, _, agrees in rows if not agrees] == [("resnet50", "timm_model_index")]


def test_a_resnet_50_at_528e7_is_a_conflict(db: Db) -> None:
    pairs = db.execute(
        "select chosen_source, chosen_value, source, other_value from core.conflicts "
        "where model_id = 'architecture#resnet50' and image_size = 224"
    ).fetchall()
    # 5,282,531,328 multiply-adds by its declared convention, against 4.11 G and 4,109,464,576.
    assert sorted(pairs) == [
        ("openmmlab_mmpretrain", 2 * 4109464576.0, "timm_model_index", 2 * 5282531328.0),
        ("timm", 2 * 4.11e9, "timm_model_index", 2 * 5282531328.0),
    ]


def test_a_source_that_prints_multiply_adds_as_flops_is_named(db: Db) -> None:
    (row,) = db.execute(
        "select n_architectures, n_ratio_1, median_ratio, finding, agrees_with_declared, prints_macs_as_flops "
        "from core.convention_findings where one_source = 'openmmlab_mmpretrain' and other_source = 'timm'"
    ).fetchall()
    assert row[0] >= 100
    assert row[1] >= 0.85 * row[0]
    assert row[2] == pytest.approx(1, rel=0.01)
    assert row[3:] == ("same", True, "openmmlab_mmpretrain")


CONVENTIONS = [
    # convention declared for "flops_sheet", its FLOP per pass, finding, whether declared explains it
    ("mac", 8.22e9, True),
    ("flop", 4.11e9, False),
]


@pytest.mark.parametrize(("declared", "flop", "explained"), CONVENTIONS)
def test_only_a_declared_convention_is_applied(tmp_path: Path, declared: str, flop: float, explained: bool) -> None:
    names = [f"resnet{layers}" for layers in (18, 34, 50)]

    def of(source: str, printed_as: str, convention: str) -> list[tuple[Any, ...]]:
        return [
            (source, Model(name, architecture=name), Operations("imagenet", 4.11e9, convention, 224, printed_as))
            for name in names
        ]

    with built(
        tmp_path,
        of("gmac_sheet", "GMACs", "mac") + of("flops_sheet", "FLOPs", declared),
        only=("core", "fits.measured_points"),
    ) as db:
        passes = db.execute("select distinct source, operations_per_pass_flop from core.passes order by all").fetchall()
        assert passes == [("flops_sheet", flop), ("gmac_sheet", 8.22e9)]
        findings = db.execute(
            "select n_architectures, finding, agrees_with_declared, prints_macs_as_flops from core.convention_findings"
        ).fetchall()
        assert findings == [(3, "same", explained, "flops_sheet")]
        conflicts = db.execute("select count(*) from core.conflicts where model_id like 'architecture#%'").fetchone()
        assert conflicts == (0 if explained else 3,)


@pytest.mark.slow
def test_ratios_tell_conventions_from_units(tmp_path: Path) -> None:
    printed = {"a": 4.11e9, "b": 8.22e9, "c": 4.11, "d": 5.3e9}
    records = [
        (source, Model(name, architecture=name), Operations("imagenet", value * scale, "mac", 224, "GMACs"))
        for source, value in printed.items()
        for name, scale in (("resnet18", 0.44), ("resnet50", 1.0), ("resnet101", 1.9))
    ]
    with built(tmp_path, records, only=("core", "fits.measured_points")) as db:
        rows = db.execute(
            "select other_source, finding, agrees_with_declared from core.convention_findings where one_source = 'a'"
        ).fetchall()
    assert sorted(rows) == [("b", "convention", False), ("c", "unit", False), ("d", "conflict", False)]


# --- the row set of all sources


# A prototype of the same rules over the same facts had 1,839, 66, 67, 27, 36, 47, 14, 18, 16, 13.
ENOUGH = [
    ("imagenet", "top1", "operations_per_pass", 1800),
    ("coco", "box_ap", "hardware_burden", 60),
    ("coco", "box_ap", "operations_per_pass", 60),
    ("coco_test_dev", "box_ap", "hardware_burden", 26),
    ("coco_test_dev", "box_ap", "operations_per_pass", 25),
    ("imagenet", "top1", "hardware_burden", 45),
    ("squad", "f1", "hardware_burden", 13),
    ("wmt_en_fr", "bleu", "hardware_burden", 16),
    ("wmt_en_de", "bleu", "hardware_burden", 15),
    ("conll", "f1", "hardware_burden", 12),
]


@pytest.mark.parametrize(("benchmark", "metric", "measure", "at_least"), ENOUGH)
def test_current_has_enough_points(db: Db, benchmark: str, metric: str, measure: str, at_least: int) -> None:
    counted = db.execute(
        "select count(*) from fits.samples where row_set = 'current' and benchmark = ? and metric = ? "
        "and compute_measure = ? and selection = 'all'",
        [benchmark, metric, measure],
    ).fetchone()
    assert counted is not None
    assert counted[0] >= at_least


def test_timm_joins_its_newest_benchmark_file(db: Db, shipped: Path) -> None:
    """By the name before the first dot and the image size, counted here from the facts."""
    measured = {page.name for page in sources.source("timm").pages if page.name.startswith("benchmark-")}
    newest = next(name for name in measured if "5090" in name)
    operations = {at(row): row for row in facts(shipped, "timm", "operations")}
    architecture = {at(row): row["architecture"] for row in facts(shipped, "timm", "model")}
    of_pass = {
        (architecture[place], row["image_size"]): float(row["operations"])
        for place, row in operations.items()
        if place[0] == newest
    }
    joined = {
        at(row): of_pass[architecture[at(row)], row["image_size"]]
        for row in facts(shipped, "timm", "result")
        if row["benchmark"] == "imagenet"
        and row["metric"] == "top1"
        and (architecture[at(row)], row["image_size"]) in of_pass
    }
    assert len(joined) >= 1550
    points = db.execute(
        "select results.page, results.locator, points.compute_flop from fits.measured_points as points "
        "join core.results as results using (result_id) where points.row_set = 'current' and points.source = 'timm' "
        "and points.compute_measure = 'operations_per_pass' and points.metric = 'top1' and points.benchmark = 'imagenet' "
        "and points.page = ?",
        [newest],
    ).fetchall()
    for page, locator, flop in points:
        assert flop == pytest.approx(2 * joined[page, locator]), (page, locator)
    # All but the library's test weights, and those that the authors' own rows have.
    assert len(joined) - 50 < len(points) == len({place[:2] for place in points})


def test_no_run_stands_twice(db: Db) -> None:
    assert (
        db.execute(
            "select row_set, benchmark, metric, compute_measure, evaluation_id "
            "from fits.measured_points where row_set = 'current' group by all having count(*) > 1"
        ).fetchall()
        == []
    )
    assert (
        db.execute(
            "with runs as (select distinct source, page, locator, run_key from core.run_phases) "
            "select benchmark, metric, evaluation_id, run_key from fits.measured_points join runs using (source, page, locator) "
            "where row_set = 'current' and compute_measure = 'hardware_burden' group by all having count(*) > 1"
        ).fetchall()
        == []
    )
    assert (
        db.execute(
            "select benchmark, metric, compute_measure, result_id from fits.measured_points "
            "where row_set = 'current' group by all having count(*) > 1"
        ).fetchall()
        == []
    )


LEFT_OUT = {"constant_increment": 7, "copied_burden": 1, "not_deep_learning": 2}


def test_what_a_rule_leaves_out_of_current_stays_in_the_papers_rows(db: Db) -> None:
    """HRNet's seven rows, SENet's and the two that are not deep learning, at the least."""
    declared = {row.finding for row in settings.rows()["rule_finding"] if row.rule == "impossible_record"}
    assert declared == set(LEFT_OUT)
    for rule, at_least in LEFT_OUT.items():
        places = set(faults_of(db, rule, V1))
        assert len(places) >= at_least
        for page, locator in places:
            stands = dict(
                db.execute(
                    "select row_set, count(*) from fits.measured_points "
                    "where source = ? and page = ? and locator = ? and compute_measure = 'hardware_burden' group by all",
                    [V1, page, locator],
                ).fetchall()
            )
            assert stands == {"paper_v1": 1}, (rule, page, locator)


def test_what_is_not_declared_is_not_left_out(tmp_path: Path, db: Db) -> None:
    other = "select count(*) from fits.measured_points join core.artefacts using (source, page, locator) "
    assert db.execute(other + "where row_set = 'current' and rule = 'rate_not_of_processor'").fetchone() != (0,)
    card = Processor("Abacus 1", fp32_flop_per_s=1e12)
    phase = RunPhase("coco", "training", "gpu", "Abacus 1", 8.0, None, 1000.0 * 86400, "1000 days")
    records = [("sheet", card), ("zoo", Model("Slow"), Result("coco", "box_ap", 40.0), phase)]
    with built(tmp_path, records, only=("core", "fits.measured_points")) as con:
        assert con.execute("select rule from core.artefacts").fetchall() == [("implausible_wall_time",)]
        assert con.execute(
            "select compute_flop from fits.measured_points where compute_measure = 'hardware_burden'"
        ).fetchall() == [(8 * 1e12 * 8.64e7,)]


@pytest.mark.parametrize(("row_set", "source"), [("paper_v1", V1), ("paper_v2", V2)])
def test_the_papers_row_sets_take_printed_totals_only(db: Db, shipped: Path, row_set: str, source: str) -> None:
    unit = {"gflop": 1e9, "flop": 1.0}
    printed = {
        (*at(row), row["compute_measure"]): float(row["value"]) * unit[row["unit"]]
        for row in facts(shipped, source, "compute")
    }
    if source == V2:
        for row in sorted(facts(shipped, V2, "operations"), key=lambda row: row["convention"], reverse=True):
            scale = {"mac": 2.0, "flop": 1.0}[row["convention"]]  # flops, else 2 × multiadds
            printed[(*at(row), "operations_per_pass")] = float(row["operations"]) * scale
    points = db.execute(
        "select page, locator, compute_measure, compute_flop, source from fits.measured_points where row_set = ?",
        [row_set],
    ).fetchall()
    assert points
    assert {point[-1] for point in points} == {source}
    assert [point for point in points if point[3] != printed.get(point[:3])] == []


@pytest.mark.slow
def test_a_total_of_the_phases_is_not_taken_for_a_printed_one(tmp_path: Path) -> None:
    card = Processor("Abacus 1", fp32_flop_per_s=1e12)
    phase = RunPhase("coco", "training", "gpu", "Abacus 1", 8.0, None, 3600.0, "1 hour")
    records = [("sheet", card), ("zoo", Model("Net"), Result("coco", "box_ap", 40.0), phase)]
    row_sets = [RowSet("paper_v2", "zoo", False, "flop", "all"), RowSet("current", "zoo", True, "flop", "all")]
    with built(tmp_path, records, row_set=row_sets, only=("core", "fits.measured_points")) as con:
        assert con.execute("select row_set from fits.measured_points").fetchall() == [("current",)]


def test_a_run_in_two_records_has_its_time_and_its_processors(db: Db, shipped: Path) -> None:
    """DAWNBench: the JSON has the processors, the TSV the times."""
    architecture = {at(row): row["architecture"] for row in facts(shipped, "dawnbench", "model")}
    processors: dict[str, tuple[str, float]] = {}
    seconds: dict[str, float] = {}
    for row in facts(shipped, "dawnbench", "run_phase"):
        if row["processor"]:
            assert row["wall_time_s"] == ""
            processors[architecture[at(row)]] = row["processor"], float(row["processor_count"] or "nan")
        elif row["wall_time_s"]:
            seconds[architecture[at(row)]] = float(row["wall_time_s"])
    points = db.execute(
        "select architecture, metric, compute_flop from core.candidates "
        "where result_source = 'dawnbench' and source = 'dawnbench' and compute_measure = 'hardware_burden'"
    ).fetchall()
    assert len(points) >= 20
    rate = dict(
        db.execute(
            "select alias, paper_rate_flop_per_s from core.processor_aliases join core.processors using (processor_id)"
        ).fetchall()
    )
    for run, _, flop in points:
        name, count = processors[run]
        assert flop == pytest.approx(count * rate[name] * seconds[run], rel=1e-12), run


@pytest.mark.slow
def test_a_finetuning_alone_gives_no_burden(db: Db, tmp_path: Path) -> None:
    assert db.execute(
        "select count(*) from core.measures as measures where is_derived and not exists "
        "(from core.run_phases as phases where phases.source = measures.source and phases.page = measures.page "
        "and phases.locator = measures.locator and phases.phase != 'finetuning')"
    ).fetchone() == (0,)
    card = Processor("Abacus 1", fp32_flop_per_s=1e12)

    def phase(of: str) -> RunPhase:
        return RunPhase("squad", of, "gpu", "Abacus 1", 2.0, None, 10.0, "10 sec")

    records = [
        ("sheet", card),
        ("zoo", Model("Tuned"), Result("squad", "f1", 90.0), phase("finetuning")),
        ("zoo", Model("Whole"), Result("squad", "f1", 91.0), phase("pretraining"), phase("finetuning")),
    ]
    with built(tmp_path, records, only=("core", "fits.measured_points")) as con:
        assert con.execute(
            "select model_id, compute_flop from core.measures where compute_measure = 'hardware_burden'"
        ).fetchall() == [("squad#whole", 4e13)]


@pytest.mark.slow
def test_of_a_conflict_the_best_ranked_source_is_chosen(db: Db, tmp_path: Path) -> None:
    rank = {key: sources.source(key).rank for key in sources.names()}
    conflicts = db.execute("select chosen_source, source from core.conflicts").fetchall()
    assert len(conflicts) >= 100
    assert [pair for pair in conflicts if rank[pair[0]] > rank[pair[1]]] == []
    chosen: Counter[tuple[Any, ...]] = Counter()
    best: dict[tuple[Any, ...], int] = {}
    rows = db.execute(
        "select model_id, benchmark, quantity, image_size, source, is_chosen from core.observations"
    ).fetchall()
    for *quantity, source, _ in rows:
        best[tuple(quantity)] = min(best.get(tuple(quantity), 1000), rank[source])
    for *quantity, source, is_chosen in rows:
        if is_chosen:
            chosen[tuple(quantity)] += 1
            assert rank[source] == best[tuple(quantity)]
    assert set(chosen.values()) == {1}
    assert set(chosen) == set(best)
    # And the ranks decide, not the order of the names.
    card = Processor("Abacus 1", fp32_flop_per_s=1e12)
    url = "https://arxiv.org/abs/2001.00001"
    records = [
        (
            source,
            card,
            Model("Net", paper_url=url),
            Result("coco", "box_ap", ap),
            RunPhase("coco", "training", "gpu", "Abacus 1", 1.0, None, time, f"{time} sec"),
        )
        for source, ap, time in (("a_sheet", 40.0, 100.0), ("z_sheet", 45.0, 200.0))
    ]
    for ranks, error, flop in (({"a_sheet": 1, "z_sheet": 2}, 0.6, 1e14), ({"a_sheet": 2, "z_sheet": 1}, 0.55, 2e14)):
        with built(tmp_path, records, ranks, only=("core", "fits.measured_points")) as con:
            points = con.execute("select error, compute_flop from fits.measured_points").fetchall()
            assert points == [(pytest.approx(error), flop)]


def test_one_order_of_pages_decides_wherever_pages_give_the_same_thing(db: Db) -> None:
    """The better-ranked source, then its better-ranked page, as the TOML files of the sources have it; then the place in it."""
    loaded = [sources.source(key) for key in sources.names()]
    ranks = {(one.key, page.name): int(page.lookups.get("page_rank", 0)) for one in loaded for page in one.pages}
    rank_of = {one.key: one.rank for one in loaded}
    pages = db.execute("select source, page, preference from core.page_order").fetchall()
    preference = {(source, page): place for source, page, place in pages}
    assert sorted(preference, key=lambda page: (rank_of[page[0]], page[0], ranks[page], page[1])) == sorted(
        preference, key=preference.__getitem__
    )
    assert len({ranks[page] for page in preference}) > 1, "no page has a rank of its own"

    def first(rows: list[tuple[Any, ...]]) -> dict[Any, Any]:
        """{key: value} of rows (key, source, page, locator, value), those that are preferred first."""
        return {row[0]: row[4] for row in sorted(rows, key=lambda row: (preference[row[1:3]], row[3]), reverse=True)}

    parameters = db.execute(
        "select model_id, source, page, locator, models.parameters from staging.model as models "
        "join core.model_mentions using (source, page, locator) where models.parameters is not null"
    ).fetchall()
    models = db.execute("select model_id, parameters from core.models where parameters is not null").fetchall()
    assert dict(models) == first(parameters)
    observed = db.execute(
        "select (model_id, benchmark, quantity, image_size), source, page, locator, value from core.observations "
        "where quantity in ('parameters', 'operations_per_pass', 'top1')"
    ).fetchall()
    chosen = db.execute(
        "select (model_id, benchmark, quantity, image_size), value from core.observations "
        "where is_chosen and quantity in ('parameters', 'operations_per_pass', 'top1')"
    ).fetchall()
    values = first(observed)
    assert len(chosen) == len(values)
    assert [quantity for quantity, value in chosen if values[quantity] != value] == []
    costed = db.execute(
        "select distinct (model_id, compute_measure), source from marts.model_costs "
        "where compute_measure = 'training_compute' and model_id not in "
        "(select model_id from core.measures join core.artefacts using (source, page, locator))"
    ).fetchall()
    measured = db.execute(
        "select (model_id, compute_measure), source, page, locator, source from core.measures where not is_derived"
    ).fetchall()
    printed = first(measured)
    assert len([key for key, _ in costed if key in printed]) > 1000
    assert [key for key, source in costed if printed.get(key, source) != source] == []


def test_detectrons_burden_is_processors_times_rate_times_time(db: Db, shipped: Path) -> None:
    """8 P100 of the SXM2 form, at the data sheet's FP32 peak of 10.61 Tflop/s."""
    (rate,) = {
        float(row["fp32_flop_per_s"])
        for row in facts(shipped, "epoch_hardware", "processor")
        if row["name"] == "NVIDIA Tesla P100 SXM2"
    }
    assert rate == 1.061e13
    expected = {
        at(row): float(row["processor_count"]) * rate * float(row["wall_time_s"])
        for row in facts(shipped, "detectron", "run_phase")
        if row["processor"] == "NVIDIA Tesla P100 16GB" and row["wall_time_s"]
    }
    assert len(expected) == 65
    runs = "select page, locator, hardware_burden_flop from core.run_phases where source = 'detectron'"
    assert {(page, locator): flop for page, locator, flop in db.execute(runs).fetchall()} == {
        place: pytest.approx(flop, rel=1e-12) for place, flop in expected.items()
    }
    points = db.execute(
        "select page, locator, compute_flop from fits.measured_points "
        "where row_set = 'current' and source = 'detectron' and compute_measure = 'hardware_burden'"
    ).fetchall()
    # Without those whose proposals another network computed.
    assert len(points) >= 25
    assert all(flop == pytest.approx(expected[page, locator], rel=1e-12) for page, locator, flop in points)


# --- a source of one's own


TOY_TOML = """\
title = "A toy"
publisher = "Nobody"
homepage = "https://example.org"
licence = "CC0-1.0"
attribution = "Nobody, 2026"
cadence = "yearly"
content = "csv"
rows = [1, 10]
rank = 90
rank_reason = "a toy"

[[pages]]
name = "toy.csv"
url = "https://example.org/toy.csv"
"""
TOY_PY = '''\
"""A toy: one model a row."""

from flows.readers.row_types import Model, Operations, Result
from flows.readers.record import csv_records


def read(path, page):
    return csv_records(path, page.lookups)


def rows(record, page):
    yield Model(record.name("model"), year=2026)
    yield Result("imagenet", "top1", record.needed("top1", 0, 100), image_size=224)
    yield Operations("imagenet", record.needed("gmac") * 1e9, "mac", 224, "GMACs")
'''
TOY_PAGE = b"model,top1,gmac\nToyNet,75.0,1.5\n"
TOY_BUILD = """\
    from datetime import date
    from pathlib import Path

    import flows
    from flows import build, paths
    from flows.pages import snapshots
    from flows.warehouse import connection
    from flows.pages.snapshots import Snapshot, digest

    body = Path("toy.csv").read_bytes()
    url, day = "https://example.org/toy.csv", "2026-01-01T00:00:00Z"
    line = Snapshot("toy", "toy.csv", url, digest(body), len(body), day, None, None, "CC0-1.0")
    assert snapshots.keep(paths.raw(), line, body)
    build.read_sources(paths.warehouse(), paths.raw(), paths.shipped_raw(), date(2026, 6, 1))
    build.transform(paths.warehouse())
    with connection.connect(paths.warehouse(), read_only=True) as con:
        print(Path(flows.__file__).parent.parent)
        print(con.execute("select source, benchmark, metric, value from core.results").fetchall())
        points = "select row_set, compute_measure, error, compute_flop, source from fits.measured_points"
        print(con.execute(points).fetchall())
"""


@pytest.mark.slow
def test_a_new_source_touches_only_its_own_files(tmp_path: Path) -> None:
    for folder in ("flows", "sql", "expectations"):
        shutil.copytree(paths.PACKAGE.parent / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(paths.PACKAGE.parent / "pyproject.toml", tmp_path)
    (tmp_path / "flows" / "sources" / "toy.toml").write_text(TOY_TOML, encoding="utf-8")
    (tmp_path / "flows" / "sources" / "toy.py").write_text(TOY_PY, encoding="utf-8")
    (tmp_path / "toy.csv").write_bytes(TOY_PAGE)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COMPUTE_LIMITS_")}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(TOY_BUILD)],
        cwd=tmp_path, env=kept | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, encoding="utf-8", timeout=HANGS_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        str(tmp_path),
        "[('toy', 'imagenet', 'top1', 75.0)]",
        "[('current', 'operations_per_pass', 0.25, 3000000000.0, 'toy')]",
    ]
