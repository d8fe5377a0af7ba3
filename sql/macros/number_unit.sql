-- The unit of a number that is followed from build to build; that of computation is the row set's.
create temp macro number_unit(quantity, compute_unit) as
    case quantity
        when 'log10_compute' then 'log10(' || compute_unit || ')'
        when 'log10_usd' then 'log10(USD)'
        when 'log10_kg_co2' then 'log10(kg CO2e)'
        when 'lowest_error' then 'fraction'
        else '1'
    end
