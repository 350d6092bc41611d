"""The first screen of a page: one sentence, what stands out and why, and how much of it chance would show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from tallysheet import bearing, causes, say, telling
from tallysheet.actions import FollowUp
from tallysheet.comparison import Explanation
from tallysheet.kpis import kpi
from tallysheet.language import Language, isolated
from tallysheet.marks import verdict_words
from tallysheet.tables import Html, exceptions_list, headline
from tallysheet.telling import SETTLED_WEEKS, is_settled, stands_out
from tallysheet.weeks import IsoWeek

SHOWN = 5
"""So many KPIs that stand out are on the first screen; each has a card further down."""
_NAMED = 3
"""So many KPIs that are unlike usual are named where they are counted."""


@dataclass(frozen=True)
class Told:
    """What a page tells of.

    Parameters
    ----------
    explanations : mapping of str to Explanation
        All KPIs of the page by slug, in order.
    lead : Explanation
        The one that leads.
    verdicts, continuing : DataFrame
        As `tallysheet.week.Week` has them.
    actions : tuple of FollowUp
        What is done about it, and what came of it.
    entries : DataFrame
        Those of the event log that fall in the week.
    """

    explanations: Mapping[str, Explanation]
    lead: Explanation
    verdicts: pd.DataFrame
    continuing: pd.DataFrame
    actions: tuple[FollowUp, ...] = ()
    entries: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def everything(self) -> list[Explanation]:
        """All KPIs, in order."""
        return list(self.explanations.values())

    @property
    def fullest(self) -> Explanation:
        """The KPI whose base is the page's."""
        return telling.fullest(self.everything)

    @property
    def named(self) -> list[causes.Cause]:
        """Causes that are named; what leads tells those that it shows, if it tells none by itself."""
        found, lead = causes.named(self.verdicts), self.lead.kpi.slug
        if lead not in {one.slug for one in found}:
            found = causes.named(self.verdicts, lead)
        return bearing.nearest_first(found, self.explanations)

    def named_of(self, slug: str) -> tuple[list[causes.Row], list[causes.Row]]:
        """Give what is named of a KPI: what began in the week, and what began before and goes on."""
        frames = (self.verdicts, self.continuing)
        began, before = ([one.row for one in causes.named(frame[frame["kpi"] == slug])] for frame in frames)
        return began, before

    def actions_for(self, language: Language) -> list[FollowUp]:
        """List the actions, but for those about something that the reader is not shown."""
        return [one for one in self.actions if language.hidden.isdisjoint(one.action.where)]


def lead(explanations: Mapping[str, Explanation], verdicts: pd.DataFrame, headline: str) -> Explanation:
    """Choose the KPI that leads: of the first cause's the one that tells it best and has a value, if any has.

    Of what somebody did, a total that it moved out of its usual range tells best. A cause against which the
    total went does not lead: the first sentence would seem to deny it. Without any see `telling.lead`.
    """
    for one in causes.named(verdicts):
        told = [explanations[slug] for slug in (one.slug, *one.others) if slug in explanations]
        known = [item for item in told if not pd.isna(item.value_now)]
        moved = [item for item in known if one.row["code"] == "REAL" and item.variation == "signal"]
        chosen = next(iter([*moved, *known, *told]), None)
        if chosen and not bearing.is_against(one, chosen):
            return chosen
    return telling.lead(list(explanations.values()), headline)


def opening(told: Told, language: Language) -> Html:
    """Say in 30 seconds what changed, whether it is real, what is behind it and who is on it."""
    fact, cause = first_sentences(told, language)
    items = exceptions(told, language)
    count = Html(f'<p class="count">{escape(count_line(told, language))}</p>')
    left = more(told, language)
    further = Html(f'<p class="more"><a href="#scorecard">{escape(left)}</a></p>' if left else "")
    listed = exceptions_list(items, language) if items else Html("")
    return Html.join(headline(fact, cause, language), listed, further, count)


def first_sentences(told: Told, language: Language) -> tuple[str, str]:
    """Say the page's first sentence, and the second: whether it is real and what is behind it."""
    if telling.is_quiet(told.everything) and not causes.named(told.verdicts):
        return say.quiet(told.everything, told.lead, language)
    changed = say.change(told.lead, language)
    began, _ = told.named_of(told.lead.kpi.slug)
    if any(row["code"] == "DATA" and row["by"] != "duplicate" for row in began):
        changed = language.text("say.faulty", sentence=changed)
    return changed, story(told.lead, told, language)


