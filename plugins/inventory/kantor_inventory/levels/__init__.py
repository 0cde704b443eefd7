"""How much to keep: levels found from usage, measured lead times, prices by quantity."""
