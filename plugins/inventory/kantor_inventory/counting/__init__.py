"""Counting: sheets, what was counted, what it means, and posting the difference."""
