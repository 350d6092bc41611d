"""Entries for schedulers are what each scheduler reads."""

import ast
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from tallysheet.cli import main
from tallysheet.schedule import entry

FOLDER, PROGRAM = Path("/srv/log 100%"), Path("/srv/venv/bin/tallysheet")


def files(text: str) -> dict[str, str]:
    """Split what is printed for systemd at the lines that name a file."""
    found: dict[str, str] = {}
    for line in text.splitlines(keepends=True):
        if line.startswith("# ~/"):
            name = Path(line[2:].split(";")[0].strip()).name
            found[name] = ""
        found[name] += line
    return found


def test_cron_runs_in_the_workbook_on_mondays_at_seven_in_paris():
    """The time zone stands above the line, and a percent sign does not end the command."""
    lines = [line for line in entry("cron", FOLDER, PROGRAM).splitlines() if line[0] != "#"]
    run = lines[1].removeprefix("0 7 * * 1 ")

    assert lines[0] == "CRON_TZ=Europe/Paris"
    assert shlex.split(run.replace("\\%", "%")) == [
        *("cd", "/srv/log 100%", "&&", "/srv/venv/bin/tallysheet", "report", "--catch-up")
    ]
    assert run.count("%") == run.count("\\%") == 1


def test_another_data_folder_is_named():
    """A second workbook inside the first is scheduled with its own data."""
    for scheduler in ("cron", "systemd", "airflow"):
        assert "report --catch-up --data data/flights" in entry(scheduler, FOLDER, PROGRAM, "data/flights")
    assert 'ARGS="--catch-up --data data/flights"' in entry("github", FOLDER, PROGRAM, "data/flights")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_to_complain_of(tmp_path):
    """Service and timer pass its own check, with a folder that holds a space and a percent sign."""
    folder, program = tmp_path / "log 100%", tmp_path / "my venv" / "tallysheet"
    folder.mkdir()
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    units = files(entry("systemd", folder, program))
    for name, text in units.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", *(str(tmp_path / name) for name in units)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    own = [line for line in done.stderr.splitlines() if "tallysheet" in line]

    assert list(units) == ["tallysheet.service", "tallysheet.timer"]
    assert (done.returncode, own) == (0, [])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_reads_the_time_as_meant():
    """07:00 in Paris is 05:00 UTC in summer; a Monday; made up for if the machine slept."""
    timer = files(entry("systemd", FOLDER, PROGRAM))["tallysheet.timer"]
    when = next(line for line in timer.splitlines() if line.startswith("OnCalendar="))
    command = ["systemd-analyze", "calendar", "--base-time=2026-06-10 00:00:00 UTC", when.split("=")[1]]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={"TZ": "UTC"}).stdout

    assert "Mon 2026-06-15 05:00:00 UTC" in told
    assert "Persistent=true" in timer


def test_github_runs_make_report_and_keeps_the_secret_a_secret():
    """The workflow parses; YAML 1.1 reads `on` as true."""
    text = entry("github", FOLDER, PROGRAM)
    found = yaml.safe_load(text)
    steps = found["jobs"]["report"]["steps"]
    (run,) = [step for step in steps if "run" in step]

    assert found[True]["schedule"] == [{"cron": "0 5 * * 1"}]
    assert run["run"] == 'make report ARGS="--catch-up"'
    assert run["env"] == {"TALLYSHEET_NOTIFY": "${{ secrets.TALLYSHEET_NOTIFY }}"}
    assert "summer time" in text


def test_airflow_reads_a_python_file():
    """Schedule and time zone stand where Airflow looks for them."""
    tree = ast.parse(entry("airflow", FOLDER, PROGRAM))
    given = {
        keyword.arg: keyword.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if isinstance(keyword.value, ast.Constant)
    }

    assert (given["schedule"], given["tz"]) == ("0 7 * * 1", "Europe/Paris")
    assert given["catchup"] is False
    assert shlex.split(given["bash_command"])[:2] == ["cd", "/srv/log 100%"]


def test_the_command_names_the_workbook_where_one_stands(monkeypatch):
    """From a folder inside it too."""
    root = Path(__file__).parents[1]
    monkeypatch.chdir(root / "notebooks")
    result = CliRunner().invoke(main, ["schedule", "cron"])

    assert result.exit_code == 0
    assert f"cd {shlex.quote(str(root))} && " in result.output
    assert CliRunner().invoke(main, ["schedule", "at"]).exit_code == 2
