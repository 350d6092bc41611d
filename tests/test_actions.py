"""What is done about a KPI: read from data/actions.csv, shown beside it, checked once it is due."""

import datetime as dt
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tallysheet.actions import COLUMNS, FollowUp, follow_up, read_actions
from tallysheet.errors import DataError
from tallysheet.language import read_language
from tallysheet.opening import follow_up_sentence
from tallysheet.weeks import IsoWeek, weeks_between

LINE = "otd,carrier=ESK,Ana,Second shift in Madrid,open,0.05,2026-W16,2026-04-07,Ben"


def written(tmp_path, *lines: str):
    path = tmp_path / "actions.csv"
    path.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n", encoding="utf-8")
    return path


def review(week: str, change: float = 0.03) -> SimpleNamespace:
    """Stand in for a review: known on the Monday after, and every comparison gives one change."""
    asked: list[tuple] = []
    one = IsoWeek.parse(week)

    def explanation(*arguments):
        asked.append(arguments)
        return SimpleNamespace(change=change)

    cube = SimpleNamespace(as_of=one.ended_at, touched_weeks=weeks_between(IsoWeek(2026, 1), one))
    return SimpleNamespace(week=one, cube=cube, explanation=explanation, asked=asked)


def test_an_action_is_read_with_its_part_and_its_week(tmp_path):
    """Every cell becomes what it is."""
    (action,) = read_actions(written(tmp_path, LINE))

    assert (action.kpi, action.where, action.owner, action.status) == (
        "otd",
        {"carrier": "ESK"},
        "Ana",
        "open",
    )
    assert (action.expected_effect, action.due_week) == (0.05, IsoWeek(2026, 16))
    assert action.entered_on == dt.date(2026, 4, 7)


def test_an_action_is_read_as_french_excel_writes_it(tmp_path):
    """Semicolons, a decimal comma, the code page of Windows; no effect is expected of the second."""
    path = tmp_path / "actions.csv"
    lines = [
        ";".join(COLUMNS),
        "otd;carrier=ESK;Zoé;Équipe du soir à Madrid;open;0,05;2026-W16;2026-04-07;Ben",
        "csat;;Luc;Répondre le samedi;done;;2026-W16;2026-04-07;Ben",
    ]
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    first, second = read_actions(path)

    assert (first.owner, first.action, first.expected_effect) == ("Zoé", "Équipe du soir à Madrid", 0.05)
    assert math.isnan(second.expected_effect)


def test_no_file_is_no_action(tmp_path):
    """A workbook need not have one."""
    assert read_actions(tmp_path / "actions.csv") == []


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (LINE.replace("otd", "odt"), "row 1, kpi"),
        (LINE.replace("carrier=", "carier="), "row 1, segment"),
        (LINE.replace(",open,", ",maybe,"), "row 1, status"),
        (LINE.replace("2026-W16", "16"), "row 1"),
        (LINE.replace("0.05", "five points"), "row 1"),
        (LINE.replace("0.05", "inf"), "row 1"),
        (LINE.replace("2026-04-07", "7 April"), "row 1"),
    ],
)
def test_a_wrong_cell_is_told_by_its_line(tmp_path, line, place):
    """Nothing is read of a file with a mistake in it."""
    with pytest.raises(DataError, match=place):
        read_actions(written(tmp_path, line))


def test_a_missing_column_is_named(tmp_path):
    """The header says what there is."""
    path = tmp_path / "actions.csv"
    path.write_text("kpi,owner\notd,Ana\n", encoding="utf-8")

    with pytest.raises(DataError, match="no segment"):
        read_actions(path)


@pytest.mark.parametrize(
    ("week", "shown"),
    [("2026-W14", False), ("2026-W15", True), ("2026-W24", True), ("2026-W25", False)],
)
def test_an_action_is_shown_from_its_entry_until_eight_weeks_after_it_was_due(tmp_path, week, shown):
    """Entered on the Tuesday of week 15, due in week 16."""
    found = list(follow_up(read_actions(written(tmp_path, LINE)), review(week), ("otd",)))

    assert bool(found) == shown


def test_an_action_that_is_due_is_checked_against_what_happened_to_its_part(tmp_path):
    """ESK, this week against the week of the entry; before that nothing is said of the outcome."""
    actions = read_actions(written(tmp_path, LINE))
    early, late = review("2026-W15"), review("2026-W16")

    assert math.isnan(next(follow_up(actions, early, ("otd",))).change)
    assert next(follow_up(actions, late, ("otd",))).change == 0.03
    assert late.asked == [("otd", "2026-W15", (), (("carrier", "ESK"),))]


def test_what_was_dropped_and_what_has_no_data_is_not_shown(tmp_path):
    """Nor is an action on a KPI whose extracts are not there."""
    dropped = read_actions(written(tmp_path, LINE.replace(",open,", ",dropped,")))

    assert list(follow_up(dropped, review("2026-W16"), ("otd",))) == []
    assert list(follow_up(read_actions(written(tmp_path, LINE)), review("2026-W16"), ())) == []


def test_the_sentence_says_who_does_what_and_what_came_of_it(tmp_path):
    """In points, as on-time delivery is a share."""
    (action,) = read_actions(written(tmp_path, LINE))
    english = read_language("en")

    assert follow_up_sentence(FollowUp(action), english) == "Ana: Second shift in Madrid (due 2026-W16)."
    checked = follow_up_sentence(FollowUp(action, 0.03), english).replace("\u00a0", " ")
    assert "since 2026-W15 it changed by +3.0 pp, +5.0 pp expected" in checked
    alone = follow_up_sentence(FollowUp(replace(action, expected_effect=math.nan), 0.03), english)
    assert alone.replace("\u00a0", " ").endswith("since 2026-W15 it changed by +3.0 pp.")
