"""Data quality: sources and their state, what is covered, what was left out and why, conflicts, findings, validation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flows.declared.domains import titles
from flows.publish.report.page import Page, one, rows

if TYPE_CHECKING:
    import duckdb

_SOURCES = """
select
    sources.*, pages.url,
from meta.sources as sources
left join (select source, min_by(url, page_rank) as url from meta.pages group by source) as pages using (source)
order by source
"""
_COVERAGE = """
with results as (
    select benchmark, metric, count(*) as n_results, count(distinct model_id) as n_models, count(distinct paper_id) as n_papers
    from core.results group by all
),

candidates as (
    select benchmark, metric, count(distinct result_id) as n_with_computation from core.candidates group by all
),

points as (
    select benchmark, metric, count(distinct result_id) as n_points from fits.points where row_set = 'current' group by all
)

select
    results.benchmark, results.metric, n_results, n_models, n_papers,
    coalesce(n_with_computation, 0) as n_with_computation,
    coalesce(n_points, 0) as n_points,
from results
join (select distinct benchmark, metric from staging.fit where row_set = 'current') as fitted using (benchmark, metric)
left join candidates using (benchmark, metric)
left join points using (benchmark, metric)
order by n_results desc, benchmark, metric
"""
_QUARANTINE = """
select source, rule, count(*) as n, min_by(reason, (page, locator, reason)) as reason, min_by(locator, (page, locator)) as locator
from core.quarantine group by all order by n desc, source, rule
"""
_CELLS = "select rule, count(*) as n, min(reason) as reason from core.rejected_cells group by all order by n desc, rule"
_CONFLICTS = """
select
    quantity, count(*) as n, count(distinct model_id) as n_models, median(abs(ratio - 1)) as median_difference,
from core.conflicts group by all order by n desc, quantity
"""
_WORST = """
select *, greatest(ratio, 1 / ratio) as times from (from core.conflicts order by all)
where ratio > 0
order by times desc, model_id, quantity, source, page, locator limit 12
"""
_FINDINGS = """
select rule, count(*) as n, count(distinct source) as n_sources, min_by(evidence, (source, page, locator)) as evidence
from core.artefacts group by all order by n desc, rule
"""
_RULES = """
select rule, position, reason, is_active, coalesce(n, 0) as n
from staging.point_rule
left join (select rule, count(*) as n from core.left_out group by rule) using (rule)
order by position
"""


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page of data quality."""
    sources = rows(con, _SOURCES)
    coverage = rows(con, _COVERAGE)
    counts = one(
        con,
        "select sum(rows_read)::bigint as read, sum(rows_accepted)::bigint as accepted, sum(rows_duplicate)::bigint as duplicate, "
        "sum(rows_quarantined)::bigint as quarantined, sum(n_pages)::bigint as pages from meta.sources",
    )
    agreed = rows(
        con,
        "select printed_in, count(*) filter (where agrees) as n_agrees, count(*) as n from marts.reproduction "
        "group by all order by all",
    )
    yield Page(
        file="data.html",
        here="data",
        title="What the numbers rest on",
        description="Sources, coverage, what was left out and why, conflicts, findings and validation.",
        template="quality.html",
        values={
            "sources": sources,
            "coverage": coverage,
            "titles": titles(),
            "counts": counts,
            "agreed": agreed,
            "quarantine": rows(con, _QUARANTINE),
            "cells": rows(con, _CELLS),
            "conflicts": rows(con, _CONFLICTS),
            "worst": rows(con, _WORST),
            "findings": rows(con, _FINDINGS),
            "rules": rows(con, _RULES),
            "held": rows(con, "select * from meta.held_pages order by all"),
            "unmet": rows(con, "select * from meta.unmet_expectations order by all"),
        },
        scripts=("tables.js",),
        tables={
            "sources.csv": sources,
            "coverage.csv": coverage,
            "quarantine.csv": rows(con, "select * exclude (record) from core.quarantine order by all"),
            "conflicts.csv": rows(con, "select * from core.conflicts order by all"),
            "findings.csv": rows(con, "select * from core.artefacts order by all"),
        },
    )
