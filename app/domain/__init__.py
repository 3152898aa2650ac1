"""What is true and what follows from it: products, events, desired state, plans, retries and errors.

Everything here is pure: no I/O, no clock, no randomness, no environment. Nothing here knows a platform, Orderchamp's
wire format or PostgreSQL.
"""
