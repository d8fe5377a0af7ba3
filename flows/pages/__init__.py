"""From the web to typed rows: fetching, the lock over kept pages, versions, parsing, facts that ship."""
