"""When people work: calendars with windows and holidays, and reckoning in working time."""
