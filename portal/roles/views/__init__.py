"""The pages about roles: what each may do, and who holds it."""

from . import assigning, editing
from .common import blueprint

__all__ = ["assigning", "blueprint", "editing"]
