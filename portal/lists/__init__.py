"""How people like their lists: columns, row height, views they have saved."""
