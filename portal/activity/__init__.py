"""The story of a record: comments, files, changes, decisions and what its plugin tells, as one."""
