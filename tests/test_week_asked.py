"""What an intern may ask of an open week, and what is said to a slip: the nearest right name."""

import re

import pandas as pd
import pytest

import tallysheet as ts
from tallysheet.errors import TallysheetError, UsageError
from tallysheet.explorer import explore

pytestmark = pytest.mark.slow

CELLS = pd.DataFrame({"carrier": ["AA", "UA"], "late": [3, 4], "before": [3, 5]})


@pytest.fixture(scope="module")
def week():
    return ts.open_week("2013-W17", data="data/flights", base="last-4")


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"carrier": "ua"}, "carrier: expected a value of it in the data, found 'ua'. Did you mean 'UA'?"),
        ({"carrier": "??"}, "Known: "),
        (
            {"carrier": ["UA", "AA"]},
            "carrier: expected one value, found ['UA', 'AA']. Ask for each by itself.",
        ),
        ({"carier": "UA"}, "Did you mean 'carrier'?"),
        ("carrier=ua", "Did you mean 'UA'?"),
        (
            "carrier=UA;carrier=AA",
            "carrier=BRV;flow=return, found 'carrier=UA;carrier=AA'",
        ),
        ("UA", "where: expected a part such as carrier=BRV;flow=return, found 'UA'. Write the dimension, ="),
        (["carrier"], "where: expected a part such as carrier=BRV;flow=return, found ['carrier']. "),
    ],
)
def test_a_part_that_is_not_there_is_refused(week, where, told):
    """No sentence about nothing: its value would be empty, as if the part had no parcels."""
    with pytest.raises(UsageError) as refused:
        week.kpi("otd", where)

    assert told in str(refused.value)


def test_a_part_may_be_written_as_actions_and_the_explorer_write_it(week):
    """It is the same part as the mapping's."""
    for text, where in (("carrier=UA", {"carrier": "UA"}), ("", {}), (" carrier = UA ;", {"carrier": "UA"})):
        assert week.kpi("otd", text).where == week.kpi("otd", where).where


def test_a_long_list_of_values_is_cut(week):
    """Hundreds of places in one line help nobody."""
    with pytest.raises(UsageError) as refused:
        week.kpi("otd", {"destination": "zzzz"})

    assert 0 < str(refused.value).count(",") < 20 and "more" in str(refused.value)


@pytest.mark.parametrize(
    ("slug", "told"),
    [
        ("OTD", "Did you mean 'otd'?"),
        ("On-time delivery", "Did you mean 'otd'?"),
        ("Livraison à l’heure", "Did you mean 'otd'?"),
        ("carrier otd", "Did you mean 'carrier_otd'?"),
    ],
)
def test_a_kpi_is_found_by_what_pages_call_it(week, slug, told):
    """Whoever reads its name on a page need not know its slug."""
    with pytest.raises(UsageError) as refused:
        week.kpi(slug)

    assert told in str(refused.value)


def test_a_dimension_of_a_split_is_named_by_the_nearest(week):
    """As one of a part is."""
    with pytest.raises(UsageError, match="Did you mean 'carrier'"):
        week.kpi("otd").explain(by="carier")


def test_a_kpi_of_a_week_says_what_it_is(week):
    """In a cell of its own."""
    assert repr(week.kpi("otd")) == "<otd 2013-W17>"
    assert repr(week.kpi("otd", {"carrier": "UA"})) == "<otd 2013-W17, carrier UA>"


def test_the_table_of_kpis_has_their_names(week):
    """In the language of the week."""
    french = ts.open_week("2013-W17", data="data/flights", base="last-4", lang="fr")

    assert week.kpis.set_index("kpi")["name"]["otd"] == "On-time arrivals"
    assert french.kpis.set_index("kpi")["name"]["otd"].startswith("Arrivée")


@pytest.mark.parametrize("slug", ["OTD", "contact_rate"])
def test_an_explorer_that_begins_with_a_kpi_it_has_not_says_so(slug):
    """In one line, not from inside a widget; of one that the data does not allow what it lacks."""
    with pytest.raises(UsageError, match=r"Did you mean 'otd'|extracts of"):
        explore("2013-W17", kpi=slug, data="data/flights")


def test_a_base_that_is_later_or_a_target_is_refused():
    """Of a later week less is known: its contacts and losses would seem to have been few."""
    for base, told in (("2013-W18", "weeks before 2013-W17"), ("target", "expected weeks, found 'target'")):
        with pytest.raises(UsageError, match=told):
            ts.open_week("2013-W17", data="data/flights", base=base)


