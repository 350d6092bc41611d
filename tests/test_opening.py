"""The first screen and the cards: what stands out, how much more there is, what is known, likely and open."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tallysheet import bearing, causes, opening, page, say, scorecard
from tallysheet.comparison import compare
from tallysheet.evidence import entries_of
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.language import may_see, read_language
from tallysheet.marks import target_word
from tallysheet.publish import week_tables
from tallysheet.values import series_of
from tallysheet.verdict import COLUMNS, as_frame
from tallysheet.weeks import IsoWeek, weeks_between

ENGLISH, FRENCH = read_language("en"), read_language("fr")
WEEKS = weeks_between(IsoWeek(2026, 1), IsoWeek(2026, 20))
SLUGS = (
    "otd",
    "carrier_otd",
    "perfect_order",
    "first_attempt_success",
    "scan_compliance",
    "pick_accuracy",
    "csat",
)


def explained(last: dict[str, int], slug: str = "otd"):
    """Carriers A and B, 10,000 shipments a week each and about 9,000 on time, but for the last week."""
    kpi = Kpi(slug, "shipments", "on_time_n", "due_n", "share", "up", "day", 0, ("carrier",), "by hand")
    rows = [
        (str(week), carrier, last[carrier] if week == WEEKS[-1] else 9_000 + 20 * (place % 3 - 1), 10_000)
        for place, week in enumerate(WEEKS)
        for carrier in ("A", "B")
    ]
    frame = pd.DataFrame(rows, columns=["week", "carrier", "on_time_n", "due_n"])
    return compare(series_of(frame, kpi, WEEKS), WEEKS[-1], base="last-4", by=["carrier"])


def frame_of(verdicts):
    rows = [dict.fromkeys(COLUMNS, "") | {"perhaps": [], "chance": 0.001, "p": 0.0} | one for one in verdicts]
    return pd.DataFrame(rows, columns=list(COLUMNS)) if rows else as_frame(())


def told_of(*explanations, verdicts=(), continuing=()):
    by_slug = {one.kpi.slug: one for one in explanations}
    return opening.Told(by_slug, explanations[0], frame_of(verdicts), frame_of(continuing))


@pytest.mark.parametrize(
    ("count", "left"), [(4, ""), (5, ""), (6, "1 more KPI stands"), (7, "2 more KPIs stand")]
)
def test_what_the_first_screen_leaves_out_is_counted(count, left):
    """Five lines at most; of more it says how many there are and leads to the table of all."""
    told = told_of(*(explained({"A": 8_000, "B": 8_000}, slug) for slug in SLUGS[:count]))
    html = opening.opening(told, ENGLISH).html

    assert html.count("<li>") == min(count, 5)
    assert opening.more(told, ENGLISH).startswith(left)
    assert ('<a href="#scorecard">' in html) is bool(left)
    assert len(opening.exceptional(told)) == count


def test_what_a_line_names_beside_its_own_is_not_counted_as_left_out():
    """The cause of the first line touches the sixth KPI, which it says."""
    items = [explained({"A": 8_000, "B": 8_000}, slug) for slug in SLUGS[:6]]
    told = told_of(*items, verdicts=[CAUSE, CAUSE | {"kpi": SLUGS[5]}])

    assert opening.exceptional(told)[5:] == [SLUGS[5]]
    assert opening.more(told, ENGLISH) == ""


def lasting(weeks: int, slug: str = "otd"):
    """Put as many weeks up to the judged one far above the usual range."""
    found = explained({"A": 9_900, "B": 9_900}, slug)
    history = found.history.copy()
    history.iloc[-weeks:, history.columns.get_loc("value")] = 0.99
    return replace(found, history=history)


def test_what_left_its_range_long_ago_leads_no_page():
    """Nine weeks above are no news, eight are; the count names the one that is none."""
    news, settled = told_of(lasting(8)), told_of(lasting(9), explained({"A": 9_000, "B": 9_000}, "csat"))

    assert opening.exceptional(news) == ["otd"]
    assert opening.exceptional(settled) == []
    assert "weeks already: On-time delivery." in opening.count_line(settled, ENGLISH)
    assert "already" not in opening.count_line(news, ENGLISH)
    assert opening.first_sentences(settled, ENGLISH)[0].startswith("Nothing new to explain")
    assert "depuis plus de 8 semaines" in opening.count_line(settled, FRENCH)


@pytest.mark.parametrize(("judged", "told"), [(1, "The one part judged is"), (2, "Of 2 parts judged, none")])
def test_a_part_that_is_judged_alone_is_not_counted(monkeypatch, judged, told):
    """Of 1 parts, nobody says."""
    monkeypatch.setattr(opening.telling, "judged_parts", lambda _: judged)
    line = opening.count_line(told_of(explained({"A": 9_000, "B": 9_000})), ENGLISH)

    assert told in line


def test_what_is_worse_leads_before_what_is_better_and_what_is_hardly_news():
    """Outside the range on the bad side, then on the good one, then eight weeks on one side of the centre."""
    better = explained({"A": 9_900, "B": 9_900}, "otd")
    worse = explained({"A": 8_000, "B": 8_000}, "csat")
    running = explained({"A": 9_000, "B": 9_000}, "carrier_otd")
    judgement = replace(running.judgement, variation="signal", reason="run_below")
    found = {one.kpi.slug: one for one in (replace(running, judgement=judgement), better, worse)}

    chosen = []
    while found:
        chosen.append(opening.lead(found, as_frame(()), "otd").kpi.slug)
        del found[chosen[-1]]
    assert chosen == ["csat", "otd", "carrier_otd"]


def test_few_kpis_that_are_unlike_usual_are_named_where_they_are_counted():
    """Not those that left their range long ago alone, nor many."""
    flagged = [explained({"A": 8_000, "B": 8_000}, slug) for slug in SLUGS]
    usual = explained({"A": 9_000, "B": 9_000}, "csat")

    line = opening.count_line(told_of(usual, *flagged[:2]), ENGLISH)
    assert line.startswith("2 KPIs are unlike usual: On-time delivery and Carrier on time; about")
    line = opening.count_line(told_of(usual, *flagged[:2]), FRENCH)
    assert line.startswith("2 indicateurs inhabituels\u202f: Livraison à l’heure et")
    assert opening.count_line(told_of(*flagged[:4]), ENGLISH).startswith("4 KPIs are unlike usual; about")
    assert opening.count_line(told_of(usual, lasting(9)), ENGLISH).startswith("1 KPI is unlike usual; about")


CAUSE = {
    "kpi": "otd",
    "code": "REAL",
    "by": "carrier",
    "scope": {"carrier": ["A"]},
    **{"effect": -0.1, "low": -0.12, "high": -0.08, "since": "2026-W20"},
}


def test_a_card_tells_what_is_known_what_is_likely_and_what_is_open():
    """Each from the verdict's own fields: its cause, the values that perhaps moved, the missing entry."""
    item = explained({"A": 8_000, "B": 9_000})
    told = told_of(item, verdicts=[CAUSE | {"perhaps": ["B"]}])
    known, likely, unknown = opening.standing(item, told, ENGLISH)

    assert known[0] == "Known:"
    assert known[1].startswith("Carrier A: −10.0")
    assert likely == ("Likely:", "B may have moved too; that is not proven.")
    assert unknown == ("Open:", "why it happened.")
    goes_on = told_of(item, continuing=[CAUSE | {"since": "2026-W19"}])
    assert opening.standing(item, goes_on, ENGLISH)[0][1].startswith("Seen since 2026-W19. Carrier")
    logged = told_of(item, verdicts=[CAUSE | {"event": "hub shut"}])
    assert [label for label, _ in opening.standing(item, logged, ENGLISH)] == ["Known:"]


