"""A file that nobody has described: which table it fills, how it is written, and that it then loads."""

import html
import json
import random
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pandas as pd
import papermill
import pytest
import xlsxwriter
from commands import command
from own_files import begin_workbook, load_source

import tallysheet as ts
from tallysheet import schema
from tallysheet.errors import DataError, UsageError
from tallysheet.kpis import KPIS, kpi
from tallysheet.settings import read_settings
from tallysheet.suggest import Suggestion, suggest, write_source
from tallysheet.vocabulary import nearness, value_of

VOCABULARY = Path(ts.__file__).parent / "vocabulary.toml"
HISTORY = Path(__file__).parents[2] / "shared/data/scms_delivery_history/SCMS_Delivery_History_Dataset.csv"

FRENCH = "N° de suivi;Transporteur;Pays de départ;Pays de destination;Mode de livraison;Poids (kg)"
FRENCH += ";Coût (€);Date de création;Promis le;Livré le;Statut"


def colis(folder: Path, days: int = 20) -> Path:
    """Write what a French parcel tool exports: semicolons, decimal commas, Windows' code page."""
    draw, lines = random.Random(3), [FRENCH]
    for number in range(20 * days):
        day = pd.Timestamp("2026-06-01") + pd.Timedelta(days=number // 20)
        lost = number % 50 == 0
        cells = [
            *(
                f"FR{number:07d}",
                draw.choice(["Colis Rapide", "Poste Verte"]),
                "FR",
                draw.choice(["FR", "BE"]),
            ),
            *(draw.choice(["Domicile", "Point relais"]), f"{draw.uniform(0.2, 4):.2f}".replace(".", ",")),
            f"{draw.uniform(4, 9):.2f}".replace(".", ","),
            f"{day:%d/%m/%Y} 09:15",
            f"{day + pd.Timedelta(days=3):%d/%m/%Y}",
            "-" if lost else f"{day + pd.Timedelta(days=2 + number % 3):%d/%m/%Y} 11:30",
            "Perdu" if lost else "Livré",
        ]
        lines.append(";".join(cells))
    path = folder / "colis_2026-06-28.csv"
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return path


@pytest.fixture
def workbook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return begin_workbook(tmp_path)


def test_columns_under_a_header_that_they_share_are_found_by_their_own(tmp_path):
    """A workbook with merged cells above its header: "Transport Transporteur" is the carrier."""
    plain = suggest(colis(tmp_path)).matched
    path = tmp_path / "colis_2026-06-28.csv"
    header, _, rows = path.read_text(encoding="cp1252").partition("\n")
    names = header.strip().split(";")
    bands = {
        name: ("Colis", "Transport", "Suivi du colis")[3 * at // len(names)] for at, name in enumerate(names)
    }
    banded = ";".join(f"{bands[name]} {name}" for name in names)
    path.write_text(f"{banded}\n{rows}", encoding="cp1252")
    found = suggest(path)

    assert (found.table, found.left) == ("shipments", ())
    assert found.matched == {ours: f"{bands[name]} {name}" for ours, name in plain.items()}


def test_the_vocabulary_speaks_of_columns_and_values_that_there_are():
    """Of the schema, each name once for a column."""
    told = tomllib.loads(VOCABULARY.read_text(encoding="utf-8"))
    columns = {column.name: column for table in schema.TABLES.values() for column in table.columns}

    assert set(told["columns"]) <= set(columns)
    allowed = {
        name: {
            value
            for table in schema.TABLES.values()
            for one in table.columns
            if one.name == name
            # What is free has our names in its meaning.
            for value in one.allowed or re.findall(r"\w+(?=:)", one.meaning)
        }
        for name in told["values"]
    } | {"kpi": set(KPIS)}
    assert {name: set(values) - allowed[name] for name, values in told["values"].items()} == {
        name: set() for name in told["values"]
    }


def test_a_french_export_is_read_column_by_column(tmp_path):
    """Names, units, the decimal comma, the order of days, spellings; what is guessed says so."""
    found = suggest(colis(tmp_path))
    told = tomllib.loads(found.toml)

    assert (found.name, found.table, found.left, found.lacking) == ("colis", "shipments", (), ())
    assert found.matched == {
        "carrier": "Transporteur",
        "tracking_number": "N° de suivi",
        "service": "Mode de livraison",
        "origin_country": "Pays de départ",
        "destination_country": "Pays de destination",
        "weight_declared_g": "Poids (kg)",
        "cost_cents": "Coût (€)",
        "label_created_at": "Date de création",
        "delivered_at": "Livré le",
        "promised_date": "Promis le",
        "status": "Statut",
    }
    assert (told["decimal"], told["dates"], told["known_at"]) == (",", "dmy", "label_created_at")
    assert told["file"] == [{"name": "colis", "path": "raw/colis_%Y-%m-%d.csv", "missing": ["-"]}]
    assert told["columns"] == {"weight_declared_g": {"unit": "kg"}, "cost_cents": {"unit": "currency"}}
    assert told["values"]["status"] == {"delivered": ["Livré"], "lost": ["Perdu"]}
    assert "-- flow: all parcels go out; check." in found.sql
    assert "\"Promis le\" || ' 23:59:59' AS promised_at" in found.sql


@pytest.mark.slow
def test_from_the_file_to_the_numbers_in_a_command_and_an_edit(workbook):
    """Nothing of it is refused; weights, costs and days are those that were written."""
    path = colis(workbook)
    program = Path(sys.executable).with_name("tallysheet")
    done = subprocess.run(
        [program, "sources", "--suggest", path, "--write"], capture_output=True, text=True, check=False
    )
    settings = workbook / "data" / "workbook.toml"
    settings.write_text(settings.read_text().replace("[]", '["colis"]', 1), encoding="utf-8")
    ledger = ts.load("data")
    week = ts.open_week("2026-W24", data="data")
    rows = week.sql(
        "SELECT count(*) AS n, sum(cost_cents) AS cents, max(weight_declared_g) AS g, "
        "sum(CASE WHEN CAST(delivered_at AS DATE) > promised_date THEN 1 ELSE 0 END) AS late, "
        "sum(CASE WHEN status = 'lost' THEN 1 ELSE 0 END) AS lost FROM shipments"
    ).iloc[0]
    written = pd.read_csv(path, sep=";", decimal=",", encoding="cp1252")
    here = written[
        pd.to_datetime(written["Date de création"], dayfirst=True) <= pd.Timestamp(week.cube.as_of)
    ]

    assert (done.returncode, done.stdout) == (0, "data/sources/colis\n")
    assert 'add "colis" to sources and "20_carriers" to notebooks in workbook.toml' in done.stderr
    assert ledger.files[["rows", "good"]].iloc[0].to_list() == [400, 400]
    assert rows["n"] == len(here)
    assert rows["cents"] == round(here["Coût (€)"].sum() * 100)
    assert rows["g"] == round(here["Poids (kg)"].max() * 1000)
    assert rows["lost"] == (here["Statut"] == "Perdu").sum()
    assert rows["late"] == sum(
        pd.to_datetime(row["Livré le"], dayfirst=True).normalize()
        > pd.to_datetime(row["Promis le"], dayfirst=True)
        for _, row in here[here["Livré le"] != "-"].iterrows()
    )


@pytest.mark.parametrize(
    "header",
    [
        *(
            "Numéro d'expédition",
            "Numéro d’expédition",
            "Nume\u0301ro de l'expe\u0301dition",
            "N° d'expédition",
        ),
        *(
            "Nº d’envoi",
            "N°d'envoi",
            "Réf. expédition",
            "ID de l'envoi",
            "Référence d'envoi",
            "numero d envoi",
        ),
        *("Shipment no.", "Parcel reference", "Consignment number"),
    ],
)
def test_a_number_or_reference_of_a_parcel_is_its_key(header):
    """However it is written: with which apostrophe, with which word for number, of which word for parcel."""
    assert nearness(header, schema.table("shipments").column("shipment_id")) == 1


@pytest.mark.parametrize("code", ["DE", "de", "LA", "AN", "Le Danemark"])
def test_a_code_of_a_country_is_no_little_word(code):
    """Germany and Laos have the letters of French articles; before a name an article says nothing."""
    known = {"DE": "DE", "de": "DE", "LA": "LA", "AN": "", "Le Danemark": "DK"}

    assert value_of(schema.table("shipments").column("destination_country"), code) == known[code]


def test_parcels_to_germany_show_its_holidays(tmp_path):
    """Its code is known, and the workbook that is begun names the country."""
    path = colis(tmp_path)
    text = path.read_bytes().decode("cp1252").replace(";BE;", ";DE;").replace("N° de suivi", "Numéro d'envoi")
    path.write_bytes(text.encode("cp1252"))

    found = suggest(path)

    assert "Not known" not in found.toml
    assert set(found.countries) == {"FR", "DE"}
    assert found.matched["shipment_id"] == "Numéro d'envoi"


@pytest.mark.skipif(not HISTORY.is_file(), reason="the SCMS delivery history is not here")
def test_the_scms_history(tmp_path):
    """Days with names of months; of its freight costs only some are numbers, which is told."""
    found = suggest(HISTORY)
    told = tomllib.loads(found.toml)

    assert found.table == "shipments"
    assert {
        ours: found.matched[ours] for ours in ("shipment_id", "carrier", "promised_date", "delivered_at")
    } == {
        "shipment_id": "ID",
        "carrier": "Shipment Mode",
        "promised_date": "Scheduled Delivery Date",
        "delivered_at": "Delivered to Client Date",
    }
    assert told["dates"] == "dmy"
    assert found.matched["cost_cents"] == "Freight Cost (USD)"
    assert "'USD' AS currency" in found.sql
    assert 'of the cells of "Freight Cost (USD)" fit cost_cents; the others are refused.' in found.toml


@pytest.mark.slow
def test_extracts_of_the_marketplace_fill_the_tables_that_they_fill(sample_of_size_s):
    """Each of the twelve, by its headers and cells alone."""
    wanted = {
        "cases": "reverse_cases",
        "claims": "claims",
        "contacts": "care_contacts",
        "contract.xlsx": "contract_rates",
        "event_log.csv": "event_log",
        "invoices": "carrier_invoice_lines",
        "jobs": "fulfilment_jobs",
        "orders": "orders",
        "scans": "tracking_events",
        "sellers.xlsx": "sellers",
        "shipments": "shipments",
        "targets.csv": "targets",
    }
    raw = sample_of_size_s / "raw"
    files = {
        name: sorted((raw / name).glob("*"))[-1] if (raw / name).is_dir() else raw / name for name in wanted
    }

    assert {name: suggest(path).table for name, path in files.items()} == wanted


def test_a_header_may_promise_numbers_that_no_cell_holds(tmp_path):
    """It is left alone."""
    path = tmp_path / "parcels.csv"
    lines = [f"P{n},BRV,2026-06-{n:02},2026-06-{n:02},light" for n in range(1, 21)]
    path.write_text("\n".join(["parcel id,carrier,promised,delivered,weight (kg)", *lines]), encoding="utf-8")

    found = suggest(path)

    assert found.table == "shipments"
    assert found.left == ("weight (kg)",)


def test_days_that_may_be_months_are_to_be_checked(tmp_path):
    """No day is beyond the twelfth: both orders fit, and a person has to say."""
    lines = [
        f"P{n},BRV,{1 + n % 9:02d}/0{1 + n % 8}/2026,0{1 + n % 8}/{1 + n % 9:02d}/2026" for n in range(40)
    ]
    path = tmp_path / "parcels.csv"
    path.write_text("\n".join(["parcel,carrier,promised date,delivered on", *lines]), encoding="utf-8")

    assert 'dates = "dmy"  # check: mdy fits as well' in suggest(path).toml


def test_days_that_another_column_settles_need_no_check(tmp_path):
    """Prices begin on the first of a month, which may be a day of January, and end on the last of one."""
    lines = [f"BRV;home;FR;FR;{n};{n + 1};4,50;01/0{1 + n % 9}/2026;31/12/2026" for n in range(20)]
    path = tmp_path / "rates.csv"
    header = "Carrier;Service;From country;To country;Weight from (kg);Weight to (kg);Price;Valid from;End"
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    found = suggest(path)

    assert found.table == "contract_rates"
    assert 'dates = "dmy"\n' in found.toml


@pytest.mark.parametrize("header", ["Shipped", "Dispatched", "Sent at", "Envoyé le", "Shipping date"])
def test_a_day_of_shipping_is_no_carrier(tmp_path, header):
    """A shipper is one, and the word is near."""
    lines = [f"P{n};2026-06-{n:02};2026-06-{n + 2:02}" for n in range(1, 21)]
    path = tmp_path / "parcels.csv"
    path.write_text("\n".join([f"parcel;{header};delivered on", *lines]), encoding="utf-8")
    found = suggest(path, table="shipments")

    assert [ours for ours, theirs in found.matched.items() if theirs == header] in (
        ["handover_declared_at"],
        ["label_created_at"],
    )


@pytest.mark.parametrize(
    ("delivered", "promised"),
    [
        ("%-m/%-d/%Y %-I:%M %p", "%m/%d/%Y"),  # as spreadsheets in American English
        ("%-d.%-m.%Y, %H:%M:%S", "%-d.%-m.%Y"),  # as browsers set to German
        ("%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d"),
        ("%Y-%m-%d %I:%M %p", "%Y%m%d"),
        ("%Y/%m/%d %H:%M", "%Y/%m/%d"),
        ("%d/%m/%Y %H:%M", "%Y-%m-%d"),
        ("%d/%m/%Y %H:%M", "%Y%m%d"),
    ],
)
def test_days_and_times_of_a_file_may_be_written_in_two_ways(workbook, delivered, promised):
    """No line has to be corrected, and the promise runs out as its day does."""
    days = pd.date_range("2026-05-18 14:05", periods=20)
    path = workbook / "parcels.csv"
    lines = [f"P{day:%m%d};BRV;{day.strftime(promised)};{day.strftime(delivered)}" for day in days]
    path.write_text("\n".join(["parcel;carrier;promised date;delivered on", *lines]), encoding="utf-8")
    found = suggest(path)
    rows = loaded(workbook, found, path).sort_values("shipment_id")

    assert found.left == ()
    assert rows["delivered_at"].to_list() == list(days)
    assert rows["promised_date"].astype(str).to_list() == list(days.strftime("%Y-%m-%d"))
    assert rows["promised_at"].to_list() == list(days.normalize() + pd.Timedelta("23:59:59"))


@pytest.mark.parametrize(
    ("day", "clock", "header"),
    [
        ("%d/%m/%Y", "%H:%M", "Delivery date;Delivery time"),
        ("%Y-%m-%d", "%H:%M:%S", "Date de livraison;Heure de livraison"),
        ("%m/%d/%Y", "%I:%M %p", "POD Date;POD Time"),
    ],
)
def test_a_day_and_its_time_of_day_may_stand_in_two_columns(workbook, day, clock, header):
    """Read by the day alone a parcel of the morning would count as delivered at midnight."""
    days = pd.date_range("2026-05-18 14:05", periods=20, freq="25h")
    path = workbook / "parcels.csv"
    cells = [f"{one.strftime(day)};{one.strftime(clock)}" for one in days[:-1]] + [";"]
    lines = [f"P{row};BRV;2026-05-20;{cell};in transit" for row, cell in enumerate(cells)]
    path.write_text("\n".join([f"parcel;carrier;promised date;{header};status", *lines]), encoding="utf-8")
    found = suggest(path)
    rows = loaded(workbook, found, path).set_index("shipment_id")["delivered_at"]

    assert found.left == ()
    assert '# zone = "Europe/Paris"' in found.toml
    assert [rows[f"P{row}"] for row in range(19)] == list(days[:-1])
    assert pd.isna(rows["P19"])


def test_a_column_without_a_cell_yet_is_read_once_it_has_one(workbook):
    """Claims of the first weeks have no decision; amounts granted are in euro as those claimed are."""
    header = "N° litige;N° colis;Nature;Ouvert le;Décidé le;Montant réclamé;Montant accordé;Décision;Note"
    lines = [f"L{n};P{n};perte;0{n}/06/2026;;{n}0,50;;;" for n in range(1, 9)]
    file = workbook / "litiges_20260610.csv"
    file.write_text("\n".join([header, *lines]), encoding="utf-8")
    later = [f"L{n};P{n};perte;0{n}/06/2026;1{n}/06/2026;{n}0,50;{n},50;accepted;" for n in range(1, 9)]
    found = suggest(file)
    (workbook / "data" / "raw").mkdir()
    path = workbook / "data" / "raw" / "litiges_20260622.csv"
    path.write_text("\n".join([header, *later]), encoding="utf-8")
    rows = loaded(workbook, found, file).query("replaced_at.isna()").sort_values("claim_id")

    assert '# Not a cell yet, check: "Décidé le", "Montant accordé", "Décision"' in found.toml
    assert found.left == ("Note",)
    assert rows["amount_accepted_cents"].to_list() == [100 * n + 50 for n in range(1, 9)]
    assert rows["decided_at"].dt.day.to_list() == list(range(11, 19))
    assert set(rows["decision"]) == {"accepted"}


def test_a_file_without_countries_says_how_to_give_one(workbook):
    """Of a shop that sends within one country; without it no parcel has days in transit."""
    days = pd.date_range("2026-05-18", periods=20)
    lines = [f"P{day:%m%d};BRV;{day:%F} 09:00;{day:%F};{day:%F} 10:00" for day in days]
    path = workbook / "parcels.csv"
    header = "parcel;carrier;first scan;promised date;delivered at"
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    found = suggest(path)
    told = "add 'FR' AS destination_country to parcels.sql."
    with_one = found.sql.replace("line,", "line, 'FR' AS destination_country,")
    rows = loaded(workbook, replace(found, sql=with_one), path)

    assert told in found.toml
    assert set(rows["destination_country"]) == {"FR"}
    path.write_text("\n".join([f"{header};country", *(f"{line};France" for line in lines)]), encoding="utf-8")
    assert told not in suggest(path).toml


def test_an_empty_column_makes_nothing(tmp_path):
    """No parcel has a first scan yet: it is not known that none was scanned, nor when rows became known."""
    lines = [f"P{n};BRV;;2026-06-0{n};2026-06-0{n} 10:00;delivered" for n in range(1, 9)]
    path = tmp_path / "parcels.csv"
    header = "parcel;carrier;first scan;promised date;delivered at;status"
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    found = suggest(path)

    assert '"first scan" AS first_scan_at' in found.sql
    assert "hub_scanned" not in found.sql
    assert 'known_at = "delivered_at"' in found.toml


def test_a_day_and_an_hour_are_all_that_a_file_of_scans_says(workbook):
    lines = [f"1Z{n};UPS;0{n}/06/2026;1{n}:05:00;E1;Livré" for n in range(1, 9)]
    path = workbook / "suivi.csv"
    path.write_text("\n".join(["N° colis;Transporteur;Date;Heure;Code;Libellé", *lines]), encoding="utf-8")
    rows = loaded(workbook, suggest(path), path).sort_values("event_at")

    assert rows["event_at"].dt.strftime("%d %H:%M").to_list() == [f"0{n} 1{n}:05" for n in range(1, 9)]


@pytest.mark.parametrize(
    ("form", "dates"), [("%Y-%m-%d %H:%M:%S +0200", ""), ("%s", "epoch"), ("%s000", "epoch")]
)
def test_moments_as_programs_write_them(workbook, form, dates):
    """With a blank before the offset, or as seconds or milliseconds since 1970."""
    days = pd.date_range("2026-05-18 14:05", periods=20, freq="25h", tz="UTC")
    written = [day.tz_convert("Etc/GMT-2").strftime(form) for day in days]
    if "%s" in form:
        written = [form.replace("%s", str(int(day.timestamp()))) for day in days]
    path = workbook / "orders.csv"
    lines = [f"O{n};phone;{n + 100}.50;{text}" for n, text in enumerate(written)]
    path.write_text("\n".join(["Order number;Category;Unit price (EUR);Paid at", *lines]), encoding="utf-8")
    found = suggest(path)
    rows = loaded(workbook, found, path).sort_values("paid_at")

    assert (f'dates = "{dates}"' in found.toml) == bool(dates)
    assert "zone" not in found.toml
    assert rows["paid_at"].to_list() == list(days.tz_localize(None))


def test_trade_ins_are_known_by_their_offers(tmp_path):
    lines = [f"T{n};2026-06-0{n % 9 + 1} 10:00;2026-06-1{n % 9} 10:00;{n}50.00" for n in range(20)]
    path = tmp_path / "cases.csv"
    path.write_text("\n".join(["Trade-in ID;Accepted at;Received at;Quoted price (EUR)", *lines]))

    assert "'trade_in' AS case_type" in suggest(path).sql


def test_sellers_without_days_are_as_they_are_now_at_all_times(workbook):
    path = workbook / "sellers.csv"
    lines = [f"S{n};France;2025-01-0{n % 9 + 1};small" for n in range(20)]
    path.write_text("\n".join(["Seller;Country;Joined;Segment", *lines]), encoding="utf-8")
    found = suggest(path)
    rows = loaded(workbook, found, path)

    assert "-- valid_from: each as it is now, at all times; check." in found.sql
    assert set(rows["valid_from"].astype(str)) == {"2000-01-01"}
    assert len(rows) == 20


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Delivered to neighbour", "delivered"),
        ("Livré au point relais", "delivered"),
        ("In transit to depot", "in_transit"),
        ("Not delivered", ""),
        ("Deliveredish", ""),
    ],
)
def test_a_state_may_be_told_at_length(text, status):
    assert value_of(schema.SHIPMENTS.column("status"), text) == status


