"""The pages about people, departments and accounts."""

from . import accounts, departments, memberships, persons, viewing, why
from .common import blueprint

__all__ = ["accounts", "blueprint", "departments", "memberships", "persons", "viewing", "why"]
