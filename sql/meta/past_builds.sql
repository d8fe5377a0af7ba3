-- One row per past state of the warehouse that the ledger has (data/ledger), up to the one that this build is held against.
-- grain: build
with past_builds as (
    select * from staging.past_build
),

present as (
    select * from staging.build_setting
)

select
    past_builds.build,  -- the state: key of its build, without the ledger
    past_builds.place,  -- 1 is the oldest
    past_builds.as_of,  -- the day of the newest page in it
    past_builds.code_version,
    past_builds.file,  -- where the state stands
    past_builds.place = max(past_builds.place) over () as is_before,  -- whether it is the state that this build is held against
    past_builds.settings_sha256 != present.settings_sha256 as is_other_settings,  -- whether what is declared was other then than now
    past_builds.code_sha256 != present.code_sha256 as is_other_code,  -- whether code, SQL or libraries were
from past_builds
cross join present
order by place
