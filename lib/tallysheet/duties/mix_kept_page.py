"""The page about the carrier mix: whether an earlier one kept its promise."""

from __future__ import annotations

from tallysheet.duties import mix_kept
from tallysheet.duties.mix_ready import off
from tallysheet.duties.tallies import ends
from tallysheet.tables import Column, Html, paragraph, render_table
from tallysheet.week import Week


def kept(week: Week) -> Html:
    """Show what the mix of nine weeks ago promised, and what it and others would have brought since."""
    if shown := off(week):
        return shown
    language, text = week.language, week.language.text
    found = mix_kept.kept(week)
    if found.empty:
        return paragraph(text("mix.not_looked_back", n=mix_kept.BACK), note=True)
    rows = found.assign(
        name=[text(f"mix.mix_is.{one}") for one in found["mix"]],
        between=ends(found["low"], found["high"]),
    )
    columns = [
        Column("name", text("mix.mix")),
        Column("promised", text("mix.promised"), "euro", decimals=0),
        Column("between", text("mix.between"), "range", of="euro", decimals=0),
        Column("saved", text("mix.would_have"), "euro", decimals=0),
        Column("on_time", text("mix.on_time"), "share"),
        Column("equal_euros", text("mix.equal"), "euro", decimals=0),
    ]
    weeks = mix_kept.judged_weeks(week)
    caption = text(
        "mix.kept",
        week=language.week_code(week.week.shift(-mix_kept.BACK)),
        first=language.week_code(weeks[0]),
        last=language.week_code(weeks[-1]),
    )
    table = render_table(rows, columns, caption=caption, language=language, name="mix-kept")
    proposed = found[found["mix"] == "proposed"].to_dict("records")[0]
    side = "less" if proposed["saved"] < proposed["low"] else "more"
    is_kept = proposed["low"] <= proposed["saved"] <= proposed["high"]
    told = text(
        f"mix.kept_{'told' if is_kept else side}",
        promised=language.value(float(proposed["promised"]), "euro", 0),
        saved=language.value(float(proposed["saved"]), "euro", 0),
    )
    return Html.join(paragraph(told), table, paragraph(text("mix.kept_note"), note=True))
