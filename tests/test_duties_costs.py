"""Transport costs: the list of what to dispute is right, what is accrued comes true, and bridges close."""

import datetime as dt
import re
from collections import defaultdict
from math import floor
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from small_ground import ground

import tallysheet as ts
from tallysheet.duties import cost_levels, cost_levels_page, costs, costs_page
from tallysheet.duties.known import list_sql, of_other_day
from tallysheet.language import read_language
from tallysheet.settings import Rules, read_settings
from tallysheet.weeks import IsoWeek

WEEKS = ("2026-W03", "2026-W38", "2026-W46")
"""One with a tariff billed before it held, one with pounds tagged as euros, the newest."""
RATES = {"EUR": 1.0, "GBP": 0.87, "USD": 1.09, "PLN": 4.30, "CZK": 24.8}
TOLERANCE = 5
LIST = ["invoice_id", "shipment_id"]
slow = pytest.mark.slow


def opened(data: Path, week: str, **options):
    """Open a week as it is known on its Monday."""
    monday = IsoWeek.parse(week).sunday + dt.timedelta(days=1)
    return ts.open_week(week, data=data, as_of=f"{monday}T07:00", **options)


@pytest.fixture(scope="module", params=WEEKS)
def week(request, sample_of_size_s):
    return opened(sample_of_size_s, request.param)


@pytest.fixture(scope="module")
def newest(sample_of_size_s):
    return opened(sample_of_size_s, WEEKS[-1])


def round_half_up(cents: float) -> int:
    return floor(cents + 0.5)


def prices_by_hand(week) -> dict:
    """Give the contract's prices by carrier, service and lane: from, to, above how many grams, cents."""
    found = defaultdict(list)
    for one in week.sql("SELECT * FROM contract_rates").itertuples():
        ends = (
            pd.Timestamp(one.valid_from),
            pd.Timestamp("2100-01-01") if pd.isna(one.valid_to) else one.valid_to,
        )
        lane = (one.carrier, one.service, one.origin_country, one.destination_country)
        found[lane].append((*ends, one.weight_from_g, one.price_cents, one.currency))
    return found


def price_by_hand(listed, day, grams: float) -> tuple[float, str]:
    """Give the dearest price, in euro cents, of the weights that begin below it."""
    cents, currency = max(
        (price, currency)
        for first, last, above, price, currency in listed
        if first <= day <= last and above < grams
    )
    return cents / RATES[currency], currency


def shares_by_hand(week, today) -> dict:
    """Give the share of fuel by carrier and month."""
    return {
        (one.carrier, month): one.fuel_share
        for one in week.sql("SELECT * FROM contract_terms").itertuples()
        for month in pd.period_range(
            one.valid_from, today if pd.isna(one.valid_to) else one.valid_to, freq="M"
        )
    }


def due_by_hand(line, parcel, listed, share: float) -> float:
    """Give what is due of a first charge; of a seller's own label all but the step between the weights."""
    part = 1.0 if line.charge_type == "base" else share
    price = price_by_hand(listed, line.ship_date, parcel.weight_declared_g)[0]
    if parcel.label_source != "seller_own":
        return price * part
    most = max(line.weight_billed_g, parcel.weight_declared_g)
    heavy, currency = price_by_hand(listed, line.ship_date, most)
    return line.amount_cents / RATES[currency] - (heavy - price) * part


def sums_by_hand(charged, parcel, listed, share: float) -> dict:
    """Add a parcel's charges up by invoice, in euro cents: billed and due; of surcharges those repeated."""
    rate = RATES[price_by_hand(listed, charged[0].ship_date, parcel.weight_declared_g)[1]]
    seen, sums = set(), defaultdict(lambda: [0.0, 0.0])
    for line in charged:
        is_again = line.charge_type in seen
        seen.add(line.charge_type)
        if line.charge_type != "credit_note" and (is_again or line.charge_type in ("base", "fuel")):
            sums[line.invoice_id, line.invoice_date][0] += line.amount_cents / rate
            sums[line.invoice_id, line.invoice_date][1] += (
                0.0 if is_again else due_by_hand(line, parcel, listed, share)
            )
    return sums


