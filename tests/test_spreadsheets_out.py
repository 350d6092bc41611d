"""What goes out as a spreadsheet: numbers stay numbers, text stays text, nothing is lost unseen."""

import datetime as dt
import io
import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from small_workbook import make_workbook, rows

import tallysheet as ts
from tallysheet.comparison import Explanation, compare
from tallysheet.errors import ReportError
from tallysheet.kpis import kpi
from tallysheet.language import read_language
from tallysheet.publish.sheets import Figure, Table, figure
from tallysheet.publish.spreadsheets import MAX_TEXT, as_csv, guarded, number_format, sheet_name, workbook
from tallysheet.publish.week_tables import parts, verdicts, week_tables
from tallysheet.values import series_of
from tallysheet.weeks import IsoWeek, weeks_between

AS_OF = dt.datetime(2026, 11, 16, 7)
ENGLISH, FRENCH = read_language("en"), read_language("fr")
WEEKS = weeks_between(IsoWeek(2026, 1), IsoWeek(2026, 20))
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1+1",
    "\u00a0=1",
    "＝1+1",
    '=HYPERLINK("http://example.org","x")',
    "=cmd|' /C calc'!A0",
    "{=1}",
    "https://example.org",
    "mailto:a@example.org",
    "<b>&amp;</b>",
    "_x0041_",
    "12",
    "1e5",
    "a\x07b",
]


def one(*cells, headers=None):
    return Table("Sheet", headers or tuple(f"h{place}" for place in range(len(cells))), (cells,))


def write(*tables, language=ENGLISH):
    return workbook(tables, "Week 46 of 2026", AS_OF, language)


def parts_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def read(content, sheet="Sheet"):
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def formats_of(content, sheet=1):
    """Give number format and quote prefix of each filled cell: {"B2": ("0.0%", False)}."""
    parts = parts_of(content)
    styles = ElementTree.fromstring(parts["xl/styles.xml"])
    codes = {found.get("numFmtId"): found.get("formatCode") for found in styles.iter(f"{MAIN}numFmt")}
    looks = [
        (codes.get(look.get("numFmtId"), ""), look.get("quotePrefix") == "1")
        for look in styles.find(f"{MAIN}cellXfs")
    ]
    cells = ElementTree.fromstring(parts[f"xl/worksheets/sheet{sheet}.xml"]).iter(f"{MAIN}c")
    return {cell.get("r"): looks[int(cell.get("s", 0))] for cell in cells if len(cell)}


@pytest.mark.parametrize("text", HOSTILE)
def test_text_comes_back_as_it_was_and_is_no_formula(text):
    """In a cell and in a header; there is neither a formula nor a link in the file."""
    content = write(one(text, headers=(text,)))
    parts = parts_of(content)

    assert read(content) == [[text], [text]]
    assert "<f>" not in parts["xl/worksheets/sheet1.xml"]
    assert "hyperlink" not in parts["xl/worksheets/sheet1.xml"]


@pytest.mark.parametrize("text", HOSTILE[:12])
def test_text_that_looks_like_a_formula_has_excels_quote_prefix(text):
    """So that a cell somebody edits and leaves stays text; harmless text has none."""
    found = formats_of(write(one(text, "Brivane", headers=("a", "b"))))

    assert (found["A2"][1], found["B2"][1]) == (True, False)


@pytest.mark.parametrize(
    ("unit", "signed", "english", "french"),
    [
        ("share", False, "#,##0.0%", '#,##0.0"\u202f"%'),
        ("euro", False, '"€"#,##0.00', '#,##0.00"\u202f€"'),
        ("days", False, '#,##0.0"\u00a0days"', '#,##0.0"\u202fjours"'),
        ("count", True, "+#,##0;-#,##0;#,##0", "+#,##0;-#,##0;#,##0"),
    ],
)
def test_a_unit_has_the_format_of_its_language(unit, signed, english, french):
    """The same words as on the page; spaces that do not break are of one kind here."""
    for language, expected in ((ENGLISH, english), (FRENCH, french)):
        found = number_format(unit, signed, language)
        assert found.replace("\u202f", "\u00a0") == expected.replace("\u202f", "\u00a0")


def test_numbers_are_numbers_in_the_unit_that_is_shown():
    """A share is 0 to 1 in percent, its change in points, a rate for a hundred; what is missing is empty."""
    row = (
        figure(0.586, "share"),
        figure(-0.162, "share", signed=True),
        figure(0.0123, "rate"),
        figure(float("nan"), "euro"),
        figure(float("inf"), "euro"),
        figure(0.0, "count"),
    )
    content = write(one(*row))
    found = formats_of(content)

    assert read(content)[1] == [0.586, pytest.approx(-16.2), pytest.approx(1.23), "", "", 0.0]
    assert found["A2"][0] == "#,##0.0%"
    assert found["B2"][0].startswith("+#,##0.0")
    assert {"D2", "E2"} & found.keys() == set()


