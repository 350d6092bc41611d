"""How a column of texts is written, found by trying: each way is cast as a load would, and counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import pandas as pd

from tallysheet.casts import SIGNS, cast
from tallysheet.engine import connect
from tallysheet.headers import different, repeated
from tallysheet.schema import Column
from tallysheet.source_columns import EPOCH, UNITS, SourceColumn
from tallysheet.vocabulary import unit_of, value_of

MISSING = (
    "-",
    "--",
    "?",
    "n/a",
    "N/A",
    "NA",
    "na",
    "null",
    "NULL",
    "None",
    "none",
    "#N/A",
    "nan",
    "NaN",
    "n.c.",
)
"""What stands in a cell that has nothing to say; the empty cell says so by itself."""

DATES = (
    *("ymd", "dmy", "mdy", "%Y%m%d", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S"),
    *("%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %I:%M %p", EPOCH),
)
FITS = 0.5
"""Share of a column's cells that must become values."""
_SURE, _MOST = 0.98, 0.5
_TRIED = 5_000
"""So many cells of a column are cast, spread over the file; spellings are looked at in all."""
_MOST_VALUES = 200
_NAMED = {"contact_reason": "WISMO", "kpi": ""}
"""Columns of a team's own words, and the one that must be among them as KPIs count it; empty: none."""
_MONEY = r"[€$£]?\s*-?\d[\d\s.,]*[.,]\d{2}\s*[€$£]?"
"""No name is written so; what ends in cents is money, whatever its header may mean."""
_CLOCK = r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AaPp][Mm]\s*)?$"
_MIDNIGHT = r"[ T](?:0?0:00(?::00(?:\.0+)?)?|12:00(?::00)?\s*[Aa][Mm])\s*$"


@dataclass(frozen=True)
class Guess:
    """How a file's column could be written as one of ours.

    Parameters
    ----------
    written : SourceColumn
    share : float
        Of the filled cells, how many become a value; 0 also where none is filled yet.
    also : str
        Another order of dates that fits as well; empty: none.
    unknown : dict of str to int
        Texts that are none of the allowed values, and in how many rows; the commonest first.
    lacks : str
        A value that KPIs count, and that no text is known to stand for; empty: none.
    clock : str
        Header of the column that has the time of day, where this one has the day alone; empty: none.
    """

    written: SourceColumn
    share: float
    also: str = ""
    unknown: dict[str, int] = field(default_factory=dict)
    lacks: str = ""
    clock: str = ""


class Texts:
    """The cells of a file, to be tried.

    Parameters
    ----------
    frame : DataFrame
        All cells as text; a missing one is "".

    Attributes
    ----------
    headers : list of str
        Names of the columns as a load has them, and as a SELECT may call them.
    repeated : dict of str to str
        Of these, those whose header an earlier column has, to that header.
    unnamed : list of str
        Of these, those that the file gives no name.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        written = [str(name).strip() for name in frame.columns]
        self.headers = list(different(written))
        self.repeated = repeated(written)
        self.unnamed = [name for name, header in zip(self.headers, written, strict=True) if not header]
        numbered = frame.set_axis([f"c{number}" for number in range(frame.shape[1])], axis="columns")
        said = {text for name in numbered for text in numbered[name][numbered[name].isin(MISSING)].unique()}
        self.missing = [text for text in MISSING if text in said]
        self._filled = {name: cells[~cells.isin(["", *said])] for name, cells in numbered.items()}
        self._ends = [_written(row) for row in frame.iloc[[0, -1]].to_numpy()] if len(frame) else []
        self.rows, self.tried = len(frame), min(len(frame), _TRIED)
        self._connection: duckdb.DuckDBPyConnection = connect()
        self._known: dict[str, dict[str, float]] = {}
        for name, filled in self._filled.items():
            # The last rows are written otherwise than the first ones where a file goes on in time.
            self._connection.register(str(name), _spread(filled).to_frame("cell"))

    def guess(self, header: str, column: Column) -> Guess:
        """Find the way of writing a column by which most of its cells become values of one of ours."""
        filled = self._cells(header)
        plain = SourceColumn(header)
        if filled.empty:
            return Guess(plain, 0.0)
        if column.allowed or column.is_country:
            return _spelled(filled, column, plain)
        if column.name in _NAMED:
            return _named(filled, column, plain)
        if column.type == "VARCHAR":
            is_money = _spread(filled).str.fullmatch(_MONEY).mean() >= _SURE
            return Guess(plain, 0.0 if is_money else 1.0)
        place = str(filled.name)
        ways = list(_ways(column, header))
        shares = self._shares(place, [cast(column, way, "cell").value for way in ways])
        best = max(shares)
        if not best:
            return Guess(plain, 0.0)
        fit = [way for way, share in zip(ways, shares, strict=True) if share == best]
        chosen = min(fit, key=lambda way: self._strangeness(place, column, way)) if column.usual else fit[0]
        orders = {way.dates for way in fit} - {chosen.dates}
        also = next(iter(orders & {"dmy", "mdy"}), "")
        return Guess(chosen, best, also if best >= _SURE else "")

    def values(self, header: str, column: Column, written: SourceColumn) -> pd.Series:
        """Cast the filled cells of a column as a load would; index: their rows."""
        filled = self._cells(header)
        self._connection.register("cells", filled.to_frame("cell"))
        value = cast(column, written, "cell").value
        found = self._connection.execute(f"SELECT CAST({value} AS DOUBLE) AS value FROM cells").df()
        return found["value"].set_axis(filled.index)

    def is_empty(self, header: str) -> bool:
        """Tell whether a column has not a cell."""
        return self._cells(header).empty

    def is_a_key(self, header: str) -> bool:
        """Tell whether hardly a cell of a column is like another."""
        filled = self._cells(header)
        return bool(len(filled)) and filled.nunique() >= _SURE * len(filled)

    def repeats(self, header: str) -> int:
        """Count the cells of a column that are like an earlier one."""
        filled = self._cells(header)
        return int(filled.duplicated().sum())

    def commonest(self, header: str, most: int) -> list[str]:
        """Give the commonest texts of a column."""
        return [str(text) for text in self._cells(header).value_counts().index[:most]]

    def currency(self, header: str) -> str:
        """Give the currency whose sign most cells of a column bear; empty: none."""
        cells = _spread(self._cells(header))
        for code, signs in SIGNS.items():
            if cells.str.contains("|".join(map(re.escape, signs))).mean() > _MOST:
                return code
        return ""

    def has_local_times(self, header: str) -> bool:
        """Tell whether a cell has a time of day without an offset; midnight alone is how tools write days."""
        cells = _spread(self._cells(header))
        return bool((cells.str.contains(_CLOCK) & ~cells.str.contains(_MIDNIGHT)).any())

    def is_clock(self, header: str) -> bool:
        """Tell whether nearly all cells of a column are times of day without a day."""
        cells = _spread(self._cells(header))
        return bool(len(cells)) and bool((" " + cells).str.fullmatch(_CLOCK).mean() >= _SURE)

    def stand_in(self, rows: Iterable[Iterable[str]]) -> bool:
        """Tell whether the first and the last of the file's rows are among those of a sheet."""
        written = [_written(row) for row in rows]
        return all(end in written for end in self._ends)

    def _cells(self, header: str) -> pd.Series:
        return self._filled[f"c{self.headers.index(header)}"]

    def _shares(self, place: str, values: Sequence[str]) -> list[float]:
        """Give for each way of casting how many of the cells become values; tables ask alike, it is kept."""
        known = self._known.setdefault(place, {})
        lacking = [value for value in dict.fromkeys(values) if value not in known]
        if lacking:
            counts = ", ".join(f"count({value})" for value in lacking)
            found = self._connection.execute(f"SELECT count(*), {counts} FROM {place}").fetchall()
            filled, *good = found[0]
            known.update(zip(lacking, (float(n / filled) for n in good), strict=True))
        return [known[value] for value in values]

    def _strangeness(self, place: str, column: Column, way: SourceColumn) -> float:
        """Say how far the middle value lies outside what is usual."""
        value = cast(column, way, "cell").value
        middle = self._connection.execute(f"SELECT median({value}) FROM {place}").fetchall()[0][0]
        low, high = column.usual or (0, 0)
        return 0.0 if low <= middle <= high else max(low / max(middle, 1e-9), middle / high)


