"""Measure the load against DuckDB's plain typed load of the same file, in CPU seconds and as ratios.

``python tests/bench/load.py [ROWS] [ROUNDS]`` writes the file once into a temporary folder, lets the three
ways take turns, each in a process of its own, and prints minimum, median and maximum of the ratios.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from figures import tell

COLUMNS = {
    "shipment_id": "VARCHAR",
    "flow": "VARCHAR",
    "carrier": "VARCHAR",
    "destination_country": "VARCHAR",
    "first_scan_at": "TIMESTAMP",
    "delivered_at": "TIMESTAMP",
    "promised_date": "DATE",
    "promised_at": "TIMESTAMP",
    "status": "VARCHAR",
    "weight_declared_g": "BIGINT",
}

ROW = """
SELECT
    'S' || lpad(CAST(i AS VARCHAR), 9, '0') AS shipment_id,
    ['outbound', 'return', 'trade_in'][1 + i % 3] AS flow,
    ['ALT', 'BRV', 'CDR', 'DVP', 'ESK', 'FNH', 'HLV'][1 + CAST(hash(i) % 7 AS BIGINT)] AS carrier,
    ['FR', 'DE', 'ES', 'IT'][1 + CAST(hash(i + 1) % 4 AS BIGINT)] AS destination_country,
    strftime(scanned, '%Y-%m-%d %H:%M:%S') AS first_scan_at,
    CASE WHEN i % 50 = 0 THEN '' ELSE strftime(scanned + to_seconds(100000 + hash(i + 2) % 90000),
        '%Y-%m-%d %H:%M:%S') END AS delivered_at,
    CASE WHEN i % 100003 = 7 THEN '2024-13-01' ELSE strftime(scanned + INTERVAL 3 DAY, '%Y-%m-%d') END
        AS promised_date,
    strftime(scanned + INTERVAL 3 DAY, '%Y-%m-%d') || ' 20:00:00' AS promised_at,
    CASE WHEN i % 50 = 0 THEN 'lost' ELSE 'delivered' END AS status,
    CASE WHEN i % 10007 = 3 THEN 'n/a' ELSE CAST(400 + hash(i + 3) % 900 AS VARCHAR) END AS weight_declared_g
FROM (SELECT i, TIMESTAMP '2024-01-01' + to_seconds(i * {step}) AS scanned FROM range({rows}) AS t(i))
"""

SOURCE = """
table = "shipments"
as_of = 2027-01-01T07:00:00
known_at = "coalesce(delivered_at, promised_at)"

[[file]]
name = "parcels"
path = "raw/parcels.csv"
"""


def make(folder: Path, rows: int) -> None:
    """Write a workbook with one large file: three years of parcels, a few cells of it broken."""
    (folder / "data" / "raw").mkdir(parents=True)
    (folder / "data" / "sources" / "parcels").mkdir(parents=True)
    (folder / "data" / "sources" / "parcels" / "source.toml").write_text(SOURCE)
    settings = 'sources = ["parcels"]\nnotebooks = []\ncountries = ["FR"]\nheadline = "otd"\n'
    (folder / "data" / "workbook.toml").write_text(settings)
    step = max(1, 3 * 365 * 86400 // rows)
    path = folder / "data" / "raw" / "parcels.csv"
    duckdb.connect().execute(f"COPY ({ROW.format(rows=rows, step=step)}) TO '{path}' (HEADER)")


def plain(folder: Path) -> None:
    """Load as a person would who types the columns in DuckDB and skips bad rows."""
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    connection = duckdb.connect(config={"memory_limit": "700MB", "temp_directory": str(folder / "scratch")})
    connection.execute(
        f"COPY (SELECT * FROM read_csv('{folder}/data/raw/parcels.csv', header = true, "
        f"columns = {{{types}}}, ignore_errors = true)) TO '{folder}/plain.parquet' (FORMAT parquet)"
    )


def checked(folder: Path) -> None:
    """Check every row, with what is refused beside it; no search for duplicates, no weeks."""
    from tallysheet.checked import check_extract
    from tallysheet.digests import Digests
    from tallysheet.inputs import raw_files
    from tallysheet.row_checks import REFUSED
    from tallysheet.settings import read_settings
    from tallysheet.sources import read_source

    source = read_source(read_settings(folder / "data"), "parcels")
    (raw,) = raw_files(source, Digests(folder / "digests.json", reads_again=True))
    found = check_extract(source, raw, folder / "checked.parquet", {})
    duckdb.connect().execute(
        f"COPY (SELECT file_row_number + {found.first_line} AS line, unnest(from_json(refused, '{REFUSED}')) "
        f"FROM read_parquet('{found.path}', file_row_number = true) WHERE refused IS NOT NULL) "
        f"TO '{folder}/quarantine.parquet'"
    )


def whole(folder: Path) -> None:
    """Load as ``tallysheet load`` does: with quarantine, duplicates and weeks."""
    import tallysheet as ts

    for path in (folder / "data" / "clean").rglob("*.*"):
        path.unlink(missing_ok=True)
    counted = ts.load(folder / "data").files.iloc[0]
    print({name: int(counted[name]) for name in ("rows", "good", "quarantined", "duplicates", "cells")})


WAYS = {"plain": plain, "checked": checked, "whole": whole}
WORDS = {"checked": "checked", "whole": "checked, with duplicates and weeks"}


def measured(way: str, folder: Path) -> dict[str, float]:
    """Run a way in a process of its own: wall and CPU seconds, and peak memory in MB."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--way", way, str(folder)], capture_output=True, text=True, check=True
    )
    return {**json.loads(done.stdout.splitlines()[-1]), "wall": time.perf_counter() - started}


def main(rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-load-") as name:
        folder = Path(name)
        make(folder, rows)
        size = (folder / "data" / "raw" / "parcels.csv").stat().st_size >> 20
        print(f"{rows:,} rows, {size:,} MB, DuckDB {duckdb.__version__}, {os.cpu_count()} cores")
        found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way in WAYS:
                found[way].append(measured(way, folder))
                print(way, {key: round(value, 1) for key, value in found[way][-1].items()}, flush=True)
        for way, limit in (("checked", 1.3), ("whole", 3.0)):
            ratios = [ours["cpu"] / its["cpu"] for ours, its in zip(found[way], found["plain"], strict=True)]
            what = f"{rows / 1e6:,.3g} M rows loaded, {WORDS[way]}"
            tell(f"{what}, CPU", ratios, peer="DuckDB's typed load", most=limit)
            tell(f"{what}, peak memory", [one["peak_mb"] for one in found[way]], most=1000, unit="MB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        WAYS[sys.argv[2]](Path(sys.argv[3]))
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}))
    else:
        numbers = [int(text) for text in sys.argv[1:]]
        main(*numbers, *(20_000_000, 3)[len(numbers) :])
