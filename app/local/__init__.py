"""Everything on one machine: an embedded PostgreSQL, the service, the sandbox, and a walk through what it does.

For a first look, for the demonstration, and for tests; production starts ``app.cli`` by itself.
"""