def parcels_by_hand(week, today) -> dict:
    """Give parcels of the last 30 weeks by carrier and number; without a known weight nothing is judged."""
    found = defaultdict(list)
    since = f"first_scan_at > DATE '{today.date()}' - 210 AND weight_declared_g IS NOT NULL"
    names = "shipment_id, carrier, tracking_number, service, origin_country, destination_country"
    more = "label_source, weight_declared_g, first_scan_at"
    for one in week.sql(f"SELECT {names}, {more} FROM shipments WHERE {since}").itertuples():
        found[one.carrier, one.tracking_number].append(one)
    return found


def bills_by_hand(week, today) -> dict:
    """Give the lines of parcels that an invoice of the last eight weeks names, in order."""
    names = "carrier, tracking_number, ship_date, invoice_id, invoice_date"
    more = "charge_type, amount_cents, currency, weight_billed_g"
    lines = week.sql(
        f"SELECT {names}, {more} FROM carrier_invoice_lines WHERE ship_date > DATE '{today.date()}' - 200 "
        f"AND invoice_date <= DATE '{today.date()}' ORDER BY invoice_date, invoice_id, line_number"
    )
    found = defaultdict(list)
    for line in lines.itertuples():
        found[line.carrier, line.tracking_number, line.ship_date].append(line)
    since = today - pd.Timedelta(weeks=8)
    return {key: lines for key, lines in found.items() if lines[-1].invoice_date > since}


def by_hand(week) -> dict[tuple[str, str], int]:
    """Audit line by line another way, in plain Python: invoice and parcel to what is too much, in cents."""
    today = pd.Timestamp(week.cube.as_of.date())
    parcels, shares, prices = parcels_by_hand(week, today), shares_by_hand(week, today), prices_by_hand(week)
    found = {}
    for (carrier, number, day), charged in bills_by_hand(week, today).items():
        near = [
            one for one in parcels[carrier, number] if abs((one.first_scan_at.normalize() - day).days) <= 7
        ]
        for parcel in near[:1]:
            listed = prices[carrier, parcel.service, parcel.origin_country, parcel.destination_country]
            sums = sums_by_hand(charged, parcel, listed, shares[carrier, day.to_period("M")])
            notes = [one for one in charged if one.charge_type == "credit_note"]
            credited = -sum(one.amount_cents / RATES[one.currency] for one in notes)
            for (invoice, invoiced), (billed, due) in sums.items():
                over = round_half_up(billed) - round_half_up(due)
                paid = min(credited, over) if over > TOLERANCE else 0
                credited -= paid
                if over - paid > TOLERANCE and invoiced > today - pd.Timedelta(weeks=8):
                    found[invoice, parcel.shipment_id] = over - paid
    return found


@slow
def test_the_list_is_what_another_way_gives(week):
    """Each charge above what is due, and how much of it; the most money first."""
    listed, wanted = costs.disputes(week), by_hand(week)
    found = dict(zip(zip(*(listed[name] for name in LIST), strict=True), listed["left_cents"], strict=True))

    # Pounds and dollars may round to the other side of half a cent.
    near = {key for key, cents in (found | wanted).items() if abs(cents - TOLERANCE) <= 1}
    assert len(found) > 400
    assert found.keys() - near == wanted.keys() - near
    assert all(abs(found[key] - wanted[key]) <= 2 for key in found.keys() & wanted.keys())
    assert sum(found.values()) == pytest.approx(sum(wanted.values()), rel=0.001)
    assert listed["left_cents"].is_monotonic_decreasing


