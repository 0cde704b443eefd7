"""Records that have to do with one another."""
