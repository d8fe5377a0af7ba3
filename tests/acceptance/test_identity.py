"""What is the same thing under two names and what is not: the golden lists, every merge with its rule, and its undoing."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import part_of_it
import pytest
from conftest import AS_OF
from hand_made import built, facts

from flows import build
from flows.declared import settings
from flows.declared.setting_types import Apart, Merge
from flows.readers.record import Record
from flows.readers.row_types import Model, Price, Processor, Result, RunPhase
from flows.warehouse import connection

Db = duckdb.DuckDBPyConnection
BERT = "arxiv:1810.04805#bertsinglemodel"


def processor(db: Db, name: str) -> str:
    """The processor that a name stands for; the name must be known."""
    ((processor_id,),) = db.execute(
        "select processor_id from core.processor_aliases where alias = ?", [name]
    ).fetchall()
    return str(processor_id)


def models(db: Db, name: str) -> set[str]:
    """The models that a name stands for; the name must be known."""
    rows = db.execute("select distinct model_id from core.model_mentions where printed_name = ?", [name]).fetchall()
    assert rows, name
    return {model for (model,) in rows}


# --- the golden lists, in the warehouse that ships


SAME_PROCESSOR = [
    ("A100 SXM4 40 GB", "NVIDIA A100 SXM4 40 GB"),
    ("Tesla V100 PCIe 32 GB", "NVIDIA Tesla V100 PCIe 32 GB"),
    ("GeForce Titan Xp", "GeForce GTX Titan Xp"),
    ("GeForce Titan Xp", "NVIDIA TITAN Xp"),
    ("GeForce GTX Titan X", "NVIDIA GeForce GTX TITAN X"),
    ("GeForce Titan X", "NVIDIA TITAN X Pascal"),
]
TWO_PROCESSORS = [
    ("A100 40GB", "A100 80GB"),
    ("A100 SXM4 40 GB", "A100 SXM4 80 GB"),
    ("GeForce Titan X", "GeForce GTX Titan X"),  # of 2016 and of 2015
    ("GeForce GTX Titan X", "GeForce GTX Titan Xp"),
    ("GeForce Titan X", "GeForce Titan Xp"),
    ("Tesla V100 PCIe 16 GB", "NVIDIA Tesla V100 SXM2 16 GB"),
    ("Tesla V100 PCIe 32 GB", "NVIDIA Tesla V100 SXM2 32 GB"),
    ("Tianshu Zhixin Tiangai 100 (BI-V100)", "V100"),
    ("Intel A100", "A100"),
    ("Intel A100", "NVIDIA A100"),
]


@pytest.mark.parametrize(("one", "other"), SAME_PROCESSOR)
def test_one_processor(db: Db, one: str, other: str) -> None:
    assert processor(db, one) == processor(db, other)


@pytest.mark.parametrize(("one", "other"), TWO_PROCESSORS)
def test_two_processors(db: Db, one: str, other: str) -> None:
    assert processor(db, one) != processor(db, other)


def test_the_two_titan_x_have_their_own_rates(db: Db) -> None:
    """1.10E+04 Gflop/s the card of 2016, about 6,600 that of 2015; A100 of both sizes of memory have one rate."""

    def rate(name: str) -> float:
        sql = "select paper_rate_flop_per_s from core.processors where processor_id = ?"
        ((flop_per_s,),) = db.execute(sql, [processor(db, name)]).fetchall()
        return float(flop_per_s)

    assert rate("GeForce Titan X") == pytest.approx(1.10e13, rel=0.01)
    assert rate("GeForce GTX Titan X") == pytest.approx(6.6e12, rel=0.02)
    assert rate("A100 40GB") == rate("A100 80GB")


TWO_MODELS = [
    ("PanGu-Σ", "PanGu-α"),
    ("DeepLabV3", "DeepLabV3+"),
    ("PointNet", "PointNet++"),
    ("CALM", "CaLM"),
    ("BERT (single model)", "BERT (ensemble)"),
    ("BERT (single model)", "BERT-Large"),
    ("BERT (single model)", "SpanBERT (single model)"),
    ("resnet50", "resnet50d"),
    ("opt-1.3b", "opt-13b"),
    ("facebook/opt-1.3b", "facebook/opt-13b"),
]


@pytest.mark.parametrize(("one", "other"), TWO_MODELS)
def test_two_models(db: Db, one: str, other: str) -> None:
    assert not models(db, one) & models(db, other)


def test_no_derivative_is_taken_for_bert(db: Db) -> None:
    names = "select distinct printed_name from core.model_mentions where model_id = ? and benchmark = 'squad'"
    assert set(db.execute(names, [BERT]).fetchall()) == {("BERT (single model)",), ("BERT (single)",)}
    named = "select count(distinct model_id) from core.model_mentions where printed_name ilike '%bert%' and benchmark = 'squad'"
    counted = db.execute(named).fetchone()
    assert counted is not None
    assert counted[0] > 15


def test_one_model_whatever_stands_after_its_name(db: Db) -> None:
    """A newline behind it."""
    literal = "GPT-3.5 (davinci-002)\n"
    assert Record("row 2", {"Model": literal}).name("Model") == literal.strip()
    rejected = db.execute("select source, rule from core.rejected_cells where literal = ?", [literal]).fetchall()
    assert rejected == [("epoch_models", "blanks_trimmed")]
    assert len(models(db, literal.strip())) == 1


def test_names_differ_only_in_what_the_rules_leave_out(db: Db) -> None:
    """Of every model, however it is called: the same letters and digits, unless a merge is declared."""
    rows = db.execute(
        "select model_id, printed_name from core.model_mentions where not is_declared and model_id not in "
        "(select model_id from core.model_mentions where is_declared)"
    ).fetchall()
    forms: dict[str, set[str]] = {}
    for model, name in rows:
        numbers = "".join(sign if sign.isdigit() or sign in "+*" else " " for sign in name.replace(".", "p"))
        letters = "".join(sign for sign in name.lower() if sign.isalnum() or sign in "+*")
        forms.setdefault(model, set()).add(f"{letters} {' '.join(numbers.split())}")
    assert [many for many in forms.values() if len({form.split()[0] for form in many}) > 1] == []
    assert [many for many in forms.values() if len({tuple(form.split()[1:]) for form in many}) > 1] == []


# --- the golden lists, without a paper to tell them apart


HAND_MADE = {
    "PanGu-Σ": 1, "PanGu-α": 2, "DeepLabV3": 3, "DeepLabV3+": 4, "PointNet": 5, "PointNet++": 6, "CALM": 7, "CaLM": 8,
    "BERT": 9, "RoBERTa": 10, "DistilBERT": 11, "BERT-Large": 12, "ResNet-50": 13, "ResNet-50-D": 14, "ResNet50": 13,
    "ViT-G/14": 15, "ViT-G-14": 15, "GPT-3.5 (davinci-002)": 16, "OPT-1.3B": 17, "OPT-13B": 18, "Swin-L 1 2 3": 19,
    "Swin-L 12 3": 20, "Swin-L (1.2.3)": 19, "Scheme .5": 21, "Scheme 5.": 21,
}  # fmt: skip
HAND_MADE_CARDS = {
    "A100 SXM4 40 GB": 1, "NVIDIA A100 SXM4 40 GB": 1, "A100 SXM4 80 GB": 2, "A100 PCIe 80 GB": 3, "Intel A100": 4,
    "NVIDIA A100": 5, "A100": 5, "Tesla V100 PCIe 32 GB": 6, "NVIDIA Tesla V100 PCIe 32 GB": 6, "Tesla V100 SXM2 32 GB": 7,
    "tesla_v100-sxm2 32GB": 7, "BI-V100": 8, "V100": 9, "NVIDIA V100": 9, "TPU v3": 10, "Google TPU v3": 10, "TPU v4": 11,
}  # fmt: skip


@pytest.mark.slow
def test_names_without_a_paper_merge_as_the_golden_lists_say(tmp_path: Path) -> None:
    records: list[tuple[Any, ...]] = [("zoo", Model(name), Result("coco", "box_ap", 40.0)) for name in HAND_MADE]
    records += [("sheet", Processor(name, fp32_flop_per_s=1e12)) for name in HAND_MADE_CARDS]
    with built(tmp_path, records, only=("core",)) as db:
        for one, other in combinations(HAND_MADE, 2):
            assert (models(db, one) == models(db, other)) == (HAND_MADE[one] == HAND_MADE[other]), (one, other)
        for one, other in combinations(HAND_MADE_CARDS, 2):
            same = HAND_MADE_CARDS[one] == HAND_MADE_CARDS[other]
            assert (processor(db, one) == processor(db, other)) == same, (one, other)


URL = "https://arxiv.org/abs/"


def test_a_paper_tells_namesakes_apart_and_finds_those_that_name_none(tmp_path: Path) -> None:
    def of(
        source: str, name: str, url: str | None = None, title: str | None = None, benchmark: str = "coco"
    ) -> tuple[Any, ...]:
        return source, Model(name, paper_url=url, paper_title=title), Result(benchmark, "box_ap", 40.0)

    records = [
        of("a", "Net", URL + "2001.00001v2", "A Net!"),
        of("b", "net", None, "a net"),  # the title has stood with one arXiv id
        of("c", "NET"),  # only one paper of the benchmark has a model of that name
        of("a", "Twin", URL + "2001.00002"),
        of("b", "Twin", URL + "2001.00003"),
        of("c", "Twin"),  # whose?
        of("c", "Net", None, None, "imagenet"),  # another benchmark
    ]
    with built(tmp_path, records, only=("core",)) as db:
        rows = db.execute(
            "select printed_name, model_id, paper_by_name from core.model_mentions order by all"
        ).fetchall()
        rules = db.execute("select what, source, rule from core.merges where kind = 'model' order by all").fetchall()
    assert rows == [
        ("NET", "arxiv:2001.00001#net", True),
        ("Net", "arxiv:2001.00001#net", False),
        ("Net", "imagenet#net", False),
        ("Twin", "arxiv:2001.00002#twin", False),
        ("Twin", "arxiv:2001.00003#twin", False),
        ("Twin", "coco#twin", False),
        ("net", "arxiv:2001.00001#net", False),
    ]
    same_paper = "same paper, same name but for case, blanks and punctuation"
    assert rules == [
        ("NET", "c", "the only paper of the benchmark with a model of that name"),
        ("Net", "a", same_paper),
        ("net", "b", same_paper),
    ]


# --- every merge has its rule, and is undone in merges.toml


RULES = {
    "model": {
        "declared in merges.toml",
        "the only paper of the benchmark with a model of that name",
        "same paper, same name but for case, blanks and punctuation",
        "same name but for case, blanks and punctuation",
    },
    "processor": {"declared in merges.toml", "same name but for maker, case and blanks"},
}


def test_every_merge_is_listed_with_its_rule(db: Db) -> None:
    listed = db.execute("select kind, what, into_id, source, rule from core.merges").fetchall()
    assert {kind: {rule for k, *_, rule in listed if k == kind} for kind in RULES} == RULES
    merged = db.execute(
        "select distinct 'model', printed_name, model_id, source from core.model_mentions "
        "where model_id in (select model_id from core.model_mentions group by all having count(*) > 1) "
        "union select 'processor', alias, processor_id, names.source from core.processor_aliases join "
        "(select name as alias, source from staging.processor union select processor, source from staging.run_phase "
        "union select processor, source from staging.price) as names using (alias) where alias != processor_id"
    ).fetchall()
    assert {merge[:4] for merge in listed} == set(merged)
    assert len(merged) > 2000


@pytest.mark.slow
def test_deleting_a_line_undoes_its_merge_at_the_next_build(
    db: Db, tmp_path: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All lines at once, for reading the facts takes a second; each is then looked at by itself."""
    declared: list[Merge] = settings.rows()["merge"]
    assert declared
    assert all(merge.reason for merge in declared)
    kept = {**settings.rows(), "merge": []}
    monkeypatch.setattr(settings, "rows", lambda **_: kept)
    path = tmp_path / "built.duckdb"
    build.read_sources(path, tmp_path / "raw", shipped, AS_OF)
    part_of_it.make(path, "core.merges", "core.processor_aliases", "core.model_mentions")
    with connection.connect(path, read_only=True) as without:
        assert without.execute("select count(*) from core.merges where rule like 'declared%'").fetchone() == (0,)
        unused = []
        for merge in declared:
            ids = "select distinct {0}_id from core.{1} where lower({2}) = lower(?) order by all"
            names = {
                "processor": ("processor", "processor_aliases", "alias"),
                "model": ("model", "model_mentions", "printed_name"),
            }
            sql = ids.format(*names[merge.kind])
            one, other = (without.execute(sql, [name]).fetchall() for name in (merge.what, merge.into_name))
            if not one:  # no page that ships has it today
                unused.append(merge.what)
                continue
            assert not set(one) & set(other), f"{merge.what}: merged by a rule, without the line"
            one, other = (db.execute(sql, [name]).fetchall() for name in (merge.what, merge.into_name))
            assert set(one) <= set(other) or not other, f"{merge.what}: not merged by the line"
            of_line = (
                "select count(*) > 0 from core.merges where lower(what) = lower(?) and rule = 'declared in merges.toml'"
            )
            assert db.execute(of_line, [merge.what]).fetchone() == (True,)
    assert unused == ["Tesla V100"]


