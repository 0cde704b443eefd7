"""Who is told when something happens to a record."""
