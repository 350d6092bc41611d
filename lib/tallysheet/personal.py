"""The key with which personal columns are hashed: kept outside the workbook, made when first needed."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from tallysheet.errors import DataError


def personal_key() -> str:
    """Give the key: ``TALLYSHEET_KEY`` of the environment, else a file in the user's own configuration.

    With the same key the same mail address gives the same hash, so that contacts can be counted by
    person; without it nobody can try addresses out.

    Raises
    ------
    DataError
        The file cannot be read or made.
    """
    given = os.environ.get("TALLYSHEET_KEY")
    if given:
        return given
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "tallysheet"
    path = folder / "key"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            # Made by one process only; another that comes at the same time reads it.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise DataError(
            str(path), "a key for personal columns", str(error), "Set TALLYSHEET_KEY, or make that folder."
        ) from None
