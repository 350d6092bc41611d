"""Entries for a scheduler: every Monday at 07:00 in Paris, all weeks that are due."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

_CRON = """\
# crontab -e; two runs at once do no harm: the second says who is at it.
CRON_TZ=Europe/Paris
# TALLYSHEET_NOTIFY=mailtos://... (secret: crontab -l shows it)
0 7 * * 1 {run}
"""

_SYSTEMD = """\
# ~/.config/systemd/user/tallysheet.service
[Unit]
Description=Weekly logistics report

[Service]
Type=oneshot
WorkingDirectory={folder}
# A file that only you can read, with the line TALLYSHEET_NOTIFY=...
EnvironmentFile=-%h/.config/tallysheet.env
ExecStart={program} {arguments}

# ~/.config/systemd/user/tallysheet.timer; then: systemctl --user enable --now tallysheet.timer
[Unit]
Description=Weekly logistics report on Mondays

[Timer]
OnCalendar=Mon *-*-* 07:00:00 Europe/Paris
Persistent=true

[Install]
WantedBy=timers.target
"""

_GITHUB = """\
# .github/workflows/weekly.yml
name: weekly report
on:
  schedule:
    # UTC: 07:00 in Paris while summer time lasts, 06:00 in winter.
    - cron: "0 5 * * 1"
  workflow_dispatch:
concurrency: weekly-report
jobs:
  report:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      # What was published and told before, so that only what is due is made.
      - uses: actions/cache@v4
        with:
          path: reports
          key: reports-${{ github.run_id }}
          restore-keys: reports-
      # Fetch the extracts into data/raw before this step.
      - run: make report ARGS="{arguments}"
        env:
          TALLYSHEET_NOTIFY: ${{ secrets.TALLYSHEET_NOTIFY }}
      - if: always()
        uses: actions/upload-artifact@v4
        with:
          name: reports
          path: reports
"""

_AIRFLOW = '''\
"""dags/tallysheet_weekly.py: the weekly logistics report, for Airflow 3."""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    dag_id="tallysheet_weekly",
    schedule="0 7 * * 1",
    start_date=pendulum.datetime(2026, 1, 5, tz="Europe/Paris"),
    catchup=False,  # the command itself catches up
    max_active_runs=1,
):
    BashOperator(
        task_id="report",
        bash_command={run},
        # TALLYSHEET_NOTIFY comes from the worker's own environment.
        append_env=True,
        retries=2,
        retry_delay=timedelta(minutes=15),
    )
'''


def entry(scheduler: str, folder: Path, program: Path, data: str = "data") -> str:
    """Write an entry for a scheduler.

    Parameters
    ----------
    scheduler : {"cron", "systemd", "github", "airflow"}
    folder : Path
        The workbook's, with notebooks/ and reports/.
    program : Path
        The command tallysheet.
    data : str
        The data folder, from the workbook's.

    Returns
    -------
    str
        For systemd two files, each with its name above it.

    Examples
    --------
    >>> print(entry("cron", Path("/srv/my report"), Path("/srv/bin/tallysheet")).splitlines()[-1])
    0 7 * * 1 cd '/srv/my report' && /srv/bin/tallysheet report --catch-up
    """
    words = ["report", "--catch-up", *([] if data == "data" else ["--data", data])]
    arguments = shlex.join(words)
    if scheduler == "github":
        return _GITHUB.replace("{arguments}", shlex.join(words[1:]))
    if scheduler == "systemd":
        # A percent sign would be a specifier; a folder is taken as it stands, a program may have quotes.
        place, quoted, told = (part.replace("%", "%%") for part in (str(folder), f'"{program}"', arguments))
        return _SYSTEMD.format(folder=place, program=quoted, arguments=told)
    run = f"cd {shlex.quote(str(folder))} && {shlex.quote(str(program))} {arguments}"
    if scheduler == "airflow":
        return _AIRFLOW.replace("{run}", repr(run))
    return _CRON.replace("{run}", run.replace("%", "\\%"))  # in a crontab a percent sign ends the command


def own_program() -> Path:
    """Give the command that stands beside the running Python."""
    return Path(sys.executable).with_name("tallysheet")
