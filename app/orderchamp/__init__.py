"""Orderchamp's GraphQL API, as far as a supplier's catalogue needs it.

``documents`` are what is asked and what it costs, ``codec`` turns changes into variables and answers into observed states,
``answers`` tells what went wrong, ``caller`` pays, sends and repeats, ``writes`` puts changes together, ``unknowns`` holds
every detail of the real API that nobody could read, and ``client`` is the Marketplace.
"""
