"""The split of a change into mix and rate, against a bridge worked out elsewhere and by hand."""

import csv
import json
from pathlib import Path

import pandas as pd
import pytest

from tallysheet import decompose
from tallysheet.errors import UsageError

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "bridge.csv"
ORACLE = HERE.parents[1] / "shared" / "oracle" / "bridge_oracle.csv"
RATIO = {"now": "x_now", "base": "x_base", "now_n": "n_now", "base_n": "n_base"}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def frame(*segments: tuple[str, float, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(segments, columns=["segment", "x_base", "n_base", "x_now", "n_now"])


def by_segment(parts: pd.DataFrame, column: str) -> dict[str, float]:
    return dict(zip(parts["segment"], parts[column], strict=True))


@pytest.mark.parametrize("row", rows(GOLDEN), ids=lambda row: row["case_id"])
def test_bridge_of_the_golden_table(row):
    """Mix and rate of each country, both totals and the residual are those of the published bridge."""
    given, expected = json.loads(row["input"]), json.loads(row["expected"])
    segments = [
        (name, n * rate, n, given["after"][name][0] * given["after"][name][1], given["after"][name][0])
        for name, (n, rate) in given["before"].items()
    ]

    parts = decompose(frame(*segments), by="segment", **RATIO)

    assert by_segment(parts, "mix") == pytest.approx(expected["mix"], abs=1e-12)
    assert by_segment(parts, "rate") == pytest.approx(expected["rate"], abs=1e-12)
    assert parts.attrs["base"] == pytest.approx(expected["total_before"], abs=1e-12)
    assert parts.attrs["now"] == pytest.approx(expected["total_after"], abs=1e-12)
    assert parts.attrs["residual"] == pytest.approx(expected["residual"], abs=1e-12)


def test_golden_rows_are_the_oracle_s():
    """The copied rows are the oracle's, letter by letter."""
    if not ORACLE.is_file():
        pytest.skip(f"{ORACLE} is not beside this clone")
    expected = rows(ORACLE)

    assert rows(GOLDEN) == expected


def test_a_new_segment_is_mix_not_rate():
    """A segment without a base has no rate to change: half the volume at 20 against 10 is all mix."""
    expected_mix = {"old": -0.5 * (0.1 - 0.125), "new": 0.5 * (0.2 - 0.125)}

    parts = decompose(frame(("old", 10, 100, 10, 100), ("new", 0, 0, 20, 100)), by="segment", **RATIO)

    assert by_segment(parts, "rate") == {"old": 0.0, "new": 0.0}
    assert by_segment(parts, "mix") == pytest.approx(expected_mix, abs=1e-12)
    assert parts["total"].sum() == pytest.approx(0.05, abs=1e-12)


def test_what_has_no_weight_at_all_moves_by_itself():
    """Contacts that name no order count, and no orders stand behind them: more of them is no mix."""
    parts = decompose(frame(("FR", 50, 1000, 50, 1000), ("", 10, 0, 20, 0)), by="segment", **RATIO)

    assert by_segment(parts, "rate") == pytest.approx({"FR": 0.0, "": 0.01})
    assert by_segment(parts, "mix") == pytest.approx({"FR": 0.0, "": 0.0})


def test_a_sum_has_no_mix():
    """Without denominators the parts are plain differences."""
    expected = {"a": 3.0, "b": -1.0}

    parts = decompose(frame(("a", 4, 0, 7, 0), ("b", 2, 0, 1, 0)), by="segment", now="x_now", base="x_base")

    assert by_segment(parts, "total") == by_segment(parts, "rate") == expected
    assert by_segment(parts, "mix") == {"a": 0.0, "b": 0.0}
    assert (parts.attrs["base"], parts.attrs["now"], parts.attrs["residual"]) == (6.0, 8.0, 0.0)


def test_rows_finer_than_the_segments_are_added_up():
    """Two rows of one segment are one segment, and a missing name is a segment too."""
    fine = frame(("a", 5, 50, 8, 60), ("a", 5, 50, 2, 40), (None, 30, 100, 10, 100))

    parts = decompose(fine, by=["segment"], **RATIO)

    assert len(parts) == 2
    assert parts["segment"].isna().to_list() == [False, True]
    assert parts["total"].to_list() == pytest.approx([0.0, -0.1], abs=1e-12)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({**RATIO, "now": "x_nwo"}, "'x_now'"),
        ({**RATIO, "base_n": None}, "now_n and base_n together"),
    ],
    ids=["mistyped", "one denominator"],
)
def test_wrong_columns_are_refused(options, named):
    """A mistyped column is named with the nearest known one; denominators come in pairs."""
    with pytest.raises(UsageError) as refused:
        decompose(frame(("a", 1, 2, 1, 2)), by="segment", **options)

    assert named in str(refused.value)


@pytest.mark.parametrize(
    "row",
    [("a", 1, 0, 1, 2), ("a", 1, -2, 1, 2), ("a", float("nan"), 2, 1, 2)],
    ids=["zero", "negative", "empty"],
)
def test_impossible_numbers_are_refused(row):
    """A denominator that is negative or adds up to 0 has no rate, and an empty cell is not 0."""
    with pytest.raises(UsageError):
        decompose(frame(row), by="segment", **RATIO)


def test_the_given_frame_is_left_alone():
    """The split is a new frame."""
    given = frame(("a", 1, 2, 1, 2), ("b", 1, 4, 2, 3))
    expected = given.copy(deep=True)

    decompose(given, by="segment", **RATIO)

    pd.testing.assert_frame_equal(given, expected)


def test_columns_may_have_any_name_but_those_of_the_parts():
    """One called rate was overwritten; one that is the index too, or counts twice, was a traceback."""
    frame = pd.DataFrame(
        {"rate": ["A", "B"], "x0": ["a", "b"], "late": [1, 2], "before": [2, 2], "n": [10, 20]}
    )
    by_own_index = decompose(frame.set_index("x0", drop=False), by="x0", now="late", base="before")
    shared = decompose(frame, by="x0", now="late", base="before", now_n="n", base_n="n")

    assert by_own_index["total"].to_list() == [-1, 0]
    assert shared["total"].sum() == pytest.approx((3 - 4) / 30)
    with pytest.raises(UsageError, match="no column called mix, rate, total, found 'rate'"):
        decompose(frame, by="rate", now="late", base="before")
    for by in ([], ["x0", "x0"]):
        with pytest.raises(UsageError, match="columns, each once"):
            decompose(frame, by=by, now="late", base="before")


def test_large_integers_do_not_wrap_around():
    """Sums of int64 did."""
    frame = pd.DataFrame({"k": ["a", "a"], "now": [2**62, 2**62], "base": [0, 0]})

    assert decompose(frame, by="k", now="now", base="base")["total"].to_list() == [2.0**63]


def test_a_negative_denominator_is_refused_in_a_finer_row_too():
    """Within its segment it was made up for."""
    frame = pd.DataFrame({"k": ["a", "a"], "now": [1, 1], "base": [1, 1], "n": [5, -1], "m": [5, 5]})

    with pytest.raises(UsageError, match="denominators of 0 or more"):
        decompose(frame, by="k", now="now", base="base", now_n="n", base_n="m")
