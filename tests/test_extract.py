"""Reading extracts as they were written."""

import gzip
import os
import random
import zipfile

import pandas as pd
import pytest

import tallysheet as ts
from tallysheet.engine import connect
from tallysheet.errors import DataError
from tallysheet.extract import look, scan, typed_table

TEXT = 'id,name,n\n1,"Côte d\'Ivoire, Abidjan",007\n2,,NA\n'


@pytest.fixture
def written(tmp_path):
    def write(name: str, text: str = TEXT):
        path = tmp_path / name
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(text.encode()))
        elif name.endswith(".zip"):
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("inner.csv", text)
        else:
            path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.zip"])
def test_every_cell_is_text_as_written(written, name):
    """Leading zeros and NA stay, a missing cell is an empty text, never NA."""
    frame = ts.read_text_table(written(name))

    assert frame.to_dict("list") == {
        "id": ["1", "2"],
        "name": ["Côte d'Ivoire, Abidjan", ""],
        "n": ["007", "NA"],
    }
    assert not frame.isna().any(axis=None)


def test_parquet_is_read_as_text(tmp_path):
    """A Parquet file gives texts too."""
    pd.DataFrame({"n": [1, None], "day": pd.to_datetime(["2026-01-05", "2026-01-06"])}).to_parquet(
        tmp_path / "t.parquet"
    )

    frame = ts.read_text_table(tmp_path / "t.parquet")

    assert frame["n"].to_list() == ["1.0", ""]
    assert frame["day"].to_list() == ["2026-01-05 00:00:00", "2026-01-06 00:00:00"]


def test_rows_keep_their_order_and_line(written):
    """Line 1 is the header, so the first row is line 2."""
    path = written("long.csv", "a\n" + "\n".join(str(number) for number in range(50_000)) + "\n")

    with connect() as connection, scan(connection, path, "t"):
        rows, wrong = connection.execute(
            "SELECT count(*), count(*) FILTER (CAST(a AS BIGINT) + 2 <> line) FROM t"
        ).fetchall()[0]

    assert (rows, wrong) == (50_000, 0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.docx", b"x", "expected a file of kind"),
        ("cut.zip", b"PK\x03\x04cut", "a whole zip file"),
        ("cut.parquet", b"PAR1cut", "a readable table"),
        ("cut.xlsx", b"PK\x03\x04cut", "a whole workbook"),
        ("cut.csv.gz", b"\x1f\x8b\x08cut", "a whole gz file"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, content, message):
    """An empty, cut or unknown file is refused in one line that names it."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(DataError, match=message) as caught:
        ts.read_text_table(tmp_path / name)
    assert name in str(caught.value)


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path):
    """Only a regular file is opened, so that nothing hangs."""
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")

    for name in ("none.csv", "folder.csv", "pipe.csv"):
        with pytest.raises(DataError):
            ts.read_text_table(tmp_path / name)


def test_a_zip_holds_one_table_and_stays_in_its_folder(tmp_path):
    """Two tables are refused; a member called ../x is read and leaves nothing behind."""
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "x\n1\n")
        archive.writestr("b.csv", "x\n1\n")
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        archive.writestr("../evil.csv", "x\n1\n")

    with pytest.raises(DataError, match="one table in the zip"):
        ts.read_text_table(tmp_path / "two.zip")
    assert ts.read_text_table(tmp_path / "out.zip")["x"].to_list() == ["1"]
    assert not (tmp_path.parent / "evil.csv").exists()


def test_what_another_program_puts_beside_a_table_is_no_table_of_the_zip(tmp_path):
    """Of macOS in a folder of its own or beside it, and Excel's lock."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("x/a.csv", "__MACOSX/x/._a.csv", "x/._a.csv", "x/~$a.xlsx"):
            archive.writestr(name, "x\n1\n")

    assert ts.read_text_table(tmp_path / "a.zip")["x"].to_list() == ["1"]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("size", [300, 100_000])
def test_bytes_that_are_no_text_are_refused_and_not_shown(tmp_path, size, packed):
    """As of an archive, a picture or a file that broke, whatever its name says."""
    content = random.Random(1).randbytes(size)
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(content) if packed else content)

    with pytest.raises(DataError) as refused:
        ts.read_text_table(path)

    told = "expected a text file, found bytes that are no text. Export it as CSV."
    assert str(refused.value) == f"{path}: {told}"
    if not packed:
        with pytest.raises(DataError, match=told):
            look(path, "a", None)


