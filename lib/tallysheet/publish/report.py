"""A report from the extracts to the pages: of one week, or of all that are due."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallysheet.clean import load, only_load
from tallysheet.coverage import sentence
from tallysheet.errors import ReportError, UsageError
from tallysheet.execute import import_no_grammars
from tallysheet.held import held
from tallysheet.language import Language
from tallysheet.ledger import read_record
from tallysheet.publish.alone import only_run
from tallysheet.publish.folders import check_owner, manifests_of
from tallysheet.publish.making import Watch
from tallysheet.publish.plan import check_notebook_names
from tallysheet.publish.weekly import Published, publish_week
from tallysheet.settings import Settings, read_settings
from tallysheet.sources import workbook_language
from tallysheet.warehouse.mapped import mapped_record
from tallysheet.warm_kernel import Kernels, warm_kernels
from tallysheet.week import Week, open_week
from tallysheet.weeks import IsoWeek

MOST_WEEKS = 13
"""So many weeks are caught up at most: a quarter of a year."""
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES}


@dataclass(frozen=True)
class Wanted:
    """What is to be reported.

    Parameters
    ----------
    week : str or None
        None is the latest that the data covers wholly.
    base, as_of : str
        As `tallysheet.open_week` takes them; as_of may be empty.
    only : sequence of str
        Notebooks; none: all of the workbook.
    languages : sequence of str or None
        Codes; None: the workbook's.
    workers : int
        Notebooks that run at a time.
    force : bool
        Whether to make also what has not changed.
    warm : bool
        Whether kernels may be forked from one that has imported everything.
    """

    week: str | None = None
    base: str = "last-4"
    as_of: str = ""
    only: Sequence[str] = ()
    languages: Sequence[str] | None = None
    workers: int = 1
    force: bool = False
    warm: bool = True


def report(
    wanted: Wanted, data: str | Path, started_at: dt.datetime, watch: Watch, *, catch_up: bool = False
) -> Iterator[Published]:
    """Load what is new and publish a week, or each week that is due, the oldest first.

    Parameters
    ----------
    wanted : Wanted
    data : str or Path
    started_at : datetime
        UTC.
    watch : callable
        Told of each page as it is done.
    catch_up : bool
        Whether to publish every complete week after the last one of which all pages are published, a
        quarter of a year at most; of a workbook without one the latest alone.

    Raises
    ------
    UsageError, DataError
        Nothing was published.
    ReportError
        Another run is at it, or there is no room for files.
    """
    import_no_grammars()
    settings = read_settings(data)
    codes = wanted.languages or settings.languages
    known = {code: workbook_language(settings, code) for code in [settings.languages[0], *codes]}
    languages = [known[code] for code in dict.fromkeys(codes)]
    names = check_notebook_names(settings, wanted.only)
    reports = settings.reports
    check_owner(settings, data_parameter(settings))
    _check_writable(reports)
    with _room_in(settings.root), only_run(reports, started_at), contextlib.ExitStack() as run:
        load(data)  # once a run every file is read again; the notebooks trust that
        _hold(run, settings)
        latest = _open(wanted.week, wanted, settings)
        with warm_kernels(wanted.warm) as kernels:
            for week in due_weeks(latest, reports) if catch_up else [latest.week]:
                chosen = latest if week == latest.week else _open(str(week), wanted, settings)
                yield _publish(chosen, wanted, names, languages, started_at, watch, kernels)


def _hold(run: contextlib.ExitStack, settings: Settings) -> None:
    """Keep what was loaded until a run ends; of mapped tables: what there was of them, and the small ones."""
    clean = settings.data / "clean"
    with only_load(clean):
        is_mapped = settings.connection.mapped
        record = mapped_record(settings) if is_mapped else read_record(clean / "ledger.json")
        run.enter_context(held(clean, record))


@contextlib.contextmanager
def _room_in(root: Path) -> Iterator[None]:
    """Say in one line that files find no room; anything else that goes wrong with them is a fault of ours."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise ReportError(
            str(error.filename or root),
            "room that can be written to",
            f"{error.strerror}",
            "Make room; what was published before stays, and the next run makes the rest.",
        ) from None


def _open(week: str | None, wanted: Wanted, settings: Settings) -> Week:
    first, as_of = settings.languages[0], wanted.as_of or None
    return open_week(week, data=settings.data, base=wanted.base, as_of=as_of, lang=first)


def due_weeks(latest: Week, reports: Path) -> list[IsoWeek]:
    """List the complete weeks after the last that is published as a whole: what a catch-up would publish."""
    whole = [week for week, told in manifests_of(reports).items() if _is_good(told)]
    weeks = [week for week in latest.cube.weeks if not whole or week > max(whole)]
    return (weeks if whole else weeks[-1:])[-MOST_WEEKS:]


def _is_good(told: dict[str, Any]) -> bool:
    return not any(report["error"] for report in told["reports"])


def _publish(
    week: Week,
    wanted: Wanted,
    names: Sequence[str],
    languages: Sequence[Language],
    started_at: dt.datetime,
    watch: Watch,
    kernels: Kernels,
) -> Published:
    if week.gaps and week.settings.gate.otherwise == "refuse":
        told = " ".join(sentence(gap, week.language) for gap in week.gaps)
        folder = week.settings.reports / str(week.week)
        return Published(folder, (), {}, f"{week.week} is not whole enough for a report. {told}")
    parameters = {
        "week": str(week.week),
        "base": wanted.base,
        "as_of": wanted.as_of,
        "data": data_parameter(week.settings),
    }
    return publish_week(
        week,
        names,
        languages,
        parameters,
        started_at,
        workers=wanted.workers,
        force=wanted.force,
        watch=watch,
        kernels=kernels,
    )


def data_parameter(settings: Settings) -> str:
    """Name the data folder to a notebook, in the same words wherever the workbook is."""
    root, data = settings.root, settings.data
    return data.relative_to(root).as_posix() if data.is_relative_to(root) else str(data)


def _check_writable(folder: Path) -> None:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK):
        advice = "Change its permissions."
        raise UsageError(str(there), "a folder that can be written to", "one that cannot", advice)
