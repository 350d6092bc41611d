"""Invoices against the contract, charge by charge: what to dispute, and what became of last week's list."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tallysheet.duties.known import rows
from tallysheet.week import Week

WEEKS = 8
"""Charges are disputed that were invoiced in so many weeks."""
_SAME = ["invoice_id", "shipment_id"]
_SLIP = ["carrier", "currency", "contract_currency"]


def audited(week: Week, *, weeks_before: int = 0) -> pd.DataFrame:
    """List what invoices of the last 13 weeks charge above what is due, answered by a credit or not.

    Parameters
    ----------
    week : Week
    weeks_before : int
        As it was known so many weeks before.

    Returns
    -------
    DataFrame
        As sql/lists/overcharged.sql, one row a parcel and invoice, with reason (``repeated``, ``weight``,
        ``early``: a price that holds later, or ``price``), over_cents (billed less due), left_cents (what no
        credit note has answered: a credit answers the parcel's earliest first); billed_cents is read in the
        contract's currency where the tag slipped (see `slips`).
    """
    found = rows(week, "overcharged", weeks_before=weeks_before)
    is_slip = _is_slip(found)
    read = found["read_cents"].where(is_slip, found["billed_cents"])
    found = found.assign(billed_cents=read, over_cents=read - found["due_cents"])
    tolerance = week.settings.rules.billing_tolerance_cents
    # Of a seller's own label nothing says what it would be in another currency.
    is_known = is_slip | (found["currency"] == found["contract_currency"]) | ~found["is_own_label"]
    found = found[is_known & (found["over_cents"] > tolerance)]
    so_far = found.groupby("shipment_id")["over_cents"].cumsum()
    left = (so_far - found["credited_cents"]).clip(0, found["over_cents"])
    is_early = (read[found.index] - found["later_cents"]).abs() <= tolerance
    reason = np.select(
        [found["repeated_n"] > 0, found["billed_g"] > found["declared_g"], is_early.fillna(False)],
        ["repeated", "weight", "early"],
        "price",
    )
    return found.assign(reason=reason, left_cents=left.where(left > tolerance, 0).astype("int64"))


def disputes(week: Week, *, weeks_before: int = 0) -> pd.DataFrame:
    """List what is to be disputed: invoiced in the last eight weeks, and no credit note has answered it.

    Returns
    -------
    DataFrame
        As `audited`, with is_new (not on the list of the week before); the most money first.
    """
    found = _due(week, weeks_before)
    before = _due(week, weeks_before + 1)[_SAME].assign(is_new=False)
    found = found.merge(before, on=_SAME, how="left")
    found = found.assign(is_new=found["is_new"].isna())
    order = ["left_cents", "invoice_date", "invoice_id", "shipment_id"]
    return found.sort_values(order, ascending=[False, True, True, True]).reset_index(drop=True)


def _due(week: Week, weeks_before: int) -> pd.DataFrame:
    found = audited(week, weeks_before=weeks_before)
    return found[_is_recent(week, found, weeks_before) & (found["left_cents"] > 0)]


def _is_recent(week: Week, found: pd.DataFrame, weeks_before: int) -> pd.Series:
    seen_on = pd.Timestamp(week.cube.as_of.date()) - pd.Timedelta(weeks=weeks_before)
    return pd.to_datetime(found["invoice_date"]) > seen_on - pd.Timedelta(weeks=WEEKS)


def came_of(week: Week) -> pd.DataFrame:
    """Say what became of the list of the week before.

    Returns
    -------
    DataFrame
        As `disputes` a week ago, with became: ``credited`` (a credit note has answered it since), ``open``,
        ``over`` (open, and invoiced more than eight weeks ago now) or ``corrected`` (the line, the contract
        or the parcel says something else now).
    """
    before = disputes(week, weeks_before=1)
    now = audited(week)
    now = now.assign(is_recent=_is_recent(week, now, 0))[[*_SAME, "left_cents", "is_recent"]]
    both = before[_SAME].merge(now, on=_SAME, how="left")
    became = np.select(
        [both["left_cents"].isna(), both["left_cents"] == 0, ~both["is_recent"].fillna(False).astype(bool)],
        ["corrected", "credited", "over"],
        "open",
    )
    return before.assign(became=became)


def by_reason(week: Week) -> pd.DataFrame:
    """Add the list up by carrier and reason: carrier, reason, charges_n, left_cents; the most money first."""
    found = disputes(week).groupby(["carrier", "reason"], as_index=False)
    added = found.agg(charges_n=("left_cents", "size"), left_cents=("left_cents", "sum"))
    order = ["left_cents", "carrier", "reason"]
    return added.sort_values(order, ascending=[False, True, True]).reset_index(drop=True)


@dataclass(frozen=True)
class Twice:
    """What came or was charged twice in the last eight weeks.

    Parameters
    ----------
    removed : int
        Lines of invoices that came again in extracts of these weeks.
    kept, disputed : int
        Charges of invoices of these weeks that a credit note answers, and that are on the list.
    """

    removed: int
    kept: int
    disputed: int


def twice(week: Week) -> Twice:
    """Count what came or was charged twice, as known at the week's moment."""
    files = week.ledger.files[week.ledger.files["table"] == "carrier_invoice_lines"]
    age = week.cube.as_of - pd.to_datetime(files["loaded_at"])
    is_recent = (age >= pd.Timedelta(0)) & (age < pd.Timedelta(weeks=WEEKS))
    found = audited(week)
    again = found[_is_recent(week, found, 0) & (found["reason"] == "repeated")]
    is_open = again["left_cents"] > 0
    return Twice(int(files.loc[is_recent, "duplicates"].sum()), int((~is_open).sum()), int(is_open.sum()))


def slips(week: Week) -> pd.DataFrame:
    """Name amounts of the last 13 weeks that stand under another currency than the contract's.

    Returns
    -------
    DataFrame
        carrier, lane, currency (as tagged), contract_currency, parcels_n, first_day and last_day (of
        shipping), ratio (billed to due as tagged: the median), rate (what one of the tagged currency is in
        the contract's), short_cents (all charges as meant less as tagged: what costs seem lower by).
    """
    found = rows(week, "overcharged")
    found = found[_is_slip(found)]
    rates = week.settings.rules.euro_rates
    found = found.assign(
        ratio=found["billed_cents"] / found["due_cents"].where(found["due_cents"] > 0),
        short_cents=found["all_read_cents"] - found["all_billed_cents"],
        rate=[
            rates[meant] / rates[tagged]
            for meant, tagged in zip(found["contract_currency"], found["currency"], strict=True)
        ],
    )
    return found.groupby(["carrier", "lane", "currency", "contract_currency"], as_index=False).agg(
        parcels_n=("shipment_id", "nunique"),
        first_day=("ship_date", "min"),
        last_day=("ship_date", "max"),
        ratio=("ratio", "median"),
        rate=("rate", "first"),
        short_cents=("short_cents", "sum"),
    )


def _is_slip(found: pd.DataFrame) -> pd.Series:
    """Tell where the number is right in the contract's currency and wrong in the one it is tagged with.

    Of all parcels of a carrier and pair of currencies together, by labels under our own contract: one of
    them, billed a weight too high, may by chance fit the wrong reading.
    """
    due = found["due_cents"].where((found["due_cents"] > 0) & ~found["is_own_label"])
    off = pd.DataFrame({name: found[f"{name}_cents"] / due - 1 for name in ("read", "billed")})
    typical = off.groupby([found[name] for name in _SLIP]).transform("median").abs()
    return (found["currency"] != found["contract_currency"]) & (typical["read"] < typical["billed"])
