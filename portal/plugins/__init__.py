"""Which plugins are there, which are switched on for whom."""
