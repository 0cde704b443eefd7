"""Work that outlives a request: jobs and the outbox."""