def scanned_twice(folder: Path, blanks: int = 0) -> Path:
    """Write a file whose second "Premier scan" is when parcels were delivered, and columns without a name."""
    lines = ["Colis,Transporteur,Date promise,Premier scan,Premier scan,Statut" + ", " * blanks]
    for day in pd.date_range("2026-01-05", periods=30):
        lines.append(f"P{day:%j},BRV,{day:%F},{day:%F} 08:00:00,{day:%F} 12:00:00,livré" + ",x" * blanks)
    path = folder / "colis.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_header_that_stands_twice_is_told(tmp_path):
    """A SELECT reads the first by it; the second has a name of its own, and is not taken for granted."""
    found = suggest(scanned_twice(tmp_path))

    assert found.matched["first_scan_at"] == "Premier scan"
    assert found.left == ("Premier scan_5",)
    assert (
        '# "Premier scan" stands more than once: the first is read, another by "Premier scan_5"  # check\n'
    ) in found.toml


@pytest.mark.parametrize(
    ("blanks", "told"), [(1, "1 column without a name"), (4, "4 columns without a name"), (0, "")]
)
def test_columns_without_a_name_are_counted(tmp_path, blanks, told):
    """A row of commas says nothing."""
    result = command(tmp_path, "sources", "--suggest", str(scanned_twice(tmp_path, blanks)))

    assert f"Not used: Premier scan_5{', ' if told else ''}{told}.\n" in result.stderr


