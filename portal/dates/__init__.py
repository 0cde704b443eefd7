"""The calendar: what falls on which day, gathered from every plugin, as a page and as a feed."""
