"""The figures of a weekly business review, against published ones and by hand."""

import csv
import datetime as dt
import json
import operator
from collections.abc import Callable
from decimal import Decimal
from functools import cache, reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tallysheet.boxes import nine_boxes, period_values
from tallysheet.errors import DataError, UsageError

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "wbr.csv"
ORACLE = HERE.parents[1] / "shared" / "oracle"
CASES = ORACLE / "wbr_oracle.csv"
DATES = {"4": "%Y-%m-%d", "5": "%Y-%m-%d", "6": "%m/%d/%y", "7": "%m/%d/%Y"}
OPERATIONS: dict[str, Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]] = {
    "sum": operator.add,
    "difference": operator.sub,
    "product": operator.mul,
    "divide": operator.truediv,
}
TO_DATE_YEAR_ON_YEAR = [2, 4, 6, 8]
PRINTS_A_FALSE_0 = {"TotalPMs_TARGET", "MRR_TARGET"}
"""No data of a year ago, and the published YoY is 0.0."""
LOOKS_AHEAD = {"Perfect_Sessions_percentFiscal", "Perfect_Sessions_percent_non_bpsFiscal"}
"""The week ends on 25 March, and the published list holds all of March and April."""


def rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_published(found: Any, published: list[Any], what: str) -> None:
    """Hold figures to the digits that were printed; null is no data."""
    expected = np.array([np.nan if number is None else float(number) for number in published])
    digits = [0 if number is None else Decimal(str(number)).as_tuple().exponent for number in published]
    tolerance = np.array([5 * 10.0 ** (exponent - 1) for exponent in digits]) + 1e-9 * np.abs(expected)
    found = np.asarray(found, dtype=float)
    is_close = (np.abs(found - expected) <= tolerance) | (np.isnan(found) & np.isnan(expected))
    assert is_close.all(), (what, found[~is_close], expected[~is_close])


def month_of(name: str) -> int:
    return dt.datetime.strptime(name, "%b").month


@pytest.mark.parametrize("row", rows(GOLDEN), ids=lambda row: f"{row['scenario']}-{row['metric']}")
def test_boxes_of_the_golden_table(row):
    """From published weeks and months follow the published boxes."""
    end, fiscal = dt.date.fromisoformat(row["week_ending"]), month_of(row["fiscal"])
    week_ends = pd.date_range(end=end, periods=6, freq="7D")
    weeks = pd.concat(
        [
            pd.DataFrame({"day": week_ends, "x": json.loads(row["cy_6_weeks"])}),
            pd.DataFrame({"day": week_ends - pd.Timedelta(days=364), "x": json.loads(row["py_6_weeks"])}),
        ]
    )
    found = nine_boxes(period_values(weeks, end, fiscal))[:3].to_list()
    if row["cy_monthly"]:  # the week ends with the month
        month_ends = pd.date_range(end=end, periods=24, freq="ME")
        totals = json.loads(row["py_monthly"]) + json.loads(row["cy_monthly"])
        months = pd.DataFrame({"day": month_ends, "x": totals})
        found += nine_boxes(period_values(months, end, fiscal))[3:].to_list()

    assert_published(found, json.loads(row["box_totals"]), row["metric"])


def test_golden_rows_are_the_oracle_s():
    """The copied figures are the oracle's."""
    if not CASES.is_file():
        pytest.skip(f"{CASES} is not beside this clone")
    published = {(row["scenario"], row["metric"]): row for row in rows(CASES)}

    for row in rows(GOLDEN):
        case = published[row["scenario"], row["metric"]]
        expected = json.loads(case["expected"])
        assert (row["week_ending"], row["fiscal"]) == (case["week_ending"], case["fiscal"])
        for name in ("cy_6_weeks", "py_6_weeks", "cy_monthly", "py_monthly", "box_totals"):
            copied = json.loads(row[name] or "[]")
            assert copied == expected[name][: len(copied)]


@cache
def scenario(number: str) -> tuple[pd.DataFrame, dict[str, Any], dict[str, Any]]:
    """Give days, metrics and test cases by metric of a scenario."""
    folder = ORACLE / "wbr_scenarios" / f"scenario_{number}"
    table = pd.read_csv(folder / "original.csv", thousands=",", encoding="utf-8-sig")
    table["day"] = pd.to_datetime(table["Date"], format=DATES.get(number, "%a, %d-%b-%Y"))
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    tests = yaml.safe_load((folder / "testconfig.yml").read_text(encoding="utf-8"))["tests"]
    return table, config["metrics"], {test["test"]["metric_name"]: test["test"] for test in tests}


