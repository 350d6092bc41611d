"""`tallysheet explain` on any table."""

import datetime as dt
import json
import re
from dataclasses import replace
from random import Random
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import command
from small_workbook import rows, write_csv

from tallysheet.errors import UsageError
from tallysheet.explain import as_json, as_text, explain_file
from tallysheet.language import read_language
from tallysheet.publish.explanation import explanation_page
from tallysheet.telling import causes

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
    words = ["explain", str(parcels), "--week-of", "promised", "--week", "2026-W21"]
    words += ["--numerator", OPTIONS["numerator"], "--denominator", "1", "--by", "carrier"]
    out = tmp_path / "page.html"

    done = [command(tmp_path, *words, *extra) for extra in ([], ["--json"], ["--html", str(out)])]
    text, plain, page = (one.stdout for one in done)

    assert [one.returncode for one in done] == [0, 0, 0]
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


def french(folder, weight="0,91", late=False):
    """Write parcels as a French tool does: a decimal comma, the day first, promised on the 3rd of May."""
    lines = ["Livré le;Promis le;Poids (kg);Remarque"]
    for day in (dt.date(2026, 4, 27) + dt.timedelta(days=number) for number in range(14)):
        done = day + dt.timedelta(days=late)
        lines.append(f"{done:%d/%m/%Y};{day:%d/%m/%Y};{weight};{'12' if day.day == 1 else 'à rappeler'}")
    path = folder / "colis.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


WRITTEN = "strptime(\"Promis le\", '%d/%m/%Y')"


@pytest.mark.parametrize(
    ("numerator", "advice"),
    [
        ('CAST("Poids (kg)" AS DOUBLE)', """Write cast(replace("Poids (kg)", ',', '.') AS DOUBLE)."""),
        ('"Poids (kg)" * 2', """Write cast(replace("Poids (kg)", ',', '.') AS DOUBLE)."""),
        ('coalesce(try_cast("Poids (kg)" AS DOUBLE), 0) > 1', "Write cast(replace("),
        ("try_strptime(\"Livré le\", '%Y-%m-%d') IS NOT NULL", "Write strptime("),
        ('TRY(CAST("Poids (kg)" AS DOUBLE))', "Write cast(replace("),
        ('"Livré le" <= "Promis le"', "Write strptime(\"Livré le\", '%d/%m/%Y')"),
        ('\'01/05/2026\' BETWEEN "Promis le" AND "Livré le"', "Write strptime(\"Promis le\", '%d/%m/%Y')"),
        ('try_cast("Remarque" AS DOUBLE)', "Write CASE"),
    ],
)
def test_what_is_written_in_the_french_way_is_refused_with_what_reads_it(tmp_path, numerator, advice):
    """Neither a wrong number, nor advice that makes one: try_cast finds no number in 0,91."""
    with pytest.raises(UsageError) as told:
        explain_file(french(tmp_path), week_of=WRITTEN, week="2026-W19", numerator=numerator)

    assert advice in str(told.value)


@pytest.mark.parametrize("week_of", ['"Promis le"', 'try_cast("Promis le" AS DATE)'])
def test_the_day_first_is_told_of_also_where_it_dates_the_row(tmp_path, week_of):
    """Both stop with the same advice, which then works."""
    with pytest.raises(UsageError, match=re.escape(f"Write {WRITTEN}.")):
        explain_file(french(tmp_path), week_of=week_of, week="2026-W19", numerator="1")


def test_the_advice_works(tmp_path):
    """By hand: seven parcels of 0.91 kg a week, all of them on the day that was promised."""
    path = french(tmp_path)
    kilograms = "cast(replace(\"Poids (kg)\", ',', '.') AS DOUBLE)"
    on_time = f"strptime(\"Livré le\", '%d/%m/%Y') <= {WRITTEN}"

    mean = explain_file(path, week_of=WRITTEN, week="2026-W19", numerator=kilograms, denominator="1")
    share = explain_file(path, week_of=WRITTEN, week="2026-W19", numerator=on_time, denominator="1")

    assert mean.explanation.value_now == pytest.approx(0.91)
    assert share.explanation.value_now == 1


