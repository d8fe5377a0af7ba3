"""flows/readers/scores.py: what a score can be, and what a name says of its networks."""

from __future__ import annotations

import pytest

from flows.readers.record import CellError
from flows.readers.scores import check_possible, is_ensemble


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


@pytest.mark.parametrize("benchmark", ["squad", "squad_dev", "squad2", "squad2_dev"])
def test_a_squad_score_under_five_percent_is_refused(benchmark: str) -> None:
    check_possible(benchmark, 5.0, "5.0")
    with pytest.raises(CellError) as refused:
        check_possible(benchmark, 4.99, "4.99")
    assert refused.value.rule == "impossible_score"
    assert "'4.99'" in refused.value.reason


def test_other_benchmarks_have_no_least_score() -> None:
    check_possible("wmt_en_de", 1.0, "1.0")
