"""What a team keeps by hand, as the marketplace writes it: read back, loaded, held against charges."""

import datetime as dt
import shutil
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

import tallysheet as ts
from marketplace.billing import BANDS_G, charges, fuel_share
from marketplace.contract import rates, terms
from marketplace.days import number
from marketplace.market import Market, Month
from marketplace.orders import play_orders
from marketplace.reference import DIRT, write_reference
from marketplace.reverse import play_returns
from marketplace.scenario import read_scenario
from marketplace.sellers import make_sellers
from marketplace.spellings import spellings
from marketplace.world import ScenarioError, read_world

DATA = Path(__file__).parents[1] / "data"
REFERENCE = ("sellers", "contract_rates", "contract_terms", "targets", "event_log")

SCENARIO = """
[[event]]
id = "new-rates"
kind = "price"
start = 2026-01-05
end = 2026-11-30
where = { carrier = "BRV" }
effect = { rate = { factor = 1.049 } }
logged = true
log = { carrier = "BRV", note = "4.9 % more", ends_on = 2026-01-05, entered_on = 2026-01-19 }

[[event]]
id = "dearer-fuel"
kind = "tariff"
start = 2026-06-01
end = 2026-08-31
where = { carrier = ["BRV", "CDR"] }
effect = { fuel = { months = [0.17, 0.15, 0.13] } }
logged = true

[[event]]
id = "nobody-wrote-it-down"
kind = "closure"
start = 2026-03-31
where = { carrier = "ESK" }
effect = { transit_days = { shift = [2, 2] } }

[[log_only]]
kind = "strike"
starts_on = 2026-04-21
ends_on = 2026-04-22
country = "IT"
note = "called off on the eve"
"""


def market_of(tmp_path: Path, scenario: str = SCENARIO, last_week: str = "2026-W46") -> Market:
    path = tmp_path / "events.toml"
    path.write_text(scenario, encoding="utf-8")
    found = read_scenario(path)
    return Market(found, make_sellers(found.world, 1), 1, 4_000, "2024-W01", last_week)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return market_of(tmp_path_factory.mktemp("scenario"))


@pytest.fixture(scope="module")
def loaded(market, tmp_path_factory):
    """Give a workbook with the project's own sources, what was written into it, and its ledger."""
    data = tmp_path_factory.mktemp("workbook") / "data"
    written = write_reference(market, data)
    shutil.copytree(DATA / "sources", data / "sources")
    settings = f'sources = {list(REFERENCE)}\nnotebooks = []\ncountries = []\nheadline = "otd"\n'
    (data / "workbook.toml").write_text(settings, encoding="utf-8")
    return data, written, ts.load(data)


def select(ledger, sql: str) -> pd.DataFrame:
    with duckdb.connect() as connection:
        for name in REFERENCE:
            connection.execute(f"CREATE VIEW {name} AS FROM '{ledger.folder / name}/**/*.parquet'")
        return connection.execute(sql).df()


def test_the_same_seed_gives_the_same_bytes(market, tmp_path):
    """A workbook holds no time of writing."""
    for name in ("one", "again"):
        write_reference(market, tmp_path / name)

    for path in sorted((tmp_path / "one" / "raw").iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / "raw" / path.name).read_bytes(), path.name


def test_each_table_is_read_below_its_title(loaded):
    """Title and remark stand above the header, which is in row 4."""
    data, written, _ = loaded
    sellers = ts.read_text_table(data / "raw" / "sellers.xlsx")

    assert sellers.columns[:3].to_list() == ["Seller", "Valid from", "Valid to"]
    assert sellers.attrs["preamble"] == [
        "Sellers and their way to BackShip",
        "Seller success, as of 2026-11-16",
    ]
    assert len(sellers) == written[0].rows
    assert {*sellers["BackShip status"]} == {"not_eligible", "eligible", "invited", "activated", "paused"}
    assert sellers["Account manager"].str.fullmatch(r"[a-z.]+@market\.example").all()


