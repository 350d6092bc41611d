"""How other systems name our columns and values: names that mean the same, and how near a name is to one."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache
from importlib import resources
from itertools import product

from tallysheet.casts import country_codes
from tallysheet.kpis import KPIS
from tallysheet.language import read_language
from tallysheet.schema import TABLES, Column

NEAR = 0.55
"""How near a header must be to a column's name, as `nearness` tells."""

_LITTLE = {"the", "of", "a", "an", "de", "du", "des", "d", "l", "le", "la", "les"}
_NUMBER = {"number", "no", "numero", "reference", "id"}
_BEFORE_VAT = {"ht", "hors", "taxe", "taxes", "excl", "excluding", "ex", "vat", "tva"}
_CHARGED = {
    *("amount", "charge", "charges", "cost", "fee", "surcharge", "surcharges"),
    *("montant", "frais", "cout", "supplement"),
}
_WHEN = {"date", "datetime", "time", "timestamp", "day", "at", "on", "le", "jour", "heure"}
_UNITS = {
    "kg": "kg", "kilograms": "kg", "g": "g", "grams": "g", "grammes": "g",
    "eur": "currency", "€": "currency", "euro": "currency", "euros": "currency", "usd": "currency",
    "$": "currency", "gbp": "currency", "£": "currency", "cents": "cents",
    "%": "%", "h": "h", "hours": "h", "heures": "h", "min": "min", "minutes": "min", "days": "days",
    "jours": "days",
}  # fmt: skip
_CURRENCIES = {"eur": "EUR", "€": "EUR", "euro": "EUR", "usd": "USD", "$": "USD", "gbp": "GBP", "£": "GBP"}
_SPELLED = 0.85
_SAID_AT_LENGTH = ("status", "norm_status")
"""Columns of states, which a text may tell more of behind the state: delivered to a neighbour."""
_ENDINGS = re.compile(r"_(?:at|cents|g|share)$")


