"""Causes in sentences: every kind, in both languages, with its size, its place and the log."""

import pandas as pd
import pytest

from tallysheet import causes
from tallysheet.findings import Finding
from tallysheet.language import may_see, read_language
from tallysheet.verdict import COLUMNS, GATES, Verdict, as_frame

ENGLISH, FRENCH = read_language("en"), read_language("fr")


def row(kpi="otd", code="REAL", by="carrier", scope=None, effect=-0.1, low=-0.12, high=-0.08, **more):
    """Give a verdict's row."""
    where = {"carrier": ["ESK"]} if scope is None else scope
    found = dict.fromkeys(COLUMNS, "") | {"perhaps": [], "chance": 0.001, "p": 0.0}
    sizes = {"effect": effect, "low": low, "high": high}
    return found | {"kpi": kpi, "code": code, "by": by, "scope": where, "since": "2026-W14"} | sizes | more


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            row(event="hub shut"),
            "Carrier ESK: −10.0 pp beyond the rest (between −12.0 pp and −8.0 pp). Event log: “hub shut”.",
        ),
        (
            row(perhaps=["FNH", "HLV"]),
            "Carrier ESK: −10.0 pp beyond the rest (between −12.0 pp and −8.0 pp). "
            "No entry in the event log.",
        ),
        (
            row(
                "shipments",
                by="external",
                scope={"lane": ["DE-US", "FR-US"]},
                effect=0.389,
                low=0.3,
                high=0.5,
            ),
            "An outside cause, lanes DE-US and FR-US: +38.9% beyond the rest (between +30.0% and +50.0%), "
            "whoever carried it. No entry in the event log.",
        ),
        (
            row("cost_per_parcel", "PRICE", "fuel", {}, 0.24, 0.23, 0.25, event="fuel"),
            "Fuel surcharge, all carriers that charge it: +€0.24 (between +€0.23 and +€0.25). "
            "Event log: “fuel”.",
        ),
        (
            row("wismo_rate", "CLASSIFICATION", "", {}, -0.41, -0.47, -0.35),
            "The same contacts carry another reason: 41.0% of them (between 35.0% and 47.0%). "
            "All reasons together did not move. No entry in the event log.",
        ),
        (
            row("cost_per_parcel", "IMMATURE", "", {"carrier": ["DVP"]}, 0.22, 0.2, 0.24),
            "Too little known yet, carrier DVP: 22.0% of its data is there.",
        ),
        (
            row("overbilling", "OVERBILLING", "", {"carrier": ["BRV"]}, 55.1, 47.8, 62.5),
            "Overbilling, carrier BRV: €55.10 charged at a price that was not in force yet "
            "(between €47.80 and €62.50). No entry in the event log.",
        ),
    ],
)
def test_a_cause_is_told_with_its_size_its_place_and_the_log(found, told):
    """Shares change in points, sums by a share of what was expected, prices in euro."""
    assert plain(causes.facts([found], ENGLISH)) == told


def test_what_is_proven_and_what_is_likely_are_told_apart():
    """Together they are the sentence; the log goes with what is proven."""
    found = row(perhaps=["FNH"], event="hub shut")

    assert plain(causes.facts([found], ENGLISH)).endswith("Event log: “hub shut”.")
    assert causes.likely(found, ENGLISH) == "FNH may have moved too; that is not proven."
    assert "FNH" not in causes.facts([found], ENGLISH)
    assert causes.likely(row(), ENGLISH) == ""
    assert (causes.is_unlogged(row()), causes.is_unlogged(found)) == (True, False)


def test_what_the_log_has_of_several_causes_stands_once():
    """After the last of them; of causes with different entries each has its own."""
    other = row(scope={"carrier": ["FNH"]})
    unlogged = plain(causes.story(pd.DataFrame([row(), other]), "otd", ENGLISH))
    logged = plain(causes.story(pd.DataFrame([row(event="hub shut"), other]), "otd", ENGLISH))

    assert unlogged == (
        "Carrier ESK: −10.0 pp beyond the rest. Carrier FNH: −10.0 pp beyond the rest. "
        "No entry in the event log."
    )
    assert "rest. Event log: “hub shut”. Carrier FNH" in logged


def test_of_what_nobody_carries_no_carrier_is_told():
    """Orders that sellers send with BackShip are not delivered, whoever carried them."""
    where = {"country": ["ES"]}

    assert "whoever carried it" in causes.in_short([row(by="external", scope=where)], ENGLISH)
    told = plain(causes.in_short([row("backship_penetration", by="external", scope=where)], ENGLISH))
    assert told.startswith("Spain (ES): −10.0 pp beyond the rest.")


def test_the_rest_of_a_carrier_is_told_as_elsewhere():
    """A lane of it moved most, and then all the others: no reader sees one carrier named twice alike."""
    lane = row("shipments", scope={"carrier": ["CDR"], "lane": ["FR-FR"]}, effect=0.745)
    rest = row("shipments", scope={"carrier": ["CDR"]}, effect=0.214)

    for rows in ([lane, rest], [rest, lane]):
        told = plain(causes.in_short(rows, ENGLISH))
        assert "Carrier CDR, lane FR-FR: +74.5% beyond the rest." in told
        assert "Carrier CDR elsewhere: +21.4% beyond the rest." in told
    assert "elsewhere" not in causes.in_short([row(), row(scope={"carrier": ["FNH"]})], ENGLISH)


