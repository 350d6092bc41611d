"""A duty's page without one of the extracts: it shows what it can, and says what would switch on the rest."""

import ast
import dataclasses
import inspect
import os
import pkgutil
import re
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

import tallysheet as ts
from tallysheet import duties
from tallysheet.cube import Cube
from tallysheet.duties import care_page, carriers, carriers_briefs_page, claims_page, health
from tallysheet.kpis import KPIS, kpi
from tallysheet.review import Review
from tallysheet.settings import read_settings
from tallysheet.svg import for_screens
from tallysheet.tables import Html
from tallysheet.week import Week

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]

PAGES = sorted(one.name for one in pkgutil.iter_modules(duties.__path__) if one.name.endswith("_page"))
DUTIES = [name for name in read_settings(ROOT / "data").notebooks if name[:2] not in ("10", "11", "90")]
"""Of the notebooks that are scheduled; the review and the pages of KPIs take minutes for each table."""
SOAK = os.environ.get("TALLYSHEET_SOAK") == "1"
LEFT_OUT = [
    ("orders",),
    ("shipments",),
    ("tracking_events", "targets"),
    ("carrier_invoice_lines", "event_log"),
    ("claims", "sellers"),
    ("care_contacts", "contract_terms"),
    ("reverse_cases", "contract_rates"),
    ("fulfilment_jobs",),
]
"""Tables that are left out together, of which few pages read both; `make soak` leaves out each by itself."""


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
def whole(small_sample):
    return ts.open_week("2026-W40", data=small_sample, base="last-4")


@pytest.fixture(
    scope="module",
    params=[(table,) for tables in LEFT_OUT for table in tables] if SOAK else LEFT_OUT,
    ids=" and ".join,
)
def without(request, whole):
    """Take tables away, as if there had never been an extract of them."""
    ledger = whole.ledger
    files = ledger.files[~ledger.files["table"].isin(request.param)]
    # Of the process, as the soak lets several take the same table away at a time.
    state = "-".join([ledger.state, *request.param, str(os.getpid())])
    refused = whole.settings.data / "quarantine"
    (refused / state).symlink_to(refused / ledger.state)
    ledger = dataclasses.replace(ledger, files=files, state=state)
    cube = Cube(ledger, whole.settings, whole.cube.as_of)
    yield Week(whole.week, whole.base, whole.language, whole.settings, ledger, cube)
    (refused / state).unlink()


TOLD_WITHOUT = {
    "orders": ["transit_days", "return_rate"],
    "shipments": ["return_cycle_days", "trade_in_cycle_days", "claim_backlog"],
    "claims": ["loss_rate"],
    "contract_rates": ["surcharge_share"],
    "contract_terms": ["surcharge_share"],
}
OFF_WITHOUT = {
    "orders": ["carrier_otd", "loss_rate"],
    "shipments": ["otd", "claim_rate"],
    "claims": ["claim_rate"],
    "contract_rates": ["transport_cost", "overbilling"],
    "contract_terms": ["transport_cost", "overbilling"],
}
"""KPIs whose fact reads a table: those that say the same without it, and those that cannot."""


def test_a_kpi_is_told_without_a_table_that_it_does_not_need(whole, without):
    """Days in transit do not ask for orders, though the carrier's promise beside them does."""
    gone = set(whole.ledger.files["table"]) - set(without.ledger.files["table"])
    for table in sorted(gone & TOLD_WITHOUT.keys()):
        for slug in TOLD_WITHOUT[table]:
            value = whole.kpi(slug).explain().value_now
            assert without.kpi(slug).explain().value_now == value > 0, (table, slug)
        for slug in OFF_WITHOUT[table]:
            assert table in without.review.lacking(kpi(slug)), slug
            assert not without.has(slug), slug


def test_what_late_parcels_cost_care_is_told_without_claims(whole, without):
    """Only the claims that they bring are left out of it, which would all be 0."""
    if "claims" in {*without.ledger.files["table"]}:
        return
    for piece in (care_page.lateness, care_page.point):
        html, all_told = piece(without).html, piece(whole).html
        assert "<table" in html
        assert "Claims" in all_told
        assert "Claims" not in html


def test_every_duty_has_a_page():
    """Those of the design, and the data's health."""
    assert {"claims_page", "care_page", "health_page"} <= set(PAGES)
    assert all(pieces(page) for page in PAGES)


@pytest.mark.parametrize("notebook", DUTIES)
def test_each_cell_shows_something_without_an_extract(without, notebook):
    """No cell of a duty's notebook ends in an error; each says something."""
    names = {"opened": without}
    with for_screens():
        _run_cells(notebook, names)


