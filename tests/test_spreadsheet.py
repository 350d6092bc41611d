"""Reading workbooks: each cell as a person sees it in the sheet, and the table among what surrounds it."""

import datetime as dt
import re
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
import xlwt

import tallysheet as ts
from tallysheet.errors import DataError
from tallysheet.spreadsheet import read_sheets

ODS_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<manifest:file-entry manifest:full-path="/"
 manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>
"""
ODS_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="rates">"""
ODS_TAIL = "</table:table></office:spreadsheet></office:body></office:document-content>"

TARIFF = ["zone", "from kg", "to kg", "price", "fuel"]
ZONES = [[f"Z{n}", str(n), str(n + 1), f"{n + 5}.1", "0.125"] for n in range(6)]


def sheet_of(path: Path, fill) -> list[list[str]]:
    """Write a workbook of one sheet with xlsxwriter, and read it."""
    with xlsxwriter.Workbook(path) as book:
        fill(book, book.add_worksheet("data"))
    return read_sheets(path)[0].rows


def write_rows(sheet, top: int, rows) -> None:
    for position, row in enumerate(rows, start=top):
        sheet.write_row(position, 0, row)


def write_ods(path: Path, *rows: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", ODS_MANIFEST)
        body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
        archive.writestr("content.xml", ODS_HEAD + body + ODS_TAIL)


def ods_text(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def ods_value(kind: str, attribute: str, value: str) -> str:
    return (
        f'<table:table-cell office:value-type="{kind}" office:{attribute}="{value}">'
        "<text:p>as shown</text:p></table:table-cell>"
    )


@pytest.fixture
def contract(tmp_path):
    """Write a carrier's contract: a merged title, the header in row 4, and a sheet of terms."""
    path = tmp_path / "contract.xlsx"
    with xlsxwriter.Workbook(path) as book:
        rates = book.add_worksheet("rates")
        rates.merge_range("A1:E1", "Tariff 2026 BRV")
        rates.write("A2", "valid from 2026-01-01")
        write_rows(rates, 3, [TARIFF])
        for row, (zone, *numbers) in enumerate(ZONES, start=4):
            rates.write_row(row, 0, [zone, *map(float, numbers)])
        write_rows(book.add_worksheet("terms"), 0, [["term", "text"], ["payment", "30 days net"]])
    return path


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (5.1, "5.1"),
        (0.1 + 0.2, "0.3"),
        (12.0, "12"),
        (-3, "-3"),
        (0.5, "0.5"),
        (1e-7, "0.0000001"),
        (-2.5e-10, "-0.00000000025"),
        (1.23456789012345e-15, "0.00000000000000123456789012345"),
        (1e15, "1000000000000000"),
        (1e21, "1000000000000000000000"),
        (1e23, "100000000000000000000000"),
        (123456789012345678.0, "123456789012346000"),
    ],
)
def test_a_number_has_no_exponent_and_no_noise(tmp_path, number, text):
    """Fifteen digits are what Excel keeps; what a float has beyond them is not in the sheet."""
    assert sheet_of(tmp_path / "n.xlsx", lambda book, sheet: sheet.write_number("A1", number)) == [[text]]


def test_text_that_looks_like_a_number_stays_as_it_is(tmp_path):
    """Leading zeros, twenty digits, spaces and line breaks stay."""
    texts = ["007", "12345678901234567890", "1e5", " x ", "a\nb", "Málaga 東京 \U0001f69a", "=1+1", "NA"]

    rows = sheet_of(
        tmp_path / "t.xlsx",
        lambda book, sheet: [sheet.write_string(0, column, text) for column, text in enumerate(texts)],
    )

    assert rows == [texts]


MOMENTS = [
    (dt.date(2026, 1, 5), "dd/mm/yy", "2026-01-05"),
    (dt.datetime(2026, 1, 5, 14, 30, 15), "yyyy-mm-dd hh:mm", "2026-01-05 14:30:15"),
    (dt.datetime(2026, 1, 5, 14, 30, 15, 120_000), "hh:mm:ss.000", "2026-01-05 14:30:15.120000"),
    (dt.time(14, 30), "hh:mm", "14:30:00"),
    (dt.timedelta(hours=30, minutes=5), "[h]:mm:ss", "30:05:00"),
]


@pytest.mark.parametrize("date_1904", [False, True])
@pytest.mark.parametrize(("moment", "form", "text"), MOMENTS)
def test_dates_and_times_read_from_the_year_down(tmp_path, moment, form, text, date_1904):
    """However a cell shows it, and whichever day its workbook counts from."""
    path = tmp_path / "d.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": date_1904}) as book:
        book.add_worksheet().write_datetime("A1", moment, book.add_format({"num_format": form}))

    assert read_sheets(path)[0].rows == [[text]]


