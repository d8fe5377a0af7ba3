"""Candidates for merging, for a person to judge: names that look alike, numbers and all, and stand for different things."""

from __future__ import annotations

import re
from pathlib import Path

from rapidfuzz import fuzz, process

from flows.answers import outputs, queries, rendering

# Below this the pairs are mostly different models of one family.
SCORE = 92
_HEADER = ["kind", "score", "what", "into_name", "what_id", "into_id", "both_are_points_of"]
_NAMES = {
    "model": """
        select distinct mentions.benchmark as "group", models.name, models.model_id as id
        from core.models as models
        join core.model_mentions as mentions using (model_id)
        where mentions.benchmark is not null
        order by all
    """,
    "processor": """select '' as "group", processor_id as name, processor_id as id from core.processors order by all""",
}
# What a merge would change: lines of row sets of all sources.
_POINTS = """
    select distinct points.benchmark, points.model_id
    from fits.points as points
    join staging.row_set as row_sets using (row_set)
    where row_sets.reconciled
"""


def write(warehouse: Path, out: Path) -> int:
    """Write the candidates to a CSV file, those first that are points of one line, and most alike first; returns how many.

    Nothing is merged by a score: a line becomes a merge when a person copies it to flows/declared/merges.toml with a reason.

    Raises:
        flows.answers.queries.QueryError: there is no warehouse, or it was built by another version.
        flows.answers.outputs.OutputError: the file cannot be written.
    """
    candidates = []
    points = {(row["benchmark"], row["model_id"]) for row in queries.own(warehouse, _POINTS).records()}
    for kind, sql in _NAMES.items():
        groups: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for row in queries.own(warehouse, sql).records():
            # Names with other numbers are other sizes and versions: "i7-8650U" is no candidate for "i7-8550U".
            numbers = sorted(re.findall(r"\d+", row["name"]))
            groups.setdefault((row["group"], *numbers), []).append((row["name"], row["id"]))
        for (group, *_), names in groups.items():
            for pair in _pairs(names):
                is_of_points = all((group, key) in points for key in pair[3:])
                candidates.append((kind, *pair, group if is_of_points else ""))
    lines = sorted(set(candidates), key=lambda line: (line[0], not line[-1], -line[1], line[2:]))
    outputs.folder(out.parent)
    outputs.write(out, rendering.as_csv(_HEADER, lines).encode())
    return len(lines)


def _pairs(names: list[tuple[str, str]]) -> list[tuple[float, str, str, str, str]]:
    """Pairs (each thing has one name) whose names score at least SCORE; of names as written, without order of words."""
    folded = [name.lower() for name, _ in names]
    scores = process.cdist(folded, folded, scorer=fuzz.token_sort_ratio, score_cutoff=SCORE, dtype="float32")
    pairs = []
    for one, row in enumerate(scores):
        for other in row.nonzero()[0]:
            if one < other:
                (what, what_id), (into, into_id) = names[one], names[other]
                pairs.append((round(float(row[other]), 1), what, into, what_id, into_id))
    return pairs
