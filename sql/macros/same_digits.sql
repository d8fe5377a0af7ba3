-- Whether two numbers have the same leading digits, within 1 %, whatever their powers of ten.
create temp macro same_digits(a, b) as
    abs(log10(a / b) - round(log10(a / b))) < 0.0044
