-- A model's name as it looks without what its list adds: who ported it, recipe and data. Lower case, letters and digits alone.
-- "levit-384_3rdparty_in1k" and "levit_384.fb_dist_in1k" are levit384; "ConvNeXt-XL (ImageNet-22K)" is convnextxl; "Llama-2-70b-hf" llama270b.
create temp macro plain_name(name) as
    regexp_replace(
        regexp_replace(
            regexp_replace(lower(name), '^([\w.-]+/|(tf|tv|legacy)_)|\(.*\)', '', 'g'),
            '([_-](3rdparty|\d+xb\d+|in1k|in21k|hf)|\.[a-z]).*$', ''
        ),
        '[^a-z0-9]', '', 'g'
    )