@pytest.mark.parametrize(
    ("cells", "advice"),
    [
        (["1,250", "12,000", "3,400"], "',', '.') AS DOUBLE) or cast(replace(\"x\", ',', '') AS DOUBLE)."),
        (["1 250,5", "12 000", "3"], "regexp_replace("),
        (["1,250.5", "12,000.0", "3.2"], "Write cast(replace(\"x\", ',', '') AS DOUBLE)."),
        (["13.04.26", "01.02.26", "02.03.26"], "Write strptime(\"x\", '%d.%m.%y')."),
        (["01/02/2026 10:15", "02/03/2026 10:15", "x"], "Correct it"),
        (["01/02/2026 10:15", "02/03/2026 10:15"], "%H:%M') or strptime(\"x\", '%m/%d/%Y %H:%M')."),
        ([*["0,5"] * 30, "à peser"], "Write try_cast(replace(\"x\", ',', '.') AS DOUBLE)."),
    ],
)
def test_the_advice_is_what_fits_the_cells(tmp_path, cells, advice):
    """What fits in two ways is told in both; where a cell here and there is no value, it is left out."""
    lines = [f"2026-01-{6 + 7 * (number % 2):02};{cell}" for number, cell in enumerate(cells)]
    (tmp_path / "t.csv").write_text("\n".join(["day;x", *lines]), encoding="utf-8")

    with pytest.raises(UsageError) as told:
        explain_file(tmp_path / "t.csv", week_of="day", week="2026-W03", numerator="x * 1")

    assert advice in str(told.value)


def test_a_case_that_is_seldom_true_is_no_loss(tmp_path):
    """It is empty on purpose; and so is a try_cast that finds most of its numbers."""
    path = french(tmp_path, weight="0.91")
    path.write_text(path.read_text(encoding="utf-8").replace("0.91", "à peser", 1), encoding="utf-8")
    seldom = "CASE WHEN \"Remarque\" = '12' THEN 1 END"
    most = 'try_cast("Poids (kg)" AS DOUBLE)'

    for numerator, value in ((seldom, 1), (most, 6 * 0.91)):
        found = explain_file(path, week_of=WRITTEN, week="2026-W18", numerator=numerator, base="2026-W19")
        assert found.explanation.value_now == pytest.approx(value)


@pytest.mark.parametrize(
    "numerator",
    [
        "coalesce(try_strptime(day, '%d/%m/%Y'), try_cast(day AS DATE)) IS NOT NULL",
        "CASE WHEN day LIKE '%-%' THEN try_cast(day AS DATE) ELSE strptime(day, '%d/%m/%Y') END IS NOT NULL",
        "CASE WHEN day LIKE '%/%' THEN try_cast(strptime(day, '%d/%m/%Y') AS DATE) END IS NOT NULL",
        "if(day LIKE '%/%', try_cast(strptime(day, '%d/%m/%Y') AS DATE), NULL) IS NOT NULL",
        "if(day LIKE '%-%', try_cast(day AS DATE), strptime(day, '%d/%m/%Y')) IS NOT NULL",
        "len(list_filter(['5/1/2026'], lambda day: try_cast(strptime(day, '%d/%m/%Y') AS DATE) IS NULL)) + 1",
        "len(list_filter([day], lambda x: try_cast(concat(x, day) AS DATE) IS NULL)) + 1",
        "coalesce(nullif(day, '2026-01-05'), 'x') <> coalesce(TRY(substr(day, 1, 3)), 'y')",
        "len(list_filter([day], lambda x: try_cast(x AS DATE) IS NULL)) + 1",
    ],
)
def test_what_reads_cells_in_one_way_or_another_is_no_loss(tmp_path, numerator):
    """Each way alone reads few of them; together they read all."""
    lines = [f"2026-01-{number:02};{number:02}/01/2026" for number in range(5, 19)]
    lines[:2] = ["2026-01-05;2026-01-05", "2026-01-06;2026-01-06"]
    (tmp_path / "t.csv").write_text("\n".join(["on;day", *lines]), encoding="utf-8")

    assert explain_file(tmp_path / "t.csv", week_of='"on"', week="2026-W03", numerator=numerator)


@pytest.mark.parametrize(
    "numerator", ["ifnull(try_cast(x AS DOUBLE), 0)", "coalesce(0, try_cast(x AS DOUBLE))"]
)
def test_what_stands_in_for_a_lost_cell_is_no_value_of_it(tmp_path, numerator):
    """A number of its own reads no cell."""
    lines = [f"2026-01-{number:02};0,5" for number in range(5, 19)]
    (tmp_path / "t.csv").write_text("\n".join(["day;x", *lines]), encoding="utf-8")

    with pytest.raises(UsageError, match="found one in 0 of the 14"):
        explain_file(tmp_path / "t.csv", week_of="day", week="2026-W03", numerator=numerator)


def by_day(folder, header, cell):
    """Write a row a day of two weeks from 2026-01-05 on: its day, and a cell made of its number."""
    path = folder / "t.csv"
    lines = [f"2026-01-{number:02},{cell(number)}" for number in range(5, 19)]
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


