"""Fair comparisons: by hand, by brute force, and on simulated adoption whose true effect is known."""

import math

import numpy as np
import pandas as pd
import pytest

from tallysheet.fair_comparison import before_and_after, habits, like_with_like, savings
from tallysheet.fair_comparison.estimates import by_cluster

TRUE = 0.012


def rows(text: str) -> pd.DataFrame:
    """Read seller, lane, BackShip or own, on time, parcels."""
    cells = [line.split() for line in text.strip().splitlines()]
    frame = pd.DataFrame(cells, columns=["seller", "lane", "kind", "x", "n"])
    return frame.assign(
        is_backship=frame["kind"] == "backship", x=frame["x"].astype(int), n=frame["n"].astype(int)
    )


SMALL = """
A FR backship 90 100
B FR backship 45 50
B FR own 40 50
C FR own 120 150
A ES backship 8 10
D ES own 18 20
D IT own 30 40
E PL backship 5 5
"""


def test_a_small_standardisation_by_hand():
    """Own parcels: FR 200, ES 20, IT 40 without like. (200 x .9 + 20 x .8) / 220 - (160 + 18) / 220."""
    found = like_with_like(rows(SMALL), alike=["lane"], x="x", n="n")

    assert found.level == pytest.approx(196 / 220)
    assert found.others == pytest.approx(178 / 220)
    assert found.gap.value == pytest.approx(18 / 220)
    assert found.dropped == pytest.approx(40 / 260)
    assert (found.strata_n, found.dropped_n, found.units_n) == (2, 2, 4)


def test_without_strata_it_is_the_raw_gap():
    """148 of 165 on time beside 208 of 260."""
    found = like_with_like(rows(SMALL), alike=[], x="x", n="n")

    assert found.gap.value == pytest.approx(148 / 165 - 208 / 260)
    assert found.dropped == 0


def test_its_error_is_how_far_it_moves_without_each_seller():
    """Sellers are left out one by one by deleting their rows; strata vanish with them."""
    frame = rows(SMALL)

    def gap(kept: pd.DataFrame) -> float:
        sides = (
            kept.groupby(["lane", "is_backship"])[["x", "n"]]
            .sum()
            .reset_index()
            .pivot_table(index="lane", columns="is_backship", values=["x", "n"])
            .dropna()
        )
        rate = sides["x"] / sides["n"]
        return float(np.average(rate[True] - rate[False], weights=sides["n"][False]))

    moved = [gap(frame[frame["seller"] != one]) - gap(frame) for one in "ABCDE"]
    found = like_with_like(frame, alike=["lane"], x="x", n="n").gap

    assert found.error == pytest.approx(math.sqrt(5 / 4 * np.sum(np.square(moved))))


@pytest.mark.parametrize("kind", ["backship", "own"])
def test_one_group_alone_is_compared_with_nothing(kind):
    """No gap, no interval; all of the mix is dropped, where there is one."""
    frame = rows(SMALL)
    found = like_with_like(frame[frame["kind"] == kind], alike=["lane"], x="x", n="n")

    assert np.isnan([found.gap.value, found.gap.low, found.gap.high]).all()
    assert found.dropped == 1 or math.isnan(found.dropped)


def test_few_clusters_that_decide_leave_few_degrees_of_freedom():
    """Equal parts: C - 1; one part of all: 1."""
    assert by_cluster(0.0, np.tile([1.0, -1.0], 10)).freedom == 19
    assert by_cluster(0.0, np.array([5.0, 0.01, -0.01, 0.01])).freedom == pytest.approx(3)
    assert by_cluster(0.0, np.array([5.0, 1e-9])).freedom == 1


def test_what_sellers_were_like_is_from_before_they_began():
    """A was good before and bad since; from month 3 on nothing counts, so that C is as good as unknown."""
    frame = pd.DataFrame(
        [
            ("A", 1, False, 980), ("A", 2, False, 990), ("A", 2, True, 0), ("A", 3, True, 0),
            ("B", 1, False, 880), ("B", 2, False, 900), ("B", 3, False, 1000),
            ("C", 3, False, 500),
        ],
        columns=["seller", "month", "is_backship", "x"],
    ).assign(n=1000)  # fmt: skip
    found = habits(frame, x="x", n="n", until=3)

    assert found["A"] == pytest.approx(0.05)  # 0.98 beside 0.93
    assert -0.05 < found["B"] < 0 == found["C"]