def test_a_cause_that_makes_less_than_half_of_the_change_leaves_the_rest_open():
    """Half the volume by ten points of five is all of it; by three points it is a third."""
    item = explained({"A": 8_000, "B": 9_000})
    whole, small = (told_of(item, verdicts=[CAUSE | {"effect": size}]) for size in (-0.1, -0.03))
    twice = told_of(item, verdicts=[CAUSE | {"effect": -0.03}], continuing=[CAUSE | {"effect": -0.05}])

    assert "less than half" not in opening.story(item, whole, ENGLISH)
    assert opening.story(item, small, ENGLISH).endswith("change; the rest has no proven cause.")
    assert opening.standing(item, small, ENGLISH)[-1] == (
        "Open:",
        "why it happened and the rest of the change.",
    )
    assert "less than half" not in opening.story(item, twice, ENGLISH)


def test_without_a_cause_parts_are_known_and_the_cause_is_open():
    """In French too; of too little data nothing is known."""
    item = explained({"A": 8_000, "B": 9_000})
    known, unknown = opening.standing(item, told_of(item), FRENCH)
    immature = CAUSE | {"code": "IMMATURE", "by": "", "effect": 0.2, "low": 0.1, "high": 0.3}
    states = opening.standing(item, told_of(item, verdicts=[immature]), ENGLISH)

    assert known[1].startswith("A\u202f: 80,0\u202f%, au-dessous de la plage de")
    assert (known[0], *unknown) == ("Établi\u202f:", "À éclaircir\u202f:", "ce qui est en cause.")
    assert len(states) == 1
    assert " ".join(states[0]).startswith(
        "Open: what is behind it. Too little known yet, carrier A: 20.0% of its data is there."
    )