@pytest.mark.parametrize("delimiter", ["\x01", "\x1f"])
def test_signs_that_nobody_sees_may_part_cells(tmp_path, delimiter):
    """Some databases write them."""
    path = tmp_path / "a.csv"
    path.write_text(f"a{delimiter}b\n" + f"1{delimiter}2\n" * 40, encoding="utf-8")

    assert list(ts.read_text_table(path).columns) == ["a", "b"]


def test_no_message_holds_control_characters():
    """A terminal would obey them."""
    error = DataError("a\x1b[31m.csv", "a column", "'\x00\x07'", "Known: \x9b2J, b.")

    assert str(error) == "a\ufffd[31m.csv: expected a column, found '\ufffd\ufffd'. Known: \ufffd2J, b."
    assert (error.where, error.do) == ("a\ufffd[31m.csv", "Known: \ufffd2J, b.")


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_text_in_utf_32_is_refused(tmp_path, encoding, packed):
    """Its zeros pass for nothing else: it was read as UTF-16 with a cell for each letter."""
    text = "colis;poids\n1;é\n".encode(encoding)
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(text) if packed else text)

    with pytest.raises(DataError, match=r"a\.csv.*: expected .*, found UTF-32\. Save it as UTF-8\."):
        ts.read_text_table(path)
    if not packed:
        with pytest.raises(DataError, match="found UTF-32"):
            look(path, "t", None)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_in_utf_16_is_read(tmp_path, encoding):
    """Half of its bytes are zeros, no more."""
    (tmp_path / "a.csv").write_bytes("colis;poids\n1;é\n".encode(encoding))

    assert ts.read_text_table(tmp_path / "a.csv").to_dict("list") == {"colis": ["1"], "poids": ["é"]}


def test_columns_take_the_type_that_every_filled_cell_has(written):
    """Numbers, dates and times are recognised; NA counts as empty only where the rest of a column casts."""
    path = written("t.csv", "i,d,day,at,s,m\n1,1.5,2026-01-05,2026-01-05 10:00:00,x,NA\nNA,2,,,NA,NA\n")

    with connect() as connection, scan(connection, path, "t") as table:
        typed_table(connection, table, "v")
        types = {row[0]: row[1] for row in connection.execute("DESCRIBE v").fetchall()}
        second = connection.execute("SELECT i, s FROM v").fetchall()[1]

    assert types == {
        "i": "BIGINT",
        "d": "DOUBLE",
        "day": "DATE",
        "at": "TIMESTAMP",
        "s": "VARCHAR",
        "m": "VARCHAR",
    }
    assert second == (None, "NA")


@pytest.mark.parametrize(("content", "told"), [(b"", "an empty file"), (b"\n\n  \n", "no filled cell")])
def test_an_empty_file_is_an_empty_table_and_no_extract(tmp_path, content, told):
    """A person who looks at it sees nothing; what needs rows says so."""
    (tmp_path / "empty.csv").write_bytes(content)

    assert ts.read_text_table(tmp_path / "empty.csv").shape == (0, 0)
    with (
        connect() as connection,
        pytest.raises(DataError, match=rf"empty\.csv: expected a header line and rows, found {told}"),
        scan(connection, tmp_path / "empty.csv", "t"),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n#3,4\n", {"a": ["1", "#3"], "b": ["2", "4"]}),
        ("a,b\n1,2\n3\n4,5,6\n", {"a": ["1", "3", "4"], "b": ["2", "", "5"], "": ["", "", "6"]}),
        ('a,b\n1,"x\ny"\n2,z\n', {"a": ["1", "2"], "b": ["x\ny", "z"]}),
    ],
    ids=["a comment sign", "ragged rows", "a line break in quotes"],
)
def test_no_line_is_skipped(written, text, expected):
    """What a reader might take for a comment or a preamble is kept, at worst uncut."""
    assert ts.read_text_table(written("t.csv", text)).to_dict("list") == expected


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_inches_and_apostrophes_do_not_pass_for_quotes(written, delimiter):
    """A text that ends in a quote is well quoted; apostrophes inside words quote nothing."""
    names = ['Table, round 48"', "Men's boots", 'Bike, 24"', "Kids' hat"]
    quoted = ['"' + name.replace('"', '""') + '"' if '"' in name or "," in name else name for name in names]
    lines = [delimiter.join([str(number), name, "7.50"]) for number, name in enumerate(quoted)]

    frame = ts.read_text_table(
        written("t.csv", "\n".join(["id" + delimiter + "name" + delimiter + "price", *lines]))
    )

    assert frame["name"].to_list() == names


