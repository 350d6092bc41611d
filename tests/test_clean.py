"""Loading: every row is accounted for, and the last good tables stay."""

import shutil
from threading import Event

import pandas as pd
import pytest
from filelock import FileLock
from small_workbook import HEADER, make_workbook, rows, write_csv

import tallysheet as ts
from tallysheet import clean, merge
from tallysheet.errors import DataError


def quarantine(data, ledger):
    return pd.read_parquet(data / "quarantine" / ledger.state / "parcels.parquet")


def test_rows_in_are_good_quarantined_or_duplicates(tmp_path):
    """A bad date, a missing carrier and a repeated parcel are set aside with line, column, value, reason."""
    lines = rows(1)
    lines[0][3] = "2026-13-01"
    lines[1][1] = "-"
    lines.append(list(lines[2]))
    data = make_workbook(tmp_path, lines)

    ledger = ts.load(data)
    refused = quarantine(data, ledger)

    counts = ledger.files.loc[0, ["rows", "good", "quarantined", "duplicates"]].to_list()
    assert counts == [141, 138, 2, 1]
    told = refused[["line", "column", "value", "reason"]].fillna("").to_numpy().tolist()
    assert [2, "promised_date", "2026-13-01", "type"] in told
    assert [3, "carrier", "", "missing"] in told
    assert [142, "shipment_id", lines[2][0], "duplicate"] in told
    assert set(refused["file"]) == {"parcels.csv"}


def test_lines_that_end_otherwise_from_the_middle_on_are_all_read(tmp_path):
    """A Windows export to which somebody appended under Linux: DuckDB stops where the ends change."""
    data = make_workbook(tmp_path, rows(20))
    path = data / "raw" / "parcels.csv"
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\r\n".join(lines[:1400]) + b"\r\n" + b"\n".join(lines[1400:]) + b"\n")

    assert ts.load(data).files[["rows", "good"]].iloc[0].tolist() == [2800, 2800]


def test_unchanged_extracts_are_not_read_again(tmp_path):
    """A second load leaves the files as they are; a changed extract is loaded."""
    data = make_workbook(tmp_path, rows(2))
    first = ts.load(data)
    stamps = {path: path.stat().st_mtime_ns for path in (data / "clean").rglob("*.parquet")}

    again = ts.load(data)

    assert again.state == first.state
    assert {path: path.stat().st_mtime_ns for path in (data / "clean").rglob("*.parquet")} == stamps

    write_csv(data / "raw" / "parcels.csv", rows(3))
    changed = ts.load(data)

    assert changed.state != first.state
    assert changed.files.loc[0, "rows"] == 420
    assert not first.folder.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected a file, found none"),
        ("", "an empty file"),
        ("parcel,carrier\n1,BRV\n", "Referenced column"),
        ("parcel,carrier,from,promised,delivered\n1,BRV,PAR,x,x\n", "expected good rows"),
    ],
)
def test_a_bad_extract_is_refused_and_the_last_good_tables_stay(tmp_path, content, message):
    """A missing, empty, renamed or wholly bad extract is one error; the clean tables are untouched."""
    data = make_workbook(tmp_path, rows(2))
    good = ts.load(data)
    before = sorted(good.folder.rglob("*.parquet"))
    raw = data / "raw" / "parcels.csv"
    raw.unlink()
    if content is not None:
        raw.write_text(content, encoding="utf-8")

    with pytest.raises(DataError, match=message):
        ts.load(data)

    assert before and sorted(good.folder.rglob("*.parquet")) == before
    assert not list(data.rglob("*.part"))


def test_where_no_row_is_good_the_commonest_reason_is_told_in_words(tmp_path):
    """With the column, what was expected, and what to do about it; the reason of a kept row is none."""
    lines = [[str(number), "BRV", "PAR", "2026-01-05", "soon"] for number in range(1200)]
    data = make_workbook(tmp_path, lines)
    source = data / "sources" / "parcels" / "source.toml"
    select = source.with_name("parcels.sql")
    given = select.read_text(encoding="utf-8")

    select.write_text(given.replace("parcel AS shipment_id,", ""), encoding="utf-8")
    with pytest.raises(DataError) as unnamed:
        ts.load(data)
    select.write_text(given, encoding="utf-8")
    write_csv(data / "raw" / "parcels.csv", [[*line[:3], "soon", *line[4:]] for line in lines])
    with pytest.raises(DataError) as unread:
        ts.load(data)

    assert str(unnamed.value) == (
        "source parcels: expected good rows, found none of 1,200: shipment_id is refused in 1,200 of them "
        f'(missing; expected a value). Write "its header" AS shipment_id in {select}. '
        "Known: parcel, carrier, from, promised, delivered."
    )
    assert str(unread.value) == (
        "source parcels: expected good rows, found none of 1,200: promised_at is refused in 1,200 of them "
        "(type; expected a value of the column's type). "
        "Say in source.toml how it is written: dates, decimal, unit, missing."
    )


