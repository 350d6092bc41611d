"""Claims: what can still be asked for, how long the rest takes, how often it is won and why refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tallysheet.durations import curve_with_interval, incidence, quantile, survival
from tallysheet.duties.known import added_up, newest, rows
from tallysheet.week import Week

_WEEKS = 26
"""Claims opened in so many weeks say how claims go."""
OWN_CLAIMS = 30
"""From so many claims on, a carrier's own share weighs as much as that of its kind of claim."""
_OLD_DAYS = 60
"""A claim that has waited longer is asked about: nine of ten are decided by then."""
_MONTH, _HORIZON = 30, 60


def chances(week: Week) -> pd.DataFrame:
    """Estimate how likely a claim is to be won, by carrier and kind.

    Of claims opened in the 26 weeks up to the newest, the share accepted within 60 days, wholly or in part,
    where what is still open counts (Aalen and Johansen). A carrier with few claims is drawn towards the
    share of its kind: (won + 30 x share of the kind) / (claims + 30).

    Returns
    -------
    DataFrame
        carrier, claim_type, opened_n, won_n, own (share, NaN without a claim), chance.
    """
    counts = _outcomes(newest(week), ["carrier", "claim_type"])
    kinds = {str(name): _won(part) for name, part in counts.groupby("claim_type")}
    overall = _won(counts)
    found = []
    for (carrier, kind), part in counts.groupby(["carrier", "claim_type"]):
        opened, own = int(part["opened_n"].sum()), _won(part)
        usual = kinds[str(kind)] if np.isfinite(kinds[str(kind)]) else overall
        chance = (opened * own + OWN_CLAIMS * usual) / (opened + OWN_CLAIMS)
        found.append((carrier, kind, opened, int(part["won_n"].sum()), own, chance))
    return pd.DataFrame(found, columns=["carrier", "claim_type", "opened_n", "won_n", "own", "chance"])


def unclaimed(week: Week, *, weeks_before: int = 0) -> pd.DataFrame:
    """List the parcels for which money can still be claimed and nobody has, the most promising first.

    Parameters
    ----------
    week : Week
    weeks_before : int
        The list as it was so many weeks before.

    Returns
    -------
    DataFrame
        As sql/lists/claimable.sql, with most_cents (value, at most what the carrier pays), chance (as
        `chances` has it now), expected_cents (chance x most), days_left (0: today is the last).
    """
    listed = rows(week, "claimable", weeks_before=weeks_before)
    seen_on = pd.Timestamp(week.cube.as_of.date()) - pd.Timedelta(weeks=weeks_before)
    days_left = (pd.to_datetime(listed["last_day"]) - seen_on).dt.days
    found = listed.assign(days_left=days_left)[(listed["claims_n"] == 0) & (days_left >= 0)]
    most = found[["value_cents", "limit_cents"]].min(axis=1)
    found = found.assign(claim_type=found["event"], most_cents=most).merge(
        chances(week)[["carrier", "claim_type", "chance"]], on=["carrier", "claim_type"], how="left"
    )
    expected = (found["chance"] * found["most_cents"]).round()
    return (
        found.assign(expected_cents=expected)
        .sort_values(["expected_cents", "days_left", "shipment_id"], ascending=[False, True, True])
        .reset_index(drop=True)
    )


def came_of(week: Week) -> pd.DataFrame:
    """Say what became of the list of the week before.

    Returns
    -------
    DataFrame
        As `unclaimed` a week ago, with became: ``claimed``, ``open``, ``over`` (nobody claimed in time) or
        ``gone`` (a parcel that arrived after all, or no claim can be made any more).
    """
    before = unclaimed(week, weeks_before=1)
    now = rows(week, "claimable").set_index("shipment_id")
    today = pd.Timestamp(week.cube.as_of.date())
    claims_n = before["shipment_id"].map(now["claims_n"])
    late = pd.to_datetime(before["last_day"]) < today
    became = np.select([claims_n.isna(), claims_n > 0, late], ["gone", "claimed", "over"], "open")
    return before.assign(became=became)


def speed(week: Week) -> pd.DataFrame:
    """Say how long claims take, by carrier and in all, with those that are still open.

    Returns
    -------
    DataFrame
        carrier (empty: all), opened_n, open_n, median_days (Kaplan and Meier; NaN where fewer than half are
        decided), low_days, high_days (its 95 % interval: where the curve's interval crosses a half; NaN where
        it does not), decided_only_days (median of what is decided: too short), by_30 (share decided within 30
        days), won (share accepted within 60 days).
    """
    counts = _outcomes(week, ["carrier"])
    parts = [(str(name), part) for name, part in counts.groupby("carrier")]
    return pd.DataFrame([_speed(name, part) for name, part in [*parts, ("", counts)]])


def refusals(week: Week) -> pd.DataFrame:
    """Count why claims were refused that were decided in the 13 weeks up to the week's Sunday.

    Returns
    -------
    DataFrame
        reason (as the carrier says), refused_n, share (of all refusals), unknown_n (so many of
        which it is not known what they asked for), claimed_cents (of the others; NaN without any); the most
        first.
    """
    listed = rows(week, "claims_on_hand")
    decided, last = pd.to_datetime(listed["decided_on"]), pd.Timestamp(week.week.sunday)
    in_time = (decided > last - pd.Timedelta(weeks=13)) & (decided <= last)
    refused = listed[(listed["decision"] == "rejected") & in_time]
    found = refused.groupby(refused["reject_reason"].fillna(""), as_index=False).agg(
        reason=("reject_reason", "first"),
        refused_n=("claim_id", "size"),
        known_n=("claimed_cents", "count"),
        claimed_cents=("claimed_cents", "sum"),
    )
    found = found.assign(
        share=found["refused_n"] / max(found["refused_n"].sum(), 1),
        unknown_n=found["refused_n"] - found["known_n"],
        claimed_cents=found["claimed_cents"].astype(float).where(found["known_n"] > 0),
    )[["reason", "refused_n", "share", "unknown_n", "claimed_cents"]]
    return found.sort_values(["refused_n", "reason"], ascending=[False, True]).reset_index(drop=True)


