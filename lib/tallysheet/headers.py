"""Headers of a file, and the names that its columns have in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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
