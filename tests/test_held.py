"""A run works with one state of the data, whatever is loaded meanwhile."""

import datetime as dt
import os
import signal
import subprocess
import sys

import pytest
from small_workbook import make_workbook, rows

import tallysheet as ts
from tallysheet.errors import DataError
from tallysheet.forget import forget
from tallysheet.held import held
from tallysheet.ledger import read_record

MORE = "2026-05-20-XYZ-1,XYZ,PAR,2026-05-20,2026-05-20 12:00:00\r\n"
HOLDING = """
import sys, time
from pathlib import Path
from tallysheet.held import held
from tallysheet.ledger import read_record

clean = Path(sys.argv[1])
with held(clean, read_record(clean / "ledger.json")):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def data(tmp_path):
    return make_workbook(tmp_path, rows(3))


def add(data) -> None:
    """Let another extract's rows arrive."""
    with (data / "raw" / "parcels.csv").open("a", newline="", encoding="utf-8") as file:
        file.write(MORE)


def record_of(data) -> dict:
    return read_record(data / "clean" / "ledger.json")


def parcels(data) -> int:
    opened = ts.open_week(data=data)
    assert opened.ledger.files["good"].sum() == opened.sql("SELECT count(*) AS n FROM shipments")["n"][0]
    return int(opened.ledger.files["good"].sum())


def states(data) -> set[str]:
    folders = [path for kind in ("clean", "quarantine") for path in (data / kind).iterdir() if path.is_dir()]
    return {path.name for path in folders} - {"checked"}


def test_a_held_state_stays_though_another_is_loaded(data):
    """A week that is opened meanwhile is of that state; afterwards the newest counts, and alone stays."""
    first = ts.load(data)
    count = parcels(data)

    with held(data / "clean", record_of(data)):
        add(data)
        assert parcels(data) == count
        second = ts.load(data)
        assert states(data) == {first.state, second.state}
        assert parcels(data) == count
        assert ts.open_week(data=data).ledger.files.equals(first.files)

    assert parcels(data) == count + 1
    assert states(data) == {second.state}
    assert list((data / "clean").glob("*.held")) == []


def test_another_workbook_is_not_held(data, tmp_path):
    """A notebook may open the week of another one beside its own."""
    other = make_workbook(tmp_path / "other", rows(4))
    ts.load(data)
    count = parcels(other)

    with held(data / "clean", record_of(data)):
        add(other)
        assert parcels(other) == count + 1


def test_a_run_that_is_killed_holds_nothing(data):
    """The next load removes what it held."""
    ts.load(data)
    run = subprocess.Popen([sys.executable, "-c", HOLDING, data / "clean"], stdout=subprocess.PIPE)
    run.stdout.readline()
    add(data)
    ts.load(data)
    assert len(states(data)) == 2

    os.kill(run.pid, signal.SIGKILL)
    run.communicate()

    assert {ts.load(data).state} == states(data)
    assert list((data / "clean").glob("*.held")) == []


def test_what_is_forgotten_while_a_run_holds_it_is_an_error(data):
    """No page of the run may be of what is left."""
    first = ts.load(data)

    with held(data / "clean", record_of(data)):
        forget(dt.date(2026, 1, 12), data)
        with pytest.raises(DataError, match=f"{first.state}.*: expected what the run began with, found none"):
            ts.open_week(data=data)

    assert ts.open_week(data=data).ledger.state != first.state
