"""Limits, run rules and assurance against published charts."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tallysheet import assurance, process_limits, run_rules
from tallysheet.limits import lag1_autocorrelation

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "xmr.csv"
ORACLE = HERE.parents[1] / "shared" / "oracle" / "xmr_oracle.csv"
COUNT_CHARTS = {"p": "p", "u": "u", "p_prime": "p'", "u_prime": "u'"}
TRAP = "nhspy_calc_degenerate"
# Of xmrit's series: the limit of the moving ranges and the quarter lines, which our charts do not draw.
NOT_OURS = {"url", "lower_quarter", "upper_quarter"}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def golden(*charts: str) -> list:
    chosen = [row for row in rows(GOLDEN) if row["chart"] in charts and row["case_id"] != TRAP]
    return [pytest.param(row, id=row["case_id"]) for row in chosen]


def cells(row: dict[str, str]) -> tuple:
    """Give values, denominators, options and expected numbers of a golden row."""
    return tuple(json.loads(row[name]) if row[name] else None for name in ("y", "n", "options", "expected"))


def assert_close(found: dict, expected: dict, tolerance: float) -> None:
    assert set(expected) <= set(found)
    for name, numbers in expected.items():
        # The last bit of a double may differ on top of what the source rounded off.
        np.testing.assert_allclose(
            np.asarray(found[name], float), numbers, rtol=0, atol=tolerance + 1e-12, err_msg=name
        )


def individuals(values: list[float], *, screen: bool, options: dict) -> dict:
    """Lay the limits of an XmR chart out under the names of the golden table."""
    multiplier = options.get("k", 2.66)
    limits = process_limits(
        values,
        screen=screen,
        fix_after=options.get("fix_after"),
        multiplier=multiplier,
        rebase_at=options.get("rebase_at", ()),
    )
    return {
        "cl": limits.centre[-1],
        "lpl": limits.lower[-1],
        "upl": limits.upper[-1],
        "nlpl": limits.near_lower[-1],
        "nupl": limits.near_upper[-1],
        "amr": (limits.upper[-1] - limits.centre[-1]) / multiplier,
        "outside": limits.outside,
        "shift7": limits.shift,
        "trend7": limits.trend,
        "two_of_three": limits.two_of_three,
        "any_flag": limits.outside | limits.shift | limits.trend | limits.two_of_three,
        "segments": [
            {"cl": limits.centre[place], "lpl": limits.lower[place], "upl": limits.upper[place]}
            for place in (0, *options.get("rebase_at", ()))
        ],
    }


@pytest.mark.parametrize("row", golden("xmr", "xmr_rebase"))
def test_xmr_chart_of_the_golden_table(row):
    """Centre, limits and flags of an XmR chart are the published ones, with and without screening.

    A row that does not say whether moving ranges are screened holds for both.
    """
    values, _, options, expected = cells(row)
    tolerance = float(row["abs_tol"])
    parts = expected.pop("segments", [])
    expected = {name: numbers for name, numbers in expected.items() if name not in NOT_OURS}

    for screen in [options["screen"]] if "screen" in options else [False, True]:
        found = individuals(values, screen=screen, options=options)

        assert_close(found, expected, tolerance)
        for part, expected_part in zip(found["segments"], parts, strict=False):
            assert_close(part, expected_part, tolerance)
        assert len(found["segments"]) == max(len(parts), 1)


@pytest.mark.parametrize("row", golden(*COUNT_CHARTS))
def test_chart_of_counts_of_the_golden_table(row):
    """Centre, limits, overdispersion and flags of p, u, p' and u' charts are the published ones."""
    counts, denominators, options, expected = cells(row)
    times = options.get("multiply", 1)  # of the published display: per cent, per 50 units

    limits = process_limits(counts, denominators, COUNT_CHARTS[row["chart"]])
    found = {
        "cl": limits.centre[0] * times,
        "lpl": limits.lower * times,
        "upl": limits.upper * times,
        "sigma_z": limits.sigma_z,
        "outside": limits.outside,
    }

    assert_close(found, expected, float(row["abs_tol"]))


@pytest.mark.parametrize("row", golden("rule:shift7_sides"))
def test_shift_of_the_golden_table(row):
    """All members of a run of seven on one side are flagged, and nobody else."""
    sides, _, _, expected = cells(row)

    assert run_rules(sides, 0, -9, 9).shift.astype(int).tolist() == expected["flags"]


@pytest.mark.parametrize("row", golden("rule:trend7"))
def test_trend_of_the_golden_table(row):
    """All members of seven points that move one way are flagged; the sources sign them, we do not."""
    values, _, _, expected = cells(row)

    assert run_rules(values, 4, -99, 99).trend.astype(int).tolist() == [
        abs(flag) for flag in expected["flags"]
    ]


@pytest.mark.parametrize("row", golden("rule:two_of_three"))
def test_two_of_three_of_the_golden_table(row):
    """Two of three neighbours near one limit are flagged; points beyond it count only where asked for."""
    values, _, options, expected = cells(row)

    flags = run_rules(
        values,
        options["cl"],
        options["lpl"],
        options["upl"],
        count_outside=options.get("count_outside", False),
    )

    assert flags.two_of_three.astype(int).tolist() == expected["flags"]


@pytest.mark.parametrize("row", golden("assurance"))
def test_assurance_of_the_golden_table(row):
    """A range clear of the target passes or fails by its direction; one that spans it does neither."""
    _, _, options, expected = cells(row)
    names = {
        "consistent_pass": "pass",
        "consistent_fail": "fail",
        "inconsistent": "hit_or_miss",
        None: "none",
    }

    found = assurance(options["lpl"], options["upl"], options["target"], options["direction"])

    assert found == names[expected["assurance"]]


def test_limits_that_collapse_give_no_verdict():
    """Where screening leaves no movement, the source flags every point; ours has no limits and flags none."""
    (trap,) = [row for row in rows(GOLDEN) if row["case_id"] == TRAP]
    values, _, _, published = cells(trap)

    limits = process_limits(values, screen=True)

    assert published["outside"] == [1, 1, 1, 1, 1]
    assert np.isnan([limits.lower, limits.upper, limits.near_lower, limits.near_upper]).all()
    assert not (limits.outside | limits.shift | limits.trend | limits.two_of_three).any()
    assert limits.centre.tolist() == [published["cl"]] * 5


def test_every_golden_row_is_used():
    """No kind of row waits in the table without a test."""
    tested = {"xmr", "xmr_rebase", *COUNT_CHARTS, "rule:shift7_sides", "rule:trend7", "rule:two_of_three"}

    assert {row["chart"] for row in rows(GOLDEN)} == tested | {"assurance"}


def test_golden_rows_are_the_oracle_s():
    """The copied rows are the oracle's, letter by letter, but for Anhoej's runs, which nothing computes."""
    if not ORACLE.is_file():
        pytest.skip(f"{ORACLE} is not beside this clone")
    expected = [row for row in rows(ORACLE) if row["chart"] != "anhoej"]

    assert rows(GOLDEN) == expected


def test_a_constant_series_has_no_limits():
    """Weeks that never differ say nothing about how much the next may."""
    limits = process_limits([5, 5, 5, 5, 9], fix_after=4)

    assert limits.centre.tolist() == [5.0] * 5
    assert np.isnan(limits.upper).all()
    assert not limits.outside.any()


@pytest.mark.parametrize("chart", ["p", "u", "p'", "u'"])
def test_counts_that_are_always_0_have_no_limits(chart):
    """A rate of 0 in every week has a standard error of 0: its limits collapse, so there are none."""
    limits = process_limits([0, 0, 0, 0, 0, 1], [100] * 6, chart, fix_after=5)

    assert np.isnan(limits.upper).all()
    assert not limits.outside.any()


@pytest.mark.parametrize("values", [[0.3] * 20, [0.3] * 5 + [0.1 + 0.2] + [0.3] * 14])
def test_a_series_that_moves_by_rounding_alone_is_not_flagged(values):
    """Its mean is a rounding away from each point: all were a run on one side."""
    limits = process_limits(values)

    assert np.isnan(limits.lower).all()
    assert not (limits.outside | limits.shift | limits.trend | limits.two_of_three).any()


def test_where_limits_collapse_nothing_is_flagged():
    """Learnt from one week there is no range, so no week can be unlike it."""
    limits = process_limits([1, *[2] * 9], fix_after=1)

    assert not (limits.outside | limits.shift | limits.trend | limits.two_of_three).any()


def test_a_missing_week_is_left_out():
    """A gap has no moving range on either side and is not flagged."""
    expected = 2.66 * 1.0  # the one range that is left: 2 to 3

    limits = process_limits([1, np.nan, 2, 3])

    assert limits.centre[0] == 2.0
    assert limits.upper[0] - limits.centre[0] == pytest.approx(expected)
    assert not limits.outside[1]


def test_a_week_without_denominator_has_no_limits_of_its_own():
    """Nothing due is no rate of 0: that week has neither a value nor limits."""
    limits = process_limits([5, 0, 6, 4], [50, 0, 60, 50], "p")

    assert limits.centre[0] == pytest.approx(15 / 160)
    assert np.isnan(limits.upper).tolist() == [False, True, False, False]
    assert not limits.outside[1]


def test_overdispersion_never_narrows_the_limits():
    """Laney's sigma z is floored at 1: a series calmer than chance keeps the limits of the p chart."""
    counts, denominators = [50, 51, 49, 50, 50, 51], [500] * 6

    laney, plain = (process_limits(counts, denominators, chart) for chart in ("p'", "p"))

    assert laney.sigma_z == 1.0
    assert laney.upper.tolist() == plain.upper.tolist()


