-- Share of the variance of y that a least-squares line explains; null where x or y is the same everywhere.
create temp macro r_squared(var_x, var_y, cov_xy) as
    cov_xy * cov_xy / nullif(var_x * var_y, 0)