def test_capitals_of_values_and_countries_are_of_no_matter(workbook):
    """A status as people write it, a country in small letters: the load has ours."""
    days = pd.date_range("2026-05-18", periods=20).strftime("%Y-%m-%d")
    lines = [f"P{n:02};BRV;{('fr', 'Fr', 'DE')[n % 3]};{day};{day};Delivered" for n, day in enumerate(days)]
    path = workbook / "parcels.csv"
    path.write_text("\n".join(["parcel;carrier;country;promised date;delivered on;status", *lines]))
    rows = loaded(workbook, suggest(path), path).sort_values("shipment_id")

    assert rows["destination_country"].to_list() == [("FR", "FR", "DE")[n % 3] for n in range(20)]
    assert set(rows["status"]) == {"delivered"}


def test_a_value_that_is_not_known_is_named_with_its_rows(tmp_path):
    """Only a person knows what it means."""
    path = tmp_path / "claims.csv"
    rows = [f"C{n},{'Perte' if n % 4 else 'Bizarre'},2026-06-0{1 + n % 9}" for n in range(40)]
    path.write_text(
        "\n".join(["numero de reclamation,type de reclamation,ouvert le", *rows]), encoding="utf-8"
    )
    found = suggest(path)

    assert (found.table, found.matched["claim_type"]) == ("claims", "type de reclamation")
    assert '# Not known, 10 rows, check: "Bizarre"' in found.toml


