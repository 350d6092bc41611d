"""Headers of a file, and the names that its columns have in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

_BANDED = 0.6
"""Share of the headers that stand under one they share, where a file has two lines of them."""


def different(names: Iterable[str]) -> tuple[str, ...]:
    """Make column names different from one another, from ``line`` and from blank.

    Examples
    --------
    >>> different(["id", "", "ID", "line"])
    ('id', 'column_2', 'ID_3', 'line_4')
    """
    taken = {"line"}
    made = []
    for position, name in enumerate(names, start=1):
        # DuckDB's results end a name at a NUL.
        wanted = name.replace("\x00", "").strip() or f"column_{position}"
        while wanted.lower() in taken:
            wanted = f"{wanted}_{position}"
        taken.add(wanted.lower())
        made.append(wanted)
    return tuple(made)


def repeated(headers: Sequence[str]) -> dict[str, str]:
    """Find columns whose header an earlier one has: the name of each in SQL, to the earlier one's header.

    Examples
    --------
    >>> repeated(["id", "Scan", "", "scan ", ""])
    {'scan_4': 'Scan'}
    """
    first: dict[str, str] = {}
    found = {}
    for name, header in zip(different(headers), headers, strict=True):
        if key := header.strip().lower():
            if key in first:
                found[name] = first[key]
            first.setdefault(key, header.strip())
    return found


def own_names(headers: Sequence[str]) -> dict[str, list[str]]:
    """Give each header, and it without the words above it, where most share some with their neighbour.

    There the first word of one that shares none may stand above it alone.

    Examples
    --------
    >>> names = own_names(["Colis N°", "Colis Commande", "Transport Nom", "Transport Poids", "Note"])
    >>> names["Transport Nom"], names["Note"]
    (['Transport Nom', 'Nom'], ['Note'])
    >>> own_names(["Date", "Seller name", "Seller country", "Status"])["Seller name"]
    ['Seller name']
    """
    words = [header.split() for header in headers]
    shared = [0] * len(words)
    for place, (one, other) in enumerate(pairwise(words)):
        alike = [a == b for a, b in zip(one[:-1], other[:-1], strict=False)]
        count = [*alike, False].index(False)
        shared[place], shared[place + 1] = max(shared[place], count), count
    if sum(count > 0 for count in shared) < _BANDED * len(words):
        return {header: [header] for header in headers}
    return {
        header: [header, *(" ".join(each[at:]) for at in range(1, min(max(count, 1) + 1, len(each))))]
        for header, each, count in zip(headers, words, shared, strict=True)
    }
