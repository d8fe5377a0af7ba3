-- Whether computation grows as performance to a power by this form: that of a line in logarithms, and of the asymptotic and logistic forms.
create temp macro has_exponent(form) as
    form in ('polynomial', 'asymptotic', 'logistic')