@pytest.mark.slow
def test_a_line_merges_and_its_deletion_undoes_it(tmp_path: Path) -> None:
    records = [
        ("sheet", Processor("Abacus 1", fp32_flop_per_s=1e12), Price("Abacus One", "purchase", 100.0)),
        ("zoo", Model("Net"), Result("coco", "box_ap", 40.0), RunPhase(None, "training", "cpu", "Abacus One", 1.0)),
        ("zoo", Model("Network"), Result("coco", "box_ap", 41.0)),
    ]
    lines = [Merge("processor", "abacus one", "Abacus 1", "spelt"), Merge("model", "Network", "Net", "long for it")]
    with built(tmp_path, records, merge=lines, only=("core",)) as db:
        assert processor(db, "Abacus One") == "Abacus 1"
        assert models(db, "Network") == models(db, "Net") == {"coco#net"}
        merges = db.execute("select what, into_id from core.merges where rule = 'declared in merges.toml' order by all")
        assert merges.fetchall() == [("Abacus One", "Abacus 1"), ("Abacus One", "Abacus 1"), ("Network", "coco#net")]
    with built(tmp_path, records, merge=[], only=("core",)) as db:
        assert processor(db, "Abacus One") == "Abacus One"
        assert models(db, "Network") == {"coco#network"}
        assert db.execute("select count(*) from core.merges").fetchone() == (0,)


