-- How a score was taken, where the model's name tells: "M2Det (VGG-16, multi-scale)", "CSPResNeXt-50 (10 crop)", "gpt-5_high".
-- "Parallel Multi-scale Attention" is what a network does, and no setting.
create temp macro setting_in_name(name) as
    case
        when regexp_matches(name, '(?i)multi[- ]?scale( test\w*)?\s*(\)|,|$)|image pyramid|\bTTA\b|\bMS\b') then 'multi-scale'
        when regexp_matches(name, '(?i)\b(10|ten)[- ]crop') then '10-crop'
        when regexp_matches(name, '_(\d+K|minimal|low|medium|high|xhigh)$') then 'thinking ' || regexp_extract(name, '_(\w+?)$', 1)
    end
