"""Sentences, built from result objects through words/*.toml, so that text and table cannot disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tallysheet import volume
from tallysheet.comparison import Explanation
from tallysheet.judgement import FALSE_FLAG_SHARE
from tallysheet.kpi import SHARES, Kpi
from tallysheet.language import FORMS, Language, decimals_of, finer, rounded
from tallysheet.rounding import left_over, printed_total
from tallysheet.segments import Segment
from tallysheet.telling import is_settled, spread, volume_shares

_FOLLOWS = 0.1  # a routine part is named beside one that is outside from a tenth of the change on
_WITNESS = (0.1, 0.9)  # below: not behind the change; above: as large as the change
_ALL, _MOST = 0.9, 0.5  # of the total, of a part that is printed as large as it
_TITLE_PARTS, _TOLD_PARTS, _TOLD = 2, 3, 5


def name(kpi: Kpi, language: Language) -> str:
    """Name a KPI."""
    return language.text(f"kpi.{kpi.slug}.name", expression=kpi.source)


def base(explanation: Explanation, language: Language, *, short: bool = False) -> str:
    """Name the base: ``the four weeks before``, weeks with a gap by number; in short ``four weeks``."""
    weeks, kind, text = explanation.base_weeks, explanation.base, language.text
    name = kind if kind in ("previous", "year-ago", "target") else "week"
    if kind == "last-4":
        is_apart = explanation.week.shift(-len(weeks)) != weeks[0]
        name = "apart" if is_apart and not short else f"last-{len(weeks)}"
    told = {"number": weeks[0].number, "year": weeks[0].year, "n": len(weeks)}
    numbers = language.listed([str(week.number) for week in weeks])
    named = text(f"{'base_short' if short else 'base'}.{name}", weeks=numbers, **told)
    return named if short or explanation.base_is_complete else language.text("base.incomplete", base=named)


def change(explanation: Explanation, language: Language) -> str:
    """Say what changed, by how much, compared with what; of a young week what there is so far."""
    unit = explanation.kpi.unit
    values = {
        "name": name(explanation.kpi, language),
        "value": language.value(explanation.value_now, unit),
        "base": _level(explanation, language),
    }
    if pd.isna(explanation.value_now):
        return language.text("say.empty", **values)
    kind = "young_" if explanation.judgement.reason == "young" else ""
    if pd.isna(explanation.value_base):
        return language.text(f"say.{kind}alone", **values)
    values["before"] = language.value(explanation.value_base, unit)
    if holds(explanation, language):
        near = "" if values["before"] == values["value"] else "_near"
        return language.text(f"say.{kind}held{near}", **values)
    verb = "rose" if explanation.change > 0 else "fell"
    return language.text(f"say.{kind}{verb}", size=language.size(explanation.change, unit), **values)


def _level(explanation: Explanation, language: Language) -> str:
    """Name the base as what a value is held against: a sum of several weeks is that of an average one."""
    named = base(explanation, language)
    is_mean = explanation.kpi.denominator is None and len(explanation.base_weeks) > 1
    return language.text("base.mean", base=named) if is_mean else named


def holds(explanation: Explanation, language: Language) -> bool:
    """Tell whether the value and its base are printed alike, or the change as none."""
    now, before, unit = explanation.value_now, explanation.value_base, explanation.kpi.unit
    return _is_none(explanation) or language.value(now, unit) == language.value(before, unit)


def _is_none(explanation: Explanation) -> bool:
    """Tell whether the change is printed as none."""
    change, unit = explanation.change, explanation.kpi.unit
    return pd.isna(change) or rounded(change * FORMS[unit].scale, decimals_of(change, unit)) == 0


def beside(explanation: Explanation, language: Language) -> str:
    """Say last week's value, unless it is the base."""
    is_base = list(explanation.base_weeks) == [explanation.week.shift(-1)]
    # Eight weeks on one side lie so near the centre that last week may be printed on the other.
    if is_base or explanation.judgement.reason.startswith("run") or pd.isna(explanation.value_previous):
        return ""
    return language.text("say.beside", value=language.value(explanation.value_previous, explanation.kpi.unit))


def usual(explanation: Explanation, language: Language) -> str:
    """Say whether the total is inside its usual range, or why that is not known."""
    judgement, unit = explanation.judgement, explanation.kpi.unit
    if judgement.variation == "not_known":
        return language.text(f"say.{judgement.reason}", n=judgement.earlier_weeks)
    reason = "inside_but" if judgement.reason == "inside" and explanation.outside else judgement.reason
    limit = {"below": judgement.lower, "above": judgement.upper}.get(judgement.reason)
    if limit is not None and language.value(limit, unit) == language.value(explanation.value_now, unit):
        reason = f"just_{reason}"
    return language.text(
        f"say.{reason}",
        range=language.interval(judgement.lower, judgement.upper, unit),
    )