def values(row: dict[str, str], metric: str, end: dt.date | None = None) -> pd.DataFrame:
    """Give the figures of a metric of a case: of a column, or of other metrics where the config says so."""
    table, metrics, tests = scenario(row["scenario"])
    config = metrics[metric]
    if "function" in config:
        ((operation, operands),) = config["function"].items()
        parts = [values(row, operand["metric"]["name"], end) for operand in operands]
        return reduce(OPERATIONS[operation], parts)
    if "filter" in config:
        table = table.query(config["filter"]["query"])
    column = config["column"] if "column" in config else config["filter"]["base_column"]
    fiscal = tests[row["metric"]].get("x_axis_monthly_display") == "fiscal_year"
    return period_values(
        table[["day", column]].set_axis(["day", "x"], axis=1),
        end or dt.date.fromisoformat(row["week_ending"]),
        month_of(row["fiscal"]),
        aggregate=config["aggf"],
        months="fiscal_year" if fiscal else "trailing",
    )


def figures(row: dict[str, str]) -> dict[str, Any]:
    """Compute what is published of a case."""
    metric = row["metric"]
    if metric.endswith("YOY"):
        now = values(row, metric.removesuffix("YOY"))
        change = (now[["value"]].div(now["year_ago"], axis=0) - 1).assign(year_ago=np.nan)
        weeks, months = change.loc["week", "value"], change.loc["month", "value"]
        return {"cy_6_weeks": weeks, "cy_monthly": months, "box_totals": nine_boxes(change)}
    if metric.endswith("WOW"):
        now, end = values(row, metric.removesuffix("WOW")), dt.date.fromisoformat(row["week_ending"])
        before = values(row, metric.removesuffix("WOW"), end - dt.timedelta(days=7))
        weeks = now.loc["week", "value"].to_numpy() / before.loc["week", "value"].to_numpy() - 1
        return {"cy_6_weeks": weeks, "py_6_weeks": now.loc["week", "year_ago"]}
    now = values(row, metric)
    return {
        "cy_6_weeks": now.loc["week", "value"],
        "py_6_weeks": now.loc["week", "year_ago"],
        "cy_monthly": now.loc["month", "value"],
        "py_monthly": now.loc["month", "year_ago"],
        "box_totals": nine_boxes(now),
    }


def test_the_published_cases_are_beside_this_clone():
    """Without them the cases below do not exist, and this says so."""
    if not CASES.is_file():
        pytest.skip(f"{CASES} is not beside this clone")

    assert len(rows(CASES)) == 42


@pytest.mark.parametrize(
    "row",
    [row for row in rows(CASES) if row["metric"] != "test_table"],
    ids=lambda row: f"{row['scenario']}-{row['metric']}",
)
def test_published_case(row):
    """Six weeks of both years, twelve months of both years and nine boxes are the published ones.

    Where the published tool is wrong (a false 0, months that had not ended) ours has no figure.
    """
    expected = json.loads(row["expected"], parse_float=Decimal)
    if row["metric"] in PRINTS_A_FALSE_0:
        assert [expected["box_totals"][place] for place in TO_DATE_YEAR_ON_YEAR] == [0] * 4
        for place in TO_DATE_YEAR_ON_YEAR:
            expected["box_totals"][place] = None
    if row["metric"] in LOOKS_AHEAD:
        expected["cy_monthly"][2:4] = [None, None]

    for name, found in figures(row).items():
        assert_published(found, expected[name], name)


def test_published_table_of_twelve_months():
    """Sums, a mean, a quotient, changes on a year ago and on the month before, to nine digits."""
    row = next((row for row in rows(CASES) if row["metric"] == "test_table"), None)
    if row is None:
        pytest.skip(f"{CASES} is not beside this clone")
    end = dt.date.fromisoformat(row["week_ending"])
    published = {
        name: numbers
        for name, numbers in scenario(row["scenario"])[2]["test_table"].items()
        if isinstance(numbers, list) and name != "headers"
    }
    assert len(published) == 11

    for name, expected in published.items():
        metric = name.removesuffix("YOY").removesuffix("MOM")
        now = values(row, metric).loc["month"]
        found = now["value"].to_numpy()
        if name.endswith("YOY"):
            found = found / now["year_ago"].to_numpy() - 1
        if name.endswith("MOM"):
            month_before = values(row, metric, end.replace(day=1) - dt.timedelta(days=2)).loc["month"]
            found = found / month_before["value"].to_numpy() - 1
        assert found == pytest.approx([float(number) for number in expected], rel=1e-9, nan_ok=True), name


