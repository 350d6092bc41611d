"""SQL that a person types: what can be asked, how an error helps, what is refused, and rows for Excel."""

import datetime as dt
import re
import warnings
import zipfile

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

import tallysheet as ts
from tallysheet.errors import DataError, UsageError
from tallysheet.queries import ResultCut


@pytest.fixture(scope="module")
def week():
    return ts.open_week("2013-W17", data="data/flights", base="last-4")


def test_facts_and_cube_give_what_the_kpi_counts(week):
    """The rows of the fact, and their sums by week and part, are those of the KPI."""
    found = week.kpi("otd", {"origin": "LGA", "carrier": "DL"}).explain(by=())
    narrow = "week = '2013-W17' AND origin = 'LGA' AND carrier = 'DL'"

    facts = week.sql(f"SELECT count(*) AS n, sum(on_time_n) AS x FROM facts.shipments WHERE {narrow}")
    cube = week.sql(f"SELECT sum(due_n) AS n, sum(on_time_n) AS x FROM cube.shipments WHERE {narrow}")

    assert facts.equals(cube.astype(facts.dtypes))
    assert facts["n"][0] == found.n_now
    assert facts["x"][0] / facts["n"][0] == found.value_now


def test_facts_are_as_known_at_the_weeks_as_of(week):
    """On the Wednesday nothing of the rest of the week was known."""
    then = ts.open_week("2013-W17", data="data/flights", as_of="2013-04-24")
    sql = "SELECT sum(due_n) AS n FROM facts.shipments WHERE week = '2013-W17'"

    assert then.sql(sql)["n"][0] == then.kpi("otd").explain(by=()).n_now < week.sql(sql)["n"][0]
    assert then.sql("SELECT max(known_at) AS known_at FROM shipments")["known_at"][0] < dt.datetime(
        2013, 4, 25
    )


def test_what_there_is_to_ask_can_be_asked(week):
    """Tables and columns are tables too; DESCRIBE and SHOW work; the load tells of itself."""
    tables = week.sql("SELECT * FROM tables").set_index("name")

    assert tables["kind"].to_dict().items() >= {
        ("shipments", "clean"),
        ("facts.shipments", "fact"),
        ("cube.shipments", "cube"),
    }
    assert tables.loc["facts.shipments", "one_row"].startswith("a shipment due")
    for name in tables.index:
        assert len(week.sql(f"SELECT * FROM {name} LIMIT 1").columns)
    told = week.sql("SELECT meaning FROM columns WHERE table_name = 'shipments' AND column_name = 'carrier'")
    assert told["meaning"].to_list() == ["carrier's code"]
    assert "on_time_n" in week.sql("DESCRIBE facts.shipments")["column_name"].to_list()
    assert (
        week.sql("SELECT rows - good - quarantined - duplicates AS left_over FROM ledger")["left_over"][0]
        == 0
    )


@pytest.mark.parametrize(
    ("sql", "found", "advice"),
    [
        ("SELECT carier FROM shipments", "carier", "Did you mean 'carrier'?"),
        ("SELECT s.carier FROM shipments AS s", "carier", "Did you mean 'carrier'?"),
        ("SELECT on_tme_n FROM facts.shipments", "on_tme_n", "Did you mean 'on_time_n'?"),
        ("SELECT zzz FROM shipments", "zzz", "DESCRIBE with the name of a table lists its columns."),
        ("SELECT * FROM shipment", "shipment", "Did you mean 'shipments'?"),
        ("SELECT * FROM facts.shipment", "facts.shipment", "Did you mean 'facts.shipments'?"),
        ("SELECT * FROM cube.zzz", "cube.zzz", "Known: cube."),
        ("SELECT * FROM claims", "claims", "No extract of it was loaded"),
        ("SELECT * FROM facts.costs", "none", "Load them first."),
        ("SELECT carrier FROM", "syntax error", "Correct the SELECT."),
    ],
)
def test_an_error_names_the_nearest_table_or_column(week, sql, found, advice):
    """Or what there is, or what is lacking."""
    with pytest.raises(DataError) as error:
        week.sql(sql)

    assert found in error.value.found
    assert advice in error.value.do


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO shipments SELECT * FROM shipments",
        "UPDATE shipments SET carrier = 'XX'",
        "DELETE FROM shipments",
        "CREATE TABLE mine AS SELECT 1",
        "CREATE OR REPLACE VIEW shipments AS SELECT 1",
        "DROP VIEW shipments",
        "ALTER VIEW shipments RENAME TO mine",
        "COPY shipments TO '{folder}/out.csv'",
        "COPY (SELECT 1) TO '{folder}/out.parquet'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/out.duckdb'",
        "ATTACH 'https://example.org/x.duckdb'",
        "DETACH memory",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 1",
        "RESET threads",
        "PRAGMA database_list",
        "PRAGMA enable_profiling",
        "CALL pragma_version()",
        "CHECKPOINT",
        "USE versions",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY shipments TO '{folder}/out.csv'",
        "",
    ],
)
def test_sql_that_does_more_than_select_is_refused(week, tmp_path, sql):
    """Before anything is run; what was there is there, and nothing new."""
    before = len(week.sql("SELECT * FROM shipments LIMIT 5"))

    with pytest.raises(DataError, match="one SELECT"):
        week.sql(sql.format(folder=tmp_path))

    assert list(tmp_path.iterdir()) == []
    assert len(week.sql("SELECT * FROM shipments LIMIT 5")) == before


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('{file}')",
        "read_csv_auto(['{file}'])",
        "'{file}'",
        "'{folder}/*.csv'",
        "read_text('{file}')",
        "read_blob('{file}')",
        "read_json('{file}')",
        "sniff_csv('{file}')",
        "glob('{folder}/*')",
        "read_parquet('{parquet}')",
        "'{parquet}'",
        "parquet_metadata('{parquet}')",
        "read_csv('https://example.org/a.csv')",
        "'https://example.org/a.csv'",
        "'s3://bucket/a.parquet'",
        "read_duckdb('{folder}/other.duckdb')",
        "query('COPY shipments TO ''{folder}/out.csv''')",
    ],
)
def test_sql_reads_nothing_outside_the_workbook(week, tmp_path, source):
    """No file, no folder, no address; not even the workbook's own files by their names."""
    places = {name: tmp_path / name for name in ("secret.csv", "secret.parquet")}
    places["secret.csv"].write_text("word\nopensesame\n", encoding="utf-8")
    pd.DataFrame({"word": ["opensesame"]}).to_parquet(places["secret.parquet"])
    named = {"file": places["secret.csv"], "parquet": places["secret.parquet"], "folder": tmp_path}

    with pytest.raises(DataError) as error:
        week.sql(f"SELECT * FROM {source.format(**named)}")

    assert "opensesame" not in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.csv", "secret.parquet"]