ANY_NAME = "numerator denominator Day day x n ended now base now_n base_n week seen_at dimension segment end"


@pytest.mark.parametrize("denominator", [None, "1"])
@pytest.mark.parametrize("name", ANY_NAME.split())
def test_a_column_may_have_any_name(tmp_path, name, denominator):
    """By hand: a week has 4 odd days and 3 even ones, or the other way round; also on the page."""
    path = by_day(tmp_path, f"on,{name}", lambda number: "even" if number % 2 == 0 else "odd")

    found = explain_file(
        path, week_of='"on"', week="2026-W03", numerator="1", denominator=denominator, by=[name]
    )
    parts = found.explanation.parts[name].set_index("segment")

    assert dict(parts["n_now"]) == {"even": 4, "odd": 3}
    assert dict(parts["n_base"]) == {"even": 3, "odd": 4}
    assert name in as_text(found, read_language("en"))
    assert "odd" in explanation_page(found.explanation, path.name, read_language("en"))


def test_segments_are_told_by_the_columns_of_the_file(tmp_path):
    """Columns that are called as sides of a comparison: late parcels of B rise in the last of 20 weeks."""
    lines = ["on,now,week"]
    for day in (dt.date(2026, 1, 5) + dt.timedelta(days=number) for number in range(140)):
        late = 9 if day >= dt.date(2026, 5, 18) else 2
        lines += [
            f"{day},{part},{number < most}" for part, most in (("A", 2), ("B", late)) for number in range(30)
        ]
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")

    found = explain_file(
        tmp_path / "t.csv",
        week_of='"on"',
        week="2026-W21",
        base="last-4",
        numerator="week = 'True'",
        denominator="1",
        by=["now"],
    )

    assert [one.where for one in found.explanation.segments] == [{"now": "B"}]
    assert found.explanation.outside[0].where == {"now": "B"}


def test_a_dimension_is_the_text_as_it_is_written(tmp_path):
    """Postcodes, codes and numbers of twenty digits keep their figures."""
    codes = ["01000", "1000", "007", "7", "7.0", "12345678901234567890", "12345678901234567891"]
    path = by_day(tmp_path, "day,code", lambda number: codes[number % 7])

    found = explain_file(path, week_of="day", week="2026-W03", numerator="1", by=["code"])

    assert sorted(found.explanation.parts["code"]["segment"]) == sorted(codes)


@pytest.mark.parametrize("day", ["9999-12-31", "12000-01-01", "-0044-03-15", "0001-01-01"])
def test_a_day_of_no_plausible_year_is_no_date(tmp_path, day):
    """It is left out and counted, as a row without a date is."""
    path = by_day(tmp_path, "day,n", str)
    path.write_text(path.read_text(encoding="utf-8") + f"{day},1\n", encoding="utf-8")

    found = explain_file(path, week_of="day", week="2026-W03", numerator="1", by=["n"])

    assert (found.explanation.value_now, found.rows, found.rows_without_week) == (7, 15, 1)


@pytest.mark.parametrize("sides", [("n / (n - 12)", "1"), ("1", "n / (n - 12)"), ("'nan'::DOUBLE", None)])
def test_what_adds_up_to_no_number_is_refused(tmp_path, sides):
    """The 12th of January divides by 0."""
    path = by_day(tmp_path, "day,n", str)
    numerator, denominator = sides

    with pytest.raises(UsageError, match=r"--(num|denom).*a number in every row, found (inf|nan) in 2026-W0"):
        explain_file(path, week_of="day", week="2026-W03", numerator=numerator, denominator=denominator)


def test_a_denominator_below_zero_is_refused(tmp_path):
    """As `ts.decompose` does; the week is named."""
    path = by_day(tmp_path, "day,n", lambda number: 5 if number < 12 else -5)

    with pytest.raises(UsageError, match=r"--denominator: expected 0 or more .* found -35 in 2026-W03"):
        explain_file(path, week_of="day", week="2026-W03", numerator="1", denominator="n")


def monday_morning(zone):
    """Give a Monday noon, and twice half an hour into the next Monday, in Paris, by the clock of a zone."""
    clock = ZoneInfo("Europe/Paris")
    moments = [dt.datetime(2026, 1, day, hour, 30, tzinfo=clock) for day, hour in ((5, 12), (12, 0), (12, 0))]
    return pa.array(moments, pa.timestamp("us", zone))


