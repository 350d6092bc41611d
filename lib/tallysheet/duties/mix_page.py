"""The page about the carrier mix: what it saves, what moves when, how sure each move is, lane by lane."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tallysheet import say
from tallysheet.carrier_mix.backtest import BAND
from tallysheet.carrier_mix.offers import ENDS
from tallysheet.causes import Row
from tallysheet.duties import mix
from tallysheet.duties.carriers_proof_page import lane_name
from tallysheet.duties.mix_ready import off
from tallysheet.language import Language
from tallysheet.rounding import largest_remainder
from tallysheet.tables import Column, Html, headline, paragraph, render_table
from tallysheet.week import Week

_MOVES, _LIKELY = 5, 0.5
_SHARES = 0.005


def opening(week: Week) -> Html:
    """Say what the mix saves a week, with what certainty, and what it does to service."""
    if shown := off(week):
        return shown
    language, text = week.language, week.language.text
    saved, listed = mix.savings(week)["euros"], mix.moves(week)
    low, high = _between(saved)
    fact = text(
        "mix.headline",
        saved=language.value(float(saved.mean()), "euro", 0),
        low=language.value(low, "euro", 0),
        high=language.value(high, "euro", 0),
    )
    if listed.empty:
        return headline(fact, text("mix.no_move"), language)
    cause = text(
        "mix.headline_moves",
        n=min(_MOVES, len(listed)),
        share=language.value(_five(listed), "share", 0),
        parcels=language.value(mix.moved(week), "count", 0),
        weeks=len(mix.progress(week)),
    )
    return headline(fact, cause, language)


def summary(week: Week) -> Html:
    """Put today's mix and the proposed one side by side."""
    if shown := off(week):
        return shown
    language, text = week.language, week.language.text
    base, found = mix.grounded(week), mix.solved(week)
    today = mix.of_today(week)
    saved = mix.savings(week)["euros"]
    rows = pd.DataFrame(
        [
            ("cost", today.euros, found.euros, "euro"),
            ("tail", today.tail_euros, found.tail_euros, "euro"),
            ("on_time", today.on_time, found.on_time, "share"),
        ],
        columns=["kind", "today", "proposed", "unit"],
    )
    rows = rows.assign(name=[text(f"mix.summary_is.{one}") for one in rows["kind"]])
    rows = rows.assign(change=rows["proposed"] - rows["today"])
    columns = [
        Column("name", text("mix.a_week")),
        Column("today", text("mix.today"), "value"),
        Column("proposed", text("mix.proposed"), "value"),
        Column("change", text("mix.change"), "change"),
    ]
    table = render_table(rows, columns, caption=text("mix.summary"), language=language, name="mix-summary")
    low, high = _between(saved)
    sure = pd.DataFrame(
        {
            "name": [text("mix.saved")],
            "euros": [float(saved.mean())],
            "between": [(low, high)],
            "parcels": [mix.moved(week)],
            "weeks": [len(mix.progress(week))],
        }
    )
    promise = render_table(
        sure,
        [
            Column("name", text("mix.a_week")),
            Column("euros", text("mix.saves"), "euro", decimals=0),
            Column("between", text("mix.between"), "range", of="euro", decimals=0),
            Column("parcels", text("mix.moved"), "count"),
            Column("weeks", text("mix.in_weeks"), "count"),
        ],
        caption=text("mix.promise"),
        language=language,
        name="mix-promise",
    )
    told = text(
        "mix.solved",
        cells=len(base.problem.cells),
        carriers=len(base.problem.carriers),
        draws=len(base.problem.draws),
        gap=language.value(round(found.gap, 4) + 0.0, "share", 2),
    )
    return Html.join(promise, table, paragraph(told, note=True))