def days(first: str, last: str, x: Any = 1.0, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"day": pd.date_range(first, last), "x": x, **columns})


def test_boxes_by_hand():
    """One a day, and two a day in the last week: 14 on 7, 24 of a month on 17."""
    daily = days("2024-01-01", "2026-06-17")
    daily.loc[daily["day"] > "2026-06-10", "x"] = 2

    found = nine_boxes(period_values(daily, dt.date(2026, 6, 17)))

    expected = {
        "last_week": 14,
        "week_on_week": 100,
        "year_on_year": 100,
        "month_to_date": 24,
        "month_to_date_year_on_year": (24 / 17 - 1) * 100,
        "quarter_to_date": 30 + 31 + 24,
        "quarter_to_date_year_on_year": 7 / 78 * 100,
        "year_to_date": 168 + 7,
        "year_to_date_year_on_year": 7 / 168 * 100,
    }
    assert found.to_dict() == pytest.approx(expected)


def test_a_ratio_is_a_sum_over_a_sum_and_changes_in_basis_points():
    """9 of 10 on six days and 0 of 90 on one is 54 of 150, 36 %, not the mean of the days, 77 %."""
    daily = days("2026-01-05", "2026-01-18", x=9, n=10)
    daily.loc[13, ["x", "n"]] = [0, 90]

    found = nine_boxes(period_values(daily, dt.date(2026, 1, 18)), "basis_points")

    assert found["last_week"] == pytest.approx(54 / 150)
    assert found["week_on_week"] == pytest.approx((0.36 - 0.9) * 10_000)
    assert found.name == "basis_points"


def test_what_is_not_there_is_not_0():
    """No data, nothing divided by nothing, and percents of 0 or less have no figure."""
    end = dt.date(2026, 1, 18)

    no_data = nine_boxes(period_values(days("2026-01-12", "2026-01-18"), end))
    no_cases = nine_boxes(period_values(days("2025-01-06", "2026-01-18", x=0, n=0), end), "basis_points")
    losses = nine_boxes(period_values(days("2025-01-06", "2026-01-18", x=-1), end))

    assert no_data.dropna().index.to_list() == [
        "last_week",
        "month_to_date",
        "quarter_to_date",
        "year_to_date",
    ]
    assert no_cases.isna().all()
    assert losses.filter(like="_on_").isna().all()
    assert losses["last_week"] == -7


def test_a_quotient_of_metrics_by_0_is_no_figure():
    """Frames divide into infinity; the boxes have none."""
    end = dt.date(2026, 1, 18)
    claims, parcels = (period_values(days("2026-01-05", "2026-01-18", x=x), end) for x in (1, 0))

    assert nine_boxes(claims / parcels).isna().all()


def test_a_period_with_too_few_days_is_no_figure():
    """Five days of last year's January are no base for fifteen, if all are asked for."""
    daily, end = days("2025-01-11", "2026-01-15"), dt.date(2026, 1, 15)

    any_day = nine_boxes(period_values(daily, end))
    all_days = nine_boxes(period_values(daily, end, least_days_share=1))

    assert any_day["month_to_date_year_on_year"] == pytest.approx(200)
    assert np.isnan(all_days["month_to_date_year_on_year"])
    assert all_days["month_to_date"] == 15


@pytest.mark.parametrize(
    ("end", "fiscal", "quarter", "year"),
    [
        ("2026-02-28", 12, "2026-01-01", "2026-01-01"),
        ("2026-02-28", 2, "2025-12-01", "2025-03-01"),
        ("2026-03-01", 2, "2026-03-01", "2026-03-01"),
        ("2026-01-04", 5, "2025-12-01", "2025-06-01"),
        ("2025-12-31", 9, "2025-10-01", "2025-10-01"),
    ],
)
def test_fiscal_quarters_and_years_begin_after_the_last_month_of_a_year(end, fiscal, quarter, year):
    """Quarters are counted from the fiscal year's first month, across New Year too."""
    periods = period_values(days("2026-01-01", "2026-01-01"), dt.date.fromisoformat(end), fiscal)
    first_days = periods.reset_index().set_index("kind")["first_day"].astype(str)

    assert first_days["quarter_to_date"] == quarter
    assert first_days["year_to_date"] == year


