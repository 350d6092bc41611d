"""Sentences of one comparison: what they say agrees with what they print."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tallysheet import captions, say
from tallysheet.comparison import compare
from tallysheet.kpi import Kpi
from tallysheet.language import read_language
from tallysheet.marks import verdict_word
from tallysheet.values import series_of
from tallysheet.weeks import IsoWeek, weeks_between

ENGLISH, FRENCH = read_language("en"), read_language("fr")
ON_TIME = Kpi("otd", "shipments", "on_time_n", "due_n", "share", "up", "day", 0, ("carrier",), "by hand")
WEEKS = weeks_between(IsoWeek(2026, 1), IsoWeek(2026, 8))


def explained(last: int):
    """Two carriers of 10,000 shipments a week, 9,000 of them on time, in the last week as told."""
    rows = [
        (str(week), carrier, last if week == WEEKS[-1] else 9_000, 10_000)
        for week in WEEKS
        for carrier in ("A", "B")
    ]
    frame = pd.DataFrame(rows, columns=["week", "carrier", "on_time_n", "due_n"])
    return compare(series_of(frame, ON_TIME, WEEKS), WEEKS[-1], base="last-4", by=["carrier"])


@pytest.mark.parametrize(("now", "is_mix"), [((4_000, 16_000), True), ((10_000, 10_000), False)])
def test_a_change_that_is_a_shift_between_parts_is_called_one(now, is_mix):
    """A is on time in 90%, B in 80%: more of B makes a worse total though neither is worse; else both are."""
    weeks = weeks_between(IsoWeek(2026, 1), IsoWeek(2026, 20))
    rows = [
        (str(week), carrier, round(share * n * (1 if is_mix or week != weeks[-1] else 0.9)), n)
        for week in weeks
        for carrier, share, n in zip(
            "AB", (0.9, 0.8), now if week == weeks[-1] else (10_000, 10_000), strict=True
        )
    ]
    frame = pd.DataFrame(rows, columns=["week", "carrier", "on_time_n", "due_n"])
    explanation = compare(series_of(frame, ON_TIME, weeks), weeks[-1], base="last-4", by=["carrier"])
    told = [say.story(explanation, ENGLISH), say.parts(explanation, "carrier", ENGLISH)]

    shift = "Most of the fall is a shift between carriers: B is 80.0% of the shipments, 50.0% before."
    assert [shift in one for one in told] == [is_mix, is_mix]
    assert ["a shift between" in one for one in told] == [is_mix, is_mix]


@pytest.mark.parametrize(("last", "moved"), [(9_001, False), (9_000, False), (8_900, True)])
def test_what_is_printed_as_held_is_not_said_to_have_moved(last, moved):
    """One of 10,000 is no fall and no rise to a reader who sees 90.0% twice."""
    explanation = explained(last)

    assert ("held at 90.0%" in say.change(explanation, ENGLISH)) is not moved
    assert ("The fall is spread over the carriers" in say.story(explanation, ENGLISH)) is moved
    assert ("spread over" in say.story(explanation, ENGLISH)) is moved


def test_a_change_that_is_printed_as_none_is_no_rise():
    """From 90.04% to 90.07% the value turns from 90.0% to 90.1%, and the change is 0.0 points."""
    explanation = replace(explained(9_000), value_base=0.9004, value_now=0.9007)

    assert "held at 90.1%, hardly changed from 90.0% in" in say.change(explanation, ENGLISH)


def test_a_change_of_nothing_per_hundred_is_no_rise():
    """The hundred of its unit is no digit of the change: 1.4 per 100 after 1.3, and 0.0 more."""
    rate = replace(explained(9_000), kpi=replace(ON_TIME, unit="rate"), value_base=0.01346, value_now=0.01352)
    young = replace(rate, judgement=replace(rate.judgement, variation="not_known", reason="young"))

    told = [say.change(one, ENGLISH).replace("\u00a0", " ") for one in (young, rate)]
    assert "1.4 per 100 so far, hardly changed from 1.3 per 100" in told[0]
    assert "held at 1.4 per 100, hardly changed from 1.3 per 100" in told[1]
    assert "presque sans changement au même âge" in say.change(young, FRENCH)


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (
            8_900,
            "89.0% so far, 1.0 points less than 90.0% in the four weeks before at the same age.",
        ),
        (
            9_100,
            "91.0% so far, 1.0 points more than 90.0% in the four weeks before at the same age.",
        ),
        (9_000, "90.0% so far, as in the four weeks before at the same age."),
    ],
)
def test_a_value_that_still_grows_is_said_to_be_so_far(last, told):
    """Its chart shows what grew to several times as much: it is held against values of the same age."""
    item = explained(last)
    young = replace(item, judgement=replace(item.judgement, variation="not_known", reason="young"))

    assert say.change(young, ENGLISH).replace("\u00a0", " ") == f"On-time delivery: {told}"
    assert "à ce stade" in say.change(young, FRENCH) and "au même âge" in say.change(young, FRENCH)


def part(contribution: float, change: float, value_now: float = 0.8):
    """Tell what a part of so much is of a change of so much."""
    explanation = replace(explained(9_000), value_now=value_now, value_base=value_now - change)
    return say._part_of({"depot": "none"}, contribution, explanation, ENGLISH).replace("\u00a0", " ")


def test_a_part_is_told_beside_the_whole():
    """As large as it, larger, or against it: no reader sees +1.6, while the total changed by +1.6."""
    assert part(0.005, 0.011) == "0.5 of the 1.1 points"
    assert part(0.0003, 0.0011) == "next to nothing of the 0.1 points"
    assert part(0.0157, 0.0156) == "all of the 1.6 points"
    assert part(-0.024, -0.016) == "−2.4 pp, more than the total's 1.6 points"
    assert part(0.004, -0.016) == "+0.4 pp, while the total changed by −1.6 pp"
    # Printed alike, they are not: the larger half, and a smaller one.
    assert part(0.0008, 0.0014) == "most of the 0.1 points"
    assert part(0.0006, 0.0014) == "part of the 0.1 points"
    assert part(0.004, 0.0) == "+0.4 pp, while the total changed by 0.0 pp"
    assert part(0.0, 0.0) == part(-0.0001, 0.016) == "next to nothing"


def test_a_part_of_a_sum_has_the_share_that_it_had_in_the_base():
    """Its change is held against what it was; of a ratio it is the share of the week's own volume."""
    share = explained(8_900)
    sizes = {"value_base": 9_000.0, "value_now": 8_900.0}
    total = replace(share, kpi=replace(ON_TIME, denominator=None, unit="count"), **sizes)

    assert "50.0% of the shipments before:" in say.parts(total, "carrier", ENGLISH)
    euros = replace(share, kpi=replace(ON_TIME, denominator=None, unit="euro"), **sizes)
    assert "50.0% of the amounts before:" in say.parts(euros, "carrier", ENGLISH)
    assert "50.0% of the shipments:" in say.parts(share, "carrier", ENGLISH)