def moves(week: Week) -> Html:
    """List the moves, the greatest saving first, with when each begins and how sure it is."""
    if shown := off(week):
        return shown
    language, text = week.language, week.language.text
    listed = mix.moves(week)
    if listed.empty:
        return paragraph(text("mix.no_move"))
    gains = listed["euros"].clip(lower=0)
    rows = listed.assign(
        name=[_lane(one, language) for one in listed["way"]],
        kind=[_kind(one, language) for one in listed["way"]],
        giver=[language.name("carrier", one) for one in listed["from_carrier"]],
        taker=[language.name("carrier", one) for one in listed["to_carrier"]],
        share=gains.cumsum() / max(float(gains.sum()), 1e-9),
        begins=[language.week_code(week.week.shift(int(one) + 1)) for one in listed["first_week"]],
        begins_at=[str(week.week.shift(int(one) + 1)) for one in listed["first_week"]],
    )
    columns = [
        Column("name", say.dimension_name("lane", language).capitalize()),
        Column("kind", text("mix.kind")),
        Column("giver", text("mix.from")),
        Column("taker", text("mix.to")),
        Column("parcels", text("mix.parcels"), "count", decimals=1),
        Column("euros", text("mix.saves"), "euro"),
        Column("share", text("mix.so_far"), "share", decimals=0),
        Column("in_time", text("mix.in_time"), "signed_count", decimals=1),
        Column("begins", text("mix.begins"), order="begins_at"),
        Column("stable", text("mix.stable"), "share", decimals=0),
    ]
    marks = pd.Series(listed.index < _MOVES, index=listed.index)
    table = render_table(
        rows,
        columns,
        caption=text("mix.moves", n=len(listed), first=min(_MOVES, len(listed))),
        language=language,
        name="mix-moves",
        emphasise=marks,
    )
    pieces = [table]
    unsure = rows[listed["stable"] < _LIKELY]
    if len(unsure):
        found = [_unsure(one, language) for one in unsure.head(_MOVES).to_dict("records")]
        found += [text("chart.pooled", n=len(unsure) - _MOVES)] if len(unsure) > _MOVES else []
        pieces.append(
            paragraph(text("mix.unsure", n=len(unsure), moves=text("calendar.between").join(found)))
        )
    note = text(
        "mix.moves_note",
        draws=mix.STABLE_DRAWS,
        least=language.decimal(mix.LEAST_MOVE, 1),
        parcels=language.value(max(mix.moved(week) - float(listed["parcels"].sum()), 0.0), "count", 1),
    )
    return Html.join(*pieces, paragraph(note, note=True))


def lanes(week: Week) -> Html:
    """Show today's and the proposed shares lane by lane."""
    if shown := off(week):
        return shown
    language, text = week.language, week.language.text
    found = mix.lanes(week)
    rows = []
    for way, part in found.groupby("way"):
        rows.append(
            {
                "way": way,
                "name": lane_name(str(way), language),
                "parcels": float(part["parcels"].iloc[0]),
                "today": _shares(part, "today", language),
                "proposed": _shares(part, "proposed", language),
                "moved": float((part["proposed"] - part["today"]).abs().max()),
                "euros": float(part["euros"].sum()),
                "points": float(part["in_time"].sum() / part["parcels"].iloc[0]),
            }
        )
    every = pd.DataFrame(rows).sort_values(["parcels", "way"], ascending=[False, True])
    frame = every[every["moved"] >= _SHARES]
    if frame.empty:
        return paragraph(text("mix.no_move"))
    columns = [
        Column("name", say.dimension_name("lane", language).capitalize()),
        Column("parcels", text("mix.parcels"), "count"),
        Column("today", text("mix.today")),
        Column("proposed", text("mix.proposed")),
        Column("euros", text("mix.saves"), "euro", decimals=0),
        Column("points", text("mix.service"), "points"),
    ]
    caption = text("mix.lanes", shown=len(frame), n=len(every))
    total = {"name": text("heat.all"), "euros": float(frame["euros"].sum())}
    printed = frame.assign(euros=largest_remainder(frame["euros"].tolist(), 0))
    table = render_table(printed, columns, caption=caption, language=language, name="mix-lanes", total=total)
    return Html.join(table, paragraph(text("mix.lanes_note"), note=True))


def _lane(kind: str, language: Language) -> str:
    """Name the lane of a kind of parcels."""
    return lane_name(ENDS.join(kind.split(ENDS)[:2]), language)


def _kind(kind: str, language: Language) -> str:
    """Name what tells a kind from the others of its lane."""
    weight, service = kind.split(ENDS)[2:]
    return f"{language.name('weight_band', weight)}, {language.name('service', service)}"


def _unsure(move: Row, language: Language) -> str:
    names = {name: str(move[name]) for name in ("giver", "taker", "name", "kind")}
    return language.text("mix.unsure_one", **names)


def _shares(part: pd.DataFrame, column: str, language: Language) -> str:
    """List carriers with their shares, the largest first."""
    listed = part[part[column] >= _SHARES].sort_values([column, "carrier"], ascending=[False, True])
    return language.listed(
        [
            f"{language.name('carrier', one['carrier'])} {language.value(one[column], 'share', 0)}"
            for one in listed.to_dict("records")
        ]
    )


def _between(saved: pd.Series) -> tuple[float, float]:
    low, high = np.quantile(saved, BAND)
    return float(low), float(high)


def _five(listed: pd.DataFrame) -> float:
    """Say what share of all that moves save those five bring that save most."""
    gains = listed["euros"].clip(lower=0)
    return float(gains.head(_MOVES).sum() / max(float(gains.sum()), 1e-9))
