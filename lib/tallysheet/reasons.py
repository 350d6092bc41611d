"""Why a cell or a row is refused: what was expected, and what a person does about it."""

from __future__ import annotations

from dataclasses import dataclass

from tallysheet.schema import Table


@dataclass(frozen=True)
class Reason:
    """What was expected, and the fix."""

    expected: str
    fix: str


REASONS = {
    "type": Reason(
        "a value of the column's type", "Say in source.toml how it is written: dates, decimal, unit, missing."
    ),
    "missing": Reason("a value", "Ask for an extract that has it, or name its column in source.toml."),
    "not_allowed": Reason(
        "one of the values in data/README.md", "Add the spelling under [values] in source.toml."
    ),
    "unknown_value": Reason(
        "a spelling listed under [values]", "Add the spelling under [values] in source.toml."
    ),
    "out_of_range": Reason(
        "a value in the column's range, see data/README.md", "Check the unit in source.toml, or the cell."
    ),
    "missing_hour": Reason(
        "a local time that exists; the clock skips this hour", "Ask for times in UTC, or check the zone."
    ),
    "ambiguous_hour": Reason(
        "a local time that exists once; the clock shows this hour twice", "Ask for times in UTC."
    ),
    "cells": Reason(
        "as many cells as the header has", "Look at that line of the file: a quote or delimiter is amiss."
    ),
    "other_currency": Reason(
        "an amount in the row's currency", "Ask which of the two is right, the sign or the currency."
    ),
    "excluded": Reason("a row that source.toml does not exclude", "Nothing; it is left out on purpose."),
    "duplicate": Reason("each row once; the same row stands earlier", "Nothing; it is counted once."),
    "replaced": Reason(
        "each key once in an extract; a later line has the same key", "Nothing; the last line counts."
    ),
}
"""Reasons that every table shares; rules across columns come with their table."""


def reasons_of(table: Table) -> dict[str, Reason]:
    """Give every reason for which a row of a table can be refused.

    Examples
    --------
    >>> from tallysheet.schema import table
    >>> reasons_of(table("claims"))["decided_before_opened"].expected
    'decided_at at or after opened_at'
    """
    fix = "Correct it where it is kept, and extract again."
    return REASONS | {rule.name: Reason(rule.message, fix) for rule in table.rules}