def test_a_later_base_of_one_kpi_is_refused(week):
    with pytest.raises(UsageError, match="weeks before 2013-W17"):
        week.kpi("otd").explain(base="2013-W18")
    with pytest.raises(UsageError, match="base"):
        week.kpi("otd").explain(base="")


def test_what_is_done_to_frames_does_not_reach_pages(week):
    """Whoever turns shares into percentages in a notebook must not publish them so."""
    before = week.card("otd").html, week.verdicts["code"].tolist(), week.kpis["value"].tolist()
    found = week.kpi("otd").explain()
    found.history["value"] *= 100
    found.parts["carrier"]["total"] = 0.0
    verdicts, kpis = week.verdicts, week.kpis
    verdicts["code"] = "changed"
    kpis["value"] = 0.0

    after = week.card("otd").html, week.verdicts["code"].tolist(), week.kpis["value"].tolist()
    assert after == before
    assert not (week.kpi("otd").explain().parts["carrier"]["total"] == 0.0).all()


def test_lines_by_what_is_no_dimension_are_refused(week):
    with pytest.raises(UsageError, match="Did you mean 'carrier'"):
        week.kpi("otd").lines("carier")


def test_no_weeks_are_no_rows_of_restated_values(week):
    assert week.restated(0).empty


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda week: ts.open_week(data=None), "data: expected the path of a folder, found a value of type"),
        (lambda week: ts.open_week(data="data/flights", base=46), "base: expected one of previous, last-4"),
        (
            lambda week: ts.open_week(as_of=20130429),
            "as of: expected a day such as 2013-04-29, found a value",
        ),
        (lambda week: ts.open_week(as_of=0), "as of: expected a day such as 2013-04-29, found a value"),
        (lambda week: ts.open_week(as_of=pd.NaT), "as of: expected a day such as 2013-04-29, found NaT"),
        (lambda week: ts.open_week(audience=None), "audience: expected the name of an audience"),
        (lambda week: week.kpi(None), "kpi: expected the slug of a KPI, found a value of type NoneType"),
        (lambda week: week.kpi(["otd"]), "kpi: expected the slug of a KPI, found a value of type list"),
        (lambda week: week.kpi("otd").explain(by=3), "by: expected dimensions, found a value of type int"),
        (lambda week: week.kpi("otd").lines(None), "by: expected the name of a dimension"),
        (lambda week: week.family(None), "family: expected the name of a family of KPIs"),
        (lambda week: week.restated("8"), "weeks: expected a number, found a value of type str"),
        (lambda week: week.sql(None), "sql: expected one SELECT, found a value of type NoneType"),
        (lambda week: week.sql("SELECT 1", -1), "sql most: expected 1 row or more, or None, found -1."),
        (lambda week: week.verdict(["otd"]), "kpi: expected the slug of a KPI, found a value of type list"),
        (lambda week: week.explanation("otd", ["previous"]), "base: expected the name of a base or a week"),
        (lambda week: week.explanation("otd", by=1), "by: expected dimensions, found a value of type int"),
        (lambda week: ts.open_week(lang=["en"]), "language: expected the code of a language"),
        (
            lambda week: ts.decompose(CELLS, by=1, now="late", base="before"),
            "decompose by: expected names of",
        ),
        (
            lambda week: ts.find_segments(CELLS, by=None, now="late", base="before"),
            "find_segments by: expected names of columns, found a value of type NoneType",
        ),
        (
            lambda week: ts.find_segments(CELLS, by="carrier", now="late", base="before", minimum_effect="x"),
            "find_segments minimum_effect: expected a number, found a value of type str",
        ),
        (lambda week: ts.load(None), "data: expected the path of a folder"),
        (lambda week: ts.read_text_table(None), "read_text_table: expected the path of a file"),
        (
            lambda week: ts.find_segments(CELLS, by="carrier", now="late", base="before", history=CELLS),
            "find_segments history: expected a list of DataFrames, found a value of type DataFrame",
        ),
        (
            lambda week: ts.decompose(CELLS.to_dict("records"), by="carrier", now="late", base="before"),
            "decompose: expected a DataFrame, found a value of type list",
        ),
        (
            lambda week: ts.find_segments(CELLS, by="carrier", now=None, base="before"),
            "find_segments: expected the name of a column, found a value of type NoneType",
        ),
    ],
)
def test_what_is_of_another_type_is_refused_as_a_wrong_value_is(week, asked, told):
    """An empty cell or a list in a name's place is a slip like any other: no traceback of a library's."""
    with pytest.raises(TallysheetError, match=re.escape(told)):
        asked(week)
