"""flows/readers/model_names.py: one network or several."""

from __future__ import annotations

import pytest

from flows.readers.model_names import is_ensemble


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("QANet (ensemble)", True),
        ("SAN (ensemble model)", True),
        ("{ReasoNet} {ensemble}", True),
        ("ReasoNet ensemble", True),
        ("BERT-base (single-model)", False),
        ("MMIPN (Single)", False),
        ("SLQA+ (single model)", False),
        ("BERT", None),
        ("Ensemble-distilled reader", None),
        ("Ensemble-distilled reader (single model)", False),
        ("Singles bar", None),
        # It says both, so nothing.
        ("Reader (single model) ensemble", None),
    ],
)
def test_a_name_tells_one_network_from_several(name: str, expected: bool | None) -> None:
    assert is_ensemble(name) is expected
