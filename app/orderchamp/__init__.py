"""Orderchamp's GraphQL API, as far as a supplier's catalogue needs it.

``documents`` are what is asked, ``codec`` turns changes into variables and answers into observed states, ``answers`` tells
what went wrong, ``cost`` what a document is charged, ``unknowns`` holds every detail of the real API that nobody could read,
and ``client`` is the Marketplace.
"""