def test_near_limits_and_two_of_three_agree():
    """A point flagged as near a limit lies beyond the near limit drawn, also where limits end at 0."""
    counts = [1, 1, 2, 1, 0, 0, 1, 1, 2, 1, 1, 6]

    limits = process_limits(counts, [10] * 12, "p")
    rates = np.array(counts) / 10
    beyond = (rates < limits.near_lower) | (rates > limits.near_upper)

    assert limits.lower[0] == 0.0
    assert not (limits.two_of_three & ~beyond).any()


@pytest.mark.parametrize("position", [-1, 0, 2, 9])
def test_a_rebase_loses_no_week(position):
    """Wherever a new part begins, there are limits for every week given; a place that is none is refused."""
    try:
        limits = process_limits([1.0, 2, 3, 4], rebase_at=[position])
    except ValueError:
        return

    assert limits.centre.size == limits.outside.size == 4


def test_a_series_without_any_value_has_no_limits():
    """All weeks missing is no error and no warning: there is neither a centre nor a limit."""
    limits = process_limits([np.nan, np.nan, np.nan])

    assert np.isnan([limits.centre, limits.lower, limits.upper]).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"values": [1, 2], "chart": "c"}, "chart: expected xmr"),
        ({"values": [1, 2], "chart": "p"}, "needs denominators"),
        ({"values": [1, 2], "n": [3], "chart": "u'"}, "expected 2 denominators, found 1"),
        ({"values": [-1, 2], "n": [3, 3], "chart": "p'"}, "counts of 0 or more"),
        ({"values": [1, 2], "n": [3, -3], "chart": "u"}, "counts of 0 or more"),
        ({"values": []}, "one number or more"),
        ({"values": [[1, 2], [3, 4]]}, "one number or more"),
    ],
    ids=["chart", "no denominators", "too few denominators", "negative", "negative n", "empty", "a table"],
)
def test_wrong_input_is_refused(given, said):
    """What cannot be a chart is a ValueError that says what was expected."""
    with pytest.raises(ValueError, match=said):
        process_limits(**given)


