"""Naming the segments behind a change, on frames small enough to tell by hand what moved."""

import itertools

import numpy as np
import pandas as pd
import pytest

from tallysheet import decompose, find_segments
from tallysheet.errors import UsageError

VALUES = {
    "carrier": ["ASH", "BRV", "CDR", "DVP", "ELM"],
    "country": ["DE", "ES", "FR", "IT", "NL", "PL"],
    "service": ["express", "locker", "relay", "standard"],
}
BY = list(VALUES)
SHARE = {"now": "late", "base": "late_before", "now_n": "due", "base_n": "due_before"}
SUM = {"now": "parcels", "base": "parcels_before"}
FR_CDR = {"carrier": "CDR", "country": "FR"}


def grid(values=VALUES) -> pd.DataFrame:
    """Every combination of values once."""
    return pd.DataFrame(itertools.product(*values.values()), columns=list(values))


def parcels() -> pd.DataFrame:
    """Of 500 parcels of each combination 40 are late (8 %), in both weeks."""
    return grid().assign(late=40, due=500, late_before=40, due_before=500)


def rows_of(frame: pd.DataFrame, where: dict[str, object]) -> pd.Series:
    return pd.Series(np.logical_and.reduce([frame[name] == value for name, value in where.items()]))


def with_late(frame: pd.DataFrame, more: int, **where: str) -> pd.DataFrame:
    """So many more are late in every combination of a segment; of 500, five are one point."""
    return frame.assign(late=frame["late"] + more * rows_of(frame, where))


def find(frame: pd.DataFrame, measures=SHARE, by=BY, **options):
    return find_segments(frame, by=by, **{**measures, **options})


def named(found) -> list[dict[str, str]]:
    return [one.where for one in found]


def sums(wobble: bool = False) -> pd.DataFrame:
    """Between 400 and 600 parcels of each combination, now as many as before or up to 5 % off."""
    place = np.arange(len(grid()))
    before = 400 + place * 37 % 200
    off = (place * 7 % 11 - 5) / 100 if wobble else 0
    return grid().assign(parcels=(before * (1 + off)).round(), parcels_before=before)


def times(frame: pd.DataFrame, factor: float, **where: str) -> pd.DataFrame:
    return frame.assign(parcels=frame["parcels"] * np.where(rows_of(frame, where), factor, 1.0))


def test_a_value_that_moved_is_named():
    """CDR has 12 % late instead of 8; it carries a fifth of the parcels."""
    (one,) = find(with_late(parcels(), 20, carrier="CDR"))

    assert one.where == {"carrier": "CDR"}
    assert one.effect == pytest.approx(0.04)
    assert one.contribution == pytest.approx(0.04 / 5)
    assert (one.n_now, one.n_base) == (24 * 500, 24 * 500)
    assert 0 < one.low < one.effect < one.high
    assert one.p < 0.001


@pytest.mark.parametrize("more", [20, 60, 200, 400])
def test_an_interval_is_that_of_the_counts(more):
    """Of 12,000 parcels 8 % were late, of 48,000 others 8 % in both weeks: four binomial variances.

    The counts are as expected, so cells do not scatter; that a cause is large makes no interval wide.
    """
    after = 0.08 + more / 500
    variance = (after * (1 - after) + 0.08 * 0.92) / 12_000 + 2 * 0.08 * 0.92 / 48_000

    (one,) = find(with_late(parcels(), more, carrier="CDR"))

    assert one.where == {"carrier": "CDR"}
    assert one.high - one.effect == pytest.approx(1.96 * variance**0.5, rel=1e-3)
    assert one.effect - one.low == pytest.approx(1.96 * variance**0.5, rel=1e-3)


def test_a_fall_has_a_negative_effect():
    """CDR has 4 % late instead of 8."""
    (one,) = find(with_late(parcels(), -20, carrier="CDR"))

    assert one.where == {"carrier": "CDR"}
    assert one.effect == pytest.approx(-0.04)
    assert one.contribution == pytest.approx(-0.04 / 5)
    assert one.low < one.effect < one.high < 0


