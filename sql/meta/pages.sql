-- One row per page in use: its address, its bytes, and what became of the rows in it.
-- grain: source, page
with pages as (
    select * from staging.page_setting
),

read as (
    select source, page, rows_read from staging.page_count
),

accepted as (
    -- Counted from the tables themselves: the records of the page that gave at least one row.
    select source, page, count(distinct locator) as rows_accepted
    from (
        select source, page, locator from staging.model
        union all
        select source, page, locator from staging.result
        union all
        select source, page, locator from staging.listing
        union all
        select source, page, locator from staging.operations
        union all
        select source, page, locator from staging.run_phase
        union all
        select source, page, locator from staging.compute
        union all
        select source, page, locator from staging.processor
        union all
        select source, page, locator from staging.carbon_intensity
        union all
        select source, page, locator from staging.price
        union all
        select source, page, locator from staging.price_index
        union all
        select source, page, locator from staging.cloud_region
        union all
        select source, page, locator from staging.loss_point
        union all
        select source, page, locator from staging.listed_training
        union all
        select source, page, locator from staging.listed_score
        union all
        select source, page, locator from staging.unbounded_score
        union all
        select source, page, locator from staging.speedrun_record
        union all
        select source, page, locator from staging.cpu
        union all
        select source, page, locator from staging.cpu_name
        union all
        select source, page, locator from staging.cpu_score
        union all
        select source, page, locator from staging.trend_point
        union all
        select source, page, locator from staging.supercomputer
        union all
        select source, page, locator from staging.gpu_cluster
        union all
        select source, page, locator from staging.offer
        union all
        select source, page, locator from staging.shipment
        union all
        select source, page, locator from staging.region_carbon
        union all
        select source, page, locator from staging.server_power
        union all
        select source, page, locator from staging.footprint
        union all
        select source, page, locator from staging.timed_training
    )
    group by all
),

duplicates as (
    select source, page, count(*) as rows_duplicate from staging.duplicate group by all
),

quarantined as (
    select source, page, count(*) as rows_quarantined from staging.quarantine group by all
),

cells as (
    select source, page, count(*) as cells_rejected from staging.rejected_cell group by all
),

counted as (
    select
        pages.source,
        pages.page,
        pages.url,
        pages.sha256,
        pages.byte_count,
        pages.retrieved_on,
        pages.last_modified,
        pages.page_rank,
        read.rows_read,  -- records in the page, counted while reading
        coalesce(rows_accepted, 0) as rows_accepted,  -- records that gave at least one row
        coalesce(rows_duplicate, 0) as rows_duplicate,  -- records that repeat an earlier one
        coalesce(rows_quarantined, 0) as rows_quarantined,  -- records in core.quarantine
        coalesce(cells_rejected, 0) as cells_rejected,  -- single cells left out, in core.rejected_cells
    from pages
    left join read on pages.source = read.source and pages.page = read.page
    left join accepted on pages.source = accepted.source and pages.page = accepted.page
    left join duplicates on pages.source = duplicates.source and pages.page = duplicates.page
    left join quarantined on pages.source = quarantined.source and pages.page = quarantined.page
    left join cells on pages.source = cells.source and pages.page = cells.page
)

select * from counted
order by source, page
