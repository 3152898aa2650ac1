"""Portions: the first of many products, as many as may be in memory together."""

from collections.abc import Sequence


def portion(products: str, *, by: str, of: Sequence[str] = ("desired",)) -> str:
    """Return a statement for the first rows of ``products``, until their documents are ``:size`` bytes long; one at least.

    ``products`` selects at most so many rows in the order of ``by``; no more of them than that are looked at. ``of`` are the
    columns with the documents. How long a text is, PostgreSQL knows without reading it.
    """
    length = " + ".join(f"coalesce(octet_length({each}), 0)" for each in of)
    return (
        "SELECT * FROM ("
        f"SELECT *, sum({length}) OVER (ORDER BY {by} ROWS UNBOUNDED PRECEDING) AS so_far FROM ({products}) AS p"
        f") AS p WHERE so_far - ({length}) < :size ORDER BY {by}"
    )