def test_a_file_of_something_else(tmp_path):
    """The error says what was seen, and what can be done."""
    path = tmp_path / "recipes.csv"
    path.write_text("dish,spoons\nsoup,3\n", encoding="utf-8")

    with pytest.raises(
        UsageError, match=r"expected columns of one of our tables, found dish, spoons\. Name the"
    ):
        suggest(path)
    with pytest.raises(DataError, match="Did you mean 'shipments'"):
        suggest(path, table="shipment")
    with pytest.raises(DataError, match="found none"):
        suggest(tmp_path / "none.csv")


def test_a_notebook_without_the_name_of_a_file_asks_for_it():
    """As bring_your_own stands: a path of no name would be the folder itself."""
    told = "file: expected the name of your file, found none. Write it into the first cell of the notebook"

    with pytest.raises(UsageError, match=told):
        suggest("")


@pytest.mark.parametrize("name", ["../x", "a/b", ".."])
def test_a_source_has_the_name_of_a_folder(tmp_path, name):
    """It is written into a folder of that name."""
    with pytest.raises(UsageError, match="--name: expected the name of a folder"):
        suggest(colis(tmp_path), name=name)


EXPORTS = {
    "claims": (
        "Claim no;Tracking number;Type;Opened;Decision date;Amount claimed (EUR);Amount paid (EUR);Status",
        "CL{n};1Z{n};Missing item;2026-05-0{n};2026-06-0{n};{n}0.00;{n}.00;Partially accepted",
        {
            **{"claim_id": "Claim no", "shipment_id": "Tracking number", "claim_type": "Type"},
            **{"opened_at": "Opened", "decided_at": "Decision date", "decision": "Status"},
            **{"amount_claimed_cents": "Amount claimed (EUR)", "amount_paid_cents": "Amount paid (EUR)"},
        },
        {"shipment_id": "1Z1", "claim_type": "missing_item", "decision": "partial", "currency": "EUR"},
    ),
    "carrier_invoice_lines": (
        "Invoice number;Invoice date;Tracking no;Description;Net amount",
        "INV1;2026-06-0{n};1Z{n};Fuel surcharge;£{n}.00",
        {
            **{"invoice_id": "Invoice number", "invoice_date": "Invoice date"},
            **{"tracking_number": "Tracking no", "charge_type": "Description", "amount_cents": "Net amount"},
        },
        {"charge_type": "fuel", "amount_cents": 100, "currency": "GBP"},
    ),
    "reverse_cases": (
        "RMA number;Order number;Request date;Received on;Refund date;Refund amount",
        "R{n};O{n};Jun {n}, 2026;Jun 1{n}, 2026;Jun 2{n}, 2026;$1,00{n}.50",
        {
            **{"case_id": "RMA number", "order_id": "Order number", "requested_at": "Request date"},
            **{"received_at": "Received on", "paid_out_at": "Refund date", "payout_cents": "Refund amount"},
        },
        {"case_type": "return", "payout_cents": 100_150, "currency": "USD"},
    ),
    "fulfilment_jobs": (
        "Task;Warehouse;Released;Cut-off time;Dispatched;Lines;Errors",
        "J{n};Geodis;2.6.2026 0{n}:00;2.6.2026 16:00;2.6.2026 15:0{n};3;0",
        {
            **{"job_id": "Task", "partner": "Warehouse", "released_at": "Released"},
            **{"cut_off_at": "Cut-off time", "dispatched_at": "Dispatched"},
            **{"lines": "Lines", "lines_wrong": "Errors"},
        },
        {"kind": "outbound", "partner": "Geodis", "lines": 3},
    ),
    "orders": (
        "Order number;Order date;Country;Order value;Order status",
        "O{n};2026-06-0{n} 10:00;fr;{n}90.00;Shipped",
        {
            **{"order_id": "Order number", "paid_at": "Order date", "buyer_country": "Country"},
            **{"item_value_cents": "Order value", "state": "Order status"},
        },
        {"buyer_country": "FR", "state": "handed_to_carrier", "currency": "EUR"},
    ),
}
"""Table to the header of an export, a row, the columns that are found, and cells of the first row."""