def count_line(told: Told, language: Language) -> str:
    """Count flags, parts and causes, each beside what chance would show."""
    settled = [say.name(one.kpi, language) for one in told.everything if is_settled(one)]
    sentences = [
        _flags(told.everything, language),
        language.text("say.settled", names=language.listed(settled), weeks=SETTLED_WEEKS) if settled else "",
        causes.count(told.verdicts, language),
    ]
    return " ".join(filter(None, sentences))


def _flags(explanations: Sequence[Explanation], language: Language) -> str:
    """Count the flags, name those that are few and news, and say how many were to be expected by chance."""
    flagged = [item for item in explanations if item.variation == "signal"]
    states = [item.variation for item in explanations]
    known = len(states) - states.count("not_known")
    flags = language.text("say.flags", n=len(flagged)) if flagged else language.text("say.no_flags")
    if len(flagged) <= _NAMED and not all(is_settled(item) for item in flagged):
        names = [say.name(item.kpi, language) for item in flagged]
        flags = language.text("say.flags_named", flags=flags, names=language.listed(names))
    sentence = language.text(
        "say.count",
        flags=language.text("say.expected", flags=flags, expected=say.expected_flags(known, language))
        if known
        else language.text("say.none_judged"),
        routine=language.text("say.routine", n=states.count("routine")),
        not_known=language.text("say.not_known", n=states.count("not_known")),
    )
    judged = sum(telling.judged_parts(item) for item in explanations)
    if not judged:
        return sentence
    outside = [
        (language.name(*next(iter(segment.where.items()))), say.name(item.kpi, language))
        for item in explanations
        for segment in item.outside
    ]
    key = "say.parts" if judged > 1 else "say.one_part"
    parts = language.text(key, n=len(outside), judged=judged)
    if 0 < len(outside) <= _NAMED:
        named = [language.text("say.part_of_kpi", part=part, name=name) for part, name in outside]
        parts = language.text("say.flags_named", flags=parts, names=language.listed(named))
    parts = language.text("say.expected", flags=parts, expected=say.expected_flags(judged, language))
    return f"{sentence} {language.text('say.count_parts', parts=parts)}"


def exceptions(told: Told, language: Language) -> list[dict[str, Any]]:
    """List what stands out, the texts of one KPI each; page and digest tell the same.

    First the KPIs of which a cause is named, one for each cause; then those that are unlike usual without
    one, and those that a cause told already moved out of their range. All that it moved are named beside it.

    Returns
    -------
    list of dict
        anchor, name, value, change, verdicts (words of chips), sentence, scope (the kind of cause), rising;
        none in a quiet week.
    """
    found = told.named
    shown = exceptional(told)[:SHOWN]
    return [_exception(told.explanations[slug], found, told, language) for slug in shown]


def exceptional(told: Told) -> list[str]:
    """List all KPIs that stand out, by slug, in the order of `exceptions`, which shows the first of them."""
    found = told.named
    with_cause = list(dict.fromkeys(one.slug for one in found))
    explained = {slug for one in found for slug in (one.slug, *one.others)}
    without = [one.kpi.slug for one in told.everything if stands_out(one) and one.kpi.slug not in explained]
    moved = [one.kpi.slug for one in told.everything if one.variation == "signal" and stands_out(one)]
    shown = [slug for slug in dict.fromkeys([*with_cause, *without, *moved]) if slug in told.explanations]
    lead = told.lead.kpi.slug
    if shown and lead not in shown:
        shown.insert(0, lead)
    return sorted(shown, key=lambda slug: slug != lead)


def more(told: Told, language: Language) -> str:
    """Say how many KPIs stand out that the first screen does not name; nothing where it names all."""
    slugs = exceptional(told)
    named = {slug for one in told.named if one.slug in slugs[:SHOWN] for slug in one.others}
    left = len(set(slugs[SHOWN:]) - named)
    return language.text("cause.more", n=left) if left else ""


def standing(item: Explanation, told: Told, language: Language) -> list[tuple[str, str]]:
    """Say of a KPI that stands out what is known of its cause, what is likely, and what is open.

    Known is what a verdict proves, or without a cause which parts are outside their own ranges; likely are
    the values that it names as perhaps moved; open is a cause that nobody found or of which too little is
    known, and why it happened where nobody wrote it down. Nothing of a KPI that does not stand out.
    """
    slug = item.kpi.slug
    if slug not in exceptional(told):
        return []
    began, before = told.named_of(slug)
    own = [*began, *before]
    proven = [row for row in own if row["code"] != "IMMATURE"]
    is_open = {
        "cause": not proven and item.variation == "signal",
        "why": any(causes.is_unlogged(row) for row in proven),
        "rest": bearing.is_partial(proven, item),
    }
    left = language.listed([language.text(f"state.{what}") for what, is_so in is_open.items() if is_so])
    texts = {
        "known": [causes.facts(proven, language, going_on=before) if own else say.outside(item, language)],
        "likely": [
            *(causes.likely(row, language) for row in own),
            "" if own else _near(item, told, language),
        ],
        "open": [
            f"{left}." if left else "",
            causes.facts([row for row in own if row["code"] == "IMMATURE"], language),
        ],
    }
    return [
        (language.text(f"state.{state}"), " ".join(filter(None, sentences)))
        for state, sentences in texts.items()
        if any(sentences)
    ]


