"""What is said again of a week is what the page of that week would say today."""

import datetime as dt
import shutil
from pathlib import Path

import pandas as pd
import pytest
from small_workbook import FIRST_MONDAY, make_workbook, rows

import tallysheet as ts
from tallysheet import comparison, review
from tallysheet.publish.keys import page_keys
from tallysheet.publish.plan import jobs_of
from tallysheet.rebases import COLUMNS
from tallysheet.restatement import because, keep, published, restated

ROOT = Path(__file__).parents[1]
WEEKS = 23
SECOND_HUB = 7  # 2026-W09: the first week of twice as many parcels


def two_levels():
    """Give parcels of 23 weeks: half as many at first, every third week a tenth fewer, and a low week 20."""
    for number, line in enumerate(rows(WEEKS)):
        place = (dt.date.fromisoformat(line[3]) - FIRST_MONDAY).days // 7
        is_kept = number % 2 if place < SECOND_HUB else number % 10 or place % 3
        if is_kept and (place != 20 or number % 4):
            yield line


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("restated")
    made = make_workbook(root, list(two_levels()))
    source = made / "sources" / "parcels" / "source.toml"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("2026-06-15", "2026-07-06"), encoding="utf-8")
    return made


def said_again(data):
    """Give the second verdict on each week and KPI, and what its page says."""
    found = ts.open_week("2026-W24", data=data).restated()
    found = found[found["held"] != "not_final"]
    again = {(row.week, row.kpi): row.variation for row in found.itertuples()}
    pages = {week: ts.open_week(week, data=data).review for week in found["week"].unique()}
    return again, {
        (week, slug): pages[week].explanation(slug, "previous", ()).variation for week, slug in again
    }


def test_a_rebase_counts_from_its_week_on(data):
    """The range of two levels would hold the low week; since the second hub it is below."""
    path = data / "rebases.csv"
    path.write_text(",".join(COLUMNS) + "\nshipments,2026-W09,second hub,Ana\n", encoding="utf-8")
    try:
        again, pages = said_again(data)
    finally:
        path.unlink()

    assert again == pages
    shipments = {week: verdict for (week, slug), verdict in again.items() if slug == "shipments"}
    assert shipments["2026-W21"] == "not_known"  # only twelve weeks are behind it
    assert shipments["2026-W22"] == "signal"


def test_each_week_looks_as_far_back_as_its_own_page(data, monkeypatch):
    """Fifteen weeks before it, and not those before the review's: so far back there are two levels."""
    for module in (comparison, review):
        monkeypatch.setattr(module, "LEARNT_WEEKS", 15)
    again, pages = said_again(data)

    assert again == pages
    assert again["2026-W22", "shipments"] == "routine"


def test_without_a_rebase_each_verdict_is_that_of_the_page(data):
    """Of all KPIs that the workbook has."""
    again, pages = said_again(data)

    assert len(again) > 10
    assert again == pages


def test_weeks_that_a_page_leaves_out_are_left_out_and_a_single_case_says_little(sample_of_size_s):
    """Each says of each week what its page says: with the week's own limits, none for a share of few."""
    week = ts.open_week("2026-W34", data=sample_of_size_s)
    slugs = ["claim_acceptance", "resolution_days", "undelivered"]
    found = restated(week.review, slugs, [week.week.shift(-back) for back in range(7, 0, -1)])

    assert set(found.loc[found["held"] != "not_final", "kpi"]) == set(slugs)
    for row in found[found["held"] != "not_final"].itertuples():
        page = ts.open_week(row.week, data=sample_of_size_s).review
        assert row.variation == page.explanation(row.kpi, "previous", ()).variation, (row.kpi, row.week)


def test_a_page_knows_what_was_published_before_it_and_of_no_later_week(data):
    """What is published later, of this week or another, is no news to it: its page stays as it is."""
    week = ts.open_week("2026-W24", data=data)
    history = week.settings.data / "history"
    rows = published([week.explanations["shipments"]], week.cube.as_of).assign(week="2026-W22", value=7.0)

    def first_said():
        found = week.restated().query("kpi == 'shipments' and week == '2026-W22'")
        return found["source"].iloc[0], page_keys(week, jobs)

    (data.parent / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "00_data_health.ipynb", data.parent / "notebooks")
    parameters = {"week": "2026-W24", "base": "previous", "as_of": "", "data": "data"}
    jobs = jobs_of(week.settings, ["00_data_health"], [week.language], week.language, parameters)
    try:
        source, unchanged = first_said()
        assert source == "replayed"
        for days, other in [(7, "2026-W22"), (0, "2026-W22"), (-1, "2026-W25")]:
            moment = week.cube.as_of + dt.timedelta(days=days)
            keep(history, rows.assign(week=other, as_of=moment))
            assert first_said() == ("replayed", unchanged), (days, other)
        keep(history, rows.assign(as_of=week.cube.as_of - dt.timedelta(days=7)))
        source, changed = first_said()
        assert source == "published"
        assert changed != unchanged
    finally:
        shutil.rmtree(history)


@pytest.mark.parametrize(
    ("now", "is_ratio", "why"),
    [(90, True, "corrected"), (110, True, "late_ends"), (90, False, "late_ends"), (100, True, "same")],
    ids=["fell", "grew", "a shorter duration", "as it was"],
)
def test_a_numerator_that_falls_was_corrected(now, is_ratio, why):
    """What is still to come only adds to it; a duration falls by what came too."""
    then = pd.Series({"x": 100.0, "n": 200.0, "ended": 200.0})
    change = (now - 100) / 200

    assert because(then, then.replace(100.0, now), change, is_ratio=is_ratio) == why
