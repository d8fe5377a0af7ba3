-- One row per build, of which there is one: of which days it is, and by which code. Nothing of it depends on when it is looked at, as meta.runs does.
-- grain: as_of
select
    max(pages.retrieved_on) as as_of,  -- the day of the newest page in use: what was published later is not in it
    builds.published_before,
    builds.code_version,
from staging.build_setting as builds
cross join staging.page_setting as pages
group by builds.published_before, builds.code_version
