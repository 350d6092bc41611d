"""What is decided by a mix: the way there, moves, frontier, prices, what-ifs; what few parcels say."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_carrier_mix import lanes

from tallysheet.carrier_mix import (
    Carrier,
    Cell,
    Problem,
    Tier,
    breaches,
    carrier_out,
    dearer,
    drawn_shares,
    frontier,
    most_on_time,
    moves,
    path,
    peak,
    rule_prices,
    shrunk_shares,
    smaller,
    solve,
    stability,
    unpromised,
    week_euros,
    without,
)

sys.path.append(str(Path(__file__).parent / "bench"))
from mix import drawn


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Twenty cells, five carriers, fifty scenarios; what moves must bring two cents."""
    return drawn(1, 20, 5, 50)


@pytest.fixture(scope="module")
def found(problem):
    return solve(problem)


def test_a_drawn_problem_keeps_its_rules_and_its_bound(problem, found):
    """What is said to be within a gap of the best costs no less than the same with broken variables."""
    assert found.is_optimal and breaches(problem, found.volumes) == []
    assert 0 <= found.gap <= 3e-4
    relaxed = solve(without(problem, "least_share"), gap=0.0)
    assert relaxed.objective <= found.objective + 1e-6


def test_the_tail_costs_as_much_as_by_one_row_a_scenario(problem):
    """Cuts give what the definition of CVaR gives: the mean of the five worst of fifty."""
    one = without(problem, "least_share")
    found = solve(one)
    costs = sorted(week_euros(one, found.volumes, rates=rates) for rates in one.scenarios)
    assert found.tail_euros == pytest.approx(np.mean(costs[-5:]))
    averse = solve(replace(one, rules=replace(one.rules, tail_weight=1.0)))
    assert averse.tail_euros <= found.tail_euros + 0.01
    assert averse.euros >= found.euros - 0.01


def test_each_step_of_the_way_keeps_the_limits_and_ends_at_the_mix(problem, found):
    """No week moves more than a tenth, no carrier more than its limit, and nothing goes back."""
    limits = [12.0] * len(problem.carriers)
    progress = path(problem, found.volumes, shift_share=0.1, carrier_parcels=limits)
    mixes = [problem.today + step[:, None] * (found.volumes - problem.today) for step in progress]
    moved = [np.maximum(b - a, 0).sum() for a, b in zip([problem.today, *mixes], mixes, strict=False)]

    assert mixes[-1] == pytest.approx(found.volumes)
    assert max(moved) <= 0.1 * problem.parcels + 1e-4
    assert len(progress) >= np.maximum(found.volumes - problem.today, 0).sum() / (0.1 * problem.parcels)
    assert (np.diff(progress, axis=0) >= -1e-9).all()
    for before, after in zip([problem.today, *mixes], mixes, strict=False):
        assert np.abs((after - before).sum(axis=0)).max() <= 12.0 + 1e-4
    on_time = [(one * problem.on_time).sum() for one in mixes]
    assert min(on_time) >= min((problem.today * problem.on_time).sum(), on_time[-1]) - 1e-4


def test_what_saves_most_moves_first():
    """Of two cells of equal size the one that saves four times as much goes in the first week."""
    cells, carriers = (Cell("little", 10), Cell("much", 10)), (Carrier("A"), Carrier("B"))
    price, today = np.array([[5.0, 4.5], [5.0, 3.0]]), np.array([[10.0, 0.0], [10.0, 0.0]])
    one = Problem(cells, carriers, price, np.full((2, 2), 0.9), today=today)
    progress = path(one, solve(one).volumes, shift_share=0.5, carrier_parcels=[np.inf, np.inf])
    assert progress.round(6).tolist() == [[0, 1], [1, 1]]


