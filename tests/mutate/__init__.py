"""Break the code on purpose and count which breaks the tests notice."""
