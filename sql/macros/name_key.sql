-- The key of a name: lower case, without blanks and punctuation, but + and *, and a point between two digits.
-- "OPT-1.3B" is "opt 1.3b" and not "opt-13b"; "PointNet++" is not "PointNet".
create temp macro name_key(name) as
    regexp_replace(
        regexp_replace(
            regexp_replace(lower(name), '[\s_/,.()|:-]+', '.', 'g'),
            '(^|\D)\.', '\1', 'g'
        ),
        '\.(\D|$)', '\1', 'g'
    )
