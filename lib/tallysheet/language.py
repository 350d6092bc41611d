"""Words and numbers in the reader's language: words/<code>.toml for text, Babel for numbers and dates."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal

from tallysheet.errors import DataError, UsageError, check_type, nearest
from tallysheet.settings import read_toml
from tallysheet.weeks import IsoWeek

WORDS = Path(__file__).parent / "words"

AUDIENCES = ("stakeholders", "internal")
"""Who reads; each is shown what those before it are."""
_HIDDEN = {"stakeholders": frozenset({"seller"}), "internal": frozenset[str]()}
"""Dimensions whose values an audience is not shown: a seller's name is not for everybody."""

# Characters that turn the direction of a text until another ends them: a name need not hold that one.
_TURNING = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


@dataclass(frozen=True)
class Form:
    """How a unit is written: times ``scale``, with so many decimals, inside the words of a key."""

    scale: float
    decimals: int
    key: str = ""
    change_key: str = ""
    size_key: str = ""


FORMS = {
    "share": Form(100, 1, "number.percent", "number.points_short", "number.points"),
    "rare_share": Form(100, 2, "number.percent", "number.points_short", "number.points"),
    "gap": Form(100, 1, "number.points_short", "number.points_short", "number.points"),
    "rate": Form(100, 1, "number.per_hundred", "number.per_hundred", "number.per_hundred"),
    "rare_rate": Form(100, 2, "number.per_hundred", "number.per_hundred", "number.per_hundred"),
    "euro": Form(1, 2, "number.euro", "number.euro", "number.euro"),
    "days": Form(1, 1, "number.days", "number.days", "number.days"),
    "hours": Form(1, 1, "number.hours", "number.hours", "number.hours"),
    "count": Form(1, 0),
    "number": Form(1, 2),
    "tenths": Form(1, 1),
    "whole_euro": Form(1, 0, "number.euro", "number.euro", "number.euro"),
}
"""Unit of a KPI, or of what a page counts, to how it is written."""

_SAID_ONCE = ("rate", "rare_rate", "days", "hours")
"""A range names these units once: 2.2 to 2.4 days."""
_LARGE = 1000
"""Euros from here on are written without cents."""
_NO_SMALL_CHANGE = 10
"""Euros from here on are never written finer than in cents."""
_LOCALES = {"en": "en_GB"}  # dates as 22 April 2013, not April 22


def languages() -> list[str]:
    """List the languages there are: one TOML each."""
    return sorted(path.stem for path in WORDS.glob("*.toml"))


def read_language(code: str, vocabularies: tuple[Path, ...] = ()) -> Language:
    """Read a language.

    Parameters
    ----------
    code : str
        ``en`` or another file of words/.
    vocabularies : tuple of Path
        TOML files laid over it, later ones win: a source's own names for things.

    Raises
    ------
    UsageError
        There is no such language.
    DataError
        It has a file of words, and nobody knows how its numbers and dates are written.
    """
    if code not in languages():
        raise UsageError("language", f"one of {', '.join(languages())}", repr(code), "Choose one of them.")
    _locale(code)
    words = _words(code)
    for path in vocabularies:
        words = _laid_over(words, read_toml(path))
    return Language(code, words)


@cache
def _locale(code: str) -> Locale:
    try:
        return Locale.parse(_LOCALES.get(code, code))
    except (UnknownLocaleError, ValueError):
        expected = "a name that CLDR has for a language, such as de or nl"
        where, advice = str(WORDS / f"{code}.toml"), "Rename the file."
        raise DataError(where, expected, repr(code), advice) from None


@cache
def _words(code: str) -> dict[str, Any]:
    return read_toml(WORDS / f"{code}.toml")


def may_see(language: Language, audience: str) -> Language:
    """Give a language for an audience: it does not name what that is not shown.

    Raises
    ------
    UsageError
        There is no such audience.

    Examples
    --------
    >>> may_see(read_language("en"), "stakeholders").name("seller", "S0042")
    'one seller'
    """
    check_type("audience", audience, str, "the name of an audience")
    if audience not in AUDIENCES:
        expected = f"one of {', '.join(AUDIENCES)}"
        raise UsageError("audience", expected, repr(audience), nearest(audience, AUDIENCES))
    return replace(language, hidden=_HIDDEN[audience])


