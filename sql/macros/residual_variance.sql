-- Variance of the residuals of a least-squares line, n - 2 degrees of freedom, from the moments of its points (divided by n).
-- Draper and Smith 1998, Applied Regression Analysis, 1.4. Rounding can take that of a perfect fit below zero.
create temp macro residual_variance(n, var_x, var_y, cov_xy) as
    greatest(var_y - cov_xy * cov_xy / var_x, 0) * n / (n - 2)
