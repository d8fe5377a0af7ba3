-- What a line rests on where that is few papers or trainers, fewer than five: "3 trainers", "4 papers, 4 trainers"; else null.
create temp macro rests_on_few(n_papers, n_trainers) as
    nullif(
        concat_ws(
            ', ',
            if(n_papers between 1 and 4, n_papers || if(n_papers = 1, ' paper', ' papers'), null),
            if(n_trainers between 1 and 4, n_trainers || if(n_trainers = 1, ' trainer', ' trainers'), null)
        ),
        ''
    )
