"""What the workbook knows for the carrier mix of returns and trade-ins, at a week's as-of."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from tallysheet.carrier_mix import Evidence
from tallysheet.duties.claims import chances
from tallysheet.duties.known import added_up, lacking, rows
from tallysheet.inputs import fingerprint
from tallysheet.kpis import kpi
from tallysheet.week import Week
from tallysheet.weeks import IsoWeek

LISTS = ("mix_parcels", "mix_prices", "mix_terms")
FACTS = ("transits", "first_scans", "loss_values")
_SERVICE_WEEKS, _LOSS_WEEKS = 12, 26
_LOST = ("lost", "damaged")


def lacks(week: Week) -> list[str]:
    """Name the tables without which there is no mix."""
    facts = {table for fact in FACTS for table in week.cube.missing[fact]}
    return sorted({*lacking(week, *LISTS), *facts})


def evidence(week: Week) -> Evidence:
    """Gather what is known at a week's as-of, of the weeks up to it."""
    service = final_weeks(week, "carrier_otd", _SERVICE_WEEKS)
    by = ["carrier", "flow", "lane"]
    counts = added_up(week, "transits", _looks(week, service), by)
    matured = _looks(week, final_weeks(week, "loss_rate", _LOSS_WEEKS))
    scanned = (
        added_up(week, "first_scans", matured, by).groupby(["week", *by], as_index=False)["scanned_n"].sum()
    )
    lost = added_up(week, "loss_values", matured, by).groupby(["week", *by], as_index=False)["losses_n"].sum()
    losses = scanned.merge(lost, on=["week", *by], how="left")
    parcels, prices, terms = (rows(week, name) for name in LISTS)
    return Evidence(
        parcels,
        prices,
        terms,
        on_time=counts.rename(columns={"in_time_n": "x", "judged_n": "n"})[["week", *by, "x", "n"]],
        losses=losses.assign(x=losses["losses_n"].fillna(0), n=losses["scanned_n"])[["week", *by, "x", "n"]],
        recovered=_recovered(week),
        contact_euros=_late_contacts(week) * week.settings.rules.contact_cost_cents / 100,
    )


def content_of(known: Evidence) -> str:
    """Fingerprint what is known, so that the same evidence has the same answer whatever else was loaded."""
    frames = (known.parcels, known.prices, known.terms, known.on_time, known.losses)
    hashed = (pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes().hex() for frame in frames)
    return fingerprint([*hashed, repr(known.recovered), repr(known.contact_euros)])


def final_weeks(week: Week, slug: str, count: int) -> list[IsoWeek]:
    """Give the last weeks of which a KPI was final."""
    full, until = dt.timedelta(days=kpi(slug).maturity_days), week.review.known_until(slug)
    known = [one for one in week.cube.weeks if one <= week.week and until - one.ended_at >= full]
    return known[-count:]


def _looks(week: Week, weeks: list[IsoWeek]) -> list[tuple[str, dt.datetime]]:
    return [(str(one), week.cube.as_of) for one in weeks]


def _recovered(week: Week) -> dict[str, float]:
    """Give by carrier how much of what it pays at most comes back: how often it is asked, and then pays."""
    if lacking(week, "claimable", "claims_on_hand"):
        return {}
    listed = rows(week, "claimable")
    over = listed[pd.to_datetime(listed["last_day"]) < pd.Timestamp(week.cube.as_of.date())]
    asked = float((over["claims_n"] > 0).mean()) if len(over) else 0.0
    won = chances(week)
    found = won[won["claim_type"].isin(_LOST)]
    return {str(carrier): asked * float(part["chance"].mean()) for carrier, part in found.groupby("carrier")}


def _late_contacts(week: Week) -> float:
    """Say how many more contacts a late parcel brings than one on time, of parcels to customers."""
    if lacking(week, "contacts_by_lateness"):
        return 0.0
    listed = rows(week, "contacts_by_lateness")
    summed = listed.groupby(listed["lateness"].eq("on_time"))[["where_n", "parcels_n"]].sum()
    share = summed["where_n"] / summed["parcels_n"]
    return max(0.0, float(share.get(False, 0.0)) - float(share.get(True, 0.0)))
