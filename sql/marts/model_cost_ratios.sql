-- One row per kind of processor and commitment: hardware burdens priced by their own processors over their source's own costs.
-- grain: processor_kind, commitment
with ratios as (
    -- Without a list of processors the kind of some is not known.
    select coalesce(processor_kind, 'unknown') as processor_kind, commitment, log10(cost_ratio) as log10_ratio, price_days_apart
    from marts.model_costs
    where compute_measure = 'hardware_burden' and cost_ratio is not null
),

of_kinds as (
    select * from ratios
    union all
    select * replace ('all' as processor_kind) from ratios
)

select
    processor_kind,  -- gpu, tpu, cpu …, mixed; unknown where no list in use tells; or all of them
    commitment,
    count(*) as n,  -- models with both costs
    10 ** median(log10_ratio) as cost_ratio,  -- median; renting and buying over years are not the same, so that 1 is not expected
    10 ** quantile_cont(log10_ratio, 0.1) as cost_ratio_low,  -- the tenth part lies below
    10 ** quantile_cont(log10_ratio, 0.9) as cost_ratio_high,  -- the tenth part lies above
    stddev_samp(log10_ratio) as spread_decades,  -- standard deviation of log10 of the ratio
    median(price_days_apart) as price_days_apart,  -- median of the days between run and price
from of_kinds
group by processor_kind, commitment
order by processor_kind, commitment
