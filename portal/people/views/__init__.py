"""The pages about people, departments and accounts."""

from . import accounts, departments, memberships, persons, viewing
from .common import blueprint

__all__ = ["accounts", "blueprint", "departments", "memberships", "persons", "viewing"]
