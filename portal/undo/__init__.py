"""Taking back what was just done: one step, once, by whoever did it."""
