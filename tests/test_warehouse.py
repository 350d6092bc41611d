"""The warehouse: other engines add facts up to the same integers, and what goes wrong there is one line."""

import importlib.util
import re
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import sqlglot
from postgres_cluster import ESCAPED, SECRET
from random_ground import LOOKS, TABLES, random_ground
from small_workbook import make_workbook, put_notebooks

import tallysheet as ts
from tallysheet.coverage import gaps
from tallysheet.cube import Cube
from tallysheet.doctor import examine
from tallysheet.engine import fact_names, fact_sql
from tallysheet.errors import DataError, UsageError
from tallysheet.extent import days_with_rows
from tallysheet.facts import columns_of, open_tables
from tallysheet.grids import is_measure
from tallysheet.held import held
from tallysheet.settings import Connection, Settings, read_settings
from tallysheet.warehouse import Warehouse
from tallysheet.warehouse.connect import opened
from tallysheet.warehouse.mapped import mapped_record
from tallysheet.warehouse.publishing import push
from tallysheet.warehouse.session import MARK
from tallysheet.warehouse.statements import DIALECTS, added_up, clean_columns, written

STATE = "the state of the random tables"


def has_spark() -> bool:
    return bool(importlib.util.find_spec("pyspark") and shutil.which("java"))


SPARK = pytest.mark.skipif(
    not has_spark(), reason="Spark needs pyspark and Java 17: make test-engines brings the first"
)


def keys_and_measures(fact: str) -> tuple[list[str], list[str]]:
    measures = [name for name in columns_of(fact) if is_measure(name)]
    return [name for name in columns_of(fact) if name not in measures], measures


# ---- Other engines say the same ----


@pytest.fixture(scope="module")
def ground():
    with random_ground() as connection:
        yield connection


