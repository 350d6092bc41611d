"""The pieces of a report page below its first screen: card of a KPI, its parts, causes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tallysheet import captions, causes, say, volume
from tallysheet.actions import FollowUp
from tallysheet.charts import Chart, bridge_chart, control_chart, figure
from tallysheet.comparison import Explanation
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.language import Language, isolated, plain
from tallysheet.marks import verdict_of, verdict_word, verdict_words
from tallysheet.opening import Told, standing, story, witnesses
from tallysheet.rounding import printed_decimals, printed_parts
from tallysheet.tables import (
    Column,
    Html,
    chips,
    paragraph,
    render_table,
    section,
    side_by_side,
)

_SPLIT_AS = {"quantile": "_quantile", "kaplan_meier": "_quantile"}
"""What the parts of a change mean in its table, where they are not those of a ratio."""


def _ranges(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(list(zip(rows["lower"], rows["upper"], strict=True)), index=rows.index, dtype=object)


def weeks_chart(explanation: Explanation, language: Language, *, half: bool = False) -> Chart:
    """Draw a KPI's weeks in its usual range, with its target. ``half``: of half the width."""
    return control_chart(
        explanation.history,
        unit=explanation.kpi.unit,
        language=language,
        name=say.name(explanation.kpi, language),
        target=explanation.target,
        direction=explanation.direction,
        half=half,
    )


def card(explanation: Explanation, told: Told, language: Language, *, is_said: bool = False) -> Html:
    """Show one KPI: is it usual? The sentences, the control chart and how its range was made.

    ``is_said`` leaves the sentences out where the page's opening has said them.
    """
    kpi = explanation.kpi
    title = say.name(kpi, language)
    chart = weeks_chart(explanation, language)
    rows = explanation.history.tail(53)
    data = render_table(
        rows.assign(
            range=_ranges(rows),
            unit=kpi.unit,
            week=rows["week"].map(language.week_code),
            n=rows["n"] * volume.scale(kpi),
        ),
        [
            Column("week", language.text("card.week")),
            Column("value", title, kpi.unit),
            Column("range", language.text("scorecard.range"), "range", of=kpi.unit),
            *([_volume("n", language.text("card.of"), kpi)] if kpi.denominator else []),
        ],
        caption=language.text("card.data", name=title),
        language=language,
        name=f"{kpi.slug}-weeks",
    )
    states = standing(explanation, told, language)
    sentences = [
        say.change(explanation, language),
        say.usual(explanation, language) if states else story(explanation, told, language),
        say.beside(explanation, language),
        *witnesses(explanation, told.explanations, language),
    ]
    drawing = figure(
        chart,
        say.finding(explanation, language),
        captions.banded(
            language.text(
                f"card.subtitle_{plain(kpi.unit)}",
                of=language.text(f"kpi.{kpi.slug}.of"),
                week=language.week_code(rows["week"].iloc[0]),
            ),
            rows,
            language,
        ),
        captions.limits(explanation, language),
        data,
        language=language,
        level=4,
    )
    # An axis without a value has no levels to show.
    drawn = [drawing] if rows["value"].notna().any() else []
    marks = chips(verdict_words(explanation), language, rising=explanation.change > 0)
    text = paragraph(" ".join(sentence for sentence in sentences if sentence))
    known = [paragraph(text, label=label) for label, text in states]
    return section(title, marks, *([] if is_said else [text]), *known, *drawn, name=kpi.slug, level=3)


def moved(explanation: Explanation, language: Language) -> Html:
    """Name the few segments behind a change; nothing of a usual week."""
    told = say.moved(explanation, language)
    title = language.text("card.moved", name=say.name(explanation.kpi, language))
    return (
        section(title, paragraph(told), name=f"{explanation.kpi.slug}-moved", level=3) if told else Html("")
    )


def split(explanation: Explanation, language: Language, *, prefix: str = "") -> list[Html]:
    """Show which parts a change comes from, one dimension after the other; without a change say so.

    ``prefix`` begins the names of sections that are about a part of the KPI.
    """
    if pd.isna(explanation.change):
        name = say.name(explanation.kpi, language)
        return [paragraph(language.text("card.nothing_to_split", name=name))]
    return [parts(explanation, dimension, language, prefix=prefix) for dimension in explanation.parts]


