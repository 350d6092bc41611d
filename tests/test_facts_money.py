"""Facts of money, on rows few enough to count by hand."""

import datetime as dt

import pandas as pd
import pytest
from small_ground import add_up, after, ground

from tallysheet.engine import fact_sql
from tallysheet.kpis import kpi
from tallysheet.settings import Rules
from tallysheet.values import pairs, weekly_values

WEEK = "2026-W10"  # 2 to 8 March
LATE = dt.datetime(2026, 5, 1)
RULES = Rules(euro_rates={"EUR": 1.0, "GBP": 0.8})


def at(month: int, day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, month, day, hour)


def parcel(name: str, scanned: dt.datetime | None, **cells) -> dict:
    """Give a parcel of 400 g from France to France with BRV."""
    usual = {"shipment_id": name, "tracking_number": f"T{name}", "carrier": "BRV", "service": "home"}
    place = {"origin_country": "FR", "destination_country": "FR", "flow": "outbound"}
    label = {"label_source": "backship", "weight_declared_g": 400, "status": "in_transit"}
    due = {"promised_date": dt.date(2026, 3, 9), "promised_at": at(3, 9), "first_scan_at": scanned}
    return usual | place | label | due | cells


def line(parcel_name: str, charge: str, cents: int, invoiced: dt.date, **cells) -> dict:
    """Give a line of an invoice that is known the day after its date, for a parcel shipped on 3 March."""
    about = {"carrier": "BRV", "tracking_number": f"T{parcel_name}", "ship_date": dt.date(2026, 3, 3)}
    known = {"known_at": dt.datetime.combine(invoiced, dt.time()) + dt.timedelta(days=1)}
    invoice = {"invoice_id": f"I{invoiced:%j}", "invoice_date": invoiced}
    charged = {"charge_type": charge, "amount_cents": cents, "currency": "EUR"}
    return about | invoice | charged | known | cells


def rate(above_g: int, up_to_g: int | None, cents: int, **cells) -> dict:
    lane = {"carrier": "BRV", "service": "home", "origin_country": "FR", "destination_country": "FR"}
    price = {"weight_from_g": above_g, "weight_to_g": up_to_g, "price_cents": cents, "currency": "EUR"}
    return lane | price | {"valid_from": dt.date(2026, 1, 1)} | cells


CONTRACT = {
    # The end of the first band is a slip: what weighs 1.2 kg fits both.
    "contract_rates": [rate(0, 1_500, 400), rate(1_000, 2_000, 500), rate(0, 1_500, 300, carrier="CDR")],
    "contract_terms": [
        {
            "carrier": "BRV",
            "valid_from": dt.date(2026, 1, 1),
            "valid_to": dt.date(2026, 3, 4),
            "fuel_share": 0.1,
        },
        {"carrier": "BRV", "valid_from": dt.date(2026, 3, 5), "fuel_share": 0.2},
    ],
}
MARCH = [dt.date(2026, 3, day) for day in range(1, 32)]


COSTS = CONTRACT | {
    "shipments": [
        parcel("a", at(3, 3)),
        parcel("b", at(3, 3), weight_declared_g=1_200),  # not invoiced yet
        parcel("c", at(3, 6), weight_declared_g=None),  # not invoiced, its weight is not known
        parcel("d", at(3, 9)),  # the week after
        parcel("e", None),  # never scanned
        parcel("o", at(3, 3), tracking_number="Ta", carrier="CDR"),  # another carrier's number
        parcel("x", at(3, 3) - dt.timedelta(days=364), tracking_number="Ta"),  # the number's earlier use
    ],
    "carrier_invoice_lines": [
        line("a", "base", 400, MARCH[15]),
        line("a", "fuel", 40, MARCH[15]),
        line("a", "remote", 320, MARCH[15], currency="GBP"),  # 400 cents
        line("a", "credit_note", -100, MARCH[25]),
        line("a", "base", 9_900, MARCH[15], currency="USD"),  # nobody gave a rate
        line("a", "base", 700, MARCH[15], tracking_number=None),
    ],
}


