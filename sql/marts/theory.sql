-- One row per setting, model and number of observations: performance and computation of the simulation behind Figure 1.
-- grain: setting, model, n_observations
select * exclude (parameters_sha256)
from staging.theory_row
order by setting, model, n_observations
