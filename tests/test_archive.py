"""The page of all weeks, from what the weeks' manifests say, and the way from one week to another."""

import json
import re
import shutil
from types import SimpleNamespace

import pytest

from tallysheet.errors import UsageError
from tallysheet.language import read_language
from tallysheet.publish.archive import archive, neighbours
from tallysheet.publish.folders import check_owner
from tallysheet.publish.manifest import FORMAT
from tallysheet.publish.report import due_weeks
from tallysheet.settings import Settings
from tallysheet.weeks import IsoWeek

ENGLISH, FRENCH = read_language("en"), read_language("fr")
FIRST, WEEK = IsoWeek(2024, 1), IsoWeek(2026, 23)


def publish(reports, week, *, errors=(None, None), **more):
    """Write a week as a run leaves it: its manifest, and the pages that did not fail."""
    folder = reports / str(week)
    folder.mkdir(parents=True)
    names = ("weekly_review", "data_health")
    pages = [
        {
            "notebook": f"{place}0_{name}",
            "name": name,
            "language": "en",
            "audience": "stakeholders",
            "page": f"{name}.html",
            "sha256": None,
            "error": error,
        }
        for place, (name, error) in enumerate(zip(names, errors, strict=True))
    ]
    for page in pages:
        if page["error"] is None:
            (folder / page["page"]).write_text("x", encoding="utf-8")
    told = {"format": FORMAT, "week": str(week), "headline": {"en": "Fell."}, "count": {"en": "None."}}
    told |= {"final": 58, "kpis": 58, "gaps": []}
    (folder / "manifest.json").write_text(json.dumps(told | {"reports": pages} | more), encoding="utf-8")


def rows(reports, language=ENGLISH) -> dict[str, str]:
    html = archive(reports, ["00_weekly_review", "10_data_health"], language, [language])
    found = re.findall(r'<tr id="([^"]*)">(.*?)</tr>', html, re.DOTALL)
    return {week: re.sub(r"<svg.*?</svg>|<[^>]+>", " ", row) for week, row in found}


@pytest.fixture
def copied(tmp_path):
    """Publish two weeks, and copy the first as people do: under a name of their own, or that of a week."""
    publish(tmp_path, WEEK.shift(-2))
    publish(tmp_path, WEEK)
    for name in ("2026-W21 backup", "2026-W21-old", "2026-W21.bak", "2026-W22", "2026-W60", "2026-W99"):
        shutil.copytree(tmp_path / "2026-W21", tmp_path / name)
    return tmp_path


def test_a_copy_of_a_week_is_no_week(copied):
    """It is neither listed, nor led to, nor does it count as published."""
    latest = SimpleNamespace(cube=SimpleNamespace(weeks=[WEEK.shift(weeks) for weeks in range(-4, 3)]))

    assert list(rows(copied)) == ["2026-W23", "2026-W21"]
    assert [str(week) for week in due_weeks(latest, copied)] == ["2026-W24", "2026-W25"]
    assert neighbours(copied, WEEK, FIRST, "weekly_review.html", ENGLISH) == [
        ("../2026-W21/weekly_review.html", "Before: 2026-W21")
    ]


def test_a_folder_of_weeks_is_one_workbook_s(tmp_path, monkeypatch):
    """Of two that are both there; one that has moved, or whose manifests do not name it, keeps its weeks."""
    monkeypatch.chdir(tmp_path)
    own, other = (Settings(tmp_path / name / "data", (), (), (), "otd") for name in ("own", "other"))
    for folder in (tmp_path / "notebooks", own.data, other.data):
        folder.mkdir(parents=True)
    (own.data / "workbook.toml").touch()
    publish(tmp_path / "reports", WEEK, workbook="own/data")
    publish(tmp_path / "reports", WEEK.shift(-1))

    check_owner(own, "own/data")
    with pytest.raises(UsageError, match="reports: expected weeks of other/data, found weeks of own/data"):
        check_owner(other, "other/data")
    (own.data / "workbook.toml").unlink()
    check_owner(other, "other/data")


def test_a_data_folder_that_lies_elsewhere_publishes_where_its_link_is(tmp_path, monkeypatch):
    """A link named data stands for it, as on a machine whose large disk has another name."""
    monkeypatch.chdir(tmp_path)
    disk, other = tmp_path / "disk" / "extracts", tmp_path / "data2"
    for folder in (tmp_path / "notebooks", disk, other):
        folder.mkdir(parents=True)
    (tmp_path / "data").symlink_to(disk)

    linked, mine = (Settings(folder, (), (), (), "otd") for folder in (disk, other))
    assert linked.reports == tmp_path / "reports"
    assert mine.reports == tmp_path / "reports" / "data2"