def test_a_usual_week_has_nothing_known_likely_or_open():
    """Nothing stands out in it."""
    item = explained({"A": 9_000, "B": 9_000})

    assert opening.standing(item, told_of(item), ENGLISH) == []


def test_what_is_unusual_without_a_cause_says_so():
    """A verdict that found nothing has no cause yet, which is not that there is none."""
    item = explained({"A": 8_000, "B": 8_000})
    noise = {"kpi": "otd", "code": "NOISE", "scope": {}, "since": "2026-W20"}

    assert opening.story(item, told_of(item, verdicts=[noise]), ENGLISH).endswith("No cause is proven yet.")


def test_what_has_no_cause_is_told_of_another_kpis_cause_where_it_comes_from():
    """Customers of A are dissatisfied as A is late; where it is those of B, that is nothing to them."""
    late, noise = explained({"A": 8_000, "B": 9_000}), {"kpi": "csat", "code": "NOISE", "scope": {}}
    for carrier, near in (
        ("A", ["Perhaps it has the same cause as On-time delivery, carrier A."]),
        ("B", []),
    ):
        other = explained({"A": 9_000, "B": 9_000} | {carrier: 8_000}, "csat")
        told = told_of(late, other, verdicts=[CAUSE, noise])

        assert opening.story(other, told, ENGLISH).endswith(" ".join(["No cause is proven yet.", *near]))
        likely = [text for label, text in opening.standing(other, told, ENGLISH) if label == "Likely:"]
        assert likely == near


def test_parts_that_go_against_the_total_have_no_followers():
    """A fell far and B rose farther: what went up with the total does not follow A down."""
    item = explained({"A": 8_500, "B": 9_700})
    sentence = say.outside(
        replace(item, outside=[one for one in item.outside if one.where["carrier"] == "A"]), ENGLISH
    )

    assert "while the total changed by +1.1" in sentence
    assert "In the same direction" not in sentence


def test_a_value_that_is_printed_as_its_limit_is_just_beyond_it():
    """No reader sees 2.3 above 2.3."""
    item = explained({"A": 8_000, "B": 8_000})
    near = replace(item, value_now=item.judgement.lower - 1e-9)

    assert say.usual(item, ENGLISH).startswith("That is below the usual range of")
    assert say.usual(near, ENGLISH).startswith("That is just below the usual range of 89.")
    assert say.usual(near, FRENCH).startswith("C’est juste au-dessous de la plage habituelle")


@pytest.mark.parametrize(
    ("unit", "english", "french"),
    [
        ("days", "2.2 to 2.4 days", "2,2 à 2,4 jours"),
        ("rate", "2.2 to 2.4 per 100", "2,2 à 2,4 pour 100"),
        ("rare_rate", "2.20 to 2.40 per 100", "2,20 à 2,40 pour 100"),
        ("share", "2.2% to 2.4%", "2,2 % à 2,4 %"),
        ("gap", "2.2 pp to 2.4 pp", "2,2 pts à 2,4 pts"),
        ("euro", "€2.20 to €2.40", "2,20 € à 2,40 €"),
    ],
)
def test_a_range_names_its_unit_once_where_the_unit_is_a_word(unit, english, french):
    """Signs stay with each number."""
    scale = 100 if unit in ("rate", "rare_rate", "share", "gap") else 1
    for language, written in ((ENGLISH, english), (FRENCH, french)):
        told = language.interval(2.2 / scale, 2.4 / scale, unit)
        assert told.replace("\u00a0", " ").replace("\u202f", " ") == written


