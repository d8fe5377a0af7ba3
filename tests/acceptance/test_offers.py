"""What providers ask since March 2025: counted once a provider, spot apart, invented rows left out, nothing else moved."""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import date

import duckdb
import pytest
from shipped_facts import facts

OFFERS = ("gpu_rental_tracker", "gpu_cloud_prices", "fsdl_cloud_gpus", "epoch_chip_counts")
CARBON = ("google_region_carbon", "cloud_carbon_coefficients", "boavizta_footprints")


def asked(sheet_name: str, commitment: str) -> dict[str, list[float]]:
    """{provider: what it asks for an hour in 2026}, one price for each day and figure, from the facts that ship."""
    seen: dict[str, set[tuple[str, float]]] = defaultdict(set)
    for source in OFFERS[:2]:
        for row in facts(source, "offer"):
            if (row["sheet_name"], row["commitment"]) == (sheet_name, commitment) and row["offered_on"] >= "2026-01-01":
                seen[row["provider"]].add((row["offered_on"], float(row["price_usd"])))
    return {provider: [price for _, price in prices] for provider, prices in seen.items()}


def one(db: duckdb.DuckDBPyConnection, query: str, *values: object) -> tuple[object, ...]:
    (row,) = db.execute(query, list(values)).fetchall()
    return tuple(row)


# Read, accepted, duplicate, quarantined. shared/sources.md has 206 region-years of Google, one of them a blank line.
COUNTS = {
    "boavizta_footprints": (1226, 1222, 4, 0),
    "cloud_carbon_coefficients": (834, 790, 1, 43),
    "epoch_chip_counts": (102, 102, 0, 0),
    "fsdl_cloud_gpus": (329, 318, 7, 4),
    "google_region_carbon": (205, 205, 0, 0),
    "gpu_cloud_prices": (2438, 2349, 1, 88),
    "gpu_rental_tracker": (3391, 3214, 0, 177),
}


def test_every_row_of_the_sources_is_accounted_for(db: duckdb.DuckDBPyConnection) -> None:
    found = db.execute(
        "select source, sum(rows_read)::int, sum(rows_accepted)::int, sum(rows_duplicate)::int, sum(rows_quarantined)::int "
        "from meta.pages where source in (select unnest(?)) group by source",
        [[*OFFERS, *CARBON]],
    ).fetchall()
    assert {source: tuple(counts) for source, *counts in found} == COUNTS


def test_what_a_publisher_made_up_is_left_out_with_the_reason(db: duckdb.DuckDBPyConnection) -> None:
    assert one(
        db,
        "select count(*), count(distinct reason), min(reason) like 'made up by the publisher%' from core.quarantine "
        "where source = 'gpu_cloud_prices' and rule = 'historical_estimate'",
    ) == (88, 1, True)
    assert one(db, "select min(offered_on) from core.offers where source = 'gpu_cloud_prices'") == (date(2026, 5, 21),)


@pytest.mark.parametrize(
    ("scenario", "sheet_name"),
    [("h100_providers_2026", "NVIDIA H100 SXM5 80GB"), ("h200_2026", "NVIDIA H200 SXM"), ("b200_2026", "NVIDIA B200")],
)
def test_a_scenario_of_2026_has_the_median_of_what_providers_ask_on_demand(
    db: duckdb.DuckDBPyConnection, scenario: str, sheet_name: str
) -> None:
    medians = [statistics.median_low(prices) for prices in asked(sheet_name, "on demand").values()]
    assert len(medians) > 10
    found = db.execute(
        "select price_usd_per_hour, vendor, commitment, year(priced_on) from core.scenario_prices where scenario = ?",
        [scenario],
    ).fetchall()
    assert sorted(price for price, *_ in found) == pytest.approx(sorted(medians))
    assert len({vendor for _, vendor, *_ in found}) == len(found)
    assert {(commitment, year) for *_, commitment, year in found} == {("on demand", 2026)}
    assert one(
        db,
        "select distinct n_prices, price_usd_per_hour, price_usd_per_hour_low, price_usd_per_hour_high from core.scenarios "
        "where scenario = ?",
        scenario,
    ) == (len(medians), pytest.approx(statistics.median(medians)), min(medians), max(medians))


def test_spot_is_never_counted_with_on_demand(db: duckdb.DuckDBPyConnection) -> None:
    spot, on_demand = (
        statistics.median(statistics.median_low(prices) for prices in asked("NVIDIA H100 SXM5 80GB", term).values())
        for term in ("spot", "on demand")
    )
    found = dict(
        db.execute(
            "select commitment, median(price_usd) from core.provider_prices where processor_id = 'NVIDIA H100 SXM5 80GB' "
            "and year = 2026 and commitment in ('spot', 'on demand') group by all"
        ).fetchall()
    )
    assert found == {"spot": pytest.approx(spot), "on demand": pytest.approx(on_demand)}
    assert spot < on_demand