def _written(row: Iterable[str]) -> list[str]:
    return [text for text in (str(cell).strip() for cell in row) if text]


def _spread(cells: pd.Series) -> pd.Series:
    """Take cells from all over a column."""
    return cells.iloc[:: max(1, -(-len(cells) // _TRIED))]


def _ways(column: Column, header: str) -> Iterator[SourceColumn]:
    """List the ways in which a column may be written, the plainest first."""
    plain = SourceColumn(header)
    if column.type in ("DATE", "TIMESTAMP"):
        yield from (replace(plain, dates=dates) for dates in DATES)
    elif column.type == "BOOLEAN":
        yield plain
    else:
        named, units = unit_of(header), UNITS.get(column.unit, {})
        # What is in euro is so by its currency.
        others = [unit for unit in units if unit not in (column.unit, "euro")]
        given = [named] if named in units else ["", *others]
        for unit in given:
            yield from (
                replace(plain, decimal=decimal, unit="" if unit == column.unit else unit) for decimal in ".,"
            )


def _spelled(filled: pd.Series, column: Column, plain: SourceColumn) -> Guess:
    counts = filled.value_counts()
    if len(counts) > _MOST_VALUES:
        return Guess(plain, 0.0)
    found = {str(text): value_of(column, str(text)) for text in counts.index}
    spellings: dict[str, list[str]] = {}
    for text, value in found.items():
        # Capitals are of no matter to a load where it knows all values.
        if value and text.strip() != value and not (column.allowed and text.strip().lower() == value.lower()):
            spellings.setdefault(value, []).append(text)
    unknown = {text: int(counts[text]) for text, value in found.items() if not value}
    share = 1 - sum(unknown.values()) / len(filled)
    return Guess(replace(plain, values=_sorted(spellings)), share, unknown=unknown)


def _named(filled: pd.Series, column: Column, plain: SourceColumn) -> Guess:
    """Find the texts that have a name of ours; if they have to be listed, so have all others, to stay."""
    texts = [str(text) for text in filled.value_counts().index]
    counted = _NAMED[column.name]
    if len(texts) > _MOST_VALUES:
        return Guess(plain, 1.0, lacks="" if counted in texts else counted)
    found = {text: value_of(column, text) for text in texts}
    lacks = "" if counted in found.values() else counted
    if not lacks and all(value in ("", text) for text, value in found.items()):
        return Guess(plain, 1.0)
    spellings: dict[str, list[str]] = {value: [] for value in found.values() if value}
    for text, value in found.items():
        if value not in ("", text):
            spellings[value].append(text)
    others = _each_once(text for text, value in found.items() if not value)
    return Guess(replace(plain, values=_sorted(spellings) | dict.fromkeys(others, ())), 1.0, lacks=lacks)


def _sorted(spellings: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {value: tuple(sorted(_each_once(texts))) for value, texts in spellings.items()}


def _each_once(texts: Iterable[str]) -> list[str]:
    """Leave out what differs from one before by capitals and blanks alone: a load does not look at them."""
    kept: dict[str, str] = {}
    for text in texts:
        kept.setdefault(text.strip().lower(), text.strip())
    return list(kept.values())
