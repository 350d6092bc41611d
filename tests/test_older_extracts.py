"""An extract that did not come this week: what rests on it has no value, and the rest is told as ever."""

import datetime as dt
import math
import shutil
from types import SimpleNamespace

import pandas as pd
import pytest
from small_workbook import FIRST_MONDAY, make_workbook, rows, write_csv

import tallysheet as ts
from tallysheet.coverage import older_sentences
from tallysheet.duties import care, health_page
from tallysheet.extent import older_tables
from tallysheet.language import read_language
from tallysheet.weeks import IsoWeek

PARCELS_TAKEN = dt.datetime(2026, 5, 25, 7)
"""On the Monday after 2026-W21, the last of the small workbook's weeks."""
LAST = IsoWeek(2026, 21)

CONTACTS = """
table = "care_contacts"
known_at = "opened_at"

[[file]]
name = "contacts"
path = "raw/contacts/contacts_%Y%m%dT%H%M.csv"
"""
HEADER = ["contact_id", "opened_at", "first_reply_at", "resolved_at", "csat"]


def contacts(data, taken: dt.datetime) -> None:
    """Write the contacts opened by a moment, thirty a day, each answered after two hours."""
    days = (FIRST_MONDAY + dt.timedelta(days=step) for step in range((taken.date() - FIRST_MONDAY).days))
    lines = [
        [f"{day}-{number}", f"{day} 08:00:00", f"{day} 10:00:00", f"{day} 10:00:00", str(4 + number % 2)]
        for day in days
        for number in range(30)
    ]
    write_csv(data / "raw" / "contacts" / f"contacts_{taken:%Y%m%dT%H%M}.csv", lines, HEADER)


@pytest.fixture
def data(tmp_path):
    """Give a workbook whose contacts are a week older than its parcels."""
    data = make_workbook(tmp_path)
    parcels = data / "sources" / "parcels" / "source.toml"
    text = parcels.read_text(encoding="utf-8")
    parcels.write_text(text.replace("2026-06-15T07:00:00", f"{PARCELS_TAKEN:%Y-%m-%dT%H:%M:%S}"))
    listed = (data / "workbook.toml").read_text(encoding="utf-8")
    (data / "workbook.toml").write_text(listed.replace('["parcels"]', '["parcels", "contacts"]'))
    (data / "sources" / "contacts").mkdir()
    (data / "sources" / "contacts" / "source.toml").write_text(CONTACTS, encoding="utf-8")
    contacts(data, PARCELS_TAKEN - dt.timedelta(weeks=1))
    return data


@pytest.mark.parametrize("slug", ["csat", "first_reply_hours", "csat_answers"])
def test_the_week_that_ends_after_the_extract_has_no_value(data, slug):
    """No share of 0 and no median of the few of Monday morning: the KPI is judged in the week before."""
    week = ts.open_week(str(LAST), data=data)
    found = week.kpi(slug).explain()

    assert math.isnan(found.value_now)
    assert (found.variation, found.judgement.reason) == ("not_known", "missing")
    assert week.review.judged_week(slug) == LAST.shift(-1)
    assert not week.kpis.set_index("kpi").loc[slug, "mature"]
    assert math.isnan(week.review.p90(slug))


def test_what_rests_on_other_extracts_is_told(data):
    """Parcels came: they are judged in their last week, as known on that Monday."""
    found = ts.open_week(str(LAST), data=data).kpi("otd").explain()

    of_week = [row for row in rows() if IsoWeek.of(dt.date.fromisoformat(row[3])) == LAST]
    known = [row[4].startswith(row[3]) for row in of_week if row[4] <= str(PARCELS_TAKEN)]
    assert found.value_now == pytest.approx(sum(known) / len(known))
    assert found.judgement.reason != "missing"


def test_earlier_weeks_are_as_old_as_the_extract_knows_them(data):
    """W20 ended seven hours before contacts were taken, not a week and seven hours."""
    week = ts.open_week(str(LAST.shift(-1)), data=data)

    assert week.review.maturity("csat").age_days == pytest.approx(7 / 24)
    assert week.review.maturity("otd").age_days == pytest.approx(7 + 7 / 24)


