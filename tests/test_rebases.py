"""A usual range that a person begins anew: read from data/rebases.csv, used from its week on, and shown."""

import numpy as np
import pandas as pd
import pytest
from small_workbook import make_workbook, rows

import tallysheet as ts
from tallysheet import captions
from tallysheet.charts import control_chart
from tallysheet.comparison import compare
from tallysheet.errors import DataError
from tallysheet.kpi import Kpi
from tallysheet.language import read_language
from tallysheet.rebases import COLUMNS, Rebase, read_rebases
from tallysheet.values import series_of
from tallysheet.weeks import IsoWeek, weeks_between

SUM = Kpi("shipments", "f", "due_n", None, "count", "neutral", "day", 0, ("carrier",), "by hand")
WEEKS = weeks_between(IsoWeek(2025, 40), IsoWeek(2026, 21))
NEW = Rebase("shipments", IsoWeek(2026, 5), "second hub", "Ana")


def level(week: IsoWeek, place: int) -> int:
    """Give 100 or 104 in turn before the second hub, 200 or 208 from then on."""
    return (100 + 4 * (place % 2)) * (1 + (week >= NEW.week))


def explained(weeks=WEEKS, rebase=NEW):
    counts = [(str(week), "A", level(week, place)) for place, week in enumerate(weeks)]
    frame = pd.DataFrame(counts, columns=["week", "carrier", "due_n"])
    return compare(series_of(frame, SUM, weeks), weeks[-1], base="last-4", by=("carrier",), rebase=rebase)


def test_what_is_usual_is_learnt_from_the_rebase_on():
    """Both ranges by hand, on each side of the break: the mean, and 2.66 mean moves of 4 and of 8."""
    found = explained()
    old = found.history[found.history["week"] < str(NEW.week)]
    now = found.history.iloc[-1]
    earlier = [level(week, place) for place, week in enumerate(WEEKS) if NEW.week <= week < WEEKS[-1]]

    assert found.variation == "routine"
    assert found.judgement.earlier_weeks == len(earlier) == 16
    assert now["centre"] == np.mean(earlier)
    assert (now["lower"], now["upper"]) == pytest.approx((204 - 2.66 * 8, 204 + 2.66 * 8))
    sent = [level(week, place) for place, week in enumerate(WEEKS) if week < NEW.week]
    assert set(old["centre"]) == {np.mean(sent)}
    assert set(old["upper"].round(9)) == {round(np.mean(sent) + 2.66 * 4, 9)}
    assert not found.history["outside"].any()
    assert found.history.loc[found.history["rebased"], "week"].to_list() == [str(NEW.week)]
    assert found.parts["carrier"]["variation"].to_list() == ["routine"]
    # Without it the range holds both levels, and would hide a week like the old ones.
    assert explained(rebase=None).judgement.lower < 104


def test_a_young_range_is_not_known():
    """Twelve weeks are not enough; the weeks before keep theirs."""
    young = weeks_between(IsoWeek(2025, 40), IsoWeek(2026, 16))
    found = explained(young)

    assert (found.variation, found.judgement.reason) == ("not_known", "few_weeks")
    is_old = found.history["week"] < str(NEW.week)
    assert found.history.loc[is_old, "centre"].notna().all()
    assert found.history.loc[~is_old, "centre"].isna().all()


def test_a_rebase_of_the_judged_week_itself():
    """A range begins with nothing."""
    weeks = weeks_between(IsoWeek(2025, 40), NEW.week)

    assert explained(weeks).variation == "not_known"


def test_the_chart_shows_the_break_and_the_page_says_why():
    """A dashed line with its word; in the reader's language."""
    found = explained()
    for code, word, told in (
        ("en", "new range", "The range was begun anew in 2026-W05: second hub (Ana)."),
        ("fr", "nouvelle plage", "La plage a été reprise à partir de 2026-S05\u202f: second hub (Ana)."),
    ):
        language = read_language(code)
        drawn = control_chart(found.history, unit="count", language=language, name="Parcels")
        plain = control_chart(explained(rebase=None).history, unit="count", language=language, name="Parcels")

        assert word in [text.get_text() for text in drawn.wide.axes[0].texts]
        assert word not in [text.get_text() for text in plain.wide.axes[0].texts]
        assert captions.limits(found, language).endswith(told)


def test_a_week_reads_its_rebases(tmp_path):
    """Of the KPI that is named and no other, from that week on, also where its KPIs were asked for before."""
    data = make_workbook(tmp_path, rows(20))
    assert ts.open_week("2026-W21", data=data).kpis["variation"].iloc[0] == "signal"
    (data / "rebases.csv").write_text(
        ",".join(COLUMNS) + "\notd,2026-W15,Promise counted from payment,Ben\n", encoding="utf-8"
    )
    week = ts.open_week("2026-W21", data=data)
    before = ts.open_week("2026-W14", data=data)

    assert week.kpi("otd").explain().rebase.week == IsoWeek(2026, 15)
    assert week.kpi("otd").explain().variation == "not_known" == week.kpis["variation"].iloc[0]
    assert week.kpi("shipments").explain().rebase is None
    assert before.kpi("otd").explain().rebase is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("otdd,2026-W15,why,Ben", r"row 1, kpi: expected a known KPI, found 'otdd'. Did you mean 'otd'"),
        ("otd,W15,why,Ben", "row 1, week: expected a week such as 2026-W46"),
        ("otd,2026-W15,,Ben", "row 1, reason: expected a few words, found nothing"),
        ("otd,2026-W15,why,", "row 1, author: expected a few words, found nothing"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, line, told):
    """Where, what was expected, what was found."""
    path = tmp_path / "rebases.csv"
    path.write_text(",".join(COLUMNS) + f"\n{line}\n", encoding="utf-8")

    with pytest.raises(DataError, match=told):
        read_rebases(path)
    assert read_rebases(tmp_path / "none.csv") == []