def test_a_manifest_of_an_earlier_version_counts_as_none(tmp_path):
    """It does not say what this one says; the week is listed again once it is published again."""
    publish(tmp_path, WEEK)
    publish(tmp_path, WEEK.shift(-1), format=FORMAT - 1)

    assert rows(tmp_path).keys() == {str(WEEK)}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"final": 58, "kpis": 58}, "Published"),
        ({"final": 37, "kpis": 58}, "Provisional 37 of 58 KPIs final"),
        ({"final": 37, "kpis": 58, "errors": (None, "x")}, "Partly failed 37 of 58 KPIs final"),
        ({"final": 58, "kpis": 58, "errors": ("x", "x")}, "Failed"),
        ({"gaps": [{"table": "orders", "share": 0.4, "days": []}]}, "Provisional 58 of 58 KPIs final"),
    ],
)
def test_each_week_has_its_state(tmp_path, more, status):
    """What failed comes first; how much is final is said until all is, and the data is whole."""
    publish(tmp_path, WEEK, **more)

    assert f" {status} " in re.sub(r"\s+", " ", rows(tmp_path)["2026-W23"])


def test_weeks_are_found_by_their_code_and_read_in_the_page_s_language(tmp_path):
    """The id is ISO's in every language, as links from other pages name it; readers of French have S23."""
    publish(tmp_path, WEEK)
    publish(tmp_path, WEEK.shift(-1))

    assert list(rows(tmp_path)) == list(rows(tmp_path, FRENCH)) == ["2026-W23", "2026-W22"]
    assert "2026-S23" in rows(tmp_path, FRENCH)["2026-W23"]
    assert "2026-W23" not in rows(tmp_path, FRENCH)["2026-W23"]


@pytest.mark.parametrize(
    ("notebooks", "language", "told"),
    [
        (["00_weekly_review", "10_data_health"], ENGLISH, 'weekly_review.html">Read: Weekly review</a>'),
        (["10_data_health", "00_weekly_review"], ENGLISH, 'data_health.html">Read: Data health</a>'),
        (["10_data_health"], FRENCH, 'data_health.html" hreflang="en">Lire\u202f: Santé des données</a>'),
    ],
)
def test_the_first_link_names_what_it_opens(tmp_path, notebooks, language, told):
    """Also where the weekly review was not made, or is not the first page."""
    publish(tmp_path, WEEK)

    assert f'<a href="2026-W23/{told} <span' in archive(tmp_path, notebooks, language, [language])


def test_a_page_leads_to_the_latest_week_before_that_has_it(tmp_path):
    """Not to a week that lacks the page, nor to a later one; from a folder deeper the way is longer."""
    for weeks, name in (
        (-3, "weekly_review"),
        (-2, "weekly_review"),
        (-1, "data_health"),
        (1, "weekly_review"),
    ):
        folder = tmp_path / str(WEEK.shift(weeks))
        folder.mkdir()
        (folder / f"{name}.fr.html").write_text("x", encoding="utf-8")
    (tmp_path / "2026-W21" / "internal").mkdir()
    (tmp_path / "2026-W21" / "internal" / "costs.html").write_text("x", encoding="utf-8")

    assert neighbours(tmp_path, WEEK, FIRST, "weekly_review.fr.html", FRENCH) == [
        ("../2026-W21/weekly_review.fr.html", "Avant\u202f: 2026-S21")
    ]
    assert neighbours(tmp_path, WEEK, FIRST, "internal/costs.html", ENGLISH) == [
        ("../../2026-W21/internal/costs.html", "Before: 2026-W21")
    ]
    assert neighbours(tmp_path, WEEK, FIRST, "weekly_review.html", ENGLISH) == []


def test_a_page_does_not_lead_to_a_week_before_its_own_data(tmp_path):
    """Workbooks may publish into one folder: weeks of flights are no weeks before the sample's."""
    other = tmp_path / "2013-W52"
    other.mkdir()
    (other / "weekly_review.html").write_text("x", encoding="utf-8")

    assert neighbours(tmp_path, WEEK, IsoWeek.parse("2014-W01"), "weekly_review.html", ENGLISH) == []
    assert neighbours(tmp_path, WEEK, IsoWeek.parse("2013-W52"), "weekly_review.html", ENGLISH) == [
        ("../2013-W52/weekly_review.html", "Before: 2013-W52")
    ]
