"""The data gate: what a week lacks is told, or no report is made of it."""

import datetime as dt
from pathlib import Path

import pytest
from commands import report
from small_workbook import make_workbook, rows

from tallysheet.coverage import Gap, sentence
from tallysheet.errors import DataError, UsageError
from tallysheet.language import read_language
from tallysheet.settings import read_settings
from tallysheet.week import open_week

_ROOT = Path(__file__).parents[1]
THURSDAY = dt.date(2026, 5, 21)


def workbook(root, gate, without=(), thin=1):
    """Make the small workbook, of whose last week some days lack all but every n-th parcel, or all."""
    lines = [
        line
        for number, line in enumerate(rows())
        if line[3] not in without and (line[3] < "2026-05-18" or number % thin == 0)
    ]
    data = make_workbook(root, lines)
    settings = data / "workbook.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + gate, encoding="utf-8")
    return data


GATE = '[gate]\nrequired = ["shipments"]\n'


def test_a_whole_week_lacks_nothing(tmp_path):
    """Also with the floor at all of the usual number of rows."""
    data = workbook(tmp_path, GATE + "completeness = 1.0\n")

    assert open_week("2026-W21", data=data).gaps == []


def test_days_that_an_extract_ends_before_are_named(tmp_path):
    """From Thursday on nothing: four days are missing, and three sevenths are there."""
    days = tuple(THURSDAY + dt.timedelta(days=n) for n in range(4))
    data = workbook(tmp_path, GATE, without={str(day) for day in days[:3]})
    found = open_week("2026-W21", data=data).gaps

    assert [(gap.table, gap.days) for gap in found] == [("shipments", days[:3])]
    assert found[0].share == pytest.approx(4 / 7)


def test_a_public_holiday_without_parcels_is_no_gap(tmp_path):
    """Ascension day 2026 is the 14th of May, in France and Germany."""
    data = workbook(tmp_path, GATE, without={"2026-05-14"})

    assert open_week("2026-W20", data=data).gaps == []


def test_a_week_that_is_thin_on_every_day_is_told_by_its_share(tmp_path):
    """A third of the rows on every day: no day is missing."""
    data = workbook(tmp_path, GATE, thin=3)
    (gap,) = open_week("2026-W21", data=data).gaps

    assert gap.days == ()
    assert gap.share == pytest.approx(1 / 3, abs=0.01)


def test_a_table_that_was_never_loaded_is_not_whole(tmp_path):
    """Nothing of it is there."""
    data = workbook(tmp_path, '[gate]\nrequired = ["orders"]\n')

    assert [(gap.table, gap.share) for gap in open_week("2026-W21", data=data).gaps] == [("orders", 0.0)]


@pytest.mark.parametrize(
    ("gap", "english", "french"),
    [
        (
            Gap("orders", 0.8, (THURSDAY,)),
            "Of orders there are none yet for Thursday 21 May.",
            "Il manque encore les commandes pour jeudi 21 mai.",
        ),
        (
            Gap("shipments", 0.33, ()),
            "Of shipments there are only 33.0% of the usual number.",
            "Pour les envois, on n’a que 33,0\u202f% du nombre habituel.",
        ),
        (
            Gap("orders", 0.0, ()),
            "Of orders there are none of the week.",
            "Pour les commandes, on n’a rien de la semaine.",
        ),
    ],
)
def test_what_is_lacking_is_said_in_both_languages(gap, english, french):
    """By its days, else by its share."""
    assert sentence(gap, read_language("en")) == english
    assert sentence(gap, read_language("fr")) == french


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        ('[gate]\nrequire = ["orders"]\n', "'required'"),
        ('[gate]\notherwise = "refuse it"\n', "'refuse'"),
        ("[gate]\ncompleteness = 50\n", "a share from 0 to 1"),
        ('[gate]\nrequired = "orders"\n', "a list of names"),
    ],
)
def test_a_gate_that_cannot_be_read_is_refused(tmp_path, gate, told):
    """With what should be there."""
    data = workbook(tmp_path, gate)

    with pytest.raises(DataError, match=told):
        read_settings(data)


def test_a_table_that_has_no_days_cannot_be_required(tmp_path):
    """Nor one that is misspelled."""
    for name in ("targets", "order"):
        data = workbook(tmp_path / name, f'[gate]\nrequired = ["{name}"]\n')
        with pytest.raises(UsageError, match="a dated table"):
            _ = open_week("2026-W21", data=data).gaps


@pytest.mark.slow
@pytest.mark.parametrize(("otherwise", "code"), [("refuse", 3), ("provisional", 0)])
def test_a_week_that_is_not_whole_is_refused_or_says_so(tmp_path, otherwise, code):
    """Exit code 3 and nothing written; or a page that says what is lacking, and the index with it."""
    data = workbook(tmp_path, f'{GATE}otherwise = "{otherwise}"\n', without={str(THURSDAY)})
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    source = _ROOT / "notebooks" / "00_data_health.ipynb"
    (notebooks / "10_weekly_review.ipynb").write_bytes(source.read_bytes())
    result = report(tmp_path)
    told = "Of shipments there are none yet for Thursday 21 May."
    page = tmp_path / "reports" / "2026-W21" / "weekly_review.html"

    assert data.is_dir()
    assert result.returncode == code, result.stderr
    assert page.exists() == (code == 0)
    if code:
        assert told in result.stderr
    else:
        assert told in page.read_text(encoding="utf-8")
        index = (tmp_path / "reports" / "index.html").read_text(encoding="utf-8")
        assert "Provisional" in index
