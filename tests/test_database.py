"""Sources that are queries: DuckDB, SQLite and PostgreSQL are loaded as files are, and keep their secrets."""

import datetime as dt
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from postgres_cluster import ESCAPED, SECRET
from small_workbook import make_workbook

import tallysheet as ts
from tallysheet.addresses import has_plain_secret
from tallysheet.errors import DataError
from tallysheet.ledger import Ledger

CREATE = (
    "CREATE TABLE parcels (shipment_id VARCHAR(40), flow VARCHAR(10), carrier VARCHAR(10), "
    "promised_date DATE, promised_at TIMESTAMP, delivered_at TIMESTAMP, status VARCHAR(20), "
    "hub_scanned BOOLEAN, weight_billed_g INTEGER)"
)
DELIVER = (
    "UPDATE parcels SET status = 'delivered', delivered_at = '2026-01-12 09:00:00' WHERE shipment_id = 'P59'"
)
TAKE_BACK = "UPDATE parcels SET status = 'in_transit', delivered_at = NULL WHERE shipment_id = 'P59'"
QUERY = "SELECT * FROM parcels ORDER BY shipment_id"
SOURCE = """
table = "shipments"

[database]
name = "parcels"
url = "{url}"
query = "{query}"
"""


@dataclass
class Base:
    """A database with the table parcels: its address, and a way to change it."""

    url: str
    run: Callable[[str], None]


