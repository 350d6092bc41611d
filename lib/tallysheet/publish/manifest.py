"""What a run says of itself: what it read, with what it was made, and what came of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tallysheet
from tallysheet import opening
from tallysheet.language import Language
from tallysheet.publish.plan import Edition, Task
from tallysheet.week import Week

FORMAT = 2
"""Of a week's manifest; one of another format counts as none."""


def manifest(
    week: Week,
    plan: Sequence[tuple[Task, Edition]],
    parameters: Mapping[str, Any],
    run: str,
    started_at: dt.datetime,
    made: Mapping[str, bytes],
    beside: Mapping[str, bytes],
    failed: Mapping[str, str],
) -> str:
    """Write a run's manifest.

    Parameters
    ----------
    week : Week
    plan : sequence of (Task, Edition)
        What was to be made.
    parameters : mapping
        What every notebook got.
    run : str
        Name of the run.
    started_at : datetime
        UTC.
    made, beside : mapping of str to bytes
        Pages and other files by their path in the week's folder.
    failed : mapping of str to str
        Why a page was not made, by its name.

    Returns
    -------
    str
        JSON.
    """
    languages: dict[str, Language] = {}
    for _, edition in plan:
        languages.setdefault(edition.language.code, edition.language)
    reports = [
        {
            "notebook": task.notebook,
            "name": task.page,
            "language": edition.language.code,
            "audience": edition.audience,
            "page": edition.folder + edition.file(task.page),
            "sha256": _digest(made.get(edition.folder + edition.file(task.page))),
            "error": failed.get(task.page),
        }
        for task, edition in plan
    ]
    told = {
        "format": FORMAT,
        "week": str(week.week),
        "run": run,
        "started_at": started_at.isoformat(),
        "tallysheet": tallysheet.__version__,
        "parameters": {name: value for name, value in parameters.items() if name != "data"},
        "as_of": week.cube.as_of.isoformat(),
        "state": week.ledger.state,
        "inputs": week.ledger.files.to_dict("records"),
        "headline": {code: opening.first_sentences(week.told, one)[0] for code, one in languages.items()},
        "count": {code: opening.count_line(week.told, one) for code, one in languages.items()},
        "final": sum(bool(mature) for mature in week.kpis["mature"]),
        "kpis": len(week.kpis),
        "reports": reports,
        "files": {file: _digest(content) for file, content in beside.items()},
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


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
    if old is None:
        return found
    new = json.loads(found)
    made = {report["page"] for report in new["reports"]}
    new["reports"] += [report for report in old["reports"] if report["page"] not in made]
    for told in ("headline", "count"):
        new[told] = old[told] | new[told]
    new["files"] = old.get("files", {}) | new["files"]
    return json.dumps(new, indent=1, ensure_ascii=False) + "\n"


def read_manifest(path: Path) -> dict[str, Any] | None:
    """Read a manifest; None where there is none of this format."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found if found.get("format") == FORMAT else None
