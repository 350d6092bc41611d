"""What a week is compared with: the weeks of a base."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from tallysheet.errors import UsageError, check_type
from tallysheet.weeks import IsoWeek, week_of_day

_OFFERED = "one of previous, last-4, year-ago or a week such as 2013-W17, in explain() also target"


def base_weeks(
    base: str, week: IsoWeek, weeks: Sequence[IsoWeek], unjudged: Container[IsoWeek] = ()
) -> tuple[IsoWeek, ...]:
    """Find the weeks of a base.

    Parameters
    ----------
    base : str
        ``previous``, ``last-4`` (fewer where the data begins later), ``year-ago`` (364 days) or a week.
    week : IsoWeek
        The week that is compared.
    weeks : sequence of IsoWeek
        The weeks in the data.
    unjudged : container of IsoWeek
        Weeks that are left out where the base has others: incomplete or not final.

    Raises
    ------
    UsageError
        The base is of a wrong form, outside the data, or the week itself.

    Examples
    --------
    >>> week = IsoWeek(2013, 3)
    >>> [str(found) for found in base_weeks("previous", week, [IsoWeek(2013, 2), week])]
    ['2013-W02']
    """
    check_type("base", base, str, _OFFERED)
    wanted = {
        "previous": [week.shift(-1)],
        "last-4": [week.shift(-step) for step in (4, 3, 2, 1)],
        "year-ago": [week.year_ago],
        "target": [week.shift(-1)],
    }.get(base)
    if wanted is None:
        if not re.fullmatch(r"\d{4}-W\d{2}", base):
            raise UsageError("base", _OFFERED, repr(base), f"Choose one of them{week_of_day(base)}.")
        wanted = [IsoWeek.parse(base)]
    found = [candidate for candidate in wanted if candidate in weeks and candidate != week]
    if base == "target":
        return tuple(found) or (week,)
    if not found:
        raise UsageError(
            "base", f"{data_span(weeks)}, other than {week}", base, "Choose a base that the data holds."
        )
    return tuple(candidate for candidate in found if candidate not in unjudged) or tuple(found)


def earlier_weeks(base: str, week: IsoWeek, weeks: Sequence[IsoWeek]) -> tuple[IsoWeek, ...]:
    """Find the weeks of a base, and refuse a later week: less is known of it than of this one.

    Raises
    ------
    UsageError
        Also as `base_weeks`.
    """
    found = base_weeks(base, week, weeks)
    if max(found) > week:
        advice = f"Open {base} and compare it with {week}."
        raise UsageError("base", f"weeks before {week}", base, advice)
    return found


def check_base(base: str, week: IsoWeek, weeks: Sequence[IsoWeek]) -> None:
    """Refuse a base that is not one for all KPIs: a later week, or targets, which few have.

    Raises
    ------
    UsageError
    """
    if base == "target":
        raise UsageError("base", "weeks", repr(base), "Give it to explain() of a KPI that has a target.")
    earlier_weeks(base, week, weeks)


def check_week(week: IsoWeek, weeks: Sequence[IsoWeek]) -> None:
    """Refuse a week that is not among those with data.

    Raises
    ------
    UsageError
    """
    if week not in weeks:
        raise UsageError("week", data_span(weeks), str(week), "Choose a week that the data holds.")


def data_span(weeks: Sequence[IsoWeek]) -> str:
    """Say which weeks the data holds."""
    return f"a week between {min(weeks)} and {max(weeks)}" if weeks else "a week with data"