def settings_of(url: str, schema: str, folder: Path) -> Settings:
    return Settings(
        data=folder,
        sources=(),
        notebooks=(),
        countries=(),
        headline="otd",
        connection=Connection(url, schema),
    )


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("postgres", marks=pytest.mark.slow),
        pytest.param("spark", marks=[SPARK, pytest.mark.slow]),
    ],
)
def warehouse(request, ground, tmp_path_factory):
    """Lay the random tables out in an engine of our own."""
    secrets = {}
    if request.param == "postgres":
        secrets = {"PASSWORD": ESCAPED}
        port = request.getfixturevalue("cluster")
        url, schema = f"postgresql+psycopg://reader:${{PASSWORD}}@127.0.0.1:{port}/postgres", "random_rows"
    else:
        url, schema = "local[2]", "tables/"
    settings = settings_of(url, schema, tmp_path_factory.mktemp("warehouse"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSWORD", ESCAPED)
        session = opened(settings, secrets)
        session.take_in(
            [
                (MARK, pa.table({"state": [STATE]}).to_reader()),
                *(
                    (name, ground.sql(f"SELECT * FROM {name}").to_arrow_table().to_reader())
                    for name in TABLES
                ),
            ]
        )
        session.close()
        yield Warehouse(settings, ground, STATE, TABLES)


@pytest.mark.parametrize("fact", fact_names())
def test_an_engine_adds_a_fact_up_to_the_same_integers(ground, warehouse, fact):
    """Every cell of three weeks at two moments, by all dimensions at once, with each bin and each measure."""
    keys, measures = keys_and_measures(fact)
    here = ground.execute(f"{added_up(fact_sql(fact), keys, measures)} ORDER BY ALL").df()
    there = ground.execute(f"{warehouse.cells(fact_sql(fact), keys, measures)} ORDER BY ALL").df()

    assert len(here)
    assert here["seen_at"].nunique() <= len({seen_at for _, seen_at in LOOKS})
    pd.testing.assert_frame_equal(there, here)


# ---- Engines that are not here ----

SAID_OTHERWISE = {
    # Times and days that are added, cut and told apart; Snowflake's least and greatest that pass over NULL.
    *("DateAdd", "TimestampAdd", "DatetimeAdd", "Extract", "DateTrunc", "TimestampTrunc", "TimestampDiff"),
    *("TimeStrToTime", "TryCast", "TsOrDsToDate", "TsOrDsAdd", "TsOrDsDiff", "Concat", "Anonymous"),
}
"""What other engines call what DuckDB says with +, ||, date_diff and casts."""


@pytest.fixture(scope="module")
def allowed():
    from test_facts import ALLOWED

    return {kind.__name__ for kind in ALLOWED} | SAID_OTHERWISE


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_fact_is_said_in_every_dialect_with_few_words(dialect, allowed):
    """What is written parses there, and holds nothing but what facts may hold, or its name there."""
    tables = {name: clean_columns(name) for name in TABLES}
    strange = {}
    for fact in fact_names():
        text = written(added_up(fact_sql(fact), *keys_and_measures(fact)), dialect, tables, "base.tallysheet")
        tree = sqlglot.parse_one(text, read=dialect)
        found = {type(node).__name__ for node in tree.walk()} - allowed
        if found:
            strange[fact] = found
        # Nothing is lost on the way.
        keys, measures = keys_and_measures(fact)
        assert [name.lower() for name in tree.named_selects] == [*keys, *measures]

    assert strange == {}


def test_what_engines_understand_differently_is_made_plain():
    """A half in a half, days after a time's day, and an offset: inner ones too."""
    tables = {"shipments": clean_columns("shipments")}
    text = "SELECT round(round(cost_cents / 8.0) / 2.0) AS a, promised_date + 7 - 1 AS b FROM shipments"

    assert "ROUND" not in written(text, "postgres", tables)
    assert written(text, "mysql", tables).count("DATE_ADD(") == 2
    assert "[x].[shipments]" in written(text, "tsql", tables, "x")
    there = written("SELECT count(carrier) AS n FROM shipments", "postgres", {"shipments": ["shipment_id"]})
    assert "CAST(NULL AS TEXT)" in there
    none = written("SELECT count(carrier) AS n FROM shipments", "postgres", {})
    assert 'FROM "rules"' in none
    assert "WHERE 1 = 0" in none


# ---- A workbook whose facts are added up in PostgreSQL ----


@pytest.fixture
def address(cluster, monkeypatch) -> str:
    """Give an address whose password is in the environment."""
    monkeypatch.setenv("PARCELS_PASSWORD", ESCAPED)
    return f"postgresql+psycopg://reader:${{PARCELS_PASSWORD}}@127.0.0.1:{cluster}/postgres"


@pytest.fixture
def administer(cluster):
    """Run a statement as another session would."""
    import psycopg

    def run(sql: str) -> list[tuple]:
        with psycopg.connect(
            f"postgresql://reader:{ESCAPED}@127.0.0.1:{cluster}/postgres", autocommit=True
        ) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return run


def workbook(root: Path, url: str, schema: str) -> Path:
    data = make_workbook(root)
    connect_to(data, url, schema)
    return data


def connect_to(data: Path, url: str, schema: str = "") -> None:
    """Write the connection of a workbook, in the place of the last."""
    path = data / "workbook.toml"
    others = [line for line in path.read_text().splitlines() if not line.startswith("connection")]
    more = f', schema = "{schema}"' if schema else ""
    path.write_text("\n".join([*others, f'connection = {{ url = "{url}"{more} }}']), encoding="utf-8")


def open_cube(data: Path) -> Cube:
    ledger = ts.load(data)
    return Cube(ledger, read_settings(data), ledger.as_of)


def refused(data: Path) -> str:
    """Ask for a week's numbers; give the error, in one line without a secret anywhere."""
    with pytest.raises(DataError) as caught:
        cube = open_cube(data)
        cube.total("shipments", cube.looks())
    told = str(caught.value)
    whole = "".join(traceback.format_exception(caught.value))
    assert "\n" not in told
    assert SECRET not in whole and ESCAPED not in whole
    assert caught.value.__cause__ is None
    assert not list((data / "cube").glob("shipments*"))
    return told


@pytest.mark.slow
def test_a_workbook_shows_the_same_from_postgres(tmp_path, address):
    """All KPIs of a week, and its page; daily numbers too."""
    here = ts.open_week("2026-W21", data=make_workbook(tmp_path / "here"))
    data = workbook(tmp_path / "there", address, "same")
    assert push(data) == {"shipments": 2800}
    there = ts.open_week("2026-W21", data=data)

    pd.testing.assert_frame_equal(there.kpis, here.kpis)
    assert there.opening() == here.opening()
    assert there.card("otd") == here.card("otd")
    first, last = here.week.monday, here.week.sunday
    pd.testing.assert_frame_equal(
        there.cube.daily("shipments", first, last), here.cube.daily("shipments", first, last)
    )


@pytest.mark.slow
def test_tables_that_are_not_those_of_the_workbook_are_refused(tmp_path, address, administer):
    """None yet, one that is gone, an older load: each says what to do; once pushed, all is well."""
    data = workbook(tmp_path, address, "refused")
    advice = "Run tallysheet push"
    assert f"expected the table {MARK}, found none in refused. {advice}" in refused(data)
    assert [one.found for one in examine(data) if one.what == "connection"] == ["0 tables in refused"]

    push(data)
    assert [one.found for one in examine(data) if one.what == "connection"] == ["1 tables in refused"]
    administer("DROP TABLE refused.shipments")
    assert f"expected the table shipments, found none in refused. {advice}" in refused(data)

    push(data)
    extract = data / "raw" / "parcels.csv"
    extract.write_text("\n".join(extract.read_text().splitlines()[:-1]) + "\n", encoding="utf-8")
    assert advice in refused(data)

    push(data)
    cube = open_cube(data)
    assert cube.total("shipments", cube.looks())["due_n"].sum() == 2799


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("PARCELS_PASSWORD", "WRONG_PASSWORD", "password authentication failed"),
        (r":\d+/postgres", ":1/postgres", "refused"),
        ("/postgres", "/no_such_base", 'database "no_such_base" does not exist'),
        (r"\+psycopg", "+no_such_driver", "no_such_driver"),
        (r"postgresql\+psycopg", "oracle", "found 'oracle'"),
        ("PARCELS_PASSWORD", "NO_SUCH_NAME", "NO_SUCH_NAME in the environment, found nothing"),
    ],
)
def test_a_connection_that_does_not_open_is_one_line(tmp_path, monkeypatch, address, old, new, told):
    """Secret, port, database, driver, kind, environment."""
    monkeypatch.setenv("WRONG_PASSWORD", f"not-{ESCAPED}")
    data = workbook(tmp_path, re.sub(old, new, address), "nothing")

    assert re.search(told, refused(data))


