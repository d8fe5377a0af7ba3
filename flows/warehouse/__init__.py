"""The DuckDB file: staged, transformed, checked and published by rename. It runs what it is given."""