def test_costs_are_what_is_invoiced_else_what_the_contract_says():
    """For a 740; for b 500 and a tenth; for c, the lightest, 400 and a later fifth; for o CDR's 300."""
    connection = ground(RULES, **COSTS)

    assert add_up(connection, "costs", WEEK, LATE) == {
        "parcels_n": 4,
        "invoiced_n": 1,
        "costed_n": 4,
        "cost_cents": 740 + 550 + 480 + 300,
        "base_cents": 400,
        "fuel_cents": 40,
        "extra_cents": 400,
    }
    by_weight = add_up(connection, "costs", WEEK, LATE, by="weight_band")
    assert by_weight["0-1 kg"]["cost_cents"] == 740 + 300
    assert by_weight["1-2 kg"]["cost_cents"] == 550


@pytest.mark.parametrize(("invoiced", "value"), [(8, None), (9, 5.0), (10, 5.0)])
def test_without_a_contract_a_parcel_costs_what_those_do_that_are_invoiced(invoiced, value):
    """One that nobody has charged for is no free parcel; with two such in ten the week has no value."""
    lines = [line(str(n), "base", 500, MARCH[15]) for n in range(invoiced)]
    parcels = [parcel(str(n), at(3, 3)) for n in range(10)]
    connection = ground(RULES, shipments=parcels, carrier_invoice_lines=lines)
    found = add_up(connection, "costs", WEEK, LATE)
    cells = {"costs": pd.DataFrame([found | {"week": WEEK, "seen_at": LATE}])}
    told = pairs(cells, kpi("cost_per_parcel"), ["week"])

    assert (found["parcels_n"], found["costed_n"], found["cost_cents"]) == (10, invoiced, 500 * invoiced)
    assert (told["x"] / told["n"]).fillna(-1).to_list() == [-1 if value is None else value]


def test_costs_seen_earlier_know_no_later_invoice():
    """Before the first invoice a is 400 and a tenth; the credit comes ten days after it."""
    connection = ground(RULES, **COSTS)
    first = add_up(connection, "costs", WEEK, after(WEEK))
    then = add_up(connection, "costs", WEEK, at(3, 18))

    assert (first["invoiced_n"], first["cost_cents"]) == (0, 440 + 550 + 480 + 300)
    assert (then["invoiced_n"], then["cost_cents"]) == (1, 840 + 550 + 480 + 300)


def test_costs_hold_a_parcel_once():
    """No line of another day, no second price makes another parcel; a replaced line does not count."""
    lines = [
        line("a", "base", 400, MARCH[15], replaced_at=at(3, 20)),
        line("a", "base", 410, MARCH[15], known_at=at(3, 20)),
        line("a", "address_correction", 50, MARCH[17], ship_date=dt.date(2026, 3, 5)),
    ]
    rates = [rate(0, None, 400), rate(0, None, 420, valid_from=dt.date(2026, 2, 1))]
    connection = ground(
        RULES,
        shipments=[parcel("a", at(3, 3)), parcel("b", at(3, 3))],
        carrier_invoice_lines=lines,
        contract_rates=rates,
    )
    found = add_up(connection, "costs", WEEK, LATE)

    assert (found["parcels_n"], found["cost_cents"]) == (2, 460 + 420)


BILLS = CONTRACT | {
    "shipments": [
        parcel("a", at(3, 3)),
        parcel("b", at(3, 3), weight_declared_g=900),
        parcel("c", at(3, 3), destination_country="ES"),  # not in the contract
        parcel("s", at(3, 3), label_source="seller_own"),
    ],
    "carrier_invoice_lines": [
        line("a", "base", 403, MARCH[15]),  # 3 cents too much are none
        line("a", "fuel", 40, MARCH[15]),
        line("a", "remote", 390, MARCH[15]),  # as billed
        line("a", "credit_note", -400, MARCH[15]),
        line("b", "base", 500, MARCH[16], weight_billed_g=2_400),
        line("b", "fuel", 50, MARCH[16], weight_billed_g=2_400),
        line("a", "base", 400, MARCH[25]),  # again, in W13
        line("c", "base", 900, MARCH[15]),
        line("s", "base", 485, MARCH[15]),
    ],
}


def test_bills_are_judged_by_base_and_fuel():
    """In W12 a is right; b is billed a band too high, 110 too much; c and s have no price of ours."""
    connection = ground(RULES, **BILLS)

    assert add_up(connection, "invoiced_parcels", "2026-W12", LATE, by="billing_error") == {
        "none": {"judged_n": 1, "right_n": 1, "overbilled_cents": 0, "billed_cents": 833},
        "weight": {"judged_n": 1, "right_n": 0, "overbilled_cents": 110, "billed_cents": 550},
    }