def test_events_are_read_by_what_their_texts_say(workbook):
    """Without that no page knows a scan from a delivery; a text that is not known is named."""
    told = ["Label created", "Picked up", "Arrived at hub", "Out for delivery", "Delivered", "Customs"]
    said = list(enumerate(told))
    lines = [f"1Z{n};UPS;2026-06-0{n} 1{k}:00;E{k};{text}" for n in range(1, 9) for k, text in said]
    path = workbook / "events.csv"
    path.write_text("\n".join(["trackingNumber;carrierCode;eventTime;eventCode;eventText", *lines]))
    found = suggest(path)
    rows = loaded(workbook, found, path).fillna({"norm_status": ""})

    assert found.matched["norm_status"] == found.matched["raw_text"] == "eventText"
    assert dict(zip(rows["raw_text"], rows["norm_status"], strict=True)) == {
        **{"Label created": "info_received", "Picked up": "in_transit", "Arrived at hub": "in_transit"},
        **{"Out for delivery": "out_for_delivery", "Delivered": "delivered", "Customs": ""},
    }
    assert '# Not known, 8 rows, check: "Customs"' in found.toml


@pytest.mark.parametrize("table", EXPORTS)
def test_exports_of_other_systems_are_read_to_the_last_column(workbook, table):
    """As portals and shops write them: a sign tells the currency, a tracking number the parcel."""
    header, row, matched, first = EXPORTS[table]
    path = workbook / "export.csv"
    path.write_text("\n".join([header, *(row.format(n=n) for n in range(1, 9))]), encoding="utf-8")
    found = suggest(path)
    rows = loaded(workbook, found, path)

    assert (found.table, found.matched, found.left) == (table, matched, ())
    assert rows[list(first)].astype(object).sort_values(list(first)).iloc[0].to_dict() == first


def contacts(folder: Path, name: str, first: int, reasons: tuple[str, ...] = ("WISMO",)) -> Path:
    """Write forty contacts of an export that has no number of its own for them."""
    lines = ["Opened at;Channel;Reason;Order id;Resolved at"]
    for number in range(first, first + 40):
        opened = pd.Timestamp("2026-05-25 09:00") + pd.Timedelta(hours=4 * number)
        reason, resolved = reasons[number % len(reasons)], opened + pd.Timedelta(hours=5)
        lines.append(f"{opened};email;{reason};O{number};{resolved}")
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_rows_without_a_key_are_told_apart_by_what_they_say(workbook):
    """So the files of two weeks do not replace each other's rows, and what stands in both counts once."""
    settings = workbook / "data" / "workbook.toml"
    found = suggest(contacts(workbook, "contacts_20260601.csv", 0))
    write_source(read_settings("data"), found, workbook / "contacts_20260601.csv")
    settings.write_text(settings.read_text().replace("[]", '["contacts"]', 1), encoding="utf-8")
    contacts(workbook / "data" / "raw", "contacts_20260608.csv", 35)

    ledger = ts.load("data")
    kept = pd.read_parquet(next((ledger.folder / "care_contacts").rglob("*.parquet")))

    assert found.table == "care_contacts"
    assert "contact_id: made of the row's cells" in found.sql
    assert ledger.files[["good", "duplicates"]].to_numpy().tolist() == [[40, 0], [35, 5]]
    assert sorted(kept["order_id"]) == sorted(f"O{number}" for number in range(75))


def test_an_invoice_that_stands_in_two_files_is_charged_once(workbook):
    """Its lines have no number; they are counted within the invoice, wherever it stands in a file."""
    header = "Invoice number;Invoice date;Carrier;Tracking number;Charge type;Amount (EUR)"
    lines = [f"INV{n // 3};2026-05-2{n // 3};BRV;T{n};base;{5 + n}.50" for n in range(18)]
    file = workbook / "invoices_20260601.csv"
    file.write_text("\n".join([header, *lines[:12]]) + "\n", encoding="utf-8")
    found = suggest(file)
    write_source(read_settings("data"), found, file)
    later = "\n".join([header, *lines[9:]]) + "\n"
    (workbook / "data" / "raw" / "invoices_20260608.csv").write_text(later, encoding="utf-8")
    settings = workbook / "data" / "workbook.toml"
    settings.write_text(settings.read_text().replace("[]", '["invoices"]', 1), encoding="utf-8")

    ledger = ts.load("data")
    kept = pd.read_parquet(next((ledger.folder / "carrier_invoice_lines").rglob("*.parquet")))

    assert found.table == "carrier_invoice_lines"
    assert ledger.files[["good", "duplicates"]].to_numpy().tolist() == [[12, 0], [6, 3]]
    assert kept["amount_cents"].sum() == sum(550 + 100 * n for n in range(18))


def loaded(workbook: Path, found: Suggestion, file: Path) -> pd.DataFrame:
    """Write a suggested source, load it, and give the rows that are kept."""
    return load_source(found, file)[1]


