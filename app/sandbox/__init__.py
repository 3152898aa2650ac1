"""A stand-in Orderchamp and stand-in shops, as real HTTP servers on this machine: ``python -m app.sandbox --help``.

They share no code with the service, so that the two cannot share a mistake; everything here is written from the public
facts alone. Nothing here is meant to be reached from outside.
"""
