"""The interface kit: icons, formats, forms, lists, and how a page is put together."""