def test_no_second_of_a_day_is_rounded_away(tmp_path):
    """Excel keeps a fraction of a day, which no second is exactly."""
    moments = [dt.datetime(2026, 3, 29) + dt.timedelta(seconds=second) for second in range(1, 86_400, 37)]
    path = tmp_path / "seconds.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        full = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        clock = book.add_format({"num_format": "hh:mm:ss"})
        for row, moment in enumerate(moments):
            sheet.write_datetime(row, 0, moment, full)
            sheet.write_datetime(row, 1, moment.time(), clock)

    assert read_sheets(path)[0].rows == [[str(moment), str(moment.time())] for moment in moments]


def test_the_value_of_a_percent_or_currency_cell_counts(tmp_path):
    """What a cell shows is rounded; its value is not."""

    def fill(book, sheet):
        for column, form in enumerate(["0%", "#,##0.0 [$€-40C]", '0 "days"']):
            sheet.write_number(0, column, 0.125, book.add_format({"num_format": form}))

    assert sheet_of(tmp_path / "p.xlsx", fill) == [["0.125", "0.125", "0.125"]]


def test_a_formula_reads_as_the_value_it_had_when_saved(tmp_path):
    """Nothing is computed; without a saved value the cell has what the writer put there."""

    def fill(book, sheet):
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_formula("A1", "=1+2.1", None, 3.1)
        sheet.write_formula("B1", '="a"&"b"', None, "ab")
        sheet.write_formula("C1", "=TODAY()", day, 46_027)
        sheet.write_formula("D1", "=TRUE()", None, True)
        sheet.write_formula("E1", '=""', None, "")
        sheet.write_boolean("F1", False)

    assert sheet_of(tmp_path / "f.xlsx", fill) == [["3.1", "ab", "2026-01-05", "TRUE", "", "FALSE"]]


ERRORS = {
    **{0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?"},
    **{0x24: "#NUM!", 0x2A: "#N/A"},
}


@pytest.mark.parametrize("error", ERRORS.values())
@pytest.mark.parametrize("suffix", [".xlsx", ".xlsm"])
def test_an_error_cell_reads_as_it_shows(tmp_path, error, suffix):
    """Empty it would count as a good cell with nothing to say."""
    path = tmp_path / f"e{suffix}"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        write_rows(sheet, 0, [["id", "n"], ["a", 1], ["b", 2]])
        sheet.write_formula("B3", "=NA()", book.add_format({"bold": True}), error)

    assert ts.read_text_table(path).to_dict("list") == {"id": ["a", "b"], "n": ["1", error]}


def test_errors_stand_in_their_cells_however_many_and_on_which_sheet(tmp_path):
    """A large sheet is read in parts, and no cell falls between two; texts that only look so stay."""
    path = tmp_path / "many.xlsx"
    rows = [[f"p{row}", list(ERRORS.values())[row % 7] if row % 3 else row] for row in range(30_000)]
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("before").write("C3", 't="e"')
        sheet = book.add_worksheet("many")
        for row, (name, value) in enumerate(rows, start=4):
            sheet.write_string(row, 2, name)
            if row % 3 == 4 % 3:
                sheet.write_number(row, 3, value)
            else:
                sheet.write_formula(row, 3, "=1/0", None, value)

    before, many = read_sheets(path)

    assert before.rows == [['t="e"']]
    assert (many.first_row, many.rows) == (5, [[name, str(value)] for name, value in rows])


@pytest.mark.parametrize("rows", [1, 300])
def test_errors_of_an_xls_stand_in_their_cells(tmp_path, rows):
    """On each of its sheets, whether a person typed them or a formula gave them."""
    path = tmp_path / "old.xls"
    book = xlwt.Workbook()
    for name in ("one", "two"):
        sheet = book.add_sheet(name)
        for row in range(rows):
            sheet.write(row + 2, 1, f"{name} {row}")
            for column, code in enumerate(ERRORS, start=2):
                sheet.row(row + 2).set_cell_error(column, code)
    book.save(str(path))

    assert [sheet.rows for sheet in read_sheets(path)] == [
        [[f"{name} {row}", *ERRORS.values()] for row in range(rows)] for name in ("one", "two")
    ]


def test_a_formula_of_an_xls_that_gave_an_error_reads_as_it_shows(tmp_path):
    """Excel keeps the error in the place of the formula's number."""
    path = tmp_path / "old.xls"
    book = xlwt.Workbook()
    sheet = book.add_sheet("rates")
    sheet.write(0, 0, "n")
    sheet.write(1, 0, xlwt.Formula("1/0"))
    book.save(str(path))
    data = path.read_bytes()
    formula = re.search(rb"\x06\0..\x01\0\0\0..", data, re.DOTALL)
    place = formula.end()
    path.write_bytes(data[:place] + b"\x02\0\x07\0\0\0\xff\xff" + data[place + 8 :])

    assert read_sheets(path)[0].rows == [["n"], ["#DIV/0!"]]


def write_xlsb(path: Path, *cells: bytes) -> None:
    """Write a workbook in Excel's binary format with a row of cells."""

    def record(kind: int, content: bytes = b"") -> bytes:
        head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return head + bytes([len(content)]) + content

    def text(value: str) -> bytes:
        return struct.pack("<I", len(value)) + value.encode("utf-16-le")

    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
    row = record(0, struct.pack("<I", 0) + bytes(13))
    size = record(148, struct.pack("<4I", 0, 0, 0, len(cells) - 1))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships><Relationship Id="r1" Type="{relation}" Target="worksheets/sheet1.bin"/>'
            "</Relationships>",
        )
        sheet = record(156, struct.pack("<2I", 0, 1) + text("r1") + text("rates"))
        archive.writestr("xl/workbook.bin", record(131) + record(143) + sheet + record(144) + record(132))
        body = b"".join(
            record(cell[0], struct.pack("<2I", column, 0) + cell[1:]) for column, cell in enumerate(cells)
        )
        parts = record(129) + size + record(145) + row + body + record(146) + record(130)
        archive.writestr("xl/worksheets/sheet1.bin", parts)


