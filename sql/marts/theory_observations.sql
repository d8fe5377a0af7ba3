-- One row per setting, model and statistic: how many observations the model needs to do as well as the oracle with few.
-- grain: setting, model, statistic
select *
from staging.theory_match
order by setting, model, statistic
