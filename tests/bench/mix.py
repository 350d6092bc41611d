"""The carrier mix: how fast it is solved, and what its promises were worth in weeks it had not seen.

Speed: random problems of 80 cells, 7 carriers and 200 scenarios, as a ratio to 10 s; a what-if to 2 s.
Promises (--seeds K): K samples of size S are made and loaded one after the other. Twelve weeks up to
2026-W36, as they were known then, make the mix; the four weeks after it, as known ten weeks later, say what
it would have saved. It is put beside today's mix, the cheapest and the one with most on time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from figures import tell

import tallysheet as ts
from tallysheet.carrier_mix import Carrier, Cell, Problem, Rules, Tier, breaches, solve
from tallysheet.carrier_mix.backtest import held, judged, mixes
from tallysheet.carrier_mix.inputs import Evidence
from tallysheet.duties import mix
from tallysheet.duties.mix_evidence import evidence

FITTED, KNOWN = "2026-W36", "2026-09-07"
JUDGED = ["2026-W37", "2026-W38", "2026-W39", "2026-W40"]
MIX_SECONDS, WHAT_IF_SECONDS = 10.0, 2.0


def drawn(seed: int, cells: int = 80, carriers: int = 7, draws: int = 200) -> Problem:
    """Draw a problem in which floors, capacities, promised volumes, a rebate and the tail all matter."""
    random = np.random.default_rng(seed)
    parcels = random.lognormal(1.5, 1.2, cells) + 1
    level, base = random.uniform(0.78, 1.35, carriers), random.uniform(4.4, 9, cells)
    price = base[:, None] * level * random.uniform(0.95, 1.05, (cells, carriers))
    on_time = 0.86 + 0.12 * (level - 0.78) / 0.57 + random.normal(0, 0.02, (cells, carriers))
    on_time = np.clip(on_time, 0.7, 0.99)
    risk = (1 - on_time) * 3 + random.uniform(0.2, 1, (cells, carriers))
    allowed = random.random((cells, carriers)) < 0.6
    allowed[:, [0, 3]] = True
    today = random.dirichlet(np.ones(carriers), cells) * allowed
    today *= parcels[:, None] / today.sum(axis=1, keepdims=True)
    tried = today > 0.1 * parcels[:, None]
    parcels, volume, now = today.sum(axis=1), today.sum(axis=0), (today * on_time).sum(axis=1)
    return Problem(
        tuple(
            Cell(f"cell {row}", one, min(0.9, now[row] / one) - 0.01, *_shares(one, int(tried[row].sum())))
            for row, one in enumerate(parcels)
        ),
        tuple(
            Carrier(
                f"carrier {column}",
                1.6 * one,
                0.5 * one if column % 2 else 0.0,
                1.5,
                max_share=0.5,
                tiers=(Tier(1.2 * one, 0.1),) if column == 2 else (),
            )
            for column, one in enumerate(volume)
        ),
        price,
        on_time,
        risk,
        allowed,
        today,
        tried=tried,
        scenarios=price + risk * np.exp(random.normal(0, 0.3, (draws, cells, carriers))),
        rules=Rules(now.sum() / parcels.sum(), 0.1, 0.1, 1.0, 0.3, 0.9, 0.02),
    )


def _shares(parcels: float, known: int) -> tuple[float, int]:
    """Ask for two carriers of a large cell, and for a largest share, where there are carriers for it."""
    return (0.8, 2 if parcels > 8 else 1) if known > 1 else (1.0, 1)


def speed(count: int) -> None:
    """Print what solving takes: processor seconds of one thread, as others may use the machine."""
    taken = []
    for seed in range(count):
        problem = drawn(seed)
        started = time.process_time()
        found = solve(problem)
        seconds = time.process_time() - started
        kept = "keeps all rules" if not breaches(problem, found.volumes) else "BREAKS A RULE"
        saved = 1 - found.euros / float((problem.today * problem.cost).sum())
        print(
            f"80 x 7 x 200, seed {seed}: {found.status}, gap {found.gap:.5%}, {found.rounds} rounds, "
            f"{seconds:.1f} s, {kept}, saves {saved:.1%}"
        )
        taken.append(seconds)
    tell("80 cells, 7 carriers, 200 scenarios solved, CPU", taken, most=MIX_SECONDS, unit="seconds")


def what_ifs(data: Path) -> None:
    """Print what a week's mix, its usual what-ifs and the whole page's figures take."""
    week = ts.open_week(data=data)
    ground = mix.grounded(week)
    asked = [("mix", "", 0.0), *((kind, "", 0.1) for kind in mix.KINDS if kind != "out")]
    asked += [("out", one.name, 0.0) for one in ground.problem.carriers]
    taken = []
    for kind, carrier, share in asked:
        started = time.process_time()
        found = mix.solved(week) if kind == "mix" else mix.ask(week, kind, carrier, share).solution
        seconds = time.process_time() - started
        print(
            f"{len(ground.problem.cells)} cells, {kind} {carrier}: {found.status}, gap {found.gap:.5%}, "
            f"{seconds:.2f} s"
        )
        taken.append(seconds)
    tell("a what-if answered, CPU", taken, most=WHAT_IF_SECONDS, unit="seconds")


def of_weeks(known: Evidence, weeks: list[str]) -> Evidence:
    """Keep only what was seen in some weeks."""
    frames = {name: getattr(known, name) for name in ("parcels", "on_time", "losses")}
    return replace(known, **{name: frame[frame["week"].isin(weeks)] for name, frame in frames.items()})


def promise(seed: int, size: str, folder: Path) -> pd.DataFrame:
    """Make a sample, and say what the mix of one of its weeks promised and kept."""
    program = Path(sys.executable).with_name("tallysheet")
    if not (folder / "clean").is_dir():
        _make(program, seed, size, folder)
    fitted = mix.grounded(ts.open_week(FITTED, data=folder, as_of=KNOWN))
    later = held(fitted, of_weeks(evidence(ts.open_week(data=folder)), JUDGED))
    return judged(fitted.problem, mixes(fitted.problem), later).assign(seed=seed)


def _make(program: Path, seed: int, size: str, folder: Path) -> None:
    options = ["--size", size, "--seed", str(seed), "--weeks", "2026-W08:2026-W46"]
    subprocess.run([program, "sample", "--out", folder, *options], check=True, capture_output=True)
    subprocess.run([program, "load", "--data", folder], check=True, capture_output=True)


def promises(seeds: int, size: str, keep: Path | None) -> pd.DataFrame:
    """Make so many samples, one after the other, and judge the mix of each."""
    found = []
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory(prefix="tallysheet-mix-") as made:
            found.append(promise(seed, size, (keep or Path(made)) / f"seed-{seed}"))
        told = found[-1].set_index("mix").loc["proposed"]
        print(
            f"seed {seed}: promised {told['promised']:.1f} ({told['low']:.1f} to {told['high']:.1f}), "
            f"saved {told['saved']:.1f} euro a week",
            flush=True,
        )
    return pd.concat(found)


def told(found: pd.DataFrame) -> None:
    """Print how often promises were kept, the optimiser's curse, and how the mixes compare."""
    one = found[found["mix"] == "proposed"].set_index("seed")
    kept = ((one["saved"] >= one["low"]) & (one["saved"] <= one["high"])).mean()
    tell("promised interval holds what was saved", [kept], least=0.85, unit=f"of 1, over {len(one)} seeds")
    tell("promised saving a week, mean", [one["promised"].mean()], unit="euro")
    tell("realised saving a week, mean", [one["saved"].mean()], unit="euro")
    print(
        found.groupby("mix")[["euros", "equal_euros", "saved", "on_time", "expected_on_time"]].mean().round(4)
    )
    others = found[found["mix"] != "proposed"]
    for name, words in (("euros", "late parcels and losses counted"), ("equal_euros", "at equal service")):
        beaten = (others[name] > others["seed"].map(one["euros"])).groupby(others["mix"]).mean()
        for other, share in beaten.items():
            tell(f"the proposed mix costs less than {other}, {words}", [share], unit="of 1 of the seeds")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=4, help="random problems to solve")
    parser.add_argument("--seeds", type=int, default=0, help="samples whose promises are checked")
    parser.add_argument("--size", default="S")
    parser.add_argument("--keep", type=Path, help="folder in which samples stay, to be used again")
    parser.add_argument("--data", type=Path, help="a loaded workbook whose what-ifs are measured")
    given = parser.parse_args()
    speed(given.problems)
    if given.data:
        what_ifs(given.data)
    if given.seeds:
        told(promises(given.seeds, given.size, given.keep))
