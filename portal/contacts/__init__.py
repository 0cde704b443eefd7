"""Outside persons and organisations."""
