"""PostgreSQL: tables, and the questions that the flows ask of them.

One module a subject. Everything that grows is keyed by application. Leases, due times and their comparisons use the
database's clock, so that replicas need not agree on the time. Nothing here decides anything: what a row means for the
supplier is decided in ``domain`` and ``flows``.
"""