def test_errors_of_an_xlsb_read_as_they_show(tmp_path):
    """A cell of its own, and what a formula gave."""
    path = tmp_path / "binary.xlsb"
    shown = "p1"
    text = b"\x06" + struct.pack("<I", len(shown)) + shown.encode("utf-16-le")
    number = b"\x05" + struct.pack("<d", 2.5)
    formula = b"\x0b\x2a\0\0" + struct.pack("<I", 3) + b"\x1e\x01\0" + bytes(4)
    write_xlsb(path, text, b"\x03\x07", number, formula, number)

    assert read_sheets(path)[0].rows == [["p1", "#DIV/0!", "2.5", "#N/A", "2.5"]]


def test_errors_of_an_ods_read_as_they_show(tmp_path):
    """LibreOffice gives them an empty text, or 0, as their value."""
    path = tmp_path / "open.ods"
    error = (
        '<table:table-cell table:formula="of:=1/0" office:value-type="{kind}" {value} '
        'calcext:value-type="error"><text:p>{shown}</text:p></table:table-cell>'
    )
    write_ods(
        path,
        ods_text("p1")
        + error.format(kind="string", value='office:string-value=""', shown="#DIV/0!")
        + error.format(kind="float", value='office:value="0"', shown="#N/A")
        + ods_value("float", "value", "5.1"),
    )

    assert read_sheets(path)[0].rows == [["p1", "#DIV/0!", "#N/A", "5.1"]]


def test_an_xls_reads_like_an_xlsx(tmp_path):
    """The old format has the same kinds of cells."""
    path = tmp_path / "old.xls"
    book = xlwt.Workbook()
    sheet = book.add_sheet("rates")
    sheet.write_merge(0, 0, 0, 3, "Tariff 2026")
    for column, value in enumerate(["007", 0.1 + 0.2, 1e21, "Málaga"]):
        sheet.write(1, column, value)
    for column, (value, form) in enumerate(
        [
            (dt.date(2026, 1, 5), "dd/mm/yy"),
            (dt.datetime(2026, 1, 5, 14, 30, 15), "yyyy-mm-dd hh:mm"),
            (dt.time(14, 30), "hh:mm"),
            (30 / 24, "[h]:mm"),
        ]
    ):
        sheet.write(2, column, value, xlwt.easyxf(num_format_str=form))
    sheet.write(3, 0, True)
    sheet.row(3).set_cell_error(1, 0x2A)
    sheet.write(3, 2, 0.125, xlwt.easyxf(num_format_str="0%"))
    book.save(str(path))

    assert read_sheets(path)[0].rows == [
        ["Tariff 2026"] * 4,
        ["007", "0.3", "1000000000000000000000", "Málaga"],
        ["2026-01-05", "2026-01-05 14:30:15", "14:30:00", "30:00:00"],
        ["TRUE", "#N/A", "0.125", ""],
    ]


