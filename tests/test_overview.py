"""A table alone: what can be told of it is told, and what it takes to tell more."""

import pytest
from small_workbook import make_workbook, write_csv

import tallysheet as ts
from tallysheet.duties import health, health_page
from tallysheet.errors import DataError
from tallysheet.review import Review

SOURCE = """
table = "{table}"
as_of = 2026-02-01T07:00:00

[[file]]
name = "rows"
path = "raw/parcels.csv"
"""


@pytest.mark.parametrize(
    ("table", "header", "row", "told"),
    [
        (
            "claims",
            "claim_id,shipment_id,claim_type,opened_at",
            "C{n},P{n},lost,2026-01-{n:02} 09:00:00",
            "week 2026-W03: expected a KPI that the data allows, found none from claims. "
            "Load extracts of shipments too.",
        ),
        (
            "reverse_cases",
            "case_id,case_type,requested_at,paid_out_at",
            "T{n},trade_in,2026-01-{n:02} 09:00:00,2026-01-{n:02} 10:00:00",
            "week 2026-W03: expected a KPI that the data allows, found none from reverse_cases. "
            "Choose a week with rows, or load extracts of reverse_cases.dropped_off_at too.",
        ),
        (
            "sellers",
            "seller,country,valid_from",
            "S{n},FR,2026-01-01",
            "data: expected a table with days, found sellers alone. Load extracts of shipments too.",
        ),
    ],
)
def test_a_table_of_which_no_kpi_can_be_made_says_which_it_takes_beside_it(
    tmp_path, table, header, row, told
):
    """A report over it ended in a traceback."""
    data = make_workbook(tmp_path)
    (data / "sources" / "parcels" / "parcels.sql").unlink()
    (data / "sources" / "parcels" / "source.toml").write_text(SOURCE.format(table=table), encoding="utf-8")
    lines = [row.format(n=n).split(",") for n in range(1, 29)]
    write_csv(data / "raw" / "parcels.csv", lines, header.split(","))

    with pytest.raises(DataError) as error:
        _ = ts.open_week("2026-W03", data=data).kpis
    assert str(error.value) == told


def test_a_week_without_a_row_says_so_also_where_no_extract_is_lacking(tmp_path, monkeypatch):
    data = make_workbook(tmp_path)
    monkeypatch.setattr(Review, "lacking", lambda *_: [])
    monkeypatch.setattr(Review, "kpis", lambda _: {})

    with pytest.raises(DataError, match=r"none from shipments\. Choose a week with rows\."):
        _ = ts.open_week("2026-W03", data=data).kpis


def test_a_workbook_that_names_no_country_shows_no_working_days(tmp_path):
    """As one that begins with contacts does; its page could not be made."""
    data = make_workbook(tmp_path)
    settings = data / "workbook.toml"
    settings.write_text(settings.read_text().replace('["FR", "DE"]', "[]"), encoding="utf-8")

    html = ts.open_week("2026-W20", data=data).calendar().html
    assert "No country is listed in data/workbook.toml" in html


def test_what_the_data_allows_is_looked_for_once(tmp_path, monkeypatch):
    """Each of a week's forty pages added up all KPIs to list them, those of other families too."""
    data = make_workbook(tmp_path)
    found = ts.open_week("2026-W20", data=data).available

    monkeypatch.setattr(Review, "has", lambda review, slug: pytest.fail(f"{slug} is looked for again"))
    assert ts.open_week("2026-W20", data=data).available == found
    assert "otd" in found


def test_a_single_kpi_has_no_other_beside_it(tmp_path, monkeypatch):
    """The section said nothing at all."""
    data = make_workbook(tmp_path)
    (data / "sources" / "parcels" / "parcels.sql").unlink()
    text = SOURCE.format(table="reverse_cases")
    (data / "sources" / "parcels" / "source.toml").write_text(text, encoding="utf-8")
    lines = [f"R{n},return,2026-01-{n:02} 09:00:00,2026-01-{n:02} 10:00:00".split(",") for n in range(1, 29)]
    write_csv(data / "raw" / "parcels.csv", lines, ["case_id", "case_type", "requested_at", "paid_out_at"])
    week = ts.open_week("2026-W03", data=data)

    assert list(week.available) == ["return_cycle_days"]
    assert week.other_cards().html == "<p>No other KPI can be told from this data.</p>"
    nothing = health.trust(week).assign(judged="")
    monkeypatch.setattr(health, "trust", lambda _: nothing)
    assert "Of none of the 58 KPIs enough is known to judge 2026-W03." in health_page.trust(week).html
