"""Did the mix move, or did prices? Money is split before anybody is blamed for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from tallysheet.evidence import Evidence, Weekly
from tallysheet.findings import Finding
from tallysheet.gates.quality import unseen
from tallysheet.intervals import NORMAL_95
from tallysheet.kpi import Kpi
from tallysheet.limits import Numbers
from tallysheet.lineup import Lineup, lineup_of
from tallysheet.spells import LONGEST, Spell, measure, spell_at
from tallysheet.steps import Step, step_at
from tallysheet.suspects import is_like, suspects
from tallysheet.tracks import Track

SURE = 1e-3
"""Chance that an unchanged week shows a move of volume, or of a price."""

_MIXED = ("carrier", "lane")
_LEAST_MOVE = 0.05
"""Share of a lane's volume that must have moved between carriers."""

_LEAST_MIX = {"share": 0.0015, "euro": 0.05}
_NEARLY_ALL = 0.8
_INVOICED = 0.6
_BILLED = 0.9
"""Share of parcels that must be billed before base prices are compared: late bills are no fair sample."""

_FURTHER = 1.5
"""A price that changed by so many times as much as it did before changed once more."""

_LEAST_PRICE = 0.004


def volumes(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out what was shipped by lane and carrier, and the KPI's two sides."""
    if not one.is_additive or one.denominator is None or not set(_MIXED) <= set(one.dimensions):
        return None
    if not evidence.has("shipped") or one.unit not in _LEAST_MIX:
        return None
    shipped = evidence.fact("shipped", ("lane", "carrier", "flow"))
    hidden = unseen(evidence)  # what is not seen has not moved to another carrier
    shipped = shipped[(shipped["flow"] == "outbound") & ~shipped["carrier"].isin(hidden)]
    keys = ["lane", "carrier", "week", "is_usual", "is_judged"]
    sums = shipped.groupby(keys, as_index=False)["shipped_n"].sum()
    own = evidence.leaves(one.slug, _leaf(one))
    if "flow" in own:
        own = own[own["flow"] == "outbound"]
    own = own.groupby(["lane", "carrier", "week"], as_index=False)[["x", "n"]].sum()
    own = own[~own["carrier"].isin(hidden)]
    table = sums.merge(own, on=["lane", "carrier", "week"], how="outer")
    table = table.drop(columns=["is_usual", "is_judged"]).merge(evidence.calm, on="week").fillna(0.0)
    return table.assign(limit=_LEAST_MIX[one.unit])


def _leaf(one: Kpi) -> tuple[str, ...]:
    return ("lane", "carrier", "flow") if "flow" in one.dimensions else ("lane", "carrier")


def mix(table: Weekly) -> list[Finding]:
    """Find volume that moved between carriers of a lane, or left lanes, and what that does to the KPI."""
    counts = table.assign(x=table["shipped_n"].astype(float), n=table["shipped_n"].astype(float))
    shares, sums = (lineup_of(counts, ["lane", "carrier"], kind, SURE) for kind in ("share", "sum"))
    return [*_between_carriers(table, shares), *_between_lanes(table, sums)]


def _moves(lineup: Lineup) -> dict[str, list[tuple[str, Spell]]]:
    """Give the carriers whose share of a lane moved in the week, lane by lane."""
    leaves, found = lineup.panel, {}
    for lane in np.unique(leaves.named["lane"].astype(str)).tolist():
        held = leaves.held({"lane": (lane,)})
        whole = leaves.sums(held)[1]
        moved = []
        for place in np.flatnonzero(held):
            track = Track.alone(leaves.x[place], whole, "share", lineup.usual)
            spell = spell_at(track, lineup.week)
            if spell is None or abs(spell.effect) < _LEAST_MOVE or spell.first != lineup.week:
                continue
            if spell.p * len(leaves.x) < SURE:
                moved.append((str(leaves.named["carrier"][place]), spell))
        if {np.sign(spell.effect) for _, spell in moved} == {-1.0, 1.0}:
            found[lane] = moved
    return found


def _between_carriers(table: Weekly, lineup: Lineup) -> Iterator[Finding]:
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    moved = _moves(lineup)
    for lane, parts in moved.items():
        gain, lose = (
            tuple(sorted(name for name, spell in parts if spell.effect * sign > 0)) for sign in (1, -1)
        )
        groups.setdefault((gain, lose), []).append(lane)
    weeks, at = list(lineup.panel.weeks), lineup.week
    for (gain, lose), proven in groups.items():
        # A first week in which the move was under way may cut one of a lane's two spells short.
        last = min(max(spell.last for _, spell in moved[lane]) for lane in proven)
        as_well, perhaps = _as_well(lineup, gain, lose, proven, last)
        lanes = [*proven, *as_well]
        rows = table[table["lane"].isin(lanes) & table["carrier"].isin([*gain, *lose])]
        base = _base(rows, at)
        effect, error, proof = _mixed(rows, _full(rows, gain, weeks[at : last + 1], base), base)
        if not _is_sure(effect, error, table):
            continue
        yield Finding(
            "MIX",
            {"lane": tuple(sorted(lanes)), "carrier": (*lose, *gain)},
            "",
            effect,
            effect - NORMAL_95 * error,
            effect + NORMAL_95 * error,
            weeks[at],
            weeks[last],
            max(spell.p for lane in proven for _, spell in moved[lane]),
            proof,
            perhaps=tuple(perhaps),
        )


def _as_well(
    lineup: Lineup, gain: tuple[str, ...], lose: tuple[str, ...], proven: list[str], last: int
) -> tuple[list[str], list[str]]:
    """Give the lanes on which the same carriers gained and lost in the same weeks, and where perhaps."""
    spells = {}
    for lane in sorted({*lineup.panel.named["lane"].tolist()}):
        gained, lost = (
            lineup.panel.sums(lineup.panel.held({"lane": (lane,), "carrier": names}))[0]
            for names in (gain, lose)
        )
        # Beside the carriers that lost alone, as what others carry only adds noise to a small lane.
        track = Track.alone(gained, gained + lost, "share", lineup.usual)
        spell = measure(track, lineup.week, last) if gained.any() and lost.any() else None
        if spell is not None:
            spells[lane] = spell
    others = {lane: spell for lane, spell in spells.items() if lane not in proven}
    moved = [
        lane
        for lane, one in others.items()
        if one.effect >= _LEAST_MOVE and one.p / 2 * len(others) < _SAME_WAY
    ]
    surest = min((spells[lane] for lane in proven if lane in spells), key=lambda one: one.p, default=None)
    if surest is None:
        return moved, []
    unsure = {lane: spell for lane, spell in others.items() if lane not in moved}
    return moved, [lane for lane, spell in unsure.items() if is_like(spell, surest, len(others))]


_SAME_WAY = 0.05
"""Chance that any lane shows a move the same way as a proven one, while it has not moved."""

_AS_WELL = 0.02
"""Chance that a price shows a move like a proven one beside it, while it has not moved."""


def _full(rows: Weekly, gain: tuple[str, ...], now: list[str], base: list[str]) -> list[str]:
    """Leave out a first week in which the move was only under way."""
    share = (
        rows[rows["carrier"].isin(gain)].groupby("week")["shipped_n"].sum()
        / rows.groupby("week")["shipped_n"].sum()
    )
    step = share.reindex(now) - share.reindex(base).mean()
    return [week for week in now if step[week] >= _MOSTLY * step.max()]


_MOSTLY = 0.75


def _base(rows: Weekly, at: int) -> list[str]:
    weeks = rows[["week", "is_usual"]].drop_duplicates().sort_values("week")
    return weeks["week"].iloc[:at][weeks["is_usual"].iloc[:at].to_numpy()].tolist()[-8:]


def _mixed(rows: Weekly, now: list[str], base: list[str]) -> tuple[float, float, pd.DataFrame]:
    """Give what the move between carriers does to the lanes' KPI: shares by rates of all these weeks."""
    keys = ["lane", "carrier"]
    sides = {
        name: rows[rows["week"].isin(weeks)].groupby(keys)[["shipped_n", "x", "n"]].sum()
        for name, weeks in (("now", now), ("base", base))
    }
    joined = sides["now"].merge(
        sides["base"], how="outer", left_index=True, right_index=True, suffixes=("_now", "_base")
    )
    joined = joined.fillna(0.0)
    volume = {
        side: joined[f"shipped_n_{side}"] / joined[f"shipped_n_{side}"].groupby("lane").transform("sum")
        for side in ("now", "base")
    }
    weight = joined["shipped_n_now"].groupby("lane").transform("sum") / joined["shipped_n_now"].sum()
    n = joined["n_now"] + joined["n_base"]
    rate = ((joined["x_now"] + joined["x_base"]) / n.where(n > 0)).fillna(0.0)
    moved = (volume["now"] - volume["base"]).fillna(0.0) * weight
    variances = _unit_variances(rows[rows["week"].isin([*now, *base])], keys, "carrier")
    variance = joined.index.get_level_values("carrier").map(variances.to_dict())
    counted = n > 0
    error = float(np.sqrt((moved**2 * variance / n)[counted].sum(skipna=False)))
    proof = pd.DataFrame({"share_before": volume["base"], "share_now": volume["now"], "rate": rate})
    return float((moved * rate).sum()), error, proof.reset_index()


def _is_sure(effect: float, error: float, table: Weekly) -> bool:
    """Tell whether a mix matters, and is more than chance; not where nobody knows how much chance does."""
    return abs(effect) >= table["limit"].iloc[0] and abs(effect) >= NORMAL_95 * error


def _unit_variances(rows: Weekly, keys: list[str], by: str) -> pd.Series:
    """Give how much a unit's value scatters, by how far the weeks of each group lie from its own ratio.

    For each value of one of the keys; one of which no group has two weeks scatters as all together.
    """
    weekly = rows[rows["n"] > 0].groupby([*keys, "week"], as_index=False)[["x", "n"]].sum()
    sums = weekly.groupby(keys)[["x", "n"]].transform("sum")
    weekly["squares"] = (weekly["x"] - weekly["n"] * sums["x"] / sums["n"]) ** 2 / weekly["n"]
    weekly["spare"] = 1 - 1 / weekly.groupby(keys)["n"].transform("size")
    found = weekly.groupby(by)[["squares", "spare"]].sum()
    spare = found["spare"].where(found["spare"] > 0)
    return (found["squares"] / spare).fillna(found["squares"].sum() / spare.sum(min_count=1))


def _between_lanes(table: Weekly, lineup: Lineup) -> Iterator[Finding]:
    weeks = lineup.panel.weeks
    for one in suspects(lineup, ["lane"]):
        if one.spell.first != lineup.week or abs(one.spell.effect) < _LEAVES:
            continue
        lanes = one.where["lane"]
        now, base = list(weeks[lineup.week : one.spell.last + 1]), _base(table, lineup.week)
        marked = table.assign(held=table["lane"].isin(lanes))
        sums = {side: marked[marked["week"].isin(names)] for side, names in (("now", now), ("base", base))}
        effect, error = _left(sums["now"], sums["base"])
        if not _is_sure(effect, error, table):
            continue
        yield Finding(
            "MIX",
            {"lane": tuple(sorted(lanes))},
            "",
            effect,
            effect - NORMAL_95 * error,
            effect + NORMAL_95 * error,
            weeks[one.spell.first],
            weeks[one.spell.last],
            one.p,
            table[table["lane"].isin(lanes)]
            .groupby("week", as_index=False)[["shipped_n", "x", "n"]]
            .sum()
            .iloc[-12:],
        )


_LEAVES = 0.3
"""A lane that shrinks or grows by less than this does not explain a total."""


def _left(now: pd.DataFrame, base: pd.DataFrame) -> tuple[float, float]:
    """Give what the lanes' larger or smaller share does to the total, at what they and the rest cost."""
    both = pd.concat([now, base])
    sums = both.groupby("held")[["x", "n"]].sum()
    level, variance = sums["x"] / sums["n"], _unit_variances(both, ["held"], "held") / sums["n"]
    share = [
        float(rows.loc[rows["held"], "shipped_n"].sum() / rows["shipped_n"].sum()) for rows in (now, base)
    ]
    step = share[0] - share[1]
    return step * float(level[True] - level[False]), abs(step) * float(np.sqrt(variance.sum(skipna=False)))


def charges(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out what parcels cost by what is charged: base, fuel, surcharges, of those that are invoiced."""
    if one.slug not in ("cost_per_parcel", "transport_cost", "surcharge_share") or not evidence.has("costs"):
        return None
    by = ("carrier", "lane", "flow", "service", "weight_band", "label_source")
    return evidence.fact("costs", by).assign(is_share=one.unit == "share")


def price(table: Weekly) -> list[Finding]:
    """Find prices that changed, like for like: base by lane, service and weight; fuel as a share of it.

    Those that changed up to three weeks before are told too, while they hold.
    """
    weeks = sorted(table["week"].unique())
    at = weeks.index(table["week"][table["is_judged"]].iloc[0])
    found: list[Finding] = []
    for place in range(max(at - LONGEST + 1, 0), at + 1):
        holding = [one for one in _priced(table, weeks, place) if one.until >= weeks[at]]
        found += [one for one in holding if not any(_goes_on(one, other) for other in found)]
    return found


def _goes_on(later: Finding, earlier: Finding) -> bool:
    """Tell whether a price changed earlier: no week of a peak is a base, so the next seems to change it."""
    if (later.by, later.scope) != (earlier.by, earlier.scope):
        return False
    return 0 < later.effect / earlier.effect < _FURTHER


def _priced(table: Weekly, weeks: list[str], at: int) -> list[Finding]:
    carriers = [name for name in sorted(table["carrier"].unique()) if name]
    steps: dict[str, dict[str, tuple[Step, float]]] = {}
    for carrier in carriers:
        for part, levels, euros in _levels(table[table["carrier"] == carrier], weeks, at):
            step = step_at(levels, at, in_part=True)
            if step and abs(step.effect * euros) >= _LEAST_PRICE * _cost(table, weeks, at, carrier):
                steps.setdefault(part, {})[carrier] = (step, euros)
    found = []
    volume = table[table["week"] == weeks[at]].groupby("carrier")["parcels_n"].sum()
    for part, moved in steps.items():
        for names in _together(moved, 3 * len(carriers), volume):
            weight = volume.reindex(names)
            is_all = weight.sum() >= _NEARLY_ALL * volume.sum()
            over = volume.sum() if is_all else weight.sum()
            euro = {name: [side * moved[name][1] for side in moved[name][0].sides] for name in names}
            in_euros = [sum(euro[name][side] * weight[name] for name in names) / over for side in range(3)]
            charged = table[(table["week"] == weeks[at]) & (is_all | table["carrier"].isin(names))]
            effect, *ends = _on_share(charged, part, in_euros) if table["is_share"].all() else in_euros
            found.append(
                Finding(
                    "PRICE",
                    {} if is_all else {"carrier": tuple(names)},
                    part,
                    effect,
                    min(ends),
                    max(ends),
                    weeks[at],
                    weeks[min(moved[name][0].last for name in names)],
                    min(moved[name][0].p for name in names),
                    pd.DataFrame(
                        [{"carrier": name, "euro": euro[name][0], "parcels": weight[name]} for name in names]
                    ),
                )
            )
    return found


def _on_share(charged: Weekly, part: str, euros: list[float]) -> list[float]:
    """Give what a change of price does to the share that surcharges are of all charges."""
    base, *surcharges = (
        float(charged[name].sum() / charged["invoiced_n"].sum()) / 100
        for name in ("base_cents", "fuel_cents", "extra_cents")
    )
    now, whole = sum(surcharges), base + sum(surcharges)
    before = [now - one if part != "base" else now for one in euros]
    return [now / whole - old / (whole - one) for old, one in zip(before, euros, strict=True)]


def _together(
    moved: Mapping[str, tuple[Step, float]], looked_at: int, volume: pd.Series
) -> Iterator[list[str]]:
    """Put carriers together whose price moved alike, if that is nearly all; else name those that prove it."""
    for sign in (1, -1):
        own = {name: step for name, (step, _) in moved.items() if step.effect * sign > 0}
        proven = sorted(name for name, step in own.items() if step.p * looked_at <= SURE)
        alike = sorted(
            name
            for name, step in own.items()
            if step.p < _AS_WELL and any(0.5 <= step.effect / own[other].effect <= 2 for other in proven)
        )
        if proven and volume.reindex(alike).sum() >= _NEARLY_ALL * volume.sum():
            yield alike
        else:
            yield from ([name] for name in proven)


def _cost(table: Weekly, weeks: list[str], at: int, carrier: str) -> float:
    rows = table[(table["carrier"] == carrier) & (table["week"] == weeks[at])]
    return float(rows["cost_cents"].sum() / max(rows["parcels_n"].sum(), 1)) / 100


def _levels(rows: Weekly, weeks: list[str], at: int) -> Iterator[tuple[str, Numbers, float]]:
    """Give for each part of the price its level by week, and how many euros a parcel one of it is."""
    leaf = ["lane", "flow", "service", "weight_band", "label_source"]
    base_weeks = _base(rows, at)
    billed_before = rows[rows["week"].isin(base_weeks) & (rows["invoiced_n"] > 0)]
    usual = billed_before.groupby(leaf, dropna=False)[["base_cents", "invoiced_n"]].sum()
    usual_rate = (usual["base_cents"] / usual["invoiced_n"]).rename("usual")
    joined = rows.merge(usual_rate, left_on=leaf, right_index=True, how="inner")
    joined = joined.assign(expected=joined["usual"] * joined["invoiced_n"])
    names = ["base_cents", "expected", "fuel_cents", "extra_cents", "invoiced_n", "parcels_n"]
    sums = joined.groupby("week")[names].sum().reindex(weeks)
    known = sums["invoiced_n"] >= _INVOICED * sums["parcels_n"]
    calm = rows.groupby("week")["is_usual"].first().reindex(weeks, fill_value=False).to_numpy(bool).copy()
    calm[at:] = True
    sums = sums.where(known & calm)
    if sums.loc[base_weeks, "invoiced_n"].notna().sum() < len(base_weeks) // 2:
        return
    parcel = float(sums.loc[base_weeks, "base_cents"].sum() / sums.loc[base_weeks, "invoiced_n"].sum()) / 100
    billed = sums["invoiced_n"] >= _BILLED * sums["parcels_n"]
    yield "base", (sums["base_cents"] / sums["expected"]).where(billed).to_numpy(float), parcel
    yield "fuel", (sums["fuel_cents"] / sums["base_cents"]).to_numpy(float), parcel
    yield "surcharge", (sums["extra_cents"] / sums["invoiced_n"] / 100).to_numpy(float), 1.0
