"""Labels: what is printed on them, and where their codes lead."""
