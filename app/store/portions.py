"""Portions: the first of many products or deliveries, as many as may be in memory together."""

from collections.abc import Sequence


def portion(selected: str, *, by: str, of: Sequence[str] = ("desired",)) -> str:
    """Return a statement for the first rows of those ``selected``, until their documents are ``:size`` bytes long; one at least.

    At most so many rows are selected, in the order of ``by``; no more of them than that are looked at. ``of`` are the
    columns with the documents. How long one is, PostgreSQL knows without reading it.
    """
    length = " + ".join(f"coalesce(octet_length({each}), 0)" for each in of)
    return (
        "SELECT * FROM ("
        f"SELECT *, sum({length}) OVER (ORDER BY {by} ROWS UNBOUNDED PRECEDING) AS so_far FROM ({selected}) AS p"
        f") AS p WHERE so_far - ({length}) < :size ORDER BY {by}"
    )