def test_where_a_header_stands_twice_a_load_without_good_rows_says_so(tmp_path):
    """When parcels were delivered stands in the second of two columns of a name; the rows are right."""
    lines = [[*line[:4], "", line[4]] for line in rows(1)]
    data = make_workbook(tmp_path)
    write_csv(data / "raw" / "parcels.csv", lines, [*HEADER[:4], "delivered", "Delivered"])
    select = data / "sources" / "parcels" / "parcels.sql"
    given = select.read_text(encoding="utf-8").replace("CASE WHEN delivered IS NULL THEN 'lost' ELSE ", "")
    select.write_text(given.replace(" END AS status", " AS status"), encoding="utf-8")

    with pytest.raises(DataError) as refused:
        ts.load(data)
    select.write_text(given.replace(" END AS", " AS").replace("delivered AS", "Delivered_6 AS"), "utf-8")

    assert str(refused.value).endswith(
        "(delivered_without_date; expected delivered_at or first_attempt_at of a delivered shipment). "
        "The header 'delivered' stands twice in the file, and the first is read: if the other one is to be "
        f"read too, it is 'Delivered_6' in {select}. Else: Correct it where it is kept, and extract again."
    )
    assert ts.load(data).files.loc[0, "good"] == 140


def test_a_select_that_loses_or_multiplies_rows_is_refused(tmp_path):
    """Each row of the main file becomes one row, so that no join can fan out unseen."""
    data = make_workbook(tmp_path, rows(1))
    select = data / "sources" / "parcels" / "parcels.sql"
    select.write_text(select.read_text() + " WHERE carrier = 'BRV'", encoding="utf-8")

    with pytest.raises(DataError, match=r"one row for each of the 140 rows of parcels\.csv, found 70 rows"):
        ts.load(data)


def test_a_select_may_give_numbers_days_and_truths_for_texts(tmp_path):
    """Whatever type a SELECT gives, it is read as the text that it would be in a file."""
    data = make_workbook(tmp_path, rows(1))
    select = data / "sources" / "parcels" / "parcels.sql"
    typed = select.read_text().replace("parcel AS shipment_id", "line AS shipment_id")
    typed = typed.replace(
        "CAST(promised AS VARCHAR) AS promised_date", "CAST(promised AS DATE) AS promised_date"
    )
    typed = typed.replace("delivered AS delivered_at", "CAST(delivered AS TIMESTAMP) AS delivered_at")
    typed = typed.replace(
        "FROM", ", line > 9 AS hub_scanned, line / 2 AS order_id, 400 AS weight_billed_g FROM"
    )
    select.write_text(typed, encoding="utf-8")

    ledger = ts.load(data)
    kept = pd.read_parquet(next((ledger.folder / "shipments").rglob("*.parquet")))

    assert ledger.files.loc[0, ["rows", "good", "cells"]].to_list() == [140, 140, 0]
    first = kept.loc[0, ["shipment_id", "order_id", "hub_scanned", "weight_billed_g"]].to_list()
    assert first == ["2", "1.0", False, 400]
    assert str(kept.loc[0, "delivered_at"]) == rows(1)[0][4]


