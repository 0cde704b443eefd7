"""What can be done with stock. Knows the unit of work, not Flask."""