def test_a_month_moves_by_the_providers_that_are_in_both(db: duckdb.DuckDBPyConnection) -> None:
    """Of the 30 and more providers of March six are left in June: the median of all moves by who went, the ratio does not."""
    months: dict[tuple[str, str], set[tuple[str, float]]] = defaultdict(set)
    for source in OFFERS[:2]:
        for row in facts(source, "offer"):
            if (row["sheet_name"], row["commitment"]) == ("NVIDIA H100 SXM5 80GB", "on demand") and row["offered_on"]:
                months[row["offered_on"][:7], row["provider"]].add((row["offered_on"], float(row["price_usd"])))
    medians = {key: statistics.median(price for _, price in prices) for key, prices in months.items()}
    rows = db.execute(
        "select strftime(month, '%Y-%m'), n_providers, price_usd, n_both, price_ratio from marts.rental_prices "
        "where processor_id = 'NVIDIA H100 SXM5 80GB' and commitment = 'on demand' order by month"
    ).fetchall()
    assert [month for month, *_ in rows] == [f"2026-0{month}" for month in range(2, 8)]
    for at, (month, n, price, n_both, ratio) in enumerate(rows):
        here = {provider: median for (one_month, provider), median in medians.items() if one_month == month}
        assert (n, price) == (len(here), pytest.approx(statistics.median(here.values())))
        before = {who: median for (one_month, who), median in medians.items() if at and one_month == rows[at - 1][0]}
        both = [here[provider] / before[provider] for provider in here.keys() & before.keys()]
        assert (n_both, ratio) == (len(both), pytest.approx(statistics.median(both)) if both else None)


def test_offers_are_no_prices_of_training_runs(db: duckdb.DuckDBPyConnection) -> None:
    """Scenarios and costs that were there before are priced by what they were: the lists of prices, not the offers."""
    assert one(db, "select count(*) from core.prices where source in (select unnest(?))", [*OFFERS]) == (0,)
    assert one(db, "select count(*) from core.phase_costs where price_source in (select unnest(?))", [*OFFERS]) == (0,)
    assert one(
        db,
        "select count(*) from core.listed_prices join staging.scenario as declared using (scenario) "
        "where source in (select unnest(?)) and declared.price_kind != 'offers'",
        [*OFFERS],
    ) == (0,)


def test_prices_of_chips_are_the_means_that_the_publisher_prints(db: duckdb.DuckDBPyConnection) -> None:
    # Nvidia annual prices.csv, column "Geomean" behind H100 and GB200.
    printed = {("H100", 2022): 36742, ("H100", 2023): 34641, ("H100", 2024): 26268, ("H100", 2025): 23238,
               ("GB200", 2024): 39686, ("GB200", 2025): 36742}  # fmt: skip
    found = db.execute(
        "select processor, year, round(price_usd)::int from core.offers where kind = 'purchase' and processor in ('H100', 'GB200')"
    ).fetchall()
    assert {(processor, year): price for processor, year, price in found} == printed


def test_quarters_add_up_to_the_totals(db: duckdb.DuckDBPyConnection) -> None:
    """The totals are medians of sums and not sums of medians, so that they differ by some percent."""
    quarters, total = one(
        db,
        "select sum(units) filter (processor is not null), max(units) filter (processor is null) from core.shipments "
        "where manufacturer = 'Nvidia'",
    )
    assert quarters == pytest.approx(total, rel=0.02)


def test_embodied_carbon_stands_in_a_column_of_its_own(db: duckdb.DuckDBPyConnection) -> None:
    # Dell's report of the PowerEdge C4140 of February 2019, a server for GPUs: 6,800 kg, 18.3 % of it making, 80.8 % use, 4 years.
    assert one(
        db,
        "select embodied_kg_co2e, use_kg_co2e, embodied_kg_co2e_per_hour from core.footprints where device = 'PowerEdge C4140'",
    ) == (pytest.approx(1244.4), pytest.approx(5494.4), pytest.approx(1244.4 / (4 * 365.25 * 24)))
    columns = db.execute(
        "select table_schema || '.' || table_name from information_schema.columns where column_name like '%embodied%'"
    ).fetchall()
    assert {name for (name,) in columns} == {"core.footprints", "marts.embodied_carbon", "exports.embodied_carbon"}


def test_factors_of_regions_are_grams(db: duckdb.DuckDBPyConnection) -> None:
    assert one(
        db,
        "select carbon_intensity_g_per_kwh, told_by from core.region_carbon where provider = 'Azure' and region = 'Central US'",
    ) == (472.23, "EPA")
    # europe-west1 in Google's page of 2019 and of 2024.
    assert db.execute(
        "select year, carbon_intensity_g_per_kwh, carbon_free_share from core.region_carbon "
        "where source = 'google_region_carbon' and region = 'europe-west1' and year = 2019"
    ).fetchall() == [(2019, 196.0, 0.68)]
    # Two cells of Azure's list lost their point: 000402 for 0.000402.
    assert one(
        db, "select count(*) from core.quarantine where source = 'cloud_carbon_coefficients' and rule = 'out_of_range'"
    ) == (2,)
