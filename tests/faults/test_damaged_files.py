"""Cut, flipped, swollen and misplaced files: refused in one line, or read whole; never read in part."""

import gzip
import io
import os
import random
import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
import xlwt

import tallysheet as ts
from tallysheet.errors import DataError
from tallysheet.spreadsheet import read_sheets
from tallysheet.unpack import unpacked

pytestmark = pytest.mark.fault

SEEDS = 30
HEADER = ["parcel", "carrier", "day", "weight"]
ROWS = [
    [f"P{row:04}", "BRV" if row % 3 else "DVP", f"2026-01-{row % 28 + 1:02}", row * 37 % 101 + 0.25]
    for row in range(120)
]
TEXT = "".join(",".join(map(str, row)) + "\n" for row in [HEADER, *ROWS]).encode()
ONE_LINE = re.compile(r"(?P<file>\S+): expected [^\n]+, found [^\n]+\. [A-Z][^\n]+\.")


def in_xlsx() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("parcels")
        for position, row in enumerate([HEADER, *ROWS]):
            sheet.write_row(position, 0, row)
    return file.getvalue()


def in_xls() -> bytes:
    file = io.BytesIO()
    book = xlwt.Workbook()
    sheet = book.add_sheet("parcels")
    for position, row in enumerate([HEADER, *ROWS]):
        for column, value in enumerate(row):
            sheet.write(position, column, value)
    book.save(file)
    return file.getvalue()


def in_ods() -> bytes:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = ("".join(cell.format(value) for value in row) for row in [HEADER, *ROWS])
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        '<table:table table:name="parcels">'
        + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
        + "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    return in_zip(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:'
            b'xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="content.xml"'
            b' manifest:media-type="text/xml"/></manifest:manifest>',
            "content.xml": content.encode(),
        }
    )


def in_parquet() -> bytes:
    file = io.BytesIO()
    pd.DataFrame(ROWS, columns=HEADER).to_parquet(file)
    return file.getvalue()


def in_zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


WHOLE = {
    "parcels.xlsx": in_xlsx(),
    "parcels.xls": in_xls(),
    "parcels.ods": in_ods(),
    "parcels.parquet": in_parquet(),
    "parcels.csv.gz": gzip.compress(TEXT, mtime=0),
    "parcels.zip": in_zip({"parcels.csv": TEXT}),
}


def content(path: Path) -> object:
    """Give what a file holds: the bytes that are packed in it, or the sheets."""
    if path.suffix in (".gz", ".zip"):
        return unpacked(path, path.parent).read_bytes()
    return read_sheets(path)


def refused(path: Path) -> str:
    """Give the line in which a file is refused."""
    with pytest.raises(DataError) as caught:
        ts.read_text_table(path)
    line = ONE_LINE.fullmatch(str(caught.value))
    assert line and line["file"] == str(path), str(caught.value)
    return str(caught.value)


@pytest.fixture(params=WHOLE)
def whole(request, tmp_path):
    """Write a file of each kind that holds the table."""
    path = tmp_path / request.param
    path.write_bytes(WHOLE[request.param])
    assert ts.read_text_table(path).to_numpy().tolist() == [[str(value) for value in row] for row in ROWS]
    return path


def test_a_cut_file_is_refused(whole):
    """No kind but plain text can be read to where it was cut."""
    data = whole.read_bytes()
    for seed in range(SEEDS):
        whole.write_bytes(data[: random.Random(seed).randrange(1, len(data))])
        assert refused(whole)


