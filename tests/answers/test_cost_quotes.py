"""`compute-limits cost`: the table's own numbers, scenarios of the user's own, and what is refused with near names."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from running import command_here, environment
from shipped_facts import facts, intensity

from flows.answers import cost_quotes
from flows.declared import scenarios

OWN = """
title = "Two boards of our own"
processor = "NVIDIA A100 SXM4 40 GB"
precision = "tensor_fp16"
electricity_year = 1950
regions = ["POL"]

[price]
kind = "purchase"
from = 2020-01-01
until = 2022-12-31

[[figures]]
quantity = "utilisation"
value = 0.4
unit = "1"
citation = "our own runs"
as_of = 2022-12-31

[[figures]]
quantity = "draw_fraction"
value = 1.1
unit = "1"
citation = "our own meter"
as_of = 2022-12-31

[[figures]]
quantity = "pue"
value = 1.3
unit = "1"
citation = "our own meter"
as_of = 2022-12-31

[[figures]]
quantity = "amortisation"
value = 4
unit = "year"
citation = "our books"
as_of = 2022-12-31

[[figures]]
quantity = "hours_per_year"
value = 6000
unit = "h"
citation = "our scheduler"
as_of = 2022-12-31
"""


def own(folder: Path, *changes: tuple[str, str]) -> str:
    text = OWN
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def asked(path: Path, **request: Any) -> dict[str, Any]:
    return cost_quotes.quote(path, cost_quotes.Request(**({"benchmark": "imagenet", "error": "5%"} | request)))


def test_a_scenario_of_the_users_own(warehouse_path: Path, tmp_path: Path) -> None:
    answer = asked(warehouse_path, scenario=own(tmp_path), region="Poland", benchmark="mmlu", error="0.06")
    factors = answer["factors"]
    # Bought for 12,500, 15,000 and 24,875 USD; for 4 years of 6,000 hours. Poland's first year in the sources is not 1950.
    first = min(int(r["year"]) for r in facts("owid_carbon", "carbon_intensity") if r["region_code"] == "POL")
    assert factors["price_usd_per_hour"] == pytest.approx(15_000 / 24_000)
    assert factors["n_prices"] == 3
    assert (factors["electricity_year"], factors["intensity_year"]) == (1950, first)
    assert factors["carbon_intensity_g_per_kwh"] == intensity("POL", first)
    row = answer["results"][0]
    assert row["log10_hours"] == pytest.approx(row["log10_gflop"] + 9 - math.log10(312e12 * 0.4 * 3600), abs=1e-9)
    assert row["log10_kwh"] == pytest.approx(row["log10_hours"] + math.log10(0.4 * 1.1 * 1.3), abs=1e-9)
    assert f"of {first} (there is none of 1950)" in "\n".join(cost_quotes.lines(answer))


CONTRACT = (
    """kind = "purchase"
from = 2020-01-01
until = 2022-12-31
""",
    """kind = "contract"
