"""Carrier-mix problems whose optimum others have published, typed in from where it is named."""

from __future__ import annotations

import math

import numpy as np

from tallysheet.carrier_mix import Carrier, Cell, Problem, Rules


def golden() -> tuple[Problem, float]:
    """Give the team's own case: four lanes, three carriers, floor .90, most of a lane .80, whole parcels.

    Its optimum was found by dynamic programming over all mixes.
    """
    price = np.array([[5.1, 4.6, 5.6], [9.2, 7.9, 10.1], [8.8, 8.3, 9.6], [4.4, 4.9, 5.3]])
    on_time = np.array([[0.96, 0.91, 0.97], [0.92, 0.84, 0.95], [0.90, 0.86, 0.94], [0.97, 0.93, 0.96]])
    loss = np.array([[2, 4, 1], [3, 7, 2], [3, 6, 2], [1, 3, 1]]) / 1000
    lanes = {"FR-FR": 100, "FR-ES": 40, "ES-FR": 30, "DE-DE": 60}
    cells = tuple(Cell(name, parcels, floor=0.9, max_share=0.8) for name, parcels in lanes.items())
    carriers = tuple(
        Carrier(name, capacity, min_volume, math.inf)
        for name, capacity, min_volume in (("A", 140, 60), ("B", 110, 40), ("C", 90, 0))
    )
    # Lost phones of 250 euro of which 55 % come back, and 3 euro for each late parcel.
    risk = loss * 250 * 0.45 + (1 - on_time) * 3
    return Problem(cells, carriers, price, on_time, risk, rules=Rules(whole_parcels=True)), 1490.49


def trnsport() -> tuple[Problem, float]:
    """Give Dantzig's transport problem of 1963, model trnsport of the GAMS library: thousands of dollars."""
    miles = np.array([[2.5, 2.5], [1.7, 1.8], [1.8, 1.4]])
    cells = (Cell("New York", 325), Cell("Chicago", 300), Cell("Topeka", 275))
    carriers = (Carrier("Seattle", 350), Carrier("San Diego", 600))
    return Problem(cells, carriers, miles * 90 / 1000, np.ones((3, 2))), 153.675


def two_by_two() -> tuple[Problem, float]:
    """Give the transport problem of SAS/OR's chapter on PROC OPTMODEL, table "A Transportation Problem"."""
    cells = (Cell("Boston", 150), Cell("New York", 150))
    carriers = (Carrier("Detroit", 200), Carrier("Pittsburgh", 100))
    return Problem(cells, carriers, np.array([[30.0, 40.0], [20.0, 10.0]]), np.ones((2, 2))), 6500.0


def warehouses() -> tuple[Problem, float]:
    """Give CSPLib problem 034 (Van Hentenryck 1999): ten stores, five warehouses, 30 for each open one."""
    supply = """
        20 24 11 25 30   28 27 82 83 74   74 97 71 96 70    2 55 73 69 61   46 96 59 83  4
        42 22 29 67 59    1  5 73 59 56   10 73 13 43 96   93 35 63 85 46   47 65 55 71 95
    """
    cost = np.array(supply.split(), dtype=float).reshape(10, 5)
    places = ["Bonn", "Bordeaux", "London", "Paris", "Rome"]
    carriers = tuple(
        Carrier(name, capacity, fixed_euros=30)
        for name, capacity in zip(places, (1, 4, 2, 1, 3), strict=True)
    )
    cells = tuple(Cell(f"store {number}", 1) for number in range(10))
    return Problem(cells, carriers, cost, np.ones((10, 5)), rules=Rules(whole_parcels=True)), 383.0


def assignment() -> tuple[Problem, float]:
    """Give OR-Library's generalised assignment c515-1 (gap1.txt): at most 336 of profit.

    15 jobs, blocks of parcels that cannot be divided, take of the time of 5 agents.
    """
    profit = """
        17 21 22 18 24 15 20 18 19 18 16 22 24 24 16
        23 16 21 16 17 16 19 25 18 21 17 15 25 17 24
        16 20 16 25 24 16 17 19 19 18 20 16 17 21 24
        19 19 22 22 20 16 19 17 21 19 25 23 25 25 25
        18 19 15 15 21 25 16 16 23 15 22 17 19 22 24
    """
    time = """
         8 15 14 23  8 16  8 25  9 17 25 15 10  8 24
        15  7 23 22 11 11 12 10 17 16  7 16 10 18 22
        21 20  6 22 24 10 24  9 21 14 11 14 11 19 16
        20 11  8 14  9  5  6 19 19  7  6  6 13  9 18
         8 13 13 13 10 20 25 16 16 17 10 10  5 12 23
    """
    price = -np.array(profit.split(), dtype=float).reshape(5, 15).T
    load = np.array(time.split(), dtype=float).reshape(5, 15).T
    carriers = tuple(
        Carrier(f"agent {number}", capacity) for number, capacity in enumerate((36, 34, 38, 27, 33))
    )
    cells = tuple(Cell(f"job {number}", 1) for number in range(15))
    rules = Rules(whole_parcels=True)
    return Problem(cells, carriers, price, np.ones((15, 5)), load=load, rules=rules), -336.0
