-- The family of an architecture: the first word of its name, without who ported it ("tf_efficientnet_b0" is an efficientnet).
create temp macro name_family(name) as
    regexp_extract(regexp_replace(lower(name), '^(tf|ssl|swsl|gluon|tv|ig)_', ''), '^[a-z]+(?:v2)?', 0)
