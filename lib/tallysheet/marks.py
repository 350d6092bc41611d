"""What the chip beside a KPI says: its verdict and its target, each a word of words/*.toml."""

from __future__ import annotations

import pandas as pd

from tallysheet.comparison import Explanation
from tallysheet.kpi import Direction

_TOO_FEW = ("small", "collapsed", "nothing")


def verdict_word(variation: str, reason: str, direction: Direction) -> str:
    """Give the word of a chip: ``better``, ``worse``, ``changed``, ``routine``, ``too_few`` or ``not_known``.

    What is too few to judge stays so: nobody need wait for more to be known.
    """
    if variation != "signal":
        return "too_few" if reason in _TOO_FEW else variation
    if direction == "neutral":
        return "changed"
    return "better" if (reason in ("above", "run_above")) == (direction == "up") else "worse"


def verdict_of(explanation: Explanation) -> str:
    """Give the verdict word of a KPI's total."""
    return verdict_word(explanation.variation, explanation.judgement.reason, explanation.direction)


def target_word(explanation: Explanation) -> str:
    """Give the word of a target: its assurance; not known yet where there is no range to meet it.

    Where the usual range says one thing and a week that is unlike it the other, the week is named.
    """
    word = explanation.assurance
    if word == "none":
        reason = explanation.judgement.reason
        return (
            word if pd.isna(explanation.target) else verdict_word("not_known", reason, explanation.direction)
        )
    gap = explanation.value_now - explanation.target
    is_met = gap >= 0 if explanation.direction == "up" else gap <= 0
    is_news = explanation.variation == "signal" and explanation.direction != "neutral"
    if not is_news or word == "hit_or_miss" or is_met == (word == "pass"):
        return word
    return "met_now" if is_met else "missed_now"


def verdict_words(explanation: Explanation) -> list[str]:
    """Give the words of a KPI's chips: its total's verdict, and whether a part is outside its own range."""
    return [verdict_of(explanation), *(["parts_outside"] if explanation.outside else [])]
