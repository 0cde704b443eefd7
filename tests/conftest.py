"""Tests of the portal itself; the fixtures come with it."""
