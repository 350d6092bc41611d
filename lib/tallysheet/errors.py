"""The few errors that a user meets: where, what was expected, what was found, what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that are no text; tabs and ends of lines are some."""


class TallysheetError(Exception):
    """An error in one line.

    Parameters
    ----------
    where : str
        The file, column, option or call that is concerned.
    expected, found : str
        What should be there and what is there.
    do : str
        What the reader can do about it.

    Examples
    --------
    >>> str(UsageError("--week", "a week such as 2013-W17", "'2013-17'", "Write year, -W and two digits."))
    "--week: expected a week such as 2013-W17, found '2013-17'. Write year, -W and two digits."
    """

    exit_code = 1

    def __init__(self, where: str, expected: str, found: str, do: str) -> None:
        # What was found may be any bytes, and a terminal would obey them.
        parts = (_CONTROL.sub("\ufffd", part) for part in (where, expected, found, do))
        self.where, self.expected, self.found, self.do = parts
        super().__init__(f"{self.where}: expected {self.expected}, found {self.found}. {self.do}")

    def _render_traceback_(self) -> list[str]:
        """Show IPython all that a notebook's cell is to say: whoever asked need not read the library."""
        return [str(self)]


class UsageError(TallysheetError):
    """A wrong option, parameter, week, file or column: nothing was written (exit code 2)."""

    exit_code = 2


class DataError(TallysheetError):
    """Data that cannot be read or does not hold together: nothing was written (exit code 2)."""

    exit_code = 2


class ReportError(TallysheetError):
    """A notebook or a page failed; the last good page stays (exit code 1)."""


def check_type(where: str, value: object, kind: type | tuple[type, ...], expected: str) -> None:
    """Refuse a value of another type, such as a number in a name's place.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> check_type("base", 46, str, "a name or a week")
    Traceback (most recent call last):
    tallysheet.errors.UsageError: base: expected a name or a week, found a value of type int. Pass one.
    """
    if not isinstance(value, kind):
        raise UsageError(where, expected, f"a value of type {type(value).__name__}", "Pass one.")


_LISTED = 12


def nearest(name: str, known: Iterable[str]) -> str:
    """Advise on an unknown name: the known name that is spelled most like it, or the first of them.

    Examples
    --------
    >>> nearest("carier", ["carrier", "origin"])
    "Did you mean 'carrier'?"
    >>> nearest("x", ["carrier", "origin"])
    'Known: carrier, origin.'
    >>> nearest("x", [])
    'There is none.'
    """
    names = list(known)
    if not names:
        return "There is none."
    like = closest(name, names)
    left = len(names) - _LISTED
    more = f" and {left} more" if left > 0 else ""
    return f"Did you mean {like!r}?" if like else f"Known: {', '.join(names[:_LISTED])}{more}."


def closest(name: str, known: Iterable[str]) -> str:
    """Find the known name that is spelled most like an unknown one, in capitals or not; empty if none is.

    Examples
    --------
    >>> closest("Carier", ["carrier", "origin"]), closest("brv", ["BRV"]), closest("x", ["carrier", "origin"])
    ('carrier', 'BRV', '')
    """
    names = {one.casefold(): one for one in known}
    return names.get(next(iter(difflib.get_close_matches(name.casefold(), names, n=1)), ""), "")
