"""Roles, their permissions and who holds them."""