@pytest.mark.slow
def test_a_connection_that_drops_in_the_middle_leaves_nothing_half_written(tmp_path, address, administer):
    """One line; what was kept before stays, and who asks again gets all."""
    data = workbook(tmp_path, address, "dropped")
    push(data)
    cube = open_cube(data)
    looks = cube.looks()
    cube.total("shipments", looks[:5])
    kept = (data / "cube" / "shipments.parquet").read_bytes()
    administer(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )

    with pytest.raises(DataError, match=r"expected an answer, found .*terminat") as caught:
        cube.total("shipments", looks)
    assert "\n" not in str(caught.value)
    assert (data / "cube" / "shipments.parquet").read_bytes() == kept
    assert cube.total("shipments", looks)["due_n"].sum() == 2800


@pytest.mark.slow
def test_a_push_that_ends_in_the_middle_leaves_the_tables_of_before(tmp_path, address, administer):
    """Readers of PostgreSQL see the old tables until all are there."""
    data = workbook(tmp_path, address, "halfway")
    push(data)
    session = opened(read_settings(data), {"PARCELS_PASSWORD": ESCAPED})

    def tables():
        yield MARK, pa.table({"state": ["another"]}).to_reader()
        yield "shipments", pa.table({"shipment_id": ["one"]}).to_reader()
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        session.take_in(tables())
    session.close()

    assert administer("SELECT count(*) FROM halfway.shipments") == [(2800,)]
    assert len(open_cube(data).total("shipments", open_cube(data).looks())) == 20


