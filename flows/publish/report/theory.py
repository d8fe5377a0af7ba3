"""Theory: the simulation behind Figure 1, performance by observations and by computation, in each setting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from flows.declared import files
from flows.publish.report import wording
from flows.publish.report.page import Page, Row, rows

if TYPE_CHECKING:
    import duckdb

_CURVES = """
select setting, changed, model, n_observations, log10(performance) as log10_performance, log10(computation_flop) as log10_flop
from marts.theory
where performance > 0 and computation_flop > 0
order by setting != 'base', setting, model, n_observations
"""
_MATCHES = """
select
    setting, changed, model, statistic, is_headline, target_observations, status, computation_ratio, computation_ratio_low,
    computation_ratio_high, n_observations, n_observations_low, n_observations_high,
    computation_flop, log10(computation_flop) as log10_flop,
from marts.theory_observations
order by setting != 'base', setting, statistic, list_position(['oracle', 'expert', 'regularised', 'flexible'], model), model
"""


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page of theory."""
    curves, matches = rows(con, _CURVES), rows(con, _MATCHES)
    headline, took = _headline(matches)
    yield Page(
        file="theory.html",
        here="theory",
        title="What theory says",
        description="The simulation behind Figure 1: how many observations, and how much computation, a flexible model takes.",
        template="theory.html",
        values={
            "headline": headline,
            "took": took,
            "matches": matches,
            "level": files.theory_level(),
            "simulated": {"curves": curves},
        },
        scripts=("tables.js", "draw.js", "xy.js", "theory.js"),
        tables={"theory.csv": rows(con, "select * from marts.theory order by all"), "theory_observations.csv": matches},
    )


def _headline(matches: Sequence[Row]) -> tuple[Markup, Markup]:
    """What the page says in one sentence, and what that takes in computation."""
    base = {
        row["model"]: row
        for row in matches
        if row["setting"] == "base" and row["is_headline"] and row["n_observations"]
    }
    flexible, regularised = base.get("flexible"), base.get("regularised")
    if not flexible or not regularised:
        return Markup("How many observations a flexible model takes"), Markup("")
    observations, computation = (
        [wording.whole(flexible["n_observations"]), wording.whole(regularised["n_observations"])],
        [wording.rounded(flexible["computation_ratio"]), wording.rounded(regularised["computation_ratio"])],
    )
    said = Markup("To do as well as an oracle with {} observations a flexible model needs {}, a regularised one {}")
    took = Markup("That is {} and {} times the computation of the oracle’s fit.")
    return said.format(flexible["target_observations"], *observations), took.format(*computation)