def fill(run: Callable[[str], None]) -> None:
    """Put 60 parcels in; the last one is not delivered."""
    run(CREATE)
    rows = []
    for number in range(60):
        day = dt.date(2026, 1, 5) + dt.timedelta(days=number // 10)
        end = f"'{day} 12:00:00', 'delivered'" if number < 59 else "NULL, 'in_transit'"
        rows.append(
            f"('P{number:02d}', 'outbound', 'BRV', '{day}', '{day} 20:00:00', {end}, true, {500 + number})"
        )
    run(f"INSERT INTO parcels VALUES {', '.join(rows)}")


def sqlite_base(data: Path) -> Base:
    def run(sql: str) -> None:
        with sqlite3.connect(data / "base.sqlite") as connection:
            connection.execute(sql)
        connection.close()

    return Base("sqlite://base.sqlite", run)


def duckdb_base(data: Path) -> Base:
    def run(sql: str) -> None:
        with duckdb.connect(data / "base.duckdb") as connection:
            connection.execute(sql)

    return Base("duckdb://base.duckdb", run)


@pytest.fixture
def postgres_base(cluster) -> Base:
    """Give an empty database table; the address takes the password from the environment."""
    import psycopg

    address = f"postgresql://reader:{ESCAPED}@127.0.0.1:{cluster}/postgres"

    def run(sql: str) -> None:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(sql)

    run("DROP TABLE IF EXISTS parcels")
    return Base(f"postgresql://reader:${{PARCELS_PASSWORD}}@127.0.0.1:{cluster}/postgres", run)


@pytest.fixture(params=["sqlite", "duckdb", pytest.param("postgresql", marks=pytest.mark.slow)])
def base(request, tmp_path, monkeypatch) -> Base:
    monkeypatch.setenv("PARCELS_PASSWORD", ESCAPED)
    make_workbook(tmp_path, [])
    if request.param == "postgresql":
        made = request.getfixturevalue("postgres_base")
    else:
        made = {"sqlite": sqlite_base, "duckdb": duckdb_base}[request.param](tmp_path / "data")
    fill(made.run)
    return made


def workbook(root: Path, url: str, query: str = QUERY, more: str = "") -> Path:
    """Write the source of a workbook; give its data folder."""
    data = root / "data"
    if not data.exists():
        make_workbook(root, [])
    (data / "raw" / "parcels.csv").unlink(missing_ok=True)
    text = SOURCE.format(url=url, query=query) + more
    (data / "sources" / "parcels" / "source.toml").write_text(text, encoding="utf-8")
    return data


def clean_rows(ledger: Ledger) -> pd.DataFrame:
    paths = (ledger.folder / "shipments" / "parcels").rglob("*.parquet")
    rows = pd.concat(pd.read_parquet(path) for path in paths)
    return rows.sort_values(["shipment_id", "loaded_at"]).reset_index(drop=True)


def snapshots(data: Path) -> list[str]:
    return sorted(path.name for path in (data / "raw" / "parcels").iterdir())


def assert_secret_nowhere(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert SECRET.encode() not in content and ESCAPED.encode() not in content, path


# ---- What is loaded ----


def test_the_rows_of_a_query_are_loaded_as_those_of_a_file(tmp_path, base):
    """Dates, times, booleans, numbers and NULL become what a CSV would have given."""
    ledger = ts.load(workbook(tmp_path, base.url))

    assert ledger.files[["rows", "good", "quarantined"]].to_numpy().tolist() == [[60, 60, 0]]
    rows = clean_rows(ledger)
    first, last = rows.iloc[0], rows.iloc[-1]
    assert first["promised_at"] == pd.Timestamp("2026-01-05 20:00:00")
    assert first["delivered_at"] == pd.Timestamp("2026-01-05 12:00:00")
    assert (first["weight_billed_g"], bool(first["hub_scanned"])) == (500, True)
    assert (last["shipment_id"], last["status"]) == ("P59", "in_transit")
    assert last["delivered_at"] is pd.NaT
    assert sorted({str(day)[:10] for day in rows["promised_date"]})[-1] == "2026-01-10"


def test_an_unchanged_result_is_not_loaded_again(tmp_path, base):
    """The same rows make the same file, and the clean tables are left alone."""
    data = workbook(tmp_path, base.url)
    first, kept = ts.load(data), snapshots(data)
    stamps = {path: path.stat().st_mtime_ns for path in (data / "clean").rglob("*.parquet")}

    again = ts.load(data)

    assert again.state == first.state
    assert snapshots(data) == kept and len(kept) == 1
    assert {path: path.stat().st_mtime_ns for path in (data / "clean").rglob("*.parquet")} == stamps


def test_a_changed_row_becomes_a_correction(tmp_path, base, monkeypatch):
    """Both versions stay, with the time from which each holds; the other rows are duplicates."""
    data = workbook(tmp_path, base.url)
    moments = iter([dt.datetime(2026, 2, day, tzinfo=dt.UTC) for day in (1, 8)])
    monkeypatch.setattr(ts.clean.dt, "datetime", clock(moments))
    ts.load(data)
    base.run(DELIVER)

    ledger = ts.load(data)

    totals = ledger.files[["rows", "good", "duplicates", "corrections"]].sum().to_list()
    assert totals == [120, 61, 59, 1]
    versions = clean_rows(ledger).query("shipment_id == 'P59'")
    assert versions["status"].to_list() == ["in_transit", "delivered"]
    assert versions["replaced_at"].to_list() == [pd.Timestamp("2026-02-08"), pd.NaT]
    assert len(snapshots(data)) == 2


def test_a_row_that_becomes_again_what_it_was_is_a_correction_too(tmp_path, base, monkeypatch):
    """The third result has the bytes of the first, and still counts as the latest."""
    data = workbook(tmp_path, base.url)
    moments = iter([dt.datetime(2026, 2, day, tzinfo=dt.UTC) for day in (1, 8, 15)])
    monkeypatch.setattr(ts.clean.dt, "datetime", clock(moments))
    ts.load(data)
    for change in (DELIVER, TAKE_BACK):
        base.run(change)
        ledger = ts.load(data)

    versions = clean_rows(ledger).query("shipment_id == 'P59'")
    assert versions["status"].to_list() == ["in_transit", "delivered", "in_transit"]
    assert versions["replaced_at"].isna().to_list() == [False, False, True]
    assert ts.load(data).state == ledger.state


def test_a_select_and_a_second_file_go_with_a_query(tmp_path, base):
    """The query stands for the first file; a CSV can be joined to it."""
    select = 'select = "parcels.sql"\n'
    more = '\n[[file]]\nname = "names"\npath = "raw/names.csv"\n'
    data = workbook(tmp_path, base.url, more=more)
    source = data / "sources" / "parcels"
    (source / "source.toml").write_text(select + (source / "source.toml").read_text(), encoding="utf-8")
    (source / "parcels.sql").write_text(
        "SELECT parcels.* REPLACE (names.name AS carrier) FROM parcels JOIN names ON names.code = carrier",
        encoding="utf-8",
    )
    (data / "raw" / "names.csv").write_text("code,name\nBRV,Bravo\nDVP,Delta\n", encoding="utf-8")

    assert set(clean_rows(ts.load(data))["carrier"]) == {"Bravo"}


# ---- Secrets ----


@pytest.mark.slow
def test_a_secret_is_in_no_file(tmp_path, postgres_base, monkeypatch):
    """It comes from the environment, and goes to the driver alone."""
    fill(postgres_base.run)
    monkeypatch.setenv("PARCELS_PASSWORD", ESCAPED)

    ts.load(workbook(tmp_path, postgres_base.url))

    assert_secret_nowhere(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [("reader:", "nobody:"), ("/postgres", "/none"), ("127.0.0.1", "no-host.invalid"), (":", ":x")],
)
def test_a_secret_is_in_no_error(tmp_path, postgres_base, monkeypatch, capsys, old, new):
    """A wrong user, database, host or address is told without it."""
    fill(postgres_base.run)
    monkeypatch.setenv("PARCELS_PASSWORD", ESCAPED)
    head, _, rest = postgres_base.url.partition("://")
    url = f"{head}://{rest.replace(old, new)}"

    with pytest.raises(DataError) as caught:
        ts.load(workbook(tmp_path, url))

    told = str(caught.value) + "".join(capsys.readouterr())
    assert SECRET not in told and ESCAPED not in told
    assert "\n" not in told
    assert caught.value.__cause__ is None
    assert_secret_nowhere(tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:${PARCELS_PASSWORD}@127.0.0.1:port/base",
        "postgresql://${PARCELS_PASSWORD}",
        "${PARCELS_PASSWORD}",
        "${PARCELS_PASSWORD}://base",
        "sqlite://${PARCELS_PASSWORD}",
        "duckdb://${PARCELS_PASSWORD}.duckdb",
        "mysql://reader:${PARCELS_PASSWORD}@host/base",
    ],
)
@pytest.mark.parametrize("secret", [SECRET, ESCAPED, "plain-canary"])
def test_a_secret_in_an_address_that_does_not_work_is_not_shown(tmp_path, monkeypatch, url, secret):
    """Drivers repeat parts of an address in what they tell."""
    monkeypatch.setenv("PARCELS_PASSWORD", secret)

    with pytest.raises(DataError) as caught:
        ts.load(workbook(tmp_path, url))

    assert secret not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://reader:{SECRET}@127.0.0.1/base",
        f"postgresql://127.0.0.1/base?sslpassword={SECRET}",
        f"postgresql://127.0.0.1/base?user=reader&password={SECRET}",
        "postgresql://reader:s3cr%et@127.0.0.1/base",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path, url):
    """Before any driver sees it, which might repeat it."""
    with pytest.raises(DataError, match="a secret that comes from the environment") as caught:
        ts.load(workbook(tmp_path, url))

    assert SECRET not in str(caught.value)
    assert "s3cr" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "is_secret"),
    [
        *((name, True) for name in ("password", "PWD", "token", "access_token", "private_key_passphrase")),
        *((name, True) for name in ("sslpassword", "x-api-key", "client_secret", "aws_secret_access_key")),
        *((name, False) for name in ("sslkey", "passfile", "keepalives", "sslmode", "private_key_file")),
    ],
)
def test_options_that_hold_a_secret(option, is_secret):
    """By their name, also in the options of a Spark Connect address; a path to a file is none."""
    for address in ("sc://host:443/;user_id=me;{}={}", "snowflake://me@host/base?role=x&{}={}"):
        assert has_plain_secret(address.format(option, "s3cret")) is is_secret
        assert not has_plain_secret(address.format(option, "${NAME}"))
    driver = "mssql+pyodbc:///?odbc_connect=SERVER%3Dhost%3B{}%3Ds3cret"
    assert has_plain_secret(driver.format(option)) is is_secret


