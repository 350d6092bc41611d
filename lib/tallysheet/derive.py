"""Columns that a table has and a file has not, made in SQL out of those that the file has."""

from __future__ import annotations

import re
from dataclasses import replace

from tallysheet.charges import Charges
from tallysheet.engine import identifier, literal
from tallysheet.guess import FITS, Guess, Texts
from tallysheet.schema import SHIPMENTS, Column, Table
from tallysheet.source_columns import EPOCH, SourceColumn
from tallysheet.vocabulary import NEAR, currency_of, is_same_moment, nearness, plain

_CARRIERS = SHIPMENTS.column("tracking_number")

DERIVED: dict[str, dict[str, tuple[str, str]]] = {
    "shipments": {
        "shipment_id": ("{tracking_number}", "the carrier's number names the parcel"),
        # Without it no invoice and no scan finds its parcel.
        "tracking_number": ("{shipment_id}", "the parcel's number is the carrier's"),
        "flow": ("'outbound'", "all parcels go out"),
        "promised_date": ("{promised_at}", "the day of the deadline"),
        "promised_at": ("{promised_date} || ' 23:59:59'", "until the end of the promised day"),
        # Without it scans count as not told, and weeks count parcels by their promise.
        "hub_scanned": ("{first_scan_at} IS NOT NULL", "a parcel was scanned if it has a first scan"),
        "status": ("CASE WHEN {delivered_at} IS NULL THEN 'in_transit' ELSE 'delivered' END", "by delivery"),
        "carrier": ("'unknown'", "the file names no carrier"),
    },
    "orders": {"orderline_id": ("{order_id}", "one line an order")},
    "carrier_invoice_lines": {
        "line_number": (
            "row_number() OVER (PARTITION BY {invoice_id} ORDER BY line)",
            "its place among the lines of the invoice in the file",
        ),
        "carrier": ("'unknown'", "the file names no carrier: write the name that its parcels have"),
        "currency": ("'EUR'", "all in euro"),
    },
    "claims": {"claim_id": ("{shipment_id}", "one claim a parcel")},
    "care_contacts": {
        "contact_id": (
            "md5(concat_ws('|', {row}))",
            "made of the row's cells, so one that changes is another",
        ),
    },
    "fulfilment_jobs": {
        "kind": (
            "CASE WHEN {cut_off_at} IS NULL THEN 'inbound' ELSE 'outbound' END",
            "what has a cut-off goes out, all else comes in",
        ),
    },
    "reverse_cases": {"case_type": ("'return'", "all are returns")},
    "sellers": {"valid_from": ("'2000-01-01'", "each as it is now, at all times")},
    "targets": {"valid_from": ("'2000-01-01'", "each holds at all times")},
}
"""Table and column to SQL over our other columns (``row``: all there are), and what it takes for granted."""

_PARTS = ("carrier", "flow", "service", "destination_country", "origin_country", "partner", "seller")
"""Columns of parcels that say which part of them a target is for."""
_ALL = {"all", "any", "total", "tous", "toutes", "tout", "ensemble"}
_LISTED = 200
"""So many of a column's commonest texts are looked through for those that stand for all."""


def stand_ins(table: Table, matched: dict[str, Guess], texts: Texts) -> dict[str, Guess]:
    """Read columns of a table from what a file has for others: parcels' numbers, and what events mean."""
    return _by_its_carrier(table, matched, texts) | _meant(table, matched, texts)


def _by_its_carrier(table: Table, matched: dict[str, Guess], texts: Texts) -> dict[str, Guess]:
    """Take the carrier's number for the parcel's where a table has no column for it and the file no other."""
    names = {one.name for one in table.columns}
    if "shipment_id" not in names or "tracking_number" in names or "shipment_id" in matched:
        return {}
    nearest = _nearest(_CARRIERS, {guess.written.header for guess in matched.values()}, texts)
    return {"shipment_id": texts.guess(nearest, table.column("shipment_id"))} if nearest else {}


def _nearest(column: Column, taken: set[str], texts: Texts) -> str:
    """Give the header that is nearest to a column's names, of those that are free; empty: none is near."""
    free = (header for header in texts.headers if header not in taken)
    nearest = max(free, key=lambda header: nearness(header, column), default="")
    return nearest if nearness(nearest, column) >= NEAR else ""


def with_clocks(table: Table, matched: dict[str, Guess], texts: Texts) -> dict[str, Guess]:
    """Put days and the times of day that stand in a column beside them together."""
    taken = {guess.written.header for guess in matched.values()}
    clocks = [header for header in texts.headers if header not in taken and texts.is_clock(header)]
    found = {}
    for ours, guess in matched.items():
        if table.column(ours).type != "TIMESTAMP" or texts.has_local_times(guess.written.header):
            continue
        if of_it := [header for header in clocks if is_same_moment(header, guess.written.header)]:
            clocks.remove(of_it[0])
            found[ours] = replace(guess, clock=of_it[0])
    return {**matched, **found}


def is_carriers_number(matched: dict[str, Guess], table: Table) -> bool:
    """Tell whether parcels are named by what a header calls the carrier's number."""
    if "shipment_id" not in matched or "tracking_number" in {one.name for one in table.columns}:
        return False
    header = matched["shipment_id"].written.header
    return nearness(header, _CARRIERS) > nearness(header, table.column("shipment_id"))


def _meant(table: Table, matched: dict[str, Guess], texts: Texts) -> dict[str, Guess]:
    """Read what events mean out of their texts or codes, if most are known."""
    if table.name != "tracking_events" or "norm_status" in matched:
        return {}
    told = [matched[name].written.header for name in ("raw_text", "raw_code") if name in matched]
    guesses = [texts.guess(header, table.column("norm_status")) for header in told]
    best = max(guesses, key=lambda guess: guess.share, default=None)
    return {"norm_status": best} if best and best.share >= FITS else {}