@dataclass(frozen=True)
class Evidence:
    """How often claims were won with all their evidence and without, of the last 26 weeks and decided.

    A difference between two groups, which differ in other things too: no effect of evidence.

    Parameters
    ----------
    complete_n, lacking_n : int
        So many were decided with all evidence, and without.
    complete, lacking : float
        The shares of them that were won, wholly or in part; NaN without any.
    """

    complete_n: int
    complete: float
    lacking_n: int
    lacking: float

    @property
    def favours_complete(self) -> bool:
        """Whether more were won of those with all evidence."""
        return self.complete > self.lacking


def evidence(week: Week) -> Evidence:
    """Compare claims with all evidence with the others, of those opened in the last 26 weeks."""
    listed = rows(week, "claims_on_hand")
    opened, last = pd.to_datetime(listed["opened_on"]), pd.Timestamp(week.week.sunday)
    in_time = (opened > last - pd.Timedelta(weeks=_WEEKS)) & (opened <= last)
    decided = listed[listed["decision"].isin(["accepted", "partial", "rejected"]) & in_time]
    is_won = decided["decision"] != "rejected"
    complete, lacking = (is_won[decided["is_complete"] == kind] for kind in (True, False))
    return Evidence(len(complete), float(complete.mean()), len(lacking), float(lacking.mean()))


@dataclass(frozen=True)
class Waiting:
    """Open claims that something can be done about, each in one of two lists.

    Parameters
    ----------
    incomplete : DataFrame
        Claims whose evidence is not complete; none if that favours no claim.
    old : DataFrame
        The other claims that have been open for more than 60 days. Both: claim_id, carrier, claim_type,
        age_days, claimed_cents, most_cents, chance, expected_cents (chance x most).
    evidence : Evidence
    """

    incomplete: pd.DataFrame
    old: pd.DataFrame
    evidence: Evidence


def waiting(week: Week) -> Waiting:
    """Look at the claims that are open."""
    listed = rows(week, "claims_on_hand").merge(
        chances(week)[["carrier", "claim_type", "chance"]], on=["carrier", "claim_type"], how="left"
    )
    most = listed[["claimed_cents", "limit_cents"]].min(axis=1)
    found = listed.assign(most_cents=most, expected_cents=(listed["chance"] * most).round())
    found = found[found["decision"].isna()]
    compared = evidence(week)
    is_lacking = ~found["is_complete"] & compared.favours_complete
    is_old = (found["age_days"] > _OLD_DAYS) & ~is_lacking
    return Waiting(found[is_lacking].reset_index(drop=True), found[is_old].reset_index(drop=True), compared)


def _outcomes(week: Week, by: list[str]) -> pd.DataFrame:
    """Add claims up by how many days they took, of the weeks up to the opened one, as known now."""
    weeks = [one for one in week.cube.touched_weeks if one <= week.week][-_WEEKS:]
    return added_up(week, "claim_outcomes", [(str(one), week.cube.as_of) for one in weeks], by)


def _lengths(counts: pd.DataFrame) -> pd.DataFrame:
    """Give opened, decided and won by whole days, from 0 on."""
    found = counts.groupby("days_bin")[["opened_n", "decided_n", "won_n"]].sum()
    return found.reindex(range(int(found.index.max()) + 1), fill_value=0)


def _won(counts: pd.DataFrame) -> float:
    by_day = _lengths(counts)
    lost = by_day["decided_n"] - by_day["won_n"]
    curve = incidence(by_day["won_n"], lost, by_day["opened_n"] - by_day["decided_n"])
    return float(curve[min(_HORIZON, len(curve)) - 1])


def _speed(carrier: str, counts: pd.DataFrame) -> dict[str, object]:
    by_day = _lengths(counts)
    still = by_day["opened_n"] - by_day["decided_n"]
    curve = survival(by_day["decided_n"], still)
    lengths = by_day.index.to_numpy(float) + 0.5
    # The decided alone, as if nothing were open: what a spreadsheet of decisions shows.
    decided_only = survival(by_day["decided_n"], np.zeros(len(by_day)))
    known = curve_with_interval(by_day["decided_n"], still, lengths)
    # Where all or none are open the curve is its own interval.
    low, high = (known[side].fillna(known["survival"]) for side in ("low", "high"))
    return {
        "carrier": carrier,
        "opened_n": int(by_day["opened_n"].sum()),
        "open_n": int(still.sum()),
        "median_days": float(quantile(curve, lengths, 0.5, 1.0)),
        "low_days": float(quantile(low, known["length"], 0.5)),
        "high_days": float(quantile(high, known["length"], 0.5)),
        "decided_only_days": float(quantile(decided_only, lengths, 0.5, 1.0)),
        "by_30": float(1 - curve[min(_MONTH, len(curve)) - 1]),
        "won": _won(counts),
    }