def test_what_is_only_chance_is_no_habit():
    """Sellers that do not differ are all usual."""
    draw = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"seller": np.repeat(range(40), 12), "month": np.tile(range(12), 40), "is_backship": False, "n": 50}
    )
    frame["x"] = draw.binomial(50, 0.9, len(frame))
    found = habits(frame, x="x", n="n", until=12)

    assert found.abs().max() < 0.01


def staggered(effect, begins: dict[str, int], months: int = 6, noise: float = 0.0, seed: int = 0):
    """Give cells of sellers that begin at different times; ``effect`` by age, on all their parcels."""
    draw, cells = np.random.default_rng(seed), []
    for number, (seller, begin) in enumerate(begins.items()):
        for month in range(months):
            n = 100 + 37 * number + 11 * month
            rate = 0.9 - 0.01 * number + 0.004 * month**2 + noise * draw.normal()
            rate += effect(month - begin) if month >= begin else 0.0
            cells.append((seller, month, "FR", month >= begin, rate * n, n))
    return pd.DataFrame(cells, columns=["seller", "month", "lane", "is_backship", "x", "n"])


def test_effects_that_grow_are_found_where_two_way_fixed_effects_fail():
    """Without noise the average over all parcels since the beginning is exact; not so by the regression."""
    begins = {"A": 1, "B": 3, "C": 99}
    frame = staggered(lambda age: 0.02 * (age + 1), begins)
    since = frame[frame["is_backship"]]
    true = np.average(0.02 * (since["month"] - since["seller"].map(begins) + 1), weights=since["n"])
    found = before_and_after(frame, x="x", n="n")

    dummies = pd.get_dummies(frame[["seller", "month"]].astype(str), dtype=float).to_numpy()
    design = np.column_stack([frame["is_backship"].astype(float), dummies])
    root = np.sqrt(frame["n"].to_numpy(float))
    naive = np.linalg.lstsq(design * root[:, None], (frame["x"] / frame["n"]) * root, rcond=None)[0][0]

    assert found.effect.value == pytest.approx(true, abs=1e-6)
    assert abs(naive - true) > 0.01
    ages = found.by_age.set_index("age")["value"]
    assert ages[ages.index >= 0].to_dict() == pytest.approx(
        {age: 0.02 * (age + 1) for age in range(5)}, abs=1e-6
    )


def imputed(frame: pd.DataFrame, rate: np.ndarray) -> float:
    """Fit the cells where nobody has begun by least squares, and average what the others are above it."""
    dummies = pd.get_dummies(frame[["seller", "month"]].astype(str), dtype=float).to_numpy()
    begun, n = frame["is_backship"].to_numpy(), frame["n"].to_numpy(float)
    root = np.sqrt(n[~begun])
    fitted = np.linalg.lstsq(dummies[~begun] * root[:, None], rate[~begun] * root, rcond=None)[0]
    return float(np.average(rate[begun] - dummies[begun] @ fitted, weights=n[begun]))


def test_the_estimate_by_brute_force():
    """Least squares with all dummies on the cells where nobody has begun."""
    frame = staggered(lambda age: 0.02, {"A": 2, "B": 4, "C": 3, "D": 99, "E": 99}, months=8, noise=0.01)
    found = before_and_after(frame, x="x", n="n")

    assert found.effect.value == pytest.approx(imputed(frame, (frame["x"] / frame["n"]).to_numpy()), abs=1e-7)


def test_its_error_is_about_how_far_it_moves_without_each_seller():
    """Sixty sellers are left out one by one."""
    begins = {f"S{number:02}": 3 + number % 5 if number % 2 else 99 for number in range(60)}
    frame = staggered(lambda age: 0.02, begins, months=8, noise=0.02, seed=4)
    whole = imputed(frame, (frame["x"] / frame["n"]).to_numpy())
    rest = [frame[frame["seller"] != one].reset_index(drop=True) for one in begins]
    moved = [imputed(one, (one["x"] / one["n"]).to_numpy()) - whole for one in rest]

    error = before_and_after(frame, x="x", n="n").effect.error
    assert error == pytest.approx(math.sqrt(np.sum(np.square(moved))), rel=0.1)


def test_an_effect_is_that_of_a_label_not_of_having_begun():
    """Where half of a seller's parcels are of the group, what is seen is half of what a label does."""
    frame = staggered(lambda age: 0.02, {"A": 2, "B": 99})
    since = frame[frame["is_backship"]].assign(x=lambda one: one["x"] / 2, n=lambda one: one["n"] / 2)
    halved = pd.concat([frame[~frame["is_backship"]], since, since.assign(is_backship=False)])
    found = before_and_after(halved, x="x", n="n")

    assert found.share == pytest.approx(0.5)
    assert found.moved.value == pytest.approx(0.02, abs=1e-6)
    assert found.effect.value == pytest.approx(0.04, abs=1e-6)


