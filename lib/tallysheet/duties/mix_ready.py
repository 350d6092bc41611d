"""Whether there is a carrier mix to show, and else why not."""

from __future__ import annotations

from tallysheet.carrier_mix import LONGEST_WEEKS
from tallysheet.duties import mix
from tallysheet.duties.known import switched_off
from tallysheet.duties.mix_evidence import lacks
from tallysheet.language import Language
from tallysheet.tables import Html, paragraph
from tallysheet.week import Week


def off(week: Week) -> Html | None:
    """Say why there is no mix: lacking extracts, too few parcels, no choice, rules that conflict."""
    if missing := lacks(week):
        return switched_off(missing, week.language)
    if mix.is_small(week):
        least = week.settings.mix.least_parcels
        return paragraph(week.language.text("mix.too_few", n=least))
    language = week.language
    if mix.is_settled(week):
        return paragraph(language.text("mix.settled"))
    why = mix.conflict(week)
    if why is None:
        return (
            None if mix.is_reachable(week) else paragraph(language.text("mix.too_slow", weeks=LONGEST_WEEKS))
        )
    rules = language.listed([rule_name(one, "", language) for one in why.rules])
    excess = language.decimal(sum(one.by for one in why.excesses), 1)
    return paragraph(language.text("mix.conflict", rules=rules, excess=excess))


def rule_name(rule: str, where: str, language: Language) -> str:
    """Name a rule, with its carrier."""
    name = language.text(f"mix.rule_is.{rule}")
    return f"{name}, {language.name('carrier', where)}" if where else name
