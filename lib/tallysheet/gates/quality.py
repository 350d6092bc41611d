"""Is the data whole? Missing scans, files that came twice, amounts in a wrong unit, too little known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from tallysheet.evidence import Evidence, Weekly, reads
from tallysheet.findings import Finding, scope_of
from tallysheet.intervals import NORMAL_95
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.lineup import Where, lineup_of
from tallysheet.spells import LONGEST, measure, run_around, spell_at
from tallysheet.suspects import suspects
from tallysheet.tracks import Track

SURE = 1e-4
"""Chance that an unchanged week shows a fault."""

_UNSEEN = 0.03
"""Share of parcels without a scan, beyond the usual, from which on scans are missing."""

_SHOWN = 0.05
"""Chance of a KPI's move in an unchanged week: that scans are missing is proven before it is looked at."""

_SCANNED = (
    *("shipments", "shipped", "transits", "deliveries", "attempts", "handed_over", "handovers"),
    "perfect_orders",
)
"""Facts whose rows are late, incomplete or not there without scans."""

AUDITED = ("carrier", "destination_country", "lane", "currency", "contract_currency", "label_source")
"""What bills are laid out by, once for all that looks at them."""

_REPEATED = 0.02
_OFF = 0.02


def scans(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out, by carrier, the parcels due, those without any scan, and the KPI."""
    if one.fact not in _SCANNED or "carrier" not in evidence.dimensions(one) or not evidence.has("shipments"):
        return None
    seen = evidence.leaves("otd", ("carrier",))
    if seen["ended"].isna().all():
        return None
    own = evidence.leaves(one.slug, ("carrier",))[["carrier", "week", "x", "n"]]
    own = own.rename(columns={"x": "kpi_x", "n": "kpi_n"})
    table = seen.assign(x=seen["n"] - seen["ended"])
    table = table.merge(own, on=["carrier", "week"], how="left").fillna({"kpi_x": 0.0, "kpi_n": 0.0})
    table.attrs = {"kind": "sum" if one.denominator is None else "amount"}
    return table


def missing(table: Weekly) -> list[Finding]:
    """Find carriers of whose parcels suddenly more have no scan at all, and what that does to the KPI."""
    kind = table.attrs["kind"]
    counted = lineup_of(table.assign(x=table["kpi_x"], n=table["kpi_n"]), ["carrier"], kind, SURE)
    lineup = lineup_of(table, ["carrier"], "share", SURE)
    leaves = lineup.panel
    found = []
    for one in suspects(lineup, ["carrier"]):
        spell = one.spell
        if spell.effect < _UNSEEN or spell.first != lineup.week:
            continue
        held = counted.panel.held(one.where)
        # Volume has seasons, which all carriers share; what a share was before is all that it needs.
        is_sum, sums = kind == "sum", counted.panel.sums(held)
        track = counted.track(held) if is_sum else Track.alone(*sums, kind, lineup.usual)
        own = spell_at(track, lineup.week)
        if own is None or own.p > _SHOWN:
            continue
        found.append(
            Finding(
                "DATA",
                scope_of(one.where),
                "missing",
                own.effect,
                own.low,
                own.high,
                leaves.weeks[spell.first],
                leaves.weeks[spell.last],
                one.p,
                _weeks_of(table, one.where, ["week", "carrier", "n", "x"]),
                (("unseen_before", spell.before), ("unseen_now", spell.now)),
            )
        )
    return found


def unseen(evidence: Evidence) -> list[str]:
    """Name the carriers whose parcels are too few in the week because their scans are missing."""
    return list(evidence.once(("unseen",), lambda: _unseen_carriers(evidence))["carrier"])


def _unseen_carriers(evidence: Evidence) -> pd.DataFrame:
    table = scans(evidence, kpi("shipments"))
    found = [] if table is None or not table["is_judged"].any() else missing(table)
    return pd.DataFrame({"carrier": [name for one in found for name in one.scope["carrier"]]})


def repeats(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out the files that came twice: by carrier and week what they repeat, and all there is."""
    found = evidence.repeated
    if found.empty:
        return None
    found = found[[reads(one, table) for table in found["table"]]]
    return found.merge(evidence.calm, on="week") if len(found) else None


def duplicate(table: Weekly) -> list[Finding]:
    """Find files that came twice in the week: by how much they would have raised it."""
    rows = table[table["is_judged"]].groupby(["carrier", "week"], as_index=False)[["repeated", "whole"]].sum()
    return [
        Finding(
            "DATA",
            {"carrier": (row["carrier"],)},
            "duplicate",
            effect=float(row["repeated"] / row["whole"]),
            low=float(row["repeated"] / row["whole"]),
            high=float(row["repeated"] / row["whole"]),
            since=row["week"],
            until=row["week"],
            proof=table[table["carrier"] == row["carrier"]][["file", "week", "repeated", "whole"]],
            weight=0.0,  # it is counted once
        )
        for _, row in rows.iterrows()
        if row["repeated"] >= _REPEATED * row["whole"]
    ]


def currencies(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out what is billed in another currency than the contract's, and billed over contract.

    Parcels stand in the week in which they were shipped. Beside them stands a KPI that counts bills when they
    come, which is later.
    """
    if not (reads(one, "carrier_invoice_lines") and evidence.has("audits")):
        return None
    table = evidence.fact("audits", AUDITED)
    if one.cohort != "invoice_date":
        return table
    own = evidence.leaves(one.slug, _SLIPS).rename(columns={"x": "kpi_x", "n": "kpi_n"})
    numbers = ["billed_n", "base_cents", "listed_cents", "kpi_x", "kpi_n"]
    table = pd.concat([table, own.drop(columns="ended")], ignore_index=True)
    table = table.fillna(dict.fromkeys(numbers, 0.0) | {"currency": "", "contract_currency": ""})
    table.attrs = {"kind": "sum" if one.denominator is None else "amount"}
    return table


_SLIPS = ("carrier", "destination_country", "lane")
_BILLED_WITHIN = 4
"""Weeks from a parcel's first scan, within which its bill comes."""

_STILL = LONGEST - 1
"""Weeks before the judged one in which a spell may have begun that holds it."""


def unit(table: Weekly) -> list[Finding]:
    """Find amounts in a wrong currency: not the contract's, and the ratio to it shows that."""
    if "kpi_n" not in table:
        return [found for _, found in _slipped(table)]
    weeks = sorted(table["week"].unique())
    at, kind = weeks.index(table["week"][table["is_judged"]].iloc[0]), table.attrs["kind"]
    bills = lineup_of(table.assign(x=table["kpi_x"], n=table["kpi_n"]), _SLIPS, kind, SURE)
    told = []
    for shipped in range(max(at - _BILLED_WITHIN - _STILL, 0), at + 1):
        for where, found in _slipped(table.assign(is_judged=table["week"] == weeks[shipped])):
            track = Track.alone(*bills.panel.sums(bills.panel.held(where)), kind, bills.usual)
            differ = _differ_since(track, shipped)
            lately = np.flatnonzero(differ[: at + 1])
            # Where they came some weeks ago, what follows must not look as if all others had moved.
            if lately.size and at - lately[-1] <= _STILL:
                first, last = run_around(differ, int(lately[-1]))
                told.append(replace(found, since=weeks[first], until=weeks[last]))
    return told


def _differ_since(track: Track, first: int) -> np.ndarray:
    """Tell of each week from one on whether it differs from those before that one."""
    weeks = len(track.usual)
    before = replace(track, usual=track.usual & (np.arange(weeks) < first))
    each = [measure(before, place, place) if place >= first else None for place in range(weeks)]
    return np.array([one is not None and one.p <= SURE for one in each])


def _slipped(table: Weekly) -> Iterator[tuple[Where, Finding]]:
    """Find where parcels that were shipped in the week came to be billed in a wrong currency."""
    wrong = table["currency"] != table["contract_currency"]
    if not table["billed_n"][wrong & table["is_judged"]].any():
        return
    counted = table.assign(
        x=table["billed_n"].where(wrong, 0).astype(float), n=table["billed_n"].astype(float)
    )
    sides = {"x": table["base_cents"].astype(float), "n": table["listed_cents"].astype(float)}
    money = lineup_of(table.assign(**sides), _SLIPS, "amount", SURE).panel
    lineup = lineup_of(counted, _SLIPS, "share", SURE)
    leaves = lineup.panel
    for one in suspects(lineup, ["destination_country", "carrier", "lane"]):
        spell = one.spell
        billed, listed = money.sums(money.held(one.where))
        inside = slice(spell.first, spell.last + 1)
        before = slice(max(spell.first - 8, 0), spell.first)
        ratio = billed[inside].sum() / listed[inside].sum()
        usual = billed[before].sum() / max(listed[before].sum(), 1.0)
        if spell.first != lineup.week or spell.effect < _UNSEEN or abs(ratio / usual - 1) < _OFF:
            continue
        yield (
            one.where,
            Finding(
                "DATA",
                scope_of(_by_currency(table, one.where)),
                "unit",
                *(float(ratio / usual - 1),) * 3,
                leaves.weeks[spell.first],
                leaves.weeks[spell.last],
                one.p,
                pd.DataFrame({"week": leaves.weeks, "billed": billed, "contract": listed}).iloc[-8:],
                (("ratio_before", float(usual)), ("ratio_now", float(ratio))),
            ),
        )


def _by_currency(table: Weekly, where: Where) -> Where:
    """Name the country for the lanes on which all its bills in their currency lie: of dollars, the US."""
    if where.keys() != {"lane"}:
        return where
    slipped = table[table["lane"].isin(where["lane"])]
    places, currencies = slipped["destination_country"].unique(), slipped["contract_currency"].unique()
    alike = table["destination_country"].isin(places) & table["contract_currency"].isin(currencies)
    return {"destination_country": (*places,)} if set(table["lane"][alike]) <= {*where["lane"]} else where


def coverage(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out, by carrier (else by its first dimension), of how many a KPI of money knows the end."""
    if not (one.evidence and one.is_additive and one.is_money):
        return None
    by = "carrier" if "carrier" in one.dimensions else one.dimensions[0]
    table = evidence.leaves(one.slug, (by,)).rename(columns={by: "part"})
    return table.assign(dimension=by, floor=one.floor)


def immature(table: Weekly) -> list[Finding]:
    """Find parts of which much less is known than weeks of that age usually have."""
    found = []
    for part, rows in table.groupby("part"):
        rows = rows.set_index("week")
        share = rows["ended"] / rows["n"].where(rows["n"] > 0)
        judged = rows.index[rows["is_judged"]]
        if not part or not len(judged) or not rows["n"][judged[0]] >= _LEAST_PARCELS:
            continue
        earlier = share[share.index < judged[0]].iloc[-26:]
        usual, now = float(earlier.median()), float(share[judged[0]])
        if not (
            usual > 0
            and now < table["floor"].iloc[0] * usual
            and _far_below(now, earlier, rows["n"][judged[0]])
        ):
            continue
        spread = NORMAL_95 * float(np.sqrt(now * (1 - now) / rows["n"][judged[0]]))
        found.append(
            Finding(
                "IMMATURE",
                scope_of({str(table["dimension"].iloc[0]): (str(part),)}),
                "",
                now,
                now - spread,
                now + spread,
                judged[0],
                judged[0],
                math.nan,
                rows.assign(share=share)[["n", "ended", "share"]].iloc[-8:].reset_index(),
                (("usual_share", usual),),
            )
        )
    return found


_LEAST_PARCELS = 50


def _far_below(now: float, earlier: pd.Series, n: float) -> bool:
    """Tell whether a share known is far below all that earlier weeks of that age had."""
    centre = float(earlier.median())
    spread = 1.4826 * float((earlier - centre).abs().median())
    chance = float(np.sqrt(max(centre * (1 - centre), 0.01) / n))
    return now < centre - 5 * max(spread, chance)


def _weeks_of(table: Weekly, where: Where, columns: list[str]) -> pd.DataFrame:
    held = np.logical_and.reduce([table[name].isin(values) for name, values in where.items()])
    return table[held][columns].iloc[-8:]
