"""The first screen of a page: one sentence, what stands out and why, and how much of it chance would show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tallysheet import causes, say
from tallysheet.comparison import Explanation
from tallysheet.language import Language
from tallysheet.tables import Html, exceptions_list, headline, paragraph

_EXCEPTIONS = 5


def opening(
    explanations: Mapping[str, Explanation],
    chosen: Explanation,
    verdicts: pd.DataFrame,
    language: Language,
) -> Html:
    """Say in 30 seconds what changed, whether it is real and what is behind it.

    Parameters
    ----------
    explanations : mapping of str to Explanation
        All KPIs of the page by slug, in order.
    chosen : Explanation
        The one that leads.
    verdicts : DataFrame
        As `tallysheet.week.Week.verdicts`.
    language : Language
    """
    fact, cause = first_sentences(explanations, chosen, verdicts, language)
    items = exceptions(explanations, chosen, verdicts, language)
    counted = count_line(explanations, verdicts, language)
    count = Html(f'<p class="count">{paragraph(counted).html[3:-4]}</p>')
    return Html.join(
        headline(fact, cause, language), *([exceptions_list(items, language)] if items else []), count
    )


def first_sentences(
    explanations: Mapping[str, Explanation],
    chosen: Explanation,
    verdicts: pd.DataFrame,
    language: Language,
) -> tuple[str, str]:
    """Say the page's first sentence, and the second: whether it is real and what is behind it."""
    everything = list(explanations.values())
    if say.is_quiet(everything) and not causes.named(verdicts):
        return say.quiet(everything, chosen, language)
    return say.change(chosen, language), story(chosen, verdicts, language)


def count_line(explanations: Mapping[str, Explanation], verdicts: pd.DataFrame, language: Language) -> str:
    """Count flags, parts and causes, each beside what chance would show."""
    return f"{say.count(list(explanations.values()), language)} {causes.count(verdicts, language)}".strip()


def exceptions(
    explanations: Mapping[str, Explanation],
    chosen: Explanation,
    verdicts: pd.DataFrame,
    language: Language,
) -> list[dict[str, Any]]:
    """List what stands out, the texts of one KPI each; page and digest tell the same.

    First the KPIs of which a cause is named, one for each cause; then those that are unlike usual without
    one. The others that a cause moved are named beside it.

    Returns
    -------
    list of dict
        anchor, name, value, change, verdicts (words of chips), sentence, scope, rising; none in a quiet week.
    """
    found = causes.named(verdicts)
    with_cause = list(dict.fromkeys(one.slug for one in found))
    explained = {slug for one in found for slug in (one.slug, *one.others)}
    without = [slug for slug, item in explanations.items() if say.stands_out(item) and slug not in explained]
    told = [slug for slug in dict.fromkeys([*with_cause, *without]) if slug in explanations]
    if told and chosen.kpi.slug not in told:
        told.insert(0, chosen.kpi.slug)
    return [
        _exception(explanations[slug], slug == chosen.kpi.slug, explanations, verdicts, language)
        for slug in sorted(told, key=lambda slug: slug != chosen.kpi.slug)[:_EXCEPTIONS]
    ]


def _exception(
    item: Explanation,
    leads: bool,
    explanations: Mapping[str, Explanation],
    verdicts: pd.DataFrame,
    language: Language,
) -> dict[str, Any]:
    slug = item.kpi.slug
    others = {other for one in causes.named(verdicts) if one.slug == slug for other in one.others}
    sentences = [
        "" if leads else story(item, verdicts, language),
        _others([one for other, one in explanations.items() if other in others], language),
        say.beside(item, language),
        *witnesses(item, explanations, language),
    ]
    return {
        "anchor": slug,
        "name": say.name(item.kpi, language),
        "value": language.value(item.value_now, item.kpi.unit),
        "change": language.text(
            "page.on_base",
            change=language.change(item.change, item.kpi.unit),
            base=say.base(item, language, short=True),
        ),
        "verdicts": verdict_words(item),
        "sentence": " ".join(sentence for sentence in sentences if sentence),
        "scope": None,
        "rising": item.change > 0,
    }


def _others(others: Sequence[Explanation], language: Language) -> str:
    if not others:
        return ""
    names = [say.name(one.kpi, language) for one in others]
    return language.text("cause.others", names=language.listed(names))


def story(item: Explanation, verdicts: pd.DataFrame, language: Language) -> str:
    """Say whether a change is usual and what is behind it: causes, else the parts that it comes from."""
    cause = causes.story(verdicts, item.kpi.slug, language)
    told = say.story(item, language, cause)
    unexplained = not cause and item.variation == "signal" and causes.is_noise(verdicts, item.kpi.slug)
    return f"{told} {language.text('cause.none')}" if unexplained else told


def verdict_words(item: Explanation) -> list[str]:
    """Give the words of a KPI's chips."""
    return [say.verdict_of(item), *(["parts_outside"] if item.outside else [])]


def witnesses(item: Explanation, explanations: Mapping[str, Explanation], language: Language) -> list[str]:
    """Say for each witness of a KPI that counts the same things whether it is behind the change."""
    others = [explanations[slug] for slug in item.kpi.witnesses if slug in explanations]
    others = [
        one for one in others if (one.kpi.fact, one.kpi.denominator) == (item.kpi.fact, item.kpi.denominator)
    ]
    return [say.witness(item, other, language) for other in others if not pd.isna(other.change)]