usd_per_hour = 1.85
citation = "our contract"
as_of = 2023-06-30
""",
)
# Figures that a purchase alone has.
BOOKS = OWN[OWN.index('[[figures]]\nquantity = "amortisation"') :]


def test_a_scenario_may_price_by_contract(warehouse_path: Path, tmp_path: Path) -> None:
    answer = asked(warehouse_path, scenario=own(tmp_path, CONTRACT, (BOOKS, "")), region="Poland")
    factors = answer["factors"]
    assert (factors["price_kind"], factors["n_prices"], factors["price_usd_per_hour"]) == ("contract", 1, 1.85)
    assert [(row["by"], row["price_usd_per_hour"]) for row in answer["prices"]] == [("our contract", 1.85)]
    # USD of the contract's month: 118.12608 is the mean of the index over 2023.
    index = {row["month"]: float(row["index_value"]) for row in facts("epoch_prices", "price_index")}
    row = answer["results"][0]
    assert row["log10_usd"] - row["log10_hours"] == pytest.approx(math.log10(1.85), abs=1e-9)
    assert row["usd_share_price"] == 0
    constant = 10 ** (row["log10_usd_constant"] - row["log10_usd"])
    assert constant == pytest.approx(118.12608 / index["2023-06-01"], rel=1e-5)
    told = "\n".join(cost_quotes.lines(answer))
    assert "1.85 USD per processor-hour, contract, median of 1, newest of 2023-06-30" in told
    assert "left out" not in told


NO_TENSOR = ('processor = "NVIDIA A100 SXM4 40 GB"', 'processor = "NVIDIA Tesla P100 PCIe 16GB"')


def test_a_missing_tensor_rate_stops_training_compute_and_no_burden(warehouse_path: Path, tmp_path: Path) -> None:
    scenario = own(tmp_path, NO_TENSOR, CONTRACT, (BOOKS, ""))
    answer = asked(warehouse_path, scenario=scenario, region="Poland")
    assert answer["factors"]["rate_flop_per_s"] is None
    assert answer["compute_measure"] == "hardware_burden"
    row = answer["results"][0]
    # The P100's FP32 peak is 9.526 TFLOP/s, as the paper's authors have it.
    assert row["status"] == "ok"
    assert row["log10_hours"] == pytest.approx(row["log10_gflop"] + 9 - math.log10(9.526e12 * 3600), abs=1e-4)
    why = (
        "own: no source gives the tensor_fp16 rate of 'NVIDIA Tesla P100 PCIe 16GB': "
        "training compute is left out, burdens are not"
    )
    assert answer["left_out"] == [why]
    assert list(cost_quotes.lines(answer))[-1] == f"left out    {why}"
    # Of MMLU there is training compute alone.
    for request in ({"measure": "training_compute"}, {"benchmark": "mmlu"}):
        with pytest.raises(scenarios.ScenarioError, match=re.escape(why)):
            asked(warehouse_path, scenario=scenario, region="Poland", **request)


def test_a_missing_burden_rate_stops_burdens_alone(warehouse_path: Path, tmp_path: Path) -> None:
    scenario = own(
        tmp_path,
        ('precision = "tensor_fp16"', 'precision = "fp32"\nburden_precision = "tensor_fp16"'),
        NO_TENSOR,
        CONTRACT,
        (BOOKS, ""),
    )
    answer = asked(warehouse_path, scenario=scenario, region="Poland", benchmark="mmlu", error="0.06")
    assert (answer["compute_measure"], answer["results"][0]["status"]) == ("training_compute", "ok")
    assert len(answer["left_out"]) == 1
    with pytest.raises(scenarios.ScenarioError, match="by which burdens count its hours: burdens are left out"):
        asked(warehouse_path, scenario=scenario, region="Poland", measure="hardware_burden")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("usd_per_hour = 1.85\n", "", "missing key 'price.usd_per_hour', which kind 'contract' needs"),
        ("as_of = 2023-06-30\n", "", "missing key 'price.as_of', which kind 'contract' needs"),
        ("usd_per_hour = 1.85", "usd_per_hour = 0", "price.usd_per_hour is 0, which is not above 0"),
        (
            'kind = "contract"',
            'kind = "contract"\nvendor = "us"',
            "price.vendor is 'us', but kind 'contract' has no such",
        ),
        ('kind = "contract"', 'kind = "rental"', "missing key 'price.from', which kind 'rental' needs"),
        (
            'kind = "contract"',
            'kind = "rental"\nfrom = 2020-01-01\nuntil = 2020-12-31',
            "price.usd_per_hour is 1.85, but kind 'rental' has no such key",
        ),
    ],
)
def test_a_fault_in_a_contract_is_told(tmp_path: Path, before: str, after: str, message: str) -> None:
    with pytest.raises(scenarios.ScenarioError, match=message):
        scenarios.named(own(tmp_path, CONTRACT, (BOOKS, ""), (before, after)))


def test_the_command_answers_as_the_table_does(warehouse_path: Path, db: duckdb.DuckDBPyConnection) -> None:
    answer = asked(warehouse_path, scenario="h100_2026", region="FR")
    columns = [name for name in answer["results"][0] if name not in ("form", "status", "new_model")]
    rows = db.execute(
        f"select form, status, {', '.join(columns)} from marts.costs where row_set = 'current' and scenario = 'h100_2026' "
        "and region = 'FRA' and benchmark = 'imagenet' and metric = 'top1' and compute_measure = 'hardware_burden' "
        "and target = 'target_1'"
    ).fetchall()
    assert len(rows) == 3
    for form, status, *values in rows:
        result = next(row for row in answer["results"] if row["form"] == form)
        assert result["status"] == status
        assert [result[name] for name in columns] == values


def test_a_data_centres_own_pue_counts_and_nothing_else_of_it_is_spread(warehouse_path: Path) -> None:
    answer = asked(warehouse_path, region="gcp:europe-west1")
    # mlco2's table: Belgium, 267 g/kWh, PUE 1.09.
    assert [answer["factors"][f"pue{end}"] for end in ("_low", "", "_high")] == [1.09] * 3
    assert answer["factors"]["carbon_intensity_g_per_kwh"] == 267
    assert answer["factors"]["intensity_year"] is None
    assert {row["kwh_share_pue"] for row in answer["results"]} == {0.0}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"region": "Frnace"}, "no region 'Frnace'; near it: 'France'"),
        ({"region": "gcp:europe-west"}, "near it: 'gcp:europe-west1'"),
        ({"scenario": "h100"}, "no scenario 'h100'; there are: a100_2023, b200_2026, h100_2026"),
        ({"scenario": "nowhere.toml"}, "nowhere.toml: .*No such file"),
        ({"benchmark": "imagnet"}, "no benchmark 'imagnet'; near it: 'imagenet'"),
        ({"metric": "top2"}, "no metric 'top2'; near it: 'top1'"),
        ({"row_set": "paper_v3"}, "no row set 'paper_v3'; near it: .*'paper_v1'"),
        (
            {"measure": "training_compute", "row_set": "paper_v1"},
            "no compute measure 'training_compute'; near it: 'hardware_burden'",
        ),
        ({"error": "5"}, "an error between 0 and 1, or between 0% and 100%, is needed, not '5'"),
        ({"error": "five"}, "not 'five'"),
    ],
)
def test_what_is_not_known_is_told_with_what_is(warehouse_path: Path, request_: dict[str, str], message: str) -> None:
    with pytest.raises(scenarios.ScenarioError, match=message):
        asked(warehouse_path, **request_)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"NVIDIA A100 SXM4 40 GB"', '"NVIDIA A100 SXM4 40GBs"', "no processor .*near it: .*'NVIDIA A100 SXM4 40 GB'"),
        ('"tensor_fp16"', '"fp4"', "precision is 'fp4', but there are: fp64, fp32"),
        ('kind = "purchase"', 'kind = "gift"', "kind is 'gift', but there are: rental, purchase"),
        ("2020-01-01", "2022-12-31", "no price counts; of these processors there are: 3 of purchase, 2020-"),
        ("electricity_year", "electricty_year", "unknown key 'electricty_year'; near it: 'electricity_year'"),
        ("2020-01-01", "2023-06-01", "price.from is 2023-06-01, which is after until, 2022-12-31"),
        ('quantity = "pue"', 'quantity = "peu"', r"figures\[\d\].quantity is 'peu', .*near it: 'pue'"),
        ("value = 1.3", "value = 0.9", "a power usage effectiveness is at least 1"),
        ("value = 0.4", "value = 40", "utilisation is a share of the peak rate"),
        ("value = 0.4", "low = 0.5\nvalue = 0.4", "low <= value <= high does not hold of 0.5, 0.4, 0.4"),
        ("value = 0.4", "value = -0.4", r"figures\[\d\].value is -0.4, which is not above 0"),
        ("value = 0.4", 'value = "0.4"', r"figures\[\d\].value is '0.4', which is not a number"),
        ('unit = "h"', 'unit = "days"', "figure 'hours_per_year' is in 'h', not in 'days'"),
        ('citation = "our books"\n', "", r"missing key 'figures\[\d\].citation'"),
        ("from = 2020-01-01", 'from = "2020"', "is not a date"),
        ('title = "Two', "title = Two", "own.toml: "),
    ],
)
def test_a_fault_in_an_own_scenario_is_told(
    warehouse_path: Path, tmp_path: Path, before: str, after: str, message: str
) -> None:
    with pytest.raises(scenarios.ScenarioError, match=message):
        asked(warehouse_path, scenario=own(tmp_path, (before, after)), region="Poland")


def test_a_line_of_few_trainers_says_so_beside_its_points(warehouse_path: Path) -> None:
    """COCO's burdens on val2017 are of three model zoos: Detectron, Detectron2 and NVIDIA."""
    answer = asked(warehouse_path, benchmark="coco", error="30%")
    assert (answer["n_trainers"], answer["rests_on_few"]) == (3, "3 trainers")
    # One of the model zoos' pages names a paper; the others' models stand for themselves.
    assert answer["n_papers"] < 5 < answer["n_clusters"] <= answer["n_models"] <= answer["n_points"]
    first, note, *_ = cost_quotes.lines(answer)
    assert f"{answer['n_points']} points of current" in first
    assert note == "note: this line rests on 3 trainers"
    answer = asked(warehouse_path)
    assert answer["rests_on_few"] is None
    assert "rests on" not in "\n".join(cost_quotes.lines(answer))