def test_a_sum_is_held_against_an_average_week():
    """No reader takes 16,136 for what four weeks had together."""
    count = replace(explained(9_000), kpi=replace(ON_TIME, denominator=None, unit="count"))
    fall = replace(count, value_now=15_356.0, value_base=16_136.0)

    assert say.change(fall, ENGLISH).endswith("from 16,136 in an average week of the four weeks before.")
    assert say.change(fall, FRENCH).endswith("(moyenne des quatre semaines précédentes).")
    one = replace(fall, base="previous", base_weeks=fall.base_weeks[-1:])
    assert say.change(one, ENGLISH).endswith("from 16,136 in the week before.")


def test_the_parts_of_a_chart_add_up_to_what_lies_between_its_levels():
    """From 94.05% to 93.32% are 0.73 points, though unrounded they are 0.74."""
    item = replace(explained(9_000), value_base=0.94054, value_now=0.93316)
    euros = replace(
        item, kpi=replace(ON_TIME, unit="euro", denominator=None), value_base=100.0, value_now=12_331.23
    )

    assert "the change of −0.73\N{NO-BREAK SPACE}pp;" in closed(item)
    assert "the change of +€12,231;" in closed(euros)
    half_a_cent = replace(euros, value_base=279.225, value_now=376.49)  # printed as €279.22
    assert "the change of +€97.27;" in closed(half_a_cent)