@slow
def test_what_is_injected_is_found_in_full(sample_of_size_s):
    """Of 26 weeks of shipping and each carrier, as much as the truth says; the list reads no truth."""
    seen = [costs.audited(opened(sample_of_size_s, one)) for one in ("2026-W22", "2026-W34", "2026-W46")]
    found = pd.concat(seen).drop_duplicates(LIST)
    weeks = [str(IsoWeek(2026, 13).shift(step)) for step in range(26)]
    shipped = pd.Series([str(IsoWeek.of(day.date())) for day in found["ship_date"]], index=found.index)
    by_carrier = found[shipped.isin(weeks)].groupby("carrier")["over_cents"].sum()
    truth = pd.read_csv(sample_of_size_s / "truth" / "billing.csv")
    true = truth[truth["week"].isin(weeks)].groupby("carrier")["overbilled_cents"].sum()

    assert by_carrier.sum() == pytest.approx(true.sum(), rel=0.01)
    assert (by_carrier / true).between(0.97, 1.03).all()


@slow
def test_a_tariff_billed_before_it_holds_is_named(sample_of_size_s):
    """BRV's of January, on parcels of the three weeks before; nobody else's, and not in autumn."""
    then, now = (costs.audited(opened(sample_of_size_s, one)) for one in ("2026-W06", "2026-W46"))
    early = then[then["reason"] == "early"]

    assert set(early["carrier"]) == {"BRV"}
    assert early["ship_date"].between("2025-12-15", "2026-01-04").all()
    assert not (now["reason"] == "early").any()


@slow
def test_pounds_tagged_as_euros_are_named(sample_of_size_s, newest):
    """Those inside Britain of one week of shipping; before it there are none."""
    found = costs.slips(newest)

    assert set(found["lane"]) == {"GB-GB"}
    assert set(zip(found["currency"], found["contract_currency"], strict=True)) == {("EUR", "GBP")}
    assert found["first_day"].min() >= pd.Timestamp("2026-08-31")
    assert found["last_day"].max() <= pd.Timestamp("2026-09-06")
    assert (found["ratio"] - 0.87).abs().max() < 0.01
    # Every charge of them counts, surcharges too.
    lines = newest.sql(
        "SELECT carrier, lines.amount_cents FROM carrier_invoice_lines AS lines "
        "JOIN shipments AS parcels USING (carrier, tracking_number) "
        "WHERE lines.currency = 'EUR' AND lines.charge_type <> 'credit_note' "
        "AND parcels.origin_country = 'GB' AND parcels.destination_country = 'GB' "
        "AND lines.ship_date BETWEEN DATE '2026-08-31' AND DATE '2026-09-06' "
        "AND parcels.first_scan_at BETWEEN lines.ship_date - 7 AND lines.ship_date + 8"
    )
    short = (lines["amount_cents"] / RATES["GBP"] - lines["amount_cents"]).groupby(lines["carrier"]).sum()
    assert found.set_index("carrier")["short_cents"].to_dict() == pytest.approx(short.to_dict(), abs=100)
    assert costs.slips(opened(sample_of_size_s, "2026-W35")).empty


@slow
def test_each_charge_of_last_week_is_followed(week):
    """What is still open stands on this week's list, beside what is new; nothing else does."""
    before, came, listed = costs.disputes(week, weeks_before=1), costs.came_of(week), costs.disputes(week)
    keys = [
        set(zip(*(one[name] for name in LIST), strict=True))
        for one in (listed, came[came["became"] == "open"])
    ]

    assert came[LIST].equals(before[LIST])
    assert keys[1] == keys[0] - set(zip(*(listed.loc[listed["is_new"], name] for name in LIST), strict=True))
    assert listed["is_new"].any()


@slow
@pytest.mark.parametrize("name", ["2026-W16", "2026-W32", "2026-W38"])
def test_what_is_accrued_comes_true(sample_of_size_s, name):
    """Within 3 %, also where a carrier's invoices are five weeks late; the bare contract is far below."""
    week = opened(sample_of_size_s, name)
    found = cost_levels.accruals_by_week(week)
    truth = pd.read_csv(sample_of_size_s / "truth" / "billing.csv")
    billed = found.merge(truth, on=["week", "carrier"], validate="one_to_one")
    still = billed["billed_cents"].sum() - billed["invoiced_cents"].sum()

    assert found["week"].nunique() == cost_levels.WEEKS
    assert billed["accrued_cents"].sum() == pytest.approx(still, rel=0.03)
    assert billed["listed_cents"].sum() < 0.9 * still
    carriers = cost_levels.accruals(week)
    assert carriers["accrued_cents"].sum() == found["accrued_cents"].sum()
    assert (carriers["invoiced_n"] + carriers["accrued_n"] == carriers["parcels_n"]).all()


