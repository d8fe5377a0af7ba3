-- Share of the variance of y that a least-squares line explains; null where x or y is the same everywhere.
-- Of points on a line rounding would make more than all of it.
create temp macro r_squared(var_x, var_y, cov_xy) as
    if(cov_xy * cov_xy > var_x * var_y, 1, cov_xy * cov_xy / nullif(var_x * var_y, 0))
