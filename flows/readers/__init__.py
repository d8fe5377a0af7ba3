"""What parsers are made of: records and their cells, tables of a page, phrases that name processors, the row types."""
