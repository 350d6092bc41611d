"""The truth about a market: what each event did, beside what would have been without it, and all the dirt."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from marketplace.columns import table
from marketplace.days import date, month_name, month_number
from marketplace.extracts import Written, read_extracts
from marketplace.market import NEVER, Market, Rows, looked_up, stack
from marketplace.reference import DIRT as REFERENCE_DIRT
from marketplace.replays import TWICE
from marketplace.scenario import Event, Mask

Sums = dict[tuple[str, ...], npt.NDArray[np.float64]]


class Truth:
    """Adds up, event by event and week by week, what there was and what there would have been.

    In the scope of an event, on any day, for each measure: how many (n), what was (now) and what would
    have been without any event (without), both from the same random numbers. A parcel counts in the
    week of its promise, a charge in that of its ship day, a job in that of its own day.

    Attributes
    ----------
    sums : dict
        (event, measure, week) to n, now and without.
    billed : dict
        (carrier, week of shipping) to euro cents billed, and of them billed too much.
    claimable : dict
        (carrier, kind, month) to what could be claimed, what was, and euro cents: value, most that is paid.
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self.sums: Sums = defaultdict(lambda: np.zeros(3))
        self.billed: Sums = defaultdict(lambda: np.zeros(2))
        self.claimable: Sums = defaultdict(lambda: np.zeros(4))
        self._changed: list[Rows] = []

    def add_parcels(self, rows: Rows) -> None:
        """Add parcels: on time, handed over on time, lost."""
        is_used, week = rows["is_used"], rows["promised_day"] // 7
        self._add("on_time", rows, is_used, week, rows["is_on_time"], rows["is_on_time_without"])
        is_sent = is_used & (rows["flow"] == "outbound")
        if is_sent.any():
            due = rows["ship_by_day"]
            prompt, without = rows["scan_day"] <= due, rows["scan_day_without"] <= due
            self._add("handed_over", rows, is_sent, due // 7, prompt, without)
            by_partner = rows["partner"] != ""
            self._add("dispatched", rows, by_partner, due // 7, rows["is_prompt"], rows["is_prompt_without"])
        else:
            arrived = rows["dock_in_at"] < NEVER
            hours, without = rows["dock_hours"], rows["dock_hours_without"]
            self._add("dock_to_stock_hours", rows, arrived, rows["dock_in_at"] // 10_080, hours, without)
        lost, without = rows["is_lost"], rows["is_lost_without"]
        self._add("lost", rows, is_used, rows["scan_day"] // 7, lost, without)
        moved = (rows["is_on_time"] != rows["is_on_time_without"]) | (lost != without)
        moved |= rows["transit_days"] != rows["usual_days"]
        self._changed.append({name: rows[name][is_used & moved] for name in _CHANGED})

    def add_charges(self, rows: Rows) -> None:
        """Add charges: euro cents by kind of charge, parcels billed too early, lines of a wrong currency."""
        week, nothing = rows["ship_day"] // 7, np.zeros(len(rows["shipment"]))
        for measure, charges in _CHARGES.items():
            here = np.isin(rows["charge"], charges)
            self._add(measure, rows, here, week, rows["euro_cents"], rows["euro_cents_without"])
        every = np.ones(len(nothing), dtype=bool)
        here = rows["charge"] == "base"
        self._add("billed_early", rows, here, week, rows["is_early"], nothing)
        self._add("tagged_lines", rows, every, week, rows["tagged"] != "", nothing)
        codes = list(self._market.world.carriers)
        weeks, place = np.unique(week, return_inverse=True)
        place = place * len(codes) + looked_up(rows["carrier"], {code: n for n, code in enumerate(codes)})
        sums = (
            np.bincount(place, rows[name], len(weeks) * len(codes)) for name in ("euro_cents", "over_cents")
        )
        for number, cents in enumerate(zip(*sums, strict=True)):
            self.billed[codes[number % len(codes)], _week_name(weeks[number // len(codes)])] += cents

    def add_scans(self, rows: Rows) -> None:
        """Add scans: lost for a time."""
        every = np.ones(len(rows["shipment"]), dtype=bool)
        is_late = rows["lost_by"] >= 0
        self._add("lost_scans", rows, every, rows["event_at"] // 10_080, is_late, np.zeros(len(every)))

    def add_claims(self, rows: Rows) -> None:
        """Add what could be claimed, whether it was or not: decided at once, and what it is worth."""
        filed, at_once = rows["is_filed"], rows["closed_by"] >= 0
        self._add("claims_closed", rows, filed, rows["decided_at"] // 10_080, at_once, np.zeros(len(filed)))
        month = month_number(rows["happened_at"] // 1_440)
        keys = sorted(set(zip(rows["carrier"].tolist(), rows["type"].tolist(), month.tolist(), strict=True)))
        for carrier, kind, one in keys:
            mask = (rows["carrier"] == carrier) & (rows["type"] == kind) & (month == one)
            value, limit = rows["value_cents"][mask], rows["limit_cents"][mask]
            sums = mask.sum(), filed[mask].sum(), value.sum(), np.minimum(value, limit).sum()
            self.claimable[carrier, kind, month_name(one)] += sums

    def add_contacts(self, rows: Rows) -> None:
        """Add contacts: named by another reason."""
        asks = rows["true_reason"] == "WISMO"
        relabelled = rows["relabelled"]
        self._add("relabelled", rows, asks, rows["opened_at"] // 10_080, relabelled, np.zeros(len(asks)))

    def _add(
        self,
        measure: str,
        rows: Rows,
        counts: Mask,
        week: npt.NDArray[np.int64],
        now: npt.NDArray[Any],
        without: npt.NDArray[Any],
    ) -> None:
        for event in self._market.scenario.events:
            if not set(event.where) <= set(rows) or not _moves(event, measure):
                continue
            first, last = event.first_day // 7 - 4, min(event.first_day // 7 + 12, self._market.now // 10_080)
            here = counts & (week >= first) & (week <= last)
            if not here.any():
                continue
            here &= _in_scope(event, rows)
            for one in np.unique(week[here]):
                mask = here & (week == one)
                sums = mask.sum(), now[mask].sum(), without[mask].sum()
                self.sums[event.id, measure, _week_name(one)] += sums

    def write(self, folder: Path, written: Iterable[Written], about: dict[str, Any]) -> None:
        """Write the truth into a folder of its own.

        scenario.json: the events as they were injected, and what the world itself does. effects.csv: what
        each event did. parcels.parquet: the parcels whose end an event changed. billing.csv, claims.csv:
        what was billed too much, and what could be claimed. dirt.csv, files.csv: what is in the extracts.
        """
        target = folder / "truth"
        target.mkdir(parents=True, exist_ok=True)
        scenario = self._market.scenario
        told = about | {
            "events": [_told(event) for event in scenario.events],
            "log_only": scenario.log_only,
            "controls": scenario.controls,
            "fuel_steps": _fuel_steps(scenario.world.settings["fuel"]["months"]),
            "adoption": {
                name: scenario.world.settings["adoption"][name]
                for name in ("on_time_gain", "saving_cents", "contacts_gain")
            },
        }
        (target / "scenario.json").write_text(json.dumps(told, indent=1, default=str, ensure_ascii=False))
        _write_sums(target / "effects.csv", "event,measure,week,n,now,without", self.sums)
        _write_sums(target / "billing.csv", "carrier,week,billed_cents,overbilled_cents", self.billed)
        columns = "carrier,type,month,events,filed,value_cents,liable_cents"
        _write_sums(target / "claims.csv", columns, self.claimable)
        pq.write_table(table(stack(self._changed)), target / "parcels.parquet")
        _write_dirt(target, list(written))


def _fuel_steps(months: list[float]) -> dict[str, float]:
    """Give the months from which on the world's own fuel surcharge differs, and by how much."""
    pairs = enumerate(pairwise(months), start=1)
    return {month_name(at): round(now - before, 4) for at, (before, now) in pairs if now != before}


def _write_sums(path: Path, columns: str, sums: Sums) -> None:
    lines = [",".join([*key, *(f"{value:.10g}" for value in values)]) for key, values in sorted(sums.items())]
    path.write_text("\n".join([columns, *lines]) + "\n", encoding="utf-8")


def _week_name(week: int) -> str:
    return f"{date(int(week) * 7):%G-W%V}"


def _write_dirt(target: Path, written: list[Written]) -> None:
    kinds = {(name, dirt.kind): dirt for name, one in read_extracts().items() for dirt in one.dirt}
    kinds |= REFERENCE_DIRT | {("invoices", TWICE.kind): TWICE}
    counted: Counter[tuple[str, str]] = Counter()
    for file in written:
        for kind, rows in file.dirty.items():
            counted[file.extract, kind] += rows
    lines = ["extract;kind;outcome;column;reason;rows"]
    for (extract, kind), rows in sorted(counted.items()):
        dirt = kinds[extract, kind]
        lines.append(f"{extract};{kind};{dirt.outcome};{dirt.column};{dirt.reason};{rows}")
    (target / "dirt.csv").write_text("\n".join(lines) + "\n")
    files = ["extract;file;rows", *(f"{one.extract};{one.name};{one.rows}" for one in written)]
    (target / "files.csv").write_text("\n".join(files) + "\n")


_CHANGED = (
    *("shipment", "flow", "carrier", "country", "is_on_time", "is_on_time_without"),
    *("is_lost", "is_lost_without", "transit_days", "usual_days"),
)

_CHARGES = {
    "base_cents": ("base",),
    "fuel_cents": ("fuel",),
    "surcharge_cents": ("remote", "residential", "oversize"),
}

_MEASURES = {
    "transit_days": ("on_time",),
    "carrier_share": ("on_time",),
    "carrier_on_time": ("on_time",),
    "promise_days": ("on_time",),
    "orders": ("on_time",),
    "handover_on_time": ("handed_over", "on_time"),
    "dispatch_on_time": ("dispatched", "handed_over", "on_time"),
    "dock_to_stock": ("dock_to_stock_hours",),
    "loss": ("lost", "on_time"),
    "scans_lost": ("lost_scans",),
    "rate": ("base_cents", "billed_early"),
    "fuel": ("fuel_cents",),
    "surcharge": ("surcharge_cents",),
    "currency_tag": ("tagged_lines",),
    "contact_reason": ("relabelled",),
    "claims_decided": ("claims_closed",),
}
"""What an effect is seen in."""


def _moves(event: Event, measure: str) -> bool:
    return any(measure in _MEASURES.get(effect, ()) for effect in event.effects)


def _in_scope(event: Event, rows: Rows) -> Mask:
    found = np.ones(len(next(iter(rows.values()))), dtype=bool)
    for key, values in event.where.items():
        found &= np.isin(rows[key], values)
    return found


def _told(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind,
        "start": date(event.first_day).isoformat(),
        "end": date(event.last_day).isoformat(),
        "where": event.where,
        "effect": event.effects,
        "logged": event.log is not None,
        "judge_as_of": [moment.isoformat() for moment in event.judge_as_of],
        "expect": event.expect,
    }
