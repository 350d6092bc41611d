"""Play a market month by month, and write the rows of each into the files that they belong to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from marketplace.billing import charges
from marketplace.claims import claims
from marketplace.contacts import contacts
from marketplace.days import month_name, month_number
from marketplace.extracts import Extract, read_extracts
from marketplace.jobs import jobs
from marketplace.market import Market, Month, Rows, looked_up, pick, stack
from marketplace.orders import play_orders
from marketplace.parcels import replaced_labels
from marketplace.pool import Writers
from marketplace.replays import MissingScans, repeated_invoices
from marketplace.reverse import play_returns, play_trade_ins
from marketplace.scans import scans
from marketplace.truth import Truth

Played = dict[str, list[Rows]]
"""Kind of rows (orders, parcels, scans, charges, claims, contacts, cases, jobs) to their parts."""

_COLUMNS = {
    "orders": (
        *("order", "seller", "country", "category", "value_cents", "rate", "currency", "paid_at"),
        *("accepted_at", "scan_at", "promised_day", "promise_rule", "is_eligible", "second_line"),
    ),
    "parcels": (
        *("shipment", "order", "case", "flow", "carrier", "service", "label_source", "seller", "partner"),
        *("origin", "country", "depot", "zone", "weight_g", "label_at", "declared_at", "scan_at"),
        *("attempt_at", "delivered_at", "promised_day", "promised_at", "promise_rule", "is_used", "is_lost"),
    ),
    "scans": ("shipment", "carrier", "depot", "place", "event_at", "received_at"),
    "charges": (
        *("shipment", "carrier", "lane", "ship_day", "invoice_day", "charge", "amount_cents"),
        *("weight_billed_g", "currency", "tagged"),
    ),
    "cases": (
        *("case", "flow", "order", "reason", "value_cents", "rate", "currency", "requested_at", "label_at"),
        *("dropped_at", "dock_in_at", "graded_at", "counter_at", "closed_at", "outcome", "paid_out_at"),
        "payout_cents",
    ),
}


def play_month(market: Market, month: Month) -> Played:
    """Play a month to its end, which lies in later months."""
    orders = play_orders(market, month)
    trade_ins = play_trade_ins(market, month)
    returns = play_returns(market, month, orders)
    flows = (orders, trade_ins, returns)
    parcels = [*flows, replaced_labels(market, month, orders)]
    scanned = [scans(market, month, rows) for rows in flows]
    return {
        "orders": [_with_money(market, orders)],
        "parcels": [_with_zone(market, rows) for rows in parcels],
        "scans": scanned,
        "charges": [charges(market, month, rows) for rows in flows],
        "claims": [claims(market, month, rows) for rows in flows],
        "contacts": [contacts(market, month, rows) for rows in flows],
        "cases": [_with_money(market, rows) for rows in (trade_ins, returns)],
        "jobs": jobs(market, month, orders, trade_ins),
    }


def write_market(market: Market, writers: Writers, truth: Truth, told: Callable[[str], None]) -> None:
    """Play all months and write their extracts, each as soon as nothing can be added to it."""
    extracts = read_extracts()
    waiting: dict[tuple[str, str], list[Rows]] = defaultdict(list)
    months, missing = list(market.months()), MissingScans(market, _COLUMNS["parcels"])
    for place, month in enumerate(months):
        told(month.name)
        played = play_month(market, month)
        tell(truth, played)
        for flow, scanned in enumerate(played["scans"]):
            played["parcels"][flow] = missing.take(played["parcels"][flow], scanned)
        for extract in extracts.values():
            # At size L a month is a gigabyte: what is laid down is let go.
            for part in played.pop(extract.rows):
                _lay(market, extract, part, waiting)
        later = {extract.file_name(one.name) for one in months[place + 1 :] for extract in extracts.values()}
        for extract in extracts.values():
            for key in [key for key in sorted(waiting) if key[0] == extract.name and key[1] not in later]:
                if key[1] <= extract.file_name(month.name):
                    _write(market, writers, extract, key[1], stack(waiting.pop(key)))
    missing.write(writers, extracts["shipments"])


def tell(truth: Truth, played: Played) -> None:
    """Add what was played in a month to the truth."""
    adders = {
        "parcels": truth.add_parcels,
        "charges": truth.add_charges,
        "scans": truth.add_scans,
        "claims": truth.add_claims,
        "contacts": truth.add_contacts,
    }
    for kind, add in adders.items():
        for rows in played[kind][:3]:
            add(rows)


def _lay(market: Market, extract: Extract, rows: Rows, waiting: dict[tuple[str, str], list[Rows]]) -> None:
    """Part rows by their file; what lies behind the end has not happened."""
    columns = _COLUMNS.get(extract.rows, tuple(rows))
    when = rows[extract.month]
    day = when if extract.month.endswith("_day") else when // 1_440
    has_come = day * 1_440 < market.now if extract.month.endswith("_day") else when <= market.now
    if "is_filed" in rows:
        # What was never claimed is in no extract.
        has_come &= rows["is_filed"]
    month = month_number(day)
    for number in np.unique(month[has_come]):
        file = extract.file_name(month_name(int(number)))
        here = has_come & (month == number)
        waiting[extract.name, file].append(pick({name: rows[name] for name in columns}, here))


def _write(market: Market, writers: Writers, extract: Extract, file: str, rows: Rows) -> None:
    if extract.rows == "charges":
        rows = repeated_invoices(market, writers, extract, rows)
    writers.write(extract, file, rows)


def _with_money(market: Market, rows: Rows) -> Rows:
    """Give the currency of the customer's country, and what a euro is in it."""
    customer = np.where(rows["flow"] == "outbound", rows["country"], rows["origin"])
    codes = {name: market.world.currency(name) for name in market.world.settings["countries"]}
    currency = looked_up(customer, codes)
    return rows | {"currency": currency, "rate": looked_up(currency, market.world.settings["euro_rates"])}


def _with_zone(market: Market, rows: Rows) -> Rows:
    return rows | {"zone": looked_up(rows["country"], market.world.settings["zones"])}