def _laid_over(words: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = dict(words)
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _laid_over(merged[key], value) if both else value
    return merged


@dataclass(frozen=True)
class Language:
    r"""One language: its words, and its way to write numbers and dates.

    A minus is U+2212, which screen readers read aloud and which is as wide as a plus.
    Rounding is half to even, as Babel does.

    Examples
    --------
    >>> english = read_language("en")
    >>> english.value(0.5856, "share"), english.change(-0.1625, "share"), english.value(6560, "count")
    ('58.6%', '−16.2\xa0pp', '6,560')
    >>> english.day(dt.date(2013, 4, 22))
    'Monday 22 April'
    """

    code: str
    words: dict[str, Any] = field(repr=False)
    hidden: frozenset[str] = frozenset()

    @property
    def locale(self) -> Locale:
        """Babel's locale."""
        return _locale(self.code)

    def has(self, key: str) -> bool:
        """Tell whether there is a text of that dotted key."""
        return self._entry(key) is not None

    def text(self, key: str, **values: object) -> str:
        """Give the text of a dotted key with its placeholders filled.

        An entry with plural forms (``one``, ``other`` …) takes the form of the number ``n``: an int, or a
        Decimal with the decimals that are shown; a form ``zero`` is that of 0 in any language. One that
        ends in a full stop is a sentence and begins with a capital, whatever stands first in it.

        Raises
        ------
        DataError
            No such key, or a placeholder without a value.
        """
        entry, count = self._entry(key), values.get("n")
        if isinstance(entry, dict) and isinstance(count, int | Decimal):
            form = "zero" if count == 0 and "zero" in entry else self.locale.plural_form(count)
            entry = entry.get(form, entry.get("other"))
        if not isinstance(entry, str):
            raise DataError(
                f"words/{self.code}.toml", f"the key {key}", "nothing", "Add it to every language."
            )
        if isinstance(count, int):
            values["n"] = self.decimal(count)
        try:
            filled = entry.format(**values)
        except KeyError as error:
            raise DataError(
                f"words/{self.code}.toml {key}",
                "known placeholders",
                str(error),
                nearest(error.args[0], values),
            ) from None
        return filled[:1].upper() + filled[1:] if entry.endswith(".") else filled

    def _entry(self, key: str) -> object:
        node: object = self.words
        for part in key.split("."):
            node = node.get(part) if isinstance(node, dict) else None
        return node

    def name(self, dimension: str, value: object) -> str:
        """Name a value of a dimension, with its code: ``LaGuardia (LGA)``; its code alone if unnamed."""
        if value == "":
            return self.text("value.none", dimension=self.text(f"dimension.{dimension}.one"))
        if dimension in self.hidden:
            return self.text(f"hidden.{dimension}", n=1)
        code = str(value)
        # Columns of a kind share their names: seller_country has those of country.
        shared = self.translated(f"value.{dimension.rpartition('_')[2]}", code, code)
        named = self.translated(f"value.{dimension}", code, shared)
        if named == code:
            return isolated(code)
        # A code in lower case is a word of our own, such as trade_in: its name says it all.
        return named if code.islower() else f"{named} ({code})"

    def translated(self, table: str, name: str, english: str) -> str:
        """Give this language's words for what is English elsewhere; the English where there are none.

        Elsewhere is a notebook's cell, the name of a public holiday, the origin of a definition.

        Examples
        --------
        >>> read_language("fr").translated("holiday", "Christmas Day", "Christmas Day")
        'Noël'
        """
        entry = self._entry(table)
        found = entry.get(name) if isinstance(entry, dict) else None
        return found if isinstance(found, str) else english

    def listed(self, items: list[str]) -> str:
        """Join as a sentence does: ``A, B and C``."""
        return str(format_list(items, locale=self.locale))

    def decimal(self, number: float, decimals: int = 0, *, signed: bool = False) -> str:
        """Write a number with so many decimals; ``signed`` shows a plus too."""
        if _is_missing(number):
            return self.text("number.missing")
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        written = format_decimal(number, format=pattern, locale=self.locale)
        if not any(digit in written for digit in "123456789"):
            return written.lstrip("-")
        return ("+" if signed and number > 0 else "") + written.replace("-", "−")

    def value(self, number: float, unit: str, decimals: int | None = None) -> str:
        """Write a value in its unit: a share in percent, a rate for a hundred, money in euros."""
        if _is_missing(number):
            return self.text("number.missing")
        return self._written(number, FORMS[unit].key, unit, decimals, signed=False)

    def unit(self, unit: str) -> str:
        """Write a unit by itself, as the head of a column does: ``%``, ``days``; a plain number has none."""
        key = FORMS[unit].key
        return self.text(key, number="", n=2).strip() if key else ""

    def change(self, number: float, unit: str, decimals: int | None = None) -> str:
        """Write a signed change: shares change in percentage points."""
        if _is_missing(number):
            return self.text("number.missing")
        return self._written(number, FORMS[unit].change_key, unit, decimals, signed=True)

    def relative(self, number: float) -> str:
        """Write a change as a share of what was to be expected: ``+38.9%``."""
        if _is_missing(number):
            return self.text("number.missing")
        return self._written(number, FORMS["share"].key, "share", None, signed=True)

    def size(self, number: float, unit: str) -> str:
        """Write the size of a change without its sign, as a sentence does: ``16.2 points``."""
        return self._written(abs(number), FORMS[unit].size_key, unit, None, signed=False)

    def _written(self, number: float, key: str, unit: str, decimals: int | None, *, signed: bool) -> str:
        form = FORMS[unit]
        decimals = decimals_of(number, unit) if decimals is None else decimals
        written = self.decimal(number * form.scale, decimals, signed=signed)
        if not key:
            return written
        # The sign stands before a currency sign.
        sign, figures = (written[0], written[1:]) if written[0] in "+−" else ("", written)
        # Decimals that are shown count: English has 1 day and 1.0 days, French 1,9 jour and 2,0 jours.
        shown = round(abs(Decimal(str(number * form.scale))), decimals)
        return sign + self.text(key, number=figures, n=shown)

    def interval(self, lower: float, upper: float, unit: str, decimals: int | None = None) -> str:
        """Write a range: ``52.5% to 98.3%``, ``2.2 to 2.4 days``; of money both ends with cents, or none."""
        most = max((abs(end) for end in (lower, upper) if not _is_missing(end)), default=0)
        shown = decimals_of(most, unit) if decimals is None else decimals
        is_once = unit in _SAID_ONCE and not _is_missing(lower)
        least = self.decimal(lower * FORMS[unit].scale, shown) if is_once else ""
        return self.text(
            "number.range",
            lower=least or self.value(lower, unit, shown),
            upper=self.value(upper, unit, shown),
        )

    def day(self, day: dt.date, *, year: bool = False) -> str:
        """Write a day: ``Monday 22 April``, with its year if asked."""
        return self._date(day, "EEEE {day} MMMM y" if year else "EEEE {day} MMMM")

    def short_day(self, day: dt.date) -> str:
        """Write a day in short: ``22 Apr``."""
        return self._date(day, "{day} MMM")

    def month(self, day: dt.date, *, year: bool = False, short: bool = False) -> str:
        """Write a day's month: ``April``, ``Apr`` in short, with its year if asked."""
        return self._date(day, ("LLL" if short else "LLLL") + (" y" if year else ""))

    def week(self, week: IsoWeek) -> str:
        """Write a week's days: ``Monday 22 to Sunday 28 April 2013``."""
        # Only what is not the Sunday's too.
        month = " MMMM" if week.monday.month != week.sunday.month else ""
        year = " y" if week.monday.year != week.sunday.year else ""
        monday = self._date(week.monday, f"EEEE {{day}}{month}{year}")
        return self.text("number.week", lower=monday, upper=self.day(week.sunday, year=True))

    def week_code(self, week: IsoWeek | str) -> str:
        """Write a week in short, as its readers do; files and tables to reckon with keep ISO's ``2026-W23``.

        Examples
        --------
        >>> [read_language(code).week_code("2026-W09") for code in ("en", "fr")]
        ['2026-W09', '2026-S09']
        """
        week = IsoWeek.parse(week) if isinstance(week, str) else week
        return self.text("number.week_code", year=week.year, number=f"{week.number:02d}")

    def _date(self, day: dt.date, pattern: str) -> str:
        # Of a month's days French writes the first alone as an ordinal, which no pattern can say.
        number = self.text("number.first_day") if day.day == 1 else str(day.day)
        return str(format_date(day, pattern.format(day=f"'{number}'"), locale=self.locale))


def plain(unit: str) -> str:
    """Give the unit whose words a unit has: a rare share is a share, a rare rate a rate."""
    return unit.removeprefix("rare_")


def decimals_of(number: float, unit: str) -> int:
    """Give the decimals with which a number of a unit is written: large sums of money have no cents.

    Examples
    --------
    >>> decimals_of(12231.23, "euro"), decimals_of(12.3, "euro"), decimals_of(0.94, "share")
    (0, 2, 1)
    """
    return 0 if unit == "euro" and abs(number) >= _LARGE else FORMS[unit].decimals


def finer(number: float, unit: str) -> int:
    """Give one decimal more than `decimals_of`, as parts of a small change need it.

    Counts have none, nor have sums of money finer ones than cents.

    Examples
    --------
    >>> finer(12231.23, "euro"), finer(433.7, "euro"), finer(5.52, "euro"), finer(389, "count")
    (0, 2, 3, 0)
    """
    decimals = decimals_of(number, unit)
    is_fine = not decimals or (unit == "euro" and abs(number) >= _NO_SMALL_CHANGE)
    return decimals if is_fine else decimals + 1


def rounded(number: float, decimals: int) -> float:
    """Round as numbers are printed: half to even, of what the number says and not of what it is in binary.

    Examples
    --------
    >>> rounded(279.225, 2), round(279.225, 2)
    (279.22, 279.23)
    """
    return float(round(Decimal(str(number)), decimals))


def _is_missing(number: float | None) -> bool:
    return number is None or math.isnan(number)


def isolated(name: str) -> str:
    r"""Keep a name from another's data from turning the direction of the sentence round it.

    Examples
    --------
    >>> ascii(isolated("\u05d0\u05d1")), ascii(isolated("\u202eBRV"))
    ("'\\u2068\\u05d0\\u05d1\\u2069'", "'BRV'")
    """
    plain = name.translate(_TURNING)
    turns = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in plain)
    return f"\u2068{plain}\u2069" if turns else plain