@slow
def test_bridges_close(sample_of_size_s):
    """Parts add up to the change that the KPI shows; in June fuel rose from 12 to 17 % of the base."""
    week = ts.open_week("2026-W23", data=sample_of_size_s, as_of="2026-08-10")
    found = cost_levels.bridges(week)
    parts = found[list(cost_levels.PARTS)].sum(axis=1)

    assert found["base"].to_list() == ["previous", "last-4", "year-ago"]
    assert (found["start"] + parts - found["end"]).abs().max() < 1e-9
    for one in found.itertuples():
        explained = week.explanation("cost_per_parcel", one.base, ())
        assert (one.start, one.end) == pytest.approx((explained.value_base, explained.value_now))
    assert found.loc[1, "fuel"] == pytest.approx(0.24, abs=0.06)
    assert found.loc[1, "fuel"] > found.loc[1, ["price", "extra", "rest"]].abs().max()


@slow
def test_a_base_that_is_not_there_is_said(sample_of_size_s):
    """The data begins in 2024, so a week of that year has none a year before."""
    week = ts.open_week("2024-W20", data=sample_of_size_s)

    assert cost_levels.bridges(week)["base"].to_list() == ["previous", "last-4"]
    assert "Not there to compare with: the week 364 days before" in cost_levels_page.bridges(week).html


@slow
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_page_tells_the_sum_of_its_list(sample_of_size_s, lang):
    """The headline's euros are those of the tables below."""
    week = opened(sample_of_size_s, WEEKS[-1], lang=lang)
    euros = week.language.value(costs.disputes(week)["left_cents"].sum() / 100, "euro", 0)

    for piece in (costs_page.opening, costs_page.standing, costs_page.totals):
        assert euros in piece(week).html
    shown = [costs_page.to_do, costs_page.work_list, costs_page.twice, cost_levels_page.accruals]
    assert all("<table" in piece(week).html for piece in [*shown, cost_levels_page.bridges])


@slow
def test_what_was_charged_twice_is_that_of_the_list(newest):
    """Of the last eight weeks, as the caption says: those that stand on the list of what to dispute."""
    listed = costs.disputes(newest)
    cells = numbers_by_name(costs_page.twice(newest).html)

    repeated = (listed["reason"] == "repeated").sum()
    assert repeated > 0
    assert cells["Charged again, no credit note: disputed"] == repeated
    assert "What came or was charged twice in the last eight weeks" in costs_page.twice(newest).html


@slow
@pytest.mark.parametrize(
    ("name", "as_of", "is_counted"),
    [
        ("2026-W01", "2026-01-05T07:00", False),
        ("2026-W33", "2026-08-17T07:00", True),
        ("2026-W38", "2026-10-07T05:00", True),
        ("2026-W40", "2026-10-12T07:00", False),
    ],
)
def test_lines_count_as_come_twice_once_their_extract_is_there(sample_of_size_s, name, as_of, is_counted):
    """The extract of 12 August came again on the 13th with all its lines; eight weeks later it is past."""
    week = ts.open_week(name, data=sample_of_size_s, as_of=as_of)
    files = week.ledger.files
    again = files[
        (files["table"] == "carrier_invoice_lines") & files["loaded_at"].str.startswith("2026-08-13")
    ]
    lines = int(again["duplicates"].sum()) if is_counted else 0
    shown = costs_page.twice(week).html

    assert again["duplicates"].sum() > 100
    told = "Lines that came twice in extracts loaded in this time: they count once"
    assert numbers_by_name(shown)[told] == lines


def numbers_by_name(html: str) -> dict[str, int]:
    """Read rows of a name and a number."""
    rows = re.findall(r'<th scope="row">([^<]*)</th><td[^>]*>([\d,]+)</td></tr>', html)
    return {name: int(number.replace(",", "")) for name, number in rows}


