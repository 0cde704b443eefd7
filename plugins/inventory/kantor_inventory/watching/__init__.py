"""Keeping an eye on stock: one episode for each item that runs low or piles up at a place."""
