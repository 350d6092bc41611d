"""Each injected cause is in the rows at the size that events.toml states; quiet weeks are quiet.

Parcels are played at size M, months at a time, without writing extracts. What was and what would have
been without any event come from the same random numbers, so a difference is the event's own.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from marketplace.days import monday
from marketplace.market import NEVER, Market, count, stack
from marketplace.orders import play_orders
from marketplace.scenario import read_scenario
from marketplace.sellers import make_sellers
from marketplace.simulate import play_month, tell
from marketplace.truth import Truth

pytestmark = pytest.mark.slow

SCENARIO = read_scenario(Path(__file__).parents[1] / "data" / "sample" / "events.toml")
OVERDISPERSION = 3
FIRST = "2025-08"


@cache
def market() -> Market:
    world = SCENARIO.world
    return Market(SCENARIO, make_sellers(world, 1), 1, world.sizes["M"], "2024-W01", "2026-W46")


@pytest.fixture(scope="module")
def year():
    """Play from August 2025 on: the truth, and the sums that levels are made of."""
    truth, sums = (
        Truth(market()),
        dict.fromkeys(("n", "on_time", "cents", "wismo", "contacts", "orders"), 0.0),
    )
    claims, volumes = [], {}
    for month in market().months():
        if month.name < FIRST:
            continue
        played = play_month(market(), month)
        tell(truth, played)
        claims += [
            {
                name: part[name][part["is_filed"]]
                for name in ("opened_at", "decided_at", "carrier", "closed_by")
            }
            for part in played["claims"]
        ]
        if month.name[:4] == "2026" and month.name < "2026-10":
            used = [part["is_used"] for part in played["parcels"][:3]]
            sums["n"] += sum(mask.sum() for mask in used)
            sums["on_time"] += sum(part["is_on_time"].sum() for part in played["parcels"][:3])
            sums["cents"] += sum(part["euro_cents"].sum() for part in played["charges"])
            sums["contacts"] += sum(count(part) for part in played["contacts"])
            sums["wismo"] += sum((part["true_reason"] == "WISMO").sum() for part in played["contacts"])
            sums["orders"] += count(played["orders"][0])
        volumes[month.name] = count(played["orders"][0])
    return truth, sums, stack(claims)


def seen(truth: Truth, event: str, measure: str, *weeks: str) -> tuple[float, float, float]:
    """Give n, what was and what would have been in some weeks."""
    found = [
        sums
        for (name, kind, week), sums in truth.sums.items()
        if (name[:2], kind) == (event, measure) and week in weeks
    ]
    assert len(found) == len(weeks)
    n, now, without = np.sum(found, axis=0)
    return n, now, without


SHARES = {
    "01": ("on_time", -0.24, ["2026-W14"]),
    "02": ("on_time", 0.005, ["2026-W07", "2026-W08"]),
    "05": ("on_time", 0.04, ["2026-W23", "2026-W24", "2026-W25", "2026-W26"]),
    "10": ("on_time", -0.255, ["2025-W41"]),
    "11": ("dispatched", -0.105, ["2025-W48", "2025-W49"]),
    "12": ("handed_over", -0.22, ["2026-W10", "2026-W11", "2026-W12"]),
    "13": ("lost", 0.027, ["2026-W18", "2026-W19", "2026-W20"]),
    "14": ("relabelled", 0.40, ["2026-W38", "2026-W39"]),
    "15": ("dispatched", -0.14, ["2026-W40", "2026-W41", "2026-W42"]),
}
"""Event to measure, the change of a share that is stated, weeks."""


@pytest.mark.parametrize("event", SHARES)
def test_a_share_moves_as_stated(year, event):
    """Within three standard errors of the rows that moved, widened by what parcels of a day share."""
    measure, stated, weeks = SHARES[event]
    n, now, without = seen(year[0], event, measure, *weeks)

    error = 3 * math.sqrt(OVERDISPERSION * abs(stated) / n)
    assert (now - without) / n == pytest.approx(stated, abs=error)


RATIOS = {
    "03": ("fuel_cents", 17 / 12, ["2026-W23", "2026-W24"]),
    "04": ("base_cents", 1.049, ["2026-W02", "2026-W03"]),
    "15": ("dock_to_stock_hours", 31 / 9, ["2026-W40", "2026-W41"]),
}


@pytest.mark.parametrize("event", RATIOS)
def test_an_amount_grows_as_stated(year, event):
    """Prices to one percent (a label that the seller bought has a part of its own), hours to five."""
    measure, stated, weeks = RATIOS[event]
    _, now, without = seen(year[0], event, measure, *weeks)

    assert now / without == pytest.approx(stated, rel=0.05 if measure.endswith("hours") else 0.01)


def test_parcels_of_december_are_billed_by_the_rates_of_january(year):
    """210 of them, as DOMAIN states: a Poisson number."""
    _, early, _ = seen(year[0], "04", "billed_early", "2025-W51", "2025-W52", "2026-W01")

    assert early == pytest.approx(210, abs=3 * math.sqrt(210))


def test_volume_moves_from_one_carrier_to_the_other():
    """75 to 25 becomes 56 to 44 on four lanes, for three weeks and no longer."""
    months = [month for month in market().months() if month.name in ("2026-01", "2026-02")]
    orders = stack(
        [
            {name: rows[name] for name in ("lane", "carrier", "order_day")}
            for rows in (play_orders(market(), month) for month in months)
        ]
    )
    on_lanes = np.isin(orders["lane"], ["FR-FR", "IT-IT", "FR-ES", "FR-BE"]) & np.isin(
        orders["carrier"], ["BRV", "CDR"]
    )
    while_it_lasts = (orders["order_day"] >= monday("2026-W06")) & (orders["order_day"] < monday("2026-W09"))

    def cdr(mask):
        return (orders["carrier"][on_lanes & mask] == "CDR").mean()

    assert cdr(while_it_lasts) == pytest.approx(0.44, abs=0.015)
    assert cdr(~while_it_lasts) == pytest.approx(0.25, abs=0.015)


def test_scans_of_a_carrier_are_missing_and_made_up_for():
    """Seven in ten of three days, told two weeks later; no other carrier's, no other day's."""
    parts = [
        play_month(market(), month)["scans"]
        for month in market().months()
        if month.name in ("2026-06", "2026-07")
    ]
    scans = stack([part for month in parts for part in month])
    day = scans["event_at"] // 1_440
    touched = (scans["carrier"] == "FNH") & (day >= monday("2026-W27") + 1) & (day <= monday("2026-W27") + 3)

    lost = scans["lost_by"] >= 0
    assert lost[touched].mean() == pytest.approx(0.70, abs=0.02)
    assert not lost[~touched].any()
    assert (scans["received_at"][lost] // 1_440 == monday("2026-W29") + 2).all()


def test_invoices_of_a_carrier_come_late():
    """Of what was shipped in three weeks, 22 % is invoiced within the usual five weeks."""
    charges = stack(
        play_month(market(), next(month for month in market().months() if month.name == "2026-07"))["charges"]
    )
    shipped = (charges["ship_day"] >= monday("2026-W29")) & (charges["ship_day"] < monday("2026-W31"))
    first = shipped & (charges["charge"] == "base")
    in_time = charges["invoice_day"] - charges["ship_day"] <= 35

    assert in_time[first & (charges["carrier"] == "DVP")].mean() == pytest.approx(0.22, abs=0.03)
    assert in_time[first & (charges["carrier"] != "DVP")].mean() > 0.93


def test_pounds_are_tagged_as_euros(year):
    """All of that week's lines of British lanes, which makes them 13 % cheaper."""
    n, tagged, _ = seen(year[0], "09", "tagged_lines", "2026-W36")

    assert tagged == n
    assert SCENARIO.world.settings["euro_rates"]["GBP"] == pytest.approx(1 - 0.13)