def test_an_ods_reads_like_an_xlsx(tmp_path):
    """Values count, not what is shown; repeated cells and rows are written out, empty ends are not."""
    path = tmp_path / "open.ods"
    spanned = '<table:table-cell office:value-type="string" table:number-columns-spanned="3">'
    blank = '<table:table-cell table:number-columns-repeated="1024"/>'
    write_ods(
        path,
        f"{spanned}<text:p>Tariff</text:p></table:table-cell>" + "<table:covered-table-cell/>" * 2,
        ods_text("007") + ods_text("Málaga") + ods_text("a</text:p><text:p>b"),
        ods_value("float", "value", "5.1") + ods_value("float", "value", "0.30000000000000004"),
        ods_value("date", "date-value", "2026-01-05")
        + ods_value("date", "date-value", "2026-01-05T14:30:15")
        + ods_value("time", "time-value", "PT14H30M00S"),
        ods_value("percentage", "value", "0.125") + ods_value("boolean", "boolean-value", "true"),
        ods_text("x").replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="3"'),
        blank,
        blank,
    )

    assert read_sheets(path)[0].rows == [
        ["Tariff", "", ""],
        ["007", "Málaga", "a\nb"],
        ["5.1", "0.3", ""],
        ["2026-01-05", "2026-01-05 14:30:15", "14:30:00"],
        ["0.125", "TRUE", ""],
        ["x", "x", "x"],
    ]


def test_an_ods_gives_its_table(tmp_path):
    """The title above the header does not become a column."""
    path = tmp_path / "open.ods"
    zones = [ods_text(zone) + ods_value("float", "value", price) for zone, _, _, price, _ in ZONES]
    write_ods(path, ods_text("Tariff 2026"), "", ods_text("zone") + ods_text("price"), *zones)

    frame = ts.read_text_table(path)

    assert list(frame.columns) == ["zone", "price"]
    assert frame["price"].to_list() == ["5.1", "6.1", "7.1", "8.1", "9.1", "10.1"]


def test_rows_are_numbered_as_the_person_sees_them(tmp_path):
    """What is empty above and on the left of a table is no part of it."""
    path = tmp_path / "one.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("only").write("C7", "x")

    sheet = read_sheets(path)[0]

    assert (sheet.name, sheet.first_row, sheet.rows) == ("only", 7, [["x"]])


def test_one_cell_is_a_header_without_rows(tmp_path):
    path = tmp_path / "one.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write("C7", "parcel")

    assert ts.read_text_table(path).to_dict("list") == {"parcel": []}


def test_a_workbook_without_cells_is_refused(tmp_path):
    """Also if its cells have a colour."""
    path = tmp_path / "empty.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_blank("B2", None, book.add_format({"bg_color": "red"}))
        book.add_worksheet()

    with pytest.raises(DataError, match=r"empty\.xlsx: expected a filled sheet, found none\. "):
        ts.read_text_table(path)


def test_a_merged_title_does_not_become_a_column(contract):
    """The contract case: title, a note and an empty row above the header in row 4."""
    frame = ts.read_text_table(contract)

    assert frame.columns.to_list() == TARIFF
    assert frame.to_numpy().tolist() == ZONES
    assert frame.attrs["preamble"] == ["Tariff 2026 BRV", "valid from 2026-01-01"]


def test_the_largest_table_is_chosen_and_the_others_are_told(contract):
    """Whichever sheet is asked for is given instead."""
    assert ts.read_text_table(contract).attrs["tables"] == [
        {"columns": ["term", "text"], "rows": [["payment", "30 days net"]]}
    ]
    terms = ts.read_text_table(contract, sheet="terms")
    assert terms.to_dict("list") == {"term": ["payment"], "text": ["30 days net"]}
    assert terms.attrs["tables"] == []


def test_the_largest_table_need_not_stand_first(tmp_path):
    """The first sheet is often a cover."""
    path = tmp_path / "cover.xlsx"
    with xlsxwriter.Workbook(path) as book:
        write_rows(book.add_worksheet("cover"), 0, [["made by", "BRV"]])
        book.add_worksheet("nothing")
        write_rows(book.add_worksheet("parcels"), 0, [["id", "n"], ["a", 1], ["b", 2]])

    assert ts.read_text_table(path).to_dict("list") == {"id": ["a", "b"], "n": ["1", "2"]}


