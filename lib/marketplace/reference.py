"""What a team keeps by hand: its sellers, the carriers' contract, targets and the log of events."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from marketplace.contract import Rate, rates, terms
from marketplace.days import FIRST_DAY, date, monday
from marketplace.extracts import Dirt, Written
from marketplace.market import Market
from marketplace.scenario import Event
from marketplace.world import ScenarioError

Cells = Sequence[object]

_OVERLAP = Dirt("validity begins before the last one ends", "noted")
_GAP = Dirt("days between two validities", "noted")
_BANDS_OVERLAP = Dirt("weight bands overlap", "noted")
_BANDS_GAP = Dirt("gap between weight bands", "noted")
_PERCENT = Dirt("percent among shares", "noted")
_IN_WORDS = Dirt("first day in words", "quarantined", column="starts_on", reason="type")
_LATE = Dirt("entered late", "silent")

DIRT = {
    (extract, dirt.kind): dirt
    for extract, kinds in {
        "sellers": (_OVERLAP, _GAP),
        "contract_rates": (_BANDS_OVERLAP, _BANDS_GAP),
        "targets": (_PERCENT,),
        "event_log": (_IN_WORDS, _LATE),
    }.items()
    for dirt in kinds
}
"""Extract and kind to what a load must make of it, as for those of extracts.toml."""

_OVERLAPS, _GAPS = 3, 2
_SHIFT = dt.timedelta(days=6)
_SELLER_COLUMNS = (
    *("Seller", "Valid from", "Valid to", "Country", "Onboarded", "Size", "BackShip status"),
    *("Invited by", "First BackShip label", "Last BackShip label", "Own carriers", "Account manager"),
)
_RATE_COLUMNS = (
    *("Carrier", "Service", "Origin", "Destination", "Weight from (kg)", "Weight to (kg)", "Price"),
    *("Currency", "Valid from", "Valid to"),
)
_TERM_COLUMNS = (
    *("Carrier", "Valid from", "Valid to", "Parcels a week at most", "Parcels a week promised"),
    *("Fee for each parcel below", "Liability for a parcel", "Currency", "Claims within (days)", "Fuel (%)"),
    "Weekly shift at most (%)",
)
_MANAGERS = ("a.marin", "b.keller", "c.duval", "d.ortega")


def write_reference(market: Market, folder: Path) -> list[Written]:
    """Write sellers.xlsx, contract.xlsx, targets.csv and event_log.csv into ``folder/raw``.

    Parameters
    ----------
    market : Market
    folder : Path

    Returns
    -------
    list of Written
        One for each table; the contract holds two.

    Raises
    ------
    ScenarioError
        The scenario logs an event under unknown keys, or moves prices by what no contract knows.
    """
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    return [
        _write_sellers(market, raw / "sellers.xlsx"),
        *_write_contract(market, raw / "contract.xlsx"),
        _write_targets(market, raw / "targets.csv"),
        _write_event_log(market, raw / "event_log.csv"),
    ]


def _last_day(market: Market) -> dt.date:
    return date(monday(market.last_week) + 6)


def _taken_on(market: Market) -> dt.date:
    return date(market.now // 1_440)


def _write_sellers(market: Market, path: Path) -> Written:
    draw = market.draw("reference", "sellers")
    rows = [row for seller in range(len(market.sellers.code)) for row in _seller(market, seller, draw)]
    # What ended before its time, or after it: only where another row follows, long enough to be cut.
    long = [row for row in rows if row[2] and row[2] - row[1] > 2 * _SHIFT]
    order = draw.permutation(len(long))
    overlapping, apart = order[:_OVERLAPS], order[_OVERLAPS : _OVERLAPS + _GAPS]
    for place in overlapping:
        long[place][2] += _SHIFT
    for place in apart:
        long[place][2] -= _SHIFT
    with _workbook(market, path) as book:
        remark = f"Seller success, as of {_taken_on(market)}"
        _add_sheet(book, "sellers", "Sellers and their way to BackShip", remark, _SELLER_COLUMNS, rows)
    dirty = {_OVERLAP.kind: len(overlapping), _GAP.kind: len(apart)}
    return Written("sellers", path.name, len(rows), dirty)


def _seller(market: Market, seller: int, draw: np.random.Generator) -> list[list[Any]]:
    """Give the rows of a seller, one for each step on its way to BackShip.

    The team takes the day of a step for that of the label: first and last label are its word, not parcels'.
    """
    sellers, last = market.sellers, _last_day(market)
    joined = FIRST_DAY - dt.timedelta(days=int(draw.integers(30, 900)))
    country = str(sellers.country[seller])
    carriers = {
        code for lane in market.world.lanes["outbound"] if lane.origin == country for code in lane.carriers
    }
    own = draw.permutation(sorted(carriers))[: draw.integers(1, 4)]
    manager = f"{draw.choice(_MANAGERS)}@market.example"
    steps = [(joined, "eligible" if sellers.is_eligible[seller] else "not_eligible")]
    for days, status in (
        (sellers.invited_day, "invited"),
        (sellers.active_day, "activated"),
        (sellers.lapsed_day, "paused"),
        (sellers.back_day, "activated"),
    ):
        if date(days[seller]) <= last:
            steps.append((date(days[seller]), status))
    first_label: dt.datetime | None = None
    rows = []
    for (start, status), following in zip(steps, [*steps[1:], None], strict=True):
        end = following[0] - dt.timedelta(days=1) if following else None
        last_label = None
        invited_by = "" if status in ("not_eligible", "eligible") else str(sellers.campaign[seller])
        if status == "activated":
            first_label, last_label = first_label or _at(start, 9), _at(end or last, 17)
        elif status == "paused":
            last_label = _at(start - dt.timedelta(days=1), 17)
        rows.append(
            [
                *(str(sellers.code[seller]), start, end, country, joined, str(sellers.band[seller]), status),
                *(invited_by, first_label, last_label, ", ".join(own), manager),
            ]
        )
    return rows


def _at(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour))


def _write_contract(market: Market, path: Path) -> list[Written]:
    card, names = rates(market), {code: one.name for code, one in market.world.carriers.items()}
    draw = market.draw("reference", "contract")
    # Where a band ends is a slip; where the next begins stays.
    second, third = (
        draw.choice([place for place, rate in enumerate(card) if rate.above_g == above])
        for above in (1_000, 2_000)
    )
    card[second] = replace(card[second], up_to_g=2_500)
    card[third] = replace(card[third], up_to_g=4_500)
    carried = [_rate_cells(rate, names) for rate in card]
    agreed = [
        [
            *(names[one.carrier], one.valid_from, one.valid_to, one.weekly_capacity, one.min_volume),
            *(one.shortfall_fee_cents / 100, one.liability_cents / 100, "EUR", one.claim_deadline_days),
            *(round(100 * one.fuel_share, 4), round(100 * one.max_weekly_shift, 4)),
        ]
        for one in terms(market)
    ]
    with _workbook(market, path) as book:
        remark = "Without VAT and surcharges; weights above the first, up to the second"
        _add_sheet(book, "rates", "Parcel rates of all carriers", remark, _RATE_COLUMNS, carried)
        _add_sheet(book, "terms", "Terms of all carriers", "Amounts in euro", _TERM_COLUMNS, agreed)
    slips = {_BANDS_OVERLAP.kind: 1, _BANDS_GAP.kind: 1}
    return [
        Written("contract_rates", path.name, len(carried), slips),
        Written("contract_terms", path.name, len(agreed), {}),
    ]


def _rate_cells(rate: Rate, names: Mapping[str, str]) -> list[object]:
    return [
        *(names[rate.carrier], rate.service, rate.origin, rate.destination, rate.above_g / 1000),
        *(rate.up_to_g and rate.up_to_g / 1000, rate.price_cents / 100, rate.currency),
        *(rate.valid_from, rate.valid_to),
    ]


def _workbook(market: Market, path: Path) -> xlsxwriter.Workbook:
    book = xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy"})
    # Else it would hold the time of writing, and no two files would be the same.
    book.set_properties({"created": _at(_taken_on(market), 7)})
    return book


def _add_sheet(
    book: xlsxwriter.Workbook,
    name: str,
    title: str,
    remark: str,
    columns: Sequence[str],
    rows: Sequence[Cells],
) -> None:
    """Lay a table out as people do: a title over all columns, a remark, a free row, the header in row 4."""
    sheet, bold = book.add_worksheet(name), book.add_format({"bold": True})
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    sheet.merge_range(0, 0, 0, len(columns) - 1, title, bold)
    sheet.write(1, 0, remark)
    sheet.write_row(3, 0, columns, bold)
    sheet.set_column(0, len(columns) - 1, 16)
    sheet.freeze_panes(4, 0)
    for line, cells in enumerate(rows, start=4):
        for place, cell in enumerate(cells):
            sheet.write(line, place, cell, moment if isinstance(cell, dt.datetime) else None)


def _write_targets(market: Market, path: Path) -> Written:
    text = (resources.files("marketplace") / "extracts" / "targets.csv").read_text(encoding="utf-8")
    last = _last_day(market).isoformat()
    rows = [row for row in csv.DictReader(io.StringIO(text), delimiter=";") if row["valid_from"] <= last]
    slip = [row for row in rows if row["kpi"] == "first_attempt_success"][1:]
    for row in slip:
        row |= {name: f"{100 * float(row[name]):g}" for name in ("target", "floor")}
    _write_csv(path, list(rows[0]), [list(row.values()) for row in rows])
    return Written("targets", path.name, len(rows), {_PERCENT.kind: len(slip)})


_LOG_COLUMNS = ("kind", "starts_on", "ends_on", "country", "carrier", "flow", "note", "entered_on")


def _write_event_log(market: Market, path: Path) -> Written:
    scenario, began = market.scenario, date(monday(market.first_week))
    # So that it is never empty, whatever the scenario.
    begin = {"kind": "definition", "starts_on": began, "note": "This log begins", "entered_on": began}
    entries: list[dict[str, Any]] = [begin]
    entries += [_logged(event) for event in scenario.events if event.log is not None]
    entries += [{"entered_on": entry.get("starts_on")} | entry for entry in scenario.log_only]
    slips = {
        _LATE.kind: {
            "kind": "bank_holiday",
            "starts_on": dt.date(2026, 5, 14),
            "country": "FR",
            "note": "Ascension, most hubs shut",
            "entered_on": dt.date(2026, 5, 26),
        },
        _IN_WORDS.kind: {
            "kind": "campaign",
            "starts_on": "end of May",
            "country": "FR",
            "note": "Mother's Day, phones",
            "entered_on": dt.date(2026, 5, 18),
        },
    }
    known: list[dict[str, Any]] = []
    dirty: dict[str, int] = {}
    for kind, entry in [*((None, entry) for entry in entries), *slips.items()]:
        unknown = sorted(entry.keys() - {*_LOG_COLUMNS})
        if unknown:
            raise ScenarioError(f"event log: {unknown} are not among {sorted(_LOG_COLUMNS)}")
        if entry["entered_on"] <= _taken_on(market):
            known.append(entry)
            dirty |= {kind: 1} if kind else {}
    known.sort(key=lambda entry: entry["entered_on"])
    _write_csv(path, _LOG_COLUMNS, [[_typed(entry.get(name)) for name in _LOG_COLUMNS] for entry in known])
    return Written("event_log", path.name, len(known), dirty)


def _logged(event: Event) -> dict[str, Any]:
    """Give the entry of an event: its own days, and written down on the first, unless its log says other."""
    days = {"starts_on": date(event.first_day), "ends_on": date(event.last_day)}
    entry = {"kind": event.kind, **days, **(event.log or {})}
    return {"entered_on": entry["starts_on"]} | entry


def _typed(value: object) -> str:
    return f"{value:%d/%m/%Y}" if isinstance(value, dt.date) else str(value or "")


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Cells]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows([columns, *rows])