def test_columns_can_be_renamed_without_a_select(tmp_path):
    """A source without SELECT maps our columns to the file's headers; an unknown header is answered."""
    data = make_workbook(tmp_path)
    header = ["shipment_id", "flow", "Transporteur", "promised_date", "promised_at", "delivered_at", "status"]
    line = ["1", "outbound", "BRV", "2026-01-05", "2026-01-05 20:00", "2026-01-05 12:00", "delivered"]
    write_csv(data / "raw" / "parcels.csv", [line], header)
    source = data / "sources" / "parcels" / "source.toml"
    text = (
        source.read_text().replace('select = "parcels.sql"\n', "") + '\n[columns]\ncarrier = "Transporteur"\n'
    )
    source.write_text(text, encoding="utf-8")

    assert ts.load(data).files.loc[0, "good"] == 1
    source.write_text(text.replace("Transporteur", "Transporteurs"), encoding="utf-8")
    with pytest.raises(DataError, match="Did you mean 'Transporteur'"):
        ts.load(data)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("sources/parcels/source.toml", "missing =", "mising =", "Did you mean 'missing'"),
        ("sources/parcels/source.toml", '"shipments"', '"shipment"', "Did you mean 'shipments'"),
        ("sources/parcels/source.toml", "2026-06-15T07:00:00", '"June"', "a date and time in UTC"),
        ("sources/parcels/source.toml", "parcels.sql", "parcel.sql", "Did you mean 'parcels.sql'"),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'columns.carrier = ["Transporteur", "Carrier"]\n[[file]]',
            "a header or a table, found \\['Transporteur', 'Carrier'\\]",
        ),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'values.status = "x"\n[[file]]',
            "status: expected a table, found 'x'",
        ),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'values.carrier.BRV = "Brivane"\n[[file]]',
            "carrier BRV: expected a list of texts, found 'Brivane'",
        ),
        ("sources/parcels/source.toml", "[[file]]", "[file]", "file: expected a list of tables"),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'columns.carier = "Transporteur"\n[[file]]',
            r"source.toml columns: expected one of shipments, found 'carier'. Did you mean 'carrier'",
        ),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'values.carier.BRV = ["Brivane"]\n[[file]]',
            "values: expected a column of texts of shipments, found 'carier'. Did you mean 'carrier'",
        ),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'values.weight_g.500 = ["half a kilo"]\n[[file]]',
            r"source.toml values: expected a column of texts of shipments, found 'weight_g'",
        ),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'values.status.deliverd = ["livré"]\n[[file]]',
            "values.status: expected our value, found 'deliverd'. Did you mean 'delivered'",
        ),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'zone = "Europe/Pariss"\n[[file]]',
            r"source\.toml zone: expected a time zone such as Europe/Paris, found 'Europe/Pariss'\. "
            "Did you mean 'Europe/Paris'",
        ),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'dates = "dym"\n[[file]]',
            r"source\.toml dates: expected ymd, dmy, mdy, epoch or a format such as %d-%b-%y, found 'dym'",
        ),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'columns.promised_at = { header = "promised", dates = "dym" }\n[[file]]',
            r"source\.toml promised_at dates: expected ymd",
        ),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'columns.carrier = { header = "carrier", unit = "kg" }\n[[file]]',
            r"source\.toml carrier unit: expected no unit, as the column has none, found 'kg'\. Leave",
        ),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            'columns.weight_billed_g = { header = "weight", unit = "kgs" }\n[[file]]',
            r"source\.toml weight_billed_g unit: expected a unit .*, found 'kgs'\. Did you mean 'kg'",
        ),
        (
            "sources/parcels/source.toml",
            'path = "raw/parcels.csv"',
            "path = 3",
            "path: expected a text, found 3",
        ),
        (
            "sources/parcels/source.toml",
            "\n[[file]]",
            "exclude = 3\n[[file]]",
            "exclude: expected a text, found 3",
        ),
        (
            "sources/parcels/source.toml",
            "parcels.csv",
            "from_%Y%m%d_to_%Y%m%d.csv",
            "each sign of time once, found %Y twice",
        ),
        (
            "sources/parcels/source.toml",
            "parcels.csv",
            "parcels_%Y%m%e.csv",
            r"\[\[file\]\] path: expected signs of time that are known, found '%e'\. Write one of %Y, %m, %d",
        ),
        (
            "sources/parcels/source.toml",
            "parcels.csv",
            "parcels_%-d.csv",
            "signs of time that are known, found '%-d'",
        ),
        ("workbook.toml", "headline", "headlin", "Did you mean 'headline'"),
        ("workbook.toml", 'countries = ["FR", "DE"]', 'countries = "FR"', "a list of names"),
        ("workbook.toml", '"otd"', "", "TOML in UTF-8"),
        (
            "workbook.toml",
            'headline = "otd"',
            'headline = "otd"\ninternal = ["10_weekly"]',
            "'10_weekly_review'",
        ),
        (
            "workbook.toml",
            'headline = "otd"',
            'headline = "otd"\nrepeated = { x = { a = ["b"] } }',
            "notebooks",
        ),
        (
            "workbook.toml",
            'headline = "otd"',
            'headline = "otd"\nrepeated = { 10_weekly_review = { base = ["../x"] } }',
            "letters, digits and _ only",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_the_nearest_right_one(tmp_path, file, old, new, message):
    """A typing error in a TOML is one line, not a stack of calls."""
    data = make_workbook(tmp_path, rows(1))
    path = data / file
    path.write_text(path.read_text().replace(old, new), encoding="utf-8")

    with pytest.raises(DataError, match=message):
        ts.load(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[carier]\nBRV = ["Brivane"]\n',
            r"values\.toml: expected a column of texts of any table, found 'carier'. Did you mean 'carrier'",
        ),
        ('[carrier]\nBRV = "Brivane"\n', r"values\.toml carrier BRV: expected a list of texts"),
    ],
)
def test_spellings_that_sources_share_are_of_a_column_that_there_is(tmp_path, text, message):
    """Of another one they would not be applied, and nobody told."""
    data = make_workbook(tmp_path, rows(1))
    shared = data / "sources" / "values.toml"
    shared.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        ts.load(data)

    # Of another table's column, or of all that name a country.
    shared.write_text('[charge_type]\nfuel = ["Gasoil"]\n[country]\nFR = ["France"]\n', encoding="utf-8")
    assert ts.load(data).files.loc[0, "good"] == 140


