-- The y of a line at an error: what each form takes as its response (flows/fits/forms.py); null for what is no line.
create temp macro response(form, error) as
    case form
        when 'polynomial' then -log10(error)
        when 'exponential' then 1 / error
    end
