"""Three small plugins with a migration each: what the kernel's tests are made of."""
