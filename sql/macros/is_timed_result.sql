-- Whether a group of MLPerf's runs is a result of a fixed quality: the reference's network and settings, by the rules, once.
create temp macro is_timed_result(division, status, is_accelerator, is_repeated) as
    division = 'closed' and status = 'ok' and is_accelerator and not is_repeated