def test_brackets_in_the_name_of_an_extract_are_brackets(tmp_path):
    """Only * and the signs of a time stand for something else."""
    data = make_workbook(tmp_path, rows(1))
    source = data / "sources" / "parcels" / "source.toml"
    source.write_text(source.read_text().replace("parcels.csv", "parcels [all] *.csv"), encoding="utf-8")
    (data / "raw" / "parcels.csv").rename(data / "raw" / "parcels [all] of May.csv")
    write_csv(data / "raw" / "parcels a of May.csv", rows(2))

    assert ts.load(data).files["file"].to_list() == ["parcels [all] of May.csv"]


def test_a_sign_of_percent_in_the_name_of_an_extract_is_one(tmp_path):
    """As browsers write the name of a download."""
    data = make_workbook(tmp_path, rows(1))
    (data / "raw" / "parcels.csv").rename(data / "raw" / "parcels%C3%A9s.csv")
    source = data / "sources" / "parcels" / "source.toml"
    source.write_text(source.read_text().replace("parcels.csv", "parcels%C3%A9s.csv"), encoding="utf-8")

    assert ts.load(data).files.loc[0, "good"] == 140


def test_a_second_load_says_who_is_in_the_way(tmp_path, monkeypatch):
    """Two loads at once do not mix: the later waits, and says so when it has waited enough."""
    data = make_workbook(tmp_path, rows(1))
    (data / "clean").mkdir()
    monkeypatch.setattr(clean, "_WAIT_SECONDS", 0.1)

    with FileLock(data / "clean" / ".lock"), pytest.raises(DataError, match="expected no other load"):
        ts.load(data)
    assert ts.load(data).files.loc[0, "good"] == 140


def test_many_rows_lie_in_a_file_a_week(tmp_path, monkeypatch):
    """The rows are those that few rows in one file would be."""
    data = make_workbook(tmp_path, rows(3))
    few = ts.load(data)
    one_file = list((few.folder / "shipments" / "parcels").rglob("*.parquet"))
    kept = pd.read_parquet(one_file[0])
    monkeypatch.setattr(merge, "_MANY_ROWS", 1)
    (data / "clean" / "ledger.json").unlink()

    many = ts.load(data)

    files = sorted((many.folder / "shipments" / "parcels").rglob("*.parquet"))
    assert len(one_file) == 1
    assert [path.parent.name for path in files] == ["week=2026-W02", "week=2026-W03", "week=2026-W04"]
    by_week = pd.concat([pd.read_parquet(path)[kept.columns] for path in files])
    key = ["shipment_id"]
    pd.testing.assert_frame_equal(
        by_week.sort_values(key, ignore_index=True), kept.sort_values(key, ignore_index=True)
    )


def test_of_two_sources_that_fail_the_first_is_told(tmp_path, monkeypatch):
    """Though they are loaded at the same time, and the first takes longer."""
    data = make_workbook(tmp_path, rows(1))
    good = ts.load(data)
    (data / "workbook.toml").write_text(
        (data / "workbook.toml").read_text().replace('["parcels"]', '["parcels", "others"]')
    )
    shutil.copytree(data / "sources" / "parcels", data / "sources" / "others")
    failed = Event()

    def loading(settings, source, raw, **_):
        if source.name == "parcels":
            assert failed.wait(60)
        failed.set()
        raise DataError(source.name, "good rows", "none", "Check it.")

    monkeypatch.setattr(clean, "load_source", loading)

    with pytest.raises(DataError, match="parcels: expected good rows"):
        ts.load(data)

    assert good.folder.is_dir()
    assert not list(data.rglob("*.part"))