def test_moves_add_up_to_what_carrying_costs_less(problem, found):
    """Parcels that leave are parcels that come, and their savings are those of price and risk."""
    ways = [f"way {row % 7}" for row in range(20)]
    listed = moves(problem, found.volumes, np.ones((1, 20)), ways)
    assert listed["parcels"].sum() == pytest.approx(
        np.maximum(found.volumes - problem.today, 0).sum(), abs=0.05
    )
    less = np.where(problem.allowed, (problem.today - found.volumes) * problem.cost, 0).sum()
    assert listed["euros"].sum() == pytest.approx(less, abs=0.2)
    more = ((found.volumes - problem.today) * problem.on_time).sum()
    assert listed["in_time"].sum() == pytest.approx(more, abs=0.02)


def test_a_move_that_every_draw_wants_is_stable_and_one_that_hangs_on_luck_is_not():
    """A is dearer by a euro in every draw for the first cell, in half of them for the second."""
    cells, carriers = (Cell("sure", 10), Cell("luck", 10)), (Carrier("A"), Carrier("B"))
    price = np.array([[5.0, 4.0], [5.0, 4.9]])
    draws = np.repeat(price[None], 10, axis=0)
    draws[::2, 1, 1] = 6.0
    one = Problem(
        cells, carriers, price, np.full((2, 2), 0.9), today=np.array([[10.0, 0], [10, 0]]), scenarios=draws
    )
    listed = moves(one, solve(one).volumes, np.ones((1, 2)), ["sure", "luck"])
    assert listed["way"].tolist() == ["sure", "luck"]
    assert stability(one, listed, ["sure", "luck"], 10).tolist() == [1.0, 0.5]


def test_the_frontier_rises_and_ends_at_the_most_that_can_be_had(problem):
    """More service never costs less, and a point of it costs more and more without yes-or-no rules."""
    listed = frontier(without(problem, "least_share"), points=6)
    assert len(listed) == 6
    assert (listed["euros"].diff().dropna() >= -0.01 * listed["euros"].mean()).all()
    assert listed["on_time"].iloc[-1] == pytest.approx(
        most_on_time(without(problem, "least_share")).on_time, abs=1e-5
    )
    objective = 0.7 * listed["euros"] + 0.3 * listed["tail_euros"]
    slopes = (objective.diff() / listed["on_time"].diff()).dropna()
    assert (slopes.diff().dropna() >= -1.0).all()


def test_a_rule_costs_what_the_problem_costs_less_without_it():
    """B is promised 60 parcels at a fee of 1.5 that A would carry for a euro less each."""
    cells, today = (Cell("FR-FR", 100),), np.array([[40.0, 60.0]])
    carriers = (Carrier("A"), Carrier("B", min_volume=60, shortfall_fee_euros=1.5))
    one = Problem(cells, carriers, np.array([[4.0, 5.0]]), np.full((1, 2), 0.9), today=today)
    assert rule_prices(one, solve(one)).to_dict("records") == [
        {"rule": "min_volume", "where": "B", "euros": 60.0}
    ]


def test_what_ifs_answer_as_arithmetic_does():
    """Two carriers, one cell: each answer can be reckoned by head."""
    cells, carriers = (
        (Cell("FR-FR", 100),),
        (Carrier("A", capacity=60), Carrier("B", min_volume=50, shortfall_fee_euros=1.0)),
    )
    one = Problem(
        cells, carriers, np.array([[4.0, 5.0]]), np.full((1, 2), 0.9), today=np.array([[50.0, 50.0]])
    )
    beside = {"A": 40.0, "B": 0.0}

    assert solve(one).euros == pytest.approx(450)
    assert carrier_out(one, "B").conflict.rules == ("capacity",)
    assert carrier_out(one, "A").solution.euros == pytest.approx(500)
    assert dearer(one, "B", 0.1).solution.euros == pytest.approx(60 * 4 + 40 * 5.5 + 10 * 1)
    # Of 100 parcels of capacity 40 are for others; a third less of all leaves 26 2/3.
    assert smaller(one, "A", 1 / 3, beside).solution.volumes[0, 0] == pytest.approx(100 * 2 / 3 - 40)
    assert unpromised(one).solution.euros == pytest.approx(60 * 4 + 40 * 5)
    # Twice as much of all leaves A 60 - 40 parcels of capacity.
    assert peak(one, 2.0, beside).solution.volumes.tolist() == [[20.0, 180.0]]


