"""What a load depends on: the files that are there, the sources' settings, and the code that reads them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tallysheet.digests import Digests
from tallysheet.errors import DataError
from tallysheet.settings import Settings
from tallysheet.sources import Source
from tallysheet.unpack import Fingerprint, check_file, sha256

_CODE = (
    *("engine", "personal", "unpack", "records", "dialect", "layout", "headers", "cell_errors"),
    *("spreadsheet", "text_file", "extract", "reasons", "source_keys", "source_columns", "sources"),
    *("casts", "row_checks", "note", "checked", "range_checks", "merge", "loading"),
)


@dataclass(frozen=True)
class RawFile:
    """A main file of a source as it was found.

    Parameters
    ----------
    path : Path
    sha256 : str
    bytes : int
    taken_at : datetime or None
        When the extract was taken, if its name or its source says so.
    fingerprint : Fingerprint
        What it looked like when its bytes were read for ``sha256``.
    touched_ns : int
        When the system last saw it change; a copy can keep the file's own time, and a number that a
        replaced file gave back is soon used again.
    """

    path: Path
    sha256: str
    bytes: int
    taken_at: dt.datetime | None
    fingerprint: Fingerprint
    touched_ns: int

    def refuse_change(self) -> None:
        """Raise FileChanged if the file is not the one that was found."""
        try:
            found = (Fingerprint.of(self.path), self.path.stat().st_ctime_ns)
        except FileNotFoundError:
            found = None
        if found != (self.fingerprint, self.touched_ns):
            raise FileChanged(
                str(self.path), "a file at rest", "one that changes", "Load again once it is whole."
            )


class FileChanged(DataError):
    """A file was replaced, or grew, while it was read."""


def raw_files(source: Source, digests: Digests) -> list[RawFile]:
    """Find the files of a source; the main ones are given, earliest first.

    Raises
    ------
    DataError
        None is there, or one is empty, not a regular file or of an unknown kind.
    FileChanged
        One changes while it is read.
    """
    for file in source.files:
        paths = file.paths()
        if not paths:
            raise DataError(str(file.pattern), "a file of that name", "none", _how_to_have(file.pattern))
        for path in paths:
            check_file(path)
            if path.stat().st_size == 0:
                raise DataError(str(path), "a header line and rows", "an empty file", "Extract it again.")
    main = source.files[0]
    found = [_raw_file(path, main.extracted_at(path) or source.as_of, digests) for path in main.paths()]
    return sorted(found, key=lambda raw: (raw.taken_at or dt.datetime.min, raw.path.name))


def unclaimed(settings: Settings, sources: Iterable[Source]) -> list[Path]:
    """List the files in data/raw that no source takes, such as a second download of one that it does."""
    taken = {path.resolve() for source in sources for file in source.files for path in file.paths()}
    found = (path for path in (settings.data / "raw").rglob("*") if path.is_file())
    return sorted(
        path for path in found if not path.name.startswith((".", "~$")) and path.resolve() not in taken
    )


def _how_to_have(pattern: Path) -> str:
    advice = "Put the extract there, or correct its path"
    raw = next((folder for folder in pattern.parents if folder.name == "raw"), pattern.parent)
    if any(path.is_file() for path in raw.rglob("*")):
        return f"{advice}."
    return f"{advice}; or run tallysheet sample to have some to try it on."


def _raw_file(path: Path, taken_at: dt.datetime | None, digests: Digests) -> RawFile:
    before, touched_ns = Fingerprint.of(path), path.stat().st_ctime_ns
    found = RawFile(path, digests.of(path), before.size, taken_at, before, touched_ns)
    found.refuse_change()
    return found


def code_parts() -> list[str]:
    """Fingerprint the modules that read and check."""
    here = Path(__file__).parent
    return [
        sha256(path) for path in [*(here / f"{name}.py" for name in _CODE), *sorted(here.glob("schema/*.py"))]
    ]


def source_parts(settings: Settings, source: Source) -> list[str]:
    """Fingerprint what, beside its main files, the clean rows of a source depend on."""
    folder = settings.data / "sources"
    shared = folder / "values.toml"
    parts = [source.name, sha256(folder / source.name / "source.toml"), source.select or ""]
    parts.append(sha256(shared) if shared.is_file() else "")
    parts += [sha256(path) for file in source.files[1:] for path in file.paths()]
    return parts


def fingerprint(parts: Iterable[str]) -> str:
    """Join fingerprints into one."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
