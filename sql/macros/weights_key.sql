-- The key of a training's name: that of the model's name, without what tells how its score was taken.
-- "M2Det (VGG-16, multi-scale)" and "M2Det (VGG-16, single-scale)" are one network, evaluated twice.
create temp macro weights_key(key) as
    regexp_replace(key, '(multi|single)scale(test(ing|ed)?)?|imagepyramid|(10|ten)crop|sing(le|el)model|single$', '', 'g')