@slow
def test_the_rates_of_this_test_are_the_samples(sample_of_size_s):
    """Else the sums above would be about other money."""
    rules = read_settings(sample_of_size_s).rules
    assert (rules.euro_rates, rules.billing_tolerance_cents) == (RATES, TOLERANCE)


DAY = dt.date(2026, 3, 3)


def parcel(name: str, **cells) -> dict:
    usual = {"shipment_id": name, "tracking_number": f"T{name}", "carrier": "BRV", "service": "home"}
    lane = {"origin_country": "FR", "destination_country": "FR", "flow": "outbound", "status": "in_transit"}
    about = {
        "label_source": "backship",
        "weight_declared_g": 400,
        "promised_date": DAY,
        "promised_at": dt.datetime(2026, 3, 9),
    }
    return usual | lane | about | {"first_scan_at": dt.datetime(2026, 3, 3, 12)} | cells


def charge(name: str, kind: str, cents: int, day: int = 16, **cells) -> dict:
    invoice = {"invoice_id": f"I{day}", "invoice_date": dt.date(2026, 3, day), "line_number": day}
    about = {"carrier": "BRV", "tracking_number": f"T{name}", "ship_date": DAY, "currency": "EUR"}
    return about | invoice | {"charge_type": kind, "amount_cents": cents, "weight_billed_g": 400} | cells


def price(above_g: int, cents: int, **cells) -> dict:
    lane = {"carrier": "BRV", "service": "home", "origin_country": "FR", "destination_country": "FR"}
    about = {"weight_from_g": above_g, "price_cents": cents, "currency": "EUR"}
    return lane | about | {"valid_from": dt.date(2026, 1, 1), "valid_to": dt.date(2026, 3, 9)} | cells


def overcharged(parcels: list[dict], charges: list[dict]) -> pd.DataFrame:
    """List what is too much on 30 March by a contract of 4.00 up to 1 kg, 5.00 above, a tenth for fuel."""
    connection = ground(
        Rules(euro_rates={"EUR": 1.0, "GBP": 0.8}),
        shipments=parcels,
        carrier_invoice_lines=charges,
        contract_rates=[
            price(0, 400),
            price(1_000, 500),
            price(0, 420, valid_from=dt.date(2026, 3, 10), valid_to=None),
            price(0, 320, origin_country="GB", destination_country="GB", currency="GBP"),
        ],
        contract_terms=[{"carrier": "BRV", "valid_from": dt.date(2026, 1, 1), "fuel_share": 0.1}],
    )
    connection.execute(
        "CREATE TABLE look AS SELECT TIMESTAMP '2026-03-30 07:00' AS seen_at, DATE '2026-03-30' AS seen_on"
    )
    found = connection.execute(list_sql("overcharged")).df()
    return found.set_index(["shipment_id", "invoice_id"])[["billed_cents", "due_cents", "credited_cents"]]


def test_only_what_is_above_the_contract_is_listed():
    """Within five cents nothing is; remote areas cost what they cost; an unknown weight is not judged."""
    found = overcharged(
        [
            parcel("a"),
            parcel("b"),
            parcel("u", weight_declared_g=None),
            parcel("s", label_source="seller_own"),
        ],
        [
            charge("a", "base", 405),
            charge("a", "fuel", 40),
            charge("a", "remote", 390),
            charge("b", "base", 500, weight_billed_g=1_900),
            charge("b", "fuel", 50, weight_billed_g=1_900),
            charge("u", "base", 900),
            charge("s", "base", 485),  # 0.85 more than our price, by the seller's own contract
        ],
    )

    assert found["billed_cents"].to_dict() == {("b", "I16"): 550}
    assert found["due_cents"].to_list() == [440]


def test_a_second_charge_of_a_kind_is_not_due():
    """On the same invoice or a later one, base or surcharge, whoever made the label; a row an invoice."""
    found = overcharged(
        [parcel("a"), parcel("r"), parcel("s", label_source="seller_own")],
        [
            *(charge("a", "base", 400), charge("a", "base", 400, 25)),
            *(charge("r", "base", 400), charge("r", "remote", 390), charge("r", "remote", 390, 20)),
            *(charge("s", "base", 485), charge("s", "base", 485, 24)),
        ],
    )

    assert found["billed_cents"].to_dict() == {("r", "I20"): 390, ("s", "I24"): 485, ("a", "I25"): 400}
    assert (found["due_cents"] == 0).all()