def test_a_part_is_better_or_worse_by_the_end_of_its_range():
    """Far above its range it is better, though it came down since: on the page and in the workbook."""
    item = explained({"A": 9_000, "B": 9_900})
    item.parts["carrier"]["value_base"] = 0.995
    row = item.parts["carrier"].set_index("segment").loc["B"]
    html = page.parts(item, "carrier", ENGLISH).html
    cells = week_tables.parts([item], ENGLISH).rows

    assert (row["reason"], row["value_now"] < row["value_base"]) == ("above", True)
    assert "Better than usual" in html
    assert "Worse than usual" not in html
    assert [line[-2] for line in cells if "B" in line] == ["Better than usual"]


def test_what_a_kpi_is_counted_out_of_is_named_and_written_in_its_unit():
    """Surcharges are a share of money: a part of 28,000 cents is 280 euros, and no 28,000 parcels."""
    item = explained({"A": 9_000, "B": 9_000})
    money = replace(item, kpi=kpi("surcharge_share"))
    shown = {one: page.parts(replace(item, kpi=kpi(one)), "carrier", ENGLISH).html for one in ("otd", "csat")}
    html = page.parts(money, "carrier", ENGLISH).html

    assert "50.0% of the amounts charged" in html
    assert ">€100<" in html
    assert "10,000" not in html
    assert "50.0% of the shipments" in shown["otd"]
    assert "50.0% of the answers" in shown["csat"]
    assert week_tables.parts([money], ENGLISH).rows[0][4].number == 100


def test_a_witness_that_moves_along_is_not_called_innocent():
    """Contacts by the customer's words fell with those by Care's reasons: that clears nobody."""
    item = explained({"A": 8_000, "B": 8_000})
    pairs = {
        lead: [replace(item, kpi=kpi(slug)) for slug in (lead, other)]
        for lead, other in (("otd", "undelivered"), ("wismo_rate", "wismo_by_words"))
    }
    told = {
        lead: opening.witnesses(first, {second.kpi.slug: second}, ENGLISH)
        for lead, (first, second) in pairs.items()
    }

    assert len(told["otd"]) == 1
    assert told["wismo_rate"] == []


def test_a_page_is_led_by_a_kpi_that_has_a_value():
    """Claims decided all at once show in three KPIs; the median of the week's own claims is not known yet."""
    item = explained({"A": 8_000, "B": 9_000})
    unknown = replace(item.judgement, variation="not_known")
    empty = replace(item, kpi=kpi("claim_resolution_days"), value_now=float("nan"), judgement=unknown)
    others = {slug: replace(item, kpi=kpi(slug)) for slug in ("otd", "claim_backlog")}
    verdicts = frame_of([CAUSE | {"kpi": slug} for slug in ("claim_resolution_days", "claim_backlog")])

    assert opening.lead({empty.kpi.slug: empty, **others}, verdicts, "otd").kpi.slug == "claim_backlog"
    assert opening.lead({empty.kpi.slug: empty}, verdicts, "otd").kpi.slug == "claim_resolution_days"
    assert opening.lead(others, frame_of([]), "otd").kpi.slug == "otd"
    told = opening.Told({empty.kpi.slug: empty, **others}, others["claim_backlog"], verdicts, frame_of([]))
    first, *more = opening.exceptions(told, ENGLISH)
    assert first["anchor"] == "claim_backlog"
    assert "The same cause touches Days to a claim's decision too." in first["sentence"]
    assert "claim_resolution_days" not in [one["anchor"] for one in more]
    alone = opening.Told({empty.kpi.slug: empty}, empty, verdicts, frame_of([]))
    assert [one["change"] for one in opening.exceptions(alone, ENGLISH)] == [""]


