"""Notices: what waits for somebody, told once in the portal and, as each person likes, by mail."""
