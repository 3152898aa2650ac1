"""The promise, proven on real processes: ``make proof``.

Each run starts the service with its sandbox, lets a shop live, breaks something with a printed random seed, waits for
quiet, and then asks the database and the sandbox, from outside, whether anything was lost, doubled or left apart.
"""