def test_a_target_on_a_limit_is_met_by_chance():
    """The ends belong to the usual range; a target or limits that are missing leave nothing to assure."""
    assert assurance(0.9, 0.95, 0.9, "up") == assurance(0.9, 0.95, 0.95, "down") == "hit_or_miss"
    assert assurance(0.9, 0.95, None, "up") == assurance(np.nan, np.nan, 0.9, "up") == "none"
    with pytest.raises(ValueError, match="direction: expected up"):
        assurance(0.9, 0.95, 0.9, "sideways")


def test_autocorrelation_by_hand():
    """The plain estimate, corrected for short series, and cut to between -.9 and .9.

    1 … 6 has r = .5: neighbours' products add up to 8.75, squares to 17.5; (6 x .5 + 1) / (6 - 4) = 2.
    """
    alternating = [1, -1] * 20  # r = -39/40, corrected (-39 + 1) / 36, cut to -.9

    assert lag1_autocorrelation([1, 2, 3, 4, 5, 6]) == 0.9
    assert lag1_autocorrelation(alternating) == -0.9
    # Deviations 1, 0, -1, -1, 0, 1, 1, 0, -1, 0: neighbours' products add up to 2, squares to 6.
    assert lag1_autocorrelation([3, 2, 1, 1, 2, 3, 3, 2, 1, 2]) == pytest.approx((10 * 2 / 6 + 1) / (10 - 4))


@pytest.mark.parametrize(
    "values", [[1, 2, 3, 4, 5], [4] * 20, [np.nan] * 20], ids=["short", "constant", "missing"]
)
def test_autocorrelation_that_cannot_be_known_is_0(values):
    """Fewer than six values, or values that never differ, have no autocorrelation to estimate."""
    assert lag1_autocorrelation(values) == 0.0


def test_autocorrelation_is_hardly_biased_in_short_series():
    """Over many series of 30 normal weeks with rho .4 the mean estimate is within .05 of it.

    The plain estimate is .06 to .09 too low there (Marriott and Pope 1954: by (1 + 4 rho) / n).
    """
    shocks = np.random.default_rng(54).normal(size=(1500, 130))
    series = np.zeros_like(shocks)
    for place in range(1, shocks.shape[1]):
        series[:, place] = 0.4 * series[:, place - 1] + shocks[:, place]

    found = np.mean([lag1_autocorrelation(row) for row in series[:, -30:]])

    assert found == pytest.approx(0.4, abs=0.05)
