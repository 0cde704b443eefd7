"""Imports a library that is not installed, after its tables are already declared."""

from .models import Base
from .views import blueprint

__all__ = ["Base", "blueprint"]
