"""The pages of asking a stock room, of answering, and of buying what was asked for."""

from . import buying, items, requests

__all__ = ["buying", "items", "requests"]