def test_what_cannot_be_compared_is_left_out_and_told():
    """A seller without a time before, and a lane that only sellers that have begun use."""
    frame = staggered(lambda age: 0.02, {"A": 2, "B": 99, "C": 0})
    alone = frame[(frame["seller"] == "A") & (frame["month"] == 5)].assign(lane="PL")
    found = before_and_after(pd.concat([frame, alone]), x="x", n="n", alike=["lane"])
    since = pd.concat([frame[frame["is_backship"]], alone])
    lost = since.loc[(since["seller"] == "C") | (since["lane"] == "PL"), "n"].sum()

    assert found.left_out == pytest.approx(lost / since["n"].sum())
    assert found.effect.value == pytest.approx(0.02, abs=1e-6)
    assert (found.begun_n, found.waiting_n) == (1, 1)


@pytest.mark.parametrize("begins", [{"A": 99, "B": 99}, {"A": 0, "B": 0}])
def test_where_nobody_or_everybody_has_begun_there_is_nothing_to_say(begins):
    """No error, no number."""
    found = before_and_after(staggered(lambda age: 0.02, begins), x="x", n="n")

    assert math.isnan(found.effect.value)
    assert found.by_age.empty


# --- simulated adoption


def simulated(seed: int, effect: float = TRUE, drift: float = 0.0) -> pd.DataFrame:
    """Play sellers of very different size for 24 months: slow ones come first and send half by BackShip.

    A seller's level, its lane's month and its own month move the share on time; ``drift`` a month before it
    begins is what should not be there.
    """
    draw = np.random.default_rng(seed)
    sellers, months, lanes = 160, 24, 3
    size = np.clip((np.arange(sellers) + 1.0) ** -0.8 * 9000, 60, None)
    level = draw.normal(0, 0.02, sellers)
    keenness = -level / 0.02 * 1.2 + draw.gumbel(size=sellers)
    begin = np.full(sellers, 99)
    begin[np.argsort(-keenness)[:100]] = np.sort(draw.integers(4, 30, 100))
    lane = draw.integers(0, lanes, sellers)
    month = np.tile(np.arange(months), sellers)
    who = np.repeat(np.arange(sellers), months)
    shock = draw.normal(0, 0.012, (lanes, months))[lane[who], month] + draw.normal(0, 0.006, len(who))
    ahead = np.where(begin[who] < 99, np.clip(month - begin[who] + 6, 0, 6), 0) * drift
    rate = np.clip(0.93 + level[who] + shock + ahead, 0.5, 0.995)
    n = draw.poisson(size[who])
    labels = np.where(month >= begin[who], draw.binomial(n, 0.5), 0)
    sides = []
    for is_backship, count in ((False, n - labels), (True, labels)):
        x = draw.binomial(count, np.clip(rate + effect * is_backship, 0, 1))
        sides.append(pd.DataFrame({"seller": who, "lane": lane[who], "month": month, "x": x, "n": count,
                                   "is_backship": is_backship}))  # fmt: skip
    frame = pd.concat(sides, ignore_index=True)
    return frame[frame["n"] > 0].assign(season=lambda one: one["month"] // 3)


@pytest.fixture(scope="module")
def hundred() -> pd.DataFrame:
    """Estimate by all ways in a hundred simulated markets."""
    found = []
    for seed in range(100):
        frame = simulated(seed)
        latest = frame[frame["month"] >= 12]
        before = habits(frame, x="x", n="n", until=12, alike=["lane"])
        after = before_and_after(frame, x="x", n="n", alike=["lane"])
        alike = {"alike": ["lane", "season"], "x": "x", "n": "n"}
        estimates = {
            "naive": like_with_like(latest, alike=[], x="x", n="n").gap,
            "standardised": like_with_like(latest, before=before, **alike).gap,
            "before_after": after.effect,
        }
        for name, one in estimates.items():
            found.append((seed, name, one.value, one.low <= TRUE <= one.high, one.high - one.low))
        found.append((seed, "leads", after.lead_p, after.lead_p > 0.05, math.nan))
    return pd.DataFrame(found, columns=["seed", "name", "value", "hit", "width"])


@pytest.mark.slow
def test_the_naive_gap_has_the_wrong_sign(hundred):
    """Who comes first was slower before: nearly every interval of the naive gap misses the truth."""
    naive = hundred[hundred["name"] == "naive"]

    assert naive["value"].mean() < -0.003
    assert naive["hit"].mean() < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["standardised", "before_after"])