@pytest.mark.slow
def test_an_apart_line_undoes_a_merge_by_rule(tmp_path: Path) -> None:
    records = [
        ("sheet", Processor("Abacus 1", fp32_flop_per_s=1e12)),
        ("zoo", Processor("NVIDIA ABACUS-1", fp32_flop_per_s=2e12)),
        ("zoo", Model("Net-1"), Result("coco", "box_ap", 40.0)),
        ("zoo", Model("net 1"), Result("coco", "box_ap", 41.0)),
    ]
    with built(tmp_path, records, apart=[], only=("core",)) as db:
        assert processor(db, "NVIDIA ABACUS-1") == processor(db, "Abacus 1")
        assert models(db, "Net-1") == models(db, "net 1")
        assert db.execute("select count(*) from core.merges").fetchone() != (0,)
    lines = [Apart("processor", "NVIDIA ABACUS-1", "another machine"), Apart("model", "Net-1", "another net")]
    with built(tmp_path, records, apart=lines, only=("core",)) as db:
        assert processor(db, "NVIDIA ABACUS-1") != processor(db, "Abacus 1")
        assert not models(db, "Net-1") & models(db, "net 1")
        assert db.execute("select count(*) from core.merges").fetchone() == (0,)


def test_every_apart_line_is_of_a_name_that_stands_in_a_page(shipped: Path) -> None:
    for line in settings.rows()["apart"]:
        assert line.reason
        pages = shipped.glob(f"*/{line.kind}.facts.csv")
        assert line.name in {row["name"] for page in pages for row in facts(shipped, page.parent.name, line.kind)}