def test_parcels_that_nobody_else_may_carry_are_stranded():
    """They are counted, and the others are solved."""
    one = replace(
        lanes(),
        allowed=np.array([[True, True, True], [False, True, False]]),
        today=np.array([[60.0, 40, 0], [0, 50, 0]]),
    )
    assert carrier_out(one, "B").stranded == 50


def test_a_rebate_is_on_every_parcel_of_the_week():
    """From 100 parcels on each costs a euro less: 100 of 101 parcels make it worth while."""
    carriers = (Carrier("A", tiers=(Tier(100, 1.0),)), Carrier("B", capacity=101))
    one = Problem((Cell("FR-FR", 101),), carriers, np.array([[5.0, 4.5]]), np.full((1, 2), 0.9))
    assert solve(one).euros == pytest.approx(101 * 4.0)
    assert solve(replace(one, cells=(Cell("FR-FR", 99),))).euros == pytest.approx(99 * 4.5)


def test_shares_seen_on_few_parcels_are_nearer_the_truth_when_drawn_together():
    """Of thirty ways and seven carriers whose logits add up but for a fifth."""
    random = np.random.default_rng(3)
    logit = (
        2.3 + random.normal(0, 0.3, (30, 1)) + random.normal(0, 0.4, (1, 7)) + random.normal(0, 0.2, (30, 7))
    )
    truth = 1 / (1 + np.exp(-logit))
    parcels = random.poisson(random.lognormal(1, 1.2, (30, 7)), (12, 30, 7)) * (random.random((30, 7)) < 0.6)
    hits = random.binomial(parcels, truth)
    found = shrunk_shares(hits.astype(float), parcels.astype(float))
    seen = parcels.sum(axis=0) > 0
    raw = hits.sum(axis=0)[seen] / parcels.sum(axis=0)[seen]

    assert np.sqrt(np.mean((found.share - truth)[seen] ** 2)) < 0.6 * np.sqrt(
        np.mean((raw - truth[seen]) ** 2)
    )
    assert np.sqrt(np.mean((found.share - truth)[~seen] ** 2)) < 0.05
    assert (found.weight[~seen] == 0).all() and (found.weight < 1).all()


def test_draws_vary_as_four_later_weeks_do():
    """One carrier, many parcels, good and bad weeks: the spread of the weeks over the root of three."""
    random = np.random.default_rng(4)
    parcels = np.full((12, 1, 1), 5_000.0)
    weeks = random.normal(0.9, 0.02, 12)
    hits = np.round(parcels * weeks[:, None, None])
    known = shrunk_shares(hits, parcels)
    drawn = drawn_shares(hits, parcels, known, 400, random)[:, 0, 0]
    assert drawn.std() == pytest.approx(weeks.std() / np.sqrt(3), rel=0.12)


def test_what_hardly_moves_is_no_hindrance_on_the_way():
    """A hundred cells gain a millionth of a parcel each, rounding of the mix; one loses as little."""
    cells = (Cell("FR-FR", 100), *(Cell(f"ES-{number}", 100) for number in range(100)))
    today = np.tile([100.0, 0.0], (101, 1))
    on_time = np.tile([0.90, 1.00], (101, 1))
    on_time[0] = [0.90, 0.899999]
    one = Problem(cells, (Carrier("A"), Carrier("B")), np.full((101, 2), 5.0), on_time, today=today)
    end = today + np.vstack([[-50.0, 50.0], np.tile([-9e-7, 9e-7], (100, 1))])

    progress = path(one, end, shift_share=0.5, carrier_parcels=[np.inf, np.inf])

    assert progress[:, 0].tolist() == [1.0]
