"""The pages behind the review: every KPI of a family, routine ones too, and the glossary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
import pandas as pd

from tallysheet import captions, curves, fine_print, funnel, say, small_multiples
from tallysheet.by_age import Completeness, Lasting, Spread, completeness_of, lasting_of
from tallysheet.by_value import LIMITS, Funnel, Lines, funnel_of, latest_judged, lines_of
from tallysheet.charts import figure
from tallysheet.comparison import Explanation
from tallysheet.kpi import Kpi
from tallysheet.kpis import FAMILIES
from tallysheet.language import FORMS, Language
from tallysheet.marks import verdict_words
from tallysheet.page import weeks_chart
from tallysheet.review import Review
from tallysheet.seasons import COUNTRIES
from tallysheet.settings import Rules
from tallysheet.tables import Html, chip, chips, details, paragraph, section
from tallysheet.tables import definitions as terms

_HOW = ("lines", "funnel", "survival", "completeness")
_WIDER = 1.05
_CARD_VALUES = 30
_PICTURES = 2
_MARKS = (
    *("better", "worse", "changed", "parts_outside", "routine", "too_few", "not_known"),
    *("pass", "fail", "met_now", "missed_now", "hit_or_miss", "none"),
)
_WORDS = (
    *(
        "signal",
        "usual_range",
        "expected_by_chance",
        "points",
        "mix_rate",
        "pooled",
        "compared_with",
        "as_of",
    ),
    *("still_counting", "final", "enough_known", "median", "nine_of_ten", "beyond_rest", "interval"),
    *("known", "likely", "open"),
    *("quarantined", "overdispersion", "target_line"),
)
_CAUSES = (
    *("REAL", "MIX", "CALENDAR", "PRICE", "OVERBILLING", "DEFINITION", "CLASSIFICATION", "ARTEFACT", "DATA"),
    *("IMMATURE", "NOISE"),
)


def family(review: Review, explanations: Sequence[Explanation], language: Language) -> Html:
    """Show all there is of some KPIs: a list with how each is, how to read the pictures, a section each."""
    if not explanations:
        return paragraph(language.text("kpi_page.none"))
    listed = "".join(_entry(item, language) for item in explanations)
    how = [paragraph(language.text(f"kpi_page.how_{name}")) for name in _HOW]
    return Html.join(
        Html(f'<ul class="gallery contents">{listed}</ul>'),
        details(language.text("kpi_page.how"), *how),
        *(kpi_section(review, one, language) for one in explanations),
    )


def _entry(item: Explanation, language: Language) -> str:
    name, value = say.name(item.kpi, language), language.value(item.value_now, item.kpi.unit)
    if item.judgement.reason == "young" and not pd.isna(item.value_now):
        value = language.text("chart.six_twelve.so_far", value=value)
    return (
        f'<li><a href="#{escape(item.kpi.slug)}">{escape(name)}</a> <b>{escape(value)}</b>'
        f"{chips(verdict_words(item), language, rising=item.change > 0).html}</li>"
    )


def kpi_section(review: Review, explanation: Explanation, language: Language) -> Html:
    """Show all there is of one KPI: is it usual, value by value, over time and age, and what it counts.

    Of a week that is not judged the pictures tell of the latest that is.
    """
    one, slug = explanation.kpi, explanation.kpi.slug
    pieces = [
        *(lines_figure(lines_of(review, slug, by), one, language) for by in _dimensions(review, one)),
        funnel_figure(funnel_of(review, slug), one, language),
        _lasting(lasting_of(review, slug), one, language),
        _completeness(completeness_of(review, slug), one, language),
    ]
    pictures = "".join(piece.html for piece in pieces if isinstance(piece, Html))
    notes = " ".join(piece for piece in pieces if isinstance(piece, str))
    return section(
        say.name(one, language),
        *judged(review, explanation, language),
        *([Html(f'<div class="gallery">{pictures}</div>')] if pictures else []),
        *([paragraph(notes, note=True)] if notes else []),
        details(language.text("kpi_page.definition"), definitions([one], language)),
        name=slug,
        level=3,
    )


def judged(review: Review, explanation: Explanation, language: Language) -> list[Html]:
    """Say whether a KPI is usual, and draw its weeks; of a week that is not judged, the latest that is."""
    told = latest_judged(review, explanation.kpi.slug, explanation)
    return [
        chips(verdict_words(explanation), language, rising=explanation.change > 0),
        paragraph(sentence(explanation, language)),
        *([] if told is explanation else [paragraph(_told(told, language), note=True)]),
        weeks_drawn(told, language),
    ]


def _told(told: Explanation, language: Language) -> str:
    """Say of which week the pictures tell, and what is known of it."""
    return language.text(
        "kpi_page.told", week=language.week_code(told.week), sentence=sentence(told, language)
    )


def sentence(explanation: Explanation, language: Language) -> str:
    """Say a routine KPI in one line; of any other what changed, whether it is usual, and where."""
    judgement, unit = explanation.judgement, explanation.kpi.unit
    if explanation.variation == "routine" and not explanation.outside:
        return language.text(
            "kpi_page.routine",
            name=say.name(explanation.kpi, language),
            value=language.value(explanation.value_now, unit),
            range=language.interval(judgement.lower, judgement.upper, unit),
        )
    return f"{say.change(explanation, language)} {say.story(explanation, language)}"


def weeks_drawn(explanation: Explanation, language: Language, *, half: bool = False) -> Html:
    """Show the weeks in their usual range; the data behind is folded away. ``half``: of half the width."""
    rows = explanation.history.tail(53)
    return figure(
        weeks_chart(explanation, language, half=half),
        say.finding(explanation, language),
        captions.banded(
            language.text("kpi_page.subtitle", week=language.week_code(str(rows["week"].iloc[0]))),
            rows,
            language,
        ),
        captions.limits(explanation, language),
        _weeks_table(rows, explanation.kpi, language),
        language=language,
        level=4,
    )


def _weeks_table(rows: pd.DataFrame, one: Kpi, language: Language) -> Html:
    """Lay the weeks out in as few bytes as can be: a page holds a dozen such tables."""
    body = "".join(
        f'<tr><th scope="row">{language.week_code(row["week"])}</th>'
        f"<td>{escape(language.value(row['value'], one.unit))}</td>"
        f"<td>{_range(row['lower'], row['upper'], one.unit, language)}</td></tr>"
        for row in rows.to_dict("records")
    )
    caption = language.text("kpi_page.data", name=say.name(one, language))
    heads = (language.text("card.week"), language.text("kpi_page.value"), language.text("scorecard.range"))
    *others, usual = (f'<th scope="col">{escape(text)}' for text in heads)
    unit = f" <small>{escape(written)}</small>" if (written := language.unit(one.unit)) else ""
    head = "</th>".join([*others, f"{usual}{unit}</th>"])
    return Html(
        f'<div class="scroll"><table class="weeks"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _range(lower: float, upper: float, unit: str, language: Language) -> str:
    """Write a range without its unit, which stands at the head of its column."""
    if np.isnan([lower, upper]).any():
        return "–"
    form = FORMS[unit]
    ends = [language.decimal(end * form.scale, form.decimals) for end in (lower, upper)]
    return escape(language.text("number.range", lower=ends[0], upper=ends[1]))


def _dimensions(review: Review, one: Kpi) -> list[str]:
    """Give two: the carrier and the country, as far as the KPI has them, else the first of its cards."""
    series = review.series(one.slug, review.age(one.slug))
    countries = [name for name in COUNTRIES if name in one.dimensions][:1]
    wanted = ["carrier", *countries, *review.dimensions(one.slug, _CARD_VALUES)]
    own = [name for name in dict.fromkeys(wanted) if name in one.dimensions and series.size(name) > 1]
    return own[:_PICTURES]


def lines_figure(lines: Lines | None, one: Kpi, language: Language) -> Html | str | None:
    """Draw a line a value; where none can be judged, say so."""
    if lines is None or len(lines.values) < 2:
        return None
    text = language.text
    title = text(
        "multiples.title",
        dimension=say.dimension_name(lines.dimension, language),
        finding=small_multiples.finding(lines, language),
    )
    if (lines.variation == "not_known").all():
        return text("multiples.sentence", title=title)
    chart = small_multiples.small_multiples(
        lines, unit=one.unit, direction=one.direction, language=language, name=say.name(one, language)
    )
    return figure(
        chart,
        title,
        text(
            "multiples.subtitle",
            weeks=len(lines.weeks),
            week=language.week_code(lines.weeks[-1]),
            scale=small_multiples.scale(lines, one.unit, language),
        ),
        text("multiples.left_out", n=lines.left_out) if lines.left_out else "",
        language=language,
        level=4,
    )


def funnel_figure(found: Funnel | None, one: Kpi, language: Language, level: int = 4) -> Html | None:
    """Draw a KPI's many small values against their total; None where there is no funnel."""
    if found is None:
        return None
    text, judged = language.text, len(found.points)
    widening = found.factor**0.5
    caption = text(
        "funnel.caption",
        widened=text("funnel.widened", times=language.decimal(widening, 1))
        if widening >= _WIDER
        else text("funnel.not_widened"),
        expected=language.decimal(judged * (1 - LIMITS[1]), 2),
        judged=judged,
    )
    left = [text("funnel.too_few", n=found.too_few)] if found.too_few else []
    return figure(
        funnel.funnel_plot(found, one, language=language, name=say.name(one, language)),
        text(
            "funnel.title",
            dimension=say.dimension_name(found.dimension, language),
            finding=funnel.finding(found, language),
        ),
        text(
            "funnel.subtitle",
            first=language.week_code(found.weeks[0]),
            last=language.week_code(found.weeks[-1]),
            all=language.value(found.centre, one.unit),
        ),
        " ".join([caption, *left]),
        language=language,
        level=level,
    )


