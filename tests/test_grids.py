"""Grids: what is asked for together is added up once, and cells of a grid are those of the fact."""

import pandas as pd
import pytest
from small_workbook import make_workbook

import tallysheet as ts
from tallysheet import facts, grids
from tallysheet.cube import Cube
from tallysheet.settings import read_settings

BY = ("carrier", "origin", "destination_country")


@pytest.fixture
def cube(tmp_path):
    """Give the cube of the small workbook."""
    ledger = ts.load(make_workbook(tmp_path))
    return Cube(ledger, read_settings(ledger.folder.parent.parent), ledger.as_of)


@pytest.fixture
def read(monkeypatch):
    """Count the looks of each time that a fact's rows are read."""
    told = []

    def counted(ground, looks):
        told.append(len(looks))
        facts.set_looks(ground, looks)

    monkeypatch.setattr(grids, "set_looks", counted)
    return told


def joint(cube, by, looks=None) -> pd.DataFrame:
    """Add up by several dimensions; by default all weeks as known now."""
    return cube.joint("shipments", looks or cube.looks(), by)


def test_what_is_asked_for_beside_is_added_up_with_the_rest(cube, read):
    """Cells of several dimensions of some of the weeks need no row of the fact any more."""
    looks = cube.looks()
    cube.add_up("shipments", looks, ("", "carrier"), BY)
    found = joint(cube, BY[:2], looks[3:5])
    cube.parts("shipments", looks, "origin")

    assert read == [len(looks)]
    assert sorted(set(found["week"])) == [week for week, _ in looks[3:5]]


@pytest.mark.parametrize("by", [(), ("carrier",), BY[::-1]])
def test_cells_of_a_finer_grid_are_those_of_the_fact(cube, tmp_path, by):
    """Also where the finer one holds only some of the looks: then the fact is read for the others."""
    looks = cube.looks()
    alone = joint(cube, by)
    again = Cube(cube.ledger, cube.settings, cube.as_of)
    joint(again, BY, looks[:4])

    pd.testing.assert_frame_equal(joint(again, by), alone)


def test_looks_that_are_there_are_not_read_again(cube, read):
    """A grid grows by the looks that it lacks."""
    looks = cube.looks()
    joint(cube, BY, looks[:4])
    joint(cube, BY, looks[2:6])
    joint(cube, ("carrier",), looks[:7])

    assert read == [4, 2, 1]


def test_a_part_is_added_up_from_what_is_there(cube, read):
    """Narrowed to values, cells come from a grid that has the dimension."""
    looks = cube.looks()
    whole = joint(cube, BY)
    part = cube.total("shipments", looks, (("carrier", "BRV"),))

    assert read == [len(looks)]
    assert part["due_n"].sum() == whole.loc[whole["carrier"] == "BRV", "due_n"].sum() > 0


def test_grids_are_forgotten_and_made_again(cube, read):
    """Only those that were asked for last are kept; what is asked for again is the same."""
    singles = ["carrier", "origin", "destination_country", "service", "flow", "seller"]
    first = joint(cube, ("carrier",))
    for name in singles[1:]:
        joint(cube, (name,))

    pd.testing.assert_frame_equal(joint(cube, ("carrier",)), first)
    assert len(read) == len(singles) + 1
