"""Judge the verdicts against the truth of the sample: events, quiet weeks, the log, unchanged series.

``python tests/bench/verdicts.py [--events FILE] [--seed N] [--seeds K] [--size M] [--keep DIR]`` makes a
sample for each seed, or takes those of ``--data DIR ...``, and prints what ``truth/scenario.json`` expects
beside what was found. It exits 1 when a line falls short. At size S most events are too small to be seen;
there only wrong verdicts count.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from figures import tell
from scipy.stats import binom

from tallysheet.errors import UsageError
from tallysheet.findings import is_silent
from tallysheet.judgement import FALSE_FLAG_SHARE, judge
from tallysheet.week import Week, open_week
from tallysheet.weeks import IsoWeek

ROOT = Path(__file__).parents[2]
DEFAULT_SEED, FIRST_FRESH_SEED = 1, 101
"""The first is that of ``tallysheet sample``; on it every event must be right."""

MOST_MISSED, MOST_WRONG = 2, 1
"""Events that may be missed on a fresh seed, and be wrong at size S."""

NEAR, WIDEST = 0.25, 0.5
"""How far an effect may be from the truth, and how far its interval may reach, as shares of the size."""

BASE, KNOWN_AFTER_DAYS = "last-4", 15
BUDGETS_S = {"first": 10.0, "cached": 0.5}
SERIES, EARLIER_WEEKS, PROMISED_SHARE = 1_000, 52, 0.02

Row = dict[Hashable, Any]
Scope = dict[str, set[str]]


@contextmanager
def sampled(seed: int, given: argparse.Namespace) -> Iterator[Path]:
    """Make a sample and load it; it is removed afterwards unless it is to be kept."""
    program = Path(sys.executable).with_name("tallysheet")
    with tempfile.TemporaryDirectory(prefix="bench-verdicts-") as name:
        folder = (given.keep or Path(name)).resolve() / f"seed-{seed}"
        sample = ["sample", "--out", folder, "--size", given.size, "--seed", str(seed)]
        sample += ["--events", given.events.resolve()] if given.events else []
        for arguments in (sample, ["load", "--data", folder]):
            subprocess.run([program, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        yield folder


class Sample:
    """A sample, its truth, and the weeks of it that are open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told = json.loads((folder / "truth" / "scenario.json").read_text(encoding="utf-8"))
        self.title = f"size {self.told['size']}, seed {self.told['seed']}"
        self._open: dict[tuple[IsoWeek, str | None], Week] = {}

    def week(self, week: IsoWeek, moment: str | None) -> Week:
        """Open a week as known at a moment; asked again, it is the same object."""
        if (week, moment) not in self._open:
            opened = open_week(str(week), data=self.folder, base=BASE, as_of=moment)
            self._open[week, moment] = opened
        return self._open[week, moment]

    def later_verdicts(self, week: IsoWeek) -> list[Row]:
        """Give the verdicts of all KPIs as known on the Monday two weeks after the week's end."""
        moment = week.sunday + dt.timedelta(days=KNOWN_AFTER_DAYS)
        return self.week(week, moment.isoformat()).verdicts.to_dict("records")


@dataclass(frozen=True)
class Expectation:
    """What should be said of an event: of which KPI and weeks, and as known when."""

    code: str
    by: str
    scope: Scope
    where: Scope
    kpi: str
    first: IsoWeek
    last: IsoWeek
    moment: str | None
    size: float | None


def as_scope(given: dict[str, Any]) -> Scope:
    """Give a scope as sets of values, whether they were written alone or as a list."""
    return {key: {one} if isinstance(one, str) else set(one) for key, one in given.items()}


