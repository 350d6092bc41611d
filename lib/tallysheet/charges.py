"""Charges of an invoice that stand in columns of their own, laid out as a row each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from tallysheet import schema
from tallysheet.engine import identifier, literal
from tallysheet.guess import FITS, Guess, Texts
from tallysheet.headers import own_names
from tallysheet.source_columns import SourceColumn
from tallysheet.vocabulary import charge_of

KIND, AMOUNT, PLACE = "charge_kind", "charge_amount", "charge_place"
"""What a row has of its charge, beside the columns of its line."""
_INVOICES = schema.TABLES["carrier_invoice_lines"]
_AMOUNT = _INVOICES.column("amount_cents")
_CENT = 1.01
"""By so many cents a sum may lie beside its total, which was rounded by itself."""


@dataclass(frozen=True)
class Charges:
    """Columns of an invoice that hold a kind of charge each.

    Parameters
    ----------
    kinds : dict of str to str
        Header to the kind of charge.
    guess : Guess
        How their amounts are written.
    told : str
        How their sum compares with the column of totals; empty: there is none.
    """

    kinds: dict[str, str]
    guess: Guess
    told: str

    def beside(self, matched: dict[str, Guess]) -> dict[str, Guess]:
        """Give what a line has beside its charges, and how their amounts are written."""
        others = {
            ours: guess
            for ours, guess in matched.items()
            if ours != "line_number" and guess.written.header not in self.kinds
        }
        return others | {"amount_cents": self.guess}

    def laid_out(self, matched: dict[str, Guess]) -> dict[str, Guess]:
        """Read a charge's kind and amount from its row."""
        amount = replace(self.guess, written=replace(self.guess.written, header=AMOUNT))
        return matched | {"charge_type": Guess(SourceColumn(KIND), 1.0), "amount_cents": amount}

    def derived(self) -> dict[str, tuple[str, str]]:
        """Give the SQL of what a row has by its place, and what is taken for granted of it."""
        number = f"row_number() OVER (PARTITION BY {{invoice_id}} ORDER BY line, {PLACE})"
        headers = ", ".join(self.kinds)
        return {"line_number": (number, f"a row for each of {headers}{'; ' * bool(self.told)}{self.told}")}

    def rows(self, name: str) -> str:
        """Write the rows that a SELECT reads: one for each charge of a line, one at least."""
        first, *others = (identifier(header) for header in self.kinds)
        given = [f"regexp_matches({header}, '[1-9]')" for header in (first, *others)]
        # A line without any charge stays a row: it is a zero, or is refused for what it lacks.
        given[0] += f" OR NOT regexp_matches(concat({', '.join(others)}), '[1-9]')"
        parts = [
            f"    SELECT *, {literal(kind)} AS {KIND}, {identifier(header)} AS {AMOUNT}, {place} AS {PLACE}\n"
            f"    FROM {identifier(name)}\n    WHERE {test}"
            for place, ((header, kind), test) in enumerate(
                zip(self.kinds.items(), given, strict=True), start=1
            )
        ]
        return "WITH charges AS (\n" + "\n    UNION ALL\n".join(parts) + "\n)\n"


def charges_of(table: schema.Table, matched: dict[str, Guess], texts: Texts) -> Charges | None:
    """Find the columns of an invoice that hold a kind of charge each; None where it has no two of them."""
    if table != _INVOICES or "charge_type" in matched:
        return None
    names = own_names(texts.headers)
    kinds = {header: next(filter(None, map(charge_of, names[header])), "") for header in texts.headers}
    guesses = {header: texts.guess(header, _AMOUNT) for header, kind in kinds.items() if kind}
    # A surcharge that nothing was charged for yet may be charged in the next file.
    fitting = {
        header: guess for header, guess in guesses.items() if guess.share >= FITS or texts.is_empty(header)
    }
    if len(fitting) < 2:
        return None
    total = matched.get("amount_cents")
    told = ""
    if total and total.written.header not in fitting:
        parts = [texts.values(header, _AMOUNT, guess.written) for header, guess in fitting.items()]
        totals = texts.values(total.written.header, _AMOUNT, total.written)
        sums = pd.concat(parts, axis="columns").sum(axis="columns").reindex(totals.index, fill_value=0)
        share = ((sums - totals).abs() <= _CENT).mean()
        told = f"in {share:.0%} of the rows they make {total.written.header}"
    surest = max(fitting.values(), key=lambda guess: guess.share)
    return Charges({header: kinds[header] for header in fitting}, surest, told)