def test_a_lane_nearly_ends():
    """Nine in ten parcels to the United States are gone, from one day to the next."""
    months = [month for month in market().months() if month.name in ("2025-08", "2025-09")]
    orders = [play_orders(market(), month) for month in months]
    days = np.concatenate([rows["order_day"][np.isin(rows["lane"], ["FR-US", "DE-US"])] for rows in orders])
    cut = monday("2025-W35") + 4

    before = ((days >= cut - 28) & (days < cut)).sum()
    after = ((days >= cut) & (days < cut + 28)).sum()
    # September is busier than August.
    assert after / before == pytest.approx(0.10 * 1.06 / 0.87, abs=0.03)


def test_half_of_the_open_claims_of_a_carrier_are_decided_at_once(year):
    """On one day, of those that were open then."""
    claims = year[2]
    at = (monday("2026-W44") + 2) * 1_440 + 600
    open_then = (claims["carrier"] == "ALT") & (claims["opened_at"] < at) & (claims["decided_at"] >= at)

    closed = claims["closed_by"][open_then] >= 0
    assert closed.mean() == pytest.approx(0.5, abs=3 * 0.5 / math.sqrt(len(closed)))
    assert (claims["carrier"][claims["closed_by"] >= 0] == "ALT").all()


@pytest.mark.parametrize("week", SCENARIO.controls)
def test_nothing_begins_or_ends_in_a_quiet_week(week):
    """Nor in the week before it, so that the two can be compared."""
    first, last = monday(week) - 7, monday(week) + 6
    begins = [event.id for event in SCENARIO.events if first <= event.first_day <= last]
    ends = [event.id for event in SCENARIO.events if first <= event.last_day < last]

    assert begins + ends == []


@pytest.mark.parametrize(
    ("name", "stated"),
    [("on_time", 0.93), ("cost_eur", 7.0), ("wismo_per_100", 4.0), ("contacts_per_100", 11.0)],
)
def test_levels_are_those_of_the_domain(year, name, stated):
    """January to September 2026, within a tenth."""
    sums = year[1]
    found = {
        "on_time": sums["on_time"] / sums["n"],
        "cost_eur": sums["cents"] / 100 / sums["n"],
        "wismo_per_100": sums["wismo"] / sums["n"] * 100,
        "contacts_per_100": sums["contacts"] / sums["orders"] * 100,
    }

    assert found[name] == pytest.approx(stated, rel=0.1)


def test_the_backlog_of_claims_is_that_of_the_domain(year):
    """Open at the end of a week, mean over the spring of 2026: about 345."""
    claims = year[2]
    ends = [(monday(f"2026-W{week:02}") + 7) * 1_440 for week in range(12, 25)]
    is_open = [((claims["opened_at"] <= end) & (claims["decided_at"] > end)).sum() for end in ends]

    assert np.mean(is_open) == pytest.approx(345, rel=0.1)


def test_what_never_happens_is_never_told():
    """A lost parcel is not delivered, a label that is not used is not scanned."""
    orders = play_orders(market(), next(iter(market().months())))

    assert (orders["delivered_at"][orders["is_lost"]] == NEVER).all()
    assert (orders["scan_at"] <= orders["attempt_at"]).all()