def closed(item):
    """Say of parts that add up that they do."""
    parts = {"carrier": pd.DataFrame({"total": [item.change / 4, item.change * 3 / 4]})}
    return say.closure(replace(item, parts=parts), "carrier", ENGLISH)


def test_what_parts_leave_over_is_told_of_their_own_dimension():
    """By lane a hundredth is left over, by carrier six; each chart printed the six."""
    item = replace(explained(9_000), value_base=0.90, value_now=0.80)
    frames = {"carrier": [-0.04], "lane": [-0.05, -0.04]}
    item = replace(item, parts={name: pd.DataFrame({"total": one}) for name, one in frames.items()})

    assert "but for −1.000\N{NO-BREAK SPACE}pp that is left over" in say.closure(item, "lane", ENGLISH)
    assert "but for −6.000\N{NO-BREAK SPACE}pp that is left over" in say.closure(item, "carrier", ENGLISH)


def test_a_title_says_how_many_parts_it_does_not_name():
    """Of one too many it names that."""
    assert say._few(["A", "B", "C"], 2, ENGLISH) == "A, B and C"
    assert say._few(["A", "B", "C", "D"], 2, ENGLISH) == "A, B and 2 others"


def test_a_part_of_which_less_is_known_is_named_beside_those_inside():
    """That every part that can be judged is inside says nothing of the one that cannot."""
    item = explained(8_900)
    states = {"reason": ["inside", "gap"], "variation": ["routine", "not_known"]}
    frame = item.parts["carrier"].assign(**states)
    judged = replace(item.judgement, variation="routine")
    told = say.parts(replace(item, judgement=judged, parts={"carrier": frame}), "carrier", ENGLISH)

    assert told.startswith(
        "Each carrier that can be judged is inside its own range. Among those not judged, for want of"
    )
    nameless = {"carrier": frame.assign(segment=["A", ""])}
    told_of_none = say.parts(replace(item, judgement=judged, parts=nameless), "carrier", ENGLISH)
    assert "not judged" not in told_of_none
    assert f"data or cases: {frame['segment'].iloc[1]}. " in told


def test_a_french_contribution_agrees_with_its_noun():
    """« contribution presque rien »; every sentence that tells a part of the change has the noun."""
    nothing = replace(explained(9_000), value_now=0.8, value_base=0.8 - 0.0011)
    told = [text for text in FRENCH.words["say"].values() if isinstance(text, str) and "{part_of}" in text]

    assert say._part_of({"carrier": "C"}, 0.0003, nothing, FRENCH).startswith("presque nulle sur 0,1")
    assert len(told) == 9
    assert all("contribution {part_of}" in text for text in told)


@pytest.mark.parametrize("code", ["en", "fr"])
def test_sentences_about_a_part_fit_one_and_many(code):
    """A part's name may be a plural, such as returns: no verb and no pronoun agrees with it."""
    words = read_language(code)
    for key in ("part_below", "part_above", "largest_outside", "parts_outside", "too_outside", "follow"):
        told = str(words.words["say"][key])
        assert not {"is", "are", "its", "their", "follows", "sa", "leur"} & set(
            told.replace(",", " ").split()
        )


def test_a_witness_whose_part_is_printed_as_none_is_not_behind_the_change():
    """No reader sees that 0.0 of the 0.2 points come from it."""
    fall = replace(explained(9_000), value_now=0.9550, value_base=0.9571)
    rise = replace(explained(9_000), value_now=0.00274, value_base=0.00242)

    assert say.witness(fall, rise, ENGLISH) == "On-time delivery held at 0.3%; it does not explain the fall."


def test_of_no_change_no_part_is_the_largest():
    """A part of nothing is nothing, whatever it is of what is not printed."""
    held = explained(9_000)

    assert "largest part" not in say.parts(held, "carrier", ENGLISH)
    assert "largest part" in say.parts(explained(8_000), "carrier", ENGLISH)


@pytest.mark.parametrize(("upper", "told"), [(0.9004, "90.0%, just above"), (0.85, "90.0%, above")])
def test_a_part_at_its_limit_is_just_outside(upper, told):
    """No reader sees 90.0% above a range that ends at 90.0%."""
    item = explained(9_000)
    limits = {"lower": 0.8, "upper": upper, "value_now": 0.90049}
    frame = item.parts["carrier"].assign(**limits)
    outside = (SimpleNamespace(where={"carrier": "A"}, contribution=0.0),)

    assert f"A: {told}" in say.outside(replace(item, outside=outside, parts={"carrier": frame}), ENGLISH)


