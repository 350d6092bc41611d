"""What people write down in data/*.csv: a row each, in columns of text."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path

from tallysheet.errors import DataError
from tallysheet.extract import read_text_table


def written_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, Mapping[Hashable, str]]]:
    """Read a file, however it is delimited and encoded; nothing where there is no such file.

    Yields
    ------
    place : str
        The file and the row below its header, for errors.
    cells : dict of str to str
        The columns, without blanks around them.

    Raises
    ------
    DataError
        A column is missing, or the file cannot be read.

    Examples
    --------
    >>> list(written_rows(Path("data/none.csv"), ["kpi"]))
    []
    """
    if not path.exists():
        return
    table = read_text_table(path)
    missing = [name for name in columns if name not in table]
    if missing:
        raise DataError(path.name, f"columns {', '.join(columns)}", f"no {', '.join(missing)}", "Add them.")
    rows = table[list(columns)].apply(lambda column: column.str.strip()).to_dict("records")
    for place, cells in enumerate(rows, start=1):
        yield f"{path.name}, row {place}", cells
