"""The code that makes what a tab shows: a few calls, and the same numbers by SQL."""

from __future__ import annotations

from collections.abc import Iterator

from tallysheet.engine import literal
from tallysheet.explorer.data_pieces import ALL, refused_sql
from tallysheet.explorer.pieces import rows_sql
from tallysheet.explorer.view import View, quoted

_START = ("import tallysheet as ts", "from tallysheet.explorer import pieces", "")
_DATA = {
    "loaded": ("week.ledger.files   # rows in = good + quarantined + duplicates", "week.ledger.notes"),
    "tables": ('week.sql("SELECT * FROM tables")',),
    "lacking": ("week.available      # the KPIs that the data allows",),
}


def usual_code(view: View) -> str:
    """Write what draws the weeks of a KPI."""
    call = f'pieces.usual(week, "{view.kpi}", "{view.by}"{_part(view)}{_against(view)})'
    return _lines(view, f"{_found(view)}\nfound.history.tail(53)", call, by_week(view))


def parts_code(view: View) -> str:
    """Write what splits a change over a dimension."""
    call = f'pieces.parts(week, "{view.kpi}", "{view.by}"{_part(view)}{_against(view)})'
    return _lines(view, f'{_found(view)}\nfound.parts["{view.by}"]', call, by_part(view))


def over_time_code(view: View) -> str:
    """Write what draws each value of a dimension."""
    call = f'pieces.over_time(week, "{view.kpi}", "{view.by}"{_part(view)})'
    return _lines(view, f'{_kpi(view)}.lines("{view.by}")', call, by_part(view, all_weeks=True))


def behind_code(view: View) -> str:
    """Write what searches for the segments behind a change."""
    call = f'pieces.behind(week, "{view.kpi}", "{view.by}"{_part(view)}{_against(view)})'
    return _lines(view, f"{_found(view)}\nfound.segments", call)


def two_parts_code(view: View, values: tuple[str, str]) -> str:
    """Write what sets two values of a dimension beside each other."""
    chosen = ", ".join(map(quoted, values))
    call = f'pieces.two_parts(week, "{view.kpi}", "{view.by}", ({chosen}){_part(view)})'
    frames = [f"{_kpi(view.inside(value))}.explain(by=())" for value in values]
    return _lines(view, "\n".join(frames), call, by_part(view, all_weeks=True, among=values))


def two_weeks_code(view: View, other: str) -> str:
    """Write what sets the week beside another one."""
    call = f'pieces.two_weeks(week, "{view.kpi}", "{other}", "{view.by}"{_part(view)})'
    return _lines(view, f'found = {_kpi(view)}.explain(base="{other}", {_by(view)})\nfound', call)


def with_target_code(view: View) -> str:
    """Write what sets the week beside its target."""
    call = f'pieces.with_target(week, "{view.kpi}", "{view.by}"{_part(view)})'
    return _lines(view, f'found = {_kpi(view)}.explain(base="target", {_by(view)})\nfound', call)


def rows_code(view: View) -> str:
    """Write what lists the rows behind, and takes them to Excel; where there are none, what counts them."""
    sql = rows_sql(view)
    listed = f'rows = week.sql("""\n{sql}\n""")'
    return _lines(view, listed, 'ts.to_excel(rows, "rows.xlsx")\nrows') if sql else usual_code(view)


def data_code(view: View, what: str, of: str = ALL) -> str:
    """Write what shows the data."""
    if what == "columns":
        told = ["found = week.queries.columns", f'found[found["table_name"] == "{of}"]' if of else "found"]
    elif what == "refused":
        told = [f'week.sql("""\n{refused_sql(of)}\n""")']
    else:
        told = list(_DATA[what])
    return "\n".join([_START[0], "", f"week = {view.opened}", *told])


def by_week(view: View) -> str:
    """Write the SELECTs of a KPI's sums by week, one a fact."""
    return "\n\n".join(
        _select(["week"], columns, fact, _tests(view), "week") for fact, columns in _columns(view)
    )


def by_part(view: View, *, all_weeks: bool = False, among: tuple[str, ...] = ()) -> str:
    """Write the SELECTs of a KPI's sums by part, of the week or of all."""
    tests = [*([] if all_weeks else [f"week = {literal(view.week)}"]), *_tests(view)]
    if among:
        tests.append(f"{view.by} IN ({', '.join(map(literal, among))})")
    keys = [*(["week"] if all_weeks else []), view.by]
    return "\n\n".join(
        _select(keys, columns, fact, tests, ", ".join(keys)) for fact, columns in _columns(view)
    )


def _columns(view: View) -> Iterator[tuple[str, list[str]]]:
    """Give each fact with what is added up of it; of durations the bins as well."""
    one = view.definition
    found: dict[str, dict[str, None]] = {}  # in order, each once: both sides may be one column
    for side in (one.numerator, one.denominator, *one.against):
        for fact, column in one.terms(side):
            found.setdefault(fact, {})[column] = None
    for fact, columns in found.items():
        bins = [one.histogram.column] if one.histogram and fact == one.fact else []
        yield fact, [*bins, *columns]


def _select(keys: list[str], columns: list[str], fact: str, tests: list[str], order: str) -> str:
    bins = [name for name in columns if name.endswith("_bin")]
    sums = [f"sum({name}) AS {name}" for name in columns if name not in bins]
    where = "\nWHERE " + "\n    AND ".join(tests) if tests else ""
    shown = ", ".join([*keys, *bins, *sums])
    return f'week.sql("""\nSELECT {shown}\nFROM cube.{fact}{where}\nGROUP BY ALL\nORDER BY {order}\n""")'


def _tests(view: View) -> list[str]:
    return [f"{name} = {literal(value)}" if value else f"{name} IS NULL" for name, value in view.where]


def _part(view: View) -> str:
    return f", part={quoted(view.segment)}" if view.where else ""


def _kpi(view: View) -> str:
    return f'week.kpi("{view.kpi}"{view.where_code})'


def _against(view: View) -> str:
    return f", base={quoted(view.against)}" if view.against else ""


def _found(view: View) -> str:
    return f"found = {_kpi(view)}.explain({_by(view)}{_against(view)})"


def _by(view: View) -> str:
    return f'by="{view.by}"' if view.by else "by=()"


def _lines(view: View, frame: str, call: str, sql: str = "") -> str:
    """Put together: the week, its numbers, the picture, and the same counts by SQL."""
    by_sql = ["", "# What it counts, by SQL; each week as known by now:", sql] if sql else []
    start = _START if "pieces." in call else (_START[0], "")
    return "\n".join([*start, f"week = {view.opened}", frame, call, *by_sql])
