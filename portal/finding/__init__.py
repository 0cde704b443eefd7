"""Finding records of every kind by words: one index that the database keeps current by itself."""