def parts_of(table: Table, matched: dict[str, Guess], texts: Texts) -> dict[str, SourceColumn]:
    """Find the columns that say which part a target is for, where none says it in our way.

    Among the spellings those for "" stand for all parts.
    """
    if table.name != "targets" or "segment" in matched:
        return {}
    taken, found = {guess.written.header for guess in matched.values()}, {}
    for part in map(SHIPMENTS.column, _PARTS):
        if nearest := _nearest(part, taken, texts):
            written = texts.guess(nearest, part).written
            for_all = tuple(text for text in texts.commonest(nearest, _LISTED) if plain(text) in _ALL)
            found[part.name] = replace(written, values=written.values | ({"": for_all} if for_all else {}))
            taken.add(nearest)
    return found


def segment(parts: dict[str, SourceColumn]) -> dict[str, tuple[str, str]]:
    """Write a target's part as ours out of the columns that say it."""
    if not parts:
        return {}
    named = "".join(f",\n        '{name}=' || {_as_ours(written)}" for name, written in parts.items())
    # The SELECT is filled in later.
    how = f"concat_ws(';'{named}\n    )".replace("{", "{{").replace("}", "}}")
    return {"segment": (how, f"the part that {', '.join(parts)} say; where they are empty, all")}


def _as_ours(written: SourceColumn) -> str:
    """Turn a cell's spellings into our values; nothing where it stands for all."""
    header = identifier(written.header)
    meant = [
        f"WHEN {header} IN ({', '.join(map(literal, also))}) THEN {literal(ours) if ours else 'NULL'}"
        for ours, also in written.values.items()
        if also
    ]
    return f"CASE {' '.join(meant)} ELSE {header} END" if meant else header


def derive(table: Table, matched: dict[str, Guess], texts: Texts) -> dict[str, tuple[str, str]]:
    """Make what a table needs out of what the file has.

    Returns
    -------
    dict of str to (str, str)
        Column to its SQL, and what that takes for granted.
    """
    found = {}
    for column in table.columns[:-1]:
        how = DERIVED.get(table.name, {}).get(column.name)
        if column.name in matched:
            continue
        if column.name == "currency" and any(ours.endswith("_cents") for ours in matched):
            headers = [guess.written.header for ours, guess in matched.items() if ours.endswith("_cents")]
            told = (find(header) for find in (currency_of, texts.currency) for header in headers)
            how = (f"'{next(filter(None, told), 'EUR')}'", "all in this currency")
        if column.name == "case_type" and {"offer_value_cents", "counter_offer_at"} & {*matched}:
            how = ("'trade_in'", "all are trade-ins: they have an offer")
        if column.name == "promised_at" and dates_of("promised_at", matched) == EPOCH:
            how = ("{promised_date}", "the moment that is promised")
        if how and {*re.findall(r"\{(\w+)\}", how[0])} <= {"row", *matched}:
            is_key = (column.name,) == table.key
            found[column.name] = _of_one_row(table, how, matched, texts) if is_key else how
    return found


def dates_of(ours: str, matched: dict[str, Guess]) -> str:
    """Say how a day or time that is made of another is written: as that is; empty for any other column."""
    other = {"promised_date": "promised_at", "promised_at": "promised_date"}.get(ours, "")
    dates = matched[other].written.dates if other in matched else ""
    return f"{dates} %H:%M:%S" if "%" in dates and ours == "promised_at" else dates


def _of_one_row(
    table: Table, how: tuple[str, str], matched: dict[str, Guess], texts: Texts
) -> tuple[str, str]:
    """Tell the rows of one number apart: each but the first by its place among them, as lines of an invoice.

    The first keeps the number alone, so that other files which name it still find it. A parcel's later rows
    tell what became of it, and its last one counts.
    """
    number = how[0].strip("{}")
    repeats = texts.repeats(matched[number].written.header) if number in matched else 0
    if not repeats:
        return how
    if table.name == "shipments":
        return how[
            0
        ], f"{how[1]}; rows with the number of an earlier one: {repeats:,}; of these the last counts"
    place = f"row_number() OVER (PARTITION BY {{{number}}} ORDER BY line)"
    told = (
        f"rows with the number of an earlier one: {repeats:,}; their place among its rows in the file is "
        "added; where a row only tells more of the earlier one take the number alone"
    )
    return f"{{{number}}} || coalesce('-' || nullif({place}, 1), '')", told


def _written(guess: Guess) -> str:
    header = identifier(guess.written.header)
    return f"({header} || coalesce(' ' || {identifier(guess.clock)}, ''))" if guess.clock else header


def select(
    name: str, matched: dict[str, Guess], derived: dict[str, tuple[str, str]], charges: Charges | None = None
) -> str:
    """Write the SELECT of a source whose columns have to be made of others; what it assumes stands above."""
    quoted = {ours: _written(guess) for ours, guess in matched.items()}
    lines = ["    line"]
    lines += [f"    {header} AS {ours}" for ours, header in quoted.items()]
    row = ", ".join(quoted.values())
    marked = [f"    {how.format(row=row, **quoted)} AS {ours}" for ours, (how, _) in derived.items()]
    # A header may have a line's end in it.
    told = [f"-- {ours}: {' '.join(why.split())}; check." for ours, (_, why) in derived.items()]
    rows, begun = ("charges", charges.rows(name)) if charges else (identifier(name), "")
    return "\n".join([*told, f"{begun}SELECT", ",\n".join([*lines, *marked]), f"FROM {rows}", ""])