def test_the_words_of_a_single_row_are_not_its_cells(written):
    """A space parts words in any text; a comma that parts fewer but likelier cells is the delimiter."""
    text = (
        "28/01/2018,00:00,MG-8769,74.69,2,Men's waterproof boots,These boots are rugged enough for trails,0"
    )

    frame = ts.read_text_table(written("t.csv", text))

    assert not frame.attrs["header"]
    assert frame.columns.to_list() == text.split(",")


@pytest.mark.parametrize(
    "first",
    [
        ["A1,NA,NA", "B1,NA,NA", "C1,NA,NA"],
        ["A1,n/a,-"],
        ["A1,closed,closed"],
        ["All,all,all"],
        ["A1,closed,moved"],
    ],
)
def test_first_rows_without_a_number_are_rows(tmp_path, first):
    """One line names the columns; what is missing, closed or said of all is no further name."""
    rows = [*first, "D1,3,40", "E1,4,50", "F1,3,44", "G1,2,41", "H1,6,42", "I1,3,40"]
    (tmp_path / "t.csv").write_text("\n".join(["depot,late,due", *rows, ""]), encoding="utf-8")

    frame = ts.read_text_table(tmp_path / "t.csv")

    assert list(frame.columns) == ["depot", "late", "due"]
    assert frame.agg(",".join, axis=1).to_list() == rows


@pytest.mark.parametrize(
    ("lines", "columns"),
    [
        (
            ["depot,France,,Spain,", ",late,due,late,due"],
            ["depot", "France late", "due", "Spain late", "due"],
        ),
        (["depot,FR,FR,ES,ES", "x,late,due,late,due"], ["depot x", "FR late", "FR due", "ES late", "ES due"]),
        (["depot,way,time,w,v", ",km,min,(kg),(m3)"], ["depot", "way km", "time min", "w (kg)", "v (m3)"]),
        (["depot,way,time,w,v", "text,km,min,kg,m3"], ["depot text", "way km", "time min", "w kg", "v m3"]),
    ],
)
def test_further_lines_name_columns_where_the_first_leaves_room(tmp_path, lines, columns):
    """Merged cells, or units."""
    rows = ["A,1,2,3,4", "B,5,6,7,8", "C,9,1,2,3"]
    (tmp_path / "t.csv").write_text("\n".join([*lines, *rows, ""]), encoding="utf-8")

    frame = ts.read_text_table(tmp_path / "t.csv")

    assert list(frame.columns) == columns
    assert len(frame) == 3


@pytest.mark.parametrize("rows", [["Paris", "New York", "Rome"], ["at 10:30", "at noon", "at 11:30"]])
def test_words_and_times_of_one_column_are_not_cut(tmp_path, rows):
    """A blank or a colon is a delimiter only where it cuts every line alike, the first too."""
    (tmp_path / "t.txt").write_text("\n".join(["name", *rows, ""]), encoding="utf-8")

    frame = ts.read_text_table(tmp_path / "t.txt")

    assert frame.to_dict("list") == {"name": rows}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("columns", [2, 3])
@pytest.mark.parametrize("quoted", [True, False])
def test_the_line_that_tells_a_spreadsheet_the_delimiter_is_no_row(tmp_path, delimiter, columns, quoted):
    """Excel hides the first line of a CSV that says sep=; and takes it at its word."""
    rows = [["parcel", "carrier", "note"], ["1", "BRV", "a, b; c"], ["2", "DVP", "d, e; f"]]
    told = f'"sep={delimiter}"' if quoted else f"sep={delimiter}"
    lines = [delimiter.join(['"' + cell + '"' for cell in row[:columns]]) for row in rows]
    path = tmp_path / "parcels.csv"
    path.write_text("\r\n".join([told, *lines, ""]), encoding="utf-8", newline="")

    found = ts.read_text_table(path)

    assert [list(found.columns), *found.to_numpy().tolist()] == [row[:columns] for row in rows]
