"""Persons, departments and memberships."""
