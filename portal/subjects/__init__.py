"""Records that people talk about: what the portal knows of each kind, and finding one of them."""