@pytest.mark.parametrize(
    ("where", "more", "of_all"),
    [(FR_CDR, 40, 4 / 120), ({**FR_CDR, "service": "relay"}, 120, 1 / 120)],
    ids=["two", "three"],
)
def test_a_conjunction_is_named_with_all_its_conditions_and_no_more(where, more, of_all):
    """Only the parcels that meet all conditions moved, not their carrier or country."""
    (one,) = find(with_late(parcels(), more, **where))

    assert one.where == where
    assert one.effect == pytest.approx(more / 500)
    assert one.contribution == pytest.approx(more / 500 * of_all)


def test_one_dimension_may_be_given_by_its_name():
    """A text instead of a list of one: the other dimensions are added up."""
    (one,) = find(with_late(parcels(), 20, carrier="CDR"), by="carrier")

    assert one.where == {"carrier": "CDR"}
    assert one.effect == pytest.approx(0.04)


def test_two_causes_in_opposite_directions_are_both_named():
    """One rose by 12 points, another fell by 6: neither hides the other."""
    frame = with_late(with_late(parcels(), 60, **FR_CDR), -30, country="DE", service="express")

    found = find(frame)

    assert named(found) == [FR_CDR, {"country": "DE", "service": "express"}]
    assert [one.effect for one in found] == pytest.approx([0.12, -0.06])


def test_opposite_causes_that_share_parcels_are_both_named():
    """CDR in France rose by 12 points, express fell by 6 everywhere: what both hold is neither's effect."""
    frame = with_late(with_late(parcels(), 60, **FR_CDR), -30, service="express")

    found = find(frame)

    assert named(found) == [{"service": "express"}, FR_CDR]
    assert [one.effect for one in found] == pytest.approx([-0.06, 0.12])


def test_a_part_of_a_segment_that_moved_further_is_named_beside_it():
    """France rose by 4 points, CDR there by 20: France does not get the blame for CDR."""
    frame = with_late(with_late(parcels(), 20, country="FR"), 80, **FR_CDR)

    effects = {tuple(sorted(one.where.items())): one.effect for one in find(frame)}

    assert effects == {
        (("country", "FR"),): pytest.approx(0.04),
        (("carrier", "CDR"), ("country", "FR")): pytest.approx(0.20),
    }


@pytest.mark.parametrize("more", [20, -20], ids=["rise", "fall"])
def test_where_most_moved_the_one_that_did_not_is_named(more):
    """Three of four services moved by 4 points: that is told as the one that moved the other way."""
    frame = parcels()
    frame["late"] += more * (frame["service"] != "express")

    (one,) = find(frame)

    assert one.where == {"service": "express"}
    assert one.effect == pytest.approx(-more / 500)


@pytest.mark.parametrize("late", [0, 40, 60], ids=["fall", "unchanged", "rise"])
def test_what_is_the_same_everywhere_names_nobody(late):
    """Nothing moved, or everything by as much."""
    assert find(parcels().assign(late=late)) == []


def cdr_rises_and_grows_in_poland(usual_in_poland: float, growth: int) -> pd.DataFrame:
    """Of CDR's parcels 10 points more are late in every country, and it sends more to Poland."""
    frame = parcels()
    usual = np.where(frame["country"] == "PL", usual_in_poland, 0.08)
    frame["due"] *= np.where(rows_of(frame, {"carrier": "CDR", "country": "PL"}), growth, 1)
    frame["late"] = (frame["due"] * (usual + np.where(frame["carrier"] == "CDR", 0.10, 0.0))).round()
    frame["late_before"] = (frame["due_before"] * usual).round()
    return frame


def test_a_shift_of_the_mix_names_nobody():
    """Poland, with 20 % late, sends three times as much; no rate changed, though the total did."""
    rates = dict(zip(VALUES["country"], (0.02, 0.04, 0.06, 0.08, 0.10, 0.20), strict=True))
    frame = parcels()
    frame["due"] = np.where(frame["country"] == "PL", 1500, 500)
    frame["late"] = (frame["due"] * frame["country"].map(rates)).round()
    frame["late_before"] = (frame["due_before"] * frame["country"].map(rates)).round()

    assert frame["late"].sum() / frame["due"].sum() > 0.10
    assert frame["late_before"].sum() / frame["due_before"].sum() < 0.085
    assert find(frame) == []