def test_very_large_and_small_costs_are_shown() -> None:
    assert [cost_quotes.power(value) for value in (794.0, 9.999, 4.5, 0.3, -2.0, -9.3, None)] == [
        "1.0e794", "1.0e10", "31,623", "2", "0.01", "5.0e-10", "–",
    ]  # fmt: skip


def test_the_command_line(warehouse_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "warehouse"
    folder.mkdir(parents=True)
    env = environment(tmp_path / "data", tmp_path / "prefect")
    question = ("cost", "--benchmark", "imagenet", "--error", "5%")
    ended = command_here(env, *question)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "no warehouse at" in ended.stderr
    shutil.copyfile(warehouse_path, folder / "compute_limits.duckdb")
    ended = command_here(env, *question, "--scenario", "h100_2026", "--region", "FR")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "h100_2026: H100 on demand, 2026; France" in ended.stdout
    assert "exponential form: extrapolation_unsupported (the error lies further beyond" in ended.stdout
    assert "41.44 g CO2e/kWh, FRA, of 2025 (there is none of 2026), owid_carbon" in ended.stdout
    assert "PCU518210518210, mean of 2023 over 2025-03" in ended.stdout
    ended = command_here(
        env, *question, "--scenario", own(tmp_path), "--region", "PL", "--form", "polynomial", "--json"
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    answer = json.loads(ended.stdout)
    assert [row["form"] for row in answer["results"]] == ["polynomial"]
    assert answer["factors"]["scenario"] == "own"
    ended = command_here(env, *question, "--region", "Frnace")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(r"error: no region 'Frnace'; near it: 'France'.*\n", ended.stderr)
