"""Content-addressed files and uploads."""
