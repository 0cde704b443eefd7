"""Numbers of documents, one after the other and without gaps, anew each year."""
