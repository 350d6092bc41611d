"""The cube: what is kept is read again, what new rows can change is added up anew, the rest stays."""

import datetime as dt
import shutil
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest
from small_workbook import FIRST_MONDAY, WEEKS, make_workbook, rows, write_csv

import tallysheet as ts
from tallysheet import cube as cubes
from tallysheet import extent as extents
from tallysheet.arrivals import own_day
from tallysheet.cube import Cube
from tallysheet.engine import fact_names, fact_sql
from tallysheet.errors import UsageError
from tallysheet.kpis import kpi
from tallysheet.settings import read_settings

FIRST, SECOND = dt.datetime(2026, 5, 18, 7), dt.datetime(2026, 5, 25, 7)
"""When the extracts of `timed` are taken: on the Mondays after the last week but one and after the last."""


@pytest.fixture
def data(tmp_path):
    """Give the small workbook's data folder."""
    return make_workbook(tmp_path)


@pytest.fixture
def timed(tmp_path):
    """Give a workbook whose extracts have their time in their names; its first is there."""
    folder = make_workbook(tmp_path)
    (folder / "raw" / "parcels.csv").unlink()
    source = folder / "sources" / "parcels" / "source.toml"
    text = source.read_text(encoding="utf-8").replace("as_of = 2026-06-15T07:00:00\n", "")
    source.write_text(text.replace("parcels.csv", "parcels_%Y%m%dT%H%M.csv"), encoding="utf-8")
    extract(folder, FIRST, rows())
    return folder


def extract(folder, moment: dt.datetime, lines: list[list[str]]) -> None:
    """Write what has been delivered by a moment; of the rest nothing is known."""
    write_csv(
        folder / "raw" / f"parcels_{moment:%Y%m%dT%H%M}.csv", [row for row in lines if row[4] <= str(moment)]
    )


def late(lines: list[list[str]], parcel: str) -> list[list[str]]:
    """Let a parcel that was on time come two days later."""
    (row,) = (row for row in lines if row[0] == parcel)
    day = dt.date.fromisoformat(row[3])
    assert row[4].startswith(str(day))
    row[4] = f"{day + dt.timedelta(days=2)} 12:00:00"
    return lines


def promised_later(lines: list[list[str]], parcel: str) -> list[list[str]]:
    """Let a parcel have been promised for a week later."""
    (row,) = (row for row in lines if row[0] == parcel)
    row[3] = str(dt.date.fromisoformat(row[3]) + dt.timedelta(days=7))
    return lines


def open_cube(data, as_of: dt.datetime | None = None) -> Cube:
    """Load, and open the cube at a moment; None is the newest extract's."""
    ledger = ts.load(data)
    return Cube(ledger, read_settings(data), as_of or ledger.as_of)


def on_time(cells: pd.DataFrame) -> dict[str, tuple[int, int]]:
    return {row.week: (int(row.on_time_n), int(row.due_n)) for row in cells.itertuples()}


@pytest.fixture
def opened(monkeypatch):
    """Count how often a ground is opened, and with it how often something is added up."""
    calls = []
    real = cubes.open_tables

    def counted(*arguments):
        calls.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(cubes, "open_tables", counted)
    return calls


def added(monkeypatch) -> list[tuple[str, str, int]]:
    """Tell of each time that something is added up: fact, dimensions and number of looks."""
    told = []
    real = Cube._added

    def counted(self, fact, looks, by, where=()):
        told.append((fact, ",".join(by), len(looks)))
        return real(self, fact, looks, by, where)

    monkeypatch.setattr(Cube, "_added", counted)
    return told


def test_cells_by_hand(data):
    """Ten parcels a day and carrier; of three days one has none late, one has one and one has two."""
    cube = open_cube(data)
    cells = on_time(cube.total("shipments", cube.looks()))
    late = sum(2 * (day % 3) for day in range(FIRST_MONDAY.toordinal(), FIRST_MONDAY.toordinal() + 7))

    assert cells["2026-W02"] == (140 - late, 140)
    assert len(cells) == WEEKS
    assert [str(week) for week in cube.weeks] == list(cells)


