"""Portions: the first of the products that wait, as many as may be in memory together."""


def portion(waiting: str, *, by: str) -> str:
    """Return a statement for the first rows of ``waiting``, until their desired states are ``:size`` bytes long; one at least.

    ``waiting`` selects at most so many rows in the order of ``by``; no more of them than that are looked at. How long a text
    is, PostgreSQL knows without reading it.
    """
    return (
        "SELECT * FROM ("
        f"SELECT *, sum(octet_length(desired)) OVER (ORDER BY {by} ROWS UNBOUNDED PRECEDING) AS so_far FROM ({waiting}) AS w"
        f") AS p WHERE so_far - octet_length(desired) < :size ORDER BY {by}"
    )
