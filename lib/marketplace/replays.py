"""Extracts that tell a cause as it came to be known: parcels whose scans are missing, a file sent twice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from marketplace.days import date, number
from marketplace.extracts import Dirt, Extract
from marketplace.market import NEVER, Market, Rows, count, pick, stack
from marketplace.pool import Writers
from marketplace.scans import CODES
from marketplace.scenario import Mask

_DAY = 1_440
_MORNING = 5 * 60
TWICE = Dirt("file that came twice", "duplicate")

_TIMES = ("declared_at", "scan_at", "attempt_at", "delivered_at")


class MissingScans:
    """Parcels some of whose scans an event lost for a time: told day by day, as one knew them then.

    Only what changed since the day before is told; what has come to its end by then is not told again.
    """

    def __init__(self, market: Market, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._events = [
            (place, event, number(event.effects["scans_lost"]["until"]) * _DAY + 6 * 60)
            for place, event in enumerate(market.scenario.events)
            if "scans_lost" in event.effects
        ]
        self._kept: dict[int, list[Rows]] = {place: [] for place, _, _ in self._events}

    def take(self, parcels: Rows, scans: Rows) -> Rows:
        """Keep the parcels that an event touched; give back those that later extracts tell as usual."""
        for place, _, until in self._events:
            hit = scans["lost_by"] == place
            if not hit.any():
                continue
            lost = {
                code: np.isin(parcels["shipment"], scans["shipment"][hit & (scans["place"] == code)])
                for code in range(len(CODES))
            }
            touched = np.any(list(lost.values()), axis=0)
            known = _known(parcels, lost, until)
            shown = {name: parcels[name] for name in self._columns} | known
            self._kept[place].append(pick(shown, touched))
            end = _last_morning(until)
            is_over = np.all([(known[f"{name} known"] <= end) for name in _TIMES], axis=0)
            parcels = pick(parcels, ~(touched & is_over))
        return parcels

    def write(self, writers: Writers, extract: Extract) -> None:
        """Write a file for each day from the event to the day on which all was told."""
        for place, event, until in self._events:
            if self._kept[place]:
                rows = stack(self._kept[place])
                for day in range(event.first_day + 1, _last_morning(until) // _DAY + 1):
                    _write_day(writers, extract, rows, day, day == event.first_day + 1, self._columns)


def _last_morning(until: int) -> int:
    return (until // _DAY + 1) * _DAY + _MORNING


def _known(parcels: Rows, lost: dict[int, Mask], until: int) -> Rows:
    """Give when each time came to be known: a lost one when it was made up for."""
    scanned, _, failed, available, delivered = (lost[code] for code in range(len(CODES)))
    at_home = (parcels["service"] != "pudo") & (parcels["attempts"] == 1)
    hidden = {
        "declared_at": np.zeros(count(parcels), dtype=bool),
        "scan_at": scanned,
        "attempt_at": failed | available | (delivered & at_home),
        "delivered_at": delivered,
    }
    return {
        f"{name} known": np.where(
            parcels[name] >= NEVER, 0, np.where(hidden[name], np.maximum(parcels[name], until), parcels[name])
        )
        for name in _TIMES
    }


def _write_day(
    writers: Writers, extract: Extract, rows: Rows, day: int, is_first: bool, columns: tuple[str, ...]
) -> None:
    now = day * _DAY + _MORNING
    since = -1 if is_first else now - _DAY
    told: list[npt.NDArray[np.int64]] = [rows["label_at"], *(rows[f"{name} known"] for name in _TIMES)]
    is_new = np.any([(minute > since) & (minute <= now) for minute in told], axis=0)
    shown = pick(rows, is_new & (rows["label_at"] <= now))
    if count(shown):
        seen = {name: np.where(shown[f"{name} known"] <= now, shown[name], NEVER) for name in _TIMES}
        kept = {name: (shown | seen)[name] for name in columns}
        writers.write(extract, f"{date(day):%Y-%m-%d}", kept, taken=now, dirt=())


def repeated_invoices(market: Market, writers: Writers, extract: Extract, rows: Rows) -> Rows:
    """Write the invoices of a carrier day by day in the week in which one file came twice; give the rest."""
    for event, how in market.scenario.with_effect("loaded_twice"):
        twice = number(how["day"])
        for carrier in event.where["carrier"]:
            of_carrier = rows["carrier"] == carrier
            for day in range(twice - twice % 7, twice - twice % 7 + 5):
                here = of_carrier & (rows["invoice_day"] == day)
                if here.any():
                    _write_invoices(writers, extract, pick(rows, here), carrier, day, day == twice)
            rows = pick(rows, ~(of_carrier & (rows["invoice_day"] // 7 == twice // 7)))
    return rows


def _write_invoices(
    writers: Writers, extract: Extract, rows: Rows, carrier: str, day: int, is_twice: bool
) -> None:
    morning = (day + 1) * _DAY + _MORNING
    file = f"{carrier}_{date(day):%Y-%m-%d}"
    writers.write(extract, file, rows, taken=morning, dirt=())
    if is_twice:
        writers.write(extract, file, rows, taken=morning + 600, dirt=(TWICE,))
