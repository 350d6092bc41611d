"""Real deliveries, as messy as they come: USAID's SCMS history, which is not part of the project."""

import csv
import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from small_workbook import WORKBOOK

import tallysheet as ts

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
    (data / "workbook.toml").write_text(WORKBOOK.replace("parcels", "scms"), encoding="utf-8")
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
