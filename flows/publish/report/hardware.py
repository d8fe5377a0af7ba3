"""Hardware: what an hour of a processor costs, how clusters grow, and what regions and devices emit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from flows.publish.figures.hardware import DEMAND, PROVIDERS_MIN, SPOT
from flows.publish.report import wording
from flows.publish.report.page import Page, Row, rows

if TYPE_CHECKING:
    import duckdb

# What is drawn beside each other; others, as prices for a year of commitment, are few and in the table.
_DRAWN = (DEMAND, SPOT)
_CLUSTERS_SHOWN = 40

_PRICES = """
select * from exports.provider_prices
order by max(n_providers) over (partition by processor_id) desc, processor_id, year desc, n_providers desc, commitment
"""
_MONTHS = "select * from exports.rental_prices order by processor_id, commitment, month"
_CLUSTERS = """
select clusters.*, pages.url as address
from exports.clusters as clusters
left join meta.pages as pages using (source, page)
order by op_per_s_16_bit desc, source, page, locator
"""
_CLUSTER_GROWTH = """
select * from marts.hardware_growth
where quantity = 'cluster_op_per_s_16_bit' and era = 'all_years' and rule = 'all' and growth_per_year is not null
"""
_REGIONS = "select * from exports.region_carbon order by carbon_intensity_g_per_kwh, provider, region"
_DEVICES = "select * from exports.embodied_carbon order by embodied_kg_co2e desc, category, subcategory"
_GROWN = ("series", "era", "rule", "intercept", "slope", "first_released_on", "last_released_on", "growth_per_year")


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page of hardware."""
    prices, months, clusters = rows(con, _PRICES), rows(con, _MONTHS), rows(con, _CLUSTERS)
    regions, devices = rows(con, _REGIONS), rows(con, _DEVICES)
    growth = next(iter(rows(con, _CLUSTER_GROWTH)), None)
    lead = _lead(prices)
    yield Page(
        file="hardware.html",
        here="hardware",
        title="What processors cost to rent, and how clusters grow",
        description="Prices of an hour by processor and commitment, growth of clusters, carbon of regions and devices.",
        template="hardware.html",
        values={
            "headline": _headline(lead),
            "moved": _moved(months, lead),
            "prices": prices,
            "clusters": clusters[:_CLUSTERS_SHOWN],
            "n_clusters": len(clusters),
            "growth": growth,
            "regions": regions,
            "devices": devices,
            "rented": {
                "prices": _drawn(prices),
                "months": _by_processor(months, prices),
                "clusters": [
                    [c["name"], round(c["year"], 3), round(c["log10_op_per_s_16_bit"], 4), c["owner"], c["address"]]
                    for c in clusters
                ],
                "growth": growth and {name: growth[name] for name in _GROWN},
            },
        },
        scripts=("tables.js", "draw.js", "xy.js", "hardware.js"),
        tables={
            "provider_prices.csv": prices,
            "rental_prices.csv": months,
            "clusters.csv": clusters,
            "region_carbon.csv": regions,
            "embodied_carbon.csv": devices,
        },
    )


def _lead(prices: Sequence[Row]) -> dict[str, Row] | None:
    """The newest prices of the processor that most providers offer, {on demand: row, spot: row}; None where there is none."""
    first = next((row for row in prices if row["commitment"] == DEMAND), None)
    if first is None:
        return None
    key = (first["processor_id"], first["year"])
    return {row["commitment"]: row for row in prices if (row["processor_id"], row["year"]) == key}


def _headline(lead: dict[str, Row] | None) -> Markup:
    if lead is None:
        return Markup("What processors cost to rent, and how clusters grow")
    of = lead[DEMAND]
    spot = (
        Markup(", and {} where it may be taken away").format(wording.decimal(lead[SPOT]["price_usd"], 2))
        if SPOT in lead
        else ""
    )
    return Markup("In {} an hour of one {} costs {} USD on demand at the median of {} providers{}").format(
        of["year"], of["processor_id"], wording.decimal(of["price_usd"], 2), of["n_providers"], spot
    )


def _moved(months: Sequence[Row], lead: dict[str, Row] | None) -> Row | None:
    """The last month of the leading processor on demand; None where nothing can be followed to it."""
    if lead is None:
        return None
    key = (lead[DEMAND]["processor_id"], DEMAND)
    of = [row for row in months if (row["processor_id"], row["commitment"]) == key]
    return of[-1] if of and of[-1]["followed_since"] < of[-1]["month"] else None


def _drawn(prices: Sequence[Row]) -> list[Row]:
    """The processors that enough providers offer on demand, those of most providers first, with both kinds of price."""
    known: dict[tuple[str, int], Row] = {}
    newest: dict[str, int] = {}
    for row in prices:
        newest[row["processor_id"]] = max(row["year"], newest.get(row["processor_id"], row["year"]))
    for row in prices:
        if row["commitment"] in _DRAWN and row["year"] == newest[row["processor_id"]]:
            one = known.setdefault(
                (row["processor_id"], row["year"]), {"processor": row["processor_id"], "year": row["year"]}
            )
            one[row["commitment"]] = [
                row["n_providers"],
                *(round(row[name], 4) for name in ("price_usd", "price_usd_low", "price_usd_high")),
            ]
    enough = [one for one in known.values() if DEMAND in one and one[DEMAND][0] >= PROVIDERS_MIN]
    return sorted(enough, key=lambda one: (-one[DEMAND][1], one["processor"]))


def _by_processor(months: Sequence[Row], prices: Sequence[Row]) -> list[Row]:
    """The processors in the order of their providers, each with its months by commitment."""
    order = list(dict.fromkeys(row["processor_id"] for row in prices))
    found: dict[str, dict[str, list[list[object]]]] = {}
    for row in months:
        if row["commitment"] in _DRAWN:
            found.setdefault(row["processor_id"], {}).setdefault(row["commitment"], []).append(
                [
                    str(row["month"]),
                    round(row["price_usd"], 4),
                    row["n_providers"],
                    str(row["followed_since"]),
                    round(row["price_index"], 4),
                    round(row["price_usd_followed"], 4),
                ]
            )
    several = {name: of for name, of in found.items() if any(len(run) > 1 for run in of.values())}
    last = len(order)
    return [
        {"processor": name, "commitments": several[name]}
        for name in sorted(several, key=lambda name: (order.index(name) if name in order else last, name))
    ]
