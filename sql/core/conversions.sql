-- One row per number of a scenario that turns computation into carbon dioxide or money.
-- grain: scenario, quantity
select *
from staging.conversion
order by scenario, quantity