def test_a_second_base_is_too_much_in_its_own_week():
    """In W13 nothing is due for a: all 400 are too much."""
    connection = ground(RULES, **BILLS)

    assert add_up(connection, "invoiced_parcels", "2026-W13", LATE, by="billing_error") == {
        "repeated": {"judged_n": 1, "right_n": 0, "overbilled_cents": 400, "billed_cents": 400}
    }


def test_bills_seen_earlier():
    """On the Tuesday of W12 only Monday's invoice is known."""
    connection = ground(RULES, **BILLS)

    assert add_up(connection, "invoiced_parcels", "2026-W12", at(3, 17))["judged_n"] == 1


def test_a_price_of_the_ship_date_counts():
    """Billed by March's price, shipped in February: 20 and fuel too much; what is too little is no credit."""
    rates = [
        rate(0, 1_000, 400, valid_to=dt.date(2026, 2, 28)),
        rate(0, 1_000, 420, valid_from=dt.date(2026, 3, 1)),
    ]
    shipped = {"ship_date": dt.date(2026, 2, 27)}
    connection = ground(
        RULES,
        shipments=[parcel("a", at(2, 27)), parcel("b", at(2, 27))],
        contract_rates=rates,
        contract_terms=CONTRACT["contract_terms"],
        carrier_invoice_lines=[
            line("a", "base", 420, MARCH[2], **shipped),
            line("a", "fuel", 42, MARCH[2], **shipped),
            line("b", "base", 300, MARCH[2], **shipped),
        ],
    )

    assert add_up(connection, "invoiced_parcels", WEEK, LATE, by="billing_error") == {
        "price": {"judged_n": 1, "right_n": 0, "overbilled_cents": 22, "billed_cents": 462},
        "too_little": {"judged_n": 1, "right_n": 0, "overbilled_cents": 0, "billed_cents": 300},
    }


def audits(columns: str, seen_at: dt.datetime = LATE, **tables: list[dict]) -> list[tuple]:
    """Audit parcels that all were scanned in the week; give some columns of each, in their order."""
    connection = ground(RULES, **tables)
    add_up(connection, "audits", WEEK, seen_at)
    names = columns.split()
    rows = connection.execute(fact_sql("audits")).df()[names].sort_values(names)
    return list(rows.itertuples(index=False, name=None))


DEARER = [
    rate(0, None, 400, valid_to=MARCH[3]),
    rate(0, None, 420, valid_from=MARCH[4], known_at=at(3, 20)),
]
"""A price that holds until 4 March, and the one from the 5th on, which is known on the 20th."""


def test_a_charge_is_compared_with_the_contract_of_the_ship_day():
    """Both are charged 420: the parcel of the 3rd is 20 too dear, that of the 6th is as it should be."""
    found = audits(
        "excess_bin listed_cents",
        shipments=[parcel("a", at(3, 3)), parcel("b", at(3, 6))],
        carrier_invoice_lines=[
            line("a", "base", 420, MARCH[15]),
            line("b", "base", 420, MARCH[15], ship_date=MARCH[5]),
        ],
        contract_rates=DEARER,
    )

    assert found == [(0, 420), (20, 400)]


def test_a_charge_is_compared_with_the_price_that_holds_later():
    """Another 20 from the 5th on; what is shipped then has no later price.

    What held before was dearer, and so is what holds from May on; the next price counts.
    """
    found = audits(
        "base_cents step_bin",
        shipments=[parcel("a", at(3, 3)), parcel("b", at(3, 6))],
        carrier_invoice_lines=[
            line("a", "base", 400, MARCH[15]),
            line("b", "base", 420, MARCH[15], ship_date=MARCH[5]),
        ],
        contract_rates=[
            *DEARER,
            rate(0, None, 450, valid_from=dt.date(2025, 1, 1), valid_to=dt.date(2025, 12, 31)),
            rate(0, None, 480, valid_from=dt.date(2026, 5, 1)),
        ],
    )

    assert found == [(400, 20), (420, 0)]