def test_leap_years():
    """February is compared whole; 29 February with the 28th; weeks 364 days earlier."""
    daily = days("2023-01-01", "2025-03-31")

    leap = period_values(daily, dt.date(2024, 2, 29))
    after = period_values(daily, dt.date(2025, 3, 1))

    assert leap.loc["month_to_date"].to_numpy().tolist() == [[29, 28]]
    assert after.loc["month"].iloc[-1].to_list() == [28, 29]
    assert (leap.loc["week"] == 7).all().all()


def test_months_that_have_not_ended_have_no_figure():
    """On 27 March the fiscal year has two complete months, even if later days are known; last year twelve."""
    daily, end = days("2025-01-01", "2026-12-31"), dt.date(2026, 3, 27)

    fiscal = period_values(daily, end, months="fiscal_year").loc["month"]
    trailing = period_values(daily, end).loc["month"].reset_index()

    assert fiscal.count().to_dict() == {"value": 2, "year_ago": 12}
    assert trailing["last_day"].iloc[-1] == pd.Timestamp("2026-02-28")
    assert period_values(daily, dt.date(2026, 3, 31)).loc["month"].iloc[-1].to_list() == [31, 31]


def test_aggregates_take_the_days_in_order():
    """The last day is the last by date, whatever the order of the rows; empty rows are no days."""
    daily = days("2026-01-12", "2026-01-18", x=[3, 1, 4, 1, 5, 9, None]).iloc[::-1]
    end = dt.date(2026, 1, 18)

    found = {
        how: period_values(daily, end, aggregate=how)["value"]["week"].iloc[-1]
        for how in ("sum", "mean", "min", "max", "first", "last")
    }

    assert found == pytest.approx({"sum": 23, "mean": 23 / 6, "min": 1, "max": 9, "first": 3, "last": 9})


def test_days_may_be_dates_times_or_text():
    """What stands for the same days gives the same figures."""
    daily, end = days("2026-01-05", "2026-01-18"), dt.date(2026, 1, 18)
    expected = period_values(daily, end)

    for other in (
        daily["day"].dt.date,
        daily["day"].dt.strftime("%Y-%m-%d"),
        daily["day"] + pd.Timedelta(hours=23),
        daily["day"].dt.tz_localize("Europe/Paris"),
    ):
        pd.testing.assert_frame_equal(period_values(daily.assign(day=other), end), expected)


@pytest.mark.parametrize(
    ("daily", "said"),
    [
        (pd.DataFrame({"date": ["2026-01-12"], "x": [1]}), "columns day and x"),
        (pd.DataFrame({"day": [None], "x": [1]}), "a day"),
        (pd.DataFrame({"day": ["last week"], "x": [1]}), "last week"),
        (pd.DataFrame({"day": ["2026-01-12"], "x": ["1,5"]}), "1,5"),
        (pd.DataFrame({"day": ["2026-01-12"], "x": [float("inf")]}), "inf"),
        (pd.DataFrame({"day": ["2026-01-12"], "x": [1], "n": [-1]}), "-1"),
    ],
)
def test_what_is_no_daily_frame_is_refused(daily, said):
    """The error shows the first row that is wrong."""
    with pytest.raises(DataError, match=said):
        period_values(daily, dt.date(2026, 1, 18))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"week_end": "2026-01-18"}, "a date"),
        ({"week_end": pd.NaT}, "a date"),
        ({"fiscal_year_end_month": 0}, "fiscal_year_end_month"),
        ({"fiscal_year_end_month": "DEC"}, "fiscal_year_end_month"),
        ({"aggregate": "mean"}, "expected one of sum"),
        ({"months": "calendar"}, "trailing, fiscal_year"),
        ({"least_days_share": 7}, "0 to 1"),
    ],
)
def test_wrong_options_are_refused(wrong, said):
    """Each says what was meant; a ratio can only be summed."""
    options = {"week_end": dt.date(2026, 1, 18), **wrong}

    with pytest.raises(UsageError, match=said):
        period_values(days("2026-01-12", "2026-01-18", n=1), **options)


def test_unknown_unit_of_change_is_refused():
    """Points are neither percent nor basis points."""
    values = period_values(days("2026-01-12", "2026-01-18"), dt.date(2026, 1, 18))

    with pytest.raises(UsageError, match="percent, basis_points"):
        nine_boxes(values, "points")