def test_parts_add_up_to_the_total(data):
    """Of each dimension; a row without a value is a part of its own."""
    cube = open_cube(data)
    total = cube.total("shipments", cube.looks())
    parts = {name: cube.parts("shipments", cube.looks(), name) for name in kpi("otd").dimensions}

    for dimension, own in parts.items():
        added_up = own.groupby(["week", "seen_at"], as_index=False)[["due_n", "on_time_n"]].sum()
        pd.testing.assert_frame_equal(added_up, total[added_up.columns], check_dtype=False, obj=dimension)
        assert set(own["dimension"]) == {dimension}
    assert set(parts["carrier"]["segment"]) == {"BRV", "DVP"}
    assert set(parts["seller"]["segment"]) == {""}


def test_what_has_no_measure_counts_as_nothing(data, monkeypatch):
    """In a part of its own as in the total, so that the parts add up to it."""
    without = "SELECT * REPLACE (CASE WHEN carrier <> 'BRV' THEN on_time_n END AS on_time_n) FROM ({})"
    monkeypatch.setattr(cubes, "fact_sql", lambda name: without.format(fact_sql(name)))
    cube = open_cube(data)
    parts = cube.parts("shipments", cube.looks(), "carrier").set_index("segment")["on_time_n"]

    assert parts["BRV"].to_list() == [0] * WEEKS
    assert parts.sum() == cube.total("shipments", cube.looks())["on_time_n"].sum()


def test_several_dimensions_are_added_up_in_one_go(data, monkeypatch):
    """The total and two dimensions by one query; what they give is what each gives alone."""
    told = added(monkeypatch)
    together = open_cube(data)
    looks = together.looks()
    together.add_up("shipments", looks, ("", "carrier", "origin"))
    found = [together.total("shipments", looks), together.parts("shipments", looks, "origin")]
    assert told == [("shipments", ",carrier,origin", WEEKS)]

    shutil.rmtree(data / "cube")
    alone = open_cube(data)
    for cells, own in zip(
        found, [alone.total("shipments", looks), alone.parts("shipments", looks, "origin")], strict=True
    ):
        pd.testing.assert_frame_equal(cells.reset_index(drop=True), own.reset_index(drop=True))


def test_a_week_is_added_up_as_it_stood(data):
    """On Wednesday the promises of two days have run out, at eight in the evening each."""
    cube = open_cube(data)
    looks = [("2026-W02", dt.datetime(2026, 1, 7, hour)) for hour in (19, 21)]
    cells = cube.total("shipments", looks).sort_values("seen_at")

    assert cells["due_n"].to_list() == [40, 60]


def test_what_was_added_up_is_read_again(data, opened):
    """By the same cube and by the next one; no ground is opened, and the cells are the same."""
    first = open_cube(data)
    before = [first.total("shipments", first.looks()), first.parts("shipments", first.looks(), "carrier")]
    assert len(opened) == 1
    first.total("shipments", first.looks())
    second = open_cube(data)
    after = [second.total("shipments", second.looks()), second.parts("shipments", second.looks(), "carrier")]

    assert len(opened) == 1
    for one, other in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(
            one.reset_index(drop=True), other.reset_index(drop=True), check_dtype=False
        )


def test_only_looks_that_are_lacking_are_added_up(data, monkeypatch):
    """A second age asks for its own looks, and the first is still there."""
    cube, told = open_cube(data), added(monkeypatch)
    cube.total("shipments", cube.looks())
    cube.total("shipments", cube.looks(dt.timedelta(days=1)))
    cube.total("shipments", [*cube.looks(), *cube.looks(dt.timedelta(days=1))])

    assert told == [("shipments", "", WEEKS), ("shipments", "", WEEKS)]
    assert len(cube.total("shipments", [*cube.looks(), *cube.looks()])) == WEEKS


def test_a_look_is_not_later_than_the_cube(data):
    """Of the last week an age of five days is not reached yet: it is looked at as now."""
    cube = open_cube(data, dt.datetime(2026, 5, 26))
    looks = dict(cube.looks(dt.timedelta(days=5)))

    assert looks["2026-W20"] == dt.datetime(2026, 5, 23)
    assert looks["2026-W21"] == cube.as_of
    assert max(looks.values()) == cube.as_of


