-- What a line rests on where that is few clusters or trainers, fewer than five: "3 trainers", "4 papers, 4 trainers"; else null.
-- A cluster is a paper, or where no paper is known a model (all models of one architecture together), and is called what it is.
create temp macro rests_on_few(n_clusters, n_papers, n_trainers) as
    nullif(
        concat_ws(
            ', ',
            if(
                n_clusters between 1 and 4,
                n_clusters || case
                    when n_papers = 0 then if(n_clusters = 1, ' model', ' models')
                    when n_papers < n_clusters then ' papers and models'
                    else if(n_clusters = 1, ' paper', ' papers')
                end,
                null
            ),
            if(n_trainers between 1 and 4, n_trainers || if(n_trainers = 1, ' trainer', ' trainers'), null)
        ),
        ''
    )
