"""What hides persons: the key with which personal columns are hashed, and masks for free text."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from pathlib import Path

from tallysheet.engine import literal
from tallysheet.errors import DataError

_MAIL = r"[\w.+-]+@[\w-]+(\.[\w-]+)+"
_NUMBER = r"\+?[0-9]([ ./()-]{0,2}[0-9]){8,}"


def masked(text: str) -> str:
    """Hide mail addresses and numbers of nine digits or more (phones, accounts) in a text.

    Examples
    --------
    >>> masked("Call +33 6 12 34 56 78 or ana@example.com by 2026-01-05")
    'Call (number) or (mail) by 2026-01-05'
    """
    return re.sub(_NUMBER, "(number)", re.sub(_MAIL, "(mail)", text))


def masked_sql(text: str) -> str:
    """Do in SQL what `masked` does."""
    return f"regexp_replace({masked_mail_sql(text)}, {literal(_NUMBER)}, '(number)', 'g')"


def masked_mail_sql(text: str) -> str:
    """Hide mail addresses alone."""
    return f"regexp_replace({text}, {literal(_MAIL)}, '(mail)', 'g')"


def key_fingerprint() -> str:
    """Tell one key from another without giving it away."""
    return hashlib.sha256(f"tallysheet {personal_key()}".encode()).hexdigest()[:16]


def personal_key() -> str:
    """Give the key: ``TALLYSHEET_KEY`` of the environment, else a file in the user's own configuration.

    With the same key the same mail address gives the same hash, so that contacts can be counted by
    person; without it nobody can try addresses out.

    Raises
    ------
    DataError
        The file cannot be read or made, or holds no key.
    """
    given = os.environ.get("TALLYSHEET_KEY")
    if given:
        return given
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "tallysheet"
    path = folder / "key"
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _make_key(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            str(path), "a key for personal columns", str(error), "Set TALLYSHEET_KEY, or make that folder."
        ) from None
    if not key:
        raise DataError(str(path), "a key for personal columns", "an empty file", "Remove it, or set a key.")
    return key


def _make_key(path: Path) -> None:
    """Write a new key whole before it has its name; of two processes at the same time one makes it."""
    part = path.with_name(f"key.{os.getpid()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
