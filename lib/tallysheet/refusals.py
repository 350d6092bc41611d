"""What the operating system refuses, in one line: no right to it, no room for it, or another fault."""

from __future__ import annotations

import errno
from pathlib import Path

from tallysheet.errors import DataError

_NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def refusal(error: OSError, where: str | Path = "") -> DataError:
    """Say in one line what the system refused, and what to do about it.

    Parameters
    ----------
    error : OSError
    where : str or Path
        What is concerned, if the error does not say so itself.

    Examples
    --------
    >>> str(refusal(PermissionError(errno.EACCES, "Permission denied", "a.csv")))
    'a.csv: expected the right to read or write it, found Permission denied. Change its permissions.'
    """
    place, found = _place(error, where), error.strerror or " ".join(str(error).split())
    if error.errno in _NO_RIGHT:
        return DataError(place, "the right to read or write it", found, "Change its permissions.")
    if error.errno in _NO_ROOM:
        return DataError(place, "room for it", found, "Make room.")
    return DataError(place, "a file or folder that can be used", found, "Look at what is there.")


def _place(error: OSError, where: str | Path) -> str:
    named = error.filename2 or error.filename
    if not isinstance(named, str | Path):
        return str(where)
    path = Path(named)
    # A file on its way has a name that nobody knows; a person knows its folder.
    return str(path.parent if path.suffix == ".part" else path)
