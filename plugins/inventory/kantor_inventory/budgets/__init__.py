"""Budgets: how much a department may spend, on what, from when until when."""
