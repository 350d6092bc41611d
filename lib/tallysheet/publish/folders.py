"""The folders of published weeks, and what their manifests say."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tallysheet.errors import UsageError
from tallysheet.publish.manifest import is_damaged, read_manifest
from tallysheet.settings import Settings
from tallysheet.weeks import IsoWeek, week_folders

WRITE_ANEW = "Run tallysheet report --week {week} to write it anew."
"""What to do about a damaged manifest: what it says is of what still lies beside it."""


def published_weeks(reports: Path) -> list[Path]:
    """List the folders of weeks, the newest first; a copy that somebody made of one is not among them.

    Parameters
    ----------
    reports : Path
        The folder of all weeks.
    """
    return [folder for _, folder, _ in _found(reports)]


def manifests_of(reports: Path) -> dict[IsoWeek, dict[str, Any]]:
    """Read the manifests of all weeks that have one, the newest first."""
    return {week: told for week, _, told in _found(reports) if told is not None}


def damaged_manifests(reports: Path) -> dict[IsoWeek, Path]:
    """Find the manifests of weeks that are there and cannot be read, the newest first."""
    paths = {week: folder / "manifest.json" for week, folder in week_folders(reports).items()}
    return {week: path for week, path in paths.items() if is_damaged(path)}


def check_owner(settings: Settings, own: str) -> None:
    """Refuse to mix the weeks of two workbooks whose data folders have the same name.

    Parameters
    ----------
    settings : Settings
    own : str
        The workbook's name in manifests: its data folder, as seen from the root.

    Raises
    ------
    UsageError
        Another workbook, which is still there, has published here.
    """
    for told in manifests_of(settings.reports).values():
        owner = told.get("workbook", own)
        if owner != own and (settings.root / owner / "workbook.toml").is_file():
            raise UsageError(
                str(settings.reports),
                f"weeks of {own}",
                f"weeks of {owner}",
                "Rename one of the two data folders: its weeks go to the folder of its name in reports/.",
            )


def forget_weeks(settings: Settings, own: str, before: dt.date, *, dry_run: bool) -> list[Path]:
    """Remove what a workbook published of weeks that end before a date; what is not surely its own stays.

    Parameters
    ----------
    settings : Settings
    own : str
        As for `check_owner`.
    before : date
    dry_run : bool
        Whether only to say what would be removed.

    Returns
    -------
    list of Path
        The folders of the weeks.
    """
    old = [
        settings.reports / str(week)
        for week, told in manifests_of(settings.reports).items()
        if week.sunday < before and told.get("workbook") == own
    ]
    for folder in [] if dry_run else old:
        shutil.rmtree(folder)
    return old


def _found(reports: Path) -> Iterator[tuple[IsoWeek, Path, dict[str, Any] | None]]:
    for week, folder in week_folders(reports).items():
        told = read_manifest(folder / "manifest.json")
        # A copy may have the name of another week.
        if told is None or told["week"] == folder.name:
            yield week, folder, told