def test_a_refused_file_says_how_to_bring_it_in(week, tmp_path):
    """The way in is to load it."""
    with pytest.raises(DataError, match=r"what lies outside it, .*mine\.csv.*tallysheet sources --suggest"):
        week.sql(f"SELECT * FROM '{tmp_path}/mine.csv'")


def test_variables_of_python_are_no_tables(week):
    """SQL sees the workbook alone."""
    frame = pd.DataFrame({"word": ["opensesame"]})

    with pytest.raises(DataError, match="expected a table of this workbook, found frame"):
        week.sql("SELECT * FROM frame")
    assert len(frame) == 1


def test_a_long_result_is_cut_with_a_notice(week):
    """Never silently: a warning, and the frame says so; as many rows as wanted are no news."""
    with pytest.warns(ResultCut, match="these are the first 5,000 rows, and there are more"):
        found = week.sql("SELECT * FROM shipments", most=5_000)
    assert (len(found), found.attrs["notice"][:4]) == (5_000, "Cut:")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = week.sql("SELECT * FROM shipments ORDER BY shipment_id LIMIT 5000", most=5_000)
        every = week.sql("SELECT shipment_id FROM shipments", most=None)
    assert len(whole) == 5_000
    assert len(every) > 300_000
    assert "notice" not in whole.attrs
    assert list(week.sql("SELECT 1 AS n WHERE false").columns) == ["n"]


@pytest.mark.slow
def test_rows_go_to_excel_as_they_are(tmp_path):
    """Numbers, days and times are such; texts and headers are never a formula; nothing is cut unseen."""
    rows = pd.DataFrame(
        {
            "=cmd|' /C calc'!A0": ["=1+1", "@SUM(A1)", None],
            "n": [1, 2, 3],
            "share": [0.5, float("nan"), float("inf")],
            "day": [dt.date(2026, 11, 16)] * 3,
            "at": pd.to_datetime(["2026-11-16 07:30:00", None, "2026-11-17 00:00:00"]),
            "is_late": [True, False, None],
            "id": [2**60, 1, 2],
        }
    )
    rows.attrs["notice"] = "Cut: these are the first 3 rows."

    path = ts.to_excel(rows, tmp_path / "late.xlsx")

    book = CalamineWorkbook.from_path(path)
    head, *cells = book.get_sheet_by_name("Rows").to_python()
    assert head == list(rows.columns)
    assert cells[0] == [
        "=1+1",
        1,
        0.5,
        dt.date(2026, 11, 16),
        dt.datetime(2026, 11, 16, 7, 30),
        True,
        str(2**60),
    ]
    assert cells[1][:6] == ["@SUM(A1)", 2, "", dt.date(2026, 11, 16), "", False]
    assert cells[2][2] == "inf"
    assert book.get_sheet_by_name("Notice").to_python() == [["Cut: these are the first 3 rows."]]
    with pytest.raises(UsageError, match=r"a name that ends in \.xlsx"):
        ts.to_excel(rows, tmp_path / "late.csv")
    told = (
        "rows: expected a table such as week.kpis or week.sql gives, found a value of type Series. Pass one."
    )
    with pytest.raises(UsageError, match=re.escape(told)):
        ts.to_excel(rows.iloc[0], tmp_path / "late.xlsx")
    with pytest.raises(DataError, match="rows that a sheet can hold"):
        ts.to_excel(pd.DataFrame([range(16_385)]), tmp_path / "wide.xlsx")
    assert [one.name for one in tmp_path.iterdir()] == ["late.xlsx"]


def test_no_formula_stands_in_the_file(tmp_path):
    """The sheet's own text is read: a formula would be an element of its own."""
    path = ts.to_excel(pd.DataFrame({"=1+1": ["=1+1", "+1", "-1", "@A1", "\t=1"]}), tmp_path / "late.xlsx")

    with zipfile.ZipFile(path) as archive:
        sheet, styles = (archive.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "styles"))
    assert "<f>" not in sheet
    assert "quotePrefix" in styles
