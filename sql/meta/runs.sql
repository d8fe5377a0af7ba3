-- One row per build, of which there is one: what this warehouse stands in. There is no clock in it: data/runs.jsonl tells when it was made.
-- grain: build_key
with builds as (
    select * from staging.build_setting
),

stale as (
    -- As flows/pages/states.py has it (DEGRADED): fetched, unchanged and shipped are as they should be.
    select count(*) as n_sources_stale from staging.source_state where state in ('stale', 'absent')
)

select
    builds.build_key,
    this_build.as_of,
    this_build.published_before,
    builds.code_version,
    stale.n_sources_stale,  -- sources that are stale (a page fell back to an older one) or absent
    if(stale.n_sources_stale = 0, 'whole', 'degraded') as state,  -- whole; degraded: a source is stale or absent
from builds
cross join meta.this_build as this_build
cross join stale
