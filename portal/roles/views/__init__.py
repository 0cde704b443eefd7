"""The pages about roles: what each may do, and who holds it."""

from . import asking, assigning, editing
from .common import blueprint

__all__ = ["asking", "assigning", "blueprint", "editing"]
