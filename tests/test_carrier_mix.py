"""The carrier mix: published optima, every mix tried, rules that conflict, mixes that break rules."""

import itertools
import math
from dataclasses import replace

import mix_cases
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallysheet.carrier_mix import (
    Carrier,
    Cell,
    Problem,
    Rules,
    Tier,
    breaches,
    conflict,
    loosened,
    solve,
    without,
)
from tallysheet.errors import UsageError


@pytest.mark.parametrize(
    "case",
    [
        mix_cases.golden,
        mix_cases.trnsport,
        mix_cases.two_by_two,
        mix_cases.warehouses,
        mix_cases.assignment,
    ],
    ids=lambda case: case.__name__,
)
def test_published_optima_are_found(case):
    """Cases with an optimum that others have published, to the cent."""
    problem, optimum = case()
    found = solve(problem, gap=0.0)

    assert found.status == "optimal"
    assert found.euros == pytest.approx(optimum, abs=0.004)
    assert found.gap < 1e-9 and found.seconds > 0
    assert breaches(problem, found.volumes) == []


def test_the_mix_of_the_golden_case_is_the_one_that_dynamic_programming_found():
    """20/80/0, 30/10/0, 24/3/3 and 48/12/0 parcels."""
    problem, _ = mix_cases.golden()
    assert solve(problem, gap=0.0).volumes.tolist() == [[20, 80, 0], [30, 10, 0], [24, 3, 3], [48, 12, 0]]


def every_mix(problem: Problem):
    """All mixes of whole parcels."""
    count = len(problem.carriers)
    splits = [
        [
            one
            for one in itertools.product(range(int(cell.parcels) + 1), repeat=count)
            if sum(one) == cell.parcels
        ]
        for cell in problem.cells
    ]
    return (np.array(mix, dtype=float) for mix in itertools.product(*splits))


def euros_by_hand(problem: Problem, mix: np.ndarray, costs: np.ndarray) -> float:
    """Price and risk, the fee for what is missing of promised volumes, fixed cost and rebates."""
    total = float((mix * costs).sum())
    for carrier, parcels in zip(problem.carriers, mix.sum(axis=0), strict=True):
        if parcels > 0:
            total += carrier.fixed_euros
        if (parcels > 0 or not carrier.may_leave) and math.isfinite(carrier.shortfall_fee_euros):
            total += carrier.shortfall_fee_euros * max(0.0, carrier.min_volume - parcels)
        total -= parcels * max(
            [one.rebate_euros for one in carrier.tiers if parcels >= one.from_parcels], default=0
        )
    return total


def objective_by_hand(problem: Problem, mix: np.ndarray) -> float:
    """Mean and tail, weighed; the tail of ten scenarios at .8 is the mean of the two worst."""
    mean = euros_by_hand(problem, mix, problem.cost)
    weight = problem.rules.tail_weight
    if problem.scenarios is None:
        return mean
    worst = sorted(euros_by_hand(problem, mix, one) for one in problem.scenarios)[-2:]
    return (1 - weight) * mean + weight * sum(worst) / 2


