"""A KPI's literal names what there is: a slip would count something else, or take all KPIs down with it."""

import re
from collections import Counter

import pytest

from tallysheet import schema
from tallysheet.engine import fact_names
from tallysheet.errors import UsageError
from tallysheet.facts import columns_of
from tallysheet.kpi import Kpi
from tallysheet.kpis import FAMILIES, KPIS


@pytest.mark.parametrize("slug", KPIS)
def test_all_that_it_names_is_there(slug):
    """Fact, columns, dimensions, needed columns, witnesses: each by name, so that a failure says which."""
    one = KPIS[slug]
    assert set(one.measures()) <= set(fact_names()), "its fact"
    for fact, columns in one.measures().items():
        assert set(columns) <= set(columns_of(fact)), f"columns of {fact}"
        assert set(one.dimensions) <= set(columns_of(fact)), f"its dimensions in {fact}"
    assert {*one.witnesses, *filter(None, [one.known_with])} <= set(KPIS), "its witnesses"
    needed = [name for columns in one.needs for name in re.split(" = | or ", columns)]
    for table, _, column in (name.partition(".") for name in needed):
        assert column in {other.name for other in schema.table(table).columns}, "what it needs"


def test_no_two_have_a_slug_or_a_number_of_the_team():
    """The second would take the place of the first, on every page."""
    every = [one for family in FAMILIES.values() for one in family]
    for names in ([one.slug for one in every], [one.number for one in every if one.number]):
        assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"method": "summ"},
            "KPI late method: expected one of ratio, sum, .*, found 'summ'. Did you mean 'sum'",
        ),
        ({"unit": "counts"}, "KPI late unit: .*, found 'counts'. Did you mean 'count'"),
        ({"direction": "lower"}, "KPI late direction: expected one of up, down, neutral, found 'lower'"),
        (
            {"dimensions": "carrier"},
            "KPI late dimensions: expected a tuple of columns, found a value of type str",
        ),
        ({"method": "sum"}, "KPI late: expected no denominator of a sum, found 'due_n'. Leave it out"),
    ],
)
def test_a_slip_is_named_where_it_stands(changed, told):
    """With the KPI, and the nearest right name."""
    literal = {
        **{"slug": "late", "fact": "shipments", "numerator": "late_n", "denominator": "due_n"},
        **{"unit": "share", "direction": "down", "cohort": "day", "maturity_days": 0},
        **{"dimensions": ("carrier",), "source": "by hand"},
    }
    assert Kpi(**literal).slug == "late"
    with pytest.raises(UsageError, match=told):
        Kpi(**literal | changed)