def test_an_effect_is_net_of_the_mix_inside_a_segment():
    """CDR rose by 10 points on every lane and sends twice as much to Poland, where more is late."""
    frame = cdr_rises_and_grows_in_poland(usual_in_poland=0.20, growth=2)
    cdr = frame[frame["carrier"] == "CDR"].sum(numeric_only=True)

    (one,) = find(frame)

    assert one.where == {"carrier": "CDR"}
    assert cdr["late"] / cdr["due"] - cdr["late_before"] / cdr["due_before"] > 0.114
    assert one.effect == pytest.approx(0.10, abs=0.01)


@pytest.mark.parametrize("usual_in_poland", [0.08, 0.20])
@pytest.mark.parametrize("growth", [3, 4])
def test_a_part_that_grew_but_moved_like_its_segment_is_not_named_beside_it(usual_in_poland, growth):
    """CDR rose by 10 points on every lane; that it sends far more to Poland now moved no rate there."""
    frame = cdr_rises_and_grows_in_poland(usual_in_poland, growth)

    assert named(find(frame)) == [{"carrier": "CDR"}]


@pytest.mark.parametrize("measures", [SHARE, {"now": "late", "base": "late_before"}], ids=["ratio", "sum"])
def test_no_rows_name_nobody(measures):
    """Of an empty frame nothing is known, and nothing is an error."""
    assert find(parcels().head(0), measures) == []


@pytest.mark.parametrize("rows", [1, 2])
def test_a_frame_of_very_few_rows_is_no_error(rows):
    """One combination has no rest that it could differ from; two that did not move name nobody."""
    assert find(parcels().head(rows)) == []


def test_finer_rows_are_added_up():
    """Days and the order of rows do not count: the same as one row a combination."""
    whole = with_late(parcels(), 40, **FR_CDR)
    monday = whole.assign(late=10, due=100, late_before=10, due_before=300, day="Monday")
    others = whole.assign(**{name: whole[name] - monday[name] for name in SHARE.values()}, day="others")
    finer = pd.concat([others, monday]).sample(frac=1, random_state=1)

    assert find(finer) == find(whole)


def test_a_segment_that_is_new_is_no_error():
    """PL sent nothing before: there is no rate that could have changed, and the others are still judged."""
    frame = with_late(parcels(), 40, **FR_CDR)
    frame.loc[frame["country"] == "PL", ["late_before", "due_before"]] = 0

    assert named(find(frame)) == [FR_CDR]


@pytest.mark.parametrize("wobble", [False, True], ids=["even", "wobbling"])
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_count_names_what_fell_or_rose(wobble, factor):
    """CDR sends half of what it did to France, or the double; other parcels as many or up to 5 % off."""
    frame = times(sums(wobble), factor, **FR_CDR)
    mine = frame[rows_of(frame, FR_CDR)]
    rest = frame[~rows_of(frame, FR_CDR)]
    growth = rest["parcels"].sum() / rest["parcels_before"].sum()

    (one,) = find(frame, SUM)

    assert one.where == FR_CDR
    assert one.effect == pytest.approx(mine["parcels"].sum() - growth * mine["parcels_before"].sum())
    assert one.contribution == pytest.approx(mine["parcels"].sum() - mine["parcels_before"].sum())
    assert (one.n_now, one.n_base) == (mine["parcels"].sum(), mine["parcels_before"].sum())
    assert one.low <= one.effect <= one.high
    assert (one.low > 0) == (factor > 1)


