"""The page about the carrier mix: what binds it, what is not recommended, what service costs, and what if."""

from __future__ import annotations

import pandas as pd

from tallysheet import say
from tallysheet.causes import Row
from tallysheet.charts import figure
from tallysheet.duties import mix, mix_seen
from tallysheet.duties.carriers_proof_page import lane_name
from tallysheet.duties.mix_chart import frontier_chart
from tallysheet.duties.mix_ready import off, rule_name
from tallysheet.language import Language
from tallysheet.tables import Column, Html, details, paragraph, render_table
from tallysheet.week import Week

_SHOWN, _KNOWN = 8, 60


def rules(week: Week) -> Html:
    """Show which rules cost something, and what."""
    if shown := off(week):
        return shown
    language, text = week.language, week.language.text
    found = mix.rule_prices(week)
    if found.empty:
        return paragraph(text("mix.no_rule"))
    rows = found.assign(
        name=[rule_name(one["rule"], one["where"], language) for one in found.to_dict("records")]
    )
    columns = [Column("name", text("mix.rule")), Column("euros", text("mix.rule_euros"), "euro", decimals=0)]
    table = render_table(rows, columns, caption=text("mix.rules"), language=language, name="mix-rules")
    return Html.join(table, paragraph(text("mix.rules_note"), note=True))


def unknown(week: Week) -> Html:
    """Say what is not recommended because too little is known."""
    if missing := off(week):
        return missing
    language, text = week.language, week.language.text
    left, least = mix.grounded(week).kinds.left, week.settings.mix.least_parcels
    summed = left.groupby(["flow"], as_index=False).agg(
        parcels=("parcels", "sum"), kinds=("lane", lambda lanes: lanes.nunique())
    )
    kept = summed.assign(name=[language.name("flow", one).capitalize() for one in summed["flow"]])
    pieces = []
    if len(kept):
        columns = [
            Column("name", say.dimension_name("flow", language).capitalize()),
            Column("kinds", text("mix.left_lanes"), "count"),
            Column("parcels", text("mix.parcels"), "count"),
        ]
        caption = text("mix.left", n=least)
        pieces.append(render_table(kept, columns, caption=caption, language=language, name="mix-left"))
    untried = mix_seen.untried(week)
    known = _known(week)
    if untried.empty:
        return Html.join(*pieces, paragraph(text("mix.none_untried")), known)
    shown = untried.head(_SHOWN)
    rows = shown.assign(
        name=[lane_name(one, language) for one in shown["way"]],
        who=[language.name("carrier", one) for one in shown["carrier"]],
    )
    columns = [
        Column("name", say.dimension_name("lane", language).capitalize()),
        Column("who", say.dimension_name("carrier", language).capitalize()),
        Column("seen_n", text("mix.seen"), "count"),
        Column("weight", text("mix.weight"), "share", decimals=0),
        Column("euros", text("mix.might_save"), "euro", decimals=0),
    ]
    share = language.value(week.settings.mix.trial_share, "share", 0)
    caption = text("mix.untried", shown=len(shown), n=len(untried))
    pieces.append(render_table(rows, columns, caption=caption, language=language, name="mix-untried"))
    return Html.join(*pieces, paragraph(text("mix.untried_note", share=share), note=True), known)


def _known(week: Week) -> Html:
    """Show what the mix takes each carrier for, and on how many parcels that rests."""
    language, text = week.language, week.language.text
    found = mix_seen.estimates(week)
    shown = found.head(_KNOWN)
    rows = shown.assign(
        name=[lane_name(one, language) for one in shown["way"]],
        who=[language.name("carrier", one) for one in shown["carrier"]],
    )
    columns = [
        Column("name", say.dimension_name("lane", language).capitalize()),
        Column("who", say.dimension_name("carrier", language).capitalize()),
        Column("on_time", text("mix.on_time"), "share"),
        Column("lost", text("mix.lost"), "share", decimals=2),
        Column("seen_n", text("mix.seen"), "count"),
        Column("weight", text("mix.weight"), "share", decimals=0),
    ]
    caption = text("mix.known", shown=len(shown), n=len(found))
    table = render_table(rows, columns, caption=caption, language=language, name="mix-known")
    note = paragraph(text("mix.known_note"), note=True)
    return details(text("mix.known_details"), table, note)


def frontier(week: Week) -> Html:
    """Draw what more service costs."""
    if shown := off(week):
        return shown
    language, text = week.language, week.language.text
    found, today, end = mix.frontier(week), mix.of_today(week), mix.solved(week)
    columns = [
        Column("on_time", text("mix.on_time"), "share"),
        Column("euros", text("mix.cost"), "euro", decimals=0),
        Column("tail_euros", text("mix.summary_is.tail"), "euro", decimals=0),
        Column("euros_a_point", text("mix.point"), "euro", decimals=0),
    ]
    data = render_table(
        found, columns, caption=text("mix.frontier_data"), language=language, name="mix-frontier"
    )
    chart = frontier_chart(found, today, end, language)
    last = found.iloc[-1]
    title = text(
        "mix.frontier_title",
        on_time=language.value(float(last["on_time"]), "share"),
        euros=language.value(float(last["euros"]), "euro", 0),
    )
    return figure(
        chart, title, text("mix.frontier_drawn"), text("mix.frontier_note"), data, language=language
    )


def what_ifs(week: Week) -> Html:
    """Answer what would be if a carrier were out, dearer or smaller, a promise fell or a peak came."""
    if shown := off(week):
        return shown
    return answers(mix.what_ifs(week), week)


def answers(found: pd.DataFrame, week: Week) -> Html:
    """Show answers, as `mix.what_ifs` gives them."""
    language, text = week.language, week.language.text
    end = mix.solved(week)
    rows = found.assign(
        name=[_asked(one, language) for one in found.to_dict("records")],
        more=(found["euros"] - end.euros).where(found["stranded"] == 0),
        points=found["on_time"] - end.on_time,
        gives=[_gives(one, language) for one in found.to_dict("records")],
    )
    columns = [
        Column("name", text("mix.if")),
        Column("euros", text("mix.cost"), "euro", decimals=0),
        Column("more", text("mix.more"), "euro", decimals=0),
        Column("points", text("mix.service"), "points"),
        Column("moved", text("mix.moves_again"), "count"),
        Column("gives", text("mix.gives")),
    ]
    table = render_table(rows, columns, caption=text("mix.what_if"), language=language, name="mix-what-if")
    return Html.join(table, paragraph(text("mix.what_if_note"), note=True))


def _asked(one: Row, language: Language) -> str:
    carrier = one["carrier"]
    who = language.name("carrier", carrier) if carrier else language.text("mix.all_carriers")
    share = language.value(one["share"], "share", 0)
    factor = language.decimal(1 + one["share"], 1)
    return language.text(f"mix.if_is.{one['kind']}", carrier=who, share=share, factor=factor)


def _gives(one: Row, language: Language) -> str:
    """Say which rules would have to give, and what nobody else may carry."""
    told = []
    if one["rules"]:
        rules = language.listed([rule_name(name, "", language) for name in one["rules"].split(",")])
        excess = language.decimal(one["excess"], 1)
        told.append(language.text("mix.give", rules=rules, excess=excess))
    if one["stranded"] > 0:
        told.append(language.text("mix.stranded", parcels=language.decimal(one["stranded"], 1)))
    return " ".join(told) or language.text("mix.nothing_gives")
