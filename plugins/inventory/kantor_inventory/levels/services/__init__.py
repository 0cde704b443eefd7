"""What levels are worked out from, and who may change them."""