def test_another_moment_counts_as_a_cube_of_its_own(data):
    """What is laid out and added up for one moment serves another, which knows no more than it may."""
    now, earlier = open_cube(data), dt.datetime(2026, 5, 20, 7)
    now.add_up("shipments", now.looks(), ("", "carrier"))
    then, alone = now.at(earlier), open_cube(data, earlier)

    assert then.as_of == earlier
    assert then.looks() == alone.looks()
    for by in ("", "carrier", "origin"):
        shared = then.parts("shipments", then.looks(), by).reset_index(drop=True)
        assert shared.equals(alone.parts("shipments", alone.looks(), by).reset_index(drop=True))
    assert on_time(now.total("shipments", now.looks())) != on_time(then.total("shipments", then.looks()))


def test_one_more_extract_leaves_earlier_looks_as_they_were(timed, monkeypatch):
    """Of twenty weeks on their Mondays only the one that came is added up."""
    age = dt.timedelta(hours=7)
    first = open_cube(timed)
    early = on_time(first.total("shipments", first.looks(age)))

    extract(timed, SECOND, rows())
    told = added(monkeypatch)
    second = open_cube(timed)
    cells = on_time(second.total("shipments", second.looks(age)))

    assert (first.as_of, second.as_of) == (FIRST, SECOND)
    assert told == [("shipments", "", 1)]
    assert cells.keys() - early.keys() == {"2026-W21"}
    assert early.items() <= cells.items()


def test_looks_from_the_first_new_row_on_are_added_up_anew(timed, monkeypatch):
    """A row of the second extract was known on 18 May at noon: looks before stay, looks after do not."""
    moments = [dt.datetime(2026, 5, 18, hour) for hour in (5, 7, 12, 15)]
    looks = [("2026-W20", moment) for moment in moments]
    first = open_cube(timed)
    first.total("shipments", looks)

    extract(timed, SECOND, rows())
    told = added(monkeypatch)
    second = open_cube(timed)
    cells = second.total("shipments", looks).sort_values("seen_at")

    assert told == [("shipments", "", 2)]
    assert cells["due_n"].is_monotonic_increasing
    assert cells["due_n"].iloc[-1] == 140


def test_weeks_before_the_first_new_row_stay_whenever_they_are_looked_at(timed, monkeypatch):
    """What the second extract adds is due from 17 May on, and it takes nothing back."""
    moment = dt.datetime(2026, 5, 18, 15)
    looks = [(week, moment) for week in ("2026-W18", "2026-W19", "2026-W20")]
    open_cube(timed).total("shipments", looks)

    extract(timed, SECOND, rows())
    told = added(monkeypatch)
    open_cube(timed).total("shipments", looks)

    assert told == [("shipments", "", 1)]


def test_facts_whose_rows_stand_alone_are_told_from_those_where_others_decide():
    """An invoice, an order or another contact may change the week of a row that came long before."""
    alone = {fact for fact in fact_names() if own_day(fact)}

    assert {"shipments", "attempts", "labels", "picks", "scan_messages", "contact_solving"} <= alone
    assert not {"costs", "transits", "first_scans", "deliveries", "contact_resolutions"} & alone
    assert own_day("shipments") == ("shipments", "shipments.promised_date")


def test_a_correction_is_not_known_before_it_came(timed):
    """A parcel is late in the second extract: its week changes now, not as it was seen before."""
    first = open_cube(timed)
    before = on_time(first.total("shipments", first.looks()))["2026-W18"]

    extract(timed, SECOND, late(rows(), "2026-05-01-BRV-9"))
    now, then = open_cube(timed), open_cube(timed, FIRST)

    assert on_time(then.total("shipments", then.looks()))["2026-W18"] == before
    assert on_time(now.total("shipments", now.looks()))["2026-W18"] == (before[0] - 1, before[1])


def test_a_frame_that_another_process_removes_meanwhile_fails_no_page(data):
    """Pages that are made side by side sweep the same folder: one that is listed may be gone already."""
    (data / "cube").mkdir(exist_ok=True)
    (data / "cube" / "ages-gone.parquet").symlink_to(data / "cube" / "nowhere")
    frame = pd.DataFrame({"x": [1]})

    assert open_cube(data).remembered("ages", [], lambda: frame).equals(frame)