def test_growth_of_the_rest_is_not_a_segment_s_effect():
    """All grew by a half, CDR in France by twice that: its effect is what it has beyond the half."""
    frame = times(times(sums(wobble=True), 1.5), 4 / 3, **FR_CDR)
    rest = frame[~rows_of(frame, FR_CDR)].sum(numeric_only=True)
    mine = frame[rows_of(frame, FR_CDR)].sum(numeric_only=True)

    (one,) = find(frame, SUM)

    assert one.where == FR_CDR
    assert one.effect == pytest.approx(
        mine["parcels"] - rest["parcels"] / rest["parcels_before"] * mine["parcels_before"]
    )
    assert one.contribution == pytest.approx(mine["parcels"] - mine["parcels_before"])


@pytest.mark.parametrize("wobble", [False, True], ids=["even", "wobbling"])
@pytest.mark.parametrize("factor", [0.5, 1.0, 1.1, 2.0])
def test_a_sum_that_moves_evenly_names_nobody(wobble, factor):
    """All parcels by the same factor, exactly or up to 5 % off."""
    assert find(times(sums(wobble), factor), SUM) == []


def test_euros_with_decimals_are_a_sum():
    """Amounts are no counts: relay brings a fifth more, CDR in France 40 % less, all is up to 5 % off."""
    frame = sums(wobble=True)
    frame["parcels_before"] += 0.37
    frame = times(times(frame, 1.2, service="relay"), 0.6, **FR_CDR)
    frame["parcels"] = (frame["parcels"] + 0.29).round(2)

    found = find(frame, SUM)

    assert named(found) == [{"service": "relay"}, FR_CDR]
    assert found[0].low > 0 > found[1].high
    for one in found:
        mine = frame[rows_of(frame, one.where)]
        assert one.contribution == pytest.approx(mine["parcels"].sum() - mine["parcels_before"].sum())
        assert one.low <= one.effect <= one.high


@pytest.mark.parametrize(("usual", "more"), [(30.0, 8.0), (380.0, 120.0)], ids=["minutes", "cents"])
def test_a_numerator_need_not_be_a_count(usual, more):
    """Minutes or cents per parcel exceed 1: CDR in France takes a quarter or more on top."""
    frame = parcels()
    place = np.arange(len(frame))
    before, now = (usual * (1 + (place * step % 7 - 3) / 100) for step in (5, 3))
    frame["late_before"] = before * frame["due_before"]
    unchanged = frame.assign(late=now * frame["due"])
    frame["late"] = (now + more * rows_of(frame, FR_CDR)) * frame["due"]

    (one,) = find(frame)

    assert one.where == FR_CDR
    assert one.low <= more <= one.high
    assert one.contribution == pytest.approx(one.effect * 4 / 120, rel=0.05)
    assert find(unchanged) == []


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=str)
def test_missing_values_are_a_value_of_their_own(missing):
    """Parcels without a carrier are compared like those of any carrier."""
    frame = with_late(parcels(), 20, carrier="CDR")
    frame["carrier"] = frame["carrier"].astype(object).where(frame["carrier"] != "CDR", missing)

    (one,) = find(frame)

    assert list(one.where) == ["carrier"]
    assert one.where["carrier"] not in VALUES["carrier"]
    assert (one.n_now, one.effect) == (24 * 500, pytest.approx(0.04))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([101, 102, 103, 104, 105], "103"),
        ([True, True, False, True, True], "False"),
        ([0.5, 1.5, 2.5, 3.5, 4.5], "2.5"),
    ],
    ids=["integers", "booleans", "decimals"],
)
def test_numbers_may_be_values_of_a_dimension(values, told):
    """A zone or a flag is told as text."""
    frame = with_late(parcels(), 20, carrier="CDR")
    frame["carrier"] = frame["carrier"].map(dict(zip(VALUES["carrier"], values, strict=True)))

    (one,) = find(frame)

    assert one.where == {"carrier": told}


def test_categories_are_values():
    """Text kept as categories, some of them unused, gives the same as text."""
    frame = with_late(parcels(), 20, carrier="CDR")
    kept = frame.astype({"carrier": pd.CategoricalDtype(["ELM", "ZZZ", *VALUES["carrier"][:4]])})

    assert find(kept) == find(frame)


