"""Tables for papers: what each shows is declared (`*.toml`), laid out without a format, and written in each."""