def test_an_extract_that_comes_after_its_time_changes_the_weeks_that_rows_leave(timed):
    """A parcel of 1 May was promised for the 8th a week before we knew: both weeks change, seen then."""
    extract(timed, dt.datetime(2026, 6, 1, 7), promised_later(rows(), "2026-05-01-BRV-9"))
    looks = [(week, SECOND + dt.timedelta(days=1)) for week in ("2026-W17", "2026-W18", "2026-W19")]
    before = on_time(open_cube(timed).total("shipments", looks))

    extract(timed, SECOND, promised_later(rows(), "2026-05-01-BRV-9"))
    due = {week: due_n for week, (_, due_n) in on_time(open_cube(timed).total("shipments", looks)).items()}

    assert due == {"2026-W17": 140, "2026-W18": 139, "2026-W19": 141}
    assert {due_n for _, due_n in before.values()} == {140}


@pytest.mark.parametrize("corrected", [late, promised_later])
def test_what_is_kept_is_what_is_added_up_anew(timed, corrected):
    """After one more extract with a correction: kept cells and those of an empty folder are the same."""
    ages = (None, dt.timedelta(hours=7), dt.timedelta(days=3))
    first = open_cube(timed)
    for age in ages:
        first.parts("shipments", first.looks(age), "carrier")
    extract(timed, SECOND, corrected(rows(), "2026-05-01-BRV-9"))
    kept = open_cube(timed)
    found = [kept.parts("shipments", kept.looks(age), "carrier") for age in ages]
    shutil.rmtree(timed / "cube")
    anew = open_cube(timed)

    keys = ["dimension", "segment", "week", "seen_at"]
    for cells, age in zip(found, ages, strict=True):
        pd.testing.assert_frame_equal(
            cells.sort_values(keys, ignore_index=True),
            anew.parts("shipments", anew.looks(age), "carrier").sort_values(keys, ignore_index=True),
            check_dtype=False,
        )


def test_an_extract_that_was_replaced_counts_as_another(timed, opened):
    """The same name and other bytes: what was kept of it is not used."""
    first = open_cube(timed)
    before = on_time(first.total("shipments", first.looks()))["2026-W02"]
    extract(timed, FIRST, late(rows(), "2026-01-05-BRV-9"))
    second = open_cube(timed)

    assert on_time(second.total("shipments", second.looks()))["2026-W02"] == (before[0] - 1, before[1])
    assert len(opened) == 2


def test_a_frame_is_made_again_only_when_its_own_tables_change(data):
    """What is made of shipments stays as another table comes; what may be made of all is made anew."""
    ledger, made = ts.load(data), []
    with_claims = ledger.files.assign(table="claims", sha256="0", file="claims.csv")
    more = replace(ledger, files=pd.concat([ledger.files, with_claims]), state=f"{ledger.state}-more")

    def make(name: str) -> pd.DataFrame:
        made.append(name)
        return pd.DataFrame({"n": [len(made)]})

    for known in (ledger, more):
        cube = Cube(known, read_settings(data), known.as_of)
        cube.remembered("all", [], lambda: make("all"))
        cube.remembered("some", [], lambda: make("some"), {"shipments"})
        cube.remembered("claims", [], lambda: make("claims"), {"claims"})

    assert made == ["all", "some", "claims", "all", "claims"]


def test_other_rules_make_other_cells(data, opened):
    """A parcel counts as lost some days later."""
    cube = open_cube(data)
    cube.total("shipments", cube.looks())
    config = data / "workbook.toml"
    config.write_text(config.read_text() + "\n[rules]\nlost_after_days = 20\n", encoding="utf-8")
    other = open_cube(data)
    other.total("shipments", other.looks())

    assert len(opened) == 2


def test_where_picks_rows(data):
    """A part of the total, and a part of a part; the cells of all are not touched."""
    cube = open_cube(data)
    looks = cube.looks()
    both = on_time(cube.total("shipments", looks))
    one = on_time(cube.total("shipments", looks, (("carrier", "BRV"),)))
    other = on_time(cube.total("shipments", looks, (("carrier", "DVP"),)))
    corner = cube.total("shipments", looks, (("carrier", "BRV"), ("origin", "PAR")))
    parts = cube.parts("shipments", looks, "carrier", (("carrier", "BRV"),))

    assert {week: (one[week][0] + other[week][0], one[week][1] + other[week][1]) for week in both} == both
    assert corner["due_n"].unique().tolist() == [35]
    assert set(parts["segment"]) == {"BRV"}
    assert on_time(cube.total("shipments", looks)) == both


