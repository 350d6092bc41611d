"""Real deliveries, as messy as they come: USAID's SCMS history, which is not part of the project."""

import csv
import datetime as dt
import inspect
import re
from importlib import import_module
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from small_workbook import WORKBOOK

import tallysheet as ts
from tallysheet.duties import cost_levels, cost_levels_page

HISTORY = Path(__file__).parents[2] / "shared/data/scms_delivery_history/SCMS_Delivery_History_Dataset.csv"

pytestmark = pytest.mark.skipif(not HISTORY.is_file(), reason="the SCMS delivery history is not here")

SOURCE = """
table = "shipments"
select = "scms.sql"
dates = "%d-%b-%y"
known_at = "delivered_at"
as_of = 2016-01-04T07:00:00

[columns.cost_cents]
unit = "currency"

[[file]]
name = "scms"
path = "raw/scms.csv"
"""

RATES = "\n[rules]\neuro_rates = { USD = 1.09 }\n"

SELECT = """
SELECT
    line,
    "ID" AS shipment_id,
    'outbound' AS flow,
    "Shipment Mode" AS carrier,
    "Fulfill Via" AS partner,
    "Country" AS destination,
    "Scheduled Delivery Date" AS promised_date,
    "Scheduled Delivery Date" AS promised_at,
    "Delivered to Client Date" AS delivered_at,
    'delivered' AS status,
    "Freight Cost (USD)" AS cost_cents,
    'USD' AS currency
FROM scms
"""


@pytest.fixture(scope="module")
def truth():
    """Read it with Python's csv, told how it is written."""
    with HISTORY.open(encoding="latin-1", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Load it through a source of its own."""
    data = tmp_path_factory.mktemp("scms") / "data"
    source = data / "sources" / "scms"
    source.mkdir(parents=True)
    (data / "raw").mkdir()
    (data / "raw" / "scms.csv").symlink_to(HISTORY)
    (data / "workbook.toml").write_text(WORKBOOK.replace("parcels", "scms") + RATES, encoding="utf-8")
    (source / "source.toml").write_text(SOURCE, encoding="utf-8")
    (source / "scms.sql").write_text(SELECT, encoding="utf-8")
    return data, ts.load(data)


def clean(loaded, sql):
    """Ask the clean rows."""
    _, ledger = loaded
    rows = f"read_parquet('{ledger.folder}/shipments/**/*.parquet', hive_partitioning = false)"
    return duckdb.sql(sql.replace("shipments", rows)).fetchall()


def test_every_cell_reads_as_written(truth):
    """A tab, Latin-1, quotes and commas in cells: 10,324 rows of 33 columns."""
    frame = ts.read_text_table(HISTORY)

    assert frame.shape == (10324, 33)
    assert frame.to_dict("records") == truth
    assert (frame["Country"] == "Côte d'Ivoire").sum() == sum(
        row["Country"] == "Côte d'Ivoire" for row in truth
    )
    assert (frame["Country"] == "Côte d'Ivoire").sum() > 1000


def test_a_freight_cost_in_words_is_refused_and_its_row_kept(loaded, truth):
    """On-time does not need the cost."""
    data, ledger = loaded
    refused = pd.read_parquet(data / "quarantine" / ledger.state / "scms.parquet")
    words = [row["Freight Cost (USD)"] for row in truth if not re.match(r"\d", row["Freight Cost (USD)"])]

    counts = ledger.files.loc[0, ["rows", "good", "quarantined", "duplicates", "cells"]].to_list()
    assert counts == [10324, 10324, 0, 0, 4126]
    assert refused["value"].to_list() == words
    assert set(zip(refused["column"], refused["reason"], refused["row_kept"], strict=True)) == {
        ("cost_cents", "type", True)
    }


def test_costs_add_up_to_the_cent(loaded, truth):
    """What is a number is loaded as integer cents."""
    numbers = [row["Freight Cost (USD)"] for row in truth if re.match(r"\d", row["Freight Cost (USD)"])]
    cents = sum(round(float(number) * 100) for number in numbers)

    assert clean(loaded, "SELECT sum(cost_cents), count(cost_cents) FROM shipments") == [
        (cents, 10324 - 4126)
    ]


def test_the_share_on_time_is_the_published_one(loaded):
    """88.5 % of all lines; in the last quarter of 2010 66.0 %, against 92.0 % in its first half."""
    on_time = "avg(CAST(delivered_at <= promised_at AS INTEGER))"
    quarter = "promised_date BETWEEN DATE '2010-10-01' AND DATE '2010-12-31'"
    half = "promised_date BETWEEN DATE '2010-01-01' AND DATE '2010-06-30'"

    (shares,) = clean(
        loaded,
        f"SELECT {on_time}, {on_time} FILTER ({quarter}), {on_time} FILTER ({half}) FROM shipments",
    )

    assert [round(100 * share, 1) for share in shares] == [88.5, 66.0, 92.0]


@pytest.fixture(scope="module")
def opened(loaded):
    data, _ = loaded
    return ts.open_week("2014-W35", data=data, base="last-4")


@pytest.mark.parametrize("page", ["carriers_page", "carriers_proof_page", "costs_page", "cost_levels_page"])
def test_pages_of_carriers_and_costs_show_what_there_is(opened, page):
    """Of shipments alone; the rest says which extracts would switch it on."""
    module = import_module(f"tallysheet.duties.{page}")
    shown = {
        name: piece(opened).html
        for name, piece in inspect.getmembers(module, inspect.isfunction)
        if piece.__module__ == module.__name__
        and not name.startswith("_")
        and list(inspect.signature(piece).parameters) == ["week"]
    }

    assert all(shown.values())
    if page == "carriers_page":
        assert "Air" in shown["scorecard"]
        assert "<table" in shown["scorecard"]
    if page == "costs_page":
        assert all("needs extracts of invoices" in html for html in shown.values())


def test_costs_that_shipments_state_are_added_up_by_carrier(opened, truth):
    """In dollars at the workbook's rate; texts such as "Freight Included in Commodity Cost" are no cost."""
    found = cost_levels.stated(opened).set_index("carrier")
    days = [dt.date.fromisocalendar(2014, 35, 1) + dt.timedelta(days=n) for n in range(7)]
    names = {f"{day:%d-%b-%y}".lstrip("0") for day in days}
    costs = [
        round(float(row["Freight Cost (USD)"]) * 100 / 1.09)
        for row in truth
        if row["Scheduled Delivery Date"].lstrip("0") in names
        and row["Shipment Mode"] == "Air"
        and re.fullmatch(r"[0-9.]+", row["Freight Cost (USD)"])
    ]

    assert (found.loc["Air", "now_n"], found.loc["Air", "now_cents"]) == (len(costs), sum(costs))
    assert "<table" in cost_levels_page.accruals(opened).html