def test_of_a_sellers_own_label_the_step_between_weights_is_too_much():
    """What the contract's prices of 400 g and 1.9 kg differ by, with fuel on it."""
    heavy = {"weight_billed_g": 1_900}
    found = overcharged(
        [parcel("s", label_source="seller_own")],
        [charge("s", "base", 585, **heavy), charge("s", "fuel", 58, **heavy)],
    )

    assert (found["billed_cents"] - found["due_cents"]).to_list() == [110]


def test_credits_of_a_parcel_stand_beside_its_charges():
    """Those of another parcel do not, nor those of the same number on another ship date."""
    found = overcharged(
        [parcel("a"), parcel("b")],
        [
            *(charge("a", "base", 400), charge("a", "base", 400, 20), charge("a", "credit_note", -150, 25)),
            *(charge("b", "base", 400), charge("b", "base", 400, 20)),
            charge("b", "credit_note", -400, 26, ship_date=dt.date(2026, 2, 3)),
        ],
    )

    assert found["credited_cents"].to_dict() == {("a", "I20"): 150, ("b", "I20"): 0}


def row(name: str, over: int, *, day: int = 10, credited: int = 0, **cells) -> dict:
    """Give a row of the list: a charge of so many cents too much, invoiced on a day of March."""
    about = {
        "invoice_id": f"I{name}",
        "shipment_id": name,
        "carrier": "BRV",
        "lane": "GB-GB",
        "is_own_label": False,
    }
    days = {
        "invoice_date": pd.Timestamp(2026, 3, 1) + pd.Timedelta(days=day - 1),
        "ship_date": pd.Timestamp(DAY),
    }
    weights = {"declared_g": 400, "billed_g": 400, "repeated_n": 0, "later_cents": pd.NA}
    money = {
        "billed_cents": 400 + over,
        "read_cents": 400 + over,
        "due_cents": 400,
        "credited_cents": credited,
    }
    made = about | days | weights | {"currency": "EUR", "contract_currency": "EUR"} | money | cells
    return made | {"all_billed_cents": made["billed_cents"], "all_read_cents": made["read_cents"]}


def a_week(monkeypatch, now: list[dict], before: list[dict] = ()):
    """Open a week whose list is given, and that of the week before and all earlier ones; on 30 March."""
    # One row lends the others its types and goes.
    lists = (pd.DataFrame([row("", 0), *one]).astype({"later_cents": "Int64"}) for one in (now, before))
    kept = [one.iloc[1:].reset_index(drop=True) for one in lists]
    monkeypatch.setattr(costs, "rows", lambda week, name, *, weeks_before=0: kept[min(weeks_before, 1)])
    rules = Rules(euro_rates={"EUR": 1.0, "GBP": 0.8})
    cube = SimpleNamespace(as_of=dt.datetime(2026, 3, 30, 7), empty=lambda _: [])
    return SimpleNamespace(cube=cube, settings=SimpleNamespace(rules=rules))


def test_what_became_of_a_charge(monkeypatch):
    """A credit note answers it, in part or wholly; another version of its line is right; eight weeks pass."""
    last = [row(name, 100) for name in ("credited", "in_part", "corrected", "open")] + [
        row("over", 100, day=-30)
    ]
    now = [
        row("credited", 100, credited=100),
        row("in_part", 100, credited=60),
        row("open", 100),
        row("over", 100, day=-30),
        row("fresh", 70),
    ]
    week = a_week(monkeypatch, now, last)
    came, listed = costs.came_of(week), costs.disputes(week).set_index("shipment_id")

    assert came.set_index("shipment_id")["became"].to_dict() == {
        "credited": "credited",
        "in_part": "open",
        "corrected": "corrected",
        "open": "open",
        "over": "over",
    }
    assert listed["left_cents"].to_dict() == {"open": 100, "fresh": 70, "in_part": 40}
    assert listed.index[listed["is_new"]].to_list() == ["fresh"]


