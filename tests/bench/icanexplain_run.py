"""Let icanexplain split the change of a ratio; runs in its own environment.

``python tests/bench/icanexplain_run.py FRAME.parquet...`` (week, segment, rate, due) prints, as JSON, for
each frame the seconds of the call alone, the sum of all effects and the largest of them.
"""

import json
import sys
import time


def main(*paths: str) -> None:
    # Not above: pytest reads this file too, and has no icanexplain.
    import icanexplain
    import pandas as pd

    explain = icanexplain.MeanExplainer(fact="rate", count="due", period="week", group="segment")
    frames = [pd.read_parquet(path) for path in paths]
    explain(frames[0])  # the first call opens its DuckDB
    told = []
    for frame in frames:
        started = time.perf_counter()
        found = explain(frame)
        wall = time.perf_counter() - started
        effects = found[["inner", "mix"]].to_numpy()
        told.append({"wall": wall, "sum": float(effects.sum()), "largest": float(abs(effects).max())})
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
