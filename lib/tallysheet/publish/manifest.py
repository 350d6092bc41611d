"""What a run says of itself: what it read, with what it was made, and what came of it."""

from __future__ import annotations

import datetime as dt
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tallysheet import opening
from tallysheet.language import Language
from tallysheet.publish.made import Made
from tallysheet.publish.plan import Job
from tallysheet.publish.versions import versions
from tallysheet.unpack import sha256
from tallysheet.week import Week

FORMAT = 3
"""Of a week's manifest; one of another format counts as none."""


def manifest(
    week: Week,
    jobs: Mapping[str, Job],
    made: Mapping[str, Made],
    failed: Mapping[str, str],
    parameters: Mapping[str, Any],
    run: str,
    started_at: dt.datetime,
) -> str:
    """Write a run's manifest.

    Parameters
    ----------
    week : Week
    jobs : mapping of str to Job
        What was to be made, by key.
    made : mapping of str to Made
        What there is now, by key.
    failed : mapping of str to str
        Why a page was not made, by its name.
    parameters : mapping
        What every notebook got.
    run : str
        Name of the run.
    started_at : datetime
        UTC.

    Returns
    -------
    str
        JSON.
    """
    languages: dict[str, Language] = {}
    for job in jobs.values():
        languages.setdefault(job.edition.language.code, job.edition.language)
    reports = [_report(key, job, made.get(key), failed.get(job.task.page)) for key, job in jobs.items()]
    beside = [file for one in made.values() for file in list(one.files.items())[1:]]
    told = {
        "format": FORMAT,
        "week": str(week.week),
        "workbook": parameters["data"],
        "run": run,
        "started_at": started_at.isoformat(),
        "versions": {"python": platform.python_version(), **versions()},
        "parameters": {name: value for name, value in parameters.items() if name != "data"},
        "as_of": week.cube.as_of.isoformat(),
        "state": week.ledger.state,
        "inputs": week.ledger.files.to_dict("records"),
        "headline": {code: opening.first_sentences(week.told, one)[0] for code, one in languages.items()},
        "count": {code: opening.count_line(week.told, one) for code, one in languages.items()},
        "final": sum(bool(mature) for mature in week.kpis["mature"]),
        "kpis": len(week.kpis),
        "gaps": [
            {"table": gap.table, "share": round(gap.share, 3), "days": [str(day) for day in gap.days]}
            for gap in week.gaps
        ],
        "verdicts": {str(code): int(n) for code, n in week.verdicts["code"].value_counts().items()},
        "reports": reports,
        "files": dict(beside),
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _report(key: str, job: Job, made: Made | None, error: str | None) -> dict[str, Any]:
    return {
        "notebook": job.task.notebook,
        "notebook_sha256": sha256(job.source),
        "name": job.task.page,
        "language": job.edition.language.code,
        "audience": job.edition.audience,
        "parameters": {name: value for name, value in job.parameters.items() if name != "data"},
        "page": job.file,
        "key": key,
        "made_by": made.run if made else None,
        "sha256": made.files[job.file] if made else None,
        "seconds": round(made.seconds, 2) if made else None,
        "error": error,
    }


def with_earlier_reports(found: str, path: Path) -> str:
    """Keep what an earlier run said of pages and files that this one did not make; the index keeps them.

    Parameters
    ----------
    found : str
        The new run's manifest, JSON.
    path : Path
        The week's manifest so far, if there is one.
    """
    old = read_manifest(path)
    new = json.loads(found)
    if old is None or old["week"] != new["week"]:  # a copy of another week's folder
        return found
    made = {report["page"] for report in new["reports"]}
    new["reports"] += [report for report in old["reports"] if report["page"] not in made]
    for told in ("headline", "count"):
        new[told] = old[told] | new[told]
    new["files"] = old["files"] | new["files"]
    return json.dumps(new, indent=1, ensure_ascii=False) + "\n"


def read_manifest(path: Path) -> dict[str, Any] | None:
    """Read a manifest; None where there is none of this format, or a damaged one: a report writes it anew."""
    found = _parsed(path) if path.is_file() else None
    return found if found and found.get("format") == FORMAT else None


def is_damaged(path: Path) -> bool:
    """Tell whether a manifest is there, but cut off or written over."""
    return path.is_file() and _parsed(path) is None


def _parsed(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