def _lasting(found: Lasting | None, one: Kpi, language: Language) -> Html | None:
    if found is None:
        return None
    subtitle = "survival.subtitle_within" if found.horizon else "survival.subtitle"
    return figure(
        curves.survival_curve(found, one, language=language, name=say.name(one, language)),
        curves.survival_finding(found, one, language),
        language.text(
            subtitle, first=language.week_code(found.weeks[0]), last=language.week_code(found.weeks[-1])
        ),
        curves.open_items(found, one, language),
        language=language,
        level=4,
    )


def spread_figure(found: Spread | None, item: Explanation, language: Language) -> Html | None:
    """Draw how long items lasted in the week, over its base; None of what is no duration, or not known."""
    if found is None:
        return None
    chart = curves.spread_chart(
        found,
        item.kpi,
        week=language.week_code(item.week),
        base=say.base(item, language),
        language=language,
        name=say.name(item.kpi, language),
    )
    finding = curves.spread_finding(found, item.kpi, language)
    subtitle = language.text("spread.subtitle")
    counted = language.text("spread.counted", n=found.n)
    return figure(chart, finding, subtitle, counted, language=language, level=4)


def _completeness(found: Completeness | None, one: Kpi, language: Language) -> Html | str | None:
    """Draw how a KPI ripens; of one that is all known at once a line says so."""
    if found is None:
        return None
    if found.is_known_at_once:
        return language.text("completeness.all_known")
    return figure(
        curves.completeness_curve(found, language=language, name=say.name(one, language)),
        curves.completeness_finding(found, language),
        language.text("completeness.subtitle"),
        language.text("completeness.caption", n=found.weeks),
        language=language,
        level=4,
    )


