"""Signing in, and the page about one's own account."""

from . import second_step
from .account import blueprint as account
from .sign import blueprint as sign

__all__ = ["account", "second_step", "sign"]
