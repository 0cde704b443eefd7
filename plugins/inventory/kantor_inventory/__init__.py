"""Stock, exactly: items, places, a two-sided ledger, and imports of real stock lists."""
