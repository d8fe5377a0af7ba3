-- Standard error of the slope of a least-squares line (Draper and Smith 1998, Applied Regression Analysis, 1.4).
create temp macro slope_se(residual_variance, n, var_x) as
    sqrt(residual_variance / (n * var_x))