def test_what_a_mix_makes_is_told_of_its_lanes_or_of_the_total():
    """Between carriers it is that of their lanes; lanes that shrink move the total."""
    lanes = {"lane": ["DE-US", "FR-US"]}
    between = row(code="MIX", by="", scope={"lane": ["FR-FR"], "carrier": ["BRV", "CDR"]})
    less = row("cost_per_parcel", "MIX", "", lanes, -0.35, -0.37, -0.33)

    assert "makes −10.0 pp there." in plain(causes.in_short([between], ENGLISH))
    told = "Mix, lane FR-FR: volume moved from BRV to CDR, and that alone makes"
    assert plain(causes.in_short([between], ENGLISH)).startswith(told)
    several = between | {"scope": {"lane": ["FR-FR"], "carrier": ["BRV", "ESK", "CDR"]}}
    assert "volume moved between these carriers" in plain(causes.in_short([several], ENGLISH))
    assert "makes −€0.35 of the total." in plain(causes.in_short([less], ENGLISH)).replace("\u2060", "")


def test_a_promise_is_longer_or_shorter_and_its_size_is_that_of_its_lane():
    """More is on time by a longer one: 3.8 points of a lane are not 3.8 of all."""
    lane = {"lane": ["FR-FR"]}
    longer = row(code="DEFINITION", by="", scope=lane, effect=0.038, low=0.034, high=0.041)
    shorter = row(code="DEFINITION", by="", scope=lane)

    assert plain(causes.in_short([longer], ENGLISH)).startswith(
        "A longer promise, lane FR-FR: that alone makes +3.8 pp there."
    )
    assert plain(causes.in_short([shorter], FRENCH)).startswith(
        "Promesse plus courte, liaison FR-FR : à elle seule, elle vaut −10,0 pts sur ces envois."
    )


def test_an_interval_that_is_printed_as_one_number_is_left_out():
    """No reader sees +2.9 pp (between +2.9 pp and +2.9 pp); nor has a sentence in short any."""
    narrow = row("surcharge_share", "PRICE", "fuel", {}, 0.0290, 0.0289, 0.0291, event="fuel")

    assert ": +2.9 pp. Event" in plain(causes.facts([narrow], ENGLISH))
    assert causes.size(narrow, ENGLISH)[1] == "+2.9\u00a0pp"
    assert "between" not in causes.in_short([row()], ENGLISH)
    assert "between" in causes.facts([row()], ENGLISH)


def test_what_was_counted_has_no_interval():
    """A file that came twice is no estimate."""
    twice = row("cost_per_parcel", "DATA", "duplicate", effect=0.196, low=0.196, high=0.196)

    assert causes.size(twice, ENGLISH) == ("+19.6%", "exact")
    assert causes.size(row(), ENGLISH)[1] == "−12.0\u00a0pp to −8.0\u00a0pp"


KINDS = {
    "REAL": ("carrier", "seller", "fulfilment", "external"),
    "PRICE": ("base", "fuel", "surcharge"),
    "DATA": ("missing", "duplicate", "unit"),
    "CALENDAR": ("", "workdays"),
} | dict.fromkeys(("MIX", "OVERBILLING", "DEFINITION", "CLASSIFICATION", "ARTEFACT", "IMMATURE"), ("",))


@pytest.mark.parametrize("language", [ENGLISH, FRENCH], ids=["en", "fr"])
@pytest.mark.parametrize(("code", "by"), [(code, by) for code, those in KINDS.items() for by in those])
def test_every_kind_of_cause_has_its_words_in_every_language(code, by, language):
    """Whatever a gate may find can be said."""
    for scope in (
        {},
        {"carrier": ["BRV", "CDR"], "lane": ["FR-FR"]},
        {"seller": ["S1"]},
        {"partner": ["FP"]},
    ):
        found = row("cost_per_parcel", code, by, scope)
        assert causes.facts([found], language).endswith(".")
        assert causes.kind(found, language)


def test_a_depot_says_its_country_and_many_values_are_cut():
    """Spain is left out beside Madrid; of nine sellers six are named."""
    sellers = [f"S{number}" for number in range(9)]

    assert causes.where({"carrier": ["ESK"], "depot": ["Madrid"], "country": ["ES"]}, ENGLISH) == (
        "carrier ESK, depot Madrid"
    )
    assert causes.where({"seller": sellers}, ENGLISH) == "sellers S0, S1, S2, S3, S4, S5 and 3 others"


