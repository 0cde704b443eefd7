"""The main jobs of the people it is made for, done in a real browser."""