def test_thousands_are_written_alike(monkeypatch):
    """What is still open is grouped by thousands, as the table below has it."""
    rows = [row(f"p{number}", 100) for number in range(1_200)]
    week = a_week(monkeypatch, rows, rows)
    week.language = read_language("en")
    monkeypatch.setattr(costs_page, "left_out", lambda *_: None)
    monkeypatch.setattr(costs_page, "of_other_day", lambda _: [])
    told = costs_page.opening(week).html

    assert "Of the 1,200 charges on last week" in told
    assert "1,200 still open (€1,200)" in told


@pytest.mark.parametrize(
    ("day", "told"), [((2026, 6, 15), ""), ((2026, 11, 16), "of Monday 16 November 2026, 23")]
)
def test_a_page_published_long_after_its_week_says_of_what_day_its_lists_are(day, told):
    """What was new in November was not new in the week of June that the page is about."""
    cube = SimpleNamespace(as_of=dt.datetime(*day, 7))
    week = SimpleNamespace(cube=cube, week=IsoWeek(2026, 23), language=read_language("en"))

    assert [told in note.html for note in of_other_day(week)] == [True] * bool(told)


def test_a_few_cents_are_not_told_as_nothing(monkeypatch):
    """Two charges of 22 cents too much each are 44 cents to dispute; what comes to euros is told in euros."""
    rows = [row(name, 22, later_cents=422) for name in "ab"]
    week = a_week(monkeypatch, [*rows, row("c", 1_180, billed_g=1_900)])
    week.language = read_language("en")
    monkeypatch.setattr(costs_page, "left_out", lambda *_: None)
    told = costs_page.to_do(week).html

    assert "1 of a wrong weight (€12) and 2 at a price that holds later (€0.44)" in told


def test_a_rebill_after_a_credit_is_kept(monkeypatch):
    """The base, a credit of all of it, and the base again: the parcel is charged once."""
    again = row("a", 0, billed_cents=400, read_cents=400, due_cents=0, repeated_n=1, credited=400)
    week = a_week(monkeypatch, [again])

    assert costs.disputes(week).empty
    assert costs.audited(week)["reason"].to_list() == ["repeated"]


def test_why_a_charge_is_too_much(monkeypatch):
    """A repeated one first, then a wrong weight, then the price that holds later."""
    rows = [
        row("again", 100, repeated_n=1, billed_g=1_900),
        row("heavy", 100, billed_g=1_900),
        row("early", 20, later_cents=421),
        row("dear", 100, later_cents=420),
    ]
    found = costs.audited(a_week(monkeypatch, rows)).set_index("shipment_id")["reason"]

    assert found.to_dict() == {"again": "repeated", "heavy": "weight", "early": "early", "dear": "price"}


def test_a_slip_of_currency_is_read_as_the_contract_says(monkeypatch):
    """One billed a weight too high fits the rate card by chance as tagged; the others show how to read it."""
    tagged = {"contract_currency": "GBP", "due_cents": 400}
    rows = [row(f"p{number}", 0, billed_cents=320, read_cents=400, **tagged) for number in range(9)]
    rows.append(row("heavy", 0, billed_cents=400, read_cents=500, billed_g=1_900, **tagged))
    week = a_week(monkeypatch, rows)
    found = costs.slips(week).iloc[0]

    assert (found["parcels_n"], found["ratio"], found["rate"], found["short_cents"]) == (10, 0.8, 0.8, 820)
    assert costs.disputes(week)[["shipment_id", "left_cents"]].to_numpy().tolist() == [["heavy", 100]]


def test_another_currency_at_the_right_price_is_no_slip(monkeypatch):
    """A carrier may bill a pound's worth in euros."""
    week = a_week(monkeypatch, [row("a", 0, contract_currency="GBP", billed_cents=400, read_cents=500)])

    assert costs.slips(week).empty
    assert costs.disputes(week).empty
