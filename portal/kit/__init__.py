"""The components of pages with their samples, for those who write plugins."""
