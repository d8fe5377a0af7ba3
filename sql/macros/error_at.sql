-- The error that a response is read as, the inverse of `response`. A performance below 1 would be an error above 1, which no fraction is; errors here are fractions.
create temp macro error_at(form, y) as
    case form
        when 'polynomial' then 10 ** -greatest(y, 0)
        when 'exponential' then 1 / greatest(y, 1)
    end
