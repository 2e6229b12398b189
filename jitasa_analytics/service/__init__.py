"""People at work: accounts, the life of a request, the HTTP API, the audit log, the public file."""