# ---- What is refused ----


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    """Load a query of a SQLite file; a DuckDB file lies beside it."""
    data = make_workbook(tmp_path_factory.mktemp("loaded"), [])
    for made in (sqlite_base(data), duckdb_base(data)):
        fill(made.run)
    ts.load(workbook(data.parent, "sqlite://base.sqlite"))
    return data


@pytest.mark.parametrize(
    ("url", "query", "told"),
    [
        ("mysql://host/base", QUERY, "an address that begins with duckdb://, sqlite:// or postgresql://"),
        ("base.sqlite", QUERY, "an address that begins with duckdb://, sqlite:// or postgresql://"),
        ("sqlite://${NO_SUCH_NAME}", QUERY, "NO_SUCH_NAME in the environment, found nothing. Set NO_SUCH_"),
        ("sqlite://gone.sqlite", QUERY, "a database file, found none"),
        ("duckdb://gone.duckdb", QUERY, "a database file, found none"),
        ("sqlite://raw", QUERY, "a database file, found none"),
        ("postgresql://reader@127.0.0.1:1/base", QUERY, "a query that runs, found .*refused"),
        ("sqlite://base.sqlite", "SELECT * FROM parcel", "a query that runs, found no such table: parcel"),
        ("sqlite://base.sqlite", "DELETE FROM parcels", "a query that runs, found .*readonly"),
        ("sqlite://base.sqlite", "SELECT 1; SELECT 2", "a query that runs, found .*one statement"),
        ("sqlite://base.sqlite", "", "a query that gives rows, found one that gives none"),
        ("sqlite://workbook.toml", QUERY, "a query that runs, found file is not a database"),
        ("duckdb://workbook.toml", QUERY, "a query that runs, found .*not a valid DuckDB database"),
        ("duckdb://base.duckdb", "SELECT * FROM parcel", "a query that runs, found .*parcel"),
        ("duckdb://base.duckdb", "CREATE TABLE x (a INT)", "a query that runs, found .*read-only"),
    ],
)
def test_a_query_that_cannot_be_run_is_one_line_and_the_last_tables_stay(tmp_path, loaded, url, query, told):
    """Address, secret, file and query; nothing half is left in data/raw."""
    data = Path(shutil.copytree(loaded, tmp_path / "data"))
    before = contents(data / "clean") | contents(data / "raw")

    with pytest.raises(DataError, match=told) as caught:
        ts.load(workbook(tmp_path, url, query))

    assert "\n" not in str(caught.value)
    assert contents(data / "clean") | contents(data / "raw") == before


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.mark.parametrize("query", ["DELETE FROM parcels", "DELETE FROM parcels RETURNING *"])
def test_a_query_changes_nothing_in_the_database(tmp_path, base, query):
    """The connection may only read."""
    data = workbook(tmp_path, base.url, query)
    with pytest.raises(DataError, match=r"a query that runs, found .*read-?only"):
        ts.load(data)

    assert len(clean_rows(ts.load(workbook(tmp_path, base.url)))) == 60


def test_a_query_that_finds_no_row_is_refused_at_first(tmp_path, loaded):
    """Later the rows of the last result stay: a query does not say that a row is gone."""
    data = Path(shutil.copytree(loaded, tmp_path / "data"))
    nothing = "SELECT * FROM parcels WHERE shipment_id = 'none'"

    assert len(clean_rows(ts.load(workbook(tmp_path, "sqlite://base.sqlite", nothing)))) == 60
    shutil.rmtree(data / "raw" / "parcels")
    with pytest.raises(DataError, match="expected rows, as at the last load, found column names alone"):
        ts.load(data)


def clock(moments: Iterator[dt.datetime]) -> type[dt.datetime]:
    """Give a datetime whose now() are these."""

    class Clock(dt.datetime):
        @classmethod
        def now(cls, zone=None):
            return next(moments)

    return Clock