def test_a_day_is_one_for_excel_too():
    """It filters, sorts and reckons with it; a CSV has it as everywhere else."""
    day = dt.date(2026, 11, 16)
    content = write(one(day))

    assert read(content)[1] == [day]
    assert formats_of(content)["A2"][0] == "yyyy-mm-dd"
    assert as_csv(one(day), FRENCH).decode("utf-8-sig").splitlines()[1] == "2026-11-16"


def test_a_text_too_long_for_a_cell_is_cut_and_says_so():
    """Excel would call the file damaged; the CSV has the whole text."""
    long = "a" * (MAX_TEXT + 5)

    (_, (found,)) = read(write(one(long)))

    assert len(found) == MAX_TEXT
    assert found.endswith("(cut: the text has 32,772 characters)")
    assert long in as_csv(one(long), ENGLISH).decode("utf-8-sig")
    assert read(write(one("a" * MAX_TEXT)))[1] == ["a" * MAX_TEXT]


def test_what_a_sheet_cannot_hold_is_refused(monkeypatch):
    """Rather than left out without a word."""
    from xlsxwriter.worksheet import Worksheet

    monkeypatch.setattr(Worksheet, "write_number", lambda *_: -1)

    with pytest.raises(ReportError, match="sheet Sheet: expected a table that a sheet can hold"):
        write(one(Figure(1.0, "count")))


def test_sheets_have_names_that_excel_allows():
    """At most 31 characters, no forbidden sign, no apostrophe at the ends, not History, none twice."""
    titles = ["History", "history", "[a]:*?/\\b", "'x'", "x" * 40, "x" * 40, "", "Parts", "PARTS"]
    taken: list[str] = []
    for title in titles:
        taken.append(sheet_name(title, taken))

    assert len({name.casefold() for name in taken}) == len(titles)
    assert all(0 < len(name) <= 31 and name.casefold() != "history" for name in taken)
    assert not any(re.search(r"[\[\]:*?/\\]|^'|'$", name) for name in taken)


def test_header_and_first_column_stay_in_sight_and_filter():
    """Frozen panes, an autofilter over the whole table, widths of their own."""
    table = Table("Sheet", ("KPI", "Value"), (("a", Figure(1.0, "count")), ("b", None)))
    sheet = parts_of(write(table))["xl/worksheets/sheet1.xml"]

    assert 'topLeftCell="B2"' in sheet
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:B3"' in sheet
    assert "<cols>" in sheet


def test_a_second_run_gives_the_same_bytes_with_the_datas_time():
    """Neither the clock nor the zone stands in the file."""
    content = write(one("a", Figure(1.0, "euro")))

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert ">2026-11-16T07:00:00Z</dcterms:created>" in parts_of(content)["docProps/core.xml"]
    assert content == write(one("a", Figure(1.0, "euro")))


def test_csv_is_what_french_excel_opens():
    """Semicolons, decimal comma, a byte order mark, CRLF; numbers are never quoted nor guarded."""
    table = Table(
        "Sheet",
        ("Nom", "Écart"),
        (("-1,5", Figure(-0.015, "share", signed=True)), ('a;"b"', None), ("c", Figure(1234.5, "euro"))),
    )

    assert as_csv(table, FRENCH) == (
        b'\xef\xbb\xbfNom;\xc3\x89cart\r\n\'-1,5;-1,5\r\n"a;""b""";\r\nc;1234,5\r\n'
    )
    assert as_csv(table, ENGLISH).decode("utf-8-sig").splitlines()[1:] == [
        '"\'-1,5",-1.5',
        '"a;""b""",',
        "c,1234.5",
    ]


@pytest.mark.parametrize("number", [0.1 + 0.2, 1e-7, -0.0, 123456789.0, 1e15])
def test_csv_holds_numbers_without_exponent_or_noise(number):
    """A spreadsheet reads them back to fifteen digits."""
    field = as_csv(one(Figure(number, "euro")), ENGLISH).decode("utf-8-sig").splitlines()[1]

    assert re.fullmatch(r"-?\d+(\.\d+)?", field)
    assert float(field) == pytest.approx(number, rel=1e-14)
    assert field != "-0"


@pytest.mark.parametrize("text", HOSTILE[:12])
def test_csv_text_that_looks_like_a_formula_begins_with_an_apostrophe(text):
    """A CSV has no other way to say that it is text."""
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Brivane", "a=b", "", "’", "–", "100%", "(x)"])
def test_csv_text_that_is_harmless_stays(text):
    """An apostrophe too many would be seen by everybody."""
    assert guarded(text) == text


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    data = make_workbook(tmp_path_factory.mktemp("workbook"))
    return ts.open_week("2026-W21", data=str(data), base="last-4")


