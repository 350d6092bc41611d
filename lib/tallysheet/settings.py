"""What a team sets for its workbook: data/workbook.toml, and where the folders are."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tallysheet.errors import DataError, UsageError, nearest


@dataclass(frozen=True)
class Settings:
    """The workbook's settings.

    Parameters
    ----------
    data : Path
        The data folder: the one that holds workbook.toml.
    sources : tuple of str
        Folders of data/sources that are loaded, in order.
    notebooks : tuple of str
        Notebooks that ``tallysheet report`` runs, in order; the first is the page people open.
    countries : tuple of str
        ISO 3166 codes whose public holidays are shown.
    headline : str
        Slug of the KPI that leads the page when nothing else stands out.
    """

    data: Path
    sources: tuple[str, ...]
    notebooks: tuple[str, ...]
    countries: tuple[str, ...]
    headline: str

    @property
    def root(self) -> Path:
        """The folder with notebooks/ and reports/: here or above, else above the data, else beside it."""
        folders = [Path.cwd(), *Path.cwd().parents, *self.data.parents]
        return next((folder for folder in folders if (folder / "notebooks").is_dir()), self.data.parent)


def find_data(data: str | Path = "data") -> Path:
    """Find the data folder: here or, for a relative path, in a folder above.

    A notebook runs from its own folder, a command from anywhere in the workbook.

    Raises
    ------
    UsageError
        No workbook.toml there.
    """
    data = Path(data)
    for parent in [Path.cwd(), *Path.cwd().parents] if not data.is_absolute() else [Path("/")]:
        candidate = (parent / data).resolve()
        if (candidate / "workbook.toml").is_file():
            return candidate
    raise UsageError(
        f"data folder {data}",
        "a folder with a workbook.toml, here or in a folder above",
        "none",
        "Go to the workbook's folder, or name the folder with --data.",
    )


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a DataError names the file and the line that does not parse."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(str(path), "a TOML file", "no file", "Create it; the README shows one.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(str(path), "TOML in UTF-8", str(error), "Correct that line.") from None


def read_settings(data: str | Path = "data") -> Settings:
    """Read data/workbook.toml.

    Raises
    ------
    DataError
        A key is missing, unknown or of the wrong type.
    """
    folder = find_data(data)
    path = folder / "workbook.toml"
    found = read_toml(path)
    expected = {field.name for field in fields(Settings)} - {"data"}
    for name in found.keys() - expected:
        raise DataError(str(path), "known settings", repr(name), nearest(name, sorted(expected)))
    for name in sorted(expected - found.keys()):
        raise DataError(str(path), f"the setting {name}", "nothing", "Add it; the README shows the file.")
    lists = {name: _names(path, name, found[name]) for name in expected - {"headline"}}
    return Settings(data=folder, headline=str(found["headline"]), **lists)


def _names(path: Path, name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DataError(f"{path} {name}", "a list of names", repr(value), 'Write for example ["flights"].')
    return tuple(value)
