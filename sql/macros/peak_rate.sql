-- The peak rate of a processor (a row of core.processors) at a precision, FLOP/s or, of int8, OP/s; null where its data sheet has none.
create temp macro peak_rate(processor, named_precision) as
    case named_precision
        when 'fp64' then struct_extract(processor, 'fp64_flop_per_s')
        when 'fp32' then struct_extract(processor, 'fp32_flop_per_s')
        when 'tf32' then struct_extract(processor, 'tf32_flop_per_s')
        when 'fp16' then struct_extract(processor, 'fp16_flop_per_s')
        when 'tensor_fp16' then struct_extract(processor, 'tensor_fp16_flop_per_s')
        when 'fp8' then struct_extract(processor, 'fp8_flop_per_s')
        when 'int8' then struct_extract(processor, 'int8_op_per_s')
    end