def test_what_is_too_rare_or_too_young_to_judge_is_no_witness():
    """On the Monday after the week hardly anything is known as never delivered: that clears nobody."""
    item = explained({"A": 8_000, "B": 8_000})
    young = replace(item, kpi=kpi("undelivered"), judgement=replace(item.judgement, variation="not_known"))

    assert opening.witnesses(replace(item, kpi=kpi("otd")), {"undelivered": young}, ENGLISH) == []


def test_what_was_written_down_for_the_week_stands_on_the_page_with_what_bears_it_out():
    """Also what no figure shows; where sellers are hidden, not a note that may name some."""
    log = pd.DataFrame(
        [
            ("strike", "2026-05-11", "2026-05-12", "FR", "", "", "National strike"),
            ("closure", "2026-05-17", None, "", "BRV", "", "Depot shut"),
            ("wms", "2026-05-04", "2026-05-20", "", "", "", "Seller moves"),
            ("weather", "2026-05-18", None, "GB", "", "", "Snow, the week after"),
        ],
        columns=["kind", "starts_on", "ends_on", "country", "carrier", "flow", "note"],
    ).astype({"starts_on": "datetime64[us]", "ends_on": "datetime64[us]"})
    told = replace(
        told_of(explained({"A": 8_000, "B": 8_000}), verdicts=[CAUSE | {"event": "National strike"}]),
        entries=entries_of(log, WEEKS[-1]),
    )

    inside, outside = (
        re.sub(r"<[^>]+>", "|", page.entries_table(told, may_see(ENGLISH, who)).html)
        for who in ("internal", "stakeholders")
    )
    assert "National strike||11 May to 12 May||" in inside
    assert inside.count("On-time delivery") == 1 and "Depot shut" in inside and "Seller moves" in inside
    assert inside.count("no KPI, as far as") == 2
    assert "Depot shut" in outside and "Seller moves" not in outside
    assert "Snow" not in inside


@pytest.mark.parametrize("scope", [{"seller": ["S001"]}, {"lane": ["FR-FR"]}])
def test_an_entry_about_a_seller_is_withheld_also_where_it_names_a_country(scope):
    """The cause that it explains names a seller, or is one's doing; stakeholders are not shown who."""
    log = pd.DataFrame(
        [("wms", "2026-05-11", None, "FR", "", "", "Anna's phones move")],
        columns=["kind", "starts_on", "ends_on", "country", "carrier", "flow", "note"],
    ).astype({"starts_on": "datetime64[us]", "ends_on": "datetime64[us]"})
    cause = CAUSE | {"by": "seller", "scope": scope, "event": "Anna's phones move"}
    told = replace(
        told_of(explained({"A": 8_000, "B": 8_000}), verdicts=[cause]), entries=entries_of(log, WEEKS[-1])
    )

    assert "phones move" in page.entries_table(told, may_see(ENGLISH, "internal")).html
    assert page.entries_table(told, may_see(ENGLISH, "stakeholders")).html == ""


def test_a_cause_stands_in_the_table_under_the_kpi_that_leads_with_it():
    """A partner's fall shows plainly in dispatches, and is tested first in handovers, which held."""
    calm = replace(explained({"A": 8_990, "B": 8_990}), kpi=kpi("handover_on_time"))
    fell = replace(explained({"A": 8_000, "B": 9_000}), kpi=kpi("dispatch_on_time"))
    partner = CAUSE | {"by": "fulfilment", "scope": {"partner": ["FP-Main"]}, "since": "2026-W20"}
    verdicts = frame_of([partner | {"kpi": one.kpi.slug} for one in (calm, fell)])
    told = opening.Told({one.kpi.slug: one for one in (calm, fell)}, fell, verdicts, frame_of([]))

    table = page.causes_table(told, ENGLISH).html
    assert "Dispatch by cut-off" in table and "Handover on time" not in table


def test_causes_of_earlier_weeks_stand_under_no_new_one():
    """That none is proven at all would contradict the table below."""
    fell = replace(explained({"A": 8_000, "B": 9_000}), kpi=kpi("dispatch_on_time"))
    known = frame_of([CAUSE | {"kpi": "dispatch_on_time", "since": "2026-W20"}])
    alone = opening.Told({"dispatch_on_time": fell}, fell, frame_of([]), frame_of([]))

    assert "No cause is proven" in page.causes_table(alone, ENGLISH).html
    assert "No new cause is proven" in page.causes_table(replace(alone, continuing=known), ENGLISH).html


