"""The way to BackShip on the page: the funnel, cohorts, who stays, and how soon an invitation is followed."""

from __future__ import annotations

import pandas as pd

from tallysheet.charts import figure
from tallysheet.duties import adoption_steps
from tallysheet.duties.adoption_chart import times_chart
from tallysheet.duties.known import left_out
from tallysheet.duties.tallies import ends
from tallysheet.language import Language
from tallysheet.tables import Column, Html, paragraph, render_table
from tallysheet.week import Week


def _off(week: Week) -> Html | None:
    return left_out(week, "backship_steps", "backship_weeks")


def funnel(week: Week) -> Html:
    """Show how many take each step and how many in time; then how far each quarter's invitations came."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    found = adoption_steps.funnel(week)
    rows = found.assign(
        name=[text(f"adoption.step.{step}") for step in found["step"]],
        in_time=found["in_time_n"] / found["due_n"],
        within=found["days"].astype(float).where(found["days"] > 0),
        open=found["open_n"].where(found["days"] > 0),
    )
    columns = [
        Column("name", text("adoption.step_head")),
        Column("reached_n", text("adoption.sellers"), "count"),
        Column("due_n", text("adoption.due"), "count"),
        Column("in_time", text("adoption.in_time"), "share", decimals=0),
        Column("within", text("adoption.days"), "days", decimals=0),
        Column("open", text("adoption.open"), "count"),
    ]
    table = render_table(
        rows, columns, caption=text("adoption.funnel"), language=language, name="backship-funnel"
    )
    return Html.join(table, paragraph(text("adoption.funnel_note"), note=True), _cohorts(week))


def _cohorts(week: Week) -> Html:
    language, text = week.language, week.language.text
    found = adoption_steps.cohorts(week)
    if found.empty:
        return paragraph(text("adoption.no_invitation"), note=True)
    steps = ("first_label", "tenth_label", "habitual")
    rows = found.assign(
        name=[_quarter(one, language) for one in found["cohort"]],
        **{f"{step}_small": [_running(n, language) for n in found[f"{step}_open"]] for step in steps},
    )
    columns = [
        Column("name", text("adoption.invited_in"), order="cohort"),
        Column("invited_n", text("adoption.sellers"), "count"),
        *(
            Column(step, text(f"adoption.by.{step}"), "share", decimals=0, small=f"{step}_small")
            for step in steps
        ),
    ]
    return render_table(
        rows, columns, caption=text("adoption.cohorts"), language=language, name="backship-cohorts"
    )


def _quarter(name: str, language: Language) -> str:
    year, _, number = name.partition("Q")
    return language.text("adoption.quarter", number=number, year=year)


def _running(n: int, language: Language) -> str:
    return language.text("adoption.running", n=n) if n else ""


def retention(week: Week) -> Html:
    """Show which share still sends with BackShip by the age of their first label, as a triangle."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    found = adoption_steps.retention(week)
    if found.empty:
        return paragraph(text("adoption.no_label"))
    rows = pd.DataFrame(
        [_triangle_row(str(name), part, language) for name, part in found.groupby("cohort", sort=True)]
    )
    ages = range(1, adoption_steps.AGES + 1)
    columns = [
        Column("name", text("adoption.first_label_in"), order="cohort"),
        Column("users_n", text("adoption.sellers"), "count"),
        *(
            Column(
                f"age{age}", text("adoption.retention_age", n=4 * age), "share", decimals=0, small=f"of{age}"
            )
            for age in ages
        ),
    ]
    table = render_table(
        rows, columns, caption=text("adoption.retention"), language=language, name="backship-retention"
    )
    return Html.join(table, paragraph(text("adoption.retention_note"), note=True))


def _triangle_row(cohort: str, part: pd.DataFrame, language: Language) -> dict[str, object]:
    row: dict[str, object] = {"cohort": cohort, "name": _quarter(cohort, language)}
    row["users_n"] = int(part["users_n"].iloc[0])
    for age, users, due, active in zip(
        part["age"], part["users_n"], part["due_n"], part["active_n"], strict=True
    ):
        row[f"age{age}"] = active / due if due else None
        row[f"of{age}"] = language.text("adoption.of", n=int(due)) if 0 < due < users else ""
    return row


def times(week: Week) -> Html:
    """Show how soon an invitation leads to a first label, by campaign, those who still wait counted."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    found = adoption_steps.times(week)
    groups = found.groups
    if not groups["invited_n"].any():
        return paragraph(text("adoption.no_invitation"))
    groups = groups.assign(between=ends(groups["low_84"], groups["high_84"]))
    total, *parts = groups.to_dict("records")
    names = [
        language.translated("adoption.campaign", str(one["campaign"]), str(one["campaign"])) for one in parts
    ]
    columns = [
        Column("name", text("adoption.campaign_head")),
        Column("invited_n", text("adoption.invited"), "count"),
        Column("started_n", text("adoption.started"), "count"),
        Column("median", text("adoption.half"), "days", decimals=0),
        Column("by_28", text("adoption.by_28"), "share", decimals=0),
        Column("by_84", text("adoption.by_84"), "share", decimals=0),
        Column("between", text("adoption.interval"), "range", of="share"),
    ]
    rows = pd.DataFrame(
        [one | {"name": name} for one, name in zip(parts, names, strict=True)],
        columns=["name", *groups.columns],
    )
    table = render_table(
        rows,
        columns,
        caption=text("adoption.times"),
        language=language,
        name="backship-times",
        total={column.key: total.get(column.key) for column in columns} | {"name": text("heat.all")},
    )
    told = f"{_differ(found.p, len(parts), language)} {text('adoption.times_note')}"
    return Html.join(_drawn(found, language), table, paragraph(told, note=True))


def _drawn(found: adoption_steps.Times, language: Language) -> Html:
    """Draw how many have begun by each day, once any has."""
    total = found.groups.iloc[0]
    if not total["started_n"]:
        return Html("")
    by_84 = language.value(float(total["by_84"]), "share", 0)
    title = language.text("adoption.times_title", by_84=by_84)
    chart = times_chart(found.curve, language)
    return figure(chart, title, language.text("adoption.times_drawn"), "", language=language)


def _differ(p: float, campaigns: int, language: Language) -> str:
    if campaigns < 2:
        return language.text("adoption.one_campaign")
    key = "adoption.campaigns_differ" if p < 0.05 else "adoption.campaigns_alike"
    return language.text(key, p=language.decimal(p, 3))
