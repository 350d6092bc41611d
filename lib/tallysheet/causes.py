"""What is behind a week, in sentences: each cause that a verdict names, where, of what size, since when."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from tallysheet.comparison import Explanation
from tallysheet.findings import is_silent, may_meet
from tallysheet.kpi import SHARES, Kpi
from tallysheet.kpis import kpi
from tallysheet.language import Language, isolated

Row = Mapping[Hashable, Any]
"""A row of `tallysheet.week.Week.verdicts`."""

_DIMENSIONS = {"depot": "destination", "country": "country", "origin": "country"}
"""Key of a scope to the dimension whose values have names."""

_SHARES = ("CLASSIFICATION", "ARTEFACT", "IMMATURE")
_UNLOGGED = ("REAL", "PRICE", "MIX", "DATA", "OVERBILLING", "DEFINITION", "CLASSIFICATION")
_PLAIN = {"calendar": "history"}
"""Codes that mostly need not say by what, to the words of that."""

_RECOUNTED = ("DATA", "DEFINITION", "CLASSIFICATION", "ARTEFACT")
"""Codes by which nobody became better or worse: it was counted otherwise."""

_LOCAL = {
    ("data", "missing"),
    *(("definition", by) for by in ("longer", "shorter")),
    *(("mix", by) for by in ("carriers", "from_to")),
    *(("price", by) for by in ("base", "fuel", "surcharge")),
}
"""Causes whose size is that of their scope, which their sentences do not say by themselves."""

_TOLD_VALUES = 6


@dataclass(frozen=True)
class Cause:
    """A cause, and the KPIs of which it was found, the one that tells it best first.

    Parameters
    ----------
    row : mapping
        Its verdict.
    others : tuple of str
        Slugs of the other KPIs that show it.
    """

    row: Row
    others: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The KPI that tells it."""
        return str(self.row["kpi"])


def named(verdicts: pd.DataFrame, teller: str = "") -> list[Cause]:
    """List the causes of a week, each once, in the order of the verdicts; silence is none.

    A volume that only moved between carriers whose mix is a cause shows that one. An entry of the event
    log is one cause, in whatever words each KPI tells its place.

    Parameters
    ----------
    verdicts : DataFrame
        As `tallysheet.week.Week.verdicts`.
    teller : str, optional
        Slug of a KPI that tells whatever was found of it too, in place of the first.

    Examples
    --------
    >>> row = {"kpi": "otd", "code": "REAL", "by": "carrier", "scope": {"carrier": ["ESK"]}, "event": ""}
    >>> frame = pd.DataFrame([row, row | {"kpi": "perfect_order"}, row | {"code": "NOISE", "scope": {}}])
    >>> [(one.slug, one.others) for one in named(frame)]
    [('otd', ('perfect_order',))]
    """
    found: list[Cause] = []
    rows = [row for row in verdicts.to_dict("records") if not is_silent(row["code"], row["scope"])]
    moved = [row for row in rows if any(_is_moved_by(row, mix) for mix in rows)]
    for row in [*(one for one in rows if one not in moved), *moved]:
        told = next((mix for mix in rows if _is_moved_by(row, mix)), row)
        at = next((at for at, one in enumerate(found) if _is_one(told, one.row)), None)
        if at is None:
            found.append(Cause(row))
        elif row["kpi"] in (known := (found[at].slug, *found[at].others)):
            continue  # of another part of the same place
        elif row["kpi"] == teller:
            found[at] = Cause(row, known)
        else:
            found[at] = Cause(found[at].row, (*found[at].others, str(row["kpi"])))
    return found


def _is_one(row: Row, other: Row) -> bool:
    """Tell whether two rows speak of one cause, at the same place or by an entry of the log about both."""
    if (row["code"], row["by"]) != (other["code"], other["by"]):
        return False
    if row["scope"] == other["scope"]:
        return True
    is_one_entry = bool(row["event"]) and row["event"] == other["event"]
    return is_one_entry and row["kpi"] != other["kpi"] and may_meet(row["scope"], other["scope"])


def _is_moved_by(row: Row, mix: Row) -> bool:
    """Tell whether a volume only moved between the carriers whose mix is a cause already."""
    is_mix = mix["code"] == "MIX" and "carrier" in mix["scope"]
    is_volume = row["code"] == "REAL" and kpi(str(row["kpi"])).denominator is None
    carriers = set(row["scope"].get("carrier", ()))
    return is_mix and is_volume and bool(carriers) and carriers <= set(mix["scope"]["carrier"])


def shown_by(row: Row) -> str:
    """Give the key of the sentence that names the other KPIs of a cause; what is counted once moves none."""
    return "cause.others_counted_once" if row["by"] == "duplicate" else "cause.others"


def story(verdicts: pd.DataFrame, slug: str, language: Language) -> str:
    """Say in short what is behind one KPI's week; nothing where no cause is named."""
    return in_short([one.row for one in named(verdicts[verdicts["kpi"] == slug])], language)


def going_on(continuing: pd.DataFrame, slug: str, language: Language) -> str:
    """Say in short of one KPI what began in an earlier week and was still so; nothing where nothing is."""
    rows = [one.row for one in named(continuing[continuing["kpi"] == slug])]
    return in_short(rows, language, going_on=rows)


