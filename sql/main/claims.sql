-- One row per published statement that is a number: beside the recomputed one, whether they agree, and why not.
-- grain: claim
select * from marts.claims
