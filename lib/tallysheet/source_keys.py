"""What the keys of a source.toml may be set to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from tallysheet.errors import DataError, nearest


def _is_list(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(one, kind) for one in value)


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "a text": (lambda value: isinstance(value, str), '"parcels"'),
    "a list of texts": (lambda value: _is_list(value, str), '["Brivane", "BRIVANE SAS"]'),
    "a table": (lambda value: isinstance(value, dict), '{ BRV = ["Brivane"] }'),
    "a list of tables": (lambda value: _is_list(value, dict), "[[file]]"),
    "a header or a table": (lambda value: isinstance(value, str | dict), '"Carrier"'),
    "true or false": (lambda value: isinstance(value, bool), "true"),
    "a date and time in UTC": (
        lambda value: isinstance(value, dt.datetime) and value.tzinfo is None,
        "2014-01-06T07:00:00",
    ),
}
"""What a value may be: how to tell, and an example."""


def check_keys(where: str, found: dict[str, Any], kinds: dict[str, str]) -> None:
    """Refuse keys that are not known, and values that are not of their kind."""
    for key, value in found.items():
        if key not in kinds:
            raise DataError(where, "known keys", repr(key), nearest(key, sorted(kinds)))
        check_kind(f"{where} {key}", value, kinds[key])


def check_kind(where: str, value: object, kind: str) -> None:
    """Refuse a value of another kind, with an example of the right one."""
    is_one, example = _KINDS[kind]
    if not is_one(value):
        # An address may hold a secret.
        shown = "another value" if "[database]" in where else repr(value)
        raise DataError(where, kind, shown, f"Write for example {example}.")