def expectations(event: dict[str, Any]) -> list[Expectation]:
    """Read what is expected of an event; what names no moment has the first that no other has claimed."""
    claimed = {one.get("as_of") for one in event["expect"]}
    unclaimed = next((moment for moment in event["judge_as_of"] if moment not in claimed), None)
    found = []
    for one in event["expect"]:
        by, first = one.get("by") or one.get("part", ""), IsoWeek.parse(one["week"])
        scope, where = as_scope(one["scope"]), as_scope(event["where"])
        last, moment = first.shift(one.get("weeks", 1) - 1), one.get("as_of", unclaimed)
        found.append(
            Expectation(one["code"], by, scope, where, one["kpi"], first, last, moment, one.get("size"))
        )
    return found


def is_active(event: dict[str, Any], week: IsoWeek) -> bool:
    """Tell whether an event has a day in a week, or something is expected of it there."""
    start, end = (dt.date.fromisoformat(event[name]) for name in ("start", "end"))
    has_day = start <= week.sunday and week.monday <= end
    return has_day or any(one.first <= week <= one.last for one in expectations(event))


def has_code(row: Row, expected: Expectation) -> bool:
    """Compare the code, and who or what it is put down to where that is expected."""
    return row["code"] == expected.code and expected.by in ("", row["by"])


def has_scope(row: Row, expected: Expectation) -> bool:
    """Compare the scope: what is expected, and beyond it only what the event touches.

    A depot lies in one country, so the two together say no more than the depot.
    """
    found, wanted = as_scope(row["scope"]), expected.scope
    if "depot" in found and "country" not in wanted:
        found.pop("country", None)
    return wanted.items() <= found.items() and all(
        values <= expected.where.get(key, set()) for key, values in found.items() if key not in wanted
    )


def is_true_in_part(row: Row, expected: Expectation) -> bool:
    """Tell whether a row names a part of what is expected, and the rest as what may have moved too."""
    key = next(iter(row["scope"]), "")
    found, wanted = set(row["scope"].get(key, ())), expected.scope.get(key, set())
    whole = row | {"scope": row["scope"] | {key: sorted(wanted)}}
    return found < wanted <= found | set(row["perhaps"]) and has_scope(whole, expected)


def is_fuel_step(row: Row, sample: Sample) -> bool:
    """Tell whether a price of fuel is one that the world changed by itself in that week or the one before."""
    if (row["code"], row["by"]) != ("PRICE", "fuel"):
        return False
    steps = {IsoWeek.of(dt.date.fromisoformat(f"{month}-01")) for month in sample.told["fuel_steps"]}
    since = IsoWeek.parse(row["since"])
    return bool(steps & {since, since.shift(-1)})


def has_size(row: Row, expected: Expectation) -> bool:
    """Compare the effect: near the size, or with an interval that holds it and is narrow enough."""
    size, low, high = expected.size, row["low"], row["high"]
    if size is None or abs(row["effect"] - size) <= NEAR * abs(size):
        return True
    return bool(low <= size <= high and (high - low) / 2 <= WIDEST * abs(size))


def falls_short(rows: Sequence[Row], expected: Expectation) -> str:
    """Name the first of code, scope and size that no row has together with those before it."""
    for name, test in (("code", has_code), ("scope", has_scope), ("size", has_size)):
        rows = [row for row in rows if test(row, expected)]
        if not rows:
            return name
    return ""


def wrong_codes(rows: Sequence[Row], sample: Sample, week: IsoWeek) -> str:
    """Name the codes that fit nothing that is expected of the week's events, sizes left aside."""
    active = [event for event in sample.told["events"] if is_active(event, week)]
    expected = [one for event in active for one in expectations(event)]
    wrong = [
        f"wrong {row['code']}"
        for row in rows
        if row["code"] not in ("NOISE", "IMMATURE")
        and not is_fuel_step(row, sample)
        and not any(
            has_code(row, one) and (has_scope(row, one) or is_true_in_part(row, one)) for one in expected
        )
    ]
    return ", ".join(wrong)


def shown(code: str, by: str, scope: Scope) -> str:
    where = " ".join(f"{key}={','.join(sorted(values))}" for key, values in scope.items())
    return f"{code}/{by} {where or 'all'}" if by else f"{code} {where or 'all'}"


