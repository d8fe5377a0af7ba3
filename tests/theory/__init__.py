"""A package, for other rooms have test files of the same names."""
