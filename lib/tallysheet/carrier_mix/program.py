"""A mixed-integer linear program whose rows know which rule they stand for; solved by HiGHS."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import highspy
import numpy as np

from tallysheet.carrier_mix.problem import Numbers
from tallysheet.errors import DataError

_OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "random_seed": 0,
    "mip_abs_gap": 0.0,
}


@dataclass(frozen=True)
class Row:
    """A linear constraint: low <= sum of weight x variable <= high.

    Parameters
    ----------
    rule : str
        Which rule it stands for; empty: it only ties variables together.
    where : str
        The cell or carrier; empty: all.
    terms : tuple of (int, float)
        Variables and their weights.
    low, high : float
    """

    rule: str
    where: str
    terms: tuple[tuple[int, float], ...]
    low: float
    high: float


@dataclass(frozen=True)
class Outcome:
    """What HiGHS found.

    Parameters
    ----------
    status : str
        ``optimal`` or ``infeasible``.
    values : array
        Of the variables; empty if infeasible.
    objective : float
    bound : float
        No solution is below it.
    seconds : float
    """

    status: str
    values: Numbers
    objective: float
    bound: float
    seconds: float


@dataclass
class Program:
    """Variables with their bounds and costs, and rows; minimised."""

    costs: list[float] = field(default_factory=list)
    lows: list[float] = field(default_factory=list)
    highs: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def variable(
        self, cost: float = 0.0, low: float = 0.0, high: float = np.inf, *, is_whole: bool = False
    ) -> int:
        """Add a variable and give its place."""
        self.costs.append(cost)
        self.lows.append(low)
        self.highs.append(high)
        self.whole.append(is_whole)
        return len(self.costs) - 1

    def at_least(self, rule: str, where: str, terms: Mapping[int, float], low: float) -> None:
        """Add a row with a lower end."""
        self.rows.append(Row(rule, where, tuple(terms.items()), low, np.inf))

    def at_most(self, rule: str, where: str, terms: Mapping[int, float], high: float) -> None:
        """Add a row with an upper end."""
        self.rows.append(Row(rule, where, tuple(terms.items()), -np.inf, high))

    def equal(self, rule: str, where: str, terms: Mapping[int, float], value: float) -> None:
        """Add an equation."""
        self.rows.append(Row(rule, where, tuple(terms.items()), value, value))

    def minimised(self, *, gap: float = 0.0, is_relaxed: bool = False) -> Outcome:
        """Minimise it, in one thread, with a fixed seed and without a time limit: the same each time.

        Parameters
        ----------
        gap : float
            How far above its bound the objective may stay, as a share of it.
        is_relaxed : bool
            Whether whole variables may be broken.

        Raises
        ------
        DataError
            HiGHS stops for another reason than an optimum or that there is none.
        """
        # The class that is built on it prints a banner.
        solver = highspy._Highs()  # type: ignore[attr-defined]
        for name, value in _OPTIONS.items():
            solver.setOptionValue(name, value)
        solver.setOptionValue("mip_rel_gap", gap)
        started = time.perf_counter()
        solver.passModel(self._as_highs(is_relaxed=is_relaxed))
        solver.run()
        seconds = time.perf_counter() - started
        status, found = solver.getModelStatus(), solver.getInfo()
        # Volumes have both ends, so that there is none where presolve cannot tell which of the two it is.
        if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return Outcome("infeasible", np.zeros(0), np.nan, np.nan, seconds)
        if status != highspy.HighsModelStatus.kOptimal:
            told = solver.modelStatusToString(status)
            raise DataError("carrier mix", "an optimum", told, "Look for costs without a bound.")
        values = np.array(solver.getSolution().col_value)
        objective = float(found.objective_function_value)
        is_whole = any(self.whole) and not is_relaxed
        return Outcome("optimal", values, objective, found.mip_dual_bound if is_whole else objective, seconds)

    def _as_highs(self, *, is_relaxed: bool) -> highspy.HighsLp:
        """Put it into HiGHS's form: rows one after the other."""
        linear = highspy.HighsLp()
        linear.num_col_, linear.num_row_ = len(self.costs), len(self.rows)
        linear.col_cost_ = np.array(self.costs)
        linear.col_lower_, linear.col_upper_ = np.array(self.lows), np.array(self.highs)
        linear.row_lower_ = np.array([row.low for row in self.rows])
        linear.row_upper_ = np.array([row.high for row in self.rows])
        matrix = linear.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.num_col_, matrix.num_row_ = linear.num_col_, linear.num_row_
        matrix.start_ = np.cumsum([0, *(len(row.terms) for row in self.rows)]).astype(np.int32)
        matrix.index_ = np.array([place for row in self.rows for place, _ in row.terms], dtype=np.int32)
        matrix.value_ = np.array([weight for row in self.rows for _, weight in row.terms])
        if not is_relaxed:
            kinds = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger
            linear.integrality_ = [kinds[one] for one in self.whole]
        return linear