def test_where_no_week_has_a_value_nothing_is_drawn():
    """An empty chart would have an axis of numbers that nobody counted."""
    item = explained({"A": 8_990, "B": 8_990})
    told = opening.Told({"otd": item}, item, frame_of([]), frame_of([]))
    empty = replace(item, value_now=float("nan"), history=item.history.assign(value=float("nan")))

    assert "<figure" in page.card(item, told, ENGLISH).html
    assert "<figure" not in page.card(empty, told, ENGLISH).html


def test_a_target_without_a_usual_range_is_not_called_none():
    """Of a week that is not judged nobody knows yet whether the target is met."""
    item = explained({"A": 8_990, "B": 8_990})
    unjudged = replace(item.judgement, limits=replace(item.judgement.limits, lower=np.array([np.nan])))

    assert target_word(item) == "none"
    assert target_word(replace(item, target=0.5)) == "pass"
    assert target_word(replace(item, target=0.5, judgement=unjudged)) == "not_known"


def test_few_parts_outside_their_ranges_are_named_where_they_are_counted():
    """Whoever reads that two of 221 are wants to know which."""
    one = explained({"A": 8_600, "B": 9_400})
    none = explained({"A": 9_000, "B": 9_000})
    told, calm = (opening.count_line(told_of(item), ENGLISH) for item in (one, none))

    named = "B (On-time delivery) and A (On-time delivery); about 0.03 expected by chance."
    assert f"2 are outside their own ranges: {named}" in told
    assert "none is outside its own range; about 0.03 expected by chance." in calm


def test_what_is_compared_with_nothing_is_not_said_to_be_compared_with_other_weeks():
    """A KPI without a base shows dashes, and no note below says which weeks they are."""
    whole = explained({"A": 9_000, "B": 9_000})
    other = replace(whole, kpi=kpi("csat"), base_weeks=whole.base_weeks[1:])
    listed = {"otd": whole, "csat": other}
    years = dict.fromkeys(listed, 0.9)
    final = dict.fromkeys(listed, "")

    told = scorecard.scorecard(listed, years, final, ENGLISH).html
    alone = scorecard.scorecard(
        {**listed, "csat": replace(other, value_base=float("nan"))}, years, final, ENGLISH
    )
    assert "Satisfied customers: compared with" in told
    assert "compared with" not in alone.html


def test_a_gap_to_the_target_is_not_shown_of_a_value_that_still_grows():
    """Lost parcels a week old are hardly known: that they are below the target says nothing."""
    item = replace(explained({"A": 9_000, "B": 9_000}), target=0.93)
    young = replace(item, judgement=replace(item.judgement, variation="not_known", reason="young"))

    shown = [
        scorecard.scorecard({"otd": one}, {"otd": 0.9}, {"otd": ""}, ENGLISH).html for one in (item, young)
    ]
    assert ["from 93.0%" in html for html in shown] == [True, False]
    assert ["so far" in html for html in shown] == [False, True]


def test_a_target_that_is_met_this_week_for_the_first_time_is_not_called_missed():
    """Nor one met that is missed now; an ordinary week says what its usual range does."""
    good, bad, usual = (explained({"A": n, "B": n}) for n in (9_900, 8_000, 9_000))
    above, below = good.judgement.upper + 0.001, bad.judgement.lower - 0.001

    assert (good.variation, bad.variation, usual.variation) == ("signal", "signal", "routine")
    assert target_word(replace(good, target=above)) == "met_now"
    assert target_word(replace(bad, target=above)) == "fail"
    assert target_word(replace(bad, target=below)) == "missed_now"
    assert target_word(replace(good, target=below)) == "pass"
    assert target_word(replace(usual, target=above)) == "fail"
    assert target_word(replace(good, target=above, is_recounted=True)) == "fail"


def test_what_held_has_no_witness():
    """Nothing is behind a rise that nobody sees."""
    item = explained({"A": 9_000, "B": 9_000})
    other = replace(item, kpi=kpi("undelivered"))

    assert opening.witnesses(replace(item, kpi=kpi("otd")), {"undelivered": other}, ENGLISH) == []


