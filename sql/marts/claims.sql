-- One row per published statement that is a number: beside the recomputed one, whether they agree, and why not.
-- grain: claim
with claims as (
    select * from staging.claim
),

numbers as (
    select * from marts.numbers
),

cost_table as (
    -- The cells of Figure 3 are claims too; marts.reproduction holds them to their printed digits.
    select
        'figure_3/' || cell as claim,
        'paper, Figure 3' as said_in,
        'power of ten at which the fitted line reaches the error' as statement,
        published,
        cell,
        unrounded as recomputed,
        numbers.low,
        numbers.high,
        if(agrees, 'agrees', 'differs') as verdict,
        'printed as the floor of the logarithm' as reason,
    from marts.reproduction
    left join numbers using (cell)
    where printed_in = 'figure_3'
),

compared as (
    select
        claims.claim,
        claims.said_in,
        claims.statement,
        claims.published,
        claims.cell,
        numbers.value as recomputed,
        numbers.low,
        numbers.high,
        case claims.printed_as
            when 'rounded' then abs(round(numbers.value, claims.decimals::integer) - claims.published) < 1e-9
            when 'floor' then
                abs(floor(numbers.value * 10 ** claims.decimals) / 10 ** claims.decimals - claims.published) < 1e-9
            when 'at_least' then numbers.value >= claims.published
        end as is_printed_so,
        claims.has_rows,
        claims.reason,
    from claims
    left join numbers using (cell)
),

judged as (
    select
        * exclude (is_printed_so, has_rows, reason),
        case
            when recomputed is null or not has_rows then 'cannot_be_checked'
            when is_printed_so then 'agrees'
            when published between low and high then 'within_interval'
            else 'differs'
        end as verdict,
        reason,
    from compared
    union all
    select * from cost_table
)

select
    claim,  -- key of the statement
    said_in,  -- who printed it
    statement,  -- what is stated, in this project's words
    published,  -- the number as printed
    cell,  -- address of the recomputed number in marts.numbers; null where there is none
    recomputed,  -- the number recomputed; of other rows where the verdict is cannot_be_checked
    low,
    high,
    verdict,  -- agrees (to the printed digits), within_interval (the printed number lies in ours), differs or cannot_be_checked
    reason,  -- why it differs or cannot be checked, or what stands behind the recomputed number
from judged
order by claim
