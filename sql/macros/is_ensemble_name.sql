-- Whether a model's name says that several networks answer together.
create temp macro is_ensemble_name(name) as
    regexp_matches(name, '(?i)ensemble|\d+ ?(cnns|convnets|models)')
