"""What the organisation decides: names, zone, plugin settings."""
