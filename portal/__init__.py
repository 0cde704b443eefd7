"""Kantor's core: the kernel, the plugin runtime, and the parts every office needs."""

__version__ = "1.0.0.dev0"
