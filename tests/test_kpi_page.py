"""The pages of families and the glossary: whole, small, and true to the week."""

from __future__ import annotations

import math
import re
from html import escape

import pandas as pd
import pytest

import tallysheet as ts
from tallysheet.by_value import latest_judged, told_weeks
from tallysheet.errors import UsageError
from tallysheet.kpi_page import _weeks_table, dictionary, glossary_words, sentence
from tallysheet.kpis import FAMILIES, KPIS, family_kpis, kpi
from tallysheet.language import read_language
from tallysheet.publish.checks import check_page
from tallysheet.review import Review
from tallysheet.settings import Rules
from tallysheet.weeks import IsoWeek

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def week(sample_of_size_s):
    return ts.open_week(data=sample_of_size_s, base="last-4")


def as_page(html: str) -> str:
    return f"<html lang='en'><h1>Week</h1>{html}</html>"


@pytest.mark.parametrize(
    ("slug", "head", "cells"),
    [
        ("otd", "Usual range <small>%</small>", ["94.1%", "90.7 to 98.2"]),
        ("transit_days", "Usual range <small>days</small>", ["94.1 days", "90.7 to 98.2"]),
        ("shipments", "Usual range</th>", ["94", "91 to 98"]),
    ],
)
def test_a_range_has_its_unit_at_the_head_of_its_column(slug, head, cells):
    """A value had one and the range beside it none; in each cell it would be too many bytes."""
    scale = 100 if kpi(slug).unit == "share" else 1
    weeks = pd.DataFrame([{"week": "2026-W10", "value": 94.1, "lower": 90.7, "upper": 98.2}])
    weeks[["value", "lower", "upper"]] /= scale
    table = _weeks_table(weeks, kpi(slug), read_language("en")).html

    assert head in table
    assert re.findall(r"<td>(.*?)</td>", table.replace("\u00a0", " ")) == cells


def test_families_hold_every_kpi_once():
    """No KPI is without a page, and none has two."""
    slugs = [one.slug for kpis in FAMILIES.values() for one in kpis]

    assert slugs == list(KPIS)
    assert len(set(slugs)) == len(slugs)


@pytest.mark.slow
def test_a_kpi_without_a_value_has_no_change_to_split(week):
    """It says so, and the page goes on."""
    without = [slug for slug, one in week.explanations.items() if math.isnan(one.change)]

    assert without
    for slug in without:
        assert "there is no change to split" in week.parts(slug).html


def test_weeks_seen_at_one_age_are_said_to_be(week):
    """On Monday morning nothing of them is lost yet: a row of zeros must not seem to be final."""
    known = "All weeks as they were known the day after their end"

    assert known in week.card("otd").html
    assert known not in week.card("claim_backlog").html  # a state does not grow


def test_an_unknown_family_is_refused_with_the_nearest(week):
    """A typo in the scheduler's list is told, not guessed."""
    with pytest.raises(UsageError, match="Did you mean 'delivery'"):
        week.family("delivry")
    with pytest.raises(UsageError, match="Did you mean 'delivery'"):
        family_kpis("delivry")


def test_a_familys_page_asks_for_no_other_kpi(sample_of_size_s, monkeypatch):
    """Else each of seven pages waits until all are looked for."""
    asked, has = set(), Review.has
    monkeypatch.setattr(Review, "has", lambda review, slug: asked.add(slug) or has(review, slug))
    ts.open_week(data=sample_of_size_s, base="last-4").family("claims")

    assert asked == {one.slug for one in FAMILIES["claims"]}


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_has_a_section_a_kpi_and_is_small(week, family):
    """Every KPI, routine ones too, with its control chart; the whole page stays under 250 KB."""
    html = week.family(family).html
    shown = [one.slug for one in FAMILIES[family] if one.slug in week.available]

    assert re.findall(r'<section id="(\w+)"', html) == shown
    assert re.findall(r'<li><a href="#(\w+)"', html) == shown
    assert html.count('class="chart wide"') == len(shown)
    assert len(html.encode()) < 235_000
    check_page(family, as_page(html))


def test_a_routine_kpi_is_told_in_one_line(week):
    """Value and range, nothing else."""
    item = next(one for one in week.explanations.values() if one.variation == "routine" and not one.outside)

    assert sentence(item, week.language) == (
        f"{week.language.text(f'kpi.{item.kpi.slug}.name')}: "
        f"{week.language.value(item.value_now, item.kpi.unit)}, within its usual range of "
        f"{week.language.interval(item.judgement.lower, item.judgement.upper, item.kpi.unit)}."
    )


@pytest.mark.slow
def test_of_a_week_that_is_too_young_the_latest_judged_is_drawn(week):
    """The reader is told which week the pictures are about."""
    html = week.family("reverse").html
    judged = str(week.review.judged_week("return_rate"))

    assert judged < str(week.week)
    assert f"The charts show {judged}" in html


@pytest.mark.parametrize(
    ("slug", "drawn"), [("trade_in_drop_off", "2025-W52"), ("claim_filing_rate", "2026-W39")]
)
def test_a_week_of_which_enough_was_known_at_first_or_is_by_now_is_drawn(week, slug, drawn):
    """Few devices are dropped off by the Monday after Christmas; claims of September may yet be filed."""
    then, told = week.review.unjudged(slug), latest_judged(week.review, slug, week.explanations[slug])

    assert drawn < str(week.review.judged_week(slug)) < str(week.week)
    assert (IsoWeek.parse(drawn) in then) == (slug == "trade_in_drop_off")
    assert IsoWeek.parse(drawn) in told_weeks(week.review, slug)[1]
    assert drawn in set(told.history["week"])


@pytest.mark.parametrize("code", ["en", "fr"])
def test_the_glossary_holds_every_mark_word_and_kpi(code):
    """All 58 KPIs and their dates, all chips that a page can show."""
    language = read_language(code)
    html = glossary_words(language).html + dictionary(Rules(), language).html

    for slug in KPIS:
        assert f"<dt>{escape(language.text(f'kpi.{slug}.name'))}</dt>" in html
    for mark in language.words["glossary"]["mark_means"]:
        assert f'class="chip {mark}"' in html
    for group in ("word_means", "cause_means"):
        assert html.count("<dd>") >= len(language.words["glossary"][group])
    check_page("glossary", as_page(html))


@pytest.mark.parametrize("code", ["en", "fr"])
def test_every_word_of_the_glossary_stands_in_it(code):
    """What is written in words/ is shown: no meaning is forgotten in code."""
    language = read_language(code)
    html = glossary_words(language).html

    for group in ("mark_means", "word_means", "word_name", "cause_means"):
        for text in language.words["glossary"][group].values():
            assert escape(text) in html