def test_a_later_price_may_be_lower():
    """It falls from 400 to 380 on the 5th: the parcel of the 6th is charged 20 too much."""
    found = audits(
        "excess_bin step_bin",
        shipments=[parcel("a", at(3, 3)), parcel("b", at(3, 6))],
        carrier_invoice_lines=[
            line("a", "base", 400, MARCH[15]),
            line("b", "base", 400, MARCH[15], ship_date=MARCH[5]),
        ],
        contract_rates=[rate(0, None, 400, valid_to=MARCH[3]), rate(0, None, 380, valid_from=MARCH[4])],
    )

    assert found == [(0, -20), (20, 0)]


def test_a_charge_is_compared_with_the_price_of_its_carrier_service_and_lane():
    """All others are dearer; another carrier charges less for its parcel of the same number."""
    others = [
        {"carrier": "CDR"},
        {"service": "express"},
        {"origin_country": "ES"},
        {"destination_country": "ES"},
    ]
    found = audits(
        "base_cents listed_cents",
        shipments=[parcel("a", at(3, 3))],
        carrier_invoice_lines=[
            line("a", "base", 400, MARCH[15]),
            line("a", "base", 300, MARCH[15], carrier="CDR"),
        ],
        contract_rates=[rate(0, None, 400), *(rate(0, None, 900, **other) for other in others)],
    )

    assert found == [(400, 400)]


def test_a_later_price_is_the_one_of_the_same_weight_and_lane():
    """Above 1 kg the price rises by 60; that of another service and of another country says nothing."""
    others = [
        {"carrier": "CDR"},
        {"service": "express"},
        {"origin_country": "ES"},
        {"destination_country": "ES"},
    ]
    found = audits(
        "base_cents step_bin",
        shipments=[parcel("a", at(3, 3)), parcel("b", at(3, 3), weight_declared_g=1_200)],
        carrier_invoice_lines=[line("a", "base", 400, MARCH[15]), line("b", "base", 500, MARCH[15])],
        contract_rates=[
            *(rate(0, 1_000, 400, valid_to=MARCH[3]), rate(1_000, 2_000, 500, valid_to=MARCH[3])),
            *(rate(0, 1_000, 430, valid_from=MARCH[4]), rate(1_000, 2_000, 560, valid_from=MARCH[4])),
            *(rate(0, 2_000, 900, valid_from=MARCH[4], **other) for other in others),
        ],
    )

    assert found == [(400, 30), (500, 60)]


@pytest.mark.parametrize(
    ("seen_at", "found"), [(at(3, 16), []), (at(3, 17), [(0, 0)]), (at(3, 20), [(0, 20)])]
)
def test_a_charge_and_a_later_price_count_once_they_are_known(seen_at, found):
    """The invoice of the 16th comes on the 17th, the next price of the contract on the 20th."""
    tables = {
        "shipments": [parcel("a", at(3, 3))],
        "carrier_invoice_lines": [line("a", "base", 400, MARCH[15])],
        "contract_rates": DEARER,
    }

    assert audits("excess_bin step_bin", seen_at, **tables) == found


def test_a_parcel_is_audited_once_it_is_scanned():
    """It is on an invoice that is known on the 5th, and scanned on the 6th."""
    tables = {
        "shipments": [parcel("a", at(3, 6))],
        "carrier_invoice_lines": [line("a", "base", 400, MARCH[3])],
        "contract_rates": [rate(0, None, 400)],
    }

    assert audits("base_cents", at(3, 5), **tables) == []
    assert audits("base_cents", at(3, 6), **tables) == [(400,)]


def test_of_all_versions_of_what_an_audit_reads_those_known_then_count():
    """On 18 March, what was replaced in February and what becomes known in April count for nothing."""
    tables = {
        "shipments": [parcel("a", at(3, 3))],
        "carrier_invoice_lines": [line("a", "base", 400, MARCH[15])],
        "contract_rates": [rate(0, None, 400, valid_to=MARCH[3]), rate(0, None, 420, valid_from=MARCH[4])],
    }
    otherwise = {
        "shipments": {"label_source": "another"},
        "carrier_invoice_lines": {"amount_cents": 100},
        "contract_rates": {"price_cents": 900},
    }
    versions = [{"known_at": at(1, 1), "replaced_at": at(2, 1)}, {"known_at": at(4, 1)}]
    doubled = {
        name: [*rows, *(row | otherwise[name] | version for row in rows for version in versions)]
        for name, rows in tables.items()
    }
    columns = "label_source base_cents listed_cents excess_bin step_bin"

    assert audits(columns, at(3, 18), **doubled) == [("backship", 400, 400, 0, 20)]