def test_small_effects_are_not_named_where_that_is_asked():
    """Of effects of 12 and of 6 points, 10 points leave the first, in either direction, and 13 none."""
    frame = with_late(with_late(parcels(), 30, country="DE", service="express"), -60, **FR_CDR)
    frame["late"] += 100
    frame["late_before"] += 100

    assert named(find(frame, minimum_effect=0.05)) == named(find(frame))
    assert named(find(frame, minimum_effect=0.10)) == [FR_CDR]
    assert find(frame, minimum_effect=0.13) == []


def test_small_segments_are_not_looked_at_where_that_is_asked():
    """CDR in France is due 2000 parcels now and 1000 before: the larger of the two counts."""
    frame = with_late(parcels(), 80, **FR_CDR).assign(due_before=250, late_before=20)

    assert named(find(frame, minimum_size=2000)) == [FR_CDR]
    assert all(one.n_now >= 2001 for one in find(frame, minimum_size=2001))


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_segment_has_no_more_conditions_than_asked(most):
    """Three conditions were planted; with fewer allowed, what is named contains those parcels."""
    planted = {**FR_CDR, "service": "relay"}

    found = find(with_late(parcels(), 400, **planted), most_conditions=most)

    assert found
    assert all(len(one.where) <= most and one.where.items() <= planted.items() for one in found)
    assert (named(found) == [planted]) == (most == 3)


def test_known_dispersion_asks_for_more_and_gives_wider_intervals():
    """Three times the variance makes an interval wider by its root; a hundred times leaves no proof."""
    frame = with_late(parcels(), 40, **FR_CDR)

    (plain,), (dispersed,) = find(frame), find(frame, dispersion=3.0)

    assert dispersed.where == plain.where
    assert dispersed.effect == plain.effect
    assert dispersed.high - dispersed.low == pytest.approx(3**0.5 * (plain.high - plain.low))
    assert dispersed.p > plain.p
    assert find(frame, dispersion=100.0) == []


@pytest.mark.parametrize(
    ("frame", "measures"),
    [
        (
            with_late(with_late(parcels(), 60, **FR_CDR), -30, country="DE", service="express").assign(
                due=500 + np.arange(120) % 7
            ),
            SHARE,
        ),
        (times(times(sums(wobble=True), 0.6, **FR_CDR), 1.3, country="DE", service="express"), SUM),
        (with_late(with_late(parcels(), 20, country="FR"), 80, **FR_CDR), SHARE),
    ],
    ids=["ratio", "sum", "nested"],
)
def test_contributions_are_those_of_decompose(frame, measures):
    """Each segment against all other rows: the part of the change that `decompose` gives it."""
    found = find(frame, measures)

    assert len(found) == 2
    for one in found:
        mine = rows_of(frame, one.where)
        parts = decompose(frame.assign(mine=mine), by="mine", **measures).set_index("mine")
        sizes = [measures.get("now_n", measures["now"]), measures.get("base_n", measures["base"])]
        assert one.contribution == pytest.approx(parts.loc[True, "total"], abs=1e-12)
        assert [one.n_now, one.n_base] == pytest.approx([frame.loc[mine, name].sum() for name in sizes])
        assert one.low <= one.effect <= one.high
        assert 0 <= one.p <= 0.05
    assert [abs(one.contribution) for one in found] == sorted(
        (abs(one.contribution) for one in found), reverse=True
    )


