"""The tree of sites, rooms and shelves."""