@pytest.mark.parametrize("name", ["parcels.xlsx", "parcels.ods", "parcels.csv.gz", "parcels.zip"])
def test_a_flipped_bit_changes_nothing_or_is_refused(tmp_path, name):
    """These kinds have checksums; what those leave out is no part of the table."""
    path = tmp_path / name
    path.write_bytes(WHOLE[name])
    whole = content(path)
    for seed in range(SEEDS):
        rng = random.Random(seed)
        data = bytearray(WHOLE[name])
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        try:
            assert content(path) == whole, seed
        except DataError as error:
            assert ONE_LINE.fullmatch(str(error)), (seed, str(error))


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_a_changed_part_of_a_workbook_is_refused(tmp_path, part):
    """Each part has a checksum, which the reader itself does not always compare."""
    path = tmp_path / "stored.xlsx"
    with zipfile.ZipFile(io.BytesIO(WHOLE["parcels.xlsx"])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    data = bytearray(in_zip(members, zipfile.ZIP_STORED))
    begin = data.index(members[part])
    end = begin + len(members[part])
    for position in (data.index(b">", begin) - 2, data.rindex(b"</", begin, end) - 1, end - 2):
        changed = bytearray(data)
        changed[position] ^= 1
        path.write_bytes(changed)
        assert "a whole workbook" in refused(path)


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_every_single_flipped_bit_of_a_small_zip(tmp_path, method):
    """However it is packed, also where its directory is hit and where a name is no UTF-8 any more."""
    text = b"id,n\na,1\nb,2\n"
    whole = in_zip({"pé.csv": text}, method)
    path = tmp_path / "small.zip"
    for bit in range(len(whole) * 8):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        try:
            assert unpacked(path, tmp_path).read_bytes() == text, bit
        except DataError as error:
            assert ONE_LINE.fullmatch(str(error)), (bit, str(error))


def test_a_cell_beyond_the_last_column_of_an_xls_is_refused(tmp_path):
    """An xls has no checksums; a flipped bit in a column number would make a table of 32,770 columns."""
    path = tmp_path / "wide.xls"
    text_cell = bytes.fromhex("fd000a00")  # A record of ten bytes: row, column, format, text.
    data = bytearray(WHOLE["parcels.xls"])
    column = data.index(text_cell, data.index(text_cell) + 20) + len(text_cell) + 2
    data[column + 1] ^= 0x80
    path.write_bytes(data)

    assert "of 256" in refused(path)


def test_an_xls_that_asks_for_more_memory_than_there_is_is_refused(tmp_path):
    """A flipped bit in the number of rows made the reader abort the process, and the load with it."""
    path = tmp_path / "tall.xls"
    size_of_sheet = bytes.fromhex("00020e00")  # A record of 14 bytes: first and last row, columns.
    data = bytearray(WHOLE["parcels.xls"])
    data[data.index(size_of_sheet) + len(size_of_sheet) + 7] ^= 0x99
    path.write_bytes(data)

    assert "a length that no memory can hold" in refused(path)


@pytest.mark.parametrize("name", ["secret.xlsx", "secret.xlsm"])
def test_a_protected_workbook_is_refused(tmp_path, name):
    """With a password, Excel packs the workbook into a stream of this name."""
    plain, packed = (text.encode("utf-16-le") for text in ("Workbook", "EncryptedPackage"))
    data = bytearray(WHOLE["parcels.xls"])
    entry = data.index(plain)
    data[entry : entry + len(packed)] = packed
    data[entry + 64 : entry + 66] = (len(packed) + 2).to_bytes(2, "little")
    (tmp_path / name).write_bytes(data)

    assert "a workbook without password" in refused(tmp_path / name)


def test_a_bomb_is_refused(tmp_path):
    """70 MB of zeros take 70 KB: more than 1,000 times its size is not what anybody means."""
    zeros = bytes(70 << 20)
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(zeros, 9))
    (tmp_path / "bomb.zip").write_bytes(in_zip({"bomb.csv": zeros}))
    with zipfile.ZipFile(io.BytesIO(WHOLE["parcels.xlsx"])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (tmp_path / "bomb.xlsx").write_bytes(in_zip(members | {"xl/worksheets/sheet1.xml": zeros}))

    for name in ("bomb.csv.gz", "bomb.zip", "bomb.xlsx"):
        assert (tmp_path / name).stat().st_size < 200_000
        assert re.search(r"unpacked at most.* Split it\.", refused(tmp_path / name))


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"a.csv": TEXT, "b.csv": TEXT}, "found 2"),
        ({"inner.zip": in_zip({"a.csv": TEXT})}, "found 0"),
        ({"a.csv/": b""}, "found 0"),
        ({"readme.md": b"text"}, "found 0"),
        ({}, "found 0"),
    ],
)
def test_a_zip_without_exactly_one_table_is_refused(tmp_path, members, found):
    """Nobody guesses which is meant, and a zip within a zip is not opened."""
    path = tmp_path / "some.zip"
    path.write_bytes(in_zip(members))

    assert f"one table in the zip, {found}. Put one table in each zip." in refused(path)


@pytest.mark.parametrize("name", ["../x.csv", "/x.csv", "a/../../x.csv"])
def test_a_member_does_not_leave_the_folder(tmp_path, name):
    """Its own name is not used."""
    folder = tmp_path / "drop" / "in"
    folder.mkdir(parents=True)
    (folder / "p.zip").write_bytes(in_zip({name: TEXT}))

    assert len(ts.read_text_table(folder / "p.zip")) == len(ROWS)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["drop", "in", "p.zip"]


def test_a_protected_zip_is_refused(tmp_path):
    path = tmp_path / "secret.zip"
    data = bytearray(in_zip({"a.csv": TEXT}))
    data[6] |= 1  # The flag of the member, and the same in the directory.
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)

    assert "password" in refused(path)


def test_a_link_to_a_file_elsewhere_is_followed(tmp_path):
    """A drop folder may hold links; only what stands behind them must be a regular file."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept.csv").write_bytes(TEXT)
    (tmp_path / "link.csv").symlink_to(tmp_path / "elsewhere" / "kept.csv")

    assert len(ts.read_text_table(tmp_path / "link.csv")) == len(ROWS)


def test_what_is_no_regular_file_is_refused_at_once(tmp_path):
    """A pipe without a writer would hang, a device never end."""
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "to_pipe.xlsx").symlink_to(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    (tmp_path / "null.csv.gz").symlink_to("/dev/null")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "to_folder.zip").symlink_to(tmp_path / "folder.csv")

    for path in sorted(tmp_path.iterdir()):
        assert "expected a regular file, found something else" in refused(path)


def test_a_link_that_leads_nowhere_is_refused(tmp_path):
    """Neither to a file that is gone nor to itself."""
    (tmp_path / "broken.csv").symlink_to(tmp_path / "gone.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")

    assert "expected a file, found none. Check the name." in refused(tmp_path / "broken.csv")
    assert "symbolic links" in refused(tmp_path / "loop.csv")


def test_no_room_to_unpack_is_not_taken_for_a_damaged_file(tmp_path):
    """What the system refuses says so, for a file that is whole must not be extracted again."""
    path = tmp_path / "parcels.csv.gz"
    path.write_bytes(WHOLE["parcels.csv.gz"])
    full = tmp_path / "full"
    full.mkdir()
    (full / "unpacked.csv").symlink_to("/dev/full")

    with pytest.raises(DataError, match=r"parcels\.csv\.gz: expected room to unpack it, found .*No space"):
        unpacked(path, full)