def _run_cells(notebook: str, names: dict[str, object]) -> None:
    for cell in nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4).cells:
        if cell.cell_type != "code":
            continue
        *lines, last = (line for line in ast.parse(cell.source).body if not _opens(line))
        if not isinstance(last, ast.Expr):
            exec(cell.source, names)
            continue
        exec(compile(ast.Module(lines, []), cell.id, "exec"), names)
        shown = eval(compile(ast.Expression(last.value), cell.id, "eval"), names)

        assert isinstance(shown, Html), cell.id
        assert shown.html, cell.id


def _opens(line: ast.stmt) -> bool:
    """Tell the line that opens the week, which is open already."""
    return isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "opened"


@pytest.mark.parametrize("page", PAGES)
def test_each_piece_is_whole_with_all_extracts(whole, page):
    """Nothing is switched off where nothing is missing; below a notebook's h2 no heading is left out."""
    for name, piece in pieces(page).items():
        html = piece(whole).html
        levels = [2, *map(int, re.findall(r"<h(\d)", html))]

        assert "Left out: this needs extracts" not in html, name
        assert all(later <= level + 1 for level, later in pairwise(levels)), (name, levels)


@pytest.mark.parametrize(
    ("piece", "column"),
    [("losses", "shipments.first_scan_at"), ("scans", "shipments.label_created_at")],
)
def test_a_table_that_no_row_can_reach_is_left_out(whole, monkeypatch, piece, column):
    """A table of no carriers would tell that none lost a parcel, and none was silent."""
    monkeypatch.setattr(Review, "lacking", lambda *_: [column])
    monkeypatch.setattr(Cube, "empty", lambda _, asked: [column] if column in asked else [])

    assert f"needs extracts of {column}" in pieces("carriers_proof_page")[piece](whole).html


def test_a_meeting_hears_nothing_that_the_page_leaves_out(whole, monkeypatch):
    """Messages that need labels' times were told as 0.0 % complete, and lateness as begun nowhere."""
    lacking = Review.lacking
    unmade = {"scan_compliance": ["shipments.label_created_at"]}
    monkeypatch.setattr(Review, "lacking", lambda self, one: unmade.get(one.slug) or lacking(self, one))
    monkeypatch.setattr(carriers, "is_unplaced", lambda _: True)
    told = carriers_briefs_page.briefs(whole).html

    assert "On the common lanes" in told
    assert "Messages" not in told
    assert "Where lateness starts" not in told


def test_what_nobody_decided_is_not_lost(whole, monkeypatch):
    """Claims without a decision have a time all the same; none is called won or refused."""
    shown = claims_page.speed(whole).html
    lacked = "claims.decision"
    monkeypatch.setattr(Cube, "empty", lambda _, asked: [lacked] if lacked in asked else [])

    assert claims_page.speed(whole).html.count("<td") == shown.count("<td") * 6 / 7
    assert f"Left out: this needs extracts of {lacked}." in claims_page.refusals(whole).html


@pytest.mark.parametrize(
    ("page", "one", "other"),
    [
        ("claims_page", "claims.shipment_id", "shipments.shipment_id"),
        ("costs_page", "carrier_invoice_lines.tracking_number", "shipments.tracking_number"),
        ("care_page", "care_contacts.order_id", "shipments.order_id"),
    ],
)
def test_a_page_whose_rows_find_no_other_does_not_say_that_there_is_nothing_to_do(
    whole, monkeypatch, page, one, other
):
    """Parcels would seem unclaimed, invoices right, and no contact late."""
    assert whole.cube.empty([f"{one} = {other}"]) == []
    lacked = f"{one} = {other}"
    monkeypatch.setattr(Cube, "empty", lambda _, asked: [lacked] if lacked in asked else [])
    for name in ("opening", "to_do"):
        told = pieces(page)[name](whole).html

        assert f"Left out: this needs extracts of numbers that {one} and {other} share." in told, name


def test_the_health_of_the_data_names_what_is_lacking():
    """Of a workbook of flights alone every KPI that needs more says which extracts.

    What there is nothing of, as days to the door without an order, is not called known.
    """
    week = ts.open_week("2013-W17", data="data/flights")
    found = health.trust(week).set_index("kpi")
    nothing = found[(found["lacking"] == "") & ~found.index.isin(week.available)]

    assert len(nothing) and (nothing["judged"] == "").all() and nothing["completeness"].isna().all()
    assert (found.loc[list(week.available), "judged"] != "").all()
    shown = import_module("tallysheet.duties.health_page").trust(week).html

    assert "needs extracts of claims" in shown
    assert shown.count("<tr") == 1 + len(KPIS)


@pytest.mark.parametrize("name", ["2026-W38", "2026-W46"])
def test_until_when_a_kpi_can_be_trusted_does_not_contradict_itself(sample_of_size_s, name):
    """No week is final that cannot be judged, none lies ahead; of what is judged something is known."""
    week = ts.open_week(name, data=sample_of_size_s)
    found = health.trust(week)
    judged = found[found["judged"] == name]

    assert (found["final"] <= found["judged"]).all()
    assert (found["judged"] <= name).all()
    assert (judged["completeness"] > 0).all()
