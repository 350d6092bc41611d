"""Where the weekly reports stand: the last runs, what is due, what is stale, whether anybody is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tallysheet.notify import is_set
from tallysheet.publish.alone import at_work, last_stop
from tallysheet.publish.folders import check_owner, damaged_manifests, manifests_of, published_weeks
from tallysheet.publish.keys import page_keys
from tallysheet.publish.manifest import read_manifest
from tallysheet.publish.plan import jobs_of
from tallysheet.publish.report import data_parameter, due_weeks
from tallysheet.settings import Settings, read_settings
from tallysheet.sources import workbook_language
from tallysheet.week import open_week

MOST_RUNS = 10


@dataclass(frozen=True)
class Run:
    """A run of a week.

    Parameters
    ----------
    week, run : str
        The run's name is when it began, UTC.
    finished : bool
        Whether it wrote what became of it; one that was killed or is at work did not, nor, in today's
        format, one of an earlier version.
    made : int
        Pages that it made itself.
    failed : dict of str to str
        Page to why.
    seconds : float
        How long the notebooks of its pages ran, added up.
    as_of : str
        What was known then; empty if it did not finish.
    """

    week: str
    run: str
    finished: bool
    made: int
    failed: dict[str, str]
    seconds: float
    as_of: str


@dataclass(frozen=True)
class Status:
    """Where the reports stand.

    Parameters
    ----------
    runs : list of Run
        The last ten, the newest first.
    at_work : str
        The run that is at work: its process, and since when; empty: none is.
    stopped : str
        When the last run began, and why it stopped before its weeks were done; empty: it did not.
    due : list of str
        Complete weeks that `tallysheet report --catch-up` would publish.
    failed : dict of str to list of str
        Week to the pages of it that failed when they were last made.
    stale : list of str
        Pages of the latest complete week that are no longer what they would be if made now, or whose
        notebook is gone.
    damaged : dict of str to str
        Week to its manifest, as seen from the workbook's folder, where that cannot be read.
    told : bool
        Whether the environment names anybody to tell.
    """

    runs: list[Run]
    at_work: str
    stopped: str
    due: list[str]
    failed: dict[str, list[str]]
    stale: list[str]
    damaged: dict[str, str]
    told: bool

    @property
    def is_well(self) -> bool:
        """Tell whether nothing stopped, is due, failed or damaged; the next run mends what is stale."""
        return not (self.stopped or self.due or self.failed or self.damaged)

    def as_json(self) -> dict[str, Any]:
        """Give all of it, for a program."""
        return asdict(self)


def status_of(data: str | Path = "data") -> Status:
    """Find out where a workbook's reports stand; nothing is loaded, run or written but the cube's own cache.

    Parameters
    ----------
    data : str or Path
    """
    settings = read_settings(data)
    reports = settings.reports
    check_owner(settings, data_parameter(settings))
    latest = open_week(None, data=settings.data, lang=settings.languages[0])
    manifests = manifests_of(reports)
    failed = {
        str(week): [report["page"] for report in told["reports"] if report["error"]]
        for week, told in sorted(manifests.items())
    }
    newest = manifests.get(latest.week)
    return Status(
        runs=_last_runs(reports),
        at_work=at_work(reports),
        stopped=last_stop(reports),
        due=[str(week) for week in due_weeks(latest, reports)],
        failed={week: pages for week, pages in failed.items() if pages},
        stale=_stale(settings, newest) if newest else [],
        damaged={
            str(week): path.relative_to(settings.root).as_posix()
            for week, path in damaged_manifests(reports).items()
        },
        told=is_set(),
    )


def _last_runs(reports: Path) -> list[Run]:
    found = (folder for week in published_weeks(reports) for folder in week.glob("runs/*/"))
    folders = sorted(found, key=lambda path: path.name, reverse=True)
    return [_run(folder) for folder in folders[:MOST_RUNS]]


def _run(folder: Path) -> Run:
    told = read_manifest(folder / "manifest.json")
    week, name = folder.parents[1].name, folder.name
    if told is None:
        return Run(week, name, False, 0, {}, 0.0, "")
    own = [report for report in told["reports"] if report["made_by"] == name]
    failed = {report["page"]: report["error"] for report in told["reports"] if report["error"]}
    seconds = round(sum(report["seconds"] for report in own), 1)
    return Run(week, name, True, len(own), failed, seconds, told["as_of"])


def _stale(settings: Settings, told: dict[str, Any]) -> list[str]:
    """Compare what pages were made of with what they would be made of now, with the same parameters."""
    given = {**told["parameters"], "data": data_parameter(settings)}
    first = workbook_language(settings, settings.languages[0])
    codes = dict.fromkeys(report["language"] for report in told["reports"])
    languages = [workbook_language(settings, code) for code in codes]
    week = open_week(
        told["week"],
        data=settings.data,
        base=given["base"],
        as_of=given["as_of"] or None,
        lang=settings.languages[0],
    )
    others = (report["notebook"] for report in told["reports"])
    there = [name for name in others if (settings.root / "notebooks" / f"{name}.ipynb").is_file()]
    jobs = jobs_of(settings, list(dict.fromkeys([*settings.notebooks, *there])), languages, first, given)
    now = {job.file: key for job, key in zip(jobs, page_keys(week, jobs), strict=True)}
    return [report["page"] for report in told["reports"] if now.get(report["page"]) != report["key"]]