@pytest.fixture
def awaiting(tmp_path):
    """Make a workbook of parcels, and of more parcels whose extract is still to come."""
    data = make_workbook(tmp_path, rows(2))
    shutil.copytree(data / "sources" / "parcels", data / "sources" / "more")
    told = data / "sources" / "more" / "source.toml"
    told.write_text(told.read_text().replace("parcels.csv", "more.csv"), encoding="utf-8")
    settings = data / "workbook.toml"
    settings.write_text(settings.read_text().replace('["parcels"]', '["parcels", "more"]'), encoding="utf-8")
    return data


def test_an_extract_that_never_came_is_told_and_the_others_are_loaded(awaiting):
    """Once it is there it counts; the note goes."""
    ledger = ts.load(awaiting)

    assert set(ledger.files["source"]) == {"parcels"}
    told = ledger.notes[ledger.notes["kind"] == "no extract"]
    assert told[["source", "text"]].to_numpy().tolist() == [
        ["more", "no file like more.csv: what needs it is left out"]
    ]
    assert ts.load(awaiting).state == ledger.state

    more = [["9" + line[0], *line[1:]] for line in rows(1)]
    write_csv(awaiting / "raw" / "more.csv", more)
    both = ts.load(awaiting)

    assert set(both.files["source"]) == {"parcels", "more"}
    assert "no extract" not in set(both.notes["kind"])


def test_sources_of_one_table_may_give_different_columns(awaiting):
    """The second gives a weight and the first none: its parcels have no weight, and none is lost."""
    later = [[f"M{line[0]}", *line[1:]] for line in rows(2)]
    write_csv(awaiting / "raw" / "more.csv", later, HEADER)
    select = awaiting / "sources" / "more" / "parcels.sql"
    select.write_text(select.read_text().replace("FROM", ", 400 AS weight_billed_g FROM"), encoding="utf-8")
    ts.load(awaiting)

    found = ts.open_week(data=awaiting).sql(
        "SELECT count(*), count(weight_billed_g) FILTER (shipment_id LIKE 'M%'), count(weight_billed_g) "
        "FROM shipments"
    )

    assert found.iloc[0].tolist() == [560, 280, 280]


def test_where_no_source_has_an_extract_the_sample_is_named_too(awaiting):
    """As in a bare clone; where one is there, or was, only its own is to be put there."""
    for name in ("parcels", "more"):
        told = awaiting / "sources" / name / "source.toml"
        text = told.read_text(encoding="utf-8").replace(f"{name}.csv", f"{name}/*.csv")
        told.write_text(text, encoding="utf-8")
    extract = awaiting / "raw" / "parcels.csv"
    extract.unlink()
    with pytest.raises(DataError, match=r"correct its path; or run tallysheet sample to have some to try"):
        ts.load(awaiting)
    (awaiting / "raw").rmdir()
    with pytest.raises(DataError, match=r"correct its path; or run tallysheet sample to have some to try"):
        ts.load(awaiting)

    for name in ("parcels", "more"):
        write_csv(awaiting / "raw" / name / "1.csv", [[name + line[0], *line[1:]] for line in rows(1)])
    ts.load(awaiting)
    (awaiting / "raw" / "parcels" / "1.csv").unlink()
    with pytest.raises(DataError, match=r"Put the extract there, or correct its path\."):
        ts.load(awaiting)


def test_what_another_program_puts_beside_an_extract_is_none(tmp_path):
    """What macOS keeps of a file on a foreign disk, and Excel's lock on an open workbook."""
    data = make_workbook(tmp_path, rows(1))
    source = data / "sources" / "parcels" / "source.toml"
    source.write_text(source.read_text(encoding="utf-8").replace("parcels.csv", "*"), encoding="utf-8")
    for name in ("._parcels.csv", "~$parcels.xlsx"):
        (data / "raw" / name).write_bytes(b"\x00\x05\x16\x07")

    assert ts.load(data).files["file"].to_list() == ["parcels.csv"]