@pytest.mark.parametrize("zone", ["Europe/Paris", "+01:00"])
def test_a_moment_of_a_parquet_file_falls_on_the_local_day(tmp_path, zone):
    """As a text with an offset does; by UTC all three are in the first week."""
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"done": monday_morning(zone)}), path)

    found = explain_file(path, week_of="done", week="2026-W03", numerator="1")

    assert (found.explanation.value_now, found.explanation.value_base) == (2, 1)


def test_what_sums_true_and_false_is_told(tmp_path):
    """They are text; the advice sums them as 1 and 0."""
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"done": monday_morning("Europe/Paris"), "late": [True, False, True]}), path)
    advice = 'cast(cast("late" AS BOOLEAN) AS INTEGER)'

    with pytest.raises(UsageError, match=re.escape(f"Write {advice}.")):
        explain_file(path, week_of="done", week="2026-W03", numerator="late", denominator="1")
    found = explain_file(path, week_of="done", week="2026-W03", numerator=advice, denominator="1")

    assert (found.explanation.value_now, found.explanation.value_base) == (0.5, 1)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Livraison prévue", "Livraison prévue"),
        ("Livraison prévue", "CAST(livraison prévue AS DATE)"),
        ("arr-day", "arr-day"),
        ("order", "order"),
    ],
)
def test_a_name_that_is_more_than_a_word_is_to_be_quoted(tmp_path, name, typed):
    """SQL reads it as several words, or as one of its own."""
    path = by_day(tmp_path, f"{name},n", str)

    with pytest.raises(UsageError, match=f'Write "{name}", with double quotes around it.'):
        explain_file(path, week_of=typed, week="2026-W03", numerator="1")


def test_a_quoted_name_is_not_told_to_be_quoted(tmp_path):
    """What is wrong is elsewhere."""
    path = by_day(tmp_path, "Livraison prévue,n", str)

    with pytest.raises(UsageError, match=r"found Parser Error.*Correct it"):
        explain_file(path, week_of='"Livraison prévue" +', week="2026-W03", numerator="1")


def raised(folder, orders):
    """Write forty weeks of 400 rows: only c=B rises, in the last one, from 10 to 40 %; k is chance."""
    random, lines = Random(1), ["day,c,k,late,order"]
    for number in range(40 * 400):
        week = number // 400
        c, k = random.choice("ABC"), random.choice("xyz")
        late = random.random() < (0.4 if week == 39 and c == "B" else 0.1)
        day = dt.date(2026, 1, 5) + dt.timedelta(weeks=week, days=number % 7)
        lines.append(f"{day},{c},{k},{late:d},{number % orders}")
    (folder / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder / "t.csv"


def explained(path, by):
    return explain_file(
        path, week_of="day", week="2026-W41", base="last-4", numerator="late", denominator="1", by=by
    )


def test_a_part_that_only_shares_the_move_is_no_cause(tmp_path):
    """Parts of k are outside their ranges, as they hold rows of B; their intervals hold 0."""
    found = explained(raised(tmp_path, 300), ["c", "k"])
    verdict = as_json(found, read_language("en"))["verdict"]

    assert [one for one in found.explanation.outside if "k" in one.where and one.low < 0 < one.high]
    assert verdict["causes"] == [{"code": "REAL", "scope": {"c": "B"}}]


def test_without_a_search_the_causes_are_parts_beyond_the_rest(tmp_path):
    """The interval decides; nothing is searched."""
    explanation = replace(explained(raised(tmp_path, 300), ["c", "k"]).explanation, search=lambda: None)

    surely = [one.where for one in explanation.outside if one.low * one.high > 0]

    assert [one.scope for one in causes(explanation)] == surely
    assert surely[0] == {"c": "B"} and len(surely) < len(explanation.outside)


@pytest.mark.parametrize(("orders", "told"), [(200, False), (201, True)])
def test_a_dimension_of_too_many_values_is_named(tmp_path, orders, told):
    """It is not searched; nothing is said of it in a usual week."""
    sentence = "Not searched for segments, for more than 200 values: order."
    found = explained(raised(tmp_path, orders), ["c", "order"])

    assert (sentence in as_text(found, read_language("en"))) == told
    assert (sentence in as_json(found, read_language("en"))["verdict"]["reason"]) == told
    assert found.explanation.segments[0].where["c"] == "B"


def test_parts_with_a_denominator_below_zero_are_not_searched(tmp_path):
    """The total has one above 0, so the week is explained all the same."""
    path = raised(tmp_path, 300)
    found = explain_file(
        path,
        week_of="day",
        week="2026-W41",
        base="last-4",
        numerator="late",
        denominator="CASE WHEN k = 'x' THEN -1 ELSE 2 END",
        by=["c", "k"],
    )

    assert as_json(found, read_language("en"))["segments"] == []