def parts(explanation: Explanation, dimension: str, language: Language, *, prefix: str = "") -> Html:
    """Show which parts of one dimension the change comes from: sentence, bridge and table."""
    kpi = explanation.kpi
    title = language.text(
        "say.by", name=say.name(kpi, language), dimension=say.dimension_name(dimension, language)
    )
    frame = explanation.parts[dimension]
    named = frame.assign(
        label=[language.name(dimension, segment) for segment in frame["segment"]],
        change=frame["total"],
        emphasis=frame["variation"] == "signal",
    )
    chart = bridge_chart(
        named[["label", "change", "emphasis"]],
        start=explanation.value_base,
        end=explanation.value_now,
        start_label=language.text("card.base_level", base=say.base(explanation, language)),
        end_label=language.week_code(explanation.week),
        unit=kpi.unit,
        language=language,
        name=say.name(kpi, language),
        direction=explanation.direction,
    )
    drawing = figure(
        chart,
        language.text(
            "card.bridge", dimension=say.dimension_name(dimension, language), name=say.name(kpi, language)
        ),
        language.text(f"card.bridge_{plain(kpi.unit)}"),
        say.closure(explanation, dimension, language),
        language=language,
        level=4,
    )
    return section(
        title,
        paragraph(say.parts(explanation, dimension, language)),
        side_by_side(drawing, _close_up(explanation, dimension, language)),
        _parts_table(explanation, dimension, named, language, with_shares=bool(prefix)),
        name=f"{prefix}{kpi.slug}-{dimension}",
        level=3,
    )


def _close_up(explanation: Explanation, dimension: str, language: Language) -> Html:
    kpi = explanation.kpi
    segment, history = explanation.close_ups[dimension]
    title = language.text(
        "card.close_up", name=say.name(kpi, language), segment=language.name(dimension, segment)
    )
    chart = control_chart(
        history, unit=kpi.unit, language=language, name=title, direction=explanation.direction, half=True
    )
    return figure(chart, title, language.text("card.close_up_subtitle"), "", language=language, level=4)


def _parts_table(
    explanation: Explanation, dimension: str, named: pd.DataFrame, language: Language, *, with_shares: bool
) -> Html:
    kpi, text = explanation.kpi, language.text
    decimals, printed = printed_decimals(explanation), printed_parts(explanation, dimension)
    rounded = named.assign(
        unit=kpi.unit,
        n_now=named["n_now"] * volume.scale(kpi),
        share=[
            language.value(n / explanation.n_now, "share") if explanation.n_now else ""
            for n in named["n_now"]
        ],
        range=_ranges(named),
        **printed.add_prefix("printed_"),
        # Beyond which end of its range, whichever way it came.
        rising=named["reason"] == "above",
        verdict=[
            verdict_word(variation, reason, explanation.direction)
            for variation, reason in zip(named["variation"], named["reason"], strict=True)
        ],
    )
    columns = [
        Column("label", say.dimension_name(dimension, language).capitalize()),
        _volume("n_now", volume.noun(kpi, language).capitalize(), kpi, "share" if with_shares else ""),
        Column(
            "value_base", text("card.base_level", base=say.base(explanation, language)).capitalize(), kpi.unit
        ),
        Column("value_now", language.week_code(explanation.week), kpi.unit),
        Column("range", text("scorecard.range"), "range", of=kpi.unit),
        Column("printed_mix", text("card.mix"), "change", decimals=decimals),
        Column("printed_rate", text("card.rate"), "change", decimals=decimals),
        Column("printed_total", text("card.part"), "change", decimals=decimals),
        Column("verdict", text("scorecard.variation"), "verdict"),
    ]
    if kpi.denominator is None:
        columns = [column for column in columns if column.key not in ("n_now", "printed_mix", "printed_rate")]
    total = {
        "label": text("card.total"),
        "unit": kpi.unit,
        "n_now": explanation.n_now * volume.scale(kpi),
        "value_base": explanation.value_base,
        "value_now": explanation.value_now,
        "range": (explanation.judgement.lower, explanation.judgement.upper),
        "printed_mix": printed["mix"].sum(),
        "printed_rate": printed["rate"].sum(),
        "printed_total": explanation.change,
        "verdict": verdict_of(explanation),
        "rising": explanation.change > 0,
    }
    return render_table(
        rounded,
        columns,
        caption=text(
            f"card.parts_caption{_SPLIT_AS.get(kpi.method, '') if kpi.denominator else '_sum'}",
            name=say.name(kpi, language),
            week=language.week_code(explanation.week),
        ),
        language=language,
        name=f"{kpi.slug}-{dimension}-parts",
        emphasise=named["emphasis"],
        total=total,
    )


def _volume(key: str, header: str, kpi: Kpi, small: str = "") -> Column:
    return Column(key, header, volume.unit(kpi), decimals=0, small=small)


