"""Costs, bills, losses and cost to serve once more, in plain Python, sharing nothing with facts and cube."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tallysheet.settings import Rules

RULES = Rules()
EURO = {"EUR": 1.0, "GBP": 0.87, "USD": 1.09, "PLN": 4.30, "CZK": 24.8}
"""Units for one euro, as data/workbook.toml has them."""
DAY = pd.Timedelta(days=1)
Tables = dict[str, pd.DataFrame]


def _in_week(times: pd.Series, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.Series:
    return (times >= monday) & (times < monday + 7 * DAY) & (times <= seen_at)


def _whole(values: pd.Series) -> pd.Series:
    return np.floor(values.astype(float) + 0.5)


def _euro(amounts: pd.Series, currency: pd.Series) -> pd.Series:
    return _whole(amounts.astype(float) / currency.map(EURO).astype(float))


def _lines(tables: Tables) -> pd.DataFrame:
    lines = tables["carrier_invoice_lines"]
    return lines.assign(euro=_euro(lines["amount_cents"], lines["currency"]))


def _near(parcels: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Pair parcels and lines of the same number whose days lie at most a week apart."""
    both = parcels.merge(lines, on=["carrier", "tracking_number"], suffixes=("", "_line"))
    apart = both["first_scan_at"].dt.normalize() - pd.to_datetime(both["ship_date"])
    return both[apart.abs() <= 7 * DAY]


