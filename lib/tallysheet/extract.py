"""Read an extract as it was written: every cell a text, nothing guessed, nothing lost."""

from __future__ import annotations

import contextlib
import hashlib
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from tallysheet.engine import connect, first_line, identifier, literal, strict_cast
from tallysheet.errors import DataError

READABLE = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".zip", ".parquet")
MISSING_MARKS = ("NA", "N/A", "NaN", "nan", "NULL", "null", "None")
"""What other tools write for a missing value; only `typed_view` reads them so."""

_MAX_UNPACKED_BYTES = 8 << 30


@dataclass(frozen=True)
class TextTable:
    """A table in a connection whose columns are all text, with the ``line`` that each row came from."""

    name: str
    columns: tuple[str, ...]
    rows: int


def read_text_table(path: str | Path) -> pd.DataFrame:
    r"""Read a file as text.

    Parameters
    ----------
    path : str or Path
        A csv, tsv or txt (also gz, or alone in a zip) or parquet file with a header line.

    Returns
    -------
    DataFrame
        Every cell as written after unquoting, as str; a missing cell is ``""``.

    Raises
    ------
    DataError
        The file is missing, empty, not a regular file, of an unknown kind, or cannot be read.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "parcels.csv"
    ...     _ = path.write_text("parcel,weight\n007,\n")
    ...     read_text_table(path).to_dict("records")
    [{'parcel': '007', 'weight': ''}]
    """
    with connect() as connection:
        table = scan(connection, Path(path), "extract")
        columns = ", ".join(identifier(column) for column in table.columns)
        frame = connection.execute(f"SELECT {columns} FROM extract ORDER BY line").df()
    return frame.astype("str")


def scan(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> TextTable:
    """Copy a file into a table of texts.

    The table has the file's columns in order and ``line``, the number of the record in the file
    (the header is line 1).

    Raises
    ------
    DataError
        As for `read_text_table`.
    """
    check_file(path)
    with _plain(path) as plain:
        reader = (
            f"read_parquet({literal(str(plain))})"
            if plain.suffix == ".parquet"
            else f"read_csv({literal(str(plain))}, all_varchar = true, header = true, strict_mode = true, "
            f"skip = 0, comment = '')"
        )
        try:
            # The columns are named one by one, so that a file's own column called line is kept.
            described = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()
            columns = [row[0] for row in described]
            cells = ", ".join(
                f"coalesce(CAST({identifier(column)} AS VARCHAR), '') AS {identifier(column)}"
                for column in columns
            )
            connection.execute(
                f"CREATE OR REPLACE TABLE {identifier(name)} AS "
                f"SELECT {cells}, row_number() OVER () + 1 AS {identifier(_line(columns))} FROM {reader}"
            )
        except duckdb.Error as error:
            raise DataError(
                str(path),
                "a readable table",
                first_line(error).replace(str(plain), path.name),
                "Extract it again.",
            ) from None
    rows = connection.execute(f"SELECT count(*) FROM {identifier(name)}").fetchall()[0][0]
    if not rows:
        raise DataError(str(path), "a header line and rows", "no row", "Extract it again.")
    return TextTable(name, tuple(columns), rows)


def _line(columns: list[str]) -> str:
    if "line" in (column.lower() for column in columns):
        raise DataError("extract", "no column named line", "one", "Rename that column in the extract.")
    return "line"


def check_file(path: Path) -> None:
    """Refuse what is not a regular, filled file of a kind that can be read."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(str(path), "a file", "none", "Check the name.") from None
    if not stat.S_ISREG(path.stat().st_mode if stat.S_ISLNK(status.st_mode) else status.st_mode):
        raise DataError(str(path), "a regular file", "something else", "Put the extract itself there.")
    if not path.name.lower().endswith(READABLE):
        raise DataError(
            str(path), f"a file of kind {', '.join(READABLE)}", repr(path.suffix), "Export it as CSV."
        )
    if path.stat().st_size == 0:
        raise DataError(str(path), "a header line and rows", "an empty file", "Extract it again.")


@contextlib.contextmanager
def _plain(path: Path) -> Iterator[Path]:
    """Give a file that DuckDB reads itself: a zip's only table is unpacked beside nobody, and removed."""
    if path.suffix.lower() != ".zip":
        yield path
        return
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="tallysheet-") as folder:
            members = [info for info in archive.infolist() if not info.is_dir()]
            tables = [info for info in members if info.filename.lower().endswith(READABLE)]
            if len(tables) != 1:
                raise DataError(
                    str(path), "one table in the zip", f"{len(tables)}", "Put one table in each zip."
                )
            if tables[0].file_size > _MAX_UNPACKED_BYTES:
                raise DataError(
                    str(path), "8 GiB unpacked at most", f"{tables[0].file_size} bytes", "Split it."
                )
            # Its own name is not used, so that a member called ../x cannot leave the folder.
            plain = Path(folder) / f"member{Path(tables[0].filename).suffix.lower()}"
            with archive.open(tables[0]) as packed, plain.open("wb") as unpacked:
                while block := packed.read(1 << 20):
                    unpacked.write(block)
            yield plain
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise DataError(str(path), "a whole zip file", str(error), "Extract it again.") from None


def sha256(path: Path) -> str:
    """Fingerprint a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def typed_view(connection: duckdb.DuckDBPyConnection, table: TextTable, name: str) -> None:
    """Lay types over a table of texts, for expressions that a person types.

    A column becomes BIGINT, else DOUBLE, DATE or TIMESTAMP, if each of its filled cells casts; an
    empty cell is NULL, and so is a usual mark for missing (`MISSING_MARKS`) in a column that casts
    without it. Every other column stays text.
    """
    types = ("BIGINT", "DOUBLE", "DATE", "TIMESTAMP")
    marks = ", ".join(literal(mark) for mark in ("", *MISSING_MARKS))
    tests = [
        f"bool_and({strict_cast(identifier(column), kind)} IS NOT NULL) "
        f"FILTER (WHERE {identifier(column)} NOT IN ({marks}))"
        for column in table.columns
        for kind in types
    ]
    casts = connection.execute(f"SELECT {', '.join(tests)} FROM {identifier(table.name)}").fetchall()[0]
    cells = []
    for position, column in enumerate(table.columns):
        fits = casts[position * len(types) : (position + 1) * len(types)]
        kind = next((kind for kind, fit in zip(types, fits, strict=True) if fit), None)
        quoted = identifier(column)
        cell = f"TRY_CAST({quoted} AS {kind})" if kind else f"nullif({quoted}, '')"
        cells.append(f"{cell} AS {quoted}")
    select = f"SELECT {', '.join(cells)} FROM {identifier(table.name)}"
    connection.execute(f"CREATE OR REPLACE VIEW {identifier(name)} AS {select}")
