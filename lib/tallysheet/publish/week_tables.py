"""The week's results as tables of plain values: what a spreadsheet of the week holds."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tallysheet import causes, say, volume
from tallysheet.actions import FollowUp
from tallysheet.comparison import Explanation
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.language import Language, plain
from tallysheet.ledger import Ledger
from tallysheet.marks import target_word, verdict_of, verdict_word
from tallysheet.publish.sheets import Cell, Table, figure
from tallysheet.publish.work_lists import work_lists
from tallysheet.rounding import left_over, printed_parts
from tallysheet.scorecard import how_final
from tallysheet.telling import volume_shares
from tallysheet.week import Week


@dataclass(frozen=True)
class WeekTables:
    """All tables of a week; the last cell of a row of `results` is the slug of its KPI."""

    scorecard: Table
    parts: Table
    segments: Table
    causes: Table
    actions: Table
    lists: tuple[Table, ...]
    files: Table
    definitions: Table

    @property
    def everything(self) -> tuple[Table, ...]:
        """All of them, in the order of the workbook."""
        return (*self.results, *self.lists, self.files, self.definitions)

    @property
    def results(self) -> tuple[Table, ...]:
        """Those whose rows are about a KPI in the week."""
        return self.scorecard, self.parts, self.segments, self.causes, self.actions


def week_tables(week: Week, language: Language) -> WeekTables:
    """Give all tables of a week."""
    explanations = list(week.explanations.values())
    return WeekTables(
        scorecard(week, language),
        parts(explanations, language),
        segments(explanations, language),
        verdicts(pd.concat([week.verdicts, week.continuing], ignore_index=True), language),
        actions(week.told.actions_for(language), language),
        work_lists(week, language),
        files(week.ledger, language),
        definitions([one.kpi for one in explanations], language),
    )


def scorecard(week: Week, language: Language) -> Table:
    """Give every KPI, one row each, in the order of the page."""
    explanations = list(week.explanations.values())
    first, text = explanations[0], language.text
    headers = (
        *(text("scorecard.kpi"), text("sheet.number"), text("sheet.unit"), str(first.week)),
        *(_capital(say.base(first, language)), text("sheet.change"), text("sheet.last_week")),
        *(str(first.week.year_ago), text("sheet.lower"), text("sheet.centre"), text("sheet.upper")),
        *(
            text("scorecard.variation"),
            text("scorecard.target"),
            text("sheet.assurance"),
            text("scorecard.maturity"),
            text("sheet.key"),
        ),
    )
    rows = tuple(_score(one, week, language) for one in explanations)
    return Table(text("sheet.scorecard"), headers, rows)


def _score(one: Explanation, week: Week, language: Language) -> tuple[Cell, ...]:
    unit, slug = one.kpi.unit, one.kpi.slug
    return (
        *(say.name(one.kpi, language), one.kpi.number or None, language.text(f"sheet.units.{plain(unit)}")),
        *(figure(one.value_now, unit), figure(one.value_base, unit), figure(one.change, unit, signed=True)),
        *(figure(one.value_previous, unit), figure(week.year_ago(slug), unit)),
        *(figure(getattr(one.judgement, name), unit) for name in ("lower", "centre", "upper")),
        language.text(f"verdict.{verdict_of(one)}"),
        *(figure(one.target, unit), language.text(f"verdict.{target_word(one)}")),
        *(how_final(week.review, slug, language), slug),
    )


def parts(explanations: Sequence[Explanation], language: Language) -> Table:
    """Give every part of every KPI, dimension by dimension; mix and rate of ratios only."""
    text, first = language.text, explanations[0]
    headers = (
        *(text("scorecard.kpi"), text("sheet.dimension"), text("sheet.part"), text("sheet.unit")),
        *(
            text("sheet.volume"),
            text("sheet.volume_share"),
            text("sheet.share_before"),
            _capital(say.base(first, language)),
            str(first.week),
        ),
        *(text("sheet.lower"), text("sheet.upper")),
        *(
            text("card.mix"),
            text("card.rate"),
            text("card.part"),
            text("scorecard.variation"),
            text("sheet.key"),
        ),
    )
    rows = tuple(
        row for one in explanations for dimension in one.parts for row in _parts(one, dimension, language)
    )
    return Table(text("sheet.parts"), headers, rows)


def _parts(one: Explanation, dimension: str, language: Language) -> list[tuple[Cell, ...]]:
    """Give a row a part, and what parts leave over where they do not make the whole change."""
    printed = printed_parts(one, dimension)
    frame = one.parts[dimension].assign(
        share=volume_shares(one, dimension),
        share_before=volume_shares(one, dimension, before=True),
        printed=printed["total"],
    )
    if math.isnan(one.change):  # nobody has a part of what is not known
        frame = frame.assign(**printed)
    left = left_over(one, dimension)
    rest = (
        *(say.name(one.kpi, language), say.dimension_name(dimension, language)),
        *(language.text("sheet.left_over"), language.text(f"sheet.units.{plain(one.kpi.unit)}")),
        *[None] * 9,
        *(figure(left, one.kpi.unit, signed=True), None, one.kpi.slug),
    )
    rows = [_part(one, dimension, row, language) for row in frame.to_dict("records")]
    return [*rows, rest] if left else rows


def _part(one: Explanation, dimension: str, row: causes.Row, language: Language) -> tuple[Cell, ...]:
    unit, is_ratio = one.kpi.unit, one.kpi.denominator is not None
    word = verdict_word(str(row["variation"]), str(row["reason"]), one.direction)
    return (
        *(say.name(one.kpi, language), say.dimension_name(dimension, language)),
        *(language.name(dimension, row["segment"]), language.text(f"sheet.units.{plain(unit)}")),
        *(
            figure(row["n_now"] * volume.scale(one.kpi), volume.unit(one.kpi)) if is_ratio else None,
            figure(row["share"], "share"),
            figure(row["share_before"], "share") if is_ratio else None,
        ),
        *(figure(row[name], unit) for name in ("value_base", "value_now", "lower", "upper")),
        *(figure(row[name], unit, signed=True) if is_ratio else None for name in ("mix", "rate")),
        figure(row["total"], unit, signed=True, printed=row["printed"]),
        *(language.text(f"verdict.{word}"), one.kpi.slug),
    )


def segments(explanations: Sequence[Explanation], language: Language) -> Table:
    """Give the segments that moved beyond the rest, of every KPI in which they were searched for."""
    text = language.text
    names = ("where", "size", "low", "high", "share_of_change", "chance", "key")
    rows = tuple(
        (
            *(say.name(one.kpi, language), say.segment_name(segment, language)),
            *(
                figure(getattr(segment, name), one.kpi.unit, signed=True)
                for name in ("effect", "low", "high")
            ),
            figure(segment.contribution, one.kpi.unit, signed=True),
            *(figure(segment.p, "share"), one.kpi.slug),
        )
        for one in explanations
        for segment in one.segments
    )
    headers = (text("scorecard.kpi"), *(text(f"sheet.{name}") for name in names))
    return Table(text("sheet.segments"), headers, rows)


def verdicts(found: pd.DataFrame, language: Language) -> Table:
    """Give what was found to be behind the week, one row a cause and KPI.

    Parameters
    ----------
    found : DataFrame
        As `tallysheet.week.Week.verdicts`, and what goes on since an earlier week.
    language : Language
    """
    text = language.text
    what, how = ("cause", "by", "where", "perhaps"), ("size", "low", "high", "since", "until", "chance")
    names = (*what, *how, "event", "key")
    headers = (text("scorecard.kpi"), *(text(f"sheet.{name}") for name in names))
    records = found.to_dict("records")
    rows = tuple(_verdict(row, records, language) for row in records)
    return Table(text("sheet.causes"), headers, rows)


def _verdict(row: causes.Row, among: Sequence[causes.Row], language: Language) -> tuple[Cell, ...]:
    one = kpi(row["kpi"])
    unit, signed = causes.effect_unit(row, one)
    return (
        *(say.name(one, language), language.text(f"sheet.code.{row['code']}")),
        language.text(f"sheet.whose.{row['by']}") if row["by"] else None,
        *(causes.place_of(row, among, language), causes.perhaps(row, language) or None),
        *(figure(row[name], unit, signed=signed) for name in ("effect", "low", "high")),
        *(
            row["since"] or None,
            row["until"] or None,
            figure(row["p"], "share"),
            causes.entry(row, language) or None,
        ),
        one.slug,
    )


def actions(listed: Sequence[FollowUp], language: Language) -> Table:
    """Give what is done about KPIs, and what came of what is due, one row an action."""
    names = ("where", "owner", "action", "status", "due", "expected", "came", "key")
    headers = (language.text("scorecard.kpi"), *(language.text(f"sheet.{name}") for name in names))
    rows = tuple(
        (
            *(say.name(kpi(one.action.kpi), language), causes.part(one.action.where, language)),
            *(one.action.owner, one.action.action, language.text(f"action.status.{one.action.status}")),
            str(one.action.due_week),
            figure(one.action.expected_effect, kpi(one.action.kpi).unit, signed=True),
            figure(one.change, kpi(one.action.kpi).unit, signed=True),
            one.action.kpi,
        )
        for one in listed
    )
    return Table(language.text("sheet.actions"), headers, rows)


def files(ledger: Ledger, language: Language) -> Table:
    """Give every file that was loaded: rows = good + quarantined + duplicates."""
    counts = ("rows", "good", "quarantined", "duplicates", "corrections")
    rows = tuple(
        (
            *(
                str(row["source"]),
                str(row["file"]),
                f"{dt.datetime.fromisoformat(row['loaded_at']):%Y-%m-%d %H:%M}",
            ),
            *(figure(row[name], "count") for name in counts),
        )
        for row in ledger.files.to_dict("records")
    )
    text = language.text
    return Table(
        text("sheet.files"),
        (
            text("sheet.source"),
            text("ledger.file"),
            text("sheet.taken"),
            *(text(f"ledger.{name}") for name in counts),
        ),
        rows,
    )


def definitions(kpis: Sequence[Kpi], language: Language) -> Table:
    """Say what each KPI counts, which way is good, and when it is final."""
    text = language.text
    names = ("number", "unit", "direction", "definition", "origin", "final_days", "version", "key")
    rows = tuple(
        (
            *(say.name(one, language), one.number or None, text(f"sheet.units.{plain(one.unit)}")),
            text(f"definition.{one.direction}"),
            text(f"kpi.{one.slug}.definition", expression=one.source),
            language.translated("source", one.slug, one.source),
            *(figure(one.maturity_days, "count"), figure(one.version, "count"), one.slug),
        )
        for one in kpis
    )
    return Table(
        text("sheet.definitions"), (text("scorecard.kpi"), *(text(f"sheet.{name}") for name in names)), rows
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
