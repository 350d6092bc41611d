"""Returns and trade-ins: how long each leg takes, who drops off, lower offers, and what it costs."""

from __future__ import annotations

import pandas as pd

from tallysheet.duties.known import added_up, rows
from tallysheet.duties.mix_evidence import final_weeks
from tallysheet.week import Week

LEGS = ("drop", "carry", "grade", "answer", "pay")
"""In their order: to the carrier, on its way, examined, a lower offer answered, paid."""
WEEKS = 13
_DROPS = {
    "return": ("return_labels", "return_drop_off"),
    "trade_in": ("trade_in_offers", "trade_in_drop_off"),
}
FACTS = ("return_labels", "trade_in_offers")
_REVERSE = ("return", "trade_in")


def legs(week: Week) -> pd.DataFrame:
    """Say how long each leg takes, and took in the 13 weeks before.

    Returns
    -------
    DataFrame
        case_type, leg, cases_n, median_days, p90_days, before_days (the median then).
    """
    listed = rows(week, "reverse_legs")
    now, before = (listed[listed["span"] == span].drop(columns="span") for span in ("now", "before"))
    earlier = before[["case_type", "leg", "median_days"]].rename(columns={"median_days": "before_days"})
    found = now.merge(earlier, on=["case_type", "leg"], how="left")
    order = found["leg"].map({leg: place for place, leg in enumerate(LEGS)})
    return (
        found.assign(order=order)
        .sort_values(["case_type", "order"])
        .drop(columns="order")
        .reset_index(drop=True)
    )


def drop_off(week: Week) -> pd.DataFrame:
    """Count what reaches the carrier of what was asked for, by service, of 13 weeks that are final.

    Returns
    -------
    DataFrame
        flow, service, asked_n, dropped_n, share.
    """
    found = []
    for flow, (fact, slug) in _DROPS.items():
        weeks = [(str(one), week.cube.as_of) for one in final_weeks(week, slug, WEEKS)]
        if week.cube.missing[fact] or not weeks:
            continue
        counts = added_up(week, fact, weeks, ["service"])
        asked = "labels_n" if flow == "return" else "offers_n"
        summed = counts.groupby("service", as_index=False)[[asked, "dropped_n"]].sum()
        found.append(summed.rename(columns={asked: "asked_n"}).assign(flow=flow))
    if not found:
        return pd.DataFrame(columns=["flow", "service", "asked_n", "dropped_n", "share"])
    whole = pd.concat(found, ignore_index=True)
    whole = whole[whole["service"] != ""]
    return whole.assign(share=whole["dropped_n"] / whole["asked_n"])


def counter_offers(week: Week) -> pd.DataFrame:
    """Count lower offers by partner, of 13 weeks that are final.

    Returns
    -------
    DataFrame
        partner, graded_n, counter_offer_n, share.
    """
    weeks = [(str(one), week.cube.as_of) for one in final_weeks(week, "counter_offer_rate", WEEKS)]
    columns = ["partner", "graded_n", "counter_offer_n"]
    if week.cube.missing["graded_trade_ins"] or not weeks:
        return pd.DataFrame(columns=[*columns, "share"])
    counts = added_up(week, "graded_trade_ins", weeks, ["partner"])
    summed = counts.groupby("partner", as_index=False)[columns[1:]].sum()
    return summed.assign(share=summed["counter_offer_n"] / summed["graded_n"])


def costs(week: Week) -> pd.DataFrame:
    """Say what a parcel costs that comes back, by flow and carrier, of the last 4 weeks.

    Returns
    -------
    DataFrame
        flow, carrier, parcels_n, costed_n (those whose cost is known), cost_cents, each (euros a parcel).
    """
    weeks = [(str(one), week.cube.as_of) for one in week.cube.touched_weeks if one <= week.week][-4:]
    counts = added_up(week, "costs", weeks, ["flow", "carrier"])
    counts = counts[counts["flow"].isin(_REVERSE)]
    summed = counts.groupby(["flow", "carrier"], as_index=False)[
        ["parcels_n", "costed_n", "cost_cents"]
    ].sum()
    return summed.assign(each=summed["cost_cents"] / summed["costed_n"] / 100)