def test_what_a_load_tells_is_what_was_put_in(loaded):
    """Refused cells by column and reason; overlaps, gaps and a percentage as notes with their counts."""
    _, written, ledger = loaded
    refused = Counter()
    for file in written:
        for kind, rows in file.dirty.items():
            dirt = DIRT[file.extract, kind]
            if dirt.outcome == "quarantined":
                refused[file.extract, dirt.column, dirt.reason] += rows
    found = ledger.reasons.set_index(["source", "column", "reason"])["cells"].to_dict()
    counts = ledger.files.set_index("source")["rows"].to_dict()
    notes = ledger.notes[ledger.notes["kind"] != "preamble"]

    assert found == refused == {("event_log", "starts_on", "type"): 1}
    assert counts == {file.extract: file.rows for file in written}
    assert [
        (source, kind, text.rpartition(". ")[2])
        for source, kind, text in notes[["source", "kind", "text"]].itertuples(index=False)
    ] == [
        ("sellers", "overlap", "3 in all."),
        ("sellers", "gap", "2 in all."),
        ("contract_rates", "overlap", "1 in all."),
        ("contract_rates", "gap", "1 in all."),
        ("targets", "other unit", "Check its unit."),
        ("targets", "share beyond", "Write it with a % sign, or as a fraction of 1"),
    ]
    assert [file.dirty for file in written] == [
        {"validity begins before the last one ends": 3, "days between two validities": 2},
        {"weight bands overlap": 1, "gap between weight bands": 1},
        {},
        {"percent among shares": 1},
        {"entered late": 1, "first day in words": 1},
    ]


def test_sellers_are_what_the_market_makes_of_them(loaded, market):
    """On any day, who is activated by the workbook uses BackShip; slips of some days aside."""
    *_, ledger = loaded
    day, sellers = dt.date(2026, 6, 1), market.sellers
    found = select(
        ledger,
        f"SELECT seller FROM sellers WHERE backship_status = 'activated' AND DATE '{day}' >= valid_from "
        f"AND DATE '{day}' <= coalesce(valid_to, DATE '9999-12-31')",
    )
    active = sellers.code[sellers.is_active(np.arange(len(sellers.code)), np.array(number(day)))]

    assert {*found["seller"]} == {*active}
    assert len(active) > 50


@pytest.mark.parametrize("first_day", [dt.date(2025, 12, 1), dt.date(2026, 1, 5)])
def test_what_is_charged_is_what_the_contract_says(loaded, market, first_day):
    """Each base charge that is not too high is the price of its lane, weight and day, or a seller's own."""
    *_, ledger = loaded
    first = number(first_day)
    month = Month(f"{first_day:%Y-%m}", np.arange(first, first + 14))
    orders = play_orders(market, month)
    lines = pd.concat(
        pd.DataFrame(charges(market, month, rows)) for rows in (orders, play_returns(market, month, orders))
    )
    lines = lines[(lines["charge"] == "base") & (lines["over_cents"] == 0)]
    lines = lines.assign(
        ship_date=pd.to_datetime("2024-01-01") + pd.to_timedelta(lines["ship_day"], unit="D"),
        above_g=np.array(BANDS_G)[np.searchsorted(BANDS_G, lines["weight_billed_g"], side="left") - 1],
    )
    prices = select(ledger, "SELECT DISTINCT * EXCLUDE (service, known_at, loaded_at) FROM contract_rates")
    found = lines.merge(
        prices,
        left_on=["carrier", "origin", "country", "above_g"],
        right_on=["carrier", "origin_country", "destination_country", "weight_from_g"],
        suffixes=("", "_agreed"),
    )
    ends = found["valid_to"].fillna(pd.Timestamp("2099-12-31"))
    found = found[(found["valid_from"] <= found["ship_date"]) & (found["ship_date"] <= ends)]
    found = found.drop_duplicates(["shipment", "price_cents", "amount_cents"])
    more = found["amount_cents"] - found["price_cents"]

    assert len(found) == len(lines) > 1_000
    assert (found["currency"] == found["currency_agreed"]).all()
    euros = found["currency"] == "EUR"
    assert {*more[euros]} == {0, market.world.settings["adoption"]["saving_cents"]}
    # Cents are rounded once in euro and once in the other currency.
    assert (more[~euros].between(-1, 1) | more[~euros].between(72, 94)).all()


def test_a_new_tariff_ends_a_price_and_begins_another(market):
    """From the event's first day, for its carrier; all others keep one price."""
    card = rates(market)
    home = [one for one in card if (one.carrier, one.origin, one.destination) == ("BRV", "FR", "FR")]
    others = [one for one in card if one.carrier != "BRV"]

    assert [(one.above_g, one.price_cents, one.valid_from, one.valid_to) for one in home[:2]] == [
        (0, 418, dt.date(2024, 1, 1), dt.date(2026, 1, 4)),
        (0, 438, dt.date(2026, 1, 5), None),
    ]
    assert {(one.valid_from, one.valid_to) for one in others} == {(dt.date(2024, 1, 1), None)}


