"""The command line: ``python -m marketplace --out DIR`` writes the extracts of a scenario, and its truth."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from marketplace.market import Market
from marketplace.pool import Writers
from marketplace.reference import write_reference
from marketplace.scenario import read_scenario
from marketplace.sellers import make_sellers
from marketplace.simulate import write_market
from marketplace.spellings import spellings
from marketplace.truth import Truth
from marketplace.world import ScenarioError


def main(arguments: list[str] | None = None) -> int:
    """Write a sample; 2 if it cannot be played."""
    parser = argparse.ArgumentParser(prog="marketplace", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for raw/ and truth/")
    parser.add_argument("--events", type=Path, required=True, help="scenario, as TOML")
    parser.add_argument("--size", default="S", help="S, M or L, or parcels a week")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--weeks", default="2024-W01:2026-W46", help="first and last ISO week")
    parser.add_argument("--spellings", type=Path, help="file for the spellings of carriers, as TOML")
    options = parser.parse_args(arguments)
    try:
        make_sample(options.out, options.events, options.size, options.seed, options.weeks)
        if options.spellings:
            options.spellings.write_text(spellings(read_scenario(options.events).world), encoding="utf-8")
    except (ScenarioError, OSError) as error:
        sys.stderr.write(f"marketplace: {error}\n")
        return 2
    return 0


def make_sample(out: Path, events: Path, size: str, seed: int, weeks: str) -> None:
    """Write the extracts of a scenario into ``out/raw`` and its truth into ``out/truth``.

    Raises
    ------
    ScenarioError
        The scenario, the size or the weeks cannot be.
    """
    scenario = read_scenario(events)
    parcels = scenario.world.sizes.get(size) or (int(size) if size.isdigit() else 0)
    if not parcels:
        raise ScenarioError(f"size: expected {', '.join(scenario.world.sizes)} or a number, found {size!r}")
    first, _, last = weeks.partition(":")
    market = Market(scenario, make_sellers(scenario.world, seed), seed, parcels, first, last)
    truth, part = Truth(market), out / "sample.part"
    for name in ("raw", "truth"):
        if (out / name).exists() and any((out / name).iterdir()):
            raise ScenarioError(
                f"{out / name}: expected nothing there, found files; move them, or name another folder"
            )
    shutil.rmtree(part, ignore_errors=True)
    with Writers(market, part) as writers:
        write_market(market, writers, truth, _tell)
    written = [*writers.written, *write_reference(market, part)]
    truth.write(part, written, {"size": size, "parcels": parcels, "seed": seed, "weeks": weeks})
    # At once and whole: who reads while this is written finds no half month.
    for name in ("truth", "raw"):
        shutil.rmtree(out / name, ignore_errors=True)
        os.replace(part / name, out / name)
    part.rmdir()


def _tell(month: str) -> None:
    sys.stdout.write(f"{month}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