def test_where_nothing_is(data):
    """An unknown value gives no row; quotes in it are text; empty is what has no value."""
    cube = open_cube(data)

    assert cube.total("shipments", cube.looks(), (("carrier", "x' OR ''='"),)).empty
    assert len(cube.total("shipments", cube.looks(), (("seller", ""),))) == WEEKS


def test_a_fact_without_its_tables_is_switched_off(data):
    """The KPI is not listed, and asking for it names the extracts that it lacks."""
    week = ts.open_week("2026-W21", data=data)

    assert "csat" not in week.available
    with pytest.raises(UsageError, match="care_contacts"):
        week.kpi("csat").explain()
    with pytest.raises(UsageError, match="orders"):
        week.kpi("contact_rate").explain()
    assert week.cube.missing["contact_resolutions"] == ["care_contacts"]
    assert week.cube.missing["shipments"] == []


def test_of_columns_that_do_the_same_one_with_a_value_is_enough(data):
    """Damage shows by a claim's evidence or by its decision; without both nothing would be damaged."""
    nothing = "shipments.first_scan_at or shipments.label_created_at"
    cube = open_cube(data)

    assert cube.empty(["shipments.first_scan_at or shipments.promised_at", nothing]) == [nothing]


@pytest.mark.parametrize("filled", ["NULL", "promised || ' 09:00:00'"], ids=["empty", "filled"])
def test_a_kpi_whose_column_is_empty_is_switched_off(data, filled):
    """Without any first scan it is not known which labels were never scanned: that is not all of them."""
    select = data / "sources" / "parcels" / "parcels.sql"
    more = f"line,\n    promised || ' 08:00:00' AS label_created_at,\n    {filled} AS first_scan_at,"
    select.write_text(select.read_text().replace("line,", more, 1))
    week = ts.open_week("2026-W18", data=data)

    assert ("unused_labels" in week.available) is (filled != "NULL")
    assert week.review.lacking(kpi("unused_labels")) == ["shipments.first_scan_at"] * (filled == "NULL")
    assert week.review.lacking(kpi("double_handling"))[0] == "care_contacts"
    if filled == "NULL":
        with pytest.raises(UsageError, match=r"shipments\.first_scan_at"):
            week.kpi("unused_labels").explain()


@pytest.mark.parametrize("damage", [b"", b"no parquet", None], ids=["empty", "other bytes", "cut"])
def test_damaged_cells_are_added_up_anew(data, damage):
    """A file of data/cube that cannot be read counts as none: all of it can be made again."""
    cube = open_cube(data)
    before = on_time(cube.total("shipments", cube.looks()))
    path = data / "cube" / "shipments.parquet"
    path.write_bytes(path.read_bytes()[:-200] if damage is None else damage)
    again = open_cube(data)

    assert on_time(again.total("shipments", again.looks())) == before


@pytest.mark.slow
def test_a_flipped_bit_is_not_trusted(data):
    """Cells are right, or the file counts as none; wrong numbers are worse than a second's work."""
    cube = open_cube(data)
    before = on_time(cube.total("shipments", cube.looks()))
    path = data / "cube" / "shipments.parquet"
    whole = path.read_bytes()
    for place in range(4, 100, 6):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.write_bytes(bytes(damaged))
        again = Cube(cube.ledger, cube.settings, cube.as_of)
        try:
            found = on_time(again.total("shipments", again.looks()))
        except (pa.ArrowException, OSError):
            continue  # that is the case above
        assert found == before, place


def test_a_damaged_extent_is_counted_anew(data):
    """The days that the data covers are kept as well."""
    (first_day,) = {open_cube(data).first_day}
    (data / "cube" / "extent.parquet").write_text("{", encoding="utf-8")

    assert open_cube(data).first_day == first_day


@pytest.mark.parametrize("moments", [(FIRST, SECOND), (SECOND, FIRST)], ids=["later", "late"])
def test_the_extent_grows_with_an_extract_as_if_all_came_at_once(timed, moments, monkeypatch):
    """Also with one that comes late; the rows of earlier loads are not read again."""
    first, second = moments
    (timed / "raw" / f"parcels_{FIRST:%Y%m%dT%H%M}.csv").unlink()
    extract(timed, first, rows())
    before = open_cube(timed).extent
    extract(timed, second, rows())
    counted = []
    real = extents._counted
    monkeypatch.setattr(extents, "_counted", lambda *given: counted.append(real(*given)) or counted[-1])
    grown = open_cube(timed).extent
    shutil.rmtree(timed / "cube")
    whole = open_cube(timed).extent

    assert grown == whole
    assert (grown == before) == (first == SECOND)
    if first == FIRST:
        of_the_second, of_both = (int(rows["n"].sum()) for rows in counted)
        assert 0 < of_the_second < of_both / 10