def causes_table(told: Told, language: Language) -> Html:
    """Show the causes that are named in the week, and those of earlier weeks that go on."""
    text = language.text
    shown = [
        ("causes", text("cause.caption"), told.named),
        ("continuing", text("cause.going_on"), causes.named(told.continuing)),
    ]
    pieces = [
        render_table(
            pd.DataFrame([_cause(one.row, [each.row for each in found], language) for one in found]),
            [
                Column("name", text("scorecard.kpi")),
                Column("what", text("cause.what")),
                Column("where", text("sheet.where")),
                Column("size", text("cause.size")),
                Column("interval", text("cause.interval")),
                Column("since", text("cause.since")),
                Column("event", text("cause.log")),
            ],
            caption=title,
            language=language,
            name=name,
        )
        for name, title, found in shown
        if found
    ]
    if not shown[0][-1]:
        pieces.insert(0, paragraph(text("cause.nothing_new" if shown[1][-1] else "cause.nothing")))
    note = [paragraph(text("cause.base"), note=True)] if any(found for *_, found in shown) else []
    return Html.join(*pieces, *note)


def _cause(row: causes.Row, among: Sequence[causes.Row], language: Language) -> dict[str, object]:
    size, interval = causes.size(row, language)
    return {
        "name": say.name(kpi(str(row["kpi"])), language),
        "what": causes.kind(row, language),
        "where": causes.place_of(row, among, language),
        "size": size,
        "interval": interval,
        "since": language.week_code(row["since"]) if row["since"] else None,
        "event": causes.entry(row, language) or language.text("cause.no_entry"),
    }


def entries_table(told: Told, language: Language) -> Html:
    """Show what somebody wrote down for the week, and which KPIs bear it out; nothing without an entry.

    A reader from whom something is hidden is shown what names a carrier or a country, and is behind no cause
    that the reader is not shown: a note may name others.
    """
    borne = [row for one in (told.verdicts, told.continuing) for row in one.to_dict("records")]
    withheld = {row["event"] for row in borne if causes.is_withheld(row, language)}
    shown = [
        row
        for row in told.entries.to_dict("records")
        if not language.hidden or ((row["carrier"] or row["country"]) and _event(row) not in withheld)
    ]
    if not shown:
        return Html("")
    rows = [_entry_row(row, borne, language) for row in shown]
    columns = [Column(name, language.text(f"entry.{name}")) for name in rows[0]]
    caption = language.text("entry.caption")
    return render_table(pd.DataFrame(rows), columns, caption=caption, language=language, name="entries")


def _event(row: causes.Row) -> str:
    """Name an entry of the event log as causes do."""
    return str(row["note"] or row["kind"])


def _entry_row(row: causes.Row, borne: Sequence[causes.Row], language: Language) -> dict[str, str]:
    first, last = row["starts_on"], row["ends_on"]
    days = [language.short_day(day.date()) for day in (first, last) if not pd.isna(day)]
    scope = {name: (str(row[name]),) for name in ("carrier", "country", "flow") if row[name]}
    slugs = dict.fromkeys(str(one["kpi"]) for one in borne if one["event"] == _event(row))
    named = [say.name(kpi(slug), language) for slug in slugs]
    return {
        "note": isolated(str(row["note"])) or language.text("number.missing"),
        "days": language.text("entry.until", first=days[0], last=days[-1]) if len({*days}) > 1 else days[0],
        "where": causes.where(scope, language),
        "seen": language.listed(named) if named else language.text("entry.unseen"),
    }


def actions_table(listed: Sequence[FollowUp], language: Language) -> Html:
    """Show who does what until when, and what came of what is due; nothing where nothing is done."""
    if not listed:
        return Html("")
    text = language.text
    rows = [
        {
            "name": say.name(kpi(one.action.kpi), language),
            "where": causes.part(one.action.where, language),
            "owner": isolated(one.action.owner),
            "action": isolated(one.action.action),
            "status": text(f"action.status.{one.action.status}"),
            "due": language.week_code(one.action.due_week),
            "expected": one.action.expected_effect,
            "came": one.change,
            "unit": kpi(one.action.kpi).unit,
        }
        for one in listed
    ]
    columns = [
        Column("name", text("scorecard.kpi")),
        *(Column(name, text(f"sheet.{name}")) for name in ("where", "owner", "action", "status", "due")),
        Column("expected", text("sheet.expected"), "change"),
        Column("came", text("sheet.came"), "change"),
    ]
    caption = text("sheet.actions")
    return render_table(pd.DataFrame(rows), columns, caption=caption, language=language, name="actions")
