-- Grams in a pound, exactly: international yard and pound agreement of 1959.
create temp macro g_per_lb() as
    453.59237