def definitions(kpis: Iterable[Kpi], language: Language) -> Html:
    """Say what KPIs count, in which week, which way is good, when they are final, and who says so."""
    listed = list(kpis)
    weeks = {
        one.slug: language.text("kpi_page.week_of", cohort=language.text(f"cohort.{one.cohort}"))
        for one in listed
    }
    return fine_print.kpi_definitions(listed, language, weeks)


def glossary_words(language: Language) -> Html:
    """Say what every mark and word on the pages means, and the kinds of causes."""
    text = language.text
    marks = "".join(
        f"<dt>{chip(mark, language).html}</dt><dd>{escape(text(f'glossary.mark_means.{mark}'))}</dd>"
        for mark in _MARKS
    )
    words = [(text(f"glossary.word_name.{word}"), text(f"glossary.word_means.{word}")) for word in _WORDS]
    causes = [(text(f"sheet.code.{code}"), text(f"glossary.cause_means.{code}")) for code in _CAUSES]
    return Html.join(
        section(text("glossary.marks"), Html(f"<dl>{marks}</dl>"), name="marks", level=3),
        section(text("glossary.words"), terms(words), name="words", level=3),
        section(text("glossary.causes"), terms(causes), name="cause-kinds", level=3),
    )


def dictionary(chosen: Rules, language: Language) -> Html:
    """Say what every KPI of the dictionary counts, family by family, and by which rules."""
    families = [
        section(language.text(f"report.kpis_{family}"), definitions(kpis, language), name=family, level=3)
        for family, kpis in FAMILIES.items()
    ]
    return Html.join(*families, fine_print.rules(chosen, language))
