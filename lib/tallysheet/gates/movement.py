"""Who moved? What is left once data, calendar, definitions, mix and prices are out of the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tallysheet.evidence import Evidence, Weekly, day_of
from tallysheet.findings import Finding, by_whom, scope_of
from tallysheet.gates import days_off
from tallysheet.kpi import RATES, Kpi
from tallysheet.lineup import Lineup, Where, lineup_of
from tallysheet.panel import Panel
from tallysheet.quiet_past import quiet_past
from tallysheet.seasons import COUNTRIES
from tallysheet.spells import BASE_WEEKS, Spell
from tallysheet.suspects import Suspect, suspects
from tallysheet.weeks import IsoWeek

LEVEL = 1e-4
"""Chance that a KPI of an unchanged week names anybody."""

_LEVEL_OF_LUMPS = 1e-5
"""The same of what scatters in ways that few weeks show: medians, what whole sellers choose or not, peaks."""


FITTING: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "strike": (("REAL", ("external",)),),
    "weather": (("REAL", ("external",)),),
    "closure": (("REAL", ("carrier", "external")),),
    "wms": (("REAL", ("seller", "fulfilment")),),
    "campaign": (("CALENDAR", ("",)), ("REAL", ("fulfilment",))),
    "bank_holiday": (("CALENDAR", ("",)),),
    "tariff": (("PRICE", ("base", "fuel", "surcharge")), ("MIX", ("",)), ("REAL", ("external",))),
    "price": (("PRICE", ("base", "fuel", "surcharge")), ("OVERBILLING", ("",)), ("MIX", ("",))),
    "promise_rule": (("DEFINITION", ("",)),),
    "definition": (("CLASSIFICATION", ("",)), ("ARTEFACT", ("",)), ("DEFINITION", ("",))),
    "data_incident": (("DATA", ("missing", "duplicate", "unit")), ("IMMATURE", ("",))),
}
"""Kind of an entry in the event log to what it can explain: codes, and by whom or by what."""

_CHOSEN_BY_SELLERS = ("backship_n", "active_backship_n")

_DAYS_AFTER = 4
"""What befalls parcels on the last days of a week shows in the next one."""

_DAYS_TO_SHOW = {"promise_rule": 14}
"""A promise is given with the order, and runs out so many days later."""

_RULES = ("definition", "promise_rule", "price", "tariff")
"""Entries of which nothing changes but on the day they begin and on the day they end."""

_DAYS_TO_SETTLE = 28
"""Bills, decisions, promises and reasons by a new rule come so many days later at most."""

_SETTLE_LATE = ("OVERBILLING", "CLASSIFICATION", "ARTEFACT", "DEFINITION")

_AT_ONCE = 7
"""The same of prices, volumes and who moved."""

_HARMFUL = ("strike", "weather", "closure")
"""Nothing gets better by them, and they pass."""

_DAYS_TO_WORK_OFF = 7
"""What one of them held up is on its way so many days after its end."""


def parts(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out the KPI's two sides by leaf and week."""
    by = evidence.dimensions(one)
    if not by or one.is_money or one.method == "standardised":
        return None
    if one.is_additive:
        # One seller may be all that moved in a country; that it begins or ends by itself is no news.
        finer = ("seller",) if one.numerator in _CHOSEN_BY_SELLERS else ()
        table = evidence.calm_leaves(one.slug, (*by, *finer))
        if one.denominator is None and (table["x"] < 0).any():
            return None
        if one.slug == "shipments":
            # What is sent back follows seasons of its own; who carries what is sent, the mix tells.
            by = [name for name in by if name == "lane"]
            table = evidence.leaves(one.slug, (*by, "flow"))
            table = table[table["flow"] == "outbound"]
        kind = "sum" if one.denominator is None else "rate" if one.unit in RATES else "share"
        tables = [table]
    else:
        kind = "amount"
        # Each is searched by itself; whose warehouse it goes through may be behind what a country shows.
        by = [name for place, name in enumerate(by) if place < 2 or name == "partner"]
        tables = [evidence.leaves(one.slug, (name,)) for name in by]
    table = pd.concat(tables, ignore_index=True)
    table.attrs = {"by": by, "kind": kind, "hints": hints(evidence, one, by), "week": evidence.week}
    return table