def test_what_moves_a_kpi_most_is_told_first():
    """Half the parcels by 4 points are less than all of them by 3; a fault of the data stays where it is."""
    sizes = {"effect": -0.04, "low": -0.05, "high": -0.03, "since": "2026-W20", "kpi": "otd"}
    part = sizes | {"code": "REAL", "by": "carrier", "scope": {"carrier": ["A"]}}
    lanes = sizes | {"code": "MIX", "effect": -0.03, "scope": {"lane": ["DE-US"]}}
    fault = sizes | {"code": "DATA", "by": "duplicate", "effect": 0.1, "scope": {}}
    other = part | {"kpi": "csat"}
    told = bearing.largest_first(
        frame_of([fault, part, other, lanes]), {"otd": explained({"A": 9_000, "B": 9_000})}
    )

    assert list(told["code"]) == ["DATA", "MIX", "REAL", "REAL"]
    assert list(told["kpi"]) == ["otd", "otd", "csat", "otd"]


def test_a_cause_against_which_the_total_went_does_not_lead():
    """One partner lost ten points and the total rose: the first sentence is about what a cause moved."""
    rose = replace(explained({"A": 9_030, "B": 9_030}), kpi=kpi("handover_on_time"))
    fell = replace(explained({"A": 8_000, "B": 9_000}), kpi=kpi("otd"))
    told = {one.kpi.slug: one for one in (rose, fell)}
    partner = CAUSE | {"kpi": "handover_on_time", "by": "fulfilment", "scope": {"partner": ["FP-Loire"]}}
    network = CAUSE | {"code": "CALENDAR", "by": "", "scope": {}}

    assert opening.lead(told, frame_of([partner, network]), "csat").kpi.slug == "otd"
    assert opening.lead(told, frame_of([partner]), "csat").kpi.slug == "otd"


def test_claims_decided_at_once_lead_no_rise_of_open_claims():
    """What was decided is open no more: that more claims are open has another reason."""
    claims = replace(explained({"A": 9_030, "B": 9_030}), kpi=kpi("claim_backlog"))
    fell = replace(explained({"A": 8_000, "B": 9_000}), kpi=kpi("otd"))
    told = {one.kpi.slug: one for one in (claims, fell)}
    decided = CAUSE | {"code": "ARTEFACT", "by": "", "scope": {"carrier": ["ALT"]}, "effect": 0.44}
    verdicts = frame_of([decided | {"kpi": "claim_resolution_days"}, decided | {"kpi": "claim_backlog"}])

    assert opening.lead(told, verdicts, "csat").kpi.slug == "otd"
    fewer = replace(explained({"A": 8_970, "B": 8_970}), kpi=kpi("claim_backlog"))
    assert opening.lead(told | {"claim_backlog": fewer}, verdicts, "csat").kpi.slug == "claim_backlog"


def test_a_total_that_somebody_moved_out_of_its_range_leads():
    """A partner's fall hardly shows in one KPI and plainly in another; the calendar moves all alike."""
    calm = replace(explained({"A": 8_990, "B": 8_990}), kpi=kpi("handover_on_time"))
    fell = replace(explained({"A": 8_000, "B": 9_000}), kpi=kpi("dispatch_on_time"))
    told = {one.kpi.slug: one for one in (calm, fell)}
    partner = CAUSE | {"by": "fulfilment", "scope": {"partner": ["FP-Main"]}}
    network = CAUSE | {"code": "CALENDAR", "by": "", "scope": {}}

    for cause, slug in ((partner, "dispatch_on_time"), (network, "handover_on_time")):
        verdicts = frame_of([cause | {"kpi": one} for one in told])
        lead = opening.lead(told, verdicts, "otd")
        first, *others = opening.exceptions(opening.Told(told, lead, verdicts, frame_of([])), ENGLISH)
        assert lead.kpi.slug == first["anchor"] == slug
        assert "The same cause touches" in first["sentence"]
        # What it moved out of its range has a line of its own too.
        assert [one["anchor"] for one in others] == ["dispatch_on_time"] * (slug != "dispatch_on_time")


