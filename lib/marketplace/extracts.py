"""Extracts as a team gets them: rows become files of texts, with the dirt that belongs to them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from marketplace.columns import table
from marketplace.days import date
from marketplace.market import Market, Rows, count

_MACROS = """
CREATE MACRO moment(minutes) AS TIMESTAMP '2024-01-01' + to_minutes(CAST(minutes AS BIGINT));
CREATE MACRO stamp(minutes) AS CASE WHEN minutes < 100000000 THEN moment(minutes) END;
CREATE MACRO known(minutes) AS CASE WHEN minutes <= getvariable('now') THEN moment(minutes) END;
CREATE MACRO taken() AS moment(getvariable('now'));
CREATE MACRO paris(minutes) AS CASE WHEN minutes <= getvariable('now')
    THEN timezone('Europe/Paris', timezone('UTC', moment(minutes))) END;
CREATE MACRO doubled(local) AS
    month(local) = 10 AND day(local) >= 25 AND dayofweek(local) = 0 AND hour(local) = 2;
CREATE MACRO earlier(moment) AS CAST(moment - INTERVAL 4 HOUR AS VARCHAR);
CREATE MACRO calendar(number) AS DATE '2024-01-01' + CAST(number AS INTEGER);
CREATE MACRO dmy(number) AS strftime(calendar(number), '%d/%m/%Y');
CREATE MACRO euros(cents) AS CAST(CAST(cents AS DECIMAL(18, 0)) / 100 AS DECIMAL(18, 2));
CREATE MACRO comma(cents) AS replace(CAST(euros(cents) AS VARCHAR), '.', ',');
CREATE MACRO tracking_number(carrier, shipment) AS
    carrier || printf('%08d', shipment // 1000000 % 12 * 1000000 + shipment % 1000000);
CREATE MACRO spelling(carrier, number) AS
    getvariable('spellings')[carrier][1 + number % len(getvariable('spellings')[carrier])];
"""


@dataclass(frozen=True)
class Dirt:
    """A kind of dirt: which rows have it, what it makes of them, and what a load must make of that.

    Parameters
    ----------
    kind : str
    outcome : str
        ``quarantined``, ``cell`` (refused, its row kept), ``duplicate``, ``repaired``, ``noted`` (told of
        the file) or ``silent`` (no load can know).
    share : float
        Of the rows; 0: all that ``where`` allows, as they come about by themselves.
    where : str
        SQL over the cells.
    set : dict of str to str
        Column to SQL over the cells.
    copy : bool
        Whether the rows stand in the file twice.
    only : str
        The one file that has it; empty: all.
    column, reason : str
        What a load tells of a refused cell.
    """

    kind: str
    outcome: str
    share: float = 0.0
    where: str = "true"
    set: dict[str, str] = field(default_factory=dict)
    copy: bool = False
    only: str = ""
    column: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Extract:
    """An extract: which rows it holds, how they are parted into files and how those are written."""

    name: str
    rows: str
    month: str
    file: str
    select: str
    dirt: tuple[Dirt, ...]
    delimiter: str = ""
    quote_all: bool = False
    quarterly: bool = False
    together: bool = True

    def file_name(self, month: str) -> str:
        """Name the file of a month: its own, or that of its quarter.

        Examples
        --------
        >>> claims = Extract("claims", "claims", "opened_at", "", "", (), quarterly=True)
        >>> claims.file_name("2026-05")
        '2026-Q2'
        """
        return f"{month[:5]}Q{(int(month[5:]) + 2) // 3}" if self.quarterly else month

    def dirt_of(self, file: str) -> list[Dirt]:
        """Give the dirt of a file: its own if it has some, else what all files have."""
        own = [dirt for dirt in self.dirt if dirt.only == file]
        return own or [dirt for dirt in self.dirt if not dirt.only]


def read_extracts() -> dict[str, Extract]:
    """Read extracts.toml and the SELECT of each extract."""
    folder = resources.files("marketplace") / "extracts"
    found = tomllib.loads((folder / "extracts.toml").read_text(encoding="utf-8"))
    return {
        name: Extract(
            name=name,
            select=(folder / f"{name}.sql").read_text(encoding="utf-8"),
            dirt=tuple(Dirt(**dirt) for dirt in entry.pop("dirt")),
            **entry,
        )
        for name, entry in found.items()
    }


@dataclass(frozen=True)
class Written:
    """A file that was written: its extract, name, rows, and the rows of each kind of dirt."""

    extract: str
    name: str
    rows: int
    dirty: dict[str, int]


class Writer:
    """Writes extracts into a folder, one after another."""

    def __init__(self, market: Market, folder: Path) -> None:
        self._market, self._folder = market, folder
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute(_MACROS)
        carriers = market.world.carriers
        self._connection.execute(
            "SET VARIABLE spellings = map(?::VARCHAR[], ?::VARCHAR[][])",
            [list(carriers), [list(one.spellings) for one in carriers.values()]],
        )

    def write(
        self,
        extract: Extract,
        files: Mapping[str, Rows],
        *,
        taken: int | None = None,
        dirt: Sequence[Dirt] | None = None,
    ) -> list[Written]:
        """Write files of an extract that have the same dirt.

        Parameters
        ----------
        extract : Extract
        files : mapping of str to dict
            What a file is about, such as 2026-07, to its rows.
        taken : int, optional
            Minute at which they are taken, and after which nothing is known; default: the end.
        dirt : sequence of Dirt, optional
            Default: that of the extract.
        """
        now = self._market.now if taken is None else taken
        dirt = extract.dirt_of(next(iter(files))) if dirt is None else dirt
        self._connection.register(
            "rows", pa.concat_tables([self._table(extract, file, rows) for file, rows in files.items()])
        )
        self._connection.execute(
            f"SET VARIABLE now = {now}; CREATE OR REPLACE TABLE cells AS {_cells(extract, dirt)}"
        )
        hits = "".join(f", count(*) FILTER (WHERE dirt_{place})" for place in range(len(dirt)))
        counted = self._connection.execute(f"SELECT file, count(*){hits} FROM cells GROUP BY file").fetchall()
        counts = {file: numbers for file, *numbers in counted}
        written = []
        for file in files:
            path = self._folder / "raw" / extract.file.format(file=file, taken=_time_name(now))
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection.execute(f"COPY ({_dirty(extract, file, dirt)}) TO '{path}' ({_form(extract)})")
            size, *dirty = counts.get(file, [0] * (1 + len(dirt)))
            copies = sum(rows for one, rows in zip(dirt, dirty, strict=True) if one.copy)
            kinds = dict(zip((one.kind for one in dirt), dirty, strict=True))
            written.append(Written(extract.name, path.name, size + copies, kinds))
        return written

    def _table(self, extract: Extract, file: str, rows: Rows) -> pa.Table:
        """Give the rows of a file, each with its file and a number that decides its dirt."""
        size = count(rows)
        draws = self._market.draw("dirt", extract.name, file).random(size)
        return table(rows | {"draw": draws, "file": np.full(size, file)})


def _cells(extract: Extract, dirt: Sequence[Dirt]) -> str:
    """Write the SELECT of the cells, and of whether a row has each kind of dirt: ``dirt_0`` and on."""
    tests = "".join(f", {test} AS dirt_{place}" for place, test in enumerate(_tests(dirt)))
    return f"SELECT *{tests} FROM ({extract.select})"


def _dirty(extract: Extract, file: str, dirt: Sequence[Dirt]) -> str:
    """Write the SELECT of the cells of a file with their dirt, copies last."""
    changes = []
    for column in {column: None for one in dirt for column in one.set}:
        cases = [
            f"WHEN dirt_{place} THEN {one.set[column]}" for place, one in enumerate(dirt) if column in one.set
        ]
        # Text, so that anything may stand in a cell; Parquet keeps its types.
        clean = f'CAST("{column}" AS VARCHAR)' if extract.delimiter else f'"{column}"'
        changes.append(f'CASE {" ".join(cases)} ELSE {clean} END AS "{column}"')
    replaced = f" REPLACE ({', '.join(changes)})" if changes else ""
    names = [f"dirt_{place}" for place in range(len(dirt))]
    hidden = ", ".join(["file", "draw", *names])
    copied = [name for name, one in zip(names, dirt, strict=True) if one.copy]
    return " UNION ALL ".join(
        [
            f"SELECT * EXCLUDE ({hidden}){replaced} FROM cells WHERE file = '{file}'",
            *(f"SELECT * EXCLUDE ({hidden}) FROM cells WHERE file = '{file}' AND {name}" for name in copied),
        ]
    )


def _tests(dirt: Sequence[Dirt]) -> Iterator[str]:
    """Give each kind its own range of the draws, so that no row has two."""
    start = 0.0
    for one in dirt:
        end = start + one.share
        drawn = f"draw >= {start!r} AND draw < {end!r} AND " if one.share and one.share < 1 else ""
        yield f"({drawn}({one.where}))"
        start = end if one.share < 1 else start


def _time_name(minute: int) -> str:
    return f"{date(minute // 1_440):%Y%m%d}T{minute % 1_440 // 60:02}{minute % 60:02}"


def _form(extract: Extract) -> str:
    if not extract.delimiter:
        return "FORMAT parquet"
    quoted = ", FORCE_QUOTE *" if extract.quote_all else ""
    return f"FORMAT csv, HEADER, DELIMITER '{extract.delimiter}'{quoted}"