def finding(explanation: Explanation, language: Language) -> str:
    """Say in a title what the control chart shows."""
    title = name(explanation.kpi, language)
    if explanation.judgement.reason == "inside" and explanation.outside:
        listed = [language.name(*_where(segment)) for segment in explanation.outside]
        return language.text("card.inside_but", name=title, segments=_few(listed, _TITLE_PARTS, language))
    return language.text(f"card.{explanation.judgement.reason}", name=title)


def outside(explanation: Explanation, language: Language) -> str:
    """Say which parts are outside their own range, who follows inside, and what each contributes."""
    if not explanation.outside:
        return ""
    first = explanation.outside[0]
    dimension, value = _where(first)
    row = _row(explanation, first)
    others = [language.name(*_where(segment)) for segment in explanation.outside[1:]]
    unit, side = explanation.kpi.unit, "below" if row["value_now"] < row["lower"] else "above"
    limit = row["lower" if side == "below" else "upper"]
    just = "just_" if language.value(limit, unit) == language.value(row["value_now"], unit) else ""
    sentences = [
        language.text(
            f"say.part_{just}{side}",
            segment=language.name(dimension, value),
            range=language.interval(row["lower"], row["upper"], unit),
            value=language.value(row["value_now"], unit),
            part_of=_part_of(first.where, first.contribution, explanation, language),
        ),
        _followers(explanation, dimension, language) if first.contribution * explanation.change > 0 else "",
        language.text("say.too_outside", segments=_few(others, _TOLD_PARTS, language)) if others else "",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _few(names: Sequence[str], most: int, language: Language) -> str:
    """List some names, and how many others there are; one more than so many is named too."""
    left = len(names) - most
    return language.listed([*names] if left < 2 else [*names[:most], language.text("chart.pooled", n=left)])


def _where(segment: Segment) -> tuple[str, str]:
    return next(iter(segment.where.items()))


def _row(explanation: Explanation, segment: Segment) -> dict[str, Any]:
    dimension, value = _where(segment)
    return dict(explanation.parts[dimension].set_index("segment").loc[value])


def _part_of(
    where: Mapping[str, str], contribution: float, explanation: Explanation, language: Language
) -> str:
    """Say ``8.7 of the 16.2 points``; of a part that outweighs the total or goes against it, say both."""
    unit, total = explanation.kpi.unit, explanation.change
    shown = printed_total(explanation, where, contribution)
    written, whole = language.change(shown, unit), language.change(total, unit)
    is_along = contribution * total > 0
    if is_along and (abs(shown) <= abs(total) or written == whole):
        part, nothing, all_of_it = (_part(one, explanation, language) for one in (shown, 0.0, total))
        if _is_none(explanation):
            return language.text("say.next_to_nothing")
        if part == all_of_it:
            share = contribution / total
            key = "part_all" if share >= _ALL else "part_most" if share > _MOST else "part_some"
            return language.text(f"say.{key}", size=language.size(total, unit))
        part = language.text("say.next_to_nothing") if part == nothing else part
        return language.text("say.part_of", part=part, size=language.size(total, unit))
    if written == language.change(0.0, unit):
        return language.text("say.next_to_nothing")
    key = "say.part_beyond" if is_along and not holds(explanation, language) else "say.part_against"
    return language.text(key, part=written, size=language.size(total, unit), change=whole)


def _part(contribution: float, explanation: Explanation, language: Language) -> str:
    """Write a contribution as so many of the change's points; one that goes against it keeps a minus."""
    along, unit = contribution if explanation.change >= 0 else -contribution, explanation.kpi.unit
    if unit in (*SHARES, "gap"):
        return language.decimal(along * FORMS[unit].scale, FORMS[unit].decimals)
    return language.value(along, unit)


def _followers(explanation: Explanation, dimension: str, language: Language) -> str:
    if holds(explanation, language):
        return ""
    parts = explanation.parts[dimension]
    along = parts["total"] / explanation.change >= _FOLLOWS
    rows = parts[along & (parts["variation"] == "routine")]
    unit = explanation.kpi.unit
    told = [
        (segment, language.size(printed_total(explanation, {dimension: segment}, total), unit))
        for segment, total in zip(rows["segment"], rows["total"], strict=True)
    ]
    named = [
        language.text("say.segment_part", segment=language.name(dimension, segment), part=part)
        for segment, part in told
        if part != language.size(0.0, unit)
    ][:_TOLD_PARTS]
    if not named:
        return ""
    movement = _movement(explanation, language)
    return language.text("say.follow", movement=movement, segments=language.listed(named))


def moved(explanation: Explanation, language: Language) -> str:
    """Say which segments moved beyond the rest, by how much and how surely; nothing without a search."""
    if not explanation.is_searched:
        return ""
    if not explanation.segments:
        return language.text("say.none_moved")
    unit = explanation.kpi.unit
    told = [
        language.text(
            "say.moved_next" if number else "say.moved",
            segment=segment_name(segment, language),
            effect=language.change(segment.effect, unit),
            low=language.change(segment.low, unit),
            high=language.change(segment.high, unit),
            base=base(explanation, language),
            part_of=_part_of(segment.where, segment.contribution, explanation, language),
        )
        for number, segment in enumerate(explanation.segments[:_TOLD])
    ]
    left = len(explanation.segments) - len(told)
    return " ".join([*told, *([language.text("say.moved_too", n=left)] if left else [])])


def segment_name(segment: Segment, language: Language) -> str:
    """Name a segment by its values: ``LaGuardia (LGA)``, ``BRV, return``."""
    return ", ".join(language.name(*one) for one in segment.where.items())


def evenness(explanation: Explanation, language: Language) -> str:
    """Say that a change is spread over all dimensions' parts, if it is."""
    even = [dimension for dimension in explanation.parts if spread(explanation, dimension).even]
    if holds(explanation, language) or not even or len(even) < len(explanation.parts):
        return ""
    return language.text(
        "say.spread",
        movement=_movement(explanation, language),
        dimensions=language.listed([dimension_name(item, language, 2) for item in even]),
    )


def _movement(explanation: Explanation, language: Language) -> str:
    return language.text("say.rise" if explanation.change > 0 else "say.fall")


def dimension_name(dimension: str, language: Language, count: int = 1) -> str:
    """Name a dimension; one that has no words is named by its column."""
    if not language.has(f"dimension.{dimension}"):
        return dimension
    return language.text(f"dimension.{dimension}", n=count)


def parts(explanation: Explanation, dimension: str, language: Language) -> str:
    """Say how the change is spread over one dimension, and which parts are outside their own range."""
    own = [segment for segment in explanation.outside if dimension in segment.where]
    found = spread(explanation, dimension)
    key = "say.largest" if found.segment else "say.largest_unnamed"
    alone = len(own) == 1 and own[0].where[dimension] == found.segment
    sentence = language.text(
        "say.largest_outside" if alone else key,
        movement=_movement(explanation, language),
        dimension=dimension_name(dimension, language),
        segment=language.name(dimension, found.segment),
        part_of=_part_of({dimension: found.segment}, found.contribution, explanation, language),
        share=language.value(found.share, "share"),
        noun=_shared(explanation.kpi, language),
    )
    if _is_none(explanation):
        sentence = ""
    if explanation.variation == "not_known":
        return sentence
    is_judged = (explanation.parts[dimension]["variation"] != "not_known").any()
    key = "say.within_range" if is_judged else "say.none_known"
    told = "" if alone else language.text(key, dimension=dimension_name(dimension, language))
    if own and not alone:
        listed = language.listed([language.name(*_where(segment)) for segment in own])
        told = language.text("say.parts_outside", segments=listed)
    unjudged = _unjudged(explanation, dimension, language) if is_judged else ""
    return " ".join(filter(None, [told, unjudged, sentence, mixed(explanation, language, dimension)]))


def mixed(explanation: Explanation, language: Language, *dimensions: str) -> str:
    """Say where at least half of an unusual change is that parts weigh more or less than before.

    Of the dimensions given, all without any, by that of which it is most; nothing where it is less.
    """
    if explanation.variation != "signal" or holds(explanation, language):
        return ""
    shares = {
        one: float(explanation.parts[one]["mix"].sum()) / explanation.change
        for one in dimensions or explanation.parts
        if explanation.kpi.denominator
    }
    most = max(shares, key=lambda one: shares[one], default="")
    if not most or shares[most] < _MOST:
        return ""
    now, before = (volume_shares(explanation, most, before=is_before) for is_before in (False, True))
    moved = int((now - before).abs().to_numpy().argmax())
    return language.text(
        "say.mixed",
        movement=_movement(explanation, language),
        dimensions=dimension_name(most, language, 2),
        segment=language.name(most, explanation.parts[most]["segment"][moved]),
        now=language.value(float(now[moved]), "share"),
        before=language.value(float(before[moved]), "share"),
        noun=volume.noun(explanation.kpi, language),
    )


def _unjudged(explanation: Explanation, dimension: str, language: Language) -> str:
    """Name the parts that bear on the change and are not judged: that says nothing good of them."""
    frame = explanation.parts[dimension]
    bears = frame["total"].abs() >= _FOLLOWS * abs(explanation.change)
    is_open = (frame["variation"] == "not_known") & (frame["segment"] != "")
    rows = frame[is_open & (bears | (frame["reason"] == "gap"))]
    names = [language.name(dimension, one) for one in rows["segment"]]
    return language.text("say.parts_unjudged", segments=_few(names, _TOLD_PARTS, language)) if names else ""


def _shared(one: Kpi, language: Language) -> str:
    """Name what a part has a share of: of what is a volume itself, that of the base."""
    if one.denominator:
        return volume.noun(one, language)
    noun = language.text("say.amounts") if one.unit == "euro" else volume.noun(one, language)
    return language.text("say.noun_before", noun=noun)


def witness(explanation: Explanation, other: Explanation, language: Language) -> str:
    """Say whether a KPI that would have moved too is behind the change."""
    # Both are shares of the same shipments, so a rise of the one is a fall of the other.
    part = -other.change / explanation.change if explanation.change else 0.0
    is_none = _part(-other.change, explanation, language) == _part(0.0, explanation, language)
    key = "not" if part < _WITNESS[0] or is_none else "is" if part > _WITNESS[1] else "part"
    key = "held" if key == "not" and holds(other, language) else key
    return language.text(
        f"say.witness_{key}",
        name=name(other.kpi, language),
        value=language.value(other.value_now, other.kpi.unit),
        before=language.value(other.value_base, other.kpi.unit),
        base=base(other, language),
        movement=_movement(explanation, language),
        part=_part(-other.change, explanation, language),
        size=language.size(explanation.change, explanation.kpi.unit),
    )


def closure(explanation: Explanation, dimension: str, language: Language) -> str:
    """Say that a dimension's parts add up to the change, as it is between the levels that are printed."""
    unit, levels = explanation.kpi.unit, (explanation.value_now, explanation.value_base)
    decimals, scale = finer(max(map(abs, levels)), unit), FORMS[unit].scale
    now, before = (rounded(level * scale, decimals) for level in levels)
    written = language.change((now - before) / scale, unit, decimals)
    if left := left_over(explanation, dimension):
        return language.text("say.leaves", change=written, residual=language.change(left, unit, 3))
    return f"{language.text('say.closes', change=written)} {language.text('say.rounding')}"


def quiet(explanations: Sequence[Explanation], chosen: Explanation, language: Language) -> tuple[str, str]:
    """Say that there is nothing to explain, and where the chosen KPI stands."""
    detail = language.text(
        "say.quiet_detail",
        name=name(chosen.kpi, language),
        value=language.value(chosen.value_now, chosen.kpi.unit),
        before=language.value(chosen.value_base, chosen.kpi.unit),
        base=base(chosen, language),
    )
    ends = chosen.judgement.lower, chosen.judgement.upper
    if all(map(pd.notna, ends)):
        range_ = language.interval(*ends, chosen.kpi.unit)
        detail = f"{detail} {language.text('say.quiet_range', range=range_)}"
    routine = all(item.variation == "routine" for item in explanations)
    settled = any(is_settled(item) for item in explanations)
    key = "say.quiet" if routine else "say.quiet_settled" if settled else "say.quiet_but"
    return language.text(key), detail


def story(explanation: Explanation, language: Language, cause: str = "") -> str:
    """Say whether a change is usual, and what is behind it: a cause, else the parts it comes from."""
    if cause:
        return f"{usual(explanation, language)} {cause}"
    where = outside(explanation, language)
    is_known = explanation.judgement.reason not in ("young", "gap", "missing")
    if not where and is_known and not pd.isna(explanation.change):
        where = evenness(explanation, language)
    return " ".join(filter(None, [usual(explanation, language), mixed(explanation, language), where]))


def expected_flags(judged: int, language: Language) -> str:
    """Write how many flags an unchanged world would show: at most FALSE_FLAG_SHARE of what is judged."""
    expected = judged * FALSE_FLAG_SHARE
    return language.decimal(expected, 2 if expected < 0.1 else 1)
