"""sources.bib: an entry each for the paper, the project and every source."""

from __future__ import annotations

import re

import duckdb
import pytest

from flows import sources
from flows.publish import bibliography


def test_every_source_has_an_entry_with_address_day_and_licence(db: duckdb.DuckDBPyConnection) -> None:
    text = bibliography.bibtex(db)
    entries = dict(re.findall(r"@\w+\{([^,]+),\n(.*?)\n\}", text, re.DOTALL))
    assert set(entries) == {
        "thompson2020computational",
        "compute-limits",
        *(f"cl-{key.replace('_', '-')}" for key in sources.names()),
    }
    assert "url = {https://arxiv.org/abs/2007.05558}" in entries["thompson2020computational"]
    timm = entries["cl-timm"]
    assert r"howpublished = {\url{https://github.com/huggingface/pytorch-image-models}}" in timm
    assert re.search(r"urldate = \{\d{4}-\d\d-\d\d\}", timm)
    assert (
        "Licence: Apache-2.0. Credit: PyTorch Image Models (timm), Ross Wightman and contributors, Hugging Face" in timm
    )
    # Braces of every entry close.
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("epoch_models", "cl-epoch-models"),
        ("flows/declared/theory.toml", "compute-limits"),
        ("all sources", "compute-limits"),
    ],
)
def test_a_source_is_cited_by_its_key(source: str, key: str) -> None:
    assert bibliography.key(source) == key
