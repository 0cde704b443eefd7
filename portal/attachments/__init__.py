"""Files that lie with a record: kept by their content, given out as downloads only."""
