"""What is to be done, of two weeks, by a second count that shares nothing with the facts and lists."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from independent.delivery import carried, days_worked, local_day

import tallysheet as ts
from tallysheet.duties import care, care_page, carriers_page, fulfilment, fulfilment_page
from tallysheet.kpis import KPIS

pytestmark = pytest.mark.slow
WEEKS = ["2026-W46", "2026-W20"]
LEAST_ON_A_LANE = 30


@pytest.fixture(scope="module", params=WEEKS)
def week(request, sample_of_size_s):
    return ts.open_week(request.param, data=sample_of_size_s, base="last-4")


def mondays(week, number: int, weeks_ago: int) -> list[pd.Timestamp]:
    """Give the Mondays of so many weeks, the last of them so many weeks ago."""
    last = pd.Timestamp(week.week.monday) - pd.Timedelta(weeks=weeks_ago)
    return [last - pd.Timedelta(weeks=back) for back in reversed(range(number))]


def asked_for(piece) -> list[list[str]]:
    """Give the cells of the rows of what is to be done."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", piece.html, re.DOTALL)
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows[1:]]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells]


def late_beyond_the_others(counts: pd.DataFrame, carrier: str) -> tuple[float, float]:
    """Give the gap to the others on the lanes of all, and how many fewer are in time, by hand."""
    own, everyone = (
        part.groupby("lane")[["good", "n"]].sum().to_dict("index")
        for part in (counts[counts["carrier"] == carrier], counts)
    )
    gap = weights = fewer = 0.0
    for lane, mine in own.items():
        n, good = (everyone[lane][side] - mine[side] for side in ("n", "good"))
        if mine["n"] < LEAST_ON_A_LANE or n < LEAST_ON_A_LANE:
            continue
        gap += everyone[lane]["n"] * (mine["good"] / mine["n"] - good / n)
        weights += everyone[lane]["n"]
        fewer += mine["n"] * good / n - mine["good"]
    return (gap / weights, fewer) if weights else (math.nan, math.nan)


def test_carriers_are_asked_for_a_plan(week):
    """The carriers late beyond the others by more than their weeks scatter, the most parcels first."""
    seen_at = pd.Timestamp(week.cube.as_of)
    tables = {
        "shipments": week.sql("SELECT * FROM shipments WHERE first_scan_at IS NOT NULL"),
        "orders": week.sql("SELECT order_id, orderline_id, accepted_at FROM orders"),
    }
    full = pd.Timedelta(days=KPIS["carrier_otd"].maturity_days)
    young = sum(seen_at - (monday + pd.Timedelta(weeks=1)) < full for monday in mondays(week, 8, 0))
    thirteen = mondays(week, 13, young)
    parcels = pd.DataFrame(
        [(monday, *one) for monday in thirteen for one in carried(tables, monday, seen_at)],
        columns=["week", "carrier", "flow", "lane", "in_time"],
    )
    parcels["lane"] = parcels["flow"] + "|" + parcels["lane"]
    counts = parcels.groupby(["week", "carrier", "lane"], as_index=False).agg(
        good=("in_time", "sum"), n=("in_time", "size")
    )
    fewer, away = {}, {}
    for carrier in sorted(set(counts["carrier"])):
        gap, fewer[carrier] = late_beyond_the_others(counts, carrier)
        without = [
            late_beyond_the_others(counts[counts["week"] != monday], carrier)[0] for monday in thirteen
        ]
        away[carrier] = gap / math.sqrt(12 / 13 * ((np.array(without) - np.mean(without)) ** 2).sum())
    asked = [row for row in asked_for(carriers_page.to_do(week)) if "ask for a plan" in row[0]]
    named = [row[0].split(":")[0] for row in asked]
    codes = {week.language.name("carrier", code): code for code in fewer}
    due = [codes[name] for name in named]

    assert due == sorted(due, key=lambda code: -fewer[code])
    assert [int(row[-1]) for row in asked] == [round(fewer[code] / 13) for code in due]
    assert all(away[code] < -2 for code in due)
    # In between, the interval that counts weeks and chance decides.
    assert {code for code in away if away[code] < -3 and fewer[code] / 13 >= 0.5} <= set(due)