def test_of_versions_of_a_charge_the_one_known_then_counts():
    """Charged 400, corrected to 410 on the 20th."""
    tables = {
        "shipments": [parcel("a", at(3, 3))],
        "contract_rates": [rate(0, None, 400)],
        "carrier_invoice_lines": [
            line("a", "base", 400, MARCH[15], replaced_at=at(3, 20)),
            line("a", "base", 410, MARCH[15], known_at=at(3, 20)),
        ],
    }

    assert audits("base_cents excess_bin", at(3, 19), **tables) == [(400, 0)]
    assert audits("base_cents excess_bin", at(3, 20), **tables) == [(410, 10)]


def test_a_charge_stands_in_its_own_currency_beside_that_of_the_contract():
    """The contract says 320 pence, 400 euro cents: a is charged that, b 320 cents, which is 80 too little.

    The currency of a contract in euro is not that of c, which is charged 320 pence for its 400 cents.
    """
    found = audits(
        "currency contract_currency base_cents listed_cents excess_bin",
        shipments=[parcel("a", at(3, 3)), parcel("b", at(3, 3)), parcel("c", at(3, 3), service="pudo")],
        carrier_invoice_lines=[
            line("a", "base", 320, MARCH[15], currency="GBP"),
            line("b", "base", 320, MARCH[15]),
            line("c", "base", 320, MARCH[15], currency="GBP"),
        ],
        contract_rates=[rate(0, None, 320, currency="GBP"), rate(0, None, 400, service="pudo")],
    )

    assert found == [
        ("EUR", "GBP", 320, 400, -80),
        ("GBP", "EUR", 400, 400, 0),
        ("GBP", "GBP", 400, 400, 0),
    ]


def test_a_later_price_is_in_euro():
    """It rises from 320 to 336 pence, which are 20 cents."""
    found = audits(
        "excess_bin step_bin",
        shipments=[parcel("a", at(3, 3))],
        carrier_invoice_lines=[line("a", "base", 320, MARCH[15], currency="GBP")],
        contract_rates=[
            rate(0, None, 320, currency="GBP", valid_to=MARCH[3]),
            rate(0, None, 336, currency="GBP", valid_from=MARCH[4]),
        ],
    )

    assert found == [(0, 20)]


def test_a_base_that_is_charged_twice_counts_once():
    """With its smallest line: a has the same again later, b a dearer one on the same invoice, c later."""
    found = audits(
        "billed_n base_cents excess_bin",
        shipments=[parcel("a", at(3, 3)), parcel("b", at(3, 3)), parcel("c", at(3, 3))],
        carrier_invoice_lines=[
            *(line("a", "base", 400, MARCH[15]), line("a", "base", 400, MARCH[25])),
            *(line("b", "base", 700, MARCH[15]), line("b", "base", 410, MARCH[15])),
            *(line("c", "base", 420, MARCH[15]), line("c", "base", 700, MARCH[25])),
        ],
        contract_rates=[rate(0, None, 400)],
    )

    assert found == [(1, 400, 0), (1, 410, 10), (1, 420, 20)]


def test_only_base_charges_are_compared():
    """Fuel, surcharges and credits beside a base say nothing; a parcel with nothing but fuel is left out."""
    found = audits(
        "base_cents excess_bin",
        shipments=[parcel("a", at(3, 3)), parcel("b", at(3, 3))],
        carrier_invoice_lines=[
            *(line("a", kind, 40, MARCH[15]) for kind in ("fuel", "remote")),
            *(line("a", "base", 400, MARCH[15]), line("a", "credit_note", -100, MARCH[25])),
            line("b", "fuel", 40, MARCH[15]),
        ],
        contract_rates=[rate(0, None, 400)],
    )

    assert found == [(400, 0)]


def test_labels_that_sellers_bought_are_compared_too():
    """Their charge of 485 is 85 above our contract."""
    found = audits(
        "label_source excess_bin",
        shipments=[parcel("a", at(3, 3)), parcel("s", at(3, 3), label_source="seller_own")],
        carrier_invoice_lines=[line("a", "base", 400, MARCH[15]), line("s", "base", 485, MARCH[15])],
        contract_rates=[rate(0, None, 400)],
    )

    assert found == [("backship", 0), ("seller_own", 85)]