def _exception(
    item: Explanation, found: Sequence[causes.Cause], told: Told, language: Language
) -> dict[str, Any]:
    slug = item.kpi.slug
    own = [one for one in found if one.slug == slug]
    others: dict[str, set[str]] = {}
    for one in own:
        others.setdefault(causes.shown_by(one.row), set()).update(one.others)
    # What leads has its story above, and room for more.
    lines = (
        [say.beside(item, language), *witnesses(item, told.explanations, language)]
        if item is told.lead
        else [story(item, told, language)]
    )
    sentences = [
        *lines,
        *(
            _others(key, [told.explanations[each] for each in told.explanations if each in slugs], language)
            for key, slugs in others.items()
        ),
        *(follow_up_sentence(one, language) for one in told.actions_for(language) if one.action.kpi == slug),
    ]
    kinds = dict.fromkeys(causes.kind(one.row, language) for one in own)
    return {
        "anchor": slug,
        "name": say.name(item.kpi, language),
        "value": language.value(item.value_now, item.kpi.unit),
        "change": "" if pd.isna(item.change) else _change(item, language),
        "verdicts": verdict_words(item),
        "sentence": " ".join(sentence for sentence in sentences if sentence),
        "scope": " + ".join(kinds) or None,
        "rising": item.change > 0,
    }


def _change(item: Explanation, language: Language) -> str:
    written, base = language.change(item.change, item.kpi.unit), say.base(item, language, short=True)
    return language.text("page.on_base", change=written, base=base)


def follow_up_sentence(one: FollowUp, language: Language) -> str:
    """Say who does what until when, and once that week is over what came of it."""
    action, unit = one.action, kpi(one.action.kpi).unit
    values = {
        "owner": isolated(action.owner),
        "action": isolated(action.action),
        "due": language.week_code(action.due_week),
    }
    if pd.isna(one.change):
        return language.text(f"action.{action.status}", **values)
    values |= {
        "since": language.week_code(IsoWeek.of(action.entered_on)),
        "change": language.change(one.change, unit),
    }
    if pd.isna(action.expected_effect):
        return language.text("action.came", **values)
    return language.text("action.checked", expected=language.change(action.expected_effect, unit), **values)


def _others(key: str, others: Sequence[Explanation], language: Language) -> str:
    names = [say.name(one.kpi, language) for one in others]
    return language.text(key, names=language.listed(names)) if names else ""


def story(item: Explanation, told: Told, language: Language) -> str:
    """Say whether a change is usual and what is behind it: causes, else the parts that it comes from."""
    slug = item.kpi.slug
    cause = causes.story(told.verdicts, slug, language) or causes.going_on(told.continuing, slug, language)
    whole = say.story(item, language, cause)
    if not cause and item.variation == "signal" and causes.is_noise(told.verdicts, slug):
        return " ".join(filter(None, [whole, language.text("cause.none"), _near(item, told, language)]))
    began, before = told.named_of(slug)
    is_partial = bearing.is_partial([*began, *before], item)
    return f"{whole} {language.text('cause.partial')}" if is_partial else whole


def _near(item: Explanation, told: Told, language: Language) -> str:
    """Say which KPI has a cause where a change without one mostly comes from; nothing where none has."""
    found = bearing.nearby(item, told.named)
    if found is None:
        return ""
    where = causes.where(found.row["scope"], language)
    return language.text("cause.near", kpi=say.name(kpi(found.slug), language), where=where)


def witnesses(item: Explanation, explanations: Mapping[str, Explanation], language: Language) -> list[str]:
    """Say for each witness of a KPI that counts the same the other way whether it is behind a change.

    What is never delivered cannot be on time; what customers ask in their own words falls with what is filed.
    """
    if say.holds(item, language) or (item.variation == "routine" and not item.outside):
        return []
    others = [explanations[slug] for slug in item.kpi.witnesses if slug in explanations]
    others = [
        one
        for one in others
        if (one.kpi.fact, one.kpi.denominator) == (item.kpi.fact, item.kpi.denominator)
        and one.kpi.direction != item.kpi.direction
    ]
    # One of which little is known yet, or which is too rare, explains nothing.
    return [say.witness(item, other, language) for other in others if other.variation != "not_known"]