def since(row: Row, language: Language) -> str:
    """Say since when a cause has been going on that began in an earlier week."""
    return language.text("cause.since_earlier", since=language.week_code(row["since"]))


def worded(item: Explanation, *verdicts: pd.DataFrame) -> Explanation:
    """Take "better" and "worse" from a KPI of which a fault of the data, or other rules, are behind the week.

    A file that came twice is no such fault: it was counted once.
    """
    rows = pd.concat(verdicts)
    is_counted_otherwise = rows["code"].isin(_RECOUNTED) & (rows["by"] != "duplicate")
    is_meant = item.kpi.slug in set(rows.loc[is_counted_otherwise, "kpi"])
    return replace(item, is_recounted=True) if is_meant else item


def is_noise(verdicts: pd.DataFrame, slug: str) -> bool:
    """Tell whether a KPI was led through the gates and nothing was found."""
    return bool(verdicts.loc[verdicts["kpi"] == slug, "code"].eq("NOISE").any())


def kind(row: Row, language: Language) -> str:
    """Name the kind of a cause: ``Price: fuel``."""
    what, by = language.text(f"sheet.code.{row['code']}"), row["by"]
    return language.text("cause.whose", what=what, by=language.text(f"sheet.whose.{by}")) if by else what


def count(verdicts: pd.DataFrame, language: Language) -> str:
    """Say how many causes are named, and how many chance alone would name."""
    if verdicts.empty:
        return ""
    if not named(verdicts):
        return language.text("cause.none_named")
    chance = float(verdicts.drop_duplicates("kpi")["chance"].sum())
    most = math.ceil(round(100 * chance, 6))
    return " ".join(
        [
            language.text("cause.count", n=len(named(verdicts))),
            language.text("cause.chance", most=language.decimal(most)),
        ]
    )


def effect_unit(row: Row, one: Kpi) -> tuple[str, bool]:
    """Give the unit of a cause's size, and whether it is a change; see `tallysheet.findings.Finding`."""
    if row["code"] == "OVERBILLING":
        return "euro", False
    if row["code"] == "PRICE" and one.unit not in SHARES:
        return "euro", True
    is_whole = row["code"] == "DATA" and row["by"] != "missing"
    if row["code"] in _SHARES or is_whole or one.denominator is None:
        return "share", False
    return one.unit, True


def in_short(rows: Sequence[Row], language: Language, *, going_on: Sequence[Row] = ()) -> str:
    """Say in sentences without intervals what is behind a week: they stand in the table of causes."""
    told = [
        " ".join(filter(None, [_told(row, language, among=rows, is_short=True), likely(row, language)]))
        for row in rows
    ]
    return _joined(rows, told, going_on, language)


def facts(rows: Sequence[Row], language: Language, *, going_on: Sequence[Row] = ()) -> str:
    """Say what is proven of causes, and what the event log has of them."""
    return _joined(rows, [_told(row, language, among=rows) for row in rows], going_on, language)


def likely(row: Row, language: Language) -> str:
    """Say which values perhaps moved too; nothing where there are none."""
    return language.text("cause.perhaps", values=perhaps(row, language)) if row["perhaps"] else ""


def is_unlogged(row: Row) -> bool:
    """Tell whether somebody could have written a cause down, and nobody has."""
    return row["code"] in _UNLOGGED and not row["event"]


def _joined(rows: Sequence[Row], told: Sequence[str], going_on: Sequence[Row], language: Language) -> str:
    """Join causes' sentences; what the event log has of several in a row stands once."""
    logs = [_log(row, language) for row in rows]
    sentences: list[str] = []
    for place, row in enumerate(rows):
        began = since(row, language) if any(row is one for one in going_on) else ""
        log = "" if logs[place] in logs[place + 1 : place + 2] else logs[place]
        sentences += [began, told[place], log]
    return " ".join(filter(None, sentences))


def _told(row: Row, language: Language, *, among: Sequence[Row] = (), is_short: bool = False) -> str:
    one, code = kpi(str(row["kpi"])), str(row["code"]).lower()
    by = _by(row, one)
    key = f"cause.{code}.{by}" if by else f"cause.{code}"
    sizes = _sizes(row, one, language)
    is_exact = sizes["low"] == sizes["high"]
    interval = "" if is_short or is_exact else language.text("cause.from_to", **sizes)
    place, effect = place_of(row, among, language), sizes["effect"]
    if row["scope"] and (code, by) in _LOCAL:
        effect = language.text("cause.there", effect=effect)
    values = {"where": place, "effect": effect, "interval": interval}
    if key == "cause.mix.from_to":
        loser, gainer = (language.name("carrier", one) for one in row["scope"]["carrier"])
        lanes = where({"lane": row["scope"]["lane"]}, language)
        values |= {"where": lanes, "loser": loser, "gainer": gainer}
    return language.text(key, **values)


