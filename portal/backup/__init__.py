"""Backups: one archive of everything a portal knows, and getting it back."""