def test_the_extent_forgets_the_rows_of_an_extract_that_is_gone(timed):
    """Another took its place that was taken later: nothing of what the first said counts any more."""
    extract(timed, SECOND, rows()[40:])
    before = open_cube(timed).extent
    (timed / "raw" / f"parcels_{FIRST:%Y%m%dT%H%M}.csv").unlink()
    extract(timed, SECOND + dt.timedelta(days=7), rows()[40:])
    after = open_cube(timed).extent
    shutil.rmtree(timed / "cube")

    assert after == open_cube(timed).extent
    assert after.span.first_day == before.span.first_day + dt.timedelta(days=2)


def test_cells_of_another_shape_are_added_up_anew(data):
    """A Parquet file without the word of what it was made from."""
    cube = open_cube(data)
    before = on_time(cube.total("shipments", cube.looks()))
    path = data / "cube" / "shipments.parquet"
    pd.DataFrame({"week": ["2026-W02"], "due_n": [1]}).to_parquet(path)

    again = open_cube(data)
    assert on_time(again.total("shipments", again.looks())) == before


ORDERS = """
table = "orders"
as_of = 2026-12-15T07:00:00
known_at = "accepted_at"
select = "orders.sql"

[[file]]
name = "orders"
path = "raw/orders.csv"
"""


def test_days_are_counted_up_to_a_look_long_after_the_last_parcel(data):
    """The last extract came seven months after the data ends: the promise of what never came is long over."""
    parcel = ["P1", "BRV", "FR", "2026-05-20", "2026-05-18 08:00:00", "-"]
    write_csv(
        data / "raw" / "parcels.csv",
        [parcel],
        ["parcel", "carrier", "country", "promised", "scanned", "delivered"],
    )
    source = data / "sources" / "parcels"
    (source / "parcels.sql").write_text(
        "SELECT line, parcel AS shipment_id, 'return' AS flow, carrier, country AS origin_country, "
        "country AS destination_country, promised AS promised_date, promised || ' 20:00:00' AS promised_at, "
        "scanned AS first_scan_at, delivered AS delivered_at, 'in_transit' AS status FROM parcels",
        encoding="utf-8",
    )
    text = (source / "source.toml").read_text(encoding="utf-8")
    (source / "source.toml").write_text(
        text.replace('"coalesce(delivered_at, promised_at)"', '"first_scan_at"'), encoding="utf-8"
    )
    write_csv(
        data / "raw" / "orders.csv",
        [["L1", "O1", "2026-05-01 08:00:00"]],
        ["line_id", "order_number", "accepted"],
    )
    other = data / "sources" / "orders"
    other.mkdir()
    (other / "source.toml").write_text(ORDERS, encoding="utf-8")
    (other / "orders.sql").write_text(
        "SELECT line, line_id AS orderline_id, order_number AS order_id, accepted AS paid_at, "
        "accepted AS accepted_at FROM orders",
        encoding="utf-8",
    )
    settings = data / "workbook.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace('["parcels"]', '["parcels", "orders"]'), encoding="utf-8"
    )

    cube = open_cube(data)
    (found,) = cube.total("transits", [("2026-W21", cube.as_of)]).itertuples()

    assert (found.attempted_n, found.in_time_n, found.judged_n) == (0, 0, 1)


@pytest.mark.parametrize(("last", "whole"), [("2026-05-22", "2026-W21"), ("2026-05-21", "2026-W20")])
def test_a_week_without_rows_at_weekends_is_whole_on_its_friday(tmp_path, last, whole):
    """Whoever ships from Monday to Friday need not wait a week for the report; without the Friday it does."""
    weekdays = [row for row in rows() if dt.date.fromisoformat(row[3]).weekday() < 5 and row[3] <= last]
    found = open_cube(make_workbook(tmp_path, weekdays))

    assert str(found.weeks[-1]) == whole