def shown_row(row: Row) -> str:
    effect, low, high = (f"{row[name]:+.3g}" for name in ("effect", "low", "high"))
    size = f" {effect} [{low}, {high}]".replace("+nan", "?").removesuffix(" [?, ?]").removesuffix(" ?")
    event = f" {row['event']!r}" if row["event"] else ""
    perhaps = f" (perhaps {','.join(row['perhaps'])})" if row["perhaps"] else ""
    return f"{shown(row['code'], row['by'], as_scope(row['scope']))}{perhaps}{size}{event}"


def judge_event(sample: Sample, event: dict[str, Any], only_wrong: bool) -> bool:
    """Print each expectation of an event beside what was found, and tell whether all are met."""
    is_right = True
    for one in expectations(event):
        rows: list[Row] = []
        try:
            rows = sample.week(one.first, one.moment).verdicts_of(one.kpi).to_dict("records")
            found = "; ".join(map(shown_row, rows)) or "nothing"
        except UsageError as error:  # the data has no such week or KPI, so nothing is said of it
            found = " ".join(str(error).split())
        short = wrong_codes(rows, sample, one.first) if only_wrong else falls_short(rows, one)
        is_right &= not short
        weeks = " to ".join(dict.fromkeys(map(str, (one.first, one.last))))
        size = "any size" if one.size is None else f"{one.size:+.3g}"
        wanted = f"{event['id']} {one.kpi} {weeks} {shown(one.code, one.by, one.scope)} {size}"
        print(f"  {wanted} | {found} | {short or 'ok'}", flush=True)
    return is_right


def judge_events(sample: Sample) -> bool:
    """Judge all events, and tell whether enough are right."""
    events, only_wrong = sample.told["events"], sample.told["size"] == "S"
    print("events: expected | found | ok, or what falls short")
    right = [event for event in events if judge_event(sample, event, only_wrong)]
    others = len(events) - len(right)
    if only_wrong:
        return tell(f"{sample.title}, causes wrong", [others], most=MOST_WRONG, unit=f"of {len(events)}")
    unlogged, of = (sum(not event["logged"] for event in those) for those in (right, events))
    most = 0 if sample.told["seed"] == DEFAULT_SEED else MOST_MISSED
    tell(f"{sample.title}, causes found that no log entry tells", [unlogged], unit=f"of {of}")
    return tell(f"{sample.title}, causes missed", [others], most=most, unit=f"of {len(events)}")


def judge_quiet(sample: Sample) -> bool:
    """Require that nothing is named in quiet weeks, and no entry of the log that had no effect."""
    controls, entries = sample.told["controls"], sample.told["log_only"]
    loud = [
        f"  {week} {row['kpi']} {shown_row(row)}"
        for week in map(IsoWeek.parse, controls)
        for row in sample.later_verdicts(week)
        if not is_silent(row["code"], row["scope"])
    ]
    believed = [
        f"  {entry['starts_on']} {row['kpi']} {shown_row(row)}"
        for entry in entries
        for row in sample.later_verdicts(IsoWeek.of(dt.date.fromisoformat(entry["starts_on"])))
        if entry["note"] in row["event"]
    ]
    for offender in (*loud, *believed):
        print(offender)
    what = f"{sample.title}, causes named in {len(controls)} quiet weeks"
    silent = tell(what, [len(loud)], most=0, unit="causes")
    what = f"{sample.title}, causes put down to {len(entries)} log entries without effect"
    return tell(what, [len(believed)], most=0, unit="causes") and silent


def unchanged(rho: float, rng: np.random.Generator) -> np.ndarray:
    """Draw normal series of mean 0 and spread 1 with a lag-1 autocorrelation."""
    series = rng.normal(size=(SERIES, EARLIER_WEEKS + 1))
    for week in range(1, EARLIER_WEEKS + 1):
        series[:, week] = rho * series[:, week - 1] + np.sqrt(1 - rho**2) * series[:, week]
    return series