@st.composite
def small_problems(draw):
    """Two or three cells of a few parcels, two or three carriers, any rules."""
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    count = draw(st.integers(2, 3))
    parcels = draw(st.lists(st.integers(2, 6), min_size=2, max_size=2 if count == 3 else 3))
    share = draw(st.sampled_from([0.0, 0.2, 0.34]))
    cells = tuple(
        Cell(
            f"cell {place}",
            number,
            floor=draw(st.sampled_from([0.0, 0.85, 0.9])),
            max_share=draw(st.sampled_from([1.0, 0.8, 0.67])),
            least_carriers=draw(st.sampled_from([1, 2])) if share else 1,
        )
        for place, number in enumerate(parcels)
    )
    carriers = tuple(
        Carrier(
            f"carrier {place}",
            capacity=draw(st.sampled_from([math.inf, 4, 8])),
            min_volume=draw(st.sampled_from([0, 3, 6])),
            shortfall_fee_euros=draw(st.sampled_from([0.5, 1.5, math.inf])),
            fixed_euros=draw(st.sampled_from([0.0, 2.0])),
            may_leave=draw(st.booleans()),
            max_share=draw(st.sampled_from([1.0, 0.7])),
            max_shift_parcels=draw(st.sampled_from([math.inf, 2.0])),
            tiers=draw(st.sampled_from([(), (), (Tier(3, 0.3), Tier(6, 0.8))])),
        )
        for place in range(count)
    )
    shape = (len(cells), count)
    today = np.zeros(shape)
    for place, number in enumerate(parcels):
        today[place] = random.multinomial(number, np.full(count, 1 / count))
    allowed = random.random(shape) < 0.85
    allowed[np.arange(shape[0]), random.integers(0, count, shape[0])] = True
    has_tail = draw(st.booleans())
    return Problem(
        cells,
        carriers,
        price=np.round(random.uniform(3, 9, shape), 2),
        on_time=np.round(random.uniform(0.8, 0.98, shape), 2),
        risk=np.round(random.uniform(0, 1, shape), 2),
        allowed=allowed,
        today=today,
        tried=random.random(shape) < 0.8,
        scenarios=np.round(random.uniform(3, 9, (10, *shape)), 2) if has_tail else None,
        rules=Rules(
            on_time=draw(st.sampled_from([0.0, 0.88])),
            least_share=share,
            trial_share=draw(st.sampled_from([1.0, 0.4])),
            shift_share=draw(st.sampled_from([1.0, 0.5])),
            tail_weight=draw(st.sampled_from([0.3, 0.7])) if has_tail else 0.0,
            tail=0.8,
            whole_parcels=True,
        ),
    )


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(small_problems())
def test_small_problems_are_solved_as_trying_every_mix_does(problem):
    """The least cost of all mixes that keep the rules, none of them where none does; and then it says why."""
    kept = [mix for mix in every_mix(problem) if not breaches(problem, mix)]
    found = solve(problem, gap=0.0)

    assert found.is_optimal == bool(kept)
    if not kept:
        why = conflict(problem)
        assert why is not None and why.rules and why.excesses
        assert solve(loosened(problem, why.excesses), gap=0.0).is_optimal
        return
    best = min(objective_by_hand(problem, mix) for mix in kept)
    assert found.objective == pytest.approx(best, rel=1e-5)
    assert breaches(problem, found.volumes) == []
    assert found.objective == pytest.approx(objective_by_hand(problem, found.volumes), rel=1e-9)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(small_problems())
def test_rules_that_are_said_to_conflict_do_and_giving_what_is_asked_helps(problem):
    """Without any one of the rules there is a mix; with them alone there is none."""
    why = conflict(problem)
    if why is None:
        assert solve(problem).is_optimal
        return
    alone = problem
    for rule in ("floor", "cell_share", "least_carriers", "capacity", "min_volume", "carrier_share"):
        alone = alone if rule in why.rules else without(alone, rule)
    for rule in ("carrier_shift", "on_time", "trial_share", "shift", "least_share"):
        alone = alone if rule in why.rules else without(alone, rule)
    assert not solve(alone).is_optimal
    for rule in why.rules:
        assert solve(without(alone, rule)).is_optimal


def lanes() -> Problem:
    """Two lanes and three carriers that keep every rule today."""
    return Problem(
        (Cell("FR-FR", 100, floor=0.9, max_share=0.8, least_carriers=2), Cell("ES-ES", 50, floor=0.85)),
        (
            Carrier("A", capacity=120, max_shift_parcels=60),
            Carrier("B", min_volume=30, shortfall_fee_euros=math.inf, max_share=0.6),
            Carrier("C"),
        ),
        price=np.array([[5.0, 4.5, 6.0], [5.0, 4.0, 6.0]]),
        on_time=np.array([[0.95, 0.88, 0.97], [0.92, 0.86, 0.97]]),
        allowed=np.array([[True, True, True], [True, True, False]]),
        today=np.array([[60.0, 40.0, 0.0], [20.0, 30.0, 0.0]]),
        tried=np.array([[True, True, False], [True, True, False]]),
        rules=Rules(on_time=0.9, least_share=0.1, trial_share=0.1, shift_share=0.4),
    )