@cache
def _known() -> dict[str, dict[str, dict[str, list[str]] | list[str]]]:
    text = (resources.files("tallysheet") / "vocabulary.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def plain(name: str) -> str:
    """Write a name in small letters and blanks, without accents, signs and little words.

    Where there is no other word a little one is the name: DE is a country.

    Examples
    --------
    >>> plain("Date d’expédition"), plain("trackingNumber"), plain("N° de suivi"), plain("DE")
    ('date expedition', 'tracking number', 'no suivi', 'de')
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("°", "o ").replace("’", " ")
    bare = unicodedata.normalize("NFKD", parted).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", bare)
    return " ".join([word for word in words if word not in _LITTLE] or words)


def unit_of(header: str) -> str:
    """Read a unit off a header, as sources name units; empty: none.

    Examples
    --------
    >>> unit_of("Poids (kg)"), unit_of("Freight Cost (USD)"), unit_of("Carrier")
    ('kg', 'currency', '')
    """
    return next((_UNITS[word] for word in _last_words(header) if word in _UNITS), "")


def currency_of(header: str) -> str:
    """Read a currency off a header; empty: none."""
    return next((_CURRENCIES[word] for word in _last_words(header) if word in _CURRENCIES), "")


def _last_words(header: str) -> Iterable[str]:
    return reversed(re.findall(r"[a-z]+|[€$£%]", header.lower())[1:])


def nearness(header: str, column: Column) -> float:
    """Say how near a header is to one of the names of a column: 1 is the same, below .5 is another.

    Examples
    --------
    >>> from tallysheet.schema import SHIPMENTS
    >>> nearness("N° de suivi", SHIPMENTS.column("tracking_number"))
    1.0
    >>> nearness("Pays dest.", SHIPMENTS.column("destination_country"))
    1.0
    >>> round(nearness("Carrier code (2 letters)", SHIPMENTS.column("carrier")), 2)
    0.45
    """
    units = {word for word in _UNITS if word.isalpha()}
    bare = " ".join(word for word in plain(header).split() if word not in units)
    given = {plain(header), bare, *_in_full(bare)} - {""}
    if column.name.endswith("_id"):
        given |= {_without(name, _NUMBER) for name in given} - {""}
    if column.type in ("DATE", "TIMESTAMP"):
        given |= {_without(name, _WHEN) for name in given} - {""}
    if column.name.endswith("_cents") and not {"incl", "including", "ttc"} & {*bare.split()}:
        given |= {_without(name, _BEFORE_VAT) for name in given} - {""}
    return max((_alike(one, name) for one in given for name in _names(column)), default=0.0)


def is_same_moment(header: str, other: str) -> bool:
    """Tell whether two headers differ only in what says that one is a day and the other a time.

    Examples
    --------
    >>> is_same_moment("Heure de livraison", "Date de livraison"), is_same_moment("Time", "Date")
    (True, True)
    >>> is_same_moment("Pickup time", "Delivery date")
    False
    """
    return _without(plain(header), _WHEN) == _without(plain(other), _WHEN)


def _in_full(name: str) -> Iterable[str]:
    """Write out what a header writes in short, in each way that it can be meant."""
    short = _known()["short"]
    return (" ".join(words) for words in product(*([word, *short.get(word, [])] for word in name.split())))


def _without(name: str, words: set[str]) -> str:
    """Leave out what only says that it is a number or a day: expedition of numero expedition."""
    return " ".join(word for word in name.split() if word not in words)


@cache
def _names(column: Column) -> tuple[str, ...]:
    also = _known()["columns"].get(column.name, [])
    names = [plain(column.name), plain(_ENDINGS.sub("", column.name)), *(plain(name) for name in also)]
    if column.type in ("DATE", "TIMESTAMP"):
        names += filter(None, [_without(name, _WHEN) for name in names])
    return tuple(dict.fromkeys(names))


@cache
def _alike(one: str, other: str) -> float:
    if one == other:
        return 1.0
    words, others = set(one.split()), set(other.split())
    shared = 0.9 * len(words & others) / len(words | others)
    return max(shared, 0.95 * _spelled_alike(one, other))


def _spelled_alike(one: str, other: str) -> float:
    """Give the share of letters in common, 0 where it is small: it takes far longer than its bounds."""
    if 2 * min(len(one), len(other)) <= _SPELLED * (len(one) + len(other)):
        return 0.0
    matched = SequenceMatcher(None, one, other)
    found = matched.ratio() if matched.quick_ratio() > _SPELLED else 0.0
    return found if found > _SPELLED else 0.0


@cache
def _countries() -> dict[str, str]:
    from babel import Locale

    codes = {
        plain(name): code
        for language in ("fr", "en")
        for code, name in Locale.parse(language).territories.items()
        if code in country_codes()
    }
    also = {plain(name): code for code, names in _known()["countries"].items() for name in names}
    return {code.lower(): code for code in codes.values()} | codes | also


def value_of(column: Column, spelling: str) -> str:
    """Give our value, or the country's code, that a spelling stands for; empty: none is known.

    Examples
    --------
    >>> from tallysheet.schema import SHIPMENTS
    >>> value_of(SHIPMENTS.column("status"), "Livré"), value_of(SHIPMENTS.column("status"), "?")
    ('delivered', '')
    >>> value_of(SHIPMENTS.column("status"), "Delivered to neighbour")
    'delivered'
    >>> value_of(SHIPMENTS.column("origin_country"), "Allemagne")
    'DE'
    >>> from tallysheet.schema import table
    >>> value_of(table("care_contacts").column("contact_reason"), "Où est mon colis ?")
    'WISMO'
    """
    if column.is_country:
        return _countries().get(plain(spelling), "")
    spelled, wanted = _spellings(column), plain(spelling) or spelling.strip()
    if wanted in spelled or column.name not in _SAID_AT_LENGTH:
        return spelled.get(wanted, "")
    begun = [name for name in spelled if wanted.startswith(f"{name} ")]
    return spelled[max(begun, key=len)] if begun else ""


@cache
def _spellings(column: Column) -> dict[str, str]:
    """Give what stands for each of a column's values; what is listed for two stands for the first."""
    known = _known()["values"].get(column.name, {})
    found = _kpis() if column.name == "kpi" else {}
    for value in column.allowed or known:
        for name in [value, *(known[value] if isinstance(known, dict) and value in known else [])]:
            found.setdefault(plain(name) or name, value)
    return found


def _kpis() -> dict[str, str]:
    """Give the names of KPIs on pages, and their short names."""
    languages = [read_language(code) for code in ("en", "fr")]
    named = {plain(one.text(f"kpi.{slug}.name")): slug for slug in KPIS for one in languages}
    return {plain(slug): slug for slug in KPIS} | named


def charge_of(header: str) -> str:
    """Give the kind of charge that a column of amounts is named after; empty: it is none that we know.

    Examples
    --------
    >>> charge_of("Fuel surcharge (EUR)"), charge_of("Surcharge carburant HT"), charge_of("VAT")
    ('fuel', 'fuel', '')
    """
    column = TABLES["carrier_invoice_lines"].column("charge_type")
    bare = _without(plain(header), {*_UNITS, *_BEFORE_VAT})
    return value_of(column, bare) or value_of(column, _without(bare, _CHARGED) or bare)