def test_a_run_names_no_centre():
    """No reader sees a week at 2.3 below a centre of 2.3."""
    item = explained(9_000)
    judgement = SimpleNamespace(variation="signal", reason="run_above", lower=0.8, centre=0.85, upper=0.95)

    told = say.usual(replace(item, value_now=0.9, judgement=judgement), ENGLISH)
    assert told.endswith("the eighth week in a row above its centre.")


@pytest.mark.parametrize(
    ("sigma_z", "widening", "told"),
    [
        (
            6.1,
            1.16,
            "Weeks differ 6.1 times as much as by chance alone (overdispersion). As far as a week resembles",
        ),
        (1.04, 1.0, "Weeks differ no more than by chance alone. A week hardly resembles the one before"),
    ],
)
def test_how_a_usual_range_was_made_is_said_in_plain_words(sigma_z, widening, told):
    """What scatters as by chance is not said to differ 1.0 times as much."""
    item = explained(9_000)
    limits = replace(item.judgement.limits, sigma_z=sigma_z)
    judged = replace(item.judgement, variation="routine", limits=limits, widening=widening)

    assert told in captions.limits(replace(item, judgement=judged), ENGLISH)
    assert "p′ chart" in captions.limits(replace(item, judgement=judged), ENGLISH)
    rate = replace(item, judgement=judged, kpi=replace(ON_TIME, unit="rate"))
    assert "u′ chart" in captions.limits(rate, ENGLISH)


def test_a_range_is_said_to_be_of_the_weeks_before_the_week_that_is_drawn():
    """Where a young week is not judged the chart shows an older one, and so does what stands under it."""
    item = explained(9_000)
    judged = replace(item, judgement=replace(item.judgement, variation="routine"))

    assert f"weeks before {WEEKS[-1]}, which is not among them" in captions.limits(judged, ENGLISH)


def test_a_band_is_named_where_one_is_drawn():
    """Of a KPI that is not judged there is none."""
    drawn = explained(9_000).history.assign(lower=0.8)

    assert "Grey band" in captions.banded("By week.", drawn, ENGLISH)
    assert captions.banded("By week.", drawn.assign(lower=np.nan), ENGLISH) == "By week."


def test_where_no_part_can_be_judged_none_is_called_inside():
    """Each of those that can be judged is inside only if there are any."""
    item = explained(8_000)
    judged = replace(item, judgement=replace(item.judgement, variation="signal"), outside=())
    parts = item.parts["carrier"].assign(variation="not_known")

    told = say.parts(replace(judged, parts={"carrier": parts}), "carrier", ENGLISH)
    assert told.startswith("Of no carrier is it known what is usual. The largest part")


def test_a_base_with_a_gap_is_named_by_its_weeks():
    """Where the last week is not complete, three weeks are not the three weeks before."""
    item = explained(8_900)
    apart = replace(item, base_weeks=item.base_weeks[:3])

    assert say.base(item, ENGLISH) == "the four weeks before"
    assert say.base(apart, ENGLISH) == "weeks 4, 5 and 6"
    assert say.base(apart, FRENCH) == "semaines 4, 5 et 6"
    assert say.base(apart, ENGLISH, short=True) == "three weeks"


@pytest.mark.parametrize(
    ("variation", "reason", "word"),
    [
        ("not_known", "young", "not_known"),
        ("not_known", "few_weeks", "not_known"),
        ("not_known", "gap", "not_known"),
        ("not_known", "small", "too_few"),
        ("not_known", "collapsed", "too_few"),
        ("not_known", "nothing", "too_few"),
        ("routine", "inside", "routine"),
        ("signal", "run_above", "better"),
        ("signal", "below", "worse"),
    ],
)
def test_yet_is_only_said_of_what_will_be_known(variation, reason, word):
    """Two cases a week stay two: whoever waits for more to be known of them waits in vain."""
    assert verdict_word(variation, reason, "up") == word