def test_the_page_says_which_extract_is_old(data):
    """With the day, and what that means; nothing of a week that the extract covers."""
    week = ts.open_week(str(LAST), data=data)

    for code, told in (
        (
            "en",
            "Of contacts nothing is known after Monday 18 May. "
            "KPIs that rest on that have no value yet, and what is to be done is of that day.",
        ),
        (
            "fr",
            "Pour les contacts, rien n’est connu après le lundi 18 mai. Les KPI qui en dépendent n’ont "
            "pas encore de valeur, et ce qui est à faire date de ce jour.",
        ),
    ):
        assert " ".join(older_sentences(week.cube, LAST, read_language(code))) == told
    assert older_sentences(week.cube, LAST.shift(-1), read_language("en")) == []


def test_reasons_of_contacts_are_those_of_the_newest_week_that_is_known(data):
    """Not the few of Monday morning beside the many of eight weeks: 210 a week as before."""
    week = ts.open_week(str(LAST), data=data)

    assert care.newest_week(week) == LAST.shift(-1)
    assert care.reasons(week)[["now_n", "usual_n"]].to_numpy().tolist() == [[210, 210.0]]


def test_once_the_extract_comes_the_week_has_its_value(data):
    """Thirty a day, half of them at four and half at five."""
    assert math.isnan(ts.open_week(str(LAST), data=data).kpi("csat").explain().value_now)
    contacts(data, PARCELS_TAKEN)
    week = ts.open_week(str(LAST), data=data)

    assert week.cube.older == {}
    assert week.kpi("csat").explain().value_now == 1.0
    assert week.kpi("first_reply_hours").explain().value_now == pytest.approx(2.0, abs=0.1)


def undated(data, taken: dt.datetime, every: int = 1) -> None:
    """Let contacts be one file without a date, of which a row in so many is kept."""
    source = data / "sources" / "contacts" / "source.toml"
    source.write_text(CONTACTS.replace("_%Y%m%dT%H%M", ""), encoding="utf-8")
    shutil.rmtree(data / "raw" / "contacts")
    contacts(data, taken)
    (written,) = (data / "raw" / "contacts").iterdir()
    first, *lines = written.read_text(encoding="utf-8").splitlines(keepends=True)
    written.unlink()
    (data / "raw" / "contacts" / "contacts.csv").write_text("".join([first, *lines[::every]]))


@pytest.mark.parametrize("weeks", [1, 5, 12])
def test_what_has_no_date_ends_where_it_falls_silent(data, weeks):
    """Thirty contacts a day, and none for a week: the extract is last week's. Months later it still is."""
    taken = PARCELS_TAKEN - dt.timedelta(weeks=weeks)
    undated(data, taken)
    week = ts.open_week(str(LAST), data=data)

    assert week.cube.older == {"care_contacts": taken.replace(hour=8) - dt.timedelta(days=1)}
    assert "about as many rows of this week as usual" not in health_page.freshness(week).html
    assert math.isnan(week.kpi("csat").explain().value_now)


@pytest.mark.parametrize(("weeks", "every"), [(0, 1), (1, 150)], ids=["up to date", "one in five days"])
def test_a_silence_that_is_usual_makes_nothing_older(data, weeks, every):
    """Of what comes every fifth day nobody can say after a week that its extract is old."""
    undated(data, PARCELS_TAKEN - dt.timedelta(weeks=weeks), every)

    assert ts.open_week(str(LAST), data=data).cube.older == {}


def test_bills_and_prices_are_never_older():
    """Invoices come when they come, and prices are not told week by week; a few hours make nothing older."""
    taken = {
        "claims": PARCELS_TAKEN - dt.timedelta(hours=9),
        "care_contacts": PARCELS_TAKEN - dt.timedelta(days=1),
        "carrier_invoice_lines": PARCELS_TAKEN - dt.timedelta(weeks=3),
        "contract_rates": PARCELS_TAKEN - dt.timedelta(weeks=30),
    }
    ledger = SimpleNamespace(taken_at=taken, files=pd.DataFrame({"table": list(taken)}), elsewhere=())

    assert list(older_tables(ledger, PARCELS_TAKEN, lambda _: pytest.fail("asked"))) == ["care_contacts"]