@pytest.mark.parametrize(
    ("table", "key", "header", "cells"),
    [
        ("orders", "orderline_id", "Order number;Category;Amount;Paid at", "phone;{n}0.50;2026-06-0{n}"),
        (
            "claims",
            "claim_id",
            "Parcel number;Claim type;Amount claimed;Opened at",
            "lost;{n}0.50;2026-06-0{n}",
        ),
    ],
)
def test_a_number_that_stands_in_several_rows_is_no_key_by_itself(workbook, table, key, header, cells):
    """Each row counts, and the next extract of the same rows gives them the same keys."""
    numbers = ["N1", "N1", "N1", "N2", "N3", "N3"]
    lines = [f"{number};{cells.format(n=n)}" for n, number in enumerate(numbers, start=1)]
    file = workbook / "rows_20260615.csv"
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    found = suggest(file)
    again = "\n".join([header, *lines[3:], *lines[:3]]) + "\n"
    (workbook / "data" / "raw").mkdir()
    (workbook / "data" / "raw" / "rows_20260622.csv").write_text(again, encoding="utf-8")

    kept = loaded(workbook, found, file)

    assert found.table == table
    assert f"-- {key}: rows with the number of an earlier one: 3; their place among its rows" in found.sql
    assert sorted(kept[key]) == ["N1", "N1-2", "N1-3", "N2", "N3", "N3-2"]


def test_of_a_parcel_that_stands_in_several_rows_the_last_counts(workbook):
    """As in an export of what became of it, row by row; counted apart it would be several parcels."""
    file = workbook / "rows_20260615.csv"
    lines = ["N1;BRV;2026-06-05;", "N2;BRV;2026-06-05;2026-06-04", "N1;BRV;2026-06-05;2026-06-06"]
    header = "Tracking number;Carrier;Promised date;Delivered at"
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    (workbook / "data" / "raw").mkdir()
    found = suggest(file)
    kept = loaded(workbook, found, file)

    assert "rows with the number of an earlier one: 1; of these the last counts; check." in found.sql
    assert sorted(kept["shipment_id"]) == ["N1", "N2"]
    assert kept["delivered_at"].notna().all()


def test_a_number_that_no_other_row_has_is_a_key(tmp_path):
    """It is taken as it is."""
    path = tmp_path / "orders.csv"
    lines = [f"O{n};phone;{n}0.50;2026-06-0{n}" for n in range(1, 9)]
    path.write_text("\n".join(["Order number;Category;Amount;Paid at", *lines]), encoding="utf-8")

    assert '"Order number" AS orderline_id' in suggest(path).sql


def test_what_stands_at_the_end_of_a_long_file_is_seen(tmp_path):
    """Parcels on their way stand last where a file goes on in time, and days after the twelfth do."""
    path = tmp_path / "colis.csv"
    lines = [f"FR{n};Poste;{1 + n // 3000:02d}/06/2026;14/06/2026;Livré" for n in range(39_000)]
    lines += [f"FR{n};Poste;{n % 3 + 12}/06/2026;-;En cours" for n in range(39_000, 39_020)]
    path.write_text(
        "\n".join(["N° de suivi;Transporteur;Promis le;Livré le;Statut", *lines]), encoding="utf-8"
    )

    found = suggest(path)
    told = tomllib.loads(found.toml)

    assert told["values"]["status"] == {"in_transit": ["En cours"], "delivered": ["Livré"]}
    assert (told["dates"], told["file"][0]["missing"]) == ("dmy", ["-"])
    assert 'dates = "dmy"\n' in found.toml
    assert "# Days and numbers: tried in 5,000 at most of 39,020 rows, spread over all.\n" in found.toml


def test_a_column_that_is_filled_at_the_end_alone_is_tried_there(tmp_path):
    """However few cells it has."""
    path = tmp_path / "claims.csv"
    lines = [f"C{n};lost;2026-06-01;" for n in range(8_000)] + ["C8000;lost;2026-06-01;2026-06-09"]
    path.write_text("\n".join(["claim number;claim type;opened on;decided", *lines]), encoding="utf-8")

    assert suggest(path).matched["decided_at"] == "decided"


@pytest.mark.parametrize(
    ("delivered", "is_offered"),
    [
        ("2026-06-0{n}", False),
        ("2026-06-0{n} 00:00:00", False),
        ("2026-06-0{n} 09:30:00+02:00", False),
        ("2026-06-0{n}T09:30:00Z", False),
        ("2026-06-0{n} 09:30", True),
    ],
)
def test_a_zone_is_offered_where_a_time_of_day_has_none(tmp_path, delivered, is_offered):
    """Days have none to take, and an offset says it."""
    path = tmp_path / "parcels.csv"
    lines = [f"P{n},BRV,2026-06-0{n},{delivered.format(n=n)}" for n in range(1, 9)]
    path.write_text("\n".join(["parcel,carrier,promised date,delivered on", *lines]), encoding="utf-8")
    found = suggest(path)

    assert "delivered_at" in found.matched
    assert ("zone =" in found.toml) is is_offered


def scanned(folder: Path) -> Path:
    """Write parcels that are scanned one to nine days before their promise, some never."""
    lines = ["Parcel;Order;Carrier;Label date;First scan;Promised date;Delivered on"]
    for number in range(600):
        label = pd.Timestamp("2026-06-01 09:00") + pd.Timedelta(hours=number)
        scan = label + pd.Timedelta(hours=5 + number % 11)
        promised = label.normalize() + pd.Timedelta(days=2 + number % 9)
        came = ["-", "-"] if number % 20 == 0 else [scan, promised + pd.Timedelta(hours=11)]
        lines.append(f"P{number};O{number};BRV;{label};{came[0]};{promised:%Y-%m-%d};{came[1]}")
    path = folder / "parcels_20260706.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_parcels_count_in_the_week_of_their_first_scan(workbook):
    """Where the file tells scans, and those that were never scanned in none."""
    file = scanned(workbook)
    found = suggest(file)
    kept = loaded(workbook, found, file)
    cells = pd.read_csv(file, sep=";", na_values="-", parse_dates=["First scan"])

    weeks = {f"2026-W{number}": ts.open_week(f"2026-W{number}", data="data").kpis for number in (24, 25, 26)}

    assert '"First scan" IS NOT NULL AS hub_scanned' in found.sql
    assert kept["hub_scanned"].sum() == cells["First scan"].notna().sum() == 570
    scans = cells["First scan"].dropna().dt.strftime("%G-W%V").value_counts()
    assert {week: kpis.set_index("kpi")["value"]["shipments"] for week, kpis in weeks.items()} == {
        week: scans[week] for week in weeks
    }


REASONS = ("Où est mon colis ?", "Suivi de colis", "Facture", "facture ", "Where is my refund", "l'accueil")


