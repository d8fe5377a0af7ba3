-- One row per source that the project knows, with what the last run made of it.
-- grain: source
select * from meta.sources
