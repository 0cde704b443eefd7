"""A new plugin, written out whole: ``kantor plugin new``."""
