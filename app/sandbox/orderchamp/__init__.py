"""A stand-in Orderchamp: its GraphQL API on a copy of the publicly known schema, with every open question a switch.

The parts, from the inside out: what is kept (``records``, ``account``, ``market``), what it does (``catalogue``,
``publication``, ``stock``, ``webhooks``), how GraphQL shows and changes it (``schema``, ``fields``, ``queries``,
``mutations``, ``executing``), what a call costs (``cost``, ``throttle``), and HTTP (``server``, ``answering``,
``faults``, ``controls``).
"""