def test_a_cause_in_a_sparse_frame_of_eight_dimensions_is_found():
    """20,000 of 34 million combinations; what meets two conditions rose from 8 to 30 % late."""
    rng = np.random.default_rng(8)
    sizes = (30, 25, 20, 12, 10, 8, 6, 4)
    by = list("abcdefgh")
    frame = pd.DataFrame(
        {
            name: [f"{name}{i}" for i in rng.integers(0, size, 20_000)]
            for name, size in zip(by, sizes, strict=True)
        }
    )
    frame["due"], frame["due_before"] = rng.poisson(6, 20_000), rng.poisson(6, 20_000)
    planted = {"d": "d3", "e": "e7"}
    frame["late"] = rng.binomial(frame["due"], np.where(rows_of(frame, planted), 0.30, 0.08))
    frame["late_before"] = rng.binomial(frame["due_before"], 0.08)

    (one,) = find(frame, by=by)

    assert one.where == planted
    assert one.low <= 0.22 <= one.high


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"by": ["carier"]}, r"a column 'carier', .* Did you mean 'carrier'\?"),
        ({}, {"now": "latte"}, r"a column 'latte', .* Did you mean 'late'\?"),
        ({}, {"base_n": "due_befor"}, r"a column 'due_befor', .* Did you mean 'due_before'\?"),
        ({}, {"base_n": None}, "now_n and base_n together, or neither, found one of them"),
        ({}, {"now_n": None}, "now_n and base_n together, or neither, found one of them"),
        ({"late": np.nan}, {}, "find_segments late: expected a number in every row"),
        ({"due_before": np.nan}, {}, "find_segments due_before: expected a number in every row"),
        ({"due": -1.0}, {}, "find_segments due: expected denominators of 0 or more"),
        ({"due_before": -1.0}, {}, "find_segments due_before: expected denominators of 0 or more"),
        (
            {"late_before": -1.0},
            {"now_n": None, "base_n": None},
            "find_segments late_before: expected values of 0 or more, found negative ones",
        ),
        (
            {"late": -0.01},
            {"now_n": None, "base_n": None},
            "find_segments late: expected values of 0 or more, found negative ones",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused(change, options, message):
    """The error says what was expected and what was found, also if only one row is wrong."""
    frame = parcels().astype({name: float for name in SHARE.values()})
    for name, value in change.items():
        frame.loc[17, name] = value

    with pytest.raises(UsageError, match=message) as error:
        find(frame, **options)

    assert type(error.value) is UsageError


@pytest.mark.parametrize("name", ["due", "due_before"])
def test_denominators_that_add_up_to_0_are_refused(name):
    """Without a parcel there is no share late."""
    with pytest.raises(UsageError, match=f"find_segments {name}: .*not all 0") as error:
        find(parcels().assign(**{name: 0}))

    assert type(error.value) is UsageError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": []}, "a dimension or more"),
        ({"most_conditions": 0}, "most_conditions of 1 or more"),
        ({"dispersion": 0.0}, "a dispersion above 0"),
    ],
    ids=["no dimension", "no condition", "no dispersion"],
)
def test_an_option_without_meaning_is_refused(options, message):
    """Each says what it takes."""
    with pytest.raises(UsageError, match=message):
        find(parcels(), **options)


@pytest.mark.parametrize("value", [np.inf, "40"], ids=["infinite", "text"])
def test_what_is_no_finite_number_is_refused(value):
    """It would be searched as if it were one."""
    frame = parcels().assign(late=[value, *parcels()["late"].iloc[1:]])

    with pytest.raises(UsageError, match="finite numbers"):
        find(frame)


def test_what_a_cell_usually_does_is_no_news():
    """CDR rises by 12 points; where it rose or fell like that in twelve earlier weeks, nobody is named."""
    rise = with_late(parcels(), 60, carrier="CDR")
    restless = [with_late(parcels(), 60 if week % 2 else -35, carrier="CDR") for week in range(12)]
    calm = [parcels() for _ in range(12)]

    assert named(find(rise, history=calm)) == [{"carrier": "CDR"}]
    assert find(rise, history=restless) == []


def test_an_earlier_comparison_without_a_column_is_refused():
    """It says that the history lacks it."""
    with pytest.raises(UsageError, match="find_segments history: expected a column 'due'"):
        find(parcels(), history=[parcels().drop(columns="due")])


def test_cells_that_have_ended_do_not_stand_in_the_way():
    """Of a cell without parcels now no common shift moves anything: it ended in a division by zero."""
    frame = parcels().iloc[:40].reset_index(drop=True)
    gone = frame.index % 5 == 0
    frame.loc[gone, ["late", "due"]] = 0

    assert find(frame) == []