def false_signals() -> bool:
    """Count the signals in unchanged sums and shares, against the share that the page prints."""
    most = int(binom.ppf(0.975, SERIES, FALSE_FLAG_SHARE))
    print(f"signals in {SERIES:,} unchanged series; printed {FALSE_FLAG_SHARE:.1%}, so at most {most}")
    print("  autocorrelation  sums  shares")
    counts = []
    for rho in (0.0, 0.3, 0.5):
        rng = np.random.default_rng([20261122, int(10 * rho)])
        sums = unchanged(rho, rng)
        chances = 1 / (1 + np.exp(-np.log(0.93 / 0.07) - 0.1 * unchanged(rho, rng)))
        n = rng.poisson(2_000, chances.shape)
        shares = zip(rng.binomial(n, chances), n, strict=True)
        flagged = sum(judge(row).variation == "signal" for row in sums)
        counts += [flagged, sum(judge(row, due, "p'").variation == "signal" for row, due in shares)]
        print(f"  {rho:15.1f}  {counts[-2]:4}  {counts[-1]:6}")
    is_kept = tell("false signals that the page states", [FALSE_FLAG_SHARE], most=PROMISED_SHARE, unit="of 1")
    what = "false signals in unchanged sums and shares at lag-1 0, .3, .5: the most"
    return tell(what, [max(counts)], most=most, unit=f"of {SERIES:,}") and is_kept


def opening_seconds(folder: Path) -> float:
    """Open the latest week, its KPIs and its verdicts; imports are not counted."""
    started = time.perf_counter()
    week = open_week(data=folder, base=BASE)
    _ = week.kpis, week.verdicts
    return time.perf_counter() - started


def print_time(folder: Path) -> None:
    """Time a first opening and a later one, each in a process of its own, beside their budgets."""
    shutil.rmtree(folder / "cube", ignore_errors=True)
    command = [sys.executable, __file__, "--time", str(folder)]
    for name, budget in BUDGETS_S.items():
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        tell(f"{name} opening of all KPIs and verdicts", [float(done.stdout)], most=budget, unit="seconds")


def judge_sample(folder: Path) -> bool:
    """Time and judge a sample, and tell whether nothing falls short."""
    sample = Sample(folder)
    print(f"\n{folder}: size {sample.told['size']}, seed {sample.told['seed']}, {sample.told['weeks']}")
    print_time(folder)
    return all([judge_events(sample), judge_quiet(sample)])


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--events", type=Path, help="scenario (default data/sample/events.toml)")
    parser.add_argument("--seed", type=int, help=f"seed of the sample (default {DEFAULT_SEED})")
    seeds = f"so many fresh seeds instead, those after --seed, or from {FIRST_FRESH_SEED}"
    parser.add_argument("--seeds", type=int, default=0, help=seeds)
    parser.add_argument("--size", default="M", help="S, M, L, or parcels a week (default M)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the samples in this folder")
    parser.add_argument("--data", type=Path, nargs="+", metavar="DIR", help="judge these samples instead")
    parser.add_argument("--time", type=Path, help=argparse.SUPPRESS)
    return parser


def main(given: argparse.Namespace) -> int:
    """Judge all samples; 1 when a line falls short."""
    holds = [false_signals()]
    first = FIRST_FRESH_SEED if given.seed is None else given.seed + 1
    seeds = range(first, first + given.seeds) or [DEFAULT_SEED if given.seed is None else given.seed]
    for folder in given.data or ():
        holds.append(judge_sample(folder.resolve()))
    for seed in () if given.data else seeds:
        with sampled(seed, given) as folder:
            holds.append(judge_sample(folder))
    return int(not all(holds))


if __name__ == "__main__":
    arguments = options().parse_args()
    if arguments.time:
        print(opening_seconds(arguments.time))
    else:
        sys.exit(main(arguments))