def test_partners_are_spoken_to_about_what_goes_wrong(week):
    """Each job of the last four weeks by itself, in plain pandas: who does worse than the others, and all."""
    seen_at = pd.Timestamp(week.cube.as_of)
    jobs = week.sql("SELECT * FROM fulfilment_jobs")
    first = pd.Timestamp(week.week.monday) - pd.Timedelta(weeks=3)
    counted: dict[str, pd.DataFrame] = {}

    def count(step: str, at: pd.Series, rows: pd.DataFrame, wrong: pd.Series, of: pd.Series) -> None:
        inside = (at >= first) & (at < first + pd.Timedelta(weeks=4)) & (at <= seen_at)
        counted[step] = rows.assign(wrong=wrong, of=of)[inside].groupby("partner")[["wrong", "of"]].sum()

    sent = jobs[(jobs["kind"] == "outbound") & (jobs["released_at"] <= jobs["cut_off_at"])]
    in_time = sent["dispatched_at"] <= sent["cut_off_at"]
    count("dispatch", sent["cut_off_at"], sent, ~in_time, in_time.notna())
    docked = jobs[(jobs["kind"] == "inbound") & (jobs["dock_in_at"] + pd.Timedelta(hours=24) <= seen_at)]
    in_stock = docked["stocked_at"] - docked["dock_in_at"] <= pd.Timedelta(hours=24)
    count("stock", docked["dock_in_at"], docked, ~in_stock, in_stock.notna())
    picked = jobs[jobs["dispatched_at"].notna() & jobs["lines_wrong"].notna()]
    count("pick", picked["dispatched_at"], picked, picked["lines_wrong"].astype(int), picked["lines"])
    found = fulfilment.listed(week).set_index(["step", "partner"])

    for step, sums in counted.items():
        every, rest = sums.sum(), sums.sum() - sums
        share = every["wrong"] / every["of"]
        error = (share * (1 - share) * (1 / sums["of"] + 1 / rest["of"])) ** 0.5
        worse = sums.index[sums["wrong"] / sums["of"] - rest["wrong"] / rest["of"] > 2.6 * error]
        asked = found.loc[[step]].droplevel("step") if step in found.index.levels[0] else found.iloc[:0]
        assert set(worse[sums.loc[worse, "wrong"] >= 2]) <= set(asked.index)
        if list(asked.index) == [""]:
            assert asked["wrong_n"].item() == every["wrong"] >= 2
        else:
            assert asked["wrong_n"].to_dict() == sums.loc[asked.index, "wrong"].to_dict()
            assert (asked["stands_out"] | (asked["weekday"] >= 0)).all()
            assert not asked.empty or every["wrong"] < 2
    assert [int(row[-1]) for row in asked_for(fulfilment_page.to_do(week))] == [
        max(round(n / 4), 1) for n in found["wrong_n"]
    ]


def test_care_works_with_the_carriers_that_bring_most_contacts(week):
    """Parcels, lateness and contacts counted again, and the year's contacts of the dearest three."""
    parcels = week.sql(
        "SELECT * FROM shipments "
        "WHERE flow = 'outbound' AND order_id IS NOT NULL AND first_scan_at IS NOT NULL"
    )
    first = pd.Timestamp(week.week.monday) - pd.Timedelta(weeks=14)
    due = pd.to_datetime(parcels["promised_date"])
    parcels = parcels[(due >= first) & (due < first + pd.Timedelta(weeks=13))]
    arrived = parcels["first_attempt_at"].fillna(parcels["delivered_at"])
    parcels = parcels.assign(
        there=local_day(arrived, parcels["destination_country"]),
        when=arrived.fillna(pd.Timestamp("2100-01-01")),
    )
    parcels = parcels.sort_values(["when", "shipment_id"], ascending=[False, True])
    parcels = parcels.drop_duplicates("order_id")
    labels = week.sql(
        "SELECT order_id, min(label_created_at) AS made_at FROM shipments WHERE flow = 'outbound' "
        "GROUP BY order_id"
    ).set_index("order_id")["made_at"]
    contacts = week.sql("SELECT order_id, opened_at FROM care_contacts")
    contacts = contacts[contacts["opened_at"] >= contacts["order_id"].map(labels)]
    asked = parcels["order_id"].map(contacts.groupby("order_id").size()).fillna(0)
    is_late = [
        pd.isna(there) or days_worked(country, pd.Timestamp(promised), there) > 0
        for country, promised, there in zip(
            parcels["destination_country"], parcels["promised_date"], parcels["there"], strict=True
        )
    ]
    counted = parcels.assign(asked=asked, is_late=is_late)
    usual = counted.loc[~counted["is_late"], "asked"].mean()
    late = counted[counted["is_late"]].groupby("carrier")["asked"].agg(["sum", "size"])
    extra = (late["sum"] - usual * late["size"]).sort_values(ascending=False) / 13
    found = care.listed(week)
    carriers = found[found["kind"] == "carrier"].set_index("carrier")["contacts_n"]

    assert carriers.to_dict() == pytest.approx(extra[extra > 0].head(3).to_dict())
    rows = asked_for(care_page.to_do(week))
    assert [round(n * 52) for n in found["contacts_n"]] == [int(row[-1].replace(",", "")) for row in rows]


def test_care_sees_what_became_of_its_list(week, sample_of_size_s):
    """The list as it stood a week ago, and the newest week that counts as the weeks before it."""
    earlier = ts.open_week(
        str(week.week.shift(-1)),
        data=sample_of_size_s,
        base="last-4",
        as_of=str(pd.Timestamp(week.cube.as_of) - pd.Timedelta(weeks=1)),
    )
    then, found = care.listed(earlier), care.came_of(week)

    assert found["carrier"].to_list() == then["carrier"].to_list()
    assert found["contacts_n"].to_list() == pytest.approx(then["contacts_n"].to_list())
    shown = care_page.followed_up(week).html
    assert shown.count("<tr") == 1 + len(then)
    # Thirteen weeks now are thirteen weeks then, less the oldest, with the newest.
    both = care.by_carrier(week).set_index("carrier")["parcels_n"] * 13
    assert (both.sum() - care.by_carrier(earlier)["parcels_n"].sum() * 13) < both.sum() / 5
