"""Cells of the facts that ship, read without the project."""

from __future__ import annotations

import csv

from flows import paths


def facts(source: str, kind: str) -> list[dict[str, str]]:
    with (paths.SHIPPED_RAW / source / f"{kind}.facts.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def intensity(region: str, year: int) -> float:
    """Our World in Data's cell."""
    cells = [
        float(row["carbon_intensity_g_per_kwh"])
        for row in facts("owid_carbon", "carbon_intensity")
        if (row["region_code"], row["year"]) == (region, str(year))
    ]
    assert len(cells) == 1
    return cells[0]
