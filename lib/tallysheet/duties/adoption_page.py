"""The page about BackShip: what it does, compared fairly, what it saves, and what that does not say."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from tallysheet.charts import figure
from tallysheet.duties import adoption, adoption_worth
from tallysheet.duties.adoption_chart import ages_chart
from tallysheet.duties.known import left_out, of_other_day
from tallysheet.duties.tallies import ends
from tallysheet.language import Language
from tallysheet.tables import Column, Html, headline, paragraph, render_table
from tallysheet.week import Week

_UNITS = {one.slug: one.unit for one in adoption.OUTCOMES}
_DOUBTFUL = 0.05


def opening(week: Week) -> Html:
    """Say what a BackShip label does, how sure that is, and why it looks different at first sight."""
    if off := left_out(week, "backship_parcels"):
        return off
    language, text = week.language, week.language.text
    found = adoption.standing(week).to_dict("index")
    said = {slug: found[slug] for slug in ("on_time", "cost") if slug in found}
    told = [_told(slug, line, language) for slug, line in said.items() if line["shows"]]
    unproven = [_unproven(slug, line, language) for slug, line in said.items() if _holds_zero(line)]
    fact = text("adoption.headline", told=language.listed(told)) if told else text("adoption.not_known")
    cause = " ".join([*unproven, *_seems(found["on_time"], language), *_trust(week)])
    return Html.join(headline(fact, cause, language), *of_other_day(week))


def _nothing(week: Week, *lists: str) -> Html | None:
    """Say that there is nothing to compare: for want of extracts, or of parcels with a BackShip label."""
    if off := left_out(week, "backship_parcels", *lists):
        return off
    if adoption.of_way(adoption.compared(week), "naive")["value"].notna().any():
        return None
    return paragraph(week.language.text("adoption.no_comparison"))


def _told(slug: str, line: Mapping[Hashable, Any], language: Language) -> str:
    unit = _UNITS[slug]
    ends = language.interval(line["low"], line["high"], unit)
    return language.text(
        f"adoption.does.{slug}_{line['shows']}",
        size=language.size(line["alike"], unit),
        ends=ends,
    )


def _holds_zero(line: Mapping[Hashable, Any]) -> bool:
    return bool(line["low"] <= 0 <= line["high"])


def _unproven(slug: str, line: Mapping[Hashable, Any], language: Language) -> str:
    unit = _UNITS[slug]
    ends = language.interval(line["low"], line["high"], unit)
    change = language.change(line["alike"], unit)
    return language.text(f"adoption.unproven.{slug}", change=change, ends=ends)


def _seems(line: Mapping[Hashable, Any], language: Language) -> list[str]:
    """Tell the raw gap on time where it says something else than the fair one."""
    if not line["shows"] or abs(line["naive"] - line["alike"]) < abs(line["alike"]) / 3:
        return []
    key = "adoption.seems_before" if line["before"] * line["alike"] < 0 else "adoption.seems"
    naive, before = (language.change(float(line[name]), "gap") for name in ("naive", "before"))
    return [language.text(key, naive=naive, before=before)]


def _trust(week: Week) -> list[str]:
    """Say whether what must show nothing shows nothing."""
    found = adoption.checks(week)
    if found.empty:
        return []
    wrong = int((found["adjusted"] < _DOUBTFUL).sum())
    key = "adoption.checks_wrong" if wrong else "adoption.checks_right"
    return [week.language.text(key, n=len(found), wrong=wrong)]


def comparison(week: Week) -> Html:
    """Show each effect: at first sight, among what is alike, before and after, and how sure it is."""
    if nothing := _nothing(week):
        return nothing
    language, text = week.language, week.language.text
    found, standing = adoption.compared(week), adoption.standing(week)
    alike, within = (adoption.of_way(found, way).reindex(standing.index) for way in ("alike", "within"))
    rows = standing.assign(
        name=[text(f"adoption.outcome.{slug}") for slug in standing.index],
        unit=[_UNITS[str(slug)] for slug in standing.index],
        alike_ends=ends(alike["low"], alike["high"]),
        within_ends=ends(within["low"], within["high"]),
        left_out=alike["left_out"],
        sure=[text(f"adoption.known_is.{one}") for one in standing["known"]],
    )
    columns = [
        Column("name", text("adoption.what")),
        Column("naive", text("adoption.naive"), "change"),
        Column("before", text("adoption.before"), "change"),
        Column("alike", text("adoption.alike"), "change"),
        Column("alike_ends", text("adoption.interval"), "range", of="row"),
        Column("within", text("adoption.within"), "change"),
        Column("within_ends", text("adoption.interval"), "range", of="row"),
        Column("left_out", text("adoption.left_out"), "share"),
        Column("sure", text("adoption.sure")),
    ]
    caption = text("adoption.comparison", since=_month(adoption.since(week), language))
    line = within.to_dict("index")["on_time"]
    note = text(
        "adoption.comparison_note",
        n=int(line["sellers_n"]),
        waiting=language.decimal(int(line["waiting_n"])),
        share=language.value(float(line["share"]), "share", 0),
    )
    return Html.join(
        render_table(rows, columns, caption=caption, language=language, name="backship-effects"),
        paragraph(note, note=True),
    )


def _month(name: str, language: Language) -> str:
    return language.month(pd.Period(name, "M").start_time.date(), year=True)


def checks(week: Week) -> Html:
    """Show what no label can change, and what sellers were like in the months around their first label."""
    if nothing := _nothing(week):
        return nothing
    language, text = week.language, week.language.text
    found = adoption.checks(week)
    rows = found.assign(
        name=[text(f"adoption.outcome.{slug}") for slug in found["outcome"]],
        how=[text(f"adoption.way.{way}") for way in found["way"]],
        unit=[_UNITS[slug] for slug in found["outcome"]],
        between=ends(found["low"], found["high"]),
        told=[text(f"adoption.check.{'wrong' if p < _DOUBTFUL else 'right'}") for p in found["adjusted"]],
    )
    columns = [
        Column("name", text("adoption.checked")),
        Column("how", text("adoption.how")),
        Column("value", text("adoption.gap"), "change"),
        Column("between", text("adoption.interval"), "range", of="row"),
        Column("p", text("adoption.p"), "number"),
        Column("adjusted", text("adoption.adjusted"), "number"),
        Column("told", text("adoption.verdict")),
    ]
    table = render_table(
        rows, columns, caption=text("adoption.checks"), language=language, name="backship-checks"
    )
    return Html.join(table, paragraph(text("adoption.checks_note"), note=True), _by_age(week))


def _by_age(week: Week) -> Html:
    language, text = week.language, week.language.text
    found = adoption.compared(week)
    ages = found[(found["way"] == "age") & (found["outcome"] == "on_time")].sort_values("age")
    if not (ages["age"] >= 0).any():
        return paragraph(text("adoption.no_ages"), note=True)
    rows = ages.assign(
        name=[text("adoption.age", n=language.decimal(int(age), signed=age != 0)) for age in ages["age"]],
        unit="gap",
        between=ends(ages["low"], ages["high"]),
    )
    columns = [
        Column("name", text("adoption.months"), order="age"),
        Column("value", text("adoption.moved"), "change"),
        Column("between", text("adoption.interval"), "range", of="row"),
    ]
    moved = adoption.of_way(found, "moved").to_dict("index")["on_time"]
    data = render_table(
        rows,
        columns,
        caption=text("adoption.by_age"),
        language=language,
        name="backship-ages",
        total={
            "name": text("adoption.since_first"),
            "unit": "gap",
            "value": moved["value"],
            "between": (moved["low"], moved["high"]),
        },
    )
    change, low, high = (language.change(float(moved[side]), "gap") for side in ("value", "low", "high"))
    title = text("adoption.by_age_title", change=change, low=low, high=high)
    return figure(
        ages_chart(ages, language),
        title,
        text("adoption.by_age"),
        text("adoption.by_age_note"),
        data,
        language=language,
    )


def money(week: Week) -> Html:
    """Show what a label saves by how that is known, and what it is worth, carefully."""
    if nothing := _nothing(week, "backship_costs"):
        return nothing
    language, text = week.language, week.language.text
    found = adoption.saved(week)
    *parts, total = found.assign(between=ends(found["low"], found["high"])).to_dict("records")
    rows = pd.DataFrame(
        [one | {"name": text(f"adoption.evidence.{one['evidence']}")} for one in parts if one["parcels_n"]]
    )
    columns = [
        Column("name", text("adoption.evidence_head")),
        Column("parcels_n", text("adoption.own_parcels"), "count"),
        Column("share", text("adoption.of_all"), "share"),
        Column("saving", text("adoption.saving"), "euro"),
        Column("between", text("adoption.between"), "range", of="euro"),
    ]
    table = render_table(
        rows,
        columns,
        caption=text("adoption.savings"),
        language=language,
        name="backship-savings",
        total={column.key: total.get(column.key) for column in columns} | {"name": text("heat.all")},
    )
    worth = adoption_worth.worth(week)
    shown = worth.assign(name=[text(f"adoption.part.{one}") for one in worth["part"]])
    parts_table = render_table(
        shown,
        [
            Column("name", text("adoption.part_head")),
            *(Column(key, text(f"adoption.{key}"), "euro") for key in ("value", "careful", "counted")),
        ],
        caption=text("adoption.worth"),
        language=language,
        name="backship-worth",
        total={"name": text("heat.all"), "counted": float(worth["counted"].sum())},
    )
    notes = (paragraph(text(f"adoption.{key}_note"), note=True) for key in ("savings", "worth"))
    first, second = notes
    return Html.join(table, first, parts_table, second)
