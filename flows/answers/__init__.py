"""What a person asks of the warehouse: SQL, a fit of their own, a cost, names that look alike."""
