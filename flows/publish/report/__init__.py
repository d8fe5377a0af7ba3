"""The report: static pages of one warehouse that need no server and ask for nothing from outside."""