def test_a_charge_is_compared_with_the_dearest_price_below_the_declared_weight():
    """What weighs 1.2 kg fits both bands; it is billed for 1.8 kg, which does not matter."""
    found = audits(
        "listed_cents excess_bin",
        shipments=[parcel("a", at(3, 3), weight_declared_g=1_200)],
        carrier_invoice_lines=[line("a", "base", 600, MARCH[15], weight_billed_g=1_800)],
        contract_rates=CONTRACT["contract_rates"],
    )

    assert found == [(500, 100)]


def test_what_is_charged_too_much_is_at_most_20_euro_and_too_little_5_euro():
    """A hundred euro for one of four, nothing for one of eight."""
    found = audits(
        "base_cents excess_bin",
        shipments=[parcel("a", at(3, 3)), parcel("b", at(3, 3), service="pudo")],
        carrier_invoice_lines=[line("a", "base", 10_000, MARCH[15]), line("b", "base", 0, MARCH[15])],
        contract_rates=[rate(0, None, 400), rate(0, None, 800, service="pudo")],
    )

    assert found == [(0, -500), (10_000, 2_000)]


def test_charges_without_a_price_to_compare_are_left_out():
    """No weight, no price of the country, no rate of its currency or of the line's, no parcel so named.

    The number of n is charged for a parcel of a year before, that of d for one shipped eight days before.
    """
    found = audits(
        "destination_country base_cents",
        shipments=[
            parcel("a", at(3, 3)),
            parcel("w", at(3, 3), weight_declared_g=None),
            parcel("c", at(3, 3), destination_country="ES"),
            parcel("u", at(3, 3), destination_country="US"),
            parcel("l", at(3, 3)),
            parcel("n", at(3, 3)),
            parcel("d", at(3, 8)),
        ],
        carrier_invoice_lines=[
            *(line(name, "base", 400, MARCH[15]) for name in "awcu?"),
            line("l", "base", 400, MARCH[15], currency="USD"),
            line("n", "base", 300, MARCH[15], ship_date=dt.date(2025, 3, 4)),
            line("d", "base", 300, MARCH[15], ship_date=dt.date(2026, 2, 28)),
        ],
        contract_rates=[rate(0, None, 400), rate(0, None, 400, destination_country="US", currency="USD")],
    )

    assert found == [("FR", 400)]


def order(name: str, cents: int, currency: str = "EUR", **cells) -> dict:
    usual = {"orderline_id": f"L{name}", "order_id": f"O{name}", "seller": "S001", "buyer_country": "FR"}
    price = {"item_value_cents": cents, "currency": currency, "category": "phone"}
    return usual | price | {"paid_at": at(3, 2, 9)} | cells


def claim(name: str, kind: str, **cells) -> dict:
    return {"claim_id": f"K{name}", "shipment_id": name, "claim_type": kind, "currency": "EUR"} | cells


LOSSES = {
    "shipments": [
        parcel("a", at(3, 3), order_id="Oa"),  # lost: promised on the 9th, never arrived
        parcel("b", at(3, 3), order_id="Ob", delivered_at=at(3, 5)),
        parcel("c", at(3, 3), order_id="Oc", delivered_at=at(3, 5)),
        parcel("d", at(3, 3), order_id="Od", delivered_at=at(4, 20)),  # found after six weeks
        parcel("t", at(3, 4), case_id="Ct", flow="trade_in"),  # lost, nobody claims it
    ],
    "orders": [
        order("a", 20_000),
        order("a", 8_000, "GBP", orderline_id="La-2"),  # 10,000 cents
        order("b", 30_000),
        order("c", 40_000),
        order("d", 50_000),
    ],
    "reverse_cases": [
        {"case_id": "Ct", "case_type": "trade_in", "offer_value_cents": 9_000, "currency": "EUR"}
        | {"requested_at": at(3, 1)},
    ],
    "claims": [
        claim("a", "lost", decided_at=at(4, 1), decision="accepted")
        | {"paid_at": at(4, 10), "amount_paid_cents": 25_000, "opened_at": at(3, 20)},
        claim("b", "damaged", docs_complete_at=at(3, 8), opened_at=at(3, 7)),
        claim("c", "damaged", decided_at=at(3, 20), decision="rejected", opened_at=at(3, 7)),
    ],
}


