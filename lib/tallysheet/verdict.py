"""The verdict: what kind of cause is behind a KPI's week, gate after gate, each cause with its proof."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tallysheet.errors import check_type
from tallysheet.evidence import Evidence, Weekly
from tallysheet.findings import CODES, Finding, is_silent
from tallysheet.gates import bills, context, lengths, money, movement, quality
from tallysheet.gates.legs import whose
from tallysheet.kpi import Kpi
from tallysheet.kpis import HEADLINE, kpi
from tallysheet.review import Review
from tallysheet.seasons import COUNTRIES

_OF_FINDINGS = (
    *("code", "by", "scope", "effect", "low", "high", "since", "until", "p", "event", "perhaps"),
    *("ruled_out", "proof"),
)
COLUMNS = ("kpi", *_OF_FINDINGS, "chance")

_SETTLED = ("DATA", "IMMATURE", "DEFINITION", "CLASSIFICATION")
"""Codes that leave nothing to blame anybody for in their scope."""

_AT_PARTNERS = ("seller", "fulfilment")
"""Whose doing it is where an entry in the log may be about one fulfilment partner."""

_YOUNG = ("young", "missing")
_RECOUNTED = ("DEFINITION", "CLASSIFICATION")


@dataclass(frozen=True)
class Gate:
    """A gate: the table that it looks at (None: not this KPI's), and what it finds in it.

    Parameters
    ----------
    name : str
    table : callable
        Of the evidence and a KPI.
    find : callable
        Of that table.
    level : float
        Chance that it finds something in an unchanged week; 0 where no chance is in what it looks at.
    blames : bool
        Whether it says who moved: not of a week of which too little is known to judge it.
    """

    name: str
    table: Callable[[Evidence, Kpi], Weekly | None]
    find: Callable[[Weekly], list[Finding]]
    level: float = 0.0
    blames: bool = False


GATES = (
    Gate("scans", quality.scans, quality.missing, quality.SURE),
    Gate("files", quality.repeats, quality.duplicate),
    Gate("units", quality.currencies, quality.unit, quality.SURE),
    Gate("coverage", quality.coverage, quality.immature),
    Gate("calendar", context.expectations, context.calendar),
    Gate("definition", context.promises, context.definition, context.SURE_STEP),
    Gate("classification", context.reasons, context.classification, context.SURE),
    Gate("artefact", context.closings, context.artefact),
    Gate("mix", money.volumes, money.mix, 2 * money.SURE),
    Gate("price", money.charges, money.price, money.SURE),
    Gate("bills", bills.audits, bills.overbilling),
    Gate("movement", movement.parts, movement.moved, movement.LEVEL, blames=True),
)
"""The order is the argument: nobody is blamed before the data, the calendar and the rules are ruled out."""


@dataclass(frozen=True)
class Verdict:
    """What was found about a KPI's week.

    Parameters
    ----------
    kpi : str
    findings : tuple of Finding
        What began in the week; NOISE, alone, where nothing did; none where earlier weeks are too few.
    continuing : tuple of Finding
        What began up to four weeks before and was still so.
    passed : tuple of str
        Gates that looked and found nothing.
    chance : float
        Chance that the gates which looked find anything in an unchanged week.
    """

    kpi: str
    findings: tuple[Finding, ...]
    continuing: tuple[Finding, ...]
    passed: tuple[str, ...]
    chance: float = 0.0


def judge_kpi(evidence: Evidence, one: Kpi) -> Verdict:
    """Lead a KPI's week through the gates; what one has explained, later ones do not see."""
    found: list[Finding] = []
    passed: list[str] = []
    chance = 0.0
    reason = evidence.review.maturity(one.slug).reason
    if reason in _YOUNG:
        found.append(Finding("IMMATURE", since=evidence.week, until=evidence.week))
    for gate in GATES:
        table = None if gate.blames and reason in _YOUNG else gate.table(evidence, one)
        if table is None:
            continue
        attrs = table.attrs
        for each in found:
            table = _without(table, each)
        table.attrs = attrs
        if table.empty or not table["is_judged"].any():
            continue
        seen = [each for each in gate.find(table) if lengths.moved(evidence, one, each)]
        new, chance = [whose(evidence, one, each) for each in seen], chance + gate.level
        found += [each.with_event(_noted(evidence, one, each)) for each in new]
        if not new:
            passed.append(gate.name)
    found = news(found, lambda: _is_routine(evidence, one))
    began = tuple(each for each in found if each.since == evidence.week)
    before = tuple(each for each in found if each.since < evidence.week <= each.until)
    if not began and evidence.knows_enough:
        began = (Finding("NOISE", since=evidence.week, until=evidence.week),)
    return Verdict(one.slug, began, before, tuple(passed), chance)


def _noted(evidence: Evidence, one: Kpi, found: Finding) -> str:
    """Give what the event log says of a finding about a KPI."""
    is_better = found.effect > 0 if one.direction == "up" else found.effect < 0 and one.direction == "down"
    cuts = cut_together(evidence, one)
    return event_of(evidence.log, found, cuts, lambda: partners_of(evidence), is_better)


def _without(table: Weekly, finding: Finding) -> Weekly:
    """Take the rows out that a finding has explained; a file that came twice was counted once already."""
    if finding.code not in _SETTLED or finding.by == "duplicate":
        return table
    if not finding.scope:
        return table.iloc[:0] if finding.code in _RECOUNTED else table
    held = np.ones(len(table), dtype=bool)
    for name, values in finding.scope.items():
        column = next((one for one in _COLUMNS_OF.get(name, (name,)) if one in table), None)
        if column is None:
            return table
        found = table[column].astype("string").fillna("")
        held &= (
            (found.str.rpartition("-")[2] if column == "lane" != name else found)
            .isin(list(values))
            .to_numpy(bool)
        )
    return table[~held]


_COLUMNS_OF = {"country": ("destination_country", "country", "lane"), "depot": ("destination",)}


def news(found: Sequence[Finding], is_routine: Callable[[], bool]) -> list[Finding]:
    """Leave out what was to be expected of a place and came, unless it lies beside what was not.

    Days off are told by themselves where they took the KPI's total out of its usual range.
    """
    unexpected = [each.scope for each in found if each.code == "REAL"]

    def is_told(each: Finding) -> bool:
        if each.code != "CALENDAR" or not each.scope or any(_meet(each.scope, one) for one in unexpected):
            return True
        return bool(each.by) and not is_routine()

    return [each for each in found if is_told(each)]


def _is_routine(evidence: Evidence, one: Kpi) -> bool:
    return evidence.review.explanation(one.slug, "previous", ()).variation == "routine"


def _meet(one: Mapping[str, Sequence[str]], other: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether two scopes speak of the same parcels, as far as they name the same things."""
    shared = one.keys() & other.keys()
    return bool(shared) and all(set(one[name]) & set(other[name]) for name in shared)


def cut_together(evidence: Evidence, one: Kpi) -> list[str]:
    """List the dimensions that one finding may name side by side; medians are searched one by one."""
    return evidence.dimensions(one) if one.is_additive else []


def partners_of(evidence: Evidence) -> list[str]:
    """Name the fulfilment partners."""
    if not evidence.has("dispatches"):
        return []
    return [name for name in evidence.fact("dispatches", ("partner",))["partner"].unique() if name]


def event_of(
    log: pd.DataFrame,
    finding: Finding,
    cuts: Sequence[str],
    partners: Callable[[], Sequence[str]] = tuple,
    is_better: bool = False,
) -> str:
    """Give the note of the entry in the log that fits a finding by time, kind and scope; empty: none.

    Where a finding names no country beside a carrier, by its KPI's ``cuts``, an entry about it in one country
    may be behind it. A note that names ``partners`` is about them alone: the log has no column for them.
    Nothing ``is_better`` by a strike.
    """
    for _, entry in log.iterrows():
        if not movement.explains(entry, finding, is_better):
            continue
        if finding.code == "MIX" and not any(entry[name] for name in ("carrier", "country", "flow")):
            continue  # what holds for all moves no volume from one to another
        if finding.code == "REAL" and entry["kind"] == "tariff" and not entry["country"]:
            continue  # what is dearer everywhere makes nothing late in one place
        names = ["carrier", "flow"]
        if not entry["carrier"] or not {"lane", *COUNTRIES}.isdisjoint(cuts):
            names.append("country")
        if not all(_fits(finding, name, str(entry[name])) for name in names):
            continue
        note = str(entry["note"])
        about = {one for one in partners() if one in note} if finding.by in _AT_PARTNERS else set()
        if not about or about & set(finding.scope.get("partner", ())):
            return note or str(entry["kind"])
    return ""


def _fits(finding: Finding, name: str, value: str) -> bool:
    if not value:
        return True
    if name in finding.scope:
        return value in finding.scope[name]
    lanes = finding.scope.get("lane", ())
    if name == "country" and lanes:
        return any(value in lane.split("-") for lane in lanes)
    return name == "flow"


class Verdicts:
    """The verdicts of a week, each made when first asked for.

    Parameters
    ----------
    review : Review
    slugs : callable
        Gives the KPIs that there are.
    """

    def __init__(self, review: Review, slugs: Callable[[], Sequence[str]]) -> None:
        self._evidence, self._slugs = Evidence(review), slugs
        self._made: dict[str, Verdict] = {}
        self._frames: dict[str, pd.DataFrame] = {}

    def of(self, slug: str) -> Verdict:
        """Say what kind of cause is behind a KPI's week; asked again, it is the same."""
        check_type("kpi", slug, str, "the slug of a KPI")
        if slug not in self._made:
            self._made[slug] = judge_kpi(self._evidence, kpi(slug))
        return self._made[slug]

    def frame(self, *, continuing: bool = False) -> pd.DataFrame:
        """Lay out what was found of all KPIs, without the proofs; kept with the cube."""
        name = "continuing" if continuing else "verdicts"

        def made() -> pd.DataFrame:
            return _packed(as_frame((self.of(slug) for slug in self._slugs()), continuing=continuing))

        if name not in self._frames:
            self._frames[name] = _unpacked(self._evidence.review.remembered(name, [], made))
        return self._frames[name].copy(deep=False)


def as_frame(verdicts: Iterable[Verdict], *, continuing: bool = False) -> pd.DataFrame:
    """Lay findings out, one row each, ranked by what a reader should care about.

    What names something comes first, and of that what moves a KPI's total by a fiftieth of its level at
    least; then the KPIs that lead a team's page; then the kind of cause, as faults of the data make the rest
    worthless; noise is last.
    """
    rows: list[dict[str, Any]] = [
        {
            "kpi": one.kpi,
            "chance": one.chance,
            "weight": each.weight,
            **{name: getattr(each, name) for name in _OF_FINDINGS},
        }
        for one in verdicts
        for each in (one.continuing if continuing else one.findings)
    ]
    for row in rows:
        row["scope"] = {name: list(values) for name, values in row["scope"].items()}
        row["perhaps"] = list(row["perhaps"])
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "weight"])
    ranks = frame.assign(
        silent=[is_silent(code, scope) for code, scope in zip(frame["code"], frame["scope"], strict=True)],
        minor=frame["weight"] < _MINOR,
        aside=[
            slug != _TELLS[code] if code in _TELLS else slug not in HEADLINE
            for slug, code in zip(frame["kpi"], frame["code"], strict=True)
        ],
        order=frame["code"].map(CODES.index),
    )
    ranks = ranks.sort_values(["silent", "minor", "aside", "order"], kind="stable", ignore_index=True)
    return ranks[list(COLUMNS)]


_TELLS = {"OVERBILLING": "overbilling"}
"""Code to the KPI that tells it best, whatever leads a team's page."""

_MINOR = 0.02
"""What moves a total by a smaller share of its level than this leads no page."""

_PACKED = ("scope", "perhaps", "ruled_out")


def _packed(frame: pd.DataFrame) -> pd.DataFrame:
    """Make of verdicts what a Parquet file holds: texts and numbers, without the proofs."""
    texts = {name: [json.dumps(value) for value in frame[name]] for name in _PACKED}
    return frame.drop(columns="proof").assign(**texts)


def _unpacked(frame: pd.DataFrame) -> pd.DataFrame:
    """Take verdicts out of what `_packed` made."""
    return frame.assign(**{name: [json.loads(value) for value in frame[name]] for name in _PACKED})