def test_each_lane_of_each_flow_has_a_price_for_each_weight(market):
    """Also the way back, of which no parcel goes out."""
    card = rates(market)
    keys = Counter((one.carrier, one.service, one.origin, one.destination) for one in card)
    wanted = {
        (code, service, lane.origin, lane.destination)
        for lanes in market.world.lanes.values()
        for lane in lanes
        for code in lane.carriers
        for service in market.world.carriers[code].services
    }

    assert {*keys} == wanted
    assert ("ALT", "express", "US", "FR") in wanted
    assert {code: rows for code, rows in keys.items() if rows % len(BANDS_G)} == {}
    assert {one.currency for one in card if one.origin == one.destination == "GB"} == {"GBP"}


def test_terms_begin_anew_where_the_fuel_surcharge_changes(market):
    """What they say on a day is what is charged on it; capacity goes with the size of the market."""
    road = [one for one in terms(market) if one.carrier == "BRV"]
    fuel = {f"{one.valid_from:%Y-%m}": one.fuel_share for one in road}
    by_air = [one for one in terms(market) if one.carrier == "ALT"]

    assert {name: fuel[name] for name in ("2024-01", "2024-04", "2026-06", "2026-07", "2026-09")} == {
        "2024-01": 0.100,
        "2024-04": 0.105,
        "2026-06": 0.17,
        "2026-07": 0.15,
        "2026-09": 0.12,
    }
    for one in road:
        assert fuel_share(market, np.array(["BRV"]), np.array([number(one.valid_from)])) == one.fuel_share
    assert [(one.fuel_share, one.valid_to) for one in by_air] == [(0.0, None)]
    assert {(one.weekly_capacity, one.min_volume) for one in road} == {(1_750, 875)}


def test_fuel_in_percent_is_loaded_as_a_share(loaded):
    """As are limits in euro as cents, and names of carriers as their codes."""
    *_, ledger = loaded
    found = select(
        ledger,
        "SELECT fuel_share, liability_limit_cents, shortfall_fee_cents, max_weekly_shift_share "
        "FROM contract_terms WHERE carrier = 'BRV' AND valid_from = DATE '2026-06-01'",
    )

    assert found.to_numpy().tolist() == [[0.17, 25_000, 150, 0.15]]


def test_the_log_holds_what_was_written_down_as_it_was_written(loaded):
    """An event's own days and its first as that of entry, unless its log says other."""
    *_, ledger = loaded
    found = select(ledger, "SELECT * FROM event_log ORDER BY known_at")
    rows = [
        (
            one.kind,
            *(
                f"{day:%Y-%m-%d}" if pd.notna(day) else ""
                for day in (one.starts_on, one.ends_on, one.known_at)
            ),
        )
        for one in found.itertuples()
    ]

    assert rows == [
        ("definition", "2024-01-01", "", "2024-01-01"),
        ("price", "2026-01-05", "2026-01-05", "2026-01-19"),
        ("strike", "2026-04-21", "2026-04-22", "2026-04-21"),
        ("bank_holiday", "2026-05-14", "", "2026-05-26"),
        ("tariff", "2026-06-01", "2026-08-31", "2026-06-01"),
    ]
    assert found["carrier"].to_list()[1] == "BRV"


def test_nothing_is_written_down_that_is_not_known_yet(tmp_path):
    """A market that ends in spring 2024 knows no target, event or price of 2026."""
    early = market_of(tmp_path, last_week="2024-W20")
    *_, targets, log = write_reference(early, tmp_path)
    text = (tmp_path / "raw" / "targets.csv").read_text()

    assert (targets.dirty, log.rows, log.dirty) == ({"percent among shares": 0}, 1, {})
    assert "2026-01-01" not in text
    assert {one.valid_to for one in rates(early)} == {None}


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ('logged = true\nlog = { contry = "FR" }', "contry"),
        ('where = { depot = "Madrid" }\neffect = { rate = { factor = 1.1 } }', "depot"),
        ('where = { lane = "FR-FR" }\neffect = { fuel = { months = [0.2] } }', "lane"),
    ],
)
def test_what_no_contract_and_no_log_can_hold_is_refused(tmp_path, scenario, told):
    """A price by depot, fuel by lane, a column that the log does not have."""
    event = f'[[event]]\nid = "a"\nkind = "price"\nstart = 2026-01-05\n{scenario}\n'

    with pytest.raises(ScenarioError, match=told):
        write_reference(market_of(tmp_path, event), tmp_path)


def test_the_workbook_knows_how_the_sample_spells():
    """The committed list is that of the world as it stands."""
    written = DATA / "sources" / "values.toml"

    assert written.read_text(encoding="utf-8") == spellings(read_world())
