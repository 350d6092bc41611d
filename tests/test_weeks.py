"""Weeks and working days against a calendar made by others."""

import csv
import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from tallysheet.errors import UsageError
from tallysheet.weeks import (
    IsoWeek,
    calendar,
    complete_weeks,
    holidays_in,
    utc_offsets,
    weeks_between,
    working_days,
)

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "calendar.csv"
ORACLE = HERE.parents[1] / "shared" / "oracle" / "calendar_oracle.csv"
COUNTRIES = ("FR", "DE", "ES", "IT", "BE")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", rows(GOLDEN), ids=lambda row: row["iso_week"])
def test_week_of_the_golden_calendar(row):
    """Days, month, both kinds of year-ago week and working days of five countries are the calendar's."""
    has_same_number = not row["py_same_number_week"].startswith("NONE")
    expected = {
        "monday": row["monday"],
        "sunday": row["sunday"],
        "year_ago": row["py_364d_week"],
        "year_ago_monday": row["py_364d_monday"],
        "same_number": row["py_same_number_week"] if has_same_number else "None",
        "same_number_monday": row["py_same_number_monday"],
        "month": row["month_of_thursday"],
        **{country: row[f"wd_{country}"] for country in COUNTRIES},
    }

    week = IsoWeek.parse(row["iso_week"])
    same = week.same_number_last_year
    found = {
        "monday": week.monday,
        "sunday": week.sunday,
        "year_ago": week.year_ago,
        "year_ago_monday": week.year_ago.monday,
        "same_number": same,
        "same_number_monday": same.monday if same else "",
        "month": week.month,
        **{country: working_days(week, country) for country in COUNTRIES},
    }

    assert {key: str(value) for key, value in found.items()} == expected
    assert str(week) == row["iso_week"]


def test_golden_rows_are_the_oracle_s():
    """The copied rows are the oracle's, letter by letter."""
    if not ORACLE.is_file():
        pytest.skip(f"{ORACLE} is not beside this clone")
    expected = rows(ORACLE)

    assert rows(GOLDEN) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2025-W53", "between W01 and W52"),
        ("2026-W54", "between W01 and W53"),
        ("2026-W00", "between W01 and W53"),
        ("2026-W5", "a week such as"),
        ("2026W05", "a week such as"),
        (" 2026-W05", "a week such as"),
        ("", "a week such as"),
        (202605, "a week such as"),
    ],
)
def test_what_is_no_week_is_refused(text, said):
    """A week that its year does not have, and any other spelling, is an error that says what was meant."""
    with pytest.raises(UsageError, match=said):
        IsoWeek.parse(text)


@pytest.mark.parametrize("day", ["2026-11-12", "2026-11-12 08:00", dt.date(2026, 11, 12)])
def test_a_day_in_the_place_of_a_week_is_told_its_week(day):
    """Whoever wrote it need not count."""
    told = "Write the year, -W and two digits; that day lies in 2026-W46."
    with pytest.raises(UsageError, match=told):
        IsoWeek.parse(day)


def test_year_end_belongs_to_the_week_of_its_thursday():
    """New Year's Day 2027 is still in week 53 of 2026, and the last days of 2024 in week 1 of 2025."""
    expected = ["2026-W53", "2025-W01"]

    found = [str(IsoWeek.of(day)) for day in (dt.date(2027, 1, 1), dt.date(2024, 12, 30))]

    assert found == expected


def test_weeks_of_part_of_a_week_are_not_complete():
    """Monday to Sunday is one complete week; a day less at either end and there is none."""
    monday, sunday, day = dt.date(2026, 11, 16), dt.date(2026, 11, 22), dt.timedelta(days=1)
    expected = [IsoWeek(2026, 47)]

    assert complete_weeks(monday, sunday) == expected
    assert complete_weeks(monday + day, sunday) == []
    assert complete_weeks(monday, sunday - day) == []
    assert weeks_between(IsoWeek(2026, 47), IsoWeek(2026, 46)) == []


def test_a_holiday_on_a_weekend_costs_no_working_day():
    """Assumption Day 2026 is a Saturday: it is a holiday of that week, and five days are worked."""
    week = IsoWeek.of(dt.date(2026, 8, 15))

    assert list(holidays_in(week, "FR")) == [dt.date(2026, 8, 15)]
    assert working_days(week, "FR") == 5


def test_unknown_country_is_refused():
    """A country that the calendar does not know is a usage error."""
    with pytest.raises(UsageError, match="'XX'"):
        working_days(IsoWeek(2026, 1), "XX")


def test_calendar_gives_each_day_its_week():
    """The table that facts join holds every day once, week 53 and the turn of the year included."""
    expected = [("2026-12-27", "2026-W52"), ("2026-12-28", "2026-W53"), ("2027-01-03", "2026-W53")]

    table = calendar(dt.date(2026, 12, 27), dt.date(2027, 1, 3))
    found = list(zip(table["day"].astype(str), table["week"], strict=True))

    assert [found[0], found[1], found[-1]] == expected
    assert len(found) == 8


@pytest.mark.parametrize(
    "zone",
    [
        *("Europe/Paris", "Europe/London", "Europe/Lisbon", "America/New_York", "Atlantic/Azores"),
        *("Australia/Sydney", "Asia/Kolkata", "Asia/Beirut", "America/Santiago", None),
    ],
)
def test_offsets_give_the_local_day_of_each_quarter_of_an_hour(zone):
    """Some clocks are changed at midnight; around Greenwich a day by UTC can hold two midnights or none."""
    first, last = dt.date(2022, 12, 1), dt.date(2027, 2, 1)
    moments = pd.date_range(first, last, freq="15min", inclusive="left")

    offsets = utc_offsets(zone, first, last).set_axis(pd.date_range(first, last))
    found = moments + pd.TimedeltaIndex(offsets.reindex(moments.floor("D")))

    local = moments.tz_localize("UTC").tz_convert(zone or "UTC").tz_localize(None)
    assert (found.floor("D") == local.floor("D")).all()
