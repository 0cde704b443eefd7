"""What may be done about ordering, each in a unit of work."""