@pytest.mark.parametrize("code", KINDS)
def test_stakeholders_are_told_of_sellers_and_not_who_they_are(code):
    """Neither the scope, nor those that perhaps belong to it, nor the log's words name them."""
    scope = {"seller": ["Anna's phones", "Bob's phones"]}
    found = row("handover_on_time", code, KINDS[code][0], scope) | {
        "perhaps": ["Carl's phones"],
        "event": "Anna's phones moves",
    }
    told = causes.in_short([found], may_see(ENGLISH, "stakeholders"))

    assert "phones" not in told + causes.entry(found, may_see(FRENCH, "stakeholders"))
    assert "Anna's phones" in causes.in_short([found], may_see(ENGLISH, "internal"))
    assert causes.where(scope, may_see(ENGLISH, "stakeholders")) == "2 sellers"
    assert causes.perhaps(found, may_see(ENGLISH, "stakeholders")) == "another seller"


def test_a_cause_that_several_kpis_show_is_told_once():
    """By the KPI that comes first; another carrier, and silence, are something else."""
    frame = pd.DataFrame(
        [
            row(),
            row("carrier_otd"),
            row("perfect_order", scope={"carrier": ["FNH"]}),
            row("csat", "NOISE", "", {}),
            row("loss_rate", "IMMATURE", "", {}),
        ]
    )

    assert [(one.slug, one.others) for one in causes.named(frame)] == [
        ("otd", ("carrier_otd",)),
        ("perfect_order", ()),
    ]
    assert plain(causes.count(frame, ENGLISH)) == (
        "2 new causes are named. In 100 weeks without any cause, chance would name 1 at most."
    )
    assert causes.is_noise(frame, "csat")
    assert not causes.is_noise(frame, "otd")


def test_an_entry_of_the_log_is_one_cause_in_whatever_words_each_kpi_tells_its_place():
    """A country, or a lane that ends there; another country, or another part of the same KPI, is another."""
    strike = {"by": "external", "event": "strike"}
    frame = pd.DataFrame(
        [
            row(scope={"country": ["FR"]}, **strike),
            row("transit_days", scope={"lane": ["FR-FR", "ES-FR"]}, effect=0.8, **strike),
            row("transit_days", scope={"lane": ["IT-FR"]}, effect=0.8, **strike),
            row("perfect_order", scope={"country": ["BE"]}, **strike),
            row(scope={"lane": ["ES-FR"]}, **strike),
            row("csat", scope={"lane": ["ES-FR"]}, by="external", event=""),
            row("first_attempt_success", by="carrier", scope={"carrier": ["BRV"]}, event="strike"),
        ]
    )

    assert [(one.slug, one.others) for one in causes.named(frame)] == [
        ("otd", ("transit_days",)),
        ("perfect_order", ()),
        ("otd", ("csat",)),
        ("first_attempt_success", ()),
    ]


def test_volume_that_a_mix_moved_is_no_cause_of_its_own():
    """What we gave CDR in place of BRV is one fact; what another carrier gained is another."""
    mix = row(code="MIX", by="", scope={"lane": ["FR-FR"], "carrier": ["BRV", "CDR"]})
    gained = [row("shipments", scope={"carrier": [name]}, effect=0.2) for name in ("CDR", "ESK")]

    for rows in ([gained[0], mix, gained[1]], [mix, *gained]):
        told = [(one.row["code"], one.slug, one.others) for one in causes.named(pd.DataFrame(rows))]
        assert told == [("MIX", "otd", ("shipments",)), ("REAL", "shipments", ())]


def test_what_goes_on_is_told_with_the_week_in_which_it_began():
    """Of the KPI that is asked for."""
    frame = pd.DataFrame([row("carrier_otd", by="external", scope={"lane": ["FR-FR"]}, since="2025-W40")])

    assert plain(causes.going_on(frame, "carrier_otd", ENGLISH)).startswith(
        "Seen since 2025-W40. An outside cause, lane FR-FR: −10.0 pp beyond the rest"
    )
    assert causes.going_on(frame, "otd", ENGLISH) == ""


def test_chance_is_counted_once_a_kpi():
    """Twenty KPIs of three in a thousand each; two causes of one KPI are two looks at the same gates."""
    rows = [row(f"kpi{number}", "NOISE", "", {}, chance=0.003) for number in range(19)]
    frame = pd.DataFrame([row(chance=0.003), row(scope={"carrier": ["FNH"]}, chance=0.003), *rows])

    assert "name 6 at most." in causes.count(frame, ENGLISH)


def test_overbilling_is_told_by_what_was_billed_too_much():
    """Though another KPI of the same bills leads a team's page."""
    early = Finding("OVERBILLING", {"carrier": ("BRV",)}, effect=54.7, since="2025-W51")
    verdicts = [Verdict(slug, (early,), (), ()) for slug in ("invoice_accuracy", "overbilling")]

    assert [(one.slug, one.others) for one in causes.named(as_frame(verdicts))] == [
        ("overbilling", ("invoice_accuracy",))
    ]


def test_no_cause_is_said_so():
    """Nothing is counted of a week in which nothing is named, or nothing was asked."""
    assert (
        causes.count(pd.DataFrame([row(code="NOISE", by="", scope={})]), ENGLISH) == "No new cause is named."
    )
    assert causes.count(as_frame(()), ENGLISH) == ""


def test_the_gates_together_find_something_in_few_unchanged_weeks():
    """Fewer than one of a hundred, even where all of them look."""
    assert 0 < sum(gate.level for gate in GATES) < 0.01