def hints(evidence: Evidence, one: Kpi, by: Sequence[str]) -> list[Where]:
    """Give the parts that the event log names for the week, in the KPI's own dimensions."""
    found: list[Where] = []
    # Of what is rare too little happens to prove much without being told where to look.
    if not one.follows_calendar and one.unit != "rare_share":
        return found
    for _, entry in evidence.log.iterrows():
        codes = {code for code, _ in FITTING.get(entry["kind"], ())}
        if "REAL" not in codes or not is_then(entry, evidence.week, evidence.week):
            continue
        keys = {**dict.fromkeys(COUNTRIES, "country"), "carrier": "carrier", "flow": "flow"}
        where = {name: (str(entry[key]),) for name, key in keys.items() if name in by and entry[key]}
        if where:
            found.append(where)
    return found


def explains(entry: pd.Series, finding: Finding, is_better: bool) -> bool:
    """Tell whether an entry of the log can be behind a finding by its kind and its days.

    It began in the week of the finding or before, or in the next: parcels left that were then on their way.
    Too early are bills alone.
    """
    fitting = FITTING.get(entry["kind"], ())
    if not any(finding.code == code and finding.by in by for code, by in fitting):
        return False
    if entry["kind"] in _HARMFUL and (is_better or _is_worked_off(entry, finding.until)):
        return False
    until = finding.until if finding.code == "OVERBILLING" else str(IsoWeek.parse(finding.since).shift(1))
    settles = _DAYS_TO_SETTLE if finding.code in _SETTLE_LATE else _AT_ONCE
    return is_then(entry, finding.since, until, settles)


def _is_worked_off(entry: pd.Series, week: str) -> bool:
    """Tell whether what ended, by its entry in the log, can have held nothing up any more in a week."""
    ended = pd.Timestamp(entry["ends_on"])  # without an end in the log nobody knows: NaT is before nothing
    return bool(ended + pd.Timedelta(days=_DAYS_TO_WORK_OFF) < pd.Timestamp(day_of(week)))


def is_then(entry: pd.Series, since: str, until: str, settles: int = _AT_ONCE) -> bool:
    """Tell whether an entry of the log falls into some weeks, or ends a few days before them.

    What begins long after a rule did, and while it holds, does not come from it.
    """
    first, last = day_of(since), day_of(until) + pd.Timedelta(days=6)
    starts = pd.Timestamp(entry["starts_on"]).date()
    ends = starts if pd.isna(entry["ends_on"]) else pd.Timestamp(entry["ends_on"]).date()
    shows = pd.Timedelta(days=_DAYS_TO_SHOW.get(entry["kind"], _DAYS_AFTER))
    holds_on = first + pd.Timedelta(days=6) <= ends
    is_settled = entry["kind"] in _RULES and starts + pd.Timedelta(days=settles) < first
    return bool(starts <= last and ends + shows >= first) and not (is_settled and holds_on)


def moved(table: Weekly) -> list[Finding]:
    """Find the parts that moved beyond the rest and beyond their usual wobble, and whose doing it is."""
    found: list[Finding] = []
    by, kind = table.attrs["by"], table.attrs["kind"]
    if kind != "amount":
        return _of_leaves(table, by, kind, table.attrs["hints"])
    for name in [one for one in by if table[one].notna().any()]:
        other = _of_leaves(table[table[name].notna()], [name], kind, [])
        found = _nearer(found, other)
    return days_off.apart(found, table)


def _nearer(one: list[Finding], other: list[Finding]) -> list[Finding]:
    """Choose between what two dimensions show: the larger effect, of a place and its hub the hub.

    Medians do not add up, so no part can be held against the rest of another dimension: who carries most of a
    country's parcels seems slow when the country is.
    """
    smaller, larger = sorted((other, one), key=_largest)
    is_its_hub = bool(smaller) and (larger[0].by, smaller[0].by) == ("external", "fulfilment")
    return smaller if is_its_hub and larger[0].low <= smaller[0].effect <= larger[0].high else larger


def _largest(found: Sequence[Finding]) -> float:
    return max((abs(one.effect) for one in found), default=0.0)


def _of_leaves(table: Weekly, by: Sequence[str], kind: str, hinted: Sequence[Where]) -> list[Finding]:
    # Sellers that may not be named by themselves may tell a part of which they are all that moved.
    finer = [name for name in ("seller",) if name in table and name not in by]
    is_peak = not table["is_usual"][table["is_judged"]].any()
    level = _LEVEL_OF_LUMPS if kind == "amount" or finer or is_peak else LEVEL
    seen = lineup_of(table, [*by, *finer], kind, level, hinted)
    lineup = replace(seen, panel=quiet_past(seen))
    found = []
    for one in suspects(lineup, by):
        if kind == "amount" and _may_be_the_rest(lineup, one.where):
            continue
        named = _accountable(lineup.panel, one.where, hinted)
        scope = scope_of(named if one.perhaps else _by_country(lineup.panel, named))
        found.append(replace(finding_of(lineup, one, seen.panel), scope=scope, by=by_whom(scope)))
    return found


