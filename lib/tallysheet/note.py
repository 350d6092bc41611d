"""What is told of an extract: its kind and what its sentence names; the sentence itself is in words/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tallysheet.errors import closest
from tallysheet.language import Language

NoteKind = Literal[
    "preamble",
    "footnote",
    "further table",
    "mended",
    "cut",
    "no header",
    "missing column",
    "column not loaded",
    "new column",
    "column gone",
    "other unit",
    "other level",
    "shrank",
    "few rows",
    "after taken",
    "ahead",
    "file gone",
    "overlap",
    "gap",
    "unknown kpi",
    "unknown dimension",
    "share beyond",
    "no extract",
    "shared rows",
    "look alike",
    "no match",
    "no parcel",
    "no source",
]
Named = str | int | float


@dataclass(frozen=True)
class Note:
    """Something about an extract that a person should know, and no row shows.

    Parameters
    ----------
    kind : str
        What it is about.
    named : dict of str to str, int or float
        What its sentence names.
    wording : str
        Key of the sentence below ``note_text`` in words/; empty: the kind's own.
    """

    kind: NoteKind
    named: dict[str, Named] = field(default_factory=dict)
    wording: str = ""


def note_like(kind: NoteKind, name: str, known: Iterable[str], **named: Named) -> Note:
    """Tell of a name, and of the known one that it may be.

    Examples
    --------
    >>> note_like("new column", "carier", ["carrier"])
    Note(kind='new column', named={'name': 'carier', 'like': 'carrier'}, wording='new_column_like')
    """
    like = closest(name, known)
    told = {"name": name, **named}
    return Note(kind, told | {"like": like}, f"{_key(kind)}_like") if like else Note(kind, told)


def note_text(kind: str, named: Mapping[str, Named], wording: str, language: Language) -> str:
    """Write a note's sentence, its numbers as the language does.

    Examples
    --------
    >>> from tallysheet.language import read_language
    >>> note_text("few rows", {"rows": 76, "usual": 1540}, "", read_language("en"))
    '76 rows; extracts of this source have 1,540'
    """
    written = {
        name: value if isinstance(value, str) or name == "n" else _number(value, language)
        for name, value in named.items()
    }
    return language.text(f"note_text.{wording or _key(kind)}", **written)


def _key(kind: str) -> str:
    return kind.replace(" ", "_")


def _number(value: int | float, language: Language) -> str:
    _, _, decimals = f"{value:g}".partition(".")
    return language.decimal(value, len(decimals) if decimals.isdigit() else 0)