def test_estimates_recover_the_truth_and_their_intervals_hold_it(hundred, name):
    """Hardly any bias; 95 % intervals hold it in about 95 of 100 (at least 89: 2.7 standard errors)."""
    found = hundred[hundred["name"] == name]

    assert found["value"].mean() == pytest.approx(TRUE, abs=0.0015)
    assert 0.89 <= found["hit"].mean()
    assert found["width"].median() < 0.02


@pytest.mark.slow
def test_leads_are_rarely_called_something_where_there_is_nothing(hundred):
    """About five in a hundred."""
    assert hundred.loc[hundred["name"] == "leads", "hit"].mean() >= 0.88


@pytest.mark.slow
def test_a_drift_before_the_beginning_is_seen():
    """Sellers that get better before they begin would be taken for an effect."""
    seen = [before_and_after(simulated(seed, drift=0.003), x="x", n="n", alike=["lane"]) for seed in range(8)]

    assert np.mean([one.lead_p < 0.05 for one in seen]) > 0.8
    assert np.mean([one.effect.value for one in seen]) > TRUE + 0.005


# --- savings


def prices(*lines: tuple[object, ...]) -> pd.DataFrame:
    columns = ["seller", "lane", "is_backship", "parcels_n", "seen_n", "seen_cents", "told_n", "told_cents"]
    return pd.DataFrame(lines, columns=columns)


def test_savings_are_apart_by_how_their_price_is_known():
    """BackShip costs 500. B is invoiced 580 a label; C says 700; D says nothing and saves as B does."""
    found = savings(
        prices(
            ("A", "FR", True, 10, 10, 5000, 0, 0),
            ("E", "FR", True, 10, 10, 5000, 0, 0),
            ("B", "FR", False, 20, 20, 11600, 0, 0),
            ("C", "FR", False, 20, 0, 0, 20, 14000),
            ("D", "FR", False, 60, 0, 0, 0, 0),
        ),
        alike=["lane"],
    ).set_index("evidence")

    assert found["share"].to_dict() == pytest.approx(
        {"seen": 0.2, "declared": 0.2, "modelled": 0.6, "all": 1}
    )
    assert found["saving"].to_dict() == pytest.approx(
        {"seen": 80, "declared": 200, "modelled": 80, "all": 104}
    )


def test_a_declared_price_may_say_too_much():
    """Its range begins where nothing but invoices is believed."""
    lines = [("A", "FR", True, 100, 100, 50000, 0, 0), ("Z", "FR", True, 100, 100, 50200, 0, 0)]
    for number, (cents, seen) in enumerate([(580, 1), (590, 1), (570, 1), (700, 0), (720, 0)]):
        one = (100, cents * 100) if seen else (0, 0)
        told = (0, 0) if seen else (100, cents * 100)
        lines.append((f"S{number}", "FR", False, 100, *one, *told))
    found = savings(prices(*lines), alike=["lane"]).set_index("evidence")

    assert found.loc["declared", "saving"] == pytest.approx(209)
    assert found.loc["declared", "low"] == pytest.approx(found.loc["seen", "low"])
    assert found.loc["declared", "high"] > 209
    # Of three sellers that save 69, 79 and 89, most lie between the first and the last.
    assert found.loc["modelled", "parcels_n"] == 0


def test_what_nobody_knows_is_not_made_up():
    """Without any price of the others there is no saving, and no range."""
    found = savings(
        prices(("A", "FR", True, 10, 10, 5000, 0, 0), ("B", "FR", False, 20, 0, 0, 0, 0)), alike=["lane"]
    ).set_index("evidence")

    assert found.loc["modelled", "share"] == 1
    assert found.loc[["seen", "declared", "modelled", "all"], ["saving", "low", "high"]].isna().all(axis=None)


def test_a_group_that_is_told_by_texts_is_refused():
    """As any text does, False would count as true: nobody would be left to compare with."""
    rows = pd.DataFrame(
        {"is_backship": ["True", "False"], "lane": "FR-FR", "month": "2026-01", "seller": ["A", "B"]}
    )
    with pytest.raises(ValueError, match="is_backship: expected True and False"):
        like_with_like(rows.assign(x=1, n=2), alike=["lane"], x="x", n="n")