@pytest.mark.slow
def test_a_report_whose_warehouse_is_gone_fails_in_one_line_and_keeps_the_secret(tmp_path, address):
    """Of one notebook: exit code 1. Nowhere the password: terminal, executed notebook, manifest, any file."""
    workbook(tmp_path / "gone", address.replace("/postgres", "/no_such_base"), "nothing")
    make_workbook(tmp_path)
    put_notebooks(tmp_path, "Other", 'ts.open_week("2026-W21", data="gone/data").opening()')
    command = [str(Path(sys.executable).with_name("tallysheet")), "report", "--only", "20_other"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stderr
    assert 'database "no_such_base" does not exist' in done.stderr
    told = done.stdout + done.stderr
    assert SECRET not in told and ESCAPED not in told and "Traceback" not in told
    executed = [path for path in tmp_path.rglob("*.ipynb") if "no_such_base" in path.read_text("utf-8")]
    assert any("runs" in path.parts for path in executed)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert SECRET.encode() not in content and ESCAPED.encode() not in content, path


@pytest.mark.slow
def test_tables_that_a_team_has_mapped_are_added_up_without_extracts(tmp_path, address, administer):
    """A view of other columns, no source, no push: the same KPIs; new rows are seen."""
    here = ts.open_week("2026-W21", data=make_workbook(tmp_path / "here"))
    push(workbook(tmp_path / "pushed", address, "mart"))
    administer("CREATE SCHEMA IF NOT EXISTS mapped")
    administer(
        "CREATE OR REPLACE VIEW mapped.shipments AS "
        "SELECT shipment_id, flow, carrier, origin, promised_date, promised_at, delivered_at, status, "
        "known_at, loaded_at, NULL::timestamp AS replaced_at, 'more' AS more FROM mart.shipments"
    )
    data = workbook(tmp_path / "there", address, "mapped")
    path = data / "workbook.toml"
    path.write_text(path.read_text().replace('"mapped" }', '"mapped", mapped = true }'), encoding="utf-8")
    with pytest.raises(DataError, match="mapped tables, or sources that are loaded, found both"):
        ts.open_week(data=data)
    path.write_text(path.read_text().replace('["parcels"]', "[]"), encoding="utf-8")
    there = ts.open_week("2026-W21", data=data)

    pd.testing.assert_frame_equal(there.kpis, here.kpis)
    assert there.ledger.elsewhere == ("shipments",)
    assert gaps(there.cube, there.week, ["shipments"], 0.5) == []
    days = [
        days_with_rows(week.ledger, week.settings, week.cube.span.last_day, lambda: open_tables(here.ledger))
        for week in (there, here)
    ]
    assert sorted(days[0]["day"]) == sorted(days[1]["day"]) != []
    less = "DELETE FROM mart.shipments WHERE shipment_id = (SELECT max(shipment_id) FROM mart.shipments)"
    clean = there.settings.data / "clean"
    with held(clean, mapped_record(there.settings)):
        administer(less)
        assert ts.open_week(data=data).ledger.state == there.ledger.state
        assert ts.load(data).state != there.ledger.state
        assert there.ledger.folder.is_dir()
        during = ts.open_week(data=data).ledger
        assert (during.state, during.elsewhere) == (there.ledger.state, ("shipments",))
    assert ts.open_week(data=data).ledger.state != there.ledger.state
    administer(less)
    ts.load(data)
    assert not there.ledger.folder.exists()


# ---- A workbook whose facts are added up by Spark ----


@SPARK
@pytest.mark.slow
def test_a_workbook_shows_the_same_from_spark_and_half_a_push_is_seen(tmp_path):
    """All KPIs of a week; then a push that ended in the middle, and a table that is gone."""
    here = ts.open_week("2026-W21", data=make_workbook(tmp_path / "here"))
    data = workbook(tmp_path / "there", "local[2]", "")
    push(data)

    pd.testing.assert_frame_equal(ts.open_week("2026-W21", data=data).kpis, here.kpis)
    shutil.rmtree(data / "cube")
    shutil.rmtree(data / "warehouse" / MARK)
    assert f"expected the table {MARK}, found none there. Run tallysheet push" in refused(data)
    push(data)
    (data / "warehouse" / "shipments" / "rows.parquet").write_bytes(b"no Parquet")
    assert "\n" not in refused(data)


# ---- What workbook.toml may say ----


def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path):
    """A password and a token; neither is repeated."""
    data = make_workbook(tmp_path)
    for url in ("postgresql://reader:canary@host/base", "sc://host:15002/;token=canary"):
        connect_to(data, url)
        with pytest.raises(DataError, match="a secret that comes from the environment") as caught:
            read_settings(data)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize("written_there", ["3", "{ url = 3 }", '{ address = "duckdb" }', '{ url = "" }'])
def test_a_connection_of_another_form_is_refused(tmp_path, written_there):
    """A URL, or url and schema."""
    data = make_workbook(tmp_path)
    path = data / "workbook.toml"
    path.write_text(path.read_text() + f"connection = {written_there}\n", encoding="utf-8")

    with pytest.raises(DataError, match="connection: expected"):
        read_settings(data)


def test_without_a_connection_there_is_nowhere_to_push_to(tmp_path):
    """DuckDB reads the clean tables where they are."""
    data = make_workbook(tmp_path)
    connect_to(data, "duckdb")

    assert read_settings(data).connection.is_here
    with pytest.raises(UsageError, match="an engine beside DuckDB"):
        push(data)


def test_nothing_of_it_is_imported_without_a_connection():
    """SQLAlchemy, sqlglot and Spark take a second to import."""
    heavy = "('sqlalchemy', 'sqlglot', 'pyspark')"
    code = f"import sys, tallysheet.week; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
