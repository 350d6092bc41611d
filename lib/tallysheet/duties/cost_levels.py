"""What parcels cost: invoiced and still to be invoiced, and what the cost of a parcel moved by."""

from __future__ import annotations

import pandas as pd

from tallysheet.decomposition import split
from tallysheet.duties.known import added_up, rows
from tallysheet.week import Week

WEEKS = 8
"""So many weeks of shipping are accrued."""
OWN_PARCELS = 500
"""From so many invoiced parcels on, a week's own invoices weigh as much as its carrier's usual ones."""
BASES = ("previous", "last-4", "year-ago")
PARTS = ("mix", "price", "fuel", "extra", "rest")
_CELLS = ["carrier", "lane", "flow", "service", "weight_band", "label_source"]


def stated(week: Week) -> pd.DataFrame:
    """Say what shipments themselves say they cost, by carrier: for who has no invoices.

    Returns
    -------
    DataFrame
        carrier, now_n, now_cents (due in the week), before_n, before_cents (in the four weeks before); none
        where no shipment states a cost, or only in currencies without a rate.
    """
    return rows(week, "stated_costs")


def accruals(week: Week) -> pd.DataFrame:
    """Say by carrier what the last eight weeks of shipping cost: invoiced, and still to be invoiced.

    What is not invoiced is accrued at the contract's price with fuel, times what the carrier's invoices
    usually come to beside it: surcharges, weights, credits. That is learnt from the weeks before these eight;
    a week whose own invoices differ, as in the peak season, is drawn towards them, half way at 500 parcels.

    Returns
    -------
    DataFrame
        carrier, parcels_n, invoiced_n, accrued_n, invoiced_cents, accrued_cents, listed_cents (of
        accrued_cents what the bare contract says), usual (invoices to contract; NaN without earlier weeks).
    """
    by_carrier = accruals_by_week(week).groupby("carrier", as_index=False)
    sums = ["parcels_n", "invoiced_n", "accrued_n", "invoiced_cents", "accrued_cents", "listed_cents"]
    return by_carrier.agg(dict.fromkeys(sums, "sum") | {"usual": "first"})


def accruals_by_week(week: Week) -> pd.DataFrame:
    """Give what `accruals` adds up, by carrier and week of shipping."""
    found = rows(week, "accruals")
    is_recent = found["week"] > str(week.week.shift(-WEEKS))
    earlier = found[~is_recent].groupby("carrier")[["priced_invoiced_cents", "invoiced_listed_cents"]].sum()
    usual = earlier["priced_invoiced_cents"] / earlier["invoiced_listed_cents"].where(lambda cents: cents > 0)
    found = found[is_recent].assign(usual=found["carrier"].map(usual))
    open_n = found["parcels_n"] - found["invoiced_n"]
    # Without a price in the contract a parcel costs what the carrier's others do.
    listed = found["open_listed_cents"] * open_n / (open_n - found["unpriced_n"]).clip(lower=1)
    price = (found["open_listed_cents"] + found["invoiced_listed_cents"]) / found["parcels_n"]
    weight = OWN_PARCELS * price
    factor = (found["priced_invoiced_cents"] + weight * found["usual"].fillna(1.0)) / (
        found["invoiced_listed_cents"] + weight
    )
    return found.assign(
        accrued_n=open_n,
        accrued_cents=(listed * factor).round().astype("int64"),
        listed_cents=listed.round().astype("int64"),
    )


def bridges(week: Week) -> pd.DataFrame:
    """Split what the week's cost per parcel differs by from the week before, four weeks and a year before.

    Over carriers, lanes, flows, services, weights and labels, by the midpoint convention of
    `tallysheet.decompose`; the rate is split once more, by what is charged. All weeks at the week's age.

    Returns
    -------
    DataFrame
        base, start and end (euro a parcel), and between them mix (other parcels), price and fuel, extra
        (surcharges), rest (what is not invoiced, at the contract's price, less credits). Without the bases
        that the data does not hold, or of which the costs are not known.
    """
    known = {str(one) for one in week.cube.touched_weeks}
    found = []
    for base in BASES:
        if base == "year-ago" and str(week.week.year_ago) not in known:
            continue
        if base != "year-ago" and str(week.week.shift(-1)) not in known:
            continue
        explained = week.explanation("cost_per_parcel", base, ())
        if pd.isna(explained.change):
            continue
        weeks = [str(one) for one in explained.base_weeks]
        found.append({"base": base} | _bridge(_cells(week, [str(week.week)]), _cells(week, weeks)))
    return pd.DataFrame(found, columns=["base", "start", *PARTS, "end"])


def _cells(week: Week, weeks: list[str]) -> pd.DataFrame:
    age = week.review.age("cost_per_parcel")
    looks = [look for look in week.cube.looks(age) if look[0] in weeks]
    costs = added_up(week, "costs", looks, _CELLS)
    costs = costs.rename(columns={"base_cents": "price_cents"})
    charged = costs[["price_cents", "fuel_cents", "extra_cents"]].sum(axis=1)
    return costs.assign(rest_cents=costs["cost_cents"] - charged).groupby(_CELLS).sum(numeric_only=True)


def _bridge(now: pd.DataFrame, before: pd.DataFrame) -> dict[str, float]:
    cells = now.index.union(before.index)
    now, before = (side.reindex(cells, fill_value=0).astype(float) for side in (now, before))
    parcels = now["costed_n"].to_numpy(), before["costed_n"].to_numpy()
    mix, rates = 0.0, {}
    for name in PARTS[1:]:
        euros = now[f"{name}_cents"].to_numpy() / 100, before[f"{name}_cents"].to_numpy() / 100
        moved, rate, _ = split(euros, parcels)
        mix, rates[name] = mix + float(moved.sum()), float(rate.sum())
    start, end = (float(side["cost_cents"].sum() / side["costed_n"].sum()) / 100 for side in (before, now))
    return {"start": start, "mix": mix, **rates, "end": end}
