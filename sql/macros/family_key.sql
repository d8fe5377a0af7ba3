-- The key of a model's family: its name without the size, and without what tells an ensemble.
create temp macro family_key(name) as
    regexp_replace(
        lower(name),
        '\b(tiny|small|base|medium|large|big|huge|xlarge|xl|single|ensemble|model|\d+ ?(cnns|convnets|models))\b|[^a-z0-9+]', '', 'g'
    )
