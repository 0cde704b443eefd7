"""Signing in, and the page about one's own account."""

from .account import blueprint as account
from .sign import blueprint as sign

__all__ = ["account", "sign"]