def test_losses_count_claimed_or_not():
    """Lost a is worth both lines, b is documented damage, c is not; d was found; t counts with its offer."""
    connection = ground(RULES, **LOSSES)

    assert add_up(connection, "loss_values", WEEK, LATE, by="event") == {
        "lost": {
            "losses_n": 2,
            "valued_n": 2,
            "value_cents": 30_000 + 9_000,
            "paid_cents": 25_000,
            "net_loss_cents": 14_000,
        },
        "damaged": {
            "losses_n": 1,
            "valued_n": 1,
            "value_cents": 30_000,
            "paid_cents": 0,
            "net_loss_cents": 30_000,
        },
    }


UNKNOWN = pytest.mark.parametrize(
    ("table", "cell"),
    [
        ("orders", "currency"),
        ("orders", "item_value_cents"),
        ("claims", "currency"),
        ("claims", "amount_paid_cents"),
    ],
)
"""What the first line of a is worth, or what its claim brought."""


@UNKNOWN
def test_money_of_a_loss_that_is_not_known_counts_on_neither_side(table, cell):
    """Of ten others that were lost, each worth 10 euros, and of t and b it is known; a is left out."""
    names = "efghijklmn"
    others = {
        "shipments": [parcel(name, at(3, 3), order_id=f"O{name}") for name in names],
        "orders": [order(name, 1_000) for name in names],
        "claims": [],
    }
    rows = {name: [*LOSSES[name], *more] for name, more in others.items()}
    rows[table][0] = rows[table][0] | {cell: None}
    found = add_up(ground(RULES, **LOSSES | rows), "loss_values", WEEK, LATE, by="event")

    assert found["lost"] == {
        "losses_n": 12,
        "valued_n": 11,
        "value_cents": 19_000,
        "paid_cents": 0,
        "net_loss_cents": 19_000,
    }
    assert found["damaged"]["value_cents"] == 30_000


@pytest.mark.parametrize(("slug", "value"), [("net_loss_cost", 300), ("claims_recovery", 0.25)])
def test_a_week_whose_money_is_known_of_fewer_than_nine_in_ten_has_no_value(slug, value):
    """A thousand parcels a week, of which ten were lost: of so many it is known what they cost."""
    valued = {"2026-W08": 9, "2026-W09": 8, "2026-W10": 0}
    amounts = {"net_loss_cents": 30_000, "value_cents": 40_000, "paid_cents": 10_000}
    lost = pd.DataFrame({"week": list(valued), "losses_n": 10, "valued_n": list(valued.values()), **amounts})
    weeks = [*valued, "2026-W11"]
    cells = {"loss_values": lost, "first_scans": pd.DataFrame({"week": weeks, "scanned_n": 1_000})}
    found = pairs({name: cells[name] for name in kpi(slug).measures()}, kpi(slug), ["week"])
    values = weekly_values(found, kpi(slug))

    assert values["2026-W08"] == value
    assert values[["2026-W09", "2026-W10"]].isna().all()
    assert (found.loc[["2026-W09", "2026-W10"], ["x", "n"]] == 0).all(axis=None)
    if slug == "net_loss_cost":
        assert values["2026-W11"] == 0  # none was lost


def test_each_look_at_a_week_is_known_by_itself():
    """Seen early the money of half of ten losses is known, and of nine later: the first has no value."""
    looks = {"week": "2026-W08", "seen_at": [at(3, 1), at(4, 1)]}
    lost = pd.DataFrame(looks | {"losses_n": 10, "valued_n": [5, 9], "net_loss_cents": 30_000})
    cells = {"loss_values": lost, "first_scans": pd.DataFrame(looks | {"scanned_n": 1_000})}
    values = weekly_values(pairs(cells, kpi("net_loss_cost"), list(looks)), kpi("net_loss_cost"))

    assert pd.isna(values["2026-W08", at(3, 1)])
    assert values["2026-W08", at(4, 1)] == 300


def test_a_claim_that_has_brought_nothing_yet_needs_no_currency():
    """What it will bring is not known either way: a is worth its lines until it is paid."""
    claims = [one | {"currency": None} for one in LOSSES["claims"]]
    found = add_up(ground(RULES, **LOSSES | {"claims": claims}), "loss_values", WEEK, at(3, 24))

    assert (found["losses_n"], found["valued_n"], found["paid_cents"]) == (4, 4, 0)


