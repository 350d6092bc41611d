"""A duty's page without one of the extracts: it shows what it can, and says what would switch on the rest."""

import dataclasses
import inspect
import pkgutil
import re
from importlib import import_module
from itertools import pairwise

import pytest

import tallysheet as ts
from tallysheet import duties
from tallysheet.cube import Cube
from tallysheet.kpis import KPIS
from tallysheet.tables import Html
from tallysheet.week import Week

pytestmark = pytest.mark.slow

PAGES = sorted(one.name for one in pkgutil.iter_modules(duties.__path__) if one.name.endswith("_page"))
TABLES = [
    *(
        "orders",
        "shipments",
        "tracking_events",
        "carrier_invoice_lines",
        "claims",
        "care_contacts",
        "sellers",
    ),
    *("reverse_cases", "fulfilment_jobs", "contract_rates", "contract_terms", "targets", "event_log"),
]


def pieces(page: str) -> dict[str, object]:
    """Give the functions of a page that show a piece of a week."""
    module = import_module(f"tallysheet.duties.{page}")
    return {
        name: found
        for name, found in inspect.getmembers(module, inspect.isfunction)
        if found.__module__ == module.__name__
        and not name.startswith("_")
        and list(inspect.signature(found).parameters) == ["week"]
    }


@pytest.fixture(scope="module")
def whole(sample_of_size_s):
    return ts.open_week("2026-W46", data=sample_of_size_s, base="last-4")


@pytest.fixture(scope="module", params=TABLES)
def without(request, whole):
    """Take a table away, as if there had never been an extract of it."""
    ledger = whole.ledger
    files = ledger.files[ledger.files["table"] != request.param]
    state = f"{ledger.state}-{request.param}"
    refused = whole.settings.data / "quarantine"
    (refused / state).symlink_to(refused / ledger.state)
    ledger = dataclasses.replace(ledger, files=files, state=state)
    cube = Cube(ledger, whole.settings, whole.cube.as_of)
    yield Week(whole.week, whole.base, whole.language, whole.settings, ledger, cube)
    (refused / state).unlink()


def test_every_duty_has_a_page():
    """Those of the design, and the data's health."""
    assert {"claims_page", "care_page", "health_page"} <= set(PAGES)
    assert all(pieces(page) for page in PAGES)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "health_page"])
def test_each_piece_shows_something_without_an_extract(without, page):
    """No piece ends in an error; each says something."""
    for name, piece in pieces(page).items():
        shown = piece(without)

        assert isinstance(shown, Html), name
        assert shown.html, name


@pytest.mark.parametrize("page", PAGES)
def test_each_piece_is_whole_with_all_extracts(whole, page):
    """Nothing is switched off where nothing is missing; below a notebook's h2 no heading is left out."""
    for name, piece in pieces(page).items():
        html = piece(whole).html
        levels = [2, *map(int, re.findall(r"<h(\d)", html))]

        assert "Left out: this needs extracts" not in html, name
        assert all(later <= level + 1 for level, later in pairwise(levels)), (name, levels)


def test_the_health_of_the_data_names_what_is_lacking():
    """Of a workbook of flights alone every KPI that needs more says which extracts."""
    week = ts.open_week("2013-W17", data="data/flights")
    shown = import_module("tallysheet.duties.health_page").trust(week).html

    assert "needs extracts of claims" in shown
    assert shown.count("<tr") == 1 + len(KPIS)