def test_an_unknown_sheet_is_refused_with_the_nearest_name(contract):
    with pytest.raises(DataError, match=r"expected a sheet 'Rates', found none\. Did you mean 'rates'\?"):
        ts.read_text_table(contract, sheet="Rates")


@pytest.mark.parametrize("hide", ["hide", "very_hidden"])
def test_a_hidden_sheet_is_read_too(tmp_path, hide):
    """Nobody is told that it is hidden."""
    path = tmp_path / "hidden.xlsx"
    with xlsxwriter.Workbook(path) as book:
        write_rows(book.add_worksheet("seen"), 0, [["id", "n"], ["a", 1]])
        hidden = book.add_worksheet("hidden")
        getattr(hidden, hide)()
        write_rows(hidden, 0, [["id", "n"], ["b", 2]])

    assert [sheet.name for sheet in read_sheets(path)] == ["seen", "hidden"]
    assert ts.read_text_table(path, sheet="hidden").to_dict("list") == {"id": ["b"], "n": ["2"]}


def test_a_chart_sheet_is_left_out(tmp_path):
    path = tmp_path / "chart.xlsx"
    with xlsxwriter.Workbook(path) as book:
        write_rows(book.add_worksheet("data"), 0, [["id", "n"], ["a", 1]])
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=data!$B$2:$B$2"})
        book.add_chartsheet("chart").set_chart(chart)

    assert [sheet.name for sheet in read_sheets(path)] == ["data"]


def test_a_merged_group_names_each_of_its_columns(tmp_path):
    """Two header lines: carriers above, what is counted below."""
    path = tmp_path / "groups.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("B1:C1", "BRV")
        sheet.merge_range("D1:E1", "DVP")
        weeks = [[f"2026-W{week:02}", 10 + week, 1, 20 + week, 2] for week in range(2, 8)]
        write_rows(sheet, 1, [["week", "parcels", "late", "parcels", "late"], *weeks])

    frame = ts.read_text_table(path)

    assert frame.columns.to_list() == ["week", "BRV parcels", "BRV late", "DVP parcels", "DVP late"]
    assert frame.iloc[0].to_list() == ["2026-W02", "12", "1", "22", "2"]


def test_a_merged_cell_in_the_body_stands_in_each_of_its_rows(tmp_path):
    """A carrier written once for all of its zones."""

    def fill(book, sheet):
        write_rows(sheet, 0, [["carrier", "zone"], *(["", zone] for zone, *_ in ZONES)])
        sheet.merge_range("A2:A4", "BRV")
        sheet.merge_range("A5:A7", "DVP")

    rows = sheet_of(tmp_path / "body.xlsx", fill)

    assert rows[1:4] == [["BRV", "Z0"], ["BRV", "Z1"], ["BRV", "Z2"]]
    assert rows[4:] == [["DVP", "Z3"], ["DVP", "Z4"], ["DVP", "Z5"]]


def test_empty_rows_and_columns_are_no_rows_and_columns(tmp_path):
    """A table goes on behind an empty row; formatted but empty cells on the right are nothing."""
    path = tmp_path / "gaps.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        write_rows(sheet, 0, [["zone", "price"], ["Z1", 1], ["Z2", 2], [], ["Z3", 3], [], [], ["Z4", 4]])
        sheet.write_blank("H20", None, book.add_format({"bold": True}))

    assert ts.read_text_table(path).to_dict("list") == {
        "zone": ["Z1", "Z2", "Z3", "Z4"],
        "price": ["1", "2", "3", "4"],
    }


@pytest.mark.slow
def test_twenty_thousand_rows_are_all_there(tmp_path):
    """Each cell in its row and column."""
    path = tmp_path / "long.xlsx"
    expected = [[f"P{row:05}", *(str(row * column) for column in range(1, 10))] for row in range(20_000)]
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["parcel", *(f"n{column}" for column in range(1, 10))])
        for row, (parcel, *numbers) in enumerate(expected, start=1):
            sheet.write_row(row, 0, [parcel, *map(int, numbers)])

    assert ts.read_text_table(path).to_numpy().tolist() == expected


def test_a_cell_at_the_far_corner_is_refused(tmp_path):
    """One stray cell spans 17 thousand million of them; the reader would end the process."""
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        write_rows(sheet, 0, [["id", "n"], ["a", 1]])
        sheet.write("XFD1048576", "x")

    with pytest.raises(DataError, match=r"far\.xlsx: expected 100,000,000 cells .* Delete what stands far"):
        ts.read_text_table(path)