def test_who_asks_where_a_parcel_is_counts(workbook):
    """In whatever words; other reasons stay as they are."""
    file = scanned(workbook)
    loaded(workbook, suggest(file), file)
    asked = contacts(workbook, "contacts_20260706.csv", 100, REASONS)
    found = suggest(asked)
    settings = workbook / "data" / "workbook.toml"
    settings.write_text(settings.read_text().replace('["parcels"]', "[]"), encoding="utf-8")
    kept = loaded(workbook, found, asked)
    settings.write_text(settings.read_text().replace("[", '["parcels", ', 1), encoding="utf-8")
    ts.load("data")
    parcels = pd.read_csv(file, sep=";", na_values="-", parse_dates=["First scan"]).set_index("Order")
    rows = pd.read_csv(asked, sep=";", parse_dates=["Opened at"]).join(parcels["First scan"], on="Order id")

    kpis = ts.open_week("2026-W24", data="data").kpis.set_index("kpi")

    assert kept["contact_reason"].value_counts().to_dict() == {
        **{"WISMO": 14, "Facture": 12},
        **{"WISMR": 7, "l'accueil": 7},
    }
    assert tomllib.loads(found.toml)["values"]["contact_reason"] == {
        "WISMO": ["Où est mon colis ?", "Suivi de colis"],
        "WISMR": ["Where is my refund"],
        "Facture": [],
        "l'accueil": [],
    }
    asked_after = rows[rows["First scan"] <= rows["Opened at"]]
    asking = asked_after[asked_after["First scan"].dt.strftime("%G-W%V") == "2026-W24"]
    shipped = (parcels["First scan"].dt.strftime("%G-W%V") == "2026-W24").sum()
    assert kpis["value"]["wismo_rate"] == pytest.approx(asking["Reason"].isin(REASONS[:2]).sum() / shipped)


@pytest.mark.parametrize(
    ("order", "is_known"), [("O{n}", True), ("#O{n}", False), ("", True)], ids=["the same", "others", "none"]
)
def test_contacts_whose_orders_no_parcel_has_are_not_counted_as_none(workbook, order, is_known):
    """One system writes #O7 where another writes O7: 0 contacts a parcel would be a lie.

    Those that name no order at all count in the week in which they were opened.
    """
    files = [scanned(workbook), contacts(workbook, "contacts_20260706.csv", 100, REASONS)]
    text = re.sub(r";O(\d+);", lambda found: f";{order.format(n=found[1])};", files[1].read_text())
    files[1].write_text(text)
    found = [suggest(file) for file in files]
    for one, file in zip(found, files, strict=True):
        write_source(read_settings("data"), one, file)
    settings = workbook / "data" / "workbook.toml"
    settings.write_text(settings.read_text().replace("[]", json.dumps([one.name for one in found]), 1))
    week = ts.open_week("2026-W24", data="data")
    lacked = [] if is_known else ["care_contacts.order_id = shipments.order_id"]

    assert ("wismo_rate" in week.available) is is_known
    told = [
        "none of care_contacts.order_id, such as '#O100', is among shipments.order_id, such as 'O0': "
        "KPIs that need both are left out. Write both alike, by a SELECT"
    ]
    assert week.ledger.notes.query("kind == 'no match'")["text"].to_list() == told * (not is_known)
    assert week.review.lacking(kpi("wismo_rate")) == lacked
    shown = import_module("tallysheet.duties.health_page").trust(week).html
    assert ("numbers that care_contacts.order_id and shipments.order_id share" in shown) is not is_known


@pytest.mark.parametrize(
    ("reasons", "is_asked"),
    [
        (("Livraison", "Facture"), True),
        (tuple(f"reason {n}" for n in range(40)), True),
        (("WISMO", "Facture"), False),
    ],
)
def test_a_person_is_asked_which_reason_asks_where_a_parcel_is(workbook, reasons, is_asked):
    """Where no text is known to, as the KPI would be 0; all reasons are kept."""
    file = contacts(workbook, "contacts_20260601.csv", 0, reasons)
    found = suggest(file)

    assert ("# check: which of these asks where a parcel is?" in found.toml) is is_asked
    assert set(loaded(workbook, found, file)["contact_reason"]) == set(reasons)


def test_reasons_in_hundreds_of_words_are_not_listed(tmp_path, monkeypatch):
    """A load would leave those out that are not; the person is asked all the same."""
    monkeypatch.setattr("tallysheet.guess._MOST_VALUES", 3)
    reasons = ("Où est mon colis ?", "Facture", "Retour", "Autre")
    told = suggest(contacts(tmp_path, "contacts.csv", 0, reasons)).toml

    assert tomllib.loads(told)["values"]["contact_reason"] == {}
    assert "# check: which of these asks where a parcel is?" in told


def test_nothing_is_overwritten(workbook):
    """Neither a source nor a raw file of the same name."""
    path = colis(workbook)
    settings = read_settings("data")
    found = suggest(path)
    (workbook / "data" / "raw").mkdir()
    (workbook / "data" / "raw" / path.name).write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError, match="expected a new name"):
        write_source(settings, found, path)
    assert not (workbook / "data" / "sources").exists()
    (workbook / "data" / "raw" / path.name).unlink()
    write_source(settings, found, path)
    with pytest.raises(UsageError, match="expected a new name"):
        write_source(settings, replace(found, table="orders"), path)


@pytest.mark.parametrize("is_listed", [True, False])
def test_next_weeks_file_has_a_source_already(workbook, is_listed):
    """The error names the source, and the folder into which the file is to be copied; nothing else is new."""
    path = colis(workbook)
    write_source(read_settings("data"), suggest(path), path)
    if is_listed:
        settings = workbook / "data" / "workbook.toml"
        settings.write_text(settings.read_text().replace("[]", '["colis"]', 1), encoding="utf-8")
    later = path.rename(workbook / "colis_2026-07-05.csv")
    told = r"takes \(colis_%Y-%m-%d\.csv\)\. Copy it into \S+/data/raw: tallysheet load takes it\."

    with pytest.raises(UsageError, match=f"colis_2026-07-05.csv: .* one that the source colis {told}"):
        write_source(read_settings("data"), suggest(later), later)
    there = Path(shutil.copy(later, workbook / "data" / "raw"))
    with pytest.raises(UsageError, match="It is there: tallysheet load takes it"):
        write_source(read_settings("data"), suggest(there), there)


def test_a_file_may_fill_two_tables(workbook):
    """By a source each."""
    path = workbook / "rows_20260601.csv"
    lines = [f"P{n};O{n};BRV;2026-06-0{n};phone;{n}0.50;2026-06-0{n}" for n in range(1, 9)]
    header = "Parcel;Order;Carrier;Promised date;Category;Amount;Paid at"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    settings = read_settings("data")

    for table in ("shipments", "orders"):
        write_source(settings, suggest(path, table=table, name=table), path)
        path = workbook / "data" / "raw" / path.name

    assert {one.name for one in (workbook / "data" / "sources").iterdir()} == {"shipments", "orders"}