@pytest.mark.parametrize("language", [ENGLISH, FRENCH], ids=["en", "fr"])
def test_the_weeks_tables_hold_what_the_week_holds(week, language):
    """Counted in the rows themselves: 70 parcels a carrier in the last week."""
    tables = week_tables(week, language)
    scorecard, parts, files = tables.scorecard, tables.parts, tables.files
    headers = scorecard.headers
    score = dict(zip(headers, scorecard.rows[0], strict=True))
    part = next(row for row in parts.rows if row[2] == "BRV" and row[-1] == "otd")
    last = [line for line in rows() if line[3] >= "2026-05-18"]
    late = [line[1] for line in last if line[4][:10] > line[3]]

    assert [row[-1] for row in scorecard.rows] == list(week.explanations)
    assert score["2026-W21"].number == pytest.approx(1 - len(late) / 140)
    assert score["2025-W21"] is None  # a year ago is not in the data
    assert (score[headers[12]], score[headers[13]]) == (None, language.text("verdict.none"))
    assert part[4] == Figure(70.0, "count")
    assert part[6] == Figure(0.5, "share")
    assert part[8].number == pytest.approx(1 - late.count("BRV") / 70)
    assert [cell.number for cell in files.rows[0][3:7]] == [2800, 2800, 0, 0]
    assert {row[-1] for row in tables.causes.rows} <= set(week.explanations)
    assert len(tables.definitions.rows) == len(scorecard.rows)
    for table in tables.everything:
        assert all(len(row) == len(table.headers) for row in table.rows), table.name
        assert len(set(table.headers)) == len(table.headers), table.name


def test_parts_add_up_to_the_change_in_the_sheet(week):
    """Mix and rate make the part, and the parts make the change of the scorecard."""
    tables = week_tables(week, ENGLISH)
    change = next(row[5].number for row in tables.scorecard.rows if row[-1] == "otd")
    own = [row for row in tables.parts.rows if row[-1] == "otd" and row[1] == "carrier"]

    assert sum(row[13].number for row in own) == pytest.approx(change, abs=1e-12)
    assert all(row[11].number + row[12].number == pytest.approx(row[13].number) for row in own)
    assert [sum(row[column].number for row in own) for column in (5, 6)] == pytest.approx([1, 1])


def even_parts() -> Explanation:
    """Explain a week in which carriers A and B stay at nine of ten."""
    frame = pd.DataFrame(
        [(str(week), carrier, 9, 10) for week in WEEKS for carrier in ("A", "B")],
        columns=["week", "carrier", "x", "n"],
    )
    one_kpi = replace(kpi("otd"), numerator="x", denominator="n", evidence="")
    return compare(series_of(frame, one_kpi, WEEKS), WEEKS[-1], base="last-4", by=["carrier"])


def test_what_parts_leave_over_has_a_row():
    """So that parts and rest make the change also where a KPI does not add up."""
    whole = even_parts()
    torn = replace(
        whole, parts={"carrier": whole.parts["carrier"].assign(total=[0.02, 0.01])}, value_now=0.96
    )

    assert [row[2] for row in parts([whole], ENGLISH).rows] == ["A", "B"]
    *_, rest = parts([torn], ENGLISH).rows
    assert (rest[2], rest[13].number) == ("left over", pytest.approx(0.03))
    assert sum(row[13].number for row in parts([torn], ENGLISH).rows) == pytest.approx(torn.change)


def test_parts_of_a_change_that_is_not_known_are_empty():
    """A median that more than half have not reached yet: its parts are listed, and none has made anything."""
    found = even_parts()
    nothing = found.parts["carrier"].assign(mix=0.0, rate=0.0, total=0.0)
    young = replace(found, parts={"carrier": nothing}, value_now=float("nan"))

    assert [(row[2], *row[11:14]) for row in parts([young], ENGLISH).rows] == [
        ("A", None, None, None),
        ("B", None, None, None),
    ]


def test_causes_are_written_in_the_unit_of_their_size():
    """Points for a ratio, percent of what was expected for a sum, euro for what was billed too much."""
    found = [
        ("otd", "REAL", "carrier", {"carrier": ["BRV"], "lane": ["FR-DE", "FR-ES"]}, -0.25, 0.001),
        ("shipments", "REAL", "external", {}, -0.1, 0.001),
        ("overbilling", "OVERBILLING", "", {"carrier": ["BRV"]}, 312.5, float("nan")),
        ("cost_per_parcel", "PRICE", "fuel", {}, 0.4, 0.001),
        ("otd", "IMMATURE", "", {}, float("nan"), float("nan")),
    ]
    frame = pd.DataFrame(found, columns=["kpi", "code", "by", "scope", "effect", "p"]).assign(
        low=float("nan"),
        high=float("nan"),
        since="2026-W46",
        until="2026-W46",
        event="",
        perhaps=[["DVP"], [], [], [], []],
    )

    found = verdicts(frame, ENGLISH).rows

    assert [row[5] for row in found] == [
        Figure(-0.25, "share", signed=True),
        Figure(-0.1, "share"),
        Figure(312.5, "euro"),
        Figure(0.4, "euro", signed=True),
        None,
    ]
    assert found[0][3] == "carrier BRV, lanes FR-DE and FR-ES"
    assert found[1][3] == "the whole network"
    assert [row[4] for row in found[:2]] == ["DVP", None]
    assert [row[10] is None for row in found] == [False, False, True, False, True]


def test_every_code_of_a_cause_has_its_words():
    """Whatever a verdict may say has a name in the sheet, in every language."""
    from tallysheet.findings import CODES

    for language in (ENGLISH, FRENCH):
        assert all(language.has(f"sheet.code.{code}") for code in CODES)
