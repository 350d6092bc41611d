"""The ledger: what was loaded, what was set aside and why, written beside the clean tables."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallysheet.errors import DataError
from tallysheet.files import write_text
from tallysheet.language import read_language
from tallysheet.note import note_text
from tallysheet.schema import table as schema_table

if TYPE_CHECKING:
    import pandas as pd

FILE_COLUMNS = [
    *("source", "table", "file", "sha256", "bytes", "loaded_at"),
    *("rows", "good", "quarantined", "duplicates", "corrections", "cells"),
]
REASON_COLUMNS = ["source", "column", "reason", "row_kept", "cells"]
FORMAT = 4
"""Of the record; one of another format counts as none."""
NOTE_COLUMNS = ["source", "file", "kind", "named", "wording"]
_OF_A_STATE: dict[str, type] = {
    **dict.fromkeys(("as_of", "key"), str),
    **dict.fromkeys(("notes", "reasons", "checked"), list),
    **dict.fromkeys(("headers", "written"), dict),
}


@dataclass(frozen=True)
class Ledger:
    """What was loaded: for each main file, rows in = good + quarantined + duplicates.

    Parameters
    ----------
    files : DataFrame
        One row a main file: source, table, file, sha256, bytes, loaded_at (when it was taken or, if
        nobody says, first loaded), rows, good, quarantined, duplicates, corrections (good rows that
        change what an earlier extract said) and cells (refused in rows that are good).
    reasons : DataFrame
        Why cells were refused: source, column, reason, row_kept, cells; most frequent first.
    notes : DataFrame
        What no row shows: source, file, kind, named and wording (see `tallysheet.note.Note`) and its text
        in English; such as new columns, preambles, a file that shrank.
    as_of : datetime
        When the newest extract was taken, UTC.
    state : str
        Fingerprint of all inputs and of the code that reads them.
    folder : Path
        The clean folder of that state.
    elsewhere : tuple of str
        Tables whose rows lie in a warehouse alone.
    taken_at : mapping of str to datetime
        When the newest extract of a table was taken, UTC; of those of which every source says it.
    """

    files: pd.DataFrame
    reasons: pd.DataFrame
    notes: pd.DataFrame
    as_of: dt.datetime
    state: str
    folder: Path
    elsewhere: tuple[str, ...] = ()
    taken_at: Mapping[str, dt.datetime] = field(default_factory=dict)


def read_record(path: Path) -> dict[str, Any]:
    """Read what the last load wrote; empty if there was none.

    Raises
    ------
    DataError
        The file is damaged. It is not taken for none, for it alone may say when an extract was taken.
    """
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        lacking = _lacking(record)
    except ValueError as error:
        lacking = str(error)
    if lacking:
        advice = "Bring it back from a copy or remove it; extracts without a time then count as taken now."
        raise DataError(str(path), "the record of the last load", lacking, advice)
    return dict(record) if record["format"] == FORMAT else {}


def _lacking(record: object) -> str:
    """Say what keeps JSON from being a record; empty: nothing does."""
    if not isinstance(record, dict):
        return "other JSON than an object"
    if record.get("format", FORMAT) != FORMAT:
        return ""
    # Where rows were forgotten there is no state, and the files tell when each was first loaded.
    wanted = {"format": int, "state": str, "files": list} | (_OF_A_STATE if record.get("state") else {})
    lacking = [name for name, kind in wanted.items() if not isinstance(record.get(name), kind)]
    return f"none of {', '.join(lacking)}" if lacking else ""


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Put a record in the place of the last, at once and whole."""
    write_text(path, json.dumps({**record, "format": FORMAT}, indent=1, sort_keys=True))


def newest_event(known: Iterable[tuple[str, Any]]) -> Any:
    """Give the moment up to which a load tells what happened, by the newest of each table.

    What people write down ahead, such as next year's targets and a strike that is announced, does not move
    it: nothing has happened until then. A load of nothing else ends with the last of that.

    Examples
    --------
    >>> newest_event([("shipments", "2026-11-16"), ("targets", "2027-01-01")])
    '2026-11-16'
    """
    every = list(known)
    return max(
        [moment for table, moment in every if schema_table(table).week_of] or [moment for _, moment in every]
    )


def as_ledger(record: dict[str, Any], clean: Path) -> Ledger:
    """Give a record as tables."""
    import pandas as pd

    english = read_language("en")
    texts = [note_text(one["kind"], one["named"], one["wording"], english) for one in record["notes"]]
    return Ledger(
        files=pd.DataFrame(record["files"], columns=FILE_COLUMNS),
        reasons=pd.DataFrame(record["reasons"], columns=REASON_COLUMNS),
        notes=pd.DataFrame(record["notes"], columns=NOTE_COLUMNS).assign(text=texts),
        as_of=dt.datetime.fromisoformat(record["as_of"]),
        state=record["state"],
        folder=clean / record["state"],
        elsewhere=tuple(record.get("elsewhere", ())),
        taken_at={
            table: dt.datetime.fromisoformat(moment) for table, moment in record.get("taken_at", {}).items()
        },
    )