def finding_of(lineup: Lineup, one: Suspect, seen: Panel) -> Finding:
    """Tell of a part that moved; its proof is what was seen of it, from eight weeks before to three after."""
    spell, weeks, scope = one.spell, lineup.panel.weeks, scope_of(one.where)
    x, n = seen.sums(seen.held(one.where))
    return Finding(
        "REAL",
        scope,
        by_whom(scope),
        spell.effect,
        spell.low,
        spell.high,
        weeks[spell.first],
        weeks[spell.last],
        one.p,
        pd.DataFrame({"week": weeks, "x": x, "n": n}).iloc[max(lineup.week - 8, 0) : lineup.week + 4],
        (("rest_moved_less", spell.p),),
        perhaps=one.perhaps,
        weight=_weight(lineup.panel, one.where, lineup.kind, lineup.week, spell),
    )


def _weight(panel: Panel, where: Where, kind: str, week: int, spell: Spell) -> float:
    """Say by how much a part moves the total, as a share of its level."""
    x, n = (float(side[:, week].sum()) for side in (panel.x, panel.n))
    part_x, part_n = (float(side[week]) for side in panel.sums(panel.held(where)))
    if not (x > 0 and n > 0):
        return 1.0
    if kind == "sum":
        return abs(spell.effect) * part_x / x
    level = min(x / n, abs(1 - x / n)) if kind == "share" else x / n
    return abs(spell.effect) * part_n / n / level if level > 0 else 1.0


def _may_be_the_rest(lineup: Lineup, where: Where) -> bool:
    """Tell whether a part holds so much that its rest says nothing of what is usual: there the rest moved.

    Somebody who moved further from the weeks before than all others did is the one who moved.
    """
    held, week = lineup.panel.held(where), lineup.week
    if lineup.panel.n[held, week].sum() <= lineup.panel.n[:, week].sum() / 2:
        return False
    if by_whom(where) == "external":
        return True
    base = np.flatnonzero(lineup.usual[:week])[-BASE_WEEKS:]
    own, rest = (
        float(x[week] / n[week] - x[base].sum() / n[base].sum()) if n[week] * n[base].sum() > 0 else 0.0
        for x, n in (lineup.panel.sums(leaves) for leaves in (held, ~held))
    )
    return abs(rest) >= abs(own)


def _accountable(panel: Panel, where: Where, hinted: Sequence[Where]) -> Where:
    """Name the same parcels by who carries them, a depot's country beside it, and as the log names them.

    Where a service stands for its only carrier, the carrier answers; with a carrier, a place through
    which all of them go is named too.
    """
    held = panel.held(where)
    found = {name: where[name] for name in sorted(where, key=lambda name: name != "carrier")}
    for hint in hinted:
        if (panel.held(hint) == held).all():
            found = {**hint, **found}
    carrier = _only_value(panel, held, "carrier")
    if "service" in found and "carrier" not in found and carrier:
        found = {**{name: values for name, values in found.items() if name != "service"}, "carrier": carrier}
        depot = _only_value(panel, held, "destination")
        if depot:
            found["destination"] = depot
    country = _only_value(panel, held, "destination_country")
    return {**found, "destination_country": country} if "destination" in found and country else found


def _by_country(panel: Panel, where: Where) -> Where:
    """Name the country in the place of all lanes that lead to it."""
    lanes = where.get("lane", ())
    ends = {lane.rpartition("-")[2] for lane in lanes}
    if len(lanes) < 2 or len(ends) > 1:
        return where
    there = {lane for lane in panel.named["lane"].astype(str).tolist() if lane.rpartition("-")[2] in ends}
    if not there <= set(lanes):
        return where
    return {
        **{name: values for name, values in where.items() if name != "lane"},
        "destination_country": (*ends,),
    }


def _only_value(panel: Panel, held: np.ndarray, name: str) -> tuple[str, ...]:
    """Give the only value of a dimension among some leaves; empty if there are several."""
    values = np.unique(panel.named[name][held].astype(str)).tolist() if name in panel.named else []
    return tuple(values) if len(values) == 1 and values[0] else ()
