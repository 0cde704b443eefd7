"""Every component of the kit with invented data, for eyes and for axe; no database behind it."""
