"""`tallysheet explain` on any table."""

import datetime as dt
import json
import re
import subprocess
import sys

import pytest
from small_workbook import rows, write_csv

from tallysheet.explain import as_json, as_text, explain_file
from tallysheet.language import read_language

OPTIONS = {
    "week_of": "promised",
    "week": "2026-W21",
    "numerator": "delivered <= promised + INTERVAL 20 HOUR",
    "denominator": "1",
}


@pytest.fixture(scope="module")
def parcels(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "parcels.csv"
    write_csv(path, rows())
    return path


def test_shares_are_counted_and_the_fallen_carrier_is_named(parcels):
    """By hand: BRV is late by 4 more parcels a day in the last week, so 40 points fewer of it are on time."""
    found = explain_file(parcels, base="previous", by=["carrier", "from"], **OPTIONS)
    brv = found.explanation.parts["carrier"].set_index("segment").loc["BRV"]

    assert brv["value_base"] - brv["value_now"] == pytest.approx(0.4, abs=0.02)
    assert found.explanation.outside[0].where == {"carrier": "BRV"}
    assert found.explanation.parts["from"]["total"].sum() == pytest.approx(found.explanation.change, abs=1e-9)
    assert (found.rows, found.rows_without_week) == (2800, 0)


def test_json_has_the_stated_form(parcels):
    """Keys as documented; each dimension's contributions add up to the change; no NaN."""
    told = as_json(
        explain_file(parcels, base="last-4", by=["carrier", "from"], **OPTIONS), read_language("en")
    )
    text = json.dumps(told, allow_nan=False)

    assert {
        "kpi",
        "week",
        "base",
        "value_now",
        "value_base",
        "change",
        "verdict",
        "contributions",
        "outside",
        "segments",
        "residual",
    } <= set(told)
    assert set(told["verdict"]) == {"variation", "causes", "reason"}
    for dimension in ("carrier", "from"):
        parts = [row["total"] for row in told["contributions"] if row["dimension"] == dimension]
        assert sum(parts) == pytest.approx(told["change"], abs=1e-9)
    assert {"where", "effect", "low", "high", "contribution", "n_now", "n_base", "p"} == set(
        told["segments"][0]
    )
    assert "NaN" not in text


def test_without_a_denominator_it_is_a_sum(parcels):
    """140 parcels a week, compared with the mean of four weeks of 140."""
    found = explain_file(
        parcels, week_of="promised", week="2026-W21", numerator="1", base="last-4", by=["carrier"]
    )

    assert (found.explanation.value_now, found.explanation.value_base) == (140, 140)
    assert "held at 140" in as_text(found, read_language("en"))


def test_rows_without_a_date_are_counted(tmp_path):
    """They are left out, and the result says how many."""
    lines = rows(3)
    lines[0][3] = ""
    write_csv(tmp_path / "p.csv", lines)

    found = explain_file(tmp_path / "p.csv", week_of="promised", week="2026-W03", numerator="1")

    assert found.rows_without_week == 1


def test_a_file_of_a_few_days_can_be_explained(tmp_path):
    """Two Tuesdays are two weeks, compared though neither is complete; nothing is judged."""
    (tmp_path / "t.csv").write_text("day,late,n\n2026-01-06,1,10\n2026-01-13,3,10\n", encoding="utf-8")

    found = explain_file(
        tmp_path / "t.csv", week_of="day", week="2026-W03", numerator="late", denominator="n"
    )

    assert (found.explanation.value_now, found.explanation.value_base) == (0.3, 0.1)
    assert found.explanation.variation == "not_known"


@pytest.mark.slow
def test_the_command_prints_text_json_and_a_page(parcels, tmp_path):
    """One command, three forms."""
    command = [sys.executable, "-c", "from tallysheet.cli import main; main()", "explain", str(parcels)]
    command += ["--week-of", "promised", "--week", "2026-W21", "--numerator", OPTIONS["numerator"]]
    command += ["--denominator", "1", "--by", "carrier"]
    out = tmp_path / "page.html"

    text, plain, page = (
        subprocess.run([*command, *extra], capture_output=True, text=True, check=True).stdout
        for extra in ([], ["--json"], ["--html", str(out)])
    )

    assert "BRV" in text
    assert json.loads(plain)["week"] == "2026-W21"
    assert page.strip() == str(out)
    assert "BRV" in out.read_text(encoding="utf-8")


def test_the_segments_that_moved_are_told(tmp_path):
    """Forty weeks of two carriers and two towns; in the last one is late three times as often in Lyon."""
    lines = ["week,carrier,town,late,due"]
    for number in range(1, 41):
        monday = dt.date.fromisocalendar(2026, number, 1)
        for carrier in ("BRV", "DVP"):
            for town in ("Lyon", "Paris"):
                late = 120 if (number, carrier, town) == (40, "BRV", "Lyon") else 40 + number % 3
                lines.append(f"{monday},{carrier},{town},{late},500")
                lines.append(f"{monday + dt.timedelta(days=6)},{carrier},{town},0,0")
    (tmp_path / "late.csv").write_text("\n".join(lines), encoding="utf-8")

    found = explain_file(
        tmp_path / "late.csv",
        week_of="week",
        week="2026-W40",
        base="last-4",
        numerator="late",
        denominator="due",
        by=["carrier", "town"],
    )
    told = as_text(found, read_language("en"))

    assert [one.where for one in found.explanation.segments] == [{"carrier": "BRV", "town": "Lyon"}]
    assert re.search(r"beyond the rest, BRV, Lyon moved by \+15\.[89]\spp \(between", told)
    assert as_json(found, read_language("en"))["segments"][0]["effect"] == pytest.approx(0.159, abs=0.002)
