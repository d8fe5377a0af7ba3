"""The folder that can be deposited: read by frictionless and mlcroissant, which nobody here wrote."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from flows import sources
from flows.publish import exports


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> Path:
    place = tmp_path_factory.mktemp("deposit")
    exports.export(warehouse_path, place)
    return place


def test_every_file_is_listed_with_its_hash(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    croissant = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    # What lists the others does not list itself.
    there = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    there = {
        name: sha256
        for name, sha256 in there.items()
        if name not in ("datapackage.json", "croissant.json", ".compute-limits-export")
    }
    assert {one["path"]: one["hash"].removeprefix("sha256:") for one in package["resources"]} == there
    assert {one["contentUrl"]: one["sha256"] for one in croissant["distribution"]} == there


def test_columns_have_types_units_and_descriptions(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    costs = next(one for one in package["resources"] if one["path"] == "figure_3_costs.csv")
    fields = {field["name"]: field for field in costs["schema"]["fields"]}
    assert (fields["error_percent"]["type"], fields["error_percent"]["unit"]) == ("number", "%")
    assert fields["log10_polynomial_gflop"]["unit"] == "log10(Gflop)"
    assert fields["error_percent"]["description"] == "error in percent"
    assert costs["schema"]["primaryKey"] == ["row_set", "benchmark", "metric", "target"]
    assert costs["description"].startswith("One row per row set, benchmark, metric and target")


def test_every_source_has_its_credit_and_licence(folder: Path) -> None:
    credit = (folder / "CREDITS.txt").read_text(encoding="utf-8")
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert {one["name"] for one in package["sources"]} == set(sources.names())
    for one in package["sources"]:
        assert f"Licence: {one['licence']}" in credit
        assert one["path"] in credit


@pytest.mark.slow
def test_frictionless_validates_and_notices_a_changed_cell(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import frictionless

    monkeypatch.chdir(folder)
    found = frictionless.validate("datapackage.json")
    assert found.valid, found.flatten(["name", "type", "message"])[:5]
    path = folder / "exponents.csv"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"imagenet", b"imagenot", 1))
    try:
        assert not frictionless.validate("datapackage.json").valid
    finally:
        path.write_bytes(whole)


@pytest.mark.slow
def test_mlcroissant_loads_the_rows(folder: Path) -> None:
    import mlcroissant

    data = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert not data.metadata.ctx.issues.errors
    rows = list(data.records("figure_3"))
    assert len(rows) == 90
    assert {row["figure_3/quantity"] for row in rows} == {b"gflop", b"lb_co2", b"usd"}
    assert {type(row["figure_3/published_power"]) for row in rows} == {int}
