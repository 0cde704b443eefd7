"""What people say about a record, to everybody who sees it or among those who handle it."""
