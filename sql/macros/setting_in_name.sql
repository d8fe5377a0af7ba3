-- How a score was taken, where the model's name tells: "M2Det (VGG-16, multi-scale)", "CSPResNeXt-50 (10 crop)".
create temp macro setting_in_name(name) as
    case
        when regexp_matches(name, '(?i)multi[- ]?scale|image pyramid|\bTTA\b|\bMS\b') then 'multi-scale'
        when regexp_matches(name, '(?i)\b(10|ten)[- ]crop') then '10-crop'
    end