BROKEN = {
    "demand": [[60, 39, 0], [20, 30, 0]],
    "negative": [[70, 40, -10], [20, 30, 0]],
    "allowed": [[60, 40, 0], [20, 20, 10]],
    "floor": [[25, 75, 0], [20, 30, 0]],
    "on_time": [[45, 55, 0], [5, 45, 0]],
    "cell_share": [[85, 15, 0], [20, 30, 0]],
    "least_carriers": [[100, 0, 0], [0, 50, 0]],
    "least_share": [[95, 5, 0], [20, 30, 0]],
    "trial_share": [[50, 30, 20], [20, 30, 0]],
    "capacity": [[80, 20, 0], [45, 5, 0]],
    "min_volume": [[80, 15, 5], [45, 5, 0]],
    "carrier_share": [[45, 55, 0], [5, 45, 0]],
    "carrier_shift": [[5, 85, 10], [10, 40, 0]],
    "shift": [[5, 85, 10], [50, 0, 0]],
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_mix_that_breaks_a_rule_is_refused(rule):
    """Each rule has its mix that breaks it; today's keeps all."""
    problem = lanes()
    assert breaches(problem, problem.today) == []
    assert rule in {one.rule for one in breaches(problem, np.array(BROKEN[rule], dtype=float))}


def test_parcels_that_are_not_whole_are_refused_where_they_must_be():
    """Half a parcel is none."""
    problem = replace(lanes(), rules=replace(lanes().rules, whole_parcels=True))
    mix = np.array([[60.5, 39.5, 0], [20, 30, 0]])
    assert {one.rule for one in breaches(problem, mix)} == {"whole_parcels"}


def test_of_mixes_of_equal_cost_the_one_nearest_to_today_is_chosen():
    """Nothing moves for nothing, and a cent less is worth a move."""
    problem = lanes()
    same = replace(problem, price=np.full((2, 3), 5.0), rules=replace(problem.rules, tie_euros=0.001))
    assert solve(same, gap=0.0).volumes == pytest.approx(same.today)
    cheaper = replace(same, price=np.array([[5.0, 5.0, 5.0], [4.99, 5.0, 5.0]]))
    assert solve(cheaper, gap=0.0).volumes[1, 0] > same.today[1, 0]


def test_the_same_problem_has_the_same_mix_each_time():
    """To the last bit."""
    first, second = solve(lanes()), solve(lanes())
    assert first.volumes.tobytes() == second.volumes.tobytes()


def test_a_conflict_names_its_rules_and_what_must_give():
    """A capacity of 50 cannot hold a floor that 86 % of the others miss: 1.5 parcels too late."""
    cells, carriers = (Cell("FR-FR", 100, floor=0.92),), (Carrier("A", capacity=50), Carrier("B"))
    found = conflict(Problem(cells, carriers, np.array([[5.0, 4.0]]), np.array([[0.95, 0.86]])))

    assert found is not None and set(found.rules) == {"floor", "capacity"}
    assert [(one.rule, one.where) for one in found.excesses] == [("floor", "FR-FR")]
    assert found.excesses[0].by == pytest.approx(92 - (50 * 0.95 + 50 * 0.86))
    assert conflict(lanes()) is None


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"on_time": np.array([[95.0, 88, 97], [92, 86, 97]])}, "on_time"),
        ({"price": np.array([[5.0, np.nan, 6.0], [5.0, 4.0, 6.0]])}, "FR-FR and B"),
        ({"price": np.ones((3, 2))}, "2 cells x 3 carriers"),
        ({"today": np.array([[60.0, 30.0, 0.0], [20.0, 30.0, 0.0]])}, "today of FR-FR"),
        ({"allowed": np.zeros((2, 3), bool)}, "cell FR-FR"),
        ({"rules": Rules(least_share=0.1, tail_weight=0.5)}, "scenarios"),
        ({"cells": (Cell("FR-FR", 100), Cell("FR-FR", 50))}, "name of its own"),
        ({"today": None}, "today"),
    ],
)
def test_what_does_not_fit_together_is_named(wrong, named):
    """The message names the cell, the carrier or the rule."""
    with pytest.raises(UsageError, match=named):
        replace(lanes(), **wrong)


def test_what_is_not_allowed_need_not_be_known():
    """A carrier without a price for a lane is no error, it just does not get it."""
    price = np.array([[5.0, 4.5, 6.0], [5.0, 4.0, np.nan]])
    assert solve(replace(lanes(), price=price)).volumes[1, 2] == 0


def test_the_solver_says_nothing_on_the_console(capfd):
    """What it prints would stand on the page."""
    solve(lanes())
    assert capfd.readouterr() == ("", "")