def book(path: Path, sheets: dict[str, list[list[str]]]) -> Path:
    """Write a workbook of sheets."""
    with xlsxwriter.Workbook(path) as made:
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return path


def test_sheets_that_are_not_loaded_are_named(workbook):
    """One sheet is: the largest, or the one that the line says once it is no comment."""
    header = ["N° de suivi", "Transporteur", "Promis le", "Livré le"]
    rows = [[f"FR{n}", "Poste", f"2026-06-{n:02}", f"2026-06-{n:02}"] for n in range(1, 21)]
    sheets = {"Notes": [["à relire"]], "Juin": [header, *rows[:9]], "Mai": [["Colis de mai"], header, *rows]}
    found = suggest(book(workbook / "colis.xlsx", sheets))

    assert '# Of its sheets "Mai" alone is loaded;' in found.toml
    assert re.findall("# sheet = (.*)", found.toml) == ['"Notes"', '"Juin"']
    write_source(read_settings("data"), found, workbook / "colis.xlsx")
    source = workbook / "data" / "sources" / "colis" / "source.toml"
    source.write_text(found.toml.replace('# sheet = "Juin"', 'sheet = "Juin"'), encoding="utf-8")
    settings = workbook / "data" / "workbook.toml"
    settings.write_text(settings.read_text().replace("[]", '["colis"]', 1), encoding="utf-8")
    assert ts.load("data").files["rows"].to_list() == [9]


def test_a_workbook_of_one_sheet_says_nothing_of_sheets(tmp_path):
    """There is none to choose."""
    header = ["N° de suivi", "Transporteur", "Promis le", "Livré le"]
    rows = [[f"FR{n}", "Poste", f"2026-06-{n:02}", f"2026-06-{n:02}"] for n in range(1, 21)]

    assert "sheet" not in suggest(book(tmp_path / "colis.xlsx", {"Mai": [header, *rows]})).toml


PROGRAM = ".venv/bin/tallysheet"
README = Path(__file__).parents[1] / "README.md"
NOTEBOOKS = README.parent / "notebooks"
HEADERS = (
    "Réf. colis;Cde n°;Prestataire transport;Pays exp.;Pays dest.;Offre;Masse (g);Montant HT (€);"
    "Étiquette créée le;Pris en charge le;Date de livraison prévue;Date de livraison réelle;État du colis"
)


def livraisons(folder: Path, days: int = 7 * 20) -> Path:
    """Write another tool's export: other headers, in short, names of countries, decimal commas, cp1252."""
    draw, lines = random.Random(11), [HEADERS]
    for number in range(20 * days):
        day = pd.Timestamp("2026-06-22") + pd.Timedelta(days=number // 20)
        is_late, is_lost = draw.random() < 0.06, number % 200 == 0
        came = day + pd.Timedelta(days=4 if is_late else 2)
        cells = [
            *(f"C{number:06d}", f"CMD-{number:06d}", draw.choice(["TransNord", "La Voie Postale"]), "France"),
            *(
                draw.choice(["Belgique", "Allemagne", "Pays-Bas"]),
                draw.choice(["À domicile", "Point relais"]),
            ),
            *(str(draw.randint(200, 4000)), f"{draw.uniform(4, 9):.2f}".replace(".", ",")),
            *(f"{day:%d/%m/%Y} 09:15", f"{day:%d/%m/%Y} 18:30", f"{day + pd.Timedelta(days=3):%d/%m/%Y}"),
            *(("", "Égaré") if is_lost else (f"{came:%d/%m/%Y} 11:30", "Livré")),
        ]
        lines.append(";".join(cells))
    path = folder / "livraisons.csv"
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return path


def steps() -> list[str]:
    """Read the commands and edits of the README's section, each a line with its number."""
    section = README.read_text(encoding="utf-8").partition("## Bring your own file")[2].partition("\n## ")[0]
    block = section.split("```")[1]
    return [line for line in block.splitlines() if re.search(r"# \d", line)]


@pytest.mark.slow
def test_the_readmes_own_steps_lead_from_a_file_to_a_page(tmp_path, monkeypatch):
    """As they are written there, in a folder with the notebooks alone; all but the two of make are played."""
    told = steps()
    assert len(told) <= 10
    assert [line.split()[0] for line in told] == ["make", PROGRAM, "#", PROGRAM, PROGRAM, "make"]
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks")
    path = livraisons(tmp_path)
    monkeypatch.chdir(tmp_path)
    said = []
    for line in told[1:-1]:
        if line.startswith("#"):
            source = tmp_path / "data" / "mine" / "sources" / "livraisons" / "source.toml"
            text = source.read_text(encoding="utf-8")
            assert "# as_of = 2026-11-16T07:00:00  #" in text
            source.write_text(
                text.replace("# as_of = 2026-11-16T07", "as_of = 2026-11-09T07"), encoding="utf-8"
            )
            continue
        words = shlex.split(line, comments=True)
        done = subprocess.run(
            [Path(sys.executable).with_name("tallysheet"), *words[1:]],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)

    assert said[0] == "data/mine/sources/livraisons\n"
    assert re.search(r"livraisons\.csv │\s*2,800 │\s*2,800 │\s*0 │\s*0", said[1])
    assert said[2] == "reports/mine/2026-W45/weekly_review.html\n"
    page = html.unescape((tmp_path / "reports/mine/2026-W45/weekly_review.html").read_text(encoding="utf-8"))
    cells = pd.read_csv(path, sep=";", encoding="cp1252")
    promised = pd.to_datetime(cells["Date de livraison prévue"], dayfirst=True)
    came = pd.to_datetime(cells["Date de livraison réelle"], dayfirst=True, format="mixed")
    due = promised.between("2026-11-02", "2026-11-08")
    on_time = (came.dt.normalize() <= promised)[due].mean()
    assert f"{100 * on_time:.1f}%" in page


@pytest.mark.slow
def test_the_notebook_brings_a_file_by_the_same_steps(tmp_path, monkeypatch):
    """It begins the workbook beside notebooks/, and ends with the KPIs that the file allows."""
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path / "notebooks")
    made = papermill.execute_notebook(
        "bring_your_own.ipynb",
        None,
        parameters={"file": str(livraisons(tmp_path))},
        progress_bar=False,
        cwd=str(tmp_path / "notebooks"),
    )
    shown = {
        cell.id: "".join(output.data.get("text/html", "") for output in cell.outputs if "data" in output)
        for cell in made.cells
        if cell.cell_type == "code"
    }

    assert (tmp_path / "data" / "mine" / "workbook.toml").is_file()
    assert "Réf. colis" in shown["suggest"]
    assert "<td>2800</td>" in shown["load"]
    assert "<td>otd</td>" in shown["week"]