def test_a_cause_that_lengthens_days_leads_by_the_share_that_it_lowers():
    """A partner makes payouts a day later and dispatches less punctual: one goes up as the other falls."""
    days = replace(explained({"A": 8_990, "B": 8_990}), kpi=kpi("trade_in_cycle_days"))
    fell = replace(explained({"A": 8_000, "B": 9_000}), kpi=kpi("dispatch_on_time"))
    other = replace(explained({"A": 8_000, "B": 8_000}), kpi=kpi("wismo_rate"))
    partner = CAUSE | {"by": "fulfilment", "scope": {"partner": ["FP-Main"]}, "effect": 1.0}
    verdicts = frame_of([partner | {"kpi": one} for one in ("trade_in_cycle_days", "dispatch_on_time")])
    told = {one.kpi.slug: one for one in (other, days, fell)}

    assert opening.lead(told, verdicts, "otd").kpi.slug == "dispatch_on_time"


def test_what_a_peak_brought_is_written_as_growth():
    """Twice half as many parcels are no share of anything."""
    growth = CAUSE | {"kpi": "shipments", "code": "CALENDAR", "by": "", "scope": {}}
    told = causes.story(frame_of([growth | {"effect": 0.55, "low": 0.4, "high": 0.7}]), "shipments", ENGLISH)

    assert told == "Holidays and peaks, the whole network: +55.0%, as such days did before."


def test_a_headline_on_faulty_data_says_so_first():
    """A fall of five points by missing scans is none of the service; a file counted once is no fault."""
    item = explained({"A": 8_000, "B": 9_000})
    fault = CAUSE | {"code": "DATA"}
    missing, twice = (told_of(item, verdicts=[fault | {"by": by}]) for by in ("missing", "duplicate"))

    assert opening.first_sentences(missing, ENGLISH)[0].startswith("On faulty data: On-time delivery fell")
    assert opening.first_sentences(missing, FRENCH)[0].startswith("Données erronées. ")
    assert opening.first_sentences(twice, ENGLISH)[0].startswith("On-time delivery fell")


def test_parts_that_hardly_move_a_total_are_no_news():
    """A ten-thousandth of a point is less than a tenth of any range."""
    item = explained({"A": 8_000, "B": 8_000})
    calm = replace(item, judgement=replace(item.judgement, variation="routine", reason="inside"))
    unfelt = replace(calm, outside=tuple(replace(one, contribution=-1e-6) for one in item.outside))

    assert opening.exceptional(told_of(calm)) == ["otd"]
    assert opening.exceptional(told_of(unfelt)) == []


@pytest.mark.parametrize(
    ("code", "by", "word"),
    [
        ("DATA", "missing", "Unlike usual"),
        ("DEFINITION", "", "Unlike usual"),
        ("DATA", "duplicate", "Worse than usual"),
        ("REAL", "carrier", "Worse than usual"),
    ],
)
def test_nobody_is_better_or_worse_by_a_fault_of_the_data_or_another_rule(code, by, word):
    """Scans of both carriers are missing: neither of them is worse. A file that came twice counts once."""
    verdicts = frame_of([{"kpi": "otd", "code": code, "by": by, "scope": {}}])
    item = causes.worded(explained({"A": 8_000, "B": 8_000}), verdicts, frame_of(()))

    assert ENGLISH.text(f"verdict.{opening.verdict_words(item)[0]}") == word
    table = page.parts(item, "carrier", ENGLISH).html
    assert word in table
    assert ("than usual" in table) == (word == "Worse than usual")


def test_a_final_week_without_a_case_says_so_and_a_sum_of_nothing_is_a_value():
    """Nobody was invited: of nobody nothing is a share; nothing billed too much is 0 euro."""
    total = pd.DataFrame({"x": [0.0], "n": [0.0]}, index=["2026-W20"])
    review = SimpleNamespace(
        week=IsoWeek(2026, 20),
        age=lambda slug: None,
        maturity=lambda slug: SimpleNamespace(reason="", is_final=True),
        series=lambda slug, age: SimpleNamespace(total=total),
    )

    assert scorecard.how_final(review, "backship_activation", ENGLISH) == "Nothing to count"
    assert scorecard.how_final(review, "overbilling", ENGLISH) == "Final"