def test_a_fault_that_extracts_share_is_told_once_with_its_cure(tmp_path):
    """A slip in a source was a sentence for each extract, with the advice to extract them again."""
    data = make_workbook(tmp_path, rows(1))
    source = data / "sources" / "parcels" / "source.toml"
    source.write_text(source.read_text(encoding="utf-8").replace("parcels.csv", "*.csv"), encoding="utf-8")
    for name in ("b.csv", "c.csv"):
        (data / "raw" / name).write_bytes((data / "raw" / "parcels.csv").read_bytes())
    select = source.with_name("parcels.sql")
    select.write_text(select.read_text(encoding="utf-8").replace("FROM parcels", "FROM parcel"), "utf-8")

    with pytest.raises(DataError) as error:
        ts.load(data)
    assert str(error.value).count("parcel") < 12
    assert "b.csv and 2 more: expected" in str(error.value)
    assert "Extract them again" not in str(error.value)


def test_files_that_no_source_takes_are_told_until_they_are_gone(tmp_path):
    """As a browser names a second download; nothing is loaded again for them."""
    data = make_workbook(tmp_path, rows(1))
    before = ts.load(data)
    for name in ("parcels (1).csv", "parcels-2.csv", ".hidden"):
        (data / "raw" / name).write_text("x\n1\n", encoding="utf-8")
    told = ts.load(data)
    for name in ("parcels (1).csv", "parcels-2.csv"):
        (data / "raw" / name).unlink()

    assert before.notes.empty
    assert told.notes[["kind", "text"]].to_numpy().tolist() == [
        [
            "no source",
            "2 files of data/raw that no source takes, such as parcels (1).csv, parcels-2.csv. "
            "Name them as the others of their source are named, or add their source to workbook.toml",
        ]
    ]
    assert told.state == before.state
    assert ts.load(data).notes.empty


@pytest.mark.parametrize("name", ["../x", "..", ".", "", "a/b", "a\\b", "/tmp/x", "C:x"])
def test_a_source_has_the_name_of_a_folder(tmp_path, name):
    """Its tables are written under its name; nothing is read or written elsewhere."""
    data = make_workbook(tmp_path, rows(1))
    settings = data / "workbook.toml"
    text = settings.read_text(encoding="utf-8").replace('"parcels"', f"'{name}'", 1)
    settings.write_text(text, encoding="utf-8")
    shutil.copytree(data / "sources" / "parcels", data / "x")

    with pytest.raises(DataError, match=r"workbook\.toml sources: expected .*'\. Write the name alone\."):
        ts.load(data)
    assert not (data / "clean").exists()


def test_an_extract_of_a_header_alone_is_told_and_the_others_are_loaded(awaiting):
    """What needs it is left out, as where it never came; once it has rows it counts."""
    write_csv(awaiting / "raw" / "more.csv", [])
    ledger = ts.load(awaiting)

    assert set(ledger.files["source"]) == {"parcels"}
    told = ledger.notes[ledger.notes["kind"] == "no extract"]
    assert told[["source", "file", "text"]].to_numpy().tolist() == [
        ["more", "more.csv", "column names and no row: what needs it is left out"]
    ]
    assert ts.load(awaiting).state == ledger.state

    write_csv(awaiting / "raw" / "more.csv", [["9" + line[0], *line[1:]] for line in rows(1)])
    assert set(ts.load(awaiting).files["source"]) == {"parcels", "more"}

    write_csv(awaiting / "raw" / "more.csv", [])
    with pytest.raises(
        DataError, match="source more: expected rows, as at the last load, found column names"
    ):
        ts.load(awaiting)


def test_where_each_extract_is_a_header_alone_nothing_is_loaded(awaiting):
    """There would be nothing to report on."""
    for name in ("parcels.csv", "more.csv"):
        write_csv(awaiting / "raw" / name, [])

    with pytest.raises(DataError, match="expected good rows, found none of 0"):
        ts.load(awaiting)


def test_an_extract_that_is_gone_is_refused_and_the_last_good_tables_stay(awaiting):
    """What was loaded once is not left out in silence."""
    write_csv(awaiting / "raw" / "more.csv", [["9" + line[0], *line[1:]] for line in rows(1)])
    good = ts.load(awaiting)
    (awaiting / "raw" / "more.csv").unlink()

    with pytest.raises(DataError, match=r"more\.csv: expected a file, found none"):
        ts.load(awaiting)
    assert sorted(good.folder.rglob("*.parquet"))


def test_without_any_extract_nothing_is_loaded(awaiting):
    """A wrong folder is no workbook that waits."""
    (awaiting / "raw" / "parcels.csv").unlink()

    with pytest.raises(DataError, match="expected a file, found none"):
        ts.load(awaiting)
