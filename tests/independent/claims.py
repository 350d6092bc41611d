"""The KPIs of claims once more, in plain pandas: it shares nothing with facts and cube."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tallysheet.settings import Rules

LOST_AFTER = pd.Timedelta(days=Rules().lost_after_days)
DAY = pd.Timedelta(days=1)
Tables = dict[str, pd.DataFrame]


def _in_week(times: pd.Series, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.Series:
    return (times >= monday) & (times < monday + pd.Timedelta(days=7)) & (times <= seen_at)


def _lost(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.Series:
    """Give the day of each parcel that was lost, by shipment."""
    parcels = tables["shipments"].set_index("shipment_id")
    parcels = parcels[_in_week(parcels["promised_date"], monday, seen_at)]
    last_day = parcels["promised_date"] + LOST_AFTER
    is_sent = parcels["first_scan_at"] < last_day
    arrived = parcels["first_attempt_at"].fillna(parcels["delivered_at"])
    return parcels["promised_date"][is_sent & ~(arrived < last_day) & (last_day <= seen_at)]


def _damaged(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.Series:
    """Give the day of each outbound parcel of which a contact or a claim says that it is damaged."""
    parcels = tables["shipments"].query("flow == 'outbound'").set_index("shipment_id")
    parcels = parcels[_in_week(parcels["delivered_at"], monday, seen_at)]
    arrived = parcels["first_attempt_at"].fillna(parcels["delivered_at"])
    parcels = parcels[arrived < parcels["promised_date"] + LOST_AFTER]
    told = tables["care_contacts"].query("contact_reason == 'damaged'")
    told = told[told["opened_at"] <= seen_at].groupby("order_id")["opened_at"].max()
    by_contact = parcels["order_id"].map(told) >= parcels["delivered_at"]
    claims = tables["claims"].query("claim_type == 'damaged'")
    by_claim = parcels.index.isin(claims[claims["opened_at"] <= seen_at]["shipment_id"])
    return parcels["delivered_at"][by_contact | by_claim].dt.normalize()


def claim_filing_rate(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Look for the first claim of each event, and compare it with the deadline of that day."""
    events = pd.concat([_lost(tables, monday, seen_at), _damaged(tables, monday, seen_at)]).rename("day")
    claims = tables["claims"]
    first = claims[claims["opened_at"] <= seen_at].groupby("shipment_id")["opened_at"].min()
    carriers = tables["shipments"].drop_duplicates("shipment_id").set_index("shipment_id")["carrier"]
    claimed, counted = 0, 0
    for name, day in events.items():
        terms = tables["contract_terms"]
        terms = terms[(terms["carrier"] == carriers[name]) & (terms["valid_from"] <= day)]
        terms = terms[~(terms["valid_to"] < day)]
        if len(terms):
            last_day = day + int(terms["claim_deadline_days"].max()) * DAY
            claimed += name in first.index and first[name].normalize() <= last_day
            counted += 1
    return claimed / counted if counted else np.nan


def evidence_complete(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Compare two times."""
    claims = tables["claims"]
    claims = claims[_in_week(claims["submitted_at"], monday, seen_at)]
    return (claims["docs_complete_at"] <= claims["submitted_at"]).mean()


def _ages(claims: pd.DataFrame, since: str, seen_at: pd.Timestamp) -> pd.DataFrame:
    """Give the age of each claim at its decision, or now, and its decision, empty while it is open."""
    over = claims["decided_at"] <= seen_at
    ages = (claims["decided_at"].where(over, seen_at) - claims[since]) / DAY
    return pd.DataFrame({"age": ages, "decision": claims["decision"].where(over)})


def claim_acceptance(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Aalen and Johansen's share, whole day by whole day."""
    claims = tables["claims"]
    found = _ages(claims[_in_week(claims["opened_at"], monday, seen_at)], "opened_at", seen_at)
    found["age"] = found["age"].floordiv(1)
    undecided, accepted = 1.0, 0.0
    for day in range(60):
        at_risk, ended = (found["age"] >= day).sum(), found[found["age"] == day]["decision"].dropna()
        if at_risk:
            accepted += undecided * ended.isin(["accepted", "partial"]).sum() / at_risk
            undecided *= 1 - len(ended) / at_risk
    return accepted


def _median(found: pd.DataFrame) -> float:
    """Walk along the ages in order, and let the share that is open shrink at each decision."""
    left, waiting = 1.0, len(found)
    for age, is_open in sorted(zip(found["age"], found["decision"].isna(), strict=True)):
        left *= 1 if is_open else 1 - 1 / waiting
        waiting -= 1
        if left <= 0.5:
            return float(age)
    return np.nan


def claim_resolution_days(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Kaplan and Meier's median, claim by claim."""
    claims = tables["claims"]
    return _median(_ages(claims[_in_week(claims["opened_at"], monday, seen_at)], "opened_at", seen_at))


def claim_decision_days(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Give the same from the submission on."""
    claims = tables["claims"]
    return _median(_ages(claims[_in_week(claims["submitted_at"], monday, seen_at)], "submitted_at", seen_at))


def claim_backlog(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count what had been opened by the end of the week, less what had been decided."""
    claims, end = tables["claims"], monday + 7 * DAY
    return float((claims["opened_at"] < end).sum() - (claims["decided_at"] < end).sum())


INDEPENDENT: dict[str, Callable[[Tables, pd.Timestamp, pd.Timestamp], float]] = {
    "claim_filing_rate": claim_filing_rate,
    "evidence_complete": evidence_complete,
    "claim_acceptance": claim_acceptance,
    "claim_resolution_days": claim_resolution_days,
    "claim_decision_days": claim_decision_days,
    "claim_backlog": claim_backlog,
}