def _by(row: Row, one: Kpi) -> str:
    """Say whose doing a cause is, or of which kind, as far as it has words of its own."""
    code, by, scope = row["code"], str(row["by"]), row["scope"]
    if code == "MIX":
        return {0: "lanes", 2: "from_to"}.get(len(scope.get("carrier", ())), "carriers")
    if code == "DEFINITION":
        return "longer" if row["effect"] > 0 else "shorter"
    if by in ("external", "seller") and one.dimensions and "carrier" not in one.dimensions:
        return "anybody"  # nothing is carried
    return by or _PLAIN.get(code.lower(), "")


def _is_within(row: Row, wider: Row) -> bool:
    """Tell whether who moved is named once in a part and once in what holds it, which then is the rest."""
    is_alike = row["code"] == "REAL" and all(row[name] == wider[name] for name in ("kpi", "code", "by"))
    scope = wider["scope"]
    return is_alike and len(row["scope"]) > len(scope) > 0 and scope.items() <= row["scope"].items()


def _log(row: Row, language: Language) -> str:
    if is_withheld(row, language):
        return language.text("cause.logged_hidden")
    if row["event"]:
        return language.text("cause.logged", note=entry(row, language))
    return language.text("cause.unlogged") if is_unlogged(row) else ""


def _sizes(row: Row, one: Kpi, language: Language) -> dict[str, str]:
    unit, is_change = effect_unit(row, one)
    sizes = {name: float(row[name]) for name in ("effect", "low", "high")}
    if row["code"] == "CLASSIFICATION":  # so many were named otherwise, whether they came or went
        sizes = dict(
            zip(sizes, (abs(sizes["effect"]), *sorted(map(abs, (sizes["low"], sizes["high"])))), strict=True)
        )
    if row["code"] in ("REAL", "DATA", "CALENDAR") and not is_change:
        return {name: language.relative(number) for name, number in sizes.items()}
    write = language.change if is_change else language.value
    return {name: write(number, unit) for name, number in sizes.items()}


def size(row: Row, language: Language) -> tuple[str, str]:
    """Write a cause's size, and the interval of it."""
    if pd.isna(row["effect"]):
        return language.text("number.missing"), language.text("number.missing")
    sizes = _sizes(row, kpi(str(row["kpi"])), language)
    if row["low"] == row["high"]:  # counted, not estimated
        return sizes["effect"], language.text("cause.exact")
    if sizes["low"] == sizes["high"]:
        return sizes["effect"], sizes["low"]
    return sizes["effect"], language.text("number.range", lower=sizes["low"], upper=sizes["high"])


def place_of(row: Row, among: Sequence[Row], language: Language) -> str:
    """Name a cause's scope beside other causes: of what one of them names in part, it is the rest."""
    named = where(row["scope"], language)
    if row["code"] == "PRICE" and not row["scope"]:
        named = language.text("cause.everywhere_charged")
    is_rest = any(_is_within(other, row) for other in among)
    return language.text("cause.elsewhere", where=named) if is_rest else named


def where(scope: Mapping[str, Sequence[str]], language: Language) -> str:
    """Name a scope: ``carrier ESK, depot Madrid``; the whole network where it is empty.

    A depot's country is left out, as the depot says it.
    """
    shown = {name: values for name, values in scope.items() if not (name == "country" and "depot" in scope)}
    parts = [
        _listed(name, values, language)
        if name in language.hidden
        else language.text(f"cause.scope.{name}", n=len(values), values=_listed(name, values, language))
        for name, values in shown.items()
    ]
    return language.text("cause.between").join(parts) if parts else language.text("cause.everywhere")


def part(where: Mapping[str, str], language: Language) -> str:
    """Name a part of a KPI by its dimensions and values: ``carrier: ESK``."""
    named = [
        language.text(
            "cause.whose", what=language.text(f"dimension.{name}", n=1), by=language.name(name, value)
        )
        for name, value in where.items()
    ]
    return language.text("cause.between").join(named) or language.text("cause.everywhere")


def _listed(name: str, values: Sequence[str], language: Language) -> str:
    dimension = _DIMENSIONS.get(name, name)
    if dimension in language.hidden:
        return language.text(f"hidden.{dimension}", n=len(values))
    written = [language.name(dimension, value) for value in values]
    if len(written) > _TOLD_VALUES:
        left = language.text("chart.pooled", n=len(written) - _TOLD_VALUES)
        written = [*written[:_TOLD_VALUES], left]
    return language.listed(written)


def is_withheld(row: Row, language: Language) -> bool:
    """Tell whether the log has an entry about a cause that the reader is not shown."""
    return bool(row["event"]) and not language.hidden.isdisjoint({*row["scope"], row["by"]})


def entry(row: Row, language: Language) -> str:
    """Give the log's entry about a cause; of what the reader is not shown it says only that there is one."""
    return language.text("cause.logged_inside") if is_withheld(row, language) else isolated(str(row["event"]))


def perhaps(row: Row, language: Language) -> str:
    """Name the values that perhaps moved too; empty where there are none."""
    name, values = next(iter(row["scope"]), ""), row["perhaps"]
    if not values:
        return ""
    if name in language.hidden:
        return language.text(f"hidden_others.{name}", n=len(values))
    return _listed(name, values, language)
