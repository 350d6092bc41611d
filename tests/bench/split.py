"""Split the change of a ratio over its segments, beside icanexplain.

``python tests/bench/split.py [--rounds 3]`` prints the seconds of a call over 20,000 segments as a ratio,
what effects leave over of the change, and the largest effect told where nothing moved: one parcel in ten is
late everywhere, and a fifth of them are now in a segment that is new.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from figures import tell
from peers import peer_python, run

import tallysheet as ts

# Its ibis asks for an older DuckDB, and that ibis for an older pandas, than the project's.
PINS = ("icanexplain==0.3.0", "ibis-framework[duckdb]==9.5.0", "duckdb==1.1.3", "pandas==2.3.3")
SEGMENTS = 20_000


def drawn(segments: int, seed: int) -> pd.DataFrame:
    """Draw parcels due and late before and now; one segment in ten is new, and one in ten gone."""
    rng = np.random.default_rng(seed)
    due = rng.integers(1, 400, (segments, 2))
    absent = rng.integers(0, 10, segments)
    due[absent == 0, 0] = 0
    due[absent == 1, 1] = 0
    late = rng.binomial(due, rng.uniform(0.02, 0.2, (segments, 1)))
    names = [f"lane {number:05}" for number in range(segments)]
    return wide(names, due, late)


def wide(names: list[str], due: np.ndarray, late: np.ndarray) -> pd.DataFrame:
    columns = {"base_n": due[:, 0], "now_n": due[:, 1], "base": late[:, 0], "now": late[:, 1]}
    return pd.DataFrame({"segment": names, **columns})


def nothing_moved() -> pd.DataFrame:
    """One parcel in ten is late in each segment and week; a segment is new."""
    return wide(["old", "new"], np.array([[1000, 800], [0, 200]]), np.array([[100, 80], [0, 20]]))


def long(frame: pd.DataFrame) -> pd.DataFrame:
    """Lay a frame out as icanexplain takes it: a row a week and segment with parcels."""
    weeks = [
        pd.DataFrame({"week": week, "segment": frame["segment"], "due": frame[f"{week}_n"]}).assign(
            rate=frame[week] / frame[f"{week}_n"]
        )
        for week in ("base", "now")
    ]
    # Weeks are put in the order of their names.
    return pd.concat(weeks)[lambda rows: rows["due"] > 0].astype({"segment": object, "week": object})


def change(frame: pd.DataFrame) -> float:
    return float(frame["now"].sum() / frame["now_n"].sum() - frame["base"].sum() / frame["base_n"].sum())


def ours(frame: pd.DataFrame) -> dict[str, float]:
    started = time.perf_counter()
    found = ts.decompose(frame, by="segment", now="now", base="base", now_n="now_n", base_n="base_n")
    wall = time.perf_counter() - started
    effects = found[["rate", "mix"]].to_numpy()
    return {"wall": wall, "sum": float(effects.sum()), "largest": float(abs(effects).max())}


def theirs(frames: list[pd.DataFrame], folder: Path) -> list[dict[str, Any]]:
    paths = [folder / f"{number}.parquet" for number in range(len(frames))]
    for path, frame in zip(paths, frames, strict=True):
        long(frame).to_parquet(path)
    python = peer_python("icanexplain", *PINS)
    runner = Path(__file__).with_name("icanexplain_run.py")
    return list(json.loads(run([python, "-I", runner, *paths]).splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    frames = [*(drawn(SEGMENTS, seed) for seed in range(rounds)), nothing_moved()]
    ours(frames[0])
    found = [ours(frame) for frame in frames]
    left = [abs(one["sum"] - change(frame)) for one, frame in zip(found, frames, strict=True)]
    tell("what effects leave over of a change, ours", left, most=1e-9, unit="of 1")
    tell("largest effect told where no rate moved, ours", [found[-1]["largest"]], most=1e-9, unit="of 1")
    peer = "icanexplain"
    try:
        with tempfile.TemporaryDirectory(prefix="bench-split-") as folder:
            its = theirs(frames, Path(folder))
    except OSError as error:
        print(f"{peer}: not compared, as it could not be installed or run: {error}")
        return
    left = [abs(one["sum"] - change(frame)) for one, frame in zip(its, frames, strict=True)]
    tell(f"what effects leave over of a change, {peer}", left, unit="of 1")
    tell(f"largest effect told where no rate moved, {peer}", [its[-1]["largest"]], unit="of 1")
    ratios = [one["wall"] / other["wall"] for one, other in zip(found[:-1], its[:-1], strict=True)]
    tell(f"a change split over {SEGMENTS:,} segments, wall", ratios, peer=peer)


if __name__ == "__main__":
    main()