def _shipped(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.DataFrame:
    parcels = tables["shipments"]
    return parcels[_in_week(parcels["first_scan_at"], monday, seen_at)]


class _Contract:
    """Looks parcels up one by one, in plain lists."""

    def __init__(self, tables: Tables) -> None:
        self._rates: dict[tuple, list] = {}
        self._fuel: dict[str, list] = {}
        for row in tables["contract_rates"].itertuples():
            key = (row.carrier, row.service, row.origin_country, row.destination_country)
            entry = (row.weight_from_g, row.valid_from, row.valid_to, row.price_cents / EURO[row.currency])
            self._rates.setdefault(key, []).append(entry)
        for row in tables["contract_terms"].itertuples():
            self._fuel.setdefault(row.carrier, []).append((row.valid_from, row.valid_to, row.fuel_share))

    def price(self, parcel: Any, day: pd.Timestamp, weight_g: float) -> float:
        """Give the price in euro cents; none is nan."""
        key = (parcel.carrier, parcel.service, parcel.origin_country, parcel.destination_country)
        prices = [
            price
            for from_g, start, end, price in self._rates.get(key, [])
            if from_g < weight_g and start <= day and not end < day
        ]
        return max(prices, default=np.nan)

    def fuel(self, parcel: Any, day: pd.Timestamp) -> float:
        """Give the fuel surcharge as a share of the price."""
        terms = self._fuel.get(parcel.carrier, [])
        return max((share for start, end, share in terms if start <= day and not end < day), default=0.0)


def _costs(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> tuple[float, int]:
    parcels = _shipped(tables, monday, seen_at)
    billed = _near(parcels, _lines(tables))
    waiting = parcels[~parcels["shipment_id"].isin(billed["shipment_id"])]
    contract, expected = _Contract(tables), 0.0
    for parcel in waiting.itertuples():
        weight, day = parcel.weight_declared_g, parcel.first_scan_at.normalize()
        price = contract.price(parcel, day, 1 if pd.isna(weight) else weight)
        if not np.isnan(price):
            expected += np.floor(price * (1 + contract.fuel(parcel, day)) + 0.5)
    return billed["euro"].sum() + expected, len(parcels)


def cost_per_parcel(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Add up what is billed, and for the rest what the contract says, parcel by parcel."""
    cents, parcels = _costs(tables, monday, seen_at)
    return cents / 100 / parcels


def transport_cost(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Add the same up, in all."""
    return _costs(tables, monday, seen_at)[0] / 100


def surcharge_share(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Add up lines by what they charge."""
    by_type = _near(_shipped(tables, monday, seen_at), _lines(tables)).groupby("charge_type")["euro"].sum()
    charged = by_type.drop("credit_note", errors="ignore")
    return 1 - charged["base"] / charged.sum() if len(charged) else np.nan


def _judged(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.DataFrame:
    """Judge the parcels on invoices of the week, one by one: billed, judged, due."""
    lines = _lines(tables)
    lines = lines[lines["charge_type"] != "credit_note"]
    dated = pd.to_datetime(lines["invoice_date"])
    parcels = tables["shipments"]
    ours = parcels[(parcels["label_source"] != "seller_own") & (parcels["first_scan_at"] <= seen_at)]
    now = _near(ours, lines[_in_week(dated, monday, seen_at)])
    before = lines[(dated < monday) & (lines["charge_type"] == "base")]
    known = set(zip(before["carrier"], before["tracking_number"], before["ship_date"], strict=True))
    contract, bills, found = _Contract(tables), defaultdict(list), []
    for line in now.itertuples():
        bills[line.shipment_id, line.ship_date].append(line)
    for lines_of in bills.values():
        parcel, kinds = lines_of[0], {line.charge_type for line in lines_of}
        weight, day = parcel.weight_declared_g, pd.Timestamp(parcel.ship_date)
        price = np.nan if pd.isna(weight) else contract.price(parcel, day, weight)
        if np.isnan(price) or not kinds & {"base", "fuel"}:
            continue
        due = price * (("base" in kinds) + ("fuel" in kinds) * contract.fuel(parcel, day))
        if "base" in kinds and (parcel.carrier, parcel.tracking_number, parcel.ship_date) in known:
            due = 0.0
        judged = sum(line.euro for line in lines_of if line.charge_type in ("base", "fuel"))
        found.append((sum(line.euro for line in lines_of), judged - np.floor(due + 0.5)))
    return pd.DataFrame(found, columns=["billed", "excess"])


def invoice_accuracy(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Of the parcels judged, those within the tolerance."""
    return float((_judged(tables, monday, seen_at)["excess"].abs() <= RULES.billing_tolerance_cents).mean())


def _over(judged: pd.DataFrame) -> float:
    return judged.loc[judged["excess"] > RULES.billing_tolerance_cents, "excess"].sum()


def overbilling(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Add up what is above the contract by more than the tolerance."""
    return _over(_judged(tables, monday, seen_at)) / 100


def overbilling_share(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Divide by all that is billed for the parcels judged."""
    judged = _judged(tables, monday, seen_at)
    return _over(judged) / judged["billed"].sum()


def _losses(tables: Tables, parcels: pd.DataFrame, seen_at: pd.Timestamp) -> pd.DataFrame:
    """Give lost and damaged parcels with what they were worth and what was paid, in euro cents."""
    claims = tables["claims"]
    paid = claims[claims["paid_at"] <= seen_at]
    paid = _euro(paid["amount_paid_cents"].fillna(0), paid["currency"]).groupby(paid["shipment_id"]).sum()
    accepted = claims["decision"].isin(["accepted", "partial"]) & (claims["decided_at"] <= seen_at)
    documented = claims["docs_complete_at"] <= seen_at
    damaged = claims.loc[(claims["claim_type"] == "damaged") & (accepted | documented), "shipment_id"]
    arrived = parcels[["first_attempt_at", "delivered_at"]].le(seen_at).any(axis=1)
    old = pd.to_datetime(parcels["promised_date"]) + RULES.lost_after_days * DAY <= seen_at.normalize()
    gone = parcels[(~arrived & old) | parcels["shipment_id"].isin(damaged)]
    orders, cases = tables["orders"], tables["reverse_cases"]
    order_value = _euro(orders["item_value_cents"], orders["currency"]).groupby(orders["order_id"]).sum()
    case_value = _euro(cases["offer_value_cents"], cases["currency"]).groupby(cases["case_id"]).sum()
    worth = gone["order_id"].map(order_value).fillna(gone["case_id"].map(case_value)).fillna(0)
    paid = gone["shipment_id"].map(paid).fillna(0)
    return gone.assign(worth=worth.astype(float), paid=paid.astype(float))


def claims_recovery(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Paid, of what was lost."""
    losses = _losses(tables, _shipped(tables, monday, seen_at), seen_at)
    return losses["paid"].sum() / losses["worth"].sum() if losses["worth"].sum() else np.nan


def net_loss_cost(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Lost less paid, for 1,000 parcels."""
    parcels = _shipped(tables, monday, seen_at)
    losses = _losses(tables, parcels, seen_at)
    return 10 * (losses["worth"] - losses["paid"]).sum() / len(parcels)


def cost_to_serve(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Follow the orders of the week: their parcels, jobs, contacts and losses."""
    orders = tables["orders"]
    paid = set(orders.loc[_in_week(orders["paid_at"], monday, seen_at), "order_id"])
    parcels = tables["shipments"]
    parcels = parcels[parcels["order_id"].isin(paid) & (parcels["first_scan_at"] <= seen_at)]
    cents = _near(parcels, _lines(tables))["euro"].sum()
    losses = _losses(tables, parcels, seen_at)
    cents += (losses["worth"] - losses["paid"]).sum()
    jobs = tables["fulfilment_jobs"]
    jobs = jobs[(jobs["kind"] == "outbound") & _in_week(jobs["released_at"], monday, seen_at)]
    fees = _whole(_euro(jobs["fee_cents"], jobs["currency"]).groupby(jobs["partner"]).mean())
    cents += parcels.loc[parcels["flow"] == "outbound", "partner"].map(fees).sum()
    contacts = tables["care_contacts"]
    about = contacts["order_id"].isin(paid) & (contacts["opened_at"] <= seen_at)
    unnamed = contacts["order_id"].isna() & _in_week(contacts["opened_at"], monday, seen_at)
    cents += RULES.contact_cost_cents * (about | unnamed).sum()
    return cents / 100 / len(paid)


INDEPENDENT: dict[str, Callable[[Tables, pd.Timestamp, pd.Timestamp], float]] = {
    "cost_per_parcel": cost_per_parcel,
    "surcharge_share": surcharge_share,
    "invoice_accuracy": invoice_accuracy,
    "overbilling": overbilling,
    "overbilling_share": overbilling_share,
    "claims_recovery": claims_recovery,
    "net_loss_cost": net_loss_cost,
    "cost_to_serve": cost_to_serve,
    "transport_cost": transport_cost,
}
