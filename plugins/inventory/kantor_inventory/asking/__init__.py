"""Asking a stock room for things: who wants what, and what became of it."""
