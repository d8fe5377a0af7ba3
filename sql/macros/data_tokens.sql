-- What a name of weights tells of the data before the last: ImageNet-21k (22k), 12k, LAION, OpenAI's CLIP, JFT, a teacher.
create temp macro data_tokens(name) as
    concat_ws(
        ' ',
        if(regexp_matches(lower(name), 'in-?2[12]k|22k|21k'), '21k', null),
        if(regexp_matches(lower(name), 'in-?12k'), '12k', null),
        regexp_extract_all(lower(name), 'laion|openai|mae|beitv2|dist|fcmae|noema')::varchar
    )
