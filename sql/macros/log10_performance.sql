-- log10 of what grows as a score without a full scale gets better: 1/score of a rate of errors, a perplexity and bits; of Elo the odds of winning against one opponent, ten to one for 400 points; of a time horizon the minutes.
create temp macro log10_performance(metric, score) as
    case metric
        when 'word_error_rate' then -log10(score / 100)
        when 'perplexity' then -log10(score)
        when 'bits_per_character' then -log10(score)
        when 'elo' then score / 400
        when 'time_horizon' then log10(score)
    end
