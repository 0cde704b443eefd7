"""Accounts, sessions, signing in and links for it."""
