-- Whether a selection keeps points for their low error: then no interval of their line means what it says.
create temp macro chosen_by_error(selection) as
    selection in ('frontier', 'best_per_paper', 'best_per_year')
