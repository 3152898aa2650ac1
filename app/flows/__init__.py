"""What the service does, one flow a module, each told from start to end.

Flows decide the order of things: what is read, what is decided by ``domain``, what is written, and in which transaction.
They know no SQL, no GraphQL and no platform; those come in as ports and adapters.
"""
