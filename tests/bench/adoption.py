"""The fair comparison of BackShip beside the truth of a sample.

    make bench-adoption [ARGS="--data DIR --size M --seed 1"]

Without a folder it makes a sample and loads it. It ends with 1 where a truth lies outside a 95 % interval,
where the naive gap has the right sign, or where what no label can change shows something after Holm.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import tell

import tallysheet as ts
from tallysheet.duties import adoption

WAYS = {"alike": "among what is alike", "within": "before and after"}


def main() -> int:
    """Print each estimate with its interval beside the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="a loaded sample with its truth/")
    parser.add_argument("--size", default="M")
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    if options.data:
        return report(options.data)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        for words in (
            ["sample", "--size", options.size, "--seed", options.seed, "--out"],
            ["load", "--data"],
        ):
            program = Path(sys.executable).with_name("tallysheet")
            subprocess.run([program, *words, data], check=True, stdout=subprocess.DEVNULL)
        return report(data)


def report(data: Path) -> int:
    """Print the table of a loaded sample; 1 if anything is not as it should be."""
    told = json.loads((data / "truth" / "scenario.json").read_text(encoding="utf-8"))["adoption"]
    week = ts.open_week(data=data)
    truth = {
        "on_time": (100 * told["on_time_gain"], 100, "points on time"),
        "price": (-told["saving_cents"] / 100, 1, "euro a label, without surcharges"),
        "contacts": (-100 * told["contacts_gain"], 100, "contacts for 100 parcels"),
    }
    found, wrong = adoption.compared(week), []
    for slug, (true, scale, unit) in truth.items():
        naive = float(adoption.of_way(found, "naive").loc[slug, "value"])
        print(f"{slug}: {unit}\n  {'truth':<22}{true:+8.3f}\n  {'naive gap':<22}{naive * scale:+8.3f}")
        for way, words in WAYS.items():
            line = adoption.of_way(found, way).loc[slug]
            value, low, high = (line[name] * scale for name in ("value", "low", "high"))
            place = "inside" if low <= true <= high else "OUTSIDE"
            print(f"  {words:<22}{value:+8.3f}  [{low:+.3f}, {high:+.3f}]  {place}")
            wrong += [] if place == "inside" else [f"{slug}, {words}"]
            off = abs(value - true) / ((high - low) / 2)
            tell(f"{unit}, {words}: off the truth", [off], most=1, unit="half-widths of its interval")
        if slug == "on_time" and naive >= 0:
            wrong.append("the naive gap has the right sign")
    print("what no label can change (p after Holm)")
    for line in adoption.checks(week).to_dict("records"):
        words = WAYS.get(line["way"], line["way"])
        told = f"p {line['p']:.3f}, {line['adjusted']:.3f}"
        print(f"  {line['outcome']:<12}{words:<22}{line['value']:+8.3f}  {told}")
        wrong += [f"{line['outcome']}, {words} shows something"] if line["adjusted"] < 0.05 else []
    left = adoption.of_way(found, "alike").loc["on_time", "left_out"]
    print(f"dropped of the common mix: {left:.1%}")
    print("as it should be" if not wrong else "NOT as it should be: " + "; ".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