@pytest.mark.parametrize(
    ("seen_at", "losses", "paid"),
    [(at(3, 10), 1, 0), (at(3, 23), 1, 0), (at(3, 24), 4, 0), (at(4, 10), 4, 25_000)],
)
def test_losses_seen_earlier(seen_at, losses, paid):
    """Lost is what never arrived 15 days after the promise, so from the 24th on; d had not come by then."""
    found = add_up(ground(RULES, **LOSSES), "loss_values", WEEK, seen_at)

    assert (found["losses_n"], found["paid_cents"]) == (losses, paid)


SERVED = {
    "orders": [
        order("a", 20_000),
        order("a", 2_500, orderline_id="La-2"),
        order("b", 10_000),
        order("z", 10_000, paid_at=at(3, 9)),  # the week after
    ],
    "shipments": [
        parcel("a", at(3, 3), order_id="Oa", partner="FP-Main", delivered_at=at(3, 5)),
        parcel("r", at(3, 20), order_id="Oa", flow="return", delivered_at=at(3, 23)),
        parcel("b", at(3, 3), order_id="Ob"),  # lost
        parcel("z", at(3, 10), order_id="Oz", partner="FP-Main"),
    ],
    "carrier_invoice_lines": [
        line("a", "base", 400, MARCH[15]),
        line("a", "remote", 100, MARCH[15]),
        line("r", "base", 300, MARCH[30], ship_date=MARCH[19]),
        line("z", "base", 400, MARCH[15], ship_date=MARCH[9]),
    ],
    "fulfilment_jobs": [
        {"job_id": f"D{fee}", "partner": "FP-Main", "kind": "outbound", "released_at": at(3, 2)}
        | {"fee_cents": fee, "currency": "EUR"}
        for fee in (180, 191)
    ],
    "care_contacts": [
        {"contact_id": "T1", "order_id": "Oa", "opened_at": at(3, 12)},
        {"contact_id": "T2", "order_id": "Oz", "opened_at": at(3, 12)},
        {"contact_id": "T3", "seller": "S001", "opened_at": at(3, 4)},  # names no order
        {"contact_id": "T4", "order_id": "O?", "opened_at": at(3, 4)},  # of an order that nobody knows
    ],
    "claims": [],
}


def test_what_an_order_costs():
    """Two lines are one order: 500 out, 300 back, a mean fee of 185.5, two contacts at 400, and b's worth."""
    connection = ground(RULES, **SERVED)
    facts = ("order_charges", "order_fees", "order_losses", "contacts")

    assert {fact: add_up(connection, fact, WEEK, LATE) for fact in facts} == {
        "order_charges": {"shipping_cents": 500, "return_cents": 300},
        "order_fees": {"fulfilled_n": 1, "fulfilment_cents": 186},
        "order_losses": {"net_loss_cents": 10_000},
        "contacts": {"contacts_n": 2, "care_cents": 800},
    }


def test_what_an_order_costs_seen_earlier():
    """On Monday nothing is invoiced, nothing lost, and one contact came."""
    connection = ground(RULES, **SERVED)
    facts = ("order_charges", "order_fees", "order_losses", "contacts")

    assert {fact: add_up(connection, fact, WEEK, after(WEEK)) for fact in facts} == {
        "order_charges": {"shipping_cents": 0, "return_cents": 0},
        "order_fees": {"fulfilled_n": 1, "fulfilment_cents": 186},
        "order_losses": {"net_loss_cents": 0},
        "contacts": {"contacts_n": 1, "care_cents": 400},
    }


def test_a_loss_of_which_nobody_knows_the_worth_is_what_its_claims_brought():
    """Order b has no value: nothing is lost of it, and 30 euro have come back."""
    paid = {"claim_id": "Kb", "shipment_id": "b", "claim_type": "lost", "opened_at": at(3, 25)}
    paid |= {"known_at": at(4, 1), "paid_at": at(4, 1), "amount_paid_cents": 3_000, "currency": "EUR"}
    tables = SERVED | {"orders": [order("b", None)]}

    for claims, net_cents in (([], 0), ([paid], -3_000)):
        connection = ground(RULES, **(tables | {"claims": claims}))
        assert add_up(connection, "order_losses", WEEK, LATE) == {"net_loss_cents": net_cents}
