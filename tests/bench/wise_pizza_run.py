"""Let wise-pizza name the segments behind a change of late parcels; runs in its own environment.

``python tests/bench/wise_pizza_run.py FRAME.parquet CONDITIONS DIMENSION...`` prints, as JSON, the seconds of
the call alone and what it named. All other settings are wise-pizza's own.
"""

import json
import sys
import time


def main(path: str, most_conditions: str, *by: str) -> None:
    # Not above: pytest reads this file too, and has no wise-pizza.
    import pandas as pd
    from wise_pizza import explain_changes_in_average

    frame, keys = pd.read_parquet(path), list(by)
    before = frame[keys].assign(late=frame["late_before"], due=frame["due_before"])
    now = frame[[*keys, "late", "due"]]
    started, used = time.perf_counter(), time.process_time()
    found = explain_changes_in_average(before, now, keys, "late", "due", max_depth=int(most_conditions))
    wall, cpu = time.perf_counter() - started, time.process_time() - used
    named = [{str(key): str(value) for key, value in one["segment"].items()} for one in found.segments]
    print(json.dumps({"wall": wall, "cpu": cpu, "named": named}))


if __name__ == "__main__":
    main(*sys.argv[1:])
