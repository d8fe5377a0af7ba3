-- The word in a model's name that tells which member of a family it is.
create temp macro size_word(name) as
    nullif(lower(regexp_extract(name, '(?i)\b(tiny|small|base|medium|large|big|huge|xlarge|xl)\b', 1)), '')
