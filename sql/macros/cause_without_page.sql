-- Why a point moved whose own pages have the same bytes, as far as it can be told: by what else changed since the state before.
create temp macro cause_without_page(is_other_settings, is_other_code, is_other_page) as
    case
        when not (is_other_settings or is_other_code) then 'elsewhere'
        when is_other_page then 'undivided'
        when is_other_settings then 'rules'
        else 'code'
    end
